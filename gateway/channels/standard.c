/*
 * channels/standard: any sender that signs by Standard Webhooks (https://www.standardwebhooks.com, specification 1.0).
 * See channel.h.
 *
 * Headers webhook-id, webhook-timestamp (seconds since 1970), webhook-signature: entries with a space between, of which
 * any one "v1," and the base64 of an HMAC-SHA256 of "id.timestamp.body" is enough; other versions are passed over. The
 * secret is "whsec_" and the base64 of 24 to 64 bytes. A time more than five minutes off, either way, is refused. The
 * webhook-id is the same at every attempt, and so is the message's id here.
 *
 * The body is JSON of ours, described in docs/channels.md: {"type": "message.received", "data": {"text", "sender",
 * ...}}; "message.edited" replaces the message that "edits" names. Any other type is no message.
 */
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/unicode.h"
#include "channels/provider.h"
#include "core/clock.h"

#define SECRET_PREFIX "whsec_"
#define KEY_MIN 24
#define KEY_MAX 64
#define HASH_SIZE 32
#define WINDOW_SECONDS 300
#define SIGNATURES_MAX 20 /* entries of the header that are looked at */
#define BODY_MAX ((size_t)1024 * 1024)

static const char *const kept[] = {"webhook-id", "webhook-timestamp", NULL};

/* ---- the credential ---- */

/* The key's length; -1 when the secret is none. */
static int key_of(struct view secret, unsigned char key[KEY_MAX])
{
	unsigned char in[(KEY_MAX + 2) / 3 * 4 + 4], out[sizeof(in)];
	struct view text = secret;
	size_t padded;
	int len;

	if (view_starts(text, VIEW(SECRET_PREFIX)))
		text = view_sub(text, strlen(SECRET_PREFIX), text.len);
	while (view_ends(text, VIEW("=")))
		text.len--;
	padded = (text.len + 3) / 4 * 4;
	if (text.len == 0 || text.len % 4 == 1 || padded > sizeof(in))
		return -1;
	memset(in, '=', padded);
	memcpy(in, text.ptr, text.len);
	len = EVP_DecodeBlock(out, in, (int)padded);
	len = len < 0 ? -1 : len - (int)(padded - text.len);
	if (len < KEY_MIN || len > KEY_MAX)
		return -1;
	memcpy(key, out, (size_t)len);
	return len;
}

static int check(const struct channel *channel, struct error *err)
{
	unsigned char key[KEY_MAX];

	if (channel->secret_count == 0)
		return error_set(err, REACH_STOP, "write `secret: {file: ...}`: the secret that both sides sign with");
	for (size_t i = 0; i < channel->secret_count; i++)
		if (key_of(channel->secrets[i], key) < 0)
			return error_set(err, REACH_STOP,
				"its secret is not %s and the base64 of %d to %d bytes; make one with `echo "
				"whsec_$(openssl "
				"rand -base64 32)`",
				SECRET_PREFIX, KEY_MIN, KEY_MAX);
	return 0;
}

/* What one secret makes of it, as an entry of the header; false when it is no secret. */
static bool sign(struct view secret, struct view data, char entry_out[64])
{
	unsigned char key[KEY_MAX], hash[EVP_MAX_MD_SIZE];
	int len = key_of(secret, key);
	unsigned hash_len = 0;

	if (len < 0 || !HMAC(EVP_sha256(), key, len, (const unsigned char *)data.ptr, data.len, hash, &hash_len) ||
		hash_len != HASH_SIZE)
		return false;
	memcpy(entry_out, "v1,", 3);
	EVP_EncodeBlock((unsigned char *)entry_out + 3, hash, HASH_SIZE);
	return true;
}

static bool is_signed(const struct channel *channel, struct view data, struct view shown)
{
	bool good = false;

	for (size_t i = 0; i < channel->secret_count; i++) {
		struct view rest = shown, entry;
		char wanted[64];

		if (!sign(channel->secrets[i], data, wanted))
			continue;
		for (int n = 0; n < SIGNATURES_MAX && view_next_field(&rest, ' ', &entry); n++)
			good |= channel_same_secret(entry, view_of(wanted));
	}
	return good;
}

static struct view signed_bytes(struct arena *arena, struct view id, struct view time, struct view body)
{
	char *bytes = arena_alloc(arena, id.len + time.len + body.len + 2);
	size_t len = 0;

	memcpy(bytes, id.ptr, id.len);
	len += id.len;
	bytes[len++] = '.';
	memcpy(bytes + len, time.ptr, time.len);
	len += time.len;
	bytes[len++] = '.';
	if (body.len > 0)
		memcpy(bytes + len, body.ptr, body.len);
	return (struct view){bytes, len + body.len};
}

