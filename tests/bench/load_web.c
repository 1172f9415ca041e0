/*
 * load_web: an open-loop sender of webhooks.
 *
 *     load_web PORT PATH SECRET RATE SECONDS COUNT FIRST
 *
 * 64 keep-alive connections to 127.0.0.1. RATE requests a second are due at even times, whatever the server does; each
 * goes out on the first connection that is free, and its latency counts from the time at which it was due. RATE 0: each
 * connection sends again as soon as it was answered. Ends after SECONDS or COUNT requests (0: no limit); bodies are
 * {"id":"b<number>", ...}, numbered from FIRST. Prints: requests, seconds, failures, and the latency's p50, p99, worst in ms.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"

#define CONNECTIONS 64
#define REQUEST_MAX 2048
#define BUCKETS 100000 /* of 10 us: up to a second, the rest in the last */
#define BUCKET_US 10
#define DRAIN_US 5000000 /* for what is under way at the end */

struct line {
	int fd;
	int64_t due;
	char request[REQUEST_MAX];
	size_t size, sent;
	char answer[512];
	size_t got;
	struct line *next; /* among the free */
};

struct load {
	int epoll, port;
	const char *path, *secret;
	double rate;
	int64_t begin, end;
	long long count, first;
	long long started, finished, failed;
	struct line lines[CONNECTIONS], *free;
	uint32_t buckets[BUCKETS + 1];
	int64_t worst;
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void connect_line(struct load *load, struct line *line)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)load->port)};
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = line};
	int on = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	line->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (line->fd < 0 || connect(line->fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		setsockopt(line->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ||
		fcntl(line->fd, F_SETFL, O_NONBLOCK) < 0 || epoll_ctl(load->epoll, EPOLL_CTL_ADD, line->fd, &event) < 0)
		fail("connect");
}

/* A request is small: it goes out at once or the server is in trouble. */
static void start(struct load *load, struct line *line, int64_t due)
{
	char body[REQUEST_MAX / 2];
	int len = snprintf(body, sizeof(body),
		"{\"id\":\"b%lld\",\"from\":\"+243990%06lld\",\"text\":\"1. Country: Nepal\\n2. The water point works "
		"again since Monday, 40 families use it.\\n3. Please send chlorine before the rains.\\n4. %lld\"}",
		load->first + load->started, (load->first + load->started) % 1000000, load->started % 100);

	line->due = due;
	line->got = 0;
	line->size = (size_t)snprintf(line->request, sizeof(line->request),
		"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Secret: %s\r\nContent-Type: application/json\r\n"
		"Content-Length: %d\r\n\r\n%s",
		load->path, load->secret, len, body);
	load->started++;
	if (send(line->fd, line->request, line->size, MSG_NOSIGNAL) != (ssize_t)line->size)
		fail("send");
}

static void finish(struct load *load, struct line *line, int64_t now)
{
	int64_t took = now - line->due, bucket = took / BUCKET_US;

	load->finished++;
	if (strncmp(line->answer, "HTTP/1.1 200 ", 13) != 0)
		load->failed++;
	load->buckets[bucket < BUCKETS ? bucket : BUCKETS]++;
	if (took > load->worst)
		load->worst = took;
	line->next = load->free;
	load->free = line;
}

static void receive(struct load *load, struct line *line)
{
	ssize_t n = recv(line->fd, line->answer + line->got, sizeof(line->answer) - 1 - line->got, 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0)
		fail("the server closed a connection");
	line->got += (size_t)n;
	line->answer[line->got] = '\0';
	if (strstr(line->answer, "\r\n\r\n"))
		finish(load, line, clock_monotonic());
}

/* Is one more to be started, and when was it due? */
static bool next_due(const struct load *load, int64_t now, int64_t *due_out)
{
	if (load->count && load->started >= load->count)
		return false;
	*due_out = load->rate > 0 ? load->begin + (int64_t)((double)load->started * 1e6 / load->rate) : now;
	return *due_out <= now && *due_out < load->end;
}

static void run(struct load *load)
{
	struct epoll_event events[CONNECTIONS];
	int64_t now, due = 0;

	while ((now = clock_monotonic()) < load->end + DRAIN_US) {
		bool over = now >= load->end || (load->count && load->started >= load->count);
		int n, wait;

		while (!over && load->free && next_due(load, now, &due)) {
			struct line *line = load->free;

			load->free = line->next;
			start(load, line, due);
		}
		if (over && load->finished == load->started)
			return;
		wait = load->rate > 0 && load->free && !over && due > now ? (int)((due - now) / 1000) : 20;
		n = epoll_wait(load->epoll, events, CONNECTIONS, wait);
		for (int i = 0; i < n; i++)
			receive(load, events[i].data.ptr);
	}
}

static double percentile(const struct load *load, double share)
{
	long long sum = 0, wanted = (long long)((double)load->finished * share);

	for (int i = 0; i <= BUCKETS; i++) {
		sum += load->buckets[i];
		if (sum > wanted)
			return (double)(i + 1) * BUCKET_US / 1000;
	}
	return (double)load->worst / 1000;
}

int main(int argc, char **argv)
{
	struct load *load = calloc(1, sizeof(*load));
	double seconds;

	if (argc != 8 || !load) {
		fprintf(stderr, "usage: load_web PORT PATH SECRET RATE SECONDS COUNT FIRST\n");
		return 64;
	}
	load->port = (int)strtol(argv[1], NULL, 10);
	load->path = argv[2];
	load->secret = argv[3];
	load->rate = strtod(argv[4], NULL);
	seconds = strtod(argv[5], NULL);
	load->count = strtoll(argv[6], NULL, 10);
	load->first = strtoll(argv[7], NULL, 10);
	load->epoll = epoll_create1(0);
	for (int i = 0; i < CONNECTIONS; i++) {
		connect_line(load, &load->lines[i]);
		load->lines[i].next = load->free;
		load->free = &load->lines[i];
	}
	load->begin = clock_monotonic();
	load->end = load->begin + (int64_t)((seconds > 0 ? seconds : 1e9) * 1e6);
	run(load);
	seconds = (double)(clock_monotonic() - load->begin) / 1e6;
	printf("%lld %.3f %lld %.3f %.3f %.3f\n", load->finished, seconds, load->failed + load->started - load->finished,
		percentile(load, 0.5), percentile(load, 0.99), (double)load->worst / 1000);
	free(load);
	return 0;
}
