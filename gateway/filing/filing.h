/*
 * Filing: stored messages become feedback, or go to review, or are held or ignored. The door to this folder.
 *
 * The parse duty has two processes. The *holder* touches the database: it claims messages, hands their bytes to its
 * *child*, files the results in the transaction that claimed them. The child touches nothing but a socket pair: it
 * gets the forms' sources, compiles them, shuts itself in (sandbox.h), and reads messages. A message that kills or
 * outlasts it is known exactly: only that one has an attempt written; after FILING_ATTEMPTS_MAX it is `failed`,
 * alone, and an alarm.
 *
 * The holder decides which forms are in force (force.h): a form that was not proven before has its proof in a process
 * beside (prover.h); until it passes, the version that was in force stays.
 */
#ifndef FILING_FILING_H
#define FILING_FILING_H

#include <jansson.h>

#include "core/process.h"
#include "store/db.h"

#define FILING_BATCH_MESSAGES 100
#define FILING_BATCH_BYTES ((size_t)8 * 1024 * 1024)
#define FILING_ATTEMPTS_MAX 3
#define FILING_CHILD_MESSAGES 10000 /* then it is replaced */

extern const struct duty parse_duty;

/* What became of a unit (sql/api/reparse.sql) that was read anew. */
struct filing_reread {
	int64_t message_id, feedback_id; /* feedback 0: none */
	const char *outcome;		 /* same, changed, settled, not understood, another form, unread, refused */
	const char *was, *state;	 /* of the message */
	const json_t *changes;		 /* [{field, was, now}] */
};

struct filing_reparse {
	const json_t *wanted; /* which messages, see fieldpost.message_wanted() */
	const char *actor;
	bool dry; /* each batch is taken back */
	void (*tell)(void *context, const struct filing_reread *one);
	void (*tell_casualty)(void *context, int64_t message_id, const char *error); /* it could not be read */
	void *context;
};

/*
 * Reads stored messages with the forms that are in force, in a sandboxed child, and files what changed; a batch is a
 * transaction. db: of fieldpost_admin. What was told of is filed only when this returns 0 or the next batch was told of.
 */
int filing_reparse(const struct config *config, struct db *db, const struct filing_reparse *wish, struct error *err);

/* The child's own life: `fieldpost serve --reader`, its socket on descriptor 3. Returns an exit status. */
int filing_child_main(void);
/* The prover's: `fieldpost serve --prover`. */
int filing_prover_main(void);

#endif
