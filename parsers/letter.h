/*
 * Letter (private to parsers/): a mail to a practitioner that may be typed into, out of a template
 * (config/mail/letters/LANGUAGE/NAME.mustache). parsers.h offers it as forms_letter().
 *
 * A template is mustache and a little more. Paragraphs are parted by an empty line; their lines are wrapped anew.
 * "# " begins a heading, "## " one below it, "- " an item of a list, each at a line's start; two asterisks stand before
 * and behind what is bold. These marks count in the template alone, never in what is put into it. Given to every
 * template: `html` (this is the HTML part), `title` (of the form), `sharing` {label, open, restricted} where the form
 * asks how it may be shared, `required` [{label, last}] (and `has_required`): what a reply needs to be whole, `rtl`;
 * the rest is the caller's. A partial ({{>needs}}) is a template of the same language.
 *
 * Below the template's words stand the reference and the form's lines as every request has them; nothing follows.
 */
#ifndef PARSERS_LETTER_H
#define PARSERS_LETTER_H

#include "parsers/form.h"
#include "parsers/request.h"

#define LETTER_BYTES_MAX ((size_t)1024 * 1024) /* of what a template gives */
#define LETTER_COLUMNS 72		       /* of the text part */

struct letter_template {
	const char *language, *name;
	struct view text; /* its marks turned into control characters */
};

/* Is it a template, by its name? Then it is none of the lexicon's. */
bool letter_is_template(const struct parse_source *source);
/* Takes the templates among the sources. -1: not UTF-8, or no mustache, with FILE. */
int letter_load(struct forms *forms, const struct parse_source *sources, size_t count, struct error *err);
/* NULL: there is none in exactly that language. */
const struct letter_template *letter_find(const struct forms *forms, const char *language, const char *name);

/* The words of a template on one line each, for who knows them again; adds nothing where there is no template. */
void letter_prose(const struct forms *forms, const struct form *form, const char *language, const char *name,
	struct text *out);

/* The one table that is the letter's HTML, with `cell` in each answer cell (NULL: an empty one). */
int letter_html(const struct forms *forms, const struct letter_order *order, request_cell *cell, void *context,
	struct text *out, struct error *err);

#endif
