/* intake/database: connections with a thread each. See database.h. */
#include "intake/database.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/log.h"

#define BACKOFF_BASE ((int64_t)250000)
#define BACKOFF_MAX ((int64_t)10000000)

struct worker {
	struct database *database;
	pthread_t thread;
	pthread_cond_t wanted;
	bool idle;
	bool ready; /* it has tried to connect before anybody wanted it */
};

struct database {
	const struct config *config;
	pthread_mutex_t mutex;
	pthread_cond_t done;
	struct database_task *first, **last; /* queue */
	bool ending;
	int failures;	     /* connects that failed in a row */
	int64_t retry_at;    /* clock_monotonic(): no connect before */
	struct error reason; /* why the last one failed */
	struct db *borrowed; /* no threads then */
	void (*back)(void *context);
	void *back_context;
	database_work *prepare;
	bool preparing; /* one of them; the others let it */
	int worker_count;
	struct worker workers[DATABASE_CONNECTIONS];
};

/* 0: go on and connect; -1: too early, with the reason. */
static int may_connect(struct database *database, struct error *err)
{
	int result = 0;

	pthread_mutex_lock(&database->mutex);
	if (clock_monotonic() < database->retry_at) {
		*err = database->reason;
		result = -1;
	}
	pthread_mutex_unlock(&database->mutex);
	return result;
}

static void note_connect(struct database *database, int result, const struct error *err)
{
	bool first_failure, back;

	pthread_mutex_lock(&database->mutex);
	first_failure = result < 0 && database->failures == 0;
	back = result == 0 && database->failures > 0;
	database->failures = result < 0 ? database->failures + 1 : 0;
	if (result < 0) {
		database->retry_at = clock_monotonic() + clock_backoff(database->failures, BACKOFF_BASE, BACKOFF_MAX);
		database->reason = *err;
	}
	pthread_mutex_unlock(&database->mutex);
	if (first_failure)
		log_failure(LOG_WARNING, "database_away", err, "login=fieldpost_intake");
	if (back) {
		log_info("database_back", "login=fieldpost_intake");
		database->back(database->back_context);
	}
}

static int connect_database(struct database *database, struct db **db, struct error *err)
{
	int result;

	if (may_connect(database, err) < 0)
		return -1;
	result = db_open(database->config, "fieldpost_intake", db, err);
	note_connect(database, result, err);
	return result;
}

static void work_on(struct database *database, struct db **db, struct database_task *task)
{
	error_clear(&task->error);
	if (*db && !db_healthy(*db))
		db_close(db);
	task->result = *db ? 0 : connect_database(database, db, &task->error);
	if (task->result == 0)
		task->result = task->work(*db, task->context, &task->error);
	if (task->result < 0 && *db && (task->error.reach == REACH_RETRY || task->error.reach == REACH_UNCERTAIN))
		db_close(db);
}

static struct database_task *take_task(struct database *database)
{
	struct database_task *task = database->first;

	if (task) {
		database->first = task->next;
		if (!database->first)
			database->last = &database->first;
	}
	return task;
}

static void finish_task(struct database *database, struct db **db, struct database_task *task)
{
	pthread_mutex_unlock(&database->mutex);
	work_on(database, db, task);
	pthread_mutex_lock(&database->mutex);
	task->done = true;
	pthread_cond_broadcast(&database->done);
}

/* At the beginning, while there is nothing to do. One after the other, so that the first is soon there. A failure is
 * told to whoever has work for the connection. */
static void get_ready(struct worker *worker, struct db **db)
{
	struct database *database = worker->database;
	struct error ignored;

	worker->ready = database->preparing = true;
	pthread_mutex_unlock(&database->mutex);
	if (!*db)
		(void)!connect_database(database, db, &ignored);
	if (*db && database->prepare && database->prepare(*db, NULL, &ignored) < 0)
		db_close(db);
	pthread_mutex_lock(&database->mutex);
	database->preparing = false;
	for (int i = 0; i < database->worker_count; i++)
		if (!database->workers[i].ready)
			pthread_cond_signal(&database->workers[i].wanted);
}

