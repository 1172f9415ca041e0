/* Credentials of those that forward mails, and Matrix's: the vectors, and right, wrong, missing, truncated, in and out
 * of the window.
 */
#include "channels/channel.h"
#include "unit.h"

#define NOW 1461261330
#define TOKEN "06c96bafc3f42a66b9edd546347a2fe18dc23461fe80dc52f0"
#define MAC "9c88ac2feb6415e854f244af6ad383f9a495d930f8a4174762584cc194f451fd"
#define FORM(timestamp, token, signature) "timestamp=" timestamp "&token=" token "&signature=" signature "&body-mime=x"
#define GOOD FORM("1461261330", TOKEN, MAC)
#define MULTIPART                                                                                                      \
	"--b\r\nContent-Disposition: form-data; name=\"timestamp\"\r\n\r\n1461261330\r\n--b\r\n"                       \
	"Content-Disposition: form-data; name=\"token\"\r\n\r\n" TOKEN "\r\n--b\r\n"                                   \
	"Content-Disposition: form-data; name=\"signature\"\r\n\r\n" MAC "\r\n--b--\r\n"
#define KEY                                                                                                            \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglS" \
	"I8eNEc6wEA3F+g=="
#define OTHER_KEY                                                                                                      \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sx" \
	"Xs7LtkBoN79R9Q=="
#define DER "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM="
#define EVENTS                                                                                                         \
	"[{\"email\":\"hello@world.com\",\"event\":\"dropped\",\"reason\":\"Bounced Address\",\"sg_event_id\":"        \
	"\"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA\",\"sg_message_id\":\"LRzXl_NHStOGhQ4kofSm_A."          \
	"filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0\",\"smtp-id\":\"<LRzXl_NHStOGhQ4kofSm_A@"                 \
	"ismtpd0039p1iad1.sendgrid.net>\",\"timestamp\":1600112492}]\r\n"
#define SENT 1600112502
#define SIGNED "X-Twilio-Email-Event-Webhook-Signature"
#define STAMPED "X-Twilio-Email-Event-Webhook-Timestamp"

#define MALFORMED -1

