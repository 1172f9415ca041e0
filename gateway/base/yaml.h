/*
 * YAML: one document as a tree of nodes that know their line and column (over libyaml).
 *
 * Only what our files use: mappings with scalar keys, sequences, scalars, flow and block style, quotes. Refused with
 * FILE:LINE:COLUMN and the mend: a key given twice, anchors, aliases and tags, more than YAML_DEPTH_MAX levels, more
 * than YAML_NODES_MAX nodes. JSON is accepted, being YAML. Nodes and strings live in the arena.
 */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

#define YAML_DEPTH_MAX 32
#define YAML_NODES_MAX 200000

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_node {
	enum yaml_kind kind;
	const char *file;        /* as given to yaml_parse() */
	int line, column;        /* of its first character, from 1 */
	const char *key;         /* in a mapping: its key (UTF-8, NUL-terminated); else NULL */
	int key_line, key_column;
	const char *scalar;      /* YAML_SCALAR: the text; else NULL */
	size_t scalar_len;
	bool quoted;             /* the scalar stood in quotes or a block: never null, true or a number by itself */
	size_t count;            /* children */
	struct yaml_node *first; /* first child */
	struct yaml_node *next;  /* next sibling */
};

/* `file` is the name for messages. An empty document is an empty mapping. */
int yaml_parse(struct arena *arena, struct view bytes, const char *file, struct yaml_node **root_out, struct error *err);
/* The child of that key or NULL. */
const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key);
/* Fills the error with "FILE:LINE:COLUMN: ..." and REACH_STOP; returns -1. */
int yaml_error(const struct yaml_node *node, struct error *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Unquoted null, ~ or nothing. */
bool yaml_is_null(const struct yaml_node *node);
/* true/false/yes/no/on/off (unquoted): 0, else -1 with the error. */
int yaml_bool(const struct yaml_node *node, bool *value_out, struct error *err);
int yaml_int(const struct yaml_node *node, long long min, long long max, long long *value_out, struct error *err);

#endif
