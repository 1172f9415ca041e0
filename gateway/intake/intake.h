/*
 * Intake: takes every message in, from mailboxes and files. The one door to this folder.
 *
 * The duty runs one thread a mailbox. Raw bytes and the mailbox's cursor are committed together; only after that is a
 * mail touched on its server, as the config says for its outcome. What is already known is recognised by its identity
 * and stored once. A mailbox that fails backs off alone, says why in `fieldpost status`, and is tried again.
 */
#ifndef INTAKE_INTAKE_H
#define INTAKE_INTAKE_H

#include "base/error.h"
#include "base/text.h"
#include "core/config.h"
#include "core/process.h"

struct db;

extern const struct duty intake_duty;

/*
 * For `fieldpost check`: connects, logs in, looks at every folder, changes nothing. Adds one line of what was found
 * ("INBOX 215 mails, Junk 3 mails; IDLE, MOVE") to `found`.
 */
int intake_probe(
	const struct config *config, const struct config_mailbox *mailbox, struct text *found, struct error *err);

/* What an import came to; the calls add to it. */
struct intake_imported {
	size_t read;	 /* mails in the files */
	size_t stored;	 /* of them in the database now */
	size_t fresh;	 /* of them not known before */
	size_t oversize; /* of them kept with the header only */
};

/*
 * Stores every mail of a path ("-": one on standard input; an mbox, a Maildir, a folder of .eml files, one mail), in
 * batches of one transaction each, unless the caller has begun one. A path that cannot be read is REACH_MESSAGE; what
 * came before is stored.
 */
int intake_import(const struct config *config, struct db *db, const char *account, const char *path,
	struct intake_imported *counts, struct error *err);

#endif
