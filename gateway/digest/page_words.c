/* digest/page_words: the third section: people's own words, urgent ones first, then theme by theme. See page.h. */
#include "digest/page.h"

#define URGENT_GROUP "!" /* keys of groups that are no theme */
#define WITHHELD_GROUP "~"

/* A group of lines that stand together: those marked urgent, or of one theme, or of a form without one. */
struct group {
	const struct page_line **lines;
	size_t count, shown,
		last; /* shown: with their words; last: place in the order of the data, for a total order */
	bool urgent, withheld;
};

struct section {
	struct page_line *lines;
	size_t count;
	struct group *groups;
	size_t group_count;
	size_t wordless;
	bool any_verified, any_failed, any_restricted;
};

/* Those that tell both a failure and a lesson first, then those that tell one, then by number. */
static int compare_lines(const void *a, const void *b)
{
	const struct page_line *x = *(const struct page_line *const *)a, *y = *(const struct page_line *const *)b;
	int x_tells = x->failure + x->lesson, y_tells = y->failure + y->lesson;

	if (x_tells != y_tells)
		return y_tells - x_tells;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* Urgent, then form by form (most replies first) the theme with most to show, then the form's order; withheld lines
 * last. */
static int compare_groups(const void *a, const void *b)
{
	const struct group *x = a, *y = b;
	const struct page_line *p = x->lines[0], *q = y->lines[0];
	size_t x_shown = x->count < DIGEST_LINES_A_THEME ? x->count : DIGEST_LINES_A_THEME;
	size_t y_shown = y->count < DIGEST_LINES_A_THEME ? y->count : DIGEST_LINES_A_THEME;

	if (x->urgent != y->urgent)
		return x->urgent ? -1 : 1;
	if (x->withheld != y->withheld)
		return x->withheld ? 1 : -1;
	if (p->form_rank != q->form_rank)
		return p->form_rank - q->form_rank;
	if (x_shown != y_shown)
		return x_shown > y_shown ? -1 : 1;
	if (p->option_rank != q->option_rank)
		return p->option_rank - q->option_rank;
	return strcmp(p->group, q->group);
}

static struct group *find_group(struct section *section, const struct page_line *line)
{
	const char *key = line->withheld ? WITHHELD_GROUP : line->urgent ? URGENT_GROUP : line->group;
	struct group *group;

	for (size_t i = 0; i < section->group_count; i++) {
		const struct page_line *first = section->groups[i].lines[0];
		const char *other = first->withheld ? WITHHELD_GROUP : first->urgent ? URGENT_GROUP : first->group;

		if (strcmp(key, other) == 0)
			return &section->groups[i];
	}
	group = &section->groups[section->group_count++];
	group->urgent = line->urgent && !line->withheld;
	group->withheld = line->withheld;
	return group;
}

static void read_lines(struct page *page, struct section *section)
{
	const json_t *list = json_object_get(page->data, "lines"), *item;
	size_t i;

	section->count = json_array_size(list);
	section->lines = ARENA_NEW_N(page->arena, struct page_line, section->count + 1);
	section->groups = ARENA_NEW_N(page->arena, struct group, section->count + 1);
	json_array_foreach(list, i, item)
	{
		struct page_line *line = &section->lines[i];
		struct group *group;

		page_line_read(page, item, line);
		section->any_verified |= strcmp(page_string(page, item, "verification"), "verified") == 0;
		section->any_failed |= strcmp(page_string(page, item, "verification"), "failed") == 0;
		section->any_restricted |= strcmp(page_string(page, item, "sharing"), "restricted") == 0;
		if (!line->words && !line->withheld) {
			section->wordless++;
			continue;
		}
		group = find_group(section, line);
		if (!group->lines)
			group->lines = ARENA_NEW_N(page->arena, const struct page_line *, section->count);
		group->lines[group->count++] = line;
	}
	for (i = 0; i < section->group_count; i++)
		qsort(section->groups[i].lines, section->groups[i].count, sizeof(section->groups[i].lines[0]),
			compare_lines);
	qsort(section->groups, section->group_count, sizeof(section->groups[0]), compare_groups);
}

/* The first line of every group, then the second of every one, and so on, as far as the budget goes. */
static void choose_lines(struct page *page, struct section *section)
{
	size_t groups = section->group_count < DIGEST_THEMES_SHOWN ? section->group_count : DIGEST_THEMES_SHOWN;

	for (size_t rank = 0; rank < DIGEST_LINES_A_THEME; rank++)
		for (size_t i = 0; i < groups && page->shown < page->budget; i++)
			if (section->groups[i].count > rank) {
				section->groups[i].shown++;
				page->shown++;
			}
}

static json_t *number_item(struct page *page, const struct page_line *line)
{
	return json_pack("{s:s}", "number", page_line_number(page, line->number));
}

static int compare_numbers(const void *a, const void *b)
{
	const struct page_line *x = *(const struct page_line *const *)a, *y = *(const struct page_line *const *)b;

	return x->number < y->number ? -1 : x->number > y->number;
}

/* Names a line by its number; of very many only the first are named. */
static void name_line(struct page *page, json_t *list, const struct page_line *line)
{
	if (page->named++ < DIGEST_NUMBERS_NAMED)
		json_array_append_new(list, number_item(page, line));
}

/* The mark behind the last number: an end, or that there are more. */
static void end_list(struct page *page, json_t *list)
{
	page_separate(page, list, page_list_separator(page));
	if (page->named > DIGEST_NUMBERS_NAMED && json_array_size(list) > 0)
		page_set(json_array_get(list, json_array_size(list) - 1), "sep", page_word(page, "and_more", NULL));
}

static json_t *group_view(struct page *page, const struct section *section, const struct group *group)
{
	json_t *lines = json_array(), *more = json_array();
	size_t rest = group->count - group->shown;

	for (size_t i = 0; i < group->shown; i++)
		json_array_append_new(lines, page_line_view(page, group->lines[i], section->any_verified,
						     !group->urgent && !group->withheld));
	qsort(group->lines + group->shown, rest, sizeof(group->lines[0]), compare_numbers);
	for (size_t i = group->shown; i < group->count; i++)
		name_line(page, more, group->lines[i]);
	page_separate(page, lines, "");
	end_list(page, more);
	return json_pack("{s:s,s:b,s:b,s:s,s:o,s:b,s:o}", "title", group->lines[0]->title, "urgent", group->urgent,
		"withheld_group", group->withheld, "count", page_number(page, (int64_t)group->count), "lines", lines,
		"has_more", rest > 0, "more", more);
}

/* For the head: the first urgent lines by number and country. */
static void set_urgent(struct page *page, const struct section *section)
{
	json_t *items = json_array();

	for (size_t i = 0; i < section->count; i++) {
		const struct page_line *line = &section->lines[i];
		json_t *item;

		page->no_country += !page_has(line->line, "country");
		if (!line->urgent || line->withheld)
			continue;
		if (page->urgent++ >= DIGEST_URGENT_NAMED)
			continue;
		item = number_item(page, line);
		if (page_has(line->line, "country"))
			page_set(item, "country",
				page_country(page, json_string_value(json_object_get(line->line, "country"))));
		else
			json_object_set_new(item, "country", json_false());
		json_array_append_new(items, item);
	}
	page_separate(page, items, page_list_separator(page));
	json_object_set_new(page->view, "urgent_lines", items);
}

static void set_rest(struct page *page, const struct section *section, json_t *view)
{
	json_t *wordless = json_array(), *others = json_array(), *rest = json_object();

	for (size_t i = 0; i < section->count; i++)
		if (!section->lines[i].words && !section->lines[i].withheld)
			name_line(page, wordless, &section->lines[i]);
	end_list(page, wordless);
	for (size_t i = DIGEST_THEMES_SHOWN; i < section->group_count; i++)
		for (size_t k = 0; k < section->groups[i].count; k++)
			name_line(page, others, section->groups[i].lines[k]);
	end_list(page, others);
	json_object_set_new(rest, "has_wordless", json_boolean(section->wordless > 0));
	json_object_set_new(rest, "wordless", wordless);
	json_object_set_new(rest, "table", page->table ? json_string(page->table) : json_false());
	json_object_set_new(rest, "chosen",
		section->count < page->lines ? json_string(page_number(page, (int64_t)section->count)) : json_false());
	json_object_set_new(rest, "has_others", json_boolean(section->group_count > DIGEST_THEMES_SHOWN));
	json_object_set_new(rest, "others", others);
	json_object_set_new(view, "rest", rest);
}

void page_words(struct page *page)
{
	struct section section = {0};
	json_t *view = json_object(), *groups = json_array();

	read_lines(page, &section);
	page->lines = page_has(page->data, "total") ? (size_t)page_int(page->data, "total") : section.count;
	set_urgent(page, &section);
	choose_lines(page, &section);
	for (size_t i = 0; i < section.group_count && i < DIGEST_THEMES_SHOWN; i++)
		json_array_append_new(groups, group_view(page, &section, &section.groups[i]));
	page_set(view, "shown", page_number(page, (int64_t)page->shown));
	page_set(view, "all", page_number(page, (int64_t)page->lines));
	json_object_set_new(view, "any_verified", json_boolean(section.any_verified));
	json_object_set_new(view, "any_failed", json_boolean(section.any_failed));
	json_object_set_new(view, "any_restricted", json_boolean(section.any_restricted));
	json_object_set_new(view, "groups", groups);
	set_rest(page, &section, view);
	if (section.count > 0)
		json_object_set(page->view, "words", view);
	json_decref(view);
}
