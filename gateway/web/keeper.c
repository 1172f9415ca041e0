/*
 * web/keeper: the thread that brings the database what is in the spool, in order; wakes the readers of what was stored;
 * reports how the channels fare. See store.h.
 */
#include <time.h>

#include "core/clock.h"
#include "core/log.h"
#include "web/store_private.h"

#define SECOND_US ((int64_t)1000000)
#define WAKE_US (SECOND_US / 20) /* readers are woken at most so often */
#define REPORT_US (2 * SECOND_US)
#define REOPEN_US (5 * SECOND_US)
#define IDLE_US SECOND_US
#define WRITING_US (SECOND_US / 200) /* until a file that is being written may be there */
#define BACKOFF_BASE (SECOND_US / 4)
#define BACKOFF_MAX (2 * SECOND_US)
#define HOLD_US (3 * SECOND_US / 2) /* requests wait so long while the spool is drained, then go into it for ... */
#define RELEASE_US (SECOND_US / 2)  /* ... so long */
#define DRAIN_LIST 4096		    /* entries looked up at once */
#define DRAIN_BATCH 200		    /* entries in one transaction */

struct keeper {
	struct store *store;
	struct arena *arena;
	struct db *db;
	int failures;
	int64_t back_at, retry_at, woken_at, reported_at, reopened_at; /* clock_monotonic() */
	int64_t numbers[DRAIN_LIST];
	size_t listed, next; /* of numbers */
	size_t drained;	     /* since the outage began */
	bool idle;	     /* what is in the spool is still being written */
	bool stuck;	     /* something in the spool can be neither stored nor set aside */
};

static void let_go(struct keeper *keeper)
{
	pthread_mutex_lock(&keeper->store->mutex);
	keeper->store->held = false;
	pthread_cond_broadcast(&keeper->store->work);
	pthread_mutex_unlock(&keeper->store->mutex);
}

static void failed(struct keeper *keeper, const struct error *err)
{
	db_close(&keeper->db);
	keeper->failures++;
	let_go(keeper);
	keeper->retry_at = clock_monotonic() + clock_backoff(keeper->failures, BACKOFF_BASE, BACKOFF_MAX);
	if (keeper->failures == 1)
		store_away(keeper->store, err);
}

static bool connected(struct keeper *keeper)
{
	struct error err = ERROR_INIT;

	if (keeper->db && db_healthy(keeper->db))
		return true;
	db_close(&keeper->db);
	if (clock_monotonic() < keeper->retry_at)
		return false;
	if (store_connect(keeper->store, &keeper->db, &err) < 0) {
		failed(keeper, &err);
		return false;
	}
	keeper->failures = 0;
	keeper->back_at = clock_monotonic();
	return true;
}

/* ---- draining ---- */

/* `gone` entries are not in the spool any more. */
static void settle(struct keeper *keeper, size_t gone)
{
	pthread_mutex_lock(&keeper->store->mutex);
	keeper->store->fresh = keeper->store->fresh || gone > 0;
	pthread_mutex_unlock(&keeper->store->mutex);
	keeper->drained += gone;
}

/* Nothing was in the folder when so many writes had begun and all were over: requests go straight into the database. */
static void go_straight(struct keeper *keeper, uint64_t writes)
{
	struct store *store = keeper->store;
	bool back;

	pthread_mutex_lock(&store->mutex);
	back = store->behind && store->writing == 0 && store->writes == writes;
	if (back)
		store->behind = store->held = false;
	pthread_cond_broadcast(&store->work);
	pthread_mutex_unlock(&store->mutex);
	keeper->idle = !back;
	if (!back)
		return;
	log_info("database-back", "drained=%zu", keeper->drained);
	keeper->drained = 0;
}

static void set_aside(struct keeper *keeper, int64_t number, const struct error *why)
{
	struct error err = ERROR_INIT;

	log_failure(LOG_ERROR, "set-aside", why, "request=%lld", (long long)number);
	if (spool_set_aside(keeper->store->spool, number, &err) < 0) {
		log_failure(LOG_ERROR, "set-aside", &err, "request=%lld", (long long)number);
		keeper->stuck = true; /* the others go on */
		return;
	}
	pthread_mutex_lock(&keeper->store->mutex);
	keeper->store->aside++;
	pthread_mutex_unlock(&keeper->store->mutex);
	settle(keeper, 1);
}

