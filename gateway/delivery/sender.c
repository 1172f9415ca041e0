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
#include "delivery/outbox.h"
#include "delivery/smtp.h"

#include <curl/curl.h>
#include <pthread.h>

#define ARENA_SCOPED __attribute__((cleanup(arena_free))) struct arena

#define SECOND_US ((int64_t)1000000)
#define THREADS_MAX 16

struct sender {
	struct outbox outbox;
	struct smtp *smtp;
	int failures; /* of the server, running */
	bool cleared; /* the server's alarm, if there was one */
};

/* ---- the server's alarm ---- */

/* There is one at a time: which, the text says. */
static void alarm_server(struct sender *sender, struct arena *arena, const char *text)
{
	outbox_alarm(&sender->outbox, arena, "smtp", "server", text);
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
	duty_wait(sender->outbox.context, -1,
		(int)(clock_backoff(sender->failures, OUTBOX_SERVER_BASE_US, OUTBOX_SERVER_MAX_US) / 1000));
}

/* ---- one mail ---- */

static int send_row(struct sender *sender, struct arena *arena, const struct outbox_row *row, struct error *err)
{
	struct outgoing mail = {
		.kind = row->kind, .header_id = row->header_id, .date = row->created_at, .to_address = row->recipient};
	struct view from, to;
	TEXT_SCOPED bytes = {0};

	text_init(&bytes, MAIL_BYTES_MAX);
	if (delivery_mail_of_body(sender->outbox.config, row->body, &mail, &bytes, err) ||
		mail_address(arena, mail.from_address, &from, err) || mail_address(arena, row->recipient, &to, err))
		return -1;
	if (!sender->smtp && smtp_open(sender->outbox.config, sender->outbox.context, &sender->smtp, err))
		return -1;
	return smtp_send(sender->smtp, from, to, text_view(&bytes), err);
}

