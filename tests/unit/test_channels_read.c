/*
 * What is read out of the requests that providers send: each tests/cases/payload/KIND-NAME.body with its .json beside
 * it, which holds the messages as the database takes them, or null where it is no such request.
 */
#include <dirent.h>
#include <jansson.h>
#include <unistd.h>

#include "base/unicode.h"
#include "channels/channel.h"
#include "unit.h"

#define FOLDER "tests/cases/payload"

static const struct channel_kind *kind_of(const char *name)
{
	char word[32];

	snprintf(word, sizeof(word), "%.*s", (int)strcspn(name, "-"), name);
	return channel_kind_find(word);
}

/* What it was sent as: the file .type beside it; else nothing is said. */
static struct view content_type(struct arena *arena, const char *name)
{
	const char *path = arena_printf(arena, FOLDER "/%.*s.type", (int)(strlen(name) - strlen(".body")), name);

	return access(path, R_OK) == 0 ? view_trim(unit_file(arena, path)) : VIEW("");
}

/* {"ignored": n, "messages": [...]}, with a mail also "mail" and "nonce"; or null. */
static json_t *read_case(const char *name, struct arena *arena, struct view body)
{
	struct config_channel settings = {
		.name = "c", .kind = "c", .account = view_starts(view_of(name), VIEW("matrix-")) ? "@bot:s" : "106540352242922", .number = "+4915550001"};
	struct channel channel = {.kind = kind_of(name), .settings = &settings};
	UNIT_SCOPED char *block = unit_heap(body);
	struct http_field type = {VIEW("Content-Type"), content_type(arena, name)};
	struct http_request request = {
		.method = VIEW("POST"), .body = {block, body.len}, .headers = &type, .header_count = 1};
	struct channel_batch batch = {0};
	struct error err = ERROR_INIT;
	TEXT_SCOPED rows = {0};
	json_t *messages, *message, *got;
	size_t i;

	if (!channel.kind)
		fail_msg("%s: there is no such kind", name);
	if (channel.kind->read(&channel, &request, arena, &batch, &err) < 0) {
		unit_same_number(name, err.reach, REACH_MESSAGE);
		return json_null();
	}
	channel_rows_begin(&rows);
	assert_int_equal(channel_rows_add(&rows, &batch, 1), 0);
	channel_rows_end(&rows);
	messages = json_loads(text_string(&rows), 0, NULL);
	if (!messages)
		fail_msg("%s: the rows are no JSON: %s", name, text_string(&rows));
	json_array_foreach(messages, i, message) json_object_del(message, "d");
	got = json_pack("{s:i, s:o}", "ignored", (int)batch.ignored, "messages", messages);
	if (batch.mail.len > 0)
		json_object_set_new(got, "mail", json_stringn(batch.mail.ptr, batch.mail.len));
	if (batch.nonce.len > 0)
		json_object_set_new(got, "nonce", json_stringn(batch.nonce.ptr, batch.nonce.len));
	return got;
}

static void try_case(const char *name)
{
	struct arena *arena = arena_new();
	char stem[300], *text;
	json_t *got, *wanted;

	snprintf(stem, sizeof(stem), FOLDER "/%.*s", (int)(strlen(name) - strlen(".body")), name);
	got = read_case(name, arena, unit_file(arena, arena_printf(arena, "%s.body", stem)));
	wanted = json_load_file(arena_printf(arena, "%s.json", stem), JSON_DECODE_ANY, NULL);
	text = json_dumps(got, JSON_ENCODE_ANY | JSON_INDENT(1) | JSON_PRESERVE_ORDER);
	if (!wanted || !json_equal(got, wanted))
		fail_msg("%s: got %s", name, text);
	free(text);
	json_decref(got);
	json_decref(wanted);
	arena_free(&arena);
}

static void test_cases(void **state)
{
	struct dirent **entries;
	int count = scandir(FOLDER, &entries, NULL, alphasort), tried = 0;

	for (int i = 0; i < count; i++) {
		if (view_ends(view_of(entries[i]->d_name), VIEW(".body"))) {
			try_case(entries[i]->d_name);
			tried++;
		}
		free(entries[i]);
	}
	free(entries);
	assert_true(tried > 20);
}

/* At the limit of messages, and one more. */
static void test_limit(void **state)
{
	for (int count = CHANNEL_MESSAGES_MAX; count <= CHANNEL_MESSAGES_MAX + 1; count++) {
		struct config_channel settings = {.name = "c", .number = "+1"};
		struct channel channel = {.kind = &channel_signal, .settings = &settings};
		struct arena *arena = arena_new();
		struct channel_batch batch;
		struct error err = ERROR_INIT;
		TEXT_SCOPED body = {0};
		struct http_request request = {0};
		int result;

		text_init(&body, 1 << 20);
		for (int i = 0; i < count; i++)
			text_add_format(&body,
				"%s{\"envelope\":{\"source\":\"+2\",\"timestamp\":%d,\"dataMessage\":{\"message\":"
				"\"x\"}}}",
				i ? "," : "[", i + 1);
		text_add_string(&body, "]");
		request.body = text_view(&body);
		result = channel_signal.read(&channel, &request, arena, &batch, &err);
		assert_int_equal(result, count > CHANNEL_MESSAGES_MAX ? -1 : 0);
		if (result == 0)
			assert_int_equal(batch.count, CHANNEL_MESSAGES_MAX);
		arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_limit),
	};
	struct error err = ERROR_INIT;

	if (unicode_open(&err) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
