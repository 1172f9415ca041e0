/* A long text into messages that a channel takes. */
#include "base/unicode.h"
#include "delivery/sender.h"
#include "unit.h"

#define THUMB "\xf0\x9f\x91\x8d" /* two UTF-16 units */

static const struct {
	const char *text;
	int units;
	const char *first;
} cases[] = {
	{"", 5, ""},
	{"short", 5, "short"},
	{"longer", 5, "longe"},
	{"one two three", 9, "one two "},
	{"a b cdefghij", 8, "a b cdef"}, /* a space in the first half would leave little */
	{"first line\nsecond one", 15, "first line\n"},
	{"a first part\n\nnext one goes\nhere", 26, "a first part\n\n"},
	{"It ends. It goes on", 12, "It ends. "},
	{"\xe0\xa4\xa8\xe0\xa4\xae \xe0\xa4\xb8\xe0\xa4\xa4", 4, "\xe0\xa4\xa8\xe0\xa4\xae "},
	{THUMB THUMB, 4, THUMB THUMB},
	{THUMB THUMB, 3, THUMB},
	{THUMB THUMB, 2, THUMB},
};

static void test_cases(void **state)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct view text = view_of(cases[i].text);
		UNIT_SCOPED char *block = unit_heap(text);

		text.ptr = block;
		unit_same(
			cases[i].text, view_sub(text, 0, delivery_cut(text, cases[i].units)), view_of(cases[i].first));
	}
}

/* Whatever the text, it comes to an end, nothing is lost and no message is too long. */
static void test_whole(void **state)
{
	struct arena *arena = arena_new();
	static const char *const pieces[] = {"word ", THUMB, "x", "\n", ". ", "\xe0\xa4\xa8"};
	unsigned seed = 7;
	TEXT_SCOPED text = {0};

	text_init(&text, 100000);
	for (int i = 0; i < 3000; i++)
		text_add_string(
			&text, pieces[(seed = seed * 1103515245 + 12345) >> 16 & 3 ? 0 : (seed >> 20) % COUNT(pieces)]);
	for (int units = 2; units < 400; units += 7) {
		struct view rest = text_view(&text);
		int rounds = 0;

		while (rest.len > 0) {
			struct view first = view_sub(rest, 0, delivery_cut(rest, units));
			size_t at = 0, length = 0;
			uint32_t code;

			while (unicode_next(first, &at, &code))
				length += code > 0xffff ? 2 : 1;
			assert_true(first.len > 0 && unicode_valid(first) && length <= (size_t)units);
			rest = view_sub(rest, first.len, rest.len);
			rounds++;
		}
		assert_true(rounds > 1);
	}
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
