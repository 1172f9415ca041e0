/*
 * CSV: rows of cells (RFC 4180) out of bytes, as spreadsheets write them: with commas, semicolons or tabs between (the
 * first line tells), a byte order mark, any line end, quotes around what holds one of these, doubled inside.
 */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include "base/arena.h"
#include "base/text.h"

#define CSV_CELLS_MAX 64 /* of a row */

struct csv {
	struct view rest;
	char separator;
	size_t line; /* of the next row, from 1 */
};

struct csv_row {
	size_t line; /* on which it begins, from 1 */
	struct view cells[CSV_CELLS_MAX];
	size_t count;
	const char *broken; /* why it cannot be read, in words; NULL: it can */
};

void csv_init(struct csv *csv, struct view bytes);
/* The next row, its cells in the arena or the bytes; empty lines are passed over. False at the end. */
bool csv_next(struct csv *csv, struct arena *arena, struct csv_row *out);
/* A cell as it is written. first: nothing stands before it. */
void csv_add(struct text *out, struct view cell, bool first);

#endif
