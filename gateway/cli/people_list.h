/*
 * People list: a CSV file of people, as JSON for api.people_import(), and all that is wrong with it by row and column.
 *
 * The first line names the columns: key, kind, name, role, organisation, programme, country, language, zone, mail,
 * phone, channel, no_acknowledgement, no_content, neutral, paused; in any order, those that are there. A cell of mail,
 * phone and channel may hold several, parted by blanks, ";" or "|"; a channel is NAME:ADDRESS. docs/people.md.
 */
#ifndef CLI_PEOPLE_LIST_H
#define CLI_PEOPLE_LIST_H

#include <jansson.h>

#include "base/arena.h"
#include "base/text.h"
#include "core/config.h"

#define PEOPLE_LIST_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define PEOPLE_NAME_MAX 200 /* letters of a name, a role, ... */

struct people_error {
	size_t line;
	const char *column, *text;
	struct people_error *next;
};

struct people_list {
	json_t *people; /* [{line, key, name, ...}], of the rows without a fault; a new reference */
	struct people_error *errors;
	size_t error_count;
};

/* Everything but `people` lives in the arena. */
void people_list_read(struct arena *arena, const struct config *config, struct view bytes, struct people_list *out);
/* A person (sql/api/people.sql) as a line of such a file, line end included; person NULL: the line that names the
 * columns. */
void people_list_add(struct text *out, const json_t *person);

#endif
