/* digest/page_missing: the first section: who is silent, which themes have no word, what waits for a person. See
 * page.h. */
#include "digest/page.h"

struct country {
	const char *code, *name;
	int64_t replies, silent, review, asked, answered, not_reached;
	bool never; /* asked for by the subscription, and never heard */
};

/* The longest silence first, then the lowest share of answers, the fewest replies, then by name. */
static int compare(const void *a, const void *b)
{
	const struct country *x = a, *y = b;
	int order;

	if (x->never != y->never)
		return x->never ? -1 : 1;
	if (x->silent != y->silent)
		return x->silent > y->silent ? -1 : 1;
	if (x->answered * y->asked != y->answered * x->asked)
		return x->answered * y->asked < y->answered * x->asked ? -1 : 1;
	if (x->replies != y->replies)
		return x->replies < y->replies ? -1 : 1;
	order = strcmp(x->name, y->name);
	return order ? order : strcmp(x->code, y->code);
}

static struct country read_country(struct page *page, const json_t *item)
{
	const char *code = json_string_value(json_object_get(item, "code"));

	return (struct country){.code = code ? code : "",
		.name = code ? page_country(page, code) : page_word(page, "others", NULL),
		.replies = page_int(item, "replies"),
		.silent = page_int(item, "silent_weeks"),
		.review = page_int(item, "review"),
		.asked = page_int(item, "asked"),
		.answered = page_int(item, "answered"),
		.not_reached = page_int(item, "not_reached"),
		.never = code && !page_has(item, "silent_weeks")};
}

/* The countries by name; those that stand together go into *others_out. */
static struct country *sorted_countries(struct page *page, size_t *count_out, struct country *others_out)
{
	const json_t *list = json_object_get(page->data, "countries"), *item;
	struct country *countries = ARENA_NEW_N(page->arena, struct country, json_array_size(list) + 1);
	size_t i, count = 0;

	*others_out = (struct country){.code = "", .name = page_word(page, "others", NULL)};
	json_array_foreach(list, i, item)
	{
		if (page_has(item, "code"))
			countries[count++] = read_country(page, item);
		else
			*others_out = read_country(page, item);
	}
	qsort(countries, count, sizeof(*countries), compare);
	*count_out = count;
	return countries;
}

static bool is_silent(const struct country *country)
{
	return country->never || country->silent >= DIGEST_SILENT_WEEKS;
}

static void set_count(struct page *page, json_t *row, const char *key, int64_t count)
{
	if (count > 0)
		page_set(row, key, page_number(page, count));
	else
		json_object_set_new(row, key, json_false());
}

static json_t *country_row(struct page *page, const struct country *country, int64_t most, bool asked)
{
	json_t *row = json_object(), *share = json_pack("{s:s,s:s}", "answered", page_number(page, country->answered),
					     "asked", page_number(page, country->asked));

	page_set(row, "name", country->name);
	page_set(row, "replies", asked ? page_word(page, "answered_of", share) : page_number(page, country->replies));
	set_count(page, row, "silent", country->silent);
	set_count(page, row, "review", country->review);
	set_count(page, row, "not_reached", country->not_reached);
	json_object_set_new(row, "never", json_boolean(country->never));
	json_object_set_new(row, "alert", json_boolean(is_silent(country)));
	if (asked)
		page_bar(page, row, country->answered, country->asked);
	else
		page_bar(page, row, country->replies, most);
	json_decref(share);
	return row;
}

static void add_to(struct country *sum, const struct country *country)
{
	sum->replies += country->replies;
	sum->review += country->review;
	sum->asked += country->asked;
	sum->answered += country->answered;
	sum->not_reached += country->not_reached;
}

/* What is counted under no country: lines that name none, what waits and names none. */
static struct country nowhere(struct page *page, const struct country *all)
{
	int64_t review = page_int(json_object_get(page->data, "review"), "total") - all->review;

	return (struct country){.code = "",
		.name = page_word(page, "no_country", NULL),
		.replies = page->no_country,
		.review = review > 0 ? review : 0};
}

static void add_countries(
	struct page *page, json_t *section, const struct country *countries, size_t count, struct country *others)
{
	json_t *rows = json_array(), *table, *sum;
	struct country all = *others, none;
	int64_t most = 0;
	bool asked, others_there = others->asked + others->replies + others->review > 0;

	for (size_t i = 0; i < count; i++) {
		most = countries[i].replies > most ? countries[i].replies : most;
		add_to(&all, &countries[i]);
	}
	asked = all.asked > 0;
	for (size_t i = 0; i < count; i++) {
		if (i < DIGEST_COUNTRIES_SHOWN || (count == DIGEST_COUNTRIES_SHOWN + 1 && !others_there))
			json_array_append_new(rows, country_row(page, &countries[i], most, asked));
		else
			add_to(others, &countries[i]);
	}
	if (others_there || count > DIGEST_COUNTRIES_SHOWN + 1)
		json_array_append_new(rows, country_row(page, others, all.replies, asked));
	none = nowhere(page, &all);
	if ((none.replies > 0 && !asked) || none.review > 0) {
		add_to(&all, &none);
		json_array_append_new(rows, country_row(page, &none, all.replies, false));
	}
	sum = country_row(page, &all, all.replies, asked);
	page_set(sum, "review", page_number(page, all.review));
	page_set(sum, "not_reached", page_number(page, all.not_reached));
	table = json_pack("{s:o,s:o,s:s,s:b,s:b}", "rows", rows, "all", sum, "bar_height", "5", "any_alert",
		count > 0 && is_silent(&countries[0]), "any_asked", asked);
	json_object_set_new(section, "countries", table);
}

