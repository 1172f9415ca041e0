/* cli/reading: which feedback a command of analysts is about, and for whom it reads. See reading.h. */
#include "cli/reading.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/queue.h"

int reading_options(struct reading *reading, struct cli *cli, int *argc, char **argv)
{
	*reading = (struct reading){.cli = cli, .words = "", .filters = json_object()};
	reading->as = cli_option(argc, argv, "--as");
	reading->restricted = cli_flag(argc, argv, "--restricted");
	reading->saved = cli_option(argc, argv, "--filter");
	queue_list(reading->filters, "forms", "--form", argc, argv);
	queue_list(reading->filters, "countries", "--country", argc, argv);
	queue_list(reading->filters, "themes", "--theme", argc, argv);
	queue_list(reading->filters, "languages", "--language", argc, argv);
	if (reading->as && reading->restricted)
		return cli_usage(cli, "--as reads what that member may see: --restricted adds nothing");
	if (queue_day(cli, reading->filters, "since", "--since", argc, argv))
		return EX_USAGE;
	return queue_day(cli, reading->filters, "until", "--until", argc, argv);
}

void reading_release(struct reading *reading)
{
	json_decref(reading->filters);
	reading->filters = NULL;
}

const char *reading_actor(struct arena *arena)
{
	const char *before = getenv("SUDO_USER");
	const struct passwd *user = getpwuid(getuid());

	return arena_printf(arena, "%.100s", before ? before : user ? user->pw_name : "?");
}

static int find_saved(struct reading *reading, struct db *db, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;
	json_t *filters;

	db_args_init(&args, reading->cli->arena);
	db_arg_string(&args, reading->saved);
	if (db_call(db, "api.filter_list", &args, &rows, err) < 0)
		return -1;
	if (db_count(rows) == 0)
		return error_set(
			err, REACH_MESSAGE, "there is no filter \"%s\"; `search --filters` lists them", reading->saved);
	if (!*reading->words)
		reading->words = arena_strdup(reading->cli->arena, db_get_string(rows, 0, "words"));
	filters = db_get_json(rows, 0, "filters"); /* what was given now stands above what was saved */
	json_object_update_missing(reading->filters, filters);
	json_decref(filters);
	return 0;
}

static int find_member(struct reading *reading, struct db *db, int64_t *member_out, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;

	db_args_init(&args, reading->cli->arena);
	db_arg_string(&args, reading->as);
	if (db_call(db, "api.member_reading", &args, &rows, err) < 0)
		return -1;
	if (db_count(rows) == 0)
		return error_set(err, REACH_MESSAGE, "nobody of a team has the address %s", reading->as);
	*member_out = db_get_int(rows, 0, "member_id");
	return 0;
}

int reading_begin(struct reading *reading, struct db *db, struct error *err)
{
	int64_t member = 0;
	int result;

	if ((reading->saved && find_saved(reading, db, err) < 0) ||
		(reading->as && find_member(reading, db, &member, err) < 0))
		return -1;
	if (db_begin(db, err) < 0)
		return -1;
	result = member ? db_read_as(db, member, err) : db_read_as_operator(db, reading->restricted, err);
	if (result < 0)
		db_rollback(db, NULL);
	return result;
}
