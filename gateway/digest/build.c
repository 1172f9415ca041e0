/*
 * digest/build: a digest's rows in `read` to its data.
 *
 * The data hold codes and numbers, and labels in the digest's language; nothing in them depends on when they are read:
 *   instance, team, language, frequency ("daily", "weekly", "monthly"), zone, weekday, hour, by_hand, late, start, end
 * (microseconds), before (replies the period before; absent: nothing to compare with), filters {forms [title],
 * countries [code], regions [{name, code}], programmes [name], languages [code], themes [label]}, countries [{code
 * (absent: those that stand together), replies, silent_weeks (absent: never heard), review, asked, answered,
 * not_reached}], unread [{name, unread, total}],
 * review {total, oldest_days, reasons [{reason, count}]}, trend [{replies, countries, asked, answered, days (absent:
 * nobody answered)}] (oldest first),
 * themes [{label, weeks}], forms [{id, title, replies, before, fields [{name, type, label, theme, digest, min, max,
 * options [{value, label}], values [{value, count, before}]}]}], total (lines of the digest), lines (those of very many
 * that were chosen) [{number, form, country, name, role (absent: fewer than three in that country have it), language,
 * sharing, verification, withheld, received, answers, remarks}],
 * corrections [{number, title, country, field {as in forms}, was, now (as in answers; absent: nothing), author, day,
 * reason}], conversations [{id, number, country, member (absent: the practitioner), words, said, waiting_days}],
 * outcomes [{number, state, detail}], share [{used, told}] (lines of a year; empty: nothing to say),
 * unsubscribe_page (address with {{unsubscribe}} where the member's token comes; absent: there is no page). render.c
 * makes the mail of them. See digest.h.
 */
#include "digest/digest.h"

enum column_kind {
	COLUMN_TEXT, /* left out where it is null, as numbers and JSON are */
	COLUMN_INT,
	COLUMN_BOOL,
	COLUMN_TIME,
	COLUMN_JSON,
};

/* A column of a function's rows, and its key in the data; the columns of a part end with one without a name. */
struct column {
	const char *name, *key;
	enum column_kind kind;
};

/* A function of `read` over the digest, whose rows are objects of a list. */
struct part {
	const char *function, *key;
	const struct column *columns;
	int64_t maximum; /* of its rows, where the function asks for one; else 0 */
	bool told;	 /* takes what read.digest_told() gave */
};

static json_t *value_of(const struct db_rows *rows, size_t row, const struct column *column)
{
	struct view text;

	switch (column->kind) {
	case COLUMN_INT:
		return json_integer(db_get_int(rows, row, column->name));
	case COLUMN_BOOL:
		return json_boolean(db_get_bool(rows, row, column->name));
	case COLUMN_TIME:
		return json_integer(db_get_time(rows, row, column->name));
	case COLUMN_JSON:
		return db_get_json(rows, row, column->name);
	case COLUMN_TEXT:
		break;
	}
	text = db_get_view(rows, row, column->name);
	return json_stringn(text.ptr, text.len);
}

static json_t *item_of(const struct db_rows *rows, size_t row, const struct column *columns)
{
	json_t *item = json_object();

	for (const struct column *column = columns; column->name; column++)
		if (!db_is_null(rows, row, column->name))
			json_object_set_new(item, column->key, value_of(rows, row, column));
	return item;
}

static int read_list(struct db *db, const struct part *part, int64_t digest_id, struct view told, json_t *data,
	struct error *err)
{
	struct arena *arena = arena_new();
	struct db_args args;
	DB_ROWS_SCOPED *rows = NULL;
	json_t *list = json_array();
	int result;

	db_args_init(&args, arena);
	db_arg_int(&args, digest_id);
	if (part->maximum > 0)
		db_arg_int(&args, part->maximum);
	if (part->told)
		db_arg_json_text(&args, told);
	result = db_call(db, part->function, &args, &rows, err);
	for (size_t row = 0; result == 0 && row < db_count(rows); row++)
		json_array_append_new(list, item_of(rows, row, part->columns));
	json_object_set_new(data, part->key, list);
	arena_free(&arena);
	return result;
}

/* ---- the parts ---- */

static const struct column head_columns[] = {
	{"team", "team", COLUMN_TEXT},
	{"language", "language", COLUMN_TEXT},
	{"zone", "zone", COLUMN_TEXT},
	{"weekday", "weekday", COLUMN_INT},
	{"hour", "hour", COLUMN_INT},
	{"frequency", "frequency", COLUMN_TEXT},
	{"filters", "filters", COLUMN_JSON},
	{"by_hand", "by_hand", COLUMN_BOOL},
	{"late", "late", COLUMN_BOOL},
	{"period_start", "start", COLUMN_TIME},
	{"period_end", "end", COLUMN_TIME},
	{0},
};

