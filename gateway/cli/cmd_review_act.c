/* fieldpost review fix, file, dismiss, assign, note, undo: what people do about messages that wait for them;
 * cmd_review.c looks at them. Several messages at once are one transaction and are undone together. */
#include "cli/commands.h"

#include <string.h>

#include "cli/queue.h"
#include "cli/reading.h"
#include "cli/review.h"
#include "core/clock.h"
#include "parsers/parsers.h"
#include "pipeline.h"

#define MESSAGES_MAX 10000
#define FIXES_MAX 50

enum act { ACT_FIX, ACT_FILE, ACT_DISMISS, ACT_ASSIGN, ACT_NOTE, ACT_UNDO };

static const char *const act_words[] = {"fix", "file", "dismiss", "assign", "note", "undo", NULL};

struct acting {
	struct cli *cli;
	struct db *db;
	struct forms *forms; /* of a fix */
	enum act act;
	const char *words; /* reason, note, or name */
	long long *messages;
	size_t message_count;
	json_t *wanted; /* without numbers: all that wait and are meant by the options */
	const char *fixes[FIXES_MAX]; /* "field=value" */
	size_t fix_count;
	int64_t now, batch;
	json_t *channels; /* pipeline_channels() */
};

bool review_is_act(const char *word)
{
	for (size_t i = 0; act_words[i]; i++)
		if (strcmp(word, act_words[i]) == 0)
			return true;
	return false;
}

/* ---- values ---- */

/* One "field=value" as the form reads it; nothing behind the "=": no answer. */
static int read_fix(struct acting *a, const struct form *form, const char *language, const char *fix, json_t *fixes,
	struct error *err)
{
	const char *equal = strchr(fix, '='), *name = arena_copy(a->cli->arena, fix, (size_t)(equal - fix));
	const struct field *field = form_field(form, name);
	struct turn_answer answer;
	int result = 0;

	if (!field)
		return error_set(err, REACH_MESSAGE, "the form %s has no field \"%s\"", form->id, name);
	if (equal[1] == '\0') {
		json_object_set_new(fixes, name, json_null());
		return 0;
	}
	parse_answer(a->forms, a->cli->arena, view_of(equal + 1), field, language, &answer);
	if (!answer.value)
		result = error_set(err, REACH_MESSAGE, "\"%s\" is no answer to %s (%s)%s%.*s%s", equal + 1, name,
			field_type_name(field->type), answer.suggestion.len > 0 ? "; did you mean \"" : "",
			VIEW_ARGS(answer.suggestion), answer.suggestion.len > 0 ? "\"?" : "");
	else
		json_object_set(fixes, name, answer.value);
	json_decref(answer.value);
	return result;
}

static int read_fixes(struct acting *a, long long message, json_t *fixes, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	const struct form *form;
	const char *language;
	struct db_args args;

	db_args_init(&args, a->cli->arena);
	db_arg_int(&args, message);
	if (db_call(a->db, "api.review_show", &args, &rows, err) < 0)
		return -1;
	if (db_count(rows) == 0)
		return error_set(err, REACH_MESSAGE, "there is no message %lld", message);
	if (db_is_null(rows, 0, "form"))
		return error_set(err, REACH_MESSAGE, "message %lld has no form that is known: there are no fields to fix", message);
	form = forms_get(a->forms, db_get_string(rows, 0, "form"), (int)db_get_int(rows, 0, "form_version"));
	if (!form)
		return error_set(err, REACH_MESSAGE,
			"message %lld: its form %s version %lld is not among the config's forms", message,
			db_get_string(rows, 0, "form"), (long long)db_get_int(rows, 0, "form_version"));
	language = db_is_null(rows, 0, "language") ? "en" : db_get_string(rows, 0, "language");
	for (size_t i = 0; i < a->fix_count; i++)
		if (read_fix(a, form, language, a->fixes[i], fixes, err) < 0)
			return -1;
	return 0;
}

