/*
 * Mustache: templates for mails and pages (the official specification: interpolation, sections, inverted, comments,
 * partials, delimiters; no lambdas, blocks or parents).
 *
 * Data is a jansson object. `{{name}}` escapes for HTML when `html` is set in the options (text parts render it as it
 * is), `{{{name}}}` and `{{&name}}` never. Missing, null, false, "" and [] are false; 0 is true. Numbers print as
 * they are (format them before); to print a list or an object is an error. Partials come from a loader function;
 * recursion is limited. Output goes to a text with its own maximum.
 */
#ifndef BASE_MUSTACHE_H
#define BASE_MUSTACHE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

#define MUSTACHE_DEPTH_MAX 100 /* sections and partials, one in another */

struct mustache_options {
	bool html; /* escape & < > " ' in plain interpolations */
	/* Returns the partial's template (valid until the render ends) or an empty view when there is none. */
	struct view (*partial)(void *context, struct view name);
	void *context;
};

/*
 * Adds to `out`. Options NULL: no escaping, no partials. Errors name the line ("line 3: ...", "partial NAME, line 1:
 * ...") with REACH_STOP, a text longer than its maximum with REACH_MESSAGE; nothing is added then.
 */
int mustache_render(struct view template, const json_t *data, const struct mustache_options *options, struct text *out,
	struct error *err);

#endif
