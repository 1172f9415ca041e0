/* net/connect: the first address that answers. See connect.h. */
#include "net/connect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "net/resolve.h"

static bool is_loopback(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		struct sockaddr_in v4;

		memcpy(&v4, address, sizeof(v4));
		return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
	}
	if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 v6;

		memcpy(&v6, address, sizeof(v6));
		return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
	}
	return false;
}

/* A peer that vanished is noticed after IDLE + INTERVAL * COUNT seconds, be we silent or sending. */
static void keep_alive(int fd)
{
	const int on = 1, idle = STREAM_KEEPALIVE_IDLE, interval = STREAM_KEEPALIVE_INTERVAL,
		  probes = STREAM_KEEPALIVE_COUNT;
	const unsigned dead_ms = 1000u * (STREAM_KEEPALIVE_IDLE + STREAM_KEEPALIVE_INTERVAL * STREAM_KEEPALIVE_COUNT);

	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &dead_ms, sizeof(dead_ms));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* 0, or the errno that says why not. */
static int wait_connected(int fd, int64_t deadline, int cancel_fd)
{
	struct pollfd fds[2] = {{.fd = fd, .events = POLLOUT}, {.fd = cancel_fd, .events = POLLIN}};
	socklen_t size = sizeof(int);
	int failure = 0;

	for (;;) {
		int64_t left = deadline - clock_monotonic();

		if (left <= 0)
			return ETIMEDOUT;
		if (poll(fds, 2, (int)(left / 1000) + 1) < 0 && errno != EINTR)
			return errno;
		if (fds[1].revents)
			return ECANCELED;
		if (fds[0].revents)
			break;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size) < 0)
		return errno;
	return failure;
}

static int connect_one(const struct addrinfo *address, int64_t deadline, int cancel_fd, int *fd_out)
{
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int failure = 0;

	if (fd < 0)
		return errno;
	if (connect(fd, address->ai_addr, address->ai_addrlen) < 0)
		failure = errno == EINPROGRESS ? wait_connected(fd, deadline, cancel_fd) : errno;
	if (failure) {
		close(fd);
		return failure;
	}
	keep_alive(fd);
	*fd_out = fd;
	return 0;
}

static int connect_any(const struct stream_target *target, const struct addrinfo *list, int64_t deadline, int *fd_out,
	struct error *err)
{
	int failure = 0, addresses = 0;

	for (const struct addrinfo *a = list; a; a = a->ai_next)
		addresses += !target->loopback_only || is_loopback(a->ai_addr);
	if (!addresses)
		return error_set(err, REACH_STOP,
			"%s is not this machine: a connection without TLS goes to loopback only, set tls to "
			"implicit or starttls",
			target->host);
	for (const struct addrinfo *a = list; a; a = a->ai_next) {
		int64_t now = clock_monotonic();

		if (target->loopback_only && !is_loopback(a->ai_addr))
			continue;
		failure = connect_one(a, now + (deadline - now) / addresses--, target->cancel_fd, fd_out);
		if (failure == 0)
			return 0;
		if (failure == ECANCELED)
			return error_set(err, REACH_RETRY, "stopped");
	}
	return error_set(
		err, REACH_SOURCE, "cannot connect to %s port %d: %s", target->host, target->port, strerror(failure));
}

int connect_to(const struct stream_target *target, int64_t deadline, int *fd_out, struct error *err)
{
	struct addrinfo *list;
	int result;

	if (resolve(target->host, target->port, deadline, target->cancel_fd, &list, err) < 0)
		return -1;
	result = connect_any(target, list, deadline, fd_out, err);
	freeaddrinfo(list);
	return result;
}
