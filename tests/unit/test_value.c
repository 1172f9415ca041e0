/*
 * Unit tests of parsers/value: every type against the cases in tests/cases/values/<type>.tsv. A new case is a new row:
 * form and field, language (and @ the mail's date), text, JSON or INVALID or NONE, suggestion, remark.
 */
#include "tests/unit/words.h"

#include "parsers/value.h"

static struct {
	struct arena *arena;
	struct lexicon *lexicon;
	struct forms *forms;
} shared;

static int load(void **state)
{
	struct parse_source forms[WORDS_SOURCES_MAX], languages[WORDS_SOURCES_MAX];
	size_t form_count, language_count;
	struct error err = ERROR_INIT;

	shared.arena = arena_new();
	shared.lexicon = words_lexicon(shared.arena);
	form_count = words_sources(shared.arena, "config/forms", forms);
	forms[form_count].file = "tests/cases/values/form.yaml";
	forms[form_count].bytes = unit_file(shared.arena, forms[form_count].file);
	language_count = words_sources(shared.arena, "config/languages", languages);
	if (forms_new(forms, form_count + 1, languages, language_count, &shared.forms, &err) < 0) {
		print_error("%s\n", err.text);
		return -1;
	}
	return 0;
}

static int unload(void **state)
{
	forms_free(&shared.forms);
	lexicon_free(&shared.lexicon);
	arena_free(&shared.arena);
	return 0;
}

/* "field-lesson.country" */
static const struct field *find_field(struct arena *arena, struct view name)
{
	struct view rest = name, form;
	const struct form *found;
	const struct field *field = NULL;

	view_next_field(&rest, '.', &form);
	found = forms_get(shared.forms, arena_copy(arena, form.ptr, form.len), 0);
	if (found)
		field = form_field(found, arena_copy(arena, rest.ptr, rest.len));
	if (!field)
		fail_msg("no field %.*s", VIEW_ARGS(name));
	return field;
}

/* "fr", "-", "fr@2024-02-29", "-@none" */
static void read_context(struct arena *arena, struct view column, struct value_context *out)
{
	struct view language = VIEW_NULL, date = column;
	struct tm day = {0};

	view_next_field(&date, '@', &language);
	out->lexicon = shared.lexicon;
	out->language = view_equal(language, VIEW("-")) ? NULL : arena_copy(arena, language.ptr, language.len);
	out->date = 0;
	if (view_equal(date, VIEW("none")))
		return;
	strptime(date.len > 0 ? arena_copy(arena, date.ptr, date.len) : "2026-11-21", "%Y-%m-%d", &day);
	out->date = (int64_t)timegm(&day) + 3600;
}

/* Says what is wrong in a row; every row is read before the test fails. */
static bool says(const char *place, const char *what, struct view text, struct view got, struct view expected)
{
	if (view_equal(got, expected))
		return true;
	print_error("%s: \"%.*s\": %s is %.*s, not %.*s\n", place, VIEW_ARGS(text), what, VIEW_ARGS(got),
		VIEW_ARGS(expected));
	return false;
}

/* JSON as one spelling, to compare by. */
static struct view printed(struct arena *arena, json_t *value)
{
	char *json = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_SORT_KEYS) : NULL;
	struct view out = json ? view_of(arena_strdup(arena, json)) : VIEW("no JSON");

	free(json);
	json_decref(value);
	return out;
}

static bool row_holds(struct arena *arena, const char *place, const struct view *columns)
{
	static const struct view names[] = {VIEW("NONE"), VIEW("TAKEN"), VIEW("INVALID")};
	const struct field *field = find_field(arena, columns[0]);
	struct view plain = words_unescape(arena, columns[2]), expected = columns[3], suggestion;
	UNIT_SCOPED char *block = unit_heap(plain);
	struct view text = {block, plain.len};
	struct value_context context;
	enum value_verdict verdict;
	json_t *value = NULL;
	bool good;
	size_t used;

	read_context(arena, columns[1], &context);
	verdict = value_read(&context, field, arena, text, &value, &used, &suggestion);
	assert_true((verdict == VALUE_TAKEN) == (value != NULL));
	assert_true(used <= text.len);
	if (!view_equal(expected, VIEW("NONE")) && !view_equal(expected, VIEW("INVALID")))
		expected = printed(arena, json_loadb(expected.ptr, expected.len, JSON_DECODE_ANY, NULL));
	good = says(place, "the value", text, value ? printed(arena, value) : names[verdict], expected);
	if (columns[4].ptr && !view_equal(columns[4], VIEW(".")))
		good = says(place, "the suggestion", text, suggestion, columns[4]) && good;
	if (columns[5].ptr && !view_equal(columns[5], VIEW(".")))
		good = says(place, "the remark", text, view_sub(text, used, text.len),
			       words_unescape(arena, columns[5])) &&
		       good;
	return good;
}

