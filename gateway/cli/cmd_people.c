/* fieldpost people import | list | show | export | resume | erase: the people who are asked and who answer. See docs/people.md.
 */
#include "cli/commands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/unicode.h"
#include "cli/people_list.h"
#include "core/clock.h"
#include "pipeline.h"
#include "store/db.h"

#define LIST_MAX 1000000
#define ERRORS_SHOWN 200 /* of a list, to a person; with --json all of them */

struct people_command {
	struct cli *cli;
	const char *what, *argument, *reason;
	json_t *filters;
	bool dry, yes, again;
	int status;
};

static void print_json(json_t *json)
{
	json_dumpf(json, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(json);
}

/* ---- import ---- */

static int read_file(const char *path, struct text *out, struct error *err)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
	char buffer[65536];
	int result = 0;
	size_t got;

	if (!file)
		return error_set(err, REACH_MESSAGE, "%s: %s", path, cli_file_words());
	while (!out->full && (got = fread(buffer, 1, sizeof(buffer), file)) > 0)
		text_add(out, buffer, got);
	if (ferror(file))
		result = error_set(err, REACH_MESSAGE, "%s: %s", path, strerror(errno));
	else if (out->full)
		result = error_set(err, REACH_MESSAGE, "%s: larger than %zu bytes", path, PEOPLE_LIST_BYTES_MAX);
	if (file != stdin)
		fclose(file);
	return result;
}

static int call_import(struct people_command *command, const struct config *config, struct db *db,
	const struct people_list *list, struct db_rows **rows_out, struct error *err)
{
	json_t *channels = pipeline_channels(config);
	struct db_args args;
	int result;

	db_args_init(&args, command->cli->arena);
	db_arg_time(&args, clock_now());
	db_arg_string(&args, cli_actor(command->cli->arena));
	db_arg_json(&args, list->people);
	db_arg_json(&args, channels);
	db_arg_bool(&args, command->again);
	result = db_call(db, "api.people_import", &args, rows_out, err);
	json_decref(channels);
	return result;
}

struct fault {
	size_t line;
	const char *column, *text;
};

static int by_line(const void *a, const void *b)
{
	const struct fault *first = a, *second = b;

	return (first->line > second->line) - (first->line < second->line);
}

/* What the file and what the database found, by line. */
static struct fault *collect(
	struct people_command *command, const struct people_list *list, const struct db_rows *rows, size_t *count_out)
{
	struct fault *faults = ARENA_NEW_N(command->cli->arena, struct fault, list->error_count + db_count(rows) + 1);
	size_t count = 0;

	for (const struct people_error *error = list->errors; error; error = error->next)
		faults[count++] = (struct fault){error->line, error->column, error->text};
	for (size_t row = 0; row < db_count(rows); row++)
		if (!db_is_null(rows, row, "error"))
			faults[count++] = (struct fault){(size_t)db_get_int(rows, row, "line"),
				db_get_string(rows, row, "field"), db_get_string(rows, row, "error")};
	qsort(faults, count, sizeof(*faults), by_line);
	*count_out = count;
	return faults;
}

static void print_faults(struct people_command *command, const struct fault *faults, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count && (i < ERRORS_SHOWN || command->cli->json); i++) {
		const struct fault *fault = &faults[i];

		if (command->cli->json)
			json_array_append_new(list, json_pack("{s:I, s:s, s:s}", "line", (json_int_t)fault->line,
							    "column", fault->column, "error", fault->text));
		else
			fprintf(stderr, "%s:%zu: %s%s%s\n", command->argument, fault->line, fault->column,
				fault->column[0] ? ": " : "", table_clean(command->cli->arena, view_of(fault->text)));
	}
	if (command->cli->json) {
		print_json(json_pack("{s:o}", "errors", list));
		return;
	}
	json_decref(list);
	if (count > ERRORS_SHOWN)
		fprintf(stderr, "and %zu more\n", count - ERRORS_SHOWN);
	fprintf(stderr, "fieldpost people: nothing was imported; mend the file and import it again\n");
}

