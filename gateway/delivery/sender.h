/*
 * Sender: one thread that takes rows of an outbox and sends them by one connection: to the SMTP server (mail_sender.c)
 * or to a channel's provider (channel_sender.c). Private to delivery/.
 *
 * What is refused for good is given up; what is about the message alone comes again later; else the connection is given
 * up, an alarm raised, and the next attempt waits, longer each time.
 */
#ifndef DELIVERY_SENDER_H
#define DELIVERY_SENDER_H

#include "delivery/outbox.h"

#define SENDER_BACKOFF_BASE_US INT64_C(1000000) /* of a server that cannot be reached */
#define SENDER_BACKOFF_MAX_US INT64_C(120000000)
#define SENDER_PAUSE_MAX_SECONDS 300 /* that a provider may silence a whole channel for */

/* What a sending tells besides its error. */
struct sending {
	int retry_seconds; /* how long the provider asks us to wait; 0: it does not say */
	bool refused;	   /* it was the destination that refused, for now */
};

struct sender_kind {
	const char *alarm;
	/* 0 when the row is sent; all of the row and of slot->arena lives until it returns. */
	int (*send)(void *private, const struct outbox_slot *slot, struct sending *sending, struct error *err);
	/* Gives the connection up: it cannot be used, or the sender ends. */
	void (*drop)(void *private);
	bool fragile; /* given up when nothing is due, and after a message that did not go through */
};

struct sender {
	const struct sender_kind *kind;
	void *private; /* the kind's */
	struct outbox *outbox;
	const char *alarm_object;
	struct outbox_slot slot;
	int failures; /* of the server, running */
	bool cleared; /* the alarm, if there was one */
};

/* A thread's function; `sender` must have all but the last three. Ends when the duty should stop. */
void *sender_run(void *sender);

/* mail_sender.c: the threads that speak SMTP. Each is a `struct sender *` for sender_run(). */
struct mail_senders;
int mail_senders_new(struct duty_context *context, struct mail_senders **out, struct error *err);
void mail_senders_free(struct mail_senders **senders);
size_t mail_senders_count(const struct mail_senders *senders);
struct sender *mail_senders_get(struct mail_senders *senders, size_t index);

/* channel_sender.c: a thread for each channel that can answer. */
struct channel_senders;
int channel_senders_new(struct duty_context *context, struct channel_senders **out, struct error *err);
void channel_senders_free(struct channel_senders **senders);
size_t channel_senders_count(const struct channel_senders *senders);
struct sender *channel_senders_get(struct channel_senders *senders, size_t index);

/* cut.c: bytes of the first message of a text that is longer than `units` UTF-16 units, cut where a paragraph, a line,
 * a word ends. */
size_t delivery_cut(struct view text, int units);

#endif
