/* The HTTP client against a server in a thread: answers, limits, time, a stop, redirects, and who is spoken to at all.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "net/http_client.h"
#include "unit.h"

#define REQUEST_MAX 8192

/* Answers each connection's first request with `answer` and closes; keeps what it was told last. */
struct server {
	int fd, port;
	pthread_t thread;
	const char *_Atomic answer; /* NULL: nothing is said, the line stays open for a second */
	_Atomic int connections;
	char request[REQUEST_MAX];
};

static void *serve(void *argument)
{
	struct server *server = argument;

	for (;;) {
		int fd = accept(server->fd, NULL, NULL);
		size_t len = 0;
		ssize_t got;

		if (fd < 0)
			return NULL;
		atomic_fetch_add(&server->connections, 1);
		while (len < REQUEST_MAX - 1 && (got = recv(fd, server->request + len, REQUEST_MAX - 1 - len, 0)) > 0) {
			len += (size_t)got;
			server->request[len] = '\0';
			if (strstr(server->request, "\r\n\r\n"))
				break;
		}
		if (server->answer)
			(void)!send(fd, server->answer, strlen(server->answer), MSG_NOSIGNAL);
		else
			usleep(1000000);
		close(fd);
	}
}

static struct server server;
static struct config config = {.limits = {.connect_seconds = 5}};
static char url[128], origin[64];

static int begin(void **state)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(in);

	server.fd = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(server.fd, (struct sockaddr *)&in, len) < 0 || listen(server.fd, 10) < 0 ||
		getsockname(server.fd, (struct sockaddr *)&in, &len) < 0)
		return -1;
	server.port = ntohs(in.sin_port);
	snprintf(origin, sizeof(origin), "http://127.0.0.1:%d", server.port);
	snprintf(url, sizeof(url), "%s/path?token=s3cret", origin);
	return pthread_create(&server.thread, NULL, serve, &server);
}

static int end(void **state)
{
	shutdown(server.fd, SHUT_RDWR);
	close(server.fd);
	return pthread_join(server.thread, NULL);
}

static const char *const nowhere[] = {NULL};
static const char *const here[] = {"localhost", NULL};
static const char *const headers[] = {"Authorization: Bearer s3cret", NULL};
static char elsewhere[128]; /* a redirect to the server under another name */

static const struct {
	const char *name, *method, *answer;
	const char *url; /* NULL: the server's */
	const char *const *hosts;
	bool as_origin; /* the server's address is the configured one */
	int redirects, status;
	enum error_reach reach;
	const char *words; /* of the body, or of the error */
} cases[] = {
	{"an answer", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", NULL, NULL, false, 0, 200, REACH_NONE,
		"hello"},
	{"any status", "POST", "HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\n{}", NULL, NULL, false,
		0, 429, REACH_NONE, "{}"},
	{"at the limit", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", NULL, NULL, false, 0, 200,
		REACH_NONE, "0123456789"},
	{"above the limit", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n0123456789a", NULL, NULL, false, 0, 0,
		REACH_MESSAGE, "larger than 10 bytes"},
	{"cut in the middle", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel", NULL, NULL, false, 0, 0,
		REACH_RETRY, "127.0.0.1: "},
	{"cut in the middle of what was sent", "POST", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel", NULL, NULL,
		false, 0, 0, REACH_UNCERTAIN, "127.0.0.1: "},
	{"no answer", "POST", "", NULL, NULL, false, 0, 0, REACH_UNCERTAIN, "127.0.0.1: "},
	{"no answer to a question", "GET", "", NULL, NULL, false, 0, 0, REACH_RETRY, "127.0.0.1: "},
	{"nobody there", "POST", "", "http://127.0.0.1:1/", NULL, false, 0, 0, REACH_SOURCE, "127.0.0.1: "},
	{"a redirect is an answer", "GET", "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", NULL,
		NULL, false, 0, 302, REACH_NONE, ""},
	{"guarded: the configured address", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", NULL, nowhere,
		true, 0, 200, REACH_NONE, "ok"},
	{"guarded: not configured", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", NULL, nowhere, false, 0, 0,
		REACH_MESSAGE, "is refused"},
	{"guarded: a listed name that is loopback", "GET", "", "https://localhost/x", here, false, 0, 0, REACH_MESSAGE,
		"not of the public internet"},
	{"guarded: a redirect elsewhere", "GET", elsewhere, NULL, nowhere, true, 3, 0, REACH_MESSAGE,
		"localhost is refused"},
	{"guarded: round and round", "GET", "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", NULL,
		nowhere, true, 3, 0, REACH_MESSAGE, "more than 3 redirects"},
	{"without TLS to a name", "GET", "", "http://example.org/", NULL, false, 0, 0, REACH_MESSAGE, "only loopback"},
};

