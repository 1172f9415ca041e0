/*
 * intake/intake: the duty: a thread a mailbox, those of the channels (asked.h), one that hears what was filed, and housekeeping.
 * See intake.h.
 */
#include "intake/intake.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "intake/asked.h"
#include "intake/batch.h"
#include "intake/lease.h"
#include "intake/mailbox.h"
#include "store/own.h"

#define SECOND ((int64_t)1000000)
#define TICK_MS 1000
#define WATCHDOG_SECONDS 60
#define HURRY_SECONDS 2 /* leases are asked for so often while one is missing, or the database is away */
#define LISTEN_MS 60000
#define LISTEN_BACKOFF_BASE SECOND
#define LISTEN_BACKOFF_MAX (30 * SECOND)

struct intake {
	struct duty_context *duty;
	struct database *database;
	struct trust trust;
	struct mailbox *mailboxes;
	struct lease *leases;
	size_t count;
	_Atomic size_t running; /* mailboxes that were started */
	struct asked *_Atomic asked; /* of the channels; NULL: there are none */
	bool listening;
	pthread_t listener;
};

static void ring(int fd)
{
	uint64_t one = 1;

	(void)!write(fd, &one, sizeof(one));
}

/* Not duty_wait(): that feeds the watchdog, whatever became of the mailboxes. */
static void pause_for(const struct intake *intake, int milliseconds)
{
	struct pollfd stop = {.fd = intake->duty->stop_fd, .events = POLLIN};

	poll(&stop, 1, milliseconds);
}

/* ---- what was filed ---- */

static void wake_all(void *context)
{
	struct intake *intake = context;

	for (size_t i = 0; i < intake->running; i++)
		ring(intake->mailboxes[i].wake_fd);
}

static void wake_back(void *context)
{
	struct intake *intake = context;

	wake_all(intake);
	asked_wake(intake->asked);
}

static int listen_once(struct intake *intake, struct db **db, struct error *err)
{
	int heard;

	if (!*db) {
		if (db_open(intake->duty->config, "fieldpost_intake", db, err) < 0)
			return -1;
		if (db_listen(*db, "fieldpost_filed", err) < 0 || db_listen(*db, "fieldpost_oauth", err) < 0 ||
			own_tell_mailboxes(*db, intake->duty->config, err) < 0)
			return -1;
	}
	heard = db_wait(*db, intake->duty->stop_fd, LISTEN_MS, err);
	if (heard > 0)
		wake_all(intake);
	return heard < 0 ? -1 : 0;
}

/* Hears of filed messages and logins, so that after-actions and mailboxes need not wait for the next look. */
static void *listen_run(void *argument)
{
	struct intake *intake = argument;
	struct db *db = NULL;
	int failures = 0;

	while (!duty_stopping(intake->duty)) {
		struct error err = ERROR_INIT;

		if (listen_once(intake, &db, &err) == 0) {
			failures = 0;
			continue;
		}
		db_close(&db);
		failures++;
		pause_for(intake, (int)(clock_backoff(failures, LISTEN_BACKOFF_BASE, LISTEN_BACKOFF_MAX) / 1000));
	}
	db_close(&db);
	return NULL;
}

/* ---- housekeeping ---- */

static void keep_leases(struct intake *intake)
{
	for (size_t i = 0; i < intake->running; i++) {
		struct mailbox *mailbox = &intake->mailboxes[i];
		bool had = intake->leases[i].held;

		lease_renew(&intake->leases[i], intake->database);
		atomic_store(&mailbox->leased, intake->leases[i].held);
		if (had && !intake->leases[i].held) {
			log_warning("lease_lost", "mailbox=%s", mailbox->settings->name);
			ring(mailbox->cancel_fd);
		}
		if (!had && intake->leases[i].held)
			ring(mailbox->wake_fd);
	}
}

/* The duty is alive when each of its threads is: none may be in one step for ever. */
static bool threads_alive(const struct intake *intake)
{
	for (size_t i = 0; i < intake->running; i++) {
		int64_t since = clock_monotonic() - atomic_load(&intake->mailboxes[i].step_at);

		if (since > MAILBOX_STEP_SECONDS * SECOND) {
			log_error("mailbox_stuck", "mailbox=%s", intake->mailboxes[i].settings->name);
			return false;
		}
	}
	return asked_alive(intake->asked);
}

static bool all_held(const struct intake *intake)
{
	for (size_t i = 0; i < intake->running; i++)
		if (!intake->leases[i].held)
			return false;
	return true;
}

