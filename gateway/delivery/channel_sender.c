/*
 * delivery/channel_sender: rows of the outbox to one channel's provider, in a thread of its own: a provider that is
 * away keeps nobody else waiting. See delivery.h; outbox.c claims and records.
 *
 * A row's body is {"text", "answers"}: the words, and the provider's id of the message that they answer. A text that is
 * too long for one message goes as several; each is recorded before the next, so that a row that is tried again goes on
 * where it was.
 */
#include "channels/channel.h"
#include "core/clock.h"
#include "core/log.h"
#include "delivery/outbox.h"
#include "net/http_client.h"

#define ARENA_SCOPED __attribute__((cleanup(arena_free))) struct arena

#define SECOND_US ((int64_t)1000000)
#define PAUSE_MAX_SECONDS 300 /* that a provider may silence the whole channel for */

struct channel_sender {
	struct outbox outbox;
	const struct config_channel *settings;
	struct arena *session;
	struct channel channel; /* open while `http` is there */
	struct http_client *http;
	int64_t slot; /* clock_monotonic(): nothing is sent before */
	int failures;
	bool cleared; /* the channel's alarm, if there was one */
};

static bool can_send(const struct config_channel *settings)
{
	const struct channel_kind *kind = channel_kind_find(settings->kind);

	return kind && kind->send;
}

size_t channel_senders(const struct config *config)
{
	size_t count = 0;

	for (size_t i = 0; i < config->channel_count; i++)
		count += can_send(&config->channels[i]);
	return count;
}

struct channel_sender *channel_sender_new(struct duty_context *context, size_t index)
{
	const struct config *config = context->config;
	struct channel_sender *sender = calloc(1, sizeof(*sender));
	size_t i = 0;

	if (!sender)
		return NULL;
	while (!can_send(&config->channels[i]) || index-- > 0)
		i++;
	sender->settings = &config->channels[i];
	sender->outbox = (struct outbox){.context = context, .config = config, .channel = sender->settings->name};
	sender->session = arena_new();
	return sender;
}

void channel_sender_free(struct channel_sender **sender)
{
	if (!*sender)
		return;
	arena_free(&(*sender)->session);
	free(*sender);
	*sender = NULL;
}

/* ---- the provider ---- */

static int open_channel(struct channel_sender *sender, struct error *err)
{
	if (sender->http)
		return 0;
	arena_reset(sender->session);
	if (channel_open(sender->outbox.config, sender->settings, sender->session, &sender->channel, err))
		return -1;
	return http_client_new(sender->outbox.config, sender->outbox.context, &sender->http, err);
}

static void channel_good(struct channel_sender *sender, struct arena *arena)
{
	sender->failures = 0;
	if (!sender->cleared)
		outbox_alarm(&sender->outbox, arena, "channel-send", sender->settings->name, NULL);
	sender->cleared = true;
}

/* The next attempt waits, longer each time, or as long as the provider says. */
static void channel_bad(struct channel_sender *sender, struct arena *arena, const struct error *err)
{
	int64_t wait;

	sender->failures++;
	sender->cleared = false;
	http_client_free(&sender->http);
	log_failure(
		LOG_WARNING, "channel_send", err, "channel=%s failures=%d", sender->settings->name, sender->failures);
	outbox_alarm(&sender->outbox, arena, "channel-send", sender->settings->name, err->text);
	wait = clock_backoff(sender->failures, OUTBOX_SERVER_BASE_US, OUTBOX_SERVER_MAX_US);
	duty_wait(sender->outbox.context, -1, (int)(wait / 1000));
}

