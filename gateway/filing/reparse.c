/*
 * filing/reparse: stored messages are read once more, with the forms that are in force now. The same reader and the
 * same filing as of what comes in; neighbours: holder.c (what comes in), sql/api/reparse.sql (what is filed of it).
 */
#include <string.h>

#include "core/clock.h"
#include "filing/child.h"
#include "filing/filing.h"
#include "filing/force.h"
#include "filing/register.h"
#include "pipeline.h"

struct reparse {
	const struct filing_reparse *wish;
	const struct config *config;
	struct db *db;
	struct child *child;
	struct arena *forms_arena, *arena; /* of the forms; of one batch */
	struct force force;
	json_t *channels;
	int64_t now;
};

/* ---- the forms ---- */

static int load_forms(struct reparse *r, struct error *err)
{
	struct pipeline_sources folder;
	struct force_rules rules;
	struct register_stops stops;

	if (pipeline_sources_load(r->config, r->forms_arena, &folder, err) < 0 ||
		force_rules_load(r->config, &folder, r->forms_arena, &rules, err) < 0 ||
		force_find(r->db, &folder, &rules, r->forms_arena, &r->force, err) < 0)
		return -1;
	return register_forms(r->db, &r->force.sources, r->now, r->forms_arena, &stops, err);
}

static int ensure_child(struct reparse *r, struct error *err)
{
	if (r->child && child_handled(r->child) < FILING_CHILD_MESSAGES)
		return 0;
	child_stop(&r->child);
	return child_start(&r->force.sources, &r->child, err);
}

/* ---- reading ---- */

static struct request_hint hint_of(const struct db_rows *rows, size_t row, struct arena *arena)
{
	json_t *json = db_get_json(rows, row, "hint");
	const char *form = json_string_value(json_object_get(json, "form"));
	const char *reference = json_string_value(json_object_get(json, "reference"));
	struct request_hint hint = {
		.form = form ? arena_strdup(arena, form) : NULL,
		.form_version = (int)json_integer_value(json_object_get(json, "version")),
		.reference = reference ? arena_strdup(arena, reference) : NULL,
	};

	json_decref(json);
	return hint;
}

/* 1: read; 0: it killed the reader, outlasted it, or does not fit into the batch, which was told; -1: nothing works. */
static int read_one(struct reparse *r, const struct db_rows *rows, size_t row, struct request_hint hint,
	struct pipeline_batch *batch, struct error *err)
{
	int64_t message_id = db_get_int(rows, row, "message_id");
	struct pipeline_message message = {
		.raw = db_get_view(rows, row, "raw"),
		.over_size = db_get_bool(rows, row, "oversize"),
		.channel = strcmp(db_get_string(rows, row, "source"), "channel") == 0,
		.hint = hint,
	};
	struct view json;

	if (ensure_child(r, err) < 0)
		return -1;
	if (child_read(r->child, &message, r->config->limits.message_ms, &json, err) == 0) {
		if ((hint.form ? pipeline_batch_add_hinted : pipeline_batch_add)(batch, message_id, json) == 0)
			return 1;
		error_set(err, REACH_MESSAGE, "its batch is full");
	} else {
		if (err->reach != REACH_MESSAGE)
			return -1;
		child_stop(&r->child);
	}
	r->wish->tell_casualty(r->wish->context, message_id, err->text);
	error_clear(err);
	return 0;
}

/* ---- filing ---- */

static int file(struct reparse *r, struct pipeline_batch *batch, struct db_rows **rows_out, struct error *err)
{
	struct db_args args;
	int result;

	text_add_string(&batch->json, batch->count ? "]" : "[]");
	db_args_init(&args, r->arena);
	db_arg_time(&args, r->now);
	db_arg_string(&args, r->wish->actor);
	db_arg_json_text(&args, text_view(&batch->json));
	db_arg_json(&args, r->channels);
	result = db_call(r->db, "api.reparse_file", &args, rows_out, err);
	text_reset(&batch->json);
	batch->count = 0;
	return result;
}

