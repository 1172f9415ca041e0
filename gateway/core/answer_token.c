/* core/answer_token: tokens of mails that may be answered with orders. See answer_token.h. */
#include "core/answer_token.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ARENA_SCOPED __attribute__((cleanup(arena_free))) struct arena
#define MAC_BYTES 16

static void digest_of(struct view secret, struct answer_key *out)
{
	unsigned int len = sizeof(out->bytes);

	EVP_Digest(secret.ptr, secret.len, out->bytes, &len, EVP_sha256(), NULL);
}

/* ---- the key file ---- */

static int file_error(const char *path, struct error *err)
{
	return error_set(err, REACH_SOURCE, "%s: %s", path, strerror(errno));
}

/* 1: read, 0: it is not there, -1. */
static int read_file(const char *path, struct answer_key *out, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t len;

	if (fd < 0)
		return errno == ENOENT ? 0 : file_error(path, err);
	len = read(fd, out->bytes, sizeof(out->bytes));
	close(fd);
	if (len != (ssize_t)sizeof(out->bytes))
		return error_set(err, REACH_STOP,
			"%s: not the 32 bytes that it should hold; put back the right one, or take it away for a new one",
			path);
	return 1;
}

/* Written whole beside, then linked: of several processes the first one's counts. */
static int make_file(const char *path, struct error *err)
{
	struct answer_key key;
	char beside[4096];
	int fd, result = -1;

	if (snprintf(beside, sizeof(beside), "%s.%ld", path, (long)getpid()) >= (int)sizeof(beside))
		return error_set(err, REACH_STOP, "%s: too long a path", path);
	if (RAND_bytes(key.bytes, sizeof(key.bytes)) != 1)
		return error_set(err, REACH_SOURCE, "no random bytes are to be had");
	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return file_error(beside, err);
	if (write(fd, key.bytes, sizeof(key.bytes)) == (ssize_t)sizeof(key.bytes) && fsync(fd) == 0 &&
		(link(beside, path) == 0 || errno == EEXIST))
		result = 0;
	else
		file_error(beside, err);
	close(fd);
	unlink(beside);
	OPENSSL_cleanse(&key, sizeof(key));
	return result;
}

int answer_key_load(const struct config *config, struct answer_key *out, struct error *err)
{
	ARENA_SCOPED *arena = arena_new();
	struct view secret;
	char path[4096];
	int found;

	if (config_secret_is_set(&config->mail.answer_key)) {
		if (config_secret(&config->mail.answer_key, arena, &secret, err) < 0)
			return error_prefix(err, "mail.answer_key");
		if (secret.len < 16)
			return error_set(err, REACH_STOP, "mail.answer_key: shorter than 16 bytes");
		digest_of(secret, out);
		return 0;
	}
	if (snprintf(path, sizeof(path), "%s/answer.key", config->state_dir) >= (int)sizeof(path))
		return error_set(err, REACH_STOP, "state_dir: too long a path");
	found = read_file(path, out, err);
	if (found == 0)
		found = make_file(path, err) < 0 ? -1 : read_file(path, out, err);
	return found == 1 ? 0 : -1;
}

/* ---- tokens ---- */

void answer_token_write(const struct answer_key *key, const struct answer_token *token, char out[ANSWER_TOKEN_MAX])
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	char said[80];
	int said_len = snprintf(said, sizeof(said), "fieldpost answer %c %lld %lld", token->kind, (long long)token->first,
		(long long)token->second);
	int at = snprintf(out, ANSWER_TOKEN_MAX, "ft%c%lldm%lldx", token->kind, (long long)token->first,
		(long long)token->second);

	if (!HMAC(EVP_sha256(), key->bytes, sizeof(key->bytes), (unsigned char *)said, (size_t)said_len, mac, &len))
		abort();
	for (size_t i = 0; i < MAC_BYTES; i++)
		at += snprintf(out + at, ANSWER_TOKEN_MAX - (size_t)at, "%02x", mac[i]);
}

bool answer_token_read(const struct answer_key *key, struct view text, struct answer_token *out)
{
	struct answer_token token;
	char right[ANSWER_TOKEN_MAX];
	struct view first, second, rest;
	long long numbers[2];

	if (text.len < 8 || text.len >= ANSWER_TOKEN_MAX)
		return false;
	token.kind = text.ptr[2];
	rest = view_sub(text, 3, text.len);
	if (!view_next_field(&rest, 'm', &first) || !view_next_field(&rest, 'x', &second) ||
		view_to_int(first, 1, INT64_MAX, &numbers[0]) < 0 || view_to_int(second, 1, INT64_MAX, &numbers[1]) < 0)
		return false;
	token.first = numbers[0];
	token.second = numbers[1];
	answer_token_write(key, &token, right);
	if (strlen(right) != text.len || CRYPTO_memcmp(right, text.ptr, text.len) != 0)
		return false;
	*out = token;
	return true;
}

bool answer_token_parse(struct view text, struct answer_token *out)
{
	struct view rest = text, kind, first;
	long long numbers[2];

	if (!view_next_field(&rest, ' ', &kind) || kind.len != 1 || !view_next_field(&rest, ' ', &first) ||
		view_to_int(first, 1, INT64_MAX, &numbers[0]) < 0 || view_to_int(rest, 1, INT64_MAX, &numbers[1]) < 0)
		return false;
	*out = (struct answer_token){kind.ptr[0], numbers[0], numbers[1]};
	return true;
}
