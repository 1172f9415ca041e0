/* outreach/asking: from what is due to what is in the outbox. See asking.h; gateway/send.c runs it as a thread. */
#include "outreach/asking.h"

#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "outreach/answers.h"
#include "pipeline.h"
#include "store/db.h"

#define ARENA_SCOPED __attribute__((cleanup(arena_free))) struct arena

#define LOOK_EVERY_MS 5000
#define CANCEL_EVERY_US (60 * (int64_t)1000000) /* what waits is looked at when it is claimed, besides */
#define OUTCOMES_EVERY_US (600 * (int64_t)1000000) /* who is told once a month may wait */

struct asking {
	const struct config *config;
	struct db *db;
	struct pipeline_sources sources; /* of the config's folders; only the languages count */
	struct arena *arena, *forms_arena;
	struct forms *forms; /* every version that the database knows; NULL: to be loaded */
	json_t *rules;
	int64_t now, cancelled_at, outcomes_at;
};

/* ---- forms ---- */

/* One that does not compile any more, by this program, is left out: the others are written. */
static int compile(struct asking *asking, struct parse_source *list, size_t count, struct error *err)
{
	const struct pipeline_sources *s = &asking->sources;
	struct forms *alone = NULL;
	size_t kept = 0;

	if (forms_new(list, count, s->languages, s->language_count, &asking->forms, err) == 0)
		return 0;
	for (size_t i = 0; i < count; i++) {
		struct error why = ERROR_INIT;

		if (forms_new(&list[i], 1, s->languages, s->language_count, &alone, &why) == 0)
			list[kept++] = list[i];
		else
			log_failure(LOG_ERROR, "letter-form", &why, "form=\"%s\"", list[i].file);
		forms_free(&alone);
	}
	error_clear(err);
	return forms_new(list, kept, s->languages, s->language_count, &asking->forms, err);
}

/* Every version that was ever in force, compiled as it was sent. */
static int load_forms(struct asking *asking, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct parse_source *list;

	if (db_call(asking->db, "api.letter_forms", NULL, &rows, err) < 0)
		return -1;
	forms_free(&asking->forms);
	arena_reset(asking->forms_arena);
	list = ARENA_NEW_N(asking->forms_arena, struct parse_source, db_count(rows) + 1);
	for (size_t row = 0; row < db_count(rows); row++) {
		struct view source = db_get_view(rows, row, "source");

		list[row].file = arena_printf(asking->forms_arena, "%s version %lld, as the database keeps it",
			db_get_string(rows, row, "form_id"), (long long)db_get_int(rows, row, "form_version"));
		list[row].bytes = (struct view){arena_copy(asking->forms_arena, source.ptr, source.len), source.len};
	}
	return compile(asking, list, db_count(rows), err);
}

/* 1: there it is, 0: no such version (any more), -1. */
static int find_form(struct asking *asking, const char *id, int version, const struct form **out, struct error *err)
{
	if (*id && (!asking->forms || !forms_get(asking->forms, id, version)) && load_forms(asking, err) < 0)
		return -1;
	if (!asking->forms && load_forms(asking, err) < 0)
		return -1;
	*out = *id ? forms_get(asking->forms, id, version) : NULL;
	return *out ? 1 : 0;
}

/* ---- putting ---- */

/* The domain of Message-IDs: the sender's. */
static const char *domain(const struct config *config)
{
	const char *at = config->smtp.from_address ? strchr(config->smtp.from_address, '@') : NULL;

	return at && at[1] ? at + 1 : "localhost";
}

static struct view body_bytes(struct arena *arena, json_t *body)
{
	char *bytes = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);
	struct view view = {arena_strdup(arena, bytes), strlen(bytes)};

	free(bytes);
	json_decref(body);
	return view;
}

static const char *text_or_null(const struct db_rows *rows, size_t row, const char *column)
{
	return db_is_null(rows, row, column) ? NULL : db_get_string(rows, row, column);
}

static bool is_channel(const char *name)
{
	return strcmp(name, "mail") != 0;
}

