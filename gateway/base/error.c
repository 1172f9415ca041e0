/* base/error: a sentence and a reach. See error.h. */
#include "base/error.h"

#include <stdio.h>
#include <string.h>

/* Cuts half a character off the end and makes control characters blanks: the sentence is one line. */
static void tidy(char *text)
{
	size_t len = strlen(text);

	if (len == ERROR_TEXT_MAX - 1) {
		while (len > 0 && ((unsigned char)text[len - 1] & 0xC0) == 0x80)
			len--;
		if (len > 0 && (unsigned char)text[len - 1] >= 0xC0)
			len--;
		text[len] = '\0';
	}
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r' || text[len - 1] == ' '))
		text[--len] = '\0';
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7F)
			*p = ' ';
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
