/* filing/prover: starts the prover, hands it the files, asks for its verdict. See prover.h; its own side is
 * prover_main.c. */
#include "filing/prover.h"

#include <poll.h>
#include <stdlib.h>

#include "core/clock.h"
#include "filing/spawn.h"

#define SECOND ((int64_t)1000000)
#define HAND_OVER_SECONDS 60
#define ANSWER_SECONDS 10 /* from the first byte of the verdict to its last */

struct prover {
	pid_t pid;
	int fd;
	int64_t deadline; /* of clock_monotonic() */
	struct text payload;
};

static int hand_over(struct prover *prover, const struct pipeline_sources *sources,
	const struct pipeline_clients *clients, const char *id, int version, struct error *err)
{
	int64_t deadline = clock_monotonic() + HAND_OVER_SECONDS * SECOND;
	char what[128];

	snprintf(what, sizeof(what), "%s %d", id, version);
	if (spawn_send_sources(prover->fd, WIRE_FORM, sources->forms, sources->form_count, deadline, err) < 0 ||
		spawn_send_sources(
			prover->fd, WIRE_LANGUAGE, sources->languages, sources->language_count, deadline, err) < 0 ||
		spawn_send_sources(prover->fd, WIRE_CLIENT, clients->clients, clients->client_count, deadline, err) <
			0 ||
		spawn_send_sources(prover->fd, WIRE_QUOTED, clients->texts, clients->text_count, deadline, err) < 0 ||
		wire_send(prover->fd, WIRE_PROVE, 0, view_of(what), VIEW_NULL, deadline, err) < 0) {
		err->reach = REACH_RETRY;
		return error_prefix(err, "the prover did not start");
	}
	return 0;
}

int prover_start(const struct pipeline_sources *sources, const struct pipeline_clients *clients, const char *id,
	int version, struct prover **out, struct error *err)
{
	struct prover *prover = calloc(1, sizeof(*prover));

	if (!prover)
		return error_set(err, REACH_RETRY, "out of memory");
	prover->fd = -1;
	prover->deadline = clock_monotonic() + PROVER_SECONDS * SECOND;
	text_init(&prover->payload, WIRE_PAYLOAD_MAX);
	if (spawn_self("--prover", &prover->pid, &prover->fd, err) < 0 ||
		hand_over(prover, sources, clients, id, version, err) < 0) {
		prover_stop(&prover);
		return -1;
	}
	*out = prover;
	return 0;
}

int prover_poll(struct prover *prover, json_t **verdict_out, struct error *err)
{
	struct pollfd wait = {.fd = prover->fd, .events = POLLIN};
	struct wire_head head;

	if (poll(&wait, 1, 0) <= 0) {
		if (clock_monotonic() < prover->deadline)
			return 0;
		return error_set(err, REACH_MESSAGE, "the proof was not done after %d s", PROVER_SECONDS);
	}
	if (wire_receive(prover->fd, &head, &prover->payload, clock_monotonic() + ANSWER_SECONDS * SECOND, err) < 0) {
		err->reach = REACH_RETRY;
		return error_prefix(err, "the prover ended without a verdict");
	}
	*verdict_out = json_loadb(prover->payload.ptr ? prover->payload.ptr : "", prover->payload.len, 0, NULL);
	if (head.type == WIRE_RESULT && json_is_object(*verdict_out))
		return 1;
	json_decref(*verdict_out);
	return error_set(err, REACH_MESSAGE, "%.*s", VIEW_ARGS(text_view(&prover->payload)));
}

void prover_stop(struct prover **prover)
{
	if (!*prover)
		return;
	spawn_end(&(*prover)->pid, &(*prover)->fd);
	text_release(&(*prover)->payload);
	free(*prover);
	*prover = NULL;
}
