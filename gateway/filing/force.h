/*
 * Force: which of the folder's forms are in force.
 *
 * A form comes into force when its file's hash has been proven: by a proof that the database keeps (form_proof), or in
 * a list `proven` beside the forms (the shipped ones have one; `fieldpost forms check --record` makes it). A proof that
 * passed counts for that file for good; one that failed counts until the program, a language or a simulated client
 * changes, then it is repeated. Until a form is proven, and while the database refuses it (a field changed its type),
 * the newest version that was in force stays, as the database keeps it; what was in force with just this file stays
 * too. Beside them stand the older versions that were sent within a year: the replies to them are read with them.
 */
#ifndef FILING_FORCE_H
#define FILING_FORCE_H

#include "pipeline.h"

#define FORCE_SENT_MAX 50 /* old versions beside those in force */

/* What forms are judged by, loaded once. */
struct force_rules {
	struct pipeline_clients clients;
	struct view listed;  /* the lists of proven forms */
	const char *against; /* hex SHA-256 of the program's version, the languages, the clients */
};

/* A form that waits for its proof. */
struct force_pending {
	const char *id, *sha256; /* id NULL: none waits */
	int version;
};

struct force {
	struct pipeline_sources sources; /* what is in force; the languages are the folder's */
	struct force_pending pending;	 /* the first of those that wait */
	bool must_wait;			 /* one of them has no version in force: its mails cannot be read yet */
	json_t *alarms;			 /* [{form, text}]: what is to be mended */
};

int force_rules_load(const struct config *config, const struct pipeline_sources *folder, struct arena *arena,
	struct force_rules *out, struct error *err);
/* Asks the database; everything lives in the arena but alarms. REACH_STOP when the forms do not compile. */
int force_find(struct db *db, const struct pipeline_sources *folder, const struct force_rules *rules,
	struct arena *arena, struct force *out, struct error *err);
void force_release(struct force *force);
/* Raises the alarms, clears those that are over. */
int force_tell(struct db *db, int64_t now, const struct force *force, struct arena *arena, struct error *err);
/* Keeps a verdict of the prover (prover.h). */
int force_record(struct db *db, int64_t now, const struct force_pending *form, const json_t *verdict,
	const struct force_rules *rules, struct arena *arena, struct error *err);

#endif
