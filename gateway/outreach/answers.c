/* outreach/answers: letters between policy teams and practitioners. See answers.h. */
#include "outreach/answers.h"

#include <stdlib.h>
#include <string.h>

#include "core/answer_token.h"
#include "core/log.h"
#include "outreach/asking.h"
#include "outreach/letters.h"

/* The domain of Message-IDs: the sender's. */
const char *answers_domain(const struct config *config)
{
	const char *at = config->smtp.from_address ? strchr(config->smtp.from_address, '@') : NULL;

	return at && at[1] ? at + 1 : "localhost";
}

static void set(json_t *body, const char *key, const char *text)
{
	if (text && *text)
		json_object_set_new(body, key, json_string(text));
}

struct view answers_bytes(const struct answers_writer *writer, json_t *body)
{
	char *bytes = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);
	struct view view = {arena_strdup(writer->arena, bytes), strlen(bytes)};

	free(bytes);
	json_decref(body);
	return view;
}

/* Of a text one line is made in a letter, so each of its lines is a paragraph. */
static json_t *lines_of(struct view words)
{
	json_t *list = json_array();
	struct view line;

	while (view_next_line(&words, &line))
		if (view_trim(line).len > 0)
			json_array_append_new(list, json_pack("{s:s%}", "line", line.ptr, line.len));
	return list;
}

/* Puts the letter into the outbox by that function; channel: NULL where it takes none. */
static int put(const struct answers_writer *writer, const char *function, int64_t id, const char *channel, json_t *body,
	struct error *err)
{
	struct db_args args;

	db_args_init(&args, writer->arena);
	db_arg_time(&args, writer->now);
	db_arg_int(&args, id);
	if (channel)
		db_arg_string(&args, channel);
	db_arg_bytes(&args, answers_bytes(writer, body));
	db_arg_string(&args, answers_domain(writer->config));
	return db_call(writer->db, function, &args, NULL, err);
}

/* ---- to practitioners ---- */

static int find_answers(const struct answers_writer *writer, struct db_rows **rows, struct error *err)
{
	struct db_args args;

	db_args_init(&args, writer->arena);
	db_arg_time(&args, writer->now);
	db_arg_int(&args, ASKING_AT_ONCE);
	db_arg_json(&args, writer->rules);
	return db_call(writer->db, "api.answers_due", &args, rows, err);
}

static json_t *answer_view(const struct answers_writer *writer, const struct db_rows *rows, size_t row, bool channel)
{
	const char *words_in = forms_letter_language(writer->forms, "answer", db_get_string(rows, row, "language"));

	return json_pack("{s:s,s:b,s:s,s:o}", "team", db_get_string(rows, row, "team"), "channel", (int)channel, "day",
		letters_day(writer->forms, writer->arena, words_in, db_get_string(rows, row, "day"), false), "lines",
		lines_of(db_get_view(rows, row, "words")));
}

static int write_answer(const struct answers_writer *writer, const struct db_rows *rows, size_t row, struct error *err)
{
	const char *language = db_get_string(rows, row, "language"), *reference = db_get_string(rows, row, "reference");
	const char *channel = db_get_string(rows, row, "channel_name");
	bool by_mail = strcmp(channel, "mail") == 0;
	struct letter_order order = {.name = "answer", .language = language, .reference = reference};
	json_t *view = answer_view(writer, rows, row, !by_mail), *body = NULL;
	int result;

	order.view = view;
	result = letters_body(writer->forms, &order, !by_mail, &body, err);
	json_decref(view);
	if (result < 0)
		return -1;
	if (by_mail) {
		set(body, "subject", db_get_bool(rows, row, "neutral") ? arena_printf(writer->arena, "[%s]", reference)
			: arena_printf(writer->arena, "[%s] %s", reference, db_get_string(rows, row, "team")));
		set(body, "auto", "auto-generated");
		set(body, "unsubscribe", arena_printf(writer->arena, "unsubscribe %s", reference));
	}
	return put(writer, "api.answer_put", db_get_int(rows, row, "response_id"), channel, body, err);
}

/* ---- to members ---- */

/* A word of the database as a section of the template: "not-used" is {{#not_used}}. */
static void set_word(const struct answers_writer *writer, json_t *item, const char *word)
{
	char *name = arena_strdup(writer->arena, word);

	for (char *c = name; *c; c++)
		if (*c == '-')
			*c = '_';
	json_object_set_new(item, name, json_true());
}

