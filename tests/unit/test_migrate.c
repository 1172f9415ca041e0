/* store/migrate: up to date, once, refused when edited or newer; functions replaced as a whole. */
#include "database.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include "store/db_private.h"

static struct database database;
static char share[128]; /* a copy of sql/ that the tests change */

/* Writes a file under the copy's sql/; NULL removes it. */
static void file(const char *name, const char *content)
{
	char path[256];
	FILE *stream;

	snprintf(path, sizeof(path), "%s/sql/%s", share, name);
	if (!content) {
		assert_int_equal(unlink(path), 0);
		return;
	}
	stream = fopen(path, "w");
	assert_non_null(stream);
	fputs(content, stream);
	fclose(stream);
}

static int run(void)
{
	struct error err = ERROR_INIT;
	int applied = -1;

	database_good("migrate", migrate_run(&database.config, &applied, &err), &err);
	database_good("check", migrate_check(&database.config, &err), &err);
	return applied;
}

static void refused(const char *name, int (*function)(const struct config *, struct error *), const char *words)
{
	struct error err = ERROR_INIT;

	if (function(&database.config, &err) == 0)
		fail_msg("%s: not refused", name);
	unit_same_number(name, err.reach, REACH_STOP);
	unit_holds(name, err.text, words);
}

static int run_only(const struct config *config, struct error *err)
{
	return migrate_run(config, NULL, err);
}

static int call(const char *function, struct error *err)
{
	struct db *db = database_open(&database, "fieldpost_admin");
	int result = db_call(db, function, NULL, NULL, err);

	db_close(&db);
	return result;
}

static void test_once(void **state)
{
	(void)state;
	refused("nothing there yet", migrate_check, "");
	assert_true(run() > 0);
	assert_int_equal(run(), 0);
}

static void test_functions(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	file("api/extra.sql", "SET LOCAL ROLE fieldpost_owner;\nCREATE FUNCTION api.extra() RETURNS integer LANGUAGE "
			      "sql AS 'SELECT 1';\n"
			      "GRANT EXECUTE ON FUNCTION api.extra() TO fieldpost_admin;\n");
	refused("functions of an older program", migrate_check, "fieldpost db upgrade");
	assert_int_equal(run(), 0);
	database_good("extra", call("api.extra", &err), &err);
	file("api/extra.sql", "SET LOCAL ROLE fieldpost_owner;\nCREATE FUNCTION api.extra() RETURNS text LANGUAGE sql "
			      "AS 'SELECT ''x''';\n");
	assert_int_equal(run(), 0); /* another type: made anew, and not granted any more */
	assert_int_equal(call("api.extra", &err), -1);
	file("api/extra.sql", NULL);
	assert_int_equal(run(), 0);
	assert_int_equal(call("api.extra", &err), -1);
	unit_holds("gone", err.text, "does not exist");
}

static void test_broken(void **state)
{
	(void)state;
	file("migrations/9999_later.sql", "SELECT 1;\n");
	refused("a gap", run_only, "9999_later.sql: the name should begin with 00");
	file("migrations/9999_later.sql", NULL);
	file("api/extra.sql", "SELECT 1;\n\nCREATE NONSENSE;\n");
	refused("a broken file", run_only, "extra.sql:3: syntax error");
	file("api/extra.sql", NULL);
	assert_int_equal(run(), 0);
}

/* The number of the next migration, from how many there are. */
static const char *next_name(int step)
{
	static char name[64];
	char path[256];
	int number = 0;

	do {
		number++;
		snprintf(path, sizeof(path), "ls %s/sql/migrations/%04d_* >/dev/null 2>&1", share, number);
	} while ((system)(path) == 0);
	snprintf(name, sizeof(name), "migrations/%04d_step%d.sql", number, step);
	return name;
}

