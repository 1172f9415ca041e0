/* intake/imap_after: keyword, move, delete: what is done with mails that were dealt with. See imap.h. */
#include <string.h>

#include "intake/imap_session.h"

/* Room for the untagged FETCH or EXPUNGE that each mail may cause. */
#define MAIL_ANSWER 512

static void begin(struct imap *imap, size_t count)
{
	imap_begin(imap, IMAP_ANSWER_MAX + (uint64_t)count * MAIL_ANSWER);
}

/* Takes the flag over. */
static int add_flag(struct imap *imap, struct mailimap_set *set, size_t count, struct mailimap_flag *flag,
	const char *what, struct error *err)
{
	struct mailimap_flag_list *flags = mailimap_flag_list_new_empty();
	struct mailimap_store_att_flags *change = NULL;
	int code = MAILIMAP_ERROR_MEMORY;

	if (flags && flag && mailimap_flag_list_add(flags, flag) == MAILIMAP_NO_ERROR)
		change = mailimap_store_att_flags_new_add_flags_silent(flags);
	if (change) {
		begin(imap, count);
		code = mailimap_uid_store(imap->session, set, change);
		mailimap_store_att_flags_free(change);
	}
	return imap_check(imap, code, what, err);
}

int imap_keyword(struct imap *imap, const int64_t *uids, size_t count, const char *keyword, struct error *err)
{
	struct mailimap_set *set = imap_set(uids, count);
	char *copy = strdup(keyword);
	char what[200];
	int result;

	snprintf(what, sizeof(what), "setting the keyword %s", keyword);
	result = set && copy ? add_flag(imap, set, count, mailimap_flag_new_flag_keyword(copy), what, err)
			     : error_set(err, REACH_RETRY, "out of memory");
	if (set)
		mailimap_set_free(set);
	return result;
}

static bool all_among(const int64_t *some, size_t some_count, const int64_t *all, size_t all_count)
{
	size_t at = 0;

	for (size_t i = 0; i < some_count; i++) {
		while (at < all_count && all[at] < some[i])
			at++;
		if (at == all_count || all[at] != some[i])
			return false;
	}
	return true;
}

/*
 * Removes the mails flagged \Deleted. A server without UID EXPUNGE can only remove all that are flagged: done when they
 * are all ours, else they stay flagged until their owner's mail program removes them.
 */
static int expunge(struct imap *imap, struct mailimap_set *set, const int64_t *uids, size_t count, struct error *err)
{
	struct arena *arena;
	int64_t *deleted;
	size_t deleted_count;
	int result;

	if (imap_can(imap, "UIDPLUS")) {
		begin(imap, count);
		return imap_check(imap, mailimap_uid_expunge(imap->session, set), "removing mails", err);
	}
	arena = arena_new();
	result = imap_deleted(imap, arena, &deleted, &deleted_count, err);
	if (result == 0 && all_among(deleted, deleted_count, uids, count)) {
		begin(imap, count);
		result = imap_check(imap, mailimap_expunge(imap->session), "removing mails", err);
	}
	arena_free(&arena);
	return result;
}

static int flag_and_expunge(
	struct imap *imap, struct mailimap_set *set, const int64_t *uids, size_t count, struct error *err)
{
	if (add_flag(imap, set, count, mailimap_flag_new_deleted(), "marking mails as deleted", err) < 0)
		return -1;
	return expunge(imap, set, uids, count, err);
}

int imap_delete(struct imap *imap, const int64_t *uids, size_t count, struct error *err)
{
	struct mailimap_set *set = imap_set(uids, count);
	int result;

	if (!set)
		return error_set(err, REACH_RETRY, "out of memory");
	result = flag_and_expunge(imap, set, uids, count, err);
	mailimap_set_free(set);
	return result;
}

/* Once more after making the folder, if it was not there. */
static int move_or_copy(
	struct imap *imap, struct mailimap_set *set, size_t count, const char *folder, bool move, struct error *err)
{
	char what[300];

	snprintf(what, sizeof(what), "%s mails to %s", move ? "moving" : "copying", folder);
	for (int attempt = 0;; attempt++) {
		int code;

		begin(imap, count);
		code = move ? mailimap_uid_move(imap->session, set, imap_wire_name(imap, folder))
			    : mailimap_uid_copy(imap->session, set, imap_wire_name(imap, folder));
		if (imap_check(imap, code, what, err) == 0)
			return 0;
		if (!imap_alive(imap) || attempt || !imap->session->imap_response_info->rsp_trycreate ||
			imap_create(imap, folder, err) < 0)
			return -1;
	}
}

int imap_move(struct imap *imap, const int64_t *uids, size_t count, const char *folder, struct error *err)
{
	struct mailimap_set *set = imap_set(uids, count);
	bool move = imap_can(imap, "MOVE");
	int result;

	if (!set)
		return error_set(err, REACH_RETRY, "out of memory");
	result = move_or_copy(imap, set, count, folder, move, err);
	if (result == 0 && !move)
		result = flag_and_expunge(imap, set, uids, count, err);
	mailimap_set_free(set);
	return result;
}
