/*
 * channels/matrix: Matrix, as an application service that the homeserver calls, or asked as a user. See channel.h;
 * matrix_sync.c asks.
 *
 * Source: the Matrix specification (Application Service API, Client-Server API v1.11). The homeserver PUTs transactions
 * of events, in order, each again until it is answered 200, with hs_token (our `secret`) as bearer, older servers as
 * access_token in the query. An event is known by its event_id, so a transaction that comes again adds nothing. An edit
 * is an event of its own with m.replace, the new words in m.new_content. Media are named mxc://server/id and fetched
 * with our token. A text is sent by PUT with a transaction id: the same one again is not sent twice. What is encrypted
 * cannot be read here.
 */
#include "channels/matrix.h"

#define TEXT_MAX 4000 /* UTF-16 units; an event is at most 64 KiB of JSON */
#define SUFFIX "/_matrix/app/v1/"

static int check(const struct channel *channel, struct error *err)
{
	if (!channel->settings->api_url)
		return error_set(err, REACH_STOP, "write `api_url: https://...`: the homeserver");
	if (!channel->settings->account)
		return error_set(err, REACH_STOP, "write `account: \"@name:server\"`: our own user there");
	if (channel->polled && channel->token.len == 0)
		return error_set(err, REACH_STOP, "write `token: {file: ...}`: our user's access token");
	if (!channel->polled && channel->secret_count == 0)
		return error_set(err, REACH_STOP, "write `secret: {file: ...}`: the registration's hs_token");
	return 0;
}

/* ---- the credential ---- */

static enum channel_verdict answer_json(
	struct channel_answer *out, enum channel_verdict verdict, int status, const char *body)
{
	*out = (struct channel_answer){.status = status, .type = "application/json", .body = view_of(body)};
	return verdict;
}

static struct view shown_token(struct arena *arena, const struct http_request *request)
{
	struct view header = http_request_header(request, "Authorization");
	struct provider_form query;

	if (view_starts_nocase(header, VIEW("Bearer ")))
		return view_trim(view_sub(header, 7, header.len));
	if (provider_form(arena, request->query, &query, NULL) < 0)
		return VIEW("");
	return provider_field(&query, "access_token");
}

/* What is asked behind the channel's path: "transactions/17". */
static struct view asked_for(const struct http_request *request)
{
	ptrdiff_t at = view_find(request->path, VIEW(SUFFIX));

	if (at >= 0)
		return view_sub(request->path, (size_t)at + sizeof(SUFFIX) - 1, request->path.len);
	at = view_find(request->path, VIEW("/transactions/")); /* as older servers write it */
	return at >= 0 ? view_sub(request->path, (size_t)at + 1, request->path.len) : VIEW("");
}

static enum channel_verdict verify(const struct channel *channel, const struct http_request *request, int64_t now,
	struct arena *arena, struct channel_answer *answer_out)
{
	struct view token = shown_token(arena, request), what = asked_for(request);

	if (token.len == 0)
		return answer_json(
			answer_out, CHANNEL_FORGED, 401, "{\"errcode\":\"M_UNAUTHORIZED\",\"error\":\"no token\"}");
	if (!channel_knows_secret(channel, token))
		return answer_json(
			answer_out, CHANNEL_FORGED, 403, "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"wrong token\"}");
	if (view_equal(request->method, VIEW("PUT")) && view_starts(what, VIEW("transactions/")))
		return CHANNEL_GENUINE;
	if (view_equal(request->method, VIEW("POST")) && view_equal(what, VIEW("ping")))
		return answer_json(answer_out, CHANNEL_HANDSHAKE, 200, "{}");
	/* Users and rooms that would be ours: there are none. */
	return answer_json(
		answer_out, CHANNEL_HANDSHAKE, 404, "{\"errcode\":\"M_NOT_FOUND\",\"error\":\"nothing of ours\"}");
}

static void accepted(const struct channel *channel, struct arena *arena, struct channel_answer *out)
{
	answer_json(out, CHANNEL_GENUINE, 200, "{}");
}

/* ---- events ---- */

