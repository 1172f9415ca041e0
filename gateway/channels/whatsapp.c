/*
 * channels/whatsapp: the WhatsApp Cloud API of Meta; it calls us. See channel.h; whatsapp_send.c has media and sending.
 *
 * Source: Meta's Node SDK and Webhooks documentation. The first call is a GET whose hub.verify_token is the configured
 * `verify_token`: its hub.challenge is given back as it is. Each POST carries X-Hub-Signature-256: "sha256=" and the
 * HMAC-SHA256 of the exact bytes under the app's secret. Not 200: it comes again for days, so ids are what makes a
 * message one.
 */
#include "channels/whatsapp.h"

#define SIGNATURE_HEADER "X-Hub-Signature-256"
#define SIGNATURE_PREFIX "sha256="
#define SIGNATURE_LENGTH 71 /* the prefix and 64 digits */
#define CHALLENGE_MAX 1000
#define FLOW_FIELDS_MAX 200

static int check(const struct channel *channel, struct error *err)
{
	if (channel->secret_count == 0)
		return error_set(
			err, REACH_STOP, "write `secret: {file: ...}`: the app's secret, which signs what comes");
	if (channel->verify_token.len == 0)
		return error_set(
			err, REACH_STOP, "write `verify_token: {file: ...}`: the word that Meta's first call shows");
	if (!channel->settings->account)
		return error_set(err, REACH_STOP, "write `account: ...`: the id of the phone number (not the number)");
	return 0;
}

/* ---- the credential ---- */

/* The challenge comes from outside: it goes back as plain text and nothing else. */
static enum channel_verdict challenge(const struct channel *channel, const struct http_request *request,
	struct arena *arena, struct channel_answer *out)
{
	struct provider_form form;
	struct view word;

	if (provider_form(arena, request->query, &form, NULL) < 0)
		return provider_refuse(out, 403);
	word = provider_field(&form, "hub.challenge");
	if (!view_equal(provider_field(&form, "hub.mode"), VIEW("subscribe")) || word.len > CHALLENGE_MAX ||
		!channel_same_secret(provider_field(&form, "hub.verify_token"), channel->verify_token))
		return provider_refuse(out, 403);
	*out = (struct channel_answer){.status = 200, .type = "text/plain; charset=utf-8", .body = word};
	return CHANNEL_HANDSHAKE;
}

static enum channel_verdict verify(const struct channel *channel, const struct http_request *request, int64_t now,
	struct arena *arena, struct channel_answer *answer_out)
{
	struct view shown = http_request_header(request, SIGNATURE_HEADER);

	if (view_equal(request->method, VIEW("GET")))
		return challenge(channel, request, arena, answer_out);
	if (!view_equal(request->method, VIEW("POST")))
		return provider_refuse(answer_out, 405);
	if (shown.len != SIGNATURE_LENGTH || !view_starts(shown, VIEW(SIGNATURE_PREFIX)))
		return provider_refuse(answer_out, 401);
	shown = view_sub(shown, strlen(SIGNATURE_PREFIX), shown.len);
	if (!provider_signed(channel, PROVIDER_SHA256, PROVIDER_HEX, request->body, shown))
		return provider_refuse(answer_out, 401);
	return CHANNEL_GENUINE;
}

/* ---- reading ---- */

/* A form that was filled inside WhatsApp: its answers, a line each, as a person would write them. */
static struct view flow_text(struct arena *arena, const json_t *content)
{
	const char *raw = json_string_value(provider_find(content, "response_json", NULL));
	PROVIDER_JSON_SCOPED *answers = raw ? provider_json(arena, view_of(raw), NULL) : NULL;
	const char *key, *text = "";
	json_t *value;
	int fields = 0;

	json_object_foreach(answers, key, value)
	{
		struct view word = provider_text(arena, value);

		if (word.len == 0)
			word = provider_word(arena, value);
		if (word.len == 0 || strcmp(key, "flow_token") == 0 || fields++ == FLOW_FIELDS_MAX)
			continue;
		text = arena_printf(arena, "%s%s: %.*s\n", text, key, VIEW_ARGS(word));
	}
	return provider_clean(arena, view_of(text));
}

static struct view text_of(struct arena *arena, const json_t *message, const char *type)
{
	static const char *const paths[][3] = {{"text", "body"}, {"button", "text"},
		{"interactive", "button_reply", "title"}, {"interactive", "list_reply", "title"}, {"location", "name"},
		{"location", "address"}};
	struct view text = provider_text(arena, provider_find(message, type, "caption", NULL));

	for (size_t i = 0; text.len == 0 && i < sizeof(paths) / sizeof(paths[0]); i++)
		text = provider_text(arena, provider_find(message, paths[i][0], paths[i][1], paths[i][2], NULL));
	if (text.len == 0 && provider_find(message, "interactive", "nfm_reply", NULL))
		text = flow_text(arena, provider_find(message, "interactive", "nfm_reply", NULL));
	return text;
}

