/*
 * Fuzz target: what comes from a channel. One byte chooses a provider, whose request is read into messages, or what is known of the
 * request that a message answers. Of a provider's request what stands before a line "%%" is its query and the value of its
 * headers, the rest its body. Every message that comes out is read as an answer, and its lines as the turns of a
 * conversation. The inputs to begin with: the messages among
 * tests/cases/reply and replies, by themselves and as each provider sends them.
 */
#include "tests/fuzz/fuzz.h"

#include <math.h>
#include <stdlib.h>

#include "base/unicode.h"
#include "channels/channel.h"
#include "filing/answer.h"
#include "outreach/outreach.h"

static const struct request_hint hints[] = {
	{0},
	{.reference = "FP-7K3M9QXA2D"},
	{.reference = "FP-7K3M9QXA2D", .form = "field-lesson", .form_version = 1},
	{.reference = "FP-7K3M9QXA2D", .form = "policy-road-test", .form_version = 1},
	{.reference = "FP-7K3M9QXA2D", .form = "progress-check", .form_version = 1},
	{.reference = "FP-7K3M9QXA2D", .form = "cases", .form_version = 1},
	{.reference = "FP-7K3M9QXA2D", .form = "no-such-form", .form_version = 3},
};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	fuzz_forms();
	return 0;
}

/* ---- each line a turn of a conversation ---- */

#define TURNS_MAX 12

static json_t *take_turn(struct arena *arena, struct view text, const char *form, json_t *state, int message)
{
	json_t *talk = json_pack("{s:i, s:n, s:s, s:s, s:b}", "message", message, "language", "fallback", "ne", "form", form,
		"early", message % 5 == 4);
	json_t *result, *said;
	char *dumped;

	if (state)
		json_object_set_new(talk, "state", state);
	dumped = json_dumps(talk, JSON_COMPACT);
	result = conversation_read(fuzz_forms(), arena, text, view_of(dumped), NULL);
	free(dumped);
	json_decref(talk);
	dumped = json_dumps(result, JSON_COMPACT);
	FUZZ_HOLDS(dumped && answer_is_good(view_of(dumped)), "the result is one that the holder takes");
	free(dumped);
	said = json_object_get(result, "talk");
	state = json_object_get(said, "over") ? NULL : json_incref(json_object_get(said, "state"));
	FUZZ_HOLDS(!state || json_string_length(json_object_get(state, "asked")) > 0, "an open conversation asks something");
	json_decref(result);
	return state;
}

static void talk_over(struct arena *arena, struct view text, const char *form)
{
	json_t *state = NULL;
	struct view line;

	for (int i = 1; i <= TURNS_MAX && view_next_line(&text, &line); i++)
		state = take_turn(arena, line, form, state, i);
	json_decref(state);
}

static void read_text(struct arena *arena, struct view text, const struct request_hint *hint)
{
	struct result result;

	fuzz_read_message(fuzz_forms(), arena, text, hint, &result);
	FUZZ_HOLDS(!hint->reference || result.reference, "the request's reference is kept");
	FUZZ_HOLDS(view_trim(text).len > 0 || result.provenance_count == 0, "an empty message answers nothing");
	FUZZ_HOLDS(result.attachment_count == 0 && result.outcome != OUTCOME_IGNORED, "a message is no mail");
	result_release(&result);
	if (unicode_valid(text))
		talk_over(arena, text, hint->form ? hint->form : "field-lesson");
}

/* ---- a provider's request ---- */

static bool is_clean(struct arena *arena, struct view text, bool one_line)
{
	for (size_t i = 0; i < text.len; i++)
		if (((unsigned char)text.ptr[i] < ' ' && (one_line || !strchr("\n\t", text.ptr[i]))) || text.ptr[i] == 127)
			return false;
	return unicode_valid(text) && view_equal(unicode_nfc(arena, text), text);
}

