/* cli/database: a command's connection to the database, with the embedded server started for its time. See cli.h. */
#include "cli/cli.h"

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
