/* Near misses: a misspelt label or option is suggested to the person who reviews, with the text that was found, and
 * never taken. */
#include "tests/unit/forms.h"

#define HEAD "Subject: Progress check\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"

/* Of progress-check: what the mail says, the field that has no value, what was found for it and what is suggested. */
static const struct {
	const char *name, *body, *field, *found, *suggestion;
} cases[] = {
	/* labels */
	{"en", "Country: Nepal\nPrograme: Courts\n", "programme", "Programe: Courts", "Courts"},
	{"en, its number", "1. Country: Nepal\n2. Programe: Courts\n", "programme", "2. Programe: Courts", "Courts"},
	{"en, a bullet, its hint", "Country: Nepal\n- Progres (1-5): 4\n", "progress", "- Progres (1-5): 4", "4"},
	{"fr", "Pays: Mali\nAvancment : 3\n", "progress", "Avancment : 3", "3"},
	{"es", "País: Perú\nProgrma - Justicia\n", "programme", "Progrma - Justicia", "Justicia"},
	{"pt", "País: Angola\nProgreso: 2\n", "progress", "Progreso: 2", "2"},
	{"ar", "البلد: العراق\nالبرنماج: الشرطة\n", "programme", "البرنماج: الشرطة", "الشرطة"},
	{"ne", "देश: नेपाल\nकार्यकरम: न्याय\n", "programme", "कार्यकरम: न्याय", "न्याय"},
	{"an optional one", "Country: Nepal\nObstacels: time\n", "obstacles", "Obstacels: time", "time"},
	{"inside a text", "Country: Nepal\nSupport needed: Fuel.\nPeople reachd: 12\n", "people_reached",
		"People reachd: 12", "12"},
	/* options, countries, yes and no */
	{"option, en", "Country: Nepal\nObstacles: fundng\n", "obstacles", "fundng", "funding"},
	{"option, fr", "Pays: Mali\nPartage: restrient\n", "sharing", "restrient", "restricted"},
	{"option, es", "País: Perú\nObstáculos: seguirdad\n", "obstacles", "seguirdad", "security"},
	{"option, pt", "País: Angola\nPartilha: abreto\n", "sharing", "abreto", "open"},
	{"option, ar", "البلد: العراق\nالعقبات: التنيسق\n", "obstacles", "التنيسق", "coordination"},
	{"option, ne", "देश: नेपाल\nबाधाहरू: सुरक्ष्या\n", "obstacles", "सुरक्ष्या", "security"},
	{"country", "Country: Nepall\nProgramme: Courts\n", "country", "Nepall", "NP"},
	{"yes among words", "Country: Nepal\nUrgent: yes I think so\n", "urgent", "yes I think so", "yes"},
	/* nothing that is near */
	{"another word", "Country: Nepal\nNote: Courts\n", "programme", "", ""},
	{"a sentence", "Country: Nepal\nProgrammes differ, and so do courts.\n", "programme", "", ""},
	{"nothing behind it", "Country: Nepal\nPrograme:\n", "programme", "", ""},
	{"a short label", "Programme: Courts\nDote: 2026-01-01\n", "date", "Dote: 2026-01-01", "2026-01-01"},
	{"one letter", "Country: Nepal\nPrograss: 3\n", "progress", "Prograss: 3", "3"},
};

static const char *member(json_t *filing, const char *object, const char *field)
{
	const char *text = json_string_value(json_object_get(json_object_get(filing, object), field));

	return text ? text : "";
}

static void suggests_and_never_takes(void **state)
{
	static const struct request_hint no_hint;
	struct arena *arena = arena_new();
	struct forms *forms = unit_forms(arena);

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct view mail = view_of(arena_printf(arena, "%s%s", HEAD, cases[i].body));
		UNIT_SCOPED char *block = unit_heap(mail);
		struct result result;
		json_t *filing, *value;

		parse_mail(forms, arena, (struct view){block, mail.len}, &no_hint, &result);
		filing = result_to_filing(&result);
		value = json_object_get(result.values, cases[i].field);
		if (value && strcmp(json_string_value(value) ? json_string_value(value) : "", "no-name") != 0)
			fail_msg("%s: %s was taken", cases[i].name, cases[i].field);
		unit_same(cases[i].name, view_of(member(filing, "found", cases[i].field)), view_of(cases[i].found));
		unit_same(cases[i].name, view_of(member(filing, "suggestions", cases[i].field)),
			view_of(cases[i].suggestion));
		json_decref(filing);
		result_release(&result);
	}
	forms_free(&forms);
	arena_free(&arena);
}

/* A label that is read rightly elsewhere needs no guess. */
static void says_nothing_of_what_was_answered(void **state)
{
	static const struct request_hint no_hint;
	struct arena *arena = arena_new();
	struct forms *forms = unit_forms(arena);
	struct result result;

	parse_mail(forms, arena, view_of(HEAD "Country: Nepal\nProgramme: Courts\nPrograme: Police\nProgress: 4\n"),
		&no_hint, &result);
	assert_int_equal(result.outcome, OUTCOME_FILED);
	assert_int_equal(result.misfit_count + result.near_count, 0);
	result_release(&result);
	forms_free(&forms);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suggests_and_never_takes),
		cmocka_unit_test(says_nothing_of_what_was_answered),
	};

	return cmocka_run_group_tests_name("near", tests, NULL, NULL);
}
