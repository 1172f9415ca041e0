/* base/error: a sentence and a reach. See error.h. */
#include "base/error.h"

#include <stdio.h>
#include <string.h>

/* Bytes of the character at p; 0: it is none, or half of one. */
static size_t character(const char *p)
{
	unsigned char first = (unsigned char)*p;
	size_t len = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
	unsigned char second = len > 1 ? (unsigned char)p[1] : 0x80;

	for (size_t i = 1; i < len; i++)
		if (((unsigned char)p[i] & 0xC0) != 0x80)
			return 0;
	/* Written longer than it is, a surrogate, or beyond the last character. */
	if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) || (first == 0xF0 && second < 0x90) ||
		(first == 0xF4 && second > 0x8F))
		return 0;
	return len;
}

/* Drops half characters, at the end or where "%.40s" cut a text, and makes control characters blanks: the sentence is
 * one line of UTF-8. */
static void tidy(char *text)
{
	char *out = text;

	for (const char *p = text; *p;) {
		size_t len = character(p);

		if (len > 1)
			memmove(out, p, len);
		else if (len == 1)
			*out = (unsigned char)*p < 0x20 || *p == 0x7F ? ' ' : *p;
		out += len;
		p += len > 0 ? len : 1;
	}
	while (out > text && out[-1] == ' ')
		out--;
	*out = '\0';
}

int error_vset(struct error *err, enum error_reach reach, const char *format, va_list args)
{
	if (!err)
		return -1;
	err->reach = reach;
	vsnprintf(err->text, sizeof(err->text), format, args);
	tidy(err->text);
	return -1;
}

int error_set(struct error *err, enum error_reach reach, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	error_vset(err, reach, format, args);
	va_end(args);
	return -1;
}

int error_prefix(struct error *err, const char *format, ...)
{
	char before[ERROR_TEXT_MAX], after[ERROR_TEXT_MAX];
	va_list args;

	if (!err)
		return -1;
	va_start(args, format);
	vsnprintf(before, sizeof(before), format, args);
	va_end(args);
	memcpy(after, err->text, sizeof(after));
	return error_set(err, err->reach, "%s: %s", before, after);
}

void error_clear(struct error *err)
{
	err->reach = REACH_NONE;
	err->text[0] = '\0';
}

const char *error_reach_name(enum error_reach reach)
{
	static const char *const names[] = {"none", "retry", "message", "source", "stop", "uncertain"};

	return (size_t)reach < sizeof(names) / sizeof(names[0]) ? names[reach] : "none";
}