/* ---- requests and reminders ---- */

static int put_request(struct asking *asking, int64_t request_id, int64_t number, json_t *body, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;

	db_args_init(&args, asking->arena);
	db_arg_time(&args, asking->now);
	db_arg_int(&args, request_id);
	db_arg_int(&args, number);
	db_arg_bytes(&args, body_bytes(asking->arena, body));
	db_arg_string(&args, domain(asking->config));
	db_arg_json(&args, asking->rules);
	if (db_call(asking->db, "api.request_put", &args, &rows, err) < 0)
		return -1;
	if (db_count(rows) > 0)
		log_info("request", "request=%lld reminder=%lld outbox=%lld", (long long)request_id, (long long)number,
			(long long)db_get_int(rows, 0, "outbox_id"));
	return 0;
}

static int close_request(struct asking *asking, int64_t request_id, const struct error *why, struct error *err)
{
	struct db_args args;

	log_failure(LOG_ERROR, "request-failed", why, "request=%lld", (long long)request_id);
	db_args_init(&args, asking->arena);
	db_arg_int(&args, request_id);
	db_arg_string(&args, why->text);
	return db_call(asking->db, "api.request_close", &args, NULL, err);
}

/* Where the duty web has its page for who wants no more; over https alone, as programs will have it (RFC 8058). */
static const char *stop_url(struct asking *asking)
{
	const struct config *config = asking->config;
	struct view base = view_of(config->public_url);

	if (!config->web.listen || !view_starts(base, VIEW("https://")))
		return NULL;
	while (view_ends(base, VIEW("/")))
		base = view_sub(base, 0, base.len - 1);
	return arena_printf(asking->arena, "%.*s/stop/", VIEW_ARGS(base));
}

static int write_request(struct asking *asking, const struct db_rows *rows, size_t row, struct error *err)
{
	struct asking_request request = {.language = db_get_string(rows, row, "language"),
		.reference = db_get_string(rows, row, "reference"),
		.name = text_or_null(rows, row, "name"),
		.header_id = text_or_null(rows, row, "header_id"),
		.asked = db_get_string(rows, row, "asked"),
		.number = (int)db_get_int(rows, row, "number"),
		.last = db_get_bool(rows, row, "last"),
		.neutral = db_get_bool(rows, row, "neutral"),
		.channel = is_channel(db_get_string(rows, row, "channel_name")),
		.stop_url = stop_url(asking)};
	int64_t id = db_get_int(rows, row, "request_id");
	const char *form = db_get_string(rows, row, "form_id");
	int version = (int)db_get_int(rows, row, "form_version"), found;
	struct error why = ERROR_INIT;
	json_t *body;

	found = find_form(asking, form, version, &request.form, err);
	if (found < 0)
		return -1;
	if (found == 0)
		error_set(&why, REACH_MESSAGE, "there is no version %d of the form \"%s\"", version, form);
	if (found == 0 || asking_request_body(asking->forms, asking->arena, &request, &body, &why) < 0)
		return close_request(asking, id, &why, err);
	return put_request(asking, id, request.number, body, err);
}

static int write_requests(struct asking *asking, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;

	db_args_init(&args, asking->arena);
	db_arg_time(&args, asking->now);
	db_arg_int(&args, ASKING_AT_ONCE);
	db_arg_json(&args, asking->rules);
	if (db_call(asking->db, "api.requests_due", &args, &rows, err) < 0)
		return -1;
	for (size_t row = 0; row < db_count(rows); row++)
		if (write_request(asking, rows, row, err) < 0)
			return -1;
	return (int)db_count(rows);
}

/* ---- acknowledgements ---- */

static int put_answer(struct asking *asking, int64_t message_id, json_t *body, struct error *err)
{
	struct db_args args;

	db_args_init(&args, asking->arena);
	db_arg_time(&args, asking->now);
	db_arg_int(&args, message_id);
	db_arg_bytes(&args, body_bytes(asking->arena, body));
	db_arg_string(&args, domain(asking->config));
	return db_call(asking->db, "api.acknowledgement_put", &args, NULL, err);
}