struct load {
	struct delivery deliveries[DRAIN_BATCH], *pointers[DRAIN_BATCH];
	int64_t numbers[DRAIN_BATCH];
	size_t count;
};

/* The next entries, up to a transaction's worth. -1: the machine cannot read them now. */
static int load_entries(struct keeper *keeper, struct load *load, struct error *err)
{
	struct store *store = keeper->store;
	size_t size = 0;

	while (keeper->next < keeper->listed && load->count < DRAIN_BATCH && size < WEB_BATCH_BYTES) {
		int64_t number = keeper->numbers[keeper->next++];
		struct delivery *delivery = &load->deliveries[load->count];

		if (delivery_load(store->spool, number, store->hooks, keeper->arena, delivery, err) < 0) {
			if (err->reach != REACH_MESSAGE)
				return -1;
			set_aside(keeper, number, err);
			error_clear(err);
			continue;
		}
		size += delivery->request->body.len;
		load->pointers[load->count] = delivery;
		load->numbers[load->count++] = number;
	}
	return 0;
}

static void remove_entries(struct keeper *keeper, const struct load *load, size_t from, size_t count)
{
	for (size_t i = from; i < from + count; i++) {
		delivery_count(&load->deliveries[i]);
		spool_remove(keeper->store->spool, load->numbers[i]);
	}
	settle(keeper, count);
}

/* Those that the database refuses are set aside, each by itself. */
static int store_entries(struct keeper *keeper, struct load *load, struct error *err)
{
	if (load->count == 0)
		return 0;
	if (delivery_store(keeper->db, load->pointers, load->count, keeper->arena, err) == 0) {
		remove_entries(keeper, load, 0, load->count);
		return 0;
	}
	for (size_t i = 0; err->reach == REACH_MESSAGE && i < load->count; i++) {
		error_clear(err);
		if (delivery_store(keeper->db, &load->pointers[i], 1, keeper->arena, err) == 0)
			remove_entries(keeper, load, i, 1);
		else if (err->reach == REACH_MESSAGE)
			set_aside(keeper, load->numbers[i], err);
		if (err->reach == REACH_NONE)
			err->reach = REACH_MESSAGE;
	}
	return err->reach == REACH_MESSAGE ? 0 : -1;
}

static int list_entries(struct keeper *keeper, struct error *err)
{
	struct store *store = keeper->store;
	uint64_t writes;
	int count;

	if (keeper->next < keeper->listed)
		return 0;
	pthread_mutex_lock(&store->mutex);
	writes = store->writes;
	pthread_mutex_unlock(&store->mutex);
	count = spool_list(store->spool, keeper->numbers, DRAIN_LIST, err);
	if (count < 0)
		return -1;
	keeper->listed = (size_t)count;
	keeper->next = 0;
	if (count == 0)
		go_straight(keeper, writes);
	return 0;
}

/* By turns the committers wait and go on: or under a load that never rests the spool would never be empty. */
static void hold(struct keeper *keeper)
{
	struct store *store = keeper->store;
	int64_t turn = (clock_monotonic() - keeper->back_at) % (HOLD_US + RELEASE_US);

	pthread_mutex_lock(&store->mutex);
	store->held = store->behind && !store->ending && turn < HOLD_US;
	if (!store->held)
		pthread_cond_broadcast(&store->work);
	pthread_mutex_unlock(&store->mutex);
}

static void drain(struct keeper *keeper)
{
	struct load *load = ARENA_NEW(keeper->arena, struct load);
	struct error err = ERROR_INIT;

	keeper->idle = keeper->stuck = false;
	hold(keeper);
	if (list_entries(keeper, &err) < 0) {
		failed(keeper, &err);
		return;
	}
	if (load_entries(keeper, load, &err) < 0 || store_entries(keeper, load, &err) < 0) {
		keeper->listed = keeper->next = 0;
		failed(keeper, &err);
	}
	if (keeper->stuck)
		let_go(keeper); /* it rests before it looks again */
	arena_reset(keeper->arena);
}

