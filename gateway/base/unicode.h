/*
 * Unicode: decoding at the door, normal forms, folding for comparison, digits (over ICU's C API).
 *
 * Inside, text is valid UTF-8 in NFC. Nothing here opens a file once unicode_open() was called, so that it may run in
 * the sandbox. Results are valid UTF-8 whatever came in (U+FFFD for malformed bytes), live in the arena, never point
 * into the input, and have a NUL behind them. Thread-safe.
 */
#ifndef BASE_UNICODE_H
#define BASE_UNICODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

/* Opens every converter and normal form used later. Call before threads or the sandbox; a second call does nothing. */
int unicode_open(struct error *err);
void unicode_close(void);

bool unicode_valid(struct view bytes);
/*
 * Bytes of the named charset (any spelling; empty: unknown) to UTF-8, by the rules of the reply contract: bytes with
 * one above 0x7F that are valid UTF-8 are UTF-8 whatever the label says; else the label counts (7-bit encodings too);
 * unlabelled, us-ascii or iso-8859-1 is windows-1252, gb2312 gb18030, ks_c_5601 cp949, iso-8859-8-i iso-8859-8;
 * unknown charset: windows-1252. Some labels mean the superset that software writes under them (iso-8859-9, tis-620,
 * euc-kr, gbk). Invalid bytes become U+FFFD, NULs and a leading byte order mark are dropped. Not normalised: see
 * unicode_nfc().
 */
struct view unicode_decode(struct arena *arena, struct view bytes, struct view charset);
/* Is the charset one that a converter is there for? */
bool unicode_charset_known(struct view charset);
/*
 * Valid UTF-8 to the bytes of a charset. False where it cannot hold the text, or is unknown. Opens a converter by
 * itself: not for the sandbox.
 */
bool unicode_encode(struct arena *arena, struct view text, const char *charset, struct view *out);

/* Linear: in a run of more than 30 combining marks an invisible joiner (U+034F) follows every 30 (UAX #15, D4). */
struct view unicode_nfc(struct arena *arena, struct view text);
/*
 * For comparing labels and options: NFKD, case folded, accents (category Mn of Latin, Greek and Cyrillic letters
 * only, and Arabic vowel marks and tatweel), invisible marks (RTL/LTR, zero width, BOM) dropped, Arabic alef/yeh/teh
 * variants made one (as well as Persian kaf and Arabic kaf), oe and ae for their ligatures, Latin letters without
 * their strokes, white space (NBSP included) runs made one space and trimmed, typographic apostrophes (and `) and
 * hyphens made ASCII. Devanagari signs stay. Folding what is folded changes nothing.
 */
struct view unicode_fold(struct arena *arena, struct view text);
/* Drops bidi marks and BOM only (text answers keep ZWJ and ZWNJ). */
struct view unicode_drop_bidi(struct arena *arena, struct view text);
/* Drops every invisible mark (labels and typed values). */
struct view unicode_drop_invisible(struct arena *arena, struct view text);
/* Any white space run (NBSP, narrow NBSP, ideographic included) becomes one space; trimmed. */
struct view unicode_squeeze(struct arena *arena, struct view text);
/* Digits of any script become ASCII digits; everything else stays. */
struct view unicode_ascii_digits(struct arena *arena, struct view text);
/* First letter of the text raised by the rules of the language (titlecase). */
struct view unicode_raise_first(struct arena *arena, struct view text, const char *language);
/* Capitals, where the script has them, by the rules of the language. */
struct view unicode_upper(struct arena *arena, struct view text, const char *language);

/* The code point that begins with a byte above 0x7F at *at; moves *at behind it. */
uint32_t unicode_next_long(struct view text, size_t *at);
/* Decodes one code point at *at and moves *at behind it; U+FFFD for an invalid byte. False at the end. */
static inline bool unicode_next(struct view text, size_t *at, uint32_t *code_out)
{
	if (*at >= text.len)
		return false;
	if ((unsigned char)text.ptr[*at] < 0x80)
		*code_out = (unsigned char)text.ptr[(*at)++];
	else
		*code_out = unicode_next_long(text, at);
	return true;
}

bool unicode_is_space(uint32_t code);
bool unicode_is_invisible(uint32_t code);
bool unicode_is_letter(uint32_t code); /* letters and the marks on them (vowel signs of Devanagari too) */
bool unicode_is_upper(uint32_t code);  /* capitals, of the scripts that have them */
bool unicode_is_digit(uint32_t code);  /* decimal digits of any script */
uint32_t unicode_digit(uint32_t code); /* what a decimal digit counts, 0 to 9 */
bool unicode_rises(uint32_t code);     /* would it be another one as the first letter of a sentence? */
/* Columns a terminal or a mono-spaced mail takes (0 for combining marks, 2 for wide). */
int unicode_columns(struct view text);
/* Number of code points. */
size_t unicode_length(struct view text);

#define UNICODE_DOMAIN_MAX 255 /* bytes of a host's name */
/* A host's name with letters other than ASCII as A-labels ("xn--..."); an empty view when it is not valid. */
struct view unicode_ascii_domain(struct arena *arena, struct view domain);

#endif
