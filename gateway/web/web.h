/*
 * Web: the duty that takes webhooks in, and answers whether it is well. The door of the folder.
 *
 * A request goes: path and method (web.c) -> size -> credential over the exact bytes -> messages (channels/) -> a
 * committer stores it, with others that wait, in one transaction (store.c, delivery.c) -> 2xx. While the database is
 * away it goes into the spool (core/spool.h) and is 2xx as well; the keeper (keeper.c) drains the spool in order when
 * the database is back, and until it is empty new requests go behind what is in it. It also tells the database how the
 * channels fare (hook.c counts).
 *
 * Answers: 200, or what the channel wants; 401 or 403 a credential that is missing, wrong or too old; 400 malformed; 413
 * too large; 404 no such path; 405 no such method; 503 the spool is full or cannot be written, or the channel's own
 * secrets cannot be read. /healthz: 200 while the duty lives. /readyz: 200 while requests can be kept, else 503.
 * /stop/REFERENCE: a page that people open from a mail (pages.h).
 */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include "core/process.h"

#define WEB_COMMITTERS 3	  /* threads with a connection each; the keeper and the pages have two more */
#define WEB_BATCH_REQUESTS 64	  /* in one transaction */
#define WEB_BATCH_BYTES ((size_t)4 * 1024 * 1024)
#define WEB_DATABASE_MS 5000	  /* of waiting for the database before a request goes into the spool */

/* None when web.listen is not configured. Begins without a database, with the spool. */
extern const struct duty web_duty;

#endif
