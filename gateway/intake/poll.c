/* intake/poll: the life of one polled channel. See poll.h. */
#include "intake/poll.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "intake/records.h"
#include "net/http_client.h"

#define SECOND ((int64_t)1000000)
#define PAUSE_STEP_MS 60000

static bool ending(const struct poller *poller)
{
	return duty_stopping(poller->duty) || !atomic_load(&poller->leased);
}

static void begin_step(struct poller *poller)
{
	atomic_store(&poller->step_at, clock_monotonic());
}

/* Until the time, a cancel, or (when `wakes`) a wake. */
static void pause_until(struct poller *poller, int64_t until, bool wakes)
{
	struct pollfd fds[2] = {{poller->cancel_fd, POLLIN, 0}, {poller->wake_fd, POLLIN, 0}};
	uint64_t count;

	for (;;) {
		int64_t left = (until - clock_monotonic()) / 1000 + 1;

		begin_step(poller); /* a provider may want us to wait for hours: that is not to be stuck */
		if (left <= 0 || ending(poller))
			return;
		if (poll(fds, 2, left < PAUSE_STEP_MS ? (int)left : PAUSE_STEP_MS) <= 0)
			continue;
		if (fds[0].revents)
			return;
		(void)!read(poller->wake_fd, &count, sizeof(count));
		if (wakes)
			return;
	}
}

/* What became of a round's messages. */
struct totals {
	size_t stored, repeated, refused;
	struct error why; /* the last one was refused */
};

static int ask_database(struct poller *poller, database_work *work, void *context, struct error *err)
{
	int result = database_run(poller->database, work, context, err);

	poller->ours = result < 0;
	return result;
}

static void keep_cursor(struct poller *poller, struct view cursor)
{
	char *copy;

	if (cursor.len == 0 || view_equal(cursor, poller->cursor))
		return;
	copy = malloc(cursor.len);
	if (!copy)
		abort();
	memcpy(copy, cursor.ptr, cursor.len);
	free((void *)(uintptr_t)poller->cursor.ptr);
	poller->cursor = (struct view){copy, cursor.len};
}

static int tell_counts(struct poller *poller, size_t stored, size_t repeated, size_t ignored, struct error *err)
{
	struct record_counts record = {.account_id = poller->account_id, .counts = "{}"};

	if (stored + repeated + ignored > 0)
		record.counts = arena_printf(
			poller->round, "{\"stored\":%zu,\"repeated\":%zu,\"ignored\":%zu}", stored, repeated, ignored);
	return ask_database(poller, record_counts, &record, err);
}

/* ---- files: of a provider that destroys what it hands out, and what the database refuses ---- */

/* state_dir/polled/NAME */
static int open_spool(struct poller *poller, struct error *err)
{
	const char *parent = arena_printf(poller->session, "%s/polled", poller->config->state_dir);

	poller->ours = true;
	if (mkdir(parent, 0700) < 0 && errno != EEXIST)
		return error_set(err, REACH_RETRY, "%s cannot be made: %s", parent, strerror(errno));
	return spool_open(arena_printf(poller->session, "%s/%s", parent, poller->settings->name), POLL_SPOOL_BYTES,
		&poller->spool, err);
}

/* Before anything is asked for: is there a place for what will be said? */
static int check_room(struct poller *poller, struct error *err)
{
	struct statvfs disk;

	poller->ours = false;
	if (!spool_usable(poller->spool) || statvfs(poller->config->state_dir, &disk) < 0 ||
		disk.f_bavail * disk.f_frsize < POLL_SPOOL_ROOM)
		return error_set(err, REACH_SOURCE, "nothing is asked for while there is no room on the disk of %s",
			poller->config->state_dir);
	return 0;
}

