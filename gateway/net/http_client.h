/*
 * HTTP client: requests to the providers' APIs (the one wrapper around libcurl for HTTP).
 *
 * https with certificate and host name checked, or plain to loopback where the URL itself names a loopback address; no
 * redirect is followed unless asked for, and only of a GET. The environment's proxy is not used. One http_client
 * belongs to one thread and keeps its connections.
 *
 * A guarded request goes only to one of the hosts given, over https on port 443, and only to addresses of the public
 * internet: every address is looked at before it is connected to, after each redirect too, so that neither a name nor a
 * redirect leads into our own network. Headers and login go to `hosts` alone, never to `bare_hosts`. `origin` is the
 * provider's address as the operator configured it: what is there, on that very host and port, is trusted like the
 * config.
 *
 * Reaches: SOURCE when the server could not be reached or trusted; RETRY at a time-out or a line that broke while an
 * answer came, or when the duty stops; UNCERTAIN when a request that is no GET was sent and no whole answer came;
 * MESSAGE when the address is refused by the guard or the answer is larger than allowed. Any HTTP status is an answer,
 * not an error. Errors name the host, never the rest of the URL.
 */
#ifndef NET_HTTP_CLIENT_H
#define NET_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "core/config.h"
#include "core/process.h"

struct http_client;

struct http_call {
	const char *method; /* "GET", "POST", "PUT" */
	const char *url;
	const char *const *headers; /* "Name: value", ends with NULL; may be NULL; never logged */
	struct view body;
	const char *user, *password; /* basic authentication; NULL: none */
	size_t answer_max;	     /* bytes */
	int seconds;		     /* for the whole call */
	const char *const *hosts;    /* guarded: names that it may go to, ends with NULL; NULL: not guarded */
	const char *const
		*bare_hosts; /* guarded: where a redirect may lead besides, without headers and login; may be NULL */
	const char *origin;  /* guarded: "http://127.0.0.1:8080": as configured, see above; NULL: none */
	int redirects;	     /* that are followed, guarded alike; 0: none */
};

struct http_answer {
	int status;
	struct view body;	  /* in the arena */
	const char *content_type; /* may be NULL */
	int retry_after;	  /* seconds of its Retry-After header; 0: none */
};

/* context may be NULL: with it, a stop ends a call that waits. */
int http_client_new(
	const struct config *config, struct duty_context *context, struct http_client **out, struct error *err);
void http_client_free(struct http_client **client);
int http_client_call(struct http_client *client, const struct http_call *call, struct arena *arena,
	struct http_answer *out, struct error *err);

#endif
