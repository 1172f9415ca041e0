/*
 * What is sent to practitioners: the bodies of requests, reminders and acknowledgements, and queries. With LETTERS_FOLDER in
 * the environment the parts of a request, a reminder and an acknowledgement are written there, by language.
 */
#include "unit.h"

#include <glob.h>

#include "base/unicode.h"
#include "base/unicode_region.h"
#include "forms.h"
#include "outreach/outreach.h"

#define REFERENCE "FP-7K3M9QXA2D"

static const char *const languages[] = {"en", "fr", "es", "pt", "ar", "ne"};

struct fixture {
	struct arena *arena;
	struct forms *forms;
};

static void add_all(struct arena *arena, const char *pattern, struct parse_source *list, size_t *count)
{
	glob_t found;

	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		list[*count].file = arena_strdup(arena, found.gl_pathv[i]);
		list[(*count)++].bytes = unit_file(arena, found.gl_pathv[i]);
	}
	globfree(&found);
}

static int open_fixture(void **state)
{
	static struct fixture fixture;
	struct parse_source forms[20], words[200];
	size_t form_count = 0, word_count = 0;
	struct error err = ERROR_INIT;

	fixture.arena = arena_new();
	add_all(fixture.arena, "config/forms/*.yaml", forms, &form_count);
	add_all(fixture.arena, "config/languages/*.yaml", words, &word_count);
	add_all(fixture.arena, "config/mail/letters/*/*.mustache", words, &word_count);
	assert_int_equal(parsers_open(&err), 0);
	if (forms_new(forms, form_count, words, word_count, &fixture.forms, &err) < 0)
		fail_msg("%s", err.text);
	*state = &fixture;
	return 0;
}

static int close_fixture(void **state)
{
	struct fixture *fixture = *state;

	forms_free(&fixture->forms);
	arena_free(&fixture->arena);
	return 0;
}

static const char *part(const json_t *body, const char *key)
{
	const char *text = json_string_value(json_object_get(body, key));

	return text ? text : "";
}

/* Its breaks of lines as blanks. */
static const char *flat(const struct fixture *fixture, const json_t *body)
{
	return unicode_squeeze(fixture->arena, view_of(part(body, "text"))).ptr;
}

static void unit_lacks(const char *name, const char *text, const char *words)
{
	if (strstr(text, words))
		fail_msg("%s: \"%s\" stands in:\n%s", name, words, text);
}

/* ---- what is given ---- */

static struct asking_request request_of(const struct fixture *fixture, const char *language, int number)
{
	return (struct asking_request){.form = forms_get(fixture->forms, "progress-check", 0),
		.language = language,
		.reference = REFERENCE,
		.name = "Aminata Kamara",
		.header_id = "<fp-7k3m9qxa2d@example.org>",
		.asked = "2026-11-03",
		.number = number};
}

static json_t *request_body(const struct fixture *fixture, const struct asking_request *request)
{
	struct error err = ERROR_INIT;
	json_t *body = NULL;

	if (asking_request_body(fixture->forms, fixture->arena, request, &body, &err) < 0)
		fail_msg("%s", err.text);
	return body;
}

static json_t *said(void)
{
	return json_pack("{s:{s:s,s:s,s:s,s:[s,s],s:s,s:b,s:s},s:{s:s,s:s},s:{s:s},s:[s,s,s,s,s,s]}", "values", "country", "SL",
		"programme", "Family Support Units", "date", "2026-11-03", "obstacles", "funding", "coordination", "support",
		"Fuel for the two vehicles until the end of the year: the nearest station is a day away, and the river is high.",
		"urgent", 0, "sharing", "no-name", "errors", "people_reached", "invalid-value", "progress", "missing-required",
		"found", "people_reached", "350 / 400", "given", "country", "programme", "date", "obstacles", "support", "urgent");
}

static struct asking_answer answer_of(const struct fixture *fixture, const char *language, const json_t *said)
{
	return (struct asking_answer){.kind = "open",
		.form = forms_get(fixture->forms, "progress-check", 0),
		.said = said,
		.language = language,
		.reference = REFERENCE,
		.name = "Aminata Kamara",
		.day = "2026-11-14",
		.subject = "Re: Re: hello",
		.header_id = "<r1@mail.example.com>",
		.request_header = "<fp-7k3m9qxa2d@example.org>"};
}

static json_t *answer_body(const struct fixture *fixture, const struct asking_answer *answer)
{
	struct error err = ERROR_INIT;
	json_t *body = NULL;

	if (asking_answer_body(fixture->forms, fixture->arena, answer, &body, &err) < 0)
		fail_msg("%s", err.text);
	return body;
}

static void keep(const struct fixture *fixture, const char *what, const char *language, const json_t *body)
{
	const char *folder = getenv("LETTERS_FOLDER"), *const parts[] = {"text", "html"}, *const endings[] = {"txt", "html"};

	for (size_t i = 0; folder && i < 2; i++) {
		const char *path = arena_printf(fixture->arena, "%s/%s.%s.%s", folder, what, language, endings[i]);
		FILE *file = fopen(path, "w");

		assert_non_null(file);
		fputs(part(body, parts[i]), file);
		fclose(file);
	}
}

