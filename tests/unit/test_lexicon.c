/*
 * Unit tests of parsers/lexicon: the shipped languages themselves (every name of every country, every word), lines
 * against tests/cases/lexicon/lines.tsv, and files that are refused.
 */
#include "tests/unit/words.h"

#include "base/yaml.h"

static struct {
	struct arena *arena;
	struct lexicon *lexicon;
} shared;

static int load(void **state)
{
	shared.arena = arena_new();
	shared.lexicon = words_lexicon(shared.arena);
	return 0;
}

static int unload(void **state)
{
	lexicon_free(&shared.lexicon);
	arena_free(&shared.arena);
	return 0;
}

static bool is_line(struct arena *arena, struct view kind, struct view line)
{
	static const struct {
		const char *name;
		unsigned kind;
	} questions[] = {
		{"attribution", LEXICON_ATTRIBUTION},
		{"separator", LEXICON_SEPARATOR},
		{"forwarded", LEXICON_FORWARDED},
		{"closing", LEXICON_CLOSING},
		{"phone", LEXICON_PHONE_LINE},
		{"disclaimer", LEXICON_DISCLAIMER},
		{"footer", LEXICON_LIST_FOOTER},
		{"banner", LEXICON_BANNER},
	};
	unsigned kinds = lexicon_line(shared.lexicon, arena, line);
	int header = lexicon_header_name(shared.lexicon, arena, line);

	assert_int_equal(lexicon_is_attribution(shared.lexicon, arena, line), (kinds & LEXICON_ATTRIBUTION) != 0);
	for (size_t i = 0; i < COUNT(questions); i++)
		if (view_equal(kind, view_of(questions[i].name)))
			return (kinds & questions[i].kind) != 0;
	assert_int_equal(header > 0, (kinds & LEXICON_HEADER) != 0);
	if (view_starts(kind, VIEW("header=")))
		return header == kind.ptr[7] - '0';
	assert_true(view_equal(kind, VIEW("-")));
	return kinds == 0;
}

static void knows_lines(void **state)
{
	struct arena *rows = arena_new(), *job = arena_new();
	struct view rest = unit_file(rows, "tests/cases/lexicon/lines.tsv"), columns[WORDS_COLUMNS];
	size_t number = 0, cases = 0, bad = 0;

	while (words_row(rows, &rest, &number, columns)) {
		struct view line = words_unescape(rows, columns[1]);
		UNIT_SCOPED char *block = unit_heap(line);

		cases++;
		if (!is_line(job, columns[0], (struct view){block, line.len})) {
			print_error("lines.tsv:%zu: not %.*s (but %x): %.*s\n", number, VIEW_ARGS(columns[0]),
				lexicon_line(shared.lexicon, job, line), VIEW_ARGS(line));
			bad++;
		}
		arena_reset(job);
	}
	assert_true(cases > 200);
	assert_int_equal(bad, 0);
	arena_free(&job);
	arena_free(&rows);
}

static struct yaml_node *language_file(struct arena *arena, const char *code)
{
	const char *path = arena_printf(arena, "config/languages/%s.yaml", code);
	struct error err = ERROR_INIT;
	struct yaml_node *root;

	if (yaml_parse(arena, unit_file(arena, path), path, &root, &err) < 0)
		fail_msg("%s", err.text);
	return root;
}

/* Looks the name up as it stands, with a full stop, and with words in brackets behind it. */
static bool is_named(struct arena *arena, const char *name, const char *code)
{
	const char *const spellings[] = {name, arena_printf(arena, " %s. ", name), arena_printf(arena, "%s (x)", name)};

	/* A name that has brackets of its own is known with them. */
	for (size_t i = 0; i < (strchr(name, '(') ? 2 : COUNT(spellings)); i++) {
		bool ambiguous;
		const char *found = lexicon_country(shared.lexicon, arena, view_of(spellings[i]), &ambiguous);

		if (!found || strcmp(found, code) != 0) {
			print_error("%s: \"%s\" is %s\n", code, spellings[i],
				found	    ? found
				: ambiguous ? "shared"
					    : "unknown");
			return false;
		}
	}
	return true;
}

