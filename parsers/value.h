/*
 * Value: the text of one answer -> a typed value, by the table of the reply contract. Never guesses.
 */
#ifndef PARSERS_VALUE_H
#define PARSERS_VALUE_H

#include <jansson.h>

#include "parsers/lexicon.h"
#include "parsers/parsers.h"

enum value_verdict {
	VALUE_NONE, /* "-", "n/a", "?", nothing: no answer */
	VALUE_TAKEN,
	VALUE_INVALID, /* for review */
};

struct value_context {
	const struct lexicon *lexicon;
	const char *language; /* of the practitioner's labels, or NULL: only a preference, every language is accepted */
	int64_t date;	      /* of the mail, unix seconds; 0: unknown. A date more than a year after it is invalid */
};

/*
 * Where the mail's own date is unknown (a channel's message), a year above this one is taken for one of another
 * calendar (Bikram Sambat is 57 years ahead): years that people now write about end before it in the one and begin
 * behind it in the other.
 */
#define VALUE_YEAR_MAX_UNDATED 2045
#define VALUE_YEAR_MIN 1900 /* below it: of another calendar (Hijri), or a slip */
#define VALUE_LINE_MAX 4096 /* bytes of one line of a typed answer that are read; a longer one is invalid */

/*
 * text: the answer as it was found: lines parted by LF, blank lines parting paragraphs, quote marks and soft breaks
 * already gone. For a type of one line only the first line (with lines wrapped directly below, for `line`) is read.
 *
 * value_out: a new reference (VALUE_TAKEN only): string, integer, boolean or array of strings (sorted, each once).
 * used_out: bytes of `text` that belong to the value (VALUE_NONE: to the mark that says so); what is below is a remark.
 * suggestion_out: for VALUE_INVALID a near miss for the reviewer, never taken; may be empty.
 *
 * All three are set whatever the verdict (value_out to NULL, suggestion_out to an empty view).
 */
enum value_verdict value_read(const struct value_context *context, const struct field *field, struct arena *arena,
	struct view text, json_t **value_out, size_t *used_out, struct view *suggestion_out);

/* At load: compiles the options and the pattern of a field once (kept in field->compiled; freed by value_release). */
int value_compile(struct field *field, const struct lexicon *lexicon, struct arena *arena, struct error *err);
void value_release(struct field *field);

#endif
