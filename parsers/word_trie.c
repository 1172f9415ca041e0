/* parsers/word_trie: phrases by their beginnings. See word_trie.h. */
#include "parsers/word_trie.h"

#define BYTES 256

struct word_trie *word_trie_new(struct arena *arena)
{
	struct word_trie *root = ARENA_NEW(arena, struct word_trie);

	root->fan = ARENA_NEW_N(arena, struct word_trie *, BYTES);
	return root;
}

static struct word_trie *child(const struct word_trie *at, unsigned char byte)
{
	struct word_trie *one;

	if (at->fan)
		return at->fan[byte];
	for (one = at->first; one && one->byte != byte; one = one->next)
		continue;
	return one;
}

static struct word_trie *add_child(struct word_trie *at, struct arena *arena, unsigned char byte)
{
	struct word_trie *one = ARENA_NEW(arena, struct word_trie);

	one->byte = byte;
	if (at->fan) {
		at->fan[byte] = one;
		return one;
	}
	one->next = at->first;
	at->first = one;
	return one;
}

void **word_trie_at(struct word_trie *trie, struct arena *arena, struct view phrase)
{
	for (size_t i = 0; i < phrase.len; i++) {
		unsigned char byte = (unsigned char)phrase.ptr[i];
		struct word_trie *next = child(trie, byte);

		trie = next ? next : add_child(trie, arena, byte);
	}
	return &trie->items;
}

const struct word_trie *word_trie_step(const struct word_trie *at, char byte)
{
	return child(at, (unsigned char)byte);
}
