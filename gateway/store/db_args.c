/* store/db: the arguments of a call, in PostgreSQL's binary formats. See db.h. */
#include "store/db_private.h"

#include <endian.h>
#include <limits.h>
#include <sysexits.h>

/* Arrays: dimensions, has nulls, element type; then length and lower bound of the one dimension. */
#define ARRAY_HEADER (5 * sizeof(int32_t))

static _Noreturn void misuse(const char *what)
{
	fprintf(stderr, "fieldpost: database arguments: %s\n", what);
	_Exit(EX_SOFTWARE);
}

void db_args_init(struct db_args *args, struct arena *arena)
{
	args->arena = arena;
	args->count = 0;
}

static void add(struct db_args *args, unsigned type, const char *value, size_t length)
{
	if (args->count >= DB_ARGS_MAX)
		misuse("more than DB_ARGS_MAX");
	if (length > INT_MAX)
		misuse("a value of more than 2 GiB");
	args->values[args->count] = value;
	args->lengths[args->count] = (int)length;
	args->types[args->count] = type;
	args->count++;
}

void db_arg_null(struct db_args *args)
{
	add(args, 0, NULL, 0);
}

static char *put32(char *at, uint32_t value)
{
	value = htobe32(value);
	memcpy(at, &value, sizeof(value));
	return at + sizeof(value);
}

static char *put64(char *at, int64_t value)
{
	uint64_t big = htobe64((uint64_t)value);

	memcpy(at, &big, sizeof(big));
	return at + sizeof(big);
}

static char *put_view(char *at, struct view value)
{
	if (value.len > INT_MAX)
		misuse("a value of more than 2 GiB");
	at = put32(at, (uint32_t)value.len);
	if (value.len)
		memcpy(at, value.ptr, value.len);
	return at + value.len;
}

void db_arg_int(struct db_args *args, int64_t value)
{
	char *bytes = arena_alloc(args->arena, sizeof(value));

	put64(bytes, value);
	add(args, DB_INT8, bytes, sizeof(value));
}

void db_arg_bool(struct db_args *args, bool value)
{
	add(args, DB_BOOL, value ? "\1" : "\0", 1);
}

void db_arg_text(struct db_args *args, struct view value)
{
	add(args, DB_TEXT, value.len ? value.ptr : "", value.len);
}

void db_arg_string(struct db_args *args, const char *value)
{
	add(args, DB_TEXT, value, value ? strlen(value) : 0);
}

void db_arg_bytes(struct db_args *args, struct view value)
{
	add(args, DB_BYTEA, value.len ? value.ptr : "", value.len);
}

void db_arg_json_text(struct db_args *args, struct view json)
{
	char *bytes = arena_alloc(args->arena, json.len + 1);

	bytes[0] = 1; /* jsonb's version */
	if (json.len)
		memcpy(bytes + 1, json.ptr, json.len);
	add(args, DB_JSONB, bytes, json.len + 1);
}

void db_arg_json(struct db_args *args, const json_t *value)
{
	char *text;

	if (!value) {
		add(args, DB_JSONB, NULL, 0);
		return;
	}
	text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	if (!text)
		misuse("JSON that cannot be written");
	db_arg_json_text(args, view_of(text));
	free(text);
}

void db_arg_time(struct db_args *args, int64_t unix_us)
{
	char *bytes = arena_alloc(args->arena, sizeof(unix_us));

	put64(bytes, unix_us - DB_EPOCH_US);
	add(args, DB_TIMESTAMPTZ, bytes, sizeof(unix_us));
}

/* Room for an array of `size` bytes of elements (lengths included); *at_out is where they begin. */
static char *array_begin(struct db_args *args, unsigned type, unsigned element, size_t count, size_t size, bool nulls)
{
	char *bytes = arena_alloc(args->arena, ARRAY_HEADER + size), *at = bytes;

	if (count > INT_MAX)
		misuse("an array that is too long");
	at = put32(at, count ? 1 : 0);
	at = put32(at, nulls);
	at = put32(at, element);
	if (count) {
		at = put32(at, (uint32_t)count);
		at = put32(at, 1);
	}
	add(args, type, bytes, count ? ARRAY_HEADER + size : (size_t)(at - bytes));
	return at;
}

void db_arg_int_array(struct db_args *args, const int64_t *values, size_t count)
{
	char *at = array_begin(args, DB_INT8_ARRAY, DB_INT8, count, count * 12, false);

	for (size_t i = 0; i < count; i++)
		at = put64(put32(at, 8), values[i]);
}

void db_arg_time_array(struct db_args *args, const int64_t *unix_us, size_t count)
{
	char *at = array_begin(args, DB_TIMESTAMPTZ_ARRAY, DB_TIMESTAMPTZ, count, count * 12, false);

	for (size_t i = 0; i < count; i++)
		at = put64(put32(at, 8), unix_us[i] - DB_EPOCH_US);
}

void db_arg_bool_array(struct db_args *args, const bool *values, size_t count)
{
	char *at = array_begin(args, DB_BOOL_ARRAY, DB_BOOL, count, count * 5, false);

	for (size_t i = 0; i < count; i++) {
		at = put32(at, 1);
		*at++ = values[i];
	}
}

static size_t views_size(const struct view *values, size_t count)
{
	size_t size = 0;

	for (size_t i = 0; i < count; i++)
		size += sizeof(int32_t) + values[i].len;
	return size;
}

void db_arg_text_array(struct db_args *args, const struct view *values, size_t count)
{
	char *at = array_begin(args, DB_TEXT_ARRAY, DB_TEXT, count, views_size(values, count), true);

	for (size_t i = 0; i < count; i++)
		at = values[i].ptr ? put_view(at, values[i]) : put32(at, UINT32_MAX);
}

void db_arg_bytes_array(struct db_args *args, const struct view *values, size_t count)
{
	char *at = array_begin(args, DB_BYTEA_ARRAY, DB_BYTEA, count, views_size(values, count), false);

	for (size_t i = 0; i < count; i++)
		at = put_view(at, values[i]);
}
