/*
 * IMAP responses: finds where a server's response ends and reads it, as far as a FETCH needs (RFC 3501, 7).
 *
 * Pure; views point into the given bytes. A response is a line, or several with literals between them; what stands in a
 * FETCH beside the few items below is skipped, whatever it is. The bytes have passed the guard (imap_guard.h): no
 * literal is longer than what was asked for.
 */
#ifndef NET_IMAP_RESPONSE_H
#define NET_IMAP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* How far a response was looked at; zero at its beginning. */
struct imap_extent {
	size_t line;	/* where its last line begins */
	size_t at;	/* looked at so far; beyond the bytes that are there while a literal is still to come */
	bool continued; /* that line goes on behind a literal */
};

enum imap_response_kind {
	IMAP_RESPONSE_FETCH,	/* "* 7 FETCH (...)" */
	IMAP_RESPONSE_UNTAGGED, /* any other "* ..." */
	IMAP_RESPONSE_TAGGED,	/* the end of a command */
};

struct imap_response {
	enum imap_response_kind kind;
	/* of a tagged one */
	struct view tag;
	struct view status; /* OK, NO or BAD, in any case of letters */
	struct view words;  /* what the server says with it */
	/* of a FETCH */
	uint32_t uid; /* 0: none */
	bool has_size, has_body, body_quoted;
	uint64_t size;	  /* RFC822.SIZE */
	int64_t received; /* INTERNALDATE, unix microseconds; 0: none, or no date */
	struct view body; /* of BODY[...], in whatever section; a quoted one with its backslashes */
};

/* Is the response at the beginning of `bytes` whole? 1 with its length, 0: more bytes are needed, *extent->at at least. */
int imap_response_extent(struct view bytes, struct imap_extent *extent, size_t *length_out);
/* Reads one whole response; -1: it cannot be read as IMAP. */
int imap_response_read(struct view response, struct imap_response *out);
/* Takes the backslashes out of a quoted string, in place; its length without them. */
size_t imap_response_unquote(char *quoted, size_t len);

#endif
