/* net/oauth2: requests to the token endpoint. See oauth2.h; oauth2_class.c reads refusals, oauth2_words.c is pure. */
#include "net/oauth2.h"

#include <stdio.h>

#define LIFETIME_MAX ((int64_t)366 * 86400)
#define DEVICE_INTERVAL 5 /* seconds; RFC 8628 3.2 */
#define DEVICE_SECONDS 900
#define WORDS_MAX 220 /* bytes of a server's own words in an error */

#define GRANT_DEVICE "urn:ietf:params:oauth:grant-type:device_code"
#define GRANT_ASSERTION "urn:ietf:params:oauth:grant-type:jwt-bearer"

int oauth2_client_open(
	const struct config_oauth *settings, struct arena *arena, struct oauth2_client *out, struct error *err)
{
	struct oauth2_client client = {.settings = settings};

	if (config_secret_is_set(&settings->client_secret) &&
		config_secret(&settings->client_secret, arena, &client.secret, err) < 0)
		return error_prefix(err, "client_secret");
	if (config_secret_is_set(&settings->service_account) &&
		config_secret(&settings->service_account, arena, &client.service_account, err) < 0)
		return error_prefix(err, "service_account");
	*out = client;
	return 0;
}

/* ---- one request ---- */

/* What was sent, and must not come back in words. */
struct asked {
	const char *url;
	struct text form;
	struct view secrets[3];
};

static void ask_init(struct asked *asked, const char *url, const struct oauth2_client *client, struct view secret)
{
	*asked = (struct asked){.url = url, .secrets = {client->secret, secret}};
	text_init(&asked->form, 4 * OAUTH2_TOKEN_MAX);
}

static void ask_release(struct asked *asked)
{
	oauth2_wipe(text_view(&asked->form));
	text_release(&asked->form);
}

static void add_client(struct asked *asked, const struct oauth2_client *client)
{
	oauth2_form_add(&asked->form, "client_id", view_of(client->settings->client_id));
	if (client->secret.len > 0)
		oauth2_form_add(&asked->form, "client_secret", client->secret);
}

static int send(struct http_client *http, struct asked *asked, struct arena *arena, struct http_answer *out,
	struct oauth2_failure *failure, struct error *err)
{
	static const char *const headers[] = {
		"Content-Type: application/x-www-form-urlencoded", "Accept: application/json", NULL};
	const struct http_call call = {
		.method = "POST",
		.url = asked->url,
		.headers = headers,
		.body = text_view(&asked->form),
		.answer_max = OAUTH2_ANSWER_MAX,
		.seconds = OAUTH2_SECONDS,
	};

	*failure = (struct oauth2_failure){.class = OAUTH2_RETRY};
	if (asked->form.full)
		return error_set(
			err, REACH_STOP, "a request for a token would be larger than %zu bytes", asked->form.maximum);
	if (http_client_call(http, &call, arena, out, err) == 0)
		return 0;
	/* Not reached or not trusted: nothing was sent. Else who knows. */
	failure->answered = err->reach == REACH_SOURCE || err->reach == REACH_MESSAGE;
	if (err->reach == REACH_MESSAGE)
		failure->class = OAUTH2_ADMIN;
	err->reach = failure->class == OAUTH2_RETRY ? REACH_SOURCE : REACH_STOP;
	return error_prefix(err, "the token endpoint could not be asked");
}

static bool shows(const struct asked *asked, struct view words)
{
	for (size_t i = 0; i < sizeof(asked->secrets) / sizeof(asked->secrets[0]); i++)
		if (oauth2_shows(words, VIEW_NULL, asked->secrets[i]))
			return true;
	return false;
}

static void keep(char *out, size_t size, const json_t *value, const struct asked *asked)
{
	struct view words = view_of(json_string_value(value));

	out[0] = '\0';
	if (!shows(asked, words))
		oauth2_clean(words, out, size);
}

/* A refusal in words; what it means was decided without them. */
static int refused(const struct oauth2_client *client, const struct asked *asked, const struct http_answer *answer,
	const json_t *json, struct oauth2_failure *failure, struct error *err)
{
	char words[WORDS_MAX];

	failure->class = oauth2_classify(client->settings, answer->status, json);
	failure->answered = answer->status < 500;
	failure->wait_seconds = answer->retry_after;
	keep(failure->error, sizeof(failure->error), json_object_get(json, "error"), asked);
	keep(failure->correlation, sizeof(failure->correlation), json_object_get(json, "correlation_id"), asked);
	keep(words, sizeof(words), json_object_get(json, "error_description"), asked);
	error_set(err, failure->class == OAUTH2_RETRY ? REACH_SOURCE : REACH_STOP, "%s%sHTTP %d%s%s",
		failure->error, *failure->error ? ", " : "", answer->status, *words ? ": " : "", words);
	return error_prefix(err, "the token endpoint answers");
}

