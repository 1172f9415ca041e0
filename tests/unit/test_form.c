/*
 * Forms: what is refused and where, what is loaded. The cases are files of tests/cases/form: their first line says
 * "# ok" or "# LINE:COLUMN: what" as the error must end.
 */
#include "tests/unit/forms.h"

#include "parsers/form.h"

#define ENGLISH "config/languages/en.yaml"

static void check_case(struct arena *arena, const char *path)
{
	struct view bytes = unit_file(arena, path), first;
	struct error err = ERROR_INIT;
	struct forms *forms = NULL;
	int result;

	view_next_line(&bytes, &first);
	result = unit_forms_from(arena, path, ENGLISH, &forms, &err);
	if (view_equal(first, VIEW("# ok"))) {
		if (result < 0)
			fail_msg("%s: refused: %s", path, err.text);
		forms_free(&forms);
		assert_null(forms);
		return;
	}
	if (result == 0)
		fail_msg("%s: accepted", path);
	assert_int_equal(err.reach, REACH_STOP);
	unit_same(path, view_of(err.text),
		view_of(arena_printf(arena, "%s:%.*s", path, VIEW_ARGS(view_sub(first, 2, first.len)))));
}

static void test_cases(void **state)
{
	glob_t found;

	assert_int_equal(glob("tests/cases/form/*.yaml", 0, NULL, &found), 0);
	assert_true(found.gl_pathc > 20);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct arena *arena = arena_new();

		check_case(arena, found.gl_pathv[i]);
		arena_free(&arena);
	}
	globfree(&found);
}

static void test_shipped(void **state)
{
	struct arena *arena = arena_new();
	struct forms *forms = unit_forms(arena);
	const struct form *form = forms_get(forms, "field-lesson", 0);
	const struct field *field;

	assert_int_equal(forms_count(forms), 3);
	assert_non_null(form);
	assert_ptr_equal(forms_get(forms, "field-lesson", 1), form);
	assert_null(forms_get(forms, "field-lesson", 2));
	assert_null(forms_get(forms, "field", 0));
	assert_int_equal(form->field_count, 9);
	assert_int_equal(strlen(form->source_sha256), 64);
	field = form_field(form, "activity");
	assert_int_equal(field->number, 4);
	assert_int_equal(field->type, FIELD_CHOICES);
	assert_true(field->theme);
	assert_int_equal(field->option_count, 5);
	assert_string_equal(words_get(&field->label, "fr"), "Domaine d'activité");
	assert_string_equal(words_get(&field->label, "de"), "Area of work");
	assert_string_equal(form_field(form, "sharing")->fallback, "no-name");
	assert_true(form_field(form, "lesson")->required);
	assert_string_equal(field_type_name(FIELD_YES_NO), "yes_no");
	assert_string_equal(country_name(forms, "NP", "fr"), "Népal");
	assert_string_equal(country_name(forms, "ZZ", "fr"), "ZZ");
	forms_free(&forms);
	arena_free(&arena);
}

/* A form twice in one version; the same in two versions, of which the newest is meant. */
static void test_versions(void **state)
{
	struct arena *arena = arena_new();
	struct error err = ERROR_INIT;
	struct forms *forms = NULL;

	assert_int_equal(unit_forms_from(arena, "tests/cases/form/sets/twice-*.yaml", ENGLISH, &forms, &err), -1);
	unit_holds("twice", err.text, "twice-b.yaml:1:1: version 1 of the form \"visit\" is there twice");
	assert_int_equal(unit_forms_from(arena, "tests/cases/form/sets/version-*.yaml", ENGLISH, &forms, &err), 0);
	assert_int_equal(forms_get(forms, "visit", 0)->version, 2);
	assert_int_equal(forms_get(forms, "visit", 1)->version, 1);
	forms_free(&forms);
	arena_free(&arena);
}

/* (a+)+ and its kin are warned of; what cannot run away is not. */
static void test_nested(void **state)
{
	static const struct {
		const char *pattern;
		bool nested;
	} patterns[] = {
		{"(a+)+$", true},
		{"(?<what>(a+)+)$", true},
		{"(?:x*y)*", true},
		{"([a-z]+ ?){2,}", true},
		{"((a|b)+c){3,}", true},
		{"(a+){3}", false},
		{"(a+)?b+", false},
		{"(abc)+", false},
		{"a+b+c*", false},
		{"([+*]x)+", false},
		{"(\\+\\*)+", false},
		{"(a++)+", false},
		{"[(]a+[)]+", false},
		{"[A-Z]{2,5}-\\d{4}", false},
	};

	for (size_t i = 0; i < COUNT(patterns); i++)
		if (form_regex_is_nested(patterns[i].pattern) != patterns[i].nested)
			fail_msg("%s", patterns[i].pattern);
}

static void test_warning(void **state)
{
	struct arena *arena = arena_new();
	struct error err = ERROR_INIT;
	struct forms *forms = NULL;

	assert_int_equal(
		unit_forms_from(arena, "tests/cases/match/*.yaml", "config/languages/*.yaml", &forms, &err), 0);
	assert_null(form_warning(forms_get(forms, "incident", 0)));
	unit_holds("slow", form_warning(forms_get(forms, "slow", 0)),
		"tests/cases/match/slow.yaml:7:9: a quantifier stands");
	forms_free(&forms);
	arena_free(&arena);
}

/* The first line of each says "# LINE:COLUMN: what". */
static void test_warnings(void **state)
{
	glob_t found;

	assert_int_equal(glob("tests/cases/form/warnings/*.yaml", 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 6);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct arena *arena = arena_new();
		const char *path = found.gl_pathv[i], *warning;
		struct view bytes = unit_file(arena, path), first;
		struct error err = ERROR_INIT;
		struct forms *forms = NULL;

		view_next_line(&bytes, &first);
		assert_int_equal(unit_forms_from(arena, path, "config/languages/*.yaml", &forms, &err), 0);
		warning = form_warning(forms_at(forms, 0));
		unit_same(path, view_of(warning ? warning : "none"),
			view_of(arena_printf(arena, "%s:%.*s", path, VIEW_ARGS(view_sub(first, 2, first.len)))));
		forms_free(&forms);
		arena_free(&arena);
	}
	globfree(&found);
}

static void test_shipped_have_no_warning(void **state)
{
	struct arena *arena = arena_new();
	struct forms *forms = unit_forms(arena);

	for (size_t i = 0; i < forms_count(forms); i++)
		assert_null(form_warning(forms_at(forms, i)));
	forms_free(&forms);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_shipped),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_warning),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_shipped_have_no_warning),
		cmocka_unit_test(test_versions),
	};

	return cmocka_run_group_tests_name("form", tests, NULL, NULL);
}
