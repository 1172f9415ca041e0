/* Unit tests of base/csv: rows as spreadsheets write them, and broken ones; what is written is read back. */
#include "tests/unit/unit.h"

#include "base/csv.h"

struct csv_case {
	const char *name, *text;
	const char *rows; /* "LINE:cell|cell" with a "/" between rows; "!" where one is broken */
};

static const struct csv_case cases[] = {
	{"plain", "a,b\n1,2\n", "1:a|b/2:1|2"},
	{"no end", "a,b\r\n1,2", "1:a|b/2:1|2"},
	{"old Macs", "a,b\r1,2\r", "1:a|b/2:1|2"},
	{"byte order mark, semicolons", "\xEF\xBB\xBF" "a;b\n1,5;2\n", "1:a|b/2:1,5|2"},
	{"tabs", "a\tb\n1\t2\n", "1:a|b/2:1|2"},
	{"one column", "a\n1\n", "1:a/2:1"},
	{"empty cells", "a,b,c\n,,\n", "1:a|b|c/2:||"},
	{"empty lines", "\n\na,b\n\n\n1,2\n\n", "3:a|b/6:1|2"},
	{"quotes", "a,b\n\"1,2\",\"say \"\"x\"\"\"\n", "1:a|b/2:1,2|say \"x\""},
	{"a line end in quotes", "a,b\n\"1\n2\",3\n4,5\n", "1:a|b/2:1\n2|3/4:4|5"},
	{"an empty quoted cell", "a,b\n\"\",x\n", "1:a|b/2:|x"},
	{"a separator in the first line's quotes", "\"a;b;c\",d\n1,2\n", "1:a;b;c|d/2:1|2"},
	{"a quote that does not end", "a,b\n\"1,2\n3,4\n", "1:a|b/2:!1,2\n3,4\n"},
	{"words behind a quote", "a,b\n\"1\"x,2\n3,4\n", "1:a|b/2:!1|2/3:3|4"},
	{"a quote inside", "a,b\n1\"2,3\n", "1:a|b/2:1\"2|3"},
	{"nothing", "", ""},
	{"a mark alone", "\xEF\xBB\xBF", ""},
};

static void add_row(struct text *out, const struct csv_row *row)
{
	text_add_format(out, "%s%zu:%s", out->len > 0 ? "/" : "", row->line, row->broken ? "!" : "");
	for (size_t i = 0; i < row->count; i++) {
		if (i > 0)
			text_add_char(out, '|');
		text_add_view(out, row->cells[i]);
	}
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct view text = view_of(cases[i].text);
		UNIT_SCOPED char *block = unit_heap(text);
		struct arena *arena = arena_new();
		TEXT_SCOPED out;
		struct csv_row row;
		struct csv csv;

		text_init(&out, 10000);
		csv_init(&csv, (struct view){block, text.len});
		while (csv_next(&csv, arena, &row))
			add_row(&out, &row);
		unit_same(cases[i].name, text_view(&out), view_of(cases[i].rows));
		arena_free(&arena);
	}
}

static void test_limit(void **state)
{
	struct arena *arena = arena_new();
	char line[4 * CSV_CELLS_MAX];
	struct csv_row row;
	struct csv csv;

	(void)state;
	memset(line, ',', sizeof(line));
	csv_init(&csv, (struct view){line, CSV_CELLS_MAX - 1});
	assert_true(csv_next(&csv, arena, &row) && row.count == CSV_CELLS_MAX && !row.broken);
	csv_init(&csv, (struct view){line, CSV_CELLS_MAX});
	assert_true(csv_next(&csv, arena, &row) && row.count == CSV_CELLS_MAX && row.broken);
	arena_free(&arena);
}

static void test_round(void **state)
{
	static const char *const cells[] = {"plain", "", "a,b", "a;b", "say \"x\"", "two\nlines", "\"", " blanks "};
	struct arena *arena = arena_new();
	TEXT_SCOPED out;
	struct csv_row row;
	struct csv csv;

	(void)state;
	text_init(&out, 10000);
	for (size_t i = 0; i < COUNT(cells); i++)
		csv_add(&out, view_of(cells[i]), i == 0);
	csv_init(&csv, text_view(&out));
	assert_true(csv_next(&csv, arena, &row));
	assert_int_equal(row.count, COUNT(cells));
	for (size_t i = 0; i < COUNT(cells); i++)
		unit_same(cells[i], row.cells[i], view_of(cells[i]));
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
