/* intake/imap_name: folder names as modified UTF-7. See imap_name.h. */
#include "intake/imap_name.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "base/unicode.h"

/* In base64 six bits a character; a UTF-8 byte never makes more than three of them, and each run has "&" and "-" around
 * it. */
#define WORST_CASE 5

struct writer {
	char *out;
	size_t len;
	uint32_t bits; /* not written yet */
	int bit_count;
	bool shifted; /* within "&...-" */
};

static void put(struct writer *w, char c)
{
	w->out[w->len++] = c;
}

static void put_bits(struct writer *w, uint32_t bits)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

	put(w, digits[bits & 0x3F]);
}

static void put_unit(struct writer *w, uint32_t unit)
{
	if (!w->shifted)
		put(w, '&');
	w->shifted = true;
	w->bits = w->bits << 16 | unit;
	for (w->bit_count += 16; w->bit_count >= 6; w->bit_count -= 6)
		put_bits(w, w->bits >> (w->bit_count - 6));
}

static void end_shift(struct writer *w)
{
	if (!w->shifted)
		return;
	if (w->bit_count)
		put_bits(w, w->bits << (6 - w->bit_count));
	put(w, '-');
	w->bits = 0;
	w->bit_count = 0;
	w->shifted = false;
}

static void put_code(struct writer *w, uint32_t code)
{
	if (code >= 0x20 && code < 0x7F) {
		end_shift(w);
		put(w, (char)code);
		if (code == '&')
			put(w, '-');
	} else if (code < 0x10000) {
		put_unit(w, code);
	} else {
		put_unit(w, 0xD800 + ((code - 0x10000) >> 10));
		put_unit(w, 0xDC00 + ((code - 0x10000) & 0x3FF));
	}
}

char *imap_name(struct arena *arena, const char *name)
{
	struct view text = view_of(name);
	struct writer w = {.out = arena_alloc(arena, text.len * WORST_CASE + 1)};
	uint32_t code;
	size_t at = 0;

	while (unicode_next(text, &at, &code))
		put_code(&w, code);
	end_shift(&w);
	return w.out;
}
