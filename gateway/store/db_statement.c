/* store/db: what may be called, and the prepared statements of a connection. See db_state.h. */
#include "store/db_state.h"

#include <ctype.h>
#include <sysexits.h>

/* A name of `api` or `read`, of letters, digits and _; anything else is our bug. */
static void check_name(const char *name)
{
	const char *rest = strchr(name, '.');
	bool good = (view_starts(view_of(name), VIEW("api.")) || view_starts(view_of(name), VIEW("read."))) && rest[1];

	for (const char *p = good ? rest + 1 : ""; *p; p++)
		good = good && (islower((unsigned char)*p) || isdigit((unsigned char)*p) || *p == '_');
	if (!good) {
		fprintf(stderr, "fieldpost: database: %s cannot be called\n", name);
		_Exit(EX_SOFTWARE);
	}
}

void db_statement_call(struct text *sql, const char *function, const struct db_args *args)
{
	check_name(function);
	text_add_format(sql, "SELECT * FROM %s(", function);
	for (int i = 0; args && i < args->count; i++)
		text_add_format(sql, "%s$%d", i ? "," : "", i + 1);
	text_add_char(sql, ')');
}

static bool statement_is(const struct statement *statement, struct view sql, const struct db_args *args)
{
	int count = args ? args->count : 0;

	return statement->count == count && view_equal(view_of(statement->sql), sql) &&
	       (count == 0 || memcmp(statement->types, args->types, (size_t)count * sizeof(unsigned)) == 0);
}

size_t db_statement_number(struct db *db, struct view sql, const struct db_args *args)
{
	struct statement *statement;

	for (size_t i = 0; i < db->statement_count; i++)
		if (statement_is(&db->statements[i], sql, args))
			return i;
	db->statements = reallocarray(db->statements, db->statement_count + 1, sizeof(*db->statements));
	if (!db->statements)
		exit(EX_OSERR);
	statement = &db->statements[db->statement_count];
	*statement = (struct statement){.sql = strndup(sql.ptr, sql.len), .count = args ? args->count : 0};
	if (!statement->sql)
		exit(EX_OSERR);
	if (statement->count)
		memcpy(statement->types, args->types, (size_t)statement->count * sizeof(unsigned));
	return db->statement_count++;
}

const char *db_statement_name(char *buffer, size_t number)
{
	snprintf(buffer, STATEMENT_NAME_SIZE, "s%zu", number);
	return buffer;
}

void db_statements_release(struct db *db)
{
	for (size_t i = 0; i < db->statement_count; i++)
		free(db->statements[i].sql);
	free(db->statements);
}
