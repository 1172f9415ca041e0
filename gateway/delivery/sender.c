/*
 * delivery/sender: rows of the outbox to the SMTP server, one at a time on a connection. See delivery.h; smtp.c says
 * how each went.
 *
 * The order is what makes a mail go out once: the claim is committed before the server is spoken to, the outcome is
 * recorded before the next row is claimed, through as many lost database connections as it takes.
 */
#include "core/clock.h"
#include "core/log.h"
#include "delivery/delivery.h"
#include "delivery/mail_encode.h"
#include "delivery/smtp.h"
#include "store/db.h"

#include <curl/curl.h>
#include <pthread.h>

#define ARENA_SCOPED __attribute__((cleanup(arena_free))) struct arena

#define SECOND_US ((int64_t)1000000)
#define IDLE_MS 5000			     /* between looks; then an idle connection is closed */
#define MAIL_BACKOFF_BASE_US (5 * SECOND_US) /* of one mail that was refused for now */
#define MAIL_BACKOFF_MAX_US (3600 * SECOND_US)
#define SERVER_BACKOFF_BASE_US (1 * SECOND_US) /* of a server that cannot be reached */
#define SERVER_BACKOFF_MAX_US (120 * SECOND_US)
#define THREADS_MAX 16

struct sender {
	struct duty_context *context;
	const struct config *config;
	struct db *db;
	struct smtp *smtp;
	int failures; /* of the server, running */
	bool cleared; /* the server's alarm, if there was one */
};

/* One row, claimed. */
struct row {
	int64_t id, created_at;
	int attempts;
	const char *kind, *header_id;
	struct view recipient, body;
};

/* What is to be recorded of it. */
struct outcome {
	enum { OUTCOME_SENT, OUTCOME_RETRY, OUTCOME_FAILED } kind;
	int64_t next_at;
	bool counted;
	const char *error;
};

static int sender_database(struct sender *sender, struct error *err)
{
	if (sender->db && db_healthy(sender->db))
		return 0;
	db_close(&sender->db);
	if (db_open(sender->config, "fieldpost_send", &sender->db, err) ||
		db_listen(sender->db, "fieldpost_outbox", err)) {
		db_close(&sender->db);
		return -1;
	}
	return 0;
}

/* 1: a row; 0: nothing is due. */
static int claim(struct sender *sender, struct arena *arena, struct row *row, struct error *err)
{
	struct db_args args;
	DB_ROWS_SCOPED *rows = NULL;
	struct view body;

	db_args_init(&args, arena);
	db_arg_int(&args, 1);
	db_arg_time(&args, clock_now());
	if (db_call(sender->db, "api.outbox_claim", &args, &rows, err))
		return -1;
	if (db_count(rows) == 0)
		return 0;
	body = db_get_view(rows, 0, "body");
	*row = (struct row){
		.id = db_get_int(rows, 0, "outbox_id"),
		.created_at = db_get_time(rows, 0, "created_at"),
		.attempts = (int)db_get_int(rows, 0, "attempts"),
		.kind = arena_strdup(arena, db_get_string(rows, 0, "kind")),
		.header_id = arena_strdup(arena, db_get_string(rows, 0, "header_id")),
		.recipient = view_of(arena_strdup(arena, db_get_string(rows, 0, "recipient"))),
		.body = {arena_copy(arena, body.ptr, body.len), body.len},
	};
	return 1;
}

static int record_once(struct sender *sender, struct arena *arena, const struct row *row, const struct outcome *outcome,
	struct error *err)
{
	struct db_args args;

	if (sender_database(sender, err))
		return -1;
	db_args_init(&args, arena);
	db_arg_int(&args, row->id);
	db_arg_time(&args, clock_now());
	if (outcome->kind == OUTCOME_SENT)
		return db_call(sender->db, "api.outbox_sent", &args, NULL, err);
	if (outcome->kind == OUTCOME_RETRY)
		db_arg_time(&args, outcome->next_at);
	db_arg_string(&args, outcome->error);
	if (outcome->kind == OUTCOME_FAILED)
		return db_call(sender->db, "api.outbox_failed", &args, NULL, err);
	db_arg_bool(&args, outcome->counted);
	return db_call(sender->db, "api.outbox_retry", &args, NULL, err);
}

