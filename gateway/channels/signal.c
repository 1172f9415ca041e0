/*
 * channels/signal: Signal through a signal-cli-rest-api of one's own; we ask it. See channel.h.
 *
 * Source: github.com/bbernhard/signal-cli-rest-api (mode "normal" or "native") and signal-cli's JSON. It knows no
 * login: it must be on loopback (`api_url`, default http://127.0.0.1:8080). GET /v1/receive destroys what it hands out,
 * so a round asks for few messages and its bytes are spooled before anything else is done with them; what a crash
 * between the gateway's answer and the spool can lose is one round. A message's id is its sender's and its timestamp:
 * that is how Signal itself names it in quotes and edits.
 */
#include "channels/provider.h"

#define API "http://127.0.0.1:8080"
#define ROUND_MESSAGES 10
#define TEXT_MAX 2000 /* above it Signal makes a text a file */

static int check(const struct channel *channel, struct error *err)
{
	if (!channel->settings->number)
		return error_set(
			err, REACH_STOP, "write `number: \"+...\"`: the number that the gateway is registered with");
	return 0;
}

/* Nobody proves anything here: nothing is taken from outside. */
static enum channel_verdict verify(const struct channel *channel, const struct http_request *request, int64_t now,
	struct arena *arena, struct channel_answer *answer_out)
{
	return provider_refuse(answer_out, 404);
}

/* ---- reading ---- */

static struct view first_word(struct arena *arena, const json_t *json, const char *const *keys)
{
	for (; *keys; keys++) {
		struct view word = provider_word(arena, provider_find(json, *keys, NULL));

		if (word.len > 0)
			return word;
	}
	return VIEW("");
}

static struct view id_of(struct arena *arena, struct view sender, int64_t timestamp)
{
	if (sender.len == 0 || timestamp <= 0)
		return VIEW("");
	return view_of(arena_printf(arena, "%.*s/%lld", VIEW_ARGS(sender), (long long)timestamp));
}

static struct view answered(const struct channel *channel, struct arena *arena, const json_t *quote)
{
	static const char *const keys[] = {"authorUuid", "author", "authorNumber", NULL};
	struct view number = provider_word(arena, provider_find(quote, "authorNumber", NULL));
	struct view own = view_of(channel->settings->number);
	int64_t timestamp = provider_number(provider_find(quote, "id", NULL), 0);

	/* Ours are known by our number: that is what sending was answered with. */
	return id_of(arena, view_equal(number, own) ? own : first_word(arena, quote, keys), timestamp);
}

static void add_files(struct arena *arena, struct channel_message *message, const json_t *content)
{
	const json_t *files = provider_find(content, "attachments", NULL), *file;
	size_t i;

	json_array_foreach(files, i, file)
	{
		struct channel_media media = {
			.id = provider_word(arena, provider_find(file, "id", NULL)),
			.name = provider_word(arena, provider_find(file, "filename", NULL)),
			.type = provider_word(arena, provider_find(file, "contentType", NULL)),
			.size = provider_number(provider_find(file, "size", NULL), -1),
		};

		provider_add_media(arena, message, &media);
	}
}

static int read_envelope(
	const struct channel *channel, struct provider_batch *batch, const json_t *envelope, struct error *err)
{
	static const char *const senders[] = {"sourceUuid", "source", "sourceNumber", NULL};
	static const char *const answers[] = {"sourceNumber", "sourceUuid", "source", NULL};
	struct arena *arena = batch->arena;
	const json_t *edit = provider_find(envelope, "editMessage", NULL);
	const json_t *content = provider_find(edit ? edit : envelope, "dataMessage", NULL);
	int64_t timestamp = provider_number(provider_find(envelope, "timestamp", NULL), 0);
	struct channel_message message = {.sender = first_word(arena, envelope, senders)};

	/* Receipts, typing, our own other devices, reactions: no message of a person. */
	if (!content || json_is_object(provider_find(content, "reaction", NULL))) {
		batch->ignored++;
		return 0;
	}
	message.id = id_of(arena, message.sender, timestamp);
	message.reply_to = first_word(arena, envelope, answers);
	message.name = provider_word(arena, provider_find(envelope, "sourceName", NULL));
	message.text = provider_text(arena, provider_find(content, "message", NULL));
	message.answers = answered(channel, arena, provider_find(content, "quote", NULL));
	message.sent_at = timestamp > 0 && timestamp < INT64_MAX / 1000000 ? timestamp * 1000 : 0;
	if (edit)
		message.edits = id_of(
			arena, message.sender, provider_number(provider_find(edit, "targetSentTimestamp", NULL), 0));
	add_files(arena, &message, content);
	return provider_add(batch, &message, err);
}

