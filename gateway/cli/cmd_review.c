/* fieldpost review: the messages that a person must look at, what was understood of them and what was not. */
#include "cli/commands.h"

#include <string.h>

#include "cli/queue.h"
#include "cli/review.h"
#include "cli/table.h"
#include "core/clock.h"
#include "store/db.h"

#define LIST_DEFAULT 100
#define LIST_MAX 1000000
#define ANSWER_COLUMNS 22

struct review {
	struct cli *cli;
	struct db *db;
	int64_t now;
	bool show, raw;
	json_t *wanted; /* of a list */
	long long number; /* of rows, or of the message */
};

static void print_answer(struct arena *arena, const char *name, const char *words)
{
	table_block(arena, arena_printf(arena, "  %s", name), ANSWER_COLUMNS, words);
}

static const char *names_of(struct arena *arena, json_t *object)
{
	const char *names = "", *name;
	json_t *value;

	json_object_foreach(object, name, value) names = arena_printf(arena, "%s%s%s", names, *names ? ", " : "", name);
	return names;
}

static const char *sender(struct arena *arena, const struct db_rows *rows, size_t row)
{
	const char *name = db_get_string(rows, row, "from_name"), *address = db_get_string(rows, row, "from_address");

	return *name ? arena_printf(arena, "%s <%s>", name, address) : arena_strdup(arena, address);
}

/* ---- list ---- */

/* Why it is here, in words. */
static const char *trouble(struct arena *arena, const struct db_rows *rows, size_t row)
{
	json_t *errors = db_get_json(rows, row, "errors");
	const char *fields = names_of(arena, errors), *error = db_get_string(rows, row, "error");

	json_decref(errors);
	return *error ? arena_strdup(arena, error) : fields;
}

static void add_row(struct table *table, struct arena *arena, int64_t now, const struct db_rows *rows, size_t row)
{
	table_int(table, "message", db_get_int(rows, row, "message_id"));
	table_string(table, "state", db_get_string(rows, row, "state"));
	table_string(table, "reason", db_get_string(rows, row, "reason"));
	table_time(table, "received", db_get_time(rows, row, "received_at"), now);
	table_string(table, "from", sender(arena, rows, row));
	table_string(table, "subject", db_get_string(rows, row, "subject"));
	table_string(table, "form", db_get_string(rows, row, "form"));
	table_string(table, "language", db_get_string(rows, row, "language"));
	table_string(table, "assigned", db_get_string(rows, row, "assigned_to"));
	table_string(table, "trouble", trouble(arena, rows, row));
	table_end_row(table);
}

