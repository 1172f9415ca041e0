/* net/http_request: looks at a request's headers. See http_request.h. */
#include "net/http_request.h"

struct view http_request_header(const struct http_request *request, const char *name)
{
	for (size_t i = 0; i < request->header_count; i++)
		if (view_equal_nocase(request->headers[i].name, view_of(name))) {
			struct view value = request->headers[i].value;

			return value.ptr ? value : VIEW("");
		}
	return VIEW_NULL;
}