static const struct {
	const char *name, *kind;
	int64_t now; /* seconds since 1970 */
	const char *body, *secret, *previous;
	const char *header, *value, *stamp; /* NULL: not sent */
	int wanted; /* 0: genuine, MALFORMED, else how it is answered */
	const char *method;		    /* NULL: POST */
} cases[] = {
	{"mailgun", "mailgun", NOW, GOOD, "key-example", NULL, NULL, NULL, NULL, 0, NULL},
	{"mailgun multipart", "mailgun", NOW, MULTIPART, "key-example", NULL, "Content-Type",
		"multipart/form-data; boundary=b", NULL, 0, NULL},
	{"mailgun JSON", "mailgun", NOW,
		"{\"signature\":{\"timestamp\":\"1461261330\",\"token\":\"" TOKEN "\",\"signature\":\"" MAC "\"}}",
		"key-example", NULL, NULL, NULL, NULL, 0, NULL},
	{"mailgun key before", "mailgun", NOW, GOOD, "new", "key-example", NULL, NULL, NULL, 0, NULL},
	{"mailgun other key", "mailgun", NOW, GOOD, "key-exampl", NULL, NULL, NULL, NULL, 403, NULL},
	{"mailgun other token", "mailgun", NOW, FORM("1461261330", TOKEN "1", MAC), "key-example", NULL, NULL, NULL,
		NULL, 403, NULL},
	{"mailgun other time", "mailgun", NOW, FORM("1461261331", TOKEN, MAC), "key-example", NULL, NULL, NULL, NULL,
		403, NULL},
	{"mailgun truncated", "mailgun", NOW,
		FORM("1461261330", TOKEN, "9c88ac2feb6415e854f244af6ad383f9a495d930f8a4174762584cc194f451f"),
		"key-example", NULL, NULL, NULL, NULL, 403, NULL},
	{"mailgun no signature", "mailgun", NOW, "timestamp=1461261330&token=" TOKEN, "key-example", NULL, NULL, NULL,
		NULL, 403, NULL},
	{"mailgun no token", "mailgun", NOW, "timestamp=1461261330&signature=" MAC, "key-example", NULL, NULL, NULL,
		NULL, 403, NULL},
	{"mailgun nothing", "mailgun", NOW, "", "key-example", NULL, NULL, NULL, NULL, 403, NULL},
	{"mailgun no form", "mailgun", NOW, "a=%", "key-example", NULL, NULL, NULL, NULL, MALFORMED, NULL},
	{"mailgun no JSON", "mailgun", NOW, "{\"signature\":", "key-example", NULL, NULL, NULL, NULL, MALFORMED, NULL},
	{"mailgun no multipart", "mailgun", NOW, "--b\r\n", "key-example", NULL, "Content-Type",
		"multipart/form-data; boundary=b", NULL, MALFORMED, NULL},
	{"mailgun a day later", "mailgun", NOW + 86400, GOOD, "key-example", NULL, NULL, NULL, NULL, 0, NULL},
	{"mailgun too old", "mailgun", NOW + 86401, GOOD, "key-example", NULL, NULL, NULL, NULL, 406, NULL},
	{"mailgun our clock behind", "mailgun", NOW - 300, GOOD, "key-example", NULL, NULL, NULL, NULL, 0, NULL},
	{"mailgun too far behind", "mailgun", NOW - 301, GOOD, "key-example", NULL, NULL, NULL, NULL, 406, NULL},
	{"mailgun GET", "mailgun", NOW, GOOD, "key-example", NULL, NULL, NULL, NULL, 405, "GET"},

	/* base64 of "partner:s3cret" */
	{"postmark", "postmark", 0, "{}", "s3cret", NULL, "Authorization", "Basic cGFydG5lcjpzM2NyZXQ=", NULL, 0, NULL},
	{"postmark secret before", "postmark", 0, "{}", "new", "s3cret", "Authorization",
		"Basic cGFydG5lcjpzM2NyZXQ=", NULL, 0, NULL},
	{"postmark scheme in small letters", "postmark", 0, "{}", "s3cret", NULL, "Authorization",
		"basic cGFydG5lcjpzM2NyZXQ=", NULL, 0, NULL},
	{"postmark other secret", "postmark", 0, "{}", "s3cred", NULL, "Authorization",
		"Basic cGFydG5lcjpzM2NyZXQ=", NULL, 401, NULL},
	{"postmark truncated", "postmark", 0, "{}", "s3cret", NULL, "Authorization", "Basic cGFydG5lcjpzM2NyZQ==", NULL,
		401, NULL},
	{"postmark no base64", "postmark", 0, "{}", "s3cret", NULL, "Authorization", "Basic partner:s3cret", NULL, 401,
		NULL},
	{"postmark bearer", "postmark", 0, "{}", "s3cret", NULL, "Authorization", "Bearer s3cret", NULL, 401, NULL},
	{"postmark empty", "postmark", 0, "{}", "s3cret", NULL, "Authorization", "Basic ", NULL, 401, NULL},
	{"postmark missing", "postmark", 0, "{}", "s3cret", NULL, NULL, NULL, NULL, 401, NULL},
	{"postmark GET", "postmark", 0, "{}", "s3cret", NULL, "Authorization", "Basic cGFydG5lcjpzM2NyZXQ=", NULL, 405,
		"GET"},

	/* The vector of SendGrid's Python library. */
	{"sendgrid", "sendgrid", SENT, EVENTS, KEY, NULL, SIGNED, DER, "1600112502", 0, NULL},
	{"sendgrid key before", "sendgrid", SENT, EVENTS, OTHER_KEY, KEY, SIGNED, DER, "1600112502", 0, NULL},
	{"sendgrid other key", "sendgrid", SENT, EVENTS, OTHER_KEY, NULL, SIGNED, DER, "1600112502", 403, NULL},
	{"sendgrid other body", "sendgrid", SENT, EVENTS " ", KEY, NULL, SIGNED, DER, "1600112502", 403, NULL},
	{"sendgrid other time", "sendgrid", SENT, EVENTS, KEY, NULL, SIGNED, DER, "1600112503", 403, NULL},
	{"sendgrid truncated", "sendgrid", SENT, EVENTS, KEY, NULL, SIGNED,
		"MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZt",
		"1600112502", 403, NULL},
	{"sendgrid no base64", "sendgrid", SENT, EVENTS, KEY, NULL, SIGNED, "!", "1600112502", 403, NULL},
	{"sendgrid no signature", "sendgrid", SENT, EVENTS, KEY, NULL, NULL, NULL, "1600112502", 403, NULL},
	{"sendgrid empty signature", "sendgrid", SENT, EVENTS, KEY, NULL, SIGNED, "", "1600112502", 403, NULL},
	{"sendgrid no time", "sendgrid", SENT, EVENTS, KEY, NULL, SIGNED, DER, NULL, 403, NULL},
	{"sendgrid four days later", "sendgrid", SENT + 4 * 86400, EVENTS, KEY, NULL, SIGNED, DER, "1600112502", 0,
		NULL},
	{"sendgrid too old", "sendgrid", SENT + 4 * 86400 + 1, EVENTS, KEY, NULL, SIGNED, DER, "1600112502", 403, NULL},
	{"sendgrid our clock behind", "sendgrid", SENT - 300, EVENTS, KEY, NULL, SIGNED, DER, "1600112502", 0, NULL},
	{"sendgrid too far behind", "sendgrid", SENT - 301, EVENTS, KEY, NULL, SIGNED, DER, "1600112502", 403, NULL},
	{"sendgrid without a key", "sendgrid", SENT, EVENTS, NULL, NULL, NULL, NULL, NULL, 0, NULL},
	{"sendgrid PUT", "sendgrid", SENT, EVENTS, KEY, NULL, SIGNED, DER, "1600112502", 405, "PUT"},
};

