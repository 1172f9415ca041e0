/* base/csv: see csv.h. */
#include "base/csv.h"

#include <stdint.h>

static size_t count_of(struct view line, char c)
{
	size_t count = 0;
	bool quoted = false;

	for (size_t i = 0; i < line.len; i++) {
		quoted ^= line.ptr[i] == '"';
		count += !quoted && line.ptr[i] == c;
	}
	return count;
}

void csv_init(struct csv *csv, struct view bytes)
{
	static const char separators[] = ",;\t";
	struct view look, first = VIEW_NULL;
	size_t most = 0;

	if (view_starts(bytes, VIEW("\xEF\xBB\xBF")))
		bytes = view_sub(bytes, 3, SIZE_MAX);
	*csv = (struct csv){.rest = bytes, .separator = ',', .line = 1};
	look = bytes;
	view_next_line(&look, &first);
	for (const char *c = separators; *c; c++)
		if (count_of(first, *c) > most) {
			most = count_of(first, *c);
			csv->separator = *c;
		}
}

static bool take(struct csv *csv, char c)
{
	if (csv->rest.len == 0 || csv->rest.ptr[0] != c)
		return false;
	csv->rest = view_sub(csv->rest, 1, SIZE_MAX);
	return true;
}

static bool take_end(struct csv *csv)
{
	bool carriage = take(csv, '\r'), feed = take(csv, '\n');

	csv->line += carriage || feed;
	return carriage || feed || csv->rest.len == 0;
}

/* Up to the quote that closes the cell; what is left when there is none. */
static size_t quoted_length(struct view rest)
{
	size_t len = 0;

	while (len < rest.len && (rest.ptr[len] != '"' || (len + 1 < rest.len && rest.ptr[len + 1] == '"')))
		len += rest.ptr[len] == '"' ? 2 : 1;
	return len;
}

/* Behind the opening quote. */
static struct view quoted_cell(struct csv *csv, struct arena *arena, struct csv_row *row)
{
	struct view inside = view_sub(csv->rest, 0, quoted_length(csv->rest));
	char *cell = arena_bytes(arena, inside.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < inside.len; i++) {
		csv->line += inside.ptr[i] == '\n';
		cell[len++] = inside.ptr[i];
		i += inside.ptr[i] == '"';
	}
	csv->rest = view_sub(csv->rest, inside.len, SIZE_MAX);
	if (!take(csv, '"'))
		row->broken = "a quote in it does not end";
	return (struct view){cell, len};
}

static struct view plain_cell(struct csv *csv)
{
	struct view cell = csv->rest;
	size_t len = 0;

	while (len < cell.len && cell.ptr[len] != csv->separator && cell.ptr[len] != '\n' && cell.ptr[len] != '\r')
		len++;
	csv->rest = view_sub(cell, len, SIZE_MAX);
	return view_sub(cell, 0, len);
}

static void read_row(struct csv *csv, struct arena *arena, struct csv_row *row)
{
	do {
		bool quoted = take(csv, '"');
		struct view cell = quoted ? quoted_cell(csv, arena, row) : plain_cell(csv);

		if (quoted && plain_cell(csv).len > 0 && !row->broken)
			row->broken = "something stands behind a closing quote";
		if (row->count < CSV_CELLS_MAX)
			row->cells[row->count++] = cell;
		else
			row->broken = "it has too many cells";
	} while (take(csv, csv->separator));
}

bool csv_next(struct csv *csv, struct arena *arena, struct csv_row *out)
{
	while (csv->rest.len > 0) {
		if (csv->rest.ptr[0] == '\r' || csv->rest.ptr[0] == '\n') {
			take_end(csv);
			continue;
		}
		*out = (struct csv_row){.line = csv->line};
		read_row(csv, arena, out);
		take_end(csv);
		return true;
	}
	return false;
}

void csv_add(struct text *out, struct view cell, bool first)
{
	bool quoted = false;

	for (size_t i = 0; i < cell.len; i++)
		quoted |= strchr(",;\t\"\r\n", cell.ptr[i]) != NULL;
	if (!first)
		text_add_char(out, ',');
	if (quoted)
		text_add_char(out, '"');
	for (size_t i = 0; i < cell.len; i++) {
		if (cell.ptr[i] == '"')
			text_add_char(out, '"');
		text_add_char(out, cell.ptr[i]);
	}
	if (quoted)
		text_add_char(out, '"');
}
