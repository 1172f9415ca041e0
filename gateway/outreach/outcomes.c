/*
 * outreach/outcomes: once a month a letter to who wrote to us, of what became of it. A part of the job of asking.h; who is
 * due, and that nobody gets two, is sql/api/outcomes.sql.
 */
#include <string.h>

#include "core/log.h"
#include "outreach/answers.h"
#include "outreach/asking.h"
#include "outreach/letters.h"

/* What a letter says of one message: of a neutral or silent person's, too, the day alone. */
static json_t *item_view(const struct answers_writer *writer, const char *words_in, const json_t *item)
{
	const char *state = json_string_value(json_object_get(item, "state"));
	const char *detail = json_string_value(json_object_get(item, "detail"));
	const char *day = json_string_value(json_object_get(item, "day"));

	return json_pack("{s:s,s:s,s:b,s:b,s:b,s:b}", "day", letters_day(writer->forms, writer->arena, words_in, day, false),
		"detail", detail ? detail : "", "read", strcmp(state, "read") == 0, "assigned", strcmp(state, "assigned") == 0,
		"used", strcmp(state, "used") == 0, "not_used", strcmp(state, "not-used") == 0);
}

static json_t *letter_view(const struct answers_writer *writer, const struct db_rows *rows, size_t row)
{
	const char *words_in = forms_letter_language(writer->forms, "outcomes", db_get_string(rows, row, "language"));
	json_t *items = db_get_json(rows, row, "items"), *list = json_array(), *view, *item;
	int64_t more = db_get_int(rows, row, "more");
	size_t i;

	json_array_foreach(items, i, item) json_array_append_new(list, item_view(writer, words_in, item));
	json_decref(items);
	view = json_pack("{s:o,s:b,s:b}", "items", list, "neutral", (int)db_get_bool(rows, row, "neutral"), "channel",
		strcmp(db_get_string(rows, row, "channel_name"), "mail") != 0);
	if (more > 0)
		json_object_set_new(view, "more",
			json_string(forms_letter_number(writer->forms, writer->arena, words_in, (long long)more)));
	return view;
}

/* "[FP-7K3M9QXA2D] You said, we did"; of a neutral person's the reference alone. */
static int subject(const struct answers_writer *writer, const struct db_rows *rows, size_t row, const char **out,
	struct error *err)
{
	struct letter_order order = {.name = "outcomes-title", .language = db_get_string(rows, row, "language")};
	const char *reference = db_get_string(rows, row, "reference");
	TEXT_SCOPED title;

	text_init(&title, ASKING_LETTER_MAX);
	*out = arena_printf(writer->arena, "[%s]", reference);
	if (db_get_bool(rows, row, "neutral"))
		return 0;
	if (forms_letter_text(writer->forms, &order, &title, err) < 0)
		return -1;
	*out = arena_printf(writer->arena, "[%s] %.*s", reference, VIEW_ARGS(view_trim(text_view(&title))));
	return 0;
}

static int put(const struct answers_writer *writer, const struct db_rows *rows, size_t row, json_t *body, struct error *err)
{
	DB_ROWS_SCOPED *put = NULL;
	struct db_args args;

	db_args_init(&args, writer->arena);
	db_arg_time(&args, writer->now);
	db_arg_bytes(&args, db_get_view(rows, row, "contributor"));
	db_arg_string(&args, db_get_string(rows, row, "channel_name"));
	db_arg_string(&args, db_get_string(rows, row, "address"));
	db_arg_string(&args, db_get_string(rows, row, "reference"));
	db_arg_bytes(&args, answers_bytes(writer, body));
	db_arg_string(&args, answers_domain(writer->config));
	if (db_call(writer->db, "api.outcome_put", &args, &put, err) < 0)
		return -1;
	if (db_count(put) > 0)
		log_info("outcomes", "outbox=%lld", (long long)db_get_int(put, 0, "outbox_id"));
	return 0;
}

static int write_letter(const struct answers_writer *writer, const struct db_rows *rows, size_t row, struct error *err)
{
	const char *reference = db_get_string(rows, row, "reference"), *title;
	bool by_mail = strcmp(db_get_string(rows, row, "channel_name"), "mail") == 0;
	struct letter_order order = {
		.name = "outcomes", .language = db_get_string(rows, row, "language"), .reference = reference};
	json_t *view = letter_view(writer, rows, row), *body = NULL;
	int result;

	order.view = view;
	result = letters_body(writer->forms, &order, !by_mail, &body, err);
	json_decref(view);
	if (result < 0 || subject(writer, rows, row, &title, err) < 0) {
		json_decref(body);
		return -1;
	}
	if (by_mail) {
		json_object_set_new(body, "subject", json_string(title));
		json_object_set_new(body, "auto", json_string("auto-generated"));
		json_object_set_new(body, "unsubscribe", json_sprintf("unsubscribe %s", reference));
	}
	return put(writer, rows, row, body, err);
}

int answers_write_outcomes(const struct answers_writer *writer, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;
	int written = 0;

	db_args_init(&args, writer->arena);
	db_arg_time(&args, writer->now);
	db_arg_int(&args, ASKING_AT_ONCE);
	db_arg_json(&args, writer->rules);
	if (db_call(writer->db, "api.outcomes_due", &args, &rows, err) < 0)
		return -1;
	for (size_t row = 0; row < db_count(rows); row++) {
		int done = answers_done(writer, write_letter(writer, rows, row, err), err);

		if (done < 0)
			return -1;
		written += done;
	}
	return written;
}
