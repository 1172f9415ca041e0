/*
 * Unit tests of digest/render: data as files (tests/cases/digest/NAME.json) to the mail's two parts.
 *
 * `test_render --write DATA.json OUT.html OUT.txt` renders one: for the screenshots, and the start of a new case.
 */
#include "tests/unit/unit.h"

#include "base/unicode.h"
#include "digest/digest.h"
#include "pipeline.h"

static struct arena *arena;
static struct forms *forms;
static struct digest_tools *tools;

static int before(void **state)
{
	struct config config = {.share_dir = "config"};
	struct error err = ERROR_INIT;
	struct pipeline_sources sources;

	(void)state;
	arena = arena_new();
	if (parsers_open(&err) || pipeline_sources_load(&config, arena, &sources, &err) ||
		forms_new(sources.forms, sources.form_count, sources.languages, sources.language_count, &forms, &err) ||
		digest_tools_new(&config, forms, &tools, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return -1;
	}
	return 0;
}

static int after(void **state)
{
	(void)state;
	digest_tools_free(&tools);
	forms_free(&forms);
	arena_free(&arena);
	return 0;
}

static json_t *load(const char *path)
{
	json_error_t problem;
	json_t *data = json_load_file(path, 0, &problem);

	if (!data)
		fail_msg("%s:%d: %s", path, problem.line, problem.text);
	return data;
}

static json_t *week(void)
{
	return load("tests/cases/digest/week.json");
}

static struct digest_mail render(const json_t *data)
{
	struct error err = ERROR_INIT;
	struct digest_mail mail = {0};

	if (digest_render(tools, data, arena, &mail, &err))
		fail_msg("%s", err.text);
	assert_true(mail.html.len <= DIGEST_HTML_MAX);
	return mail;
}

static bool holds(struct view text, const char *part)
{
	return view_find(text, view_of(part)) >= 0;
}

static void assert_holds(struct view text, const char *part)
{
	if (!holds(text, part))
		fail_msg("\"%s\" is not there", part);
}

static void assert_lacks(struct view text, const char *part)
{
	if (holds(text, part))
		fail_msg("\"%s\" is there", part);
}

/* ---- what holds for every mail ---- */

#define STOP_PAGE "https://fieldpost.example.org/u/{{unsubscribe}}"

static void check_nothing_remote(struct view html)
{
	static const char *const never[] = {
		"src=", "url(", "@import", "<link", "<form", "<script", "<img", "srcset", "<iframe", "background=\""};

	struct view rest = html;

	for (size_t i = 0; i < COUNT(never); i++)
		assert_lacks(html, never[i]);
	for (ssize_t at; (at = view_find(rest, VIEW("href="))) >= 0; rest = view_sub(rest, (size_t)at + 5, rest.len))
		assert_true(view_starts(view_sub(rest, (size_t)at, rest.len), VIEW("href=\"" STOP_PAGE)));
}

static void check_text(struct view text)
{
	struct view line;

	assert_true(unicode_valid(text));
	while (view_next_line(&text, &line)) {
		if (unicode_columns(line) > 72 && view_find_char(view_trim(line), ' ') >= 0)
			fail_msg("wider than 72 columns: %.*s", VIEW_ARGS(line));
		if (view_trim_end(line).len != line.len || view_equal(line, VIEW("--")))
			fail_msg("space at the end, or a signature's mark: \"%.*s\"", VIEW_ARGS(line));
		for (size_t i = 0; i < line.len; i++)
			assert_true((unsigned char)line.ptr[i] >= ' ');
	}
}

/* Every line of the data is named by its number, in both parts. */
static void check_numbers(const json_t *data, const struct digest_mail *mail)
{
	const json_t *line;
	size_t i;

	json_array_foreach(json_object_get(data, "lines"), i, line)
	{
		char number[32];

		snprintf(number, sizeof(number), "#%04lld",
			(long long)json_integer_value(json_object_get(line, "number")));
		assert_holds(mail->html, number);
		assert_holds(mail->text, number);
	}
}

/* Nothing of a template is left but the places of the two tokens. */
static void check_places(struct view part)
{
	struct view rest = part;

	for (ssize_t at; (at = view_find(rest, VIEW("{{"))) >= 0; rest = view_sub(rest, (size_t)at + 2, rest.len)) {
		struct view place = view_sub(rest, (size_t)at, rest.len);

		assert_true(view_starts(place, VIEW("{{unsubscribe}}")) ||
			    view_starts(place, VIEW("{{answer_token}}")));
	}
}

static struct digest_mail render_checked(const json_t *data)
{
	struct digest_mail mail = render(data), again = render(data);

	unit_same("html again", again.html, mail.html);
	unit_same("text again", again.text, mail.text);
	assert_true(view_equal(again.table, mail.table));
	assert_int_equal(mail.table_name != NULL, json_array_size(json_object_get(data, "lines")) > 0);
	check_nothing_remote(mail.html);
	check_text(mail.text);
	check_numbers(data, &mail);
	check_places(mail.html);
	check_places(mail.text);
	return mail;
}

/* ---- cases ---- */

static void test_week(void **state)
{
	json_t *data = week();
	struct digest_mail mail = render_checked(data);

	(void)state;
	unit_same("subject", view_of(mail.subject),
		VIEW("Fieldpost digest, 9–15 Nov 2026: replies 27, silent countries 2, urgent 2"));
	assert_int_equal(mail.lines, 27);
	assert_int_equal(mail.shown, 14);
	assert_string_equal(mail.table_name, "fieldpost-2026-W46.xlsx");
	assert_true(view_starts(mail.table, VIEW("PK")));
	unit_same("text", mail.text, unit_file(arena, "tests/cases/digest/week.txt"));
	assert_holds(mail.html, "<b>Countries silent</b> for three weeks or more: South Sudan, Guinea-Bissau.");
	assert_holds(mail.html, "width=\"57%\"");
	assert_holds(mail.html, "Sierra Leone · Aminata Kamara");
	json_decref(data);
}

/* The first digest of a subscription: no change, no trend. */
static void test_first(void **state)
{
	json_t *data = week();
	struct digest_mail mail;

	(void)state;
	json_object_del(data, "before");
	json_object_set_new(data, "trend", json_array());
	mail = render_checked(data);
	assert_lacks(mail.html, "on the week before");
	assert_lacks(mail.html, "Last 8 weeks");
	assert_lacks(mail.text, "+");
	json_decref(data);
}

static void test_late(void **state)
{
	json_t *data = week();
	struct digest_mail mail;

	(void)state;
	json_object_set_new(data, "late", json_true());
	mail = render_checked(data);
	assert_holds(mail.html, "Late: due Monday 16 November 2026");
	assert_holds(mail.text, "Late: due Monday 16 November 2026");
	json_decref(data);
}

static void test_empty(void **state)
{
	json_t *data = week();
	struct digest_mail mail;

	(void)state;
	for (const char *const *key = (const char *const[]){"lines", "countries", "forms", "trend", "themes",
		     "corrections", "conversations", "outcomes", NULL};
		*key; key++)
		json_object_set_new(data, *key, json_array());
	json_object_set_new(data, "total", json_integer(0));
	json_object_set_new(data, "review", json_pack("{s:i,s:i,s:[]}", "total", 0, "oldest_days", 0, "reasons"));
	mail = render_checked(data);
	assert_holds(mail.html, "No replies in this period.");
	assert_holds(mail.text, "No replies in this period.");
	assert_lacks(mail.html, "<h2");
	json_decref(data);
}

/* By hand: up to the moment, not to the end of a day. */
static void test_periods(void **state)
{
	static const struct {
		int64_t start, end;
		bool by_hand;
		const char *expected;
	} cases[] = {
		{1794207600, 1794812400, false, "9–15 November 2026"},
		{1794207600, 1794812400, true, "9–16 November 2026"},
		{1793602800, 1794207600, false, "2–8 November 2026"},
		{1795417200, 1796022000, false, "23–29 November 2026"},
		{1796022000, 1796626800, false, "30 November – 6 December 2026"},
		{1798441200, 1799046000, false, "28 December 2026 – 3 January 2027"},
		{1794812300, 1794812400, true, "16 November 2026"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		json_t *data = week();

		json_object_set_new(data, "start", json_integer(cases[i].start * 1000000));
		json_object_set_new(data, "end", json_integer(cases[i].end * 1000000));
		json_object_set_new(data, "by_hand", json_boolean(cases[i].by_hand));
		assert_holds(render(data).html, cases[i].expected);
		json_decref(data);
	}
}

static void test_many_countries(void **state)
{
	json_t *data = week(), *countries = json_object_get(data, "countries");
	static const char *const codes[] = {
		"AF", "AL", "AM", "AZ", "BD", "BF", "BI", "BJ", "BO", "BW", "CF", "CG", "CI", "CM"};
	struct digest_mail mail;
	json_t *country;
	size_t i;

	(void)state;
	json_array_foreach(countries, i, country) json_object_del(country, "asked"); /* nobody was: replies alone */
	for (i = 0; i < COUNT(codes); i++)
		json_array_append_new(countries, json_pack("{s:s,s:i,s:i,s:i}", "code", codes[i], "replies", 40,
							 "silent_weeks", 0, "review", 1));
	mail = render_checked(data);
	assert_holds(mail.text, "  Others");
	assert_lacks(mail.text, "Cameroon");
	assert_holds(mail.text, "  All                                587");
	json_decref(data);
}

/* More than fits: the HTML stays below its limit, every line is still named, the text shows the same lines. */
static void test_too_many_lines(void **state)
{
	json_t *data = week(), *lines = json_object_get(data, "lines"),
	       *form = json_array_get(json_object_get(data, "forms"), 0);
	json_t *options = json_object_get(json_array_get(json_object_get(form, "fields"), 3), "options");
	struct digest_mail mail;

	(void)state;
	for (int i = 0; i < 60; i++) {
		char value[32];

		snprintf(value, sizeof(value), "theme-%d", i);
		json_array_append_new(options, json_pack("{s:s,s:s}", "value", value, "label", value));
		for (int k = 0; k < 4; k++) {
			json_t *line = json_deep_copy(json_array_get(lines, 8));

			json_object_set_new(line, "number", json_integer(2000 + i * 4 + k));
			json_object_set_new(json_object_get(line, "answers"), "activity", json_pack("[s]", value));
			json_array_append_new(lines, line);
		}
	}
	mail = render_checked(data);
	assert_true(mail.shown > 3 && mail.shown < 72);
	assert_true(mail.html.len > DIGEST_HTML_MAX - 8000);
	json_decref(data);
}

/* ---- hostile values ---- */

static void spoil(json_t *value, const char *text)
{
	const char *key;
	json_t *item;
	size_t i;

	if (json_is_object(value)) {
		json_object_foreach(value, key, item)
		{
			if (json_is_string(item) && strcmp(key, "form") != 0 && strcmp(key, "language") != 0 &&
				strcmp(key, "sharing") != 0 && strcmp(key, "type") != 0 && strcmp(key, "id") != 0 &&
				strcmp(key, "digest") != 0 && strcmp(key, "zone") != 0 && strcmp(key, "value") != 0)
				json_object_set_new(value, key, json_string(text));
			else
				spoil(item, text);
		}
	}
	json_array_foreach(value, i, item) spoil(item, text);
}

static void test_hostile(void **state)
{
	static const char hostile[] =
		"<b onclick=\"x\">{{team}}</b>{{{team}}}&amp;'\xe2\x80\xae\r\nBcc: x\x01\x02\x06\x1b[31m<img src=x>";
	json_t *data = week();
	struct digest_mail mail = {0};
	struct error err = ERROR_INIT;

	(void)state;
	spoil(data, hostile);
	assert_int_equal(digest_render(tools, data, arena, &mail, &err), 0);
	assert_lacks(mail.html, "<b onclick");
	assert_lacks(mail.html, "<img");
	assert_lacks(mail.html, "\xe2\x80\xae");
	assert_lacks(mail.text, "\xe2\x80\xae");
	assert_holds(mail.html, "&lt;b onclick=&quot;x&quot;&gt;{{team}}");
	assert_holds(mail.text, "{{team}}");
	for (size_t i = 0; i < mail.text.len; i++)
		assert_true((unsigned char)mail.text.ptr[i] >= ' ' || mail.text.ptr[i] == '\n');
	for (const char *p = mail.subject; *p; p++)
		assert_true((unsigned char)*p >= ' ');
	json_decref(data);
}

static void test_long_words(void **state)
{
	json_t *data = week(), *line = json_array_get(json_object_get(data, "lines"), 8);
	char *word = arena_alloc(arena, 5001);
	struct digest_mail mail;

	(void)state;
	memset(word, 'w', 5000);
	json_object_set_new(json_object_get(line, "answers"), "lesson", json_string(word));
	json_object_set_new(line, "name", json_string("Forty-letters-and-one-more-in-a-single-word-Smith"));
	json_object_set_new(line, "sharing", json_string("open"));
	mail = render_checked(data);
	assert_holds(mail.html, "wwwwwwwwwwwwwwwwwwww\xe2\x80\x8bwwwwwwwwwwwwwwwwwwww\xe2\x80\x8b");
	assert_holds(mail.html, "[…]");
	assert_lacks(mail.text, "\xe2\x80\x8b");
	json_decref(data);
}

/* A long answer is cut at a sentence's end. */
static void test_cut(void **state)
{
	json_t *data = week(), *line = json_array_get(json_object_get(data, "lines"), 8);
	struct digest_mail mail;
	TEXT_SCOPED words = {0};

	(void)state;
	text_init(&words, 100000);
	for (int i = 0; i < 100; i++)
		text_add_format(&words, "Sentence %d is here. ", i);
	json_object_set_new(json_object_get(line, "answers"), "lesson", json_string(text_string(&words)));
	mail = render_checked(data);
	assert_holds(mail.html, "Sentence 42 is here.” […]");
	assert_lacks(mail.html, "Sentence 43");
	json_decref(data);
}

/* A greeting is no remark; words that end with a comma by chance are. */
static void test_greetings(void **state)
{
	static const struct {
		const char *remarks;
		bool shown;
	} cases[] = {
		{"Hello Anna,", false},
		{"تحية طيبة وبعد،", false},
		{"Hello Anna,\n\nsorry for the delay,", true},
		{"Call me.", true},
		{"These are forty-one letters and a comma, x,", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		json_t *data = week(), *line = json_array_get(json_object_get(data, "lines"), 3);
		struct digest_mail mail;
		struct view first;

		json_object_set_new(line, "remarks", json_string(cases[i].remarks));
		mail = render_checked(data);
		view_next_line(&(struct view){cases[i].remarks, strlen(cases[i].remarks)}, &first);
		assert_int_equal(view_find(mail.text, first) >= 0, cases[i].shown);
		json_decref(data);
	}
}

/* What is withheld by mail shows number, form and arrival: no word, no country, no name. */
static void test_withheld(void **state)
{
	json_t *data = week(), *line = json_array_get(json_object_get(data, "lines"), 8);
	struct digest_mail mail;

	(void)state;
	json_object_set_new(line, "number", json_integer(7777));
	json_object_set_new(line, "withheld", json_true());
	json_object_set_new(line, "sharing", json_string("restricted"));
	json_object_set_new(line, "name", json_string("Somebody Secret"));
	json_object_set_new(json_object_get(line, "answers"), "lesson", json_string("Secret words."));
	mail = render_checked(data);
	assert_holds(mail.html, "#7777");
	assert_holds(mail.html, "words are not sent by mail");
	assert_lacks(mail.html, "Secret");
	assert_lacks(mail.text, "Secret");
	json_decref(data);
}

/* Every language that has words: nothing is missing, and the direction is right. */
static void test_languages(void **state)
{
	static const struct {
		const char *language, *dir;
	} cases[] = {{"en", "ltr"}, {"fr", "ltr"}, {"es", "ltr"}, {"pt", "ltr"}, {"ar", "rtl"}, {"ne", "ltr"}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		json_t *data = week();
		struct digest_mail mail;
		char expected[64];

		json_object_set_new(data, "language", json_string(cases[i].language));
		json_object_set_new(data, "late", json_true());
		mail = render_checked(data);
		snprintf(expected, sizeof(expected), "<html lang=\"%s\" dir=\"%s\"", cases[i].language, cases[i].dir);
		assert_holds(mail.html, expected);
		assert_true(strlen(mail.subject) > 10);
		json_decref(data);
	}
}

static int write_part(const char *path, struct view part)
{
	FILE *file = fopen(path, "wb");
	bool bad = !file || fwrite(part.ptr, 1, part.len, file) != part.len;

	if (file)
		bad |= fclose(file) != 0;
	return bad;
}

static int write_mail(const char *data_path, const char *html, const char *text)
{
	struct error err = ERROR_INIT;
	struct digest_mail mail;
	json_error_t problem;
	json_t *data = json_load_file(data_path, 0, &problem);
	int result = 1;

	if (before(NULL) == 0 && data) {
		result = digest_render(tools, data, arena, &mail, &err) || write_part(html, mail.html) ||
			 write_part(text, mail.text);
		printf("%s\n%s\n", result ? err.text : mail.subject, result ? "" : mail.language);
	}
	json_decref(data);
	after(NULL);
	return result;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_week),
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_periods),
		cmocka_unit_test(test_many_countries),
		cmocka_unit_test(test_too_many_lines),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_long_words),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_greetings),
		cmocka_unit_test(test_withheld),
		cmocka_unit_test(test_languages),
	};

	if (argc == 5 && strcmp(argv[1], "--write") == 0)
		return write_mail(argv[2], argv[3], argv[4]);
	return cmocka_run_group_tests(tests, before, after);
}
