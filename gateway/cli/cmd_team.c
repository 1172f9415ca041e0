/* fieldpost team: the policy teams and who is in them. */
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

static int add_member(
	struct session *s, int64_t team, const char *address, const char *name, bool cleared, struct error *err)
{
	struct db_args args;

	if (!strchr(address, '@'))
		return error_set(err, REACH_MESSAGE, "\"%s\" is no mail address", address);
	db_args_init(&args, s->cli->arena);
	db_arg_int(&args, team);
	db_arg_string(&args, name ? name : "");
	db_arg_string(&args, address);
	db_arg_string(&args, cleared ? "restricted" : "no-name");
	return db_call(s->db, "api.member_add", &args, NULL, err);
}

/* Each --member with the --member-name that stands for it, in order. */
static int add_members(struct session *s, int64_t team, bool cleared, int *argc, char **argv, struct error *err)
{
	const char *address;

	while ((address = cli_option(argc, argv, "--member"))) {
		const char *name = cli_option(argc, argv, "--member-name");

		if (add_member(s, team, address, name, cleared, err))
			return -1;
		printf("member %s\n", address);
	}
	return 0;
}

static int team_add(struct session *s, int argc, char **argv, struct error *err)
{
	bool cleared = cli_flag(&argc, argv, "--cleared");
	const char *name = argc > 0 ? argv[0] : "";
	struct db_args args;
	DB_ROWS_SCOPED *rows = NULL;

	db_args_init(&args, s->cli->arena);
	db_arg_string(&args, name);
	db_arg_bool(&args, cleared);
	if (db_begin(s->db, err) || db_call(s->db, "api.team_add", &args, &rows, err))
		return -1;
	printf("team %s%s\n", name, db_get_bool(rows, 0, "fresh") ? "" : " (it was there)");
	if (add_members(s, db_get_int(rows, 0, "team_id"), cleared, &argc, argv, err))
		return -1;
	if (argc > 1)
		return error_set(err, REACH_MESSAGE, "what is \"%s\"?", argv[1]);
	return db_commit(s->db, err);
}

static const char *member_words(struct session *s, const struct db_rows *rows, size_t row)
{
	json_t *members = db_get_json(rows, row, "members"), *member;
	const char *words = "";
	size_t i;

	json_array_foreach(members, i, member) words = arena_printf(s->cli->arena, "%s%s%s", words, i > 0 ? ", " : "",
		json_string_value(json_object_get(member, "address")));
	json_decref(members);
	return words;
}

static int team_list(struct session *s, struct error *err)
{
	struct table *table = table_new(s->cli->arena);
	int64_t now = clock_now();
	struct db_args args;
	DB_ROWS_SCOPED *rows = NULL;

	db_args_init(&args, s->cli->arena);
	db_arg_time(&args, now);
	if (db_call(s->db, "api.team_list", &args, &rows, err))
		return -1;
	for (size_t row = 0; row < db_count(rows); row++) {
		bool subscribed = !db_is_null(rows, row, "subscription_id");

		table_string(table, "team", db_get_string(rows, row, "team"));
		table_string(table, "cleared", db_get_bool(rows, row, "cleared") ? "yes" : "no");
		table_string(table, "subscription",
			subscribed ? arena_printf(
					     s->cli->arena, "%lld", (long long)db_get_int(rows, row, "subscription_id"))
				   : NULL);
		table_string(table, "language", db_get_string(rows, row, "language"));
		table_string(table, "zone", db_get_string(rows, row, "zone"));
		table_time(table, "next_digest", subscribed ? db_get_time(rows, row, "next_due") : 0, now);
		table_string(table, "members", member_words(s, rows, row));
		table_end_row(table);
	}
	if (s->cli->json) {
		json_t *json = table_json(table);

		json_dumpf(json, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(json);
	} else {
		table_print(table, "", stdout);
	}
	return 0;
}

int cmd_team(struct cli *cli, int argc, char **argv)
{
	struct session s = {.cli = cli};
	struct error err = ERROR_INIT;
	bool add = argc > 1 && strcmp(argv[0], "add") == 0 && argv[1][0] != '-';
	int status = EX_OK;

	if (!add && (argc != 1 || strcmp(argv[0], "list") != 0))
		return cli_usage(cli, "say add NAME or list");
	if (cli_config(cli, &s.config, &err) || cli_database_open(cli, s.config, &s.database, &err)) {
		status = cli_fail(cli, &err);
	} else {
		s.db = cli_database(s.database);
		if (add ? team_add(&s, argc - 1, argv + 1, &err) : team_list(&s, &err))
			status = cli_fail(cli, &err);
	}
	cli_database_close(&s.database);
	config_free(&s.config);
	return status;
}
