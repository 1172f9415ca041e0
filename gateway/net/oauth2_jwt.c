/* net/oauth2_jwt: the assertion of a service account: a JWT, signed with RS256 (RFC 7515, 7518, 7523). See oauth2.h. */
#include "net/oauth2.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>

#define EARLIER_SECONDS 30 /* a clock a little ahead must not make the assertion one of the future */

/* Base64 for addresses, without padding (RFC 7515 2). */
static void add_part(struct text *jwt, const unsigned char *bytes, size_t len)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	if (jwt->len > 0)
		text_add_char(jwt, '.');
	for (size_t i = 0; i < len; i += 3) {
		unsigned group = (unsigned)bytes[i] << 16 | (i + 1 < len ? (unsigned)bytes[i + 1] << 8 : 0) |
				 (i + 2 < len ? bytes[i + 2] : 0);

		text_add_char(jwt, letters[group >> 18 & 63]);
		text_add_char(jwt, letters[group >> 12 & 63]);
		if (i + 1 < len)
			text_add_char(jwt, letters[group >> 6 & 63]);
		if (i + 2 < len)
			text_add_char(jwt, letters[group & 63]);
	}
}

static void add_json(struct text *jwt, json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	if (!text)
		abort(); /* out of memory */
	add_part(jwt, (const unsigned char *)text, strlen(text));
	free(text);
	json_decref(json);
}

static EVP_PKEY *load_key(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;

	BIO_free(bio);
	ERR_clear_error();
	return key;
}

static int sign(struct text *jwt, const char *pem, struct error *err)
{
	unsigned char signature[1024]; /* of a key of 8,192 bits */
	size_t len = sizeof(signature);
	EVP_PKEY *key = load_key(pem);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good = key && EVP_PKEY_is_a(key, "RSA") && context &&
		    (size_t)EVP_PKEY_get_size(key) <= sizeof(signature) &&
		    EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
		    EVP_DigestSign(context, signature, &len, (const unsigned char *)jwt->ptr, jwt->len) == 1;

	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	ERR_clear_error();
	if (!good)
		return error_set(err, REACH_STOP, "private_key in the key file is no RSA key that can be read (PEM)");
	add_part(jwt, signature, len);
	return 0;
}

static int build(
	const struct config_oauth *settings, const json_t *file, int64_t now, struct text *jwt, struct error *err)
{
	const char *issuer = json_string_value(json_object_get(file, "client_email"));
	const char *key = json_string_value(json_object_get(file, "private_key"));
	const char *key_id = json_string_value(json_object_get(file, "private_key_id"));
	int64_t issued = now / 1000000 - EARLIER_SECONDS;
	json_t *header = json_pack("{s:s, s:s}", "alg", "RS256", "typ", "JWT");

	if (!issuer || !key) {
		json_decref(header);
		return error_set(err, REACH_STOP,
			"the key file is not the JSON that the provider gave: client_email or private_key is missing");
	}
	if (key_id)
		json_object_set_new(header, "kid", json_string(key_id));
	add_json(jwt, header);
	add_json(jwt, json_pack("{s:s, s:s, s:s*, s:s, s:I, s:I}", "iss", issuer, "sub", settings->subject, "scope",
			      settings->scope, "aud", settings->token_url, "iat", (json_int_t)issued, "exp",
			      (json_int_t)(issued + OAUTH2_ASSERTION_SECONDS)));
	return sign(jwt, key, err);
}

int oauth2_assertion(const struct config_oauth *settings, struct view key_file, int64_t now, struct arena *arena,
	struct view *out, struct error *err)
{
	json_t *file = json_loadb(key_file.ptr ? key_file.ptr : "", key_file.len, 0, NULL);
	TEXT_SCOPED jwt;
	int result;

	text_init(&jwt, OAUTH2_TOKEN_MAX);
	result = build(settings, file, now, &jwt, err);
	json_decref(file);
	if (result == 0 && jwt.full)
		result = error_set(err, REACH_STOP, "the assertion would be larger than %zu bytes", OAUTH2_TOKEN_MAX);
	if (result == 0)
		*out = (struct view){arena_copy(arena, jwt.ptr, jwt.len), jwt.len};
	return result;
}
