/*
 * channels/: the table of providers, a channel's secrets, and the two senders of our own: Standard Webhooks (with its
 * published vector) and JSON mapped by pointers. The providers' vectors stand in tests of their own.
 */
#include "tests/unit/unit.h"


#include "base/unicode.h"
#include "channels/channel.h"

#define SECOND INT64_C(1000000)

/* ---- a request in exact blocks ---- */

struct case_request {
	const char *method, *body;
	struct http_field headers[6];
};

static size_t header_count(const struct case_request *request)
{
	size_t count = 0;

	while (count < COUNT(request->headers) && request->headers[count].name.len > 0)
		count++;
	return count;
}

static enum channel_verdict verify(
	const struct channel *channel, const struct case_request *asked, int64_t now, int *status_out)
{
	struct arena *arena = arena_new();
	UNIT_SCOPED char *body = unit_heap(view_of(asked->body));
	struct http_request request = {
		.method = view_of(asked->method ? asked->method : "POST"),
		.body = {body, strlen(asked->body)},
		.headers = asked->headers,
		.header_count = header_count(asked),
	};
	struct channel_answer answer = {0};
	enum channel_verdict verdict = channel->kind->verify(channel, &request, now, arena, &answer);

	*status_out = verdict == CHANNEL_GENUINE ? 200 : answer.status;
	arena_free(&arena);
	return verdict;
}

static int read_body(const struct channel *channel, const char *body, const struct http_field *headers, size_t count,
	struct arena *arena, struct channel_batch *out, struct error *err)
{
	UNIT_SCOPED char *block = unit_heap(view_of(body));
	struct http_request request = {
		.method = VIEW("POST"), .body = {block, strlen(body)}, .headers = headers, .header_count = count};

	memset(out, 0, sizeof(*out));
	return channel->kind->read(channel, &request, arena, out, err);
}

/* ---- the table ---- */

static void test_table(void **state)
{
	const struct channel_kind *kind;

	(void)state;
	for (size_t i = 0; (kind = channel_kind_at(i)); i++) {
		struct config *config = NULL;
		struct error err = ERROR_INIT;
		char yaml[200];

		assert_ptr_equal(channel_kind_find(kind->name), kind);
		assert_non_null(kind->check);
		assert_non_null(kind->read);
		assert_true(kind->webhook ? kind->verify != NULL : kind->poll != NULL);
		assert_true(!kind->webhook || (kind->body_max >= 65536 && kind->body_max <= 64 * 1024 * 1024));
		/* the config knows the name too */
		snprintf(yaml, sizeof(yaml), "channels: [{name: a, kind: %s}]\n", kind->name);
		if (config_parse(view_of(yaml), "c.yaml", &config, &err) < 0)
			fail_msg("%s", err.text);
		config_free(&config);
	}
	assert_null(channel_kind_find("fax"));
}

static void test_secrets(void **state)
{
	const struct view secrets[] = {VIEW("new one"), VIEW("old one")};
	struct channel channel = {.secrets = secrets, .secret_count = 2};

	(void)state;
	assert_true(channel_knows_secret(&channel, VIEW("new one")));
	assert_true(channel_knows_secret(&channel, VIEW("old one")));
	assert_false(channel_knows_secret(&channel, VIEW("old on")));
	assert_false(channel_knows_secret(&channel, VIEW("old one ")));
	assert_false(channel_knows_secret(&channel, VIEW("")));
	assert_false(channel_knows_secret(&channel, VIEW_NULL));
	assert_false(channel_same_secret(VIEW(""), VIEW("")));
}

/* ---- opening ---- */

static const struct {
	const char *what, *more, *error;
} openings[] = {
	{"no secret", "", "channel a: write `secret: {file: ...}`"},
	{"no such file", "secret: {file: /nowhere/x}", "channel a: the secret in /nowhere/x cannot be read"},
	{"short key", "path_key: {command: echo short}, secret: {command: echo x}",
		"channel a: path_key is 16 to 128 letters, digits, - and _"},
	{"slash in the key", "path_key: {command: echo 0123456789/123456}, secret: {command: echo x}",
		"channel a: path_key is 16 to 128"},
	{"neither", "secret: {command: echo x}", "channel a: write either `secret_header: X-Secret`"},
	{"both", "secret: {command: echo x}, user: u, secret_header: H", "channel a: write either"},
	{"no map", "secret: {command: echo x}, user: u", "channel a: write `map_id: /id`"},
	{"polled", "mode: poll", "channel a: the channel a cannot be polled"},
};

