/*
 * channels/json: any sender of plain JSON; the config says by JSON pointers (RFC 6901) where in it what stands. See
 * channel.h.
 *
 * The sender shows the secret in a header of the config's choice (secret_header), or logs in by basic authentication
 * (RFC 7617: user and secret). There is no signature and no time, so a request that was overheard can be sent again:
 * its ids are known then, and it adds nothing. It fetches nothing and sends nothing.
 */
#include "channels/provider.h"
#include "core/clock.h"

#define BODY_MAX ((size_t)1024 * 1024)
#define MILLISECONDS_FROM 100000000000 /* a number from here on counts milliseconds: as seconds it is the year 5138 */

static int check(const struct channel *channel, struct error *err)
{
	const struct config_channel *settings = channel->settings;

	if (channel->secret_count == 0)
		return error_set(err, REACH_STOP, "write `secret: {file: ...}`: what the sender shows us");
	if (!settings->user == !settings->secret_header)
		return error_set(err, REACH_STOP,
			"write either `secret_header: X-Secret` (the header that holds the secret) or `user: partner` "
			"(basic "
			"authentication)");
	if (!settings->map_id || !settings->map_text || !settings->map_sender)
		return error_set(err, REACH_STOP,
			"write `map_id: /id`, `map_text: /text` and `map_sender: /from`: where in the JSON these are");
	return 0;
}

/* ---- the credential ---- */

static enum channel_verdict verify(const struct channel *channel, const struct http_request *request, int64_t now,
	struct arena *arena, struct channel_answer *answer_out)
{
	const char *header = channel->settings->user ? "Authorization" : channel->settings->secret_header;
	struct view shown = http_request_header(request, header);
	bool known;

	if (!view_equal(request->method, VIEW("POST")) && !view_equal(request->method, VIEW("PUT")))
		return provider_refuse(answer_out, 405);
	if (shown.len == 0)
		return provider_refuse(answer_out, 401);
	if (channel->settings->user)
		known = provider_logged_in(channel, shown, arena);
	else
		known = channel_knows_secret(channel, shown);
	return known ? CHANNEL_GENUINE : provider_refuse(answer_out, 403);
}

/* ---- pointers ---- */

/* One step of a pointer with ~1 and ~0 undone; false when it is too long to be a key. */
static bool unescape(struct view step, char *key, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < step.len; i++) {
		char c = step.ptr[i];

		if (c == '~' && i + 1 < step.len)
			c = step.ptr[++i] == '1' ? '/' : '~';
		if (len + 1 >= size)
			return false;
		key[len++] = c;
	}
	key[len] = '\0';
	return true;
}

static const json_t *item_at(const json_t *array, const char *key)
{
	long long index;

	if ((key[0] == '0' && key[1]) || view_to_int(view_of(key), 0, INT32_MAX, &index) < 0)
		return NULL;
	return json_array_get(array, (size_t)index);
}

/* pointer NULL: nothing; what is not there is NULL. */
static const json_t *point(const json_t *json, const char *pointer)
{
	char key[256];

	if (!pointer)
		return NULL;
	while (json && *pointer == '/') {
		struct view step = {pointer + 1, strcspn(pointer + 1, "/")};

		pointer = step.ptr + step.len;
		if (!unescape(step, key, sizeof(key)))
			return NULL;
		json = json_is_array(json) ? item_at(json, key) : json_object_get(json, key);
	}
	return json;
}

/* ---- reading ---- */

/* RFC 3339, or a number of seconds or milliseconds; 0 when it is not there. */
static int read_time(const json_t *value, int64_t *out, struct error *err)
{
	const char *text = json_string_value(value);
	int64_t number = provider_number(value, -1);

	*out = 0;
	if (json_is_real(value))
		number = (int64_t)(json_real_value(value) > 0 && json_real_value(value) < 1e15 ? json_real_value(value)
											       : -1);
	if (number >= 0 && number < MILLISECONDS_FROM * 1000) {
		*out = number >= MILLISECONDS_FROM ? number * 1000 : number * 1000000;
		return 0;
	}
	if (!value || json_is_null(value) || (text && clock_parse(view_of(text), out) == 0 && *out >= 0))
		return 0;
	return error_set(err, REACH_MESSAGE, "what map_sent_at points to is no time since 1970");
}

static int read_message(const struct config_channel *map, const json_t *json, struct arena *arena,
	struct provider_batch *batch, struct error *err)
{
	struct channel_message message = {
		.id = provider_word(arena, point(json, map->map_id)),
		.sender = provider_word(arena, point(json, map->map_sender)),
		.reply_to = provider_word(arena, point(json, map->map_reply_to)),
		.name = provider_word(arena, point(json, map->map_name)),
		.language = provider_word(arena, point(json, map->map_language)),
		.text = provider_text(arena, point(json, map->map_text)),
	};

	if (message.id.len == 0)
		return error_set(err, REACH_MESSAGE, "there is no id where map_id points to (%s)", map->map_id);
	if (message.sender.len == 0)
		return error_set(
			err, REACH_MESSAGE, "there is no sender where map_sender points to (%s)", map->map_sender);
	if (read_time(point(json, map->map_sent_at), &message.sent_at, err) < 0)
		return -1;
	if (message.reply_to.len == 0)
		message.reply_to = message.sender;
	return provider_add(batch, &message, err);
}

/* A list is a message an item; anything else is one message. */
static int read_json(const struct config_channel *map, const json_t *json, struct arena *arena,
	struct channel_batch *out, struct error *err)
{
	const json_t *messages = map->map_messages ? point(json, map->map_messages) : json;
	struct provider_batch batch = {.arena = arena};
	int result = 0;

	if (!json_is_object(messages) && !json_is_array(messages))
		batch.ignored = 1;
	else if (json_is_object(messages))
		result = read_message(map, messages, arena, &batch, err);
	for (size_t i = 0; result == 0 && i < json_array_size(messages); i++)
		result = read_message(map, json_array_get(messages, i), arena, &batch, err);
	if (result == 0)
		provider_finish(&batch, out);
	return result;
}

static int read_request(const struct channel *channel, const struct http_request *request, struct arena *arena,
	struct channel_batch *out, struct error *err)
{
	PROVIDER_JSON_SCOPED *json = provider_json(arena, request->body, err);

	return json ? read_json(channel->settings, json, arena, out, err) : -1;
}

const struct channel_kind channel_json = {
	.name = "json",
	.body_max = BODY_MAX,
	.webhook = true,
	.check = check,
	.verify = verify,
	.read = read_request,
};