static void handle_row(struct sender *sender, struct arena *arena, const struct outbox_row *row)
{
	struct error err = ERROR_INIT;
	struct outbox_outcome outcome = {.kind = OUTBOX_SENT};
	int result = send_row(sender, arena, row, &err);
	bool interrupted = result && duty_stopping(sender->outbox.context) && err.reach != REACH_MESSAGE;

	if (result)
		outcome = outbox_outcome_of(row, &err);
	if (interrupted)
		outcome = (struct outbox_outcome){.kind = OUTBOX_RETRY, .next_at = clock_now()};
	outbox_record(&sender->outbox, arena, row, &outcome);
	if (result == 0) {
		log_info("sent", "outbox=%lld kind=%s attempts=%d", (long long)row->id, row->kind, row->attempts);
		server_good(sender, arena);
		return;
	}
	if (interrupted)
		return;
	if (!outbox_is_about_message(err.reach)) {
		server_bad(sender, arena, &err);
		return;
	}
	log_failure(outcome.kind == OUTBOX_FAILED ? LOG_ERROR : LOG_WARNING,
		outcome.kind == OUTBOX_FAILED ? "given-up" : "not-sent", &err, "outbox=%lld attempts=%d",
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

	if (sender->outbox.config->smtp.rate_per_minute <= 0)
		return;
	pthread_mutex_lock(&lock);
	slot = next > now ? next : now;
	next = slot + 60 * SECOND_US / sender->outbox.config->smtp.rate_per_minute;
	pthread_mutex_unlock(&lock);
	if (slot > now)
		duty_wait(sender->outbox.context, -1, (int)((slot - now) / 1000 + 1));
}

/* Nothing is due: waits for a notice; a connection that was idle all that time is closed. */
static int wait_for_work(struct sender *sender, struct error *err)
{
	int notice = outbox_wait(&sender->outbox, err);

	duty_alive(sender->outbox.context);
	if (notice == 0)
		smtp_close(&sender->smtp);
	return notice < 0 ? -1 : 0;
}

static int step(struct sender *sender, struct arena *arena, struct error *err)
{
	struct outbox_row row;
	int found;

	duty_alive(sender->outbox.context);
	if (outbox_open(&sender->outbox, err))
		return -1;
	found = outbox_claim(&sender->outbox, arena, &row, err);
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

	while (!duty_stopping(sender->outbox.context)) {
		struct error err = ERROR_INIT;

		arena_reset(arena);
		if (step(sender, arena, &err) == 0) {
			failures = 0;
			continue;
		}
		log_failure(LOG_WARNING, "outbox", &err, "failures=%d", ++failures);
		outbox_disconnect(&sender->outbox);
		duty_wait(sender->outbox.context, -1, (int)(clock_backoff(failures, SECOND_US, 30 * SECOND_US) / 1000));
	}
	smtp_close(&sender->smtp);
	outbox_disconnect(&sender->outbox);
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

/* All that run until the stop. */
struct threads {
	struct duty_context *context;
	struct sender sender[THREADS_MAX];
	struct job_thread job[THREADS_MAX];
	struct channel_sender **channels;
	size_t channel_count;
	pthread_t *ids;
	size_t count;
};

static int start_thread(struct threads *threads, void *(*run)(void *), void *private, struct error *err)
{
	if (start(&threads->ids[threads->count], run, private, err))
		return -1;
	threads->count++;
	return 0;
}

static int start_senders(struct threads *threads, struct error *err)
{
	const struct config *config = threads->context->config;
	int senders = config->smtp.host ? config->smtp.connections : 0;

	if (senders == 0)
		log_warning("smtp", "error=\"smtp.host is not set: what is in the outbox stays there\"");
	for (int i = 0; i < senders && i < THREADS_MAX; i++) {
		threads->sender[i] =
			(struct sender){.outbox = {.context = threads->context, .config = config, .channel = "mail"}};
		if (start_thread(threads, sender_run, &threads->sender[i], err))
			return -1;
	}
	for (size_t i = 0; i < threads->channel_count; i++) {
		threads->channels[i] = channel_sender_new(threads->context, i);
		if (!threads->channels[i])
			return error_set(err, REACH_RETRY, "out of memory");
		if (start_thread(threads, channel_sender_run, threads->channels[i], err))
			return -1;
	}
	return 0;
}

static int start_jobs(struct threads *threads, const struct delivery_job *jobs, struct error *err)
{
	for (int i = 0; jobs[i].name && i < THREADS_MAX; i++) {
		threads->job[i] = (struct job_thread){threads->context, &jobs[i]};
		if (start_thread(threads, job_run, &threads->job[i], err))
			return -1;
	}
	return 0;
}

static int run_threads(struct threads *threads, const struct delivery_job *jobs, struct error *err)
{
	int result = start_senders(threads, err);

	if (result == 0)
		result = start_jobs(threads, jobs, err);
	while (result == 0 && duty_wait(threads->context, -1, OUTBOX_IDLE_MS) != -1)
		;
	for (size_t i = 0; i < threads->count; i++)
		pthread_join(threads->ids[i], NULL);
	return result;
}

int delivery_run(struct duty_context *context, const struct delivery_job *jobs, struct error *err)
{
	struct threads threads = {.context = context, .channel_count = channel_senders(context->config)};
	int result;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	threads.channels = calloc(threads.channel_count + 1, sizeof(struct channel_sender *));
	threads.ids = calloc(threads.channel_count + 2 * THREADS_MAX, sizeof(*threads.ids));
	if (threads.channels && threads.ids)
		result = run_threads(&threads, jobs, err);
	else
		result = error_set(err, REACH_RETRY, "out of memory");
	for (size_t i = 0; threads.channels && i < threads.channel_count; i++)
		channel_sender_free(&threads.channels[i]);
	free(threads.channels);
	free(threads.ids);
	curl_global_cleanup();
	return result;
}