static int drop_answer(struct asking *asking, int64_t message_id, const struct error *why, struct error *err)
{
	struct db_args args;

	log_failure(LOG_ERROR, "acknowledgement-failed", why, "message=%lld", (long long)message_id);
	db_args_init(&args, asking->arena);
	db_arg_int(&args, message_id);
	return db_call(asking->db, "api.acknowledgement_drop", &args, NULL, err);
}

static int write_answer(struct asking *asking, const struct db_rows *rows, size_t row, struct error *err)
{
	json_t *said = db_get_json(rows, row, "said"), *body = NULL;
	struct asking_answer answer = {.kind = db_get_string(rows, row, "kind"),
		.said = said,
		.language = text_or_null(rows, row, "language"),
		.reference = text_or_null(rows, row, "reference"),
		.name = text_or_null(rows, row, "name"),
		.day = db_get_string(rows, row, "day"),
		.subject = text_or_null(rows, row, "subject"),
		.header_id = text_or_null(rows, row, "header_id"),
		.request_header = text_or_null(rows, row, "request_header"),
		.neutral = db_get_bool(rows, row, "neutral"),
		.no_content = db_get_bool(rows, row, "no_content"),
		.dropped = db_get_bool(rows, row, "dropped"),
		.channel = is_channel(db_get_string(rows, row, "channel_name"))};
	int64_t id = db_get_int(rows, row, "message_id");
	struct error why = ERROR_INIT;
	int result = find_form(asking, db_get_string(rows, row, "form_id"), (int)db_get_int(rows, row, "form_version"),
		&answer.form, err);

	if (result >= 0 && asking_answer_body(asking->forms, asking->arena, &answer, &body, &why) < 0)
		result = drop_answer(asking, id, &why, err);
	else if (result >= 0)
		result = put_answer(asking, id, body, err);
	json_decref(said);
	return result;
}

static int write_answers(struct asking *asking, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;

	db_args_init(&args, asking->arena);
	db_arg_int(&args, ASKING_AT_ONCE);
	db_arg_json(&args, asking->rules);
	if (db_call(asking->db, "api.acknowledgements_due", &args, &rows, err) < 0)
		return -1;
	for (size_t row = 0; row < db_count(rows); row++)
		if (write_answer(asking, rows, row, err) < 0)
			return -1;
	return (int)db_count(rows);
}

/* ---- the calendar ---- */

static int weekday_of(const char *name)
{
	static const char *const names[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};

	for (int i = 0; i < 7; i++)
		if (strcmp(name, names[i]) == 0)
			return i + 1;
	return 1;
}

static int plan(struct asking *asking, const struct config_request *request, const json_t *people, struct error *err)
{
	json_t *rule = json_pack("{s:s,s:s,s:i,s:i}", "name", request->name, "frequency", request->frequency, "weekday",
		weekday_of(request->weekday), "day", request->day);
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;
	int result;

	db_args_init(&args, asking->arena);
	db_arg_time(&args, asking->now);
	db_arg_json(&args, rule);
	db_arg_string(&args, request->form);
	db_arg_json(&args, people);
	db_arg_string(&args, request->language);
	db_arg_json(&args, asking->rules);
	result = db_call(asking->db, "api.request_schedule", &args, &rows, err);
	for (size_t row = 0; result == 0 && row < db_count(rows); row++)
		log_info("requests-planned", "label=\"%s\" what=%s people=%lld", db_get_string(rows, row, "label"),
			db_get_string(rows, row, "what"), (long long)db_get_int(rows, row, "people_count"));
	json_decref(rule);
	return result;
}

/* One that is wrong does not stop the others. */
static int plan_all(struct asking *asking, struct error *err)
{
	for (size_t i = 0; i < asking->config->request_count; i++) {
		const struct config_request *request = &asking->config->requests[i];
		json_t *people = NULL;

		if (asking_query(request->to, &people, err) < 0 || plan(asking, request, people, err) < 0) {
			json_decref(people);
			if (!db_healthy(asking->db))
				return -1;
			log_failure(LOG_ERROR, "request-schedule", err, "request=%s", request->name);
			error_clear(err);
			continue;
		}
		json_decref(people);
	}
	return 0;
}

