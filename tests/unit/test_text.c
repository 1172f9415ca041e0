/* Unit tests of base/text. */
#include "tests/unit/unit.h"

#include <limits.h>

static void takes_parts(void **state)
{
	static const struct {
		size_t from, len;
		const char *expected;
	} cases[] = {{0, 3, "abc"}, {1, 1, "b"}, {1, 2, "bc"}, {1, SIZE_MAX, "bc"}, {3, 1, ""}, {4, 1, ""}, {0, 0, ""},
		{SIZE_MAX, SIZE_MAX, ""}};

	for (size_t i = 0; i < COUNT(cases); i++)
		unit_same("part", view_sub(VIEW("abc"), cases[i].from, cases[i].len), view_of(cases[i].expected));
	assert_int_equal(view_sub(VIEW_NULL, 1, 2).len, 0);
	assert_null(view_of(NULL).ptr);
}

static void compares(void **state)
{
	static const struct {
		const char *a, *b;
		bool equal, nocase, starts, starts_nocase, ends;
	} cases[] = {
		{"", "", true, true, true, true, true},
		{"abc", "abc", true, true, true, true, true},
		{"abc", "ABC", false, true, false, true, false},
		{"abc", "ab", false, false, true, true, false},
		{"abc", "AB", false, false, false, true, false},
		{"abc", "bc", false, false, false, false, true},
		{"abc", "", false, false, true, true, true},
		{"ab", "abc", false, false, false, false, false},
		{"@[`{", "`{@[", false, false, false, false, false},
		{"\u00C9", "\u00E9", false, false, false, false, false},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		UNIT_SCOPED char *one = unit_heap(view_of(cases[i].a));
		UNIT_SCOPED char *two = unit_heap(view_of(cases[i].b));
		struct view a = {one, strlen(cases[i].a)}, b = {two, strlen(cases[i].b)};

		unit_same_number(cases[i].b, view_equal(a, b), cases[i].equal);
		unit_same_number(cases[i].b, view_equal_nocase(a, b), cases[i].nocase);
		unit_same_number(cases[i].b, view_starts(a, b), cases[i].starts);
		unit_same_number(cases[i].b, view_starts_nocase(a, b), cases[i].starts_nocase);
		unit_same_number(cases[i].b, view_ends(a, b), cases[i].ends);
	}
	assert_true(view_equal(VIEW_NULL, VIEW("")));
}

