/* net/http_exchange: one request and its answer. See http_server.h, http_server_private.h. */
#include <stdlib.h>
#include <sys/eventfd.h>

#include "core/clock.h"
#include "net/http_server_private.h"

#define SECOND_US ((int64_t)1000000)
#define BODY_FIRST 4096 /* bytes that a body's buffer begins with */

/* ---- made and unmade ---- */

static struct exchange *take(struct http_server *server)
{
	struct exchange *exchange = server->spares;
	struct arena *arena;

	if (exchange) {
		server->spares = exchange->next;
		server->spare_count--;
	} else {
		exchange = calloc(1, sizeof(*exchange));
		if (!exchange)
			return NULL;
		exchange->public.arena = arena_new();
	}
	arena = exchange->public.arena;
	*exchange = (struct exchange){.server = server};
	exchange->public.arena = arena;
	return exchange;
}

static void release(struct exchange *exchange)
{
	arena_free(&exchange->public.arena);
	free(exchange);
}

void exchange_drop_spares(struct http_server *server)
{
	while (server->spares) {
		struct exchange *exchange = server->spares;

		server->spares = exchange->next;
		release(exchange);
	}
}

static void give_back(struct exchange *exchange)
{
	struct http_server *server = exchange->server;

	server->bodies_size -= exchange->body_size;
	free(exchange->body);
	server->whole_count -= exchange->whole;
	if (server->spare_count == EXCHANGE_SPARES_MAX) {
		release(exchange);
		return;
	}
	arena_reset(exchange->public.arena);
	exchange->next = server->spares;
	server->spares = exchange;
	server->spare_count++;
}

/* The request line is there; the only sight of the URL as it came. */
void *exchange_begin(void *context, const char *uri, struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct exchange *exchange = take(context);
	struct view whole;
	ptrdiff_t mark;

	if (!exchange)
		return NULL;
	exchange->mhd = mhd;
	exchange->connection = info ? info->socket_context : NULL;
	whole = view_of(arena_strdup(exchange->public.arena, uri));
	mark = view_find_char(whole, '?');
	exchange->public.request.path = mark < 0 ? whole : view_sub(whole, 0, (size_t)mark);
	exchange->public.request.query = mark < 0 ? VIEW("") : view_sub(whole, (size_t)mark + 1, whole.len);
	return exchange;
}

void exchange_over(void *context, struct MHD_Connection *mhd, void **own, enum MHD_RequestTerminationCode how)
{
	struct exchange *exchange = *own;

	if (!exchange)
		return;
	if (exchange->connection) {
		exchange->connection->busy = false;
		connection_wait(exchange->server, exchange->connection, 0);
	}
	*own = NULL;
	give_back(exchange);
}

/* ---- answers ---- */

static enum MHD_Result queue(struct exchange *exchange, const struct http_reply *reply)
{
	struct http_server *server = exchange->server;
	bool close = server->quiet || exchange->last;
	bool plain = !reply->type && !reply->retry_seconds && !reply->challenge && reply->status != 405 && !close;
	struct MHD_Response *response = server->empty;
	enum MHD_Result result;
	char seconds[16];

	if (!plain)
		response = MHD_create_response_from_buffer(reply->body.len,
			arena_copy(exchange->public.arena, reply->body.ptr ? reply->body.ptr : "", reply->body.len),
			MHD_RESPMEM_PERSISTENT);
	if (!response)
		return MHD_NO;
	if (reply->type) {
		MHD_add_response_header(response, "Content-Type", reply->type);
		MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	}
	if (reply->retry_seconds > 0) {
		snprintf(seconds, sizeof(seconds), "%d", reply->retry_seconds);
		MHD_add_response_header(response, "Retry-After", seconds);
	}
	if (reply->challenge)
		MHD_add_response_header(response, "WWW-Authenticate", reply->challenge);
	if (reply->status == 405)
		MHD_add_response_header(response, "Allow", "GET, POST, PUT");
	if (close)
		MHD_add_response_header(response, "Connection", "close");
	result = MHD_queue_response(exchange->mhd, (unsigned)reply->status, response);
	if (!plain)
		MHD_destroy_response(response);
	return result;
}

