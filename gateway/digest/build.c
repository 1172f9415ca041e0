/*
 * digest/build: a digest's rows in `read` to its data.
 *
 * The data hold codes and numbers, and labels in the digest's language; nothing in them depends on when they are read:
 *   instance, team, language, frequency ("daily", "weekly", "monthly"), zone, weekday, hour, by_hand, late, start, end
 * (microseconds), before (replies the period before; absent: nothing to compare with), filters {forms [title],
 * countries [code], regions [{name, code}], programmes [name], languages [code], themes [label]}, countries [{code
 * (absent: those that stand together), replies, silent_weeks (absent: never heard), review, asked, answered,
 * not_reached}], review {total, oldest_days, reasons [{reason, count}]}, trend [{replies, countries}] (oldest first),
 * themes [{label, weeks}], forms [{id, title, replies, before, fields [{name, type, label, theme, digest, min, max,
 * options [{value, label}], values [{value, count, before}]}]}], total (lines of the digest), lines (those of very many
 * that were chosen) [{number, form, country, name, language, sharing, verified, withheld, received, answers, remarks}],
 * corrections [{number, title, country, field {as in forms}, was, now (as in answers; absent: nothing), author, day,
 * reason}], conversations [{id, number, country, member (absent: the practitioner), words, said, waiting_days}],
 * outcomes [{number, state, detail}],
 * unsubscribe_page (address with {{unsubscribe}} where the member's token comes; absent: there is no page). render.c
 * makes the mail of them. See digest.h.
 */
#include "digest/digest.h"

/* Adds a value under a key unless it is null in the row. */
static void set_text(json_t *object, const char *key, const struct db_rows *rows, size_t row, const char *column)
{
	struct view text = db_get_view(rows, row, column);

	if (!db_is_null(rows, row, column))
		json_object_set_new(object, key, json_stringn(text.ptr, text.len));
}

static void set_int(json_t *object, const char *key, const struct db_rows *rows, size_t row, const char *column)
{
	if (!db_is_null(rows, row, column))
		json_object_set_new(object, key, json_integer(db_get_int(rows, row, column)));
}

static void set_json(json_t *object, const char *key, const struct db_rows *rows, size_t row, const char *column)
{
	json_t *value = db_get_json(rows, row, column);

	if (value)
		json_object_set_new(object, key, value);
}

struct part {
	const char *function, *key;
	void (*add)(json_t *item, const struct db_rows *rows, size_t row);
	int64_t maximum; /* of its rows, where the function asks for one; else 0 */
};

/* One function of `read` over the digest, its rows made into objects of a list. */
static int read_list(struct db *db, const struct part *part, int64_t digest_id, json_t *data, struct error *err)
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
	result = db_call(db, part->function, &args, &rows, err);
	for (size_t row = 0; result == 0 && row < db_count(rows); row++) {
		json_t *item = json_object();

		part->add(item, rows, row);
		json_array_append_new(list, item);
	}
	json_object_set_new(data, part->key, list);
	arena_free(&arena);
	return result;
}

static void add_head(json_t *item, const struct db_rows *rows, size_t row)
{
	set_text(item, "team", rows, row, "team");
	set_text(item, "language", rows, row, "language");
	set_text(item, "zone", rows, row, "zone");
	set_int(item, "weekday", rows, row, "weekday");
	set_int(item, "hour", rows, row, "hour");
	set_text(item, "frequency", rows, row, "frequency");
	set_json(item, "filters", rows, row, "filters");
	json_object_set_new(item, "by_hand", json_boolean(db_get_bool(rows, row, "by_hand")));
	json_object_set_new(item, "late", json_boolean(db_get_bool(rows, row, "late")));
	json_object_set_new(item, "start", json_integer(db_get_time(rows, row, "period_start")));
	json_object_set_new(item, "end", json_integer(db_get_time(rows, row, "period_end")));
}

static void add_country(json_t *item, const struct db_rows *rows, size_t row)
{
	set_text(item, "code", rows, row, "country");
	set_int(item, "replies", rows, row, "replies");
	set_int(item, "silent_weeks", rows, row, "silent_weeks");
	set_int(item, "review", rows, row, "review");
	set_int(item, "asked", rows, row, "asked");
	set_int(item, "answered", rows, row, "answered");
	set_int(item, "not_reached", rows, row, "not_reached");
}

