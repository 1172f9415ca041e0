/* Mails out of an mbox: where one ends, what its envelope line says, what is mended. */
#include "intake/import.h"
#include "unit.h"

struct envelope_case {
	const char *line;
	bool is;
	int64_t seconds;
};

static const struct envelope_case envelopes[] = {
	{"From a@b.example Sat Nov 21 18:00:00 2026", true, 1795284000},
	{"From a@b.example  Sat Nov 21 18:00:00 2026", true, 1795284000},
	{"From \"a b\"@c.example Sun Nov  1 08:00:00 2026", true, 1793520000},
	{"From MAILER-DAEMON Sat Nov 21 18:00:00 2026 remote from x", true, 1795284000},
	{"From a@b Sat Nov 21 18:00:00 +0000 2026", true, 1795284000},
	{"From the first day on it was good", false, 0},
	{"From us at 18:00:00 in 2026", false, 0},
	{"From: a@b.example Sat Nov 21 18:00:00 2026", false, 0},
	{"From ", false, 0},
	{"", false, 0},
};

static void test_envelopes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(envelopes); i++) {
		struct view line = view_of(envelopes[i].line);
		UNIT_SCOPED char *block = unit_heap(line);
		int64_t time = -1;

		unit_same_number(envelopes[i].line, import_is_envelope((struct view){block, line.len}, &time), envelopes[i].is);
		if (envelopes[i].is)
			unit_same_number(envelopes[i].line, time, envelopes[i].seconds * 1000000);
	}
}

#define ENVELOPE "From a@b.example Sat Nov 21 18:00:00 2026\n"

struct mbox_case {
	const char *name, *bytes;
	const char *mails[4];
};

static const struct mbox_case boxes[] = {
	{"none", "", {NULL}},
	{"one", ENVELOPE "Subject: a\n\nx\n\n", {"Subject: a\n\nx\n"}},
	{"two", ENVELOPE "Subject: a\n\nx\n\n" ENVELOPE "Subject: b\n\ny\n\n", {"Subject: a\n\nx\n", "Subject: b\n\ny\n"}},
	{"CRLF", "From a@b.example Sat Nov 21 18:00:00 2026\r\nSubject: a\r\n\r\nx\r\n\r\nFrom a@b.example Sat Nov 21 18:00:00 2026\r\nS: b\r\n\r\n",
		{"Subject: a\r\n\r\nx\r\n", "S: b\r\n"}},
	{"no empty line at the end", ENVELOPE "Subject: a\n\nx", {"Subject: a\n\nx"}},
	{"a sentence is no envelope", ENVELOPE "Subject: a\n\nx\n\nFrom here on all is well\ny\n\n",
		{"Subject: a\n\nx\n\nFrom here on all is well\ny\n"}},
	{"an envelope without an empty line before it is text", ENVELOPE "Subject: a\n\nx\n" ENVELOPE "y\n\n",
		{"Subject: a\n\nx\n" ENVELOPE "y\n"}},
	{"quoted From", ENVELOPE "Subject: a\n\n>From x\n>>From y\n> From z\n>Fro\n\n", {"Subject: a\n\nFrom x\n>From y\n> From z\n>Fro\n"}},
	{"quoted From at the end", ENVELOPE "Subject: a\n\n>From x", {"Subject: a\n\nFrom x"}},
	{"an empty mail", ENVELOPE "\n" ENVELOPE "Subject: b\n\n", {"\n", "Subject: b\n"}},
};

static void test_boxes(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(boxes); i++) {
		struct view all = view_of(boxes[i].bytes), rest;
		UNIT_SCOPED char *block = unit_heap(all);
		struct import_mail mail;
		size_t count = 0;

		rest = (struct view){block, all.len};
		while (import_next_mail(&rest, arena, &mail)) {
			if (!boxes[i].mails[count])
				fail_msg("%s: a mail too many: \"%.*s\"", boxes[i].name, VIEW_ARGS(mail.raw));
			unit_same(boxes[i].name, mail.raw, view_of(boxes[i].mails[count++]));
			unit_same_number(boxes[i].name, mail.received, 1795284000000000);
		}
		if (boxes[i].mails[count])
			fail_msg("%s: only %zu mails", boxes[i].name, count);
	}
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_envelopes), cmocka_unit_test(test_boxes)};

	return cmocka_run_group_tests_name("mbox", tests, NULL, NULL);
}
