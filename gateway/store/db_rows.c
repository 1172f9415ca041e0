/* store/db: a result's rows, by column name, from PostgreSQL's binary formats. See db.h. */
#include "store/db_private.h"

#include <endian.h>
#include <sysexits.h>

struct db_rows {
	PGresult *result;
};

struct db_rows *db_rows_wrap(PGresult *result)
{
	struct db_rows *rows = calloc(1, sizeof(*rows));

	if (!rows)
		exit(EX_OSERR);
	rows->result = result;
	return rows;
}

void db_rows_free(struct db_rows **rows)
{
	if (!*rows)
		return;
	PQclear((*rows)->result);
	free(*rows);
	*rows = NULL;
}

size_t db_count(const struct db_rows *rows)
{
	return rows ? (size_t)PQntuples(rows->result) : 0;
}

static _Noreturn void misuse(const char *column, const char *what)
{
	fprintf(stderr, "fieldpost: database column %s: %s\n", column, what);
	_Exit(EX_SOFTWARE);
}

/* Where a value is. */
struct cell {
	const PGresult *result;
	int row, column;
	unsigned type;
	bool null;
	const char *value;
	size_t length;
};

static struct cell cell_at(const struct db_rows *rows, size_t row, const char *column)
{
	struct cell cell = {.column = -1};

	if (row >= db_count(rows))
		misuse(column, "no such row");
	cell.result = rows->result;
	cell.row = (int)row;
	cell.column = PQfnumber(cell.result, column);
	if (cell.column < 0)
		misuse(column, "no such column");
	cell.type = PQftype(cell.result, cell.column);
	cell.null = PQgetisnull(cell.result, cell.row, cell.column);
	cell.value = PQgetvalue(cell.result, cell.row, cell.column);
	cell.length = (size_t)PQgetlength(cell.result, cell.row, cell.column);
	return cell;
}

bool db_is_null(const struct db_rows *rows, size_t row, const char *column)
{
	return cell_at(rows, row, column).null;
}

static uint64_t big_endian(const char *bytes, size_t length)
{
	uint64_t value = 0;

	for (size_t i = 0; i < length; i++)
		value = value << 8 | (unsigned char)bytes[i];
	return value;
}

int64_t db_get_int(const struct db_rows *rows, size_t row, const char *column)
{
	struct cell cell = cell_at(rows, row, column);

	if (cell.type != DB_INT2 && cell.type != DB_INT4 && cell.type != DB_INT8)
		misuse(column, "not an integer");
	if (cell.null)
		return 0;
	switch (cell.length) {
	case 2:
		return (int16_t)big_endian(cell.value, 2);
	case 4:
		return (int32_t)big_endian(cell.value, 4);
	default:
		return (int64_t)big_endian(cell.value, 8);
	}
}

double db_get_double(const struct db_rows *rows, size_t row, const char *column)
{
	struct cell cell = cell_at(rows, row, column);
	uint64_t bits;
	double value;

	if (cell.type != DB_FLOAT8)
		misuse(column, "not a double precision");
	if (cell.null)
		return 0;
	bits = big_endian(cell.value, 8);
	memcpy(&value, &bits, sizeof(value));
	return value;
}

bool db_get_bool(const struct db_rows *rows, size_t row, const char *column)
{
	struct cell cell = cell_at(rows, row, column);

	if (cell.type != DB_BOOL)
		misuse(column, "not a boolean");
	return !cell.null && cell.value[0];
}

int64_t db_get_time(const struct db_rows *rows, size_t row, const char *column)
{
	struct cell cell = cell_at(rows, row, column);

	if (cell.type != DB_TIMESTAMPTZ)
		misuse(column, "not a time");
	return cell.null ? 0 : (int64_t)big_endian(cell.value, 8) + DB_EPOCH_US;
}

/* Text of a binary value; jsonb begins with its version. Types of our own (the states) come as their labels. */
static struct view cell_view(const struct cell *cell, const char *column)
{
	switch (cell->type) {
	case DB_JSONB:
		return cell->length ? (struct view){cell->value + 1, cell->length - 1} : VIEW_NULL;
	case DB_BOOL:
	case DB_INT2:
	case DB_INT4:
	case DB_INT8:
	case DB_FLOAT4:
	case DB_FLOAT8:
	case DB_NUMERIC:
	case DB_TIMESTAMPTZ:
		misuse(column, "not text");
	default:
		return (struct view){cell->value, cell->length};
	}
}

struct view db_get_view(const struct db_rows *rows, size_t row, const char *column)
{
	struct cell cell = cell_at(rows, row, column);

	return cell.null ? VIEW_NULL : cell_view(&cell, column);
}

const char *db_get_string(const struct db_rows *rows, size_t row, const char *column)
{
	struct view text = db_get_view(rows, row, column);

	return text.ptr ? text.ptr : "";
}

json_t *db_get_json(const struct db_rows *rows, size_t row, const char *column)
{
	struct view text = db_get_view(rows, row, column);

	return text.len ? json_loadb(text.ptr, text.len, JSON_DECODE_ANY, NULL) : NULL;
}