/* Every name in every file is its country's, and each language names every country there is. */
static void names_countries(void **state)
{
	const struct yaml_node *codes = yaml_get(language_file(shared.arena, "codes"), "alpha3");
	size_t bad = 0, names = 0;

	assert_int_equal(codes->count, 250);
	for (size_t i = 0; i < lexicon_language_count(shared.lexicon); i++) {
		const char *language = lexicon_language(shared.lexicon, i);
		const struct yaml_node *countries = yaml_get(language_file(shared.arena, language), "countries");

		assert_int_equal(countries->count, codes->count);
		for (const struct yaml_node *country = countries->first; country; country = country->next) {
			const struct yaml_node *name = country->kind == YAML_SEQUENCE ? country->first : country;

			assert_non_null(yaml_get(codes, country->key));
			assert_string_equal(lexicon_country_name(shared.lexicon, country->key, language), name->scalar);
			for (; name; name = country->kind == YAML_SEQUENCE ? name->next : NULL) {
				bad += !is_named(shared.arena, name->scalar, country->key);
				names++;
			}
		}
	}
	assert_true(names > 2000);
	assert_int_equal(bad, 0);
}

static void knows_codes(void **state)
{
	const struct yaml_node *codes = yaml_get(language_file(shared.arena, "codes"), "alpha3");
	size_t bad = 0;

	for (const struct yaml_node *code = codes->first; code; code = code->next) {
		bad += !is_named(shared.arena, code->key, code->key);
		bad += !is_named(shared.arena, code->scalar, code->key);
	}
	assert_int_equal(bad, 0);
}

static void says_words(void **state)
{
	assert_int_equal(lexicon_language_count(shared.lexicon), 6);
	assert_string_equal(lexicon_word(shared.lexicon, "reference", "fr"), "Référence");
	assert_string_equal(lexicon_word(shared.lexicon, "yes", "es"), "sí");
	assert_string_equal(lexicon_word(shared.lexicon, "reference", "xx"), "Reference");
	assert_string_equal(lexicon_word(shared.lexicon, "reference", NULL), "Reference");
	assert_null(lexicon_word(shared.lexicon, "nothing of the kind", "fr"));
	assert_string_equal(lexicon_country_name(shared.lexicon, "CD", "en"), "DR Congo");
	assert_string_equal(lexicon_country_name(shared.lexicon, "CD", "xx"), "DR Congo");
	assert_string_equal(lexicon_country_name(shared.lexicon, "CD", NULL), "DR Congo");
	assert_string_equal(lexicon_country_name(shared.lexicon, "ZZ", "en"), "ZZ");
	for (size_t i = 0; i < 6; i++) {
		static const char *const keys[] = {
			"greeting", "purpose", "instruction", "reference", "one_or_more_of", "yes", "no"};
		const char *language = lexicon_language(shared.lexicon, i);

		for (size_t j = 0; j < COUNT(keys); j++)
			if (!lexicon_word(shared.lexicon, keys[j], language) ||
				(strcmp(language, "en") != 0 && strcmp(language, "es") != 0 &&
					strcmp(lexicon_word(shared.lexicon, keys[j], language),
						lexicon_word(shared.lexicon, keys[j], "en")) == 0))
				fail_msg("%s has no %s of its own", language, keys[j]);
		assert_int_equal(lexicon_yes_no(shared.lexicon, shared.arena,
					 view_of(lexicon_word(shared.lexicon, "yes", language))),
			1);
		assert_int_equal(lexicon_yes_no(shared.lexicon, shared.arena,
					 view_of(lexicon_word(shared.lexicon, "no", language))),
			0);
	}
}

/* A seventh language is a seventh file. */
static void takes_another_language(void **state)
{
	static const struct parse_source source = {"sw.yaml",
		VIEW("language: sw\nwords: {reference: Marejeo}\n\"yes\": [ndiyo]\n\"no\": [hapana]\nand: [na]\n"
		     "months: [[Januari], [Februari], [Machi], [Aprili], [Mei], [Juni], [Julai], [Agosti], [Septemba], "
		     "[Oktoba],"
		     " [Novemba], [Desemba]]\n"
		     "countries: {KE: Kenya, TZ: [Tanzania, Jamhuri ya Muungano wa Tanzania]}\n"
		     "mail: {from: [Kutoka], attributions: ['Tarehe {date}, {name} aliandika:']}\n")};
	struct lexicon *lexicon;
	struct arena *arena = arena_new();
	struct error err = ERROR_INIT;
	bool ambiguous;

	assert_int_equal(lexicon_new(&source, 1, &lexicon, &err), 0);
	assert_string_equal(lexicon_language(lexicon, 0), "sw");
	assert_string_equal(lexicon_word(lexicon, "reference", "sw"), "Marejeo");
	assert_int_equal(lexicon_yes_no(lexicon, arena, VIEW("NDIYO")), 1);
	assert_int_equal(lexicon_month(lexicon, arena, VIEW("machi")), 3);
	assert_string_equal(lexicon_country(lexicon, arena, VIEW("jamhuri ya muungano wa tanzania"), &ambiguous), "TZ");
	assert_string_equal(lexicon_country(lexicon, arena, VIEW("tz"), &ambiguous), "TZ");
	assert_true(lexicon_is_attribution(lexicon, arena, VIEW("Tarehe 3 Machi 2026, Amina aliandika:")));
	assert_int_equal(lexicon_header_name(lexicon, arena, VIEW("Kutoka: Amina")), 1);
	lexicon_free(&lexicon);
	arena_free(&arena);
}

