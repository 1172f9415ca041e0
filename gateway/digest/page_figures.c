/* digest/page_figures: the second section: the trend, then each form's answers as bars, columns and sums. See page.h.
 */
#include "digest/page.h"

#define TREND_HEIGHT 28 /* px of the highest column */
#define SCALE_HEIGHT 36
#define TREND_MINIMUM 2

static int64_t height_of(int64_t value, int64_t most, int64_t height, int64_t minimum)
{
	int64_t px = most > 0 ? (2 * height * value + most) / (2 * most) : 0;

	return px > minimum ? px : minimum;
}

#define NONE (-1) /* of a period: nobody was asked, or nobody answered */

static int64_t percent_answered(const json_t *week)
{
	int64_t asked = page_int(week, "asked");

	return asked > 0 ? (200 * page_int(week, "answered") + asked) / (2 * asked) : NONE;
}

/* What a row shows of a period. */
static int64_t trend_value(const json_t *week, const char *key)
{
	if (strcmp(key, "answered") == 0)
		return percent_answered(week);
	return page_has(week, key) ? page_int(week, key) : NONE;
}

static const char *trend_number(struct page *page, int64_t value)
{
	return value == NONE ? "\xe2\x80\x93" : page_number(page, value);
}

static void set_kind(json_t *row, const char *key)
{
	for (const char *const *kind = (const char *const[]){"replies", "answered", "countries", "days", NULL}; *kind; kind++) {
		char name[32];

		snprintf(name, sizeof(name), "is_%s", *kind);
		json_object_set_new(row, name, json_boolean(strcmp(key, *kind) == 0));
	}
}

/* One row of the trend: now, change and a column a week, oldest first. */
static json_t *trend_row(struct page *page, const char *key)
{
	const json_t *trend = json_object_get(page->data, "trend"), *week;
	json_t *columns = json_array(), *row;
	int64_t most = 0, now = NONE, before = NONE;
	size_t i, count = json_array_size(trend);
	TEXT_SCOPED numbers = {0}, aligned = {0};

	text_init(&numbers, 1024);
	text_init(&aligned, 1024);
	json_array_foreach(trend, i, week)
	{
		before = now;
		now = trend_value(week, key);
		most = now > most ? now : most;
		text_add_format(&numbers, "%s%s", i > 0 ? page_list_separator(page) : "", trend_number(page, now));
		text_add_format(&aligned, "%s%s%s", i > 0 ? " " : "", now < 10 ? " " : "", trend_number(page, now));
	}
	json_array_foreach(trend, i, week) json_array_append_new(columns,
		json_pack("{s:s,s:b}", "height",
			arena_printf(page->arena, "%lld",
				(long long)height_of(trend_value(week, key), most, TREND_HEIGHT, TREND_MINIMUM)),
			"newest", i + 1 == count));
	row = json_pack("{s:s,s:s,s:s,s:o}", "now", trend_number(page, now), "change",
		now == NONE || before == NONE ? "" : locale_change(page->locale, page->arena, now - before), "numbers",
		text_string(&numbers), "columns", columns);
	page_set(row, "numbers_aligned", text_string(&aligned));
	set_kind(row, key);
	return row;
}

/* Replies and countries always; the others where anybody was asked in these weeks, or answered what they were asked. */
static json_t *trend(struct page *page)
{
	const json_t *trend = json_object_get(page->data, "trend"), *week;
	bool asked = false, days = false;
	json_t *rows;
	size_t i;

	if (json_array_size(trend) == 0)
		return json_false();
	json_array_foreach(trend, i, week)
	{
		asked |= trend_value(week, "answered") != NONE;
		days |= trend_value(week, "days") != NONE;
	}
	rows = json_array();
	json_array_append_new(rows, trend_row(page, "replies"));
	if (asked)
		json_array_append_new(rows, trend_row(page, "answered"));
	json_array_append_new(rows, trend_row(page, "countries"));
	if (days)
		json_array_append_new(rows, trend_row(page, "days"));
	return json_pack("{s:o}", "rows", rows);
}

/* ---- one field ---- */

static const json_t *value_of(const json_t *field, const char *value)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(field, "values"), i,
		item) if (strcmp(json_string_value(json_object_get(item, "value")), value) == 0) return item;
	return NULL;
}

static void set_change(struct page *page, json_t *row, int64_t now, int64_t before)
{
	if (page_has(page->data, "before"))
		page_set(row, "change", locale_change(page->locale, page->arena, now - before));
	else
		json_object_set_new(row, "change", json_false());
}

