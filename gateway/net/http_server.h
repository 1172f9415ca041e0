/*
 * HTTP server: requests that come in (the one wrapper around libmicrohttpd).
 *
 * One thread runs it by http_server_step(); everything of an exchange happens there but http_exchange_answer(), which
 * any thread may call. An exchange is one request and its answer. The handler sees it twice: when its headers are
 * there (nothing of the body was read: it may be refused now) and when it is whole. It may then be answered later:
 * meanwhile the connection sleeps. An exchange lives until its answer was sent or its connection broke, at least until
 * it was answered.
 *
 * Who is slow pays for it alone: headers must be there HTTP_HEADERS_SECONDS after the connection or the last answer, a
 * body in HTTP_BODY_SECONDS and a second for each HTTP_BODY_BYTES_A_SECOND; when nearly all connections are taken, those
 * that have waited longest without a whole request are closed. A body is never taken beyond what the handler allows,
 * all bodies together never beyond HTTP_BODIES_MAX (503).
 *
 * A request of which two readers could see different ends (two lengths, a length and chunks, an encoding but "chunked")
 * is refused with 400 and its connection closed, so that nothing hides behind a proxy's request.
 */
#ifndef NET_HTTP_SERVER_H
#define NET_HTTP_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "core/config.h"
#include "net/http_request.h"

#define HTTP_HEADERS_BYTES 16384   /* of a request line with its headers, about; larger: 431 or 414 */
#define HTTP_HEADERS_SECONDS 20
#define HTTP_BODY_SECONDS 30
#define HTTP_BODY_BYTES_A_SECOND 32768
#define HTTP_BODIES_MAX ((size_t)256 * 1024 * 1024) /* bytes of bodies in memory ... */
#define HTTP_LARGE_BODIES_MAX (HTTP_BODIES_MAX / 4 * 3) /* ... which leaves a part to bodies below this size: */
#define HTTP_LARGE_BODY ((size_t)1024 * 1024)

struct http_server;

struct http_reply {
	int status;
	const char *type;      /* of the body; NULL: no body */
	struct view body;      /* lives as long as the exchange */
	int retry_seconds;     /* Retry-After; 0: none */
	const char *challenge; /* WWW-Authenticate; NULL: none */
};

struct http_exchange {
	struct http_request request; /* the body is empty until it is whole */
	struct arena *arena;	     /* of this exchange */
	void *own;		     /* the handler's */
};

struct http_handler {
	void *context;
	/*
	 * The headers are there. *body_max_out: bytes of a body that are taken. False: the answer is *reply, and no body is
	 * read.
	 */
	bool (*begin)(void *context, struct http_exchange *exchange, size_t *body_max_out, struct http_reply *reply);
	/* The body is larger than allowed: 413 is answered. */
	void (*oversize)(void *context, struct http_exchange *exchange);
	/* It is whole. True: the answer is *reply. False: http_exchange_defer() was called. */
	bool (*whole)(void *context, struct http_exchange *exchange, struct http_reply *reply);
};

/* Listens as web.listen says; raises the limit of open files for it. */
int http_server_open(const struct config *config, const struct http_handler *handler, struct http_server **out,
	struct error *err);
/* Serves what there is; waits up to the time for something, or until stop_fd is readable. */
void http_server_step(struct http_server *server, int stop_fd, int timeout_ms);
/* Takes no more connections. */
void http_server_quiesce(struct http_server *server);
/* Requests that are whole and whose answers are not sent yet. */
size_t http_server_exchanges(const struct http_server *server);
/* Every exchange must have been answered. */
void http_server_close(struct http_server **server);

/* From whole() alone: the answer comes later. */
void http_exchange_defer(struct http_exchange *exchange);
/* The answer of one that was deferred; from any thread, once. The exchange is not the caller's any more. */
void http_exchange_answer(struct http_exchange *exchange, const struct http_reply *reply);

#endif
