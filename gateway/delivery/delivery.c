/* delivery/delivery: the threads of the duty that sends. See delivery.h; sender.c has what most of them do. */
#include "delivery/delivery.h"

#include "core/clock.h"
#include "core/log.h"
#include "delivery/sender.h"

#include <curl/curl.h>
#include <pthread.h>

#define SECOND_US ((int64_t)1000000)
#define JOBS_MAX 16

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
	struct mail_senders *mails;
	struct channel_senders *channels;
	struct job_thread job[JOBS_MAX];
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
	for (size_t i = 0; i < mail_senders_count(threads->mails); i++)
		if (start_thread(threads, sender_run, mail_senders_get(threads->mails, i), err))
			return -1;
	for (size_t i = 0; i < channel_senders_count(threads->channels); i++)
		if (start_thread(threads, sender_run, channel_senders_get(threads->channels, i), err))
			return -1;
	return 0;
}

static int start_jobs(struct threads *threads, const struct delivery_job *jobs, struct error *err)
{
	for (int i = 0; jobs[i].name && i < JOBS_MAX; i++) {
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
	struct threads threads = {.context = context};
	int result = -1;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (mail_senders_new(context, &threads.mails, err) == 0 &&
		channel_senders_new(context, &threads.channels, err) == 0) {
		size_t count = mail_senders_count(threads.mails) + channel_senders_count(threads.channels);

		threads.ids = calloc(count + JOBS_MAX, sizeof(*threads.ids));
		result = threads.ids ? run_threads(&threads, jobs, err) : error_set(err, REACH_RETRY, "out of memory");
	}
	channel_senders_free(&threads.channels);
	mail_senders_free(&threads.mails);
	free(threads.ids);
	curl_global_cleanup();
	return result;
}
