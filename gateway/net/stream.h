/*
 * Stream: a TCP connection to a server, plain or TLS, on which nothing waits for ever.
 *
 * Non-blocking underneath, poll() throughout (descriptors above 1023 are fine). Before each command the owner says how
 * long it may take and how many bytes the answer may have; one byte more, an end of file, a cancel or the time's end
 * make the stream *broken*: from then on every call returns -1 at once and stream_error() says why in words. Reads
 * return at least one byte or -1, never 0. A stream belongs to one thread; only the cancel descriptor may be made
 * readable by others.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "net/tls.h"

#define STREAM_KEEPALIVE_IDLE 60     /* seconds of silence before the first keep-alive probe */
#define STREAM_KEEPALIVE_INTERVAL 20 /* seconds between probes */
#define STREAM_KEEPALIVE_COUNT 3     /* unanswered probes until the peer is dead */
#define STREAM_RATE_MIN (32 * 1024)  /* bytes a second that a line must manage beyond the command's seconds */

struct stream;

struct stream_target {
	const char *host;
	int port;
	bool loopback_only; /* refuse any other address: nothing encrypts this connection */
	int seconds;	    /* to resolve and connect, all addresses together */
	int cancel_fd;	    /* readable: give up; -1: none. Watched as long as the stream lives */
};

/* Looks at the bytes as they come in; -1 breaks the stream with that error. `left`: what the command may still bring,
 * these included. */
typedef int stream_guard(void *context, const char *bytes, size_t len, uint64_t left, struct error *err);

/* Connects, address by address. The time for the first command starts anew with stream_begin(). */
int stream_open(const struct stream_target *target, struct stream **out, struct error *err);
/* `polite`: says good-bye on TLS. Accepts NULL. */
void stream_close(struct stream **stream, bool polite);

/* TLS from here on; verified against the target's host. */
int stream_start_tls(struct stream *stream, struct tls_client *client, struct error *err);

/* The next command: it may take `seconds` and what its bytes need at STREAM_RATE_MIN, and bring `bytes` at most. */
void stream_begin(struct stream *stream, int seconds, uint64_t bytes);
void stream_set_guard(struct stream *stream, stream_guard *guard, void *context);

ssize_t stream_read(struct stream *stream, void *buffer, size_t size);
ssize_t stream_write(struct stream *stream, const void *data, size_t size);

/* Decrypted bytes wait inside, so that poll() on the descriptor would not tell. */
bool stream_pending(const struct stream *stream);
int stream_fd(const struct stream *stream);

/* Makes every further call fail; the first reason given stays. */
void stream_break(struct stream *stream, const struct error *why);
/* Why it is broken; REACH_NONE while it is not. */
const struct error *stream_error(const struct stream *stream);

#endif