/* ---- one message ---- */

static void print_filed(struct acting *a, long long message, const struct db_rows *rows)
{
	const char *state = db_get_string(rows, 0, "state");

	if (!a->cli->json)
		printf("message %lld: %s%s\n", message, state,
			strcmp(state, "ignored") == 0 ? " (it says what was said before)" : "");
}

static int file_one(struct acting *a, long long message, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	json_t *fixes = json_object(), *open;
	struct db_args args;
	const char *names = "";
	size_t i;
	int result = a->act == ACT_FIX ? read_fixes(a, message, fixes, err) : 0;

	db_args_init(&args, a->cli->arena);
	db_arg_int(&args, a->batch);
	db_arg_int(&args, message);
	db_arg_time(&args, a->now);
	db_arg_string(&args, reading_actor(a->cli->arena));
	db_arg_json(&args, fixes);
	db_arg_string(&args, a->words);
	db_arg_json(&args, a->channels);
	if (result == 0)
		result = db_call(a->db, "api.review_file", &args, &rows, err);
	json_decref(fixes);
	if (result < 0)
		return -1;
	open = db_get_json(rows, 0, "open");
	for (i = 0; i < json_array_size(open); i++)
		names = arena_printf(
			a->cli->arena, "%s%s%s", names, i ? ", " : "", json_string_value(json_array_get(open, i)));
	json_decref(open);
	if (*names)
		return error_set(err, REACH_MESSAGE,
			"message %lld is not filed: still open is %s; give each a value (%s=...), or none (%s=)",
			message, names, names, names);
	print_filed(a, message, rows);
	return 0;
}

static int simple_one(struct acting *a, long long message, struct error *err)
{
	static const char *const functions[] = {[ACT_DISMISS] = "api.review_dismiss",
		[ACT_ASSIGN] = "api.review_assign",
		[ACT_NOTE] = "api.review_note"};
	struct db_args args;

	db_args_init(&args, a->cli->arena);
	db_arg_int(&args, a->batch);
	db_arg_int(&args, message);
	db_arg_time(&args, a->now);
	db_arg_string(&args, reading_actor(a->cli->arena));
	db_arg_string(&args, a->words);
	return db_call(a->db, functions[a->act], &args, NULL, err);
}

static int undo(struct acting *a, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;

	db_args_init(&args, a->cli->arena);
	db_arg_int(&args, a->message_count > 0 ? a->messages[0] : 0);
	db_arg_time(&args, a->now);
	db_arg_string(&args, reading_actor(a->cli->arena));
	if (db_call(a->db, "api.review_undo", &args, &rows, err) < 0)
		return -1;
	if (db_count(rows) == 0)
		return error_set(err, REACH_MESSAGE, "there is nothing to undo");
	for (size_t row = 0; row < db_count(rows); row++)
		printf("message %lld: %s undone\n", (long long)db_get_int(rows, row, "message_id"),
			db_get_string(rows, row, "action"));
	return 0;
}

/* ---- all of them ---- */

static int find_messages(struct acting *a, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;

	db_args_init(&args, a->cli->arena);
	db_arg_int(&args, MESSAGES_MAX);
	db_arg_json(&args, a->wanted);
	if (db_call(a->db, "api.review_list", &args, &rows, err) < 0)
		return -1;
	if (db_count(rows) == 0)
		return error_set(err, REACH_MESSAGE, "nothing that waits is meant by these options");
	a->messages = ARENA_NEW_N(a->cli->arena, long long, db_count(rows));
	for (size_t row = 0; row < db_count(rows); row++)
		a->messages[a->message_count++] = db_get_int(rows, row, "message_id");
	return 0;
}

static int act_on_all(struct acting *a, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;

	if (db_call(a->db, "api.review_batch", NULL, &rows, err) < 0)
		return -1;
	a->batch = db_get_int(rows, 0, "batch");
	if (a->message_count == 0 && find_messages(a, err) < 0)
		return -1;
	for (size_t i = 0; i < a->message_count; i++)
		if ((a->act <= ACT_FILE ? file_one(a, a->messages[i], err) : simple_one(a, a->messages[i], err)) < 0)
			return -1;
	return 0;
}

