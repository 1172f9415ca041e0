/*
 * Outbox: the rows of one channel, claimed and recorded for one or more senders, each a thread with a connection of its
 * own. Private to delivery/.
 *
 * The order is what makes a message go out once: a claim is committed before the server is spoken to, an outcome is
 * recorded before the next row goes out on that connection, through as many lost database connections as it takes. All
 * senders of a channel share one database connection: what became of several rows, and the claims of the next ones,
 * stand in one transaction. Whichever sender comes first speaks to the database for all who wait (it leads); the others
 * go on sending meanwhile. A row is claimed when somebody asks for it, never for later.
 */
#ifndef DELIVERY_OUTBOX_H
#define DELIVERY_OUTBOX_H

#include "delivery/delivery.h"
#include "store/db.h"

#include <pthread.h>

#define OUTBOX_SENDERS_MAX 64			/* of one channel */
#define OUTBOX_IDLE_MS 5000			/* between looks */
#define OUTBOX_BACKOFF_BASE_US INT64_C(5000000) /* of one message that was refused for now */
#define OUTBOX_BACKOFF_MAX_US INT64_C(3600000000)

struct outbox;

/* One row, claimed. */
struct outbox_row {
	int64_t id, created_at;
	int attempts, parts; /* parts: messages of it that are sent already */
	const char *kind, *header_id, *token; /* token: what a bounce's address names it by, lower case */
	struct view recipient, body;
};

/* What is to be recorded of it. */
struct outbox_outcome {
	enum { OUTBOX_SENT, OUTBOX_RETRY, OUTBOX_LATER, OUTBOX_FAILED } kind; /* later: its destination refused it for now */
	int64_t next_at;
	bool counted;
	const char *error;
};

/* A sender's place at the outbox. Zeroed but for the arena, which holds the row that it has. */
struct outbox_slot {
	struct arena *arena;
	struct outbox_row row; /* while `id` is not 0 */
	const struct outbox_outcome *outcome;
	bool asks, wants; /* an answer; a row with it */
	bool takes;	  /* may have one in this turn */
	pthread_cond_t answered;
};

/* rate_per_minute: messages, over all senders; 0: no limit. */
struct outbox *outbox_new(struct duty_context *context, const char *channel, int rate_per_minute);
void outbox_free(struct outbox **outbox);
const struct config *outbox_config(const struct outbox *outbox);
struct duty_context *outbox_context(const struct outbox *outbox);

/* Of each sender, before it begins; -1 when there are too many. */
int outbox_slot_open(struct outbox *outbox, struct outbox_slot *slot, struct error *err);
void outbox_slot_close(struct outbox *outbox, struct outbox_slot *slot);

/*
 * Records what became of the slot's row (outcome NULL: it has none), and waits for the next one when it is wanted. True:
 * slot->row is that. False: none was wanted, or none was due for OUTBOX_IDLE_MS, or the duty stops.
 */
bool outbox_exchange(
	struct outbox *outbox, struct outbox_slot *slot, const struct outbox_outcome *outcome, bool wanted);
/* Records one of the messages that the slot's row becomes: from 1, and as the provider names it. -1: the duty stops. */
int outbox_record_part(struct outbox *outbox, const struct outbox_slot *slot, int part, struct view provider_id);
/* Raises the alarm, or clears it when text is NULL. */
void outbox_alarm(struct outbox *outbox, const char *kind, const char *object, const char *text);

/*
 * Rows are claimed no faster than the rate limit says. For what more goes out with a row that one has: waits until it
 * may; false when the duty stops.
 */
bool outbox_pace(struct outbox *outbox);
/* Nothing is claimed for so long. */
void outbox_pause(struct outbox *outbox, int seconds);

/* What is refused for good, or for too long, is given up; all else comes again. The outcome points to err's text. */
struct outbox_outcome outbox_outcome_of(const struct outbox_row *row, const struct error *err);
/* Is the failure about this one message, and not about the server? */
bool outbox_is_about_message(enum error_reach reach);

#endif