/* For the head: [{name, weeks}], and for the text in short. */
static void set_silent(struct page *page, const struct country *countries, size_t count)
{
	json_t *silent = json_array();

	for (size_t i = 0; i < count && is_silent(&countries[i]); i++)
		json_array_append_new(silent, json_pack("{s:s,s:s}", "name", countries[i].name, "weeks",
						      countries[i].never ? page_word(page, "never", NULL)
									 : page_number(page, countries[i].silent)));
	page_separate(page, silent, page_list_separator(page));
	json_object_set_new(page->view, "silent_countries", silent);
}

static json_t *themes(struct page *page)
{
	json_t *items = json_array();
	const json_t *theme;
	size_t i;

	json_array_foreach(json_object_get(page->data, "themes"), i, theme)
		json_array_append_new(items, json_pack("{s:s,s:s}", "label", page_string(page, theme, "label"), "weeks",
						     page_number(page, page_int(theme, "weeks"))));
	page_separate(page, items, page_list_separator(page));
	return items;
}

static json_t *review(struct page *page)
{
	const json_t *review = json_object_get(page->data, "review"), *reason;
	json_t *items = json_array();
	size_t i;

	json_array_foreach(json_object_get(review, "reasons"), i, reason)
	{
		const char *word = tools_word(page->tools, page->words, "reasons", page_string(page, reason, "reason"));

		json_array_append_new(
			items, json_pack("{s:s,s:s}", "label", *word ? word : page_string(page, reason, "reason"),
				       "count", page_number(page, page_int(reason, "count"))));
	}
	page_separate(page, items, page_list_separator(page));
	return json_pack("{s:o,s:s}", "items", items, "oldest", page_number(page, page_int(review, "oldest_days")));
}

/* Forms and clients whose replies are not understood too often. */
static json_t *unread(struct page *page)
{
	json_t *items = json_array();
	const json_t *share;
	size_t i;

	json_array_foreach(json_object_get(page->data, "unread"), i, share)
	{
		json_t *of = json_pack("{s:s,s:s}", "answered", page_number(page, page_int(share, "unread")), "asked",
			page_number(page, page_int(share, "total")));

		json_array_append_new(items, json_pack("{s:s,s:s}", "label", page_string(page, share, "name"), "count",
						     page_word(page, "answered_of", of)));
		json_decref(of);
	}
	page_separate(page, items, page_list_separator(page));
	return json_pack("{s:o}", "items", items);
}

static json_t *paragraph(const char *kind, json_t *content)
{
	json_t *paragraph =
		json_pack("{s:b,s:b,s:b,s:b,s:b}", "none_silent", 0, "not_reached", 0, "themes", 0, "review", 0, "unread", 0);

	json_object_set_new(paragraph, kind, content);
	return paragraph;
}

void page_missing(struct page *page)
{
	json_t *section = json_object(), *paragraphs = json_array(), *silent_themes = themes(page);
	size_t count;
	struct country others, *countries = sorted_countries(page, &count, &others);
	int64_t not_reached = others.not_reached;

	for (size_t i = 0; i < count; i++)
		not_reached += countries[i].not_reached;
	set_silent(page, countries, count);
	json_object_set_new(section, "countries", json_false());
	if (count > 0 || others.asked > 0) {
		add_countries(page, section, countries, count, &others);
		if (count > 0 && !is_silent(&countries[0]))
			json_array_append_new(paragraphs, paragraph("none_silent", json_true()));
	}
	if (not_reached > 0)
		json_array_append_new(paragraphs,
			paragraph("not_reached", json_pack("{s:s}", "count", page_number(page, not_reached))));
	if (json_array_size(silent_themes) > 0)
		json_array_append_new(paragraphs, paragraph("themes", json_pack("{s:O}", "items", silent_themes)));
	if (page_int(json_object_get(page->data, "review"), "total") > 0)
		json_array_append_new(paragraphs, paragraph("review", review(page)));
	if (json_array_size(json_object_get(page->data, "unread")) > 0)
		json_array_append_new(paragraphs, paragraph("unread", unread(page)));
	page_separate(page, paragraphs, "");
	json_decref(silent_themes);
	if (count > 0 || others.asked > 0 || json_array_size(paragraphs) > 0)
		json_object_set(page->view, "missing", section);
	json_object_set_new(section, "paragraphs", paragraphs);
	json_decref(section);
}
