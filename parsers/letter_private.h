/*
 * What letter.c (text) and letter_html.c share: a filled template is text with these control characters in it. See
 * letter.h.
 */
#ifndef PARSERS_LETTER_PRIVATE_H
#define PARSERS_LETTER_PRIVATE_H

#include "parsers/letter.h"

enum letter_mark {
	LETTER_PARAGRAPH = 0,
	LETTER_HEADING = 1, /* at a line's start */
	LETTER_SECTION = 2,
	LETTER_ITEM = 3,
	LETTER_BOLD = 4,      /* before and behind */
	LETTER_OTHER_WAY = 5, /* what follows runs against the letter's direction, */
	LETTER_BACK = 6,      /* up to here */
};

enum { LETTER_LTR = 1, LETTER_RTL = 2 };

struct letter_page {
	const char *language; /* of the template */
	int direction;
};

struct letter_block {
	int kind;	  /* LETTER_PARAGRAPH to LETTER_ITEM */
	struct view text; /* with the marks within it, over several lines */
};

/* Of the first letter in it: LETTER_LTR or LETTER_RTL; 0: it has none. */
int letter_direction(struct view text);
/* What the template is given: a new reference. direction: of the letter. */
json_t *letter_view(struct arena *arena, const struct letter_order *order, int direction, bool html);
/* The template with its values. */
int letter_fill(const struct forms *forms, struct arena *arena, const struct letter_order *order, bool html,
	struct letter_page *page, struct text *out, struct error *err);
/* Takes the next block off the rest. */
bool letter_next_block(struct view *rest, struct letter_block *out);
/* Does the field's line stand in the letter? */
bool letter_asks(const struct letter_order *order, const struct field *field);

#endif
