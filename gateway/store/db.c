/*
 * store/db: calls, transactions, notices. See db.h. Its neighbours: db_connect.c opens connections, db_args.c and
 * db_rows.c know the binary formats, db_statement.c the prepared statements, db_pipeline.c the calls in flight,
 * db_error.c the words of failures.
 */
#include "store/db_private.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sysexits.h>

#include "core/clock.h"
#include "store/db_state.h"

const int db_formats[DB_ARGS_MAX] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

/* ---- a connection ---- */

static void ignore_notice(void *context, const PGresult *result)
{
	(void)context;
	(void)result;
}

struct db *db_adopt(PGconn *connection)
{
	struct db *db = calloc(1, sizeof(*db));

	if (!db || !connection)
		exit(EX_OSERR);
	db->connection = connection;
	PQsetNoticeReceiver(connection, ignore_notice, NULL);
	return db;
}

void db_close(struct db **db)
{
	if (!*db)
		return;
	PQfinish((*db)->connection);
	db_statements_release(*db);
	free(*db);
	*db = NULL;
}

int db_fd(const struct db *db)
{
	return PQsocket(db->connection);
}

bool db_healthy(const struct db *db)
{
	return PQstatus(db->connection) == CONNECTION_OK;
}

/* ---- calls, one at a time ---- */

static int take_result(struct db *db, PGresult *result, const char *what, struct db_rows **rows_out, struct error *err)
{
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
		db_call_failure(db, result, what, err);
		PQclear(result);
		return -1;
	}
	if (rows_out)
		*rows_out = db_rows_wrap(result);
	else
		PQclear(result);
	return 0;
}

static int prepare(struct db *db, size_t number, const char *name, const char *what, struct error *err)
{
	struct statement *statement = &db->statements[number];
	PGresult *result;

	if (statement->prepared)
		return 0;
	result = PQprepare(db->connection, name, statement->sql, statement->count, statement->types);
	if (PQresultStatus(result) != PGRES_COMMAND_OK) {
		db_failure(db, result, what, err);
		PQclear(result);
		return -1;
	}
	PQclear(result);
	statement->prepared = true;
	return 0;
}

static int call_sql(struct db *db, struct view sql, const struct db_args *args, const char *what,
	struct db_rows **rows_out, struct error *err)
{
	char name[STATEMENT_NAME_SIZE];
	size_t number;

	if (db_pipeline_leave(db, err) < 0)
		return -1;
	number = db_statement_number(db, sql, args);
	db_statement_name(name, number);
	if (prepare(db, number, name, what, err) < 0)
		return -1;
	return take_result(db,
		PQexecPrepared(db->connection, name, args ? args->count : 0, args ? args->values : NULL,
			args ? args->lengths : NULL, db_formats, 1),
		what, rows_out, err);
}

int db_call(
	struct db *db, const char *function, const struct db_args *args, struct db_rows **rows_out, struct error *err)
{
	TEXT_SCOPED sql;

	text_init(&sql, SQL_MAX);
	db_statement_call(&sql, function, args);
	return call_sql(db, text_view(&sql), args, function, rows_out, err);
}

int db_query(struct db *db, const char *sql, const struct db_args *args, struct db_rows **rows_out, struct error *err)
{
	return call_sql(db, view_of(sql), args, "query", rows_out, err);
}

/* The line of the SQL that an error points at; 0 when it points nowhere. */
static int error_line(const PGresult *result, const char *sql)
{
	const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
	long long characters = 0;
	int line = 1;

	if (!position || view_to_int(view_of(position), 1, LLONG_MAX, &characters) < 0)
		return 0;
	for (; *sql && characters > 1; sql++) {
		line += *sql == '\n';
		characters -= (*sql & 0xC0) != 0x80; /* counted in characters */
	}
	return line;
}

int db_execute(struct db *db, const char *sql, const char *what, struct error *err)
{
	char place[512];
	PGresult *result;
	int line;

	if (db_pipeline_leave(db, err) < 0)
		return -1;
	result = PQexec(db->connection, sql);
	line = error_line(result, sql);
	if (line > 1)
		snprintf(place, sizeof(place), "%s:%d", what, line);
	return take_result(db, result, line > 1 ? place : what, NULL, err);
}

