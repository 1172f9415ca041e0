/* base/unicode: what normal forms and folding make of the most frequent characters, in a table. See unicode_internal.h.
 */
#include <unicode/uchar.h>
#include <unicode/unorm2.h>

#include "base/unicode_internal.h"

enum kind {
	KIND_ASK,  /* depends on its neighbours: ICU is asked for the whole text */
	KIND_TEXT, /* folds to `bytes` wherever it stands */
	KIND_MARK, /* a sign of Devanagari, which stays on a letter of its own kind */
	KIND_SPACE,
	KIND_DROP,
};

struct entry {
	unsigned char kind;
	unsigned char len;
	unsigned char class;	  /* combining class of the character */
	unsigned char last_class; /* and of the last one it folds to */
	bool nfc;		  /* stands in NFC as it is, unless a mark of a lower class follows one of a higher */
	bool sheds;		  /* accents on it are dropped */
	bool spacing;		  /* KIND_MARK: no accent at all, stays on every letter */
	char bytes[6];
};

/* Latin to Arabic; Devanagari; typographic marks. */
static const struct {
	uint32_t first, end;
} ranges[] = {{0x80, 0x700}, {0x900, 0x980}, {0x2000, 0x2070}};

#define FIRST_MARK_BYTE 0xCC /* U+0300 and above begin with it or a higher one */
#define ENTRIES (0x680 + 0x80 + 0x70)

static struct entry table[ENTRIES];

static const struct entry *entry_of(uint32_t code)
{
	if (code < 0x700)
		return code >= 0x80 ? &table[code - 0x80] : NULL;
	if (code >= 0x900 && code < 0x980)
		return &table[0x680 + code - 0x900];
	if (code >= 0x2000 && code < 0x2070)
		return &table[0x700 + code - 0x2000];
	return NULL;
}

static bool is_mark(uint32_t code)
{
	return (U_GET_GC_MASK((UChar32)code) & U_GC_M_MASK) != 0;
}

static void fill_text(struct entry *entry, struct view folded)
{
	size_t at = 0;
	uint32_t code;

	if (folded.len == 0 || folded.len > sizeof(entry->bytes) || view_find_char(folded, ' ') >= 0)
		return;
	while (unicode_next(folded, &at, &code)) {
		entry->last_class = u_getCombiningClass((UChar32)code);
		if (!is_mark(code))
			entry->sheds = unicode_sheds_accents(code);
	}
	entry->kind = KIND_TEXT;
	entry->len = (unsigned char)folded.len;
	memcpy(entry->bytes, folded.ptr, folded.len);
}

/*
 * What ICU folds the character to between two that neither fold nor shed accents: alone, the blank that a spacing
 * accent begins with would be trimmed.
 */
static struct view fold_between(struct arena *arena, struct view text)
{
	const char *between = arena_printf(arena, "\u4E2D%.*s\u4E2D", VIEW_ARGS(text));
	struct view folded = unicode_fold_any(arena, view_of(between));

	return view_sub(folded, 3, folded.len - 6);
}

static void fill(struct arena *arena, struct entry *entry, uint32_t code)
{
	char bytes[4];
	struct view text = {bytes, unicode_put(bytes, code)};

	*entry = (struct entry){.kind = KIND_ASK};
	entry->class = u_getCombiningClass((UChar32)code);
	entry->nfc = u_getIntPropertyValue((UChar32)code, UCHAR_NFC_QUICK_CHECK) == UNORM_YES;
	if (unicode_is_space(code)) {
		entry->kind = KIND_SPACE;
	} else if (unicode_is_invisible(code) || code == 0x0640 || unicode_is_arabic_mark(code, 0)) {
		entry->kind = KIND_DROP;
	} else if (is_mark(code)) {
		if (code < 0x900)
			return;
		fill_text(entry, text);
		entry->kind = KIND_MARK;
		entry->spacing = u_charType((UChar32)code) != U_NON_SPACING_MARK;
	} else {
		fill_text(entry, fold_between(arena, text));
	}
}

/* What an ASCII character folds to; 0: white space, or not ASCII. */
static char ascii[256];