/* ---- telling ---- */

static int wake(struct keeper *keeper, int64_t now, struct error *err)
{
	struct store *store = keeper->store;
	bool fresh;

	if (now - keeper->woken_at < WAKE_US)
		return 0;
	pthread_mutex_lock(&store->mutex);
	fresh = store->fresh;
	store->fresh = false;
	pthread_mutex_unlock(&store->mutex);
	if (!fresh)
		return 0;
	keeper->woken_at = now;
	return db_call(keeper->db, "api.channel_wake", NULL, NULL, err);
}

/* An alarm stays until a person has looked; raised again it counts. */
static int raise_alarm(struct keeper *keeper, struct error *err)
{
	struct store *store = keeper->store;
	struct db_args args;
	size_t aside;

	pthread_mutex_lock(&store->mutex);
	aside = store->aside;
	store->aside = 0;
	pthread_mutex_unlock(&store->mutex);
	if (aside == 0)
		return 0;
	db_args_init(&args, keeper->arena);
	db_arg_time(&args, clock_now());
	db_arg_string(&args, "spool");
	db_arg_string(&args, "web");
	db_arg_string(&args,
		arena_printf(keeper->arena, "%zu requests could not be stored and were set aside in %s/spool/aside",
			aside, store->config->state_dir));
	return db_call(keeper->db, "api.alarm_raise", &args, NULL, err);
}

static int tell(struct keeper *keeper, int64_t now, struct error *err)
{
	if (wake(keeper, now, err) < 0)
		return -1;
	if (now - keeper->reported_at < REPORT_US)
		return 0;
	keeper->reported_at = now;
	if (raise_alarm(keeper, err) < 0)
		return -1;
	return hooks_report(keeper->store->hooks, keeper->db, clock_now(), err);
}

static void housekeeping(struct keeper *keeper, int64_t now)
{
	struct error err = ERROR_INIT;

	if (now - keeper->reopened_at > REOPEN_US) {
		keeper->reopened_at = now;
		hooks_reopen(keeper->store->hooks);
		spool_probe(keeper->store->spool);
	}
	if (connected(keeper) && tell(keeper, now, &err) < 0)
		failed(keeper, &err);
	arena_reset(keeper->arena);
}

/* ---- the thread ---- */

/* Until there is something to do, or the time is over. False at the end, when all was told. */
static bool wait_for_work(struct keeper *keeper, bool *behind_out)
{
	struct store *store = keeper->store;
	int64_t now = clock_monotonic(), until = now + IDLE_US;
	struct timespec at;
	bool ending;

	pthread_mutex_lock(&store->mutex);
	if (store->behind && keeper->db)
		until = now + (keeper->stuck ? IDLE_US : keeper->idle ? WRITING_US : 0);
	else if (store->behind)
		until = keeper->retry_at > now ? keeper->retry_at : now;
	else if (store->fresh)
		until = keeper->woken_at + WAKE_US;
	at = (struct timespec){.tv_sec = until / SECOND_US, .tv_nsec = until % SECOND_US * 1000};
	if (until > now && !store->ending)
		pthread_cond_timedwait(&store->keeper, &store->mutex, &at);
	*behind_out = store->behind;
	ending = store->ending;
	pthread_mutex_unlock(&store->mutex);
	return !ending;
}

void *keeper_run(void *argument)
{
	struct keeper *keeper = calloc(1, sizeof(*keeper));
	bool behind;

	if (!keeper)
		exit(71); /* EX_OSERR */
	keeper->store = argument;
	keeper->arena = arena_new();
	while (wait_for_work(keeper, &behind)) {
		if (behind && connected(keeper))
			drain(keeper);
		housekeeping(keeper, clock_monotonic());
	}
	keeper->woken_at = keeper->reported_at = INT64_MIN / 2; /* all that is left to tell, now */
	if (keeper->db)
		housekeeping(keeper, clock_monotonic());
	db_close(&keeper->db);
	arena_free(&keeper->arena);
	free(keeper);
	return NULL;
}
