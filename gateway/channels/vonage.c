/*
 * channels/vonage: Vonage, by its SMS API and its Messages API; it calls us. See channel.h; vonage_proof.c has the
 * credentials.
 *
 * Source: Vonage's documentation (SMS API: inbound SMS, signing messages; Messages API: inbound message) and its Python
 * library. A request of the SMS API is a form, JSON or the query of a GET; a long text comes in parts that share
 * concat-ref. A request of the Messages API is JSON. Not 200 or 204: it comes again for a day.
 */
#include "channels/vonage.h"
#include "core/clock.h"

#define API "https://api.nexmo.com"
#define TEXT_MAX 1000
#define LOGIN "the API key and its secret"
#define PARTS_MAX 255

static const char *const hosts[] = {".nexmo.com", ".vonage.com", NULL};

static int check(const struct channel *channel, struct error *err)
{
	if (channel->secret_count == 0)
		return error_set(err, REACH_STOP, "write `secret: {file: ...}`: the account's signature secret");
	return 0;
}

static enum channel_verdict verify(const struct channel *channel, const struct http_request *request, int64_t now,
	struct arena *arena, struct channel_answer *answer_out)
{
	struct view shown = http_request_header(request, "Authorization");
	bool is_post = view_equal(request->method, VIEW("POST"));
	enum channel_verdict verdict;

	if (!is_post && !view_equal(request->method, VIEW("GET")))
		return provider_refuse(answer_out, 405);
	/* A token covers the body: of a GET it would cover nothing. */
	if (is_post && view_starts_nocase(shown, VIEW("Bearer ")))
		verdict =
			vonage_bearer_good(channel, arena, view_trim(view_sub(shown, 7, shown.len)), request->body, now)
				? CHANNEL_GENUINE
				: CHANNEL_FORGED;
	else
		verdict = vonage_sig(channel, arena, request, now);
	return verdict == CHANNEL_FORGED ? provider_refuse(answer_out, 401) : verdict;
}

/* ---- the SMS API ---- */

/* "2026-11-21 10:00:00", UTC. */
static int64_t time_of(struct arena *arena, struct view date)
{
	char *text = arena_printf(arena, "%.*sZ", VIEW_ARGS(date));
	int64_t time;

	if (clock_parse(date, &time) == 0)
		return time > 0 ? time : 0;
	if (date.len != 19)
		return 0;
	text[10] = 'T';
	return clock_parse(view_of(text), &time) == 0 && time > 0 ? time : 0;
}

static void add_part(struct arena *arena, const struct provider_form *form, struct channel_message *message)
{
	struct view shared = provider_clean_line(arena, provider_field(form, "concat-ref"));
	long long part, parts;

	if (!view_equal(provider_field(form, "concat"), VIEW("true")) || shared.len == 0 ||
		view_to_int(provider_field(form, "concat-total"), 2, PARTS_MAX, &parts) < 0 ||
		view_to_int(provider_field(form, "concat-part"), 1, parts, &part) < 0)
		return;
	/* The reference is one byte or two: only with its sender is it one text's. */
	message->part_of = view_of(arena_printf(arena, "%.*s/%.*s", VIEW_ARGS(message->sender), VIEW_ARGS(shared)));
	message->part = (int)part;
	message->parts = (int)parts;
}

static int read_sms(
	struct arena *arena, const struct provider_form *form, struct provider_batch *batch, struct error *err)
{
	struct channel_message message = {
		.id = provider_clean_line(arena, provider_field(form, "messageId")),
		.sender = provider_clean_line(arena, provider_field(form, "msisdn")),
		.text = provider_clean(arena, provider_field(form, "text")),
		.sent_at = time_of(arena, provider_field(form, "message-timestamp")),
	};

	message.reply_to = message.sender;
	add_part(arena, form, &message);
	/* Receipts have a status. */
	if (provider_field(form, "status").ptr) {
		batch->ignored++;
		return 0;
	}
	return provider_add(batch, &message, err);
}

/* ---- the Messages API ---- */

static void add_media(struct arena *arena, struct channel_message *message, const json_t *json)
{
	static const char *const kinds[] = {"image", "audio", "video", "file", "sticker", NULL};

	for (size_t i = 0; kinds[i]; i++) {
		struct channel_media media = {.url = provider_word(arena, provider_find(json, kinds[i], "url", NULL)),
			.name = provider_word(arena, provider_find(json, kinds[i], "name", NULL)),
			.size = -1};

		provider_add_media(arena, message, &media);
	}
}

static void add_place(struct channel_message *message, const json_t *place)
{
	const json_t *latitude = provider_find(place, "lat", NULL), *longitude = provider_find(place, "long", NULL);

	provider_place(message, latitude, longitude);
}

static struct view text_of(struct arena *arena, const json_t *json)
{
	static const char *const paths[][2] = {{"text"}, {"image", "caption"}, {"video", "caption"},
		{"file", "caption"}, {"reply", "title"}, {"button", "text"}, {"location", "name"}};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct view text = provider_text(arena, provider_find(json, paths[i][0], paths[i][1], NULL));

		if (text.len > 0)
			return text;
	}
	return VIEW("");
}