static int verify(size_t i, struct arena *arena)
{
	struct config_channel settings = {.name = "c", .kind = cases[i].kind, .user = "partner"};
	struct view secrets[] = {view_of(cases[i].secret), view_of(cases[i].previous)};
	struct channel channel = {.kind = channel_kind_find(cases[i].kind),
		.settings = &settings,
		.secrets = secrets,
		.secret_count = !cases[i].secret    ? 0
				: cases[i].previous ? 2
						    : 1};
	struct view value = view_of(cases[i].value), body = view_of(cases[i].body);
	UNIT_SCOPED char *value_block = unit_heap(value), *body_block = unit_heap(body);
	struct http_field headers[] = {
		{view_of(cases[i].header), {value_block, value.len}}, {VIEW(STAMPED), view_of(cases[i].stamp)}};
	struct http_request request = {.method = view_of(cases[i].method ? cases[i].method : "POST"),
		.body = {body_block, body.len},
		.headers = cases[i].header ? headers : headers + 1,
		.header_count = (size_t)(cases[i].header != NULL) + (cases[i].stamp != NULL)};
	struct channel_answer answer = {0};

	switch (channel.kind->verify(&channel, &request, cases[i].now * 1000000, arena, &answer)) {
	case CHANNEL_GENUINE:
		return 0;
	case CHANNEL_MALFORMED:
		return MALFORMED;
	default:
		return answer.status;
	}
}

static void test_credentials(void **state)
{
	struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT(cases); i++)
		unit_same_number(cases[i].name, verify(i, arena), cases[i].wanted);
	arena_free(&arena);
}

static const struct {
	const char *name, *kind, *user, *secret, *missing; /* missing NULL: whole */
} wholes[] = {
	{"mailgun", "mailgun", NULL, "k", NULL},
	{"mailgun, no secret", "mailgun", NULL, "", "signing key"},
	{"postmark", "postmark", "u", "s", NULL},
	{"postmark, no user", "postmark", NULL, "s", "user"},
	{"postmark, no secret", "postmark", "u", "", "secret"},
	{"sendgrid", "sendgrid", NULL, KEY "\n", NULL},
	{"sendgrid, no key", "sendgrid", NULL, "", NULL},
	{"sendgrid, something else", "sendgrid", NULL, "c2VjcmV0", "public key"},
	{"sendgrid, half a key", "sendgrid", NULL, "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW",
		"public key"},
};