static int not_understood(
	const struct http_answer *answer, const char *what, struct oauth2_failure *failure, struct error *err)
{
	*failure = (struct oauth2_failure){.class = OAUTH2_RETRY};
	return error_set(
		err, REACH_SOURCE, "the token endpoint's answer (HTTP %d) is not understood: %s", answer->status, what);
}

/* ---- tokens out of an answer ---- */

/* RFC 6749 A.12: visible ASCII. All else would forge the line of a login. */
static bool is_token(const json_t *value, struct arena *arena, struct view *out)
{
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);

	if (!text || len == 0 || len > OAUTH2_TOKEN_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] <= ' ' || (unsigned char)text[i] >= 0x7F)
			return false;
	*out = (struct view){arena_copy(arena, text, len), len};
	return true;
}

/* Seconds, as a number or (some do) as text. */
static int64_t seconds_of(const json_t *value, int64_t unknown)
{
	long long seconds = json_is_integer(value) ? json_integer_value(value) : 0;

	if (json_is_string(value) && view_to_int(view_of(json_string_value(value)), 1, LIFETIME_MAX, &seconds) < 0)
		seconds = 0;
	return seconds <= 0 ? unknown : seconds > LIFETIME_MAX ? LIFETIME_MAX : seconds;
}

static const char *read_tokens(const json_t *json, struct arena *arena, struct oauth2_tokens *out)
{
	const json_t *refresh = json_object_get(json, "refresh_token");
	const char *type = json_string_value(json_object_get(json, "token_type"));
	const json_t *lives = json_object_get(json, "refresh_token_expires_in");
	struct oauth2_tokens tokens = {0};

	if (!json_is_object(json))
		return "it is no JSON object";
	if (type && !view_equal_nocase(view_of(type), VIEW("bearer")))
		return "its token_type is not Bearer";
	if (!is_token(json_object_get(json, "access_token"), arena, &tokens.access))
		return "there is no access_token that could be used";
	if (refresh && !json_is_null(refresh) && !is_token(refresh, arena, &tokens.refresh))
		return "its refresh_token cannot be used";
	if (!lives)
		lives = json_object_get(json, "refresh_expires_in");
	tokens.seconds = seconds_of(json_object_get(json, "expires_in"), OAUTH2_LIFETIME_UNKNOWN);
	tokens.refresh_seconds = seconds_of(lives, 0);
	*out = tokens;
	return NULL;
}

static int ask(struct http_client *http, const struct oauth2_client *client, struct asked *asked, struct arena *arena,
	struct oauth2_tokens *out, struct oauth2_failure *failure, struct error *err)
{
	struct http_answer answer;
	const char *wrong;
	json_t *json;
	int result;

	if (send(http, asked, arena, &answer, failure, err) < 0)
		return -1;
	json = json_loadb(answer.body.ptr, answer.body.len, 0, NULL);
	if (answer.status < 200 || answer.status > 299) {
		result = refused(client, asked, &answer, json, failure, err);
	} else {
		wrong = read_tokens(json, arena, out);
		result = wrong ? not_understood(&answer, wrong, failure, err) : 0;
	}
	oauth2_wipe(answer.body);
	json_decref(json);
	return result;
}

/* ---- the grants ---- */

static int fill_assertion(
	struct asked *asked, const struct oauth2_client *client, int64_t now, struct arena *arena, struct error *err)
{
	struct view assertion;

	if (oauth2_assertion(client->settings, client->service_account, now, arena, &assertion, err) < 0)
		return -1;
	asked->secrets[1] = assertion;
	oauth2_form_add(&asked->form, "grant_type", VIEW(GRANT_ASSERTION));
	oauth2_form_add(&asked->form, "assertion", assertion);
	return 0;
}

int oauth2_ask(struct http_client *http, const struct oauth2_client *client, struct view refresh, int64_t now,
	struct arena *arena, struct oauth2_tokens *out, struct oauth2_failure *failure_out, struct error *err)
{
	const struct config_oauth *settings = client->settings;
	struct asked asked;
	int result = 0;

