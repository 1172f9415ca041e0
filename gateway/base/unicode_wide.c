/* base/unicode: UTF-16 scratch buffers, the form ICU works on. See unicode_internal.h. */
#include <stdlib.h>
#include <sysexits.h>
#include <unicode/uchar.h>
#include <unicode/utf16.h>

#include "base/unicode_internal.h"

/* UTF-16 never has more units than the UTF-8 has bytes; ICU counts in 32 bits, and normal forms may grow 18-fold. */
#define BYTES_MAX ((size_t)INT32_MAX / 18)

void unicode_wide_init(struct unicode_wide *wide)
{
	wide->ptr = wide->small;
	wide->len = 0;
	wide->size = UNICODE_WIDE_SMALL;
}

void unicode_wide_release(struct unicode_wide *wide)
{
	if (wide->ptr != wide->small)
		free(wide->ptr);
	unicode_wide_init(wide);
}

void unicode_wide_reserve(struct unicode_wide *wide, int32_t size)
{
	UChar *ptr;

	if (size <= wide->size)
		return;
	ptr = malloc((size_t)size * sizeof(*ptr));
	if (!ptr)
		exit(EX_OSERR);
	unicode_wide_release(wide);
	wide->ptr = ptr;
	wide->size = size;
}

void unicode_wide_from(struct unicode_wide *wide, struct view text)
{
	if (text.len > BYTES_MAX)
		exit(EX_OSERR);
	unicode_wide_reserve(wide, (int32_t)text.len);
	wide->len = 0;
	for (size_t at = 0; at < text.len;) {
		uint32_t code = unicode_step(text.ptr, text.len, &at);

		if (code == UNICODE_BAD)
			code = UNICODE_REPLACEMENT;
		if (code > 0xFFFF) {
			wide->ptr[wide->len++] = U16_LEAD(code);
			wide->ptr[wide->len++] = U16_TRAIL(code);
		} else {
			wide->ptr[wide->len++] = (UChar)code;
		}
	}
}

#define JOINER 0x034F

/* Puts the joiners in; `to` NULL: only counts them. */
static int32_t join_marks(const struct unicode_wide *wide, UChar *to)
{
	int32_t joiners = 0, run = 0, from = 0;

	for (int32_t at = 0; at < wide->len; from = at) {
		uint32_t code = unicode_wide_next(wide->ptr, wide->len, &at);

		if (code < 0x300 || u_getCombiningClass((UChar32)code) == 0) {
			run = 0;
		} else if (run++ == UNICODE_MARKS_MAX) {
			if (to)
				to[from + joiners] = JOINER;
			joiners++;
			run = 1;
		}
		if (to)
			memcpy(to + from + joiners, wide->ptr + from, (size_t)(at - from) * sizeof(*to));
	}
	return joiners;
}

void unicode_wide_break_marks(struct unicode_wide *wide)
{
	int32_t joiners = join_marks(wide, NULL), len = wide->len + joiners;
	UChar *to;

	if (joiners == 0)
		return;
	to = malloc((size_t)len * sizeof(*to));
	if (!to)
		exit(EX_OSERR);
	join_marks(wide, to);
	unicode_wide_release(wide);
	wide->ptr = to;
	wide->len = wide->size = len;
}

uint32_t unicode_wide_next(const UChar *units, int32_t len, int32_t *at)
{
	UChar unit = units[(*at)++];

	if (!U16_IS_SURROGATE(unit))
		return unit;
	if (U16_IS_SURROGATE_LEAD(unit) && *at < len && U16_IS_TRAIL(units[*at]))
		return (uint32_t)U16_GET_SUPPLEMENTARY(unit, units[(*at)++]);
	return UNICODE_REPLACEMENT;
}

struct view unicode_wide_to(struct arena *arena, const UChar *units, int32_t len)
{
	size_t used = 0;
	char *to;

	for (int32_t at = 0; at < len;) {
		uint32_t code = unicode_wide_next(units, len, &at);

		used += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	}
	to = arena_bytes(arena, used + 1);
	used = 0;
	for (int32_t at = 0; at < len;)
		used += unicode_put(to + used, unicode_wide_next(units, len, &at));
	return unicode_written(to, used);
}
