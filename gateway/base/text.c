/* base/text: views and growing buffers. See text.h. */
#include "base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool view_same_nocase(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

bool view_starts_nocase(struct view v, struct view prefix)
{
	return v.len >= prefix.len && view_equal_nocase(view_sub(v, 0, prefix.len), prefix);
}

bool view_ends(struct view v, struct view suffix)
{
	return v.len >= suffix.len && view_equal(view_sub(v, v.len - suffix.len, suffix.len), suffix);
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct view view_trim_end(struct view v)
{
	while (v.len > 0 && is_space(v.ptr[v.len - 1]))
		v.len--;
	return v;
}

struct view view_trim(struct view v)
{
	while (v.len > 0 && is_space(v.ptr[0])) {
		v.ptr++;
		v.len--;
	}
	return view_trim_end(v);
}

#define FIND_SHORT 256 /* bytes of a text in which a needle is found before memmem() has made its tables */

static ptrdiff_t find_short(struct view v, struct view needle)
{
	const char *at = v.ptr, *last = v.ptr + v.len - needle.len;

	while (at <= last && (at = memchr(at, needle.ptr[0], (size_t)(last - at) + 1))) {
		if (memcmp(at, needle.ptr, needle.len) == 0)
			return at - v.ptr;
		at++;
	}
	return -1;
}

ptrdiff_t view_find(struct view v, struct view needle)
{
	const char *found;

	if (needle.len == 0)
		return 0;
	if (v.len < needle.len)
		return -1;
	if (v.len <= FIND_SHORT)
		return find_short(v, needle);
	found = memmem(v.ptr, v.len, needle.ptr, needle.len);
	return found ? found - v.ptr : -1;
}

ptrdiff_t view_find_nocase(struct view v, struct view needle)
{
	if (needle.len == 0)
		return 0;
	for (size_t i = 0; i + needle.len <= v.len; i++)
		if (lower(v.ptr[i]) == lower(needle.ptr[0]) &&
			view_equal_nocase(view_sub(v, i, needle.len), needle))
			return (ptrdiff_t)i;
	return -1;
}

ptrdiff_t view_find_char(struct view v, char c)
{
	const char *found = v.len ? memchr(v.ptr, c, v.len) : NULL;

	return found ? found - v.ptr : -1;
}

bool view_next_line(struct view *rest, struct view *line_out)
{
	ptrdiff_t end;
	struct view line;

	if (rest->len == 0)
		return false;
	end = view_find_char(*rest, '\n');
	line = end < 0 ? *rest : view_sub(*rest, 0, (size_t)end);
	*rest = end < 0 ? view_sub(*rest, rest->len, 0) : view_sub(*rest, (size_t)end + 1, SIZE_MAX);
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	*line_out = line;
	return true;
}

bool view_next_field(struct view *rest, char separator, struct view *field_out)
{
	ptrdiff_t end;

	if (!rest->ptr)
		return false;
	end = view_find_char(*rest, separator);
	if (end < 0) {
		*field_out = *rest;
		*rest = VIEW_NULL;
		return true;
	}
	*field_out = view_sub(*rest, 0, (size_t)end);
	*rest = view_sub(*rest, (size_t)end + 1, SIZE_MAX);
	return true;
}

int view_to_int(struct view v, long long min, long long max, long long *value_out)
{
	bool negative = v.len > 0 && v.ptr[0] == '-';
	size_t i = negative ? 1 : 0;
	long long value = 0;

	if (i >= v.len)
		return -1;
	for (; i < v.len; i++) {
		if (v.ptr[i] < '0' || v.ptr[i] > '9')
			return -1;
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_sub_overflow(value, v.ptr[i] - '0', &value))
			return -1;
	}
	if (!negative && __builtin_sub_overflow(0, value, &value))
		return -1;
	if (value < min || value > max)
		return -1;
	*value_out = value;
	return 0;
}

void text_init(struct text *text, size_t maximum)
{
	*text = (struct text){.maximum = maximum};
}

void text_release(struct text *text)
{
	free(text->ptr);
	*text = (struct text){.maximum = text->maximum};
}

void text_reset(struct text *text)
{
	text->len = 0;
	text->full = false;
	if (text->ptr)
		text->ptr[0] = '\0';
}

static void grow(struct text *text, size_t need)
{
	size_t size = text->size ? text->size : 64;
	char *ptr;

	while (size < need)
		size = size > SIZE_MAX / 2 ? need : size * 2;
	ptr = realloc(text->ptr, size);
	if (!ptr)
		exit(EX_OSERR);
	text->ptr = ptr;
	text->size = size;
}

int text_add(struct text *text, const void *data, size_t len)
{
	int result = 0;

	if (len > text->maximum - text->len) {
		len = text->maximum - text->len;
		text->full = true;
		result = -1;
	}
	if (text->len + len + 1 > text->size)
		grow(text, text->len + len + 1);
	if (len)
		memcpy(text->ptr + text->len, data, len);
	text->len += len;
	text->ptr[text->len] = '\0';
	return result;
}

int text_add_view(struct text *text, struct view v)
{
	return text_add(text, v.ptr, v.len);
}

int text_add_string(struct text *text, const char *string)
{
	return text_add(text, string, strlen(string));
}

int text_add_char(struct text *text, char c)
{
	return text_add(text, &c, 1);
}

int text_add_format(struct text *text, const char *format, ...)
{
	char small[256], *big = NULL;
	va_list args;
	int length, result;

	va_start(args, format);
	length = vsnprintf(small, sizeof(small), format, args);
	va_end(args);
	if (length < 0)
		return -1;
	if ((size_t)length < sizeof(small))
		return text_add(text, small, (size_t)length);
	va_start(args, format);
	length = vasprintf(&big, format, args);
	va_end(args);
	if (length < 0)
		exit(EX_OSERR);
	result = text_add(text, big, (size_t)length);
	free(big);
	return result;
}

void text_cut(struct text *text, size_t len)
{
	if (len < text->len) {
		text->len = len;
		text->ptr[len] = '\0';
	}
}

struct view text_view(const struct text *text)
{
	return (struct view){text->ptr, text->len};
}

const char *text_string(const struct text *text)
{
	return text->ptr ? text->ptr : "";
}
