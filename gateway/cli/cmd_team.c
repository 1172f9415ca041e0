/* fieldpost team: the policy teams and who is in them. */
#include "cli/commands.h"

#include <string.h>

#include "cli/table.h"
#include "core/clock.h"
#include "delivery/delivery.h"
#include "store/db.h"

#define MEMBERS_MAX 256 /* of one command line */

struct wanted {
	const char *name;
	bool cleared;
	struct {
		const char *address, *name;
	} members[MEMBERS_MAX];
	size_t count;
};

struct session {
	struct cli *cli;
	struct config *config;
	struct cli_database *database;
	struct db *db;
};

/* Each --member with the --member-name that stands for it, in order. */
static int read_members(struct cli *cli, struct wanted *w, int *argc, char **argv, struct error *err)
{
	const char *address;

	while ((address = cli_option(argc, argv, "--member"))) {
		if (w->count == MEMBERS_MAX)
			return error_set(err, REACH_MESSAGE, "at most %d members at once", MEMBERS_MAX);
		if (delivery_address_check(address, err) < 0)
			return error_prefix(err, "--member %s", address);
		w->members[w->count].address = address;
		w->members[w->count++].name = cli_option(argc, argv, "--member-name");
	}
	return 0;
}

/* All is looked at before anything is done. */
static int read_wanted(struct cli *cli, struct wanted *w, int argc, char **argv, struct error *err)
{
	w->cleared = cli_flag(&argc, argv, "--cleared");
	if (read_members(cli, w, &argc, argv, err) < 0)
		return -1;
	if (argc < 1 || argv[0][0] == '-' || view_trim(view_of(argv[0])).len == 0)
		return error_set(err, REACH_MESSAGE, "which name has the team?");
	if (argc > 1)
		return error_set(err, REACH_MESSAGE, "what is \"%s\"?", argv[1]);
	w->name = argv[0];
	return 0;
}

static int add_member(struct session *s, const struct wanted *w, size_t at, int64_t team, struct error *err)
{
	struct db_args args;

	db_args_init(&args, s->cli->arena);
	db_arg_int(&args, team);
	db_arg_string(&args, w->members[at].name ? w->members[at].name : "");
	db_arg_string(&args, w->members[at].address);
	db_arg_string(&args, w->cleared ? "restricted" : "no-name");
	return db_call(s->db, "api.member_add", &args, NULL, err);
}

static int team_add(struct session *s, const struct wanted *w, struct error *err)
{
	struct db_args args;
	DB_ROWS_SCOPED *rows = NULL;

	db_args_init(&args, s->cli->arena);
	db_arg_string(&args, w->name);
	db_arg_bool(&args, w->cleared);
	if (db_begin(s->db, err) || db_call(s->db, "api.team_add", &args, &rows, err))
		return -1;
	for (size_t i = 0; i < w->count; i++)
		if (add_member(s, w, i, db_get_int(rows, 0, "team_id"), err))
			return -1;
	if (db_commit(s->db, err))
		return -1;
	printf("team %s%s\n", w->name, db_get_bool(rows, 0, "fresh") ? "" : " (it was there)");
	for (size_t i = 0; i < w->count; i++)
		printf("member %s\n", w->members[i].address);
	return 0;
}

/* The team, or of it just the members that are named. */
static int team_remove(struct session *s, const struct wanted *w, struct error *err)
{
	struct db_args args;
	DB_ROWS_SCOPED *rows = NULL;

	for (size_t i = 0; i < w->count; i++) {
		db_args_init(&args, s->cli->arena);
		db_arg_time(&args, clock_now());
		db_arg_string(&args, w->name);
		db_arg_string(&args, w->members[i].address);
		if (db_call(s->db, "api.member_remove", &args, NULL, err))
			return -1;
		printf("member %s gets no more digests of %s\n", w->members[i].address, w->name);
	}
	if (w->count > 0)
		return 0;
	db_args_init(&args, s->cli->arena);
	db_arg_time(&args, clock_now());
	db_arg_string(&args, w->name);
	if (db_call(s->db, "api.team_remove", &args, &rows, err))
		return -1;
	printf("team %s is gone, members %lld, subscriptions %lld\n", w->name,
		(long long)db_get_int(rows, 0, "members"), (long long)db_get_int(rows, 0, "subscriptions"));
	return 0;
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
		table_string(table, "frequency", db_get_string(rows, row, "frequency"));
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

static int run(struct session *s, const char *what, const struct wanted *wanted, struct error *err)
{
	if (cli_config(s->cli, &s->config, err) || cli_database_open(s->cli, s->config, &s->database, err))
		return -1;
	s->db = cli_database(s->database);
	if (strcmp(what, "add") == 0)
		return team_add(s, wanted, err);
	return strcmp(what, "remove") == 0 ? team_remove(s, wanted, err) : team_list(s, err);
}

int cmd_team(struct cli *cli, int argc, char **argv)
{
	struct session s = {.cli = cli};
	struct wanted wanted = {0};
	struct error err = ERROR_INIT;
	const char *what = argc > 0 ? argv[0] : "";
	bool list = strcmp(what, "list") == 0;
	int status;

	if (!list && strcmp(what, "add") != 0 && strcmp(what, "remove") != 0)
		return cli_usage(cli, "say add NAME, remove NAME or list");
	if (list ? argc != 1 : read_wanted(cli, &wanted, argc - 1, argv + 1, &err))
		return cli_usage(cli, "%s", list ? "list takes nothing" : err.text);
	status = run(&s, what, &wanted, &err) ? cli_fail(cli, &err) : EX_OK;
	cli_database_close(&s.database);
	config_free(&s.config);
	return status;
}
