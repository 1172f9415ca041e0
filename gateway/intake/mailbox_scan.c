/* intake/mailbox_scan: takes in what is new in a folder. See mailbox.h. */
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "intake/mailbox.h"

#define UNSEEN_MAX 10000  /* UIDs in one question to the database */
#define UIDS_MARGIN 50000 /* mails that may have come since the folder was opened */
#define ALARM_KIND "mail-unreadable"

struct scan {
	struct mailbox *mailbox;
	struct folder *folder;
	struct arena *arena;
	int64_t *uids; /* not stored yet, ascending */
	size_t count;
};

/* ---- mails that break a session ---- */

static struct suspect *find_suspect(struct folder *folder, uint32_t uid)
{
	for (size_t i = 0; i < folder->suspect_count; i++)
		if (folder->suspects[i].uid == uid)
			return &folder->suspects[i];
	return NULL;
}

static int alarm_about(struct scan *scan, uint32_t uid, const char *text, struct error *err)
{
	char object[300];
	struct record_alarm alarm = {.kind = ALARM_KIND, .object = object, .text = text};

	snprintf(object, sizeof(object), "%s/%s/%u/%u", scan->mailbox->settings->name, scan->folder->name,
		scan->folder->uidvalidity, uid);
	return database_run(scan->mailbox->database, record_alarm, &alarm, err);
}

/* Fetching it failed: after some strikes it is given up for a while, so that the others go on. */
static int strike(struct scan *scan, uint32_t uid, int strikes, const char *reason, struct error *err)
{
	struct folder *folder = scan->folder;
	struct suspect *suspect = find_suspect(folder, uid);
	char text[ERROR_TEXT_MAX + 100];

	if (!suspect && folder->suspect_count < MAILBOX_SUSPECTS) {
		suspect = &folder->suspects[folder->suspect_count++];
		*suspect = (struct suspect){.uid = uid};
	}
	if (!suspect)
		return 0;
	suspect->strikes += suspect->strikes < MAILBOX_STRIKES ? strikes : 1;
	if (suspect->strikes < MAILBOX_STRIKES)
		return 0;
	folder->backlog++;
	suspect->retry_at = clock_monotonic() + clock_backoff(suspect->strikes - MAILBOX_STRIKES + 1,
							MAILBOX_SUSPECT_BASE, MAILBOX_SUSPECT_MAX);
	snprintf(text, sizeof(text), "the mail with UID %u in folder %s cannot be fetched: %s", uid, folder->name,
		reason);
	log_warning("mail_unreadable", "mailbox=%s folder=%s uid=%u error=%s", scan->mailbox->settings->name,
		folder->name, uid, log_value(view_of(reason)));
	return alarm_about(scan, uid, text, err);
}

static int acquit(struct scan *scan, uint32_t uid, struct error *err)
{
	struct folder *folder = scan->folder;
	struct suspect *suspect = find_suspect(folder, uid);
	bool alarmed;

	if (!suspect)
		return 0;
	alarmed = suspect->strikes >= MAILBOX_STRIKES;
	*suspect = folder->suspects[--folder->suspect_count];
	return alarmed ? alarm_about(scan, uid, NULL, err) : 0;
}

static bool given_up(struct folder *folder, uint32_t uid)
{
	const struct suspect *suspect = find_suspect(folder, uid);

	return suspect && suspect->strikes >= MAILBOX_STRIKES && clock_monotonic() < suspect->retry_at;
}

/* ---- fetching ---- */

static int take_mail(void *context, const struct imap_mail *mail, struct view raw, struct error *err)
{
	struct scan *scan = context;
	struct batch_mail taken = {
		.uid = mail->uid,
		.size = mail->size,
		.received = mail->received ? mail->received : clock_now(),
		.oversize = mail->size > scan->mailbox->config->limits.message_bytes,
		.raw = raw,
	};

	mailbox_step(scan->mailbox);
	if (mail->uid > scan->folder->cursor)
		scan->folder->cursor = mail->uid;
	return batches_add(scan->mailbox->batches, &taken, err);
}

