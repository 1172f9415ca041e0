/* parsers/word_table: hash table of folded words. See word_table.h. */
#include "parsers/word_table.h"

#include "base/unicode.h"

#define HEAD_LEN 3      /* bytes by which most words that are not in a table are told */
#define DISTANCE_MAX 64 /* code points: longer words are never near one another */

void word_table_init(struct word_table *table, struct arena *arena)
{
	*table = (struct word_table){.arena = arena};
}

static uint32_t hash_of(struct view key)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < key.len; i++)
		hash = (hash ^ (unsigned char)key.ptr[i]) * 16777619u;
	return hash;
}

static struct word_entry *slot_of(const struct word_table *table, struct view key, uint32_t hash)
{
	size_t at = hash & (table->size - 1);

	while (table->slots[at].key.ptr && !(table->slots[at].hash == hash && view_equal(table->slots[at].key, key)))
		at = (at + 1) & (table->size - 1);
	return &table->slots[at];
}

static void grow(struct word_table *table)
{
	struct word_entry *old = table->slots;
	size_t old_size = table->size;

	table->size = old_size ? old_size * 2 : 64;
	table->slots = ARENA_NEW_N(table->arena, struct word_entry, table->size);
	for (size_t i = 0; i < old_size; i++)
		if (old[i].key.ptr)
			*slot_of(table, old[i].key, old[i].hash) = old[i];
}

static unsigned head_of(const char *key)
{
	uint32_t hash = hash_of((struct view){key, HEAD_LEN});

	return (hash ^ hash >> 16) % (8 * sizeof(((struct word_table *)NULL)->heads));
}

static bool has_head(const struct word_table *table, const char *key)
{
	return table->heads[head_of(key) / 8] & 1U << head_of(key) % 8;
}

int word_table_add(struct word_table *table, struct view key, int value)
{
	uint32_t hash = hash_of(key);
	struct word_entry *slot;

	if (!key.ptr)
		key.ptr = "";
	if (table->count * 2 >= table->size)
		grow(table);
	slot = slot_of(table, key, hash);
	if (slot->key.ptr)
		return slot->value == value ? 0 : -1;
	*slot = (struct word_entry){.key = key, .hash = hash, .value = value};
	table->count++;
	if (key.len >= HEAD_LEN)
		table->heads[head_of(key.ptr) / 8] |= (unsigned char)(1U << head_of(key.ptr) % 8);
	if (key.len > table->longest)
		table->longest = key.len;
	return 1;
}

void word_table_set(struct word_table *table, struct view key, int value)
{
	if (word_table_add(table, key, value) < 0)
		slot_of(table, key, hash_of(key))->value = value;
}

bool word_table_find(const struct word_table *table, struct view key, int *value_out)
{
	const struct word_entry *slot;

	if (table->count == 0 || key.len > table->longest)
		return false;
	slot = slot_of(table, key, hash_of(key));
	if (!slot->key.ptr)
		return false;
	*value_out = slot->value;
	return true;
}

/* Marks that make no difference between two spellings of one word. */
static bool is_ignored(uint32_t code)
{
	static const uint32_t marks[] = {0xab, 0xbb, 0xb4, 0xb7, 0x60c, 0x6d4, 0x964, 0x2010, 0x2011, 0x2012, 0x2013,
		0x2014, 0x2015, 0x2018, 0x2019, 0x201a, 0x201c, 0x201d, 0x201e, 0x2022, 0x2039, 0x203a, 0x3001, 0x3002};

	if (code < 0x80) {
		if ((code >= 'a' && code <= 'z') || (code >= '0' && code <= '9'))
			return false;
		return code <= ' ' || strchr("-'\".,()[]{}_*!:`", (int)code) != NULL;
	}
	if ((code >= 0xc0 && code < 0x2000 && code != 0x60c && code != 0x6d4 && code != 0x964) || code > 0x3002)
		return false;
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (marks[i] == code)
			return true;
	return unicode_is_space(code);
}

/*
 * The key of folded text into `key`, which has room for `most` bytes and a NUL; the length, or more than `most` when it
 * is longer: then its first bytes are there.
 */
static size_t write_key(char *key, size_t most, struct view folded, bool spaces)
{
	size_t at = 0, len = 0;
	bool gap = false, full = false;

	while (at < folded.len && !full) {
		size_t from = at, size = 1;
		uint32_t code;

		(void)unicode_next(folded, &at, &code);
		if (is_ignored(code)) {
			gap = len > 0;
			continue;
		}
		if (code >= 0x80 && unicode_is_digit(code))
			code = '0' + unicode_digit(code);
		else
			size = at - from;
		full = len + size + gap > most;
		if (gap && spaces && len < most)
			key[len++] = ' ';
		gap = false;
		for (size_t i = 0; i < size && len < most; i++)
			key[len++] = code < 0x80 ? (char)code : folded.ptr[from + i];
	}
	key[len] = '\0';
	return full ? most + 1 : len;
}

static struct view key_with(struct arena *arena, struct view text, bool spaces)
{
	struct view folded = unicode_fold(arena, text);
	char *key = arena_bytes(arena, folded.len + 1);

	return (struct view){key, write_key(key, folded.len, folded, spaces)};
}

bool word_table_find_folded(
	const struct word_table *table, struct arena *arena, struct view folded, int *value_out)
{
	char head[HEAD_LEN + 1], *key;
	size_t len = write_key(head, HEAD_LEN, folded, true);

	/* A longer key is there up to HEAD_LEN; most have another beginning than any word of the table. */
	if (table->count == 0 || (len > HEAD_LEN && !has_head(table, head)))
		return false;
	key = arena_bytes(arena, table->longest + 1);
	len = write_key(key, table->longest, folded, true);
	return len <= table->longest && word_table_find(table, (struct view){key, len}, value_out);
}

struct view word_key(struct arena *arena, struct view text)
{
	return key_with(arena, text, true);
}

struct view word_key_compact(struct arena *arena, struct view text)
{
	return key_with(arena, text, false);
}

static size_t decode(struct view text, uint32_t *codes)
{
	size_t at = 0, count = 0;

	while (count <= DISTANCE_MAX && unicode_next(text, &at, &codes[count]))
		count++;
	return count;
}

size_t word_distance(struct view a, struct view b, size_t limit)
{
	uint32_t left[DISTANCE_MAX + 1], right[DISTANCE_MAX + 1];
	size_t row[DISTANCE_MAX + 2];
	size_t rows, columns;

	if (a.len > b.len + 4 * limit || b.len > a.len + 4 * limit)
		return limit + 1;
	rows = decode(a, left);
	columns = decode(b, right);
	if (rows > DISTANCE_MAX || columns > DISTANCE_MAX || rows > columns + limit || columns > rows + limit)
		return limit + 1;
	for (size_t j = 0; j <= columns; j++)
		row[j] = j;
	for (size_t i = 1; i <= rows; i++) {
		size_t diagonal = row[0], least = i;

		row[0] = i;
		for (size_t j = 1; j <= columns; j++) {
			size_t up = row[j], best = diagonal + (left[i - 1] != right[j - 1]);

			if (up + 1 < best)
				best = up + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = up;
			row[j] = best;
			if (best < least)
				least = best;
		}
		if (least > limit)
			return limit + 1;
	}
	return row[columns] > limit ? limit + 1 : row[columns];
}
