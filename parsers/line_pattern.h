/*
 * Line pattern: the shape of a line: folded words, and gaps in between. "on {date}, {name} wrote:"
 *
 * Matched by keeping every place that the steps so far may have ended at: the time is the line's length times the
 * steps, whatever the line. (A regex tries the gaps one against the other: a line made for it took milliseconds.)
 */
#ifndef PARSERS_LINE_PATTERN_H
#define PARSERS_LINE_PATTERN_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/text.h"

#define LINE_PATTERN_MAX 8192 /* bytes of a folded line: a longer one fits nothing */

struct line_step; /* what may come next */

struct line_pattern {
	struct line_step *steps;
	size_t count, size;
};

/* Adds folded words: a comma in them may be missing or another kind, a colon may have a space before it. */
void line_pattern_add_words(struct line_pattern *pattern, struct arena *arena, struct view folded);
/*
 * Takes a gap off the front of *rest and adds it: {date} holds a digit, {name} is 1 to 160 characters, {any} at most
 * 200, {end} the line's end. False: there is none.
 */
bool line_pattern_add_gap(struct line_pattern *pattern, struct arena *arena, struct view *rest);
/* Nothing but white space and marks may follow. */
void line_pattern_close(struct line_pattern *pattern, struct arena *arena);
/* Is the pattern just these words? */
bool line_pattern_is(const struct line_pattern *pattern, struct view words);
/* Does the line begin as the pattern says? */
bool line_pattern_fits(const struct line_pattern *pattern, struct view line);
/* Length of the comma of any kind at that place, or 0. */
size_t line_pattern_comma(struct view folded, size_t at);

#endif