static void print_imported(struct people_command *command, const struct db_rows *rows)
{
	static const char *const names[] = {"made", "changed", "unchanged", "released"};
	json_t *json = json_pack("{s:b}", "dry_run", (int)command->dry);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		json_object_set_new(json, i == 0 ? "new" : names[i], json_integer(db_get_int(rows, 0, names[i])));
	if (command->cli->json) {
		print_json(json);
		return;
	}
	printf("%s%lld new, %lld changed, %lld as they were", command->dry ? "would be: " : "",
		(long long)db_get_int(rows, 0, "made"), (long long)db_get_int(rows, 0, "changed"),
		(long long)db_get_int(rows, 0, "unchanged"));
	if (db_get_int(rows, 0, "released") > 0)
		printf("; %lld held messages filed", (long long)db_get_int(rows, 0, "released"));
	putchar('\n');
	json_decref(json);
}

/* All of the file or nothing: what is wrong in any row is said, and nothing stays. */
static int import_list(struct people_command *command, const struct config *config, struct db *db,
	const struct people_list *list, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct fault *faults;
	size_t count;

	if (db_begin(db, err) < 0)
		return -1;
	if (call_import(command, config, db, list, &rows, err) < 0) {
		db_rollback(db, NULL);
		return -1;
	}
	faults = collect(command, list, rows, &count);
	if (count > 0 || command->dry) {
		if (db_rollback(db, err) < 0)
			return -1;
	} else if (db_commit(db, err) < 0) {
		return -1;
	}
	if (count == 0) {
		print_imported(command, rows);
		return 0;
	}
	print_faults(command, faults, count);
	command->status = EX_DATAERR;
	return 0;
}

static int run_import(void *context, const struct config *config, struct db *db, struct error *err)
{
	struct people_command *command = context;
	struct people_list list;
	TEXT_SCOPED bytes;
	int result;

	text_init(&bytes, PEOPLE_LIST_BYTES_MAX);
	if (unicode_open(err) < 0)
		return -1;
	if (read_file(command->argument, &bytes, err) < 0) {
		command->status = EX_NOINPUT;
		return -1;
	}
	people_list_read(command->cli->arena, config, text_view(&bytes), &list);
	result = import_list(command, config, db, &list, err);
	json_decref(list.people);
	return result;
}

/* ---- list, export ---- */

static const char *joined(struct arena *arena, const json_t *person)
{
	static const char *const names[] = {"mail", "phone", "channel"};
	const char *all = "";
	json_t *one;
	size_t i;

	for (size_t n = 0; n < 3; n++)
		json_array_foreach(json_object_get(person, names[n]), i, one)
		{
			const json_t *address = json_is_object(one) ? json_object_get(one, "address") : one;
			const char *channel = json_string_value(json_object_get(one, "name"));

			all = arena_printf(arena, "%s%s%s%s%s", all, *all ? " " : "", channel ? channel : "",
				channel ? ":" : "", json_string_value(address));
		}
	return all;
}

static const char *flags_of(struct arena *arena, const json_t *person)
{
	static const char *const names[] = {"no_acknowledgement", "no_content", "neutral", "paused"};
	const char *all = "";

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (json_is_true(json_object_get(person, names[i])))
			all = arena_printf(arena, "%s%s%s", all, *all ? ", " : "", names[i]);
	if (json_is_string(json_object_get(person, "stopped")))
		all = arena_printf(arena, "%s%sstopped", all, *all ? ", " : "");
	return all;
}

static void add_row(struct arena *arena, struct table *table, const json_t *person)
{
	static const char *const names[] = {
		"key", "name", "kind", "role", "organisation", "programme", "country", "language", "zone"};

	table_int(table, "person", json_integer_value(json_object_get(person, "id")));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		table_string(table, names[i], json_string_value(json_object_get(person, names[i])));
	table_string(table, "flags", flags_of(arena, person));
	table_string(table, "addresses", joined(arena, person));
	table_end_row(table);
}

