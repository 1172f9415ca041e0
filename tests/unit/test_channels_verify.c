/* Credentials of what providers send: the vectors that they publish, and right, wrong, missing, truncated. */
#include "channels/channel.h"
#include "unit.h"

#define PUBLIC "https://mycompany.com/myapp.php"
#define TWILIO_QUERY "foo=1&bar=2"
#define CALL_FORM "CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=%2B18005551212&Caller=%2B14158675309"
#define REPEATED_FORM "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234"
#define JSON_BODY "{\"property\": \"value\", \"boolean\": true}"
#define JSON_QUERY TWILIO_QUERY "&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
#define META_BODY "{\"object\":\"whatsapp_business_account\",\"entry\":[]}"
#define META_MAC "d3e4f9da0ce6c71ab3dba55929b8eeeee2455349e534924ead19f98d143e904f"

static const struct {
	const char *name, *kind, *method, *query, *body;
	const char *header, *value; /* header NULL: none is sent */
	const char *secret, *previous, *public_url;
	int wanted; /* 0: genuine; else how it is answered */
} cases[] = {
	/* Telegram: the word as it is. */
	{"telegram right", "telegram", "POST", "", "{}", "X-Telegram-Bot-Api-Secret-Token", "s3cret_A-1", "s3cret_A-1",
		NULL, NULL, 0},
	{"telegram name in other case", "telegram", "POST", "", "{}", "x-telegram-bot-api-secret-token", "s3cret",
		"s3cret", NULL, NULL, 0},
	{"telegram the one before", "telegram", "POST", "", "{}", "X-Telegram-Bot-Api-Secret-Token", "old", "new",
		"old", NULL, 0},
	{"telegram the new one", "telegram", "POST", "", "{}", "X-Telegram-Bot-Api-Secret-Token", "new", "new", "old",
		NULL, 0},
	{"telegram wrong", "telegram", "POST", "", "{}", "X-Telegram-Bot-Api-Secret-Token", "s3cret_A-2", "s3cret_A-1",
		NULL, NULL, 401},
	{"telegram other case", "telegram", "POST", "", "{}", "X-Telegram-Bot-Api-Secret-Token", "S3cret", "s3cret",
		NULL, NULL, 401},
	{"telegram truncated", "telegram", "POST", "", "{}", "X-Telegram-Bot-Api-Secret-Token", "s3cre", "s3cret", NULL,
		NULL, 401},
	{"telegram longer", "telegram", "POST", "", "{}", "X-Telegram-Bot-Api-Secret-Token", "s3cret ", "s3cret", NULL,
		NULL, 401},
	{"telegram empty", "telegram", "POST", "", "{}", "X-Telegram-Bot-Api-Secret-Token", "", "s3cret", NULL, NULL,
		401},
	{"telegram missing", "telegram", "POST", "", "{}", NULL, NULL, "s3cret", NULL, NULL, 401},
	{"telegram GET", "telegram", "GET", "", "", "X-Telegram-Bot-Api-Secret-Token", "s3cret", "s3cret", NULL, NULL,
		405},

	/* WhatsApp: HMAC-SHA256 of the bytes. */
	{"whatsapp right", "whatsapp", "POST", "", META_BODY, "X-Hub-Signature-256", "sha256=" META_MAC, "app-secret",
		NULL, NULL, 0},
	{"whatsapp secret before", "whatsapp", "POST", "", META_BODY, "X-Hub-Signature-256", "sha256=" META_MAC, "new",
		"app-secret", NULL, 0},
	{"whatsapp other secret", "whatsapp", "POST", "", META_BODY, "X-Hub-Signature-256", "sha256=" META_MAC,
		"app-secrey", NULL, NULL, 401},
	{"whatsapp other body", "whatsapp", "POST", "", META_BODY " ", "X-Hub-Signature-256", "sha256=" META_MAC,
		"app-secret", NULL, NULL, 401},
	{"whatsapp last digit", "whatsapp", "POST", "", META_BODY, "X-Hub-Signature-256",
		"sha256=d3e4f9da0ce6c71ab3dba55929b8eeeee2455349e534924ead19f98d143e904e", "app-secret", NULL, NULL,
		401},
	{"whatsapp capitals", "whatsapp", "POST", "", META_BODY, "X-Hub-Signature-256",
		"sha256=D3E4F9DA0CE6C71AB3DBA55929B8EEEEE2455349E534924EAD19F98D143E904F", "app-secret", NULL, NULL,
		401},
	{"whatsapp truncated", "whatsapp", "POST", "", META_BODY, "X-Hub-Signature-256",
		"sha256=d3e4f9da0ce6c71ab3dba55929b8eeeee2455349e534924ead19f98d143e904", "app-secret", NULL, NULL,
		401},
	{"whatsapp longer", "whatsapp", "POST", "", META_BODY, "X-Hub-Signature-256", "sha256=" META_MAC "0",
		"app-secret", NULL, NULL, 401},
	{"whatsapp no prefix", "whatsapp", "POST", "", META_BODY, "X-Hub-Signature-256", META_MAC, "app-secret", NULL,
		NULL, 401},
	{"whatsapp prefix alone", "whatsapp", "POST", "", META_BODY, "X-Hub-Signature-256", "sha256=", "app-secret",
		NULL, NULL, 401},
	{"whatsapp missing", "whatsapp", "POST", "", META_BODY, NULL, NULL, "app-secret", NULL, NULL, 401},
	{"whatsapp the older header alone", "whatsapp", "POST", "", META_BODY, "X-Hub-Signature", "sha1=" META_MAC,
		"app-secret", NULL, NULL, 401},
	{"whatsapp PUT", "whatsapp", "PUT", "", META_BODY, "X-Hub-Signature-256", "sha256=" META_MAC, "app-secret",
		NULL, NULL, 405},

	/* Twilio: vectors of its Python library. */
	{"twilio form", "twilio", "POST", TWILIO_QUERY, CALL_FORM, "X-Twilio-Signature",
		"RSOYDt4T1cUTdK1PDd93/VVr8B8=", "12345", NULL, PUBLIC, 0},
	{"twilio repeated names", "twilio", "POST", TWILIO_QUERY, REPEATED_FORM, "X-Twilio-Signature",
		"IK+Dwps556ElfBT0I3Rgjkr1wJU=", "12345", NULL, PUBLIC, 0},
	{"twilio signed with :443", "twilio", "POST", TWILIO_QUERY, CALL_FORM, "X-Twilio-Signature",
		"kvajT1Ptam85bY51eRf/AJRuM3w=", "12345", NULL, PUBLIC, 0},
	{"twilio configured with :443", "twilio", "POST", TWILIO_QUERY, CALL_FORM, "X-Twilio-Signature",
		"RSOYDt4T1cUTdK1PDd93/VVr8B8=", "12345", NULL, "https://mycompany.com:443/myapp.php", 0},
	{"twilio http with :80", "twilio", "POST", TWILIO_QUERY, CALL_FORM, "X-Twilio-Signature",
		"0ZXoZLH/DfblKGATFgpif+LLRf4=", "12345", NULL, "http://mycompany.com/myapp.php", 0},
	{"twilio http with :1234", "twilio", "POST", TWILIO_QUERY, CALL_FORM, "X-Twilio-Signature",
		"Zmvh+3yNM1Phv2jhDCwEM3q5ebU=", "12345", NULL, "http://mycompany.com:1234/myapp.php", 0},
	{"twilio another port", "twilio", "POST", TWILIO_QUERY, CALL_FORM, "X-Twilio-Signature",
		"Zmvh+3yNM1Phv2jhDCwEM3q5ebU=", "12345", NULL, "http://mycompany.com:1235/myapp.php", 403},
	{"twilio JSON", "twilio", "POST", JSON_QUERY, JSON_BODY, "X-Twilio-Signature",
		"a9nBmqA0ju/hNViExpshrM61xv4=", "12345", NULL, PUBLIC, 0},
	{"twilio other JSON", "twilio", "POST", JSON_QUERY, "{\"property\": \"value\", \"boolean\": false}",
		"X-Twilio-Signature", "a9nBmqA0ju/hNViExpshrM61xv4=", "12345", NULL, PUBLIC, 403},
	{"twilio JSON, other hash in the URL", "twilio", "POST",
		TWILIO_QUERY "&bodySHA256=1a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620", JSON_BODY,
		"X-Twilio-Signature", "a9nBmqA0ju/hNViExpshrM61xv4=", "12345", NULL, PUBLIC, 403},
	{"twilio token before", "twilio", "POST", TWILIO_QUERY, CALL_FORM, "X-Twilio-Signature",
		"RSOYDt4T1cUTdK1PDd93/VVr8B8=", "new", "12345", PUBLIC, 0},
	{"twilio other token", "twilio", "POST", TWILIO_QUERY, CALL_FORM, "X-Twilio-Signature",
		"RSOYDt4T1cUTdK1PDd93/VVr8B8=", "12346", NULL, PUBLIC, 403},
	{"twilio other field", "twilio", "POST", TWILIO_QUERY, CALL_FORM "&Body=x", "X-Twilio-Signature",
		"RSOYDt4T1cUTdK1PDd93/VVr8B8=", "12345", NULL, PUBLIC, 403},
	{"twilio other query", "twilio", "POST", "foo=1&bar=3", CALL_FORM, "X-Twilio-Signature",
		"RSOYDt4T1cUTdK1PDd93/VVr8B8=", "12345", NULL, PUBLIC, 403},
	{"twilio other host", "twilio", "POST", TWILIO_QUERY, CALL_FORM, "X-Twilio-Signature",
		"RSOYDt4T1cUTdK1PDd93/VVr8B8=", "12345", NULL, "https://mycompany.org/myapp.php", 403},
	{"twilio truncated", "twilio", "POST", TWILIO_QUERY, CALL_FORM, "X-Twilio-Signature",
		"RSOYDt4T1cUTdK1PDd93/VVr8B8", "12345", NULL, PUBLIC, 403},
	{"twilio empty", "twilio", "POST", TWILIO_QUERY, CALL_FORM, "X-Twilio-Signature", "", "12345", NULL, PUBLIC,
		403},
	{"twilio missing", "twilio", "POST", TWILIO_QUERY, CALL_FORM, NULL, NULL, "12345", NULL, PUBLIC, 403},
	{"twilio DELETE", "twilio", "DELETE", TWILIO_QUERY, CALL_FORM, "X-Twilio-Signature",
		"RSOYDt4T1cUTdK1PDd93/VVr8B8=", "12345", NULL, PUBLIC, 405},

	/* Africa's Talking signs nothing: the path is the credential. */
	{"africastalking", "africastalking", "POST", "", "id=1", NULL, NULL, "x", NULL, NULL, 0},
	{"africastalking GET", "africastalking", "GET", "", "id=1", NULL, NULL, "x", NULL, NULL, 405},

	/* Signal's gateway is asked; nobody calls. */
	{"signal", "signal", "POST", "", "[]", NULL, NULL, "x", NULL, NULL, 404},
};