static const struct column country_columns[] = {
	{"country", "code", COLUMN_TEXT},
	{"replies", "replies", COLUMN_INT},
	{"silent_weeks", "silent_weeks", COLUMN_INT},
	{"review", "review", COLUMN_INT},
	{"asked", "asked", COLUMN_INT},
	{"answered", "answered", COLUMN_INT},
	{"not_reached", "not_reached", COLUMN_INT},
	{0},
};

static const struct column review_columns[] = {
	{"reason", "reason", COLUMN_TEXT},
	{"count", "count", COLUMN_INT},
	{"oldest_days", "oldest_days", COLUMN_INT},
	{0},
};

static const struct column unread_columns[] = {
	{"name", "name", COLUMN_TEXT},
	{"unread", "unread", COLUMN_INT},
	{"total", "total", COLUMN_INT},
	{0},
};

static const struct column week_columns[] = {
	{"replies", "replies", COLUMN_INT},
	{"countries", "countries", COLUMN_INT},
	{"asked", "asked", COLUMN_INT},
	{"answered", "answered", COLUMN_INT},
	{"days", "days", COLUMN_INT},
	{0},
};

static const struct column theme_columns[] = {
	{"label", "label", COLUMN_TEXT},
	{"weeks", "weeks", COLUMN_INT},
	{0},
};

static const struct column form_columns[] = {
	{"form_id", "id", COLUMN_TEXT},
	{"title", "title", COLUMN_TEXT},
	{"fields", "fields", COLUMN_JSON},
	{"replies", "replies", COLUMN_INT},
	{"before", "before", COLUMN_INT},
	{0},
};

static const struct column value_columns[] = {
	{"form_id", "form", COLUMN_TEXT},
	{"field", "field", COLUMN_TEXT},
	{"value", "value", COLUMN_TEXT},
	{"count", "count", COLUMN_INT},
	{"before", "before", COLUMN_INT},
	{0},
};

static const struct column line_columns[] = {
	{"number", "number", COLUMN_INT},
	{"form_id", "form", COLUMN_TEXT},
	{"country", "country", COLUMN_TEXT},
	{"name", "name", COLUMN_TEXT},
	{"role", "role", COLUMN_TEXT},
	{"language", "language", COLUMN_TEXT},
	{"sharing", "sharing", COLUMN_TEXT},
	{"remarks", "remarks", COLUMN_TEXT},
	{"answers", "answers", COLUMN_JSON},
	{"verification", "verification", COLUMN_TEXT},
	{"withheld", "withheld", COLUMN_BOOL},
	{"received", "received", COLUMN_TIME},
	{0},
};

static const struct column correction_columns[] = {
	{"number", "number", COLUMN_INT},
	{"title", "title", COLUMN_TEXT},
	{"country", "country", COLUMN_TEXT},
	{"field", "field", COLUMN_JSON},
	{"was", "was", COLUMN_JSON},
	{"now", "now", COLUMN_JSON},
	{"author", "author", COLUMN_TEXT},
	{"reason", "reason", COLUMN_TEXT},
	{"day", "day", COLUMN_TIME},
	{0},
};

static const struct column said_columns[] = {
	{"conversation_id", "id", COLUMN_INT},
	{"number", "number", COLUMN_INT},
	{"country", "country", COLUMN_TEXT},
	{"member", "member", COLUMN_TEXT},
	{"words", "words", COLUMN_TEXT},
	{"waiting_days", "waiting_days", COLUMN_INT},
	{"said_at", "said", COLUMN_TIME},
	{0},
};

static const struct column outcome_columns[] = {
	{"number", "number", COLUMN_INT},
	{"state", "state", COLUMN_TEXT},
	{"detail", "detail", COLUMN_TEXT},
	{0},
};

static const struct column share_columns[] = {
	{"used", "used", COLUMN_INT},
	{"told", "told", COLUMN_INT},
	{0},
};

static const struct part head_part = {"read.digest_head", "head", head_columns, 0, false};
static const struct part parts[] = {
	{"read.digest_countries", "countries", country_columns, 0, true},
	{"read.digest_review", "reasons", review_columns, 0, false},
	{"read.digest_unread", "unread", unread_columns, 0, false},
	{"read.digest_trend", "trend", week_columns, 0, false},
	{"read.digest_themes", "themes", theme_columns, 0, true},
	{"read.digest_forms", "forms", form_columns, 0, true},
	{"read.digest_values", "values", value_columns, 0, true},
	{"read.digest_lines", "lines", line_columns, DIGEST_LINES_READ, true},
	{"read.digest_corrections", "corrections", correction_columns, 0, false},
	{"read.digest_conversations", "conversations", said_columns, DIGEST_CONVERSATIONS_READ, false},
	{"read.digest_outcomes", "outcomes", outcome_columns, 0, false},
	{"read.digest_share", "share", share_columns, 0, false},
};

