/*
 * channels/matrix_sync: Matrix asked by /sync, with next_batch as the cursor. See matrix.h.
 *
 * Source: the Matrix specification (Client-Server API v1.11: Syncing, Room previews, Joining rooms). Where a room's
 * timeline is limited, what is missing is fetched backwards by /messages, from prev_batch to the sync before; the first
 * sync of a channel takes what its timelines hold. Invitations are accepted. Where somebody writes encrypted, the room
 * is told that it cannot be read, under a transaction id made of the event's, so once.
 *
 * Anybody may invite us and write: no room, however much is written there and however slow its server, keeps a round
 * from its end. So of each room a limited number is fetched, and an invitation, which a sync names but once, stays in
 * the cursor until its turn: next_batch, then a line each.
 */
#include "channels/matrix.h"
#include "core/clock.h"

#define SECOND INT64_C(1000000)
#define PAGE 100
#define PAGES_MAX 50	       /* of one room in one round ... */
#define GAP_EVENTS_MAX 1000    /* ... and events: a page may be short */
#define GAPS_MESSAGES_MAX 4000 /* with so many in the round nothing more is fetched backwards */
#define ROUND_MESSAGES_MAX 20000
#define GAPS_BYTES_MAX ((size_t)32 * 1024 * 1024) /* of pages in one round */
#define GAPS_SECONDS 240			  /* in one round */
#define SYNC_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define TIMELINE 10    /* events of a room in one sync; an event has 64 KiB at most */
#define INVITES_MAX 50 /* that are kept; who comes then is to invite again */
#define JOINS_MAX 3    /* in one round */
#define JOIN_SECONDS 10
#define PENDING_SECONDS 2 /* a sync waits so long while invitations wait */
#define NOTICES_MAX 5	  /* in one round */
#define NOTICE "This service cannot read encrypted messages. Please write to it in a room without encryption."
#define PAGE_FILTER "{\"types\":[\"m.room.message\",\"m.room.encrypted\"]}"
#define FILTER                                                                                                         \
	"{\"presence\":{\"types\":[]},\"account_data\":{\"types\":[]},\"room\":{\"ephemeral\":{\"types\":[]},"         \
	"\"account_data\":{\"types\":[]},\"state\":{\"types\":[]},\"timeline\":{\"limit\":%d,\"types\":"               \
	"[\"m.room.message\",\"m.room.encrypted\"]}}}"

struct sync {
	const struct channel *channel;
	struct http_client *http;
	struct arena *arena;
	struct view since;
	struct view invites[INVITES_MAX]; /* that wait, the oldest first */
	size_t invite_count;
	struct provider_batch batch;
	struct channel_round *out;
	json_t *raw;	    /* all that came, page after page */
	size_t gap_bytes;   /* of it, fetched backwards */
	int64_t gaps_until; /* clock_monotonic() */
	int notices;
};

/* 200, or an error; the answer's JSON is a new reference. */
static int ask(struct sync *sync, const char *path, int seconds, size_t max, json_t **json_out, size_t *size_out,
	struct error *err)
{
	struct http_answer answer;
	json_t *json = NULL;