static struct config *config_of(const char *more)
{
	bool has_key = strstr(more, "path_key") != NULL;
	struct config *config = NULL;
	struct error err = ERROR_INIT;
	char yaml[1000];

	snprintf(yaml, sizeof(yaml),
		"public_url: https://example.org/field/\nweb: {listen: '127.0.0.1:1'}\nchannels: [{name: a, kind: "
		"json%s%s%s}]\n",
		has_key ? "" : ", path_key: {command: echo 0123456789abcdef}", *more ? ", " : "", more);
	if (config_parse(view_of(yaml), "c.yaml", &config, &err) < 0)
		fail_msg("%s: %s", yaml, err.text);
	return config;
}

static void test_open(void **state)
{
	struct arena *arena = arena_new();
	struct error err = ERROR_INIT;
	struct channel channel;
	struct config *config;

	(void)state;
	for (size_t i = 0; i < COUNT(openings); i++) {
		config = config_of(openings[i].more);
		error_clear(&err);
		assert_int_equal(channel_open(config, &config->channels[0], arena, &channel, &err), -1);
		assert_int_equal(err.reach, REACH_SOURCE);
		unit_holds(openings[i].what, err.text, openings[i].error);
		config_free(&config);
	}
	config = config_of(
		"secret: {command: echo x}, secret_previous: {command: echo y}, user: u, map_id: /i, map_text: /t, "
		"map_sender: /s");
	assert_int_equal(channels_check(config, &err), 0);
	assert_int_equal(channel_open(config, &config->channels[0], arena, &channel, &err), 0);
	assert_string_equal(channel.public_url, "https://example.org/field/hook/a/0123456789abcdef");
	assert_int_equal(channel.secret_count, 2);
	assert_int_equal(channel.body_max, channel.kind->body_max);
	assert_false(channel.polled);
	config_free(&config);
	arena_free(&arena);
}

static void test_no_listener(void **state)
{
	struct config *config = NULL;
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(config_parse(VIEW("channels: [{name: a, kind: json}]\n"), "c.yaml", &config, &err), 0);
	assert_int_equal(channels_check(config, &err), -1);
	unit_holds("no listener", err.text, "nothing listens; write `web: {listen: 127.0.0.1:8025}`");
	config_free(&config);
}

/* ---- Standard Webhooks ---- */

/* The vector of the specification's own libraries (Go, Python, Java, C#, PHP). */
#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define OTHER "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx"
#define ID "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define BODY "{\"test\": 2432232314}"
#define SIGNATURE "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
#define WRONG "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="
#define THEN 1614265330

