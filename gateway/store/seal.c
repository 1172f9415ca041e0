/* store/seal: AES-256-GCM by OpenSSL. See seal.h. */
#include "store/seal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>

#define VERSION 1
#define HEX_LEN (2 * SEAL_KEY_BYTES)
#define BASE64_LEN 44

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool from_hex(struct view text, unsigned char *out)
{
	for (size_t i = 0; i < SEAL_KEY_BYTES; i++) {
		int high = nibble(text.ptr[2 * i]), low = nibble(text.ptr[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static bool from_base64(struct view text, unsigned char *out)
{
	unsigned char bytes[BASE64_LEN / 4 * 3];
	bool good = text.ptr[BASE64_LEN - 1] == '=' && text.ptr[BASE64_LEN - 2] != '=' &&
		    EVP_DecodeBlock(bytes, (const unsigned char *)text.ptr, BASE64_LEN) == (int)sizeof(bytes);

	if (good)
		memcpy(out, bytes, SEAL_KEY_BYTES);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return good;
}

int seal_key_load(struct view text, struct seal_key *out, struct error *err)
{
	struct seal_key key;

	text = view_trim(text);
	if ((text.len == HEX_LEN && from_hex(text, key.bytes)) ||
		(text.len == BASE64_LEN && from_base64(text, key.bytes))) {
		*out = key;
		seal_key_wipe(&key);
		return 0;
	}
	return error_set(err, REACH_STOP,
		"the key is not 32 bytes in Base64 (44 letters) or hex (64 digits); make one with `openssl rand "
		"-base64 32`");
}

void seal_key_wipe(struct seal_key *key)
{
	OPENSSL_cleanse(key, sizeof(*key));
}

/* The label, and the version before it. */
static bool begin(EVP_CIPHER_CTX *context, bool sealing, const struct seal_key *key, const unsigned char *nonce,
	struct view label)
{
	static const unsigned char version = VERSION;
	int len;

	return context && EVP_CipherInit_ex(context, EVP_aes_256_gcm(), NULL, key->bytes, nonce, sealing) == 1 &&
	       EVP_CipherUpdate(context, NULL, &len, &version, 1) == 1 &&
	       EVP_CipherUpdate(context, NULL, &len, (const unsigned char *)label.ptr, (int)label.len) == 1;
}

struct view seal(const struct seal_key *key, struct view label, struct view value, struct arena *arena)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	unsigned char *out = arena_alloc(arena, SEAL_OVERHEAD + value.len);
	unsigned char *nonce = out + 1, *tag = nonce + SEAL_NONCE_BYTES, *text = tag + SEAL_TAG_BYTES;
	int len = 0;

	out[0] = VERSION;
	if (value.len > SEAL_VALUE_MAX || label.len == 0 || RAND_bytes(nonce, SEAL_NONCE_BYTES) != 1 ||
		!begin(context, true, key, nonce, label) ||
		EVP_CipherUpdate(context, text, &len, (const unsigned char *)value.ptr, (int)value.len) != 1 ||
		EVP_CipherFinal_ex(context, text + len, &len) != 1 ||
		EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, SEAL_TAG_BYTES, tag) != 1)
		abort(); /* our bug, or OpenSSL without AES or random numbers: nothing may be kept in the clear */
	EVP_CIPHER_CTX_free(context);
	return (struct view){(char *)out, SEAL_OVERHEAD + value.len};
}

int seal_open(const struct seal_key *key, struct view label, struct view sealed, struct arena *arena, struct view *out,
	struct error *err)
{
	const unsigned char *in = (const unsigned char *)sealed.ptr;
	unsigned char tag[SEAL_TAG_BYTES], *text;
	EVP_CIPHER_CTX *context;
	size_t size;
	bool good;
	int len = 0, end = 0;

	if (sealed.len < SEAL_OVERHEAD || sealed.len > SEAL_OVERHEAD + SEAL_VALUE_MAX || in[0] != VERSION)
		return error_set(err, REACH_STOP, "it is not a sealed value");
	size = sealed.len - SEAL_OVERHEAD;
	text = arena_alloc(arena, size + 1);
	memcpy(tag, in + 1 + SEAL_NONCE_BYTES, SEAL_TAG_BYTES);
	context = EVP_CIPHER_CTX_new();
	good = begin(context, false, key, in + 1, label) &&
	       EVP_CipherUpdate(context, text, &len, in + SEAL_OVERHEAD, (int)size) == 1 &&
	       EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, SEAL_TAG_BYTES, tag) == 1 &&
	       EVP_CipherFinal_ex(context, text + len, &end) == 1;
	EVP_CIPHER_CTX_free(context);
	if (!good) {
		OPENSSL_cleanse(text, size);
		return error_set(err, REACH_STOP,
			"it was sealed with another key or for another login, or it was changed since");
	}
	*out = (struct view){(char *)text, size};
	return 0;
}
