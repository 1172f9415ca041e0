/* net/stream: a connection on which nothing waits for ever. See stream.h; connecting is in connect.c. */
#include "net/stream.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "net/connect.h"

struct stream {
	int fd, cancel_fd;
	struct tls *tls;
	char *host;
	int64_t deadline; /* clock_monotonic() */
	int seconds;	  /* as given, for the message */
	uint64_t left;	  /* bytes that the command may still bring */
	uint64_t bytes;	  /* as given */
	stream_guard *guard;
	void *guard_context;
	struct error error;
};

int stream_open(const struct stream_target *target, struct stream **out, struct error *err)
{
	struct stream *stream = calloc(1, sizeof(*stream));

	if (stream)
		stream->host = strdup(target->host);
	if (!stream || !stream->host) {
		free(stream);
		return error_set(err, REACH_RETRY, "out of memory");
	}
	stream->cancel_fd = target->cancel_fd;
	stream_begin(stream, target->seconds, 0);
	if (connect_to(target, stream->deadline, &stream->fd, err) < 0) {
		free(stream->host);
		free(stream);
		return -1;
	}
	*out = stream;
	return 0;
}

void stream_close(struct stream **stream, bool polite)
{
	struct stream *s = *stream;

	if (!s)
		return;
	tls_free(&s->tls, polite && s->error.reach == REACH_NONE);
	close(s->fd);
	free(s->host);
	free(s);
	*stream = NULL;
}

void stream_begin(struct stream *stream, int seconds, uint64_t bytes)
{
	stream->seconds = seconds + (int)(bytes / STREAM_RATE_MIN);
	stream->deadline = clock_monotonic() + (int64_t)stream->seconds * 1000000;
	stream->left = stream->bytes = bytes;
}

void stream_set_guard(struct stream *stream, stream_guard *guard, void *context)
{
	stream->guard = guard;
	stream->guard_context = context;
}

void stream_break(struct stream *stream, const struct error *why)
{
	if (stream->error.reach == REACH_NONE)
		stream->error = *why;
}

const struct error *stream_error(const struct stream *stream)
{
	return &stream->error;
}

bool stream_pending(const struct stream *stream)
{
	return stream->tls && tls_pending(stream->tls);
}

int stream_fd(const struct stream *stream)
{
	return stream->fd;
}

/* 0: ready; -1: broken. */
static int wait_for(struct stream *stream, short events)
{
	struct pollfd fds[2] = {{.fd = stream->fd, .events = events}, {.fd = stream->cancel_fd, .events = POLLIN}};

	for (;;) {
		int64_t left = stream->deadline - clock_monotonic();

		if (left <= 0)
			return error_set(&stream->error, REACH_SOURCE, "%s did not finish its answer within %d seconds",
				stream->host, stream->seconds);
		if (poll(fds, 2, (int)(left / 1000) + 1) < 0 && errno != EINTR)
			return error_set(
				&stream->error, REACH_SOURCE, "cannot wait for %s: %s", stream->host, strerror(errno));
		if (fds[1].revents)
			return error_set(&stream->error, REACH_RETRY, "stopped");
		if (fds[0].revents)
			return 0;
	}
}

/* What a call on the socket or on TLS came to: 1 done, 0 try again, -1 broken. */
static int settle(struct stream *stream, enum tls_state state)
{
	switch (state) {
	case TLS_DONE:
		return 1;
	case TLS_WANT_READ:
		return wait_for(stream, POLLIN);
	case TLS_WANT_WRITE:
		return wait_for(stream, POLLOUT);
	case TLS_CLOSED:
		return error_set(&stream->error, REACH_SOURCE, "%s closed the connection", stream->host);
	case TLS_FAILED:
		break;
	}
	return -1;
}

static enum tls_state plain_state(struct stream *stream, ssize_t n, enum tls_state again)
{
	if (n > 0)
		return TLS_DONE;
	if (n == 0)
		return TLS_CLOSED;
	if (errno == EAGAIN)
		return again;
	if (errno == EINTR)
		return again;
	error_set(&stream->error, REACH_SOURCE, "the connection to %s broke: %s", stream->host, strerror(errno));
	return TLS_FAILED;
}

int stream_start_tls(struct stream *stream, struct tls_client *client, struct error *err)
{
	int result = 0;

	if (tls_new(client, stream->fd, stream->host, &stream->tls, err) < 0)
		return -1;
	while (result == 0)
		result = settle(stream, tls_handshake(stream->tls, &stream->error));
	if (result < 0) {
		*err = stream->error;
		return -1;
	}
	return 0;
}

/* The time is looked at before each read, too: a server that drips bytes never makes poll() wait. */
static bool out_of_time(struct stream *stream)
{
	if (clock_monotonic() <= stream->deadline)
		return false;
	error_set(&stream->error, REACH_SOURCE, "%s did not finish its answer within %d seconds", stream->host,
		stream->seconds);
	return true;
}

static int count(struct stream *stream, const char *bytes, size_t len)
{
	/* The guard first: it knows what is too long before it is. */
	if (stream->guard && stream->guard(stream->guard_context, bytes, len, stream->left, &stream->error) < 0)
		return -1;
	if (len > stream->left)
		return error_set(&stream->error, REACH_SOURCE,
			"%s sent more than the %llu bytes that were expected at most", stream->host,
			(unsigned long long)stream->bytes);
	stream->left -= len;
	return 0;
}

ssize_t stream_read(struct stream *stream, void *buffer, size_t size)
{
	size_t got = 0;
	int result = 0;

	if (stream->error.reach != REACH_NONE || out_of_time(stream))
		return -1;
	while (result == 0) {
		if (stream->tls) {
			result = settle(stream, tls_read(stream->tls, buffer, size, &got, &stream->error));
		} else {
			ssize_t n = recv(stream->fd, buffer, size, 0);

			got = n > 0 ? (size_t)n : 0;
			result = settle(stream, plain_state(stream, n, TLS_WANT_READ));
		}
	}
	if (result < 0 || count(stream, buffer, got) < 0)
		return -1;
	return (ssize_t)got;
}

ssize_t stream_write(struct stream *stream, const void *data, size_t size)
{
	size_t put = 0;
	int result = 0;

	if (stream->error.reach != REACH_NONE || out_of_time(stream))
		return -1;
	while (result == 0) {
		if (stream->tls) {
			result = settle(stream, tls_write(stream->tls, data, size, &put, &stream->error));
		} else {
			ssize_t n = send(stream->fd, data, size, MSG_NOSIGNAL);

			put = n > 0 ? (size_t)n : 0;
			result = settle(stream, plain_state(stream, n, TLS_WANT_WRITE));
		}
	}
	return result < 0 ? -1 : (ssize_t)put;
}
