/* digest/sheet: the workbook that goes with a digest (the one wrapper around libxlsxwriter). See sheet.h; used by
 * render.c. */
#include "digest/sheet.h"

#include "base/unicode.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>
#include <xlsxwriter.h>

#define NAME_LENGTH_MAX 31 /* characters of a sheet's name, in Excel */
#define COMMON_COLUMNS 8

struct sheet {
	struct page *page;
	lxw_workbook *book;
	lxw_format *head, *cell;
	size_t sheets;
};

const char *sheet_name(struct page *page)
{
	return arena_printf(page->arena, "fieldpost-%s.xlsx",
		locale_week_name(page->locale, page->arena, page_int(page->data, "end") - PAGE_DAY));
}

/* Excel takes no []:*?/\ in a sheet's name, nor two of one name: the number in front parts them. */
static const char *tab_name(struct sheet *sheet, const char *title)
{
	struct view rest = view_of(title);
	size_t at = 0, length = 0;
	uint32_t code;
	TEXT_SCOPED name = {0};

	text_init(&name, 256);
	text_add_format(&name, "%zu ", ++sheet->sheets);
	for (size_t from = 0; length < NAME_LENGTH_MAX - 4 && unicode_next(rest, &at, &code);
		from = at, length += code > 0xffff ? 2 : 1)
		if (code < 0x80 && strchr("[]:*?/\\'", (int)code))
			text_add_char(&name, ' ');
		else
			text_add(&name, rest.ptr + from, at - from);
	return arena_copy(sheet->page->arena, name.ptr, name.len);
}

/* ---- cells ---- */

static void write_text(struct sheet *sheet, lxw_worksheet *tab, lxw_row_t row, lxw_col_t column, const char *text)
{
	struct view all = view_of(text);
	size_t at = 0;
	uint32_t code;

	for (int count = 0; count < SHEET_TEXT_MAX && unicode_next(all, &at, &code); count++)
		;
	if (at < all.len)
		text = arena_printf(sheet->page->arena, "%.*s […]", (int)at, text);
	worksheet_write_string(tab, row, column, text, sheet->cell);
}

static const char *option_label(struct sheet *sheet, const json_t *field, const json_t *value)
{
	const json_t *option;
	size_t i;

	json_array_foreach(json_object_get(field, "options"), i,
		option) if (json_equal(json_object_get(option, "value"), value)) return page_string(sheet->page, option,
		"label");
	return json_is_string(value) ? page_clean(sheet->page, view_of(json_string_value(value))) : "";
}

/* Lines of an answer stay lines. */
static const char *lines_of(struct sheet *sheet, const char *value)
{
	struct view rest = view_of(value), line;
	TEXT_SCOPED text = {0};

	text_init(&text, strlen(value) * 2 + 1);
	while (view_next_line(&rest, &line))
		text_add_format(&text, "%s%s", text.len > 0 ? "\n" : "", page_clean(sheet->page, line));
	return arena_copy(sheet->page->arena, text_string(&text), text.len);
}

static const char *value_text(struct sheet *sheet, const json_t *field, const json_t *value)
{
	const char *type = json_string_value(json_object_get(field, "type")), *joined = "";
	const json_t *item;
	size_t i;

	if (json_is_boolean(value))
		return page_word(sheet->page, json_is_true(value) ? "yes" : "no", json_null());
	if (strcmp(type, "country") == 0 && json_is_string(value))
		return page_country(sheet->page, json_string_value(value));
	if (strcmp(type, "choice") == 0)
		return option_label(sheet, field, value);
	json_array_foreach(value, i, item) joined = arena_printf(sheet->page->arena, "%s%s%s", joined,
		i > 0 ? page_list_separator(sheet->page) : "", option_label(sheet, field, item));
	return json_is_string(value) ? lines_of(sheet, json_string_value(value)) : joined;
}

static void write_value(struct sheet *sheet, lxw_worksheet *tab, lxw_row_t row, lxw_col_t column, const json_t *field,
	const json_t *value)
{
	if (json_is_number(value))
		worksheet_write_number(tab, row, column, json_number_value(value), sheet->cell);
	else if (value && !json_is_null(value))
		write_text(sheet, tab, row, column, value_text(sheet, field, value));
}

/* ---- rows ---- */

static void write_head(struct sheet *sheet, lxw_worksheet *tab, const json_t *fields)
{
	static const char *const words[COMMON_COLUMNS] = {
		"line", "country", "name", "role", "sharing", "verified", "language", "received"};
	const json_t *field;
	lxw_col_t column = 0;
	size_t i;

	for (; column < COMMON_COLUMNS; column++)
		worksheet_write_string(tab, 0, column, page_word(sheet->page, words[column], json_null()), sheet->head);
	worksheet_set_column(tab, 0, COMMON_COLUMNS - 1, 14, NULL);
	json_array_foreach(fields, i, field)
	{
		bool text = strcmp(json_string_value(json_object_get(field, "type")), "text") == 0;

		worksheet_set_column(tab, column, column, text ? 60 : 18, NULL);
		worksheet_write_string(tab, 0, column++, page_string(sheet->page, field, "label"), sheet->head);
	}
	worksheet_set_column(tab, column, column, 60, NULL);
	worksheet_write_string(tab, 0, column, page_word(sheet->page, "remarks_text", json_null()), sheet->head);
	worksheet_freeze_panes(tab, 1, 1);
}

