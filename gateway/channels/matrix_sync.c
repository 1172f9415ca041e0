/*
 * channels/matrix_sync: Matrix asked by /sync, with next_batch as the cursor. See matrix.h.
 *
 * Source: the Matrix specification (Client-Server API v1.11: Syncing, Room previews, Joining rooms). Where a room's
 * timeline is limited, what is missing is fetched backwards by /messages, from prev_batch to the sync before; the first
 * sync of a channel takes what its timelines hold. Invitations are accepted. Where somebody writes encrypted, the room
 * is told that it cannot be read, under a transaction id made of the event's, so once.
 */
#include "channels/matrix.h"

#define PAGE 100
#define PAGES_MAX 50 /* of one room in one round */
#define NOTICE "This service cannot read encrypted messages. Please write to it in a room without encryption."
#define FILTER                                                                                                         \
	"{\"presence\":{\"types\":[]},\"account_data\":{\"types\":[]},\"room\":{\"ephemeral\":{\"types\":[]},"         \
	"\"account_data\":{\"types\":[]},\"state\":{\"types\":[]},\"timeline\":{\"limit\":50,\"types\":"               \
	"[\"m.room.message\",\"m.room.encrypted\"]}}}"

struct sync {
	const struct channel *channel;
	struct http_client *http;
	struct arena *arena;
	struct view since;
	struct provider_batch batch;
	struct channel_round *out;
	json_t *raw; /* all that came, page after page */
};

/* 200, or an error; the answer's JSON is a new reference. */
static int ask(struct sync *sync, const char *method, const char *path, const json_t *body, int seconds,
	json_t **json_out, struct error *err)
{
	struct http_answer answer;
	json_t *json = NULL;

	if (matrix_call(sync->channel, sync->http, method, path, body, seconds, sync->arena, &answer, &json, err) < 0) {
		if (err->reach == REACH_UNCERTAIN) /* asking again is no harm */
			err->reach = REACH_RETRY;
		return -1;
	}
	if (answer.status == 200 && json_is_object(json)) {
		*json_out = json;
		return 0;
	}
	sync->out->retry_seconds = matrix_retry_seconds(&answer, json);
	if (answer.status == 200)
		error_set(err, REACH_RETRY, "the homeserver's answer is no JSON");
	else
		matrix_refusal(sync->arena, &answer, json, err);
	json_decref(json);
	return -1;
}

/* Once a room and round; whether it could be said changes nothing. */
static void say_unreadable(struct sync *sync, struct view room, const json_t *event)
{
	PROVIDER_JSON_SCOPED *body = json_pack("{s:s, s:s}", "msgtype", "m.notice", "body", NOTICE), *json = NULL;
	struct view id = provider_word(sync->arena, json_object_get(event, "event_id"));
	struct error ignored = ERROR_INIT;
	struct http_answer answer;

	(void)!matrix_call(sync->channel, sync->http, "PUT",
		arena_printf(sync->arena, MATRIX_CLIENT "/rooms/%s/send/m.room.message/unreadable-%s",
			provider_url_encode(sync->arena, room), provider_url_encode(sync->arena, id)),
		body, PROVIDER_SECONDS, sync->arena, &answer, &json, &ignored);
}

/* The last encrypted event goes into *unreadable. */
static int read_one(
	struct sync *sync, struct view room, const json_t *event, const json_t **unreadable, struct error *err)
{
	struct view type = provider_word(sync->arena, json_object_get(event, "type"));
	struct view sender = provider_word(sync->arena, json_object_get(event, "sender"));

	if (view_equal(type, VIEW("m.room.encrypted")) &&
		!view_equal(sender, view_of(sync->channel->settings->account)))
		*unreadable = event;
	return matrix_read_event(sync->channel, event, room, &sync->batch, err);
}

