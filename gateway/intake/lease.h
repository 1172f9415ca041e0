/*
 * Lease: which machine reads a mailbox or asks a channel, where several run the service on one database. Private to intake/.
 *
 * The holder's name is the same after a restart, so that a service that crashed goes on at once. Kept by the duty's
 * housekeeping.
 */
#ifndef INTAKE_LEASE_H
#define INTAKE_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "intake/database.h"

#define LEASE_SECONDS 60 /* it lapses when it was not renewed for so long */
#define LEASE_RENEW_SECONDS 15

struct lease {
	char name[160];	  /* "mailbox:field", "channel:bot" */
	char holder[300]; /* this machine and its state directory */
	bool held;
	int64_t fence;
	int64_t lapses_at; /* clock_monotonic() */
};

/* kind: "mailbox", "channel" */
void lease_init(struct lease *lease, const struct config *config, const char *kind, const char *name);
/* Takes or renews it; afterwards `held` is right. The database may be away: then it is held until it lapses. */
void lease_renew(struct lease *lease, struct database *database);
void lease_drop(struct lease *lease, struct database *database);

#endif