static int read_request(const struct channel *channel, const struct http_request *request, struct arena *arena,
	struct channel_batch *out, struct error *err)
{
	PROVIDER_JSON_SCOPED *json = provider_json(arena, request->body, err);
	struct provider_batch batch = {.arena = arena};
	const json_t *item;
	size_t i;

	if (!json)
		return -1;
	if (!json_is_array(json))
		return error_set(err, REACH_MESSAGE, "it is no list of what was received");
	json_array_foreach(json, i,
		item) if (read_envelope(channel, &batch, provider_find(item, "envelope", NULL), err) < 0) return -1;
	provider_finish(&batch, out);
	return 0;
}

/* ---- asking ---- */

static const char *own_number(const struct channel *channel, struct arena *arena)
{
	return provider_url_encode(arena, view_of(channel->settings->number));
}

static int refusal(struct arena *arena, const struct http_answer *answer, struct error *err)
{
	PROVIDER_JSON_SCOPED *json = provider_json(arena, answer->body, NULL);

	return provider_status_error(answer, provider_word(arena, provider_find(json, "error", NULL)), err);
}

/* Only the bytes: they are read once they are safe. */
static int poll_round(const struct channel *channel, struct http_client *http, struct view cursor, int wait_seconds,
	struct arena *arena, struct channel_round *out, struct error *err)
{
	struct http_call call = {
		.method = "GET", .answer_max = PROVIDER_ANSWER_MAX, .seconds = wait_seconds + PROVIDER_MEDIA_SECONDS};
	struct http_answer answer;

	call.url = arena_printf(arena,
		"%s/v1/receive/%s?timeout=%d&max_messages=%d&send_read_receipts=false&ignore_stories=true",
		provider_base(channel, arena, API), own_number(channel, arena), wait_seconds, ROUND_MESSAGES);
	if (http_client_call(http, &call, arena, &answer, err) < 0)
		return -1;
	if (answer.status != 200) {
		out->retry_seconds = answer.retry_after;
		refusal(arena, &answer, err);
		if (err->reach ==
			REACH_MESSAGE) /* how it says that it cannot reach Signal, or does not know the number */
			err->reach = REACH_SOURCE;
		return -1;
	}
	out->raw = answer.body;
	out->cursor = cursor;
	return 0;
}

/* ---- media and sending ---- */

static int fetch(const struct channel *channel, struct http_client *http, const struct channel_media *media, size_t max,
	struct arena *arena, struct view *bytes_out, struct error *err)
{
	static const char *const nowhere[] = {NULL};
	const char *base = provider_base(channel, arena, API);
	struct http_call call = {.hosts = nowhere, .origin = base};

	call.url = arena_printf(arena, "%s/v1/attachments/%s", base, provider_url_encode(arena, media->id));
	if (media->id.len == 0 || media->id.ptr[0] == '.')
		return error_set(err, REACH_MESSAGE, "its id is no file's name");
	return provider_media(http, &call, max, VIEW(""), arena, bytes_out, err);
}

/* Signal's own words for people who are not there, or no more. */
static bool is_about_person(struct view body)
{
	static const char *const words[] = {
		"nregistered", "not registered", "nvalid number", "nvalid identifier", NULL};

	for (size_t i = 0; words[i]; i++)
		if (view_find(body, view_of(words[i])) >= 0)
			return true;
	return false;
}

static int send_message(const struct channel *channel, struct http_client *http, const struct channel_outgoing *message,
	struct arena *arena, struct channel_sent *out, struct error *err)
{
	__attribute__((cleanup(provider_json_free)))
	json_t *json = NULL,
	       *body = json_pack("{s:s%, s:s, s:[s%]}", "message", message->text.ptr, message->text.len, "number",
		       channel->settings->number, "recipients", message->to.ptr, message->to.len);
	const char *url = arena_printf(arena, "%s/v2/send", provider_base(channel, arena, API));
	struct http_answer answer;

	if (!body)
		return error_set(err, REACH_MESSAGE, "the text or the recipient is no text");
	if (provider_post_json(http, url, NULL, body, arena, &answer, &json, err) < 0)
		return -1;
	if (answer.status == 200 || answer.status == 201) {
		out->id = id_of(arena, view_of(channel->settings->number),
			provider_number(provider_find(json, "timestamp", NULL), 0));
		return 0;
	}
	out->retry_seconds = answer.retry_after;
	refusal(arena, &answer, err);
	if (answer.status == 400)
		err->reach = is_about_person(answer.body) ? REACH_MESSAGE : REACH_RETRY;
	return -1;
}

const struct channel_kind channel_signal = {
	.name = "signal",
	.body_max = PROVIDER_ANSWER_MAX,
	.check = check,
	.verify = verify,
	.read = read_request,
	.poll = poll_round,
	.poll_consumes = true,
	.fetch = fetch,
	.send = send_message,
	.text_max = TEXT_MAX,
};
