/* web/store: the committers. See store.h; keeper.c drains the spool. */
#include "web/store_private.h"

#include <stdlib.h>

#include "core/clock.h"
#include "core/log.h"

#define SECOND_US ((int64_t)1000000)
#define RETRY_SECONDS 30 /* what a provider is told when nothing can be kept */

int store_connect(struct store *store, struct db **out, struct error *err)
{
	if (db_open(store->config, "fieldpost_web", out, err) < 0)
		return -1;
	db_patience(*out, WEB_DATABASE_MS);
	if (hooks_accounts(store->hooks, *out, err) == 0)
		return 0;
	db_close(out);
	return -1;
}

void store_away(struct store *store, const struct error *err)
{
	bool news;

	pthread_mutex_lock(&store->mutex);
	news = !store->behind;
	store->behind = true;
	store->held = false;
	pthread_cond_broadcast(&store->work);
	pthread_cond_signal(&store->keeper);
	pthread_mutex_unlock(&store->mutex);
	if (news)
		log_failure(LOG_WARNING, "database-away", err, "requests=spooled");
}

/* ---- answers ---- */

static void answer_safe(struct job *job)
{
	const struct channel *channel = &job->delivery.hook->channel;
	struct channel_answer answer = {.status = 200};

	if (job->delivery.replayed)
		answer.status = channel->kind->never_again;
	else if (channel->kind->accepted)
		channel->kind->accepted(channel, job->exchange->arena, &answer);
	http_exchange_answer(
		job->exchange, &(struct http_reply){.status = answer.status, .type = answer.type, .body = answer.body});
}

static void answer_lost(struct store *store, struct job *job, const struct error *err)
{
	int64_t now = clock_monotonic();
	bool log;

	pthread_mutex_lock(&store->mutex);
	store->refused++;
	log = store->refused_logged_at == 0 || now - store->refused_logged_at > 10 * SECOND_US;
	if (log)
		store->refused_logged_at = now;
	pthread_mutex_unlock(&store->mutex);
	if (log)
		log_failure(LOG_ERROR, "not-kept", err, "requests=%zu", store->refused);
	http_exchange_answer(job->exchange, &(struct http_reply){.status = 503, .retry_seconds = RETRY_SECONDS});
}

/* ---- the spool ---- */

static size_t count_jobs(const struct job *jobs)
{
	size_t count = 0;

	for (; jobs; jobs = jobs->next)
		count++;
	return count;
}

/* The mutex is held. */
static void begin_writing(struct store *store, size_t count)
{
	store->writing += count;
	store->writes++;
}

/* After begin_writing(). */
static void spool_jobs(struct store *store, struct job *jobs, struct arena *arena)
{
	struct error err = ERROR_INIT;
	size_t count = count_jobs(jobs);
	struct job *next;
	bool synced;

	for (struct job *job = jobs; job; job = job->next)
		if (delivery_spool(&job->delivery, store->spool, job->number, arena, &err) < 0)
			job->size = 0; /* marks it: not written */
	synced = spool_sync(store->spool, &err) == 0;
	for (struct job *job = jobs; job; job = next) {
		next = job->next;
		if (synced && job->size > 0) {
			hook_add(job->delivery.hook, HOOK_SPOOLED, 1);
			answer_safe(job);
		} else {
			answer_lost(store, job, &err);
		}
	}
	pthread_mutex_lock(&store->mutex);
	store->writing -= count;
	pthread_cond_signal(&store->keeper);
	pthread_mutex_unlock(&store->mutex);
}

/* Their commit failed. They are announced first: else the keeper could find the spool empty, and go straight before they
 * are in it. */
static void spool_late(struct store *store, struct job *jobs, struct arena *arena, const struct error *why)
{
	pthread_mutex_lock(&store->mutex);
	begin_writing(store, count_jobs(jobs));
	pthread_mutex_unlock(&store->mutex);
	store_away(store, why);
	spool_jobs(store, jobs, arena);
}