static void add_media(struct arena *arena, struct channel_message *message, const json_t *content)
{
	struct channel_media media = {
		.id = provider_word(arena, provider_find(content, "id", NULL)),
		.name = provider_word(arena, provider_find(content, "filename", NULL)),
		.type = provider_word(arena, provider_find(content, "mime_type", NULL)),
		.sha256 = provider_sha256(arena, provider_find(content, "sha256", NULL)),
		.size = -1,
	};

	provider_add_media(arena, message, &media);
}

static void add_place(struct channel_message *message, const json_t *place)
{
	const json_t *latitude = provider_find(place, "latitude", NULL),
		     *longitude = provider_find(place, "longitude", NULL);

	provider_place(message, latitude, longitude);
}

/* The name that goes with this sender; a person who hides the number is known by an id. */
static struct view name_of(struct arena *arena, const json_t *contacts, struct view sender)
{
	const json_t *contact;
	size_t i;

	json_array_foreach(contacts, i,
		contact) if (view_equal(provider_word(arena, provider_find(contact, "wa_id", NULL)), sender) ||
			     view_equal(provider_word(arena, provider_find(contact, "user_id", NULL)),
				     sender)) return provider_word(arena,
		provider_find(contact, "profile", "name", NULL));
	return VIEW("");
}

static bool is_media(const char *type)
{
	static const char *const types[] = {"image", "audio", "video", "document", "voice", "sticker", NULL};

	for (size_t i = 0; types[i]; i++)
		if (strcmp(types[i], type) == 0)
			return true;
	return false;
}

static int read_message(struct provider_batch *batch, const json_t *value, const json_t *content, struct error *err)
{
	const char *type = json_string_value(provider_find(content, "type", NULL));
	int64_t seconds = provider_number(provider_find(content, "timestamp", NULL), 0);
	struct arena *arena = batch->arena;
	struct channel_message message = {
		.id = provider_word(arena, provider_find(content, "id", NULL)),
		.sender = provider_word(arena, provider_find(content, "from", NULL)),
		.answers = provider_word(arena, provider_find(content, "context", "id", NULL)),
		.text = text_of(arena, content, type ? type : "text"),
		.sent_at = seconds > 0 && seconds < INT32_MAX * INT64_C(100) ? seconds * 1000000 : 0,
	};

	if (message.sender.len == 0)
		message.sender = provider_word(arena, provider_find(content, "from_user_id", NULL));
	message.reply_to = message.sender;
	message.name = name_of(arena, provider_find(value, "contacts", NULL), message.sender);
	if (type && is_media(type))
		add_media(arena, &message, provider_find(content, type, NULL));
	add_place(&message, provider_find(content, "location", NULL));
	return provider_add(batch, &message, err);
}

/* One app may serve several numbers: what came to another one than ours is not for this channel. */
static int read_value(
	const struct channel *channel, struct provider_batch *batch, const json_t *value, struct error *err)
{
	struct view number = provider_word(batch->arena, provider_find(value, "metadata", "phone_number_id", NULL));
	const json_t *messages = provider_find(value, "messages", NULL), *message;
	size_t i;

	batch->ignored += json_array_size(provider_find(value, "statuses", NULL));
	if (json_array_size(messages) > 0 && !view_equal(number, view_of(channel->settings->account))) {
		batch->ignored += json_array_size(messages);
		return 0;
	}
	json_array_foreach(messages, i, message) if (read_message(batch, value, message, err) < 0) return -1;
	return 0;
}

static int read_entry(
	const struct channel *channel, struct provider_batch *batch, const json_t *entry, struct error *err)
{
	const json_t *changes = provider_find(entry, "changes", NULL), *change;
	size_t i;

	json_array_foreach(changes, i, change)
	{
		const char *field = json_string_value(provider_find(change, "field", NULL));

		if (!field || strcmp(field, "messages") != 0)
			batch->ignored++;
		else if (read_value(channel, batch, provider_find(change, "value", NULL), err) < 0)
			return -1;
	}
	return 0;
}

static int read_request(const struct channel *channel, const struct http_request *request, struct arena *arena,
	struct channel_batch *out, struct error *err)
{
	PROVIDER_JSON_SCOPED *json = provider_json(arena, request->body, err);
	const json_t *entries = json ? json_object_get(json, "entry") : NULL, *entry;
	struct provider_batch batch = {.arena = arena};
	size_t i;

	if (!json)
		return -1;
	if (!json_is_array(entries))
		return error_set(err, REACH_MESSAGE, "it is no notification of WhatsApp's: no list of entries");
	json_array_foreach(entries, i, entry) if (read_entry(channel, &batch, entry, err) < 0) return -1;
	provider_finish(&batch, out);
	return 0;
}

const struct channel_kind channel_whatsapp = {
	.name = "whatsapp",
	.body_max = (size_t)4 * 1024 * 1024,
	.webhook = true,
	.check = check,
	.verify = verify,
	.read = read_request,
	.fetch = whatsapp_fetch,
	.send = whatsapp_send,
	.text_max = WHATSAPP_TEXT_MAX,
};
