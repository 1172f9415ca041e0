/*
 * Table: what a command prints as aligned columns for people and as an array of objects with --json, described once.
 *
 * Cells are added row by row, always the same columns in the same order. For people the headings are the names in
 * capitals, `_` as a blank; numbers stand to the right; line ends of a text show as blanks, control characters as `?`.
 * In JSON a number is a number, an absent text or time is null, a time is RFC 3339. Everything lives in the arena;
 * texts are copied.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/text.h"

#define TABLE_COLUMNS_MAX 16
#define TABLE_CELL_COLUMNS 60 /* a text that is wider is cut for people, unless it is the row's last cell */

struct table;

struct table *table_new(struct arena *arena);
void table_text(struct table *table, const char *name, struct view text); /* ptr NULL: absent */
void table_string(struct table *table, const char *name, const char *text); /* NULL or "": absent */
void table_int(struct table *table, const char *name, int64_t value);
/* Microseconds since 1970, 0: never. For people how long ago (or ahead) of `now` that is. */
void table_time(struct table *table, const char *name, int64_t time, int64_t now);
void table_end_row(struct table *table);
size_t table_rows(const struct table *table);

/* For people. Nothing when there is no row. */
void table_print(const struct table *table, const char *indent, FILE *stream);
/* A new reference. */
json_t *table_json(const struct table *table);

/* "just now", "12 s ago", "3 min ago", "2 h ago", "5 days ago"; "in 3 min" for what is to come. Into the arena. */
const char *table_ago(struct arena *arena, int64_t time, int64_t now);
/* Text for a terminal, on one line: line ends and tabs become blanks, control characters and what is no UTF-8 `?`. */
const char *table_clean(struct arena *arena, struct view text);

/* An answer as people write it: a list's entries with commas between. Into the arena, or the value's own. */
const char *table_value(struct arena *arena, const json_t *value);
/* A name in `columns` columns and the text behind it; several lines stand one below the other. */
void table_block(struct arena *arena, const char *name, int columns, const char *text);

#endif