/* Rows of the outbox that may not go any more. */
static int cancel(struct asking *asking, struct error *err)
{
	struct db_args args;

	if (asking->now < asking->cancelled_at + CANCEL_EVERY_US)
		return 0;
	asking->cancelled_at = asking->now;
	db_args_init(&args, asking->arena);
	db_arg_time(&args, asking->now);
	return db_call(asking->db, "api.requests_cancel", &args, NULL, err);
}

/* ---- the job ---- */

/* Between teams and practitioners. */
static int write_letters(struct asking *asking, struct error *err)
{
	struct answers_writer writer = {asking->db, asking->config, NULL, asking->arena, asking->rules, asking->now};
	int done;

	if (!asking->forms && load_forms(asking, err) < 0)
		return -1;
	writer.forms = asking->forms;
	do {
		arena_reset(asking->arena);
		done = answers_write(&writer, err);
	} while (done == ASKING_AT_ONCE);
	if (done < 0 || asking->now < asking->outcomes_at + OUTCOMES_EVERY_US)
		return done;
	do {
		arena_reset(asking->arena);
		done = answers_write_outcomes(&writer, err);
	} while (done == ASKING_AT_ONCE);
	if (done >= 0)
		asking->outcomes_at = asking->now;
	return done;
}

/* Everything that is due at `now`; acknowledgements first, somebody waits for them. */
static int look(struct asking *asking, struct error *err)
{
	int done;

	do {
		arena_reset(asking->arena);
		done = write_answers(asking, err);
	} while (done == ASKING_AT_ONCE);
	if (done < 0 || write_letters(asking, err) < 0 || cancel(asking, err) < 0 || plan_all(asking, err) < 0)
		return -1;
	arena_reset(asking->arena);
	return write_requests(asking, err);
}

static int load(struct asking *asking, struct error *err)
{
	if (parsers_open(err) < 0)
		return -1;
	return pipeline_sources_load(asking->config, asking->forms_arena, &asking->sources, err);
}

/* Something filed is to be acknowledged soon. */
static int connect_listening(struct asking *asking, struct error *err)
{
	if (asking->db)
		return 0;
	if (db_open(asking->config, "fieldpost_send", &asking->db, err) < 0)
		return -1;
	return db_listen(asking->db, "fieldpost_filed", err);
}

/* One look, and the wait for the next; how long is still to be waited. */
static int look_and_wait(struct asking *asking, struct duty_context *context, int *failures)
{
	struct error problem = ERROR_INIT;
	int done = -1;

	asking->now = clock_now();
	if (connect_listening(asking, &problem) == 0)
		done = look(asking, &problem);
	if (done >= 0 && (done == ASKING_AT_ONCE || db_wait(asking->db, context->stop_fd, LOOK_EVERY_MS, &problem) >= 0)) {
		*failures = 0;
		return 0;
	}
	log_failure(LOG_WARNING, "asking", &problem, "failures=%d", ++*failures);
	db_close(&asking->db);
	return (int)(clock_backoff(*failures, 1000000, 60 * 1000000) / 1000);
}

int asking_run(struct duty_context *context, struct error *err)
{
	ARENA_SCOPED *arena = arena_new(), *forms_arena = arena_new(), *sources_arena = arena_new();
	struct asking asking = {.config = context->config, .arena = arena, .forms_arena = sources_arena};
	int failures = 0, wait_ms = 0, result = load(&asking, err);

	asking.forms_arena = forms_arena;
	asking.rules = asking_rules(context->config);
	while (result == 0 && duty_wait(context, -1, wait_ms) != -1)
		wait_ms = look_and_wait(&asking, context, &failures);
	db_close(&asking.db);
	forms_free(&asking.forms);
	json_decref(asking.rules);
	return result;
}
