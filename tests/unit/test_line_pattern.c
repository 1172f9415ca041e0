/* Unit tests of parsers/line_pattern: what it says is what a regex would say, in a time that no line makes long. */
#include "tests/unit/unit.h"

#include "base/unicode.h"
#include "parsers/line_pattern.h"
#include "parsers/regex.h"

#define CLOSE "[ .!*_>)\\]\"-]*$"
#define DATE "[^\\n]{0,80}?\\p{Nd}[^\\n]{0,80}?"
#define NAME "[^\\n]{1,160}?"
#define ANY "[^\\n]{0,200}?"

static const struct row {
	const char *template, *regex;
	bool whole;
} rows[] = {
	{"on {date}, {name} wrote:", "^on " DATE " ?[,،、]? ?" NAME " wrote ?:" CLOSE, true},
	{"{date} {name} <{any}>:", "^" DATE " " NAME " \\<" ANY "\\> ?:" CLOSE, true},
	{"{name} <{any}> wrote :", "^" NAME " \\<" ANY "\\> wrote ?:" CLOSE, true},
	{"a, b", "^a ?[,،、]? ?b", false},
	{"a ,{any}b", "^a ?[,،、]? ?" ANY "b", false},
	{"{name}, a", "^" NAME " ?[,،、]? ?a", false},
	{"a{end}", "^a$", false},
	{"a {any}{end}", "^a " ANY "$", false},
	{"a: {date}b", "^a ?: " DATE "b", false},
	{"{date}", "^" DATE, false},
	{"a", "^a", false},
};

static void make(struct arena *arena, const struct row *row, struct line_pattern *out)
{
	struct view rest = view_of(row->template);

	*out = (struct line_pattern){0};
	while (rest.len > 0) {
		ptrdiff_t brace = view_find_char(rest, '{');
		struct view words = brace < 0 ? rest : view_sub(rest, 0, (size_t)brace);

		line_pattern_add_words(out, arena, words);
		rest = view_sub(rest, words.len, SIZE_MAX);
		if (rest.len > 0)
			assert_true(line_pattern_add_gap(out, arena, &rest));
	}
	if (row->whole)
		line_pattern_close(out, arena);
}

/* A line of pieces that the patterns are made of, so that many lines fit. */
static struct view draw(uint32_t *seed, char *to, size_t pieces)
{
	static const char *const words[] = {"a", "b", " ", ",", ":", "1", "on ", " wrote", " wrote:", "<", ">", ">:", "x", "\u0905",
		"\u0967", "\u060C", "\u3001", " <", ".", "on 1, x wrote:", "\u0915\u0915\u0915\u0915\u0915\u0915\u0915\u0915\u0915\u0915",
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"};
	size_t len = 0;

	for (size_t i = 0; i < pieces; i++) {
		const char *word = words[(*seed = *seed * 1103515245u + 12345u) / 65536 % COUNT(words)];

		memcpy(to + len, word, strlen(word));
		len += strlen(word);
	}
	return (struct view){to, len};
}

static void same_as_regex(void **state)
{
	struct arena *arena = arena_new();
	size_t fits = 0, others = 0;
	uint32_t seed = 1;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct error err = ERROR_INIT;
		struct line_pattern pattern;
		struct regex *regex = NULL;

		make(arena, &rows[i], &pattern);
		assert_int_equal(regex_new(view_of(rows[i].regex), REGEX_UNICODE, &regex, &err), 0);
		for (size_t round = 0; round < 20000; round++) {
			char bytes[1024];
			struct view line = draw(&seed, bytes, 1 + round % 16);
			UNIT_SCOPED char *block = unit_heap(line);
			int wanted = regex_match(regex, line, 0, NULL, 0);

			line.ptr = block;
			if (wanted >= 0 && line_pattern_fits(&pattern, line) != (wanted == 1))
				fail_msg("\"%s\" and \"%.*s\": expected %d", rows[i].template, VIEW_ARGS(line), wanted);
			fits += wanted == 1;
			others += wanted == 0;
		}
		regex_free(&regex);
	}
	assert_true(fits > 1000 && others > 1000);
	arena_free(&arena);
}

static void limits(void **state)
{
	struct arena *arena = arena_new();
	struct line_pattern pattern = {0};
	struct view gap = VIEW("{nothing}");
	char *line = arena_alloc(arena, LINE_PATTERN_MAX + 2);

	(void)state;
	assert_false(line_pattern_add_gap(&pattern, arena, &gap));
	assert_true(line_pattern_fits(&pattern, VIEW("an empty one fits all")));
	line_pattern_add_words(&pattern, arena, VIEW("a"));
	assert_true(line_pattern_is(&pattern, VIEW("a")) && !line_pattern_is(&pattern, VIEW("b")));
	memset(line, 'a', LINE_PATTERN_MAX + 1);
	assert_true(line_pattern_fits(&pattern, (struct view){line, LINE_PATTERN_MAX - 1}));
	assert_true(line_pattern_fits(&pattern, (struct view){line, LINE_PATTERN_MAX}));
	assert_false(line_pattern_fits(&pattern, (struct view){line, LINE_PATTERN_MAX + 1}));
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_as_regex),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests_name("line_pattern", tests, NULL, NULL);
}
