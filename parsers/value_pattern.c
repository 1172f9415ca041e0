/* parsers/value_pattern: the one part of a line that has the form a field asks for. See value.h. */
#include "base/unicode.h"
#include "parsers/value_private.h"

#define PATTERN_VALUE_MAX 256 /* bytes */

/* Hyphens that a word processor made of "-" become that again, digits ASCII. */
static struct view plain(struct arena *arena, struct view line)
{
	struct view text = unicode_ascii_digits(arena, line);
	char *out = arena_alloc(arena, text.len + 1);
	size_t at = 0, len = 0;
	uint32_t code;

	for (size_t start = 0; unicode_next(text, &at, &code); start = at) {
		if ((code >= 0x2010 && code <= 0x2015) || code == 0x2212) {
			out[len++] = '-';
			continue;
		}
		memcpy(out + len, text.ptr + start, at - start);
		len += at - start;
	}
	return (struct view){out, len};
}

static bool is_word(uint32_t code)
{
	return unicode_is_letter(code) || unicode_is_digit(code) || code == '_';
}

static bool is_joiner(char c)
{
	return c == '-' || c == '/' || c == '_';
}

/* The code point that ends at byte `at`. */
static uint32_t before(struct view text, size_t at)
{
	size_t start = at;
	uint32_t code = 0;

	while (start > 0 && at - start < 4) {
		start--;
		if (((unsigned char)text.ptr[start] & 0xc0) != 0x80)
			break;
	}
	unicode_next(text, &start, &code);
	return code;
}

/* A match that is a piece of a longer word or number ("POL-2020-0421") is not what was written. */
static bool stands_alone(struct view text, const struct regex_span *span)
{
	size_t at = span->end;
	uint32_t code;
	bool joined;

	if (span->start > 0) {
		joined = is_joiner(text.ptr[span->start - 1]);
		if (span->start > (joined ? 1u : 0u) && is_word(before(text, span->start - (joined ? 1 : 0))))
			return false;
	}
	if (at == text.len)
		return true;
	joined = is_joiner(text.ptr[at]);
	at += joined ? 1 : 0;
	return !unicode_next(text, &at, &code) || !is_word(code);
}

static char other_case(char c)
{
	return (c >= 'a' && c <= 'z') ? (char)(c - 32) : (c >= 'A' && c <= 'Z') ? (char)(c + 32) : c;
}

/* Gives each letter the case that the pattern has there, going from left to right; not where one look takes too long. */
static bool take_case(const struct regex *whole, char *value, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		int begins = regex_match_begins(whole, (struct view){value, i + 1});

		if (begins > 0)
			continue;
		if (begins < 0)
			return false;
		value[i] = other_case(value[i]);
		if (regex_match_begins(whole, (struct view){value, i + 1}) <= 0)
			return false;
	}
	return regex_match(whole, (struct view){value, len}, 0, NULL, 0) > 0;
}

static bool as_written(const struct regex *whole, struct arena *arena, struct view found, struct view *out)
{
	char *value = arena_copy(arena, found.ptr, found.len);

	if (regex_match(whole, found, 0, NULL, 0) <= 0) {
		for (size_t i = 0; i < found.len; i++)
			value[i] = value[i] >= 'a' && value[i] <= 'z' ? other_case(value[i]) : value[i];
		if (regex_match(whole, (struct view){value, found.len}, 0, NULL, 0) <= 0) {
			memcpy(value, found.ptr, found.len);
			if (!take_case(whole, value, found.len))
				return false;
		}
	}
	*out = (struct view){value, found.len};
	return true;
}

enum value_verdict value_read_pattern(struct value_job *job, json_t **value_out, struct view *suggestion_out)
{
	const struct value_compiled *compiled = job->field->compiled;
	struct view text = plain(job->arena, job->line), value = VIEW_NULL;
	bool alone = true, several = false;
	struct regex_span span;
	size_t from = 0;
	int found;

	while ((found = regex_match(compiled->loose, text, from, &span, 1)) > 0) {
		struct view match = view_sub(text, span.start, span.end - span.start), next;

		from = span.end > span.start ? span.end : span.end + 1;
		if (match.len == 0 || match.len > PATTERN_VALUE_MAX)
			continue;
		alone = alone && stands_alone(text, &span);
		if (!as_written(compiled->whole, job->arena, match, &next))
			return VALUE_INVALID;
		several = several || (value.len > 0 && !view_equal(value, next));
		value = value.len > 0 ? value : next;
	}
	if (found < 0 || value.len == 0 || several)
		return VALUE_INVALID;
	if (!alone) {
		*suggestion_out = value;
		return VALUE_INVALID;
	}
	*value_out = json_stringn(value.ptr, value.len);
	return *value_out ? VALUE_TAKEN : VALUE_INVALID;
}
