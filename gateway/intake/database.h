/*
 * The intake's database: a few connections, each with a thread of its own, that mailbox threads hand work to. So a
 * mailbox can fetch its next batch while the last one is being committed. Private to intake/.
 *
 * While the database is away, work fails at once with the reason, and a connection is tried with back-off, be there one
 * mailbox or a hundred. A work that ended in REACH_RETRY or REACH_UNCERTAIN costs its connection.
 */
#ifndef INTAKE_DATABASE_H
#define INTAKE_DATABASE_H

#include <stdbool.h>

#include "base/error.h"
#include "core/config.h"
#include "store/db.h"

#define DATABASE_CONNECTIONS 4

struct database;

typedef int database_work(struct db *db, void *context, struct error *err);

/* A work that is under way. The owner keeps it and what `context` points to until database_finish(). */
struct database_task {
	database_work *work;
	void *context;
	int result;
	bool under_way; /* handed over and not finished yet by its owner */
	bool done;
	struct error error;
	struct database_task *next;
};

/*
 * At most DATABASE_CONNECTIONS are opened, `connections` of them are wanted: at once, one after the other, each with
 * `prepare` (may be NULL; its context is NULL) done on it, as far as no work waits. `back` is called, from any of its
 * threads, when the database is there again.
 */
int database_new(const struct config *config, int connections, database_work *prepare, void (*back)(void *context),
	void *context, struct database **out, struct error *err);
/* Did the last attempt to connect fail? */
bool database_is_away(struct database *database);
/* Works in the caller's thread on a connection that stays the caller's: for commands. */
int database_borrow(struct db *db, struct database **out, struct error *err);
/* Ends what was handed over first. */
void database_free(struct database **database);

void database_start(struct database *database, struct database_task *task, database_work *work, void *context);
/* Waits for it; 0 when none is under way. */
int database_finish(struct database *database, struct database_task *task, struct error *err);
/* Both. */
int database_run(struct database *database, database_work *work, void *context, struct error *err);

#endif
