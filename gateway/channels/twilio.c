/*
 * channels/twilio: SMS, MMS and WhatsApp through Twilio; it calls us. See channel.h.
 *
 * Source: Twilio's documentation (Webhooks security, Messaging webhook, Messages resource, Error codes) and its Python
 * library. X-Twilio-Signature is the base64 of an HMAC-SHA1 under the account's auth token: of the URL as Twilio called
 * it (so `public_url` must be what it calls, whatever a proxy makes of it), then each parameter's name and value in the
 * order of the names. A body of JSON is bound by bodySHA256 in the URL instead. A port that is the scheme's own may
 * stand there or not. Messages carry no time. The answer is TwiML that says nothing: a text would be sent to the
 * person. Media: the address answers with a redirect to Twilio's store, which must not be shown the login.
 */
#include "channels/provider.h"

#define API "https://api.twilio.com"
#define SIGNATURE_HEADER "X-Twilio-Signature"
#define TEXT_MAX 1600 /* UTF-16 units of one message; Twilio cuts it into SMS parts */
#define LOGIN "the account's SID and auth token"
#define REDIRECTS 3

static const char *const hosts[] = {"api.twilio.com", NULL};
static const char *const stores[] = {".twiliocdn.com", "media.twiliocdn.com.s3-external-1.amazonaws.com", NULL};

static int check(const struct channel *channel, struct error *err)
{
	if (channel->secret_count == 0)
		return error_set(err, REACH_STOP,
			"write `secret: {file: ...}`: the account's auth token, which signs what comes");
	if (!channel->public_url)
		return error_set(err, REACH_STOP,
			"Twilio signs the address that it calls; write `public_url: https://...` (at the top)");
	return 0;
}

/* ---- the credential ---- */

static int compare(const void *left, const void *right)
{
	const struct http_field *a = left, *b = right;
	size_t shorter = a->name.len < b->name.len ? a->name.len : b->name.len;
	int order = shorter ? memcmp(a->name.ptr, b->name.ptr, shorter) : 0;

	if (order == 0 && a->name.len != b->name.len)
		return a->name.len < b->name.len ? -1 : 1;
	if (order != 0)
		return order;
	shorter = a->value.len < b->value.len ? a->value.len : b->value.len;
	order = shorter ? memcmp(a->value.ptr, b->value.ptr, shorter) : 0;
	return order ? order : (a->value.len > b->value.len) - (a->value.len < b->value.len);
}

/* Each name with its values, sorted; what is there twice counts once. */
static struct view sorted_pairs(struct arena *arena, const struct provider_form *form, size_t body_len)
{
	struct http_field *fields = ARENA_NEW_N(arena, struct http_field, form->count + 1);
	char *out = arena_alloc(arena, body_len + 1);
	size_t len = 0;

	if (form->count > 0)
		memcpy(fields, form->fields, form->count * sizeof(*fields));
	qsort(fields, form->count, sizeof(*fields), compare);
	for (size_t i = 0; i < form->count; i++) {
		if (i > 0 && compare(&fields[i - 1], &fields[i]) == 0)
			continue;
		memcpy(out + len, fields[i].name.ptr, fields[i].name.len);
		len += fields[i].name.len;
		memcpy(out + len, fields[i].value.ptr, fields[i].value.len);
		len += fields[i].value.len;
	}
	return (struct view){out, len};
}

/* The scheme's own port may stand in the URL that is signed or not: the other way of writing it, NULL when there is
 * none. */
static const char *other_spelling(struct arena *arena, const char *url)
{
	bool secure = view_starts(view_of(url), VIEW("https://"));
	const char *host = strstr(url, "://"), *port = secure ? ":443" : ":80";
	size_t len = host ? strcspn(host + 3, "/?#") : 0;
	struct view authority = {host ? host + 3 : "", len};
	int before = host ? (int)(host + 3 - url) : 0;

	if (!host)
		return NULL;
	if (view_ends(authority, view_of(port)))
		return arena_printf(arena, "%.*s%.*s%s", before, url, (int)(len - strlen(port)), authority.ptr,
			authority.ptr + len);
	if (memchr(authority.ptr, ':', len) && authority.ptr[len - 1] != ']')
		return NULL;
	return arena_printf(arena, "%.*s%.*s%s%s", before, url, (int)len, authority.ptr, port, authority.ptr + len);
}

