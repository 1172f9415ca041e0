/* Letters: templates with marks, values that cannot be taken for marks, text and HTML, dates and numbers. */
#include "unit.h"

#include <glob.h>

#include "base/unicode.h"
#include "forms.h"
#include "parsers/parsers.h"

#define REFERENCE "FP-7K3M9QXA2D"

static const char *const languages[] = {"en", "fr", "es", "pt", "ar", "ne"};

struct fixture {
	struct arena *arena;
	struct forms *forms;
};

static struct parse_source source(const char *file, const char *text)
{
	return (struct parse_source){file, view_of(text)};
}

/* The shipped forms and languages, with templates of this test beside them. */
static struct fixture open_with(const struct parse_source *own, size_t count)
{
	struct fixture fixture = {.arena = arena_new()};
	struct parse_source forms[20], list[200];
	size_t form_count = 0, list_count = 0;
	static const char *const patterns[] = {
		"config/forms/*.yaml", "config/languages/*.yaml", "config/mail/letters/*/*.mustache"};
	struct error err = ERROR_INIT;

	for (size_t i = 0; i < COUNT(patterns); i++) {
		glob_t found;

		if (glob(patterns[i], 0, NULL, &found) != 0)
			continue;
		for (size_t k = 0; k < found.gl_pathc; k++) {
			struct parse_source one = {arena_strdup(fixture.arena, found.gl_pathv[k]),
				unit_file(fixture.arena, found.gl_pathv[k])};

			if (i == 0)
				forms[form_count++] = one;
			else
				list[list_count++] = one;
		}
		globfree(&found);
	}
	for (size_t i = 0; i < count; i++)
		list[list_count++] = own[i];
	assert_int_equal(parsers_open(&err), 0);
	if (forms_new(forms, form_count, list, list_count, &fixture.forms, &err) < 0)
		fail_msg("%s", err.text);
	return fixture;
}

static void close_fixture(struct fixture *fixture)
{
	forms_free(&fixture->forms);
	arena_free(&fixture->arena);
}

static const char *render(const struct fixture *fixture, const struct letter_order *order, bool html)
{
	struct error err = ERROR_INIT;
	struct text out;
	const char *copy;

	text_init(&out, 1000000);
	if ((html ? forms_letter_html : forms_letter_text)(fixture->forms, order, &out, &err) < 0)
		fail_msg("%s", err.text);
	copy = arena_strdup(fixture->arena, text_string(&out));
	text_release(&out);
	return copy;
}

static void test_marks(void **state)
{
	static const char template[] = "# Head of {{name}}\n\n## Part\n- {{name}} **is** here\n- second\n\nWords that "
				       "go on\nand **on**, {{name}}.\n";
	struct parse_source own[] = {source("x/en/probe.mustache", template)};
	struct fixture fixture = open_with(own, 1);
	json_t *view = json_pack("{s:s}", "name", "**bold** <b>\n# x\x04");
	struct letter_order order = {.name = "probe", .language = "en", .view = view};

	unit_same("text", view_of(render(&fixture, &order, false)),
		VIEW("Head of **bold** <b> # x\n\nPART\n\n  **bold** <b> # x is here\n  second\n\n"
		     "Words that go on and on, **bold** <b> # x .\n"));
	unit_holds("html", render(&fixture, &order, true), "<b>is</b> here</p>");
	unit_holds("html", render(&fixture, &order, true), "**bold** &lt;b&gt; # x");
	json_decref(view);
	close_fixture(&fixture);
}

/* What runs the other way is set apart; marks of direction from outside are not passed on. */
static void test_directions(void **state)
{
	struct parse_source own[] = {source("x/ar/probe.mustache", "قال {{name}}.\n")};
	struct fixture fixture = open_with(own, 1);
	json_t *view = json_pack("{s:s}", "name", "Amina\u202e");
	struct letter_order order = {.name = "probe", .language = "ar", .view = view};

	unit_same("text", view_of(render(&fixture, &order, false)), view_of("قال \u2068Amina\u2069.\n"));
	unit_holds("html", render(&fixture, &order, true), "قال <span dir=\"ltr\">Amina</span>.");
	unit_holds("html", render(&fixture, &order, true), "<table role=\"presentation\" lang=\"ar\" dir=\"rtl\"");
	json_decref(view);
	close_fixture(&fixture);
}