static void trims(void **state)
{
	static const struct {
		const char *text, *both, *end;
	} cases[] = {
		{"", "", ""}, {" \t\r\n\v\f", "", ""}, {" a b ", "a b", " a b"}, {"a", "a", "a"}, {"\u00A0", "\u00A0", "\u00A0"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		UNIT_SCOPED char *block = unit_heap(view_of(cases[i].text));
		struct view text = {block, strlen(cases[i].text)};

		unit_same("both", view_trim(text), view_of(cases[i].both));
		unit_same("end", view_trim_end(text), view_of(cases[i].end));
	}
}

static void finds(void **state)
{
	static const struct {
		const char *text, *needle;
		int at, nocase;
	} cases[] = {
		{"abcabc", "bc", 1, 1}, {"abc", "BC", -1, 1}, {"abc", "abcd", -1, -1}, {"abc", "c", 2, 2}, {"abc", "", 0, 0},
		{"", "", 0, 0}, {"", "a", -1, -1}, {"aab", "ab", 1, 1},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		UNIT_SCOPED char *block = unit_heap(view_of(cases[i].text));
		struct view text = {block, strlen(cases[i].text)};

		unit_same_number(cases[i].needle, view_find(text, view_of(cases[i].needle)), cases[i].at);
		unit_same_number(cases[i].needle, view_find_nocase(text, view_of(cases[i].needle)), cases[i].nocase);
	}
	assert_int_equal(view_find_char(VIEW("a=b"), '='), 1);
	assert_int_equal(view_find_char(VIEW("ab"), '\0'), -1);
	assert_int_equal(view_find_char(VIEW_NULL, 'a'), -1);
}

static void splits(void **state)
{
	static const struct {
		const char *text, *lines, *fields; /* each closed by | */
	} cases[] = {
		{"", "", "|"}, {"a", "a|", "a|"}, {"a\nb\n", "a|b|", "a\nb\n|"}, {"a\r\n\r\nb", "a||b|", "a\r\n\r\nb|"},
		{"\n\n", "||", "\n\n|"}, {"a\rb\r", "a\rb|", "a\rb\r|"}, {"a,b,,c", "a,b,,c|", "a|b||c|"}, {",", ",|", "||"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		UNIT_SCOPED char *block = unit_heap(view_of(cases[i].text));
		struct view rest = {block, strlen(cases[i].text)}, part;
		TEXT_SCOPED out;

		text_init(&out, 100);
		while (view_next_line(&rest, &part))
			text_add_format(&out, "%.*s|", VIEW_ARGS(part));
		unit_same("lines", text_view(&out), view_of(cases[i].lines));
		text_reset(&out);
		rest = (struct view){block, strlen(cases[i].text)};
		while (view_next_field(&rest, ',', &part))
			text_add_format(&out, "%.*s|", VIEW_ARGS(part));
		unit_same("fields", text_view(&out), view_of(cases[i].fields));
	}
}

static void reads_numbers(void **state)
{
	static const struct {
		const char *text;
		long long min, max, value;
		int result;
	} cases[] = {
		{"0", 0, 9, 0, 0}, {"9", 0, 9, 9, 0}, {"10", 0, 9, -5, -1}, {"-1", 0, 9, -5, -1}, {"-1", -1, 9, -1, 0},
		{"007", 0, 9, 7, 0}, {"", 0, 9, -5, -1}, {"-", -9, 9, -5, -1}, {"+1", 0, 9, -5, -1}, {" 1", 0, 9, -5, -1},
		{"1 ", 0, 9, -5, -1}, {"1x", 0, 9, -5, -1}, {"\u0661", 0, 9, -5, -1},
		{"9223372036854775807", LLONG_MIN, LLONG_MAX, LLONG_MAX, 0},
		{"-9223372036854775808", LLONG_MIN, LLONG_MAX, LLONG_MIN, 0},
		{"9223372036854775808", LLONG_MIN, LLONG_MAX, -5, -1}, {"-9223372036854775809", LLONG_MIN, LLONG_MAX, -5, -1},
		{"99999999999999999999999", LLONG_MIN, LLONG_MAX, -5, -1},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		UNIT_SCOPED char *block = unit_heap(view_of(cases[i].text));
		long long value = -5;

		unit_same_number(cases[i].text,
			view_to_int((struct view){block, strlen(cases[i].text)}, cases[i].min, cases[i].max, &value),
			cases[i].result);
		unit_same_number(cases[i].text, value, cases[i].value);
	}
}

static void grows(void **state)
{
	struct text text;
	char expected[3001];

	text_init(&text, 3000);
	assert_string_equal(text_string(&text), "");
	assert_int_equal(text_view(&text).len, 0);
	for (size_t i = 0; i < 3000; i++) {
		expected[i] = (char)('a' + i % 26);
		assert_int_equal(text_add_char(&text, expected[i]), 0);
	}
	expected[3000] = '\0';
	assert_false(text.full);
	assert_string_equal(text_string(&text), expected);
	assert_int_equal(text_add_char(&text, 'x'), -1);
	assert_true(text.full);
	assert_string_equal(text_string(&text), expected);
	text_reset(&text);
	assert_string_equal(text_string(&text), "");
	assert_false(text.full);
	assert_int_equal(text_add_view(&text, VIEW("ab\0c")), 0);
	assert_int_equal(text.len, 4);
	text_cut(&text, 5);
	assert_int_equal(text.len, 4);
	text_cut(&text, 1);
	assert_string_equal(text_string(&text), "a");
	text_release(&text);
	assert_null(text.ptr);
	assert_int_equal(text_add_string(&text, "usable again"), 0);
	text_release(&text);
}

static void drops_what_is_too_much(void **state)
{
	static const struct {
		size_t maximum;
		const char *expected;
		int result;
	} cases[] = {{0, "", -1}, {4, "abcd", -1}, {5, "abcde", 0}, {6, "abcde", 0}};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct text text;

		text_init(&text, cases[i].maximum);
		unit_same_number("result", text_add_string(&text, "abcde"), cases[i].result);
		unit_same_number("full", text.full, cases[i].result != 0);
		assert_string_equal(text_string(&text), cases[i].expected);
		text_release(&text);
	}
}

static void formats(void **state)
{
	static const int lengths[] = {0, 1, 254, 255, 256, 257, 5000};
	struct text text;

	for (size_t i = 0; i < COUNT(lengths); i++) {
		text_init(&text, 10000);
		assert_int_equal(text_add_format(&text, "<%*s>", lengths[i], ""), 0);
		unit_same_number("length", (long long)text.len, lengths[i] + 2);
		assert_int_equal(text.ptr[text.len - 1], '>');
		text_release(&text);
	}
	text_init(&text, 300);
	assert_int_equal(text_add_format(&text, "%*s", 301, ""), -1);
	assert_int_equal(text.len, 300);
	text_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_parts),
		cmocka_unit_test(compares),
		cmocka_unit_test(trims),
		cmocka_unit_test(finds),
		cmocka_unit_test(splits),
		cmocka_unit_test(reads_numbers),
		cmocka_unit_test(grows),
		cmocka_unit_test(drops_what_is_too_much),
		cmocka_unit_test(formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
