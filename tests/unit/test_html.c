/*
 * Unit tests of parsers/html: pages as mail clients write them (tests/cases/html/NAME.html and NAME.txt), and its
 * limits.
 *
 * `test_html --dump FILE` prints what is read from a page: the start of a new case.
 */
#include "tests/unit/unit.h"

#include "parsers/html.h"
#include "parsers/html_private.h"
#include "tests/unit/mail_dump.h"

static struct arena *arena;

static int before(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	arena = arena_new();
	return parsers_open(&err);
}

static int after(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static void read_case(const char *name, struct view input, struct view expected)
{
	UNIT_SCOPED char *block = unit_heap(input);
	const struct mail_line *lines;
	TEXT_SCOPED out = {0};
	struct view text;
	size_t count;
	bool over;

	html_read(arena, (struct view){block, input.len}, &text, &lines, &count, &over);
	assert_false(over);
	check_lines(name, text, lines, count);
	text_init(&out, 1 << 20);
	dump_lines(&out, lines, count);
	same_dump(name, text_view(&out), expected);
}

static void test_cases(void **state)
{
	(void)state;
	assert_true(each_case("tests/cases/html", ".html", read_case) > 15);
}

static unsigned random_state = 7;

static unsigned next_random(unsigned below)
{
	random_state = random_state * 1103515245u + 12345u;
	return (random_state >> 16) % below;
}

/* A page with a few bytes changed: nothing breaks, and it stays UTF-8. */
static void mutate_case(const char *name, struct view input, struct view expected)
{
	static const char telling[] = "<>/\"'=&;!- \npbtdrl";

	(void)expected;
	for (int i = 0; i < 60 && input.len > 0; i++) {
		UNIT_SCOPED char *block = unit_heap(input);
		struct arena *own = arena_new();
		const struct mail_line *lines;
		struct view text;
		size_t count;
		bool over;

		for (unsigned n = 1 + next_random(10); n > 0; n--) {
			size_t at = next_random(1u << 15) % input.len;

			if ((unsigned char)block[at] < 0x80)
				block[at] = telling[next_random(sizeof(telling) - 1)];
		}
		html_read(own, (struct view){block, input.len}, &text, &lines, &count, &over);
		check_lines(name, text, lines, count);
		arena_free(&own);
	}
}

static void test_mutated(void **state)
{
	(void)state;
	each_case("tests/cases/html", ".html", mutate_case);
}

static void clean_is(const char *name, struct view in, const char *expected)
{
	UNIT_SCOPED char *block = unit_heap(in);
	TEXT_SCOPED out = {0};

	text_init(&out, 10000);
	assert_true(html_clean((struct view){block, in.len}, &out));
	unit_same(name, text_view(&out), view_of(expected));
}

static void test_clean(void **state)
{
	(void)state;
	clean_is("nothing", VIEW(""), "");
	clean_is("text", VIEW("a &amp; b"), "a &amp; b");
	clean_is("attributes", VIEW("<p class=gmail_quote href='x' STYLE = \"White-space: pre\" ALT = b>"),
		"<p m=136 alt=\"b\">");
	clean_is("the first counts", VIEW("<li value=3 value=4 m=136 style=\"\" style=\"white-space:pre\">"),
		"<li value=\"3\">");
	clean_is("a rule", VIEW("<hr tabindex='-1' hidden>"), "<hr m=1025>");
	clean_is("a bracket in a value", VIEW("<p alt=\"a>b\">c"), "<p alt=\"a>b\">c");
	clean_is("quotes of the other kind", VIEW("<p alt='a\"b'>"), "<p alt='a\"b'>");
	clean_is("a quote never closed", VIEW("<p class=\"a>b</p>c"), "<p>b</p>c");
	clean_is("no tag", VIEW("a < b <3 <"), "a &lt; b &lt;3 &lt;");
	clean_is("a tag never closed", VIEW("<p>a</p><b"), "<p>a</p>&lt;b");
	clean_is("comment", VIEW("a<!-- <p> -- > -->b"), "ab");
	clean_is("empty comment", VIEW("a<!-->b-->c"), "ab-->c");
	clean_is("comment never closed", VIEW("a<!-- b>c"), "ac");
	clean_is("declarations", VIEW("<!DOCTYPE html><![if x]>a<?php b ?>c"), "ac");
	clean_is("style", VIEW("<STYLE>p<b></Style >a<script>x"), "a<script>x");
	clean_is("windows references", VIEW("&#146;&#128;&#160;&#12;"), "&#8217;&#8364;&#160;&#12;");
	clean_is("end tag", VIEW("</p class=x>"), "</p>");
	clean_is("empty tag", VIEW("<br/>"), "<br/>");
	clean_is("no bytes behind", VIEW("</"), "&lt;/");
}

static void attribute_count(int before, bool kept)
{
	TEXT_SCOPED in = {0}, out = {0};

	text_init(&in, 100000);
	text_init(&out, 100000);
	text_add_string(&in, "<p");
	for (int i = 0; i < before; i++)
		text_add_string(&in, " a=b");
	text_add_string(&in, " alt=c>");
	html_clean(text_view(&in), &out);
	unit_same("attributes", text_view(&out), view_of(kept ? "<p alt=\"c\">" : "<p>"));
}

static void test_attribute_limit(void **state)
{
	(void)state;
	attribute_count(HTML_ATTRIBUTES_MAX - 1, true);
	attribute_count(HTML_ATTRIBUTES_MAX, false);
}

static bool over_limit(size_t size)
{
	struct arena *own = arena_new();
	char *html = malloc(size);
	const struct mail_line *lines;
	struct view text;
	size_t count;
	bool over;

	memset(html, 'x', size);
	html_read(own, (struct view){html, size}, &text, &lines, &count, &over);
	unit_same_number("bytes", (long long)text.len, (long long)(size < PARSE_TEXT_MAX ? size + 1 : PARSE_TEXT_MAX));
	free(html);
	arena_free(&own);
	return over;
}

static void test_size(void **state)
{
	(void)state;
	assert_false(over_limit(PARSE_HTML_MAX - 1));
	assert_true(over_limit(PARSE_HTML_MAX + 1));
}

static int dump_file(const char *path)
{
	struct error err = ERROR_INIT;
	const struct mail_line *lines;
	struct text out;
	struct view text;
	size_t count;
	bool over;

	if (parsers_open(&err) < 0)
		return 1;
	arena = arena_new();
	text_init(&out, 100000000);
	html_read(arena, unit_file(arena, path), &text, &lines, &count, &over);
	dump_lines(&out, lines, count);
	fputs(text_string(&out), stdout);
	text_release(&out);
	arena_free(&arena);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_mutated),
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_attribute_limit),
		cmocka_unit_test(test_size),
	};

	if (argc == 3 && strcmp(argv[1], "--dump") == 0)
		return dump_file(argv[2]);
	return cmocka_run_group_tests_name("html", tests, before, after);
}
