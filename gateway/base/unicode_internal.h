/*
 * Inside base/unicode*: one step of UTF-8, a scratch buffer of UTF-16 for ICU, and what unicode_open() opens.
 */
#ifndef BASE_UNICODE_INTERNAL_H
#define BASE_UNICODE_INTERNAL_H

#include <stdatomic.h>
#include <unicode/utypes.h>

#include "base/unicode.h"

#define UNICODE_BAD UINT32_MAX /* what unicode_step() gives for a byte that is no character */
#define UNICODE_REPLACEMENT 0xFFFDu

/*
 * Decodes one code point of UTF-8 at *at (which is below len) and moves behind it. Malformed input gives UNICODE_BAD
 * once for each longest start of a character, as browsers count.
 */
static inline uint32_t unicode_step(const char *text, size_t len, size_t *at)
{
	const unsigned char *s = (const unsigned char *)text;
	uint32_t code = s[(*at)++];
	unsigned char low = 0x80, high = 0xBF;
	int more;

	if (code < 0x80)
		return code;
	if (code < 0xC2 || code > 0xF4)
		return UNICODE_BAD;
	more = code < 0xE0 ? 1 : code < 0xF0 ? 2 : 3;
	if (code == 0xE0)
		low = 0xA0;
	else if (code == 0xED)
		high = 0x9F;
	else if (code == 0xF0)
		low = 0x90;
	else if (code == 0xF4)
		high = 0x8F;
	for (code &= 0x3Fu >> more; more > 0; more--) {
		if (*at >= len || s[*at] < low || s[*at] > high)
			return UNICODE_BAD;
		code = code << 6 | (s[(*at)++] & 0x3Fu);
		low = 0x80;
		high = 0xBF;
	}
	return code;
}

/* Writes the code point (at most 4 bytes) and returns how many. */
size_t unicode_put(char *to, uint32_t code);
/* What was written into arena_bytes() of at least used + 1, with the NUL behind it. */
static inline struct view unicode_written(char *bytes, size_t used)
{
	bytes[used] = '\0';
	return (struct view){bytes, used};
}
/* Length of the leading run of bytes below 0x80. */
size_t unicode_ascii_run(struct view bytes);
/* Is every byte below 0x80? */
bool unicode_all_ascii(struct view bytes);
/* A copy in the arena, or with U+FFFD for what is malformed. NUL-terminated as every result. */
struct view unicode_copy(struct arena *arena, struct view text);
struct view unicode_repair(struct arena *arena, struct view text);
/* The text itself where it is valid UTF-8, else a repaired copy. */
struct view unicode_sound(struct arena *arena, struct view text);

#define UNICODE_WIDE_SMALL 256
#define UNICODE_MARKS_MAX 30

/* UTF-16 for as long as a call; does not move (ptr may point into it). */
struct unicode_wide {
	UChar *ptr;
	int32_t len;
	int32_t size;
	UChar small[UNICODE_WIDE_SMALL];
};

#define UNICODE_WIDE_SCOPED __attribute__((cleanup(unicode_wide_release))) struct unicode_wide

void unicode_wide_init(struct unicode_wide *wide);
void unicode_wide_release(struct unicode_wide *wide);
/* Room for at least `size` units; what was there is lost. */
void unicode_wide_reserve(struct unicode_wide *wide, int32_t size);
/* From UTF-8, malformed or not. */
void unicode_wide_from(struct unicode_wide *wide, struct view text);
/*
 * An invisible joiner (U+034F) behind every UNICODE_MARKS_MAX combining marks in a row: the stream-safe format of
 * UAX #15. ICU's time grows with the square of a run's length, and no language needs as many.
 */
void unicode_wide_break_marks(struct unicode_wide *wide);
/* The code point at *at (below len), U+FFFD for half a pair; moves behind it. */
uint32_t unicode_wide_next(const UChar *units, int32_t len, int32_t *at);
struct view unicode_wide_to(struct arena *arena, const UChar *units, int32_t len);

/*
 * What ICU would say of the characters our mails are mostly written in (Latin, Greek, Cyrillic, Arabic, Devanagari,
 * typographic marks), one by one, so that most lines need no ICU.
 */
void unicode_table_open(void);
/* True: the text is in NFC. False: perhaps not. */
bool unicode_table_nfc(struct view text);
/* unicode_fold() where no character's fold depends on its neighbours; false (and nothing in *folded_out): ask ICU. */
bool unicode_table_fold(struct arena *arena, struct view text, struct view *folded_out);
/* unicode_fold() by ICU, of any text. */
struct view unicode_fold_any(struct arena *arena, struct view text);
/* Is the mark dropped from any Arabic letter (vowels)? Hamza above and below are only dropped from alef. */
bool unicode_is_arabic_mark(uint32_t code, uint32_t base);
/* Is it of a script whose accents are dropped: Latin, Greek, Cyrillic? */
bool unicode_sheds_accents(uint32_t code);

extern atomic_bool unicode_is_open;
/* unicode_open(); ends the process where ICU has no data. */
void unicode_open_late(void);
/* For a caller that forgot unicode_open(). */
static inline void unicode_need(void)
{
	if (!unicode_is_open)
		unicode_open_late();
}
/* The parts of unicode_open() and unicode_close(). */
int unicode_charsets_open(struct error *err);
void unicode_charsets_close(void);
int unicode_normal_open(struct error *err);

#endif
