/* intake/imap_fetch: which mails there are, their sizes and their bytes. See imap.h. */
#include <string.h>

#include "intake/imap_session.h"

#define SIZE_ANSWER 256	 /* bytes of one mail's UID and size, generously */
#define BODY_ANSWER 1024 /* bytes around one mail's body: flags and such may come with it unasked */
#define UID_ANSWER 11	 /* a UID and a blank */
#define SET_BUDGET 65536 /* bytes of everything else that an answer may carry */
#define COMMAND_MAX 16384 /* bytes: IMAP_LIST_MAX UIDs */

struct mailimap_set *imap_set(const int64_t *uids, size_t count)
{
	struct mailimap_set *set = mailimap_set_new_empty();

	for (size_t i = 0; set && i < count;) {
		size_t last = i;

		while (last + 1 < count && uids[last + 1] == uids[last] + 1)
			last++;
		if (mailimap_set_add_interval(set, (uint32_t)uids[i], (uint32_t)uids[last]) != MAILIMAP_NO_ERROR) {
			mailimap_set_free(set);
			return NULL;
		}
		i = last + 1;
	}
	return set;
}

/* ---- lists of UIDs ---- */

static int compare_uids(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return (a > b) - (a < b);
}

/* Ascending and each once, whatever the server sent; below `first` are those that "n:*" names when there is none. */
static void take_uids(clist *found, uint32_t first, struct arena *arena, int64_t **uids_out, size_t *count_out)
{
	size_t count = 0, kept = 0;
	int64_t *uids;

	uids = ARENA_NEW_N(arena, int64_t, (size_t)clist_count(found));
	for (clistiter *at = clist_begin(found); at; at = clist_next(at)) {
		uint32_t uid = *(const uint32_t *)clist_content(at);

		if (uid >= first && uid > 0)
			uids[count++] = uid;
	}
	qsort(uids, count, sizeof(*uids), compare_uids);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || uids[kept - 1] != uids[i])
			uids[kept++] = uids[i];
	*uids_out = uids;
	*count_out = kept;
}

/* Takes the key over. */
static int search(struct imap *imap, struct mailimap_search_key *key, uint32_t first, uint32_t mails,
	struct arena *arena, int64_t **uids_out, size_t *count_out, struct error *err)
{
	clist *found = NULL;
	int code = MAILIMAP_ERROR_MEMORY;

	/* The bytes give the time as well, so no server's word counts without end. */
	imap_begin(imap, (uint64_t)(mails < IMAP_MAILS_MAX ? mails : IMAP_MAILS_MAX) * UID_ANSWER + SET_BUDGET);
	if (key)
		code = mailimap_uid_search(imap->session, NULL, key, &found);
	if (key)
		mailimap_search_key_free(key);
	if (imap_check(imap, code, "listing mails", err) < 0)
		return -1;
	*uids_out = NULL;
	*count_out = 0;
	if (!found)
		return 0;
	take_uids(found, first, arena, uids_out, count_out);
	mailimap_search_result_free(found);
	return 0;
}

int imap_uids(struct imap *imap, uint32_t first, uint32_t mails, struct arena *arena, int64_t **uids_out,
	size_t *count_out, struct error *err)
{
	struct mailimap_set *set = mailimap_set_new_interval(first, 0);

	return search(
		imap, set ? mailimap_search_key_new_uid(set) : NULL, first, mails, arena, uids_out, count_out, err);
}

int imap_deleted(struct imap *imap, struct arena *arena, int64_t **uids_out, size_t *count_out, struct error *err)
{
	const struct mailimap_selection_info *info = imap->session->imap_selection_info;

	return search(imap,
		mailimap_search_key_new(MAILIMAP_SEARCH_KEY_DELETED, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
			NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL),
		1, info ? info->sel_exists : 0, arena, uids_out, count_out, err);
}

/* ---- FETCH ---- */

/* "UID FETCH 1:3,7 " and what is wanted. */
static int fetch(struct imap *imap, const int64_t *uids, size_t count, const char *wanted,
	void (*take)(void *context, const struct imap_response *fetched), void *context, const char *what,
	struct error *err)
{
	TEXT_SCOPED command;

