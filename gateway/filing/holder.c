/*
 * filing/holder: the parse duty's own process. It stands between the database and the sandboxed reader: claims a
 * batch, has it read, files the results, all in one transaction. See filing.h; neighbours: force.c (which forms are
 * read with), child.c (the reader), pipeline.c (filing).
 */
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "filing/child.h"
#include "filing/filing.h"
#include "filing/force.h"
#include "filing/prover.h"
#include "filing/register.h"
#include "pipeline.h"
#include "store/db.h"

#define POLL_MS 5000
#define PROOF_POLL_MS 500 /* while a form is being proven */
#define UNREAD_CHECK ((int64_t)600 * 1000000)
#define BACKOFF_BASE ((int64_t)500000)
#define BACKOFF_MAX ((int64_t)60000000)
#define CASUALTIES_MAX FILING_BATCH_MESSAGES
#define PROOFS_BROKEN_MAX 3 /* a proof that was killed says nothing of the form: it is begun again */

/* A message that killed the reader or outlasted it. */
struct casualty {
	int64_t message_id;
	char error[ERROR_TEXT_MAX];
};

struct holder {
	struct duty_context *duty;
	struct db *db;
	struct child *child;
	struct arena *sources_arena, *force_arena, *arena; /* of the folder; of the forms in force; of one batch */
	struct pipeline_sources folder;
	struct force_rules rules;
	struct force force;
	struct prover *prover; /* NULL: nothing is being proven */
	int proofs_broken;     /* of the form that waits */
	json_t *channels;      /* {name: {join, form, language}}: what they are read by */
	struct register_stops stops;
	struct pipeline_batch batch;
	struct answer_key key;
	struct casualty casualties[CASUALTIES_MAX];
	size_t casualty_count;
	struct pipeline_again again[FILING_BATCH_MESSAGES]; /* to be read with their hints */
	size_t again_count;
	bool registered;  /* the forms in force are in the database */
	bool weighed;	  /* holder->force is as the database has it */
	int64_t unread_at; /* when the share of what was not read is looked at again; of clock_monotonic() */
	int64_t weigh_at; /* while somebody else proves a form: look again then; of clock_monotonic() */
};

static int ensure_child(struct holder *holder, struct error *err)
{
	if (holder->child && child_handled(holder->child) < FILING_CHILD_MESSAGES)
		return 0;
	child_stop(&holder->child);
	return child_start(&holder->force.sources, &holder->child, err);
}

static int ensure_database(struct holder *holder, struct error *err)
{
	if (holder->db && db_healthy(holder->db))
		return 0;
	db_close(&holder->db);
	if (db_open(holder->duty->config, "fieldpost_parse", &holder->db, err) < 0)
		return -1;
	return db_listen(holder->db, "fieldpost_stored", err);
}

/* ---- the forms in force ---- */

/* One of several holders has forms proven and tells of them; the others look again in a while. */
static bool is_first(const struct holder *holder)
{
	return holder->duty->index == 0;
}

static int end_proof(struct holder *holder, const json_t *verdict, struct error *err)
{
	const struct force_pending *form = &holder->force.pending;

	prover_stop(&holder->prover);
	log_info("form", "form=%s version=%d proven=%s", form->id, form->version,
		json_is_true(json_object_get(verdict, "proven")) ? "yes" : "no");
	holder->proofs_broken = 0;
	holder->weighed = false;
	return force_record(holder->db, clock_now(), form, verdict, &holder->rules, holder->force_arena, err);
}

/* The next round begins it again, and mails are read meanwhile; one that broke too often failed: it says how. */
static int break_proof(struct holder *holder, const struct error *broke, struct error *err)
{
	json_t *verdict;
	int result;

	prover_stop(&holder->prover);
	log_failure(LOG_WARNING, "form", broke, "form=%s version=%d", holder->force.pending.id,
		holder->force.pending.version);
	if (broke->reach == REACH_RETRY && ++holder->proofs_broken < PROOFS_BROKEN_MAX)
		return 0;
	verdict = json_pack("{s:b, s:i, s:s}", "proven", 0, "replies", 0, "words", broke->text);
	result = end_proof(holder, verdict, err);
	json_decref(verdict);
	return result;
}

