/*
 * store/db: failures in words, with their reach, from the SQLSTATE. See db.h.
 *
 * The server's own words may hold a piece of a message where a value was refused (classes 22 and 23): there only what
 * kind of refusal it was is told.
 */
#include "store/db_state.h"

struct rule {
	const char *prefix; /* of the SQLSTATE: the longest that fits counts, so these stand in order */
	enum error_reach reach;
};

static const struct rule rules[] = {
	{"08", REACH_RETRY},	/* connection */
	{"22", REACH_MESSAGE},	/* a value was refused */
	{"23", REACH_MESSAGE},	/* a constraint was broken */
	{"40", REACH_RETRY},	/* deadlock, serialisation */
	{"53", REACH_RETRY},	/* disk full, too many connections, out of memory */
	{"54", REACH_MESSAGE},	/* too large */
	{"55P03", REACH_RETRY}, /* a lock was not to be had in time */
	{"57", REACH_RETRY},	/* cancelled, shutting down, starting up */
	{"58", REACH_RETRY},	/* I/O of the server */
	{"25P02", REACH_RETRY}, /* the transaction failed before */
	{"25006", REACH_RETRY}, /* a standby: the primary is elsewhere */
	{"25P03", REACH_RETRY}, /* idle in a transaction for too long */
};

static enum error_reach reach_of(const char *state)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (strncmp(state, rules[i].prefix, strlen(rules[i].prefix)) == 0)
			return rules[i].reach;
	return REACH_STOP;
}

static const char *field(const PGresult *result, int code)
{
	const char *value = PQresultErrorField(result, code);

	return value ? value : "";
}

/* What no waiting mends; libpq has no SQLSTATE for a connection that was never made. */
static bool needs_operator(struct view words)
{
	static const char *const signs[] = {"does not exist", "authentication failed", "no password supplied",
		"no pg_hba.conf entry", "certificate verify failed", "root certificate file"};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (view_find(words, view_of(signs[i])) >= 0)
			return true;
	return false;
}

/* The first line of what libpq says of the connection. */
static int connection_failure(const struct db *db, const char *what, struct error *err)
{
	struct view rest = view_of(PQerrorMessage(db->connection)), line = VIEW_NULL;

	view_next_line(&rest, &line);
	if (line.len == 0)
		line = VIEW("no words from the client library");
	return error_set(
		err, needs_operator(line) ? REACH_STOP : REACH_RETRY, "database: %s: %.*s", what, VIEW_ARGS(line));
}

int db_failure(struct db *db, const PGresult *result, const char *what, struct error *err)
{
	const char *state = field(result, PG_DIAG_SQLSTATE);

	if (!state[0])
		return connection_failure(db, what, err);
	if (strncmp(state, "22", 2) == 0)
		return error_set(err, REACH_MESSAGE, "database: %s: a value was refused (SQLSTATE %s)", what, state);
	if (strncmp(state, "23", 2) == 0)
		return error_set(err, REACH_MESSAGE, "database: %s: %s of %s was broken (SQLSTATE %s)", what,
			field(result, PG_DIAG_CONSTRAINT_NAME), field(result, PG_DIAG_TABLE_NAME), state);
	if (strcmp(state, "P0001") == 0) /* RAISE: our own sentence */
		return error_set(err, REACH_STOP, "%s", field(result, PG_DIAG_MESSAGE_PRIMARY));
	if (strcmp(state, "P0002") == 0) /* RAISE no_data_found: ours too, of what was asked for and is not there */
		return error_set(err, REACH_MESSAGE, "%s", field(result, PG_DIAG_MESSAGE_PRIMARY));
	return error_set(err, reach_of(state), "database: %s: %s (SQLSTATE %s)", what,
		field(result, PG_DIAG_MESSAGE_PRIMARY), state);
}

int db_call_failure(struct db *db, const PGresult *result, const char *what, struct error *err)
{
	bool answered = field(result, PG_DIAG_SQLSTATE)[0] != '\0';

	db_failure(db, result, what, err);
	if (err && !answered && !db->in_transaction)
		err->reach = REACH_UNCERTAIN;
	return -1;
}
