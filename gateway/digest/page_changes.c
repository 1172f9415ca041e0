/* digest/page_changes: the last two sections: what was told before and has changed, and what teams and the field have
 * said to each other, with what became of earlier lines. See page.h. */
#include "digest/page.h"

#include "base/unicode.h"

#define VALUE_CHARACTERS 160 /* of a value that was corrected */
#define NUMBERS_NAMED 40     /* lines of one outcome */
#define SAID_CHARACTERS 400  /* of what somebody said */

/* Cut at a word's end. */
static const char *cut(struct page *page, const char *text, int characters)
{
	struct view all = view_of(text);
	size_t at = 0, word = 0, from = 0;
	uint32_t code;

	for (int count = 0; unicode_next(all, &at, &code); from = at) {
		if (unicode_is_space(code))
			word = from;
		if (++count > characters)
			return arena_printf(page->arena, "%.*s […]", (int)(word > 0 ? word : from), text);
	}
	return text;
}

/* "“", words, "”" of the reader's language. */
static const char *quoted(struct page *page, const char *words, int characters)
{
	return arena_printf(page->arena, "%s%s%s", tools_word(page->tools, page->words, "quotes", "open"),
		cut(page, words, characters), tools_word(page->tools, page->words, "quotes", "close"));
}

/* ---- corrections ---- */

static const char *option_label(struct page *page, const json_t *field, const json_t *value)
{
	const json_t *option;
	size_t i;

	json_array_foreach(json_object_get(field, "options"), i,
		option) if (json_equal(json_object_get(option, "value"), value)) return page_string(page, option,
		"label");
	return json_is_string(value) ? page_clean(page, view_of(json_string_value(value))) : "";
}

static const char *text_of(struct page *page, const json_t *field, const json_t *value)
{
	const char *type = json_string_value(json_object_get(field, "type"));
	const char *text = json_string_value(value);

	if (strcmp(type, "country") == 0)
		return page_country(page, text);
	if (strcmp(type, "choice") == 0)
		return option_label(page, field, value);
	if (strcmp(type, "text") == 0 || strcmp(type, "line") == 0)
		return quoted(page, page_clean(page, view_of(text)), VALUE_CHARACTERS);
	return page_clean(page, view_of(text));
}

/* A value as its readers say it; "–" for none. */
static const char *value_text(struct page *page, const json_t *field, const json_t *value)
{
	const char *list = "";
	const json_t *item;
	size_t i;

	if (json_is_string(value) && json_string_length(value) > 0)
		return text_of(page, field, value);
	if (json_is_integer(value))
		return page_number(page, json_integer_value(value));
	if (json_is_boolean(value))
		return page_word(page, json_is_true(value) ? "yes" : "no", NULL);
	json_array_foreach(value, i, item) list = arena_printf(
		page->arena, "%s%s%s", list, i > 0 ? page_list_separator(page) : "", option_label(page, field, item));
	return *list ? list : "\xe2\x80\x93";
}

static bool names_less(const json_t *correction)
{
	const char *was = json_string_value(json_object_get(correction, "was")),
		   *now = json_string_value(json_object_get(correction, "now")),
		   *field = json_string_value(json_object_get(json_object_get(correction, "field"), "name"));

	return field && was && now && strcmp(field, "sharing") == 0 && strcmp(was, "open") == 0 &&
	       strcmp(now, "open") != 0;
}

static json_t *correction_view(struct page *page, const json_t *correction)
{
	const json_t *field = json_object_get(correction, "field");
	const char *author = page_string(page, correction, "author");
	json_t *view = json_object();

	page_set(view, "number", page_line_number(page, page_int(correction, "number")));
	page_set(view, "where",
		page_has(correction, "country")
			? page_country(page, json_string_value(json_object_get(correction, "country")))
			: page_string(page, correction, "title"));
	page_set(view, "label", page_string(page, field, "label"));
	page_set(view, "was", value_text(page, field, json_object_get(correction, "was")));
	page_set(view, "now", value_text(page, field, json_object_get(correction, "now")));
	page_set(view, "day", locale_time(page->locale, page->arena, "date", page_int(correction, "day")));
	json_object_set_new(view, "practitioner", json_boolean(strcmp(author, "practitioner") == 0));
	json_object_set_new(view, "reviewer", json_boolean(strcmp(author, "reviewer") == 0));
	json_object_set_new(view, "program", json_boolean(strcmp(author, "reparse") == 0));
	json_object_set_new(view, "reason",
		page_has(correction, "reason")
			? json_string(quoted(page, page_string(page, correction, "reason"), VALUE_CHARACTERS))
			: json_false());
	json_object_set_new(view, "names_less", json_boolean(names_less(correction)));
	return view;
}

