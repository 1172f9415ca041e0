/* Unit tests of parsers/word_table. */
#include "tests/unit/unit.h"

#include "base/unicode.h"
#include "parsers/word_table.h"

static void keeps_words(void **state)
{
	struct arena *arena = arena_new();
	struct word_table table;
	int value = -7;

	word_table_init(&table, arena);
	assert_false(word_table_find(&table, VIEW("nothing"), &value));
	for (int i = 0; i < 1000; i++)
		assert_int_equal(word_table_add(&table, view_of(arena_printf(arena, "word %d", i)), i), 1);
	assert_int_equal(table.count, 1000);
	for (int i = 0; i < 1000; i++) {
		assert_true(word_table_find(&table, view_of(arena_printf(arena, "word %d", i)), &value));
		assert_int_equal(value, i);
	}
	assert_false(word_table_find(&table, VIEW("word"), &value));
	assert_false(word_table_find(&table, VIEW("word 12345678"), &value));
	assert_int_equal(word_table_add(&table, VIEW("word 7"), 7), 0);
	assert_int_equal(word_table_add(&table, VIEW("word 7"), 8), -1);
	word_table_find(&table, VIEW("word 7"), &value);
	assert_int_equal(value, 7);
	word_table_set(&table, VIEW("word 7"), 8);
	word_table_find(&table, VIEW("word 7"), &value);
	assert_int_equal(value, 8);
	assert_int_equal(word_table_add(&table, VIEW_NULL, 3), 1);
	assert_true(word_table_find(&table, VIEW(""), &value));
	arena_free(&arena);
}

static void makes_keys(void **state)
{
	static const struct {
		struct view text;
		const char *key, *compact;
	} cases[] = {
		{VIEW("Côte d’Ivoire"), "cote d ivoire", "cotedivoire"},
		{VIEW("  Guinea-Bissau. "), "guinea bissau", "guineabissau"},
		{VIEW("U.S.A."), "u s a", "usa"},
		{VIEW("*with – changes*"), "with changes", "withchanges"},
		{VIEW("Bosnia & Herzegovina"), "bosnia & herzegovina", "bosnia&herzegovina"},
		{VIEW("4/5?"), "4/5?", "4/5?"},
		{VIEW("٤"), "4", "4"},
		{VIEW("نَعَم،"), "نعم", "نعم"},
		{VIEW("हो।"), "हो", "हो"},
		{VIEW("..."), "", ""},
		{VIEW(""), "", ""},
		{VIEW("«São Tomé» (e)"), "sao tome e", "saotomee"},
	};
	struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT(cases); i++) {
		UNIT_SCOPED char *block = unit_heap(cases[i].text);
		struct view text = {block, cases[i].text.len};

		unit_same(cases[i].text.ptr, word_key(arena, text), view_of(cases[i].key));
		unit_same(cases[i].text.ptr, word_key_compact(arena, text), view_of(cases[i].compact));
	}
	arena_free(&arena);
}

static void measures_distance(void **state)
{
	static const struct {
		const char *a, *b;
		size_t limit, distance;
	} cases[] = {
		{"", "", 2, 0},
		{"nepal", "nepal", 2, 0},
		{"nepal", "nepaal", 2, 1},
		{"nepal", "napel", 2, 2},
		{"nepal", "", 9, 5},
		{"नेपाल", "नेपल", 2, 1},
		{"oversight", "insight", 2, 3},
		{"abcdef", "uvwxyz", 2, 3},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", 2, 1},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 2, 3},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		unit_same_number(cases[i].a,
			(long long)word_distance(view_of(cases[i].a), view_of(cases[i].b), cases[i].limit),
			(long long)cases[i].distance);
		unit_same_number(cases[i].b,
			(long long)word_distance(view_of(cases[i].b), view_of(cases[i].a), cases[i].limit),
			(long long)cases[i].distance);
	}
}

static int load(void **state)
{
	return unicode_open(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_words),
		cmocka_unit_test(makes_keys),
		cmocka_unit_test(measures_distance),
	};

	return cmocka_run_group_tests(tests, load, NULL);
}
