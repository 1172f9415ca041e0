/* Migrations, for store/ alone: the SQL files that ship with the program, read and hashed. */
#ifndef STORE_MIGRATE_FILES_H
#define STORE_MIGRATE_FILES_H

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "core/config.h"

#define SHA256_HEX_SIZE 65

struct sql_file {
	const char *name; /* path, for messages */
	const char *base; /* without its folder */
	struct view sql;  /* NUL-terminated */
	int version;	  /* of a migration */
	char sha256[SHA256_HEX_SIZE];
};

struct sql_files {
	struct sql_file *list;
	size_t count;
};

struct sql_schema {
	struct sql_files migrations; /* in order, numbered 1, 2, ... */
	struct sql_files functions;  /* api, then read, by name */
	char functions_sha256[SHA256_HEX_SIZE];
};

int sql_schema_load(const struct config *config, struct arena *arena, struct sql_schema *out, struct error *err);

#endif
