/* Folder names over the wire. */
#include "intake/imap_name.h"
#include "unit.h"

struct name_case {
	const char *name, *wire;
};

static const struct name_case cases[] = {
	{"", ""},
	{"INBOX", "INBOX"},
	{"Questions & answers", "Questions &- answers"},
	{"&", "&-"},
	{"Courrier ind\xc3\xa9sirable", "Courrier ind&AOk-sirable"},
	{"\xc3\xa9", "&AOk-"},
	{"\xc3\xa9\xc3\xa8", "&AOkA6A-"},
	{"\xc3\xa9\xc3\xa8\xc3\xa0", "&AOkA6ADg-"},
	{"\xc3\xa9-\xc3\xa9", "&AOk--&AOk-"},
	{"\xc3\xa9&", "&AOk-&-"},
	{"~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"},
	{"\xf0\x9f\x93\xac", "&2D3c7A-"},
	{"tab\there", "tab&AAk-here"},
};

static void test_cases(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		unit_same(cases[i].name, view_of(imap_name(arena, cases[i].name)), view_of(cases[i].wire));
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};

	return cmocka_run_group_tests_name("imap_name", tests, NULL, NULL);
}
