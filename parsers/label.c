/* parsers/label: the table of all labels. How a line is recognised stands in label_line.c. See label.h. */
#include "parsers/label.h"

#include <string.h>

#include "base/unicode.h"
#include "parsers/word_trie.h"

#define HEAD_MAX 24	/* bytes of a text that tell whether it may begin with a label */
#define TABLE_SIZE 4096 /* slots, a power of two; more labels than slots only make the chains longer */

struct entry {
	struct label label;
	struct label_use *uses;
	size_t room;
	struct entry *next;
};

struct label_table {
	struct entry *slots[TABLE_SIZE];
	struct word_trie *beginnings; /* of all labels; something hangs where a label ends */
	struct entry **list;	      /* in the order of their first mention */
	size_t count, room, longest;
};

struct label_table *label_table_new(struct arena *arena)
{
	struct label_table *table = ARENA_NEW(arena, struct label_table);

	table->beginnings = word_trie_new(arena);
	return table;
}

/* FNV-1a. The labels come from the form files, so nobody can aim at one chain. */
static size_t hash(struct view text)
{
	uint32_t sum = 2166136261U;

	for (size_t i = 0; i < text.len; i++)
		sum = (sum ^ (unsigned char)text.ptr[i]) * 16777619U;
	return sum & (TABLE_SIZE - 1);
}

static struct entry *find(const struct label_table *table, struct view folded)
{
	struct entry *entry = table->slots[hash(folded)];

	while (entry && !view_equal(entry->label.folded, folded))
		entry = entry->next;
	return entry;
}

static struct entry *add_entry(struct label_table *table, struct arena *arena, struct view folded)
{
	struct entry *entry = ARENA_NEW(arena, struct entry);
	struct entry **slot = &table->slots[hash(folded)];

	if (table->count == table->room) {
		struct entry **list = ARENA_NEW_N(arena, struct entry *, table->room * 2 + 64);

		if (table->count > 0)
			memcpy(list, table->list, table->count * sizeof(*list));
		table->list = list;
		table->room = table->room * 2 + 64;
	}
	table->list[table->count++] = entry;
	entry->label.folded = folded;
	entry->next = *slot;
	*slot = entry;
	if (folded.len > table->longest)
		table->longest = folded.len;
	*word_trie_at(table->beginnings, arena, folded) = entry;
	return entry;
}

void label_add(struct label_table *table, struct arena *arena, const char *text, struct label_use use)
{
	struct view folded = unicode_fold(arena, view_of(text));
	struct entry *entry = find(table, folded);

	if (!entry)
		entry = add_entry(table, arena, folded);
	if (entry->label.use_count == entry->room) {
		struct label_use *uses = ARENA_NEW_N(arena, struct label_use, entry->room * 2 + 4);

		if (entry->label.use_count > 0)
			memcpy(uses, entry->uses, entry->label.use_count * sizeof(*uses));
		entry->uses = uses;
		entry->room = entry->room * 2 + 4;
	}
	entry->uses[entry->label.use_count++] = use;
	entry->label.uses = entry->uses;
}

const struct label *label_find_folded(const struct label_table *table, struct view folded)
{
	const struct entry *entry;

	if (folded.len == 0 || folded.len > table->longest)
		return NULL;
	entry = find(table, folded);
	return entry ? &entry->label : NULL;
}

const struct label *label_find(const struct label_table *table, struct arena *scratch, struct view text)
{
	if (text.len == 0 || text.len > 4 * table->longest + 16)
		return NULL;
	return label_find_folded(table, unicode_fold(scratch, text));
}

/* Where the folded words end among the labels' beginnings; NULL: no label begins so. */
static const struct word_trie *walk(const struct label_table *table, struct view folded)
{
	const struct word_trie *at = table->beginnings;

	for (size_t i = 0; at && i < folded.len; i++)
		at = word_trie_step(at, folded.ptr[i]);
	return at;
}

bool label_begins(const struct label_table *table, struct arena *scratch, struct view text)
{
	struct view folded;
	const struct word_trie *at;

	if (text.len > 4 * table->longest)
		return false;
	folded = unicode_fold(scratch, text);
	at = folded.len > 0 ? walk(table, folded) : NULL;
	return at && word_trie_step(at, ' ');
}

struct view label_fold_head(struct arena *scratch, struct view text)
{
	size_t len = text.len > HEAD_MAX ? HEAD_MAX : text.len;

	while (len > 0 && len < text.len && ((unsigned char)text.ptr[len] & 0xC0) == 0x80)
		len--;
	return unicode_fold(scratch, view_sub(text, 0, len));
}

bool label_may_stand(const struct label_table *table, struct view folded)
{
	const struct word_trie *at = table->beginnings;

	for (size_t i = 0; at && !at->items && i < folded.len; i++)
		at = word_trie_step(at, folded.ptr[i]);
	return at != NULL;
}

size_t label_longest(const struct label_table *table)
{
	return table->longest;
}

size_t label_count(const struct label_table *table)
{
	return table->count;
}

const struct label *label_at(const struct label_table *table, size_t index)
{
	return &table->list[index]->label;
}
