/* fieldpost audit list: who read what not everybody may see, and who changed what; the newest first. */
#include "cli/commands.h"

#include <string.h>

#include "cli/queue.h"
#include "cli/table.h"
#include "core/clock.h"
#include "store/db.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX 1000000

struct audit {
	struct cli *cli;
	const char *object; /* "": any */
	int64_t since;	    /* unix microseconds */
	long long limit;
};

static int list(void *context, const struct config *config, struct db *db, struct error *err)
{
	struct audit *a = context;
	struct table *table = table_new(a->cli->arena);
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;
	json_t *json;

	db_args_init(&args, a->cli->arena);
	db_arg_string(&args, a->object);
	db_arg_time(&args, a->since);
	db_arg_int(&args, a->limit);
	if (db_call(db, "api.audit_list", &args, &rows, err) < 0)
		return -1;
	for (size_t row = 0; row < db_count(rows); row++) {
		table_time(table, "at", db_get_time(rows, row, "at"), clock_now());
		table_string(table, "actor", db_get_string(rows, row, "actor"));
		table_string(table, "action", db_get_string(rows, row, "action"));
		table_string(table, "object", db_get_string(rows, row, "object"));
		table_text(table, "detail", db_get_view(rows, row, "detail"));
		table_end_row(table);
	}
	if (!a->cli->json) {
		table_print(table, "", stdout);
		return 0;
	}
	json = table_json(table);
	json_dumpf(json, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(json);
	return 0;
}

int cmd_audit(struct cli *cli, int argc, char **argv)
{
	struct audit a = {.cli = cli, .object = cli_option(&argc, argv, "--object"), .limit = LIMIT_DEFAULT};
	const char *limit = cli_option(&argc, argv, "--limit"), *since;
	json_t *days = json_object();
	int status = queue_day(cli, days, "since", "--since", &argc, argv);

	since = json_string_value(json_object_get(days, "since"));
	if (status == EX_OK && (argc != 1 || strcmp(argv[0], "list") != 0))
		status = cli_usage(cli, "say list");
	if (status == EX_OK && limit && view_to_int(view_of(limit), 1, LIMIT_MAX, &a.limit) < 0)
		status = cli_usage(cli, "--limit is a number from 1 to %d", LIMIT_MAX);
	if (status == EX_OK && since && clock_parse(view_of(arena_printf(cli->arena, "%sT00:00:00Z", since)), &a.since) < 0)
		status = cli_usage(cli, "there is no day %s", since);
	a.object = a.object ? a.object : "";
	json_decref(days);
	return status == EX_OK ? cli_run(cli, list, &a) : status;
}
