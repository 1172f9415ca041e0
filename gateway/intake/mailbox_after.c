/* intake/mailbox_after: what is done on the server with mails that were dealt with. See mailbox.h. */
#include <string.h>
#include <strings.h>

#include "core/clock.h"
#include "core/log.h"
#include "intake/mailbox.h"

#define RETRY_BASE ((int64_t)60 * 1000000)
#define RETRY_MAX ((int64_t)6 * 3600 * 1000000)

static const struct config_after leave = {.kind = AFTER_LEAVE};

/* What the config says for an outcome. What failed here stays as it is on the server. */
static const struct config_after *action_for(const struct config_mailbox *settings, const char *state)
{
	const struct {
		const char *state;
		const struct config_after *action;
	} table[] = {
		{"filed", &settings->after_filed},
		{"review", &settings->after_review},
		{"held", &settings->after_held},
		{"ignored", &settings->after_ignored},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(state, table[i].state) == 0)
			return table[i].action;
	return &leave;
}

static int note_done(
	struct mailbox *mailbox, const struct folder *folder, const int64_t *uids, size_t count, struct error *err)
{
	struct record_after done = {.folder_id = folder->folder_id, .uids = uids, .count = count};

	return database_run(mailbox->database, record_after, &done, err);
}

static int note_failed(struct mailbox *mailbox, const struct folder *folder, const int64_t *uids, size_t count,
	int64_t attempts, const struct error *failure, struct error *err)
{
	struct record_after failed = {
		.folder_id = folder->folder_id, .uids = uids, .count = count, .error = failure->text};
	int attempt = attempts < 30 ? (int)attempts + 1 : 30;

	failed.next_at = clock_now() + clock_backoff(attempt, RETRY_BASE, RETRY_MAX);
	log_failure(LOG_WARNING, "after_failed", failure, "mailbox=%s folder=%s count=%zu", mailbox->settings->name,
		folder->name, count);
	return database_run(mailbox->database, record_after, &failed, err);
}

/* INBOX may be written in any case. */
static bool same_folder(const char *a, const char *b)
{
	return strcmp(a, b) == 0 || (strcasecmp(a, "INBOX") == 0 && strcasecmp(b, "INBOX") == 0);
}

/* On the server. The UIDs are those of the folder that had this id. */
static int act(struct mailbox *mailbox, size_t index, int64_t folder_id, const struct config_after *action,
	const int64_t *uids, size_t count, struct error *err)
{
	const struct folder *folder = &mailbox->folders[index];

	if (action->kind == AFTER_LEAVE ||
		(action->kind == AFTER_MOVE && same_folder(action->argument, folder->name)))
		return 0;
	if (!atomic_load(&mailbox->leased))
		return error_set(err, REACH_RETRY, "the lease of this mailbox was lost");
	if (mailbox_select(mailbox, index, err) < 0)
		return -1;
	/* Opening it may have shown another UIDVALIDITY: then these UIDs are other mails'. */
	if (folder->folder_id != folder_id)
		return error_set(err, REACH_RETRY, "the folder %s was made anew", folder->name);
	switch (action->kind) {
	case AFTER_KEYWORD:
		return imap_keyword(mailbox->imap, uids, count, action->argument, err);
	case AFTER_MOVE:
		return imap_move(mailbox->imap, uids, count, action->argument, err);
	case AFTER_DELETE:
		return imap_delete(mailbox->imap, uids, count, err);
	case AFTER_LEAVE:
		break;
	}
	return 0;
}

/* All that are due with the same state. */
static int settle_state(
	struct mailbox *mailbox, size_t index, const struct record_due *due, const char *state, struct error *err)
{
	const struct folder *folder = &mailbox->folders[index];
	const struct config_after *action = action_for(mailbox->settings, state);
	struct error failure = ERROR_INIT;
	int64_t uids[RECORD_DUE_MAX], attempts = 0;
	size_t count = 0;

	for (size_t i = 0; i < due->count; i++) {
		if (strcmp(due->list[i].state, state) != 0)
			continue;
		uids[count++] = due->list[i].uid;
		attempts = due->list[i].attempts > attempts ? due->list[i].attempts : attempts;
	}
	if (act(mailbox, index, due->folder_id, action, uids, count, &failure) == 0)
		return note_done(mailbox, folder, uids, count, err);
	if (!imap_alive(mailbox->imap) || failure.reach != REACH_SOURCE) {
		*err = failure;
		return -1;
	}
	return note_failed(mailbox, folder, uids, count, attempts, &failure, err);
}

static bool seen_before(const struct record_due *due, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcmp(due->list[i].state, due->list[at].state) == 0)
			return true;
	return false;
}

/* *count_out: how many were due. */
static int settle_folder(struct mailbox *mailbox, size_t index, size_t *count_out, struct error *err)
{
	struct record_due *due = calloc(1, sizeof(*due));
	int result;

	if (!due)
		return error_set(err, REACH_RETRY, "out of memory");
	due->folder_id = mailbox->folders[index].folder_id;
	result = database_run(mailbox->database, record_due, due, err);
	for (size_t i = 0; result == 0 && i < due->count; i++)
		if (!seen_before(due, i))
			result = settle_state(mailbox, index, due, due->list[i].state, err);
	*count_out = due->count;
	free(due);
	return result;
}

int mailbox_after(struct mailbox *mailbox, bool *worked_out, struct error *err)
{
	*worked_out = false;
	if (!mailbox->acts)
		return 0;
	for (size_t i = 0; i < mailbox->settings->folder_count; i++) {
		size_t count = mailbox->folders[i].folder_id ? RECORD_DUE_MAX : 0;

		while (count == RECORD_DUE_MAX) {
			mailbox_step(mailbox);
			if (settle_folder(mailbox, i, &count, err) < 0)
				return -1;
			*worked_out = *worked_out || count;
		}
	}
	return 0;
}

int mailbox_after_due(struct mailbox *mailbox, bool *due_out, struct error *err)
{
	struct record_due *due;
	int result = 0;

	*due_out = false;
	if (!mailbox->acts)
		return 0;
	due = calloc(1, sizeof(*due));
	if (!due)
		return error_set(err, REACH_RETRY, "out of memory");
	for (size_t i = 0; result == 0 && !*due_out && i < mailbox->settings->folder_count; i++) {
		due->folder_id = mailbox->folders[i].folder_id;
		if (due->folder_id)
			result = database_run(mailbox->database, record_due, due, err);
		*due_out = result == 0 && due->folder_id && due->count;
	}
	free(due);
	return result;
}
