/* parsers/label: the table of all labels. How a line is recognised stands in label_line.c. See label.h. */
#include "parsers/label.h"

#include <stdlib.h>
#include <string.h>

#include "base/unicode.h"
#include "parsers/word_trie.h"

#define HEAD_MAX 24	/* bytes of a text that tell whether it may begin with a label */
#define ALL_MAX 100  /* labels found in one text; whoever writes more of them means none */
#define TABLE_SIZE 4096 /* slots, a power of two; more labels than slots only make the chains longer */

struct entry {
	struct label label;
	struct label_use *uses;
	size_t room;
	size_t number; /* in the order of their first mention */
	struct entry *next;
};

struct label_table {
	struct entry *slots[TABLE_SIZE];
	struct word_trie *beginnings; /* of all labels; something hangs where a label ends */
	size_t count, longest;
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

	entry->number = table->count++;
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

size_t label_reach(const struct label_table *table, struct view folded)
{
	const struct word_trie *at = table->beginnings;
	size_t reach = 0, len = 0;

	for (; at && len < folded.len; len++) {
		at = word_trie_step(at, folded.ptr[len]);
		if (at && at->items)
			reach = len + 1;
	}
	return at ? table->longest : reach;
}

size_t label_longest(const struct label_table *table)
{
	return table->longest;
}

static bool is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

static int by_mention(const void *a, const void *b)
{
	const struct entry *const *left = a, *const *right = b;

	return (*left)->number < (*right)->number ? -1 : (*left)->number > (*right)->number;
}

struct found {
	const struct entry *list[ALL_MAX];
	size_t count;
};

static void note(struct found *found, const struct entry *entry)
{
	for (size_t i = 0; i < found->count; i++)
		if (found->list[i] == entry)
			return;
	if (found->count < ALL_MAX)
		found->list[found->count++] = entry;
}

/* Those that begin at `start` and end with a word. */
static void find_at(const struct label_table *table, struct view folded, size_t start, struct found *found)
{
	const struct word_trie *at = word_trie_step(table->beginnings, folded.ptr[start]);

	for (size_t end = start + 1; at; end++) {
		if (at->items && (end == folded.len || !is_word_byte(folded.ptr[end])))
			note(found, at->items);
		at = end < folded.len ? word_trie_step(at, folded.ptr[end]) : NULL;
	}
}

size_t label_find_all(const struct label_table *table, struct arena *arena, struct view folded, const struct label ***out)
{
	struct found found = {.count = 0};

	for (size_t start = 0; start < folded.len; start++)
		if (start == 0 || !is_word_byte(folded.ptr[start - 1]))
			find_at(table, folded, start, &found);
	qsort(found.list, found.count, sizeof(found.list[0]), by_mention);
	*out = ARENA_NEW_N(arena, const struct label *, found.count + 1);
	for (size_t i = 0; i < found.count; i++)
		(*out)[i] = &found.list[i]->label;
	return found.count;
}
