/* The guard before the IMAP parser: literals, nesting, EXISTS; whole, and byte by byte. */
#include "net/imap_guard.h"
#include "unit.h"

#define DEEP "(((((((((((((((((((((((((" /* 25 */

struct guard_case {
	const char *name, *bytes;
	uint64_t left;       /* what the command may bring; 0: as many as there are and 1000 more */
	const char *refused; /* part of the sentence; NULL: fine */
	unsigned exists;
};

static const struct guard_case cases[] = {
	{"a mail", "* 1 FETCH (UID 7 BODY[] {5}\r\nhello)\r\n1 OK done\r\n", 0, NULL, 0},
	{"parentheses in a mail", "* 1 FETCH (BODY[] {104}\r\n" DEEP DEEP DEEP DEEP "((((" ")\r\n1 OK\r\n", 0, NULL, 0},
	{"nest of 100", "* 1 FETCH " DEEP DEEP DEEP DEEP "\r\n", 0, NULL, 0},
	{"nest of 101", "* 1 FETCH (" DEEP DEEP DEEP DEEP "\r\n", 0, "nested more than 100", 0},
	{"nest over a literal", "* 1 FETCH " DEEP DEEP "{2}\r\nab" DEEP DEEP "(\r\n", 0, "nested more than 100", 0},
	{"depth starts anew in the next line", "* 1 FETCH " DEEP DEEP DEEP "\r\n* 2 FETCH " DEEP DEEP "\r\n", 0, NULL, 0},
	{"closed ones do not count", "* 1 FETCH " DEEP DEEP DEEP DEEP "))))((((\r\n", 0, NULL, 0},
	{"literal as long as what is left", "* 1 FETCH (BODY[] {10}\r\n", 34, NULL, 0},
	{"one byte longer", "* 1 FETCH (BODY[] {11}\r\n", 34, "announced more bytes", 0},
	{"a gigabyte", "* 1 FETCH (BODY[] {1073741824}\r\n", 100000, "announced more bytes", 0},
	{"wraps at 32 bits", "* 1 FETCH (BODY[] {4294967396}\r\n", 100000, "announced more bytes", 0},
	{"longer than any number", "* 1 FETCH (BODY[] {99999999999999999999999999}\r\n", 0, "announced more bytes", 0},
	{"not synchronizing", "* 1 FETCH (BODY[] {99999+}\r\n", 100, "announced more bytes", 0},
	{"literal8", "* 1 FETCH (BODY[] ~{99999}\r\n", 100, "announced more bytes", 0},
	{"LF alone", "* 1 FETCH (BODY[] {99999}\n", 100, "announced more bytes", 0},
	{"no length", "* 1 FETCH (BODY[] {-5}\r\n)\r\n", 0, NULL, 0},
	{"empty braces", "* 1 FETCH ({}\r\n", 0, NULL, 0},
	{"a brace in words is no literal", "* OK use {99999}\r\n* NO it {99999}\r\n7 BAD {99999}\r\n+ {99999}\r\n", 100, NULL, 0},
	{"EXISTS", "* 23 EXISTS\r\n* 5 RECENT\r\n* 24 exists\r\n", 0, NULL, 2},
	{"EXISTS in a mail is none", "* 1 FETCH (BODY[] {13}\r\n* 23 EXISTS\r\n)\r\n", 0, NULL, 0},
	{"EXISTS behind a literal is none", "* 1 FETCH (BODY[] {1}\r\nx* 2 EXISTS\r\n", 0, NULL, 0},
	{"EXISTS without a number", "* x EXISTS\r\n* OK EXISTS\r\n", 0, NULL, 0},
	{"literal of nothing", "* 1 FETCH (BODY[] {0}\r\n)\r\n* 3 EXISTS\r\n", 0, NULL, 1},
};

static void run(const struct guard_case *c, size_t step)
{
	struct view all = view_of(c->bytes);
	UNIT_SCOPED char *block = unit_heap(all);
	uint64_t left = c->left ? c->left : all.len + 1000;
	struct error err = ERROR_INIT;
	struct imap_guard guard;
	int result = 0;

	imap_guard_init(&guard);
	for (size_t at = 0; at < all.len && result == 0; at += step) {
		size_t len = all.len - at < step ? all.len - at : step;

		result = imap_guard_feed(&guard, block + at, len, left - at, &err);
	}
	unit_same_number(c->name, result, c->refused ? -1 : 0);
	if (c->refused)
		unit_holds(c->name, err.text, c->refused);
	else
		unit_same_number(c->name, guard.exists, c->exists);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		run(&cases[i], 100000);
		run(&cases[i], 1);
		run(&cases[i], 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};

	return cmocka_run_group_tests_name("imap_guard", tests, NULL, NULL);
}
