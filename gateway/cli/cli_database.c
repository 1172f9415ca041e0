/* cli/database: a command's connection to the database, with the embedded server started for its time. See cli.h. */
#include "cli/cli.h"

#include "cli/reading.h"
#include "core/process.h"
#include "store/db.h"
#include "store/embedded.h"
#include "store/migrate.h"

struct cli_database {
	struct embedded *embedded; /* NULL with database.url */
	struct db *db;
};

/* Something to connect to, at the schema this program knows. */
static int ground(const struct config *config, struct embedded **embedded, struct error *err)
{
	if (config->database.url)
		return migrate_check(config, err);
	/* The private server knows the service's user only. */
	if (process_drop_root(config, err) < 0 || embedded_hold(config, embedded, err) < 0)
		return -1;
	return migrate_run(config, NULL, err);
}

int cli_database_open(struct cli *cli, const struct config *config, struct cli_database **out, struct error *err)
{
	struct cli_database *database = ARENA_NEW(cli->arena, struct cli_database);

	if (ground(config, &database->embedded, err) < 0 ||
		db_open(config, "fieldpost_admin", &database->db, err) < 0) {
		cli_database_close(&database);
		return -1;
	}
	if (db_set_actor(database->db, reading_actor(cli->arena), err) < 0) {
		cli_database_close(&database);
		return -1;
	}
	*out = database;
	return 0;
}

struct db *cli_database(struct cli_database *database)
{
	return database->db;
}

void cli_database_close(struct cli_database **database)
{
	if (!*database)
		return;
	db_close(&(*database)->db);
	embedded_release(&(*database)->embedded);
	*database = NULL;
}

int cli_run(struct cli *cli, cli_job *job, void *context)
{
	struct cli_database *database = NULL;
	struct config *config = NULL;
	struct error err = ERROR_INIT;
	int status = EX_OK;

	if (cli_config(cli, &config, &err) < 0)
		return cli_fail(cli, &err);
	if (cli_database_open(cli, config, &database, &err) < 0 || job(context, config, database->db, &err) < 0)
		status = cli_fail(cli, &err);
	cli_database_close(&database);
	config_free(&config);
	return status;
}

int cli_raw(struct cli *cli, struct db *db, int64_t message_id, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;
	struct view raw;

	db_args_init(&args, cli->arena);
	db_arg_int(&args, message_id);
	if (db_call(db, "api.message_raw", &args, &rows, err) < 0)
		return -1;
	if (db_count(rows) == 0)
		return error_set(err, REACH_MESSAGE, "there is no message %lld", (long long)message_id);
	raw = db_get_view(rows, 0, "raw");
	if (raw.len > 0)
		fwrite(raw.ptr, 1, raw.len, stdout);
	return 0;
}
