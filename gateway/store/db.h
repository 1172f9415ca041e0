/*
 * Database: the one wrapper around libpq.
 *
 * C code calls functions of the schemas `api` and `read` by name; no other SQL stands outside store/.
 * Statements are prepared once per connection; arguments go and results come in binary. One connection belongs to one
 * thread. A lost connection gives REACH_RETRY, or REACH_UNCERTAIN when a commit may have happened (the keys absorb a
 * repeat); after either, close and open again.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "core/config.h"

struct db;	/* a connection */
struct db_rows; /* a result */

#define DB_ARGS_MAX 24
#define DB_PENDING_MAX 64 /* calls in flight on one connection */

/*
 * Opens a connection as one of the fixed logins (fieldpost_intake, _web, _parse, _send, _admin). With an empty
 * database.url it goes to the embedded server's socket under state_dir (which must be running: see store/embedded.h).
 */
int db_open(const struct config *config, const char *login, struct db **out, struct error *err);
void db_close(struct db **db);
/* The socket, for poll(). */
int db_fd(const struct db *db);
/* Is the connection still good? (no round trip) */
bool db_healthy(const struct db *db);

/* Arguments of one call, in order. Views, strings and arrays must live until the call was sent. */
struct db_args {
	struct arena *arena; /* binary encodings are made here */
	int count;
	const char *values[DB_ARGS_MAX];
	int lengths[DB_ARGS_MAX];
	unsigned types[DB_ARGS_MAX];
};

void db_args_init(struct db_args *args, struct arena *arena);
void db_arg_null(struct db_args *args);		      /* untyped: only where the function has one signature */
void db_arg_int(struct db_args *args, int64_t value); /* bigint */
void db_arg_bool(struct db_args *args, bool value);
void db_arg_text(struct db_args *args, struct view value);     /* text */
void db_arg_string(struct db_args *args, const char *value);   /* text; NULL is null */
void db_arg_bytes(struct db_args *args, struct view value);    /* bytea */
void db_arg_json(struct db_args *args, const json_t *value);   /* jsonb */
void db_arg_json_text(struct db_args *args, struct view json); /* jsonb, already serialised */
void db_arg_time(struct db_args *args, int64_t unix_us);       /* timestamptz; microseconds since 1970 */
void db_arg_int_array(struct db_args *args, const int64_t *values, size_t count); /* bigint[] */
void db_arg_bool_array(struct db_args *args, const bool *values, size_t count);
void db_arg_time_array(struct db_args *args, const int64_t *unix_us, size_t count);
void db_arg_text_array(struct db_args *args, const struct view *values, size_t count); /* ptr NULL is null */
void db_arg_bytes_array(struct db_args *args, const struct view *values, size_t count);

/*
 * SELECT * FROM `function`(args): `function` is "api.name" or "read.name", letters, digits, _ and one dot only.
 * rows_out may be NULL when nothing is wanted. Outside db_begin() each call is a transaction of its own.
 */
int db_call(
	struct db *db, const char *function, const struct db_args *args, struct db_rows **rows_out, struct error *err);

/*
 * Pipelined: db_send() queues a call and flushes what the socket takes; db_receive() waits for the oldest one's rows.
 * Everything sent is received before anything else is done on the connection (more than DB_PENDING_MAX, or another call
 * meanwhile, is our bug). An error reaches only its own call, unless db_begin() made them one transaction.
 */
int db_send(struct db *db, const char *function, const struct db_args *args, struct error *err);
int db_receive(struct db *db, struct db_rows **rows_out, struct error *err);
/*
 * How long db_receive() waits for the server's next bytes before it counts as gone (REACH_UNCERTAIN; close it then); 0,
 * as at first: for ever.
 */
void db_patience(struct db *db, int milliseconds);

int db_begin(struct db *db, struct error *err);
int db_commit(struct db *db, struct error *err); /* REACH_UNCERTAIN when the answer was lost */
int db_rollback(struct db *db, struct error *err);
/* A transaction that reads as a member: BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY (all of it is of one moment);
 * SET LOCAL ROLE fieldpost_reader; SET LOCAL fieldpost.member. */
int db_begin_reader(struct db *db, int64_t member, struct error *err);
/* From here on the transaction that was begun reads as a member (a preview, which is rolled back). */
int db_read_as(struct db *db, int64_t member, struct error *err);

/* The same for the person at the machine, who is no member: all but what is restricted, or that too. */
int db_read_as_operator(struct db *db, bool restricted, struct error *err);
/* Who works with this connection, for the audit (the login fieldpost_admin alone). */
int db_set_actor(struct db *db, const char *name, struct error *err);

/* LISTEN; db_wait() then returns 1 at a notice, 0 at the time-out or when stop_fd (or -1) is readable, -1 on error. */
int db_listen(struct db *db, const char *channel, struct error *err);
int db_wait(struct db *db, int stop_fd, int timeout_ms, struct error *err);

size_t db_count(const struct db_rows *rows); /* NULL counts 0 */
/* By column name; a name that is not there ends the process (it is our bug). Null: 0, false, empty, NULL. */
bool db_is_null(const struct db_rows *rows, size_t row, const char *column);
int64_t db_get_int(const struct db_rows *rows, size_t row, const char *column); /* int2, int4, int8 */
double db_get_double(const struct db_rows *rows, size_t row, const char *column);
bool db_get_bool(const struct db_rows *rows, size_t row, const char *column);
int64_t db_get_time(const struct db_rows *rows, size_t row, const char *column); /* unix microseconds */
struct view db_get_view(
	const struct db_rows *rows, size_t row, const char *column); /* text, enum, bytea, jsonb as text */
const char *db_get_string(const struct db_rows *rows, size_t row, const char *column); /* NUL-terminated, "" for null */
json_t *db_get_json(const struct db_rows *rows, size_t row, const char *column);       /* new reference or NULL */
void db_rows_free(struct db_rows **rows);

#define DB_ROWS_SCOPED __attribute__((cleanup(db_rows_free))) struct db_rows

#endif