static json_t *bar_row(struct page *page, const char *label, int64_t count, int64_t before, int64_t whole)
{
	json_t *row = json_pack(
		"{s:s,s:s,s:b,s:b,s:{}}", "label", label, "count", page_number(page, count), "yes", 0, "sum", 0, "bar");

	set_change(page, row, count, before);
	page_bar(page, json_object_get(row, "bar"), count, whole);
	page_set(row, "tally", page_tally(page, count, whole));
	return row;
}

static json_t *new_group(const char *label)
{
	return json_pack("{s:s,s:b,s:b,s:b,s:b,s:b}", "label", label, "also", 0, "several", 0, "average", 0, "scale", 0,
		"bars", 0);
}

struct option_count {
	const char *label;
	int64_t count, before;
	size_t place; /* in the form */
};

/* The most frequent first, then in the form's order. */
static int compare_options(const void *a, const void *b)
{
	const struct option_count *x = a, *y = b;

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return x->place < y->place ? -1 : 1;
}

/* One choice keeps the form's order, which often is a scale; of several the most frequent come first. */
static json_t *options_group(struct page *page, const json_t *field, int64_t whole)
{
	json_t *group = new_group(page_string(page, field, "label")), *rows = json_array();
	bool several = strcmp(json_string_value(json_object_get(field, "type")), "choices") == 0;
	const json_t *option, *options = json_object_get(field, "options");
	struct option_count *counts = ARENA_NEW_N(page->arena, struct option_count, json_array_size(options) + 1);
	size_t i;

	json_array_foreach(options, i, option)
	{
		const json_t *value = value_of(field, json_string_value(json_object_get(option, "value")));

		counts[i] = (struct option_count){
			page_string(page, option, "label"), page_int(value, "count"), page_int(value, "before"), i};
	}
	if (several)
		qsort(counts, json_array_size(options), sizeof(*counts), compare_options);
	for (i = 0; i < json_array_size(options) && i < DIGEST_OPTIONS_SHOWN; i++)
		json_array_append_new(rows, bar_row(page, counts[i].label, counts[i].count, counts[i].before, whole));
	json_object_set_new(group, "several", json_boolean(several));
	json_object_set_new(group, "bars", json_pack("{s:o,s:s}", "rows", rows, "bar_height", "8"));
	return group;
}

struct sums {
	int64_t count, sum, count_before, sum_before, most;
};

static struct sums sums_of(const json_t *field)
{
	struct sums sums = {0};
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(field, "values"), i, item)
	{
		int64_t count = page_int(item, "count"), before = page_int(item, "before");
		long long value = 0;

		if (view_to_int(view_of(json_string_value(json_object_get(item, "value"))), INT64_MIN / 4,
			    INT64_MAX / 4, &value))
			continue;
		sums.count += count;
		sums.sum += count * value;
		sums.count_before += before;
		sums.sum_before += before * value;
		sums.most = count > sums.most ? count : sums.most;
	}
	return sums;
}

static json_t *scale_columns(struct page *page, const json_t *field, int64_t most, struct text *spoken)
{
	json_t *columns = json_array();

	for (int64_t value = page_int(field, "min"); value <= page_int(field, "max"); value++) {
		const json_t *found = value_of(field, arena_printf(page->arena, "%lld", (long long)value));
		int64_t count = page_int(found, "count");

		text_add_format(spoken, "%s%s: %s", spoken->len > 0 ? page_list_separator(page) : "",
			page_number(page, value), page_number(page, count));
		json_array_append_new(
			columns, json_pack("{s:s,s:s,s:s,s:s}", "value", page_number(page, value), "count",
					 page_number(page, count), "height",
					 arena_printf(page->arena, "%lld",
						 (long long)height_of(count, most, SCALE_HEIGHT, TREND_MINIMUM)),
					 "tally", page_tally(page, count, most)));
	}
	return columns;
}

static void set_average(struct page *page, json_t *group, const struct sums *sums)
{
	double now = (double)sums->sum / (double)sums->count;

	page_set(group, "average", locale_decimal(page->locale, page->arena, now));
	if (page_has(page->data, "before") && sums->count_before > 0)
		page_set(group, "average_change",
			locale_decimal_change(page->locale, page->arena,
				now - (double)sums->sum_before / (double)sums->count_before));
	else
		json_object_set_new(group, "average_change", json_false());
}

