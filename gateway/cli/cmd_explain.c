/* fieldpost explain: from a line of a digest, or a feedback's number, back to the bytes of the mail it came from. */
#include "cli/commands.h"

#include <stdio.h>

#include "cli/table.h"
#include "store/db.h"

struct wish {
	struct cli *cli;
	long long number;
	bool raw;
};

static int explain(void *context, const struct config *config, struct db *db, struct error *err)
{
	const struct wish *wish = context;
	struct arena *arena = wish->cli->arena;
	struct table *table = table_new(arena);
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;
	json_t *json;

	db_args_init(&args, arena);
	db_arg_int(&args, wish->number);
	if (db_call(db, "api.explain", &args, &rows, err) < 0)
		return -1;
	if (db_count(rows) == 0)
		return error_set(
			err, REACH_MESSAGE, "no digest's line and no feedback has the number %lld", wish->number);
	if (wish->raw)
		return cli_raw(wish->cli, db, db_get_int(rows, 0, "message_id"), err);
	for (size_t row = 0; row < db_count(rows); row++) {
		table_string(table, "step", db_get_string(rows, row, "step"));
		table_text(table, "detail", db_get_view(rows, row, "detail"));
		table_end_row(table);
	}
	if (!wish->cli->json) {
		table_print(table, "", stdout);
		return 0;
	}
	json = table_json(table);
	json_dumpf(json, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(json);
	return 0;
}

int cmd_explain(struct cli *cli, int argc, char **argv)
{
	struct wish wish = {.cli = cli, .raw = cli_flag(&argc, argv, "--raw")};

	if (argc != 1)
		return cli_usage(cli, "say the number of a digest's line or of a feedback");
	if (view_to_int(view_of(*argv[0] == '#' ? argv[0] + 1 : argv[0]), 1, INT64_MAX, &wish.number) < 0)
		return cli_usage(cli, "\"%s\" is no number", argv[0]);
	return cli_run(cli, explain, &wish);
}