static void check_file(const char *type)
{
	struct arena *rows = arena_new(), *job = arena_new();
	const char *path = arena_printf(rows, "tests/cases/values/%s.tsv", type);
	struct view rest = unit_file(rows, path), columns[WORDS_COLUMNS];
	size_t number = 0, cases = 0, bad = 0;

	while (words_row(rows, &rest, &number, columns)) {
		if (!columns[3].ptr)
			fail_msg("%s:%zu: four columns are needed", path, number);
		bad += !row_holds(job, arena_printf(rows, "%s:%zu", path, number), columns);
		arena_reset(job);
		cases++;
	}
	assert_true(cases > 0);
	assert_int_equal(bad, 0);
	arena_free(&job);
	arena_free(&rows);
}

#define TYPE(type)                                                                                                     \
	static void reads_##type(void **state)                                                                         \
	{                                                                                                              \
		check_file(#type);                                                                                     \
	}

TYPE(number)
TYPE(date)
TYPE(yes_no)
TYPE(choice)
TYPE(choices)
TYPE(country)
TYPE(pattern)
TYPE(text)

/* At the limits of a line: at and above. */
static void reads_long_lines(void **state)
{
	struct arena *arena = arena_new();
	const struct field *field = form_field(forms_get(shared.forms, "cases", 0), "count");
	struct value_context context = {shared.lexicon, NULL, 0};
	struct view suggestion;
	json_t *value;
	size_t used;

	for (size_t len = VALUE_LINE_MAX - 1; len <= VALUE_LINE_MAX + 1; len++) {
		UNIT_SCOPED char *block = malloc(len);
		bool fits = len <= VALUE_LINE_MAX;

		memset(block, ' ', len);
		block[len - 1] = '7';
		assert_int_equal(
			value_read(&context, field, arena, (struct view){block, len}, &value, &used, &suggestion),
			fits ? VALUE_TAKEN : VALUE_INVALID);
		assert_int_equal(used, len);
		if (fits)
			assert_int_equal(json_integer_value(value), 7);
		json_decref(value);
	}
	arena_free(&arena);
}

/* Whatever comes in: no crash, a verdict, used within the text. Bytes that are not UTF-8 too. */
static void survives_anything(void **state)
{
	static const char *const pieces[] = {"4", "/", "5", " ", "\n", "-", ",", "\xd9\xac", "March", "2026",
		"\xd9\x88", "and", "strategy", "\xff", "\xe0\xa4", "(", ")", "*", "\"", "POL-2026-", "n/a", "Congo",
		"\xe2\x80\x8f", "\xc2\xa0", "."};
	const struct form *form;
	uint32_t seed = 7;

	for (int round = 0; round < 3000; round++) {
		struct arena *arena = arena_new();
		struct value_context context = {shared.lexicon, "fr", 1795000000};
		TEXT_SCOPED text;

		text_init(&text, 1000);
		for (int i = 0; i < round % 12; i++) {
			seed = seed * 1664525u + 1013904223u;
			text_add_string(&text, pieces[(seed >> 16) % COUNT(pieces)]);
		}
		form = forms_at(shared.forms, (size_t)round % forms_count(shared.forms));
		for (size_t i = 0; i < form->field_count; i++) {
			UNIT_SCOPED char *block = unit_heap(text_view(&text));
			struct view suggestion;
			json_t *value;
			size_t used;

			value_read(&context, &form->fields[i], arena, (struct view){block, text.len}, &value, &used,
				&suggestion);
			assert_true(used <= text.len);
			json_decref(value);
		}
		arena_free(&arena);
	}
}

#define SLOW_MS_MAX 150 /* of processor time */

/* Capitals where (x+)+[yv] has small letters: their case is not looked for letter by letter, each time to the limit. */
static void gives_up_slow_case(void **state)
{
	const struct value_context context = {.lexicon = shared.lexicon};
	struct arena *arena = arena_new();
	const struct field *field = find_field(arena, VIEW("cases.slow"));
	double least = 1e9;
	char text[64];

	memset(text, 'X', sizeof(text));
	text[sizeof(text) - 1] = 'Y';
	for (int turn = 0; turn < 3; turn++) {
		struct timespec from, to;
		struct view suggestion;
		double spent;
		json_t *value;
		size_t used;

		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
		assert_int_equal(value_read(&context, field, arena, (struct view){text, sizeof(text)}, &value, &used, &suggestion),
			VALUE_INVALID);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
		spent = (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
		least = spent < least ? spent : least;
	}
	if (least > SLOW_MS_MAX)
		fail_msg("%.0f ms", least);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_number),
		cmocka_unit_test(reads_date),
		cmocka_unit_test(reads_yes_no),
		cmocka_unit_test(reads_choice),
		cmocka_unit_test(reads_choices),
		cmocka_unit_test(reads_country),
		cmocka_unit_test(reads_pattern),
		cmocka_unit_test(reads_text),
		cmocka_unit_test(reads_long_lines),
		cmocka_unit_test(survives_anything),
		cmocka_unit_test(gives_up_slow_case),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