static void test_whole(void **state)
{
	for (size_t i = 0; i < COUNT(wholes); i++) {
		struct config_channel settings = {.name = "c", .user = wholes[i].user};
		struct view secret = view_of(wholes[i].secret);
		struct channel channel = {.kind = channel_kind_find(wholes[i].kind),
			.settings = &settings,
			.secrets = &secret,
			.secret_count = secret.len > 0};
		struct error err = ERROR_INIT;

		unit_same_number(wholes[i].name, channel.kind->check(&channel, &err), wholes[i].missing ? -1 : 0);
		if (wholes[i].missing)
			unit_holds(wholes[i].name, err.text, wholes[i].missing);
	}
}

/* The example token of Matrix's specification. */
#define HS_TOKEN "312df522183efd404ec1cd22d2ffa4bbc76a8c1ccf541dd692eef281356bb74e"
#define APP "/hook/c/k/_matrix/app/v1/"

static const struct {
	const char *name, *method, *path, *query, *authorization;
	int wanted; /* 0: genuine */
	enum channel_verdict verdict;
} transactions[] = {
	{"right", "PUT", APP "transactions/1", "", "Bearer " HS_TOKEN, 0, CHANNEL_GENUINE},
	{"in the query", "PUT", APP "transactions/1", "access_token=" HS_TOKEN, NULL, 0, CHANNEL_GENUINE},
	{"by the older path", "PUT", "/hook/c/k/transactions/1", "access_token=" HS_TOKEN, NULL, 0, CHANNEL_GENUINE},
	{"missing", "PUT", APP "transactions/1", "", NULL, 401, CHANNEL_FORGED},
	{"empty", "PUT", APP "transactions/1", "", "Bearer ", 401, CHANNEL_FORGED},
	{"basic", "PUT", APP "transactions/1", "", "Basic " HS_TOKEN, 401, CHANNEL_FORGED},
	{"wrong", "PUT", APP "transactions/1", "", "Bearer x", 403, CHANNEL_FORGED},
	{"truncated", "PUT", APP "transactions/1", "",
		"Bearer 312df522183efd404ec1cd22d2ffa4bbc76a8c1ccf541dd692eef281356bb74", 403, CHANNEL_FORGED},
	{"the header counts", "PUT", APP "transactions/1", "access_token=" HS_TOKEN, "Bearer x", 403, CHANNEL_FORGED},
	{"ping", "POST", APP "ping", "", "Bearer " HS_TOKEN, 200, CHANNEL_HANDSHAKE},
	{"ping, wrong", "POST", APP "ping", "", "Bearer x", 403, CHANNEL_FORGED},
	{"a user", "GET", APP "users/@a:b", "", "Bearer " HS_TOKEN, 404, CHANNEL_HANDSHAKE},
	{"a room", "GET", APP "rooms/%23a:b", "", "Bearer " HS_TOKEN, 404, CHANNEL_HANDSHAKE},
	{"the path alone", "PUT", "/hook/c/k", "", "Bearer " HS_TOKEN, 404, CHANNEL_HANDSHAKE},
};

static void test_matrix(void **state)
{
	struct config_channel settings = {.name = "c", .account = "@bot:s"};
	struct view secret = VIEW(HS_TOKEN);
	struct channel channel = {
		.kind = &channel_matrix, .settings = &settings, .secrets = &secret, .secret_count = 1};
	struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT(transactions); i++) {
		struct http_field header = {VIEW("authorization"), view_of(transactions[i].authorization)};
		struct http_request request = {.method = view_of(transactions[i].method),
			.path = view_of(transactions[i].path),
			.query = view_of(transactions[i].query),
			.body = VIEW("{}"),
			.headers = &header,
			.header_count = transactions[i].authorization ? 1 : 0};
		struct channel_answer answer = {0};

		unit_same_number(transactions[i].name, channel_matrix.verify(&channel, &request, 0, arena, &answer),
			transactions[i].verdict);
		unit_same_number(transactions[i].name, answer.status, transactions[i].wanted);
		if (answer.status > 200)
			unit_holds(transactions[i].name, answer.body.ptr, "errcode");
	}
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_credentials),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_matrix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
