/* net/http_client: libcurl, one call at a time. See http_client.h; http_guard.c says where a call may go. */
#include "net/http_client.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/clock.h"
#include "net/http_guard.h"

#define POLL_MS 1000
#define KEEP_BYTES ((size_t)1024 * 1024) /* a larger buffer is given back after its call */
#define RETRY_AFTER_MAX 86400

struct http_client {
	const struct config *config;
	struct duty_context *context;
	CURLM *multi;
	CURL *easy;
	struct text body;
	char detail[CURL_ERROR_SIZE];
	/* of the hop under way */
	struct http_hop hop;
	bool sent;    /* the request has begun to leave */
	bool refused; /* an address was refused */
};

static void global_init(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

int http_client_new(
	const struct config *config, struct duty_context *context, struct http_client **out, struct error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct http_client *client = calloc(1, sizeof(*client));

	pthread_once(&once, global_init);
	if (!client)
		exit(EX_OSERR);
	client->config = config;
	client->context = context;
	client->multi = curl_multi_init();
	client->easy = curl_easy_init();
	if (!client->multi || !client->easy) {
		http_client_free(&client);
		return error_set(err, REACH_RETRY, "libcurl cannot begin");
	}
	*out = client;
	return 0;
}

void http_client_free(struct http_client **client)
{
	if (!*client)
		return;
	if ((*client)->easy)
		curl_easy_cleanup((*client)->easy);
	if ((*client)->multi)
		curl_multi_cleanup((*client)->multi);
	text_release(&(*client)->body);
	free(*client);
	*client = NULL;
}

/* ---- what libcurl asks ---- */

static bool may_connect(const struct http_client *client, const struct sockaddr *address)
{
	if (client->hop.plain)
		return http_guard_loopback(address);
	return !client->hop.guarded || http_guard_public(address);
}

/* Before every connect, with the address that it goes to. */
static curl_socket_t open_socket(void *private, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct http_client *client = private;

	if (!may_connect(client, &address->addr)) {
		client->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Before every request, over connections that were kept too: the address as the socket has it. */
static int before_request(void *private, char *remote, char *local, int remote_port, int local_port)
{
	struct http_client *client = private;
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	bool good = false;

	if (inet_pton(AF_INET, remote, &in.sin_addr) == 1)
		good = may_connect(client, (const struct sockaddr *)&in);
	else if (inet_pton(AF_INET6, remote, &in6.sin6_addr) == 1)
		good = may_connect(client, (const struct sockaddr *)&in6);
	client->refused = client->refused || !good;
	client->sent = client->sent || good;
	return good ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

static size_t take_body(char *data, size_t size, size_t count, void *private)
{
	struct http_client *client = private;

	return text_add(&client->body, data, size * count) < 0 ? 0 : size * count;
}

/* ---- one hop ---- */

static void set_trust(struct http_client *client)
{
	const char *ca_file = client->config->tls.ca_file;

	curl_easy_setopt(client->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(client->easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(client->easy, CURLOPT_SSL_VERIFYHOST, 2L);
	if (ca_file) {
		curl_easy_setopt(client->easy, CURLOPT_CAINFO, ca_file);
		curl_easy_setopt(client->easy, CURLOPT_CAPATH, NULL); /* else the system's authorities count as well */
	}
	curl_easy_setopt(client->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(client->easy, CURLOPT_OPENSOCKETDATA, client);
	curl_easy_setopt(client->easy, CURLOPT_PREREQFUNCTION, before_request);
	curl_easy_setopt(client->easy, CURLOPT_PREREQDATA, client);
}

static struct curl_slist *add_header(struct curl_slist *list, const char *header)
{
	struct curl_slist *longer = curl_slist_append(list, header);

	if (!longer)
		exit(EX_OSERR);
	return longer;
}

static void set_request(struct http_client *client, const struct http_call *call, struct curl_slist **headers_out)
{
	struct curl_slist *headers = add_header(NULL, "Expect:");

	curl_easy_setopt(client->easy, CURLOPT_CUSTOMREQUEST, call->method);
	if (strcmp(call->method, "GET") == 0) {
		curl_easy_setopt(client->easy, CURLOPT_HTTPGET, 1L);
	} else {
		curl_easy_setopt(client->easy, CURLOPT_POST, 1L);
		curl_easy_setopt(client->easy, CURLOPT_POSTFIELDS, call->body.len ? call->body.ptr : "");
		curl_easy_setopt(client->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.len);
	}
	for (size_t i = 0; client->hop.credentials && call->headers && call->headers[i]; i++)
		headers = add_header(headers, call->headers[i]);
	if (client->hop.credentials && call->user) {
		curl_easy_setopt(client->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		curl_easy_setopt(client->easy, CURLOPT_USERNAME, call->user);
		curl_easy_setopt(client->easy, CURLOPT_PASSWORD, call->password ? call->password : "");
	}
	curl_easy_setopt(client->easy, CURLOPT_HTTPHEADER, headers);
	*headers_out = headers;
}

static void set_all(struct http_client *client, const struct http_call *call, const char *url, long milliseconds)
{
	const struct config *config = client->config;
	CURL *easy = client->easy;

	curl_easy_reset(easy);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* else the environment's */
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "fieldpost/" FIELDPOST_VERSION);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)config->limits.connect_seconds);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, client->detail);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, client);
	set_trust(client);
}

/* Drives the transfer; a stop of the duty ends it. */
static CURLcode drive(struct http_client *client)
{
	struct curl_waitfd stop = {.fd = client->context ? client->context->stop_fd : -1, .events = CURL_WAIT_POLLIN};
	int running = 1, left;
	CURLMsg *message;

	while (running) {
		if (client->context && duty_stopping(client->context))
			return CURLE_ABORTED_BY_CALLBACK;
		if (curl_multi_perform(client->multi, &running) != CURLM_OK)
			return CURLE_FAILED_INIT;
		if (running &&
			curl_multi_poll(client->multi, &stop, client->context ? 1 : 0, POLL_MS, NULL) != CURLM_OK)
			return CURLE_FAILED_INIT;
	}
	while ((message = curl_multi_info_read(client->multi, &left)))
		if (message->msg == CURLMSG_DONE)
			return message->data.result;
	return CURLE_FAILED_INIT;
}

static int fail(struct http_client *client, const struct http_call *call, CURLcode result, struct error *err)
{
	const char *host = client->hop.host, *words = client->detail[0] ? client->detail : curl_easy_strerror(result);
	bool is_get = strcmp(call->method, "GET") == 0;

	if (client->refused)
		return error_set(err, REACH_MESSAGE,
			client->hop.plain ? "%s is refused: without TLS only loopback is spoken to"
					  : "%s is refused: its address is not of the public internet",
			host);
	if (client->body.full)
		return error_set(err, is_get ? REACH_MESSAGE : REACH_UNCERTAIN,
			"%s: the answer is larger than %zu bytes", host, call->answer_max);
	if (result == CURLE_ABORTED_BY_CALLBACK)
		words = "the service is stopping";
	if (client->sent && !is_get)
		return error_set(err, REACH_UNCERTAIN, "%s: %s", host, words);
	if (result == CURLE_ABORTED_BY_CALLBACK || client->sent)
		return error_set(err, REACH_RETRY, "%s: %s", host, words);
	return error_set(err, REACH_SOURCE, "%s: %s", host, words);
}

static int go(
	struct http_client *client, const struct http_call *call, const char *url, int64_t until, struct error *err)
{
	int64_t left = (until - clock_monotonic()) / 1000;
	struct curl_slist *headers = NULL;
	CURLcode result;

	client->sent = client->refused = false;
	client->detail[0] = '\0';
	text_release(&client->body);
	text_init(&client->body, call->answer_max);
	set_all(client, call, url, left > 0 ? (long)left : 1);
	set_request(client, call, &headers);
	if (curl_multi_add_handle(client->multi, client->easy) != CURLM_OK) {
		curl_slist_free_all(headers);
		return error_set(err, REACH_RETRY, "libcurl takes no request");
	}
	result = drive(client);
	curl_multi_remove_handle(client->multi, client->easy);
	curl_slist_free_all(headers);
	return result == CURLE_OK ? 0 : fail(client, call, result, err);
}

/* ---- a call ---- */

static void take_answer(struct http_client *client, struct arena *arena, struct http_answer *out)
{
	curl_off_t retry_after = 0;
	const char *type = NULL;
	long status = 0;

	curl_easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(client->easy, CURLINFO_CONTENT_TYPE, &type);
	curl_easy_getinfo(client->easy, CURLINFO_RETRY_AFTER, &retry_after);
	*out = (struct http_answer){
		.status = (int)status,
		.body = {arena_copy(arena, client->body.ptr ? client->body.ptr : "", client->body.len),
			client->body.len},
		.content_type = type ? arena_strdup(arena, type) : NULL,
		.retry_after = (int)(retry_after > RETRY_AFTER_MAX ? RETRY_AFTER_MAX : retry_after),
	};
	if (client->body.size > KEEP_BYTES)
		text_release(&client->body);
}

/* Where the answer leads, or NULL. */
static const char *redirect_of(struct http_client *client, const struct http_call *call, struct arena *arena)
{
	const char *url = NULL;

	if (call->redirects == 0 || strcmp(call->method, "GET") != 0)
		return NULL;
	curl_easy_getinfo(client->easy, CURLINFO_REDIRECT_URL, &url);
	return url ? arena_strdup(arena, url) : NULL;
}

int http_client_call(struct http_client *client, const struct http_call *call, struct arena *arena,
	struct http_answer *out, struct error *err)
{
	int64_t until = clock_monotonic() + (int64_t)call->seconds * 1000000;
	const char *url = call->url;

	for (int hop = 0; url; hop++) {
		if (hop > call->redirects)
			return error_set(
				err, REACH_MESSAGE, "%s: more than %d redirects", client->hop.host, call->redirects);
		if (http_guard_hop(call, url, hop == 0, &client->hop, err) < 0 || go(client, call, url, until, err) < 0)
			return -1;
		url = redirect_of(client, call, arena);
	}
	take_answer(client, arena, out);
	return 0;
}