/* False: the duty stops. */
static bool wait_for_slot(struct channel_sender *sender)
{
	int64_t now = clock_monotonic();

	if (sender->slot > now && duty_wait(sender->outbox.context, -1, (int)((sender->slot - now) / 1000 + 1)) == -1)
		return false;
	now = clock_monotonic();
	if (sender->settings->rate_per_minute > 0)
		sender->slot = now + 60 * SECOND_US / sender->settings->rate_per_minute;
	return !duty_stopping(sender->outbox.context);
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

static int send_part(struct channel_sender *sender, struct arena *arena, const struct outbox_row *row, int part,
	struct view text, struct view answers, struct channel_sent *sent, struct error *err)
{
	struct channel_outgoing message = {.to = row->recipient,
		.text = text,
		.answers = answers,
		.key = view_of(arena_printf(arena, "%s/%d", row->header_id, part))};

	if (!wait_for_slot(sender))
		return error_set(err, REACH_RETRY, "the service is stopping");
	if (sender->channel.kind->send(&sender->channel, sender->http, &message, arena, sent, err)) {
		channel_hide_token(&sender->channel, err);
		return -1;
	}
	return outbox_record_part(&sender->outbox, arena, row, part, sent->id) < 0
		       ? error_set(err, REACH_UNCERTAIN, "the service is stopping")
		       : 0;
}

static int send_row(struct channel_sender *sender, struct arena *arena, const struct outbox_row *row,
	struct channel_sent *sent, struct error *err)
{
	struct words words;

	if (read_body(arena, row->body, &words, err) || open_channel(sender, err))
		return -1;
	for (int part = 1; words.text.len > 0; part++) {
		size_t end = delivery_cut(words.text, sender->channel.kind->text_max);
		struct view text = view_trim(view_sub(words.text, 0, end));

		words.text = view_sub(words.text, end, words.text.len);
		if (part <= row->parts || text.len == 0)
			continue;
		if (send_part(sender, arena, row, part, text, part == 1 ? words.answers : VIEW(""), sent, err))
			return -1;
	}
	return 0;
}

static void handle_row(struct channel_sender *sender, struct arena *arena, const struct outbox_row *row)
{
	struct error err = ERROR_INIT;
	struct channel_sent sent = {0};
	struct outbox_outcome outcome = {.kind = OUTBOX_SENT};
	int result = send_row(sender, arena, row, &sent, &err);
	bool interrupted = result && duty_stopping(sender->outbox.context) && err.reach != REACH_MESSAGE;

	if (result)
		outcome = outbox_outcome_of(row, &err);
	if (outcome.kind == OUTBOX_RETRY && sent.retry_seconds > 0) {
		int seconds = sent.retry_seconds < PAUSE_MAX_SECONDS ? sent.retry_seconds : PAUSE_MAX_SECONDS;

		outcome.next_at = clock_now() + sent.retry_seconds * SECOND_US;
		sender->slot = clock_monotonic() + seconds * SECOND_US;
	}
	if (interrupted)
		outcome = (struct outbox_outcome){.kind = OUTBOX_RETRY, .next_at = clock_now()};
	outbox_record(&sender->outbox, arena, row, &outcome);
	if (result == 0) {
		log_info("sent", "outbox=%lld channel=%s kind=%s attempts=%d", (long long)row->id,
			sender->settings->name, row->kind, row->attempts);
		channel_good(sender, arena);
	} else if (!interrupted && !outbox_is_about_message(err.reach)) {
		channel_bad(sender, arena, &err);
	} else if (!interrupted) {
		log_failure(outcome.kind == OUTBOX_FAILED ? LOG_ERROR : LOG_WARNING,
			outcome.kind == OUTBOX_FAILED ? "given-up" : "not-sent", &err,
			"outbox=%lld channel=%s attempts=%d", (long long)row->id, sender->settings->name,
			row->attempts);
	}
}

/* ---- the loop ---- */

static int step(struct channel_sender *sender, struct arena *arena, struct error *err)
{
	struct outbox_row row;
	int found;

	if (outbox_open(&sender->outbox, err))
		return -1;
	found = outbox_claim(&sender->outbox, arena, &row, err);
	if (found < 0)
		return -1;
	if (found == 0)
		return outbox_wait(&sender->outbox, err) < 0 ? -1 : 0;
	handle_row(sender, arena, &row);
	return 0;
}

void *channel_sender_run(void *private)
{
	struct channel_sender *sender = private;
	ARENA_SCOPED *arena = arena_new();
	int failures = 0;

	while (!duty_stopping(sender->outbox.context)) {
		struct error err = ERROR_INIT;

		arena_reset(arena);
		if (step(sender, arena, &err) == 0) {
			failures = 0;
			continue;
		}
		log_failure(LOG_WARNING, "outbox", &err, "channel=%s failures=%d", sender->settings->name, ++failures);
		outbox_disconnect(&sender->outbox);
		duty_wait(sender->outbox.context, -1, (int)(clock_backoff(failures, SECOND_US, 30 * SECOND_US) / 1000));
	}
	http_client_free(&sender->http);
	outbox_disconnect(&sender->outbox);
	return NULL;
}
