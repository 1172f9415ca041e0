/* Vonage's credentials: the vectors of its libraries, and right, wrong, missing, truncated, in and out of the window.
 */
#include "channels/vonage.h"
#include "unit.h"

static const struct {
	const char *name, *method, *query, *body, *authorization, *secret, *previous;
	int64_t now; /* seconds since 1970 */
	bool good;
} cases[] = {
	{"bearer", "POST", "", "{\"message_uuid\":\"u1\"}",
		"Bearer "
		"eyJ0eXAiOiAiSldUIiwgImFsZyI6ICJIUzI1NiJ9."
		"eyJpYXQiOiAxNzk1MDAwMDAwLCAicGF5bG9hZF9oYXNoIjogIjQxMGNkNWVjZjRkYTIyOGZjM2FhMmM5YzFmYjYyMzgxNWQ2YjM3MW"
		"YyOTE5YjJjMzUxOGU2NjcyNjVjOTVkYjMiLCAianRpIjogIjEifQ.f-fxFwp63pcmAHnoWVVNmF0JaLUK7daLkcm9S8E2Hsg",
		"qwertyuiopasdfghjklzxcvbnm123456", NULL, 1795000010, true},
	{"bearer, secret before", "POST", "", "{\"message_uuid\":\"u1\"}",
		"Bearer "
		"eyJ0eXAiOiAiSldUIiwgImFsZyI6ICJIUzI1NiJ9."
		"eyJpYXQiOiAxNzk1MDAwMDAwLCAicGF5bG9hZF9oYXNoIjogIjQxMGNkNWVjZjRkYTIyOGZjM2FhMmM5YzFmYjYyMzgxNWQ2YjM3MW"
		"YyOTE5YjJjMzUxOGU2NjcyNjVjOTVkYjMiLCAianRpIjogIjEifQ.f-fxFwp63pcmAHnoWVVNmF0JaLUK7daLkcm9S8E2Hsg",
		"new", "qwertyuiopasdfghjklzxcvbnm123456", 1795000010, true},
	{"bearer, a day later", "POST", "", "{\"message_uuid\":\"u1\"}",
		"Bearer "
		"eyJ0eXAiOiAiSldUIiwgImFsZyI6ICJIUzI1NiJ9."
		"eyJpYXQiOiAxNzk1MDAwMDAwLCAicGF5bG9hZF9oYXNoIjogIjQxMGNkNWVjZjRkYTIyOGZjM2FhMmM5YzFmYjYyMzgxNWQ2YjM3MW"
		"YyOTE5YjJjMzUxOGU2NjcyNjVjOTVkYjMiLCAianRpIjogIjEifQ.f-fxFwp63pcmAHnoWVVNmF0JaLUK7daLkcm9S8E2Hsg",
		"qwertyuiopasdfghjklzxcvbnm123456", NULL, 1795086400, true},
	{"bearer, inside the window", "POST", "", "{\"message_uuid\":\"u1\"}",
		"Bearer "
		"eyJ0eXAiOiAiSldUIiwgImFsZyI6ICJIUzI1NiJ9."
		"eyJpYXQiOiAxNzk1MDAwMDAwLCAicGF5bG9hZF9oYXNoIjogIjQxMGNkNWVjZjRkYTIyOGZjM2FhMmM5YzFmYjYyMzgxNWQ2YjM3MW"
		"YyOTE5YjJjMzUxOGU2NjcyNjVjOTVkYjMiLCAianRpIjogIjEifQ.f-fxFwp63pcmAHnoWVVNmF0JaLUK7daLkcm9S8E2Hsg",
		"qwertyuiopasdfghjklzxcvbnm123456", NULL, 1795090000, true},
	{"bearer, outside the window", "POST", "", "{\"message_uuid\":\"u1\"}",
		"Bearer "
		"eyJ0eXAiOiAiSldUIiwgImFsZyI6ICJIUzI1NiJ9."
		"eyJpYXQiOiAxNzk1MDAwMDAwLCAicGF5bG9hZF9oYXNoIjogIjQxMGNkNWVjZjRkYTIyOGZjM2FhMmM5YzFmYjYyMzgxNWQ2YjM3MW"
		"YyOTE5YjJjMzUxOGU2NjcyNjVjOTVkYjMiLCAianRpIjogIjEifQ.f-fxFwp63pcmAHnoWVVNmF0JaLUK7daLkcm9S8E2Hsg",
		"qwertyuiopasdfghjklzxcvbnm123456", NULL, 1795090001, false},
	{"bearer, our clock behind", "POST", "", "{\"message_uuid\":\"u1\"}",
		"Bearer "
		"eyJ0eXAiOiAiSldUIiwgImFsZyI6ICJIUzI1NiJ9."
		"eyJpYXQiOiAxNzk1MDAwMDAwLCAicGF5bG9hZF9oYXNoIjogIjQxMGNkNWVjZjRkYTIyOGZjM2FhMmM5YzFmYjYyMzgxNWQ2YjM3MW"
		"YyOTE5YjJjMzUxOGU2NjcyNjVjOTVkYjMiLCAianRpIjogIjEifQ.f-fxFwp63pcmAHnoWVVNmF0JaLUK7daLkcm9S8E2Hsg",
		"qwertyuiopasdfghjklzxcvbnm123456", NULL, 1794999700, true},
	{"bearer, too far behind", "POST", "", "{\"message_uuid\":\"u1\"}",
		"Bearer "
		"eyJ0eXAiOiAiSldUIiwgImFsZyI6ICJIUzI1NiJ9."
		"eyJpYXQiOiAxNzk1MDAwMDAwLCAicGF5bG9hZF9oYXNoIjogIjQxMGNkNWVjZjRkYTIyOGZjM2FhMmM5YzFmYjYyMzgxNWQ2YjM3MW"
		"YyOTE5YjJjMzUxOGU2NjcyNjVjOTVkYjMiLCAianRpIjogIjEifQ.f-fxFwp63pcmAHnoWVVNmF0JaLUK7daLkcm9S8E2Hsg",
		"qwertyuiopasdfghjklzxcvbnm123456", NULL, 1794999699, false},
	{"bearer, ended", "POST", "", "{\"message_uuid\":\"u1\"}",
		"Bearer "
		"eyJ0eXAiOiAiSldUIiwgImFsZyI6ICJIUzI1NiJ9."
		"eyJpYXQiOiAxNzk1MDAwMDAwLCAiZXhwIjogMTc5NTAwMDAwNSwgInBheWxvYWRfaGFzaCI6ICI0MTBjZDVlY2Y0ZGEyMjhmYzNhYT"
		"JjOWMxZmI2MjM4MTVkNmIzNzFmMjkxOWIyYzM1MThlNjY3MjY1Yzk1ZGIzIn0.uQGxlz2W19gs166NCGZNw32-gTvjHAPxlX5b_"
		"mlfnjo",
		"qwertyuiopasdfghjklzxcvbnm123456", NULL, 1795000005, false},
	{"bearer, other secret", "POST", "", "{\"message_uuid\":\"u1\"}",
		"Bearer "
		"eyJ0eXAiOiAiSldUIiwgImFsZyI6ICJIUzI1NiJ9."
		"eyJpYXQiOiAxNzk1MDAwMDAwLCAicGF5bG9hZF9oYXNoIjogIjQxMGNkNWVjZjRkYTIyOGZjM2FhMmM5YzFmYjYyMzgxNWQ2YjM3MW"
		"YyOTE5YjJjMzUxOGU2NjcyNjVjOTVkYjMiLCAianRpIjogIjEifQ.f-fxFwp63pcmAHnoWVVNmF0JaLUK7daLkcm9S8E2Hsg",
		"qwertyuiopasdfghjklzxcvbnm123457", NULL, 1795000010, false},
	{"bearer, other body", "POST", "", "{\"message_uuid\":\"u1\"} ",
		"Bearer "
		"eyJ0eXAiOiAiSldUIiwgImFsZyI6ICJIUzI1NiJ9."
		"eyJpYXQiOiAxNzk1MDAwMDAwLCAicGF5bG9hZF9oYXNoIjogIjQxMGNkNWVjZjRkYTIyOGZjM2FhMmM5YzFmYjYyMzgxNWQ2YjM3MW"
		"YyOTE5YjJjMzUxOGU2NjcyNjVjOTVkYjMiLCAianRpIjogIjEifQ.f-fxFwp63pcmAHnoWVVNmF0JaLUK7daLkcm9S8E2Hsg",
		"qwertyuiopasdfghjklzxcvbnm123456", NULL, 1795000010, false},
	{"bearer, no hash of the body", "POST", "", "{\"message_uuid\":\"u1\"}",
		"Bearer "
		"eyJ0eXAiOiAiSldUIiwgImFsZyI6ICJIUzI1NiJ9.eyJpYXQiOiAxNzk1MDAwMDAwfQ.hAbF7ga_FXn5Bi0K38YL_"
		"pAq5ExhbeNmoH9ksElPlPU",
		"qwertyuiopasdfghjklzxcvbnm123456", NULL, 1795000010, false},
	{"bearer, alg none", "POST", "", "{\"message_uuid\":\"u1\"}",
		"Bearer "
		"eyJhbGciOiJub25lIn0."
		"eyJpYXQiOiAxNzk1MDAwMDAwLCAicGF5bG9hZF9oYXNoIjogIjQxMGNkNWVjZjRkYTIyOGZjM2FhMmM5YzFmYjYyMzgxNWQ2YjM3MW"
		"YyOTE5YjJjMzUxOGU2NjcyNjVjOTVkYjMiLCAianRpIjogIjEifQ.",
		"qwertyuiopasdfghjklzxcvbnm123456", NULL, 1795000010, false},
	{"bearer, alg HS512", "POST", "", "{\"message_uuid\":\"u1\"}",
		"Bearer "
		"eyJ0eXAiOiAiSldUIiwgImFsZyI6ICJIUzUxMiJ9."
		"eyJpYXQiOiAxNzk1MDAwMDAwLCAicGF5bG9hZF9oYXNoIjogIjQxMGNkNWVjZjRkYTIyOGZjM2FhMmM5YzFmYjYyMzgxNWQ2YjM3MW"
		"YyOTE5YjJjMzUxOGU2NjcyNjVjOTVkYjMifQ.9hY0iG6HFz8Gvbx_wT4fPnnj6TpJQxJr3lpnQxgEUtA",
		"qwertyuiopasdfghjklzxcvbnm123456", NULL, 1795000010, false},
	{"bearer, truncated", "POST", "", "{\"message_uuid\":\"u1\"}",
		"Bearer "
		"eyJ0eXAiOiAiSldUIiwgImFsZyI6ICJIUzI1NiJ9."
		"eyJpYXQiOiAxNzk1MDAwMDAwLCAicGF5bG9hZF9oYXNoIjogIjQxMGNkNWVjZjRkYTIyOGZjM2FhMmM5YzFmYjYyMzgxNWQ2YjM3MW"
		"YyOTE5YjJjMzUxOGU2NjcyNjVjOTVkYjMiLCAianRpIjogIjEifQ.f-fxFwp63pcmAHnoWVVNmF0JaLUK7daLkcm9S8E2Hs",
		"qwertyuiopasdfghjklzxcvbnm123456", NULL, 1795000010, false},
	{"bearer, no signature", "POST", "", "{\"message_uuid\":\"u1\"}",
		"Bearer "
		"eyJ0eXAiOiAiSldUIiwgImFsZyI6ICJIUzI1NiJ9."
		"eyJpYXQiOiAxNzk1MDAwMDAwLCAicGF5bG9hZF9oYXNoIjogIjQxMGNkNWVjZjRkYTIyOGZjM2FhMmM5YzFmYjYyMzgxNWQ2YjM3MW"
		"YyOTE5YjJjMzUxOGU2NjcyNjVjOTVkYjMiLCAianRpIjogIjEifQ",
		"qwertyuiopasdfghjklzxcvbnm123456", NULL, 1795000010, false},
	{"bearer, empty", "POST", "", "{\"message_uuid\":\"u1\"}", "Bearer ", "qwertyuiopasdfghjklzxcvbnm123456", NULL,
		1795000010, false},
	{"nothing", "POST", "", "{\"message_uuid\":\"u1\"}", NULL, "qwertyuiopasdfghjklzxcvbnm123456", NULL, 1795000010,
		false},
	{"sig HMAC-SHA256", "POST", "",
		"param1=value1&param2=value2&timestamp=1234567890&sig="
		"280c4320703dbc98bfa22db676655ed2acfbfe8792b062ff7622e67f1183c287",
		NULL, "signature_secret", NULL, 1234567890, true},
	{"sig HMAC-SHA256 in a query", "GET",
		"param1=value1&param2=value2&timestamp=1234567890&sig="
		"280c4320703dbc98bfa22db676655ed2acfbfe8792b062ff7622e67f1183c287",
		"", NULL, "signature_secret", NULL, 1234567890, true},
	{"sig HMAC-MD5", "POST", "",
		"param1=value1&param2=value2&timestamp=1234567890&sig=724c2bf6ca423c36e20631b11d1c5753", NULL,
		"signature_secret", NULL, 1234567890, true},
	{"sig HMAC-MD5 in a query", "GET",
		"param1=value1&param2=value2&timestamp=1234567890&sig=724c2bf6ca423c36e20631b11d1c5753", "", NULL,
		"signature_secret", NULL, 1234567890, true},
	{"sig & and = in values", "POST", "",
		"param1=value%261&param2=value%3D2&timestamp=1234567890&sig=2bbf0abafb2c55e5af6231513896a2ac", NULL,
		"signature_secret", NULL, 1234567890, true},
	{"sig & and = in values in a query", "GET",
		"param1=value%261&param2=value%3D2&timestamp=1234567890&sig=2bbf0abafb2c55e5af6231513896a2ac", "", NULL,
		"signature_secret", NULL, 1234567890, true},
	{"sig MD5 hash", "POST", "",
		"param1=value1&param2=value2&timestamp=1234567890&sig=d72f75ac8cda9bbce891c4fa62bee6cd", NULL,
		"signature_secret", NULL, 1234567890, true},
	{"sig MD5 hash, other secret", "POST", "",
		"param1=value1&param2=value2&timestamp=1234567890&sig=d72f75ac8cda9bbce891c4fa62bee6cd", NULL,
		"signature_secreu", NULL, 1234567890, false},
	{"sig MD5 hash, secret before", "POST", "",
		"param1=value1&param2=value2&timestamp=1234567890&sig=d72f75ac8cda9bbce891c4fa62bee6cd", NULL, "new",
		"signature_secret", 1234567890, true},
	{"sig MD5 hash, another value", "POST", "",
		"param1=value1&param2=value3&timestamp=1234567890&sig=d72f75ac8cda9bbce891c4fa62bee6cd", NULL,
		"signature_secret", NULL, 1234567890, false},
	{"sig one parameter", "POST", "", "param=value&timestamp=1234567890&sig=655a4d0b7f064dff438defc52b012cf5", NULL,
		"signature_secret", NULL, 1234567890, true},
	{"sig one parameter in a query", "GET", "param=value&timestamp=1234567890&sig=655a4d0b7f064dff438defc52b012cf5",
		"", NULL, "signature_secret", NULL, 1234567890, true},
	{"sig in capitals", "POST", "",
		"sig=280C4320703DBC98BFA22DB676655ED2ACFBFE8792B062FF7622E67F1183C287&param1=value1&param2=value2&"
		"timestamp=1234567890",
		NULL, "signature_secret", NULL, 1234567890, true},
	{"sig in JSON", "POST", "",
		"{\"param1\":\"value1\",\"param2\":\"value2\",\"timestamp\":1234567890,\"sig\":"
		"\"280c4320703dbc98bfa22db676655ed2acfbfe8792b062ff7622e67f1183c287\"}",
		NULL, "signature_secret", NULL, 1234567890, true},
	{"sig, secret before", "POST", "",
		"param1=value1&param2=value2&timestamp=1234567890&sig="
		"280c4320703dbc98bfa22db676655ed2acfbfe8792b062ff7622e67f1183c287",
		NULL, "new", "signature_secret", 1234567890, true},
	{"sig, other secret", "POST", "",
		"param1=value1&param2=value2&timestamp=1234567890&sig="
		"280c4320703dbc98bfa22db676655ed2acfbfe8792b062ff7622e67f1183c287",
		NULL, "signature_secreu", NULL, 1234567890, false},
	{"sig, truncated", "POST", "",
		"param1=value1&param2=value2&timestamp=1234567890&sig="
		"280c4320703dbc98bfa22db676655ed2acfbfe8792b062ff7622e67f1183c28",
		NULL, "signature_secret", NULL, 1234567890, false},
	{"sig, missing", "POST", "", "param1=value1&param2=value2&timestamp=1234567890", NULL, "signature_secret", NULL,
		1234567890, false},
	{"sig, empty", "POST", "", "param1=value1&param2=value2&timestamp=1234567890&sig=", NULL, "signature_secret",
		NULL, 1234567890, false},
	{"sig, another value", "POST", "",
		"param1=value1&param2=value3&timestamp=1234567890&sig="
		"280c4320703dbc98bfa22db676655ed2acfbfe8792b062ff7622e67f1183c287",
		NULL, "signature_secret", NULL, 1234567890, false},
	{"sig, inside the window", "POST", "",
		"param1=value1&param2=value2&timestamp=1234567890&sig="
		"280c4320703dbc98bfa22db676655ed2acfbfe8792b062ff7622e67f1183c287",
		NULL, "signature_secret", NULL, 1234657890, true},
	{"sig, outside the window", "POST", "",
		"param1=value1&param2=value2&timestamp=1234567890&sig="
		"280c4320703dbc98bfa22db676655ed2acfbfe8792b062ff7622e67f1183c287",
		NULL, "signature_secret", NULL, 1234657891, false},
	{"sig, with a part that it does not cover", "POST", "",
		"{\"param1\":\"value1\",\"param2\":\"value2\",\"timestamp\":1234567890,\"location\":{\"lat\":1,\"long\":2},"
		"\"sig\":\"280c4320703dbc98bfa22db676655ed2acfbfe8792b062ff7622e67f1183c287\"}",
		NULL, "signature_secret", NULL, 1234567890, false},
	{"sig, two fields in the name of one", "POST", "",
		"{\"param1=value1&param2\":\"value2\",\"timestamp\":1234567890,\"sig\":"
		"\"280c4320703dbc98bfa22db676655ed2acfbfe8792b062ff7622e67f1183c287\"}",
		NULL, "signature_secret", NULL, 1234567890, false},
	{"sig, two fields in the name of one, of a form", "POST", "",
		"param1%3Dvalue1%26param2=value2&timestamp=1234567890&sig="
		"280c4320703dbc98bfa22db676655ed2acfbfe8792b062ff7622e67f1183c287",
		NULL, "signature_secret", NULL, 1234567890, false},
	{"bearer of an empty body, beside a query that it does not cover", "GET", "messageId=1&msisdn=2&text=3", "",
		"Bearer "
		"eyJ0eXAiOiAiSldUIiwgImFsZyI6ICJIUzI1NiJ9.eyJpYXQiOiAxNzk1MDAwMDAwLCAicGF5bG9hZF9oYXNoIjogImUzYjBjNDQ"
		"yOThmYzFjMTQ5YWZiZjRjODk5NmZiOTI0MjdhZTQxZTQ2NDliOTM0Y2E0OTU5OTFiNzg1MmI4NTUifQ.RQPXOLku2LIh1x6nnl3R"
		"1tp4SL3WZmpnPY_cFYZ5QZM",
		"qwertyuiopasdfghjklzxcvbnm123456", NULL, 1795000010, false},
	{"DELETE", "DELETE", "", "", NULL, "x", NULL, 0, false},
};

