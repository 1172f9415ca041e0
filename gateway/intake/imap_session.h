/* The inside of an IMAP session, for the imap*.c files only: libetpan's session over our stream. */
#ifndef INTAKE_IMAP_SESSION_H
#define INTAKE_IMAP_SESSION_H

#include <libetpan/libetpan.h>

#include "intake/imap.h"
#include "net/imap_guard.h"
#include "net/imap_response.h"
#include "net/stream.h"

#define IMAP_NOT_UNDERSTOOD "did not understand, or answered another command"
#define IMAP_UNREADABLE "answered what cannot be read as IMAP"

/* What was received of a FETCH's answer and not read yet. */
struct imap_answer {
	char *bytes;
	size_t room, from, end; /* allocated; the part that is filled */
};

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
	struct imap_answer answer;
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
/* A server's words, made fit for a log and the database; those of the last tagged answer that libetpan read. */
void imap_words(struct view said, char *words, size_t size);
void imap_server_words(const struct imap *imap, char *words, size_t size);
/* The same for those that speak to the server past libetpan. Both return -1; the first breaks the session. */
int imap_lost(struct imap *imap, const char *what, const char *how, const char *words, struct error *err);
int imap_refused(struct imap *imap, const char *what, const char *words, struct error *err);

/*
 * Sends a FETCH, "UID FETCH 1:7 (UID)" without tag and line end, and hands over each answer while it is received: the
 * body is in our own buffer and gone afterwards. libetpan would take all words it knows against each one it reads, and
 * copy each body twice. `take` may break the stream.
 */
int imap_fetch(struct imap *imap, struct view command,
	void (*take)(void *context, const struct imap_response *fetched), void *context, const char *what,
	struct error *err);


/* The folder's name for the server; good until the next call. */
const char *imap_wire_name(struct imap *imap, const char *folder);

/* Ranges out of ascending UIDs. Free with mailimap_set_free(). */
struct mailimap_set *imap_set(const int64_t *uids, size_t count);

/* libetpan's stream object over ours; closing it closes ours. NULL: out of memory (ours stays the caller's). */
mailstream *imap_mailstream(struct stream *stream);

#endif