static int begin_proof(struct holder *holder, struct error *err)
{
	const struct force_pending *form = &holder->force.pending;
	struct error broke = ERROR_INIT;

	if (!form->id || !is_first(holder) || holder->prover)
		return 0;
	log_info("form", "form=%s version=%d proving=yes", form->id, form->version);
	if (prover_start(&holder->folder, &holder->rules.clients, form->id, form->version, &holder->prover, &broke) ==
		0)
		return 0;
	return break_proof(holder, &broke, err);
}

static int weigh_forms(struct holder *holder, struct error *err)
{
	child_stop(&holder->child); /* it reads with the forms that were in force before */
	force_release(&holder->force);
	arena_reset(holder->force_arena);
	if (force_find(holder->db, &holder->folder, &holder->rules, holder->force_arena, &holder->force, err) < 0 ||
		register_forms(
			holder->db, &holder->force.sources, clock_now(), holder->force_arena, &holder->stops, err) < 0)
		return -1;
	if (is_first(holder) &&
		(force_tell(holder->db, clock_now(), &holder->force, holder->force_arena, err) < 0 ||
			register_sensitive(holder->db, holder->duty->config, holder->force_arena, err) < 0))
		return -1;
	holder->registered = holder->weighed = true;
	holder->weigh_at = clock_monotonic() + (int64_t)POLL_MS * 1000;
	return begin_proof(holder, err);
}

static int ensure_forms(struct holder *holder, struct error *err)
{
	bool waits = holder->force.pending.id && !is_first(holder) && clock_monotonic() >= holder->weigh_at;

	if (!holder->weighed || waits)
		return weigh_forms(holder, err);
	return begin_proof(holder, err);
}

static int attend_proof(struct holder *holder, struct error *err)
{
	struct error broke = ERROR_INIT;
	json_t *verdict = NULL;
	int result = holder->prover ? prover_poll(holder->prover, &verdict, &broke) : 0;

	if (result < 0)
		return break_proof(holder, &broke, err);
	if (result == 1)
		result = end_proof(holder, verdict, err);
	json_decref(verdict);
	return result;
}

/* ---- a batch ---- */

static int claim(struct holder *holder, struct db_rows **rows_out, struct error *err)
{
	struct db_args args;

	db_args_init(&args, holder->arena);
	db_arg_time(&args, clock_now());
	db_arg_int(&args, FILING_BATCH_MESSAGES);
	db_arg_int(&args, FILING_BATCH_BYTES);
	db_arg_json(&args, holder->channels);
	db_arg_text_array(&args, holder->stops.list, holder->stops.count);
	return db_call(holder->db, "api.parse_claim", &args, rows_out, err);
}

/* Files what was read so far. */
static int file_read(struct holder *holder, struct error *err)
{
	struct pipeline_filed filed;

	if (pipeline_file(holder->db, clock_now(), &holder->batch, holder->channels, holder->arena, &filed, err) < 0)
		return -1;
	for (size_t i = 0; i < filed.again_count && holder->again_count < FILING_BATCH_MESSAGES; i++)
		holder->again[holder->again_count++] = filed.again[i];
	return 0;
}

static int add_read(struct holder *holder, int64_t message_id, struct view json, bool hinted)
{
	return hinted ? pipeline_batch_add_hinted(&holder->batch, message_id, json)
		      : pipeline_batch_add(&holder->batch, message_id, json);
}

