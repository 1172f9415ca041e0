/*
 * Form (private to parsers/): the compiled set of forms, languages and labels behind `struct forms` of parsers.h.
 *
 * Built once by forms_new() from YAML, immutable afterwards, so that every thread may read it. Everything lives in the
 * set's own arena, except what PCRE2 and the lexicon hold, which forms_free() releases.
 */
#ifndef PARSERS_FORM_H
#define PARSERS_FORM_H

#include "base/yaml.h"
#include "parsers/label.h"
#include "parsers/lexicon.h"
#include "parsers/parsers.h"

#define FORM_FIELDS_MAX 200   /* fields of a form */
#define FORM_OPTIONS_MAX 200  /* options of a field */
#define FORM_NAME_MAX 48      /* bytes of a form's id and a field's name */
#define FORM_LABEL_MAX 400    /* bytes of a label, title, hint or option's label */
#define FORM_PATTERN_MAX 4000 /* bytes of a regex */

struct form_match;
struct letter_template;
struct regex;

/* What stands behind form->compiled. */
struct form_private {
	const struct yaml_node *fields; /* for errors while the fields are compiled; NULL: none */
	struct form_match *match;	/* regexes for mail that was not asked for; NULL: none */
	const char *warning;		/* see form_warning() */
	bool current;			/* no newer version of it is there */
};

#define REQUEST_GRAM_BITS 16

struct forms {
	struct arena *arena;
	struct lexicon *lexicon;
	struct form *list; /* as given; several versions of one form may be there */
	size_t count;
	struct label_table *labels;
	struct label_table *titles; /* uses have no field */
	struct letter_template *letters; /* see letter.h */
	size_t letter_count;
	struct view *prose; /* the folded words that stand around a form, in every language; see request.h */
	size_t prose_count;
	unsigned char prose_grams[(1 << REQUEST_GRAM_BITS) / 8]; /* see request.c */
	struct view *greetings;					 /* by language: the folded greeting of a request */
	struct view *references;				 /* by language: the folded word before a reference */
};

/* Reads one file into *out; fields are not compiled yet. -1 with FILE:LINE:COLUMN. */
int form_load(struct arena *arena, const struct parse_source *source, struct form *out, struct error *err);
/* The `fields:` of a form (form_field.c); `labels`: each must have one. */
int form_load_fields(
	struct arena *arena, const struct yaml_node *node, bool labels, struct form *form, struct error *err);
/* {en: text, fr: text}; the keys are language codes, each text one line. */
int form_load_words(struct arena *arena, const struct yaml_node *node, struct words *out, struct error *err);
/* A key of `mapping` that is not in the list (NULL-terminated) is an error that names the nearest known one. */
int form_check_keys(const struct yaml_node *mapping, const char *const *known, struct error *err);
/* At load (form_regex.c): a regex that finds nothing is refused, with its place. */
int form_check_regex(const struct yaml_node *node, const struct regex *regex, struct error *err);
/* Does something in it repeat without an end that itself holds such a repeat, as in (a+)+? */
bool form_regex_is_nested(const char *pattern);
const char *form_nested_warning(struct arena *arena, const struct yaml_node *node);
/* What is surely not meant (form_warnings.c), with its place; NULL: nothing. */
const char *form_find_warning(const struct forms *forms, const struct form *form);
/* Letters, digits and `joiner`, first a letter, all lower case, at most FORM_NAME_MAX. */
int form_check_name(const struct yaml_node *node, char joiner, struct error *err);

#endif
