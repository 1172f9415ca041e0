/* The inside of an IMAP session, for the imap*.c files only: libetpan's session over our stream. */
#ifndef INTAKE_IMAP_SESSION_H
#define INTAKE_IMAP_SESSION_H

#include <libetpan/libetpan.h>

#include "intake/imap.h"
#include "net/imap_guard.h"
#include "net/stream.h"

struct imap {
	const struct config *config;
	const struct config_mailbox *mailbox;
	struct oauth *oauth; /* may be NULL */
	mailimap *session;
	struct stream *stream; /* owned by the session once that has it */
	struct arena *arena;   /* of imap_wire_name() */
	struct imap_guard guard;
	bool idling;	    /* between IDLE and DONE nothing else may be sent */
	unsigned news_seen; /* guard.exists when the news were last reset */
	/* Takes what a FETCH brings; NULL: ignore it (unasked-for FETCH responses come at any time). */
	void (*take)(void *context, const struct mailimap_msg_att *message);
	void *take_context;
};

/* Before each command: its time and the bytes that its answer may have. */
void imap_begin(struct imap *imap, uint64_t bytes);
/*
 * After each command: 0 when the code is success, else -1 with words; "what" is what was being done ("opening INBOX").
 * A refusal (tagged NO) keeps the session, everything else breaks it.
 */
int imap_check(struct imap *imap, int code, const char *what, struct error *err);

/* Logs in; connection and TLS are there. */
int imap_login(struct imap *imap, struct error *err);
int imap_capabilities(struct imap *imap, struct error *err);
/* The server's own words, made fit for a log and the database. */
void imap_server_words(const struct imap *imap, char *words, size_t size);

/* The folder's name for the server; good until the next call. */
const char *imap_wire_name(struct imap *imap, const char *folder);

/* Ranges out of ascending UIDs. Free with mailimap_set_free(). */
struct mailimap_set *imap_set(const int64_t *uids, size_t count);

/* libetpan's stream object over ours; closing it closes ours. NULL: out of memory (ours stays the caller's). */
mailstream *imap_mailstream(struct stream *stream);

#endif
