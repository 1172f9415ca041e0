/* Reading IMAP responses: where each ends, in pieces of any size; what a FETCH brings; what is no IMAP. */
#include "net/imap_response.h"
#include "unit.h"

struct response_case {
	const char *name, *bytes;
	int result; /* of reading: 0, -1 */
	enum imap_response_kind kind;
	uint32_t uid;
	long long size;	      /* -1: none */
	const char *received; /* seconds */
	const char *body;     /* NULL: none */
};

#define F IMAP_RESPONSE_FETCH
#define U IMAP_RESPONSE_UNTAGGED
#define T IMAP_RESPONSE_TAGGED

static const struct response_case cases[] = {
	{"a mail", "* 1 FETCH (UID 7 BODY[] {5}\r\nhello)\r\n", 0, F, 7, -1, "0", "hello"},
	{"UID behind it", "* 1 FETCH (BODY[] {5}\r\nhello UID 7)\r\n", 0, F, 7, -1, "0", "hello"},
	{"any case of letters", "* 1 fetch (uid 7 body[] {5}\r\nhello)\r\n", 0, F, 7, -1, "0", "hello"},
	{"a mail with lines and parentheses", "* 1 FETCH (UID 7 BODY[] {13}\r\na)\r\n1 OK {9}\r)\r\n", 0, F, 7, -1, "0", "a)\r\n1 OK {9}\r"},
	{"empty", "* 1 FETCH (UID 7 BODY[] {0}\r\n)\r\n", 0, F, 7, -1, "0", ""},
	{"no literal but a string", "* 1 FETCH (UID 7 BODY[] \"a)\\\" \\\\\")\r\n", 0, F, 7, -1, "0", "a)\" \\"},
	{"NIL", "* 1 FETCH (UID 7 BODY[] NIL)\r\n", 0, F, 7, -1, "0", NULL},
	{"a header", "* 1 FETCH (UID 7 BODY[HEADER]<0> {3}\r\na:b)\r\n", 0, F, 7, -1, "0", "a:b"},
	{"a section with words", "* 1 FETCH (UID 7 BODY[HEADER.FIELDS (TO CC)] {3}\r\na:b)\r\n", 0, F, 7, -1, "0", "a:b"},
	{"size and date", "* 1 FETCH (UID 7 RFC822.SIZE 4294967296 INTERNALDATE \"21-Nov-2026 10:00:00 +0530\")\r\n", 0, F, 7,
		4294967296, "1795235400", NULL},
	{"a day of one digit, a zone to the west", "* 1 FETCH (INTERNALDATE \" 1-feb-2024 23:59:60 -0130\" UID 7)\r\n", 0, F, 7, -1,
		"1706837400", NULL},
	{"no such date", "* 1 FETCH (UID 7 INTERNALDATE \"21-Foo-2026 10:00:00 +0000\")\r\n", 0, F, 7, -1, "0", NULL},
	{"half a date", "* 1 FETCH (UID 7 INTERNALDATE \"21-Nov-2026 10:00\")\r\n", 0, F, 7, -1, "0", NULL},
	{"an empty date", "* 1 FETCH (UID 7 INTERNALDATE \"\")\r\n", 0, F, 7, -1, "0", NULL},
	{"what was not asked for", "* 1 FETCH (FLAGS (\\Seen $x NonJunk) MODSEQ (12345678901) UID 7 X-GM-MSGID 1278455344230334865 "
		"EMAILID (M1) ENVELOPE (\"a ) b\" NIL ((NIL {3}\r\n)))) \"\\\"\")) BODY[] {2}\r\nhi)\r\n", 0, F, 7, -1, "0", "hi"},
	{"an empty list", "* 1 FETCH ()\r\n", 0, F, 0, -1, "0", NULL},
	{"LF alone", "* 1 FETCH (UID 7 BODY[] {2}\nhi)\n", 0, F, 7, -1, "0", "hi"},
	{"EXISTS", "* 23 EXISTS\r\n", 0, U, 0, -1, "0", NULL},
	{"words", "* OK [NOTIFICATIONOVERFLOW x (1 2)] use {5}\r\n", 0, U, 0, -1, "0", NULL},
	{"done", "12 OK Fetch completed {3}\r\n", 0, T, 0, -1, "0", NULL},
	{"refused", "12 no sorry\n", 0, T, 0, -1, "0", NULL},
	{"a UID that is no number", "* 2 FETCH (UID xx BODY[] {3}\r\nabc)\r\n", -1, F, 0, 0, "", NULL},
	{"a UID beyond 32 bits", "* 2 FETCH (UID 4294967296)\r\n", -1, F, 0, 0, "", NULL},
	{"a UID in quotes", "* 2 FETCH (UID \"7\")\r\n", -1, F, 0, 0, "", NULL},
	{"a negative length", "* 1 FETCH (UID 7 BODY[] {-5}\r\n)\r\n", -1, F, 0, 0, "", NULL},
	{"no length", "* 1 FETCH (UID 7 BODY[] {}\r\n)\r\n", -1, F, 0, 0, "", NULL},
	{"literal8", "* 1 FETCH (UID 7 BODY[] ~{2}\r\nhi)\r\n", -1, F, 0, 0, "", NULL},
	{"bytes behind a literal's length", "* 1 FETCH (UID 7 BODY[] {2} \r\nhi)\r\n", -1, F, 0, 0, "", NULL},
	{"a list without end", "* 1 FETCH (UID 7 FLAGS (\\Seen\r\n", -1, F, 0, 0, "", NULL},
	{"no end", "* 1 FETCH (UID 7\r\n", -1, F, 0, 0, "", NULL},
	{"more behind the end", "* 1 FETCH (UID 7) x\r\n", -1, F, 0, 0, "", NULL},
	{"no list", "* 1 FETCH UID 7\r\n", -1, F, 0, 0, "", NULL},
	{"a name without value", "* 1 FETCH (UID)\r\n", -1, F, 0, 0, "", NULL},
	{"a section without end", "* 1 FETCH (BODY[ {2}\r\nhi)\r\n", -1, F, 0, 0, "", NULL},
	{"a string without end", "* 1 FETCH (BODY[] \"abc)\r\n", -1, F, 0, 0, "", NULL},
	{"a string that ends in a backslash", "* 1 FETCH (BODY[] \"abc\\\r\n", -1, F, 0, 0, "", NULL},
	{"rubbish", "$$% garbage {{{ \r\n", -1, T, 0, 0, "", NULL},
	{"a continuation", "+ go on\r\n", -1, T, 0, 0, "", NULL},
	{"an empty line", "\r\n", -1, T, 0, 0, "", NULL},
	{"a star alone", "* \r\n", -1, U, 0, 0, "", NULL},
	{"no word", "* (x)\r\n", -1, U, 0, 0, "", NULL},
};