/* Nothing else goes out on this connection before it is recorded; only a stop leaves it to the next sender. */
static void record(struct sender *sender, struct arena *arena, const struct row *row, const struct outcome *outcome)
{
	struct error err = ERROR_INIT;

	for (int attempt = 1; record_once(sender, arena, row, outcome, &err); attempt++) {
		log_failure(LOG_WARNING, "outbox-record", &err, "outbox=%lld", (long long)row->id);
		db_close(&sender->db);
		if (duty_wait(sender->context, -1, (int)(clock_backoff(attempt, SECOND_US, 30 * SECOND_US) / 1000)) ==
			-1)
			return;
		error_clear(&err);
	}
}

/* ---- the server's alarm ---- */

static void alarm_server(struct sender *sender, struct arena *arena, const char *text)
{
	struct db_args args;
	struct error ignored = ERROR_INIT;

	if (sender_database(sender, &ignored))
		return;
	db_args_init(&args, arena);
	db_arg_time(&args, clock_now());
	db_arg_string(&args, "smtp");
	db_arg_string(&args, "server"); /* there is one at a time: which, the text says */
	if (text)
		db_arg_string(&args, text);
	if (db_call(sender->db, text ? "api.alarm_raise" : "api.alarm_clear", &args, NULL, &ignored))
		log_failure(LOG_WARNING, "alarm", &ignored, "object=smtp");
}

static void server_good(struct sender *sender, struct arena *arena)
{
	sender->failures = 0;
	if (!sender->cleared)
		alarm_server(sender, arena, NULL);
	sender->cleared = true;
}

/* The connection is given up; the next attempt waits, longer each time. */
static void server_bad(struct sender *sender, struct arena *arena, const struct error *err)
{
	sender->failures++;
	sender->cleared = false;
	smtp_close(&sender->smtp);
	log_failure(LOG_WARNING, "smtp", err, "failures=%d", sender->failures);
	alarm_server(sender, arena, err->text);
	duty_wait(sender->context, -1,
		(int)(clock_backoff(sender->failures, SERVER_BACKOFF_BASE_US, SERVER_BACKOFF_MAX_US) / 1000));
}

/* ---- one mail ---- */

static int send_row(struct sender *sender, struct arena *arena, const struct row *row, struct error *err)
{
	struct outgoing mail = {
		.kind = row->kind, .header_id = row->header_id, .date = row->created_at, .to_address = row->recipient};
	struct view from, to;
	TEXT_SCOPED bytes = {0};

	text_init(&bytes, MAIL_BYTES_MAX);
	if (delivery_mail_of_body(sender->config, row->body, &mail, &bytes, err) ||
		mail_address(arena, mail.from_address, &from, err) || mail_address(arena, row->recipient, &to, err))
		return -1;
	if (!sender->smtp && smtp_open(sender->config, sender->context, &sender->smtp, err))
		return -1;
	return smtp_send(sender->smtp, from, to, text_view(&bytes), err);
}

static bool is_about_mail(enum error_reach reach)
{
	return reach == REACH_MESSAGE || reach == REACH_RETRY || reach == REACH_UNCERTAIN;
}

/* A mail that is refused for good, or for too long, is given up; all else comes again. */
static struct outcome outcome_of(const struct row *row, const struct error *err)
{
	int64_t now = clock_now();
	bool counted = is_about_mail(err->reach);
	struct outcome outcome = {.kind = OUTCOME_RETRY, .counted = counted, .error = err->text, .next_at = now};

	if (err->reach == REACH_MESSAGE || now - row->created_at > OUTBOX_GIVE_UP_HOURS * 3600 * SECOND_US)
		outcome.kind = OUTCOME_FAILED;
	else if (counted)
		outcome.next_at = now + clock_backoff(row->attempts, MAIL_BACKOFF_BASE_US, MAIL_BACKOFF_MAX_US);
	return outcome;
}

static void handle_row(struct sender *sender, struct arena *arena, const struct row *row)
{
	struct error err = ERROR_INIT;
	struct outcome outcome = {.kind = OUTCOME_SENT};
	int result = send_row(sender, arena, row, &err);
	bool interrupted = result && duty_stopping(sender->context) && err.reach != REACH_MESSAGE;

	if (result)
		outcome = outcome_of(row, &err);
	if (interrupted)
		outcome = (struct outcome){.kind = OUTCOME_RETRY, .next_at = clock_now()};
	record(sender, arena, row, &outcome);
	if (result == 0) {
		log_info("sent", "outbox=%lld kind=%s attempts=%d", (long long)row->id, row->kind, row->attempts);
		server_good(sender, arena);
		return;
	}
	if (interrupted)
		return;
	if (!is_about_mail(err.reach)) {
		server_bad(sender, arena, &err);
		return;
	}
	log_failure(outcome.kind == OUTCOME_FAILED ? LOG_ERROR : LOG_WARNING,
		outcome.kind == OUTCOME_FAILED ? "given-up" : "not-sent", &err, "outbox=%lld attempts=%d",
		(long long)row->id, row->attempts);
	if (err.reach != REACH_MESSAGE)
		smtp_close(&sender->smtp); /* who knows in which state it is */
}

