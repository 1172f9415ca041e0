/* net/resolve: host name to addresses with a deadline. See resolve.h. */
#include "net/resolve.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/clock.h"

/* Shared by the one who waits and the thread that asks; the last of the two frees it. */
struct query {
	atomic_int holders;
	atomic_bool answered; /* result and list are there */
	int done_fd;
	int result; /* of getaddrinfo() */
	struct addrinfo *list;
	char service[8];
	char host[];
};

static void query_drop(struct query *query)
{
	if (atomic_fetch_sub(&query->holders, 1) > 1)
		return;
	if (query->list)
		freeaddrinfo(query->list);
	close(query->done_fd);
	free(query);
}

static void *ask(void *argument)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct query *query = argument;
	uint64_t one = 1;

	query->result = getaddrinfo(query->host, query->service, &hints, &query->list);
	atomic_store(&query->answered, true);
	(void)!write(query->done_fd, &one, sizeof(one));
	query_drop(query);
	return NULL;
}

static struct query *query_start(const char *host, int port)
{
	size_t len = strlen(host) + 1;
	struct query *query = calloc(1, sizeof(*query) + len);
	pthread_attr_t detached;
	pthread_t thread;
	int failed;

	if (!query)
		return NULL;
	memcpy(query->host, host, len);
	snprintf(query->service, sizeof(query->service), "%d", port);
	query->done_fd = eventfd(0, EFD_CLOEXEC);
	if (query->done_fd < 0) {
		free(query);
		return NULL;
	}
	atomic_init(&query->holders, 2);
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	failed = pthread_create(&thread, &detached, ask, query);
	pthread_attr_destroy(&detached);
	if (!failed)
		return query;
	atomic_store(&query->holders, 1);
	query_drop(query);
	return NULL;
}

/* 1: answered; 0: time is over or cancelled. */
static int query_wait(const struct query *query, int64_t deadline, int cancel_fd)
{
	struct pollfd fds[2] = {{.fd = query->done_fd, .events = POLLIN}, {.fd = cancel_fd, .events = POLLIN}};

	for (;;) {
		int64_t left = deadline - clock_monotonic();

		if (left <= 0)
			return 0;
		if (poll(fds, 2, (int)(left / 1000) + 1) < 0 && errno != EINTR)
			return 0;
		if (atomic_load(&query->answered))
			return 1;
		if (fds[1].revents)
			return 0;
	}
}

int resolve(const char *host, int port, int64_t deadline, int cancel_fd, struct addrinfo **out, struct error *err)
{
	struct query *query = query_start(host, port);
	int failed = 0;

	if (!query)
		return error_set(err, REACH_RETRY, "no thread can be started to look up %s", host);
	if (!query_wait(query, deadline, cancel_fd)) {
		failed = error_set(err, REACH_SOURCE, "the name server did not answer in time for %s", host);
	} else if (query->result != 0) {
		failed = error_set(err, REACH_SOURCE, "host %s: %s", host, gai_strerror(query->result));
	} else {
		*out = query->list;
		query->list = NULL;
	}
	query_drop(query);
	return failed;
}
