/* intake/mailbox: the life of one mailbox. See mailbox.h; scanning, waiting and after-actions are in mailbox_*.c. */
#include "intake/mailbox.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"

#define SECOND ((int64_t)1000000)
#define WELL_SECONDS 5	   /* while much comes in, the database hears that all is well so often */
#define SETTLED_SECONDS 60 /* a session that lasted so long was a good one */
#define OVER_SECONDS 15	   /* a session by token that lasted so long may be ended by the server */
#define DATABASE_BACKOFF_MAX (10 * SECOND)

int mailbox_init(struct mailbox *mailbox, struct error *err)
{
	const struct config_mailbox *settings = mailbox->settings;
	const struct config_after *after[] = {
		&settings->after_filed, &settings->after_review, &settings->after_held, &settings->after_ignored};

	mailbox->folders = calloc(settings->folder_count, sizeof(*mailbox->folders));
	mailbox->batches = batches_new(mailbox->config, mailbox->database);
	if (!mailbox->folders || !mailbox->batches)
		return error_set(err, REACH_RETRY, "out of memory");
	for (size_t i = 0; i < settings->folder_count; i++)
		mailbox->folders[i].name = settings->folders[i];
	for (size_t i = 0; i < sizeof(after) / sizeof(after[0]); i++)
		mailbox->acts = mailbox->acts || after[i]->kind != AFTER_LEAVE;
	mailbox->selected = -1;
	mailbox_step(mailbox);
	return settings->oauth ? oauth_new(mailbox->config, mailbox->duty, &mailbox->oauth, err) : 0;
}

void mailbox_release(struct mailbox *mailbox)
{
	oauth_free(&mailbox->oauth);
	batches_free(&mailbox->batches);
	free(mailbox->folders);
	mailbox->folders = NULL;
}

void mailbox_step(struct mailbox *mailbox)
{
	atomic_store(&mailbox->step_at, clock_monotonic());
}

bool mailbox_stopping(const struct mailbox *mailbox)
{
	return duty_stopping(mailbox->duty);
}

/* ---- one session ---- */

int mailbox_well(struct mailbox *mailbox, const struct folder *folder, bool often, struct error *err)
{
	struct record_source well = {
		.account_id = mailbox->account_id,
		.folder = folder->name,
		.backlog = (int64_t)folder->backlog,
	};

	/* While one folder fails the mailbox is not well, though the others are read. */
	if (mailbox->folder_failing)
		return 0;
	if (often && clock_monotonic() - mailbox->said_at < WELL_SECONDS * SECOND)
		return 0;
	mailbox->said_at = clock_monotonic();
	return database_run(mailbox->database, record_source, &well, err);
}

/* A folder with another UIDVALIDITY is another folder: all its UIDs mean other mails now. */
static int open_record(struct mailbox *mailbox, struct folder *folder, uint32_t uidvalidity, struct error *err)
{
	struct record_folder record = {
		.account_id = mailbox->account_id,
		.folder = folder->name,
		.uidvalidity = uidvalidity,
		.acts = mailbox->acts,
	};

	if (database_run(mailbox->database, record_folder, &record, err) < 0)
		return -1;
	if (record.changed)
		log_warning("uidvalidity_changed", "mailbox=%s folder=%s uidvalidity=%u", mailbox->settings->name,
			folder->name, uidvalidity);
	folder->folder_id = record.folder_id;
	folder->uidvalidity = uidvalidity;
	folder->next_uid = 1;
	folder->cursor = record.last_uid < UINT32_MAX ? (uint32_t)record.last_uid : UINT32_MAX;
	folder->scanned = false;
	folder->careful_to = 0;
	folder->suspect_count = 0;
	return 0;
}

int mailbox_select(struct mailbox *mailbox, size_t index, struct error *err)
{
	struct folder *folder = &mailbox->folders[index];
	struct imap_folder state;

	if (mailbox->selected == (ptrdiff_t)index)
		return 0;
	mailbox->selected = -1;
	if (imap_select(mailbox->imap, folder->name, true, &state, err) < 0)
		return -1;
	folder->mails = state.mails;
	if ((!folder->folder_id || folder->uidvalidity != state.uidvalidity) &&
		open_record(mailbox, folder, state.uidvalidity, err) < 0)
		return -1;
	mailbox->selected = (ptrdiff_t)index;
	return 0;
}

/* Has a folder that is not open changed? A refusal counts as yes: opening it will say what is wrong. */
static int has_news(struct mailbox *mailbox, const struct folder *folder, bool *news_out, struct error *err)
{
	struct imap_folder state;

	*news_out = true;
	if (!folder->scanned || clock_monotonic() >= folder->scan_at)
		return 0;
	if (imap_status(mailbox->imap, folder->name, &state, err) < 0)
		return imap_alive(mailbox->imap) ? 0 : -1;
	*news_out = state.uidvalidity != folder->uidvalidity || !state.uidnext || state.uidnext > folder->next_uid;
	return 0;
}

