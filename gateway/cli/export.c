/* cli/export: rows as CSV or as a workbook. See export.h. */
#include "cli/export.h"

#include <errno.h>
#include <stdlib.h>
#include <xlsxwriter.h>

#include "base/unicode.h"

struct export
{
	FILE *stream; /* NULL: a workbook */
	lxw_workbook *book;
	lxw_worksheet *sheet;
	lxw_format *head;
	lxw_row_t row;
	lxw_col_t column;
};

static struct export *export_new(void)
{
	struct export *export = calloc(1, sizeof(*export));

	if (!export)
		abort();
	return export;
}

struct export *export_csv(FILE *stream)
{
	struct export *export = export_new();

	export->stream = stream;
	fputs("\xef\xbb\xbf", stream);
	return export;
}

struct export *export_xlsx(const char *path, struct error *err)
{
	lxw_workbook_options options = {.constant_memory = LXW_TRUE};
	struct export *export = export_new();

	export->book = workbook_new_opt(path, &options);
	export->sheet = export->book ? workbook_add_worksheet(export->book, "Feedback") : NULL;
	if (!export->sheet) {
		error_set(err, REACH_STOP, "%s: the workbook cannot be made", path);
		free(export);
		return NULL;
	}
	export->head = workbook_add_format(export->book);
	format_set_bold(export->head);
	worksheet_freeze_panes(export->sheet, 1, 0);
	return export;
}

/* Would a spreadsheet take it for a formula? Blanks before it, and the full-width signs of East Asia, change nothing. */
static bool is_formula(struct view text)
{
	static const uint32_t signs[] = {'=', '+', '-', '@', '\t', '\r', '\n', 0xff1d, 0xff0b, 0xff0d, 0xff20};
	size_t at = 0;
	uint32_t code;

	while (unicode_next(text, &at, &code)) {
		for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
			if (code == signs[i])
				return true;
		if (!unicode_is_space(code))
			return false;
	}
	return false;
}

static void csv_text(FILE *stream, struct view text)
{
	bool quoted = is_formula(text) || (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[text.len - 1] == ' '));

	for (size_t i = 0; i < text.len && !quoted; i++)
		quoted = strchr("\",;\t\r\n", text.ptr[i]) != NULL;
	if (quoted)
		fputc('"', stream);
	if (is_formula(text))
		fputc('\'', stream);
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"')
			fputc('"', stream);
		fputc(text.ptr[i], stream);
	}
	if (quoted)
		fputc('"', stream);
}

/* What XML cannot hold is left out, and what is longer than a cell is cut. */
static void xlsx_text(struct export *export, struct view text)
{
	TEXT_SCOPED cell;
	size_t at = 0, from = 0, count = 0;
	uint32_t code;

	text_init(&cell, text.len + 8);
	for (; count < EXPORT_CELL_MAX && unicode_next(text, &at, &code); from = at, count += code > 0xffff ? 2 : 1)
		if (code >= 0x20 || code == '\n' || code == '\t')
			text_add(&cell, text.ptr + from, at - from);
	if (at < text.len)
		text_add_string(&cell, "\xe2\x80\xa6");
	worksheet_write_string(
		export->sheet, export->row, export->column, text_string(&cell), export->row == 0 ? export->head : NULL);
}

void export_text(struct export *export, struct view text)
{
	if (export->stream && export->column > 0)
		fputc(',', export->stream);
	if (export->stream)
		csv_text(export->stream, text);
	else if (text.len > 0)
		xlsx_text(export, text);
	export->column++;
}

void export_number(struct export *export, int64_t value)
{
	if (export->stream)
		fprintf(export->stream, "%s%lld", export->column > 0 ? "," : "", (long long)value);
	else
		worksheet_write_number(export->sheet, export->row, export->column, (double)value, NULL);
	export->column++;
}

void export_end_row(struct export *export)
{
	if (export->stream)
		fputs("\r\n", export->stream);
	export->row++;
	export->column = 0;
}

int export_close(struct export **export, struct error *err)
{
	struct export *e = *export;
	lxw_error problem = LXW_NO_ERROR;
	bool failed = false;

	if (!e)
		return 0;
	*export = NULL;
	if (e->stream)
		failed = fflush(e->stream) != 0 || ferror(e->stream);
	else
		problem = workbook_close(e->book);
	free(e);
	if (failed)
		return error_set(err, REACH_STOP, "the table cannot be written: %s", strerror(errno));
	return problem ? error_set(err, REACH_STOP, "the workbook cannot be written: %s", lxw_strerror(problem)) : 0;
}