static int set_aside(struct poller *poller, int64_t number, const struct error *why, struct error *err)
{
	struct record_alarm alarm = {.kind = "channel-unreadable", .object = poller->settings->name};
	struct error ignored = ERROR_INIT;

	alarm.text = arena_printf(poller->round,
		"an answer of %s cannot be read or stored whole and is kept in polled/%s/aside: %s",
		poller->settings->kind, poller->settings->name, why->text);
	log_failure(LOG_ERROR, "channel_unreadable", why, "channel=%s number=%lld", poller->settings->name,
		(long long)number);
	(void)!database_run(poller->database, record_alarm, &alarm, &ignored);
	poller->unreadable = true;
	if (spool_set_aside(poller->spool, number, err) == 0)
		return 0;
	poller->ours = false;
	err->reach = REACH_SOURCE;
	return -1;
}

/* Never one of before, also not of what lies in `aside`. */
static int64_t next_number(struct poller *poller)
{
	int64_t last = spool_last(poller->spool), now = clock_now();

	return last < now ? now : last + 1;
}

static int keep_aside(struct poller *poller, struct view raw, const struct error *why, struct error *err)
{
	int64_t number;

	if (!poller->spool && open_spool(poller, err) < 0)
		return -1;
	number = next_number(poller);
	if (spool_write(poller->spool, number, VIEW("{}"), raw, err) < 0 || spool_sync(poller->spool, err) < 0)
		return -1;
	return set_aside(poller, number, why, err);
}

/* ---- storing ---- */

/* Messages, the bytes they came in, and the cursor behind them (empty: it stays): one transaction. */
static int record(struct poller *poller, struct view raw, struct view cursor, const struct channel_batch *batch,
	struct totals *totals, struct error *err)
{
	struct record_round record = {.account_id = poller->account_id,
		.fence = atomic_load(&poller->fence),
		.received = clock_now(),
		.cursor = cursor,
		.body = raw,
		.arena = poller->round};
	TEXT_SCOPED rows = {0};

	channel_rows_begin(&rows);
	if (channel_rows_add(&rows, batch, 1) < 0)
		return error_set(err, REACH_MESSAGE, "a round of more than %zu bytes", CHANNEL_ROWS_MAX);
	channel_rows_end(&rows);
	record.messages = text_view(&rows);
	if (ask_database(poller, record_round, &record, err) < 0)
		return -1;
	totals->stored += record.fresh;
	totals->repeated += record.count - record.fresh;
	return 0;
}

/* Each by itself, after the database refused one of them. Refused alike when there is none: it is no message's fault.
 */
static int record_singly(struct poller *poller, struct view raw, const struct channel_batch *batch,
	struct totals *totals, struct error *err)
{
	static const struct channel_batch none;

	error_clear(err);
	if (record(poller, raw, VIEW(""), &none, totals, err) < 0)
		return -1;
	for (size_t i = 0; i < batch->count; i++) {
		struct channel_batch one = {.messages = &batch->messages[i], .count = 1};
		struct error why = ERROR_INIT;

		if (record(poller, raw, VIEW(""), &one, totals, &why) == 0)
			continue;
		if (why.reach != REACH_MESSAGE) {
			*err = why;
			return -1;
		}
		totals->refused++;
		totals->why = why;
	}
	return 0;
}

/* What the database refuses is kept as the provider said it, before the cursor goes past it. */
static int store(struct poller *poller, struct view raw, struct view cursor, const struct channel_batch *batch,
	struct totals *totals, struct error *err)
{
	static const struct channel_batch none;
	int result = 0;

	if (batch->count > 0 || !view_equal(cursor, poller->cursor))
		result = record(poller, raw, cursor, batch, totals, err);
	if (result < 0 && err->reach == REACH_MESSAGE && batch->count > 0) {
		result = record_singly(poller, raw, batch, totals, err);
		if (result == 0 && totals->refused > 0 && !poller->channel.kind->poll_consumes)
			result = keep_aside(poller, raw, &totals->why, err);
		if (result == 0)
			result = record(poller, raw, cursor, &none, totals, err);
	}
	if (result < 0)
		return -1;
	keep_cursor(poller, cursor);
	if (totals->stored > 0)
		log_info("stored", "channel=%s count=%zu", poller->settings->name, totals->stored);
	return tell_counts(poller, totals->stored, totals->repeated, batch->ignored, err);
}

