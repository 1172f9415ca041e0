/* intake/imap_fetch: which mails there are, their sizes and their bytes. See imap.h. */
#include <string.h>

#include "intake/imap_session.h"

#define SIZE_ANSWER 256	 /* bytes of one mail's UID, size and date, generously */
#define BODY_ANSWER 1024 /* bytes around one mail's body: flags and such may come with it unasked */
#define UID_ANSWER 11	 /* a UID and a blank */
#define SET_BUDGET 65536 /* bytes of everything else that an answer may carry */

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

/* ---- what a FETCH brings ---- */

struct fetched {
	uint32_t uid;
	bool has_size;
	uint32_t size;
	const struct mailimap_date_time *date;
	const struct mailimap_msg_att_body_section *body;
};

static void read_message(const struct mailimap_msg_att *message, struct fetched *out)
{
	*out = (struct fetched){0};
	for (clistiter *at = clist_begin(message->att_list); at; at = clist_next(at)) {
		const struct mailimap_msg_att_item *item = clist_content(at);
		const struct mailimap_msg_att_static *fact = item->att_data.att_static;

		if (item->att_type != MAILIMAP_MSG_ATT_ITEM_STATIC)
			continue;
		switch (fact->att_type) {
		case MAILIMAP_MSG_ATT_UID:
			out->uid = fact->att_data.att_uid;
			break;
		case MAILIMAP_MSG_ATT_RFC822_SIZE:
			out->has_size = true;
			out->size = fact->att_data.att_rfc822_size;
			break;
		case MAILIMAP_MSG_ATT_INTERNALDATE:
			out->date = fact->att_data.att_internal_date;
			break;
		case MAILIMAP_MSG_ATT_BODY_SECTION:
			out->body = fact->att_data.att_body_section;
			break;
		default:
			break;
		}
	}
}

/* Unix microseconds; 0 when it is no date. The zone reads "+0530" as 530. */
static int64_t to_time(const struct mailimap_date_time *date)
{
	struct tm tm = {0};
	int minutes;

	if (!date || date->dt_year < 1970 || date->dt_year > 9999)
		return 0;
	tm.tm_year = date->dt_year - 1900;
	tm.tm_mon = date->dt_month - 1;
	tm.tm_mday = date->dt_day;
	tm.tm_hour = date->dt_hour;
	tm.tm_min = date->dt_min;
	tm.tm_sec = date->dt_sec;
	minutes = date->dt_zone / 100 * 60 + date->dt_zone % 100;
	return ((int64_t)timegm(&tm) - (int64_t)minutes * 60) * 1000000;
}

/* Takes the fetch type over. */
static int fetch(struct imap *imap, const int64_t *uids, size_t count, struct mailimap_fetch_type *type,
	void (*take)(void *context, const struct mailimap_msg_att *message), void *context, const char *what,
	struct error *err)
{
	struct mailimap_set *set = imap_set(uids, count);
	clist *rest = NULL;
	int code = MAILIMAP_ERROR_MEMORY;

	imap->take = take;
	imap->take_context = context;
	if (set && type)
		code = mailimap_uid_fetch(imap->session, set, type, &rest);
	imap->take = NULL;
	if (code == MAILIMAP_NO_ERROR && rest)
		mailimap_fetch_list_free(rest);
	if (set)
		mailimap_set_free(set);
	if (type)
		mailimap_fetch_type_free(type);
	return imap_check(imap, code, what, err);
}

static struct mailimap_fetch_type *fetch_type(struct mailimap_fetch_att *first, struct mailimap_fetch_att *second)
{
	struct mailimap_fetch_type *type = mailimap_fetch_type_new_fetch_att_list_empty();

	if (!type)
		return NULL;
	mailimap_fetch_type_new_fetch_att_list_add(type, mailimap_fetch_att_new_uid());
	mailimap_fetch_type_new_fetch_att_list_add(type, first);
	if (second)
		mailimap_fetch_type_new_fetch_att_list_add(type, second);
	return type;
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

static void take_size(void *context, const struct mailimap_msg_att *message)
{
	struct size_list *list = context;
	struct fetched fetched;
	ptrdiff_t at;

	read_message(message, &fetched);
	at = position(list->uids, list->asked, fetched.uid);
	if (at < 0 || !fetched.has_size)
		return;
	list->mails[at].uid = fetched.uid;
	list->mails[at].size = fetched.size;
	list->mails[at].received = to_time(fetched.date);
}

int imap_sizes(struct imap *imap, const int64_t *uids, size_t count, struct imap_mail *mails_out, size_t *found_out,
	struct error *err)
{
	struct size_list list = {.uids = uids, .asked = count, .mails = mails_out};
	size_t found = 0;

	memset(mails_out, 0, count * sizeof(*mails_out));
	imap_begin(imap, (uint64_t)count * SIZE_ANSWER + SET_BUDGET);
	if (fetch(imap, uids, count,
		    fetch_type(mailimap_fetch_att_new_rfc822_size(), mailimap_fetch_att_new_internaldate()), take_size,
		    &list, "asking for sizes", err) < 0)
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

static void take_body(void *context, const struct mailimap_msg_att *message)
{
	struct body_list *list = context;
	struct error err = ERROR_INIT;
	struct fetched fetched;
	struct imap_mail *mail;

	read_message(message, &fetched);
	mail = find_mail(list, fetched.uid);
	if (!mail || mail->taken || !fetched.body || !fetched.body->sec_body_part || !imap_alive(list->imap))
		return;
	mail->taken = true;
	if (list->take(list->context, mail, (struct view){fetched.body->sec_body_part, fetched.body->sec_length},
		    &err) < 0)
		stream_break(list->imap->stream, &err);
}

static int fetch_bodies(struct body_list *list, uint64_t budget, struct mailimap_section *section, bool partial,
	const char *what, struct error *err)
{
	struct mailimap_fetch_att *body = NULL;
	struct arena *arena = arena_new();
	int64_t *uids = ARENA_NEW_N(arena, int64_t, list->count);
	int result;

	for (size_t i = 0; i < list->count; i++)
		uids[i] = list->mails[i].uid;
	if (section)
		body = partial ? mailimap_fetch_att_new_body_peek_section_partial(section, 0, IMAP_HEADER_MAX)
			       : mailimap_fetch_att_new_body_peek_section(section);
	imap_begin(list->imap, budget);
	result = fetch(list->imap, uids, list->count, body ? fetch_type(body, NULL) : NULL, take_body, list, what, err);
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
	return fetch_bodies(&list, budget, mailimap_section_new(NULL), false, "fetching mails", err);
}

int imap_header(struct imap *imap, struct imap_mail *mail, imap_taker *take, void *context, struct error *err)
{
	struct body_list list = {.imap = imap, .mails = mail, .count = 1, .take = take, .context = context};

	return fetch_bodies(
		&list, IMAP_HEADER_MAX + SET_BUDGET, mailimap_section_new_header(), true, "fetching a header", err);
}