static struct channel_answer answer;

static int verify(size_t i, struct arena *arena)
{
	struct config_channel settings = {.name = "c", .kind = cases[i].kind, .account = "1", .number = "+1"};
	struct view secrets[] = {view_of(cases[i].secret), view_of(cases[i].previous)};
	struct channel channel = {.kind = channel_kind_find(cases[i].kind),
		.settings = &settings,
		.secrets = secrets,
		.secret_count = cases[i].previous ? 2 : 1,
		.public_url = cases[i].public_url,
		.verify_token = VIEW("word")};
	struct view value = view_of(cases[i].value), body = view_of(cases[i].body);
	UNIT_SCOPED char *value_block = unit_heap(value), *body_block = unit_heap(body);
	struct http_field header = {view_of(cases[i].header), {value_block, value.len}};
	struct http_request request = {.method = view_of(cases[i].method),
		.path = VIEW("/hook/c/x"),
		.query = view_of(cases[i].query),
		.body = {body_block, body.len},
		.headers = &header,
		.header_count = cases[i].header ? 1 : 0};

	answer = (struct channel_answer){0};
	return channel.kind->verify(&channel, &request, 0, arena, &answer) == CHANNEL_GENUINE ? 0 : answer.status;
}

static void test_credentials(void **state)
{
	struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT(cases); i++)
		unit_same_number(cases[i].name, verify(i, arena), cases[i].wanted);
	arena_free(&arena);
}

