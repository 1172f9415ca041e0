/*
 * fieldpost review export: a message that a person fixed, as a test case: what came, with nobody in it, and what is to be
 * made of it. The form of the cases is that of tests/cases/replies: NAME.eml (or .txt of a channel) and NAME.json, which
 * `fieldpost parse --json` is to print, without the remarks.
 *
 * A copy that is read otherwise than the message itself, or that still names its author, is not handed out.
 */
#include "cli/commands.h"

#include <string.h>

#include "cli/reading.h"
#include "cli/review.h"
#include "core/clock.h"
#include "parsers/parsers.h"
#include "store/db.h"

#define MESSAGES_MAX 1000
#define TEXTS_MAX 200

struct exporting {
	struct cli *cli;
	struct db *db;
	struct forms *forms;
	const char *folder;
	long long *messages;
	size_t message_count;
};

/* ---- words ---- */

/* The same texts with nobody in them; they live in the arena. */
static int clean(struct exporting *e, long long message, struct view *texts, size_t count, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;

	db_args_init(&args, e->cli->arena);
	db_arg_int(&args, message);
	db_arg_text_array(&args, texts, count);
	if (db_call(e->db, "api.review_case_words", &args, &rows, err) < 0)
		return -1;
	for (size_t i = 0; i < count && i < db_count(rows); i++) {
		struct view words = db_get_view(rows, i, "words");

		texts[i] = (struct view){arena_copy(e->cli->arena, words.ptr ? words.ptr : "", words.len), words.len};
	}
	return 0;
}

