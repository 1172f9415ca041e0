/* Simulated clients: texts made for a regex, templates, wrapping, and what is refused in a client's file. */
#include "tests/unit/forms.h"

#include "base/unicode.h"
#include "parsers/client.h"
#include "parsers/regex.h"

static const struct {
	const char *pattern;
	bool made;
} patterns[] = {
	{"[A-Z]{2,5}-\\d{4}-\\d{3}", true},
	{"SSR(?:-\\d{2,}){1,3}", true},
	{"^(AB|CD|EF)\\.[0-9a-f]{8}$", true},
	{"\\w+_[x\\d]?z*", true},
	{"\\b[KL]\\s\\d+\\b", true},
	{"a{3}b{0,2}", true},
	{"[\\]\\-a]+", true},
	{"[^a]", false},
	{"(?=x)y", false},
	{"(a)\\1", false},
	{"\\p{Lu}+", false},
	{"(((((((a)))))))", false},
	{"a{2,1}", false},
	{"[abc", false},
	{"(ab", false},
	{"", false},
};

static void makes_what_a_regex_matches(void **state)
{
	for (size_t i = 0; i < COUNT(patterns); i++) {
		struct arena *arena = arena_new();
		struct error err = ERROR_INIT;
		struct regex *regex = NULL;
		struct regex_span span;

		if (patterns[i].made)
			assert_int_equal(regex_new(view_of(patterns[i].pattern), REGEX_WHOLE, &regex, &err), 0);
		for (unsigned turn = 0; turn < 50; turn++) {
			const char *text = client_pattern(arena, patterns[i].pattern, turn);

			if (!patterns[i].made && text)
				fail_msg("%s: \"%s\" was made", patterns[i].pattern, text);
			if (patterns[i].made && (!text || regex_match(regex, view_of(text), 0, &span, 1) != 1))
				fail_msg("%s: \"%s\" does not match", patterns[i].pattern, text ? text : "nothing");
		}
		if (regex)
			regex_free(&regex);
		arena_free(&arena);
	}
}

static void fills_templates(void **state)
{
	static const struct {
		const char *text, *filled;
	} cases[] = {
		{"", ""},
		{"plain", "plain"},
		{"{a}", "one"},
		{"<{a}{b}>", "<one>"},
		{"{a", "{a"},
		{"{ab} {a}", "{ab} one"},
		{"{{a}}", "{one}"},
	};
	struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT(cases); i++)
		unit_same(cases[i].text, view_of(client_fill(arena, cases[i].text, "a", "one", "b", "", NULL)),
			view_of(cases[i].filled));
	arena_free(&arena);
}

static void wraps_at_any_width(void **state)
{
	const char *words =
		"Nous recueillons de courts récits de ce que les praticiens ont appris\n\n3. Phase (avant / après): \n";
	struct arena *arena = arena_new();
	struct view wide = client_quoted(arena, view_of(words), 0, "> ");

	unit_same("not wrapped", wide,
		view_of("> Nous recueillons de courts récits de ce que les praticiens ont appris\r\n>\r\n"
			"> 3. Phase (avant / après): \r\n"));
	for (size_t width = 15; width <= 110; width++) {
		struct view rest = client_quoted(arena, view_of(words), width, ""), line;

		while (view_next_line(&rest, &line))
			if (unicode_length(view_trim_end(line)) > width)
				fail_msg("%zu columns: \"%.*s\"", width, VIEW_ARGS(line));
	}
	arena_free(&arena);
}

#define ANSWERS "countries: [NP]\nanswers: {en: {name: [A]}}\n"

static const struct {
	const char *name, *file, *error; /* NULL: right */
} files[] = {
	{"right", "client: x\nstyles: [between]\n", NULL},
	{"no name", "styles: [between]\n", "x.yaml:1:1: a client needs a name"},
	{"no styles", "client: x\n", "\"styles\""},
	{"unknown style", "client: x\nstyles: [sideways]\n", "x.yaml:2:10: \"sideways\""},
	{"unknown key", "client: x\nstyle: [between]\n", "unknown key \"style\""},
	{"unknown key of text", "client: x\nstyles: [between]\ntext: {marc: '>'}\n",
		"x.yaml:3:14: unknown key \"marc\""},
	{"a width too large", "client: x\nstyles: [between]\ntext: {wrap: 2000}\n", "x.yaml:3:14:"},
	{"text is no mapping", "client: x\nstyles: [between]\ntext: plain\n", "x.yaml:3:7:"},
	{"unknown table", "client: x\nstyles: [between]\nhtml: {table: round}\n", "\"round\""},
	{"unknown fault", "client: x\nstyles: [between]\nfault: {lose: 1}\n", "a fault is drop"},
	{"half a swap", "client: x\nstyles: [between]\nfault: {swap: [1]}\n", "a fault is drop"},
};

static void refuses_what_it_does_not_know(void **state)
{
	for (size_t i = 0; i < COUNT(files); i++) {
		UNIT_SCOPED char *block = unit_heap(view_of(files[i].file));
		struct parse_source sources[] = {
			{"answers.yaml", view_of(ANSWERS)}, {"x.yaml", view_of(files[i].file)}};
		struct error err = ERROR_INIT;
		struct clients *clients = NULL;
		int rc;

		sources[1].bytes.ptr = block;
		rc = clients_new(sources, 2, NULL, 0, &clients, &err);
		if (rc != (files[i].error ? -1 : 0))
			fail_msg("%s: %d, %s", files[i].name, rc, err.text);
		if (files[i].error)
			unit_holds(files[i].name, err.text, files[i].error);
		clients_free(&clients);
	}
}

static void needs_clients_and_answers(void **state)
{
	struct parse_source answers = {"answers.yaml", view_of(ANSWERS)};
	struct parse_source client = {"x.yaml", view_of("client: x\nstyles: [between]\n")};
	struct error err = ERROR_INIT;
	struct clients *clients = NULL;

	assert_int_equal(clients_new(&answers, 1, NULL, 0, &clients, &err), -1);
	assert_int_equal(clients_new(&client, 1, NULL, 0, &clients, &err), -1);
	unit_holds("no answers", err.text, "answers.yaml");
	assert_null(clients);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_what_a_regex_matches),
		cmocka_unit_test(fills_templates),
		cmocka_unit_test(wraps_at_any_width),
		cmocka_unit_test(refuses_what_it_does_not_know),
		cmocka_unit_test(needs_clients_and_answers),
	};
	int failed;

	if (unicode_open(NULL) < 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unicode_close();
	return failed;
}
