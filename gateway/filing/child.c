/* filing/child: starts, feeds and replaces the sandboxed reader. See child.h. Its own side is child_main.c. */
#include "filing/child.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "filing/answer.h"
#include "filing/spawn.h"

#define SECOND ((int64_t)1000000)

struct child {
	pid_t pid;
	int fd;
	size_t handled;
	struct text payload;
};

/* Names without bytes. */
static int send_names(struct child *child, enum wire_type type, const struct view *names, size_t count, int64_t deadline,
	struct error *err)
{
	for (size_t i = 0; i < count; i++)
		if (wire_send(child->fd, type, 0, names[i], VIEW("\0"), deadline, err) < 0)
			return -1;
	return 0;
}

static int hand_over(struct child *child, const struct pipeline_sources *sources, struct error *err)
{
	int64_t deadline = clock_monotonic() + CHILD_START_SECONDS * SECOND;
	struct wire_head head;

	if (spawn_send_sources(child->fd, WIRE_FORM, sources->forms, sources->form_count, deadline, err) < 0 ||
		spawn_send_sources(
			child->fd, WIRE_LANGUAGE, sources->languages, sources->language_count, deadline, err) < 0 ||
		send_names(child, WIRE_SERVER, sources->trust.servers, sources->trust.server_count, deadline, err) <
			0 ||
		send_names(child, WIRE_BORDER, sources->trust.border, sources->trust.border_count, deadline, err) < 0 ||
		wire_send(child->fd, WIRE_START, 0, VIEW_NULL, VIEW_NULL, deadline, err) < 0 ||
		wire_receive(child->fd, &head, &child->payload, deadline, err) < 0) {
		err->reach = REACH_RETRY;
		return error_prefix(err, "the reader did not start");
	}
	if (head.type == WIRE_READY)
		return 0;
	return error_set(err, REACH_STOP, "%.*s", VIEW_ARGS(text_view(&child->payload)));
}

int child_start(const struct pipeline_sources *sources, struct child **out, struct error *err)
{
	struct child *child = calloc(1, sizeof(*child));

	if (!child)
		return error_set(err, REACH_RETRY, "out of memory");
	child->fd = -1;
	text_init(&child->payload, WIRE_PAYLOAD_MAX);
	if (spawn_self("--reader", &child->pid, &child->fd, err) < 0 || hand_over(child, sources, err) < 0) {
		child_stop(&child);
		return -1;
	}
	*out = child;
	return 0;
}

void child_stop(struct child **child)
{
	if (!*child)
		return;
	spawn_end(&(*child)->pid, &(*child)->fd);
	text_release(&(*child)->payload);
	free(*child);
	*child = NULL;
}

size_t child_handled(const struct child *child)
{
	return child->handled;
}

/* The socket ended: a moment later the process has a status that tells more. */
static int say_how_it_died(struct child *child, struct error *err)
{
	int status = 0;

	for (int i = 0; i < 200 && child->pid > 0; i++) {
		if (waitpid(child->pid, &status, WNOHANG) == child->pid)
			child->pid = 0;
		else
			usleep(5000);
	}
	if (child->pid > 0)
		status = spawn_end(&child->pid, &child->fd);
	if (WIFSIGNALED(status))
		return error_set(err, REACH_MESSAGE, "the reader was killed by signal %d (%s)", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	return error_set(err, REACH_MESSAGE, "the reader ended with status %d", WEXITSTATUS(status));
}

static int send_hint(struct child *child, const struct request_hint *hint, int64_t deadline, struct error *err)
{
	TEXT_SCOPED words;

	text_init(&words, WIRE_PAYLOAD_MAX);
	if (!hint->form)
		return 0;
	text_add_format(&words, "%s\n%s\n%d\n", hint->reference ? hint->reference : "", hint->form, hint->form_version);
	return wire_send(child->fd, WIRE_HINT, 0, text_view(&words), VIEW_NULL, deadline, err);
}

static int send_message(
	struct child *child, const struct pipeline_message *message, int64_t deadline, struct error *err)
{
	enum wire_type type = message->channel ? WIRE_MESSAGE : WIRE_MAIL;
	TEXT_SCOPED talk;

	text_init(&talk, WIRE_PAYLOAD_MAX);
	if (message->talk.len == 0)
		return wire_send(child->fd, type, message->over_size ? WIRE_OVER_SIZE : 0, message->raw, VIEW_NULL,
			deadline, err);
	text_add_view(&talk, message->talk);
	text_add_char(&talk, '\0');
	return wire_send(child->fd, WIRE_TALK, 0, text_view(&talk), message->raw, deadline, err);
}

int child_read(struct child *child, const struct pipeline_message *message, int time_ms, struct view *json_out,
	struct error *err)
{
	int64_t deadline = clock_monotonic() + (int64_t)time_ms * 1000;
	struct wire_head head;

	if (send_hint(child, &message->hint, deadline, err) < 0 || send_message(child, message, deadline, err) < 0 ||
		wire_receive(child->fd, &head, &child->payload, deadline, err) < 0) {
		if (err->reach == REACH_MESSAGE)
			return -1;
		if (err->reach == REACH_RETRY) {
			spawn_end(&child->pid, &child->fd);
			return error_set(err, REACH_MESSAGE, "the reader was not done after %d ms", time_ms);
		}
		return say_how_it_died(child, err);
	}
	if (head.type != WIRE_RESULT)
		return error_set(err, REACH_MESSAGE, "the reader answered out of turn");
	if (!answer_is_good(text_view(&child->payload)))
		return error_set(err, REACH_MESSAGE, "the reader's answer is no result");
	child->handled++;
	*json_out = text_view(&child->payload);
	return 0;
}