static json_t *item_view(const struct answers_writer *writer, const json_t *item)
{
	const char *why = json_string_value(json_object_get(item, "why"));
	const json_t *words = json_object_get(item, "words");
	json_t *view = json_pack("{s:s,s:o}", "number",
		arena_printf(writer->arena, "%lld", (long long)json_integer_value(json_object_get(item, "number"))), "lines",
		lines_of((struct view){json_string_value(words), json_string_length(words)}));

	if (json_object_get(item, "verb"))
		set_word(writer, view, json_string_value(json_object_get(item, "verb")));
	json_object_set_new(view, "withheld", json_boolean(json_is_true(json_object_get(item, "withheld"))));
	if (why) {
		json_t *reason = json_object();

		set_word(writer, reason, why);
		json_object_set_new(view, "why", reason);
	}
	return view;
}

static json_t *told_view(const struct answers_writer *writer, const struct db_rows *rows, size_t row, bool token)
{
	json_t *items = db_get_json(rows, row, "items"), *list = json_array(), *view = json_object(), *item;
	size_t i;

	json_array_foreach(items, i, item) json_array_append_new(list, item_view(writer, item));
	json_decref(items);
	json_object_set_new(view, "items", list);
	set_word(writer, view, db_get_string(rows, row, "kind"));
	if (token)
		set(view, "token", ANSWER_TOKEN_PLACE);
	return view;
}

/* What the token in such a mail is for: to confirm these orders, or to give others of that digest's lines. NULL: it has none. */
static const char *token_of(const struct answers_writer *writer, const struct db_rows *rows, size_t row)
{
	bool confirm = strcmp(db_get_string(rows, row, "kind"), "confirm") == 0;
	int64_t first = db_get_int(rows, row, confirm ? "message_id" : "digest_id");

	if (!confirm && db_is_null(rows, row, "digest_id"))
		return NULL;
	return arena_printf(writer->arena, "%c %lld %lld", confirm ? 'c' : 'd', (long long)first,
		(long long)db_get_int(rows, row, "member_id"));
}

static const char *told_subject(const struct answers_writer *writer, struct view subject)
{
	subject = view_trim(subject);
	while (view_starts_nocase(subject, VIEW("re:")))
		subject = view_trim(view_sub(subject, 3, subject.len));
	return arena_printf(writer->arena, "Re: %.*s", VIEW_ARGS(subject));
}

static int write_told(const struct answers_writer *writer, const struct db_rows *rows, size_t row, struct error *err)
{
	struct letter_order order = {.name = "order", .language = db_get_string(rows, row, "language")};
	const char *token = token_of(writer, rows, row);
	json_t *view = told_view(writer, rows, row, token != NULL), *body = NULL;
	int result;

	order.view = view;
	result = letters_body(writer->forms, &order, false, &body, err);
	json_decref(view);
	if (result < 0)
		return -1;
	set(body, "subject", told_subject(writer, db_get_view(rows, row, "subject")));
	set(body, "in_reply_to", db_get_string(rows, row, "header_id"));
	set(body, "auto", "auto-replied");
	if (token) {
		set(body, "answer_token", token);
		set(body, "references", arena_printf(writer->arena, "<" ANSWER_TOKEN_PLACE "@%s>", answers_domain(writer->config)));
	}
	return put(writer, "api.order_told_put", db_get_int(rows, row, "message_id"), NULL, body, err);
}

static int find_told(const struct answers_writer *writer, struct db_rows **rows, struct error *err)
{
	struct db_args args;

	db_args_init(&args, writer->arena);
	db_arg_int(&args, ASKING_AT_ONCE);
	return db_call(writer->db, "api.orders_told_due", &args, rows, err);
}

int answers_done(const struct answers_writer *writer, int result, struct error *err)
{
	if (result == 0)
		return 1;
	if (!db_healthy(writer->db))
		return -1;
	log_failure(LOG_ERROR, "letter-failed", err, "stays=due");
	error_clear(err);
	return 0;
}

static int write_all(const struct answers_writer *writer, const struct db_rows *rows,
	int (*write)(const struct answers_writer *, const struct db_rows *, size_t, struct error *), struct error *err)
{
	int written = 0;

	for (size_t row = 0; row < db_count(rows); row++) {
		int done = answers_done(writer, write(writer, rows, row, err), err);

		if (done < 0)
			return -1;
		written += done;
	}
	return written;
}

int answers_write(const struct answers_writer *writer, struct error *err)
{
	DB_ROWS_SCOPED *answers = NULL, *told = NULL;
	int words, tellings;

	if (find_answers(writer, &answers, err) < 0 || (words = write_all(writer, answers, write_answer, err)) < 0)
		return -1;
	if (find_told(writer, &told, err) < 0 || (tellings = write_all(writer, told, write_told, err)) < 0)
		return -1;
	if (words + tellings > 0)
		log_info("answers", "written=%d told=%d", words, tellings);
	return words > tellings ? words : tellings;
}