	if (matrix_call(sync->channel, sync->http, "GET", path, NULL, seconds, max, sync->arena, &answer, &json, err) <
		0) {
		if (err->reach == REACH_UNCERTAIN) /* asking again is no harm */
			err->reach = REACH_RETRY;
		return -1;
	}
	if (answer.status == 200 && json_is_object(json)) {
		*json_out = json;
		*size_out = answer.body.len;
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

	if (sync->notices++ >= NOTICES_MAX)
		return;
	(void)!matrix_call(sync->channel, sync->http, "PUT",
		arena_printf(sync->arena, MATRIX_CLIENT "/rooms/%s/send/m.room.message/unreadable-%s",
			provider_url_encode(sync->arena, room), provider_url_encode(sync->arena, id)),
		body, JOIN_SECONDS, PROVIDER_ANSWER_MAX, sync->arena, &answer, &json, &ignored);
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

static bool has_room_for_gaps(const struct sync *sync)
{
	return sync->batch.count < GAPS_MESSAGES_MAX && sync->gap_bytes < GAPS_BYTES_MAX &&
	       clock_monotonic() < sync->gaps_until;
}

/* What lies between the sync before and this timeline, oldest first; its pages stay in sync->raw. */
static int read_gap(struct sync *sync, struct view room, struct view from, const json_t **unreadable, struct error *err)
{
	json_t *pages[PAGES_MAX];
	size_t count = 0, events = 0, size;

	while (from.len > 0 && count < PAGES_MAX && events < GAP_EVENTS_MAX && has_room_for_gaps(sync)) {
		const char *path = arena_printf(sync->arena,
			MATRIX_CLIENT "/rooms/%s/messages?dir=b&limit=%d&filter=%s&from=%s&to=%s",
			provider_url_encode(sync->arena, room), PAGE,
			provider_url_encode(sync->arena, VIEW(PAGE_FILTER)), provider_url_encode(sync->arena, from),
			provider_url_encode(sync->arena, sync->since));
		json_t *page = NULL;
		struct view end;

		if (ask(sync, path, PROVIDER_SECONDS, PROVIDER_ANSWER_MAX, &page, &size, err) < 0)
			return -1;
		sync->gap_bytes += size;
		json_array_append_new(sync->raw, page);
		pages[count++] = page;
		end = provider_word(sync->arena, json_object_get(page, "end"));
		events += json_array_size(json_object_get(page, "chunk"));
		from = view_equal(end, from) ? VIEW("") : end;
	}
	sync->out->cut_short += from.len > 0;
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

/* ---- invitations ---- */

static void keep_invite(struct sync *sync, struct view room)
{
	for (size_t i = 0; i < sync->invite_count; i++)
		if (view_equal(sync->invites[i], room))
			return;
	if (room.len > 0 && sync->invite_count < INVITES_MAX)
		sync->invites[sync->invite_count++] = room;
}

/* False: the homeserver wants us to wait. What is refused, or too slow, is let go: whoever wants us invites again. */
static bool join(struct sync *sync, struct view room)
{
	PROVIDER_JSON_SCOPED *body = json_object(), *json = NULL;
	struct error ignored = ERROR_INIT;
	struct http_answer answer = {0};

	return matrix_call(sync->channel, sync->http, "POST",
		       arena_printf(sync->arena, MATRIX_CLIENT "/join/%s", provider_url_encode(sync->arena, room)),
		       body, JOIN_SECONDS, PROVIDER_ANSWER_MAX, sync->arena, &answer, &json, &ignored) < 0 ||
	       answer.status != 429;
}

static void join_some(struct sync *sync)
{
	size_t done = 0;

	while (done < sync->invite_count && done < JOINS_MAX && join(sync, sync->invites[done]))
		done++;
	sync->invite_count -= done;
	memmove(sync->invites, sync->invites + done, sync->invite_count * sizeof(sync->invites[0]));
}

/* ---- a round ---- */

static void read_cursor(struct sync *sync, struct view cursor)
{
	struct view line;

	if (!view_next_line(&cursor, &sync->since))
		sync->since = VIEW("");
	while (view_next_line(&cursor, &line))
		keep_invite(sync, line);
}

static struct view write_cursor(const struct sync *sync, struct view next)
{
	struct view cursor = next;

	for (size_t i = 0; i < sync->invite_count; i++)
		cursor = view_of(
			arena_printf(sync->arena, "%.*s\n%.*s", VIEW_ARGS(cursor), VIEW_ARGS(sync->invites[i])));
	return cursor;
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
	json_object_foreach(json_object_get(rooms, "invite"), name, room)
		keep_invite(sync, provider_clean_line(sync->arena, view_of(name)));
	return 0;
}

static int ask_sync(struct sync *sync, int wait_seconds, int timeline, json_t **json_out, struct error *err)
{
	const char *filter = arena_printf(sync->arena, FILTER, timeline);
	bool first = sync->since.len == 0;
	size_t size;

	return ask(sync,
		arena_printf(sync->arena, MATRIX_CLIENT "/sync?timeout=%d&filter=%s%s%s",
			first ? 0 : wait_seconds * 1000, provider_url_encode(sync->arena, view_of(filter)),
			first ? "" : "&since=", provider_url_encode(sync->arena, sync->since)),
		wait_seconds + PROVIDER_SECONDS, SYNC_BYTES_MAX, json_out, &size, err);
}

static int run(struct sync *sync, int wait_seconds, struct error *err)
{
	struct view next;
	json_t *json = NULL;
	char *text;

	if (sync->invite_count > 0 && wait_seconds > PENDING_SECONDS)
		wait_seconds = PENDING_SECONDS;
	if (ask_sync(sync, wait_seconds, TIMELINE, &json, err) < 0) {
		if (err->reach != REACH_MESSAGE) /* else it is too large: too much was written in too many rooms */
			return -1;
		error_clear(err);
		if (ask_sync(sync, 0, 1, &json, err) < 0)
			return -1;
	}
	json_array_append_new(sync->raw, json);
	next = provider_word(sync->arena, json_object_get(json, "next_batch"));
	if (next.len == 0)
		return error_set(err, REACH_RETRY, "the homeserver's answer has no next_batch");
	sync->gaps_until = clock_monotonic() + GAPS_SECONDS * SECOND;
	if (read_rooms(sync, json, err) < 0)
		return -1;
	join_some(sync);
	sync->out->cursor = write_cursor(sync, next);
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
	struct sync *sync = ARENA_NEW(arena, struct sync);

	*sync = (struct sync){.channel = channel,
		.http = http,
		.arena = arena,
		.batch = {.arena = arena, .max = ROUND_MESSAGES_MAX},
		.out = out,
		.raw = raw};
	read_cursor(sync, cursor);
	return run(sync, wait_seconds, err);
}
