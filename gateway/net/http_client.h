/*
 * HTTP client: requests to the providers' APIs (the one wrapper around libcurl for HTTP).
 *
 * https with certificate and host name checked, or plain to loopback where the config itself names a loopback address;
 * no redirect is followed unless asked for. One http_client belongs to one thread and keeps its connections.
 *
 * A guarded request goes only to one of the hosts given, over https, and only to addresses of the public internet: every
 * address is looked at when it is connected to, after each redirect too, so that neither a name nor a redirect leads into
 * our own network; headers that hold a credential go to those hosts alone. (`loopback_ok` is for a provider whose
 * configured address is on loopback: a gateway of one's own.)
 *
 * Reaches: SOURCE when the server could not be reached or trusted; RETRY at a time-out or a line that broke while an answer
 * came; UNCERTAIN when the whole request was sent and no answer came; MESSAGE when the address is refused by the guard
 * or the answer is larger than allowed. Any HTTP status is an answer, not an error.
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
	const char *method;	    /* "GET", "POST", "PUT" */
	const char *url;
	const char *const *headers; /* "Name: value", ends with NULL; may be NULL; never logged */
	struct view body;
	const char *user, *password; /* basic authentication; NULL: none */
	size_t answer_max;	    /* bytes */
	int seconds;		    /* for the whole call */
	const char *const *hosts;   /* guarded: names that it may go to, ends with NULL; NULL: not guarded */
	bool loopback_ok;	    /* see above */
	int redirects;		    /* that are followed, guarded alike; 0: none */
};

struct http_answer {
	int status;
	struct view body;	    /* in the arena */
	const char *content_type;   /* may be NULL */
	int retry_after;	    /* seconds of its Retry-After header; 0: none */
};

/* context may be NULL: with it, a stop ends a call that waits. */
int http_client_new(const struct config *config, struct duty_context *context, struct http_client **out, struct error *err);
void http_client_free(struct http_client **client);
int http_client_call(struct http_client *client, const struct http_call *call, struct arena *arena,
	struct http_answer *out, struct error *err);

#endif