void http_exchange_defer(struct http_exchange *public)
{
	struct exchange *exchange = (struct exchange *)public;

	MHD_suspend_connection(exchange->mhd);
}

void http_exchange_answer(struct http_exchange *public, const struct http_reply *reply)
{
	struct exchange *exchange = (struct exchange *)public;
	struct http_server *server = exchange->server;
	bool first;

	exchange->reply = *reply;
	exchange->answered = true;
	pthread_mutex_lock(&server->mutex);
	first = server->answered == NULL;
	exchange->next = server->answered;
	server->answered = exchange;
	pthread_mutex_unlock(&server->mutex);
	if (first)
		eventfd_write(server->wake_fd, 1);
}

void exchanges_resume(struct http_server *server)
{
	struct exchange *exchange, *next;
	eventfd_t ignored;

	(void)!eventfd_read(server->wake_fd, &ignored);
	pthread_mutex_lock(&server->mutex);
	exchange = server->answered;
	server->answered = NULL;
	pthread_mutex_unlock(&server->mutex);
	for (; exchange; exchange = next) {
		next = exchange->next;
		MHD_resume_connection(exchange->mhd);
	}
}

/* ---- requests ---- */

struct header_list {
	struct exchange *exchange;
	struct http_field *fields;
	size_t count;
};

static enum MHD_Result add_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct header_list *list = context;

	if (list->count == HTTP_HEADERS_MAX)
		return MHD_NO;
	list->fields[list->count++] = (struct http_field){view_of(name), view_trim(value ? view_of(value) : VIEW(""))};
	return MHD_YES;
}

static int take_headers(struct exchange *exchange, const char *method)
{
	struct http_request *request = &exchange->public.request;
	int count = MHD_get_connection_values(exchange->mhd, MHD_HEADER_KIND, NULL, NULL);
	struct header_list list = {.exchange = exchange};

	if (count < 0 || count > HTTP_HEADERS_MAX)
		return -1;
	list.fields = ARENA_NEW_N(exchange->public.arena, struct http_field, (size_t)count + 1);
	MHD_get_connection_values(exchange->mhd, MHD_HEADER_KIND, add_header, &list);
	request->method = view_of(method);
	request->headers = list.fields;
	request->header_count = list.count;
	return 0;
}

static bool is_token(struct view name)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.ptr[i];

		if (!((c | 0x20) >= 'a' && (c | 0x20) <= 'z') && !(c >= '0' && c <= '9') && (!c || !strchr(marks, c)))
			return false;
	}
	return name.len > 0;
}

/*
 * Can it be read in one way only where its body ends (RFC 9112, 6.3)? Else a proxy before us could see another end, and
 * what it takes for a body would be a request here. libmicrohttpd takes the first length, and chunks before a length.
 */
static bool has_one_end(const struct http_request *request)
{
	size_t lengths = 0, encodings = 0;

	for (size_t i = 0; i < request->header_count; i++) {
		const struct http_field *field = &request->headers[i];

		if (!is_token(field->name))
			return false;
		lengths += view_equal_nocase(field->name, VIEW("Content-Length"));
		if (view_equal_nocase(field->name, VIEW("Transfer-Encoding"))) {
			encodings++;
			if (!view_equal_nocase(field->value, VIEW("chunked")))
				return false;
		}
	}
	return lengths + encodings <= 1;
}

static enum MHD_Result refuse(struct exchange *exchange, int status, int retry_seconds)
{
	struct http_reply reply = {.status = status, .retry_seconds = retry_seconds};

	exchange->refused = true;
	return queue(exchange, &reply);
}