static bool is_signed(
	const struct channel *channel, struct arena *arena, const char *url, struct view pairs, struct view shown)
{
	const char *other = other_spelling(arena, url);
	bool good = false;

	for (int i = 0; i < 2; i++) {
		struct view data = view_of(i == 0 ? url : other ? other : url);
		char *bytes = arena_alloc(arena, data.len + pairs.len + 1);

		memcpy(bytes, data.ptr, data.len);
		memcpy(bytes + data.len, pairs.ptr ? pairs.ptr : "", pairs.len);
		good |= provider_signed(channel, PROVIDER_SHA1, PROVIDER_BASE64, (struct view){bytes, data.len + pairs.len}, shown);
	}
	return good;
}

static const char *called_url(const struct channel *channel, const struct http_request *request, struct arena *arena)
{
	return arena_printf(
		arena, "%s%s%.*s", channel->public_url, request->query.len ? "?" : "", VIEW_ARGS(request->query));
}

static enum channel_verdict verify(const struct channel *channel, const struct http_request *request, int64_t now,
	struct arena *arena, struct channel_answer *answer_out)
{
	struct view shown = http_request_header(request, SIGNATURE_HEADER), body_hash, pairs = VIEW("");
	struct provider_form query, form;
	bool is_get = view_equal(request->method, VIEW("GET"));

	if (!is_get && !view_equal(request->method, VIEW("POST")))
		return provider_refuse(answer_out, 405);
	if (shown.len == 0 || provider_form(arena, request->query, &query, NULL) < 0)
		return provider_refuse(answer_out, 403);
	body_hash = provider_field(&query, "bodySHA256");
	if (body_hash.len > 0 && !is_get) {
		if (!channel_same_secret(body_hash, view_of(provider_sha256_hex(arena, request->body))))
			return provider_refuse(answer_out, 403);
	} else if (!is_get) {
		if (provider_form(arena, request->body, &form, NULL) < 0)
			return CHANNEL_MALFORMED;
		pairs = sorted_pairs(arena, &form, request->body.len);
	}
	if (!is_signed(channel, arena, called_url(channel, request, arena), pairs, shown))
		return provider_refuse(answer_out, 403);
	return CHANNEL_GENUINE;
}

/* ---- reading ---- */

static struct view line_of(struct arena *arena, const struct provider_form *form, const char *name)
{
	return provider_clean_line(arena, provider_field(form, name));
}

static void add_media(struct arena *arena, const struct provider_form *form, struct channel_message *message)
{
	long long count;

	if (view_to_int(provider_field(form, "NumMedia"), 0, CHANNEL_MEDIA_MAX, &count) < 0)
		return;
	for (int i = 0; i < (int)count; i++) {
		struct channel_media media = {.size = -1};

		media.url = line_of(arena, form, arena_printf(arena, "MediaUrl%d", i));
		media.type = line_of(arena, form, arena_printf(arena, "MediaContentType%d", i));
		provider_add_media(arena, message, &media);
	}
}

static bool degrees(struct arena *arena, struct view field, double limit, double *out)
{
	const char *text = arena_copy(arena, field.ptr ? field.ptr : "", field.len);
	char *end;

	*out = strtod(text, &end);
	return field.len > 0 && *end == '\0' && *out >= -limit && *out <= limit;
}

static struct view text_of(struct arena *arena, const struct provider_form *form)
{
	static const char *const names[] = {"Body", "ButtonText", "Label", "Address", NULL};

	for (size_t i = 0; names[i]; i++) {
		struct view text = provider_clean(arena, provider_field(form, names[i]));

		if (text.len > 0)
			return text;
	}
	return VIEW("");
}

static int read_request(const struct channel *channel, const struct http_request *request, struct arena *arena,
	struct channel_batch *out, struct error *err)
{
	bool is_get = view_equal(request->method, VIEW("GET"));
	struct provider_batch batch = {.arena = arena};
	struct channel_message message = {0};
	struct provider_form form;

	if (provider_form(arena, is_get ? request->query : request->body, &form, err) < 0)
		return -1;
	message.id = line_of(arena, &form, "MessageSid");
	if (message.id.len == 0)
		message.id = line_of(arena, &form, "SmsSid");
	message.sender = line_of(arena, &form, "From");
	message.reply_to = message.sender;
	message.name = line_of(arena, &form, "ProfileName");
	message.answers = line_of(arena, &form, "OriginalRepliedMessageSid");
	message.text = text_of(arena, &form);
	add_media(arena, &form, &message);
	message.has_place = degrees(arena, provider_field(&form, "Latitude"), 90, &message.latitude) &&
			    degrees(arena, provider_field(&form, "Longitude"), 180, &message.longitude);
	/* What became of a message of ours comes to the same address where nothing else is configured. */
	if (provider_field(&form, "MessageStatus").ptr)
		batch.ignored++;
	else if (provider_add(&batch, &message, err) < 0)
		return -1;
	provider_finish(&batch, out);
	return 0;
}