static void keep_house(struct intake *intake)
{
	int64_t renew_at = 0;
	bool calm;

	while (!duty_stopping(intake->duty)) {
		if (clock_monotonic() >= renew_at) {
			keep_leases(intake);
			calm = asked_renew(intake->asked);
			calm = all_held(intake) && calm && !database_is_away(intake->database);
			renew_at = clock_monotonic() + (calm ? LEASE_RENEW_SECONDS : HURRY_SECONDS) * SECOND;
		}
		if (threads_alive(intake))
			duty_alive(intake->duty);
		pause_for(intake, TICK_MS);
	}
}

/* ---- beginning and end ---- */

static int start_mailbox(struct intake *intake, size_t index, struct error *err)
{
	const struct config *config = intake->duty->config;
	struct mailbox *mailbox = &intake->mailboxes[index];

	mailbox->duty = intake->duty;
	mailbox->config = config;
	mailbox->settings = &config->mailboxes[index];
	mailbox->database = intake->database;
	mailbox->trust = &intake->trust;
	mailbox->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	mailbox->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	lease_init(&intake->leases[index], config, "mailbox", mailbox->settings->name);
	if (mailbox->cancel_fd < 0 || mailbox->wake_fd < 0)
		return error_set(err, REACH_RETRY, "no descriptors left");
	if (mailbox_init(mailbox, err) < 0)
		return -1;
	if (pthread_create(&mailbox->thread, NULL, mailbox_run, mailbox) != 0) {
		mailbox_release(mailbox);
		return error_set(err, REACH_RETRY, "no thread can be started");
	}
	return 0;
}

static int wanted_connections(const struct config *config)
{
	return (int)(config->mailbox_count * BATCHES_AT_WORK + config->channel_count + 1);
}

static int start_channels(struct intake *intake, struct error *err)
{
	struct asked *asked = NULL;
	int result = 0;

	if (asked_wanted(intake->duty->config))
		result = asked_start(intake->duty, intake->database, &asked, err);
	intake->asked = asked;
	return result;
}

static int start(struct intake *intake, struct error *err)
{
	const struct config *config = intake->duty->config;

	intake->count = config->mailbox_count;
	intake->mailboxes = calloc(intake->count ? intake->count : 1, sizeof(*intake->mailboxes));
	intake->leases = calloc(intake->count ? intake->count : 1, sizeof(*intake->leases));
	pthread_mutex_init(&intake->trust.mutex, NULL);
	if (!intake->mailboxes || !intake->leases)
		return error_set(err, REACH_RETRY, "out of memory");
	if (database_new(config, wanted_connections(config), record_ready, wake_back, intake, &intake->database, err) < 0)
		return -1;
	for (size_t i = 0; i < intake->count; i++, intake->running++)
		if (start_mailbox(intake, i, err) < 0)
			return -1;
	if (start_channels(intake, err) < 0)
		return -1;
	if (pthread_create(&intake->listener, NULL, listen_run, intake) != 0)
		return error_set(err, REACH_RETRY, "no thread can be started");
	intake->listening = true;
	return 0;
}

static void stop(struct intake *intake)
{
	struct asked *asked = intake->asked;

	for (size_t i = 0; i < intake->running; i++)
		ring(intake->mailboxes[i].cancel_fd);
	for (size_t i = 0; i < intake->running; i++) {
		pthread_join(intake->mailboxes[i].thread, NULL);
		mailbox_release(&intake->mailboxes[i]);
		lease_drop(&intake->leases[i], intake->database);
	}
	asked_stop(asked);
	if (intake->listening)
		pthread_join(intake->listener, NULL);
	for (size_t i = 0; intake->mailboxes && i < intake->count; i++) {
		close(intake->mailboxes[i].cancel_fd);
		close(intake->mailboxes[i].wake_fd);
	}
	database_free(&intake->database);
	asked_free(&asked);
	tls_client_free(&intake->trust.client);
	pthread_mutex_destroy(&intake->trust.mutex);
	free(intake->mailboxes);
	free(intake->leases);
}

static int run(struct duty_context *duty, struct error *err)
{
	struct intake intake = {.duty = duty};
	int result;

	/* libpq and libetpan write to sockets that may be closed. */
	signal(SIGPIPE, SIG_IGN);
	result = start(&intake, err);
	if (result == 0)
		keep_house(&intake);
	stop(&intake);
	return result;
}

static int count(const struct config *config)
{
	return config->mailbox_count || asked_wanted(config) ? 1 : 0;
}

const struct duty intake_duty = {
	.name = "intake",
	.run = run,
	.watchdog_seconds = WATCHDOG_SECONDS,
	.count = count,
};
