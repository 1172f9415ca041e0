/*
 * Batches: mails on their way into the database. One is filled while the ones before it are being committed, side by
 * side on several connections; no more than BATCHES_AT_WORK of them. So a later one may be safe before an earlier one,
 * and whoever begins again must ask which mails are missing. Private to intake/; used by mailboxes and by the import.
 */
#ifndef INTAKE_BATCH_H
#define INTAKE_BATCH_H

#include "intake/database.h"
#include "intake/records.h"

#define BATCHES_AT_WORK 2

struct batches;

/* What is stored: the whole mail, or with `oversize` its header. */
struct batch_mail {
	int64_t uid;	  /* 0 for an import */
	uint64_t size;	  /* of the whole mail on the wire */
	int64_t received; /* unix microseconds */
	bool oversize;
	struct view raw; /* is copied */
};

struct batches *batches_new(const struct config *config, struct database *database);
/* Waits for what is under way. */
void batches_free(struct batches **batches);

/* Where the coming mails belong. Forgets what was added and not flushed. */
void batches_begin(struct batches *batches, int64_t folder_id, int64_t account_id);
/* Adds one; commits the batch when it is full by limits.batch_messages or batch_bytes. An error may be an earlier
 * batch's. */
int batches_add(struct batches *batches, const struct batch_mail *mail, struct error *err);
/* Commits what was added; all is safe when this returns 0. Whoever reads messages is told of new ones here, and now and
 * then while many are added. */
int batches_flush(struct batches *batches, struct error *err);
/* Since batches_begin(): committed, and those of them that were not known before. */
size_t batches_stored(const struct batches *batches);
size_t batches_fresh(const struct batches *batches);

#endif