static void print_people(struct people_command *command, const struct db_rows *rows)
{
	struct arena *arena = command->cli->arena;
	bool csv = strcmp(command->what, "export") == 0;
	struct table *table = table_new(arena);
	json_t *all = json_array();
	TEXT_SCOPED out;

	text_init(&out, 8 * PEOPLE_LIST_BYTES_MAX);
	if (csv)
		people_list_add(&out, NULL);
	for (size_t row = 0; row < db_count(rows); row++) {
		json_t *person = db_get_json(rows, row, "person");

		if (command->cli->json)
			json_array_append(all, person);
		else if (csv)
			people_list_add(&out, person);
		else
			add_row(arena, table, person);
		json_decref(person);
	}
	if (command->cli->json) {
		print_json(all);
		return;
	}
	json_decref(all);
	if (csv)
		fwrite(text_string(&out), 1, out.len, stdout);
	else
		table_print(table, "", stdout);
}

static int run_list(void *context, const struct config *config, struct db *db, struct error *err)
{
	struct people_command *command = context;
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;

	(void)config;
	db_args_init(&args, command->cli->arena);
	db_arg_json(&args, command->filters);
	db_arg_int(&args, LIST_MAX);
	if (db_call(db, "api.people_list", &args, &rows, err) < 0)
		return -1;
	print_people(command, rows);
	return 0;
}

/* ---- show ---- */

static void print_lines(struct arena *arena, const char *title, json_t *list)
{
	json_t *one;
	size_t i;

	if (json_array_size(list) > 0)
		printf("%s\n", title);
	json_array_foreach(list, i, one)
	{
		char *text = json_dumps(one, JSON_COMPACT | JSON_ENCODE_ANY);

		printf("  %s\n", table_clean(arena, view_of(text)));
		free(text);
	}
}

static int run_show(void *context, const struct config *config, struct db *db, struct error *err)
{
	static const char *const parts[] = {"requests", "feedback", "messages", "suppressed"};
	struct people_command *command = context;
	struct table *table = table_new(command->cli->arena);
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;
	json_t *person, *channels = pipeline_channels(config);

	db_args_init(&args, command->cli->arena);
	db_arg_string(&args, command->argument);
	db_arg_json(&args, channels);
	json_decref(channels);
	if (db_call(db, "api.people_show", &args, &rows, err) < 0)
		return -1;
	if (db_count(rows) == 0)
		return error_set(err, REACH_MESSAGE, "nobody has the key, address or number \"%s\"", command->argument);
	person = db_get_json(rows, 0, "person");
	if (!command->cli->json) {
		add_row(command->cli->arena, table, person);
		table_print(table, "", stdout);
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		json_t *part = db_get_json(rows, 0, parts[i]);

		if (!command->cli->json)
			print_lines(command->cli->arena, parts[i], part);
		json_object_set_new(person, parts[i], part);
	}
	if (command->cli->json)
		print_json(json_incref(person));
	json_decref(person);
	return 0;
}

/* ---- resume ---- */

static int run_resume(void *context, const struct config *config, struct db *db, struct error *err)
{
	struct people_command *command = context;
	DB_ROWS_SCOPED *rows = NULL;
	const char *name, *lifted;
	struct db_args args;

	(void)config;
	if (!command->reason || !*command->reason) {
		command->status = EX_USAGE;
		return error_set(err, REACH_MESSAGE, "say with --reason why they may be asked again");
	}
	db_args_init(&args, command->cli->arena);
	db_arg_time(&args, clock_now());
	db_arg_string(&args, cli_actor(command->cli->arena));
	db_arg_string(&args, command->argument);
	db_arg_string(&args, command->reason);
	if (db_call(db, "api.people_resume", &args, &rows, err) < 0)
		return -1;
	if (db_count(rows) == 0)
		return error_set(err, REACH_MESSAGE, "nobody has the key, address or number \"%s\"", command->argument);
	name = table_clean(command->cli->arena, view_of(db_get_string(rows, 0, "name")));
	lifted = db_get_string(rows, 0, "lifted");
	if (*lifted)
		printf("%s may be asked again; this held: %s\n", name, lifted);
	else
		printf("%s may be asked already: nothing was lifted\n", name);
	return 0;
}

