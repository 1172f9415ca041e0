/*
 * channels/telegram: the Telegram Bot API, called by it or asking it. See channel.h.
 *
 * Source: core.telegram.org/bots/api (Getting updates, setWebhook, Update, Message, getFile, sendMessage,
 * ResponseParameters).
 *
 * Webhook: each POST is one Update; the header X-Telegram-Bot-Api-Secret-Token carries the `secret_token` that was
 * given to setWebhook, as it is. Poll: getUpdates with the offset of what was committed; asking with it is what
 * acknowledges all before. A message's id is "chat/message": unique where update_id may begin anew; an edit's is that
 * with its update_id. Media: getFile names a path, which is fetched with the bot's token in it (at most 20 MB).
 */
#include "channels/provider.h"

#include <limits.h>

#define API "https://api.telegram.org"
#define HOST "api.telegram.org"
#define SECRET_HEADER "X-Telegram-Bot-Api-Secret-Token"
#define UPDATES_MAX 100
#define TEXT_MAX 4096
#define IDLE " idle" /* behind a cursor: see next_cursor() */

static const char *const hosts[] = {HOST, NULL};

static int check(const struct channel *channel, struct error *err)
{
	if (!channel->polled && channel->secret_count == 0)
		return error_set(
			err, REACH_STOP, "write `secret: {file: ...}`: the secret_token that was given to setWebhook");
	if (channel->polled && channel->token.len == 0)
		return error_set(
			err, REACH_STOP, "write `token: {file: ...}`: the bot's token, to ask for its messages");
	return 0;
}

static enum channel_verdict verify(const struct channel *channel, const struct http_request *request, int64_t now,
	struct arena *arena, struct channel_answer *answer_out)
{
	if (!view_equal(request->method, VIEW("POST")))
		return provider_refuse(answer_out, 405);
	if (!channel_knows_secret(channel, http_request_header(request, SECRET_HEADER)))
		return provider_refuse(answer_out, 401);
	return CHANNEL_GENUINE;
}

/* ---- reading ---- */

static struct view message_id(struct arena *arena, const json_t *message)
{
	struct view chat = provider_word(arena, provider_find(message, "chat", "id", NULL));
	struct view number = provider_word(arena, provider_find(message, "message_id", NULL));

	if (chat.len == 0 || number.len == 0)
		return VIEW("");
	return view_of(arena_printf(arena, "%.*s/%.*s", VIEW_ARGS(chat), VIEW_ARGS(number)));
}

static struct view name_of(struct arena *arena, const json_t *from)
{
	struct view first = provider_word(arena, provider_find(from, "first_name", NULL));
	struct view last = provider_word(arena, provider_find(from, "last_name", NULL));

	return view_trim(view_of(arena_printf(arena, "%.*s %.*s", VIEW_ARGS(first), VIEW_ARGS(last))));
}

static void add_file(struct arena *arena, struct channel_message *message, const json_t *file)
{
	struct channel_media media = {
		.id = provider_word(arena, provider_find(file, "file_id", NULL)),
		.name = provider_word(arena, provider_find(file, "file_name", NULL)),
		.type = provider_word(arena, provider_find(file, "mime_type", NULL)),
		.size = provider_number(provider_find(file, "file_size", NULL), -1),
	};

	provider_add_media(arena, message, &media);
}

static void add_files(struct arena *arena, struct channel_message *message, const json_t *content)
{
	static const char *const kinds[] = {
		"document", "voice", "audio", "video", "video_note", "animation", "sticker", NULL};
	const json_t *photo = provider_find(content, "photo", NULL);
	size_t sizes = json_array_size(photo);

	if (sizes > 0) /* the same picture in several sizes, the largest last */
		add_file(arena, message, json_array_get(photo, sizes - 1));
	for (size_t i = 0; kinds[i]; i++) {
		/* A GIF comes as `animation` and, for old programs, as the same document. */
		if (i == 0 && provider_find(content, "animation", NULL))
			continue;
		add_file(arena, message, provider_find(content, kinds[i], NULL));
	}
}

static void add_place(struct channel_message *message, const json_t *content)
{
	const json_t *latitude = provider_find(content, "location", "latitude", NULL);
	const json_t *longitude = provider_find(content, "location", "longitude", NULL);

	provider_place(message, latitude, longitude);
}