/* Reads one message; a casualty is noted and is no error. hint: of what it answers; NULL: not known yet. */
static int read_one(struct holder *holder, const struct db_rows *rows, size_t row, const struct request_hint *hint,
	struct error *err)
{
	int64_t message_id = db_get_int(rows, row, "message_id");
	struct pipeline_message message = {
		.raw = db_get_view(rows, row, "raw"),
		.over_size = db_get_bool(rows, row, "oversize"),
		.channel = strcmp(db_get_string(rows, row, "source"), "channel") == 0,
	};
	struct casualty *casualty;
	struct view json;

	if (hint)
		message.hint = *hint;
	if (message.channel)
		message.talk = db_get_view(rows, row, "talk");
	if (ensure_child(holder, err) < 0)
		return -1;
	duty_alive(holder->duty); /* a start and a message are each given up before the watchdog bites */
	if (child_read(holder->child, &message, holder->duty->config->limits.message_ms, &json, err) == 0) {
		if (add_read(holder, message_id, json, hint != NULL) == 0)
			return 0;
		if (file_read(holder, err) < 0)
			return -1;
		return add_read(holder, message_id, json, hint != NULL);
	}
	if (err->reach != REACH_MESSAGE)
		return -1;
	child_stop(&holder->child);
	log_failure(LOG_WARNING, "reader", err, "message=%lld", (long long)message_id);
	casualty = &holder->casualties[holder->casualty_count++];
	casualty->message_id = message_id;
	snprintf(casualty->error, sizeof(casualty->error), "%s", err->text);
	error_clear(err);
	return 0;
}

static int write_attempts(struct holder *holder, struct error *err)
{
	for (size_t i = 0; i < holder->casualty_count; i++) {
		const struct casualty *casualty = &holder->casualties[i];
		DB_ROWS_SCOPED *rows = NULL;
		struct db_args args;

		db_args_init(&args, holder->arena);
		db_arg_time(&args, clock_now());
		db_arg_int(&args, casualty->message_id);
		db_arg_string(&args, casualty->error);
		db_arg_int(&args, FILING_ATTEMPTS_MAX);
		if (db_call(holder->db, "api.parse_attempt", &args, &rows, err) < 0)
			return -1;
		if (db_count(rows) > 0 && strcmp(db_get_string(rows, 0, "state"), "failed") == 0)
			log_error("failed", "message=%lld attempts=%lld", (long long)casualty->message_id,
				(long long)db_get_int(rows, 0, "attempts"));
	}
	return 0;
}

static size_t find_row(const struct db_rows *rows, int64_t message_id)
{
	size_t row = 0;

	while (row < db_count(rows) && db_get_int(rows, row, "message_id") != message_id)
		row++;
	return row;
}

/* What answers an older version of a form, or does not name its form, is read once more with what was sent. */
static int read_again(struct holder *holder, const struct db_rows *rows, struct error *err)
{
	size_t count = holder->again_count;

	for (size_t i = 0; i < count && holder->casualty_count < CASUALTIES_MAX; i++) {
		size_t row = find_row(rows, holder->again[i].message_id);

		if (row < db_count(rows) && read_one(holder, rows, row, &holder->again[i].hint, err) < 0)
			return -1;
		duty_alive(holder->duty);
	}
	return file_read(holder, err);
}

/* One batch inside its transaction: claim, read, file. */
static int handle_batch(struct holder *holder, size_t *count_out, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	size_t count;

	if (claim(holder, &rows, err) < 0)
		return -1;
	count = db_count(rows);
	for (size_t i = 0; i < count && holder->casualty_count < CASUALTIES_MAX; i++) {
		if (read_one(holder, rows, i, NULL, err) < 0)
			return -1;
		duty_alive(holder->duty);
	}
	if (file_read(holder, err) < 0 || read_again(holder, rows, err) < 0)
		return -1;
	if (write_attempts(holder, err) < 0)
		return -1;
	*count_out = count;
	return 0;
}

static void forget_batch(struct holder *holder)
{
	pipeline_batch_release(&holder->batch);
	pipeline_batch_init(&holder->batch);
	holder->batch.key = &holder->key;
	holder->casualty_count = holder->again_count = 0;
	arena_reset(holder->arena);
}