/* ---- erase ---- */

static int run_erase(void *context, const struct config *config, struct db *db, struct error *err)
{
	struct people_command *command = context;
	DB_ROWS_SCOPED *rows = NULL;
	json_t *channels = pipeline_channels(config);
	struct db_args args;

	db_args_init(&args, command->cli->arena);
	db_arg_time(&args, clock_now());
	db_arg_string(&args, cli_actor(command->cli->arena));
	db_arg_string(&args, command->argument);
	db_arg_json(&args, channels);
	json_decref(channels);
	if (db_begin(db, err) < 0)
		return -1;
	if (db_call(db, "api.people_erase", &args, &rows, err) < 0) {
		db_rollback(db, NULL);
		return -1;
	}
	if ((command->yes ? db_commit(db, err) : db_rollback(db, err)) < 0)
		return -1;
	if (db_count(rows) == 0)
		return error_set(err, REACH_MESSAGE, "nobody has the key, address or number \"%s\"", command->argument);
	printf("%s %s: %lld messages, %lld feedback, %lld requests, %lld letters\n",
		command->yes ? "erased" : "would be erased:",
		table_clean(command->cli->arena, view_of(db_get_string(rows, 0, "name"))),
		(long long)db_get_int(rows, 0, "messages"), (long long)db_get_int(rows, 0, "feedback"),
		(long long)db_get_int(rows, 0, "requests"), (long long)db_get_int(rows, 0, "letters"));
	if (!command->yes)
		printf("say --yes to do it; nothing brings it back\n");
	return 0;
}

/* ---- the command ---- */

static void take_filters(struct people_command *command, int *argc, char **argv)
{
	static const char *const names[] = {"kind", "country", "language", "programme", "organisation", "role"};
	const char *value;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((value = cli_option(argc, argv, arena_printf(command->cli->arena, "--%s", names[i]))))
			json_object_set_new(command->filters, names[i], json_string(value));
}

static int run(struct people_command *command, int argc, char **argv)
{
	static const struct {
		const char *name;
		cli_job *job;
		int least, most; /* words behind it */
	} jobs[] = {
		{"import", run_import, 1, 1},
		{"list", run_list, 0, 1},
		{"show", run_show, 1, 1},
		{"export", run_list, 0, 0},
		{"resume", run_resume, 1, 1},
		{"erase", run_erase, 1, 1},
	};
	int status;

	for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++) {
		if (strcmp(argv[0], jobs[i].name) != 0)
			continue;
		if (argc - 1 < jobs[i].least || argc - 1 > jobs[i].most ||
			(argc > 1 && argv[1][0] == '-' && argv[1][1]))
			break;
		command->what = jobs[i].name;
		command->argument = argc > 1 ? argv[1] : NULL;
		if (argc > 1 && jobs[i].least == 0)
			json_object_set_new(command->filters, "words", json_string(argv[1]));
		status = cli_run(command->cli, jobs[i].job, command);
		return command->status ? command->status : status;
	}
	return cli_usage(command->cli, "say import FILE, list, show PERSON, export, resume PERSON or erase PERSON");
}

int cmd_people(struct cli *cli, int argc, char **argv)
{
	struct people_command command = {.cli = cli, .filters = json_object()};
	int status;

	command.dry = cli_flag(&argc, argv, "--dry-run");
	command.yes = cli_flag(&argc, argv, "--yes");
	command.again = cli_flag(&argc, argv, "--again");
	command.reason = cli_option(&argc, argv, "--reason");
	take_filters(&command, &argc, argv);
	status = argc < 1 ? cli_usage(cli, "say import FILE, list, show PERSON, export, resume PERSON or erase PERSON")
			  : run(&command, argc, argv);
	json_decref(command.filters);
	return status;
}
