/*
 * SMTP: one connection to the configured server, kept open between mails (the one wrapper around libcurl for mail).
 *
 * TLS is checked (certificate and host name) before anything is said, by STARTTLS that must succeed or from the first
 * byte; without TLS only loopback is connected to. A `struct smtp` belongs to one thread.
 *
 * Reaches: SOURCE when the server could not be reached, trusted or logged in to, or takes no mail of ours (it refuses the
 * sender's address, or a day's limit is reached); RETRY when it refused this mail for now or the line broke before the
 * mail was through; MESSAGE when it refused the mail for good; UNCERTAIN when the whole mail was sent and no answer came.
 */
#ifndef DELIVERY_SMTP_H
#define DELIVERY_SMTP_H

#include "base/error.h"
#include "base/text.h"
#include "core/config.h"
#include "core/process.h"

#define SMTP_REPLY_MAX 200 /* bytes of a server's reply that are kept for the error */

struct smtp;

/*
 * Reads the password, or fetches an access token (oauth/oauth.h); connects to no mail server yet. context may be NULL:
 * with it, a stop ends what has not begun to be sent.
 */
int smtp_open(const struct config *config, struct duty_context *context, struct smtp **out, struct error *err);
/* Says QUIT if a connection is open. */
void smtp_close(struct smtp **smtp);
/* One mail to one recipient, over the open connection if there is one. */
int smtp_send(struct smtp *smtp, struct view from, struct view to, struct view mail, struct error *err);
/* Was it the server's reply to this mail that made the last smtp_send() fail, and not the line? */
bool smtp_refused(const struct smtp *smtp);
/* Connects and logs in, says NOOP. */
int smtp_check(struct smtp *smtp, struct error *err);

#endif