static void add_review(json_t *item, const struct db_rows *rows, size_t row)
{
	set_text(item, "reason", rows, row, "reason");
	set_int(item, "count", rows, row, "count");
	set_int(item, "oldest_days", rows, row, "oldest_days");
}

static void add_week(json_t *item, const struct db_rows *rows, size_t row)
{
	set_int(item, "replies", rows, row, "replies");
	set_int(item, "countries", rows, row, "countries");
}

static void add_theme(json_t *item, const struct db_rows *rows, size_t row)
{
	set_text(item, "label", rows, row, "label");
	set_int(item, "weeks", rows, row, "weeks");
}

static void add_form(json_t *item, const struct db_rows *rows, size_t row)
{
	set_text(item, "id", rows, row, "form_id");
	set_text(item, "title", rows, row, "title");
	set_json(item, "fields", rows, row, "fields");
	set_int(item, "replies", rows, row, "replies");
	set_int(item, "before", rows, row, "before");
}

static void add_value(json_t *item, const struct db_rows *rows, size_t row)
{
	set_text(item, "form", rows, row, "form_id");
	set_text(item, "field", rows, row, "field");
	set_text(item, "value", rows, row, "value");
	set_int(item, "count", rows, row, "count");
	set_int(item, "before", rows, row, "before");
}

static void add_line(json_t *item, const struct db_rows *rows, size_t row)
{
	set_int(item, "number", rows, row, "number");
	set_text(item, "form", rows, row, "form_id");
	set_text(item, "country", rows, row, "country");
	set_text(item, "name", rows, row, "name");
	set_text(item, "language", rows, row, "language");
	set_text(item, "sharing", rows, row, "sharing");
	set_text(item, "remarks", rows, row, "remarks");
	set_json(item, "answers", rows, row, "answers");
	json_object_set_new(item, "verified", json_boolean(db_get_bool(rows, row, "verified")));
	json_object_set_new(item, "withheld", json_boolean(db_get_bool(rows, row, "withheld")));
	json_object_set_new(item, "received", json_integer(db_get_time(rows, row, "received")));
}

static void add_correction(json_t *item, const struct db_rows *rows, size_t row)
{
	set_int(item, "number", rows, row, "number");
	set_text(item, "title", rows, row, "title");
	set_text(item, "country", rows, row, "country");
	set_json(item, "field", rows, row, "field");
	set_json(item, "was", rows, row, "was");
	set_json(item, "now", rows, row, "now");
	set_text(item, "author", rows, row, "author");
	set_text(item, "reason", rows, row, "reason");
	json_object_set_new(item, "day", json_integer(db_get_time(rows, row, "day")));
}

static void add_said(json_t *item, const struct db_rows *rows, size_t row)
{
	set_int(item, "id", rows, row, "conversation_id");
	set_int(item, "number", rows, row, "number");
	set_text(item, "country", rows, row, "country");
	set_text(item, "member", rows, row, "member");
	set_text(item, "words", rows, row, "words");
	set_int(item, "waiting_days", rows, row, "waiting_days");
	json_object_set_new(item, "said", json_integer(db_get_time(rows, row, "said_at")));
}

static void add_outcome(json_t *item, const struct db_rows *rows, size_t row)
{
	set_int(item, "number", rows, row, "number");
	set_text(item, "state", rows, row, "state");
	set_text(item, "detail", rows, row, "detail");
}

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
	static const struct part head_part = {"read.digest_head", "head", add_head, 0};
	const json_t *head;

	if (read_list(db, &head_part, digest_id, data, err))
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

static int read_parts(struct db *db, int64_t digest_id, json_t *data, struct error *err)
{
	static const struct part parts[] = {
		{"read.digest_countries", "countries", add_country, 0},
		{"read.digest_review", "reasons", add_review, 0},
		{"read.digest_trend", "trend", add_week, 0},
		{"read.digest_themes", "themes", add_theme, 0},
		{"read.digest_forms", "forms", add_form, 0},
		{"read.digest_values", "values", add_value, 0},
		{"read.digest_lines", "lines", add_line, DIGEST_LINES_READ},
		{"read.digest_corrections", "corrections", add_correction, 0},
		{"read.digest_conversations", "conversations", add_said, DIGEST_CONVERSATIONS_READ},
		{"read.digest_outcomes", "outcomes", add_outcome, 0},
	};

	if (read_head(db, digest_id, data, err))
		return -1;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (read_list(db, &parts[i], digest_id, data, err))
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