static void *serve(void *argument)
{
	struct worker *worker = argument;
	struct database *database = worker->database;
	struct database_task *task;
	struct db *db = NULL;

	pthread_mutex_lock(&database->mutex);
	while ((task = take_task(database)) || !database->ending) {
		if (task) {
			finish_task(database, &db, task);
		} else if (!worker->ready && !database->preparing) {
			get_ready(worker, &db);
		} else {
			worker->idle = true;
			pthread_cond_wait(&worker->wanted, &database->mutex);
			worker->idle = false;
		}
	}
	pthread_mutex_unlock(&database->mutex);
	db_close(&db);
	return NULL;
}

static struct database *make(void)
{
	struct database *database = calloc(1, sizeof(*database));

	if (!database)
		return NULL;
	database->last = &database->first;
	pthread_mutex_init(&database->mutex, NULL);
	pthread_cond_init(&database->done, NULL);
	return database;
}

int database_borrow(struct db *db, struct database **out, struct error *err)
{
	struct database *database = make();

	if (!database)
		return error_set(err, REACH_RETRY, "out of memory");
	database->borrowed = db;
	*out = database;
	return 0;
}

bool database_is_away(struct database *database)
{
	bool away;

	pthread_mutex_lock(&database->mutex);
	away = database->failures > 0;
	pthread_mutex_unlock(&database->mutex);
	return away;
}

int database_new(const struct config *config, int connections, database_work *prepare, void (*back)(void *context),
	void *context, struct database **out, struct error *err)
{
	struct database *database = make();

	if (!database)
		return error_set(err, REACH_RETRY, "out of memory");
	database->config = config;
	database->prepare = prepare;
	database->back = back;
	database->back_context = context;
	pthread_mutex_lock(&database->mutex);
	for (int i = 0; i < connections && i < DATABASE_CONNECTIONS; i++) {
		struct worker *worker = &database->workers[i];

		worker->database = database;
		pthread_cond_init(&worker->wanted, NULL);
		if (pthread_create(&worker->thread, NULL, serve, worker) != 0) {
			pthread_cond_destroy(&worker->wanted);
			break;
		}
		database->worker_count++;
	}
	pthread_mutex_unlock(&database->mutex);
	if (!database->worker_count) {
		database_free(&database);
		return error_set(err, REACH_RETRY, "no thread can be started");
	}
	*out = database;
	return 0;
}

void database_free(struct database **database)
{
	struct database *d = *database;

	if (!d)
		return;
	pthread_mutex_lock(&d->mutex);
	d->ending = true;
	for (int i = 0; i < d->worker_count; i++)
		pthread_cond_signal(&d->workers[i].wanted);
	pthread_mutex_unlock(&d->mutex);
	for (int i = 0; i < d->worker_count; i++) {
		pthread_join(d->workers[i].thread, NULL);
		pthread_cond_destroy(&d->workers[i].wanted);
	}
	pthread_cond_destroy(&d->done);
	pthread_mutex_destroy(&d->mutex);
	free(d);
	*database = NULL;
}

/* The first that is idle: a connection that was used before has its plans and its pages at hand, one more has to make them. */
static void wake_worker(struct database *database)
{
	for (int i = 0; i < database->worker_count; i++) {
		if (!database->workers[i].idle)
			continue;
		database->workers[i].idle = false;
		pthread_cond_signal(&database->workers[i].wanted);
		return;
	}
}

void database_start(struct database *database, struct database_task *task, database_work *work, void *context)
{
	*task = (struct database_task){.work = work, .context = context, .under_way = true};
	if (database->borrowed) {
		task->result = work(database->borrowed, context, &task->error);
		task->done = true;
		return;
	}
	pthread_mutex_lock(&database->mutex);
	*database->last = task;
	database->last = &task->next;
	wake_worker(database);
	pthread_mutex_unlock(&database->mutex);
}

int database_finish(struct database *database, struct database_task *task, struct error *err)
{
	if (!task->under_way)
		return 0;
	pthread_mutex_lock(&database->mutex);
	while (!task->done)
		pthread_cond_wait(&database->done, &database->mutex);
	pthread_mutex_unlock(&database->mutex);
	task->under_way = false;
	if (task->result < 0)
		*err = task->error;
	return task->result;
}

int database_run(struct database *database, database_work *work, void *context, struct error *err)
{
	struct database_task task;

	database_start(database, &task, work, context);
	return database_finish(database, &task, err);
}
