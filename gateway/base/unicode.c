/*
 * base/unicode: code points, questions about them, and the filters that drop or replace some of them. See unicode.h.
 * Charsets stand in unicode_decode.c, normal forms and folding in unicode_fold.c and, for most texts, unicode_table.c.
 */
#include "base/unicode.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unicode/uchar.h>

#include "base/unicode_internal.h"

#define HIGH_BITS 0x8080808080808080u

static pthread_mutex_t open_lock = PTHREAD_MUTEX_INITIALIZER;
atomic_bool unicode_is_open;

int unicode_open(struct error *err)
{
	int result = 0;

	pthread_mutex_lock(&open_lock);
	if (!unicode_is_open) {
		result = unicode_normal_open(err);
		if (result == 0)
			result = unicode_charsets_open(err);
		if (result == 0)
			unicode_table_open();
		unicode_is_open = result == 0;
	}
	pthread_mutex_unlock(&open_lock);
	return result;
}

void unicode_open_late(void)
{
	struct error err = ERROR_INIT;

	if (unicode_open(&err) == 0)
		return;
	fprintf(stderr, "fieldpost: %s\n", err.text);
	exit(EX_SOFTWARE);
}

void unicode_close(void)
{
	pthread_mutex_lock(&open_lock);
	unicode_charsets_close();
	unicode_is_open = false;
	pthread_mutex_unlock(&open_lock);
}

