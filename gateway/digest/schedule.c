/*
 * digest/schedule: from what is due to what is in the outbox. What is due, and what a digest holds, the database says;
 * here is only the order of the steps, each of which may be repeated. See digest.h; runs as a thread of the duty `send`
 * (gateway/send.c).
 */
#include "core/answer_token.h"
#include "core/clock.h"
#include "core/log.h"
#include "digest/digest.h"

#include <openssl/evp.h>

#define ARENA_SCOPED __attribute__((cleanup(arena_free))) struct arena

#define LOOK_EVERY_MS 5000

struct job {
	struct db *db;
	const struct digest_tools *tools;
	const struct config *config;
	int64_t now;
	struct arena *arena;
};

/* The domain of Message-IDs: the sender's. */
static const char *domain(const struct config *config)
{
	const char *at = config->smtp.from_address ? strchr(config->smtp.from_address, '@') : NULL;

	return at && at[1] ? at + 1 : "localhost";
}

static int find_reader(const struct job *job, int64_t digest_id, int64_t *member_out, struct error *err)
{
	struct db_args args;
	DB_ROWS_SCOPED *rows = NULL;

	db_args_init(&args, job->arena);
	db_arg_int(&args, digest_id);
	if (db_call(job->db, "api.digest_reader", &args, &rows, err))
		return -1;
	if (db_count(rows) == 0)
		return error_set(err, REACH_STOP, "the team has no member; add one with \"fieldpost team add\"");
	*member_out = db_get_int(rows, 0, "member_id");
	return 0;
}

static json_t *attached_table(const struct job *job, const struct digest_mail *mail)
{
	char *base64 = arena_alloc(job->arena, mail->table.len / 3 * 4 + 8);

	EVP_EncodeBlock((unsigned char *)base64, (const unsigned char *)mail->table.ptr, (int)mail->table.len);
	return json_pack("[{s:s,s:s,s:s}]", "name", mail->table_name, "type", DIGEST_TABLE_TYPE, "base64", base64);
}

/* The outbox's body: what delivery makes a mail of. */
static struct view outbox_body(const struct job *job, const struct digest_mail *mail)
{
	json_t *body = json_pack("{s:s,s:s%,s:s%,s:s,s:s,s:b}", "subject", mail->subject, "text", mail->text.ptr,
		mail->text.len, "html", mail->html.ptr, mail->html.len, "language", mail->language, "unsubscribe",
		"unsubscribe {{unsubscribe}}", "bulk", 1);
	const char *address = job->config->public_url;
	struct view view;
	char *bytes;

	if (address && job->config->web.listen && strncmp(address, "https://", 8) == 0)
		json_object_set_new(body, "unsubscribe_url", json_string(digest_stop_page(job->config, job->arena)));
	/* It comes back in the References of an answer; the text has it too. */
	json_object_set_new(body, "references", json_sprintf("<" ANSWER_TOKEN_PLACE "@%s>", domain(job->config)));
	if (mail->table_name)
		json_object_set_new(body, "files", attached_table(job, mail));
	bytes = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);
	view = (struct view){arena_strdup(job->arena, bytes), strlen(bytes)};
	free(bytes);
	json_decref(body);
	return view;
}

static int store_ready(const struct job *job, int64_t digest_id, const struct digest_mail *mail, struct error *err)
{
	struct db_args args;
	DB_ROWS_SCOPED *rows = NULL;

	db_args_init(&args, job->arena);
	db_arg_int(&args, digest_id);
	db_arg_time(&args, job->now);
	db_arg_string(&args, mail->subject);
	db_arg_bytes(&args, outbox_body(job, mail));
	db_arg_string(&args, domain(job->config));
	if (db_call(job->db, "api.digest_ready", &args, &rows, err))
		return -1;
	log_info("digest-ready", "digest=%lld lines=%zu shown=%zu html=%zu mails=%lld", (long long)digest_id,
		mail->lines, mail->shown, mail->html.len,
		(long long)(db_count(rows) ? db_get_int(rows, 0, "mails") : 0));
	return 0;
}

static int build_and_render(const struct job *job, int64_t digest_id, struct digest_mail *out, struct error *err)
{
	json_t *data;
	int result;

	if (digest_build(job->db, digest_id, job->config, &data, err))
		return -1;
	result = digest_render(job->tools, data, job->arena, out, err);
	json_decref(data);
	return result;
}

/* An opened digest to a ready one: read as its reader, rendered, and in the outbox. */
static int make_ready(const struct job *job, int64_t digest_id, struct error *err)
{
	struct digest_mail mail;
	int64_t member;

	if (find_reader(job, digest_id, &member, err) || db_begin_reader(job->db, member, err))
		return -1;
	if (build_and_render(job, digest_id, &mail, err)) {
		struct error ignored = ERROR_INIT;

		(void)db_rollback(job->db, &ignored);
		return -1;
	}
	if (db_rollback(job->db, err))
		return -1;
	return store_ready(job, digest_id, &mail, err);
}

struct period {
	int64_t start, end;
	bool late, by_hand;
};

static int open_digest(const struct job *job, int64_t subscription, const struct period *period, int64_t *digest_out,
	bool *open_out, struct error *err)
{
	struct db_args args;
	DB_ROWS_SCOPED *rows = NULL;

	db_args_init(&args, job->arena);
	db_arg_int(&args, subscription);
	db_arg_time(&args, period->start);
	db_arg_time(&args, period->end);
	db_arg_bool(&args, period->late);
	db_arg_bool(&args, period->by_hand);
	db_arg_time(&args, job->now);
	if (db_call(job->db, "api.digest_open", &args, &rows, err))
		return -1;
	*digest_out = db_get_int(rows, 0, "digest_id");
	*open_out = strcmp(db_get_string(rows, 0, "state"), "open") == 0;
	return 0;
}

