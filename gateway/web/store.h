/*
 * Store: where genuine requests wait until they are safe. Private to web/.
 *
 * WEB_COMMITTERS threads take what waits, together, and store it in one transaction; only then is each answered. When
 * the database cannot be had they write into the spool instead, and as long as there is anything in it everything goes
 * there, so that the order stays. The keeper, a thread of its own (keeper.c), brings the database what is in the
 * spool, wakes the readers of what was stored, and reports how the channels fare.
 */
#ifndef WEB_STORE_H
#define WEB_STORE_H

#include "net/http_server.h"
#include "web/delivery.h"

struct store;

/* The database may be away. REACH_STOP when there can be no spool either. */
int store_open(const struct config *config, struct hooks *hooks, struct store **out, struct error *err);
/* Ends what waits first. */
void store_close(struct store **store);

/* The exchange was deferred; it is answered when its delivery is safe or cannot be made so. */
void store_take(struct store *store, struct http_exchange *exchange, const struct delivery *delivery);
/* Can a request be kept? `words` says how. */
bool store_ready(struct store *store, const char **words_out);

#endif
