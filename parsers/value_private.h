/* Value's inside: one reader a group of types, one file each; shared by value*.c alone. */
#ifndef PARSERS_VALUE_PRIVATE_H
#define PARSERS_VALUE_PRIVATE_H

#include "parsers/regex.h"
#include "parsers/value.h"
#include "parsers/word_table.h"

/* One answer being read. */
struct value_job {
	const struct value_context *context;
	const struct field *field;
	struct arena *arena;
	struct view text; /* as it was found */
	struct view line; /* its first line that says something, cleaned: see value_clean() */
	size_t used;	  /* bytes of `text` up to that line's end; a reader that takes more sets it */
};

/* A label or value of an option. */
struct option_key {
	struct view key;      /* see option_key_of() */
	const char *language; /* of the label; NULL for the value */
	int option;
};

/* What field->compiled points to. */
struct value_compiled {
	struct option_key *keys;
	size_t key_count;
	size_t words_max;    /* words of the longest label */
	struct regex *whole; /* the pattern as it is written, for the whole of a text */
	struct regex *loose; /* the pattern in any case, anywhere */
};

#define OPTION_NONE (-1)
#define OPTION_SEVERAL (-2)

/* Each returns the verdict and on VALUE_TAKEN a new reference; the suggestion comes in empty. */
typedef enum value_verdict value_reader(struct value_job *job, json_t **value_out, struct view *suggestion_out);
value_reader value_read_line, value_read_text, value_read_number, value_read_date, value_read_yes_no,
	value_read_country, value_read_choice, value_read_choices, value_read_pattern;

/* value_text.c: white space squeezed; invisible marks, a leading bullet, emphasis and quotes round the whole off. */
struct view value_clean(struct arena *arena, struct view line);
bool value_is_bullet(struct view line, size_t *len_out); /* "- ", "• ", ... at the line's beginning */
/* The first `count` lines of a paragraph as one cleaned line, and where they end; false when there are fewer. */
bool value_joined(const struct value_job *job, size_t count, struct view *out, size_t *used_out);

/* value_choice.c: options by text. */
int option_exact(const struct value_job *job, struct view key);
int option_prefix(const struct value_job *job, struct view key);
int option_number(const struct value_job *job, struct view word);
int option_near(const struct value_job *job, struct view key);
/* What options are compared by: word_key_compact() less the signs that part options. */
struct view option_key_of(struct arena *arena, struct view text);
int value_compile_options(
	const struct field *field, struct value_compiled *compiled, struct arena *arena, struct error *err);

#endif
