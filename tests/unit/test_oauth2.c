/*
 * net/oauth2, store/seal and what is pure of oauth/: the bytes of XOAUTH2, PKCE's vector (RFC 7636 B), forms and
 * queries, assertions, who can mend which refusal, what may be repeated, sealing, the code in an address, what ends
 * when.
 */
#include "tests/unit/unit.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "core/clock.h"
#include "oauth/oauth.h"
#include "store/seal.h"

#define SECOND INT64_C(1000000)
#define DAY (86400 * SECOND)

/* ---- XOAUTH2, PKCE, forms ---- */

static void test_sasl(void **state)
{
	static const struct {
		const char *user, *token, *expected; /* NULL: refused */
	} cases[] = {
		{"someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg",
			"user=someuser@example.com\001auth=Bearer "
			"ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\001\001"},
		{"a,b=c", "t", "user=a,b=c\001auth=Bearer t\001\001"},
		{"a\001auth=Bearer x", "t", NULL},
		{"a\r\n", "t", NULL},
		{"a", "t\n", NULL},
		{"", "t", NULL},
		{"a", "", NULL},
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		UNIT_SCOPED char *user = unit_heap(view_of(cases[i].user)), *token = unit_heap(view_of(cases[i].token));
		struct error err = ERROR_INIT;
		struct view out = VIEW_NULL;
		int result = oauth2_sasl((struct view){user, strlen(cases[i].user)},
			(struct view){token, strlen(cases[i].token)}, arena, &out, &err);

		unit_same_number(cases[i].user, result, cases[i].expected ? 0 : -1);
		if (result == 0)
			unit_same(cases[i].user, out, view_of(cases[i].expected));
	}
	assert_int_equal(oauth2_sasl((struct view){"a\0b", 3}, VIEW("t"), arena, &(struct view){0}, NULL), -1);
	arena_free(&arena);
}