/* What lies between the sync before and this timeline, oldest first; its pages stay in sync->raw. */
static int read_gap(struct sync *sync, struct view room, struct view from, const json_t **unreadable, struct error *err)
{
	json_t *pages[PAGES_MAX];
	size_t count = 0;
	int result = 0;

	while (result == 0 && from.len > 0 && count < PAGES_MAX) {
		const char *path =
			arena_printf(sync->arena, MATRIX_CLIENT "/rooms/%s/messages?dir=b&limit=%d&from=%s&to=%s",
				provider_url_encode(sync->arena, room), PAGE, provider_url_encode(sync->arena, from),
				provider_url_encode(sync->arena, sync->since));
		json_t *page = NULL;
		struct view end;

		result = ask(sync, "GET", path, NULL, PROVIDER_SECONDS, &page, err);
		if (result < 0)
			return -1;
		json_array_append_new(sync->raw, page);
		pages[count++] = page;
		end = provider_word(sync->arena, json_object_get(page, "end"));
		from = json_array_size(json_object_get(page, "chunk")) == 0 || view_equal(end, from) ? VIEW("") : end;
	}
	if (from.len > 0)
		return error_set(err, REACH_SOURCE,
			"a room with more than %d messages since it was asked last: too many", PAGES_MAX * PAGE);
	while (count-- > 0) {
		const json_t *chunk = json_object_get(pages[count], "chunk");

		for (size_t i = json_array_size(chunk); i-- > 0;)
			if (read_one(sync, room, json_array_get(chunk, i), unreadable, err) < 0)
				return -1;
	}
	return 0;
}

static int read_room(struct sync *sync, struct view room, const json_t *joined, struct error *err)
{
	const json_t *timeline = json_object_get(joined, "timeline"), *event, *unreadable = NULL;
	size_t i;

	if (json_is_true(json_object_get(timeline, "limited")) && sync->since.len > 0 &&
		read_gap(sync, room, provider_word(sync->arena, json_object_get(timeline, "prev_batch")), &unreadable,
			err) < 0)
		return -1;
	json_array_foreach(json_object_get(timeline, "events"), i, event)
	{
		if (read_one(sync, room, event, &unreadable, err) < 0)
			return -1;
	}
	if (unreadable && sync->since.len > 0)
		say_unreadable(sync, room, unreadable);
	return 0;
}

/* Refused, or away: it is asked for again with the next round that names it. */
static void join(struct sync *sync, const char *room)
{
	PROVIDER_JSON_SCOPED *body = json_object(), *json = NULL;
	struct error ignored = ERROR_INIT;
	struct http_answer answer;

	(void)!matrix_call(sync->channel, sync->http, "POST",
		arena_printf(sync->arena, MATRIX_CLIENT "/join/%s", provider_url_encode(sync->arena, view_of(room))),
		body, PROVIDER_SECONDS, sync->arena, &answer, &json, &ignored);
}

static int read_rooms(struct sync *sync, json_t *json, struct error *err)
{
	json_t *rooms = json_object_get(json, "rooms"), *joined = json_object_get(rooms, "join"), *room;
	const char *name;

	json_object_foreach(joined, name, room)
	{
		if (read_room(sync, provider_clean_line(sync->arena, view_of(name)), room, err) < 0)
			return -1;
	}
	json_object_foreach(json_object_get(rooms, "invite"), name, room) join(sync, name);
	return 0;
}

static int run(struct sync *sync, int wait_seconds, struct error *err)
{
	const char *path = arena_printf(sync->arena, MATRIX_CLIENT "/sync?timeout=%d&filter=%s%s%s",
		sync->since.len > 0 ? wait_seconds * 1000 : 0, provider_url_encode(sync->arena, VIEW(FILTER)),
		sync->since.len > 0 ? "&since=" : "", provider_url_encode(sync->arena, sync->since));
	json_t *json = NULL;
	char *text;

	if (ask(sync, "GET", path, NULL, wait_seconds + PROVIDER_SECONDS, &json, err) < 0)
		return -1;
	json_array_append_new(sync->raw, json);
	sync->out->cursor = provider_word(sync->arena, json_object_get(json, "next_batch"));
	if (sync->out->cursor.len == 0)
		return error_set(err, REACH_RETRY, "the homeserver's answer has no next_batch");
	if (read_rooms(sync, json, err) < 0)
		return -1;
	text = json_dumps(sync->raw, JSON_COMPACT);
	sync->out->raw = view_of(arena_strdup(sync->arena, text ? text : ""));
	free(text);
	provider_finish(&sync->batch, &sync->out->batch);
	return 0;
}

int matrix_poll(const struct channel *channel, struct http_client *http, struct view cursor, int wait_seconds,
	struct arena *arena, struct channel_round *out, struct error *err)
{
	PROVIDER_JSON_SCOPED *raw = json_array();
	struct sync sync = {.channel = channel,
		.http = http,
		.arena = arena,
		.since = cursor,
		.batch = {.arena = arena},
		.out = out,
		.raw = raw};

	return run(&sync, wait_seconds, err);
}
