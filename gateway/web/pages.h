/*
 * Pages: the few that people open from a mail. Private to web/.
 *
 *     /stop/FP-XXXXXXXXXX    ends what is asked of the person whom that request asked: the address in List-Unsubscribe
 *     /u/TOKEN               stops one digest for one member: 32 hexadecimal digits, made for the two
 *
 * GET changes nothing (programs open what stands in mails): it shows a page with a button. POST acts at once, without
 * cookie, login or redirect (RFC 8058). The pages are files (config/pages), the same for everybody: who looks at one
 * learns nothing. A thread of their own has the connection to the database; while it is away POST is 503.
 */
#ifndef WEB_PAGES_H
#define WEB_PAGES_H

#include "core/config.h"
#include "net/http_server.h"

#define PAGES_BODY_MAX 4096   /* bytes of a POST */
#define PAGES_WAITING_MAX 256 /* POSTs that wait for the database; more: 503 */

struct pages;

/* REACH_STOP when their files cannot be read. The database may be away. */
int pages_open(const struct config *config, struct pages **out, struct error *err);
/* Answers what waits first. */
void pages_close(struct pages **pages);

/* Is it a page's path? */
bool pages_has(struct view path);
/* A whole request to one. True: the answer is *reply. False: the exchange was deferred. */
bool pages_take(struct pages *pages, struct http_exchange *exchange, struct http_reply *reply);

#endif