/* Is it the server's or the line's failure, and not ours (database, stop)? */
static bool is_server_failure(const struct error *err)
{
	return err->reach == REACH_SOURCE;
}

static int look_for(struct scan *scan, const struct imap_mail *mail, bool *there_out, struct error *err)
{
	const int64_t uid = mail->uid;
	struct imap_mail again;
	size_t found;

	if (imap_sizes(scan->mailbox->imap, &uid, 1, &again, &found, err) < 0)
		return -1;
	*there_out = found > 0;
	return 0;
}

/* One mail alone, so that it is known which one it is that cannot be fetched. */
static int fetch_one(struct scan *scan, struct imap_mail *mail, struct error *err)
{
	struct imap *imap = scan->mailbox->imap;
	struct error failure = ERROR_INIT;
	bool there = true;
	int result;

	if (mail->size > scan->mailbox->config->limits.message_bytes)
		result = imap_header(imap, mail, take_mail, scan, &failure);
	else
		result = imap_bodies(imap, mail, 1, take_mail, scan, &failure);
	if (result == 0 && mail->taken)
		return acquit(scan, mail->uid, err);
	if (result < 0 && !imap_alive(imap)) {
		*err = failure;
		if (is_server_failure(&failure))
			(void)!strike(scan, mail->uid, 1, failure.text, &failure);
		return -1;
	}
	if (look_for(scan, mail, &there, err) < 0)
		return -1;
	if (!there)
		return acquit(scan, mail->uid, err);
	return strike(scan, mail->uid, MAILBOX_STRIKES, result < 0 ? failure.text : "the server gives no content", err);
}

/* Several by one command. What the server refuses or leaves out is asked for alone. */
static int fetch_run(struct scan *scan, struct imap_mail *mails, size_t count, struct error *err)
{
	struct imap *imap = scan->mailbox->imap;

	if (imap_bodies(imap, mails, count, take_mail, scan, err) < 0 && !imap_alive(imap)) {
		if (is_server_failure(err))
			scan->folder->careful_to = mails[count - 1].uid;
		return -1;
	}
	for (size_t i = 0; i < count; i++)
		if (!mails[i].taken && fetch_one(scan, &mails[i], err) < 0)
			return -1;
	return 0;
}

static bool goes_alone(const struct scan *scan, const struct imap_mail *mail)
{
	return mail->size > scan->mailbox->config->limits.message_bytes || mail->uid <= scan->folder->careful_to;
}

