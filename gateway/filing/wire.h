/*
 * Wire: the frames between the holder of parse and its child, over a socket pair.
 *
 * A frame is a fixed head and a payload. Both ends are our own program of the same build, so the head is a plain
 * struct. The holder trusts nothing the child says beyond the length, which is capped: the child reads strangers'
 * bytes.
 */
#ifndef FILING_WIRE_H
#define FILING_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

#define WIRE_PAYLOAD_MAX ((size_t)64 * 1024 * 1024)

enum wire_type {
	WIRE_FORM = 1, /* to the child: file name, NUL, YAML */
	WIRE_LANGUAGE, /* likewise */
	WIRE_SERVER,   /* to the child: likewise, of one whose word on senders is taken; no bytes */
	WIRE_BORDER,   /* to the child: likewise, a host of our own */
	WIRE_CLIENT,   /* to the prover: likewise */
	WIRE_QUOTED,   /* to the prover: a mail of ours, likewise */
	WIRE_PROVE,    /* to the prover: "FORM VERSION" */
	WIRE_START,    /* to the child: compile, shut yourself in */
	WIRE_READY,    /* from the child: done */
	WIRE_REFUSED,  /* from the child: a sentence; it then ends */
	WIRE_HINT,     /* to the child: what is known of the next message's request: reference, form, version (empty: not
			  known), each with a line feed behind it; no answer comes */
	WIRE_MAIL,     /* to the child: raw bytes of a mail */
	WIRE_MESSAGE,  /* to the child: text of a channel's message */
	WIRE_TALK,     /* to the child: what is known of such a message (JSON), NUL, its text */
	WIRE_RESULT,   /* from the child: filing JSON; from the prover: the verdict, see prover.h */
};

#define WIRE_OVER_SIZE 1u /* flag of WIRE_MAIL: only the headers are there */

struct wire_head {
	uint32_t type;
	uint32_t flags;
	uint64_t length; /* of the payload, bytes */
};

/*
 * deadline: of clock_monotonic(), microseconds; 0: none. REACH_RETRY at a time-out, REACH_SOURCE when the other end
 * is gone.
 */
int wire_send(int fd, enum wire_type type, uint32_t flags, struct view first, struct view second, int64_t deadline,
	struct error *err);
/* The payload replaces what is in `payload`. */
int wire_receive(int fd, struct wire_head *head_out, struct text *payload, int64_t deadline, struct error *err);

#endif
