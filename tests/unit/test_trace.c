/* Trace: what is told of the lines of every case agrees with what was read of it. The words stand in tests/cases/trace.
 */
#include "tests/unit/forms.h"

static bool is_told(const struct trace *trace, const char *field)
{
	for (size_t i = 0; i < trace->count; i++)
		if (trace->lines[i].field && strcmp(trace->lines[i].field, field) == 0 &&
			trace->lines[i].kind != TRACE_REMARK)
			return true;
	return false;
}

static void check_lines(const char *path, const struct trace *trace)
{
	for (size_t i = 0; i < trace->count; i++) {
		const struct trace_line *line = &trace->lines[i];

		if ((line->kind == TRACE_BLANK) != (*line->why == '\0'))
			fail_msg("%s, line %zu: \"%s\"", path, line->number, line->why);
		if (line->wrong && line->kind != TRACE_ANSWER)
			fail_msg("%s, line %zu: wrong, but no answer", path, line->number);
	}
}

static void check_file(const struct forms *forms, const char *path)
{
	static const struct request_hint no_hint;
	bool channel = view_ends(view_of(path), VIEW(".txt"));
	struct arena *arena = arena_new();
	struct view bytes = unit_file(arena, path);
	UNIT_SCOPED char *block = unit_heap(bytes);
	struct view input = {block, bytes.len};
	struct result result;
	struct trace trace;

	(channel ? parse_message : parse_mail)(forms, arena, input, &no_hint, &result);
	parse_trace(forms, arena, input, channel, &no_hint, &trace);
	check_lines(path, &trace);
	/* What a regex found in the subject stands in no line. */
	for (size_t i = 0; i < result.provenance_count; i++)
		if (result.provenance[i].end > 0 && json_object_get(result.values, result.provenance[i].field) &&
			!is_told(&trace, result.provenance[i].field))
			fail_msg("%s: no line is told to hold %s", path, result.provenance[i].field);
	if (result.remarks.len == 0)
		for (size_t i = 0; i < trace.count; i++)
			if (trace.lines[i].kind == TRACE_REMARK)
				fail_msg("%s, line %zu: a remark, but there is none", path, trace.lines[i].number);
	result_release(&result);
	arena_free(&arena);
}

static void check_files(const struct forms *forms, const char *pattern, size_t least)
{
	glob_t found;

	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= least);
	for (size_t i = 0; i < found.gl_pathc; i++)
		check_file(forms, found.gl_pathv[i]);
	globfree(&found);
}

static void test_replies(void **state)
{
	struct arena *arena = arena_new();
	struct forms *forms = unit_forms(arena);

	check_files(forms, "tests/cases/reply/*.eml", 60);
	check_files(forms, "tests/cases/reply/*.txt", 10);
	check_files(forms, "tests/cases/replies/*.eml", 200);
	forms_free(&forms);
	arena_free(&arena);
}

/* What a form's own regexes found. */
static void test_regexes(void **state)
{
	struct arena *arena = arena_new();
	struct error err = ERROR_INIT;
	struct forms *forms = NULL;

	if (unit_forms_from(arena, "tests/cases/match/*.yaml", "config/languages/*.yaml", &forms, &err) < 0)
		fail_msg("%s", err.text);
	check_files(forms, "tests/cases/match/*.eml", 6);
	forms_free(&forms);
	arena_free(&arena);
}

/* What says by its headers what it is has no lines to tell of; nor has what is too large. */
static void test_nothing(void **state)
{
	static const char bounce[] = "From: a@b.example\nAuto-Submitted: auto-replied\n\nI am away.\n";
	static const struct request_hint no_hint;
	struct arena *arena = arena_new();
	struct forms *forms = unit_forms(arena);
	char *much = malloc(PARSE_TEXT_MAX + 1);
	struct trace trace;

	parse_trace(forms, arena, view_of(bounce), false, &no_hint, &trace);
	assert_int_equal(trace.count, 0);
	memset(much, 'x', PARSE_TEXT_MAX + 1);
	parse_trace(forms, arena, (struct view){much, PARSE_TEXT_MAX + 1}, true, &no_hint, &trace);
	assert_int_equal(trace.count, 0);
	parse_trace(forms, arena, VIEW(""), true, &no_hint, &trace);
	assert_int_equal(trace.count, 0);
	free(much);
	forms_free(&forms);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_regexes),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
