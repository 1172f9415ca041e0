/*
 * What the outbox says to the database: one connection, one channel's rows. Private to the outbox; used by one thread at
 * a time.
 */
#ifndef DELIVERY_OUTBOX_ROWS_H
#define DELIVERY_OUTBOX_ROWS_H

#include "delivery/outbox.h"

struct outbox_rows {
	const struct config *config;
	const char *channel;
	struct db *db;	     /* NULL: not connected */
	struct arena *arena; /* of one call */
};

/* Connects, where it is not, and listens for what is put into the outbox. */
int outbox_rows_open(struct outbox_rows *rows, struct error *err);
void outbox_rows_disconnect(struct outbox_rows *rows);
/*
 * Records the outcome of each slot that has one and claims a row for each that takes one, in one transaction: with it
 * the slot's old row is gone, the new one is there or its id is 0. *claimed_out: how many are there. On failure the
 * slots stay as they were.
 */
int outbox_rows_turn(struct outbox_rows *rows, struct outbox_slot *const *slots, size_t count, size_t *claimed_out,
	struct error *err);
int outbox_rows_part(struct outbox_rows *rows, int64_t id, int part, struct view provider_id, struct error *err);
/* text NULL: cleared. */
int outbox_rows_alarm(
	struct outbox_rows *rows, const char *kind, const char *object, const char *text, struct error *err);

#endif
