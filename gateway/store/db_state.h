/*
 * Database: a connection's own state, shared by db.c (calls, transactions), db_statement.c (prepared statements),
 * db_pipeline.c (calls in flight) and db_error.c (failures in words).
 */
#ifndef STORE_DB_STATE_H
#define STORE_DB_STATE_H

#include "store/db_private.h"

#define SQL_MAX 4096 /* bytes of a call's SQL */
#define STATEMENT_NAME_SIZE 24

/* A statement; its name in the server is its place in the table. */
struct statement {
	char *sql;
	bool prepared;
	int count;
	unsigned types[DB_ARGS_MAX];
};

/* A call that was sent and whose rows are still to come. */
struct pending {
	size_t statement;
	bool preparing; /* its PREPARE's result comes first */
};

struct db {
	PGconn *connection;
	bool in_transaction;
	int patience_ms; /* of db_receive() for the next bytes; 0: without end */
	struct statement *statements;
	size_t statement_count;
	struct pending pending[DB_PENDING_MAX]; /* a ring, the oldest first */
	size_t pending_first, pending_count;
};

/* DB_ARGS_MAX ones: every argument is binary. */
extern const int db_formats[DB_ARGS_MAX];

/* Writes the SQL of a call; a name that is not allowed ends the process. */
void db_statement_call(struct text *sql, const char *function, const struct db_args *args);
/* The number of the statement with that SQL and those types of arguments: a new one is not prepared yet. */
size_t db_statement_number(struct db *db, struct view sql, const struct db_args *args);
/* Its name, written to a buffer of STATEMENT_NAME_SIZE. */
const char *db_statement_name(char *buffer, size_t number);
void db_statements_release(struct db *db);

/* As db_failure(); a write that got no answer, outside a transaction block, is UNCERTAIN. */
int db_call_failure(struct db *db, const PGresult *result, const char *what, struct error *err);
/* Leaves pipeline mode; results that are still to be received are our bug and end the process. */
int db_pipeline_leave(struct db *db, struct error *err);

#endif