/* Who sends large bodies, slowly and many, leaves room for the small ones. */
static size_t bodies_max(size_t size)
{
	return size > HTTP_LARGE_BODY ? HTTP_LARGE_BODIES_MAX : HTTP_BODIES_MAX;
}

/* Headers are there: is a body of that length taken? */
static enum MHD_Result begin(struct exchange *exchange, const char *method)
{
	struct http_server *server = exchange->server;
	struct http_reply reply = {.status = 500};
	struct view length;
	long long size = 0;

	exchange->begun = true;
	if (take_headers(exchange, method) < 0)
		return refuse(exchange, 431, 0);
	if (!has_one_end(&exchange->public.request)) {
		exchange->last = true;
		return refuse(exchange, 400, 0);
	}
	if (!server->handler.begin(server->handler.context, &exchange->public, &exchange->body_max, &reply)) {
		exchange->refused = true;
		return queue(exchange, &reply);
	}
	length = http_request_header(&exchange->public.request, "Content-Length");
	if (length.len > 0 && (view_to_int(length, 0, INT64_MAX, &size) < 0 || (size_t)size > exchange->body_max)) {
		server->handler.oversize(server->handler.context, &exchange->public);
		return refuse(exchange, 413, 0);
	}
	if (server->bodies_size + (size_t)size > bodies_max((size_t)size))
		return refuse(exchange, 503, 5);
	if (exchange->connection)
		connection_wait(server, exchange->connection,
			clock_monotonic() + (HTTP_BODY_SECONDS + size / HTTP_BODY_BYTES_A_SECOND) * SECOND_US);
	return MHD_YES;
}

static bool grow(struct exchange *exchange, size_t needed)
{
	size_t size = exchange->body_size ? exchange->body_size : BODY_FIRST;
	char *larger;

	while (size < needed)
		size *= 2;
	if (size <= exchange->body_size)
		return true;
	if (exchange->server->bodies_size + (size - exchange->body_size) > bodies_max(size))
		return false;
	larger = realloc(exchange->body, size);
	if (!larger)
		return false;
	exchange->server->bodies_size += size - exchange->body_size;
	exchange->body = larger;
	exchange->body_size = size;
	return true;
}

/* What comes in chunks tells no length: when it is too much the line is cut, an answer in between is impossible. */
static enum MHD_Result take_body(struct exchange *exchange, const char *bytes, size_t *size)
{
	struct http_server *server = exchange->server;

	if (exchange->refused) {
		*size = 0;
		return MHD_YES;
	}
	if (exchange->body_len + *size > exchange->body_max) {
		server->handler.oversize(server->handler.context, &exchange->public);
		return MHD_NO;
	}
	if (!grow(exchange, exchange->body_len + *size))
		return MHD_NO;
	memcpy(exchange->body + exchange->body_len, bytes, *size);
	exchange->body_len += *size;
	*size = 0;
	return MHD_YES;
}

static enum MHD_Result whole(struct exchange *exchange)
{
	struct http_server *server = exchange->server;
	struct http_reply reply = {.status = 500};

	exchange->whole = true;
	server->whole_count++;
	exchange->public.request.body = (struct view){exchange->body ? exchange->body : "", exchange->body_len};
	if (exchange->connection)
		exchange->connection->busy = true;
	if (server->handler.whole(server->handler.context, &exchange->public, &reply))
		return queue(exchange, &reply);
	return MHD_YES;
}

enum MHD_Result exchange_handle(void *context, struct MHD_Connection *mhd, const char *url, const char *method,
	const char *version, const char *upload, size_t *upload_size, void **own)
{
	struct exchange *exchange = *own;

	if (!exchange)
		return MHD_NO;
	if (!exchange->begun)
		return begin(exchange, method);
	if (*upload_size > 0)
		return take_body(exchange, upload, upload_size);
	if (exchange->refused)
		return MHD_YES;
	if (exchange->answered)
		return queue(exchange, &exchange->reply);
	return whole(exchange);
}
