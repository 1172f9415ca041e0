/* parsers/value_country: a country by any of its names or codes. See value.h; the names are the lexicon's. */
#include "parsers/value_private.h"

#define LINES_MAX 4 /* a long name may be wrapped */

/* "Burma / Myanmar": names of one country are one answer, names of two are none. */
static const char *country_of(const struct value_job *job, struct view text)
{
	bool ambiguous;
	const char *whole = lexicon_country(job->context->lexicon, job->arena, text, &ambiguous), *found = NULL;
	struct view rest = text, part;

	if (whole || view_find_char(text, '/') < 0)
		return whole;
	while (view_next_field(&rest, '/', &part)) {
		const char *one = lexicon_country(job->context->lexicon, job->arena, part, &ambiguous);

		if (!one || (found && strcmp(found, one) != 0))
			return NULL;
		found = one;
	}
	return found;
}

enum value_verdict value_read_country(struct value_job *job, json_t **value_out, struct view *suggestion_out)
{
	const char *code = country_of(job, job->line);
	struct view joined;
	size_t used;

	for (size_t lines = 2; !code && lines <= LINES_MAX && value_joined(job, lines, &joined, &used); lines++) {
		code = country_of(job, joined);
		if (code)
			job->used = used;
	}
	if (code) {
		*value_out = json_string(code);
		return VALUE_TAKEN;
	}
	*suggestion_out = view_of(lexicon_country_near(job->context->lexicon, job->arena, job->line));
	return VALUE_INVALID;
}