static int run(void *context, const struct config *config, struct db *db, struct error *err)
{
	struct acting *a = context;
	int result;

	a->db = db;
	if (a->act == ACT_FIX && (parsers_open(err) < 0 || cli_forms(config, NULL, &a->forms, err) < 0))
		return -1;
	a->channels = pipeline_channels(config);
	if (db_begin(db, err) < 0)
		return -1;
	result = a->act == ACT_UNDO ? undo(a, err) : act_on_all(a, err);
	if (result < 0) {
		db_rollback(db, NULL);
		return -1;
	}
	if (db_commit(db, err) < 0)
		return -1;
	if (a->act != ACT_UNDO)
		printf("%zu message%s; `review undo %lld` takes it back\n", a->message_count,
			a->message_count == 1 ? "" : "s", (long long)a->batch);
	return 0;
}

/* ---- what was said ---- */

static int read_act(struct acting *a, int argc, char **argv)
{
	static const char *const needed[] = {[ACT_FIX] = "--reason",
		[ACT_FILE] = "--reason",
		[ACT_DISMISS] = "--reason",
		[ACT_ASSIGN] = "--to",
		[ACT_NOTE] = "--text"};

	while (strcmp(argv[0], act_words[a->act]) != 0)
		a->act++;
	if (a->act == ACT_UNDO)
		return EX_OK;
	if (queue_options(a->cli, &argc, argv, a->wanted))
		return EX_USAGE;
	a->words = cli_option(&argc, argv, needed[a->act]);
	if (!a->words || (!*a->words && a->act != ACT_ASSIGN))
		return cli_usage(a->cli, "%s needs %s", act_words[a->act], needed[a->act]);
	return EX_OK;
}

static int read_targets(struct acting *a, int argc, char **argv)
{
	a->messages = ARENA_NEW_N(a->cli->arena, long long, (size_t)argc + 1);
	for (int i = 1; i < argc; i++) {
		if (a->act == ACT_FIX && strchr(argv[i], '=') > argv[i]) {
			if (a->fix_count == FIXES_MAX)
				return cli_usage(a->cli, "at most %d fields at once", FIXES_MAX);
			a->fixes[a->fix_count++] = argv[i];
		} else if (view_to_int(view_of(argv[i]), 1, INT64_MAX, &a->messages[a->message_count++]) < 0) {
			return cli_usage(a->cli, "\"%s\" is no message's number", argv[i]);
		}
	}
	if (a->act == ACT_FIX && a->fix_count == 0)
		return cli_usage(a->cli, "what is to be fixed? FIELD=VALUE");
	if (a->act != ACT_UNDO && (a->message_count == 0) != (json_object_size(a->wanted) > 0))
		return cli_usage(a->cli, "which messages? their numbers, or options that say which of those that wait");
	if (a->message_count > MESSAGES_MAX)
		return cli_usage(a->cli, "at most %d messages at once", MESSAGES_MAX);
	return EX_OK;
}

int review_act(struct cli *cli, int argc, char **argv)
{
	struct acting a = {.cli = cli, .now = clock_now(), .wanted = json_object()};
	char **words = ARENA_NEW_N(cli->arena, char *, (size_t)argc + 1);
	int count = argc, status;

	memcpy(words, argv, (size_t)argc * sizeof(*argv));
	status = read_act(&a, count, words);
	for (count = 0; words[count]; count++) /* without the option that was read */
		;
	if (status == EX_OK)
		status = read_targets(&a, count, words);
	if (status == EX_OK)
		status = cli_run(cli, run, &a);
	json_decref(a.wanted);
	forms_free(&a.forms);
	json_decref(a.channels);
	return status;
}
