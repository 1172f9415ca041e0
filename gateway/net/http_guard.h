/*
 * HTTP guard: where a guarded request may go (RFC 6890, 4291, 6052, and IANA's special-purpose registries). Private to
 * net/: http_client.c asks it for every URL before a name is resolved, and for every address before it is connected to.
 * Pure.
 */
#ifndef NET_HTTP_GUARD_H
#define NET_HTTP_GUARD_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/error.h"
#include "net/http_client.h"

/* Is it an address of the public internet? Neither loopback, private, shared (CGNAT), link-local, unique local,
 * multicast, of documentation or tests, nor one of these behind a translation (v4-mapped, NAT64, 6to4). */
bool http_guard_public(const struct sockaddr *address);
bool http_guard_loopback(const struct sockaddr *address);

#define HTTP_HOST_MAX 256

/* One URL on the way of a call. */
struct http_hop {
	char host[HTTP_HOST_MAX]; /* lower case, an IPv6 address without its brackets */
	bool plain;		  /* http: to loopback alone */
	bool guarded;		  /* to public addresses alone */
	bool credentials;	  /* headers and login go with it */
};

/*
 * May the call go to this URL? first: it is the call's own, not a redirect's. REACH_MESSAGE: it is refused; the error
 * names the host and never the path (some hold a credential).
 */
int http_guard_hop(const struct http_call *call, const char *url, bool first, struct http_hop *out, struct error *err);

#endif