static void fill_ascii(void)
{
	for (int c = 0; c < 0x80; c++) {
		bool space = c == ' ' || (c >= '\t' && c <= '\r'), upper = c >= 'A' && c <= 'Z';

		ascii[c] = (char)(space ? 0 : upper ? c + 32 : c == '`' ? '\'' : c);
	}
}

void unicode_table_open(void)
{
	struct arena *arena = arena_new();
	struct entry *entry = table;

	fill_ascii();
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		for (uint32_t code = ranges[i].first; code < ranges[i].end; code++)
			fill(arena, entry++, code);
	arena_free(&arena);
}

bool unicode_table_nfc(struct view text)
{
	unsigned char last_class = 0;

	for (size_t at = unicode_ascii_run(text); at < text.len;) {
		const struct entry *entry;

		/* No character below U+0300 is a mark or anything but NFC. */
		if ((unsigned char)text.ptr[at] < FIRST_MARK_BYTE) {
			last_class = 0;
			at++;
			continue;
		}
		entry = entry_of(unicode_step(text.ptr, text.len, &at));
		if (!entry || !entry->nfc || (entry->class != 0 && entry->class < last_class))
			return false;
		last_class = entry->class;
	}
	return true;
}

struct folding {
	char *to;
	size_t used;
	bool gap;		  /* white space waits to be written */
	bool sheds;		  /* the last letter's accents are dropped */
	unsigned char last_class; /* of the last character */
};

static void put(struct folding *folding, const char *bytes, size_t len)
{
	if (folding->gap && folding->used > 0)
		folding->to[folding->used++] = ' ';
	folding->gap = false;
	/* Six at most: a call of memcpy() would cost more. */
	for (size_t i = 0; i < len; i++)
		folding->to[folding->used++] = bytes[i];
}

static bool is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* Folds a run of ASCII without white space; returns the position behind it. */
static size_t fold_word(struct folding *folding, struct view text, size_t at)
{
	char *to, c;

	if (folding->gap && folding->used > 0)
		folding->to[folding->used++] = ' ';
	to = folding->to + folding->used;
	for (; at < text.len && (c = ascii[(unsigned char)text.ptr[at]]); at++)
		*to++ = c;
	folding->used = (size_t)(to - folding->to);
	folding->gap = false;
	folding->last_class = 0;
	folding->sheds = is_letter(text.ptr[at - 1]);
	return at;
}

/* What is ASCII and stands in no word: white space, and NUL, which folds to itself. */
static void fold_other(struct folding *folding, uint32_t code)
{
	folding->last_class = 0;
	folding->sheds = false;
	if (code == 0)
		put(folding, "", 1);
	else
		folding->gap = true;
}

static bool fold_entry(struct folding *folding, const struct entry *entry)
{
	switch (entry->kind) {
	case KIND_SPACE:
		folding->gap = true;
		folding->sheds = false;
		folding->last_class = 0;
		return true;
	case KIND_DROP:
		/* A dropped accent does not keep the ones around it apart. */
		if (entry->class == 0)
			folding->last_class = 0;
		return true;
	case KIND_MARK:
		if ((folding->sheds && !entry->spacing) || (entry->class != 0 && entry->class < folding->last_class))
			return false;
		put(folding, entry->bytes, entry->len);
		folding->last_class = entry->class;
		return true;
	case KIND_TEXT:
		put(folding, entry->bytes, entry->len);
		folding->sheds = entry->sheds;
		folding->last_class = entry->last_class;
		return true;
	default:
		return false;
	}
}

bool unicode_table_fold(struct arena *arena, struct view text, struct view *folded_out)
{
	/* Two bytes of a character become six at most. */
	struct folding folding = {.to = arena_bytes(arena, unicode_all_ascii(text) ? text.len + 1 : 3 * text.len + 1)};

	for (size_t at = 0; at < text.len;) {
		const struct entry *entry;
		uint32_t code;

		if (ascii[(unsigned char)text.ptr[at]]) {
			at = fold_word(&folding, text, at);
			continue;
		}
		code = unicode_step(text.ptr, text.len, &at);
		if (code < 0x80) {
			fold_other(&folding, code);
			continue;
		}
		entry = entry_of(code);
		if (!entry || !fold_entry(&folding, entry))
			return false;
	}
	*folded_out = unicode_written(folding.to, folding.used);
	return true;
}