static int store_spooled(struct poller *poller, int64_t number, struct view raw, struct error *err)
{
	struct http_request request = {.method = VIEW("POST"), .body = raw};
	struct totals totals = {0};
	struct channel_batch batch;
	struct error why = ERROR_INIT;

	if (poller->channel.kind->read(&poller->channel, &request, poller->round, &batch, &why) < 0)
		return set_aside(poller, number, &why, err);
	if (store(poller, raw, VIEW(""), &batch, &totals, err) < 0)
		return -1;
	if (totals.refused > 0)
		return set_aside(poller, number, &totals.why, err);
	spool_remove(poller->spool, number);
	return 0;
}

static int drain_spool(struct poller *poller, struct error *err)
{
	struct view about, raw;
	int64_t number;
	int found = 0;

	while (!ending(poller) && (found = spool_list(poller->spool, &number, 1, err)) > 0) {
		if (spool_read(poller->spool, number, poller->round, &about, &raw, err) < 0) {
			struct error why = *err;

			if (err->reach != REACH_MESSAGE)
				break;
			error_clear(err);
			if (set_aside(poller, number, &why, err) < 0)
				return -1;
		} else if (store_spooled(poller, number, raw, err) < 0) {
			return -1;
		}
	}
	poller->ours = true;
	return err->reach != REACH_NONE ? -1 : 0;
}

static bool is_empty(struct view raw)
{
	struct view text = view_trim(raw);

	return text.len == 0 || view_equal(text, VIEW("[]")) || view_equal(text, VIEW("null"));
}

static int keep_consumed(struct poller *poller, const struct channel_round *round, struct error *err)
{
	int64_t number = next_number(poller);

	if (is_empty(round->raw))
		return tell_counts(poller, 0, 0, 0, err);
	poller->ours = true;
	if (spool_write(poller->spool, number, VIEW("{}"), round->raw, err) < 0 || spool_sync(poller->spool, err) < 0)
		return -1;
	poller->unreadable = false;
	if (store_spooled(poller, number, round->raw, err) < 0)
		return -1;
	if (!poller->unreadable)
		return 0;
	poller->ours = false; /* asked on at once it could go on like that for ever */
	return error_set(err, REACH_SOURCE,
		"an answer that could not be read or stored whole is kept in polled/%s/aside", poller->settings->name);
}

/* ---- rounds ---- */

static void tell_cut_short(struct poller *poller, size_t rooms)
{
	struct record_alarm alarm = {.kind = "channel-behind", .object = poller->settings->name};
	struct error ignored = ERROR_INIT;

	alarm.text = arena_printf(poller->round,
		"in %zu rooms more was written since they were asked last than is fetched at once: the oldest of it is "
		"not here",
		rooms);
	log_warning("channel_behind", "channel=%s rooms=%zu", poller->settings->name, rooms);
	(void)!database_run(poller->database, record_alarm, &alarm, &ignored);
}

static int ask(struct poller *poller, struct channel_round *round, struct error *err)
{
	const struct channel_kind *kind = poller->channel.kind;
	int seconds = kind->poll_consumes ? POLL_CONSUMING_SECONDS : POLL_WAIT_SECONDS;
	int result = kind->poll(&poller->channel, poller->http, poller->cursor, seconds, poller->round, round, err);

	if (result < 0)
		channel_hide_token(&poller->channel, err);
	poller->ours = false;
	poller->retry_seconds = round->retry_seconds;
	return result;
}

static int do_round(struct poller *poller, struct error *err)
{
	const struct channel_kind *kind = poller->channel.kind;
	int64_t began = clock_monotonic();
	struct channel_round round = {0};
	struct totals totals = {0};

	begin_step(poller);
	arena_reset(poller->round);
	/* Nothing more is asked for while something is not stored. */
	if (kind->poll_consumes && (drain_spool(poller, err) < 0 || check_room(poller, err) < 0))
		return -1;
	if (ending(poller))
		return 0;
	if (ask(poller, &round, err) < 0)
		return -1;
	if ((kind->poll_consumes ? keep_consumed(poller, &round, err)
				 : store(poller, round.raw, round.cursor, &round.batch, &totals, err)) < 0)
		return -1;
	poller->failures = 0;
	if (round.cut_short > 0)
		tell_cut_short(poller, round.cut_short);
	if (round.batch.count == 0 && (!kind->poll_consumes || is_empty(round.raw)) &&
		clock_monotonic() - began < POLL_EMPTY_SECONDS * SECOND)
		pause_until(poller, began + POLL_EMPTY_SECONDS * SECOND, false);
	return 0;
}