static void check_fetch(const struct response_case *c, const struct imap_response *r, char *block)
{
	char seconds[32];

	unit_same_number(c->name, r->uid, c->uid);
	unit_same_number(c->name, r->has_size ? (long long)r->size : -1, c->size);
	snprintf(seconds, sizeof(seconds), "%lld", (long long)r->received / 1000000);
	unit_same(c->name, view_of(seconds), view_of(c->received));
	unit_same_number(c->name, r->has_body, c->body != NULL);
	if (c->body) {
		size_t len = r->body.len;

		if (r->body_quoted)
			len = imap_response_unquote(block + (r->body.ptr - block), len);
		unit_same(c->name, (struct view){r->body.ptr, len}, view_of(c->body));
	}
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct view all = view_of(cases[i].bytes);
		UNIT_SCOPED char *block = unit_heap(all);
		struct imap_response response;
		int result = imap_response_read((struct view){block, all.len}, &response);

		unit_same_number(cases[i].name, result, cases[i].result);
		if (result < 0)
			continue;
		unit_same_number(cases[i].name, response.kind, cases[i].kind);
		if (response.kind == IMAP_RESPONSE_FETCH)
			check_fetch(&cases[i], &response, block);
	}
}

/* However the bytes come in, the end is where the response ends, and not before. */
static void test_extent(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct view all = view_of(cases[i].bytes);

		if (cases[i].result < 0)
			continue;
		for (size_t step = 1; step <= all.len; step++) {
			struct imap_extent extent = {0};
			size_t length = 0, have = 0;
			int whole = 0;

			while (!whole && have < all.len) {
				UNIT_SCOPED char *block = NULL;

				have = have + step < all.len ? have + step : all.len;
				block = unit_heap(view_sub(all, 0, have));
				whole = imap_response_extent((struct view){block, have}, &extent, &length);
				unit_same_number(cases[i].name, whole, have == all.len);
			}
			unit_same_number(cases[i].name, (long long)length, (long long)all.len);
		}
	}
}

/* Behind it stands the next; a literal that is still to come is known by its length. */
static void test_extent_more(void **state)
{
	struct imap_extent extent = {0};
	size_t length = 0;

	(void)state;
	unit_same_number("two", imap_response_extent(VIEW("* 1 EXISTS\r\n* 2 FETCH (\r\n"), &extent, &length), 1);
	unit_same_number("two", (long long)length, 12);
	extent = (struct imap_extent){0};
	unit_same_number("literal", imap_response_extent(VIEW("* 1 FETCH (BODY[] {1000}\r\nx"), &extent, &length), 0);
	unit_same_number("literal", (long long)extent.at, 26 + 1000);
}

static void test_tagged(void **state)
{
	struct imap_response response;

	(void)state;
	unit_same_number("tagged", imap_response_read(VIEW("a1 NO [LIMIT] too much \r\n"), &response), 0);
	unit_same("tag", response.tag, VIEW("a1"));
	unit_same("status", response.status, VIEW("NO"));
	unit_same("words", response.words, VIEW("[LIMIT] too much"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_extent),
		cmocka_unit_test(test_extent_more),
		cmocka_unit_test(test_tagged),
	};

	return cmocka_run_group_tests_name("imap_response", tests, NULL, NULL);
}