static void refuses_files(void **state)
{
	static const struct {
		struct view yaml;
		const char *says;
	} cases[] = {
		{VIEW("language: xx\nfoo: 1\n"), "x.yaml:2:"},
		{VIEW("language: xx\nfoo: 1\n"), "unknown key \"foo\""},
		{VIEW("language: xx\nmail: {foo: [a]}\n"), "unknown key \"foo\""},
		{VIEW("words: {yes: ja}\n"), "language: CODE"},
		{VIEW("language: xx\n\"yes\": [ja]\n\"no\": [JA]\n"), "already stands for something else"},
		{VIEW("language: xx\n\"yes\": ja\n"), "must be a list"},
		{VIEW("language: xx\nmonths: [[a]]\n"), "twelve"},
		{VIEW("language: xx\nmail: {from: [An], to: [an]}\n"), "already stands for something else"},
		{VIEW("language: xx\nmail: {attributions: ['{date}']}\n"), "at least one word"},
		{VIEW("language: xx\nmail: {attributions: ['On {day} wrote:']}\n"), "{date}"},
		{VIEW("language: xx\ncountries: {NPL: Nepal}\n"), "no alpha-2 code"},
		{VIEW("language: xx\ncountries: {NP: {a: b}}\n"), "a name"},
		{VIEW("countries: {NP: Nepal}\n"), "language: CODE"},
		{VIEW("alpha3: {NP: NP}\n"), "alpha-3"},
		{VIEW("alpha3: {NP: NPL, IN: NPL}\n"), "another country's"},
		{VIEW("language: xx\nand: ['-']\n"), "without a letter"},
		{VIEW("- a\n"), "must be a mapping"},
		{VIEW("language: \xff\n"), "not UTF-8"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct parse_source source = {"x.yaml", cases[i].yaml};
		struct lexicon *lexicon = NULL;
		struct error err = ERROR_INIT;

		assert_int_equal(lexicon_new(&source, 1, &lexicon, &err), -1);
		assert_null(lexicon);
		assert_int_equal(err.reach, REACH_STOP);
		unit_holds(cases[i].yaml.ptr, err.text, cases[i].says);
	}
}

static void survives_long_lines(void **state)
{
	struct arena *arena = arena_new();
	static const char *const pieces[] = {"On ", "1", " wrote:", "Sent from ", "This e-mail and any ", "\xd9\x83",
		"-", "_", ":", "\xff", " <", "From: "};

	for (size_t len = 590; len < 610; len++) {
		UNIT_SCOPED char *block = malloc(len);

		for (size_t i = 0; i < len; i++)
			block[i] = "\xd9\x83"[i % 2];
		(void)lexicon_line(shared.lexicon, arena, (struct view){block, len});
	}
	for (size_t i = 0; i < 2000; i++) {
		TEXT_SCOPED text;

		text_init(&text, 2000);
		for (size_t j = 0, seed = i; j < 1 + i % 60; j++, seed = seed * 48271 % 2147483647)
			text_add_string(&text, pieces[seed % COUNT(pieces)]);
		(void)lexicon_line(shared.lexicon, arena, text_view(&text));
		arena_reset(arena);
	}
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_lines),
		cmocka_unit_test(names_countries),
		cmocka_unit_test(knows_codes),
		cmocka_unit_test(says_words),
		cmocka_unit_test(takes_another_language),
		cmocka_unit_test(refuses_files),
		cmocka_unit_test(survives_long_lines),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
