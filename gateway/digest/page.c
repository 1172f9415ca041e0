/* digest/page: what the parts of a digest's page share, its head and its foot. See page.h. */
#include "digest/page.h"

#include "base/unicode.h"
#include "core/answer_token.h"

#define LETTERS_BEFORE_BREAK 40 /* a longer word gets breaks ... */
#define BREAK_EVERY 20		/* ... every so many letters */
#define TALLY_MAX 21		/* columns that a tally may take */

static bool is_dropped(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x061c || code == 0x200e || code == 0x200f ||
	       (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

/* Letters up to the next white space. */
static size_t word_length(struct view text, size_t at)
{
	size_t letters = 0;
	uint32_t code;

	while (letters <= LETTERS_BEFORE_BREAK && unicode_next(text, &at, &code) && !unicode_is_space(code))
		letters++;
	return letters;
}

const char *page_clean(struct page *page, struct view value)
{
	TEXT_SCOPED out = {0};
	size_t at = 0, letters = 0;
	bool breaks = false, start = true;
	uint32_t code;

	text_init(&out, value.len * 2 + 64);
	for (size_t from = 0;; from = at) {
		if (start)
			breaks = page->html && word_length(value, at) > LETTERS_BEFORE_BREAK;
		if (!unicode_next(value, &at, &code))
			break;
		start = unicode_is_space(code);
		letters = start ? 0 : letters + 1;
		if (is_dropped(code)) {
			if (code == '\t' || code == '\n')
				text_add_char(&out, ' ');
			continue;
		}
		text_add(&out, value.ptr + from, at - from);
		if (breaks && !start && letters % BREAK_EVERY == 0)
			text_add_string(&out, "\xe2\x80\x8b");
	}
	return arena_copy(page->arena, text_string(&out), out.len);
}

const char *page_string(struct page *page, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_string(value))
		return "";
	return page_clean(page, (struct view){json_string_value(value), json_string_length(value)});
}

int64_t page_int(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

bool page_has(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return value && !json_is_null(value);
}

const char *page_number(struct page *page, int64_t value)
{
	return locale_number(page->locale, page->arena, value);
}

const char *page_line_number(struct page *page, int64_t number)
{
	return arena_printf(page->arena, "#%04lld", (long long)number);
}

void page_set(json_t *object, const char *key, const char *value)
{
	json_object_set_new(object, key, json_string(value));
}

void page_separate(struct page *page, json_t *array, const char *separator)
{
	size_t count = json_array_size(array);

	for (size_t i = 0; i < count; i++) {
		json_t *item = json_array_get(array, i);

		page_set(item, "sep", i + 1 < count ? separator : "");
		json_object_set_new(item, "later", json_boolean(i > 0));
		json_object_set_new(item, "first", json_boolean(i == 0));
		json_object_set_new(item, "last", json_boolean(i + 1 == count));
	}
}

const char *page_list_separator(struct page *page)
{
	return tools_word(page->tools, page->words, "formats", "list");
}

const char *page_country(struct page *page, const char *code)
{
	return page_clean(page, view_of(tools_country(page->tools, code, page->language)));
}

void page_bar(struct page *page, json_t *row, int64_t part, int64_t whole)
{
	int64_t percent = whole > 0 ? (200 * part + whole) / (2 * whole) : 0;

	if (percent > 100)
		percent = 100;
	json_object_set_new(row, "part",
		percent > 0 ? json_string(arena_printf(page->arena, "%lld", (long long)percent)) : json_false());
	json_object_set_new(row, "rest",
		percent < 100 ? json_string(arena_printf(page->arena, "%lld", (long long)(100 - percent)))
			      : json_false());
}

const char *page_word(struct page *page, const char *name, const json_t *view)
{
	TEXT_SCOPED out = {0};
	struct error ignored = ERROR_INIT;

	text_init(&out, 4096);
	if (tools_render(page->tools, page->words, arena_printf(page->arena, "w.%s", name), view ? view : page->view,
		    false, &out, &ignored))
		return "";
	return arena_copy(page->arena, text_string(&out), out.len);
}

const json_t *page_form(const struct page *page, const char *id)
{
	const json_t *form;
	size_t i;

	json_array_foreach(json_object_get(page->data, "forms"), i,
		form) if (strcmp(json_string_value(json_object_get(form, "id")), id) == 0) return form;
	return NULL;
}

const char *page_tally(struct page *page, int64_t part, int64_t most)
{
	int64_t marks = most > TALLY_MAX ? (2 * part * TALLY_MAX + most) / (2 * most) : part;
	char *tally = arena_alloc(page->arena, TALLY_MAX + 2);

	if (part > 0 && marks == 0)
		marks = 1;
	memset(tally, '|', marks > TALLY_MAX ? TALLY_MAX : (size_t)marks);
	return tally;
}

static json_t *date_parts(struct page *page, int64_t time, const char *month)
{
	json_t *parts = json_object();

	page_set(parts, "day", locale_time(page->locale, page->arena, "day", time));
	page_set(parts, "month", locale_time(page->locale, page->arena, month, time));
	page_set(parts, "year", locale_time(page->locale, page->arena, "year", time));
	return parts;
}

static bool same(const json_t *a, const json_t *b, const char *key)
{
	return json_equal(json_object_get(a, key), json_object_get(b, key));
}

/* "9–15 November 2026": a period that ends at an hour of a Monday has its last day on the Sunday. */
static const char *period(struct page *page, const char *month)
{
	int64_t start = page_int(page->data, "start"), end = page_int(page->data, "end");
	int64_t last = json_is_true(json_object_get(page->data, "by_hand")) ? end : end - PAGE_DAY;
	json_t *view = json_object(), *from = date_parts(page, start, month);
	json_t *to = date_parts(page, last > start ? last : end, month);
	const char *pattern = "period";
	const char *result;
	TEXT_SCOPED out = {0};
	struct error ignored = ERROR_INIT;

	if (same(from, to, "year")) {
		pattern = "period_in_year";
		if (same(from, to, "month"))
			pattern = same(from, to, "day") ? "period_one_day" : "period_in_month";
	}
	json_object_set_new(view, "from", from);
	json_object_set_new(view, "to", to);
	text_init(&out, 512);
	if (tools_render_text(page->tools, page->words,
		    view_of(tools_word(page->tools, page->words, "formats", pattern)), view, &out, &ignored))
		text_reset(&out);
	result = arena_copy(page->arena, text_string(&out), out.len);
	json_decref(view);
	return result;
}

static json_t *short_row(struct page *page, const char *kind, int64_t count, bool alert, json_t *detail)
{
	json_t *row = json_object();

	page_set(row, "count", page_number(page, count));
	json_object_set_new(row, "alert", json_boolean(alert));
	for (const char *const *name = (const char *const[]){"replies", "silent", "urgent", "review", NULL}; *name;
		name++)
		json_object_set_new(row, *name, json_false());
	json_object_set_new(row, kind, detail);
	return row;
}

static json_t *replies_detail(struct page *page, int64_t replies)
{
	json_t *detail = json_object();
	const json_t *country;
	int64_t heard = 0;
	size_t i, known = 0;

	json_array_foreach(json_object_get(page->data, "countries"), i, country)
	{
		known++;
		heard += page_int(country, "replies") > 0;
	}
	page_set(detail, "heard", page_number(page, heard));
	if ((size_t)heard < known)
		page_set(detail, "known", page_number(page, (int64_t)known));
	else
		json_object_set_new(detail, "known", json_false());
	if (page_has(page->data, "before"))
		page_set(detail, "change",
			locale_change(page->locale, page->arena, replies - page_int(page->data, "before")));
	else
		json_object_set_new(detail, "change", json_false());
	return detail;
}

/* Four numbers, each beside its label; one that is 0 is left out. */
static void page_short(struct page *page)
{
	json_t *rows = json_array(), *silent = json_object_get(page->view, "silent_countries");
	json_t *urgent = json_object_get(page->view, "urgent_lines");
	int64_t review = page_int(json_object_get(page->data, "review"), "total");

	if (page->lines > 0)
		json_array_append_new(rows, short_row(page, "replies", (int64_t)page->lines, false,
						    replies_detail(page, (int64_t)page->lines)));
	if (json_array_size(silent) > 0)
		json_array_append_new(rows, short_row(page, "silent", (int64_t)json_array_size(silent), true,
						    json_pack("{s:O}", "names", silent)));
	if (page->urgent > 0)
		json_array_append_new(rows, short_row(page, "urgent", (int64_t)page->urgent, true,
						    json_pack("{s:O,s:b}", "items", urgent, "more",
							    page->urgent > json_array_size(urgent))));
	if (review > 0)
		json_array_append_new(rows, short_row(page, "review", review, false, json_true()));
	page_separate(page, rows, "");
	json_object_set_new(page->view, "short", rows);
	json_object_set_new(page->view, "no_replies", json_boolean(page->lines == 0));
}

static json_t *names(
	struct page *page, const json_t *list, const char *key, const char *(*name)(struct page *, const char *))
{
	json_t *names = json_array();
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
		json_array_append_new(names, json_pack("{s:s}", key,
						     name ? name(page, json_string_value(item))
							  : page_clean(page, view_of(json_string_value(item)))));
	page_separate(page, names, page_list_separator(page));
	return names;
}

static const char *language_name(struct page *page, const char *code)
{
	return locale_language(page->locale, page->arena, code);
}

/* By their own names where they are the config's. */
static json_t *regions(struct page *page, const json_t *list)
{
	json_t *items = json_array();
	const json_t *region;
	size_t i;

	json_array_foreach(list, i, region)
	{
		const char *code = json_string_value(json_object_get(region, "code"));

		json_array_append_new(items, json_pack("{s:s}", "name",
						     code ? locale_region(page->locale, page->arena, code)
							  : page_string(page, region, "name")));
	}
	page_separate(page, items, page_list_separator(page));
	return items;
}

/* An address takes no places to break. */
static json_t *stop_page(struct page *page)
{
	bool html = page->html;
	json_t *address;

	if (!page_has(page->data, "unsubscribe_page"))
		return json_false();
	page->html = false;
	address = json_string(page_string(page, page->data, "unsubscribe_page"));
	page->html = html;
	return address;
}

static bool is_frequency(const struct page *page, const char *name)
{
	const char *frequency = json_string_value(json_object_get(page->data, "frequency"));

	return strcmp(frequency ? frequency : "weekly", name) == 0;
}

/* Why, period and zone, care, stop, how a line is answered: `{why: {...}}` and so on, one after the other. */
static void page_foot(struct page *page)
{
	const json_t *data = page->data, *filters = json_object_get(data, "filters");
	json_t *why = json_object(), *when = json_object();

	for (const char *const *name = (const char *const[]){"daily", "weekly", "monthly", NULL}; *name; name++)
		json_object_set_new(why, *name, json_boolean(is_frequency(page, *name)));
	json_object_set_new(why, "regions", regions(page, json_object_get(filters, "regions")));
	json_object_set_new(why, "programmes", names(page, json_object_get(filters, "programmes"), "name", NULL));
	json_object_set_new(
		why, "languages", names(page, json_object_get(filters, "languages"), "name", language_name));
	json_object_set_new(why, "written", json_boolean(page_has(filters, "languages")));
	json_object_set_new(why, "both", json_boolean(page_has(filters, "countries") && page_has(filters, "regions")));
	json_object_set_new(
		why, "anywhere", json_boolean(!page_has(filters, "countries") && !page_has(filters, "regions")));
	json_object_set_new(why, "forms", names(page, json_object_get(filters, "forms"), "title", NULL));
	json_object_set_new(why, "countries", names(page, json_object_get(filters, "countries"), "name", page_country));
	json_object_set_new(why, "themes", names(page, json_object_get(filters, "themes"), "label", NULL));
	page_set(why, "language", locale_language(page->locale, page->arena, page->language));
	page_set(why, "weekday", locale_weekday(page->locale, page->arena, (int)page_int(data, "weekday")));
	page_set(why, "hour", locale_hour(page->locale, page->arena, (int)page_int(data, "hour")));
	page_set(why, "zone", page_string(page, data, "zone"));
	page_set(when, "from", locale_time(page->locale, page->arena, "moment", page_int(data, "start")));
	page_set(when, "to", locale_time(page->locale, page->arena, "moment", page_int(data, "end")));
	page_set(when, "zone", page_string(page, data, "zone"));
	json_object_set_new(page->view, "foot",
		json_pack("[{s:o},{s:b},{s:b},{s:{s:o}},{s:{s:s}}]", "why", why, "when_there", 1, "care", 1, "stop",
			"page", stop_page(page), "answering", "token", ANSWER_TOKEN_PLACE));
	json_object_set_new(json_array_get(json_object_get(page->view, "foot"), 1), "when", when);
	page_separate(page, json_object_get(page->view, "foot"), "");
}

static void page_style(struct page *page)
{
	const char *direction = json_string_value(json_object_get(page->words, "direction"));
	bool rtl = direction && strcmp(direction, "rtl") == 0;
	TEXT_SCOPED fill = {0};

	page_set(page->view, "lang", page->language);
	page_set(page->view, "dir", rtl ? "rtl" : "ltr");
	page_set(page->view, "start", rtl ? "right" : "left");
	page_set(page->view, "end", rtl ? "left" : "right");
	page_set(page->view, "pad_row", rtl ? "9px 0 8px 8px" : "9px 8px 8px 0");
	page_set(page->view, "pad_label", rtl ? "3px 0 3px 10px" : "3px 10px 3px 0");
	page_set(page->view, "pad_trend", rtl ? "8px 10px 8px 0" : "8px 0 8px 10px");
	page_set(page->view, "pad_head", rtl ? "0 6px 6px 0" : "0 0 6px 6px");
	json_object_set(page->view, "style", json_object_get(page->words, "style"));
	text_init(&fill, 1024);
	for (int i = 0; i < 30; i++) /* keeps what follows out of the inbox's preview */
		text_add_string(&fill, "&#847;&zwnj;&nbsp;");
	page_set(page->view, "preheader_fill", text_string(&fill));
}

/* What the subject, the title and the preheader are made of. Names stand in none of them. */
static json_t *title_view(struct page *page)
{
	json_t *view = json_object(), *silent = json_object_get(page->view, "silent_countries");
	json_t *urgent = json_object_get(page->view, "urgent_lines");

	page_set(view, "instance", page_string(page, page->data, "instance"));
	page_set(view, "team", page_string(page, page->data, "team"));
	page_set(view, "period", period(page, "month"));
	page_set(view, "period_short", period(page, "month_short"));
	page_set(view, "replies", page_number(page, (int64_t)page->lines));
	json_object_set(view, "silent", silent);
	json_object_set(view, "urgent", urgent);
	json_object_set_new(view, "has_silent", json_boolean(json_array_size(silent) > 0));
	json_object_set_new(view, "has_urgent", json_boolean(json_array_size(urgent) > 0));
	if (json_array_size(silent) > 0)
		page_set(view, "silent_count", page_number(page, (int64_t)json_array_size(silent)));
	json_object_set_new(view, "more_urgent", json_boolean(page->urgent > json_array_size(urgent)));
	if (page->urgent > 0)
		page_set(view, "urgent_count", page_number(page, (int64_t)page->urgent));
	page_set(view, "review", page_number(page, page_int(json_object_get(page->data, "review"), "total")));
	return view;
}

int page_head(struct page *page, struct error *err)
{
	const json_t *data = page->data;
	json_t *titles = title_view(page);
	int64_t end = page_int(data, "end");

	page_style(page);
	json_object_update(page->view, titles);
	for (const char *const *name = (const char *const[]){"daily", "weekly", "monthly", NULL}; *name; name++)
		json_object_set_new(page->view, *name, json_boolean(is_frequency(page, *name)));
	page_set(page->view, "week", locale_week(page->locale, page->arena, end - PAGE_DAY));
	page_set(page->view, "subject", page_word(page, "subject", titles));
	page_set(page->view, "title", page_word(page, "title", titles));
	page_set(page->view, "preheader", page_word(page, "preheader", titles));
	if (json_is_true(json_object_get(data, "late")))
		page_set(page->view, "late", locale_time(page->locale, page->arena, "moment", end));
	page_short(page);
	page_foot(page);
	json_decref(titles);
	if (json_string_length(json_object_get(page->view, "subject")) == 0)
		return error_set(err, REACH_STOP, "config/mail/words: the subject of a digest in \"%s\" cannot be made",
			page->language);
	return 0;
}

void page_number_sections(struct page *page)
{
	for (const char *const *name =
			(const char *const[]){"missing", "figures", "words", "corrections", "answers", NULL};
		*name; name++) {
		json_t *section = json_object_get(page->view, *name);

		if (section)
			page_set(section, "ordinal", page_number(page, ++page->ordinal));
	}
}