/* "geo:-1.5,29.25;u=35" (RFC 5870) */
static void add_place(struct arena *arena, struct channel_message *message, struct view uri)
{
	char *text, *end;

	if (!view_starts_nocase(uri, VIEW("geo:")))
		return;
	text = arena_copy(arena, uri.ptr + 4, uri.len - 4);
	message->latitude = strtod(text, &end);
	if (end == text || *end != ',')
		return;
	text = end + 1;
	message->longitude = strtod(text, &end);
	message->has_place = end != text && message->latitude >= -90 && message->latitude <= 90 &&
			     message->longitude >= -180 && message->longitude <= 180;
}

static void add_content(struct arena *arena, const json_t *content, struct channel_message *message)
{
	struct view kind = provider_word(arena, json_object_get(content, "msgtype"));
	struct view body = provider_text(arena, json_object_get(content, "body"));
	struct view name = provider_word(arena, json_object_get(content, "filename"));
	struct channel_media media = {.url = provider_word(arena, json_object_get(content, "url")),
		.name = name.len > 0 ? name : provider_word(arena, json_object_get(content, "body")),
		.type = provider_word(arena, provider_find(content, "info", "mimetype", NULL)),
		.size = provider_number(provider_find(content, "info", "size", NULL), -1)};
	bool text = view_equal(kind, VIEW("m.text")) || view_equal(kind, VIEW("m.emote"));

	if (view_equal(kind, VIEW("m.location"))) {
		add_place(arena, message, provider_word(arena, json_object_get(content, "geo_uri")));
		message->text = body;
	} else if (text) {
		message->text = body;
	} else if (view_starts(media.url, VIEW("mxc://"))) {
		media.id = media.url;
		media.url = VIEW("");
		/* With a filename the body is a caption, without one it is the name. */
		message->text = name.len > 0 && !view_equal(name, body) ? body : VIEW("");
		provider_add_media(arena, message, &media);
	}
}

int matrix_read_event(const struct channel *channel, const json_t *event, struct view room,
	struct provider_batch *batch, struct error *err)
{
	struct arena *arena = batch->arena;
	const json_t *content = json_object_get(event, "content"), *relation = json_object_get(content, "m.relates_to");
	struct channel_message message = {.id = provider_word(arena, json_object_get(event, "event_id")),
		.sender = provider_word(arena, json_object_get(event, "sender")),
		.reply_to = provider_word(arena, json_object_get(event, "room_id")),
		.answers = provider_word(arena, provider_find(relation, "m.in_reply_to", "event_id", NULL))};
	int64_t sent = provider_number(json_object_get(event, "origin_server_ts"), 0);
	bool is_message = view_equal(provider_word(arena, json_object_get(event, "type")), VIEW("m.room.message"));

	if (message.reply_to.len == 0)
		message.reply_to = room;
	if (!is_message || json_object_get(event, "state_key") || message.reply_to.len == 0 ||
		view_equal(message.sender, view_of(channel->settings->account))) {
		batch->ignored++;
		return 0;
	}
	message.sent_at = sent > 0 && sent < INT64_C(100000000000000) ? sent * 1000 : 0;
	if (view_equal(provider_word(arena, json_object_get(relation, "rel_type")), VIEW("m.replace"))) {
		message.edits = provider_word(arena, json_object_get(relation, "event_id"));
		content = json_object_get(content, "m.new_content");
	}
	add_content(arena, content, &message);
	return provider_add(batch, &message, err);
}

static int read_request(const struct channel *channel, const struct http_request *request, struct arena *arena,
	struct channel_batch *out, struct error *err)
{
	PROVIDER_JSON_SCOPED *json = provider_json(arena, request->body, err);
	struct provider_batch batch = {.arena = arena};
	const json_t *events = json_object_get(json, "events"), *event;
	size_t i;

	if (!json)
		return -1;
	if (!json_is_array(events))
		return error_set(err, REACH_MESSAGE, "it is no transaction of Matrix: no list of events");
	json_array_foreach(events, i, event)
	{
		if (matrix_read_event(channel, event, VIEW(""), &batch, err) < 0)
			return -1;
	}
	provider_finish(&batch, out);
	return 0;
}

/* ---- calls ---- */

int matrix_retry_seconds(const struct http_answer *answer, const json_t *json)
{
	int64_t milliseconds = provider_number(json_object_get(json, "retry_after_ms"), 0);

	if (milliseconds <= 0)
		return answer->retry_after;
	return milliseconds > 86400000 ? 86400 : (int)((milliseconds + 999) / 1000);
}

int matrix_refusal(struct arena *arena, const struct http_answer *answer, const json_t *json, struct error *err)
{
	return provider_status_error(answer, provider_word(arena, json_object_get(json, "error")), err);
}