/* The reasons' rows to {total, oldest_days, reasons}. */
static void sum_review(json_t *data)
{
	json_t *reasons = json_object_get(data, "reasons"), *reason;
	json_int_t total = 0, oldest = 0;
	size_t i;

	json_array_foreach(reasons, i, reason)
	{
		json_int_t days = json_integer_value(json_object_get(reason, "oldest_days"));

		total += json_integer_value(json_object_get(reason, "count"));
		oldest = days > oldest ? days : oldest;
	}
	json_object_set_new(
		data, "review", json_pack("{s:I,s:I,s:O}", "total", total, "oldest_days", oldest, "reasons", reasons));
	json_object_del(data, "reasons");
}

static bool is_string(const json_t *object, const char *key, const char *text)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value && strcmp(value, text) == 0;
}

/* Each value's count to the field that it answers. */
static void place_value(json_t *forms, json_t *value)
{
	json_t *form, *field;
	size_t i, k;

	json_array_foreach(forms, i, form)
	{
		if (!is_string(form, "id", json_string_value(json_object_get(value, "form"))))
			continue;
		json_array_foreach(json_object_get(form, "fields"), k, field)
		{
			if (!is_string(field, "name", json_string_value(json_object_get(value, "field"))))
				continue;
			if (!json_object_get(field, "values"))
				json_object_set_new(field, "values", json_array());
			json_array_append(json_object_get(field, "values"), value);
		}
	}
}

static void place_values(json_t *data)
{
	json_t *value;
	size_t i;

	json_array_foreach(json_object_get(data, "values"), i, value)
		place_value(json_object_get(data, "forms"), value);
	json_object_del(data, "values");
}

static int read_head(struct db *db, int64_t digest_id, json_t *data, struct error *err)
{
	const json_t *head;

	if (read_list(db, &head_part, digest_id, (struct view){0}, data, err))
		return -1;
	head = json_array_get(json_object_get(data, "head"), 0);
	if (!head)
		return error_set(err, REACH_STOP, "digest %lld is not there, or its reader may not see it",
			(long long)digest_id);
	json_object_update(data, (json_t *)(uintptr_t)head);
	json_object_del(data, "head");
	return 0;
}

/* How many replies there were the period before: the last but one of the trend. And all the lines there are. */
static void set_sums(json_t *data)
{
	const json_t *trend = json_object_get(data, "trend"), *form;
	json_int_t total = 0;
	size_t i, count = json_array_size(trend);

	if (count > 1)
		json_object_set(data, "before", json_object_get(json_array_get(trend, count - 2), "replies"));
	json_array_foreach(json_object_get(data, "forms"), i, form) total +=
		json_integer_value(json_object_get(form, "replies"));
	json_object_set_new(data, "total", json_integer(total));
}

/* What is counted over all lines is counted once: the functions that need it get it back. */
static int read_parts(struct db *db, int64_t digest_id, json_t *data, struct error *err)
{
	struct arena *arena = arena_new();
	struct db_args args;
	DB_ROWS_SCOPED *told = NULL;
	int result;

	db_args_init(&args, arena);
	db_arg_int(&args, digest_id);
	db_arg_int(&args, DIGEST_LINES_READ);
	result = read_head(db, digest_id, data, err);
	if (result == 0)
		result = db_call(db, "read.digest_told", &args, &told, err);
	for (size_t i = 0; result == 0 && i < sizeof(parts) / sizeof(parts[0]); i++)
		result = read_list(db, &parts[i], digest_id, db_get_view(told, 0, "told"), data, err);
	arena_free(&arena);
	if (result)
		return -1;
	set_sums(data);
	sum_review(data);
	place_values(data);
	return 0;
}

const char *digest_stop_page(const struct config *config, struct arena *arena)
{
	struct view base = view_of(config->public_url);

	while (base.len > 0 && base.ptr[base.len - 1] == '/')
		base.len--;
	return arena_printf(arena, "%.*s/u/{{unsubscribe}}", VIEW_ARGS(base));
}

int digest_build(struct db *db, int64_t digest_id, const struct config *config, json_t **data_out, struct error *err)
{
	json_t *data = json_object();

	json_object_set_new(data, "instance", json_string(config->instance));
	if (config->public_url && config->web.listen) {
		struct arena *arena = arena_new();

		json_object_set_new(data, "unsubscribe_page", json_string(digest_stop_page(config, arena)));
		arena_free(&arena);
	}
	if (read_parts(db, digest_id, data, err)) {
		json_decref(data);
		return -1;
	}
	*data_out = data;
	return 0;
}
