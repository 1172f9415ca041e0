/*
 * Matrix: what the two ways in which its messages come share (matrix.c: events and the application service;
 * matrix_sync.c: asking). Private to channels/.
 */
#ifndef CHANNELS_MATRIX_H
#define CHANNELS_MATRIX_H

#include "channels/provider.h"

#define MATRIX_CLIENT "/_matrix/client/v3"

/* One event of a room into the batch. room: where it is, when it does not say itself. */
int matrix_read_event(const struct channel *channel, const json_t *event, struct view room,
	struct provider_batch *batch, struct error *err);
/* Of an answer: seconds to wait, 0 when it names none. */
int matrix_retry_seconds(const struct http_answer *answer, const json_t *json);
/* What an answer that is no success says: REACH_... as provider_status_error(). */
int matrix_refusal(struct arena *arena, const struct http_answer *answer, const json_t *json, struct error *err);
/* One call with our token, its answer (at most `max` bytes) and its JSON (a new reference, NULL when it is none). body
 * NULL: none. */
int matrix_call(const struct channel *channel, struct http_client *http, const char *method, const char *path,
	const json_t *body, int seconds, size_t max, struct arena *arena, struct http_answer *answer, json_t **json_out,
	struct error *err);

/* As channel_kind.poll. */
int matrix_poll(const struct channel *channel, struct http_client *http, struct view cursor, int wait_seconds,
	struct arena *arena, struct channel_round *out, struct error *err);

#endif