static void tell(struct reparse *r, const struct db_rows *rows, size_t row)
{
	json_t *changes = db_get_json(rows, row, "changes");
	struct filing_reread one = {
		.message_id = db_get_int(rows, row, "message_id"),
		.feedback_id = db_get_int(rows, row, "feedback_id"),
		.outcome = db_get_string(rows, row, "outcome"),
		.was = db_get_string(rows, row, "was"),
		.state = db_get_string(rows, row, "state"),
		.changes = changes,
	};

	r->wish->tell(r->wish->context, &one);
	json_decref(changes);
}

static size_t find_row(const struct db_rows *rows, int64_t message_id)
{
	size_t row = 0;

	while (row < db_count(rows) && db_get_int(rows, row, "message_id") != message_id)
		row++;
	return row;
}

/* What answers an older version of a form, or does not name its form, is read once more with what was sent. */
static int read_again(struct reparse *r, const struct db_rows *claimed, const struct db_rows *filed,
	struct pipeline_batch *batch, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;

	for (size_t i = 0; i < db_count(filed); i++) {
		size_t row = find_row(claimed, db_get_int(filed, i, "message_id"));

		if (!db_is_null(filed, i, "hint") && row < db_count(claimed) &&
			read_one(r, claimed, row, hint_of(filed, i, r->arena), batch, err) < 0)
			return -1;
	}
	if (batch->count == 0)
		return 0;
	if (file(r, batch, &rows, err) < 0)
		return -1;
	for (size_t i = 0; i < db_count(rows); i++)
		tell(r, rows, i);
	return 0;
}

static int read_and_file(
	struct reparse *r, const struct db_rows *claimed, struct pipeline_batch *batch, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;

	for (size_t row = 0; row < db_count(claimed); row++)
		if (read_one(r, claimed, row, hint_of(claimed, row, r->arena), batch, err) < 0)
			return -1;
	if (batch->count == 0)
		return 0;
	if (file(r, batch, &rows, err) < 0)
		return -1;
	for (size_t i = 0; i < db_count(rows); i++)
		if (db_is_null(rows, i, "hint"))
			tell(r, rows, i);
	return read_again(r, claimed, rows, batch, err);
}

static int claim(struct reparse *r, int64_t after, struct db_rows **rows_out, struct error *err)
{
	struct db_args args;

	db_args_init(&args, r->arena);
	db_arg_int(&args, after);
	db_arg_int(&args, FILING_BATCH_MESSAGES);
	db_arg_int(&args, FILING_BATCH_BYTES);
	db_arg_json(&args, r->wish->wanted);
	return db_call(r->db, "api.reparse_claim", &args, rows_out, err);
}

/* after: the unit before; becomes the last of the batch. 1: there was one, 0: there is no more. */
static int do_batch(struct reparse *r, int64_t *after, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct pipeline_batch batch;
	int result;

	if (db_begin(r->db, err) < 0)
		return -1;
	pipeline_batch_init(&batch);
	result = claim(r, *after, &rows, err);
	if (result == 0 && db_count(rows) > 0) {
		*after = db_get_int(rows, db_count(rows) - 1, "unit");
		result = read_and_file(r, rows, &batch, err) < 0 ? -1 : 1;
	}
	pipeline_batch_release(&batch);
	if (result < 0 || r->wish->dry)
		db_rollback(r->db, NULL);
	else if (db_commit(r->db, err) < 0)
		result = -1;
	arena_reset(r->arena);
	return result;
}

int filing_reparse(const struct config *config, struct db *db, const struct filing_reparse *wish, struct error *err)
{
	struct reparse r = {.wish = wish, .config = config, .db = db, .now = clock_now()};
	int64_t after = 0;
	int result;

	r.forms_arena = arena_new();
	r.arena = arena_new();
	r.channels = pipeline_channels(config);
	result = load_forms(&r, err) < 0 ? -1 : 1;
	while (result == 1)
		result = do_batch(&r, &after, err);
	child_stop(&r.child);
	force_release(&r.force);
	json_decref(r.channels);
	arena_free(&r.arena);
	arena_free(&r.forms_arena);
	return result;
}