/* Is nobody in them any more? Rendered HTML may tell what its source does not. */
static int is_clean(struct exporting *e, long long message, struct view raw, bool channel, struct error *err)
{
	struct view texts[TEXTS_MAX], before[TEXTS_MAX];
	struct sample sample = {0};
	size_t count = 0;

	if (channel)
		texts[count++] = raw;
	else
		(void)sample_read(e->cli->arena, raw, &sample);
	for (size_t i = 0; i < sample.text_count && count < TEXTS_MAX; i++)
		texts[count++] = sample.texts[i].shown;
	memcpy(before, texts, count * sizeof(texts[0]));
	if (clean(e, message, texts, count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (!view_equal(before[i], texts[i]))
			return error_set(err, REACH_MESSAGE,
				"message %lld: its author cannot be taken out of its text", message);
	return 0;
}

/* ---- the copy ---- */

static int copy_mail(struct exporting *e, long long message, struct view raw, struct view *out, struct error *err)
{
	struct view texts[TEXTS_MAX];
	struct sample sample;

	if (!sample_read(e->cli->arena, raw, &sample) || sample.text_count >= TEXTS_MAX)
		return error_set(err, REACH_MESSAGE,
			"message %lld: a mail that forwards another one is no case", message);
	texts[0] = sample.subject;
	for (size_t i = 0; i < sample.text_count; i++)
		texts[i + 1] = sample.texts[i].text;
	if (clean(e, message, texts, sample.text_count + 1, err) < 0)
		return -1;
	sample.subject = texts[0];
	for (size_t i = 0; i < sample.text_count; i++)
		sample.texts[i].text = texts[i + 1];
	*out = sample_mail(e->cli->arena, &sample);
	return 0;
}

static json_t *read_copy(struct exporting *e, struct view raw, bool channel)
{
	struct result result;
	json_t *json;

	(channel ? parse_message : parse_mail)(
		e->forms, e->cli->arena, raw, &(struct request_hint){0}, &result);
	json = result_to_json(&result);
	result_release(&result);
	return json;
}

/* Texts differ, where somebody was taken out of them. */
static bool same_values(const json_t *one, const json_t *other)
{
	json_t *first = json_object_get(one, "values"), *second = json_object_get(other, "values"), *value;
	const char *name;

	if (json_object_size(first) != json_object_size(second))
		return false;
	json_object_foreach(first, name, value)
	{
		const json_t *now = json_object_get(second, name);

		if (!now || json_typeof(value) != json_typeof(now) || (!json_is_string(value) && !json_equal(value, now)))
			return false;
	}
	return true;
}

static bool same_reading(const json_t *one, const json_t *other)
{
	static const char *const keys[] = {"outcome", "reason", "template", "errors"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!json_equal(json_object_get(one, keys[i]), json_object_get(other, keys[i])))
			return false;
	return same_values(one, other);
}

/* ---- what is to be made of it ---- */

/* The fields that a person set, as they set them. */
static int set_fixed(struct exporting *e, long long message, json_t *wanted, const struct db_rows *rows, struct error *err)
{
	json_t *fixed = db_get_json(rows, 0, "fixed"), *answers = db_get_json(rows, 0, "answers");
	json_t *values = json_object_get(wanted, "values"), *errors = json_object_get(wanted, "errors"), *name;
	int result = 0;
	size_t i;

	json_array_foreach(fixed, i, name)
	{
		const char *field = json_string_value(name);
		json_t *value = json_object_get(answers, field);
		struct view words = view_of(json_is_string(value) ? json_string_value(value) : "");

		json_object_del(errors, field);
		json_object_del(values, field);
		if (!value || result < 0)
			continue;
		if (json_is_string(value))
			result = clean(e, message, &words, 1, err);
		json_object_set_new(values, field,
			json_is_string(value) ? json_stringn(words.ptr, words.len) : json_incref(value));
	}
	if (json_object_size(errors) == 0) {
		json_object_set_new(wanted, "outcome", json_string("filed"));
		json_object_set_new(wanted, "reason", json_null());
	}
	json_object_del(wanted, "remarks");
	json_decref(fixed);
	json_decref(answers);
	return result;
}

static int keep(struct exporting *e, long long message, struct view copy, bool channel, const json_t *wanted,
	struct error *err)
{
	const char *name = arena_printf(e->cli->arena, "%s/message-%lld", e->folder, message);
	char *json = json_dumps(wanted, JSON_INDENT(1) | JSON_SORT_KEYS);
	const char *text = arena_printf(e->cli->arena, "%s\n", json ? json : "{}");

	free(json);
	if (cli_write_file(arena_printf(e->cli->arena, "%s.%s", name, channel ? "txt" : "eml"), copy, err) < 0)
		return -1;
	if (cli_write_file(arena_printf(e->cli->arena, "%s.json", name), view_of(text), err) < 0)
		return -1;
	if (!e->cli->json)
		printf("%s.%s\n", name, channel ? "txt" : "eml");
	return 0;
}

static int export_read(struct exporting *e, long long message, const struct db_rows *rows, struct error *err)
{
	bool channel = strcmp(db_get_string(rows, 0, "source"), "channel") == 0;
	struct view raw = db_get_view(rows, 0, "raw"), copy = raw;
	json_t *was, *wanted;
	int result;

	if ((channel ? clean(e, message, &copy, 1, err) : copy_mail(e, message, raw, &copy, err)) < 0 ||
		is_clean(e, message, copy, channel, err) < 0)
		return -1;
	was = read_copy(e, raw, channel);
	wanted = read_copy(e, copy, channel);
	if (!same_reading(was, wanted))
		result = error_set(
			err, REACH_MESSAGE, "message %lld: without its author it is read otherwise", message);
	else
		result = set_fixed(e, message, wanted, rows, err);
	if (result == 0)
		result = keep(e, message, copy, channel, wanted, err);
	json_decref(was);
	json_decref(wanted);
	return result;
}

static int export_one(struct exporting *e, long long message, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;

	db_args_init(&args, e->cli->arena);
	db_arg_time(&args, clock_now());
	db_arg_string(&args, reading_actor(e->cli->arena));
	db_arg_int(&args, message);
	if (db_call(e->db, "api.review_case", &args, &rows, err) < 0)
		return -1;
	if (db_count(rows) == 0)
		return error_set(err, REACH_MESSAGE, "nobody fixed a message %lld", message);
	return export_read(e, message, rows, err);
}

/* ---- the command ---- */

static int run(void *context, const struct config *config, struct db *db, struct error *err)
{
	struct exporting *e = context;

	e->db = db;
	if (cli_forms(config, NULL, &e->forms, err) < 0)
		return -1;
	for (size_t i = 0; i < e->message_count; i++)
		if (export_one(e, e->messages[i], err) < 0)
			return -1;
	return 0;
}

int review_export(struct cli *cli, int argc, char **argv)
{
	struct exporting e = {.cli = cli, .folder = cli_option(&argc, argv, "--to")};
	int status;

	if (!e.folder || argc < 2 || argc > MESSAGES_MAX)
		return cli_usage(cli, "export needs 1 to %d numbers of messages, and --to FOLDER", MESSAGES_MAX - 1);
	e.messages = ARENA_NEW_N(cli->arena, long long, (size_t)argc);
	for (int i = 1; i < argc; i++)
		if (view_to_int(view_of(argv[i]), 1, INT64_MAX, &e.messages[e.message_count++]) < 0)
			return cli_usage(cli, "\"%s\" is no message's number", argv[i]);
	status = cli_run(cli, run, &e);
	forms_free(&e.forms);
	return status;
}