int matrix_call(const struct channel *channel, struct http_client *http, const char *method, const char *path,
	const json_t *body, int seconds, size_t max, struct arena *arena, struct http_answer *answer, json_t **json_out,
	struct error *err)
{
	const char *const headers[] = {
		provider_bearer(channel, arena), body ? "Content-Type: application/json" : NULL, NULL};
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	struct http_call call = {.method = method,
		.url = arena_printf(arena, "%s%s", provider_base(channel, arena, ""), path),
		.headers = headers,
		.answer_max = max,
		.seconds = seconds,
		.body = view_of(text)};
	int result;

	if (body && !text)
		return error_set(err, REACH_MESSAGE, "the message is no text that JSON can hold");
	result = http_client_call(http, &call, arena, answer, err);
	free(text);
	if (result == 0)
		*json_out = provider_json(arena, answer->body, NULL);
	return result;
}

/* mxc://server/id, by the path that asks for our token. */
static int fetch(const struct channel *channel, struct http_client *http, const struct channel_media *media, size_t max,
	struct arena *arena, struct view *bytes_out, struct error *err)
{
	static const char *const nowhere[] = {NULL};
	const char *const headers[] = {provider_bearer(channel, arena), NULL};
	struct view rest = view_sub(media->id, sizeof("mxc://") - 1, media->id.len), server;
	const char *base = provider_base(channel, arena, "");
	struct http_call call = {.headers = headers, .hosts = nowhere, .origin = base};

	if (channel->token.len == 0 || !view_starts(media->id, VIEW("mxc://")) ||
		!view_next_field(&rest, '/', &server) || server.len == 0 || rest.len == 0 ||
		view_find_char(rest, '/') >= 0 || view_find(rest, VIEW("..")) >= 0)
		return error_set(err, REACH_MESSAGE, "without `token`, or by such an address, nothing can be fetched");
	call.url = arena_printf(arena, "%s/_matrix/client/v1/media/download/%s/%s", base,
		provider_url_encode(arena, server), provider_url_encode(arena, rest));
	return provider_media(http, &call, max, VIEW(""), arena, bytes_out, err);
}

static int send_message(const struct channel *channel, struct http_client *http, const struct channel_outgoing *message,
	struct arena *arena, struct channel_sent *out, struct error *err)
{
	PROVIDER_JSON_SCOPED *body =
		json_pack("{s:s, s:s%}", "msgtype", "m.text", "body", message->text.ptr, message->text.len);
	PROVIDER_JSON_SCOPED *json = NULL;
	struct http_answer answer;

	if (channel->token.len == 0)
		return error_set(err, REACH_SOURCE, "write `token: {file: ...}`, to answer");
	if (!body)
		return error_set(err, REACH_MESSAGE, "the text is no text");
	if (message->answers.len > 0)
		json_object_set_new(body, "m.relates_to",
			json_pack(
				"{s:{s:s%}}", "m.in_reply_to", "event_id", message->answers.ptr, message->answers.len));
	if (matrix_call(channel, http, "PUT",
		    arena_printf(arena, MATRIX_CLIENT "/rooms/%s/send/m.room.message/%s",
			    provider_url_encode(arena, message->to), provider_url_encode(arena, message->key)),
		    body, PROVIDER_SECONDS, PROVIDER_ANSWER_MAX, arena, &answer, &json, err) < 0) {
		if (err->reach == REACH_UNCERTAIN) /* its transaction id makes it one message */
			err->reach = REACH_RETRY;
		return -1;
	}
	if (answer.status == 200) {
		out->id = provider_word(arena, json_object_get(json, "event_id"));
		return 0;
	}
	out->retry_seconds = matrix_retry_seconds(&answer, json);
	matrix_refusal(arena, &answer, json, err);
	if (answer.status == 403 || answer.status == 404) /* not in that room any more: this room, not us */
		err->reach = REACH_MESSAGE;
	return -1;
}

const struct channel_kind channel_matrix = {
	.name = "matrix",
	.body_max = (size_t)8 * 1024 * 1024,
	.webhook = true,
	.subpaths = true,
	.check = check,
	.verify = verify,
	.read = read_request,
	.accepted = accepted,
	.poll = matrix_poll,
	.fetch = fetch,
	.send = send_message,
	.text_max = TEXT_MAX,
};