static struct view text_of(struct arena *arena, const json_t *content)
{
	static const char *const paths[][3] = {{"text"}, {"caption"}, {"venue", "title"}, {"contact", "phone_number"}};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct view text = provider_text(arena, provider_find(content, paths[i][0], paths[i][1], NULL));

		if (text.len > 0)
			return text;
	}
	return VIEW("");
}

/* What a message and a callback have in common: the person. */
static bool take_person(struct arena *arena, struct channel_message *message, const json_t *from)
{
	if (json_is_true(provider_find(from, "is_bot", NULL)))
		return false;
	message->sender = provider_word(arena, provider_find(from, "id", NULL));
	message->name = name_of(arena, from);
	message->language = provider_word(arena, provider_find(from, "language_code", NULL));
	return message->sender.len > 0;
}

static int read_message(
	struct provider_batch *batch, const json_t *update, const json_t *content, bool edited, struct error *err)
{
	struct arena *arena = batch->arena;
	struct channel_message message = {.id = message_id(arena, content), .text = text_of(arena, content)};
	int64_t date = provider_number(provider_find(content, edited ? "edit_date" : "date", NULL), 0);

	if (!take_person(arena, &message, provider_find(content, "from", NULL)) || message.id.len == 0) {
		batch->ignored++;
		return 0;
	}
	message.reply_to = provider_word(arena, provider_find(content, "chat", "id", NULL));
	message.answers = message_id(arena, provider_find(content, "reply_to_message", NULL));
	message.sent_at = date > 0 && date < INT32_MAX * INT64_C(100) ? date * 1000000 : 0;
	add_files(arena, &message, content);
	add_place(&message, content);
	if (edited) {
		struct view number = provider_word(arena, provider_find(update, "update_id", NULL));

		message.edits = message.id;
		message.id = view_of(arena_printf(arena, "%.*s/%.*s", VIEW_ARGS(message.id), VIEW_ARGS(number)));
	}
	return provider_add(batch, &message, err);
}

/* A button that was pressed: what stands behind it is what the person says. */
static int read_callback(struct provider_batch *batch, const json_t *callback, struct error *err)
{
	struct arena *arena = batch->arena;
	const json_t *content = provider_find(callback, "message", NULL);
	struct view id = provider_word(arena, provider_find(callback, "id", NULL));
	struct channel_message message = {.text = provider_text(arena, provider_find(callback, "data", NULL))};

	if (id.len == 0 || !take_person(arena, &message, provider_find(callback, "from", NULL))) {
		batch->ignored++;
		return 0;
	}
	message.id = view_of(arena_printf(arena, "callback/%.*s", VIEW_ARGS(id)));
	message.reply_to = provider_word(arena, provider_find(content, "chat", "id", NULL));
	if (message.reply_to.len == 0)
		message.reply_to = message.sender;
	message.answers = message_id(arena, content);
	return provider_add(batch, &message, err);
}

static int read_update(struct provider_batch *batch, const json_t *update, struct error *err)
{
	const json_t *message = provider_find(update, "message", NULL);
	const json_t *edited = provider_find(update, "edited_message", NULL);
	const json_t *callback = provider_find(update, "callback_query", NULL);

	if (message)
		return read_message(batch, update, message, false, err);
	if (edited)
		return read_message(batch, update, edited, true, err);
	if (callback)
		return read_callback(batch, callback, err);
	batch->ignored++;
	return 0;
}

static int read_request(const struct channel *channel, const struct http_request *request, struct arena *arena,
	struct channel_batch *out, struct error *err)
{
	PROVIDER_JSON_SCOPED *json = provider_json(arena, request->body, err);
	struct provider_batch batch = {.arena = arena};

	if (!json)
		return -1;
	if (!json_is_integer(json_object_get(json, "update_id")))
		return error_set(err, REACH_MESSAGE, "it is no update of Telegram's: no update_id");
	if (read_update(&batch, json, err) < 0)
		return -1;
	provider_finish(&batch, out);
	return 0;
}

/* ---- asking ---- */

static const char *method_url(const struct channel *channel, struct arena *arena, const char *method)
{
	return arena_printf(
		arena, "%s/bot%.*s/%s", provider_base(channel, arena, API), VIEW_ARGS(channel->token), method);
}

static int seconds_of(const struct http_answer *answer, const json_t *json)
{
	int64_t seconds = provider_number(provider_find(json, "parameters", "retry_after", NULL), answer->retry_after);

	return seconds < 0 ? 0 : seconds > 86400 ? 86400 : (int)seconds;
}

