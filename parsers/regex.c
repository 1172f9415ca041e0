/* parsers/regex: the one wrapper round PCRE2. See regex.h. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "parsers/regex.h"

#include <pcre2.h>
#include <sysexits.h>

struct regex {
	pcre2_code *code;
	pcre2_code *open; /* of REGEX_WHOLE: without its end, as a partial match wants it; else NULL */
	pcre2_match_context *limits;
};

static uint32_t compile_options(unsigned flags)
{
	uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;

	if (flags & REGEX_CASELESS)
		options |= PCRE2_CASELESS;
	if (flags & REGEX_WHOLE)
		options |= PCRE2_ANCHORED | PCRE2_ENDANCHORED;
	if (flags & REGEX_UNICODE)
		options |= PCRE2_UCP;
	if (flags & REGEX_LINES)
		options |= PCRE2_MULTILINE;
	return options;
}

static pcre2_match_context *limits_new(void)
{
	pcre2_match_context *limits = pcre2_match_context_create(NULL);

	if (!limits)
		exit(EX_OSERR);
	pcre2_set_match_limit(limits, REGEX_MATCH_LIMIT);
	pcre2_set_depth_limit(limits, REGEX_DEPTH_LIMIT);
	pcre2_set_heap_limit(limits, REGEX_HEAP_LIMIT);
	return limits;
}

int regex_new(struct view pattern, unsigned flags, struct regex **out, struct error *err)
{
	struct regex *regex;
	PCRE2_SIZE offset;
	pcre2_code *code;
	int number;

	code = pcre2_compile((PCRE2_SPTR)pattern.ptr, pattern.len, compile_options(flags), &number, &offset, NULL);
	if (!code) {
		char message[200] = "";

		pcre2_get_error_message(number, (PCRE2_UCHAR *)message, sizeof(message));
		return error_set(
			err, REACH_STOP, "the pattern is not a regex: %s (at byte %zu)", message, (size_t)offset);
	}
	/* Without writable-executable memory the JIT is refused and the interpreter does the same work, slower. */
	(void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	regex = calloc(1, sizeof(*regex));
	if (!regex)
		exit(EX_OSERR);
	regex->code = code;
	if (flags & REGEX_WHOLE)
		regex->open = pcre2_compile((PCRE2_SPTR)pattern.ptr, pattern.len,
			compile_options(flags) & ~PCRE2_ENDANCHORED, &number, &offset, NULL);
	regex->limits = limits_new();
	*out = regex;
	return 0;
}

void regex_free(struct regex **regex)
{
	if (!*regex)
		return;
	pcre2_match_context_free((*regex)->limits);
	pcre2_code_free((*regex)->code);
	pcre2_code_free((*regex)->open);
	free(*regex);
	*regex = NULL;
}

static void match_data_free(pcre2_match_data **data)
{
	pcre2_match_data_free(*data);
}

static int run(const struct regex *regex, const pcre2_code *code, struct view subject, size_t from, uint32_t options,
	struct regex_span *spans, size_t count)
{
	uint32_t pairs = count > REGEX_GROUPS_MAX ? REGEX_GROUPS_MAX : (uint32_t)count;
	__attribute__((cleanup(match_data_free))) pcre2_match_data *data =
		pcre2_match_data_create(pairs > 0 ? pairs : 1, NULL);
	const PCRE2_SIZE *offsets;
	int got;

	if (!data)
		exit(EX_OSERR);
	if (from > subject.len)
		return 0;
	got = pcre2_match(
		code, (PCRE2_SPTR)(subject.ptr ? subject.ptr : ""), subject.len, from, options, data, regex->limits);
	if (got == PCRE2_ERROR_PARTIAL)
		return 1;
	if (got < 0)
		return got == PCRE2_ERROR_NOMATCH ? 0 : -1;
	offsets = pcre2_get_ovector_pointer(data);
	for (size_t i = 0; i < count; i++) {
		bool there = i < pairs && (got == 0 || i < (size_t)got);

		spans[i].start = there ? offsets[2 * i] : (size_t)-1;
		spans[i].end = there ? offsets[2 * i + 1] : (size_t)-1;
	}
	return 1;
}

int regex_match(const struct regex *regex, struct view subject, size_t from, struct regex_span *spans, size_t count)
{
	return run(regex, regex->code, subject, from, 0, spans, count);
}

int regex_match_begins(const struct regex *regex, struct view subject)
{
	return run(regex, regex->open ? regex->open : regex->code, subject, 0, PCRE2_ANCHORED | PCRE2_PARTIAL_HARD,
		NULL, 0);
}

size_t regex_group(const struct regex *regex, const char *name)
{
	int number = pcre2_substring_number_from_name(regex->code, (PCRE2_SPTR)name);

	return number > 0 ? (size_t)number : 0;
}

const char *regex_group_name(const struct regex *regex, size_t index)
{
	uint32_t count = 0, size = 0;
	PCRE2_SPTR table = NULL;

	pcre2_pattern_info(regex->code, PCRE2_INFO_NAMECOUNT, &count);
	pcre2_pattern_info(regex->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	pcre2_pattern_info(regex->code, PCRE2_INFO_NAMETABLE, &table);
	/* An entry is the group's number in two bytes, then its name. */
	return index < count ? (const char *)table + index * size + 2 : NULL;
}