static void print_list_json(const struct table *table, const struct db_rows *rows)
{
	json_t *array = table_json(table), *object;
	size_t row;

	json_array_foreach(array, row, object)
	{
		json_object_set_new(object, "answers", db_get_json(rows, row, "answers"));
		json_object_set_new(object, "errors", db_get_json(rows, row, "errors"));
	}
	json_dumpf(array, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(array);
}

static int list(struct review *r, struct error *err)
{
	struct arena *arena = r->cli->arena;
	struct table *table = table_new(arena);
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;

	db_args_init(&args, arena);
	db_arg_int(&args, r->number);
	db_arg_json(&args, r->wanted);
	if (db_call(r->db, "api.review_list", &args, &rows, err) < 0)
		return -1;
	for (size_t row = 0; row < db_count(rows); row++)
		add_row(table, arena, r->now, rows, row);
	if (r->cli->json)
		print_list_json(table, rows);
	else if (db_count(rows) == 0)
		printf("nothing waits for a person\n");
	else
		table_print(table, "", stdout);
	return 0;
}

/* ---- show ---- */

static void line(const char *name, const char *words)
{
	if (words && *words)
		printf("%-12s %s\n", name, words);
}

static void line_time(struct review *r, const char *name, int64_t time)
{
	char text[CLOCK_TEXT_SIZE];

	if (time == 0)
		return;
	clock_format(time, text);
	printf("%-12s %s (%s)\n", name, text, table_ago(r->cli->arena, time, r->now));
}

static void print_answers(struct arena *arena, const struct db_rows *rows)
{
	json_t *answers = db_get_json(rows, 0, "answers"), *value;
	const char *name;

	if (json_object_size(answers) > 0)
		printf("\nunderstood\n");
	json_object_foreach(answers, name, value) print_answer(arena, name, table_value(arena, value));
	json_decref(answers);
}

/* `words`, the text that was found for the field, and what it may have meant. */
static const char *with_guess(
	struct arena *arena, const char *words, const json_t *found, const json_t *suggestions, const char *name)
{
	const json_t *text = json_object_get(found, name), *guess = json_object_get(suggestions, name);

	if (text)
		words = arena_printf(arena, "%s: \"%s\"", words, table_value(arena, text));
	if (guess)
		words = arena_printf(arena, "%s; did you mean \"%s\"?", words, table_value(arena, guess));
	return words;
}

static void print_errors(struct arena *arena, const struct db_rows *rows)
{
	json_t *errors = db_get_json(rows, 0, "errors"), *found = db_get_json(rows, 0, "found");
	json_t *suggestions = db_get_json(rows, 0, "suggestions"), *value;
	bool headed = json_object_size(errors) > 0;
	const char *name;

	if (headed)
		printf("\nnot understood\n");
	json_object_foreach(errors, name, value)
		print_answer(arena, name, with_guess(arena, table_value(arena, value), found, suggestions, name));
	json_object_foreach(suggestions, name, value)
	{
		if (json_object_get(errors, name))
			continue;
		if (!headed)
			printf("\nnot understood\n");
		headed = true;
		print_answer(arena, name, with_guess(arena, "not answered", found, suggestions, name));
	}
	json_decref(errors);
	json_decref(found);
	json_decref(suggestions);
}

static const char *member(struct arena *arena, const json_t *object, const char *name)
{
	return table_clean(arena, view_of(table_value(arena, json_object_get(object, name))));
}

static void print_attachments(struct arena *arena, const struct db_rows *rows)
{
	json_t *list_of = db_get_json(rows, 0, "attachments"), *one;
	size_t i;

	if (json_array_size(list_of) > 0)
		printf("\nattachments\n");
	json_array_foreach(list_of, i, one)
		printf("  part %s: %s, %s, %lld bytes\n", member(arena, one, "part"), member(arena, one, "name"),
			member(arena, one, "type"), (long long)json_integer_value(json_object_get(one, "size")));
	json_decref(list_of);
}

static const char *clean(struct arena *arena, const struct db_rows *rows, const char *column)
{
	return table_clean(arena, db_get_view(rows, 0, column));
}

static void print_message(struct review *r, const struct db_rows *rows)
{
	struct arena *arena = r->cli->arena;
	const char *reason = db_get_string(rows, 0, "reason"), *form = db_get_string(rows, 0, "form");

	printf("%-12s %lld\n", "message", (long long)db_get_int(rows, 0, "message_id"));
	line("state", arena_printf(arena, "%s%s%s", db_get_string(rows, 0, "state"), *reason ? ": " : "", reason));
	line("error", clean(arena, rows, "error"));
	line("source", clean(arena, rows, "source"));
	line_time(r, "received", db_get_time(rows, 0, "received_at"));
	line_time(r, "written", db_get_time(rows, 0, "written_at"));
	line("from", table_clean(arena, view_of(sender(arena, rows, 0))));
	line("subject", clean(arena, rows, "subject"));
	if (*form)
		line("form",
			arena_printf(arena, "%s version %lld", form, (long long)db_get_int(rows, 0, "form_version")));
	line("reference", clean(arena, rows, "reference"));
	line("language", clean(arena, rows, "language"));
	line("remarks", clean(arena, rows, "remarks"));
	print_answers(arena, rows);
	print_errors(arena, rows);
	print_attachments(arena, rows);
}

static void set_string(json_t *object, const struct db_rows *rows, const char *column)
{
	struct view text = db_get_view(rows, 0, column);

	json_object_set_new(object, column,
		db_is_null(rows, 0, column) ? json_null() : json_stringn(text.ptr ? text.ptr : "", text.len));
}

static void set_time(json_t *object, const struct db_rows *rows, const char *column)
{
	int64_t time = db_get_time(rows, 0, column);
	char text[CLOCK_TEXT_SIZE];

	clock_format(time, text);
	json_object_set_new(object, column, time ? json_string(text) : json_null());
}

static void print_message_json(const struct db_rows *rows)
{
	static const char *const strings[] = {"state", "reason", "error", "source", "from_name", "from_address",
		"subject", "form", "reference", "language", "remarks", "sha256"};
	static const char *const numbers[] = {"message_id", "attempts", "form_version", "size"};
	static const char *const times[] = {"received_at", "written_at", "stored_at", "settled_at"};
	static const char *const objects[] = {"answers", "errors", "found", "suggestions", "attachments"};
	static const char *const flags[] = {"automatic", "oversize"};
	json_t *object = json_object();

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		json_object_set_new(object, numbers[i], json_integer(db_get_int(rows, 0, numbers[i])));
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		set_string(object, rows, strings[i]);
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		set_time(object, rows, times[i]);
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
		json_object_set_new(object, objects[i], db_get_json(rows, 0, objects[i]));
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		json_object_set_new(object, flags[i], json_boolean(db_get_bool(rows, 0, flags[i])));
	json_dumpf(object, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(object);
}

/* What people did about it. */
static int print_history(struct review *r, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;
	char at[CLOCK_TEXT_SIZE];

	db_args_init(&args, r->cli->arena);
	db_arg_int(&args, r->number);
	if (db_call(r->db, "api.review_history", &args, &rows, err) < 0)
		return -1;
	if (db_count(rows) > 0)
		printf("\nwhat was done\n");
	for (size_t row = 0; row < db_count(rows); row++) {
		clock_format(db_get_time(rows, row, "at"), at);
		printf("  %s %s: %s: %s%s (%lld)\n", at, db_get_string(rows, row, "actor"),
			db_get_string(rows, row, "action"), table_clean(r->cli->arena, db_get_view(rows, row, "words")),
			db_get_bool(rows, row, "undone") ? " (undone)" : "", (long long)db_get_int(rows, row, "batch"));
	}
	return 0;
}

static int show(struct review *r, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;

	db_args_init(&args, r->cli->arena);
	db_arg_int(&args, r->number);
	if (db_call(r->db, "api.review_show", &args, &rows, err) < 0)
		return -1;
	if (db_count(rows) == 0)
		return error_set(err, REACH_MESSAGE, "there is no message %lld", r->number);
	if (r->cli->json) {
		print_message_json(rows);
		return 0;
	}
	print_message(r, rows);
	return print_history(r, err);
}

/* ---- the command ---- */

static int read_wish(struct cli *cli, int argc, char **argv, struct review *out)
{
	const char *limit = cli_option(&argc, argv, "--limit");

	if (queue_options(cli, &argc, argv, out->wanted))
		return EX_USAGE;
	out->raw = cli_flag(&argc, argv, "--raw");
	if (argc == 2 && strcmp(argv[0], "show") == 0 && !limit && json_object_size(out->wanted) == 0) {
		out->show = true;
		if (view_to_int(view_of(argv[1]), 1, INT64_MAX, &out->number) < 0)
			return cli_usage(cli, "\"%s\" is no message's number; `review list` names them", argv[1]);
		return EX_OK;
	}
	if (argc != 1 || strcmp(argv[0], "list") != 0 || out->raw)
		return cli_usage(
			cli, "say list, show and a message's number, or fix, file, dismiss, assign, note, undo, "
			     "export");
	out->number = LIST_DEFAULT;
	if (limit && view_to_int(view_of(limit), 1, LIST_MAX, &out->number) < 0)
		return cli_usage(cli, "--limit is a number from 1 to %d", LIST_MAX);
	return EX_OK;
}

static int review(void *context, const struct config *config, struct db *db, struct error *err)
{
	struct review *r = context;

	r->db = db;
	if (r->raw)
		return cli_raw(r->cli, db, r->number, err);
	return r->show ? show(r, err) : list(r, err);
}

int cmd_review(struct cli *cli, int argc, char **argv)
{
	struct review r = {.cli = cli, .now = clock_now()};
	int status;

	if (argc > 0 && review_is_act(argv[0]))
		return review_act(cli, argc, argv);
	if (argc > 0 && strcmp(argv[0], "export") == 0)
		return review_export(cli, argc, argv);
	r.wanted = json_object();
	status = read_wish(cli, argc, argv, &r);
	if (status == EX_OK)
		status = cli_run(cli, review, &r);
	json_decref(r.wanted);
	return status;
}