static const char *sharing_word(struct sheet *sheet, const char *level)
{
	const char *key = strcmp(level, "open") == 0	     ? "open"
			  : strcmp(level, "restricted") == 0 ? "restricted"
							     : "no_name";

	return page_word(sheet->page, key, json_null());
}

static const char *verification_word(struct sheet *sheet, const char *verification)
{
	const char *key = strcmp(verification, "verified") == 0 ? "yes" : strcmp(verification, "failed") == 0 ? "failed" : "no";

	return page_word(sheet->page, key, json_null());
}

static void write_line(struct sheet *sheet, lxw_worksheet *tab, lxw_row_t row, const json_t *line, const json_t *fields)
{
	struct page *page = sheet->page;
	const char *language = page_string(page, line, "language");
	lxw_col_t column = 0;
	const json_t *field;
	size_t i;

	write_text(sheet, tab, row, column++, page_line_number(page, page_int(line, "number")));
	write_text(sheet, tab, row, column++,
		page_has(line, "country") ? page_country(page, json_string_value(json_object_get(line, "country")))
					  : "");
	write_text(sheet, tab, row, column++, page_string(page, line, "name"));
	write_text(sheet, tab, row, column++, json_is_true(json_object_get(line, "withheld")) ? "" : page_line_role(page, line));
	write_text(sheet, tab, row, column++, sharing_word(sheet, page_string(page, line, "sharing")));
	write_text(sheet, tab, row, column++, verification_word(sheet, page_string(page, line, "verification")));
	write_text(sheet, tab, row, column++, *language ? locale_language(page->locale, page->arena, language) : "");
	write_text(
		sheet, tab, row, column++, locale_time(page->locale, page->arena, "date", page_int(line, "received")));
	json_array_foreach(fields, i, field) write_value(sheet, tab, row, column++, field,
		json_object_get(json_object_get(line, "answers"), json_string_value(json_object_get(field, "name"))));
	write_text(sheet, tab, row, column,
		lines_of(sheet, json_string_length(json_object_get(line, "remarks")) > 0
					? json_string_value(json_object_get(line, "remarks"))
					: ""));
}

static void write_form(struct sheet *sheet, const json_t *form)
{
	const json_t *line, *fields = json_object_get(form, "fields");
	const char *direction = json_string_value(json_object_get(sheet->page->words, "direction"));
	lxw_worksheet *tab =
		workbook_add_worksheet(sheet->book, tab_name(sheet, page_string(sheet->page, form, "title")));
	lxw_row_t row = 1;
	size_t i;

	if (!tab)
		return;
	if (direction && strcmp(direction, "rtl") == 0)
		worksheet_right_to_left(tab);
	write_head(sheet, tab, fields);
	json_array_foreach(json_object_get(sheet->page->data, "lines"), i,
		line) if (json_equal(json_object_get(line, "form"), json_object_get(form, "id")))
		write_line(sheet, tab, row++, line, fields);
}

static void fill(struct sheet *sheet)
{
	lxw_doc_properties properties = {0};
	const json_t *form;
	size_t i;

	/* The period's end and not now, so that the same data make the same bytes. */
	properties.created = (time_t)(page_int(sheet->page->data, "end") / 1000000);
	workbook_set_properties(sheet->book, &properties);
	sheet->head = workbook_add_format(sheet->book);
	format_set_bold(sheet->head);
	format_set_text_wrap(sheet->head);
	sheet->cell = workbook_add_format(sheet->book);
	format_set_text_wrap(sheet->cell);
	format_set_align(sheet->cell, LXW_ALIGN_VERTICAL_TOP);
	json_array_foreach(json_object_get(sheet->page->data, "forms"), i, form) if (page_int(form, "replies") > 0)
		write_form(sheet, form);
}

static int read_back(const char *path, struct text *out, struct error *err)
{
	FILE *file = fopen(path, "rbe");
	char buffer[8192];
	size_t len;

	if (!file)
		return error_set(err, REACH_RETRY, "the attached table cannot be read back: %s", strerror(errno));
	while ((len = fread(buffer, 1, sizeof(buffer), file)) > 0)
		text_add(out, buffer, len);
	fclose(file);
	return out->full ? error_set(err, REACH_STOP, "the attached table is larger than %zu bytes", out->maximum) : 0;
}

/* libxlsxwriter writes to a file alone. */
static int make_file(struct page *page, const char *path, struct error *err)
{
	struct sheet sheet = {.page = page, .book = workbook_new(path)};
	lxw_error problem;

	if (!sheet.book)
		return error_set(err, REACH_RETRY, "the attached table cannot be made");
	fill(&sheet);
	problem = workbook_close(sheet.book);
	return problem ? error_set(err, REACH_RETRY, "the attached table cannot be written: %s", lxw_strerror(problem))
		       : 0;
}

int sheet_make(struct page *page, struct text *out, struct error *err)
{
	const char *folder = getenv("TMPDIR");
	char *path = arena_printf(page->arena, "%s/fieldpost-sheet.XXXXXX", folder && *folder ? folder : "/tmp");
	int file = mkstemp(path), result;

	if (file < 0)
		return error_set(err, REACH_RETRY, "%s: %s", path, strerror(errno));
	close(file);
	page->html = false;
	result = make_file(page, path, err) || read_back(path, out, err) ? -1 : 0;
	unlink(path);
	return result;
}
