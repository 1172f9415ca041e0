/*
 * Delivery: a genuine request with its messages, on its way into the database or the spool. Private to web/.
 *
 * What is kept of a request: its bytes, the headers that its channel names (never a credential), the method, and the
 * query of one without a body or of a GET.
 */
#ifndef WEB_DELIVERY_H
#define WEB_DELIVERY_H

#include "core/spool.h"
#include "store/db.h"
#include "web/hook.h"

struct delivery {
	struct hook *hook;
	int64_t received_at; /* unix microseconds */
	const struct http_request *request;
	struct channel_batch batch;
	size_t fresh;  /* out: of its messages, how many were new; its mail is one of them */
	bool replayed; /* out: its nonce was seen before, and its mail is not stored */
	bool known;    /* out: replayed with the very mail that it came with then */
};

/*
 * Stores them, what brought messages in one transaction, then what brought mails in another. REACH_MESSAGE: the database refuses
 * what stands in one of them. Anything else: nothing is known to be stored. Works in the arena.
 */
int delivery_store(struct db *db, struct delivery *const *deliveries, size_t count, struct arena *arena,
	struct error *err);
/* Of delivery_store(): those that brought a mail. */
int delivery_store_mails(struct db *db, struct delivery *const *deliveries, size_t count, struct arena *arena,
	struct error *err);
/* Writes it into the spool; safe after spool_sync(). */
int delivery_spool(
	const struct delivery *delivery, struct spool *spool, int64_t number, struct arena *arena, struct error *err);
/* Reads one from the spool, with its messages. REACH_MESSAGE: it never can be. */
int delivery_load(struct spool *spool, int64_t number, const struct hooks *hooks, struct arena *arena,
	struct delivery *out, struct error *err);
/* Adds what it brought to its channel's counts. */
void delivery_count(const struct delivery *delivery);

#endif