static const struct {
	const char *what, *secret, *previous, *method, *id, *time, *signature, *body;
	int off, status; /* now is THEN and so many seconds */
} standard[] = {
	{"the vector", SECRET, NULL, NULL, ID, "1614265330", SIGNATURE, BODY, 0, 200},
	{"no prefix to the secret", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", NULL, NULL, ID, "1614265330", SIGNATURE, BODY,
		0, 200},
	{"among others", SECRET, NULL, NULL, ID, "1614265330",
		WRONG " v2,"
		      "abc " SIGNATURE,
		BODY, 0, 200},
	{"the secret before", OTHER, SECRET, NULL, ID, "1614265330", SIGNATURE, BODY, 0, 200},
	{"five minutes late", SECRET, NULL, NULL, ID, "1614265330", SIGNATURE, BODY, 300, 200},
	{"five minutes early", SECRET, NULL, NULL, ID, "1614265330", SIGNATURE, BODY, -300, 200},
	{"later", SECRET, NULL, NULL, ID, "1614265330", SIGNATURE, BODY, 301, 403},
	{"earlier", SECRET, NULL, NULL, ID, "1614265330", SIGNATURE, BODY, -301, 403},
	{"wrong secret", OTHER, NULL, NULL, ID, "1614265330", SIGNATURE, BODY, 0, 403},
	{"wrong signature", SECRET, NULL, NULL, ID, "1614265330", WRONG, BODY, 0, 403},
	{"truncated", SECRET, NULL, NULL, ID, "1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE", BODY, 0,
		403},
	{"another version", SECRET, NULL, NULL, ID, "1614265330",
		"v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", BODY, 0, 403},
	{"no version", SECRET, NULL, NULL, ID, "1614265330", "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", BODY, 0,
		403},
	{"another body", SECRET, NULL, NULL, ID, "1614265330", SIGNATURE, "{\"test\": 2432232315}", 0, 403},
	{"re-serialised", SECRET, NULL, NULL, ID, "1614265330", SIGNATURE, "{\"test\":2432232314}", 0, 403},
	{"another id", SECRET, NULL, NULL, ID "x", "1614265330", SIGNATURE, BODY, 0, 403},
	{"another time", SECRET, NULL, NULL, ID, "1614265331", SIGNATURE, BODY, 0, 403},
	{"a time that is none", SECRET, NULL, NULL, ID, "1614265330x", SIGNATURE, BODY, 0, 403},
	{"a time beyond all", SECRET, NULL, NULL, ID, "99999999999999999999", SIGNATURE, BODY, 0, 403},
	{"no id", SECRET, NULL, NULL, NULL, "1614265330", SIGNATURE, BODY, 0, 401},
	{"no time", SECRET, NULL, NULL, ID, NULL, SIGNATURE, BODY, 0, 401},
	{"no signature", SECRET, NULL, NULL, ID, "1614265330", NULL, BODY, 0, 401},
	{"empty signature", SECRET, NULL, NULL, ID, "1614265330", "", BODY, 0, 401},
	{"GET", SECRET, NULL, "GET", ID, "1614265330", SIGNATURE, BODY, 0, 405},
};

static void test_standard_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(standard); i++) {
		const struct view secrets[] = {view_of(standard[i].secret), view_of(standard[i].previous)};
		struct channel channel = {.kind = channel_kind_find("standard"),
			.secrets = secrets,
			.secret_count = standard[i].previous ? 2 : 1};
		struct case_request request = {.method = standard[i].method, .body = standard[i].body};
		size_t n = 0;
		int status;

		if (standard[i].id)
			request.headers[n++] = (struct http_field){VIEW("Webhook-Id"), view_of(standard[i].id)};
		if (standard[i].time)
			request.headers[n++] =
				(struct http_field){VIEW("webhook-timestamp"), view_of(standard[i].time)};
		if (standard[i].signature)
			request.headers[n++] =
				(struct http_field){VIEW("webhook-signature"), view_of(standard[i].signature)};
		verify(&channel, &request, (THEN + standard[i].off) * SECOND, &status);
		unit_same_number(standard[i].what, status, standard[i].status);
	}
}

