/* cli/logins: the logins by OAuth 2.0 in words, for `status` and `oauth list`. See cli.h. */
#include "cli/cli.h"

#include <string.h>

#include "core/clock.h"
#include "oauth/oauth.h"
#include "store/db.h"

struct logins {
	struct cli *cli;
	const struct db_rows *rows;
	struct table *table;
	int64_t now;
	bool well;
};

static int64_t day_of(struct arena *arena, const char *day)
{
	int64_t time = 0;

	if (day)
		(void)!clock_parse(view_of(arena_printf(arena, "%sT00:00:00Z", day)), &time);
	return time;
}

static const char *words_of(struct logins *l, const struct config_oauth *login, size_t row)
{
	struct arena *arena = l->cli->arena;
	const char *ends;
	bool there = row < db_count(l->rows);

	if (there && !db_is_null(l->rows, row, "failing_since"))
		return arena_printf(arena, "failing since %s: %s",
			table_ago(arena, db_get_time(l->rows, row, "failing_since"), l->now),
			db_get_string(l->rows, row, "error"));
	if (strcmp(login->grant, "refresh") == 0 && (!there || !db_get_bool(l->rows, row, "has_refresh")))
		return arena_printf(arena, "nobody has logged in yet: `fieldpost oauth login %s`", login->name);
	ends = oauth_expiry(login, there ? db_get_time(l->rows, row, "refresh_until") : 0,
		there && db_get_bool(l->rows, row, "rotates"), l->now, arena);
	if (ends)
		return ends;
	return there ? "well" : "not used yet";
}

static void add(struct logins *l, const struct config_oauth *login)
{
	size_t row = 0;
	const char *words;
	bool there;

	while (row < db_count(l->rows) && strcmp(db_get_string(l->rows, row, "name"), login->name) != 0)
		row++;
	there = row < db_count(l->rows);
	words = words_of(l, login, row);
	table_string(l->table, "login", login->name);
	table_time(l->table, "last_token", there ? db_get_time(l->rows, row, "updated_at") : 0, l->now);
	table_time(l->table, "token_ends", there ? db_get_time(l->rows, row, "access_until") : 0, l->now);
	table_time(l->table, "login_ends", there ? db_get_time(l->rows, row, "refresh_until") : 0, l->now);
	table_time(l->table, "secret_ends", day_of(l->cli->arena, login->secret_expires), l->now);
	table_string(l->table, "status", words);
	table_end_row(l->table);
	l->well = l->well && (strcmp(words, "well") == 0 || strcmp(words, "not used yet") == 0);
}

int cli_logins(struct cli *cli, const struct config *config, struct db *db, struct table **out, bool *well_out,
	struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct logins l = {.cli = cli, .now = clock_now(), .table = table_new(cli->arena), .well = true};

	if (config->oauth_count > 0 && db_call(db, "api.status_oauth", NULL, &rows, err) < 0)
		return -1;
	l.rows = rows;
	for (size_t i = 0; i < config->oauth_count; i++)
		add(&l, &config->oauth[i]);
	*out = l.table;
	*well_out = l.well;
	return 0;
}
