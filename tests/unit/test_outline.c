/* Unit tests of mail_outline(): a mail's identity without parsing it. */
#include "tests/unit/unit.h"

#include "parsers/parsers.h"

struct outline_case {
	const char *name;
	struct view raw;
	const char *message_id, *from, *date, *subject, *body;
};

#define V(literal)                                                                                                     \
	{                                                                                                              \
		"" literal, sizeof(literal) - 1                                                                        \
	}

static const struct outline_case cases[] = {
	{"nothing", V(""), "", "", "", "", ""},
	{"ordinary", V("Message-ID: <a@b>\r\nFrom: x@y\r\nDate: today\r\nSubject: hello\r\n\r\nbody\r\n"), "<a@b>",
		"x@y", "today", "hello", "body\r\n"},
	{"any case, LF", V("message-id:<a@b>\nFROM :x@y\n\nbody"), "<a@b>", "x@y", "", "", "body"},
	{"folded", V("Subject: one\r\n two\r\nFrom: x\r\n\r\n"), "", "x", "", "one\r\n two", ""},
	{"the first counts", V("Subject: one\nSubject: two\n\n"), "", "", "", "one", ""},
	{"a first that is empty", V("Subject:\nSubject: two\n\n"), "", "", "", "", ""},
	{"no body", V("Subject: x"), "", "", "", "x", ""},
	{"no header", V("just a text\nSubject: no\n"), "", "", "", "", "just a text\nSubject: no\n"},
	{"mailbox line", V("From a@b Mon Nov  9\nSubject: x\n\nbody"), "", "", "", "x", "body"},
	{"blank lines first", V("\r\n\r\nSubject: x\r\n\r\nbody"), "", "", "", "x", "body"},
	{"junk among fields", V("From: a\nthis is junk\nSubject: x\n\nbody"), "", "a", "", "x", "body"},
	{"fields in the body", V("From: a\n\nSubject: x\n"), "", "a", "", "", "Subject: x\n"},
	{"UTF-8 mark", V("\xEF\xBB\xBFSubject: x\n\nb"), "", "", "", "x", "b"},
};

static void test_outline(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct outline_case *c = &cases[i];
		UNIT_SCOPED char *block = unit_heap(c->raw);
		struct view raw = {block, c->raw.len};
		struct mail_outline outline;

		mail_outline(raw, &outline);
		unit_same(c->name, outline.message_id, view_of(c->message_id));
		unit_same(c->name, outline.from, view_of(c->from));
		unit_same(c->name, outline.date, view_of(c->date));
		unit_same(c->name, outline.subject, view_of(c->subject));
		unit_same(c->name, view_sub(raw, outline.body, SIZE_MAX), view_of(c->body));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outline),
	};

	return cmocka_run_group_tests_name("outline", tests, NULL, NULL);
}
