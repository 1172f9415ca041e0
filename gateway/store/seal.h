/*
 * Seal: what is secret in the database, so that a dump of it opens nothing: AES-256-GCM (NIST SP 800-38D).
 *
 * A sealed value is: 1 byte version (1), 12 bytes random nonce, 16 bytes tag, the ciphertext. The label goes into the
 * tag (associated data): what it is and whose, so that a value that was moved to another row or column is refused. The
 * key comes from outside the database (a config secret: 32 random bytes as 44 letters of Base64 or 64 hex digits).
 */
#ifndef STORE_SEAL_H
#define STORE_SEAL_H

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

#define SEAL_KEY_BYTES 32
#define SEAL_NONCE_BYTES 12
#define SEAL_TAG_BYTES 16
#define SEAL_OVERHEAD (1 + SEAL_NONCE_BYTES + SEAL_TAG_BYTES)
#define SEAL_VALUE_MAX ((size_t)1024 * 1024)

struct seal_key {
	unsigned char bytes[SEAL_KEY_BYTES];
};

/* REACH_STOP when the text is no such key; the error never holds it. */
int seal_key_load(struct view text, struct seal_key *out, struct error *err);
void seal_key_wipe(struct seal_key *key);

struct view seal(const struct seal_key *key, struct view label, struct view value, struct arena *arena);
/* REACH_STOP: another key, another label, or not as it was sealed. */
int seal_open(const struct seal_key *key, struct view label, struct view sealed, struct arena *arena, struct view *out,
	struct error *err);

#endif
