/*
 * IMAP guard: looks at a server's bytes before a parser does, and refuses what would harm one.
 *
 * Pure and incremental: feed it the bytes in the order of arrival, in pieces of any size. Outside literals it counts
 * parentheses (a recursive parser dies of a deep nest) and refuses a literal that is longer than what the command may
 * still bring (which also stops lengths that wrap at 32 bits). It counts the untagged EXISTS, so that none is lost to a
 * parser that drops them.
 */
#ifndef NET_IMAP_GUARD_H
#define NET_IMAP_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

#define IMAP_GUARD_DEPTH_MAX 100 /* open parentheses in one response */
#define IMAP_GUARD_ENDS 24	 /* bytes at each end of a line that decide what it is */

struct imap_guard {
	unsigned exists; /* untagged EXISTS seen so far */
	char bye[120];	 /* what the server said as it ended the session (BYE), plain ASCII; "" while it has not */
	/* private */
	uint64_t literal; /* bytes of the current literal still to come */
	int depth;	  /* open parentheses in this response */
	bool continued;	  /* the line goes on behind a literal */
	char head[IMAP_GUARD_ENDS]; /* the line's first bytes */
	size_t head_len;
	char tail[IMAP_GUARD_ENDS]; /* its last bytes */
	size_t tail_len;
};

void imap_guard_init(struct imap_guard *guard);
/* `left`: bytes that the command may still bring, these included. A refusal is REACH_SOURCE. */
int imap_guard_feed(struct imap_guard *guard, const char *bytes, size_t len, uint64_t left, struct error *err);
/*
 * Does a line announce a literal, "{123}" or "{123+}" at its end? 1 with its length, 0: no, -1: it is longer than any
 * number. `head`, `tail`: the line's first and last IMAP_GUARD_ENDS bytes without LF, or all of it; `continued`: it goes
 * on behind another literal. Whoever reads what the guard let through asks this, so that both see the same literals.
 */
int imap_guard_literal(struct view head, struct view tail, bool continued, uint64_t *length_out);

#endif