	text_init(&command, COMMAND_MAX);
	text_add_string(&command, "UID FETCH ");
	for (size_t i = 0, last; i < count; i = last + 1) {
		for (last = i; last + 1 < count && uids[last + 1] == uids[last] + 1; last++)
			;
		text_add_format(&command, "%s%lld", i ? "," : "", (long long)uids[i]);
		if (last > i)
			text_add_format(&command, ":%lld", (long long)uids[last]);
	}
	text_add_format(&command, " %s", wanted);
	return imap_fetch(imap, text_view(&command), take, context, what, err);
}

/* ---- sizes ---- */

struct size_list {
	const int64_t *uids; /* asked for */
	size_t asked;
	struct imap_mail *mails; /* one for each asked, uid 0 until it comes */
};

static ptrdiff_t position(const int64_t *uids, size_t count, uint32_t uid)
{
	const int64_t key = uid;
	const int64_t *found = bsearch(&key, uids, count, sizeof(*uids), compare_uids);

	return found ? found - uids : -1;
}

static void take_size(void *context, const struct imap_response *fetched)
{
	struct size_list *list = context;
	ptrdiff_t at = position(list->uids, list->asked, fetched->uid);

	if (at < 0 || !fetched->has_size)
		return;
	list->mails[at].uid = fetched->uid;
	list->mails[at].size = fetched->size;
}

int imap_sizes(struct imap *imap, const int64_t *uids, size_t count, struct imap_mail *mails_out, size_t *found_out,
	struct error *err)
{
	struct size_list list = {.uids = uids, .asked = count, .mails = mails_out};
	size_t found = 0;

	memset(mails_out, 0, count * sizeof(*mails_out));
	imap_begin(imap, (uint64_t)count * SIZE_ANSWER + SET_BUDGET);
	if (fetch(imap, uids, count, "(UID RFC822.SIZE)", take_size, &list, "asking for sizes", err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (mails_out[i].uid)
			mails_out[found++] = mails_out[i];
	*found_out = found;
	return 0;
}

/* ---- bodies ---- */

struct body_list {
	struct imap *imap;
	struct imap_mail *mails; /* ascending */
	size_t count, next;	 /* next: where the coming one probably is */
	imap_taker *take;
	void *context;
};

static struct imap_mail *find_mail(struct body_list *list, uint32_t uid)
{
	size_t low = 0, high = list->count;

	if (list->next < list->count && list->mails[list->next].uid == uid)
		return &list->mails[list->next++];
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list->mails[middle].uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < list->count && list->mails[low].uid == uid ? &list->mails[low] : NULL;
}

static void take_body(void *context, const struct imap_response *fetched)
{
	struct body_list *list = context;
	struct imap_mail *mail = find_mail(list, fetched->uid);
	struct error err = ERROR_INIT;

	if (!mail || mail->taken || !fetched->has_body)
		return;
	mail->taken = true;
	mail->received = fetched->received;
	if (list->take(list->context, mail, fetched->body, &err) < 0)
		stream_break(list->imap->stream, &err);
}

static int fetch_bodies(
	struct body_list *list, uint64_t budget, const char *wanted, const char *what, struct error *err)
{
	struct arena *arena = arena_new();
	int64_t *uids = ARENA_NEW_N(arena, int64_t, list->count);
	int result;

	for (size_t i = 0; i < list->count; i++)
		uids[i] = list->mails[i].uid;
	imap_begin(list->imap, budget);
	result = fetch(list->imap, uids, list->count, wanted, take_body, list, what, err);
	arena_free(&arena);
	return result;
}

int imap_bodies(
	struct imap *imap, struct imap_mail *mails, size_t count, imap_taker *take, void *context, struct error *err)
{
	struct body_list list = {.imap = imap, .mails = mails, .count = count, .take = take, .context = context};
	uint64_t budget = SET_BUDGET;

	/* Some servers count a line end as one byte and send two. */
	for (size_t i = 0; i < count; i++)
		budget += mails[i].size + mails[i].size / 16 + BODY_ANSWER;
	return fetch_bodies(&list, budget, "(UID INTERNALDATE BODY.PEEK[])", "fetching mails", err);
}

int imap_header(struct imap *imap, struct imap_mail *mail, imap_taker *take, void *context, struct error *err)
{
	struct body_list list = {.imap = imap, .mails = mail, .count = 1, .take = take, .context = context};
	char wanted[60];

	snprintf(wanted, sizeof(wanted), "(UID INTERNALDATE BODY.PEEK[HEADER]<0.%d>)", IMAP_HEADER_MAX);
	return fetch_bodies(&list, IMAP_HEADER_MAX + SET_BUDGET, wanted, "fetching a header", err);
}