static void test_credentials(void **state)
{
	struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct config_channel settings = {.name = "c"};
		struct view secrets[] = {view_of(cases[i].secret), view_of(cases[i].previous)};
		struct channel channel = {
			.settings = &settings, .secrets = secrets, .secret_count = cases[i].previous ? 2 : 1};
		struct view body = view_of(cases[i].body);
		UNIT_SCOPED char *block = unit_heap(body);
		struct http_field header = {VIEW("Authorization"), view_of(cases[i].authorization)};
		struct http_request request = {.method = view_of(cases[i].method),
			.query = view_of(cases[i].query),
			.body = {block, body.len},
			.headers = &header,
			.header_count = cases[i].authorization ? 1 : 0};
		struct channel_answer answer = {0};
		enum channel_verdict verdict =
			channel_vonage.verify(&channel, &request, cases[i].now * 1000000, arena, &answer);

		unit_same_number(cases[i].name, verdict == CHANNEL_GENUINE, cases[i].good);
		if (!cases[i].good)
			assert_true(answer.status == 401 || answer.status == 405);
	}
	arena_free(&arena);
}

/* The token of Vonage's own tests: it holds no hash of a body, so it is looked at alone. */
static void test_token(void **state)
{
	static const char token[] = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9."
				    "eyJpc3MiOiJPbmxpbmUgSldUIEJ1aWxkZXIiLCJpYXQiOjE2OTc2MzQ2ODAsImV4cCI6MzMyNTQ1NDA4Mj"
				    "gsImF1ZCI6IiIsInN1YiI6IiJ9."
				    "88vJc3I2HhuqEDixHXVhc9R30tA6U_HQHZTC29y6CGM";
	struct view secret = VIEW("qwertyuiopasdfghjklzxcvbnm123456"), wrong = VIEW("qwertyuiopasdfghjklzxcvbnm123450");
	struct channel channel = {.secrets = &secret, .secret_count = 1},
		       other = {.secrets = &wrong, .secret_count = 1};
	struct arena *arena = arena_new();
	json_t *claims = vonage_claims(&channel, arena, view_of(token));

	assert_non_null(claims);
	assert_int_equal(json_integer_value(json_object_get(claims, "iat")), 1697634680);
	json_decref(claims);
	assert_null(vonage_claims(&other, arena, view_of(token)));
	assert_null(vonage_claims(&channel, arena, view_sub(view_of(token), 0, sizeof(token) - 2)));
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_credentials),
		cmocka_unit_test(test_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