static void check_message(struct arena *arena, const struct channel_message *message)
{
	const struct view *words[] = {&message->id, &message->edits, &message->sender, &message->reply_to, &message->name,
		&message->language, &message->answers, &message->part_of};

	FUZZ_HOLDS(message->id.len > 0 && message->sender.len > 0, "a message has an id and a sender");
	FUZZ_HOLDS(message->text.len > 0 || message->media_count > 0 || message->has_place, "a message says something");
	FUZZ_HOLDS(message->text.len <= CHANNEL_TEXT_MAX && is_clean(arena, message->text, false), "its text is clean");
	for (size_t i = 0; i < FUZZ_COUNT(words); i++)
		FUZZ_HOLDS(is_clean(arena, *words[i], true), "its word %zu is clean: %.*s", i, VIEW_ARGS(*words[i]));
	FUZZ_HOLDS(message->sent_at >= 0, "it was sent after 1970");
	FUZZ_HOLDS(!message->has_place || (isfinite(message->latitude) && isfinite(message->longitude)), "its place is one");
	FUZZ_HOLDS(message->media_count <= CHANNEL_MEDIA_MAX, "it has no more media than are read");
	for (size_t i = 0; i < message->media_count; i++) {
		const struct channel_media *media = &message->media[i];

		FUZZ_HOLDS(media->id.len > 0 || media->url.len > 0, "a medium can be fetched");
		FUZZ_HOLDS(media->sha256.len == 0 || media->sha256.len == 32, "a checksum has 32 bytes");
		FUZZ_HOLDS(is_clean(arena, media->name, true) && is_clean(arena, media->type, true), "a medium's words are clean");
	}
}

/* The rows are JSON, one a message. */
static void check_rows(const struct channel_batch *batch)
{
	TEXT_SCOPED rows;
	json_t *read;

	channel_rows_begin(&rows);
	FUZZ_HOLDS(channel_rows_add(&rows, batch, 1) == 0, "there is room for the rows");
	channel_rows_end(&rows);
	read = json_loadb(rows.ptr, rows.len, 0, NULL);
	FUZZ_HOLDS(json_array_size(read) == batch->count, "the rows are JSON: %s", text_string(&rows));
	json_decref(read);
}

static void read_request(struct arena *arena, struct view input, const struct channel_kind *kind)
{
	static const char *const names[] = {"X-Hub-Signature-256", "X-Twilio-Signature", "Content-Type", "I-Twilio-Idempotency-Token",
		"webhook-signature", "X-Secret"};
	struct view secret = VIEW("secret");
	struct config_channel settings = {.name = "test", .kind = kind->name, .account = "1", .number = "+100", .secret_header = "X-Secret",
		.map_messages = "/data", .map_id = "/id", .map_text = "/text~1words", .map_sender = "/from/1", .map_sent_at = "/sent~0at",
		.map_name = "/name"};
	struct channel channel = {.kind = kind, .settings = &settings, .body_max = kind->body_max, .verify_token = secret,
		.token = secret, .secrets = &secret, .secret_count = 1, .public_url = "https://feedback.example.org/hook/test"};
	struct http_request request = {.method = VIEW("POST"), .path = VIEW("/hook/test/0123456789abcdef"), .body = input};
	struct http_field headers[FUZZ_COUNT(names) + 3] = {{VIEW("X-Telegram-Bot-Api-Secret-Token"), secret},
		{VIEW("webhook-id"), VIEW("msg_1")}, {VIEW("webhook-timestamp"), VIEW("1795000000")}};
	struct channel_batch batch = {0};
	struct channel_answer answer = {0};
	struct error err = ERROR_INIT;
	ptrdiff_t parted = view_find(input, VIEW("\n%%\n"));

	if (parted >= 0) {
		request.query = view_sub(input, 0, (size_t)parted);
		request.body = view_sub(input, (size_t)parted + 4, input.len);
	}
	for (size_t i = 0; i < FUZZ_COUNT(names); i++)
		headers[i + 3] = (struct http_field){view_of(names[i]), request.query};
	request.headers = headers;
	request.header_count = FUZZ_COUNT(headers);
	kind->verify(&channel, &request, 1795000000000000, arena, &answer);
	if (kind->read(&channel, &request, arena, &batch, &err) < 0) {
		FUZZ_HOLDS(err.reach != REACH_NONE && unicode_valid(view_of(err.text)), "a refusal is a sentence");
		return;
	}
	FUZZ_HOLDS(batch.count <= CHANNEL_MESSAGES_MAX, "no more messages than are read");
	for (size_t i = 0; i < batch.count; i++)
		check_message(arena, &batch.messages[i]);
	check_rows(&batch);
	if (batch.count > 0)
		read_text(arena, batch.messages[0].text, &hints[2]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view input = {(const char *)data, size};
	struct arena *arena = arena_new();
	unsigned choice, kinds = 0;

	while (channel_kind_at(kinds))
		kinds++;
	/* The providers last: one more does not change what the kept inputs choose. */
	choice = fuzz_choose(&input, (unsigned)FUZZ_COUNT(hints) + kinds);
	if (choice < FUZZ_COUNT(hints))
		read_text(arena, input, &hints[choice]);
	else
		read_request(arena, input, channel_kind_at(choice - FUZZ_COUNT(hints)));
	arena_free(&arena);
	return 0;
}
