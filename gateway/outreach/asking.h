/*
 * Asking: requests, reminders and acknowledgements, from what is due in the database to rows of the outbox.
 *
 * Who is due, and who may not be asked any more, the database decides (sql/api/requests.sql, acknowledgements.sql); here the
 * letters are written, out of config/mail/letters, in the person's language, with the version of the form that they were
 * sent. A letter and the mark that it was written are one transaction. What cannot be written is logged and set aside;
 * nothing of it stops the others.
 */
#ifndef OUTREACH_ASKING_H
#define OUTREACH_ASKING_H

#include <jansson.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "core/config.h"
#include "core/process.h"
#include "parsers/parsers.h"

#define ASKING_AT_ONCE 100	   /* letters of a kind, before it is looked again */
#define ASKING_SHOWN_LETTERS 60	   /* characters of an answer in words that an acknowledgement repeats whole */
#define ASKING_FOUND_LETTERS 80	   /* of what was not understood */
#define ASKING_LETTER_MAX ((size_t)1024 * 1024) /* bytes of a part */

/* What the database needs to know of the config to say when somebody may be written to (`rules` of requests.sql). */
json_t *asking_rules(const struct config *config);

/*
 * Whom to ask, as people say it: "all", or conditions parted by semicolons, each `country`, `programme`, `organisation`, `role`,
 * `language` or `address`, an equals sign, and values parted by commas: "country=NP,SL; role=police officer". A new reference
 * (`people` of requests.sql), or -1 with what is wrong.
 */
int asking_query(const char *query, json_t **people_out, struct error *err);

/* A request, or a reminder of it. */
struct asking_request {
	const struct form *form;
	const char *language, *reference;
	const char *name;	/* for the header; NULL: none */
	const char *header_id;	/* of the request, for a reminder; else NULL */
	const char *asked;	/* day of the request, "2026-11-03" */
	int number;		/* of the reminder; 0: the request */
	bool last;		/* there will be no reminder after this one */
	bool neutral;		/* nothing but the reference tells what it is about, until it is opened */
	bool channel;		/* a message, no mail */
	const char *stop_url;	/* of the page that ends it all with one click, before the reference; NULL: none */
};
/* The body of its outbox row (delivery/delivery.h), a new reference. */
int asking_request_body(const struct forms *forms, struct arena *arena, const struct asking_request *request, json_t **out,
	struct error *err);

/* What a message is told. */
struct asking_answer {
	const char *kind;	/* "understood", "open", "duplicate", "who-are-you", "too-large" */
	const struct form *form; /* NULL: not known */
	const json_t *said;	/* {values, errors, found, given}, of this message alone; given: the fields that it answers */
	const char *language;	/* may be one without letters */
	const char *reference;	/* of the request that it answers, or NULL */
	const char *name;	/* of the person, or NULL */
	const char *day;	/* on which it came, "2026-11-14" */
	const char *subject;	/* its own, or NULL */
	const char *header_id, *request_header; /* of the mail that is answered, and of the request before it; may be NULL */
	bool neutral, no_content, dropped, channel;
};
int asking_answer_body(const struct forms *forms, struct arena *arena, const struct asking_answer *answer, json_t **out,
	struct error *err);

/* Names of the letters that a language should have; NULL at the end. */
extern const char *const asking_letters[];

/* The job: looks every few seconds for what is due, until the duty should stop. For a thread of the duty `send`. */
int asking_run(struct duty_context *context, struct error *err);

#endif
