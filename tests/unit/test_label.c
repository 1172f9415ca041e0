/*
 * Labels: which lines carry one, in any dress, and what follows it. The cases are rows of tests/cases/label/lines.tsv;
 * fields are those of the shipped form field-lesson.
 */
#include "tests/unit/forms.h"
#include "tests/unit/words.h"

#include "parsers/form.h"
#include "parsers/label.h"

struct label_case {
	const char *name;
	struct view line, field, rest, hint; /* field "-": none */
	int number;
	bool cell, channel;
};

static bool next_case(struct arena *arena, struct view *rows, size_t *number, struct label_case *out)
{
	struct view columns[WORDS_COLUMNS];
	long long value;

	if (!words_row(arena, rows, number, columns))
		return false;
	out->name = arena_printf(arena, "lines.tsv:%zu", *number);
	out->cell = view_equal(columns[0], VIEW("cell"));
	out->channel = view_equal(columns[0], VIEW("channel"));
	out->line = words_unescape(arena, columns[1]);
	out->field = columns[2];
	assert_int_equal(view_to_int(columns[3], 0, 999, &value), 0);
	out->number = (int)value;
	out->rest = words_unescape(arena, columns[4]);
	out->hint = words_unescape(arena, columns[5]);
	return true;
}

/* The lines in one block of just their size. */
static size_t make_lines(struct view text, bool cell, struct mail_line *out)
{
	struct view line;
	size_t count = 0;

	while (view_next_line(&text, &line))
		out[count++] = (struct mail_line){.text = line, .row = cell, .cell = cell};
	if (count == 0)
		out[count++] = (struct mail_line){.text = VIEW_NULL};
	return count;
}

static const char *field_of(const struct label_hit *hit, const struct form *form)
{
	for (size_t i = 0; hit->label && i < hit->label->use_count; i++)
		if (hit->label->uses[i].form == form)
			return hit->label->uses[i].field->name;
	return "-";
}

static void check(struct arena *arena, const struct forms *forms, const struct label_case *c)
{
	UNIT_SCOPED char *block = unit_heap(c->line);
	struct mail_line lines[8];
	size_t count = make_lines((struct view){block, c->line.len}, c->cell, lines);
	struct label_hit hit = {0};
	bool found = label_read(
		forms->labels, arena, lines, count, 0, unicode_fold(arena, lines[0].text), c->channel, &hit);
	const char *field = found ? field_of(&hit, forms_get(forms, "field-lesson", 0)) : "-";

	unit_same(c->name, view_of(field), c->field);
	unit_same_number(c->name, hit.number, c->number);
	unit_same_number(c->name, found, c->number > 0 || !view_equal(c->field, VIEW("-")));
	unit_same(c->name, hit.rest, c->rest);
	unit_same(c->name, hit.hint, c->hint);
}

static void test_lines(void **state)
{
	struct arena *arena = arena_new();
	struct forms *forms = unit_forms(arena);
	struct view rows = unit_file(arena, "tests/cases/label/lines.tsv");
	struct label_case one;
	size_t number = 0, count = 0;

	while (next_case(arena, &rows, &number, &one)) {
		check(arena, forms, &one);
		count++;
	}
	assert_true(count > 70);
	forms_free(&forms);
	arena_free(&arena);
}

static bool means(const struct label *label, const struct field *field, const char *language)
{
	for (size_t i = 0; label && i < label->use_count; i++)
		if (label->uses[i].field == field && strcmp(label->uses[i].language, language) == 0)
			return true;
	return false;
}

static void check_field(struct arena *arena, const struct forms *forms, const struct field *field)
{
	for (size_t i = 0; i < field->label.count; i++) {
		const struct word *word = &field->label.list[i];
		const char *text = arena_printf(arena, "%d. %s: x", field->number, word->text);
		struct mail_line line = {.text = view_of(text)};
		struct label_hit hit;

		assert_true(label_read(
			forms->labels, arena, &line, 1, 0, unicode_fold(arena, line.text), false, &hit));
		assert_true(means(hit.label, field, word->language));
		unit_same(text, hit.rest, VIEW("x"));
	}
}

/* Every label of every form in every language finds its own field again. */
static void test_every_label(void **state)
{
	struct arena *arena = arena_new();
	struct forms *forms = unit_forms(arena);

	for (size_t i = 0; i < forms_count(forms); i++)
		for (size_t k = 0; k < forms_at(forms, i)->field_count; k++)
			check_field(arena, forms, &forms_at(forms, i)->fields[k]);
	forms_free(&forms);
	arena_free(&arena);
}

static void find_all_is(const struct label_table *table, struct arena *arena, const char *text, const char *expected)
{
	const struct label **found;
	size_t count = label_find_all(table, arena, view_of(text), &found);
	const char *got = "";

	for (size_t i = 0; i < count; i++)
		got = arena_printf(arena, "%s%.*s|", got, VIEW_ARGS(found[i]->folded));
	assert_string_equal(got, expected);
}

static void test_find_all(void **state)
{
	static const char *const titles[] = {"road", "Road test", "test", "Leçon du terrain", "(x)"};
	struct arena *arena = arena_new();
	struct label_table *table = label_table_new(arena);

	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		label_add(table, arena, titles[i], (struct label_use){0});
	find_all_is(table, arena, "", "");
	find_all_is(table, arena, "re: road test", "road|road test|test|");
	find_all_is(table, arena, "test of a road, a road", "road|test|");
	find_all_is(table, arena, "roads, broad tests", "");
	find_all_is(table, arena, "lecon du terrain (x) test2", "lecon du terrain|(x)|");
	find_all_is(table, arena, "a(x)", "");
	arena_free(&arena);
}

/* "Sharing (x", then lines "x", then "): y": so many lines in all. */
static bool reads_hint_of(struct arena *arena, const struct forms *forms, size_t count, struct view filling)
{
	struct mail_line *lines = ARENA_NEW_N(arena, struct mail_line, count);
	struct label_hit hit;

	for (size_t i = 0; i < count; i++)
		lines[i].text = filling;
	lines[0].text = view_of(arena_printf(arena, "Sharing (%.*s", VIEW_ARGS(filling)));
	lines[count - 1].text = VIEW("): y");
	return label_read(
		forms->labels, arena, lines, count, 0, unicode_fold(arena, lines[0].text), false, &hit);
}

static void test_limits(void **state)
{
	struct arena *arena = arena_new();
	struct forms *forms = unit_forms(arena);
	char *long_hint = arena_alloc(arena, LABEL_HINT_MAX + 2);

	assert_true(reads_hint_of(arena, forms, LABEL_HINT_LINES_MAX - 1, VIEW("x")));
	assert_true(reads_hint_of(arena, forms, LABEL_HINT_LINES_MAX, VIEW("x")));
	assert_false(reads_hint_of(arena, forms, LABEL_HINT_LINES_MAX + 1, VIEW("x")));
	memset(long_hint, 'x', LABEL_HINT_MAX + 1);
	assert_true(reads_hint_of(arena, forms, 2, (struct view){long_hint, LABEL_HINT_MAX - 20}));
	assert_false(reads_hint_of(arena, forms, 2, (struct view){long_hint, LABEL_HINT_MAX + 1}));
	forms_free(&forms);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_every_label),
		cmocka_unit_test(test_find_all),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests_name("label", tests, NULL, NULL);
}