static enum channel_verdict verify(const struct channel *channel, const struct http_request *request, int64_t now,
	struct arena *arena, struct channel_answer *answer_out)
{
	struct view id = http_request_header(request, "webhook-id");
	struct view time = http_request_header(request, "webhook-timestamp");
	struct view shown = http_request_header(request, "webhook-signature");
	long long seconds;

	if (!view_equal(request->method, VIEW("POST")))
		return provider_refuse(answer_out, 405);
	if (id.len == 0 || time.len == 0 || shown.len == 0)
		return provider_refuse(answer_out, 401);
	if (view_to_int(time, 0, INT64_MAX / 2000000, &seconds) < 0 || seconds < now / 1000000 - WINDOW_SECONDS ||
		seconds > now / 1000000 + WINDOW_SECONDS)
		return provider_refuse(answer_out, 403);
	if (id.len > PROVIDER_ID_MAX || !is_signed(channel, signed_bytes(arena, id, time, request->body), shown))
		return provider_refuse(answer_out, 403);
	return CHANNEL_GENUINE;
}

/* ---- reading ---- */

static void read_place(const json_t *place, struct channel_message *message)
{
	const json_t *latitude = json_object_get(place, "latitude"), *longitude = json_object_get(place, "longitude");

	provider_place(message, latitude, longitude);
}

static void read_parts(const json_t *data, struct arena *arena, struct channel_message *message)
{
	int64_t part = provider_number(json_object_get(data, "part"), 0);
	int64_t parts = provider_number(json_object_get(data, "parts"), 0);

	if (part < 1 || parts < part || parts > 255)
		return;
	message->part_of = provider_word(arena, json_object_get(data, "part_of"));
	message->part = (int)part;
	message->parts = (int)parts;
}

static int read_message(
	const json_t *data, struct view id, struct arena *arena, struct channel_message *out, struct error *err)
{
	struct channel_message message = {
		.id = id,
		.edits = provider_word(arena, json_object_get(data, "edits")),
		.sender = provider_word(arena, json_object_get(data, "sender")),
		.reply_to = provider_word(arena, json_object_get(data, "reply_to")),
		.name = provider_word(arena, json_object_get(data, "name")),
		.language = provider_word(arena, json_object_get(data, "language")),
		.text = provider_text(arena, json_object_get(data, "text")),
		.answers = provider_word(arena, json_object_get(data, "answers")),
	};
	const char *sent_at = json_string_value(json_object_get(data, "sent_at"));

	if (message.sender.len == 0)
		return error_set(err, REACH_MESSAGE, "its data has no sender");
	if (sent_at && (clock_parse(view_of(sent_at), &message.sent_at) < 0 || message.sent_at < 0))
		return error_set(err, REACH_MESSAGE, "its sent_at is no time since 1970 (RFC 3339)");
	if (message.reply_to.len == 0)
		message.reply_to = message.sender;
	read_place(json_object_get(data, "place"), &message);
	read_parts(data, arena, &message);
	*out = message;
	return 0;
}

static int read_json(const struct http_request *request, const json_t *json, struct arena *arena,
	struct channel_batch *out, struct error *err)
{
	const char *type = json_string_value(json_object_get(json, "type"));
	struct view shown = http_request_header(request, "webhook-id"), id = provider_clean_line(arena, shown);
	struct provider_batch batch = {.arena = arena};
	struct channel_message message;
	bool edited = type && strcmp(type, "message.edited") == 0;

	if (!type)
		return error_set(err, REACH_MESSAGE, "it has no type");
	if (id.len == 0)
		return error_set(err, REACH_MESSAGE, "it has no webhook-id");
	if (!unicode_valid(shown))
		return error_set(err, REACH_MESSAGE, "its webhook-id is no UTF-8");
	if (!edited && strcmp(type, "message.received") != 0) {
		batch.ignored = 1;
		provider_finish(&batch, out);
		return 0;
	}
	if (read_message(json_object_get(json, "data"), id, arena, &message, err) < 0)
		return -1;
	if (edited && message.edits.len == 0)
		return error_set(err, REACH_MESSAGE, "its data does not say what it edits");
	if (!edited)
		message.edits = VIEW("");
	if (provider_add(&batch, &message, err) < 0)
		return -1;
	provider_finish(&batch, out);
	return 0;
}

static int read_request(const struct channel *channel, const struct http_request *request, struct arena *arena,
	struct channel_batch *out, struct error *err)
{
	PROVIDER_JSON_SCOPED *json = provider_json(arena, request->body, err);

	return json ? read_json(request, json, arena, out, err) : -1;
}

const struct channel_kind channel_standard = {
	.name = "standard",
	.body_max = BODY_MAX,
	.webhook = true,
	.check = check,
	.verify = verify,
	.read = read_request,
	.kept_headers = kept,
};