static void test_fallback(void **state)
{
	struct parse_source own[] = {source("x/fr/probe.mustache", "Oui.\n"), source("x/en/other.mustache", "Yes.\n")};
	struct fixture fixture = open_with(own, 2);
	struct letter_order order = {.name = "other", .language = "fr"};

	assert_string_equal(forms_letter_language(fixture.forms, "probe", "fr"), "fr");
	assert_string_equal(forms_letter_language(fixture.forms, "probe", "fr-CA"), "fr");
	assert_null(forms_letter_language(fixture.forms, "probe", "es"));
	assert_string_equal(forms_letter_language(fixture.forms, "other", "es"), "en");
	unit_same("english", view_of(render(&fixture, &order, false)), view_of("Yes.\n"));
	close_fixture(&fixture);
}

static void test_refused(void **state)
{
	static const struct {
		const char *file, *text, *words;
	} cases[] = {
		{"x/en/probe.mustache", "{{#open}}\n", "x/en/probe.mustache, "},
		{"x/en/probe.mustache", "\xff\n", "not UTF-8"},
		{"probe.mustache", "a\n", "stands in no folder"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct parse_source own = source(cases[i].file, cases[i].text);
		struct error err = ERROR_INIT;
		struct forms *forms = NULL;

		assert_int_equal(parsers_open(&err), 0);
		assert_int_equal(forms_new(NULL, 0, &own, 1, &forms, &err), -1);
		unit_holds(cases[i].file, err.text, cases[i].words);
	}
}

/* Every request that ships: small, short lines, nothing behind the last one, the reference once. */
static void test_requests(void **state)
{
	struct fixture fixture = open_with(NULL, 0);
	static const char *const names[] = {"request", "reminder"};

	for (size_t f = 0; f < forms_count(fixture.forms); f++)
		for (size_t l = 0; l < COUNT(languages); l++)
			for (size_t n = 0; n < COUNT(names); n++) {
				json_t *view = json_pack("{s:s,s:b}", "asked", "3 May", "last", 1);
				struct letter_order order = {.name = names[n],
					.language = languages[l],
					.view = view,
					.form = forms_at(fixture.forms, f),
					.reference = REFERENCE};
				struct view rest = view_of(render(&fixture, &order, false)), line, last = VIEW_NULL;

				assert_true(rest.len < 3000);
				assert_true(view_find(rest, VIEW(REFERENCE)) > 0);
				assert_string_equal(forms_letter_language(fixture.forms, names[n], languages[l]), languages[l]);
				while (view_next_line(&rest, &line)) {
					assert_true(line.len < 998);
					last = line;
				}
				assert_true(view_ends(last, VIEW(": ")));
				assert_true(view_ends(view_of(render(&fixture, &order, true)),
					VIEW("<br></td></tr>\n</table>\n</body>\n</html>\n")));
				json_decref(view);
			}
	close_fixture(&fixture);
}

static void test_dates(void **state)
{
	static const struct {
		const char *language, *with_year, *without;
	} cases[] = {
		{"en", "3 November 2026", "3 November"},
		{"fr", "3 novembre 2026", "3 novembre"},
		{"es", "3 de noviembre de 2026", "3 de noviembre"},
		{"pt", "3 de novembro de 2026", "3 de novembro"},
		{"ar", "3 نوفمبر 2026", "3 نوفمبر"},
		{"ne", "२०२६ नोभेम्बर ३", "नोभेम्बर ३"},
	};
	struct fixture fixture = open_with(NULL, 0);

	for (size_t i = 0; i < COUNT(cases); i++) {
		unit_same(cases[i].language,
			view_of(forms_letter_date(fixture.forms, fixture.arena, cases[i].language, 2026, 11, 3)),
			view_of(cases[i].with_year));
		unit_same(cases[i].language,
			view_of(forms_letter_date(fixture.forms, fixture.arena, cases[i].language, 0, 11, 3)),
			view_of(cases[i].without));
	}
	assert_string_equal(forms_letter_number(fixture.forms, fixture.arena, "ne", -120), "-१२०");
	assert_string_equal(forms_letter_number(fixture.forms, fixture.arena, "ar", 120), "120");
	close_fixture(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_directions),
		cmocka_unit_test(test_fallback),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_dates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
