/*
 * Replies: whole mails and messages of channels against the result each must give, kept as files: NAME.eml or NAME.txt
 * and NAME.json in tests/cases/reply (the shipped forms) and tests/cases/match (forms that are regexes). The sample
 * replies have a test of their own.
 */
#include "tests/unit/forms.h"

#include <time.h>

#include "parsers/reply.h"

#define HOSTILE_BYTES 400000 /* enough to tell what is not linear */

static void read_case(struct arena *arena, const struct forms *forms, const char *path, struct result *out)
{
	static const struct request_hint no_hint;
	struct view bytes = unit_file(arena, path);
	UNIT_SCOPED char *block = unit_heap(bytes);
	struct view input = {block, bytes.len};

	if (view_ends(view_of(path), VIEW(".txt")))
		parse_message(forms, arena, input, &no_hint, out);
	else
		parse_mail(forms, arena, input, &no_hint, out);
}

static void check_case(const struct forms *forms, const char *path)
{
	struct arena *arena = arena_new();
	const char *json_path = arena_printf(arena, "%.*s.json", (int)strlen(path) - 4, path);
	json_t *expected = json_load_file(json_path, 0, NULL), *actual;
	struct result result;

	if (!expected)
		fail_msg("%s cannot be read", json_path);
	read_case(arena, forms, path, &result);
	actual = result_to_json(&result);
	if (!json_equal(actual, expected))
		fail_msg("%s: got %s", path, json_dumps(actual, JSON_INDENT(2) | JSON_SORT_KEYS));
	json_decref(actual);
	json_decref(expected);
	result_release(&result);
	arena_free(&arena);
}

static size_t check_files(const struct forms *forms, const char *pattern)
{
	glob_t found;
	size_t count;

	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		check_case(forms, found.gl_pathv[i]);
	count = found.gl_pathc;
	globfree(&found);
	return count;
}

static void test_mails(void **state)
{
	struct arena *arena = arena_new();
	struct forms *forms = unit_forms(arena);

	assert_true(check_files(forms, "tests/cases/reply/*.eml") > 60);
	forms_free(&forms);
	arena_free(&arena);
}

static void test_messages(void **state)
{
	struct arena *arena = arena_new();
	struct forms *forms = unit_forms(arena);

	assert_true(check_files(forms, "tests/cases/reply/*.txt") > 10);
	forms_free(&forms);
	arena_free(&arena);
}

