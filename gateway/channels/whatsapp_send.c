/*
 * channels/whatsapp_send: media and sending through Meta's Graph API. See channel.h, whatsapp.h.
 *
 * Source: Meta's documentation of the Cloud API (Media, Messages, Error codes). A medium's id gives an address that is
 * good for five minutes, on another host; both calls take the same token. Free text goes only to people who wrote
 * within 24 hours: after that it is refused for good (131047).
 */
#include "channels/whatsapp.h"

#define API "https://graph.facebook.com/v21.0"

static const char *const hosts[] = {"graph.facebook.com", "lookaside.fbsbx.com", NULL};

/* ---- errors ---- */

/*
 * Where the code says more than the status. 131047, 470: over 24 hours since the person wrote; 131026: cannot be
 * delivered; 131050: they want none; 131030: not among a test number's people.
 */
static const struct {
	int first, last;
	enum error_reach reach;
} codes[] = {
	{131047, 131047, REACH_MESSAGE},
	{470, 470, REACH_MESSAGE},
	{131026, 131026, REACH_MESSAGE},
	{131021, 131021, REACH_MESSAGE},
	{131030, 131030, REACH_MESSAGE},
	{131050, 131052, REACH_MESSAGE},
	{130472, 130472, REACH_MESSAGE},
	{131008, 131009, REACH_MESSAGE},
	{100, 100, REACH_MESSAGE},
	/* too much at once, or in trouble there */
	{4, 4, REACH_RETRY},
	{1, 2, REACH_RETRY},
	{80007, 80007, REACH_RETRY},
	{130429, 130429, REACH_RETRY},
	{131048, 131048, REACH_RETRY},
	{131056, 131057, REACH_RETRY},
	{131000, 131000, REACH_RETRY},
	{131016, 131016, REACH_RETRY},
	{133004, 133004, REACH_RETRY},
	/* the token, the account, the number: an operator's */
	{0, 0, REACH_SOURCE},
	{3, 3, REACH_SOURCE},
	{10, 10, REACH_SOURCE},
	{190, 190, REACH_SOURCE},
	{200, 299, REACH_SOURCE},
	{368, 368, REACH_SOURCE},
	{131005, 131005, REACH_SOURCE},
	{131031, 131031, REACH_SOURCE},
	{131042, 131042, REACH_SOURCE},
	{131045, 131045, REACH_SOURCE},
	{133010, 133010, REACH_SOURCE},
};

static int refusal(struct arena *arena, const struct http_answer *answer, const json_t *json, struct error *err)
{
	const json_t *problem = provider_find(json, "error", NULL);
	int64_t code = provider_number(provider_find(problem, "code", NULL), -1);
	struct view words = provider_word(arena, provider_find(problem, "message", NULL));

	provider_status_error(answer, words, err);
	for (size_t i = 0; err && i < sizeof(codes) / sizeof(codes[0]); i++)
		if (code >= codes[i].first && code <= codes[i].last)
			err->reach = codes[i].reach;
	if (code == 131047 || code == 470)
		error_set(err, REACH_MESSAGE,
			"more than 24 hours since this person wrote: WhatsApp takes no free text to them now");
	return -1;
}

/* ---- media ---- */

int whatsapp_fetch(const struct channel *channel, struct http_client *http, const struct channel_media *media,
	size_t max, struct arena *arena, struct view *bytes_out, struct error *err)
{
	const char *base = provider_base(channel, arena, API), *headers[] = {provider_bearer(channel, arena), NULL};
	struct http_call call = {.method = "GET",
		.url = arena_printf(arena, "%s/%s", base, provider_url_encode(arena, media->id)),
		.headers = headers,
		.answer_max = PROVIDER_ANSWER_MAX,
		.seconds = PROVIDER_SECONDS};
	PROVIDER_JSON_SCOPED *json = NULL;
	struct http_answer answer;

	if (channel->token.len == 0)
		return error_set(err, REACH_MESSAGE, "without `token` nothing can be fetched");
	if (http_client_call(http, &call, arena, &answer, err) < 0)
		return -1;
	json = provider_json(arena, answer.body, NULL);
	if (answer.status != 200)
		return refusal(arena, &answer, json, err);
	if (!json_is_string(json_object_get(json, "url")))
		return error_set(err, REACH_MESSAGE, "the provider names no address of it");
	if (provider_number(json_object_get(json, "file_size"), 0) > (int64_t)max)
		return error_set(err, REACH_MESSAGE, "it is larger than %zu bytes", max);
	call = (struct http_call){.headers = headers, .hosts = hosts, .origin = base, .redirects = 2};
	call.url = arena_strdup(arena, json_string_value(json_object_get(json, "url")));
	return provider_media(http, &call, max, media->sha256, arena, bytes_out, err);
}

/* ---- sending ---- */

static json_t *message_body(const struct channel_outgoing *message)
{
	json_t *body = json_pack("{s:s, s:s, s:s%, s:s, s:{s:s%, s:b}}", "messaging_product", "whatsapp",
		"recipient_type", "individual", "to", message->to.ptr, message->to.len, "type", "text", "text", "body",
		message->text.ptr, message->text.len, "preview_url", 0);

	if (body && message->answers.len > 0)
		json_object_set_new(
			body, "context", json_pack("{s:s%}", "message_id", message->answers.ptr, message->answers.len));
	return body;
}

int whatsapp_send(const struct channel *channel, struct http_client *http, const struct channel_outgoing *message,
	struct arena *arena, struct channel_sent *out, struct error *err)
{
	__attribute__((cleanup(provider_json_free))) json_t *body = message_body(message), *json = NULL;
	const char *headers[] = {provider_bearer(channel, arena), NULL};
	const char *url = arena_printf(arena, "%s/%s/messages", provider_base(channel, arena, API),
		provider_url_encode(arena, view_of(channel->settings->account)));
	struct http_answer answer;

	if (channel->token.len == 0)
		return error_set(err, REACH_SOURCE, "write `token: {file: ...}`: the access token, to answer");
	if (!body)
		return error_set(err, REACH_MESSAGE, "the text or the recipient is no text");
	if (provider_post_json(http, url, headers, body, arena, &answer, &json, err) < 0)
		return -1;
	if (answer.status == 200) {
		out->id = provider_word(
			arena, provider_find(json_array_get(provider_find(json, "messages", NULL), 0), "id", NULL));
		return 0;
	}
	out->retry_seconds = answer.retry_after;
	return refusal(arena, &answer, json, err);
}
