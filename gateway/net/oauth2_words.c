/* net/oauth2_words: the pure parts: forms, PKCE, XOAUTH2, what may be shown. See oauth2.h. */
#include "net/oauth2.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

#define SHA256_BYTES 32
#define SHOWN_BYTES 12 /* so many bytes of a secret in a row give it away */

static const char digits[] = "0123456789ABCDEF";

void oauth2_form_add(struct text *form, const char *name, struct view value)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	text_add_format(form, "%s%s=", form->len ? "&" : "", name);
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];

		if (c && strchr(plain, c)) {
			text_add_char(form, (char)c);
		} else {
			text_add_char(form, '%');
			text_add_char(form, digits[c >> 4]);
			text_add_char(form, digits[c & 15]);
		}
	}
}

static int nibble(char c)
{
	const char *found = c ? strchr(digits, c >= 'a' && c <= 'f' ? c - ('a' - 'A') : c) : NULL;

	return found ? (int)(found - digits) : -1;
}

static int decode(struct view value, struct arena *arena, struct view *out)
{
	char *bytes = arena_alloc(arena, value.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < value.len; i++) {
		int high, low;

		if (value.ptr[i] != '%') {
			bytes[len++] = value.ptr[i] == '+' ? ' ' : value.ptr[i];
			continue;
		}
		high = i + 2 < value.len ? nibble(value.ptr[i + 1]) : -1;
		low = i + 2 < value.len ? nibble(value.ptr[i + 2]) : -1;
		if (high < 0 || low < 0)
			return -1;
		bytes[len++] = (char)(high << 4 | low);
		i += 2;
	}
	*out = (struct view){bytes, len};
	return 1;
}

int oauth2_query_value(struct view query, const char *name, struct arena *arena, struct view *out)
{
	struct view pair;

	while (view_next_field(&query, '&', &pair)) {
		ptrdiff_t equals = view_find_char(pair, '=');

		if (equals >= 0 && view_equal(view_sub(pair, 0, (size_t)equals), view_of(name)))
			return decode(view_sub(pair, (size_t)equals + 1, pair.len), arena, out);
	}
	return 0;
}

static void to_base64url(const unsigned char *bytes, size_t len, char *out)
{
	int written = EVP_EncodeBlock((unsigned char *)out, bytes, (int)len);

	for (int i = 0; i < written; i++)
		out[i] = out[i] == '+' ? '-' : out[i] == '/' ? '_' : out[i];
	while (written > 0 && out[written - 1] == '=')
		out[--written] = '\0';
}

const char *oauth2_random_word(struct arena *arena)
{
	unsigned char bytes[SHA256_BYTES];
	char *word = arena_alloc(arena, OAUTH2_CHALLENGE_SIZE + 4);

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		abort(); /* without random numbers nothing here is safe */
	to_base64url(bytes, sizeof(bytes), word);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return word;
}

void oauth2_challenge(struct view verifier, char out[OAUTH2_CHALLENGE_SIZE])
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	char text[OAUTH2_CHALLENGE_SIZE + 4];
	unsigned len = 0;

	if (!EVP_Digest(verifier.ptr ? verifier.ptr : "", verifier.len, hash, &len, EVP_sha256(), NULL))
		abort(); /* OpenSSL without SHA-256 */
	to_base64url(hash, len, text);
	memcpy(out, text, OAUTH2_CHALLENGE_SIZE);
}

const char *oauth2_login_url(const struct config_oauth *settings, const char *redirect, const char *state,
	const char *verifier, struct arena *arena)
{
	char challenge[OAUTH2_CHALLENGE_SIZE];
	TEXT_SCOPED query;
	const char *url;

	oauth2_challenge(view_of(verifier), challenge);
	text_init(&query, OAUTH2_TOKEN_MAX);
	oauth2_form_add(&query, "response_type", VIEW("code"));
	oauth2_form_add(&query, "client_id", view_of(settings->client_id));
	oauth2_form_add(&query, "redirect_uri", view_of(redirect));
	if (settings->scope)
		oauth2_form_add(&query, "scope", view_of(settings->scope));
	oauth2_form_add(&query, "state", view_of(state));
	oauth2_form_add(&query, "code_challenge", view_of(challenge));
	oauth2_form_add(&query, "code_challenge_method", VIEW("S256"));
	if (strcmp(settings->provider, "google") == 0) {
		/* else it gives no refresh token, or only the first time */
		oauth2_form_add(&query, "access_type", VIEW("offline"));
		oauth2_form_add(&query, "prompt", VIEW("consent"));
	}
	url = arena_printf(arena, "%s?%s", settings->auth_url, text_string(&query));
	return url;
}

/* ^A ends a part, CR and LF a line, NUL a string. */
static bool would_forge(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] == '\001' || text.ptr[i] == '\r' || text.ptr[i] == '\n' || text.ptr[i] == '\0')
			return true;
	return text.len == 0;
}

int oauth2_sasl(struct view user, struct view token, struct arena *arena, struct view *out, struct error *err)
{
	char *bytes;
	size_t size;

	if (would_forge(user) || would_forge(token))
		return error_set(err, REACH_STOP,
			"%s cannot stand in a login: it is empty or holds a control character",
			would_forge(user) ? "the user" : "the token");
	size = user.len + token.len + sizeof("user=\1auth=Bearer \1\1");
	bytes = arena_alloc(arena, size);
	snprintf(bytes, size, "user=%.*s\001auth=Bearer %.*s\001\001", VIEW_ARGS(user), VIEW_ARGS(token));
	*out = (struct view){bytes, size - 1};
	return 0;
}

static bool holds_piece(struct view words, struct view secret)
{
	if (secret.len < SHOWN_BYTES)
		return secret.len > 0 && view_find(words, secret) >= 0;
	for (size_t i = 0; i + SHOWN_BYTES <= words.len; i++)
		if (view_find(secret, view_sub(words, i, SHOWN_BYTES)) >= 0)
			return true;
	return false;
}

bool oauth2_shows(struct view words, struct view user, struct view secret)
{
	struct arena *arena = arena_new();
	struct error ignored = ERROR_INIT;
	struct view response;
	bool shows = holds_piece(words, secret);

	if (!shows && user.len > 0 && oauth2_sasl(user, secret, arena, &response, &ignored) == 0) {
		char *coded = arena_alloc(arena, 4 * (response.len / 3 + 2));
		int len =
			EVP_EncodeBlock((unsigned char *)coded, (const unsigned char *)response.ptr, (int)response.len);

		shows = holds_piece(words, (struct view){coded, (size_t)len});
		OPENSSL_cleanse(coded, (size_t)len);
		oauth2_wipe(response);
	}
	arena_free(&arena);
	return shows;
}

void oauth2_clean(struct view words, char *out, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < words.len && len + 1 < size; i++) {
		bool printable = (unsigned char)words.ptr[i] >= ' ' && (unsigned char)words.ptr[i] < 0x7F;

		if (!printable && len > 0 && out[len - 1] == ' ')
			continue;
		out[len++] = printable ? words.ptr[i] : ' ';
	}
	while (len > 0 && out[len - 1] == ' ')
		len--;
	out[len] = '\0';
}

void oauth2_wipe(struct view secret)
{
	if (secret.len > 0)
		OPENSSL_cleanse((void *)(uintptr_t)secret.ptr, secret.len);
}
