/* What servers say of a mail that did not arrive: addresses, codes, and what their words mean. Whole reports are cases of test_mail. */
#include "tests/unit/unit.h"

#include "parsers/mail_private.h"

static void test_address(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{"a@b", true}, {"a.b+c=d@sub.example.org", true}, {"\xe0\xa4\xb0@example.org", true}, {"", false}, {"@b", false}, {"a@", false},
		{"a@b@c", false}, {"a b@c", false}, {"<a@b>", false}, {"a@b,c@d", false}, {"a@b\n", false}, {"a\"b@c", false},
	};
	char longest[REPORT_ADDRESS_MAX + 2];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (report_is_address(view_of(cases[i].text)) != cases[i].good)
			fail_msg("\"%s\"", cases[i].text);
	memset(longest, 'a', sizeof(longest));
	longest[1] = '@';
	assert_true(report_is_address((struct view){longest, REPORT_ADDRESS_MAX}));
	assert_false(report_is_address((struct view){longest, REPORT_ADDRESS_MAX + 1}));
}

static void test_find(void **state)
{
	static const struct {
		const char *text, *status;
	} cases[] = {
		{"550 5.1.1 no", "5.1.1"}, {"550-5.7.26 no", "5.7.26"}, {"(#4.4.1)", "4.4.1"}, {"5.1.10", "5.1.10"}, {"5.7.515.", "5.7.515"},
		{"host [5.1.1.20] said no", ""}, {"Exim 4.96.2 said no", ""}, {"15.1.1", ""}, {"5.1.", ""}, {"5.1.1234", ""}, {"3.1.1", ""}, {"5.8.1", ""},
		{"", ""}, {"5", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		UNIT_SCOPED char *block = unit_heap(view_of(cases[i].text));

		unit_same(cases[i].text, report_status_find((struct view){block, strlen(cases[i].text)}), view_of(cases[i].status));
	}
}

static void test_mean(void **state)
{
	static const struct {
		const char *status, *diagnostic, *means;
	} cases[] = {
		{"5.1.1", "550 5.7.1 other", "5.1.1"},
		{"5.0.0", "550 5.2.2 full", "5.2.2"},
		{"5.0.0", "550 User unknown", "5.1.1"},
		{"5.5.0", "550 Requested action not taken: mailbox unavailable", "5.1.1"},
		{"5.4.1", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", "5.1.1"},
		{"5.4.1", "550 5.4.1 no answer from host", "5.4.1"},
		{"", "550 RESOLVER.ADR.RecipNotFound; not found", "5.1.1"},
		{"", "552 Mailbox is FULL", "5.2.2"},
		{"", "554 rejected as spam: user unknown", "5.7.1"},
		{"", "retry timeout exceeded", "5.4.7"},
		{"", "Unrouteable address", "5.1.2"},
		{"", "550 go away", "5.0.0"},
		{"", "said: 451-later", "4.0.0"},
		{"5.0.0", "550 go away", "5.0.0"},
		{"", "go away", ""},
		{"", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		UNIT_SCOPED char *block = unit_heap(view_of(cases[i].diagnostic));

		unit_same(cases[i].diagnostic,
			report_status_mean(view_of(cases[i].status), (struct view){block, strlen(cases[i].diagnostic)}),
			view_of(cases[i].means));
	}
}

static void test_cut(void **state)
{
	(void)state;
	unit_same("whole", report_cut(VIEW("ab"), 2), VIEW("ab"));
	unit_same("cut", report_cut(VIEW("abc"), 2), VIEW("ab"));
	unit_same("no half a character", report_cut(VIEW("a\xc3\xa9"), 2), VIEW("a"));
	unit_same("no space at the end", report_cut(VIEW("a bc"), 2), VIEW("a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_address), cmocka_unit_test(test_find), cmocka_unit_test(test_mean),
		cmocka_unit_test(test_cut)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
