/* filing/wire: frames over a socket pair. See wire.h. */
#include "filing/wire.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"

/* Waits for the descriptor; -1 when the deadline is over. */
static int wait_for(int fd, short events, int64_t deadline, struct error *err)
{
	for (;;) {
		struct pollfd poll_fd = {.fd = fd, .events = events};
		int64_t left = deadline ? deadline - clock_monotonic() : 3600 * (int64_t)1000000;
		int ready;

		if (left <= 0)
			return error_set(err, REACH_RETRY, "the time is over");
		ready = poll(&poll_fd, 1, (int)(left / 1000) + 1);
		if (ready > 0)
			return 0;
		if (ready < 0 && errno != EINTR)
			return error_set(err, REACH_SOURCE, "poll: %s", strerror(errno));
	}
}

static int write_all(int fd, const void *data, size_t len, int64_t deadline, struct error *err)
{
	const char *from = data;

	while (len > 0) {
		ssize_t done;

		if (deadline && wait_for(fd, POLLOUT, deadline, err) < 0)
			return -1;
		done = write(fd, from, len);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0 && errno == EAGAIN) {
			if (wait_for(fd, POLLOUT, deadline, err) < 0)
				return -1;
			continue;
		}
		if (done <= 0)
			return error_set(err, REACH_SOURCE, "the other end is gone");
		from += done;
		len -= (size_t)done;
	}
	return 0;
}

static int read_all(int fd, void *data, size_t len, int64_t deadline, struct error *err)
{
	char *to = data;

	while (len > 0) {
		ssize_t got;

		if (deadline && wait_for(fd, POLLIN, deadline, err) < 0)
			return -1;
		got = read(fd, to, len);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got <= 0)
			return error_set(err, REACH_SOURCE, "the other end is gone");
		to += got;
		len -= (size_t)got;
	}
	return 0;
}

int wire_send(int fd, enum wire_type type, uint32_t flags, struct view first, struct view second, int64_t deadline,
	struct error *err)
{
	struct wire_head head = {.type = type, .flags = flags, .length = first.len + second.len};

	if (head.length > WIRE_PAYLOAD_MAX)
		return error_set(err, REACH_MESSAGE, "larger than the %zu bytes a frame takes", WIRE_PAYLOAD_MAX);
	if (write_all(fd, &head, sizeof(head), deadline, err) < 0)
		return -1;
	if (write_all(fd, first.ptr, first.len, deadline, err) < 0)
		return -1;
	return write_all(fd, second.ptr, second.len, deadline, err);
}

int wire_receive(int fd, struct wire_head *head_out, struct text *payload, int64_t deadline, struct error *err)
{
	struct wire_head head;
	char buffer[65536];

	if (read_all(fd, &head, sizeof(head), deadline, err) < 0)
		return -1;
	if (head.length > WIRE_PAYLOAD_MAX)
		return error_set(
			err, REACH_SOURCE, "a frame of %llu bytes was announced", (unsigned long long)head.length);
	text_reset(payload);
	for (uint64_t left = head.length; left > 0;) {
		size_t part = left < sizeof(buffer) ? (size_t)left : sizeof(buffer);

		if (read_all(fd, buffer, part, deadline, err) < 0)
			return -1;
		text_add(payload, buffer, part);
		left -= part;
	}
	if (payload->full)
		return error_set(err, REACH_SOURCE, "a frame is larger than its buffer");
	*head_out = head;
	return 0;
}