static void test_upwards(void **state)
{
	char first[64], second[64];

	(void)state;
	snprintf(first, sizeof(first), "%s", next_name(1));
	file(first, "SET LOCAL ROLE fieldpost_owner;\nCREATE TABLE fieldpost.step1 (a integer);\n");
	refused("an older schema", migrate_check, "fieldpost db upgrade");
	assert_int_equal(run(), 1);

	snprintf(second, sizeof(second), "%s", next_name(2));
	file(second, "CREATE TABLE fieldpost.step2 (a integer);\nSELECT 1 / 0;\n");
	refused("a migration that fails", run_only, "");
	file(second, "CREATE TABLE fieldpost.step2 (a integer);\n"); /* it left nothing behind */
	assert_int_equal(run(), 1);

	file(second, "CREATE TABLE fieldpost.step2 (b integer);\n");
	refused("edited", run_only, "was edited after it was applied");
	file(second, NULL);
	refused("a newer schema", run_only, "install the newer program");
	refused("a newer schema, looked at", migrate_check, "install the newer program");
	file(second, "CREATE TABLE fieldpost.step2 (a integer);\n");
	assert_int_equal(run(), 0);
}

/* Two at once: one waits for the other. */
static void test_at_once(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	file(next_name(3), "CREATE TABLE fieldpost.step3 (a integer);\nSELECT pg_sleep(0.2);\n");
	pid = fork();
	if (pid == 0) {
		struct error err = ERROR_INIT;

		_exit(migrate_run(&database.config, NULL, &err) < 0);
	}
	run();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void make_database(const char *name)
{
	struct error err = ERROR_INIT;
	struct db *db = NULL;
	char sql[64];

	database_good("maintenance", db_open_maintenance(&database.config, "postgres", &db, &err), &err);
	snprintf(sql, sizeof(sql), "CREATE DATABASE %s", name);
	database_good(sql, db_execute(db, sql, sql, &err), &err);
	db_close(&db);
}

/* A server of one's own: another database, named by a URL, in a cluster that has the roles already. */
static void test_url(void **state)
{
	struct database other = database;
	struct error err = ERROR_INIT;
	struct db *db;
	char url[256];

	(void)state;
	make_database("other");
	snprintf(url, sizeof(url), "host=%s/postgresql/socket dbname=other user=postgres", database.state);
	other.config.database.url = url;
	assert_int_equal(migrate_check(&other.config, &err), -1);
	database_good("migrate", migrate_run(&other.config, NULL, &err), &err);
	database_good("passwords", migrate_passwords(&other.config, &err), &err); /* there is none: nothing to do */
	database_good("check", migrate_check(&other.config, &err), &err);
	db = database_open(&other, "fieldpost_send");
	database_good("call", db_call(db, "api.schema_state", NULL, NULL, &err), &err);
	db_close(&db);
}

/* The logins get the password that a command says, and need no other. */
static void test_passwords(void **state)
{
	struct database other = database;
	struct error err = ERROR_INIT;
	struct db_rows *rows = NULL;
	struct db *db = NULL;
	char url[256];

	(void)state;
	snprintf(url, sizeof(url), "host=%s/postgresql/socket dbname=other user=postgres", database.state);
	other.config.database.url = url;
	other.config.database.password.command = "echo let me in";
	database_good("passwords", migrate_passwords(&other.config, &err), &err);
	database_good("maintenance", db_open_maintenance(&other.config, NULL, &db, &err), &err);
	database_good("look",
		db_query(db,
			"SELECT count(*) AS n FROM pg_authid WHERE rolname LIKE 'fieldpost%' AND rolpassword LIKE "
			"'SCRAM-SHA-256$%'",
			NULL, &rows, &err),
		&err);
	assert_int_equal(db_get_int(rows, 0, "n"), 5);
	db_rows_free(&rows);
	db_close(&db);
}

static int set_up(void **state)
{
	struct error err = ERROR_INIT;
	char command[512];

	(void)state;
	database_folder(&database);
	snprintf(share, sizeof(share), "%s/share", database.state);
	snprintf(command, sizeof(command), "mkdir %s && cp -r sql %s/sql", share, share);
	assert_int_equal((system)(command), 0);
	database.config.share_dir = share;
	database_good("hold", embedded_hold(&database.config, &database.embedded, &err), &err);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	database_end(&database);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_functions),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_upwards),
		cmocka_unit_test(test_at_once),
		cmocka_unit_test(test_url),
		cmocka_unit_test(test_passwords),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
