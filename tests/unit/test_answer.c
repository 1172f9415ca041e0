/* What the holder takes from the reader: one object of JSON, compact, that PostgreSQL will not refuse. */
#include <jansson.h>

#include "filing/answer.h"
#include "unit.h"

static const struct answer_case {
	const char *name, *json;
	bool good;
} cases[] = {
	{"nothing in it", "{}", true},
	{"all kinds", "{\"a\":null,\"b\":[true,false,-1,0,[]],\"c\":{\"d\":\"e\"}}", true},
	{"escapes", "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u001F\"}", true},
	{"other scripts", "{\"a\":\"देश: नेपाल 😀\"}", true},
	{"19 digits", "{\"a\":9223372036854775807}", true},
	{"20 digits", "{\"a\":12345678901234567890}", false},
	{"a second value", "{},{\"message_id\":7}", false},
	{"a value too many brackets", "{}}", false},
	{"more behind it", "{}x", false},
	{"no object", "[]", false},
	{"a string", "\"a\"", false},
	{"empty", "", false},
	{"cut off", "{\"a\":\"b", false},
	{"cut off in an escape", "{\"a\":\"\\u00", false},
	{"cut off behind a backslash", "{\"a\":\"\\", false},
	{"NUL by its number", "{\"a\":\"\\u0000\"}", false},
	{"half a pair", "{\"a\":\"\\ud800\"}", false},
	{"no such escape", "{\"a\":\"\\x41\"}", false},
	{"a control character", "{\"a\":\"\n\"}", false},
	{"not UTF-8", "{\"a\":\"\xff\"}", false},
	{"an exponent", "{\"a\":1e-20000}", false},
	{"a fraction", "{\"a\":1.5}", false},
	{"a zero before", "{\"a\":01}", false},
	{"only a minus", "{\"a\":-}", false},
	{"a comma too many", "{\"a\":1,}", false},
	{"no comma", "{\"a\":1\"b\":2}", false},
	{"a name that is no string", "{a:1}", false},
	{"white space", "{ \"a\":1}", false},
	{"half a word", "{\"a\":tru}", false},
};

static void check(const char *name, struct view json, bool good)
{
	UNIT_SCOPED char *block = unit_heap(json);

	unit_same_number(name, answer_is_good((struct view){block, json.len}), good);
}

static void test_cases(void **state)
{
	for (size_t i = 0; i < COUNT(cases); i++)
		check(cases[i].name, view_of(cases[i].json), cases[i].good);
	check("a NUL byte", VIEW("{\"a\":\"b\0c\"}"), false);
}

/* Lists in a list in an object: `depth` levels in all. */
static void test_depth(void **state)
{
	for (int depth = ANSWER_DEPTH_MAX; depth <= ANSWER_DEPTH_MAX + 1; depth++) {
		struct text json;

		text_init(&json, 1000);
		text_add_string(&json, "{\"a\":");
		for (int i = 1; i < depth; i++)
			text_add_char(&json, '[');
		for (int i = 1; i < depth; i++)
			text_add_char(&json, ']');
		text_add_char(&json, '}');
		check("depth", text_view(&json), depth <= ANSWER_DEPTH_MAX);
		text_release(&json);
	}
}

/* Whatever Jansson writes of a string is taken, but for NUL. */
static void test_every_character(void **state)
{
	for (char c = 1; c > 0; c++) {
		json_t *object = json_pack("{s:s#}", "a", &c, 1);
		char *text = json_dumps(object, JSON_COMPACT);

		check("a character", view_of(text), true);
		free(text);
		json_decref(object);
		if (c == 127)
			break;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_every_character),
	};

	return cmocka_run_group_tests_name("filing/answer", tests, NULL, NULL);
}