static void accepted(const struct channel *channel, struct arena *arena, struct channel_answer *out)
{
	*out = (struct channel_answer){.status = 200, .type = "text/xml; charset=utf-8", .body = VIEW("<Response/>")};
}

/* ---- media ---- */

static int fetch(const struct channel *channel, struct http_client *http, const struct channel_media *media, size_t max,
	struct arena *arena, struct view *bytes_out, struct error *err)
{
	struct http_call call = {.hosts = hosts,
		.bare_hosts = stores,
		.origin = provider_base(channel, arena, API),
		.redirects = REDIRECTS};

	return provider_media_of_login(channel, http, media, &call, max, arena, bytes_out, err);
}

/* ---- sending ---- */

/*
 * Twilio's codes, where they say more than the status. 21610: the person wrote STOP; 63016: over 24 hours since they
 * wrote by WhatsApp. 20003: login; 20404: account; 21212, 21606, 21659, 21660: our own number. 20429, 21611: too much
 * at once.
 */
static const struct {
	int code;
	enum error_reach reach;
} codes[] = {
	{20003, REACH_SOURCE},
	{20005, REACH_SOURCE},
	{20404, REACH_SOURCE},
	{20429, REACH_RETRY},
	{21212, REACH_SOURCE},
	{21606, REACH_SOURCE},
	{21611, REACH_RETRY},
	{21659, REACH_SOURCE},
	{21660, REACH_SOURCE},
	{21603, REACH_SOURCE},
	{14107, REACH_RETRY},
	{63018, REACH_RETRY},
	{21610, REACH_MESSAGE},
	{21408, REACH_MESSAGE},
	{63016, REACH_MESSAGE},
};

static int refusal(struct arena *arena, const struct http_answer *answer, const json_t *json, struct error *err)
{
	int64_t code = provider_number(provider_find(json, "code", NULL), 0);
	struct view words = provider_word(arena, provider_find(json, "message", NULL));

	if (code)
		words = view_of(arena_printf(
			arena, "%.*s (Twilio's error %lld)", VIEW_ARGS(view_sub(words, 0, 250)), (long long)code));
	provider_status_error(answer, words, err);
	for (size_t i = 0; err && i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].code == code)
			err->reach = codes[i].reach;
	return -1;
}

static const char *form_of(const struct channel *channel, const struct channel_outgoing *message, struct arena *arena)
{
	struct view number = view_of(channel->settings->number);
	bool whatsapp = view_starts(message->to, VIEW("whatsapp:")) && !view_starts(number, VIEW("whatsapp:"));
	bool service = view_starts(number, VIEW("MG"));

	if (whatsapp && !service)
		number = view_of(arena_printf(arena, "whatsapp:%.*s", VIEW_ARGS(number)));
	return arena_printf(arena, "To=%s&%s=%s&Body=%s", provider_url_encode(arena, message->to),
		service ? "MessagingServiceSid" : "From", provider_url_encode(arena, number),
		provider_url_encode(arena, message->text));
}

static int send_message(const struct channel *channel, struct http_client *http, const struct channel_outgoing *message,
	struct arena *arena, struct channel_sent *out, struct error *err)
{
	static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded", NULL};
	struct http_call call = {
		.method = "POST", .headers = headers, .answer_max = PROVIDER_ANSWER_MAX, .seconds = PROVIDER_SECONDS};
	PROVIDER_JSON_SCOPED *json = NULL;
	struct http_answer answer;

	if (provider_login(channel, arena, LOGIN, &call, err) < 0)
		return -1;
	if (!channel->settings->number)
		return error_set(
			err, REACH_SOURCE, "write `number: \"+...\"` (or a messaging service, MG...), to answer");
	call.url = arena_printf(arena, "%s/2010-04-01/Accounts/%s/Messages.json", provider_base(channel, arena, API),
		provider_url_encode(arena, view_of(channel->settings->account)));
	call.body = view_of(form_of(channel, message, arena));
	if (http_client_call(http, &call, arena, &answer, err) < 0)
		return -1;
	json = provider_json(arena, answer.body, NULL);
	if (answer.status == 200 || answer.status == 201) {
		out->id = provider_word(arena, provider_find(json, "sid", NULL));
		return 0;
	}
	out->retry_seconds = answer.retry_after;
	return refusal(arena, &answer, json, err);
}

const struct channel_kind channel_twilio = {
	.name = "twilio",
	.body_max = (size_t)256 * 1024,
	.webhook = true,
	.check = check,
	.verify = verify,
	.read = read_request,
	.accepted = accepted,
	.fetch = fetch,
	.send = send_message,
	.text_max = TEXT_MAX,
};
