/*
 * Layout: the text part of a mail, 72 columns.
 *
 * Templates of text parts place things with a few marks, given to them as variables (layout_marks()): {{at.N}} goes on
 * in column N, {{to.N}} puts what follows (up to the next mark) so that it ends in column N, {{fill}} is {{to.72}},
 * {{hang}} indents what wraps to this column, {{indent.N}} by N, {{caps}} at a line's start raises it to capitals,
 * {{isolate}} and {{pop}} stand around words that run from right to left. The marks are control characters, which no
 * value holds (layout_clean()).
 */
#ifndef DIGEST_LAYOUT_H
#define DIGEST_LAYOUT_H

#include "base/arena.h"
#include "base/text.h"
#include "digest/locale.h"

#include <jansson.h>

#define LAYOUT_COLUMNS 72

/* Adds the marks to a template's data. */
void layout_marks(json_t *view);
/* Lays out what a template gave: wraps, aligns, at most two blank lines running, none at the end, no space at a line's
 * end. */
void layout_text(const struct locale *locale, struct view rendered, struct text *out);

#endif