static int fetch_mails(struct scan *scan, struct imap_mail *mails, size_t count, struct error *err)
{
	for (size_t i = 0, end; i < count; i = end) {
		uint64_t bytes = mails[i].size;

		end = i + 1;
		if (goes_alone(scan, &mails[i])) {
			if (fetch_one(scan, &mails[i], err) < 0)
				return -1;
			continue;
		}
		while (end < count && !goes_alone(scan, &mails[end]) && bytes + mails[end].size <= MAILBOX_FETCH_BYTES)
			bytes += mails[end++].size;
		if (fetch_run(scan, &mails[i], end - i, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- the scan ---- */

/* Leaves out what was given up. */
static size_t wanted_uids(struct scan *scan, const int64_t *uids, size_t count, int64_t *wanted)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (!given_up(scan->folder, (uint32_t)uids[i]))
			wanted[kept++] = uids[i];
	return kept;
}

static int scan_piece(struct scan *scan, const int64_t *uids, size_t count, struct error *err)
{
	struct imap_mail mails[IMAP_LIST_MAX];
	int64_t wanted[IMAP_LIST_MAX];
	size_t found, kept = wanted_uids(scan, uids, count, wanted);

	mailbox_step(scan->mailbox);
	if (kept == 0)
		return 0;
	if (imap_sizes(scan->mailbox->imap, wanted, kept, mails, &found, err) < 0)
		return -1;
	if (fetch_mails(scan, mails, found, err) < 0)
		return -1;
	scan->folder->backlog -= kept;
	return mailbox_well(scan->mailbox, scan->folder, true, err);
}

/* Leaves out those that were stored. Above the cursor none was: the database need not be asked. */
static int leave_stored(struct scan *scan, int64_t *uids, size_t *count, struct error *err)
{
	size_t below = 0, kept = 0;

	if (*count == 0)
		return 0;
	while (below < *count && uids[below] <= scan->folder->cursor)
		below++;
	for (size_t i = 0; i < below; i += UNSEEN_MAX) {
		struct record_unseen unseen = {.folder_id = scan->folder->folder_id, .uids = uids + i};

		unseen.count = below - i < UNSEEN_MAX ? below - i : UNSEEN_MAX;
		if (database_run(scan->mailbox->database, record_unseen, &unseen, err) < 0)
			return -1;
		memmove(uids + kept, unseen.uids, unseen.count * sizeof(*uids));
		kept += unseen.count;
	}
	memmove(uids + kept, uids + below, (*count - below) * sizeof(*uids));
	*count = kept + *count - below;
	return 0;
}

/* Which UIDs are there and were never stored? */
static int list_unseen(struct scan *scan, uint32_t first, uint32_t *next_out, struct error *err)
{
	struct mailbox *mailbox = scan->mailbox;
	int64_t *uids;
	size_t count;

	if (imap_uids(mailbox->imap, first, scan->folder->mails + UIDS_MARGIN, scan->arena, &uids, &count, err) < 0)
		return -1;
	if (count)
		*next_out = uids[count - 1] < UINT32_MAX ? (uint32_t)uids[count - 1] + 1 : UINT32_MAX;
	if (leave_stored(scan, uids, &count, err) < 0)
		return -1;
	scan->uids = uids;
	scan->count = count;
	return 0;
}

static void tell(const struct scan *scan)
{
	const struct batches *batches = scan->mailbox->batches;

	if (batches_stored(batches))
		log_info("stored", "mailbox=%s folder=%s count=%zu fresh=%zu", scan->mailbox->settings->name,
			scan->folder->name, batches_stored(batches), batches_fresh(batches));
}

static int scan_all(struct scan *scan, struct error *err)
{
	struct error later = ERROR_INIT;
	int result = 0;

	batches_begin(scan->mailbox->batches, scan->folder->folder_id, 0);
	scan->folder->backlog = scan->count;
	for (size_t i = 0; i < scan->count && result == 0; i += IMAP_LIST_MAX)
		result = scan_piece(
			scan, scan->uids + i, scan->count - i < IMAP_LIST_MAX ? scan->count - i : IMAP_LIST_MAX, err);
	/* What came whole is kept, whatever happened behind it. */
	if (batches_flush(scan->mailbox->batches, &later) < 0 && result == 0) {
		*err = later;
		result = -1;
	}
	tell(scan);
	return result;
}

/* In a while, or when the first of the mails that were given up is to be tried again. */
static int64_t next_scan(const struct folder *folder)
{
	int64_t at = clock_monotonic() + (int64_t)MAILBOX_SCAN_SECONDS * 1000000;

	for (size_t i = 0; i < folder->suspect_count; i++)
		if (folder->suspects[i].strikes >= MAILBOX_STRIKES && folder->suspects[i].retry_at < at)
			at = folder->suspects[i].retry_at;
	return at;
}

int mailbox_scan(struct mailbox *mailbox, size_t index, struct error *err)
{
	struct folder *folder = &mailbox->folders[index];
	struct scan scan = {.mailbox = mailbox, .folder = folder, .arena = arena_new()};
	int64_t now = clock_monotonic();
	bool full = !folder->scanned || now >= folder->scan_at;
	uint32_t next = folder->next_uid;
	int result;

	imap_news_reset(mailbox->imap);
	result = list_unseen(&scan, full ? 1 : folder->next_uid, &next, err);
	if (result == 0 && (scan.count || full))
		result = scan_all(&scan, err);
	if (result == 0 && full) {
		if (folder->scanned)
			mailbox->idle_failures = 0;
		folder->scanned = true;
		folder->scan_at = next_scan(folder);
		folder->careful_to = 0;
	}
	if (result == 0)
		folder->next_uid = next;
	mailbox->idle_noise = scan.count ? 0 : mailbox->idle_noise;
	arena_free(&scan.arena);
	return result;
}
