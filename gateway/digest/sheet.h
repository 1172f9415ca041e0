/*
 * Sheet: every line of a digest with every answer, as a workbook (XLSX) that goes with the mail: one sheet a form, one
 * row a line.
 *
 * It holds what the mail may hold and nothing else: of a withheld line number, form and arrival. Same data, same bytes.
 */
#ifndef DIGEST_SHEET_H
#define DIGEST_SHEET_H

#include "base/error.h"
#include "base/text.h"
#include "digest/page.h"

#define SHEET_BYTES_MAX ((size_t)8 * 1024 * 1024)
#define SHEET_TEXT_MAX 8000 /* characters of a cell; Excel takes 32767 UTF-16 units */

/* "fieldpost-2026-W46.xlsx" */
const char *sheet_name(struct page *page);
/* The page's data and words are used; its view is not. */
int sheet_make(struct page *page, struct text *out, struct error *err);

#endif