	*failure_out = (struct oauth2_failure){.class = OAUTH2_ADMIN, .answered = true};
	ask_init(&asked, settings->token_url, client, refresh);
	if (strcmp(settings->grant, "service_account") == 0) {
		result = fill_assertion(&asked, client, now, arena, err);
	} else {
		bool person = strcmp(settings->grant, "refresh") == 0;

		oauth2_form_add(&asked.form, "grant_type", person ? VIEW("refresh_token") : VIEW("client_credentials"));
		add_client(&asked, client);
		if (person)
			oauth2_form_add(&asked.form, "refresh_token", refresh);
		if (settings->scope && (!person || strcmp(settings->provider, "google") != 0))
			oauth2_form_add(&asked.form, "scope", view_of(settings->scope));
	}
	if (result == 0)
		result = ask(http, client, &asked, arena, out, failure_out, err);
	ask_release(&asked);
	return result;
}

int oauth2_ask_code(struct http_client *http, const struct oauth2_client *client, struct view code,
	const char *redirect, const char *verifier, struct arena *arena, struct oauth2_tokens *out,
	struct oauth2_failure *failure_out, struct error *err)
{
	struct asked asked;
	int result;

	ask_init(&asked, client->settings->token_url, client, code);
	asked.secrets[2] = view_of(verifier);
	oauth2_form_add(&asked.form, "grant_type", VIEW("authorization_code"));
	add_client(&asked, client);
	oauth2_form_add(&asked.form, "code", code);
	oauth2_form_add(&asked.form, "redirect_uri", view_of(redirect));
	oauth2_form_add(&asked.form, "code_verifier", view_of(verifier));
	result = ask(http, client, &asked, arena, out, failure_out, err);
	ask_release(&asked);
	return result;
}

/* ---- a login by a code (RFC 8628) ---- */

static const char *read_device(const json_t *json, struct arena *arena, struct oauth2_device *out)
{
	const json_t *url = json_object_get(json, "verification_uri");
	struct view device_code, user_code, address;

	if (!url)
		url = json_object_get(json, "verification_url"); /* Google's and others' word before the RFC */
	if (!is_token(json_object_get(json, "device_code"), arena, &device_code) ||
		!is_token(json_object_get(json, "user_code"), arena, &user_code) || !is_token(url, arena, &address))
		return "device_code, user_code or verification_uri is missing";
	*out = (struct oauth2_device){
		.device_code = device_code,
		.user_code = user_code.ptr,
		.url = address.ptr,
		.interval = (int)seconds_of(json_object_get(json, "interval"), DEVICE_INTERVAL),
		.seconds = (int)seconds_of(json_object_get(json, "expires_in"), DEVICE_SECONDS),
	};
	return NULL;
}

int oauth2_device_begin(struct http_client *http, const struct oauth2_client *client, struct arena *arena,
	struct oauth2_device *out, struct error *err)
{
	struct oauth2_failure failure;
	struct http_answer answer;
	struct asked asked;
	json_t *json = NULL;
	const char *wrong;
	int result;

	ask_init(&asked, client->settings->device_url, client, VIEW_NULL);
	add_client(&asked, client);
	if (client->settings->scope)
		oauth2_form_add(&asked.form, "scope", view_of(client->settings->scope));
	result = send(http, &asked, arena, &answer, &failure, err);
	if (result == 0) {
		json = json_loadb(answer.body.ptr, answer.body.len, 0, NULL);
		wrong = answer.status == 200 ? read_device(json, arena, out) : NULL;
		if (answer.status != 200)
			result = refused(client, &asked, &answer, json, &failure, err);
		else if (wrong)
			result = not_understood(&answer, wrong, &failure, err);
	}
	json_decref(json);
	ask_release(&asked);
	return result;
}

int oauth2_device_poll(struct http_client *http, const struct oauth2_client *client, const struct oauth2_device *device,
	struct arena *arena, struct oauth2_tokens *tokens_out, bool *slower_out, struct oauth2_failure *failure_out,
	struct error *err)
{
	struct asked asked;
	int result;

	*slower_out = false;
	ask_init(&asked, client->settings->token_url, client, device->device_code);
	oauth2_form_add(&asked.form, "grant_type", VIEW(GRANT_DEVICE));
	add_client(&asked, client);
	oauth2_form_add(&asked.form, "device_code", device->device_code);
	result = ask(http, client, &asked, arena, tokens_out, failure_out, err);
	ask_release(&asked);
	if (result == 0)
		return 1;
	*slower_out = strcmp(failure_out->error, "slow_down") == 0;
	if (*slower_out || strcmp(failure_out->error, "authorization_pending") == 0 ||
		failure_out->class == OAUTH2_RETRY) {
		error_clear(err);
		return 0;
	}
	return -1;
}
