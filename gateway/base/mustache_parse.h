/*
 * Inside base/mustache*: a template as a tree of nodes. Views point into the template; nodes live in the arena.
 */
#ifndef BASE_MUSTACHE_PARSE_H
#define BASE_MUSTACHE_PARSE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

enum mustache_kind {
	MUSTACHE_TEXT,
	MUSTACHE_VARIABLE, /* {{name}} */
	MUSTACHE_RAW,      /* {{{name}}}, {{&name}} */
	MUSTACHE_SECTION,
	MUSTACHE_INVERTED,
	MUSTACHE_PARTIAL,
};

struct mustache_node {
	enum mustache_kind kind;
	int line;           /* of its tag, from 1 */
	struct view text;   /* MUSTACHE_TEXT: what to print; else the name */
	struct view indent; /* MUSTACHE_PARTIAL alone on its line: the white space before it */
	struct mustache_node *first, *next;
};

/* `where` begins every error: "" or "partial NAME, ". No nodes: *first_out is NULL. */
int mustache_parse(struct arena *arena, struct view template, const char *where, struct mustache_node **first_out,
	struct error *err);

#endif
