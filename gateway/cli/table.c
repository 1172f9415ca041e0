/* cli/table: columns for people, objects for programs. See table.h. */
#include "cli/table.h"

#include <stdlib.h>

#include "base/unicode.h"
#include "core/clock.h"

enum cell_kind { CELL_ABSENT, CELL_TEXT, CELL_NUMBER };

struct cell {
	enum cell_kind kind;
	const char *text;   /* as people see it */
	const char *exact;  /* CELL_TEXT: as programs see it, UTF-8 */
	int64_t number;     /* CELL_NUMBER */
};

struct row {
	struct cell cells[TABLE_COLUMNS_MAX];
	struct row *next;
};

struct table {
	struct arena *arena;
	const char *names[TABLE_COLUMNS_MAX];
	size_t columns, at, count;
	struct row *first, *last;
	struct row *open; /* being filled */
};

struct table *table_new(struct arena *arena)
{
	struct table *table = ARENA_NEW(arena, struct table);

	table->arena = arena;
	return table;
}

static struct cell *next_cell(struct table *table, const char *name)
{
	if (!table->open)
		table->open = ARENA_NEW(table->arena, struct row);
	if (table->at >= TABLE_COLUMNS_MAX || (table->count > 0 && table->at >= table->columns))
		abort();
	table->names[table->at] = name;
	return &table->open->cells[table->at++];
}

const char *table_clean(struct arena *arena, struct view text)
{
	char *copy = arena_copy(arena, text.len ? text.ptr : "", text.len);
	size_t at = 0;
	uint32_t code;

	for (size_t from = 0; unicode_next((struct view){copy, text.len}, &at, &code); from = at)
		if (code == '\n' || code == '\r' || code == '\t')
			copy[from] = ' ';
		else if (code < 0x20 || (code >= 0x7F && code < 0xA0) || (code >= 0x202A && code <= 0x202E) ||
			(code >= 0x2066 && code <= 0x2069) || code == 0xFFFD)
			memset(copy + from, '?', at - from);
	return copy;
}

void table_text(struct table *table, const char *name, struct view text)
{
	struct cell *cell = next_cell(table, name);

	cell->kind = text.ptr ? CELL_TEXT : CELL_ABSENT;
	cell->text = table_clean(table->arena, text);
	cell->exact = unicode_valid(text) ? arena_copy(table->arena, text.len ? text.ptr : "", text.len) : cell->text;
}

void table_string(struct table *table, const char *name, const char *text)
{
	table_text(table, name, text && *text ? view_of(text) : VIEW_NULL);
}

void table_int(struct table *table, const char *name, int64_t value)
{
	struct cell *cell = next_cell(table, name);

	cell->kind = CELL_NUMBER;
	cell->text = arena_printf(table->arena, "%lld", (long long)value);
	cell->number = value;
}

const char *table_ago(struct arena *arena, int64_t time, int64_t now)
{
	int64_t seconds = (now - time) / 1000000, far = seconds < 0 ? -seconds : seconds, number = far;
	const char *unit = "s";

	if (far < 2)
		return "just now";
	if (far >= 172800) {
		number = far / 86400;
		unit = "days";
	} else if (far >= 7200) {
		number = far / 3600;
		unit = "h";
	} else if (far >= 120) {
		number = far / 60;
		unit = "min";
	}
	return arena_printf(arena, seconds < 0 ? "in %lld %s" : "%lld %s ago", (long long)number, unit);
}

void table_time(struct table *table, const char *name, int64_t time, int64_t now)
{
	struct cell *cell = next_cell(table, name);
	char text[CLOCK_TEXT_SIZE];

	if (time == 0) {
		cell->text = "never";
		return;
	}
	clock_format(time, text);
	cell->kind = CELL_TEXT;
	cell->text = table_ago(table->arena, time, now);
	cell->exact = arena_strdup(table->arena, text);
}

void table_end_row(struct table *table)
{
	if (table->last)
		table->last->next = table->open;
	else
		table->first = table->open;
	table->last = table->open;
	table->open = NULL;
	table->columns = table->at;
	table->at = 0;
	table->count++;
}