/* ---- the database ---- */

/* What the database refuses, alone, is kept for a person: sent again it would be refused again. */
static void set_aside(struct store *store, struct job *job, struct arena *arena, const struct error *why)
{
	struct error err = ERROR_INIT;

	log_failure(LOG_ERROR, "set-aside", why, "channel=%s request=%lld", job->delivery.hook->settings->name,
		(long long)job->number);
	if (delivery_spool(&job->delivery, store->spool, job->number, arena, &err) < 0 ||
		spool_sync(store->spool, &err) < 0) {
		answer_lost(store, job, &err);
		return;
	}
	if (spool_set_aside(store->spool, job->number, &err) < 0)
		log_failure(LOG_ERROR, "set-aside", &err, "request=%lld", (long long)job->number);
	pthread_mutex_lock(&store->mutex);
	store->aside++;
	pthread_mutex_unlock(&store->mutex);
	answer_safe(job);
}

static int store_jobs(struct db *db, struct job *jobs, struct arena *arena, struct error *err)
{
	size_t count = count_jobs(jobs), i = 0;
	struct delivery **deliveries = ARENA_NEW_N(arena, struct delivery *, count);

	for (struct job *job = jobs; job; job = job->next)
		deliveries[i++] = &job->delivery;
	return delivery_store(db, deliveries, count, arena, err);
}

static void answer_stored(struct store *store, struct job *jobs)
{
	struct job *next;
	bool fresh = false;

	for (struct job *job = jobs; job; job = next) {
		next = job->next;
		delivery_count(&job->delivery);
		fresh = fresh || job->delivery.fresh > 0;
		answer_safe(job);
	}
	if (!fresh)
		return;
	pthread_mutex_lock(&store->mutex);
	if (!store->fresh)
		pthread_cond_signal(&store->keeper);
	store->fresh = true;
	pthread_mutex_unlock(&store->mutex);
}

/* 0: all were answered. -1: none of those in *jobs was, the database cannot be had. */
static int commit(struct store *store, struct db **db, struct job **jobs, struct arena *arena, struct error *err)
{
	if (*db && !db_healthy(*db))
		db_close(db);
	if (!*db && store_connect(store, db, err) < 0)
		return -1;
	if (store_jobs(*db, *jobs, arena, err) == 0) {
		answer_stored(store, *jobs);
		return 0;
	}
	if (err->reach != REACH_MESSAGE) {
		db_close(db);
		return -1;
	}
	while (*jobs) { /* one of them is refused: each alone */
		struct job *job = *jobs, *rest = job->next;

		job->next = NULL;
		error_clear(err);
		if (store_jobs(*db, job, arena, err) == 0)
			answer_stored(store, job);
		else if (err->reach == REACH_MESSAGE)
			set_aside(store, job, arena, err);
		else {
			job->next = rest;
			db_close(db);
			return -1;
		}
		*jobs = rest;
	}
	return 0;
}

/* ---- the threads ---- */

/* Waits for work and takes what goes into one transaction; NULL at the end. The mutex is held. */
static struct job *take(struct store *store)
{
	struct job *jobs, *job;
	size_t count = 1, size;

	while ((!store->first || store->held) && !store->ending)
		pthread_cond_wait(&store->work, &store->mutex);
	jobs = job = store->first;
	if (!jobs)
		return NULL;
	for (size = job->size; job->next && count < WEB_BATCH_REQUESTS && size + job->next->size <= WEB_BATCH_BYTES;
		count++) {
		job = job->next;
		size += job->size;
	}
	store->first = job->next;
	job->next = NULL;
	if (!store->first)
		store->last = &store->first;
	else
		pthread_cond_signal(&store->work);
	if (store->behind)
		begin_writing(store, count);
	return jobs;
}