static int open_session(struct poller *poller, struct error *err)
{
	struct record_channel record = {.name = poller->settings->name, .arena = poller->session};
	const struct channel_kind *kind;

	begin_step(poller);
	if (ask_database(poller, record_channel, &record, err) < 0)
		return -1;
	poller->account_id = record.account_id;
	keep_cursor(poller, record.cursor);
	if (channel_open(poller->config, poller->settings, poller->session, &poller->channel, err) < 0)
		return -1;
	kind = poller->channel.kind;
	if (kind->poll_consumes && open_spool(poller, err) < 0)
		return -1;
	/* A stop does not end a call whose answer exists nowhere else. */
	return http_client_new(poller->config, kind->poll_consumes ? NULL : poller->duty, &poller->http, err);
}

static int serve_session(struct poller *poller, struct error *err)
{
	int result = open_session(poller, err);

	while (result == 0 && !ending(poller))
		result = do_round(poller, err);
	http_client_free(&poller->http);
	spool_close(&poller->spool);
	free((void *)(uintptr_t)poller->cursor.ptr);
	poller->cursor = VIEW_NULL;
	return result;
}

/* ---- session after session ---- */

static int64_t wait_after(const struct poller *poller)
{
	if (poller->retry_seconds > 0 && !poller->ours)
		return poller->retry_seconds * SECOND;
	return clock_backoff(
		poller->failures, POLL_BACKOFF_BASE, poller->ours ? POLL_DATABASE_BACKOFF_MAX : POLL_BACKOFF_MAX);
}

static void back_off(struct poller *poller, struct error *why)
{
	struct record_source failed = {.account_id = poller->account_id, .error = why};
	struct error ignored = ERROR_INIT;
	int64_t wait;

	poller->failures++;
	wait = wait_after(poller);
	log_failure(poller->ours && poller->failures > 1 ? LOG_DEBUG : LOG_WARNING, "channel_failed", why,
		"channel=%s failures=%d next=%llds", poller->settings->name, poller->failures,
		(long long)(wait / SECOND));
	failed.next_at = clock_now() + wait;
	if (!poller->ours && poller->account_id)
		(void)!database_run(poller->database, record_source, &failed, &ignored);
	begin_step(poller);
	pause_until(poller, clock_monotonic() + wait, poller->ours);
}

/* Until the duty's housekeeping has the lease; false: the duty stops. */
static bool wait_for_lease(struct poller *poller)
{
	uint64_t count;
	bool told = false;

	while (!duty_stopping(poller->duty)) {
		struct pollfd wake = {poller->wake_fd, POLLIN, 0};

		begin_step(poller);
		(void)!read(poller->cancel_fd, &count, sizeof(count));
		if (atomic_load(&poller->leased))
			return true;
		if (poll(&wake, 1, 1000) > 0)
			(void)!read(poller->wake_fd, &count, sizeof(count));
		if (!told && !atomic_load(&poller->leased))
			log_info("channel_waits", "channel=%s reason=\"no lease yet\"", poller->settings->name);
		told = true;
	}
	return false;
}

void *poll_run(void *argument)
{
	struct poller *poller = argument;

	poller->session = arena_new();
	poller->round = arena_new();
	while (wait_for_lease(poller)) {
		struct error err = ERROR_INIT;

		arena_reset(poller->session);
		poller->retry_seconds = 0;
		if (serve_session(poller, &err) < 0 && !ending(poller))
			back_off(poller, &err);
	}
	arena_free(&poller->session);
	arena_free(&poller->round);
	return NULL;
}