static void test_regex_forms(void **state)
{
	struct arena *arena = arena_new();
	struct error err = ERROR_INIT;
	struct forms *forms = NULL;

	if (unit_forms_from(arena, "tests/cases/match/*.yaml", "config/languages/*.yaml", &forms, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(check_files(forms, "tests/cases/match/*.eml"), 6);
	forms_free(&forms);
	arena_free(&arena);
}

/* The bytes that the provenance names are the answer's, in the part's decoded text (here the raw body itself). */
static void test_provenance(void **state)
{
	static const char mail[] = "From: a@b.example\nSubject: Lesson from the field\nMIME-Version: 1.0\n"
				   "Content-Type: text/plain; charset=utf-8\n\n"
				   "Hello,\n\n1. Country:  Nepal\n\nA remark.\n2. Programme:\n\nPolice\n7. Lesson for "
				   "policy: Start\nsmall.\n";
	static const struct request_hint no_hint;
	struct arena *arena = arena_new();
	struct forms *forms = unit_forms(arena);
	struct view raw = view_of(mail);
	struct result result;

	parse_mail(forms, arena, raw, &no_hint, &result);
	assert_int_equal(result.provenance_count, 3);
	for (size_t i = 0; i < result.provenance_count; i++) {
		const struct provenance *from = &result.provenance[i];
		struct view body = view_sub(raw, from->part_start, from->part_end - from->part_start);

		assert_string_equal(from->part, "1");
		unit_same(from->field, view_sub(body, from->start, from->end - from->start), from->raw);
	}
	result_release(&result);
	forms_free(&forms);
	arena_free(&arena);
}

/* What a client wrapped (RFC 3676) is found by its first piece: the label is not among the bytes that are named. */
static void test_provenance_of_wrapped(void **state)
{
	static const char mail[] =
		"From: a@b.example\nSubject: Lesson from the field\nMIME-Version: 1.0\n"
		"Content-Type: text/plain; charset=utf-8; format=flowed\n\n"
		"Country: Nepal\nLesson for policy: Start small, with the people who asked for it, \n"
		"and early, before the budget is spent.\n";
	static const struct request_hint no_hint;
	struct arena *arena = arena_new();
	struct forms *forms = unit_forms(arena);
	struct view raw = view_of(mail), body;
	const struct provenance *from;
	struct result result;

	parse_mail(forms, arena, raw, &no_hint, &result);
	assert_int_equal(result.provenance_count, 2);
	from = &result.provenance[1];
	body = view_sub(raw, from->part_start, from->part_end - from->part_start);
	unit_same("raw", from->raw,
		VIEW("Start small, with the people who asked for it, and early, before the budget is spent."));
	unit_same("span", view_sub(body, from->start, from->end - from->start),
		VIEW("Start small, with the people who asked for it, \nand early, before the budget is spent."));
	result_release(&result);
	forms_free(&forms);
	arena_free(&arena);
}

/* A message of a channel is one part: all its bytes as they came, and not as they were decoded. */
static void test_provenance_of_message(void **state)
{
	static const struct request_hint no_hint;
	struct arena *arena = arena_new();
	struct forms *forms = unit_forms(arena);
	struct view raw = VIEW("1. Country: Nepal\n5. What worked: caf\xE9\n");
	struct result result;

	parse_message(forms, arena, raw, &no_hint, &result);
	assert_int_equal(result.provenance_count, 2);
	for (size_t i = 0; i < result.provenance_count; i++) {
		assert_string_equal(result.provenance[i].part, "");
		assert_int_equal(result.provenance[i].part_start, 0);
		assert_int_equal(result.provenance[i].part_end, raw.len);
	}
	assert_int_equal(result.provenance[0].start, 12);
	assert_int_equal(result.provenance[0].end, 17);
	result_release(&result);
	forms_free(&forms);
	arena_free(&arena);
}

/* What the caller knows of the request fills what the message does not say. */
static void test_hint(void **state)
{
	static const struct request_hint hint = {
		.reference = "FP-7K3M9QXA2D", .form = "field-lesson", .form_version = 1};
	struct arena *arena = arena_new();
	struct forms *forms = unit_forms(arena);
	struct result result;

	parse_message(forms, arena, VIEW("1 Nepal\n7 start small"), &hint, &result);
	assert_int_equal(result.outcome, OUTCOME_FILED);
	assert_string_equal(result.reference, "FP-7K3M9QXA2D");
	assert_string_equal(result.form, "field-lesson");
	assert_int_equal(result.form_version, 1);
	assert_null(result.language);
	result_release(&result);
	parse_message(forms, arena, VIEW("FP-AAAAAAAAAA\n1 Nepal\n7 start small"), &hint, &result);
	assert_string_equal(result.reference, "FP-AAAAAAAAAA");
	result_release(&result);
	forms_free(&forms);
	arena_free(&arena);
}

/* ---- made to hurt ---- */

/* One line over and over. */
static const char *const hostile[] = {
	"Country: x\n",
	"1. Country (aaaa\n",
	"Lesson for policy:\n",
	"> 1. Country:\nNepal\n",
	"From: a@b\nSent: 3\nTo: b\n",
	"On Mon, Nov 9, 2026 at 3:22 AM Field Feedback Desk\n<a@b> wrote:\n",
	"Regards,\n",
	"--\n",
	"a\n",
	"(",
	": ",
	"Area of work: ",
	"What is missing on\nthe how\n",
	"FP-XT88V435X",
	">>>>>>>> > > Country: x\n",
	"1) a\n2) b\n",
};

static void test_hostile(void **state)
{
	static const char head[] = "From: Mary <m@x.example>\nSubject: Lesson from the field\n"
				   "Content-Type: text/plain; charset=utf-8\n\n";
	static const struct request_hint no_hint;
	struct arena *arena = arena_new();
	struct forms *forms = unit_forms(arena);

	for (size_t i = 0; i < COUNT(hostile); i++) {
		struct arena *job = arena_new();
		struct text mail;
		struct result result;

		text_init(&mail, HOSTILE_BYTES + 4096);
		text_add_string(&mail, head);
		while (mail.len < HOSTILE_BYTES)
			text_add_string(&mail, hostile[i]);
		parse_mail(forms, job, text_view(&mail), &no_hint, &result);
		if (result.outcome != OUTCOME_REVIEW)
			fail_msg("\"%s\" was %s", hostile[i], outcome_name(result.outcome));
		result_release(&result);
		text_release(&mail);
		arena_free(&job);
	}
	forms_free(&forms);
	arena_free(&arena);
}

static enum reason reason_of_lines(struct arena *arena, const struct forms *forms, size_t lines)
{
	static const struct request_hint no_hint;
	struct result result;
	TEXT_SCOPED message;

	text_init(&message, 4 * lines);
	for (size_t i = 0; i < lines; i++)
		text_add_string(&message, "a\n");
	parse_message(forms, arena, text_view(&message), &no_hint, &result);
	result_release(&result);
	return result.reason;
}

static void test_limits(void **state)
{
	static const struct request_hint no_hint;
	struct arena *arena = arena_new();
	struct forms *forms = unit_forms(arena);
	char *large = arena_alloc(arena, PARSE_TEXT_MAX + 1);
	struct result result;

	assert_int_equal(reason_of_lines(arena, forms, REPLY_LINES_MAX - 1), REASON_NO_TEMPLATE);
	assert_int_equal(reason_of_lines(arena, forms, REPLY_LINES_MAX), REASON_NO_TEMPLATE);
	assert_int_equal(reason_of_lines(arena, forms, REPLY_LINES_MAX + 1), REASON_OVER_LIMIT);
	memset(large, 'a', PARSE_TEXT_MAX + 1);
	parse_message(forms, arena, (struct view){large, PARSE_TEXT_MAX}, &no_hint, &result);
	assert_int_equal(result.reason, REASON_NO_TEMPLATE);
	result_release(&result);
	parse_message(forms, arena, (struct view){large, PARSE_TEXT_MAX + 1}, &no_hint, &result);
	assert_int_equal(result.reason, REASON_OVER_LIMIT);
	result_release(&result);
	forms_free(&forms);
	arena_free(&arena);
}

#define SLOW_MS_MAX 100 /* that one message may cost where a form's regex would look for ever */

static double milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1000000;
}

/* (a+)+$ on letters that end otherwise: given up in time, for review. The least of three counts: others may run beside.
 */
static void test_slow_regex(void **state)
{
	static const struct request_hint no_hint;
	static const size_t lengths[] = {30, 60, 1000, 100000};
	struct arena *arena = arena_new();
	struct error err = ERROR_INIT;
	struct forms *forms = NULL;

	if (unit_forms_from(arena, "tests/cases/match/*.yaml", "config/languages/*.yaml", &forms, &err) < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < COUNT(lengths); i++) {
		char *letters = arena_alloc(arena, lengths[i] + 1);
		double least = 1e9;

		memset(letters, 'a', lengths[i]);
		for (int turn = 0; turn < 3; turn++) {
			double start = milliseconds(), spent;
			struct result result;

			parse_mail(forms, arena, view_of(arena_printf(arena, "Subject: Slow\n\n%sb\n", letters)),
				&no_hint, &result);
			spent = milliseconds() - start;
			least = spent < least ? spent : least;
			assert_int_equal(result.reason, REASON_OVER_LIMIT);
			assert_int_equal(result.outcome, OUTCOME_REVIEW);
			result_release(&result);
		}
		print_message("# %zu letters: %.1f ms\n", lengths[i], least);
		if (least > SLOW_MS_MAX)
			fail_msg("%zu letters: %.0f ms", lengths[i], least);
	}
	forms_free(&forms);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mails),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_regex_forms),
		cmocka_unit_test(test_provenance),
		cmocka_unit_test(test_provenance_of_wrapped),
		cmocka_unit_test(test_provenance_of_message),
		cmocka_unit_test(test_hint),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_slow_regex),
	};

	return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