static int check_unread(struct holder *holder, struct error *err)
{
	struct db_args args;

	if (!is_first(holder) || clock_monotonic() < holder->unread_at)
		return 0;
	holder->unread_at = clock_monotonic() + UNREAD_CHECK;
	db_args_init(&args, holder->arena);
	db_arg_time(&args, clock_now());
	db_arg_int(&args, holder->duty->config->parse.unread_percent);
	return db_call(holder->db, "api.unread_check", &args, NULL, err);
}

/* A commit whose answer was lost needs no care: the rows are either filed or will be claimed again. */
static int round_of(struct holder *holder, size_t *count_out, struct error *err)
{
	int result;

	if (ensure_database(holder, err) < 0 || attend_proof(holder, err) < 0 || ensure_forms(holder, err) < 0)
		return -1;
	if (holder->force.must_wait)
		return 0;
	if (ensure_child(holder, err) < 0 || db_begin(holder->db, err) < 0)
		return -1;
	result = handle_batch(holder, count_out, err);
	if (result == 0)
		result = db_commit(holder->db, err);
	else
		db_rollback(holder->db, NULL);
	if (result == 0 && *count_out > 0)
		log_info("read", "messages=%zu", *count_out);
	if (result == 0 && *count_out == 0)
		result = check_unread(holder, err);
	forget_batch(holder);
	return result;
}

static void release(struct holder *holder)
{
	child_stop(&holder->child);
	prover_stop(&holder->prover);
	db_close(&holder->db);
	pipeline_batch_release(&holder->batch);
	force_release(&holder->force);
	json_decref(holder->channels);
	arena_free(&holder->arena);
	arena_free(&holder->force_arena);
	arena_free(&holder->sources_arena);
}

static int run_rounds(struct holder *holder, struct error *err)
{
	int failures = 0;

	while (!duty_stopping(holder->duty)) {
		struct error failure = ERROR_INIT;
		size_t count = 0;

		duty_alive(holder->duty);
		if (round_of(holder, &count, &failure) < 0) {
			int64_t wait = clock_backoff(++failures, BACKOFF_BASE, BACKOFF_MAX);

			if (failure.reach == REACH_STOP && !holder->registered)
				return error_set(err, failure.reach, "%s", failure.text);
			log_failure(LOG_WARNING, "parse", &failure, "next_ms=%lld", (long long)(wait / 1000));
			db_close(&holder->db);
			duty_wait(holder->duty, -1, (int)(wait / 1000));
			continue;
		}
		failures = 0;
		if (count == 0 && db_wait(holder->db, holder->duty->stop_fd, holder->prover ? PROOF_POLL_MS : POLL_MS,
					  &failure) < 0)
			db_close(&holder->db);
	}
	return 0;
}

static int run(struct duty_context *duty, struct error *err)
{
	struct holder *holder = calloc(1, sizeof(*holder));
	int result;

	if (!holder)
		return error_set(err, REACH_RETRY, "out of memory");
	holder->duty = duty;
	holder->arena = arena_new();
	holder->sources_arena = arena_new();
	pipeline_batch_init(&holder->batch);
	holder->force_arena = arena_new();
	holder->channels = pipeline_channels(duty->config);
	holder->batch.key = &holder->key;
	result = answer_key_load(duty->config, &holder->key, err);
	if (result == 0)
		result = pipeline_sources_load(duty->config, holder->sources_arena, &holder->folder, err);
	if (result == 0)
		result = force_rules_load(duty->config, &holder->folder, holder->sources_arena, &holder->rules, err);
	if (result == 0)
		result = run_rounds(holder, err);
	release(holder);
	free(holder);
	return result;
}

static int workers(const struct config *config)
{
	return config->parse.workers > 0 ? config->parse.workers : 1;
}

const struct duty parse_duty = {.name = "parse", .run = run, .watchdog_seconds = 120, .count = workers};
