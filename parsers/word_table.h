/*
 * Word table: folded words -> a small number. Filled at load, then only read, so every thread may look things up.
 *
 * Keys come from word_key(), so that case, accents, hyphens, points and quotes make no difference. Lives in the arena
 * given.
 */
#ifndef PARSERS_WORD_TABLE_H
#define PARSERS_WORD_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

struct word_entry {
	struct view key; /* key.ptr is NULL in a free slot */
	uint32_t hash;
	int value;
};

struct word_table {
	struct arena *arena;
	struct word_entry *slots;
	size_t size; /* slots, a power of two; 0 before the first word */
	size_t count;
	size_t longest; /* bytes of the longest key */
	unsigned char heads[512]; /* which first three bytes there are, by their hash */
};

void word_table_init(struct word_table *table, struct arena *arena);
/*
 * The key must live as long as the table. 1: added; 0: it was there with this value; -1: it was there with another one,
 * which stays.
 */
int word_table_add(struct word_table *table, struct view key, int value);
/* Adds or overwrites. */
void word_table_set(struct word_table *table, struct view key, int value);
bool word_table_find(const struct word_table *table, struct view key, int *value_out);
/* The same by text that is folded (see unicode_fold) and no key yet; it is not read further than a key may be long. */
bool word_table_find_folded(const struct word_table *table, struct arena *arena, struct view folded, int *value_out);

/*
 * What words are compared by: folded (see unicode_fold), local digits as ASCII, and every run of white space, hyphens,
 * points, commas, brackets, quotes, colons, exclamation and emphasis marks one space; trimmed. Signs that change a
 * meaning (? / & % + ~ digits) stay.
 */
struct view word_key(struct arena *arena, struct view text);
/* The same without any space: "post-conflict", "post conflict" and "postconflict" are one. */
struct view word_key_compact(struct arena *arena, struct view text);

/* Edit distance in code points, or limit + 1 when it is above the limit. */
size_t word_distance(struct view a, struct view b, size_t limit);

#endif
