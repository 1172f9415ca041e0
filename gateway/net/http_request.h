/*
 * HTTP request: one that came in, whole, as the web duty hands it to a channel. Views live as long as the request.
 */
#ifndef NET_HTTP_REQUEST_H
#define NET_HTTP_REQUEST_H

#include <stddef.h>

#include "base/text.h"

#define HTTP_HEADERS_MAX 100

struct http_field {
	struct view name, value; /* of a header: as it came, the value trimmed */
};

struct http_request {
	struct view method;	 /* "POST", letters as they came */
	struct view path;	 /* "/hook/kivu/3f9a...", not decoded */
	struct view query;	 /* what stands behind "?", not decoded; empty when there is none */
	struct view body;	 /* the exact bytes */
	const struct http_field *headers;
	size_t header_count;
};

/* The value of a header, its name compared without case; ptr NULL when it is not there (empty when it is empty). */
struct view http_request_header(const struct http_request *request, const char *name);

#endif