static void *committer_run(void *argument)
{
	struct store *store = argument;
	struct arena *arena = arena_new();
	struct db *db = NULL;
	struct job *jobs;

	pthread_mutex_lock(&store->mutex);
	while ((jobs = take(store))) {
		bool behind = store->behind;
		struct error err = ERROR_INIT;

		pthread_mutex_unlock(&store->mutex);
		if (behind) {
			db_close(&db); /* it is opened anew when the database is back */
			spool_jobs(store, jobs, arena);
		} else if (commit(store, &db, &jobs, arena, &err) < 0) {
			spool_late(store, jobs, arena, &err);
		}
		arena_reset(arena);
		pthread_mutex_lock(&store->mutex);
	}
	pthread_mutex_unlock(&store->mutex);
	db_close(&db);
	arena_free(&arena);
	return NULL;
}

void store_take(struct store *store, struct http_exchange *exchange, const struct delivery *delivery)
{
	struct job *job = ARENA_NEW(exchange->arena, struct job);

	*job = (struct job){.exchange = exchange, .delivery = *delivery, .size = exchange->request.body.len + 1};
	pthread_mutex_lock(&store->mutex);
	job->number = store->number + 1 > delivery->received_at ? store->number + 1 : delivery->received_at;
	store->number = job->number;
	*store->last = job;
	store->last = &job->next;
	pthread_cond_signal(&store->work);
	pthread_mutex_unlock(&store->mutex);
}

bool store_ready(struct store *store, const char **words_out)
{
	bool behind, usable = spool_usable(store->spool);

	pthread_mutex_lock(&store->mutex);
	behind = store->behind;
	pthread_mutex_unlock(&store->mutex);
	*words_out = !behind ? "ready\n" : usable ? "ready: requests are spooled\n" : "the spool takes no more\n";
	return !behind || usable;
}

/* ---- opening ---- */

/* Is the database there, and is nothing from before in the spool? Then requests go straight into it. */
static void look(struct store *store)
{
	struct error err = ERROR_INIT;
	struct db *db = NULL;

	store->number = spool_last(store->spool);
	store->behind = spool_count(store->spool) > 0;
	if (store_connect(store, &db, &err) < 0)
		store_away(store, &err);
	db_close(&db);
}

int store_open(const struct config *config, struct hooks *hooks, struct store **out, struct error *err)
{
	struct store *store = calloc(1, sizeof(*store));
	pthread_condattr_t monotonic;

	if (!store)
		return error_set(err, REACH_RETRY, "out of memory");
	store->config = config;
	store->hooks = hooks;
	store->last = &store->first;
	pthread_mutex_init(&store->mutex, NULL);
	pthread_cond_init(&store->work, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&store->keeper, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (spool_open(arena_printf(hooks->arena, "%s/spool", config->state_dir), config->web.spool_bytes,
		    &store->spool, err) < 0) {
		store_close(&store);
		return -1;
	}
	look(store);
	for (; store->committer_count < WEB_COMMITTERS; store->committer_count++)
		if (pthread_create(&store->committers[store->committer_count], NULL, committer_run, store) != 0)
			break;
	store->keeper_started = pthread_create(&store->keeper_thread, NULL, keeper_run, store) == 0;
	if (store->committer_count == 0 || !store->keeper_started) {
		store_close(&store);
		return error_set(err, REACH_RETRY, "no thread can be started");
	}
	*out = store;
	return 0;
}

void store_close(struct store **store_at)
{
	struct store *store = *store_at;

	if (!store)
		return;
	pthread_mutex_lock(&store->mutex);
	store->ending = true;
	pthread_cond_broadcast(&store->work);
	pthread_cond_broadcast(&store->keeper);
	pthread_mutex_unlock(&store->mutex);
	for (int i = 0; i < store->committer_count; i++)
		pthread_join(store->committers[i], NULL);
	if (store->keeper_started)
		pthread_join(store->keeper_thread, NULL);
	spool_close(&store->spool);
	pthread_cond_destroy(&store->work);
	pthread_cond_destroy(&store->keeper);
	pthread_mutex_destroy(&store->mutex);
	free(store);
	*store_at = NULL;
}
