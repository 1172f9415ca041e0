/* A stream against servers that close, stall, drip and flood: every call ends in time, and says why. */
#include "net/stream.h"
#include "unit.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"

/* ---- a server of one connection ---- */

struct server {
	int listener, port;
	void (*serve)(int fd);
	pthread_t thread;
};

static void *server_run(void *argument)
{
	struct server *server = argument;
	int fd = accept(server->listener, NULL, NULL);

	if (fd >= 0) {
		server->serve(fd);
		close(fd);
	}
	return NULL;
}

static void server_start(struct server *server, void (*serve)(int fd))
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);

	server->serve = serve;
	server->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(server->listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(server->listener, 1), 0);
	getsockname(server->listener, (struct sockaddr *)&address, &size);
	server->port = ntohs(address.sin_port);
	pthread_create(&server->thread, NULL, server_run, server);
}

static void server_stop(struct server *server)
{
	shutdown(server->listener, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->listener);
}

static void until_closed(int fd)
{
	char byte;

	while (recv(fd, &byte, 1, 0) > 0)
		;
}

static void put(int fd, const char *bytes, size_t len)
{
	(void)!send(fd, bytes, len, MSG_NOSIGNAL);
}

static void greet_and_close(int fd)
{
	put(fd, "hello", 5);
}

static void stall(int fd)
{
	put(fd, "hel", 3);
	until_closed(fd);
}

static void drip(int fd)
{
	struct pollfd closed = {.fd = fd, .events = POLLIN};

	while (poll(&closed, 1, 100) == 0)
		put(fd, "x", 1);
}

static void flood(int fd)
{
	static char megabyte[1 << 20];

	for (int i = 0; i < 64; i++)
		if (send(fd, megabyte, sizeof(megabyte), MSG_NOSIGNAL) <= 0)
			return;
}

/* ---- */

static struct stream *open_stream(const struct server *server, int cancel_fd)
{
	const struct stream_target target = {
		.host = "127.0.0.1",
		.port = server->port,
		.loopback_only = true,
		.seconds = 5,
		.cancel_fd = cancel_fd,
	};
	struct stream *stream = NULL;
	struct error err = ERROR_INIT;

	if (stream_open(&target, &stream, &err) < 0)
		fail_msg("%s", err.text);
	return stream;
}

static uint64_t read_all(struct stream *stream)
{
	uint64_t total = 0;
	char buffer[4096];
	ssize_t n;

	while ((n = stream_read(stream, buffer, sizeof(buffer))) > 0)
		total += (uint64_t)n;
	assert_int_equal(n, -1);
	return total;
}

struct stream_case {
	const char *name;
	void (*serve)(int fd);
	int seconds;
	uint64_t bytes;      /* budget */
	const char *words;
	uint64_t at_least, at_most; /* bytes read */
	int64_t longest;     /* milliseconds */
};

static const struct stream_case cases[] = {
	{"closes", greet_and_close, 5, 1000, "closed the connection", 5, 5, 1000},
	{"stalls", stall, 1, 1000, "within 1 seconds", 3, 3, 1900},
	{"drips", drip, 1, 1000, "within 1 seconds", 1, 30, 1900},
	{"floods", flood, 5, 100000, "more than the 100000 bytes", 90000, 100000, 4000},
	{"one byte too much", greet_and_close, 5, 4, "more than the 4 bytes", 0, 4, 1000},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct stream_case *c = &cases[i];
		struct server server;
		struct stream *stream;
		int64_t began, took;
		uint64_t total;

		server_start(&server, c->serve);
		stream = open_stream(&server, -1);
		stream_begin(stream, c->seconds, c->bytes);
		began = clock_monotonic();
		total = read_all(stream);
		took = (clock_monotonic() - began) / 1000;
		unit_holds(c->name, stream_error(stream)->text, c->words);
		unit_same_number(c->name, stream_error(stream)->reach, REACH_SOURCE);
		if (total < c->at_least || total > c->at_most || took > c->longest)
			fail_msg("%s: %llu bytes, %lld ms", c->name, (unsigned long long)total, (long long)took);
		/* Broken is broken: no call tries again. */
		assert_int_equal(stream_write(stream, "x", 1), -1);
		stream_close(&stream, true);
		assert_null(stream);
		server_stop(&server);
	}
}

static void *cancel_soon(void *argument)
{
	uint64_t one = 1;

	usleep(100000);
	(void)!write(*(int *)argument, &one, sizeof(one));
	return NULL;
}

static void test_cancel(void **state)
{
	int cancel_fd = eventfd(0, EFD_CLOEXEC);
	int64_t began = clock_monotonic();
	struct server server;
	struct stream *stream;
	pthread_t thread;

	(void)state;
	server_start(&server, stall);
	stream = open_stream(&server, cancel_fd);
	stream_begin(stream, 30, 1000);
	pthread_create(&thread, NULL, cancel_soon, &cancel_fd);
	assert_int_equal(read_all(stream), 3);
	assert_true(clock_monotonic() - began < 2000000);
	assert_int_equal(stream_error(stream)->reach, REACH_RETRY);
	pthread_join(thread, NULL);
	stream_close(&stream, true);
	server_stop(&server);
	close(cancel_fd);
}

/* select() would end the process. */
static void test_high_descriptor(void **state)
{
	struct rlimit limit;
	struct server server;
	struct stream *stream;
	int high;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < 1100) {
		print_message("# too few descriptors to test high ones\n");
		return;
	}
	for (high = dup(0); high >= 0 && high < 1050; high = dup(0))
		;
	server_start(&server, greet_and_close);
	stream = open_stream(&server, -1);
	assert_true(stream_fd(stream) > 1024);
	stream_begin(stream, 5, 1000);
	assert_int_equal(read_all(stream), 5);
	stream_close(&stream, true);
	server_stop(&server);
	for (; high > 2; high--)
		close(high);
}

struct refusal {
	const char *name, *host;
	int port;
	bool loopback_only;
	const char *words;
	enum error_reach reach;
};

static const struct refusal refusals[] = {
	{"nobody listens", "127.0.0.1", 1, false, "Connection refused", REACH_SOURCE},
	{"all addresses of a name", "localhost", 1, true, "Connection refused", REACH_SOURCE},
	{"no such host", "no-such-host.invalid", 1, false, "host no-such-host.invalid", REACH_SOURCE},
	{"plain to another machine", "192.0.2.1", 1, true, "not this machine", REACH_STOP},
};

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		const struct stream_target target = {
			.host = refusals[i].host,
			.port = refusals[i].port,
			.loopback_only = refusals[i].loopback_only,
			.seconds = 10,
			.cancel_fd = -1,
		};
		struct stream *stream = NULL;
		struct error err = ERROR_INIT;

		assert_int_equal(stream_open(&target, &stream, &err), -1);
		unit_holds(refusals[i].name, err.text, refusals[i].words);
		unit_same_number(refusals[i].name, err.reach, refusals[i].reach);
		assert_null(stream);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_high_descriptor),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
