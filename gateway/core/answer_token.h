/*
 * Answer token: what shows that somebody who answers a digest (or is asked whether they meant it) has that mail: HMAC-SHA256
 * over what the mail is and who got it. It is stored nowhere: rows of the outbox, and the bytes of a digest that are
 * kept, hold a placeholder that is filled when the mail goes out, so neither a dump nor a reader of the database can
 * make one.
 *
 * The key is the secret `mail.answer_key`, or else 32 random bytes in STATE_DIR/answer.key, made when it is first needed.
 * Who runs several machines on one database gives them the same secret.
 */
#ifndef CORE_ANSWER_TOKEN_H
#define CORE_ANSWER_TOKEN_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "core/config.h"

#define ANSWER_TOKEN_PLACE "{{answer_token}}" /* in the body of an outbox row */
#define ANSWER_TOKEN_MAX 96		      /* bytes with the NUL */

struct answer_key {
	unsigned char bytes[32];
};

/* What a token is for. kind: 'd': a digest and a member; 'c': the orders of a message and the member who confirms them. */
struct answer_token {
	char kind;
	int64_t first, second;
};

int answer_key_load(const struct config *config, struct answer_key *out, struct error *err);
void answer_token_write(const struct answer_key *key, const struct answer_token *token, char out[ANSWER_TOKEN_MAX]);
/* Ours? In constant time. */
bool answer_token_read(const struct answer_key *key, struct view text, struct answer_token *out);
/* What stands in an outbox row's body as "answer_token": "d 12 5". False: it is no such thing. */
bool answer_token_parse(struct view text, struct answer_token *out);

#endif
