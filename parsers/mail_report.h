/*
 * Mail report: what a program says of a mail of ours: that it did not arrive (RFC 3464 in RFC 6522, qmail's QSBMF, what
 * Exim, sendmail, Exchange and Gmail write in plain words), that it was opened (RFC 8098), that it was complained of
 * (RFC 5965). Part of mail_read(); pure. Nothing of it is proven: anybody can write a report. Who acts on one must find
 * in it what only the mail itself had.
 */
#ifndef PARSERS_MAIL_REPORT_H
#define PARSERS_MAIL_REPORT_H

#include "base/text.h"

#define REPORT_RECIPIENTS_MAX 100 /* the others are left out */
#define REPORT_IDS_MAX 16
#define REPORT_PLACES_MAX 8
#define REPORT_PLACE_MAX 1000	  /* bytes of one */
#define REPORT_DIAGNOSTIC_MAX 500 /* bytes */
#define REPORT_TEXT_MAX 65536	  /* bytes of a report in plain words that are read */
#define REPORT_ADDRESS_MAX 254	  /* bytes, RFC 5321 4.5.3.1.3 */

enum report_kind { REPORT_DELIVERY, REPORT_DISPOSITION, REPORT_ABUSE };

enum report_action { /* RFC 3464 2.3.3; an unknown one is taken by its status */
	REPORT_FAILED,
	REPORT_DELAYED,
	REPORT_DELIVERED,
	REPORT_RELAYED,
	REPORT_EXPANDED,
};

struct report_recipient {
	struct view address;  /* where it could not be brought; empty: a report that hides it */
	struct view original; /* as it was sent to, where the report says so; may be empty */
	enum report_action action;
	struct view status; /* RFC 3463 ("5.1.1"): the report's own, or where that is vague what its diagnostic means; may be
			       empty */
	struct view diagnostic; /* the other server's words, on one line; may be empty */
};

struct mail_report {
	enum report_kind kind;
	const struct report_recipient *recipients;
	size_t recipient_count;
	const struct view *ids; /* Message-IDs that may be those of the mail it is about, the surest first */
	size_t id_count;
	const struct view *places; /* the report's own To, Delivered-To, ...: where it was sent, as they stand */
	size_t place_count;
};

const char *report_kind_name(enum report_kind kind);	   /* "delivery", "disposition", "abuse" */
const char *report_action_name(enum report_action action); /* "failed", "delayed", ... */

#endif