/* ---- the loop ---- */

/* Spreads mails over the minute, over all threads. */
static void wait_for_slot(struct sender *sender)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static int64_t next;
	int64_t now = clock_monotonic(), slot;

	if (sender->config->smtp.rate_per_minute <= 0)
		return;
	pthread_mutex_lock(&lock);
	slot = next > now ? next : now;
	next = slot + 60 * SECOND_US / sender->config->smtp.rate_per_minute;
	pthread_mutex_unlock(&lock);
	if (slot > now)
		duty_wait(sender->context, -1, (int)((slot - now) / 1000 + 1));
}

/* Nothing is due: waits for a notice; a connection that was idle all that time is closed. */
static int wait_for_work(struct sender *sender, struct error *err)
{
	int notice = db_wait(sender->db, sender->context->stop_fd, IDLE_MS, err);

	duty_alive(sender->context);
	if (notice == 0)
		smtp_close(&sender->smtp);
	return notice < 0 ? -1 : 0;
}

static int step(struct sender *sender, struct arena *arena, struct error *err)
{
	struct row row;
	int found;

	duty_alive(sender->context);
	if (sender_database(sender, err))
		return -1;
	found = claim(sender, arena, &row, err);
	if (found < 0)
		return -1;
	if (found == 0)
		return wait_for_work(sender, err);
	handle_row(sender, arena, &row);
	wait_for_slot(sender);
	return 0;
}

static void *sender_run(void *private)
{
	struct sender *sender = private;
	ARENA_SCOPED *arena = arena_new();
	int failures = 0;

	while (!duty_stopping(sender->context)) {
		struct error err = ERROR_INIT;

		arena_reset(arena);
		if (step(sender, arena, &err) == 0) {
			failures = 0;
			continue;
		}
		log_failure(LOG_WARNING, "outbox", &err, "failures=%d", ++failures);
		db_close(&sender->db);
		duty_wait(sender->context, -1, (int)(clock_backoff(failures, SECOND_US, 30 * SECOND_US) / 1000));
	}
	smtp_close(&sender->smtp);
	db_close(&sender->db);
	return NULL;
}

struct job_thread {
	struct duty_context *context;
	const struct delivery_job *job;
};

/* A job that fails begins again, later each time: the others go on meanwhile. */
static void *job_run(void *private)
{
	const struct job_thread *thread = private;

	for (int failures = 0; !duty_stopping(thread->context);) {
		struct error err = ERROR_INIT;

		if (thread->job->run(thread->context, &err) == 0)
			break;
		log_failure(LOG_ERROR, thread->job->name, &err, "failures=%d", ++failures);
		duty_wait(thread->context, -1, (int)(clock_backoff(failures, SECOND_US, 60 * SECOND_US) / 1000));
	}
	return NULL;
}

static int start(pthread_t *thread, void *(*run)(void *), void *private, struct error *err)
{
	int problem = pthread_create(thread, NULL, run, private);

	return problem ? error_set(err, REACH_RETRY, "a thread cannot be started: %s", strerror(problem)) : 0;
}

int delivery_run(struct duty_context *context, const struct delivery_job *jobs, struct error *err)
{
	int senders = context->config->smtp.host ? context->config->smtp.connections : 0, count = 0, result = 0;
	struct sender sender[THREADS_MAX] = {0};
	struct job_thread job[THREADS_MAX] = {0};
	pthread_t threads[2 * THREADS_MAX];

	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (senders == 0)
		log_warning("smtp", "error=\"smtp.host is not set: what is in the outbox stays there\"");
	for (int i = 0; i < senders && i < THREADS_MAX && result == 0; i++) {
		sender[i] = (struct sender){.context = context, .config = context->config};
		result = start(&threads[count], sender_run, &sender[i], err);
		count += result == 0;
	}
	for (int i = 0; jobs[i].name && i < THREADS_MAX && result == 0; i++) {
		job[i] = (struct job_thread){context, &jobs[i]};
		result = start(&threads[count], job_run, &job[i], err);
		count += result == 0;
	}
	while (result == 0 && duty_wait(context, -1, IDLE_MS) != -1)
		;
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	curl_global_cleanup();
	return result;
}
