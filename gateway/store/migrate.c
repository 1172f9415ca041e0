/* store/migrate: brings a database to the schema this program knows. See migrate.h; the files are read in
 * migrate_files.c. */
#include "store/migrate.h"

#include "store/db_private.h"
#include "store/migrate_files.h"

/* Any number that nobody else uses: ASCII "fieldpos". */
#define ADVISORY_LOCK "7379556667098361715"

/* What is recorded beside the migrations: the state of the functions and views, under this version. */
#define FUNCTIONS_VERSION 0

/*
 * Functions change their signatures, and a removed one must not stay callable. One that a policy or view rests on
 * cannot be dropped; its file replaces it.
 */
static const char *const drop_functions =
	"DO $$ DECLARE name text; BEGIN"
	" FOR name IN SELECT p.oid::regprocedure FROM pg_proc p"
	"  WHERE p.pronamespace IN ('api'::regnamespace, 'fieldpost'::regnamespace, 'read'::regnamespace,"
	"  'report'::regnamespace) LOOP"
	"  BEGIN EXECUTE 'DROP FUNCTION ' || name;"
	"  EXCEPTION WHEN dependent_objects_still_exist THEN NULL; END;"
	" END LOOP; END $$";

static int record(struct db *db, int version, const char *name, const char *sha256, struct error *err)
{
	struct arena *arena = arena_new();
	struct db_args args;
	int result;

	db_args_init(&args, arena);
	db_arg_int(&args, version);
	db_arg_string(&args, name);
	db_arg_string(&args, sha256);
	result = db_query(db,
		"INSERT INTO fieldpost.schema_migration (version, name, sha256) VALUES ($1, $2, $3) "
		"ON CONFLICT (version) DO UPDATE SET sha256 = excluded.sha256, applied_at = now()",
		&args, NULL, err);
	arena_free(&arena);
	return result;
}

/* ---- what the database has ---- */

struct have {
	int version;				/* 0: nothing yet */
	char functions_sha256[SHA256_HEX_SIZE]; /* "": none */
};

static int check_unedited(const struct sql_schema *schema, const struct db_rows *rows, size_t row, struct error *err)
{
	int64_t version = db_get_int(rows, row, "version");
	const struct sql_file *file;

	if (version > (int64_t)schema->migrations.count)
		return error_set(err, REACH_STOP,
			"the database has schema %lld and this program knows %zu at most: install the newer program",
			(long long)version, schema->migrations.count);
	file = &schema->migrations.list[version - 1];
	if (!view_equal(view_of(file->sha256), db_get_view(rows, row, "sha256")))
		return error_set(
			err, REACH_STOP, "%s was edited after it was applied: put it back as it was", file->name);
	return 0;
}

static int read_rows(const struct sql_schema *schema, const struct db_rows *rows, struct have *have, struct error *err)
{
	for (size_t row = 0; row < db_count(rows); row++) {
		int64_t version = db_get_int(rows, row, "version");

		if (version == FUNCTIONS_VERSION) {
			snprintf(have->functions_sha256, sizeof(have->functions_sha256), "%s",
				db_get_string(rows, row, "sha256"));
			continue;
		}
		if (check_unedited(schema, rows, row, err) < 0)
			return -1;
		if (version > have->version)
			have->version = (int)version;
	}
	return 0;
}

static int look(struct db *db, const struct sql_schema *schema, struct have *have, struct error *err)
{
	struct db_rows *rows = NULL;
	bool there;
	int result;

	*have = (struct have){.version = 0};
	if (db_query(db, "SELECT to_regclass('fieldpost.schema_migration') IS NOT NULL AS there", NULL, &rows, err) < 0)
		return -1;
	there = db_get_bool(rows, 0, "there");
	db_rows_free(&rows);
	if (!there)
		return 0;
	if (db_query(db, "SELECT version, sha256 FROM fieldpost.schema_migration", NULL, &rows, err) < 0)
		return -1;
	result = read_rows(schema, rows, have, err);
	db_rows_free(&rows);
	return result;
}

/* ---- bringing it up ---- */

/* A file that the database refuses will be refused again, whatever the reason. */
static int apply_file(struct db *db, const struct sql_file *file, struct error *err)
{
	if (db_execute(db, file->sql.ptr, file->name, err) == 0)
		return db_execute(db, "RESET ROLE; RESET search_path", "migration", err);
	if (err && db_healthy(db) && err->reach == REACH_MESSAGE)
		err->reach = REACH_STOP;
	return -1;
}

