/* fieldpost alarm: what an operator should know, and taking one back that was dealt with. */
#include "cli/commands.h"

#include <string.h>

#include "cli/table.h"
#include "core/clock.h"
#include "store/db.h"

struct session {
	struct cli *cli;
	struct config *config;
	struct cli_database *database;
	struct db *db;
};

static int alarm_list(struct session *s, struct error *err)
{
	struct table *table = table_new(s->cli->arena);
	int64_t now = clock_now();
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;

	db_args_init(&args, s->cli->arena);
	if (db_call(s->db, "api.alarms_open", &args, &rows, err))
		return -1;
	for (size_t row = 0; row < db_count(rows); row++) {
		table_int(table, "alarm", db_get_int(rows, row, "alarm_id"));
		table_string(table, "kind", db_get_string(rows, row, "kind"));
		table_string(table, "object", db_get_string(rows, row, "object"));
		table_time(table, "since", db_get_time(rows, row, "since"), now);
		table_int(table, "count", db_get_int(rows, row, "count"));
		table_string(table, "text", db_get_string(rows, row, "text"));
		table_end_row(table);
	}
	if (s->cli->json) {
		json_t *json = table_json(table);

		json_dumpf(json, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(json);
	} else if (table_rows(table) == 0) {
		printf("no alarm is open\n");
	} else {
		table_print(table, "", stdout);
	}
	return 0;
}

static int alarm_clear(struct session *s, long long number, struct error *err)
{
	struct db_args args;
	DB_ROWS_SCOPED *rows = NULL;

	db_args_init(&args, s->cli->arena);
	db_arg_time(&args, clock_now());
	db_arg_int(&args, number);
	if (db_call(s->db, "api.alarm_clear_number", &args, &rows, err))
		return -1;
	if (db_count(rows) == 0)
		return error_set(
			err, REACH_MESSAGE, "no alarm %lld is open; \"fieldpost alarm list\" shows them", number);
	printf("alarm %lld is cleared: %s %s\n", number, db_get_string(rows, 0, "kind"),
		db_get_string(rows, 0, "object"));
	return 0;
}

static int run(struct session *s, bool list, long long number, struct error *err)
{
	if (cli_config(s->cli, &s->config, err) || cli_database_open(s->cli, s->config, &s->database, err))
		return -1;
	s->db = cli_database(s->database);
	return list ? alarm_list(s, err) : alarm_clear(s, number, err);
}

int cmd_alarm(struct cli *cli, int argc, char **argv)
{
	struct session s = {.cli = cli};
	struct error err = ERROR_INIT;
	bool list = argc == 1 && strcmp(argv[0], "list") == 0;
	long long number = 0;
	int status;

	if (!list &&
		(argc != 2 || strcmp(argv[0], "clear") != 0 || view_to_int(view_of(argv[1]), 1, INT64_MAX, &number)))
		return cli_usage(cli, "say list, or clear NUMBER");
	status = run(&s, list, number, &err) ? cli_fail(cli, &err) : EX_OK;
	cli_database_close(&s.database);
	config_free(&s.config);
	return status;
}