/* Meta's first call. */
static const struct {
	const char *query, *body; /* body NULL: refused */
} challenges[] = {
	{"hub.mode=subscribe&hub.verify_token=word&hub.challenge=1158201444", "1158201444"},
	{"hub.challenge=%3Cscript%3E&hub.mode=subscribe&hub.verify_token=word", "<script>"},
	{"hub.mode=subscribe&hub.verify_token=word", ""},
	{"hub.mode=subscribe&hub.verify_token=wor&hub.challenge=1", NULL},
	{"hub.mode=subscribe&hub.verify_token=words&hub.challenge=1", NULL},
	{"hub.mode=subscribe&hub.challenge=1", NULL},
	{"hub.mode=unsubscribe&hub.verify_token=word&hub.challenge=1", NULL},
	{"hub.verify_token=word&hub.challenge=1", NULL},
	{"hub.mode=subscribe&hub.verify_token=word&hub.challenge=%4", NULL},
	{"", NULL},
};

static void test_challenge(void **state)
{
	struct config_channel settings = {.name = "c", .account = "1"};
	struct channel channel = {.kind = &channel_whatsapp, .settings = &settings, .verify_token = VIEW("word")};
	struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT(challenges); i++) {
		struct http_request request = {.method = VIEW("GET"), .query = view_of(challenges[i].query)};
		enum channel_verdict verdict = channel_whatsapp.verify(&channel, &request, 0, arena, &answer);

		unit_same_number(challenges[i].query, verdict, challenges[i].body ? CHANNEL_HANDSHAKE : CHANNEL_FORGED);
		unit_same_number(challenges[i].query, answer.status, challenges[i].body ? 200 : 403);
		if (!challenges[i].body)
			continue;
		unit_same(challenges[i].query, answer.body, view_of(challenges[i].body));
		unit_holds(challenges[i].query, answer.type, "text/plain");
	}
	arena_free(&arena);
}