/* ---- requests and reminders ---- */

static void test_request(void **state)
{
	const struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(languages); i++)
		for (int number = 0; number < 2; number++) {
			struct asking_request request = request_of(fixture, languages[i], number);
			json_t *body = request_body(fixture, &request);

			keep(fixture, number ? "reminder" : "request", languages[i], body);
			unit_holds(languages[i], part(body, "text"), REFERENCE "\n\n1. ");
			unit_same("language", view_of(part(body, "language")), view_of(languages[i]));
			unit_same("in reply to", view_of(part(body, "in_reply_to")), view_of(number ? request.header_id : ""));
			assert_int_equal(strncmp(part(body, "subject"), "Re: ", 4) == 0, number);
			unit_same("to", view_of(part(body, "to_name")), VIEW("Aminata Kamara"));
			unit_lacks("subject", part(body, "subject"), "Aminata");
			json_decref(body);
		}
}

static void test_neutral_request(void **state)
{
	const struct fixture *fixture = *state;
	struct asking_request request = request_of(fixture, "en", 0);
	json_t *body;

	request.neutral = true;
	body = request_body(fixture, &request);
	unit_same("subject", view_of(part(body, "subject")), VIEW("[" REFERENCE "]"));
	unit_lacks("html", part(body, "html"), "Progress check");
	unit_same("to", view_of(part(body, "to_name")), VIEW_NULL);
	json_decref(body);
}

static void test_channel_request(void **state)
{
	const struct fixture *fixture = *state;
	struct asking_request request = request_of(fixture, "en", 0);
	json_t *body;

	request.channel = true;
	body = request_body(fixture, &request);
	assert_int_equal(json_object_size(body), 1);
	unit_holds("text", part(body, "text"), "1. Country: \n");
	json_decref(body);
}

/* ---- acknowledgements ---- */

static void test_open(void **state)
{
	static const struct {
		const char *language, *head, *country, *words, *assumed, *wrong; /* NULL: not looked at */
	} cases[] = {
		{"en", "Thank you. Understood 6, still open 2\n", "  Country \u2192 Sierra Leone\n",
			"“Fuel for the two vehicles until the end of the year …” (all 110 characters are kept)", "  Sharing \u2192 no name (you left it out)\n",
			"You wrote “350 / 400”."},
		{"fr", "Merci. Réponses comprises 6, encore ouvertes 2\n", "  Pays \u2192 Sierra Leone\n", "du 14 novembre", NULL, NULL},
		{"ne", "बुझिएको ६, बाँकी २\n", "  देश \u2192 ", NULL, "(तपाईंले छोड्नुभयो)", "“350 / 400”"},
		{"ar", "المفهوم 6، الباقي 2\n", "  البلد \u2190 سيراليون\n", NULL, "(لم تملؤوه)", "350 / 400"},
	};
	const struct fixture *fixture = *state;
	json_t *what = said();

	for (size_t i = 0; i < COUNT(languages); i++) {
		struct asking_answer answer = answer_of(fixture, languages[i], what);
		json_t *body = answer_body(fixture, &answer);
		const char *text = part(body, "text");

		keep(fixture, "acknowledgement", languages[i], body);
		unit_holds("the lines", text, REFERENCE "\n\n4. ");
		unit_holds("subject", part(body, "subject"), "Re: [" REFERENCE "] ");
		unit_same("in reply to", view_of(part(body, "in_reply_to")), VIEW("<r1@mail.example.com>"));
		unit_same("auto", view_of(part(body, "auto")), VIEW("auto-replied"));
		for (size_t k = 0; k < COUNT(cases); k++) {
			if (strcmp(cases[k].language, languages[i]) != 0)
				continue;
			unit_holds("head", text, cases[k].head);
			unit_holds("country", text, cases[k].country);
			if (cases[k].words)
				unit_holds("words", flat(fixture, body), cases[k].words);
			if (cases[k].assumed)
				unit_holds("assumed", text, cases[k].assumed);
			if (cases[k].wrong)
				unit_holds("wrong", flat(fixture, body), cases[k].wrong);
		}
		json_decref(body);
	}
	json_decref(what);
}

static void test_flags(void **state)
{
	const struct fixture *fixture = *state;
	json_t *what = said();
	struct asking_answer answer = answer_of(fixture, "en", what);
	json_t *body;

	answer.no_content = true;
	body = answer_body(fixture, &answer);
	unit_lacks("no content", part(body, "text"), "Sierra");
	unit_lacks("no content", part(body, "html"), "Sierra");
	unit_lacks("no content", part(body, "text"), "350 / 400");
	unit_holds("no content", part(body, "text"), "4. Progress (1-5): \n5. People reached: \n");
	json_decref(body);
	answer.neutral = true;
	body = answer_body(fixture, &answer);
	unit_same("neutral", view_of(part(body, "subject")), VIEW("Re: [" REFERENCE "]"));
	unit_lacks("neutral", part(body, "text"), "Aminata");
	unit_lacks("neutral", part(body, "html"), "<h1");
	json_decref(body);
	json_decref(what);
}

