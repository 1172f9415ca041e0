/*
 * Word trie (private to parsers/): which of many phrases does a text begin with? One walk over the text's first bytes
 * finds them all, however many there are. Filled at load, then only read.
 */
#ifndef PARSERS_WORD_TRIE_H
#define PARSERS_WORD_TRIE_H

#include "base/arena.h"
#include "base/text.h"

/* What was reached by the bytes so far. */
struct word_trie {
	void *items; /* of the phrase that ends here, as word_trie_at() hands it out; NULL: none ends here */
	struct word_trie *first, *next; /* the bytes that may follow; the next of those beside this one */
	struct word_trie **fan;		/* by byte, instead of `first`, where many may follow: at the root */
	unsigned char byte;
};

struct word_trie *word_trie_new(struct arena *arena);
/* Where the phrase's items hang; made when it is not there. The phrase may be empty. */
void **word_trie_at(struct word_trie *trie, struct arena *arena, struct view phrase);
/* The next step of a walk from the root; NULL: no phrase goes on with this byte. */
const struct word_trie *word_trie_step(const struct word_trie *at, char byte);

#endif
