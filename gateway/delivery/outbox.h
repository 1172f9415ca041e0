/*
 * Outbox: rows claimed and recorded, for one channel, by one thread. Private to delivery/.
 *
 * The order is what makes a message go out once: the claim is committed before the server is spoken to, the outcome is
 * recorded before the next row is claimed, through as many lost database connections as it takes.
 */
#ifndef DELIVERY_OUTBOX_H
#define DELIVERY_OUTBOX_H

#include "delivery/delivery.h"
#include "store/db.h"

#define OUTBOX_IDLE_MS 5000			/* between looks */
#define OUTBOX_BACKOFF_BASE_US INT64_C(5000000) /* of one message that was refused for now */
#define OUTBOX_BACKOFF_MAX_US INT64_C(3600000000)
#define OUTBOX_SERVER_BASE_US INT64_C(1000000) /* of a server that cannot be reached */
#define OUTBOX_SERVER_MAX_US INT64_C(120000000)

struct outbox {
	struct duty_context *context;
	const struct config *config;
	const char *channel; /* "mail", or a channel's name */
	struct db *db;
};

/* One row, claimed. */
struct outbox_row {
	int64_t id, created_at;
	int attempts, parts; /* parts: messages of it that are sent already */
	const char *kind, *header_id;
	struct view recipient, body;
};

/* What is to be recorded of it. */
struct outbox_outcome {
	enum { OUTBOX_SENT, OUTBOX_RETRY, OUTBOX_FAILED } kind;
	int64_t next_at;
	bool counted;
	const char *error;
};

/* Connects, where it is not. */
int outbox_open(struct outbox *outbox, struct error *err);
void outbox_disconnect(struct outbox *outbox);
/* 1: a row, in the arena; 0: nothing is due. */
int outbox_claim(struct outbox *outbox, struct arena *arena, struct outbox_row *row, struct error *err);
/* Waits for a notice: 1, or 0 when the time is over. */
int outbox_wait(struct outbox *outbox, struct error *err);
/* Nothing else goes out here before it is recorded; only a stop leaves it to the next sender. */
void outbox_record(
	struct outbox *outbox, struct arena *arena, const struct outbox_row *row, const struct outbox_outcome *outcome);
/* The same for one of the messages that the row becomes: from 1, and as the provider names it. -1: the duty stops. */
int outbox_record_part(
	struct outbox *outbox, struct arena *arena, const struct outbox_row *row, int part, struct view provider_id);
/* What is refused for good, or for too long, is given up; all else comes again. The outcome points to err's text. */
struct outbox_outcome outbox_outcome_of(const struct outbox_row *row, const struct error *err);
/* Raises the alarm, or clears it when text is NULL. */
void outbox_alarm(struct outbox *outbox, struct arena *arena, const char *kind, const char *object, const char *text);
/* Is the failure about this one message, and not about the server? */
bool outbox_is_about_message(enum error_reach reach);

/* channel_sender.c: the threads of the channels that can answer; beside the SMTP ones. */
struct channel_sender;
size_t channel_senders(const struct config *config);
/* index: below channel_senders(). The thread's function and what it is given. */
struct channel_sender *channel_sender_new(struct duty_context *context, size_t index);
void *channel_sender_run(void *sender);
void channel_sender_free(struct channel_sender **sender);

/* cut.c: bytes of the first message of a text that is longer than `units` UTF-16 units, cut where a paragraph, a line,
 * a word ends. */
size_t delivery_cut(struct view text, int units);

#endif
