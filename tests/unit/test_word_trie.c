/* Unit tests of parsers/word_trie. */
#include "tests/unit/unit.h"

#include "parsers/word_trie.h"

/* The phrases that the text begins with, shortest first, as "a|ab". */
static const char *walk(struct arena *arena, const struct word_trie *trie, struct view text)
{
	const struct word_trie *at = trie;
	const char *found = "";

	for (size_t i = 0; at; i++) {
		if (at->items)
			found = arena_printf(arena, "%s%s|", found, (const char *)at->items);
		at = i < text.len ? word_trie_step(at, text.ptr[i]) : NULL;
	}
	return found;
}

static void finds_beginnings(void **state)
{
	static const char *const phrases[] = {"sent from", "sent", "sent from my", "see", "\xE0\xA4\x95", "", "\xFF"};
	struct arena *arena = arena_new();
	struct word_trie *trie = word_trie_new(arena);

	assert_string_equal(walk(arena, trie, VIEW("sent")), "");
	for (size_t i = 0; i < COUNT(phrases); i++) {
		void **items = word_trie_at(trie, arena, view_of(phrases[i]));

		assert_null(*items);
		*items = arena_strdup(arena, phrases[i]);
		assert_ptr_equal(word_trie_at(trie, arena, view_of(phrases[i])), items);
	}
	assert_string_equal(walk(arena, trie, VIEW("sent from my phone")), "|sent|sent from|sent from my|");
	assert_string_equal(walk(arena, trie, VIEW("sent fro")), "|sent|");
	assert_string_equal(walk(arena, trie, VIEW("seen")), "|see|");
	assert_string_equal(walk(arena, trie, VIEW("\xE0\xA4\x95\xE0")), "|\xE0\xA4\x95|");
	assert_string_equal(walk(arena, trie, VIEW("\xFF\xFF")), "|\xFF|");
	assert_string_equal(walk(arena, trie, VIEW("zebra")), "|");
	assert_string_equal(walk(arena, trie, VIEW("")), "|");
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_beginnings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