void page_corrections(struct page *page)
{
	const json_t *list = json_object_get(page->data, "corrections"), *item;
	json_t *items = json_array();
	size_t i, count = json_array_size(list);

	json_array_foreach(list, i, item) if (i < page->changes_most)
		json_array_append_new(items, correction_view(page, item));
	page_separate(page, items, "");
	if (count > 0)
		json_object_set_new(page->view, "corrections",
			json_pack("{s:O,s:o}", "items", items, "more",
				count > page->changes_most
					? json_string(page_number(page, (int64_t)(count - page->changes_most)))
					: json_false()));
	json_decref(items);
}

/* ---- conversations ---- */

static json_t *said_view(struct page *page, const json_t *said)
{
	json_t *view = json_object();

	json_object_set_new(view, "member",
		page_has(said, "member") ? json_string(page_string(page, said, "member")) : json_false());
	page_set(view, "day", locale_time(page->locale, page->arena, "date", page_int(said, "said")));
	page_set(view, "quote", quoted(page, page_string(page, said, "words"), SAID_CHARACTERS));
	return view;
}

static json_t *conversation_view(struct page *page, const json_t *first)
{
	json_t *view = json_pack("{s:[]}", "said");
	bool country = page_has(first, "country");

	page_set(view, "number", page_line_number(page, page_int(first, "number")));
	page_set(
		view, "where", country ? page_country(page, json_string_value(json_object_get(first, "country"))) : "");
	json_object_set_new(view, "waiting",
		page_has(first, "waiting_days") ? json_string(page_number(page, page_int(first, "waiting_days")))
						: json_false());
	return view;
}

/* Rows of one conversation follow each other. */
static json_t *conversations(struct page *page)
{
	const json_t *row;
	json_t *list = json_array(), *view = NULL;
	int64_t id = 0;
	size_t i;

	json_array_foreach(json_object_get(page->data, "conversations"), i, row)
	{
		if (!view || page_int(row, "id") != id) {
			if (json_array_size(list) == page->changes_most)
				break;
			id = page_int(row, "id");
			view = conversation_view(page, row);
			json_array_append_new(list, view);
		}
		json_array_append_new(json_object_get(view, "said"), said_view(page, row));
	}
	page_separate(page, list, "");
	return list;
}

/* ---- outcomes ---- */

static const char *const outcome_names[] = {"read", "used", "not_used", "assigned", "new", NULL};

static json_t *outcome_group(json_t *groups, const char *state, const char *detail)
{
	json_t *group;
	size_t i;

	json_array_foreach(groups, i,
		group) if (json_is_true(json_object_get(group, state)) &&
			   strcmp(json_string_value(json_object_get(group, "key")), detail) == 0) return group;
	group = json_pack("{s:s,s:[]}", "key", detail, "numbers");
	for (const char *const *name = outcome_names; *name; name++)
		json_object_set_new(group, *name, json_boolean(strcmp(*name, state) == 0));
	json_array_append_new(groups, group);
	return group;
}

static bool is_not_used(struct page *page, const json_t *row)
{
	return strcmp(page_string(page, row, "state"), "not-used") == 0;
}

static json_t *outcomes(struct page *page)
{
	json_t *groups = json_array(), *group;
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(page->data, "outcomes"), i, row)
	{
		const char *detail = page_string(page, row, "detail");

		group = outcome_group(
			groups, is_not_used(page, row) ? "not_used" : page_string(page, row, "state"), detail);
		json_object_set_new(group, "count", json_integer(page_int(group, "count") + 1));
		if (json_array_size(json_object_get(group, "numbers")) < NUMBERS_NAMED)
			json_array_append_new(json_object_get(group, "numbers"),
				json_pack("{s:s}", "number", page_line_number(page, page_int(row, "number"))));
	}
	json_array_foreach(groups, i, group)
	{
		const char *detail = json_string_value(json_object_get(group, "key"));

		json_object_set_new(group, "more",
			json_boolean(
				(size_t)page_int(group, "count") > json_array_size(json_object_get(group, "numbers"))));
		page_set(group, "count", page_number(page, page_int(group, "count")));
		page_separate(page, json_object_get(group, "numbers"), page_list_separator(page));
		json_object_set_new(
			group, "detail", *detail ? json_string(cut(page, detail, VALUE_CHARACTERS)) : json_false());
	}
	page_separate(page, groups, "");
	return groups;
}

/* How many of a year's lines were used: said beside what became of some. False: not known. */
static json_t *share(struct page *page)
{
	const json_t *row = json_array_get(json_object_get(page->data, "share"), 0);

	if (page_int(row, "told") == 0)
		return json_false();
	return json_pack("{s:s,s:s}", "used", page_number(page, page_int(row, "used")), "told",
		page_number(page, page_int(row, "told")));
}

void page_answers(struct page *page)
{
	json_t *talks = conversations(page), *became = outcomes(page);
	bool any_talk = json_array_size(talks) > 0, any_outcome = json_array_size(became) > 0;

	if (any_talk || any_outcome)
		json_object_set_new(page->view, "answers",
			json_pack("{s:b,s:O,s:b,s:O,s:o}", "any_talk", any_talk, "conversations", talks, "any_outcome",
				any_outcome, "outcomes", became, "share", share(page)));
	json_decref(talks);
	json_decref(became);
}
