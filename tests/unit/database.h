/*
 * What tests with a database share: an embedded PostgreSQL in a folder of its own under /tmp, which goes with the test.
 * PostgreSQL refuses root: as root the test goes on as the user `postgres`.
 */
#ifndef TESTS_UNIT_DATABASE_H
#define TESTS_UNIT_DATABASE_H

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "unit.h"

#include "core/config.h"
#include "store/db.h"
#include "store/embedded.h"
#include "store/migrate.h"

struct database {
	char state[64];
	struct config config;
	struct embedded *embedded;
};

static inline void database_good(const char *what, int result, const struct error *err)
{
	if (result < 0)
		fail_msg("%s: %s: %s", what, error_reach_name(err->reach), err->text);
}

static inline void database_leave_root(void)
{
	const struct passwd *user = getpwnam("postgres");

	if (geteuid() != 0)
		return;
	if (!user || setgroups(0, NULL) < 0 || setgid(user->pw_gid) < 0 || setuid(user->pw_uid) < 0)
		fail_msg("there is no user postgres to run PostgreSQL as");
}

/* A folder and a config; no server yet. */
static inline void database_folder(struct database *database)
{
	database_leave_root();
	*database = (struct database){.state = "/tmp/fieldpost-test.XXXXXX"};
	if (!mkdtemp(database->state))
		fail_msg("no folder under /tmp");
	database->config.state_dir = database->state;
	database->config.share_dir = "config"; /* tests run at the top of the tree */
}

/* A server with the schema. */
static inline void database_begin(struct database *database)
{
	struct error err = ERROR_INIT;

	database_folder(database);
	database_good("hold", embedded_hold(&database->config, &database->embedded, &err), &err);
	database_good("migrate", migrate_run(&database->config, NULL, &err), &err);
}

static inline void database_end(struct database *database)
{
	char command[128];

	embedded_release(&database->embedded);
	snprintf(command, sizeof(command), "rm -rf %s", database->state);
	if ((system)(command) != 0)
		fail_msg("%s cannot be removed", database->state);
}

static inline struct db *database_open(const struct database *database, const char *login)
{
	struct error err = ERROR_INIT;
	struct db *db = NULL;

	database_good(login, db_open(&database->config, login, &db, &err), &err);
	return db;
}

#endif
