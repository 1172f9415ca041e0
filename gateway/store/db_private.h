/*
 * Database, for store/ alone: what db.c, db_args.c, db_rows.c share, and what embedded.c and migrate.c need beyond
 * functions and views (SQL of their own, over the simple protocol).
 */
#ifndef STORE_DB_PRIVATE_H
#define STORE_DB_PRIVATE_H

#include <libpq-fe.h>

#include "store/db.h"

/* The types' numbers, fixed in PostgreSQL for ever (pg_type.dat). */
enum db_type {
	DB_BOOL = 16,
	DB_BYTEA = 17,
	DB_NAME = 19,
	DB_INT8 = 20,
	DB_INT2 = 21,
	DB_INT4 = 23,
	DB_TEXT = 25,
	DB_JSON = 114,
	DB_FLOAT4 = 700,
	DB_FLOAT8 = 701,
	DB_BOOL_ARRAY = 1000,
	DB_BYTEA_ARRAY = 1001,
	DB_TEXT_ARRAY = 1009,
	DB_INT8_ARRAY = 1016,
	DB_VARCHAR = 1043,
	DB_TIMESTAMPTZ = 1184,
	DB_TIMESTAMPTZ_ARRAY = 1185,
	DB_NUMERIC = 1700,
	DB_VOID = 2278,
	DB_JSONB = 3802,
};

/* 2000-01-01 in Unix microseconds: where PostgreSQL's time begins. */
#define DB_EPOCH_US (INT64_C(946684800) * 1000000)

/* The embedded server's names. */
#define DB_EMBEDDED_NAME "fieldpost"
#define DB_EMBEDDED_SUPERUSER "postgres"
#define DB_EMBEDDED_PORT "5432"

/* Wraps a result; it is the rows' from then on. */
struct db_rows *db_rows_wrap(PGresult *result);

/* Takes over a connection in whatever state it is; ends the process when it is NULL (out of memory). */
struct db *db_adopt(PGconn *connection);

/* Fills err from a failed result (or from the connection when it is NULL); `what` is what was called. Returns -1. */
int db_failure(struct db *db, const PGresult *result, const char *what, struct error *err);

/*
 * Opens a connection as the role that may create roles: the embedded server's superuser in `database`, or whoever
 * database.url names (`database` is then not looked at).
 */
int db_open_maintenance(const struct config *config, const char *database, struct db **out, struct error *err);
/* Statements in SQL, no arguments, no rows (simple protocol: several statements are one transaction). */
int db_execute(struct db *db, const char *sql, const char *what, struct error *err);
/* One statement with arguments and rows. */
int db_query(struct db *db, const char *sql, const struct db_args *args, struct db_rows **rows_out, struct error *err);
/* Sets a login's password (hashed here). */
int db_set_password(struct db *db, const char *login, struct view password, struct error *err);

enum db_answer { DB_ANSWER_NONE, DB_ANSWER_NOT_YET, DB_ANSWER_READY };
/* Does a server answer on the embedded socket folder? */
enum db_answer db_ping(const char *socket_dir);

#endif
