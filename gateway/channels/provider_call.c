/* channels/provider_call: signatures, and calls to the providers' APIs. See provider.h. */
#include "channels/provider.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define SHA256_BYTES 32
#define CREDENTIAL_MAX 4096 /* bytes of an Authorization header */

static const char digits[] = "0123456789abcdef";

static void to_hex(const unsigned char *bytes, size_t len, char *out)
{
	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * len] = '\0';
}

static const EVP_MD *method_of(enum provider_hash hash)
{
	switch (hash) {
	case PROVIDER_MD5:
	case PROVIDER_MD5_PLAIN:
		return EVP_md5();
	case PROVIDER_SHA1:
		return EVP_sha1();
	case PROVIDER_SHA512:
		return EVP_sha512();
	default:
		return EVP_sha256();
	}
}

static bool digest(const EVP_MD *method, struct view data, struct view secret, unsigned char *out, unsigned *len_out)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good = context && EVP_DigestInit_ex(context, method, NULL) == 1 &&
		    EVP_DigestUpdate(context, data.ptr ? data.ptr : "", data.len) == 1 &&
		    EVP_DigestUpdate(context, secret.ptr, secret.len) == 1 &&
		    EVP_DigestFinal_ex(context, out, len_out) == 1;

	EVP_MD_CTX_free(context);
	return good;
}

/* What proves the data under this secret. */
static bool prove(enum provider_hash hash, struct view data, struct view secret, unsigned char *out, unsigned *len_out)
{
	if (hash == PROVIDER_MD5_PLAIN)
		return digest(method_of(hash), data, secret, out, len_out);
	return HMAC(method_of(hash), secret.ptr, (int)secret.len, (const unsigned char *)data.ptr, data.len, out,
		       len_out) != NULL;
}

static void spell(const unsigned char *mac, unsigned len, enum provider_spelling spelling, char *text)
{
	if (spelling == PROVIDER_HEX) {
		to_hex(mac, len, text);
		return;
	}
	EVP_EncodeBlock((unsigned char *)text, mac, (int)len);
	if (spelling == PROVIDER_BASE64)
		return;
	for (char *c = text; *c; c++) {
		if (*c == '+')
			*c = '-';
		if (*c == '/')
			*c = '_';
		if (*c == '=')
			*c = '\0';
		if (!*c)
			break;
	}
}

bool provider_signed(const struct channel *channel, enum provider_hash hash, enum provider_spelling spelling,
	struct view data, struct view shown)
{
	bool good = false;

	for (size_t i = 0; i < channel->secret_count; i++) {
		struct view secret = channel->secrets[i];
		unsigned char mac[EVP_MAX_MD_SIZE];
		char text[2 * EVP_MAX_MD_SIZE + 1];
		unsigned len = 0;

		if (!prove(hash, data, secret, mac, &len))
			continue;
		spell(mac, len, spelling, text);
		good |= channel_same_secret(shown, view_of(text));
	}
	return good;
}

int provider_base64(struct arena *arena, struct view text, struct view *out)
{
	size_t padded = (text.len + 3) / 4 * 4, missing = padded - text.len;
	unsigned char *in = arena_alloc(arena, padded + 1), *bytes = arena_alloc(arena, padded + 1);
	int len;

	for (size_t i = 0; i < padded; i++) {
		char c = i < text.len ? text.ptr[i] : '=';

		in[i] = (unsigned char)(c == '-' ? '+' : c == '_' ? '/' : c);
		missing += c == '=' && i < text.len;
	}
	len = missing < 3 ? EVP_DecodeBlock(bytes, in, (int)padded) : -1;
	if (len < (int)missing)
		return -1;
	*out = (struct view){(const char *)bytes, (size_t)len - missing};
	return 0;
}

const char *provider_sha256_hex(struct arena *arena, struct view data)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	char *text = arena_alloc(arena, 2 * SHA256_BYTES + 1);
	unsigned len = 0;

	if (!EVP_Digest(data.ptr ? data.ptr : "", data.len, hash, &len, EVP_sha256(), NULL) || len != SHA256_BYTES)
		abort(); /* OpenSSL without SHA-256 */
	to_hex(hash, len, text);
	return text;
}

static int nibble(char c)
{
	const char *found = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c) : NULL;

	return found ? (int)(found - digits) : -1;
}

struct view provider_sha256(struct arena *arena, const json_t *json)
{
	unsigned char *bytes = arena_alloc(arena, SHA256_BYTES + 4);
	const char *text = json_is_string(json) ? json_string_value(json) : "";
	size_t len = json_is_string(json) ? json_string_length(json) : 0;

	if (len == 2 * SHA256_BYTES) {
		for (size_t i = 0; i < SHA256_BYTES; i++) {
			int high = nibble(text[2 * i]), low = nibble(text[2 * i + 1]);

			if (high < 0 || low < 0)
				return VIEW("");
			bytes[i] = (unsigned char)(high << 4 | low);
		}
		return (struct view){(const char *)bytes, SHA256_BYTES};
	}
	if (len == 44 && text[43] == '=' && EVP_DecodeBlock(bytes, (const unsigned char *)text, 44) == SHA256_BYTES + 1)
		return (struct view){(const char *)bytes, SHA256_BYTES};
	return VIEW("");
}