/* ---- what is due ---- */

/* Notes why it could not be made: it is tried again, later each time. */
static int note_failure(const struct job *job, int64_t digest_id, const struct error *why, struct error *err)
{
	struct db_args args;

	log_failure(LOG_ERROR, "digest-failed", why, "digest=%lld", (long long)digest_id);
	db_args_init(&args, job->arena);
	db_arg_int(&args, digest_id);
	db_arg_time(&args, job->now);
	db_arg_string(&args, why->text);
	return db_call(job->db, "api.digest_failed", &args, NULL, err);
}

static int run_one(const struct job *job, const struct db_rows *due, size_t row, struct error *err)
{
	struct period period = {db_get_time(due, row, "period_start"), db_get_time(due, row, "period_end"),
		db_get_bool(due, row, "late"), false};
	int64_t digest_id = db_get_int(due, row, "digest_id");
	struct error why = ERROR_INIT;
	bool open = true;

	if (db_is_null(due, row, "digest_id") &&
		open_digest(job, db_get_int(due, row, "subscription_id"), &period, &digest_id, &open, err))
		return -1;
	if (!open || make_ready(job, digest_id, &why) == 0)
		return 0;
	if (!db_healthy(job->db)) {
		*err = why;
		return -1;
	}
	return note_failure(job, digest_id, &why, err);
}

int digest_run_due(
	struct db *db, const struct digest_tools *tools, const struct config *config, int64_t now, struct error *err)
{
	ARENA_SCOPED *arena = arena_new();
	struct job job = {db, tools, config, now, arena};
	struct db_args args;
	DB_ROWS_SCOPED *due = NULL;

	db_args_init(&args, arena);
	db_arg_time(&args, now);
	if (db_call(db, "api.digest_due", &args, &due, err))
		return -1;
	for (size_t row = 0; row < db_count(due); row++)
		if (run_one(&job, due, row, err))
			return -1;
	return 0;
}

int digest_schedule(struct duty_context *context, const struct digest_tools *tools, struct error *err)
{
	struct db *db = NULL;
	int failures = 0, wait_ms;

	do {
		struct error problem = ERROR_INIT;

		wait_ms = LOOK_EVERY_MS;
		if ((!db && (db_open(context->config, "fieldpost_send", &db, &problem) ||
				    digest_regions_keep(db, context->config, &problem) ||
				    db_call(db, "api.digest_look_again", NULL, NULL, &problem))) ||
			digest_run_due(db, tools, context->config, clock_now(), &problem)) {
			log_failure(LOG_WARNING, "schedule", &problem, "failures=%d", ++failures);
			db_close(&db);
			wait_ms = (int)(clock_backoff(failures, 1000000, 60 * 1000000) / 1000);
		} else {
			failures = 0;
		}
	} while (duty_wait(context, -1, wait_ms) != -1);
	db_close(&db);
	return 0;
}

/* ---- by hand ---- */

/* Everything that is in no digest yet, up to now; false when that is nothing. */
static int period_by_hand(
	const struct job *job, int64_t subscription, struct period *period, bool *any_out, struct error *err)
{
	struct db_args args;
	DB_ROWS_SCOPED *rows = NULL;

	db_args_init(&args, job->arena);
	db_arg_int(&args, subscription);
	db_arg_time(&args, job->now);
	if (db_call(job->db, "api.digest_by_hand", &args, &rows, err))
		return -1;
	*period = (struct period){db_get_time(rows, 0, "period_start"), job->now, false, true};
	*any_out = db_get_int(rows, 0, "lines") > 0;
	return 0;
}

int digest_send(struct db *db, const struct digest_tools *tools, const struct config *config, int64_t subscription,
	int64_t now, enum digest_outcome *outcome_out, int64_t *digest_out, struct error *err)
{
	ARENA_SCOPED *arena = arena_new();
	struct job job = {db, tools, config, now, arena};
	struct period period;
	int64_t digest_id = 0;
	bool any, open;

	if (period_by_hand(&job, subscription, &period, &any, err))
		return -1;
	if (any &&
		(open_digest(&job, subscription, &period, &digest_id, &open, err) || make_ready(&job, digest_id, err)))
		return -1;
	*outcome_out = any ? DIGEST_SENT : DIGEST_NOTHING;
	*digest_out = digest_id;
	return 0;
}

static int preview(const struct job *job, int64_t subscription, struct digest_mail *out, struct error *err)
{
	struct period period;
	int64_t digest_id, member;
	bool any, open;

	if (period_by_hand(job, subscription, &period, &any, err) ||
		open_digest(job, subscription, &period, &digest_id, &open, err) ||
		find_reader(job, digest_id, &member, err) || db_read_as(job->db, member, err))
		return -1;
	return build_and_render(job, digest_id, out, err);
}

int digest_preview(struct db *db, const struct digest_tools *tools, const struct config *config, int64_t subscription,
	int64_t now, struct arena *arena, struct digest_mail *out, struct error *err)
{
	struct job job = {db, tools, config, now, arena};
	struct error ignored = ERROR_INIT;
	int result;

	/* The same steps as for one that goes out, in a transaction that is taken back. */
	if (db_begin(db, err))
		return -1;
	result = preview(&job, subscription, out, err);
	(void)db_rollback(db, result ? &ignored : err);
	return result;
}