int db_set_password(struct db *db, const char *login, struct view password, struct error *err)
{
	TEXT_SCOPED plain, sql;
	char *hashed, *literal;

	text_init(&plain, SQL_MAX);
	text_init(&sql, SQL_MAX);
	text_add_view(&plain, password);
	hashed = PQencryptPasswordConn(db->connection, text_string(&plain), login, "scram-sha-256");
	explicit_bzero(plain.ptr, plain.len);
	if (!hashed)
		return db_failure(db, NULL, "hashing a password", err);
	literal = PQescapeLiteral(db->connection, hashed, strlen(hashed));
	PQfreemem(hashed);
	if (!literal)
		return db_failure(db, NULL, "hashing a password", err);
	text_add_format(&sql, "ALTER ROLE %s PASSWORD %s", login, literal);
	PQfreemem(literal);
	return db_execute(db, text_string(&sql), "setting a login's password", err);
}

/* ---- transactions ---- */

int db_begin(struct db *db, struct error *err)
{
	if (db_execute(db, "BEGIN", "begin", err) < 0) {
		if (err && err->reach == REACH_UNCERTAIN)
			err->reach = REACH_RETRY; /* nothing was written yet */
		return -1;
	}
	db->in_transaction = true;
	return 0;
}

int db_commit(struct db *db, struct error *err)
{
	PGresult *result;
	bool rolled_back;

	if (db_pipeline_leave(db, err) < 0)
		return -1;
	db->in_transaction = false;
	result = PQexec(db->connection, "COMMIT");
	/* COMMIT of a failed transaction answers ROLLBACK, as a success. */
	rolled_back = PQresultStatus(result) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(result), "COMMIT") != 0;
	if (take_result(db, result, "commit", NULL, err) < 0)
		return -1;
	if (rolled_back)
		return error_set(err, REACH_RETRY, "the transaction had failed and was rolled back");
	return 0;
}

int db_rollback(struct db *db, struct error *err)
{
	db->in_transaction = false;
	if (db_healthy(db) && PQtransactionStatus(db->connection) == PQTRANS_IDLE)
		return 0;
	return db_execute(db, "ROLLBACK", "rollback", err);
}

int db_read_as(struct db *db, int64_t member, struct error *err)
{
	char sql[128];

	snprintf(sql, sizeof(sql), "SET LOCAL ROLE fieldpost_reader; SET LOCAL fieldpost.member = '%lld'",
		(long long)member);
	return db_execute(db, sql, "reading as a member", err);
}

int db_read_as_operator(struct db *db, bool restricted, struct error *err)
{
	return db_execute(db,
		restricted ? "SET LOCAL ROLE fieldpost_reader; SET LOCAL fieldpost.member = 'operator-restricted'"
			   : "SET LOCAL ROLE fieldpost_reader; SET LOCAL fieldpost.member = 'operator'",
		"reading for the operator", err);
}

int db_set_actor(struct db *db, const char *name, struct error *err)
{
	struct arena *arena = arena_new();
	struct db_args args;
	int result;

	db_args_init(&args, arena);
	db_arg_string(&args, name);
	result = db_query(db, "SELECT set_config('fieldpost.actor', $1, false)", &args, NULL, err);
	arena_free(&arena);
	return result;
}

int db_begin_reader(struct db *db, int64_t member, struct error *err)
{
	if (db_execute(db, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "begin", err) < 0)
		return -1;
	db->in_transaction = true;
	if (db_read_as(db, member, err) < 0) {
		db_rollback(db, NULL);
		return -1;
	}
	return 0;
}

/* ---- notices ---- */

int db_listen(struct db *db, const char *channel, struct error *err)
{
	TEXT_SCOPED sql;

	text_init(&sql, SQL_MAX);
	for (const char *p = channel; *p; p++)
		if (!islower((unsigned char)*p) && *p != '_')
			return error_set(err, REACH_STOP, "%s cannot be listened to", channel);
	text_add_format(&sql, "LISTEN %s", channel);
	return db_execute(db, text_string(&sql), "listen", err);
}

/* Takes what notices there are; several are one. */
static bool take_notices(struct db *db)
{
	bool any = false;
	PGnotify *notice;

	while ((notice = PQnotifies(db->connection))) {
		PQfreemem(notice);
		any = true;
	}
	return any;
}

int db_wait(struct db *db, int stop_fd, int timeout_ms, struct error *err)
{
	int64_t deadline = clock_monotonic() + (int64_t)timeout_ms * 1000;

	while (!take_notices(db)) {
		struct pollfd fds[] = {{db_fd(db), POLLIN, 0}, {stop_fd, POLLIN, 0}};
		int64_t left = timeout_ms < 0 ? -1 : (deadline - clock_monotonic() + 999) / 1000;
		int ready;

		if (timeout_ms >= 0 && left < 0)
			left = 0;
		ready = poll(fds, 2, (int)left);
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0 || fds[1].revents)
			return 0;
		if (!PQconsumeInput(db->connection))
			return db_failure(db, NULL, "waiting for a notice", err);
	}
	return 1;
}
