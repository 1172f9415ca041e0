/* Unit tests of parsers/regex. */
#include "tests/unit/unit.h"

#include "parsers/regex.h"

static struct regex *compiled(const char *pattern, unsigned flags)
{
	struct regex *regex = NULL;
	struct error err = ERROR_INIT;

	if (regex_new(view_of(pattern), flags, &regex, &err) < 0)
		fail_msg("%s", err.text);
	return regex;
}

static void matches(void **state)
{
	static const struct {
		const char *pattern;
		unsigned flags;
		struct view subject;
		int result;
		size_t start, end;
	} cases[] = {
		{"b+", 0, VIEW("abbc"), 1, 1, 3},
		{"b+", 0, VIEW("ac"), 0, 0, 0},
		{"b+", 0, VIEW(""), 0, 0, 0},
		{"b*", 0, VIEW(""), 1, 0, 0},
		{"b+", REGEX_WHOLE, VIEW("abbc"), 0, 0, 0},
		{"a|ab", REGEX_WHOLE, VIEW("ab"), 1, 0, 2},
		{"É", REGEX_CASELESS, VIEW("xé"), 1, 1, 3},
		{"\\d+", 0, VIEW("४2"), 1, 3, 4},
		{"\\d+", REGEX_UNICODE, VIEW("४2"), 1, 0, 4},
		{"^b", 0, VIEW("a\nb"), 0, 0, 0},
		{"^b", REGEX_LINES, VIEW("a\nb"), 1, 2, 3},
		{"b", 0,
			VIEW("\xff\xfe"
			     "b"),
			1, 2, 3},
		{"a.b", 0,
			VIEW("a\xff"
			     "b"),
			0, 0, 0},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct regex *regex = compiled(cases[i].pattern, cases[i].flags);
		UNIT_SCOPED char *block = unit_heap(cases[i].subject);
		struct regex_span span = {99, 99};
		struct view subject = {block, cases[i].subject.len};

		unit_same_number(cases[i].pattern, regex_match(regex, subject, 0, &span, 1), cases[i].result);
		if (cases[i].result > 0) {
			unit_same_number(cases[i].pattern, (long long)span.start, (long long)cases[i].start);
			unit_same_number(cases[i].pattern, (long long)span.end, (long long)cases[i].end);
		}
		regex_free(&regex);
		assert_null(regex);
	}
}

static void gives_groups(void **state)
{
	struct regex *regex = compiled("(?<year>\\d{4})(-(?<month>\\d\\d))?(x)?", 0);
	struct regex_span spans[6];

	assert_int_equal(regex_group(regex, "month"), 3);
	assert_int_equal(regex_group(regex, "day"), 0);
	assert_int_equal(regex_match(regex, VIEW("in 2026-03"), 0, spans, COUNT(spans)), 1);
	assert_int_equal(spans[1].start, 3);
	assert_int_equal(spans[3].start, 8);
	assert_int_equal(spans[3].end, 10);
	assert_int_equal(spans[4].start, (size_t)-1);
	assert_int_equal(spans[5].start, (size_t)-1);
	assert_int_equal(regex_match(regex, VIEW("2026-03 2027"), 1, spans, 1), 1);
	assert_int_equal(spans[0].start, 8);
	assert_int_equal(regex_match(regex, VIEW("2026"), 5, spans, 1), 0);
	regex_free(&regex);
}

static void knows_beginnings(void **state)
{
	struct regex *regex = compiled("(?:Pol|Law)-[a-z]{2}\\d{2}", REGEX_WHOLE);

	assert_int_equal(regex_match_begins(regex, VIEW("P")), 1);
	assert_int_equal(regex_match_begins(regex, VIEW("Law-")), 1);
	assert_int_equal(regex_match_begins(regex, VIEW("Pol-ab12")), 1);
	assert_int_equal(regex_match_begins(regex, VIEW("p")), 0);
	assert_int_equal(regex_match_begins(regex, VIEW("Pol-A")), 0);
	assert_int_equal(regex_match_begins(regex, VIEW("xPol")), 0);
	regex_free(&regex);
}

static void stops_at_limits(void **state)
{
	struct regex *regex = compiled("(x+)+$", 0);
	char subject[61];

	memset(subject, 'x', 60);
	subject[60] = 'z';
	assert_int_equal(regex_match(regex, (struct view){subject, 61}, 0, NULL, 0), -1);
	regex_free(&regex);
}

static void refuses_what_is_no_regex(void **state)
{
	struct regex *regex = NULL;
	struct error err = ERROR_INIT;

	assert_int_equal(regex_new(VIEW("a(b"), 0, &regex, &err), -1);
	assert_null(regex);
	assert_int_equal(err.reach, REACH_STOP);
	unit_holds("place", err.text, "at byte 3");
	regex_free(&regex);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches),
		cmocka_unit_test(gives_groups),
		cmocka_unit_test(knows_beginnings),
		cmocka_unit_test(stops_at_limits),
		cmocka_unit_test(refuses_what_is_no_regex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
