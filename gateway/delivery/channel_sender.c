/*
 * delivery/channel_sender: rows of the outbox to one channel's provider, in a thread of its own: a provider that is
 * away keeps nobody else waiting. See sender.h, which has the loop.
 *
 * A row's body is {"text", "answers"}: the words, and the provider's id of the message that they answer. A text that is
 * too long for one message goes as several; each is recorded before the next, so that a row that is tried again goes on
 * where it was.
 */
#include "channels/channel.h"
#include "delivery/sender.h"
#include "net/http_client.h"

struct channel_sender {
	struct sender sender;
	const struct config_channel *settings;
	struct outbox *outbox;
	struct arena *session;
	struct channel channel; /* open while `http` is there */
	struct http_client *http;
};

struct channel_senders {
	size_t count;
	struct channel_sender list[];
};

static bool can_send(const struct config_channel *settings)
{
	const struct channel_kind *kind = channel_kind_find(settings->kind);

	return kind && kind->send;
}

/* ---- the provider ---- */

static const struct config *config_of(const struct channel_sender *sender)
{
	return outbox_config(sender->outbox);
}

static int open_channel(struct channel_sender *sender, struct error *err)
{
	if (sender->http)
		return 0;
	arena_reset(sender->session);
	if (channel_open(config_of(sender), sender->settings, sender->session, &sender->channel, err))
		return -1;
	return http_client_new(config_of(sender), outbox_context(sender->outbox), &sender->http, err);
}

static void drop(void *private)
{
	struct channel_sender *sender = private;

	http_client_free(&sender->http);
}

/* ---- one row ---- */

struct words {
	struct view text, answers;
};

static int read_body(struct arena *arena, struct view body, struct words *out, struct error *err)
{
	json_t *json = json_loadb(body.ptr, body.len, 0, NULL);
	const char *text = json_string_value(json_object_get(json, "text"));
	const char *answers = json_string_value(json_object_get(json, "answers"));

	*out = (struct words){view_of(text ? arena_strdup(arena, text) : NULL),
		view_of(answers ? arena_strdup(arena, answers) : NULL)};
	json_decref(json);
	if (view_trim(out->text).len == 0)
		return error_set(err, REACH_MESSAGE, "the row holds no text");
	return 0;
}

static int send_part(struct channel_sender *sender, const struct outbox_slot *slot, int part, struct view text,
	struct view answers, struct channel_sent *sent, struct error *err)
{
	struct channel_outgoing message = {.to = slot->row.recipient,
		.text = text,
		.answers = answers,
		.key = view_of(arena_printf(slot->arena, "%s/%d", slot->row.header_id, part))};

	/* The first one has waited before it was claimed. */
	if (part > slot->row.parts + 1 && !outbox_pace(sender->outbox))
		return error_set(err, REACH_RETRY, "the service is stopping");
	if (sender->channel.kind->send(&sender->channel, sender->http, &message, slot->arena, sent, err)) {
		channel_hide_token(&sender->channel, err);
		return -1;
	}
	return outbox_record_part(sender->outbox, slot, part, sent->id) < 0
		       ? error_set(err, REACH_UNCERTAIN, "the service is stopping")
		       : 0;
}

static int send_parts(
	struct channel_sender *sender, const struct outbox_slot *slot, struct channel_sent *sent, struct error *err)
{
	struct words words;

	if (read_body(slot->arena, slot->row.body, &words, err) || open_channel(sender, err))
		return -1;
	for (int part = 1; words.text.len > 0; part++) {
		size_t end = delivery_cut(words.text, sender->channel.kind->text_max);
		struct view text = view_trim(view_sub(words.text, 0, end));

		words.text = view_sub(words.text, end, words.text.len);
		if (part <= slot->row.parts || text.len == 0)
			continue;
		if (send_part(sender, slot, part, text, part == 1 ? words.answers : VIEW(""), sent, err))
			return -1;
	}
	return 0;
}

static int send_row(void *private, const struct outbox_slot *slot, struct sending *sending, struct error *err)
{
	struct channel_sent sent = {0};

	if (send_parts(private, slot, &sent, err) == 0)
		return 0;
	sending->retry_seconds = sent.retry_seconds;
	return -1;
}

/* ---- all ---- */

static const struct sender_kind kind = {.alarm = "channel-send", .send = send_row, .drop = drop};

static int begin(struct channel_sender *one, struct duty_context *context, const struct config_channel *settings,
	struct error *err)
{
	one->settings = settings;
	one->session = arena_new();
	one->outbox = outbox_new(context, settings->name, settings->rate_per_minute);
	if (!one->outbox)
		return error_set(err, REACH_RETRY, "out of memory");
	one->sender = (struct sender){
		.kind = &kind, .private = one, .outbox = one->outbox, .alarm_object = settings->name};
	return outbox_slot_open(one->outbox, &one->sender.slot, err);
}

int channel_senders_new(struct duty_context *context, struct channel_senders **out, struct error *err)
{
	const struct config *config = context->config;
	struct channel_senders *senders =
		calloc(1, sizeof(*senders) + config->channel_count * sizeof(struct channel_sender));

	if (!senders)
		return error_set(err, REACH_RETRY, "out of memory");
	*out = senders;
	for (size_t i = 0; i < config->channel_count; i++)
		if (can_send(&config->channels[i]) &&
			begin(&senders->list[senders->count++], context, &config->channels[i], err))
			return -1;
	return 0;
}

void channel_senders_free(struct channel_senders **senders)
{
	if (!*senders)
		return;
	for (size_t i = 0; i < (*senders)->count; i++) {
		struct channel_sender *one = &(*senders)->list[i];

		if (one->outbox)
			outbox_slot_close(one->outbox, &one->sender.slot);
		outbox_free(&one->outbox);
		arena_free(&one->session);
	}
	free(*senders);
	*senders = NULL;
}

size_t channel_senders_count(const struct channel_senders *senders)
{
	return senders->count;
}

struct sender *channel_senders_get(struct channel_senders *senders, size_t index)
{
	return &senders->list[index].sender;
}
