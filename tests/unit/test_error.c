/* Unit tests of base/error. */
#include "tests/unit/unit.h"

#include "base/error.h"
#include "base/unicode.h"

static void sets(void **state)
{
	struct error err = ERROR_INIT;

	assert_int_equal(err.reach, REACH_NONE);
	assert_int_equal(error_set(&err, REACH_SOURCE, "%s: port %d", "host", 993), -1);
	assert_int_equal(err.reach, REACH_SOURCE);
	assert_string_equal(err.text, "host: port 993");
	assert_int_equal(error_prefix(&err, "mailbox %d", 3), -1);
	assert_int_equal(err.reach, REACH_SOURCE);
	assert_string_equal(err.text, "mailbox 3: host: port 993");
	error_clear(&err);
	assert_int_equal(err.reach, REACH_NONE);
	assert_string_equal(err.text, "");
	assert_int_equal(error_set(NULL, REACH_STOP, "nobody listens"), -1);
	assert_int_equal(error_prefix(NULL, "nobody listens"), -1);
}

static void keeps_one_line(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{"a\nb\r\nc\t\x01", "a b  c"},
		{"ends \r\n\n", "ends"},
		{"\n", ""},
		{"\x7F" "x", " x"},
		{"caf\u00E9\n", "caf\u00E9"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error err = ERROR_INIT;

		error_set(&err, REACH_STOP, "%s", cases[i].text);
		unit_same("one line", view_trim_end(view_of(err.text)), view_of(cases[i].expected));
		assert_null(strpbrk(err.text, "\n\r\t\x01\x7F"));
	}
}

/* Around the limit, with the border in every place of characters of one to four bytes. */
static void cuts_at_a_character(void **state)
{
	static const char *const characters[] = {"x", "\u00E9", "\u0928", "\U0001F600"};

	for (size_t i = 0; i < COUNT(characters); i++)
		for (size_t len = ERROR_TEXT_MAX - 6; len < ERROR_TEXT_MAX + 6; len++) {
			struct error err = ERROR_INIT;
			TEXT_SCOPED text;

			text_init(&text, 2 * ERROR_TEXT_MAX);
			while (text.len + strlen(characters[i]) < len)
				text_add_string(&text, characters[i]);
			error_set(&err, REACH_STOP, "%s", text_string(&text));
			assert_true(unicode_valid(view_of(err.text)));
			if (text.len < ERROR_TEXT_MAX - 1)
				assert_string_equal(err.text, text_string(&text));
			else
				assert_true(strlen(err.text) >= ERROR_TEXT_MAX - 5);
			error_prefix(&err, "%s", text_string(&text));
			assert_true(unicode_valid(view_of(err.text)));
		}
}

/* A text inside the sentence was cut by its format. */
static void drops_half_characters(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{"\u00E9\u00E9\u00E9", "\"\u00E9\u00E9\" is no number"},
		{"ab\u0928", "\"ab\u0928\" is no number"},
		{"abc\u0928", "\"abc\" is no number"},
		{"a\U0001F600", "\"a\U0001F600\" is no number"},
		{"ab\U0001F600", "\"ab\" is no number"},
		{"a\xFF\xC3", "\"a\" is no number"},
		{"\xED\xA0\x80" "x", "\"x\" is no number"},
		{"\x80\xE0", "\"\" is no number"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error err = ERROR_INIT;

		error_set(&err, REACH_STOP, "\"%.5s\" is no number", cases[i].text);
		unit_same("half", view_of(err.text), view_of(cases[i].expected));
	}
}

static void names_reaches(void **state)
{
	static const char *const names[] = {"none", "retry", "message", "source", "stop", "uncertain"};

	for (size_t i = 0; i < COUNT(names); i++)
		assert_string_equal(error_reach_name((enum error_reach)i), names[i]);
	assert_string_equal(error_reach_name((enum error_reach)(REACH_UNCERTAIN + 1)), "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets),
		cmocka_unit_test(keeps_one_line),
		cmocka_unit_test(cuts_at_a_character),
		cmocka_unit_test(drops_half_characters),
		cmocka_unit_test(names_reaches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
