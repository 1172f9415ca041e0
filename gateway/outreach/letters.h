/*
 * What letters.c (bodies of outbox rows) and answer_view.c (what an acknowledgement is given) share. Private to outreach/.
 */
#ifndef OUTREACH_LETTERS_H
#define OUTREACH_LETTERS_H

#include "outreach/asking.h"

/* "2026-11-03" as the language's letters write it, with the year or without. */
const char *letters_day(const struct forms *forms, struct arena *arena, const char *language, const char *iso, bool year);
/* The body's text, and HTML if it is a mail. A new reference. */
int letters_body(const struct forms *forms, const struct letter_order *order, bool channel, json_t **out, struct error *err);

/*
 * What the templates `acknowledgement` and `short` are given (and of it `day` the others): name, day, neutral, dropped,
 * arrow; finish (the lines stand at the end), whole, review; understood_count, open_count (as the language writes them;
 * absent: 0); lists with `has_LIST`: understood {label, value, quoted, letters}, assumed {label, value}, wrong and
 * missing {label, found, is_TYPE, min, max, example, options, yes, no}. told: more than `day` is wanted. A new
 * reference.
 */
json_t *letters_answer_view(
	const struct forms *forms, struct arena *arena, const struct asking_answer *answer, bool told, bool open);

#endif
