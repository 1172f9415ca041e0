/*
 * store/db: calls in flight, over libpq's pipeline mode. See db.h.
 *
 * Each call ends with a Sync, so that each is a transaction of its own (outside db_begin()) and an error reaches only
 * its own call. The socket is non-blocking here: while we wait to write, what the server sends is read, or both would
 * wait for ever.
 */
#include "store/db_state.h"

#include <errno.h>
#include <poll.h>
#include <sysexits.h>

static _Noreturn void misuse(const char *what)
{
	fprintf(stderr, "fieldpost: database: %s\n", what);
	_Exit(EX_SOFTWARE);
}

int db_pipeline_leave(struct db *db, struct error *err)
{
	if (PQpipelineStatus(db->connection) == PQ_PIPELINE_OFF)
		return 0;
	if (db->pending_count > 0 && db_healthy(db))
		misuse("a call while results are still to be received");
	if (!PQexitPipelineMode(db->connection) || PQsetnonblocking(db->connection, 0) != 0)
		return db_failure(db, NULL, "leaving pipeline mode", err);
	return 0;
}

static int enter(struct db *db)
{
	if (PQpipelineStatus(db->connection) != PQ_PIPELINE_OFF)
		return 0;
	return PQsetnonblocking(db->connection, 1) == 0 && PQenterPipelineMode(db->connection) ? 0 : -1;
}

static int send_call(struct db *db, size_t number, const struct db_args *args)
{
	struct statement *statement = &db->statements[number];
	char name[STATEMENT_NAME_SIZE];

	db_statement_name(name, number);
	if (!statement->prepared &&
		!PQsendPrepare(db->connection, name, statement->sql, statement->count, statement->types))
		return -1;
	if (!PQsendQueryPrepared(db->connection, name, statement->count, args ? args->values : NULL,
		    args ? args->lengths : NULL, db_formats, 1))
		return -1;
	if (!PQpipelineSync(db->connection) || PQflush(db->connection) < 0)
		return -1;
	return 0;
}

void db_patience(struct db *db, int milliseconds)
{
	db->patience_ms = milliseconds;
}

int db_send(struct db *db, const char *function, const struct db_args *args, struct error *err)
{
	struct pending *pending;
	TEXT_SCOPED sql;
	size_t number;

	if (db->pending_count >= DB_PENDING_MAX)
		misuse("more than DB_PENDING_MAX calls in flight");
	text_init(&sql, SQL_MAX);
	db_statement_call(&sql, function, args);
	number = db_statement_number(db, text_view(&sql), args);
	if (enter(db) < 0 || send_call(db, number, args) < 0)
		return db_call_failure(db, NULL, function, err);
	pending = &db->pending[(db->pending_first + db->pending_count++) % DB_PENDING_MAX];
	*pending = (struct pending){number, !db->statements[number].prepared};
	db->statements[number].prepared = true;
	return 0;
}

/* Waits until a result is there; writes what is still to be written meanwhile. */
static int wait_result(struct db *db)
{
	for (;;) {
		struct pollfd fd = {db_fd(db), POLLIN, 0};
		int unsent = PQflush(db->connection), ready;

		if (unsent < 0)
			return -1;
		if (!PQisBusy(db->connection))
			return 0;
		if (unsent > 0)
			fd.events |= POLLOUT;
		ready = poll(&fd, 1, db->patience_ms ? db->patience_ms : -1);
		if (ready == 0 || (ready < 0 && errno != EINTR))
			return -1;
		if ((fd.revents & (POLLIN | POLLERR | POLLHUP)) && !PQconsumeInput(db->connection))
			return -1;
	}
}

/* The next result; NULL between two calls' results, and when the connection is lost (then *lost_out). */
static PGresult *next_result(struct db *db, bool *lost_out)
{
	PGresult *result;

	*lost_out = wait_result(db) < 0;
	if (*lost_out && db_healthy(db))
		return NULL; /* patience is over: to ask would be to wait */
	result = PQgetResult(db->connection);
	if (!db_healthy(db))
		*lost_out = true;
	return result;
}

/* Keeps the first that matters: an error before all. */
static void keep(PGresult **kept, PGresult *result)
{
	bool failed = PQresultStatus(result) == PGRES_FATAL_ERROR;
	bool kept_failed = *kept && PQresultStatus(*kept) == PGRES_FATAL_ERROR;

	if (PQresultStatus(result) == PGRES_PIPELINE_ABORTED || kept_failed || (*kept && !failed)) {
		PQclear(result);
		return;
	}
	PQclear(*kept);
	*kept = result;
}

/* All results of one call up to its Sync. *preparing: it is prepared with it, the rows come second; false afterwards when
 * that went well, whatever became of the call: what is prepared stays, also when its transaction does not. */
static int collect(struct db *db, bool *preparing, PGresult **kept_out)
{
	PGresult *kept = NULL, *result;
	bool lost;

	for (;;) {
		result = next_result(db, &lost);
		if (PQresultStatus(result) == PGRES_PIPELINE_SYNC && result)
			break;
		if (lost) {
			PQclear(result);
			*kept_out = kept;
			return -1;
		}
		if (!result)
			continue;
		if (*preparing && PQresultStatus(result) == PGRES_COMMAND_OK) {
			PQclear(result);
			*preparing = false;
			continue;
		}
		keep(&kept, result);
	}
	PQclear(result);
	*kept_out = kept;
	return 0;
}

int db_receive(struct db *db, struct db_rows **rows_out, struct error *err)
{
	struct pending pending = db->pending[db->pending_first];
	const char *what = db->statements ? db->statements[pending.statement].sql : "";
	PGresult *result = NULL;
	int lost;

	if (db->pending_count == 0)
		misuse("nothing to receive");
	db->pending_first = (db->pending_first + 1) % DB_PENDING_MAX;
	db->pending_count--;
	lost = collect(db, &pending.preparing, &result);
	if (lost < 0 || PQresultStatus(result) == PGRES_FATAL_ERROR || !result) {
		if (pending.preparing)
			db->statements[pending.statement].prepared = false;
		db_call_failure(db, result, what + strlen("SELECT * FROM "), err);
		PQclear(result);
		return -1;
	}
	if (rows_out)
		*rows_out = db_rows_wrap(result);
	else
		PQclear(result);
	return 0;
}