static int read_message(struct arena *arena, const json_t *json, struct provider_batch *batch, struct error *err)
{
	struct view kind = provider_word(arena, provider_find(json, "channel", NULL));
	struct view date = provider_word(arena, provider_find(json, "timestamp", NULL));
	struct channel_message message = {
		.id = provider_word(arena, provider_find(json, "message_uuid", NULL)),
		.sender = provider_word(arena, provider_find(json, "from", NULL)),
		.name = provider_word(arena, provider_find(json, "profile", "name", NULL)),
		.answers = provider_word(arena, provider_find(json, "context", "message_uuid", NULL)),
		.text = text_of(arena, json),
		.sent_at = time_of(arena, date),
	};

	message.reply_to = view_of(arena_printf(arena, "%.*s:%.*s", VIEW_ARGS(kind), VIEW_ARGS(message.sender)));
	add_media(arena, &message, json);
	add_place(&message, provider_find(json, "location", NULL));
	return provider_add(batch, &message, err);
}

static int read_request(const struct channel *channel, const struct http_request *request, struct arena *arena,
	struct channel_batch *out, struct error *err)
{
	bool in_query = view_equal(request->method, VIEW("GET"));
	bool is_json = !in_query && view_starts(view_trim(request->body), VIEW("{"));
	PROVIDER_JSON_SCOPED *json = is_json ? provider_json(arena, request->body, err) : NULL;
	struct provider_batch batch = {.arena = arena};
	struct provider_form form;
	int result;

	if (is_json && !json)
		return -1;
	if (is_json && !json_object_get(json, "messageId")) {
		/* What became of a message of ours has a status. */
		if (json_object_get(json, "status"))
			batch.ignored++;
		else if (read_message(arena, json, &batch, err) < 0)
			return -1;
		provider_finish(&batch, out);
		return 0;
	}
	result = is_json ? vonage_fields(arena, json, &form, err)
			 : provider_form(arena, in_query ? request->query : request->body, &form, err);
	if (result < 0 || read_sms(arena, &form, &batch, err) < 0)
		return -1;
	provider_finish(&batch, out);
	return 0;
}

/* ---- media and sending ---- */

static int fetch(const struct channel *channel, struct http_client *http, const struct channel_media *media, size_t max,
	struct arena *arena, struct view *bytes_out, struct error *err)
{
	struct http_call call = {.hosts = hosts,
		.origin = provider_base(channel, arena, API),
		.redirects = 2};

	return provider_media_of_login(channel, http, media, &call, max, arena, bytes_out, err);
}

/* To "whatsapp:4477..." by that channel; a number alone is an SMS. */
static json_t *message_body(const struct channel *channel, const struct channel_outgoing *message)
{
	struct view kind = VIEW("sms"), to = message->to;
	ptrdiff_t colon = view_find_char(to, ':');

	if (colon > 0) {
		kind = view_sub(to, 0, (size_t)colon);
		to = view_sub(to, (size_t)colon + 1, to.len);
	}
	return json_pack("{s:s, s:s%, s:s%, s:s%, s:s}", "message_type", "text", "channel", kind.ptr, kind.len, "to",
		to.ptr, to.len, "text", message->text.ptr, message->text.len, "from", channel->settings->number);
}

static int send_message(const struct channel *channel, struct http_client *http, const struct channel_outgoing *message,
	struct arena *arena, struct channel_sent *out, struct error *err)
{
	static const char *const headers[] = {"Content-Type: application/json", "Accept: application/json", NULL};
	struct http_call call = {
		.method = "POST", .headers = headers, .answer_max = PROVIDER_ANSWER_MAX, .seconds = PROVIDER_SECONDS};
	__attribute__((cleanup(provider_json_free))) json_t *body = NULL, *json = NULL;
	struct http_answer answer;
	char *text;

	if (provider_login(channel, arena, LOGIN, &call, err) < 0)
		return -1;
	if (!channel->settings->number)
		return error_set(err, REACH_SOURCE, "write `number: ...`, to answer");
	body = message_body(channel, message);
	text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	if (!text)
		return error_set(err, REACH_MESSAGE, "the text or the recipient is no text");
	call.url = arena_printf(arena, "%s/v1/messages", provider_base(channel, arena, API));
	call.body = view_of(arena_strdup(arena, text));
	free(text);
	if (http_client_call(http, &call, arena, &answer, err) < 0)
		return -1;
	json = provider_json(arena, answer.body, NULL);
	if (answer.status == 200 || answer.status == 202) {
		out->id = provider_word(arena, provider_find(json, "message_uuid", NULL));
		return 0;
	}
	out->retry_seconds = answer.retry_after;
	provider_status_error(&answer, provider_word(arena, provider_find(json, "detail", NULL)), err);
	if (answer.status == 402) /* no balance */
		err->reach = REACH_SOURCE;
	return -1;
}

const struct channel_kind channel_vonage = {
	.name = "vonage",
	.body_max = (size_t)256 * 1024,
	.webhook = true,
	.check = check,
	.verify = verify,
	.read = read_request,
	.fetch = fetch,
	.send = send_message,
	.text_max = TEXT_MAX,
};
