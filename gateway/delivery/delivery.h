/*
 * Delivery: the last stage. It takes rows of the outbox and brings them to an SMTP server.
 *
 * Other stages put a row into the outbox in the transaction that caused it; nothing leaves in another way. A row's body
 * is a JSON object (UTF-8): "subject", "text", and as needed
 *
 *     html, language, to_name
 *     reply_to         address that answers go to, in place of smtp.from_address
 *     in_reply_to      Message-ID of the mail that is answered
 *     references       the References of that mail, as they stood there
 *     auto             "auto-generated" (as without it) or "auto-replied": an answer that nobody wrote
 *     bulk             true: one mail to many, "Precedence: bulk"; for digests, never for requests
 *     unsubscribe      what a mail that stops these mails has as its subject; it goes where answers go
 *     unsubscribe_url  https address that stops them by a POST (RFC 8058)
 *     answer_token     "d 12 5": what the token is for, that stands in place of each {{answer_token}} (core/answer_token.h)
 *     files            [{"name", "type", "base64"}]
 *
 * and no other header. The mail is built from it when it is sent: the same bytes at every attempt, under the same
 * Message-ID. A row is claimed and committed before it is
 * sent, and its outcome is recorded before the next one goes out on that connection. What the server refuses for good
 * is given up with an alarm; all else is tried again, later and later.
 */
#ifndef DELIVERY_DELIVERY_H
#define DELIVERY_DELIVERY_H

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "core/config.h"
#include "core/process.h"

#include <stdint.h>

#define MAIL_BYTES_MAX ((size_t)20 * 1024 * 1024) /* of a mail that is built */
#define MAIL_LINE_MAX 998 /* RFC 5322 2.1.1, without CRLF; ours are 76 at most where that is possible */

#define OUTBOX_GIVE_UP_HOURS 120 /* a row that was refused for now so long is given up, with an alarm */

/* A file that goes with a mail. */
struct outgoing_file {
	struct view name;
	struct view type; /* MIME type, ours */
	struct view bytes;
};

/* A mail to be built. Views are UTF-8; what comes from outside may be in any of them: nothing can add a header. */
struct outgoing {
	const char *kind;      /* "digest", ...; in the loop header */
	const char *header_id; /* Message-ID with its angle brackets */
	int64_t date;	       /* microseconds since 1970; written in UTC */
	struct view from_name, from_address;
	struct view to_name, to_address;
	struct view subject;
	struct view text;	 /* lines parted by LF */
	struct view html;	 /* empty: a mail of text alone */
	struct view language;	 /* of the words, "en"; may be empty */
	struct view unsubscribe; /* subject of the mail that List-Unsubscribe asks for; empty: none by mail */
	struct view unsubscribe_url; /* https, for one click; empty: none */
	struct view reply_to;	     /* address; empty: from_address */
	struct view in_reply_to;     /* a Message-ID, and what may stand around it */
	struct view references;	     /* Message-IDs, oldest first; in_reply_to is added */
	bool replies;		     /* it answers a mail by itself: auto-replied */
	bool bulk;
	const struct outgoing_file *files;
	size_t file_count;
};

/*
 * Builds the mail as it goes to the server, lines ended by CRLF (RFC 5322, 2045 to 2047, 2369, 3834). A recipient's
 * address that cannot stand in a header is REACH_MESSAGE, the sender's is REACH_STOP.
 */
int delivery_mail(const struct outgoing *mail, struct text *out, struct error *err);

/* May mail go to this address? Else REACH_MESSAGE, with what is wrong with it. */
int delivery_address_check(const char *address, struct error *err);

/* The mail of an outbox row's body (see above), from what the config says of the sender. */
int delivery_mail_of_body(
	const struct config *config, struct view body, struct outgoing *mail, struct text *out, struct error *err);

/* Tries the SMTP server as configured: connection, TLS, certificate, AUTH. Sends no mail. */
int delivery_check(const struct config *config, struct error *err);

/* A job that runs as a thread beside the sending (the schedule): returns 0 after a stop. */
struct delivery_job {
	const char *name;
	int (*run)(struct duty_context *context, struct error *err);
};

/* Sends until the duty should stop; runs the jobs (a list that ends with a NULL name) beside it. */
int delivery_run(struct duty_context *context, const struct delivery_job *jobs, struct error *err);

/* The duty `send`: delivery with the schedule beside it (gateway/send.c). */
extern const struct duty send_duty;

#endif
