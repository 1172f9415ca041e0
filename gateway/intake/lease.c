/* intake/lease: which machine reads a mailbox or asks a channel. See lease.h. */
#include "intake/lease.h"

#include <stdio.h>
#include <unistd.h>

#include "core/clock.h"
#include "intake/records.h"

void lease_init(struct lease *lease, const struct config *config, const char *kind, const char *name)
{
	char machine[65] = "";

	*lease = (struct lease){0};
	if (gethostname(machine, sizeof(machine) - 1) < 0)
		snprintf(machine, sizeof(machine), "machine");
	snprintf(lease->name, sizeof(lease->name), "%s:%s", kind, name);
	snprintf(lease->holder, sizeof(lease->holder), "%s:%s", machine, config->state_dir);
}

void lease_renew(struct lease *lease, struct database *database)
{
	struct record_lease record = {.name = lease->name, .holder = lease->holder, .seconds = LEASE_SECONDS};
	int64_t asked_at = clock_monotonic();
	struct error ignored = ERROR_INIT;

	if (database_run(database, record_lease_take, &record, &ignored) < 0) {
		lease->held = lease->held && clock_monotonic() < lease->lapses_at;
		return;
	}
	lease->held = record.held;
	lease->fence = record.fence;
	lease->lapses_at = asked_at + (int64_t)(LEASE_SECONDS - 5) * 1000000;
}

void lease_drop(struct lease *lease, struct database *database)
{
	struct record_lease record = {.name = lease->name, .holder = lease->holder};
	struct error ignored = ERROR_INIT;

	if (lease->held)
		(void)!database_run(database, record_lease_drop, &record, &ignored);
	lease->held = false;
}