static int refusal(struct arena *arena, const struct http_answer *answer, const json_t *json, struct error *err)
{
	struct view words = provider_word(arena, provider_find(json, "description", NULL));

	return provider_status_error(answer, words, err);
}

/* *highest_out: of the round, LLONG_MIN when it brought none. */
static int read_updates(const json_t *updates, long long *highest_out, struct provider_batch *batch, struct error *err)
{
	const json_t *update;
	size_t i;

	*highest_out = LLONG_MIN;
	json_array_foreach(updates, i, update)
	{
		const json_t *id = json_object_get(update, "update_id");

		if (json_is_integer(id) && json_integer_value(id) > *highest_out)
			*highest_out = json_integer_value(id);
		if (read_update(batch, update, err) < 0)
			return -1;
	}
	return 0;
}

static int ask(const struct channel *channel, struct http_client *http, struct view cursor, int wait_seconds,
	struct arena *arena, struct http_answer *answer, json_t **json_out, struct error *err)
{
	const char *body = arena_printf(arena,
		"{%s%.*s%s\"limit\":%d,\"timeout\":%d,\"allowed_updates\":[\"message\",\"edited_message\",\"callback_"
		"query\"]}",
		cursor.len ? "\"offset\":" : "", VIEW_ARGS(cursor), cursor.len ? "," : "", UPDATES_MAX, wait_seconds);
	static const char *const headers[] = {"Content-Type: application/json", NULL};
	struct http_call call = {.method = "POST",
		.url = method_url(channel, arena, "getUpdates"),
		.headers = headers,
		.body = view_of(body),
		.answer_max = PROVIDER_ANSWER_MAX,
		.seconds = wait_seconds + PROVIDER_SECONDS};

	if (http_client_call(http, &call, arena, answer, err) < 0) {
		if (err->reach == REACH_UNCERTAIN) /* asking again is no harm */
			err->reach = REACH_RETRY;
		return -1;
	}
	*json_out = provider_json(arena, answer->body, answer->status == 200 ? err : NULL);
	return *json_out || answer->status != 200 ? 0 : error_prefix(err, "the answer to getUpdates");
}

/*
 * After a week without messages Telegram's numbers may begin anew, below ours, and asking with ours would pass them
 * over. So once a round brought nothing, which acknowledges all before, the cursor is marked and the next one is asked
 * for without a number: it brings whatever is not acknowledged.
 */
static struct view next_cursor(struct arena *arena, struct view cursor, bool idle, long long highest)
{
	if (highest != LLONG_MIN && highest < LLONG_MAX)
		return view_of(arena_printf(arena, "%lld", highest + 1));
	return idle || cursor.len == 0 ? cursor : view_of(arena_printf(arena, "%.*s" IDLE, VIEW_ARGS(cursor)));
}

static int poll_refused(struct arena *arena, const struct http_answer *answer, const json_t *json, struct error *err)
{
	refusal(arena, answer, json, err);
	if (answer->status == 409)
		error_set(err, REACH_SOURCE,
			"Telegram gives the messages to somebody else: a webhook is set for this bot (deleteWebhook "
			"ends "
			"that, or write `mode: webhook`), or another program asks for them");
	return -1;
}

static int poll_round(const struct channel *channel, struct http_client *http, struct view cursor, int wait_seconds,
	struct arena *arena, struct channel_round *out, struct error *err)
{
	bool idle = view_ends(cursor, VIEW(IDLE));
	PROVIDER_JSON_SCOPED *json = NULL;
	struct provider_batch batch = {.arena = arena};
	struct http_answer answer;
	long long highest;

	if (ask(channel, http, idle ? VIEW("") : cursor, wait_seconds, arena, &answer, &json, err) < 0)
		return -1;
	if (answer.status != 200 || !json_is_true(json_object_get(json, "ok"))) {
		out->retry_seconds = seconds_of(&answer, json);
		return poll_refused(arena, &answer, json, err);
	}
	if (read_updates(json_object_get(json, "result"), &highest, &batch, err) < 0)
		return -1;
	out->raw = answer.body;
	out->cursor = next_cursor(arena, cursor, idle, highest);
	provider_finish(&batch, &out->batch);
	return 0;
}

/* ---- media ---- */