static int visit_folder(struct mailbox *mailbox, size_t index, struct error *err)
{
	struct folder *folder = &mailbox->folders[index];
	bool news = true;

	mailbox_step(mailbox);
	if (mailbox->selected != (ptrdiff_t)index && index > 0 && has_news(mailbox, folder, &news, err) < 0)
		return -1;
	if (!news)
		return mailbox_well(mailbox, folder, false, err);
	/* A server tells of new mail in the open folder only when it is spoken to. */
	if (mailbox->selected == (ptrdiff_t)index && !mailbox_idles(mailbox) && imap_noop(mailbox->imap, err) < 0)
		return -1;
	if (mailbox_select(mailbox, index, err) < 0 || mailbox_scan(mailbox, index, err) < 0)
		return -1;
	return mailbox_well(mailbox, folder, false, err);
}

/* A folder that cannot be opened does not keep the others from being read. */
static int visit_folders(struct mailbox *mailbox, struct error *err)
{
	error_clear(&mailbox->folder_error);
	for (size_t i = 0; i < mailbox->settings->folder_count; i++) {
		if (visit_folder(mailbox, i, err) == 0)
			continue;
		if (!imap_alive(mailbox->imap) || err->reach != REACH_SOURCE)
			return -1;
		mailbox->folder_error = *err;
	}
	return 0;
}

static void note_failure(struct mailbox *mailbox, const struct error *why, int64_t wait)
{
	struct record_source failed = {.account_id = mailbox->account_id, .error = why, .next_at = clock_now() + wait};
	struct error ignored = ERROR_INIT;

	if (mailbox->account_id && (why->reach == REACH_SOURCE || why->reach == REACH_STOP))
		(void)!database_run(mailbox->database, record_source, &failed, &ignored);
}

/* Back to the folder that IDLE watches; what came there meanwhile is taken in. */
static int return_to_first(struct mailbox *mailbox, struct error *err)
{
	if (mailbox->selected == 0)
		return 0;
	if (mailbox_select(mailbox, 0, err) < 0 || mailbox_scan(mailbox, 0, err) < 0)
		return imap_alive(mailbox->imap) && err->reach == REACH_SOURCE ? 0 : -1;
	return 0;
}

/* How the round went, when some folder failed in it or did in the last one. */
static int tell_round(struct mailbox *mailbox, struct error *err)
{
	bool failed_before = mailbox->folder_failing;

	mailbox->round_done = true;
	mailbox->folder_failing = mailbox->folder_error.reach != REACH_NONE;
	if (mailbox->folder_failing)
		note_failure(mailbox, &mailbox->folder_error, mailbox->settings->poll_seconds * SECOND);
	for (size_t i = 0; failed_before && !mailbox->folder_failing && i < mailbox->settings->folder_count; i++)
		if (mailbox_well(mailbox, &mailbox->folders[i], false, err) < 0)
			return -1;
	return 0;
}

static int serve_session(struct mailbox *mailbox, struct error *err)
{
	bool worked;

	while (!mailbox_stopping(mailbox)) {
		if (visit_folders(mailbox, err) < 0 || mailbox_after(mailbox, &worked, err) < 0 ||
			return_to_first(mailbox, err) < 0)
			return -1;
		if (tell_round(mailbox, err) < 0)
			return -1;
		if (mailbox_wait(mailbox, err) < 0)
			return -1;
	}
	return 0;
}

static struct tls_client *trusted(struct mailbox *mailbox, struct error *err)
{
	struct trust *trust = mailbox->trust;

	pthread_mutex_lock(&trust->mutex);
	if (!trust->client)
		(void)!tls_client_new(mailbox->config->tls.ca_file, &trust->client, err);
	pthread_mutex_unlock(&trust->mutex);
	return trust->client;
}

static int open_session(struct mailbox *mailbox, struct error *err)
{
	struct record_account account = {.name = mailbox->settings->name, .kind = "imap"};
	struct tls_client *tls = NULL;

	if (database_run(mailbox->database, record_account, &account, err) < 0)
		return -1;
	mailbox->account_id = account.account_id;
	/* To load what is trusted takes a tenth of a second. */
	if (mailbox->settings->tls != CONFIG_TLS_NONE)
		tls = trusted(mailbox, err);
	if (!tls && mailbox->settings->tls != CONFIG_TLS_NONE)
		return -1;
	return imap_open(
		mailbox->config, mailbox->settings, tls, mailbox->oauth, mailbox->cancel_fd, &mailbox->imap, err);
}