/* What was said must not look like a form when it is quoted; nor may a name. */
static void test_echo(void **state)
{
	static const struct {
		const char *said, *echo;
	} cases[] = {
		{"Courts: the new ones", "“Courts …” (all 20 characters are kept)"},
		{"1. Nepal", "“1 …” (all 8 characters are kept)"},
		{"Mid-Western region", "“Mid-Western region” To"},
		{"Courts - new", "“Courts …” (all 12 characters are kept)"},
		{"two\nlines", "“two lines” To"},
		{"a {{name}} <b> ** c", "“a {{name}} <b> ** c” To"},
	};
	const struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		json_t *what = json_pack("{s:{s:s}}", "values", "programme", cases[i].said);
		struct asking_answer answer = answer_of(fixture, "en", what);
		json_t *body;

		answer.kind = "understood";
		answer.name = "Programme: x";
		body = answer_body(fixture, &answer);
		unit_holds(cases[i].said, flat(fixture, body), cases[i].echo);
		unit_holds("name", part(body, "text"), "Dear colleague,");
		unit_holds("whole", flat(fixture, body), "Nothing more is needed.");
		json_decref(body);
		json_decref(what);
	}
}

static void test_others(void **state)
{
	static const struct {
		const char *kind, *words;
	} cases[] = {
		{"duplicate", "We already had the same words"},
		{"who-are-you", "We do not know this address yet"},
		{"too-large", "was too large"},
	};
	const struct fixture *fixture = *state;

	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t k = 0; k < COUNT(languages); k++) {
			struct asking_answer answer = answer_of(fixture, languages[k], NULL);
			json_t *body;

			answer.kind = cases[i].kind;
			answer.reference = NULL;
			answer.form = NULL;
			body = answer_body(fixture, &answer);
			unit_same("subject", view_of(part(body, "subject")), VIEW("Re: hello"));
			if (k == 0)
				unit_holds(cases[i].kind, flat(fixture, body), cases[i].words);
			unit_lacks(cases[i].kind, part(body, "text"), "{{");
			json_decref(body);
		}
}

static void test_short(void **state)
{
	const struct fixture *fixture = *state;
	json_t *what = said();
	struct asking_answer answer = answer_of(fixture, "fr", what);
	json_t *body;

	answer.channel = true;
	body = answer_body(fixture, &answer);
	assert_int_equal(json_object_size(body), 1);
	unit_holds("short", part(body, "text"), "Il faut un nombre de 1 à 5 sous Avancement.");
	unit_holds("short", part(body, "text"), "\n4. Avancement (1-5): \n5. Personnes touchées: \n");
	unit_lacks("short", part(body, "text"), "Sierra");
	json_decref(body);
	json_decref(what);
}

/* ---- whom, and where they are ---- */

static void test_query(void **state)
{
	static const struct {
		const char *query, *people; /* NULL: refused */
	} cases[] = {
		{"all", "{}"},
		{" ALL ", "{}"},
		{"country=NP,SL; role = police officer", "{\"countries\": [\"NP\", \"SL\"], \"roles\": [\"police officer\"]}"},
		{"country=NP;country=SL", "{\"countries\": [\"NP\", \"SL\"]}"},
		{"Language=fr;", "{\"languages\": [\"fr\"]}"},
		{"", NULL},
		{"country", NULL},
		{"country=", NULL},
		{"county=NP", NULL},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error err = ERROR_INIT;
		json_t *people = NULL;
		char *text;

		assert_int_equal(asking_query(cases[i].query, &people, &err), cases[i].people ? 0 : -1);
		if (!cases[i].people)
			continue;
		text = json_dumps(people, JSON_SORT_KEYS);
		assert_string_equal(text, cases[i].people);
		free(text);
		json_decref(people);
	}
}

static void test_regions(void **state)
{
	json_t *regions = unicode_regions();
	const json_t *nepal = json_object_get(regions, "NP"), *saudi = json_object_get(regions, "SA");

	unit_holds("zone", part(nepal, "zone"), "Asia/Kat"); /* with or without an h, as CLDR has it */
	assert_int_equal(json_integer_value(json_array_get(json_object_get(saudi, "weekend"), 0)), 5);
	assert_int_equal(json_integer_value(json_array_get(json_object_get(saudi, "weekend"), 1)), 6);
	assert_string_equal(part(json_object_get(regions, "US"), "zone"), "");
	assert_true(json_object_size(regions) > 200);
	json_decref(regions);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_neutral_request),
		cmocka_unit_test(test_channel_request),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_regions),
	};

	return cmocka_run_group_tests(tests, open_fixture, close_fixture);
}
