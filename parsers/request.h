/*
 * Request (private to parsers/): what we send, so that a reply can be told from it.
 *
 * A form's line is `NUMBER. LABEL[ (HINT)]: `; above the form stand the words of its letter (letter.h) and the
 * reference. parsers.h offers the whole as form_render_text() and form_render_html().
 */
#ifndef PARSERS_REQUEST_H
#define PARSERS_REQUEST_H

#include "parsers/form.h"

#define REQUEST_HINT_MAX 65536 /* bytes of a hint */

/* The hint of a field as it stands in the brackets; nothing where the field has none. */
void request_add_hint(struct text *out, const struct forms *forms, const struct field *field, const char *language);

/* What stands in the answer cell of a field. */
typedef void request_cell(void *context, const struct field *field, struct text *out);
/* The one table that is the body of a request in HTML, each cell filled by `cell`. */
int request_html(struct text *out, const struct forms *forms, const struct form *form, const char *language,
	const char *reference, request_cell *cell, void *context, struct error *err);
/* The field's line in a text. */
void request_add_line(struct text *out, const struct forms *forms, const struct field *field, const char *language);
/* Text with what HTML reads as markup escaped. */
void request_escape(struct text *out, struct view text);
/* "rtl" or "ltr", by the first letter. */
const char *request_direction(struct view text);

/* Folds the words around the forms in every language, for request_is_prose(). */
void request_prepare(struct forms *forms);
/*
 * Is this folded line a piece of the prose that stands around the form, in any language? Short pieces are not: they say
 * nothing. `certain`: only a long piece, which nobody writes by chance.
 */
bool request_is_prose(const struct forms *forms, struct view folded, bool certain);
/* Is the folded line the greeting of a request and nothing else? People greet each other so, too. */
bool request_is_greeting(const struct forms *forms, struct view folded);
/* Is the line the request's reference ("Reference: FP-7K3M9QXA2D", in any language, or the code) and nothing else? */
bool request_is_reference(const struct forms *forms, struct arena *scratch, struct view line);

#endif