/* Everything that was remembered of the server is void with its session. */
static void forget_session(struct mailbox *mailbox)
{
	imap_close(&mailbox->imap);
	mailbox->selected = -1;
	for (size_t i = 0; i < mailbox->settings->folder_count; i++) {
		mailbox->folders[i].scanned = false;
		mailbox->folders[i].next_uid = 1;
		/* Without the lease somebody else may have gone on. */
		mailbox->folders[i].cursor = UINT32_MAX;
	}
}

/* ---- session after session ---- */

/* The database's failures, and a stop: not the mailbox's. */
static bool is_ours(const struct error *why)
{
	return why->reach != REACH_SOURCE && why->reach != REACH_STOP;
}

static int64_t wait_after(struct mailbox *mailbox, const struct error *why)
{
	int64_t maximum = MAILBOX_BACKOFF_MAX;

	if (why->reach == REACH_STOP)
		return clock_backoff(mailbox->failures, MAILBOX_LOGIN_BACKOFF_BASE, 4 * MAILBOX_BACKOFF_MAX);
	if (is_ours(why))
		maximum = DATABASE_BACKOFF_MAX;
	else if (mailbox->round_done && mailbox->settings->poll_seconds * SECOND < maximum)
		maximum = mailbox->settings->poll_seconds * SECOND;
	return clock_backoff(mailbox->failures, MAILBOX_BACKOFF_BASE, maximum);
}

/* Has its login by OAuth 2.0 another state than when this was asked last? */
static bool login_mended(struct mailbox *mailbox)
{
	return mailbox->oauth && oauth_changed(mailbox->oauth, mailbox->settings->oauth, &mailbox->oauth_state);
}

static void back_off(struct mailbox *mailbox, int64_t began, const struct error *why)
{
	int64_t until, wait;
	int what;

	if (mailbox->round_done && clock_monotonic() - began > SETTLED_SECONDS * SECOND)
		mailbox->failures = 0;
	mailbox->failures++;
	wait = wait_after(mailbox, why);
	until = clock_monotonic() + wait;
	log_failure(is_ours(why) && mailbox->failures > 1 ? LOG_DEBUG : LOG_WARNING, "mailbox_failed", why,
		"mailbox=%s failures=%d next=%llds", mailbox->settings->name, mailbox->failures,
		(long long)(wait / SECOND));
	note_failure(mailbox, why, wait);
	(void)login_mended(mailbox);
	/* The wake of a database that is back ends the wait for it, a person's login that for a login. */
	do
		what = mailbox_poll(mailbox, -1, until);
	while (what == 2 && !is_ours(why) && !login_mended(mailbox) && clock_monotonic() < until);
}

/* Until the duty's housekeeping has the lease; false: the duty stops. */
static bool wait_for_lease(struct mailbox *mailbox)
{
	uint64_t count;
	bool told = false;

	while (!mailbox_stopping(mailbox)) {
		/* A cancel that was for the last session ends here, unless it is the duty's stop. */
		(void)!read(mailbox->cancel_fd, &count, sizeof(count));
		if (mailbox_stopping(mailbox))
			break;
		if (atomic_load(&mailbox->leased))
			return true;
		mailbox_poll(mailbox, -1, clock_monotonic() + 5 * SECOND);
		if (!told && !atomic_load(&mailbox->leased) && !mailbox_stopping(mailbox))
			log_info("mailbox_waits", "mailbox=%s reason=\"no lease yet\"", mailbox->settings->name);
		told = true;
	}
	return false;
}

/* A server ends a session (BYE) about when the token ends by which it began: that is no failure. */
static bool is_over(const struct mailbox *mailbox, int64_t began)
{
	return mailbox->oauth && mailbox->imap && mailbox->round_done && imap_said_bye(mailbox->imap) &&
	       clock_monotonic() - began > OVER_SECONDS * SECOND;
}

void *mailbox_run(void *argument)
{
	struct mailbox *mailbox = argument;

	while (wait_for_lease(mailbox)) {
		int64_t began = clock_monotonic();
		struct error err = ERROR_INIT;
		bool over;
		int result;

		mailbox->round_done = false;
		result = open_session(mailbox, &err);
		if (result == 0)
			result = serve_session(mailbox, &err);
		over = result < 0 && is_over(mailbox, began);
		forget_session(mailbox);
		if (over)
			log_info("mailbox_over", "mailbox=%s", mailbox->settings->name);
		else if (result < 0 && !mailbox_stopping(mailbox))
			back_off(mailbox, began, &err);
	}
	return NULL;
}