static int file_path(const struct channel *channel, struct http_client *http, struct view id, struct arena *arena,
	struct view *path_out, struct error *err)
{
	__attribute__((cleanup(provider_json_free))) json_t *body = json_pack("{s:s%}", "file_id", id.ptr, id.len),
							    *json = NULL;
	struct http_answer answer;

	if (!body)
		return error_set(err, REACH_MESSAGE, "its id is no text");
	if (provider_post_json(http, method_url(channel, arena, "getFile"), NULL, body, arena, &answer, &json, err) < 0)
		return -1;
	if (answer.status != 200)
		return refusal(arena, &answer, json, err);
	*path_out = provider_word(arena, provider_find(json, "result", "file_path", NULL));
	if (path_out->len == 0)
		return error_set(err, REACH_MESSAGE, "Telegram names no file");
	return 0;
}

/* A path's parts; its slashes stay. */
static const char *encode_path(struct arena *arena, struct view path)
{
	const char *out = "";
	struct view part;

	while (view_next_field(&path, '/', &part))
		out = arena_printf(arena, "%s/%s", out, provider_url_encode(arena, part));
	return out;
}

static int fetch(const struct channel *channel, struct http_client *http, const struct channel_media *media, size_t max,
	struct arena *arena, struct view *bytes_out, struct error *err)
{
	const char *base = provider_base(channel, arena, API);
	struct http_call call = {.hosts = hosts, .origin = base};
	struct view path;

	if (channel->token.len == 0)
		return error_set(err, REACH_MESSAGE, "without `token` nothing can be fetched");
	if (file_path(channel, http, media->id, arena, &path, err) < 0)
		return -1;
	if (view_find(path, VIEW("..")) >= 0)
		return error_set(err, REACH_MESSAGE, "Telegram names a path that leads upwards");
	call.url = arena_printf(arena, "%s/file/bot%.*s%s", base, VIEW_ARGS(channel->token), encode_path(arena, path));
	return provider_media(http, &call, max, VIEW(""), arena, bytes_out, err);
}

/* ---- sending ---- */

/* A chat's number, or "@name". */
static json_t *chat_of(struct view to)
{
	long long number;

	return view_to_int(to, INT64_MIN, INT64_MAX, &number) == 0 ? json_integer(number)
								   : json_stringn(to.ptr, to.len);
}

static json_t *message_body(const struct channel_outgoing *message)
{
	struct view answers = message->answers, chat;
	long long number;
	json_t *body =
		json_pack("{s:o, s:s%}", "chat_id", chat_of(message->to), "text", message->text.ptr, message->text.len);

	if (body && view_next_field(&answers, '/', &chat) && view_equal(chat, message->to) &&
		view_to_int(answers, 1, INT64_MAX, &number) == 0)
		json_object_set_new(body, "reply_parameters",
			json_pack("{s:I, s:b}", "message_id", (json_int_t)number, "allow_sending_without_reply", 1));
	return body;
}

static int send_message(const struct channel *channel, struct http_client *http, const struct channel_outgoing *message,
	struct arena *arena, struct channel_sent *out, struct error *err)
{
	__attribute__((cleanup(provider_json_free))) json_t *body = message_body(message), *json = NULL;
	struct http_answer answer;

	if (channel->token.len == 0)
		return error_set(err, REACH_SOURCE, "write `token: {file: ...}`: the bot's token, to answer");
	if (!body)
		return error_set(err, REACH_MESSAGE, "the text or the chat is no text");
	if (provider_post_json(
		    http, method_url(channel, arena, "sendMessage"), NULL, body, arena, &answer, &json, err) < 0)
		return -1;
	if (answer.status == 200 && json_is_true(json_object_get(json, "ok"))) {
		out->id = message_id(arena, json_object_get(json, "result"));
		return 0;
	}
	out->retry_seconds = seconds_of(&answer, json);
	refusal(arena, &answer, json, err);
	if (answer.status == 403) /* blocked, left, never began: this person, not us */
		err->reach = REACH_MESSAGE;
	return -1;
}

const struct channel_kind channel_telegram = {
	.name = "telegram",
	.body_max = (size_t)1024 * 1024,
	.webhook = true,
	.check = check,
	.verify = verify,
	.read = read_request,
	.poll = poll_round,
	.fetch = fetch,
	.send = send_message,
	.text_max = TEXT_MAX,
};
