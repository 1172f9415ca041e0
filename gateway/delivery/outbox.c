/* delivery/outbox: rows claimed and recorded. See outbox.h. */
#include "delivery/outbox.h"

#include "core/clock.h"
#include "core/log.h"
#include "store/own.h"

#define SECOND_US ((int64_t)1000000)

int outbox_open(struct outbox *outbox, struct error *err)
{
	if (outbox->db && db_healthy(outbox->db))
		return 0;
	db_close(&outbox->db);
	if (db_open(outbox->config, "fieldpost_send", &outbox->db, err) ||
		db_listen(outbox->db, "fieldpost_outbox", err) || own_tell_sender(outbox->db, outbox->config, err)) {
		db_close(&outbox->db);
		return -1;
	}
	return 0;
}

void outbox_disconnect(struct outbox *outbox)
{
	db_close(&outbox->db);
}

int outbox_claim(struct outbox *outbox, struct arena *arena, struct outbox_row *row, struct error *err)
{
	struct db_args args;
	DB_ROWS_SCOPED *rows = NULL;
	struct view body;

	db_args_init(&args, arena);
	db_arg_int(&args, 1);
	db_arg_time(&args, clock_now());
	db_arg_string(&args, outbox->channel);
	if (db_call(outbox->db, "api.outbox_claim", &args, &rows, err))
		return -1;
	if (db_count(rows) == 0)
		return 0;
	body = db_get_view(rows, 0, "body");
	*row = (struct outbox_row){
		.id = db_get_int(rows, 0, "outbox_id"),
		.created_at = db_get_time(rows, 0, "created_at"),
		.attempts = (int)db_get_int(rows, 0, "attempts"),
		.parts = (int)db_get_int(rows, 0, "parts"),
		.kind = arena_strdup(arena, db_get_string(rows, 0, "kind")),
		.header_id = arena_strdup(arena, db_get_string(rows, 0, "header_id")),
		.recipient = view_of(arena_strdup(arena, db_get_string(rows, 0, "recipient"))),
		.body = {arena_copy(arena, body.ptr, body.len), body.len},
	};
	return 1;
}

int outbox_wait(struct outbox *outbox, struct error *err)
{
	return db_wait(outbox->db, outbox->context->stop_fd, OUTBOX_IDLE_MS, err);
}

/* ---- recording ---- */

static int record_once(struct outbox *outbox, struct arena *arena, const struct outbox_row *row,
	const struct outbox_outcome *outcome, struct error *err)
{
	struct db_args args;

	if (outbox_open(outbox, err))
		return -1;
	db_args_init(&args, arena);
	db_arg_int(&args, row->id);
	db_arg_time(&args, clock_now());
	if (outcome->kind == OUTBOX_SENT)
		return db_call(outbox->db, "api.outbox_sent", &args, NULL, err);
	if (outcome->kind == OUTBOX_RETRY)
		db_arg_time(&args, outcome->next_at);
	db_arg_string(&args, outcome->error);
	if (outcome->kind == OUTBOX_FAILED)
		return db_call(outbox->db, "api.outbox_failed", &args, NULL, err);
	db_arg_bool(&args, outcome->counted);
	return db_call(outbox->db, "api.outbox_retry", &args, NULL, err);
}

static int part_once(struct outbox *outbox, struct arena *arena, const struct outbox_row *row, int part,
	struct view provider_id, struct error *err)
{
	struct db_args args;

	if (outbox_open(outbox, err))
		return -1;
	db_args_init(&args, arena);
	db_arg_int(&args, row->id);
	db_arg_int(&args, part);
	db_arg_text(&args, provider_id.ptr ? provider_id : VIEW(""));
	db_arg_time(&args, clock_now());
	return db_call(outbox->db, "api.outbox_part", &args, NULL, err);
}

/* After a failed attempt: false when the duty stops. */
static bool try_again(struct outbox *outbox, const struct outbox_row *row, int attempt, struct error *err)
{
	log_failure(LOG_WARNING, "outbox-record", err, "outbox=%lld", (long long)row->id);
	db_close(&outbox->db);
	error_clear(err);
	return duty_wait(outbox->context, -1, (int)(clock_backoff(attempt, SECOND_US, 30 * SECOND_US) / 1000)) != -1;
}

void outbox_record(
	struct outbox *outbox, struct arena *arena, const struct outbox_row *row, const struct outbox_outcome *outcome)
{
	struct error err = ERROR_INIT;

	for (int attempt = 1; record_once(outbox, arena, row, outcome, &err); attempt++)
		if (!try_again(outbox, row, attempt, &err))
			return;
}

int outbox_record_part(
	struct outbox *outbox, struct arena *arena, const struct outbox_row *row, int part, struct view provider_id)
{
	struct error err = ERROR_INIT;

	for (int attempt = 1; part_once(outbox, arena, row, part, provider_id, &err); attempt++)
		if (!try_again(outbox, row, attempt, &err))
			return -1;
	return 0;
}

/* ---- outcomes ---- */

bool outbox_is_about_message(enum error_reach reach)
{
	return reach == REACH_MESSAGE || reach == REACH_RETRY || reach == REACH_UNCERTAIN;
}

struct outbox_outcome outbox_outcome_of(const struct outbox_row *row, const struct error *err)
{
	int64_t now = clock_now();
	bool counted = outbox_is_about_message(err->reach);
	struct outbox_outcome outcome = {.kind = OUTBOX_RETRY, .counted = counted, .error = err->text, .next_at = now};

	if (err->reach == REACH_MESSAGE || now - row->created_at > OUTBOX_GIVE_UP_HOURS * 3600 * SECOND_US)
		outcome.kind = OUTBOX_FAILED;
	else if (counted)
		outcome.next_at = now + clock_backoff(row->attempts, OUTBOX_BACKOFF_BASE_US, OUTBOX_BACKOFF_MAX_US);
	return outcome;
}

void outbox_alarm(struct outbox *outbox, struct arena *arena, const char *kind, const char *object, const char *text)
{
	struct db_args args;
	struct error ignored = ERROR_INIT;

	if (outbox_open(outbox, &ignored))
		return;
	db_args_init(&args, arena);
	db_arg_time(&args, clock_now());
	db_arg_string(&args, kind);
	db_arg_string(&args, object);
	if (text)
		db_arg_string(&args, text);
	if (db_call(outbox->db, text ? "api.alarm_raise" : "api.alarm_clear", &args, NULL, &ignored))
		log_failure(LOG_WARNING, "alarm", &ignored, "kind=%s object=%s", kind, object);
}
