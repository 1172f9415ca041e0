/*
 * Export: a table of texts and numbers, row by row, as CSV (RFC 4180, UTF-8 with its mark, so that Excel knows) or as a
 * workbook (XLSX).
 *
 * A text that a spreadsheet would take for a formula (it begins with = + - @, a tab or a line end) gets an apostrophe
 * in front in CSV; in a workbook a text is a text.
 */
#ifndef CLI_EXPORT_H
#define CLI_EXPORT_H

#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "base/text.h"

#define EXPORT_CELL_MAX 32000 /* characters of a workbook's cell; Excel takes 32,767 UTF-16 units */

struct export;

/* The stream stays the caller's. */
struct export *export_csv(FILE *stream);
struct export *export_xlsx(const char *path, struct error *err);
void export_text(struct export *export, struct view text); /* empty: an empty cell */
void export_number(struct export *export, int64_t value);
void export_end_row(struct export *export);
/* Writes what is still to be written; *export is reset. */
int export_close(struct export **export, struct error *err);

#endif
