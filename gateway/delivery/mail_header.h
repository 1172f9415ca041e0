/*
 * Headers of a mail of ours, from From to List-Unsubscribe-Post (RFC 5322, 2369, 3834, 8058). Private to delivery/.
 */
#ifndef DELIVERY_MAIL_HEADER_H
#define DELIVERY_MAIL_HEADER_H

#include "delivery/delivery.h"

#define MAIL_ID_MAX 250	      /* bytes of a Message-ID with its angle brackets */
#define MAIL_REFERENCES_MAX 20 /* Message-IDs in References: the first, and the last ones */
#define MAIL_URL_MAX 900      /* bytes of the address in List-Unsubscribe: it stands on one line */

/*
 * All but what tells of the body. REACH_STOP when the sender's address cannot be, REACH_MESSAGE when the recipient's or
 * another field that is ours cannot. What comes from a mail that is answered and is no Message-ID is left out.
 */
int mail_headers(struct arena *arena, const struct outgoing *mail, struct text *out, struct error *err);

#endif