bool provider_logged_in(const struct channel *channel, struct view shown, struct arena *arena)
{
	struct view basic = VIEW("Basic "), login;
	bool known = false;

	if (!view_starts_nocase(shown, basic) || shown.len > CREDENTIAL_MAX || !channel->settings->user ||
		provider_base64(arena, view_trim(view_sub(shown, basic.len, shown.len)), &login) < 0)
		return false;
	for (size_t i = 0; i < channel->secret_count; i++)
		known |= channel_same_secret(login, view_of(arena_printf(arena, "%s:%.*s", channel->settings->user,
							    VIEW_ARGS(channel->secrets[i]))));
	return known;
}

enum channel_verdict provider_refuse(struct channel_answer *out, int status)
{
	*out = (struct channel_answer){.status = status};
	return CHANNEL_FORGED;
}

/* ---- calls ---- */

const char *provider_base(const struct channel *channel, struct arena *arena, const char *fallback)
{
	struct view base = view_of(channel->settings->api_url ? channel->settings->api_url : fallback);

	while (view_ends(base, VIEW("/")))
		base.len--;
	return arena_copy(arena, base.ptr, base.len);
}

const char *provider_bearer(const struct channel *channel, struct arena *arena)
{
	return arena_printf(arena, "Authorization: Bearer %.*s", VIEW_ARGS(channel->token));
}

int provider_post_json(struct http_client *http, const char *url, const char *const *headers, const json_t *body,
	struct arena *arena, struct http_answer *out, json_t **json_out, struct error *err)
{
	const char *list[8] = {"Content-Type: application/json"};
	char *text = json_dumps(body, JSON_COMPACT);
	struct http_call call = {.method = "POST",
		.url = url,
		.headers = list,
		.answer_max = PROVIDER_ANSWER_MAX,
		.seconds = PROVIDER_SECONDS};
	int result;

	if (!text)
		return error_set(err, REACH_MESSAGE, "the message is no text that JSON can hold");
	for (size_t i = 0; headers && headers[i] && i + 2 < sizeof(list) / sizeof(list[0]); i++)
		list[i + 1] = headers[i];
	call.body = view_of(text);
	result = http_client_call(http, &call, arena, out, err);
	free(text);
	if (result == 0)
		*json_out = provider_json(arena, out->body, NULL);
	return result;
}

static enum error_reach reach_of(int status)
{
	if (status == 408 || status == 425 || status == 429 || status >= 500 || status < 400)
		return REACH_RETRY;
	return status == 401 || status == 403 || status == 404 ? REACH_SOURCE : REACH_MESSAGE;
}

int provider_status_error(const struct http_answer *answer, struct view words, struct error *err)
{
	if (words.len == 0)
		return error_set(err, reach_of(answer->status), "the provider answers with status %d", answer->status);
	return error_set(err, reach_of(answer->status), "the provider answers with status %d: %.*s", answer->status,
		VIEW_ARGS(view_sub(words, 0, 300)));
}

static bool is_hash(struct arena *arena, struct view bytes, struct view sha256)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	return EVP_Digest(bytes.ptr ? bytes.ptr : "", bytes.len, hash, &len, EVP_sha256(), NULL) &&
	       view_equal((struct view){(const char *)hash, len}, sha256);
}

int provider_media(struct http_client *http, struct http_call *call, size_t max, struct view sha256,
	struct arena *arena, struct view *bytes_out, struct error *err)
{
	struct http_answer answer;

	call->method = "GET";
	call->answer_max = max;
	call->seconds = PROVIDER_MEDIA_SECONDS;
	if (http_client_call(http, call, arena, &answer, err) < 0)
		return -1;
	if (answer.status == 404 || answer.status == 410)
		return error_set(err, REACH_MESSAGE, "the provider has it no more (status %d)", answer.status);
	if (answer.status != 200)
		return provider_status_error(&answer, VIEW(""), err);
	if (sha256.len > 0 && !is_hash(arena, answer.body, sha256))
		return error_set(err, REACH_RETRY, "the bytes are not those that the provider named (SHA-256)");
	*bytes_out = answer.body;
	return 0;
}

int provider_login(const struct channel *channel, struct arena *arena, const char *what, struct http_call *call,
	struct error *err)
{
	if (channel->token.len == 0 || !channel->settings->account)
		return error_set(err, REACH_SOURCE, "write `account: ...` and `token: {file: ...}`: %s", what);
	call->user = channel->settings->account;
	call->password = arena_copy(arena, channel->token.ptr, channel->token.len);
	return 0;
}

int provider_media_of_login(const struct channel *channel, struct http_client *http, const struct channel_media *media,
	struct http_call *call, size_t max, struct arena *arena, struct view *bytes_out, struct error *err)
{
	call->url = arena_copy(arena, media->url.ptr, media->url.len);
	if (provider_login(channel, arena, "", call, err) < 0)
		return error_set(err, REACH_MESSAGE, "without `account` and `token` nothing can be fetched");
	return provider_media(http, call, max, VIEW(""), arena, bytes_out, err);
}