size_t unicode_put(char *to, uint32_t code)
{
	if (code < 0x80) {
		to[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		to[0] = (char)(0xC0 | code >> 6);
		to[1] = (char)(0x80 | (code & 0x3F));
		return 2;
	}
	if (code < 0x10000) {
		to[0] = (char)(0xE0 | code >> 12);
		to[1] = (char)(0x80 | (code >> 6 & 0x3F));
		to[2] = (char)(0x80 | (code & 0x3F));
		return 3;
	}
	to[0] = (char)(0xF0 | code >> 18);
	to[1] = (char)(0x80 | (code >> 12 & 0x3F));
	to[2] = (char)(0x80 | (code >> 6 & 0x3F));
	to[3] = (char)(0x80 | (code & 0x3F));
	return 4;
}

size_t unicode_ascii_run(struct view bytes)
{
	size_t i = 0;

	for (uint64_t word; i + sizeof(word) <= bytes.len; i += sizeof(word)) {
		memcpy(&word, bytes.ptr + i, sizeof(word));
		if (word & HIGH_BITS)
			break;
	}
	while (i < bytes.len && (unsigned char)bytes.ptr[i] < 0x80)
		i++;
	return i;
}

bool unicode_all_ascii(struct view bytes)
{
	return unicode_ascii_run(bytes) == bytes.len;
}

bool unicode_valid(struct view bytes)
{
	size_t at = unicode_ascii_run(bytes);

	while (at < bytes.len) {
		if (unicode_step(bytes.ptr, bytes.len, &at) == UNICODE_BAD)
			return false;
		/* Words of English between two accents, and markup, go by eight bytes at a time. */
		if (at < bytes.len && (unsigned char)bytes.ptr[at] < 0x80)
			at += unicode_ascii_run(view_sub(bytes, at, bytes.len));
	}
	return true;
}

struct view unicode_copy(struct arena *arena, struct view text)
{
	return (struct view){arena_copy(arena, text.ptr, text.len), text.len};
}

struct view unicode_repair(struct arena *arena, struct view text)
{
	size_t bad = 0, used = 0;
	char *to;

	for (size_t at = 0; at < text.len;)
		bad += unicode_step(text.ptr, text.len, &at) == UNICODE_BAD;
	/* A replacement takes three bytes, what it stands for at least one. */
	to = arena_bytes(arena, text.len + 2 * bad + 1);
	for (size_t at = 0; at < text.len;) {
		uint32_t code = unicode_step(text.ptr, text.len, &at);

		used += unicode_put(to + used, code == UNICODE_BAD ? UNICODE_REPLACEMENT : code);
	}
	return unicode_written(to, used);
}

struct view unicode_sound(struct arena *arena, struct view text)
{
	return unicode_valid(text) ? text : unicode_repair(arena, text);
}

uint32_t unicode_next_long(struct view text, size_t *at)
{
	uint32_t code = unicode_step(text.ptr, text.len, at);

	return code == UNICODE_BAD ? UNICODE_REPLACEMENT : code;
}

bool unicode_is_space(uint32_t code)
{
	if (code < 0x80)
		return code == ' ' || (code >= '\t' && code <= '\r');
	return u_isUWhiteSpace((UChar32)code);
}

bool unicode_is_invisible(uint32_t code)
{
	if (code < 0xAD)
		return false;
	return u_hasBinaryProperty((UChar32)code, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) ||
	       (code >= 0xFFF9 && code <= 0xFFFB);
}

bool unicode_is_letter(uint32_t code)
{
	if (code < 0x80)
		return (code | 0x20) >= 'a' && (code | 0x20) <= 'z';
	return (U_GET_GC_MASK((UChar32)code) & (U_GC_L_MASK | U_GC_M_MASK)) != 0;
}

bool unicode_is_upper(uint32_t code)
{
	return u_isUUppercase((UChar32)code);
}

bool unicode_is_digit(uint32_t code)
{
	if (code < 0x80)
		return code >= '0' && code <= '9';
	return u_isdigit((UChar32)code);
}

uint32_t unicode_digit(uint32_t code)
{
	return code < 0x80 ? code - '0' : (uint32_t)u_charDigitValue((UChar32)code);
}

bool unicode_rises(uint32_t code)
{
	if (code < 0x80)
		return code >= 'a' && code <= 'z';
	return u_hasBinaryProperty((UChar32)code, UCHAR_CHANGES_WHEN_TITLECASED);
}

static bool is_bidi(uint32_t code)
{
	return code == 0x061C || code == 0x200E || code == 0x200F || (code >= 0x202A && code <= 0x202E) ||
	       (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF;
}

static struct view drop(struct arena *arena, struct view text, bool (*unwanted)(uint32_t))
{
	size_t used = 0, at = 0;
	uint32_t code;
	char *to;

	if (unicode_all_ascii(text))
		return unicode_copy(arena, text);
	text = unicode_sound(arena, text);
	to = arena_bytes(arena, text.len + 1);
	while (unicode_next(text, &at, &code))
		if (!unwanted(code))
			used += unicode_put(to + used, code);
	return unicode_written(to, used);
}

/* The first bytes of those marks. Arabic letters share one of them, but no letter of the other scripts does. */
static bool may_hold_bidi(struct view text)
{
	bool found = false;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.ptr[i];

		found |= byte == 0xD8 || byte == 0xE2 || byte == 0xEF;
	}
	return found;
}

struct view unicode_drop_bidi(struct arena *arena, struct view text)
{
	if (!may_hold_bidi(text) && unicode_valid(text))
		return unicode_copy(arena, text);
	return drop(arena, text, is_bidi);
}

struct view unicode_drop_invisible(struct arena *arena, struct view text)
{
	return drop(arena, text, unicode_is_invisible);
}

struct view unicode_squeeze(struct arena *arena, struct view text)
{
	size_t used = 0, at = 0;
	bool gap = false;
	uint32_t code;
	char *to;

	text = unicode_sound(arena, text);
	to = arena_bytes(arena, text.len + 1);
	while (unicode_next(text, &at, &code)) {
		if (unicode_is_space(code)) {
			gap = true;
			continue;
		}
		if (gap && used > 0)
			to[used++] = ' ';
		gap = false;
		used += unicode_put(to + used, code);
	}
	return unicode_written(to, used);
}

struct view unicode_ascii_digits(struct arena *arena, struct view text)
{
	size_t used = 0, at = 0;
	uint32_t code;
	char *to;

	if (unicode_all_ascii(text))
		return unicode_copy(arena, text);
	text = unicode_sound(arena, text);
	to = arena_bytes(arena, text.len + 1);
	while (unicode_next(text, &at, &code)) {
		if (code >= 0x80 && u_isdigit((UChar32)code))
			code = '0' + unicode_digit(code);
		used += unicode_put(to + used, code);
	}
	return unicode_written(to, used);
}

static int columns_of(uint32_t code)
{
	if (code < 0x20 || code == 0x7F)
		return 0;
	if (code < 0x80)
		return 1;
	/* Vowels and final consonants of Hangul join the syllable before them. */
	if (unicode_is_invisible(code) || (code >= 0x1160 && code <= 0x11FF))
		return code == 0xAD ? 1 : 0;
	if (U_GET_GC_MASK((UChar32)code) & (U_GC_MN_MASK | U_GC_ME_MASK | U_GC_CC_MASK))
		return 0;
	switch (u_getIntPropertyValue((UChar32)code, UCHAR_EAST_ASIAN_WIDTH)) {
	case U_EA_WIDE:
	case U_EA_FULLWIDTH:
		return 2;
	default:
		return 1;
	}
}

int unicode_columns(struct view text)
{
	int columns = 0;
	size_t at = 0;
	uint32_t code;

	while (unicode_next(text, &at, &code))
		columns += code >= 0x20 && code < 0x7F ? 1 : columns_of(code);
	return columns;
}

size_t unicode_length(struct view text)
{
	size_t length = 0, at = 0;
	uint32_t code;

	while (unicode_next(text, &at, &code))
		length++;
	return length;
}