/* What is answered once a message is safe: Twilio would send a text on to the person. */
static void test_accepted(void **state)
{
	struct channel_answer accepted = {0};

	channel_twilio.accepted(NULL, NULL, &accepted);
	assert_int_equal(accepted.status, 200);
	unit_same("twilio", accepted.body, VIEW("<Response/>"));
	unit_holds("twilio", accepted.type, "text/xml");
	assert_null(channel_telegram.accepted);
	assert_null(channel_whatsapp.accepted);
}

/* What a provider cannot do without is said when the service begins. */
static const struct {
	const char *name, *kind, *token, *secret, *verify_token, *account, *number, *public_url;
	bool polled;
	const char *missing; /* NULL: whole */
} wholes[] = {
	{"telegram called", "telegram", "", "s", "", NULL, NULL, NULL, false, NULL},
	{"telegram called, no secret", "telegram", "t", "", "", NULL, NULL, NULL, false, "secret"},
	{"telegram asked", "telegram", "t", "", "", NULL, NULL, NULL, true, NULL},
	{"telegram asked, no token", "telegram", "", "s", "", NULL, NULL, NULL, true, "token"},
	{"whatsapp", "whatsapp", "", "s", "v", "1", NULL, NULL, false, NULL},
	{"whatsapp, no secret", "whatsapp", "", "", "v", "1", NULL, NULL, false, "secret"},
	{"whatsapp, no verify_token", "whatsapp", "", "s", "", "1", NULL, NULL, false, "verify_token"},
	{"whatsapp, no account", "whatsapp", "", "s", "v", NULL, NULL, NULL, false, "account"},
	{"twilio", "twilio", "", "s", "", NULL, NULL, PUBLIC, false, NULL},
	{"twilio, no secret", "twilio", "", "", "", NULL, NULL, PUBLIC, false, "secret"},
	{"twilio, no public_url", "twilio", "", "s", "", NULL, NULL, NULL, false, "public_url"},
	{"signal", "signal", "", "", "", NULL, "+1", NULL, true, NULL},
	{"signal, no number", "signal", "", "", "", NULL, NULL, NULL, true, "number"},
};

static void test_whole(void **state)
{
	for (size_t i = 0; i < COUNT(wholes); i++) {
		struct config_channel settings = {
			.name = "c", .account = wholes[i].account, .number = wholes[i].number};
		struct view secret = view_of(wholes[i].secret);
		struct channel channel = {.kind = channel_kind_find(wholes[i].kind),
			.settings = &settings,
			.secrets = &secret,
			.secret_count = secret.len > 0,
			.token = view_of(wholes[i].token),
			.polled = wholes[i].polled,
			.verify_token = view_of(wholes[i].verify_token),
			.public_url = wholes[i].public_url};
		struct error err = ERROR_INIT;

		unit_same_number(wholes[i].name, channel.kind->check(&channel, &err), wholes[i].missing ? -1 : 0);
		if (wholes[i].missing)
			unit_holds(wholes[i].name, err.text, wholes[i].missing);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_credentials),
		cmocka_unit_test(test_challenge),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
