/* delivery/outbox_rows: the outbox's calls of the database. See outbox_rows.h; the functions are in sql/api/outbox.sql. */
#include "delivery/outbox_rows.h"

#include "core/clock.h"
#include "store/own.h"

int outbox_rows_open(struct outbox_rows *rows, struct error *err)
{
	if (rows->db && db_healthy(rows->db))
		return 0;
	db_close(&rows->db);
	if (db_open(rows->config, "fieldpost_send", &rows->db, err) ||
		db_listen(rows->db, "fieldpost_outbox", err) || own_tell_sender(rows->db, rows->config, err)) {
		db_close(&rows->db);
		return -1;
	}
	return 0;
}

void outbox_rows_disconnect(struct outbox_rows *rows)
{
	db_close(&rows->db);
}

/* ---- one turn ---- */

/* In the words of api.outbox_turn, by enum. */
static const char *const outcome_words[] = {"sent", "retry", "later", "failed"};

static void add_outcomes(
	struct db_args *args, struct arena *arena, struct outbox_slot *const *slots, size_t count, int64_t now)
{
	int64_t *ids = ARENA_NEW_N(arena, int64_t, count + 1), *next = ARENA_NEW_N(arena, int64_t, count + 1);
	struct view *words = ARENA_NEW_N(arena, struct view, count + 1);
	struct view *errors = ARENA_NEW_N(arena, struct view, count + 1);
	bool *counted = ARENA_NEW_N(arena, bool, count + 1);
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		const struct outbox_outcome *outcome = slots[i]->outcome;

		if (!outcome)
			continue;
		ids[n] = slots[i]->row.id;
		words[n] = view_of(outcome_words[outcome->kind]);
		next[n] = outcome->next_at ? outcome->next_at : now;
		errors[n] = view_of(outcome->error);
		counted[n++] = outcome->counted;
	}
	db_arg_int_array(args, ids, n);
	db_arg_text_array(args, words, n);
	db_arg_time_array(args, next, n);
	db_arg_text_array(args, errors, n);
	db_arg_bool_array(args, counted, n);
}

static void take_row(struct outbox_slot *slot, const struct db_rows *rows, size_t row)
{
	struct view body = db_get_view(rows, row, "body");

	slot->row = (struct outbox_row){
		.id = db_get_int(rows, row, "outbox_id"),
		.created_at = db_get_time(rows, row, "created_at"),
		.attempts = (int)db_get_int(rows, row, "attempts"),
		.parts = (int)db_get_int(rows, row, "parts"),
		.kind = arena_strdup(slot->arena, db_get_string(rows, row, "kind")),
		.header_id = arena_strdup(slot->arena, db_get_string(rows, row, "header_id")),
		.token = arena_strdup(slot->arena, db_get_string(rows, row, "token")),
		.recipient = view_of(arena_strdup(slot->arena, db_get_string(rows, row, "recipient"))),
		.body = {arena_copy(slot->arena, body.ptr, body.len), body.len},
	};
}

static size_t share_out(struct outbox_slot *const *slots, size_t count, const struct db_rows *rows)
{
	size_t row = 0;

	for (size_t i = 0; i < count; i++) {
		slots[i]->row = (struct outbox_row){0};
		slots[i]->outcome = NULL;
		arena_reset(slots[i]->arena);
		if (slots[i]->takes && row < db_count(rows))
			take_row(slots[i], rows, row++);
	}
	return row;
}

int outbox_rows_turn(struct outbox_rows *rows, struct outbox_slot *const *slots, size_t count, size_t *claimed_out,
	struct error *err)
{
	DB_ROWS_SCOPED *found = NULL;
	int64_t now = clock_now(), wanted = 0;
	struct db_args args;

	arena_reset(rows->arena);
	if (outbox_rows_open(rows, err))
		return -1;
	for (size_t i = 0; i < count; i++)
		wanted += slots[i]->takes;
	db_args_init(&args, rows->arena);
	db_arg_time(&args, now);
	db_arg_string(&args, rows->channel);
	add_outcomes(&args, rows->arena, slots, count, now);
	db_arg_int(&args, wanted);
	if (db_call(rows->db, "api.outbox_turn", &args, &found, err))
		return -1;
	*claimed_out = share_out(slots, count, found);
	return 0;
}

/* ---- parts and alarms ---- */

int outbox_rows_part(struct outbox_rows *rows, int64_t id, int part, struct view provider_id, struct error *err)
{
	struct db_args args;

	arena_reset(rows->arena);
	if (outbox_rows_open(rows, err))
		return -1;
	db_args_init(&args, rows->arena);
	db_arg_int(&args, id);
	db_arg_int(&args, part);
	db_arg_text(&args, provider_id.ptr ? provider_id : VIEW(""));
	db_arg_time(&args, clock_now());
	return db_call(rows->db, "api.outbox_part", &args, NULL, err);
}

int outbox_rows_alarm(
	struct outbox_rows *rows, const char *kind, const char *object, const char *text, struct error *err)
{
	struct db_args args;

	arena_reset(rows->arena);
	if (outbox_rows_open(rows, err))
		return -1;
	db_args_init(&args, rows->arena);
	db_arg_time(&args, clock_now());
	db_arg_string(&args, kind);
	db_arg_string(&args, object);
	if (text)
		db_arg_string(&args, text);
	return db_call(rows->db, text ? "api.alarm_raise" : "api.alarm_clear", &args, NULL, err);
}
