/* delivery/flat_json: what it takes it reads as jansson does; all else it leaves alone. */
#include "delivery/flat_json.h"
#include "unit.h"

#include <jansson.h>

static struct arena *arena;
static int taken; /* of the random ones */

/* The words that random bodies are put together from: most are JSON, all are where JSON goes wrong. */
static const char *const words[] = {"{", "}", "\"", "\"a\"", "\"b\"", ":", ",", " ", "\n", "true", "false", "null", "1", "[", "]", "\\\\",
	"\\\"", "\\n", "\\u00e9", "\\u0000", "\\x", "\\", "é", "\xff", "\t", "words", "\"text\": \"", "\", \"html\":\"", "\x7f"};
/* The same, but of strings that are mostly good. */
static const char *const inner[] = {" ", "a", "é", "\\n", "\\\\", "\\\"", "\\/", "\\t", "\\b\\f\\r", "नेपाल", "<p>", "}", ",", ":", "\\u00e9", "\n"};

static void compare(struct view bytes)
{
	struct flat_json flat;
	json_t *json = json_loadb(bytes.ptr, bytes.len, 0, NULL);
	const char *key;
	json_t *value;

	if (flat_json_read(arena, bytes, &flat)) {
		taken++;
		assert_true(json_is_object(json));
		json_object_foreach (json, key, value) {
			struct view text = flat_json_text(&flat, key);

			assert_true(json_is_string(value) || json_is_boolean(value));
			assert_int_equal(json_is_true(value), flat_json_true(&flat, key));
			assert_int_equal(json_is_string(value), text.ptr != NULL);
			if (json_is_string(value))
				unit_same(key, text, (struct view){json_string_value(value), json_string_length(value)});
		}
		for (size_t i = 0; i < flat.count; i++)
			assert_non_null(json_object_getn(json, flat.member[i].key.ptr, flat.member[i].key.len));
	}
	json_decref(json);
	arena_reset(arena);
}

static void compare_block(struct view bytes)
{
	UNIT_SCOPED char *block = unit_heap(bytes);

	compare((struct view){block, bytes.len});
}

static void add_some(struct text *text, const char *const *from, size_t count, int most)
{
	for (int left = rand() % most; left > 0; left--)
		text_add_string(text, from[(size_t)rand() % count]);
}

static void test_random(void **state)
{
	TEXT_SCOPED text = {0};

	(void)state;
	srand(1);
	text_init(&text, 100000);
	for (int round = 0; round < 40000; round++) {
		text_reset(&text);
		if (round % 2) {
			add_some(&text, words, COUNT(words), 20);
		} else {
			text_add_string(&text, " {\"subject\" : \"");
			add_some(&text, inner, COUNT(inner), 12);
			text_add_string(&text, "\", \"bulk\":true,\"text\":\"");
			add_some(&text, inner, COUNT(inner), 40);
			text_add_string(&text, round % 3 ? "\"}\n" : "\",\"text\":false}");
		}
		compare_block(text_view(&text));
	}
	assert_in_range(taken, 1000, 30000);
}

static void test_taken(void **state)
{
	struct flat_json flat;

	(void)state;
	assert_true(flat_json_read(arena, VIEW("{\"subject\": \" S\", \"text\": \"a\\n\\\"b\\\"\", \"bulk\": true, \"x\" : false } "), &flat));
	unit_same("spaces stay", flat_json_text(&flat, "subject"), VIEW(" S"));
	unit_same("escapes", flat_json_text(&flat, "text"), VIEW("a\n\"b\""));
	assert_true(flat_json_true(&flat, "bulk"));
	assert_false(flat_json_true(&flat, "x"));
	assert_null(flat_json_text(&flat, "html").ptr);
	assert_true(flat_json_has(&flat, "x"));
	assert_false(flat_json_has(&flat, "html"));
}

static void test_left_alone(void **state)
{
	static const char *const bodies[] = {"", "{}", "[]", "{\"a\": \"b\"", "{\"a\": \"b\"} x", "{\"a\": \"b\",}", "{\"a\": 1}", "{\"a\": null}",
		"{\"a\": [\"b\"]}", "{\"a\": {\"b\": \"c\"}}", "{\"a\": \"\\u00e9\"}", "{\"a\": \"\\q\"}", "{\"a\": \"b\nc\"}", "{\"a\": \"\xff\"}",
		"{\"a\": \"b\\\"}", "{a: \"b\"}", "{\"a\" \"b\"}", "{\"a\": truth}"};
	struct flat_json flat;

	(void)state;
	for (size_t i = 0; i < COUNT(bodies); i++)
		assert_false(flat_json_read(arena, view_of(bodies[i]), &flat));
}

static void test_limit(void **state)
{
	struct flat_json flat;
	TEXT_SCOPED text = {0};

	(void)state;
	text_init(&text, 10000);
	for (int members = FLAT_JSON_MEMBERS - 1; members <= FLAT_JSON_MEMBERS + 1; members++) {
		text_reset(&text);
		for (int i = 0; i < members; i++)
			text_add_format(&text, "%s\"k%d\": \"v%d\"", i ? "," : "{", i, i);
		text_add_char(&text, '}');
		assert_int_equal(flat_json_read(arena, text_view(&text), &flat), members <= FLAT_JSON_MEMBERS);
	}
}

static int before(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static int after(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_left_alone),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, before, after);
}
