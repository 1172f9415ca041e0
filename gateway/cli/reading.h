/*
 * Reading: what the commands for analysts (search, feedback, export) share: which feedback is wanted, and for whom it
 * is read.
 *
 * They see what the views of `read` show and nothing else: with --as what that member of a policy team may see, without
 * it everything but what is restricted, with --restricted that too. Every restricted item that is read is in the audit,
 * with the name of the person at the machine.
 */
#ifndef CLI_READING_H
#define CLI_READING_H

#include <jansson.h>

#include "cli/cli.h"
#include "store/db.h"

struct reading {
	struct cli *cli;
	const char *as; /* a member's address, or NULL */
	bool restricted;
	const char *words; /* to look for; "": none */
	const char *saved; /* name of a saved filter, or NULL */
	json_t *filters;   /* see sql/read/search.sql */
};

/* Takes --form, --country, --theme, --language (each as often as wanted), --since, --until, --filter, --as,
 * --restricted. */
int reading_options(struct reading *reading, struct cli *cli, int *argc, char **argv);
void reading_release(struct reading *reading);
/* Fills in the saved filter, if one is named, and begins a transaction that reads so; the caller commits it. */
int reading_begin(struct reading *reading, struct db *db, struct error *err);
/* Who is at the machine, for the audit: "anna". */
const char *reading_actor(struct arena *arena);

#endif