/* RFC 7636, appendix B. */
static void test_challenge(void **state)
{
	char challenge[OAUTH2_CHALLENGE_SIZE];

	(void)state;
	oauth2_challenge(VIEW("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), challenge);
	assert_string_equal(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

static void test_random_word(void **state)
{
	struct arena *arena = arena_new();
	const char *one = oauth2_random_word(arena), *two = oauth2_random_word(arena);

	(void)state;
	assert_int_equal(strlen(one), 43);
	assert_int_equal(strspn(one, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 43);
	assert_string_not_equal(one, two);
	arena_free(&arena);
}

static void test_form(void **state)
{
	struct text form;

	(void)state;
	text_init(&form, 1000);
	oauth2_form_add(&form, "a", VIEW("x y&z=1+2"));
	oauth2_form_add(&form, "b", VIEW("~-._é\0%"));
	assert_string_equal(text_string(&form), "a=x%20y%26z%3D1%2B2&b=~-._%C3%A9%00%25");
	text_release(&form);
}

static void test_query(void **state)
{
	static const struct {
		const char *query, *name;
		int result;
		const char *value;
	} cases[] = {
		{"code=abc&state=x", "code", 1, "abc"},
		{"code=abc&state=x", "state", 1, "x"},
		{"code=a%2Fb%20c+d&state=", "code", 1, "a/b c d"},
		{"code=a&state=", "state", 1, ""},
		{"xcode=a&codex=b", "code", 0, ""},
		{"", "code", 0, ""},
		{"code", "code", 0, ""},
		{"code=%", "code", -1, ""},
		{"code=%2", "code", -1, ""},
		{"code=%zz", "code", -1, ""},
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		UNIT_SCOPED char *query = unit_heap(view_of(cases[i].query));
		struct view value = VIEW_NULL;

		unit_same_number(cases[i].query,
			oauth2_query_value((struct view){query, strlen(cases[i].query)}, cases[i].name, arena, &value),
			cases[i].result);
		unit_same(cases[i].query, value, view_of(cases[i].value));
	}
	arena_free(&arena);
}

static void test_login_url(void **state)
{
	const struct config_oauth google = {.provider = "google",
		.client_id = "id 1",
		.auth_url = "https://a.example/auth",
		.scope = "https://mail.google.com/"};
	const struct config_oauth custom = {
		.provider = "custom", .client_id = "i", .auth_url = "https://a.example/auth"};
	struct arena *arena = arena_new();
	const char *verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

	(void)state;
	assert_string_equal(oauth2_login_url(&google, "http://127.0.0.1:80/", "st", verifier, arena),
		"https://a.example/auth?response_type=code&client_id=id%201&redirect_uri=http%3A%2F%2F127.0.0.1%3A80%2F"
		"&scope=https%3A%2F%2Fmail.google.com%2F&state=st&code_challenge="
		"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
		"&code_challenge_method=S256&access_type=offline&prompt=consent");
	unit_holds("custom", oauth2_login_url(&custom, "http://127.0.0.1:80/", "st", verifier, arena),
		"&state=st&code_challenge=");
	assert_null(strstr(oauth2_login_url(&custom, "http://127.0.0.1:80/", "st", verifier, arena), "offline"));
	arena_free(&arena);
}

static void test_code(void **state)
{
	static const struct {
		const char *address;
		enum error_reach reach; /* NONE: there is a code */
		const char *words;	/* the code, or a part of what is wrong */
	} cases[] = {
		{"/?code=abc%2F1&state=ours", REACH_NONE, "abc/1"},
		{"http://127.0.0.1:4711/?state=ours&code=abc#x", REACH_NONE, "abc"},
		{"http://localhost/?code=abc&state=other", REACH_MESSAGE, "another login"},
		{"http://localhost/?code=abc", REACH_MESSAGE, "another login"},
		{"http://localhost/?state=ours", REACH_MESSAGE, "no code"},
		{"http://localhost/?state=ours&code=", REACH_MESSAGE, "no code"},
		{"http://localhost/", REACH_MESSAGE, "no code"},
		{"", REACH_MESSAGE, "no code"},
		{"/?error=access_denied&error_description=not%0D%0Anow&state=ours", REACH_STOP,
			"access_denied: not now"},
		{"/?error=access_denied&state=other", REACH_MESSAGE, "another login"},
	};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		UNIT_SCOPED char *address = unit_heap(view_of(cases[i].address));
		struct error err = ERROR_INIT;
		struct view code = VIEW_NULL;
		int result =
			oauth_code_of((struct view){address, strlen(cases[i].address)}, "ours", arena, &code, &err);

		unit_same_number(cases[i].address, result, cases[i].reach == REACH_NONE ? 0 : -1);
		unit_same_number(cases[i].address, err.reach, cases[i].reach);
		if (result == 0)
			unit_same(cases[i].address, code, view_of(cases[i].words));
		else
			unit_holds(cases[i].address, err.text, cases[i].words);
	}
	arena_free(&arena);
}

/* ---- who can mend it ---- */

static void test_classes(void **state)
{
	static const struct {
		const char *grant;
		int status;
		const char *answer; /* NULL: no JSON */
		enum oauth2_class class;
	} cases[] = {
		{"refresh", 400, "{\"error\": \"invalid_grant\"}", OAUTH2_LOGIN},
		{"refresh", 400, "{\"error\": \"interaction_required\"}", OAUTH2_LOGIN},
		{"refresh", 400, "{\"error\": \"temporarily_unavailable\"}", OAUTH2_RETRY},
		{"refresh", 401, "{\"error\": \"invalid_client\"}", OAUTH2_ADMIN},
		{"refresh", 400, "{\"error\": \"unauthorized_client\"}", OAUTH2_ADMIN},
		{"refresh", 400, "{\"error\": \"invalid_scope\"}", OAUTH2_ADMIN},
		{"refresh", 400, "{\"error\": \"never heard of\"}", OAUTH2_ADMIN},
		{"refresh", 400, "{\"error\": 7}", OAUTH2_ADMIN},
		{"refresh", 404, NULL, OAUTH2_ADMIN},
		{"refresh", 302, NULL, OAUTH2_ADMIN},
		{"refresh", 200, NULL, OAUTH2_RETRY},
		/* the status comes first */
		{"refresh", 500, "{\"error\": \"invalid_grant\"}", OAUTH2_RETRY},
		{"refresh", 503, NULL, OAUTH2_RETRY},
		{"refresh", 429, "{\"error\": \"invalid_client\"}", OAUTH2_RETRY},
		{"refresh", 408, NULL, OAUTH2_RETRY},
		/* Microsoft's numbers refine */
		{"refresh", 400, "{\"error\": \"invalid_grant\", \"error_codes\": [70008]}", OAUTH2_LOGIN},
		{"refresh", 400, "{\"error\": \"invalid_grant\", \"error_codes\": [90033]}", OAUTH2_RETRY},
		{"refresh", 400, "{\"error\": \"invalid_grant\", \"error_codes\": [50196]}", OAUTH2_RETRY},
		{"refresh", 400, "{\"error\": \"invalid_grant\", \"error_codes\": [500011]}", OAUTH2_ADMIN},
		{"refresh", 400, "{\"error\": \"invalid_request\", \"error_codes\": [65001]}", OAUTH2_LOGIN},
		{"refresh", 401, "{\"error\": \"invalid_client\", \"error_codes\": [7000222]}", OAUTH2_ADMIN},
		{"refresh", 400, "{\"error\": \"invalid_grant\", \"error_codes\": [1, 2, 53003]}", OAUTH2_LOGIN},
		{"refresh", 400, "{\"error\": \"invalid_grant\", \"error_codes\": [12345]}", OAUTH2_LOGIN},
		{"refresh", 400, "{\"error\": \"invalid_grant\", \"error_codes\": \"90033\"}", OAUTH2_LOGIN},
		/* never what is meant for people */
		{"refresh", 400,
			"{\"error\": \"invalid_grant\", \"error_description\": \"AADSTS90033: "
			"temporarily_unavailable\"}",
			OAUTH2_LOGIN},
		/* nobody ever logged in */
		{"service_account", 400, "{\"error\": \"invalid_grant\"}", OAUTH2_ADMIN},
		{"client_credentials", 400, "{\"error\": \"invalid_grant\", \"error_codes\": [70008]}", OAUTH2_ADMIN},
		{"client_credentials", 503, NULL, OAUTH2_RETRY},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct config_oauth settings = {.grant = cases[i].grant};
		json_t *answer = cases[i].answer ? json_loads(cases[i].answer, 0, NULL) : NULL;
		char name[200];

		snprintf(name, sizeof(name), "%s %d %.150s", cases[i].grant, cases[i].status,
			cases[i].answer ? cases[i].answer : "");
		unit_same_number(name, oauth2_classify(&settings, cases[i].status, answer), cases[i].class);
		json_decref(answer);
	}
}

/* ---- what may be repeated ---- */

static void test_shows(void **state)
{
	static const char token[] = "ya29.A0ARrdaM-abcdefghijklmnopqrstuvwxyz0123456789";
	struct arena *arena = arena_new();
	struct view response = VIEW_NULL;
	char coded[400], clean[12];

	(void)state;
	oauth2_sasl(VIEW("field@example.org"), view_of(token), arena, &response, NULL);
	EVP_EncodeBlock((unsigned char *)coded, (const unsigned char *)response.ptr, (int)response.len);
	assert_true(oauth2_shows(view_of(arena_printf(arena, "no: %s", token)), VIEW("u"), view_of(token)));
	assert_true(oauth2_shows(VIEW("cut: ...ghijklmnopqrst"), VIEW("u"), view_of(token)));
	assert_true(oauth2_shows(
		view_of(arena_printf(arena, "no %.60s", coded + 30)), VIEW("field@example.org"), view_of(token)));
	assert_false(oauth2_shows(
		VIEW("AUTHENTICATE failed for field@example.org"), VIEW("field@example.org"), view_of(token)));
	assert_false(oauth2_shows(VIEW(""), VIEW("u"), view_of(token)));
	assert_false(oauth2_shows(VIEW("words"), VIEW("u"), VIEW("")));
	oauth2_clean(VIEW("a\r\nb\x1b[0m and so on"), clean, sizeof(clean));
	assert_string_equal(clean, "a b [0m and");
	arena_free(&arena);
}

/* ---- assertions of service accounts ---- */

static size_t from_base64url(struct view part, unsigned char *out)
{
	char padded[4096];
	size_t len = part.len, zeroes;

	memcpy(padded, part.ptr, len);
	for (size_t i = 0; i < len; i++)
		padded[i] = padded[i] == '-' ? '+' : padded[i] == '_' ? '/' : padded[i];
	zeroes = (4 - len % 4) % 4;
	memset(padded + len, '=', zeroes);
	assert_true(EVP_DecodeBlock(out, (const unsigned char *)padded, (int)(len + zeroes)) > 0);
	return (len + zeroes) / 4 * 3 - zeroes;
}

static char *pem_of(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *bytes, *pem;
	long len;

	PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	len = BIO_get_mem_data(bio, &bytes);
	pem = strndup(bytes, (size_t)len);
	BIO_free(bio);
	return pem;
}

static json_t *part_of(struct view part)
{
	unsigned char bytes[4096];
	size_t len = from_base64url(part, bytes);

	return json_loadb((const char *)bytes, len, 0, NULL);
}

static const struct config_oauth service = {.grant = "service_account",
	.token_url = "https://oauth2.googleapis.com/token",
	.scope = "https://mail.google.com/",
	.subject = "field@example.org"};

static void test_assertion(void **state)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	char *pem = pem_of(key), *file;
	json_t *json = json_pack("{s:s, s:s, s:s}", "client_email", "robot@project.example", "private_key", pem,
		"private_key_id", "key7");
	struct arena *arena = arena_new();
	struct error err = ERROR_INIT;
	struct view jwt = VIEW_NULL, rest, head, claims;
	unsigned char signature[1024];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t len;

	(void)state;
	file = json_dumps(json, 0);
	assert_int_equal(oauth2_assertion(&service, view_of(file), 1700000000 * SECOND, arena, &jwt, &err), 0);
	rest = jwt;
	view_next_field(&rest, '.', &head);
	view_next_field(&rest, '.', &claims);
	len = from_base64url(rest, signature);
	EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key);
	assert_int_equal(
		EVP_DigestVerify(context, signature, len, (const unsigned char *)jwt.ptr, head.len + 1 + claims.len),
		1);
	json_decref(json);
	json = part_of(head);
	assert_string_equal(json_string_value(json_object_get(json, "alg")), "RS256");
	assert_string_equal(json_string_value(json_object_get(json, "kid")), "key7");
	json_decref(json);
	json = part_of(claims);
	assert_string_equal(json_string_value(json_object_get(json, "iss")), "robot@project.example");
	assert_string_equal(json_string_value(json_object_get(json, "sub")), "field@example.org");
	assert_string_equal(json_string_value(json_object_get(json, "aud")), service.token_url);
	assert_string_equal(json_string_value(json_object_get(json, "scope")), service.scope);
	assert_true(json_integer_value(json_object_get(json, "iat")) <= 1700000000);
	assert_int_equal(
		json_integer_value(json_object_get(json, "exp")) - json_integer_value(json_object_get(json, "iat")),
		3600);
	json_decref(json);
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	free(file);
	free(pem);
	arena_free(&arena);
}

static void test_bad_key_files(void **state)
{
	static const char *const files[] = {"", "no JSON", "{}", "[]", "{\"client_email\": \"a\"}",
		"{\"client_email\": \"a\", \"private_key\": \"-----BEGIN PRIVATE KEY-----\\nsecretsecret\\n-----END "
		"PRIVATE KEY-----\\n\"}",
		"{\"client_email\": 1, \"private_key\": 2}"};

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		UNIT_SCOPED char *file = unit_heap(view_of(files[i]));
		struct arena *arena = arena_new();
		struct error err = ERROR_INIT;
		struct view jwt;

		assert_int_equal(
			oauth2_assertion(&service, (struct view){file, strlen(files[i])}, 0, arena, &jwt, &err), -1);
		assert_int_equal(err.reach, REACH_STOP);
		assert_null(strstr(err.text, "secretsecret"));
		arena_free(&arena);
	}
}

/* ---- sealing ---- */

#define KEY_BASE64 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define KEY_HEX "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"
#define OTHER_KEY "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static struct seal_key key_of(const char *text)
{
	struct error err = ERROR_INIT;
	struct seal_key key;

	if (seal_key_load(view_of(text), &key, &err) < 0)
		fail_msg("%s", err.text);
	return key;
}

static void test_keys(void **state)
{
	static const char *const bad[] = {"", "short", KEY_HEX "00", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh",
		"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==", "!AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
		"g00102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"};
	struct seal_key one = key_of(KEY_BASE64), two = key_of(KEY_HEX), three = key_of(KEY_BASE64 " \n");

	(void)state;
	assert_memory_equal(one.bytes, two.bytes, SEAL_KEY_BYTES);
	assert_memory_equal(one.bytes, three.bytes, SEAL_KEY_BYTES);
	assert_int_equal(one.bytes[31], 31);
	for (size_t i = 0; i < COUNT(bad); i++) {
		UNIT_SCOPED char *text = unit_heap(view_of(bad[i]));
		struct error err = ERROR_INIT;
		struct seal_key key;

		if (seal_key_load((struct view){text, strlen(bad[i])}, &key, &err) == 0)
			fail_msg("%s is taken", bad[i]);
		assert_int_equal(err.reach, REACH_STOP);
		assert_true(strlen(bad[i]) < 5 || !strstr(err.text, bad[i]));
	}
}

static bool opens(const struct seal_key *key, const char *label, struct view sealed, const char *expected)
{
	UNIT_SCOPED char *block = unit_heap(sealed);
	struct arena *arena = arena_new();
	struct error err = ERROR_INIT;
	struct view value = VIEW_NULL;
	bool good = seal_open(key, view_of(label), (struct view){block, sealed.len}, arena, &value, &err) == 0;

	if (good)
		unit_same(label, value, view_of(expected));
	else
		assert_int_equal(err.reach, REACH_STOP);
	arena_free(&arena);
	return good;
}

/* Another key, another row or column, any byte changed, any length: refused. */
static void test_sealing(void **state)
{
	struct seal_key key = key_of(KEY_BASE64), other = key_of(OTHER_KEY);
	struct arena *arena = arena_new();
	struct view sealed = seal(&key, VIEW("office\nrefresh"), VIEW("the token"), arena);
	struct view again = seal(&key, VIEW("office\nrefresh"), VIEW("the token"), arena);
	char *bytes = arena_copy(arena, sealed.ptr, sealed.len);

	(void)state;
	assert_int_equal(sealed.len, strlen("the token") + SEAL_OVERHEAD);
	assert_true(view_find(sealed, VIEW("token")) < 0);
	assert_false(view_equal(sealed, again)); /* a new nonce each time */
	assert_true(opens(&key, "office\nrefresh", sealed, "the token"));
	assert_true(opens(&key, "office\nrefresh", again, "the token"));
	assert_false(opens(&other, "office\nrefresh", sealed, ""));
	assert_false(opens(&key, "office\naccess", sealed, ""));
	assert_false(opens(&key, "other\nrefresh", sealed, ""));
	for (size_t i = 0; i < sealed.len; i++) {
		bytes[i] ^= 1;
		assert_false(opens(&key, "office\nrefresh", (struct view){bytes, sealed.len}, ""));
		bytes[i] ^= 1;
		assert_false(opens(&key, "office\nrefresh", view_sub(sealed, 0, i), ""));
	}
	assert_true(opens(&key, "a", seal(&key, VIEW("a"), VIEW(""), arena), ""));
	arena_free(&arena);
}

/* ---- what ends when ---- */

static void test_expiry(void **state)
{
	static const struct {
		const char *secret;
		int days; /* the refresh token's; 0: not known */
		bool rotates;
		const char *words; /* NULL: nothing */
	} cases[] = {
		{NULL, 0, false, NULL},
		{"2027-01-31", 0, false, NULL},
		{"2026-12-20", 0, false, "the client secret ends in 28 days (2026-12-20)"},
		{"2026-11-22", 0, false, "the client secret ends within a day"},
		{"2026-11-01", 0, false, "the client secret has ended (2026-11-01)"},
		{NULL, 31, false, NULL},
		{NULL, 29, false, "log in again with `fieldpost oauth login office`"},
		{NULL, 7, false, "the login ends in 7 days"},
		{NULL, 7, true, NULL},
		{NULL, -1, false, "the login has ended"},
	};
	struct arena *arena = arena_new();
	int64_t now = 0;

	(void)state;
	assert_int_equal(clock_parse(VIEW("2026-11-21T12:00:00Z"), &now), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct config_oauth login = {.name = "office", .secret_expires = cases[i].secret};
		int64_t until = cases[i].days ? now + cases[i].days * DAY + SECOND : 0;
		const char *words = oauth_expiry(&login, until, cases[i].rotates, now, arena);

		if (!words != !cases[i].words)
			fail_msg("case %zu: %s", i, words ? words : "nothing");
		if (words)
			unit_holds("expiry", words, cases[i].words);
	}
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sasl),
		cmocka_unit_test(test_challenge),
		cmocka_unit_test(test_random_word),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_login_url),
		cmocka_unit_test(test_code),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_shows),
		cmocka_unit_test(test_assertion),
		cmocka_unit_test(test_bad_key_files),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_sealing),
		cmocka_unit_test(test_expiry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