size_t table_rows(const struct table *table)
{
	return table->count;
}

static const char *heading(struct arena *arena, const char *name)
{
	char *copy = arena_strdup(arena, name);

	for (char *p = copy; *p; p++)
		*p = *p == '_' ? ' ' : *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p;
	return copy;
}

/* The longest beginning that takes no more columns. */
static size_t fitting(struct view text, int columns)
{
	size_t at = 0, end = 0;
	uint32_t code;

	while (unicode_next(text, &at, &code) && unicode_columns(view_sub(text, 0, at)) <= columns)
		end = at;
	return end;
}

static void print_cell(const struct table *table, size_t column, const char *text, bool right, int width, FILE *stream)
{
	bool last = column + 1 == table->columns;
	struct view shown = view_of(text);
	int taken = unicode_columns(shown);

	if (!last && taken > width) {
		shown.len = fitting(shown, width - 1);
		taken = unicode_columns(shown) + 1;
		fprintf(stream, "%.*s\u2026%*s", VIEW_ARGS(shown), width - taken + 2, "");
		return;
	}
	fprintf(stream, "%*s%.*s", right ? width - taken : 0, "", VIEW_ARGS(shown));
	if (!last)
		fprintf(stream, "%*s", (right ? 0 : width - taken) + 2, "");
}

static void measure(const struct table *table, int widths[TABLE_COLUMNS_MAX])
{
	for (size_t c = 0; c < table->columns; c++) {
		widths[c] = unicode_columns(view_of(table->names[c]));
		for (const struct row *row = table->first; row; row = row->next) {
			int taken = unicode_columns(view_of(row->cells[c].text));

			if (taken > TABLE_CELL_COLUMNS && c + 1 < table->columns)
				taken = TABLE_CELL_COLUMNS;
			if (taken > widths[c])
				widths[c] = taken;
		}
	}
}

void table_print(const struct table *table, const char *indent, FILE *stream)
{
	int widths[TABLE_COLUMNS_MAX];

	if (table->count == 0)
		return;
	measure(table, widths);
	fputs(indent, stream);
	for (size_t c = 0; c < table->columns; c++)
		print_cell(table, c, heading(table->arena, table->names[c]), table->first->cells[c].kind == CELL_NUMBER,
			widths[c], stream);
	fputc('\n', stream);
	for (const struct row *row = table->first; row; row = row->next) {
		fputs(indent, stream);
		for (size_t c = 0; c < table->columns; c++)
			print_cell(table, c, row->cells[c].text, row->cells[c].kind == CELL_NUMBER, widths[c], stream);
		fputc('\n', stream);
	}
}

static json_t *cell_json(const struct cell *cell)
{
	if (cell->kind == CELL_NUMBER)
		return json_integer(cell->number);
	return cell->kind == CELL_TEXT ? json_string(cell->exact) : json_null();
}

json_t *table_json(const struct table *table)
{
	json_t *array = json_array();

	for (const struct row *row = table->first; row; row = row->next) {
		json_t *object = json_object();

		for (size_t c = 0; c < table->columns; c++)
			json_object_set_new(object, table->names[c], cell_json(&row->cells[c]));
		json_array_append_new(array, object);
	}
	return array;
}

const char *table_value(struct arena *arena, const json_t *value)
{
	const char *words = "";
	const json_t *entry;
	size_t i;
	char *dumped;

	if (json_is_string(value))
		return json_string_value(value);
	if (json_is_array(value)) {
		json_array_foreach(value, i, entry) words =
			arena_printf(arena, "%s%s%s", words, i ? ", " : "", table_value(arena, entry));
		return words;
	}
	dumped = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	words = arena_strdup(arena, dumped ? dumped : "");
	free(dumped);
	return words;
}

void table_block(struct arena *arena, const char *name, int columns, const char *text)
{
	struct view rest = view_of(text), one;

	printf("%-*s", columns, name);
	for (bool first = true; view_next_line(&rest, &one); first = false)
		printf("%*s%s\n", first ? 1 : columns + 1, "", table_clean(arena, one));
	if (*text == '\0')
		putchar('\n');
}