static void test_standard_secrets(void **state)
{
	static const struct {
		const char *secret;
		int good;
	} secrets[] = {
		{SECRET, 1},
		{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", 0}, /* 23 bytes */
		{"whsec_", 0},
		{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwA", 0},	 /* no base64 has such a length */
		{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAA", 1}, /* unpadded */
		{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAA==", 1},
		{"whsec_!!!!9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 0},
		/* 64 bytes, 65 */
		{"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 1},
		{"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0},
	};
	const struct channel_kind *kind = channel_kind_find("standard");
	struct error err = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(secrets); i++) {
		const struct view secret = view_of(secrets[i].secret);
		struct channel channel = {.kind = kind, .secrets = &secret, .secret_count = 1};

		unit_same_number(secrets[i].secret, kind->check(&channel, &err) == 0, secrets[i].good);
	}
	assert_int_equal(kind->check(&(struct channel){.kind = kind}, &err), -1);
}

static const struct {
	const char *what, *body;
	int count, ignored; /* count -1: malformed */
} standard_bodies[] = {
	{"a message", "{\"type\":\"message.received\",\"data\":{\"sender\":\"+1\",\"text\":\"a\"}}", 1, 0},
	{"an edit", "{\"type\":\"message.edited\",\"data\":{\"sender\":\"+1\",\"text\":\"a\",\"edits\":\"m0\"}}", 1, 0},
	{"an edit of nothing", "{\"type\":\"message.edited\",\"data\":{\"sender\":\"+1\",\"text\":\"a\"}}", -1, 0},
	{"another type", "{\"type\":\"invoice.paid\",\"data\":{}}", 0, 1},
	{"no words", "{\"type\":\"message.received\",\"data\":{\"sender\":\"+1\",\"text\":\"\"}}", 0, 1},
	{"a place",
		"{\"type\":\"message.received\",\"data\":{\"sender\":\"+1\",\"place\":{\"latitude\":1,\"longitude\":2}}"
		"}",
		1, 0},
	{"no type", "{\"data\":{\"sender\":\"+1\",\"text\":\"a\"}}", -1, 0},
	{"no sender", "{\"type\":\"message.received\",\"data\":{\"text\":\"a\"}}", -1, 0},
	{"no data", "{\"type\":\"message.received\"}", -1, 0},
	{"data of another kind", "{\"type\":\"message.received\",\"data\":[1]}", -1, 0},
	{"a time that is none",
		"{\"type\":\"message.received\",\"data\":{\"sender\":\"+1\",\"text\":\"a\",\"sent_at\":\"now\"}}", -1,
		0},
	{"a time before 1970",
		"{\"type\":\"message.received\",\"data\":{\"sender\":\"+1\",\"text\":\"a\",\"sent_at\":\"1013-11-21T10:00:00Z\"}}",
		-1, 0},
	{"a list", "[]", -1, 0},
	{"half", "{\"type\":\"message.rec", -1, 0},
	{"nothing", "", -1, 0},
};

static void test_standard_bodies(void **state)
{
	static const struct http_field id[] = {{VIEW("webhook-id"), VIEW("m1")}};
	struct channel channel = {.kind = channel_kind_find("standard")};
	struct arena *arena = arena_new();
	struct channel_batch batch;
	struct error err = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(standard_bodies); i++) {
		int result = read_body(&channel, standard_bodies[i].body, id, 1, arena, &batch, &err);

		unit_same_number(
			standard_bodies[i].what, result < 0 ? -1 : (long long)batch.count, standard_bodies[i].count);
		if (result == 0)
			unit_same_number(standard_bodies[i].what, (long long)batch.ignored, standard_bodies[i].ignored);
	}
	/* everything that can be said */
	assert_int_equal(read_body(&channel,
				 "{\"type\":\"message.edited\",\"data\":{\"sender\":243,\"text\":"
				 "\"e\\u0301\\u0000te\\r\\nx\",\"edits\":\"m0\",\"name\":\"N\","
				 "\"language\":\"fr\",\"answers\":\"q\",\"sent_at\":\"2026-11-21T10:00:00.5+01:00\","
				 "\"part\":2,\"parts\":3,"
				 "\"part_of\":\"p\",\"place\":{\"latitude\":-1.5,\"longitude\":29}}}",
				 id, 1, arena, &batch, &err),
		0);
	unit_same("id", batch.messages[0].id, VIEW("m1"));
	unit_same("edits", batch.messages[0].edits, VIEW("m0"));
	unit_same("sender", batch.messages[0].sender, VIEW("243"));
	unit_same("reply_to", batch.messages[0].reply_to, VIEW("243"));
	unit_same("text", batch.messages[0].text, VIEW("\xc3\xa9te\nx"));
	unit_same("part_of", batch.messages[0].part_of, VIEW("p"));
	assert_int_equal(batch.messages[0].part, 2);
	assert_int_equal(batch.messages[0].parts, 3);
	assert_true(batch.messages[0].has_place);
	assert_true(batch.messages[0].latitude < -1.49 && batch.messages[0].latitude > -1.51);
	unit_same_number("sent_at", batch.messages[0].sent_at, INT64_C(1795251600500000));
	arena_free(&arena);
}

/* ---- JSON ---- */

static const struct {
	const char *what, *user, *header, *value, *method;
	int status;
} json_logins[] = {
	{"right", NULL, "x-secret", "s3cret", NULL, 200},
	{"the one before", NULL, "X-Secret", "older", NULL, 200},
	{"PUT", NULL, "X-Secret", "s3cret", "PUT", 200},
	{"wrong", NULL, "X-Secret", "s3creT", NULL, 403},
	{"truncated", NULL, "X-Secret", "s3cre", NULL, 403},
	{"longer", NULL, "X-Secret", "s3crets", NULL, 403},
	{"empty", NULL, "X-Secret", "", NULL, 401},
	{"missing", NULL, "X-Other", "s3cret", NULL, 401},
	{"GET", NULL, "X-Secret", "s3cret", "GET", 405},
	{"login", "u", "Authorization", "Basic dTpzM2NyZXQ=", NULL, 200},
	{"login, unpadded", "u", "Authorization", "basic dTpzM2NyZXQ", NULL, 200},
	{"login before", "u", "Authorization", "Basic dTpvbGRlcg==", NULL, 200},
	{"another user", "u", "Authorization", "Basic djpzM2NyZXQ=", NULL, 403},
	{"no base64", "u", "Authorization", "Basic ###", NULL, 403},
	{"cut", "u", "Authorization", "Basic dTpzM2NyZX", NULL, 403},
	{"bearer", "u", "Authorization", "Bearer dTpzM2NyZXQ=", NULL, 403},
	{"only basic", "u", "Authorization", "Basic ", NULL, 403},
	{"no login", "u", "X-Secret", "s3cret", NULL, 401},
};

static void test_json_logins(void **state)
{
	const struct view secrets[] = {VIEW("s3cret"), VIEW("older")};

	(void)state;
	for (size_t i = 0; i < COUNT(json_logins); i++) {
		const struct config_channel settings = {
			.user = json_logins[i].user, .secret_header = json_logins[i].user ? NULL : "X-Secret"};
		struct channel channel = {.kind = channel_kind_find("json"),
			.settings = &settings,
			.secrets = secrets,
			.secret_count = 2};
		struct case_request request = {.method = json_logins[i].method,
			.body = "{}",
			.headers = {{view_of(json_logins[i].header), view_of(json_logins[i].value)}}};
		int status;

		verify(&channel, &request, THEN * SECOND, &status);
		unit_same_number(json_logins[i].what, status, json_logins[i].status);
	}
}

static const struct {
	const char *what, *messages, *id, *text, *sent_at, *body;
	int count, ignored; /* count -1: malformed */
	const char *first_id, *first_text;
	int64_t first_time;
} json_bodies[] = {
	{"plain", NULL, "/id", "/text", NULL, "{\"id\":7,\"text\":\"a\",\"from\":\"x\"}", 1, 0, "7", "a", 0},
	{"deep", "/data/items", "/m~1id/0", "/a~0b", NULL,
		"{\"data\":{\"items\":[{\"m/id\":[\"i\"],\"a~b\":\"t\",\"from\":1},{\"m/"
		"id\":[\"j\"],\"a~b\":\"\",\"from\":1}]}}",
		1, 1, "i", "t", 0},
	{"an empty key", NULL, "/id", "/", NULL, "{\"id\":7,\"\":\"a\",\"from\":\"x\"}", 1, 0, "7", "a", 0},
	{"a list at the top", NULL, "/id", "/text", NULL,
		"[{\"id\":1,\"text\":\"a\",\"from\":1},{\"id\":2,\"text\":\"a\",\"from\":1}]", 2, 0, "1", "a", 0},
	{"no messages there", "/messages", "/id", "/text", NULL, "{\"status\":\"delivered\"}", 0, 1, NULL, NULL, 0},
	{"an empty list", "/messages", "/id", "/text", NULL, "{\"messages\":[]}", 0, 0, NULL, NULL, 0},
	{"no index with a leading zero", NULL, "/id/00", "/text", NULL, "{\"id\":[1],\"text\":\"a\",\"from\":\"x\"}",
		-1, 0, NULL, NULL, 0},
	{"no id", NULL, "/id", "/text", NULL, "{\"text\":\"a\",\"from\":\"x\"}", -1, 0, NULL, NULL, 0},
	{"no sender", NULL, "/id", "/text", NULL, "{\"id\":1,\"text\":\"a\"}", -1, 0, NULL, NULL, 0},
	{"one of several malformed", NULL, "/id", "/text", NULL, "[{\"id\":1,\"text\":\"a\",\"from\":1},{\"id\":2}]",
		-1, 0, NULL, NULL, 0},
	{"an item that is no object", NULL, "/id", "/text", NULL, "[1]", -1, 0, NULL, NULL, 0},
	{"a time", NULL, "/id", "/text", "/t", "{\"id\":1,\"text\":\"a\",\"from\":1,\"t\":\"2026-11-21T10:00:00Z\"}", 1,
		0, "1", "a", INT64_C(1795255200000000)},
	{"seconds", NULL, "/id", "/text", "/t", "{\"id\":1,\"text\":\"a\",\"from\":1,\"t\":1795255200}", 1, 0, "1", "a",
		INT64_C(1795255200000000)},
	{"milliseconds in a string", NULL, "/id", "/text", "/t",
		"{\"id\":1,\"text\":\"a\",\"from\":1,\"t\":\"1795255200250\"}", 1, 0, "1", "a",
		INT64_C(1795255200250000)},
	{"null", NULL, "/id", "/text", "/t", "{\"id\":1,\"text\":\"a\",\"from\":1,\"t\":null}", 1, 0, "1", "a", 0},
	{"no time", NULL, "/id", "/text", "/t", "{\"id\":1,\"text\":\"a\",\"from\":1,\"t\":\"soon\"}", -1, 0, NULL,
		NULL, 0},
	{"a time before all", NULL, "/id", "/text", "/t", "{\"id\":1,\"text\":\"a\",\"from\":1,\"t\":-5}", -1, 0, NULL,
		NULL, 0},
	{"a date before all", NULL, "/id", "/text", "/t",
		"{\"id\":1,\"text\":\"a\",\"from\":1,\"t\":\"1969-12-31T23:59:59Z\"}", -1, 0, NULL, NULL, 0},
	{"no JSON", NULL, "/id", "/text", NULL, "id=1", -1, 0, NULL, NULL, 0},
	{"half of it", NULL, "/id", "/text", NULL, "{\"id\":1,\"te", -1, 0, NULL, NULL, 0},
};

static void test_json_bodies(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(json_bodies); i++) {
		const struct config_channel settings = {.map_messages = json_bodies[i].messages,
			.map_id = json_bodies[i].id,
			.map_text = json_bodies[i].text,
			.map_sender = "/from",
			.map_sent_at = json_bodies[i].sent_at};
		struct channel channel = {.kind = channel_kind_find("json"), .settings = &settings};
		struct error err = ERROR_INIT;
		struct channel_batch batch;
		int result = read_body(&channel, json_bodies[i].body, NULL, 0, arena, &batch, &err);

		unit_same_number(json_bodies[i].what, result < 0 ? -1 : (long long)batch.count, json_bodies[i].count);
		if (result < 0)
			continue;
		unit_same_number(json_bodies[i].what, (long long)batch.ignored, json_bodies[i].ignored);
		if (!json_bodies[i].first_id)
			continue;
		unit_same(json_bodies[i].what, batch.messages[0].id, view_of(json_bodies[i].first_id));
		unit_same(json_bodies[i].what, batch.messages[0].text, view_of(json_bodies[i].first_text));
		unit_same_number(json_bodies[i].what, batch.messages[0].sent_at, json_bodies[i].first_time);
	}
	arena_free(&arena);
}

/* As many as are taken, and one more. */
static void test_json_many(void **state)
{
	const struct config_channel settings = {.map_id = "/i", .map_text = "/t", .map_sender = "/s"};
	struct channel channel = {.kind = channel_kind_find("json"), .settings = &settings};
	struct arena *arena = arena_new();

	(void)state;
	for (int more = 0; more < 2; more++) {
		struct error err = ERROR_INIT;
		struct channel_batch batch;
		struct text body;

		text_init(&body, 1000000);
		for (int i = 0; i < CHANNEL_MESSAGES_MAX + more; i++)
			text_add_format(&body, "%c{\"i\":%d,\"t\":\"x\",\"s\":1}", i ? ',' : '[', i);
		text_add_string(&body, "]");
		assert_int_equal(read_body(&channel, text_string(&body), NULL, 0, arena, &batch, &err), more ? -1 : 0);
		text_release(&body);
	}
	arena_free(&arena);
}

static int open_unicode(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	return unicode_open(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_no_listener),
		cmocka_unit_test(test_standard_vectors),
		cmocka_unit_test(test_standard_secrets),
		cmocka_unit_test(test_standard_bodies),
		cmocka_unit_test(test_json_logins),
		cmocka_unit_test(test_json_bodies),
		cmocka_unit_test(test_json_many),
	};

	return cmocka_run_group_tests(tests, open_unicode, NULL);
}