static int apply(struct db *db, const struct sql_file *files, size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++)
		if (apply_file(db, &files[i], err) < 0)
			return -1;
	return 0;
}

static int migrate_one(struct db *db, const struct sql_file *file, struct error *err)
{
	if (db_begin(db, err) < 0)
		return -1;
	if (apply(db, file, 1, err) < 0 || record(db, file->version, file->base, file->sha256, err) < 0) {
		db_rollback(db, NULL);
		return -1;
	}
	return db_commit(db, err);
}

static int replace_functions(struct db *db, const struct sql_schema *schema, struct error *err)
{
	if (db_begin(db, err) < 0)
		return -1;
	if (db_execute(db, drop_functions, "dropping the old functions", err) < 0 ||
		apply(db, schema->functions.list, schema->functions.count, err) < 0 ||
		record(db, FUNCTIONS_VERSION, "functions", schema->functions_sha256, err) < 0) {
		db_rollback(db, NULL);
		return -1;
	}
	return db_commit(db, err);
}

static int bring_up(struct db *db, const struct sql_schema *schema, int *applied, struct error *err)
{
	struct have have;

	if (db_execute(db, "SELECT pg_advisory_lock(" ADVISORY_LOCK ")", "waiting for another migration", err) < 0)
		return -1;
	if (look(db, schema, &have, err) < 0)
		return -1;
	for (size_t i = (size_t)have.version; i < schema->migrations.count; i++) {
		if (migrate_one(db, &schema->migrations.list[i], err) < 0)
			return -1;
		++*applied;
	}
	if (*applied == 0 && strcmp(have.functions_sha256, schema->functions_sha256) == 0)
		return 0;
	return replace_functions(db, schema, err);
}

int migrate_run(const struct config *config, int *applied_out, struct error *err)
{
	struct arena *arena = arena_new();
	struct sql_schema schema;
	struct db *db = NULL;
	int applied = 0, result = -1;

	if (sql_schema_load(config, arena, &schema, err) == 0 &&
		db_open_maintenance(config, DB_EMBEDDED_NAME, &db, err) == 0)
		result = bring_up(db, &schema, &applied, err);
	db_close(&db);
	arena_free(&arena);
	if (result == 0 && applied_out)
		*applied_out = applied;
	return result;
}

/* ---- looking only ---- */

static int compare(struct db *db, const struct sql_schema *schema, struct error *err)
{
	struct error none = ERROR_INIT;
	struct have have = {.version = 0};
	struct db_rows *rows = NULL;
	int result;

	if (db_call(db, "api.schema_state", NULL, &rows, &none) < 0)
		return error_set(err, none.reach,
			"the database has no Fieldpost schema, or a broken one: run `fieldpost db init` (%s)",
			none.text);
	result = read_rows(schema, rows, &have, err);
	db_rows_free(&rows);
	if (result < 0)
		return -1;
	if (have.version < (int)schema->migrations.count ||
		strcmp(have.functions_sha256, schema->functions_sha256) != 0)
		return error_set(err, REACH_STOP,
			"the database has schema %d, or functions, of an older program: run `fieldpost db upgrade`",
			have.version);
	return 0;
}

int migrate_check(const struct config *config, struct error *err)
{
	struct arena *arena = arena_new();
	struct sql_schema schema;
	struct db *db = NULL;
	int result = -1;

	if (sql_schema_load(config, arena, &schema, err) == 0) {
		result = db_open(config, "fieldpost_admin", &db, err);
		if (result == 0)
			result = compare(db, &schema, err);
		else if (err && err->reach == REACH_STOP)
			error_prefix(err, "run `fieldpost db init`, or give its logins access (docs/database.md)");
	}
	db_close(&db);
	arena_free(&arena);
	return result;
}

int migrate_passwords(const struct config *config, struct error *err)
{
	static const char *const logins[] = {
		"fieldpost_intake", "fieldpost_web", "fieldpost_parse", "fieldpost_send", "fieldpost_admin"};
	const struct config_secret *secret = &config->database.password;
	struct arena *arena;
	struct view password;
	struct db *db = NULL;
	int result;

	if (!config->database.url || (!secret->file && !secret->credential && !secret->command))
		return 0;
	arena = arena_new();
	result = config_secret(secret, arena, &password, err);
	if (result == 0)
		result = db_open_maintenance(config, NULL, &db, err);
	for (size_t i = 0; result == 0 && i < sizeof(logins) / sizeof(logins[0]); i++)
		result = db_set_password(db, logins[i], password, err);
	db_close(&db);
	arena_free(&arena);
	return result;
}