static json_t *scale_group(struct page *page, const json_t *field)
{
	struct sums sums = sums_of(field);
	json_t *group, *words, *columns;
	TEXT_SCOPED spoken = {0};

	if (sums.count == 0 || page_int(field, "max") - page_int(field, "min") > 10)
		return NULL; /* eleven columns fit a phone */
	words = json_pack("{s:s,s:s,s:s}", "label", page_string(page, field, "label"), "min",
		page_number(page, page_int(field, "min")), "max", page_number(page, page_int(field, "max")));
	group = new_group(page_word(page, "scale", words));
	json_decref(words);
	text_init(&spoken, 1024);
	columns = scale_columns(page, field, sums.most, &spoken);
	json_object_set_new(group, "scale", json_pack("{s:o,s:s}", "columns", columns, "spoken", text_string(&spoken)));
	set_average(page, group, &sums);
	return group;
}

/* A row like "Urgent: yes" and its bar, or "People reached, sum". */
static json_t *also_row(struct page *page, const json_t *field, int64_t whole)
{
	const char *type = json_string_value(json_object_get(field, "type")),
		   *label = page_string(page, field, "label");
	struct sums sums;
	json_t *row;

	if (strcmp(type, "yes_no") == 0) {
		const json_t *yes = value_of(field, "true");

		row = bar_row(page, label, page_int(yes, "count"), page_int(yes, "before"), whole);
		json_object_set_new(row, "yes", json_true());
		return row;
	}
	sums = sums_of(field);
	if (strcmp(type, "number") != 0 || sums.count == 0)
		return NULL;
	row = bar_row(page, label, sums.sum, sums.sum_before, whole);
	json_object_set_new(row, "sum", json_true());
	json_object_set_new(row, "bar", json_false());
	page_set(row, "tally", "");
	return row;
}

/* ---- one form ---- */

static json_t *form_groups(struct page *page, const json_t *form, int64_t replies)
{
	json_t *groups = json_array(), *also = json_array();
	const json_t *field;
	size_t i;

	json_array_foreach(json_object_get(form, "fields"), i, field)
	{
		const char *type = json_string_value(json_object_get(field, "type"));
		bool options = strcmp(type, "choice") == 0 || strcmp(type, "choices") == 0;
		json_t *group = NULL, *row;

		if (strcmp(json_string_value(json_object_get(field, "name")), "sharing") == 0)
			continue; /* says how a line may be used, nothing of the field */
		if (options)
			group = options_group(page, field, replies);
		else if (strcmp(type, "scale") == 0)
			group = scale_group(page, field);
		if (group)
			json_array_append_new(groups, group);
		row = options ? NULL : also_row(page, field, replies);
		if (row)
			json_array_append_new(also, row);
	}
	if (json_array_size(also) > 0) {
		json_t *group = new_group("");

		json_object_set_new(group, "also", json_true());
		json_object_set_new(group, "bars", json_pack("{s:O,s:s}", "rows", also, "bar_height", "8"));
		json_array_append_new(groups, group);
	}
	page_separate(page, groups, "");
	json_decref(also);
	return groups;
}

static json_t *form_figures(struct page *page, const json_t *form)
{
	int64_t replies = page_int(form, "replies");
	json_t *view = json_pack("{s:s,s:s,s:o}", "title", page_string(page, form, "title"), "replies",
		page_number(page, replies), "groups", form_groups(page, form, replies));

	set_change(page, view, replies, page_int(form, "before"));
	return view;
}

void page_figures(struct page *page)
{
	json_t *forms = json_array(), *section = json_object();
	const json_t *form;
	size_t i;
	TEXT_SCOPED more = {0};

	text_init(&more, 4096);
	json_array_foreach(json_object_get(page->data, "forms"), i, form)
	{ /* the one with most replies first */
		if (page_int(form, "replies") == 0)
			continue;
		if (json_array_size(forms) < page->forms_most)
			json_array_append_new(forms, form_figures(page, form));
		else
			text_add_format(&more, "%s%s %s", more.len > 0 ? page_list_separator(page) : "",
				page_string(page, form, "title"), page_number(page, page_int(form, "replies")));
	}
	json_object_set_new(section, "trend", trend(page));
	json_object_set_new(section, "more_forms", more.len > 0 ? json_string(text_string(&more)) : json_false());
	if (json_array_size(forms) > 0 || json_is_object(json_object_get(section, "trend")))
		json_object_set(page->view, "figures", section);
	json_object_set_new(section, "forms", forms);
	json_decref(section);
}
