/*
 * channels/africastalking: SMS through Africa's Talking; it calls us. See channel.h.
 *
 * Source: Africa's Talking's documentation (Incoming Messages, Bulk SMS) and courier's handler. Nothing is signed: the
 * path that nobody can guess is the credential, so it is to be called by https. Fields: from, to, text, id, date (UTC),
 * linkId. Whether it repeats is not documented: a message's id makes it one. Delivery reports come to a path of their
 * own, or here: they have a status.
 */
#include "channels/provider.h"
#include "core/clock.h"

#define API "https://api.africastalking.com"
#define TEXT_MAX 918 /* six parts of an SMS */

static int check(const struct channel *channel, struct error *err)
{
	return 0;
}

static enum channel_verdict verify(const struct channel *channel, const struct http_request *request, int64_t now,
	struct arena *arena, struct channel_answer *answer_out)
{
	if (!view_equal(request->method, VIEW("POST")))
		return provider_refuse(answer_out, 405);
	return CHANNEL_GENUINE;
}

/* ---- reading ---- */

static struct view line_of(struct arena *arena, const struct provider_form *form, const char *name)
{
	return provider_clean_line(arena, provider_field(form, name));
}

/* "2017-05-03T06:04:45Z" or "2017-05-03 06:04:45", both UTC. */
static int64_t time_of(struct arena *arena, struct view date)
{
	int64_t time;
	char *text;

	if (clock_parse(date, &time) == 0)
		return time > 0 ? time : 0;
	if (date.len != 19 || date.ptr[10] != ' ')
		return 0;
	text = arena_printf(arena, "%.*sZ", VIEW_ARGS(date));
	text[10] = 'T';
	return clock_parse(view_of(text), &time) == 0 && time > 0 ? time : 0;
}

static int read_request(const struct channel *channel, const struct http_request *request, struct arena *arena,
	struct channel_batch *out, struct error *err)
{
	struct provider_batch batch = {.arena = arena};
	struct channel_message message = {0};
	struct provider_form form;

	if (provider_form(arena, request->body, &form, err) < 0)
		return -1;
	message.id = line_of(arena, &form, "id");
	message.sender = message.reply_to = line_of(arena, &form, "from");
	message.text = provider_clean(arena, provider_field(&form, "text"));
	message.sent_at = time_of(arena, view_trim(provider_field(&form, "date")));
	if (provider_field(&form, "status").ptr)
		batch.ignored++;
	else if (provider_add(&batch, &message, err) < 0)
		return -1;
	provider_finish(&batch, out);
	return 0;
}

/* ---- sending ---- */

/*
 * The status of one recipient. 100 to 102: taken. 403 no number, 404 a kind of number, 406 wrote STOP, 407 no route,
 * 409 do not disturb: this person. 401 held, 402 our sender's name, 405 no balance: an operator's. All else is their
 * trouble.
 */
static enum error_reach reach_of(int64_t status)
{
	if (status == 403 || status == 404 || status == 406 || status == 407 || status == 409)
		return REACH_MESSAGE;
	return status == 401 || status == 402 || status == 405 ? REACH_SOURCE : REACH_RETRY;
}

static int read_outcome(struct arena *arena, const json_t *json, struct channel_sent *out, struct error *err)
{
	const json_t *recipient = json_array_get(provider_find(json, "SMSMessageData", "Recipients", NULL), 0);
	int64_t status = provider_number(provider_find(recipient, "statusCode", NULL), 0);
	struct view words = provider_word(arena, provider_find(recipient, "status", NULL));

	if (status >= 100 && status <= 102) {
		out->id = provider_word(arena, provider_find(recipient, "messageId", NULL));
		return 0;
	}
	if (!recipient)
		words = provider_word(arena, provider_find(json, "SMSMessageData", "Message", NULL));
	return error_set(err, reach_of(status), "the provider refuses it (%lld): %.*s", (long long)status,
		VIEW_ARGS(view_sub(words, 0, 300)));
}

static int send_message(const struct channel *channel, struct http_client *http, const struct channel_outgoing *message,
	struct arena *arena, struct channel_sent *out, struct error *err)
{
	const struct config_channel *settings = channel->settings;
	const char *headers[] = {"Content-Type: application/x-www-form-urlencoded", "Accept: application/json",
		arena_printf(arena, "apiKey: %.*s", VIEW_ARGS(channel->token)), NULL};
	struct http_call call = {
		.method = "POST", .headers = headers, .answer_max = PROVIDER_ANSWER_MAX, .seconds = PROVIDER_SECONDS};
	PROVIDER_JSON_SCOPED *json = NULL;
	struct http_answer answer;

	if (channel->token.len == 0 || !settings->account)
		return error_set(err, REACH_SOURCE,
			"write `account: ...` and `token: {file: ...}`: the user's name and the API key");
	call.url = arena_printf(arena, "%s/version1/messaging", provider_base(channel, arena, API));
	call.body = view_of(arena_printf(arena, "username=%s&to=%s&message=%s%s%s",
		provider_url_encode(arena, view_of(settings->account)), provider_url_encode(arena, message->to),
		provider_url_encode(arena, message->text), settings->number ? "&from=" : "",
		provider_url_encode(arena, view_of(settings->number))));
	if (http_client_call(http, &call, arena, &answer, err) < 0)
		return -1;
	json = provider_json(arena, answer.body, NULL);
	if (json && (answer.status == 200 || answer.status == 201))
		return read_outcome(arena, json, out, err);
	out->retry_seconds = answer.retry_after;
	return provider_status_error(&answer, provider_clean_line(arena, answer.body), err);
}

const struct channel_kind channel_africastalking = {
	.name = "africastalking",
	.body_max = (size_t)64 * 1024,
	.webhook = true,
	.check = check,
	.verify = verify,
	.read = read_request,
	.send = send_message,
	.text_max = TEXT_MAX,
};