static void test_calls(void **state)
{
	snprintf(elsewhere, sizeof(elsewhere),
		"HTTP/1.1 302 Found\r\nLocation: http://localhost:%d/y\r\nContent-Length: 0\r\n\r\n", server.port);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *arena = arena_new();
		struct http_client *client = NULL;
		struct http_call call = {.method = cases[i].method,
			.url = cases[i].url ? cases[i].url : url,
			.headers = headers,
			.answer_max = 10,
			.seconds = 10,
			.hosts = cases[i].hosts,
			.origin = cases[i].as_origin ? origin : NULL,
			.redirects = cases[i].redirects,
			.body = VIEW("body")};
		struct http_answer answer = {0};
		struct error err = ERROR_INIT;

		server.answer = cases[i].answer;
		assert_int_equal(http_client_new(&config, NULL, &client, &err), 0);
		unit_same_number(
			cases[i].name, http_client_call(client, &call, arena, &answer, &err), cases[i].reach ? -1 : 0);
		unit_same_number(cases[i].name, err.reach, cases[i].reach);
		unit_same_number(cases[i].name, answer.status, cases[i].status);
		if (cases[i].reach)
			unit_holds(cases[i].name, err.text, cases[i].words);
		else
			unit_same(cases[i].name, answer.body, view_of(cases[i].words));
		if (strstr(err.text, "s3cret"))
			fail_msg("%s: the error holds the secret", cases[i].name);
		if (cases[i].status == 429)
			assert_int_equal(answer.retry_after, 7);
		http_client_free(&client);
		arena_free(&arena);
	}
}

/* What is refused is not connected to. */
static void test_silence(void **state)
{
	struct arena *arena = arena_new();
	struct http_client *client = NULL;
	struct http_call call = {
		.method = "GET", .url = url, .headers = headers, .answer_max = 10, .seconds = 5, .hosts = nowhere};
	struct http_answer answer;
	struct error err = ERROR_INIT;
	int before = server.connections;

	assert_int_equal(http_client_new(&config, NULL, &client, &err), 0);
	assert_int_equal(http_client_call(client, &call, arena, &answer, &err), -1);
	assert_int_equal(server.connections, before);
	http_client_free(&client);
	arena_free(&arena);
}

static void *stop_soon(void *fd)
{
	uint64_t one = 1;

	usleep(200000);
	(void)!write(*(int *)fd, &one, sizeof(one));
	return NULL;
}

/* A stop of the duty ends a call that waits. */
static void test_stop(void **state)
{
	int fd = eventfd(0, EFD_NONBLOCK);
	struct duty_context context = {.config = &config, .stop_fd = fd};
	struct http_call call = {.method = "GET", .url = url, .answer_max = 10, .seconds = 30};
	struct arena *arena = arena_new();
	struct http_client *client = NULL;
	struct http_answer answer;
	struct error err = ERROR_INIT;
	int64_t began = clock_monotonic();
	pthread_t thread;

	server.answer = NULL;
	assert_int_equal(http_client_new(&config, &context, &client, &err), 0);
	assert_int_equal(pthread_create(&thread, NULL, stop_soon, &fd), 0);
	assert_int_equal(http_client_call(client, &call, arena, &answer, &err), -1);
	assert_int_equal(err.reach, REACH_RETRY);
	assert_true(clock_monotonic() - began < 900000);
	pthread_join(thread, NULL);
	http_client_free(&client);
	arena_free(&arena);
	close(fd);
}

static void test_time(void **state)
{
	struct http_call call = {.method = "GET", .url = url, .answer_max = 10, .seconds = 0};
	struct arena *arena = arena_new();
	struct http_client *client = NULL;
	struct http_answer answer;
	struct error err = ERROR_INIT;

	server.answer = NULL;
	assert_int_equal(http_client_new(&config, NULL, &client, &err), 0);
	assert_int_equal(http_client_call(client, &call, arena, &answer, &err), -1);
	assert_true(err.reach == REACH_RETRY || err.reach == REACH_SOURCE);
	http_client_free(&client);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
