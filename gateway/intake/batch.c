/* intake/batch: mails on their way into the database. See batch.h. */
#include "intake/batch.h"

#include <limits.h>
#include <stdlib.h>

#include "core/clock.h"
#include "store/identity.h"

#define RING_SIZE (BATCHES_AT_WORK + 1)
#define WAKE_EVERY 200000 /* microseconds: each wake is a commit of its own */

struct batch {
	struct arena *arena;
	size_t count;
	int64_t *uids, *sizes, *received, *starts, *lengths;
	bool *oversize;
	struct view *identities;
	struct text raws; /* one after the other */
	struct record_store store;
	struct database_task task;
};

struct batches {
	struct database *database;
	size_t messages_max, bytes_max;
	int64_t folder_id, account_id;
	struct batch ring[RING_SIZE];
	size_t filling;
	size_t stored, fresh;
	size_t untold; /* fresh ones since the readers were told */
	int64_t told_at;
};

static void batch_empty(struct batches *batches, struct batch *batch)
{
	size_t room = batches->messages_max;

	arena_reset(batch->arena);
	batch->count = 0;
	/* A buffer that fits most batches is kept: to get and to clear so much memory anew takes time. */
	if (batch->raws.size > batches->bytes_max)
		text_release(&batch->raws);
	text_reset(&batch->raws);
	batch->uids = ARENA_NEW_N(batch->arena, int64_t, room);
	batch->sizes = ARENA_NEW_N(batch->arena, int64_t, room);
	batch->received = ARENA_NEW_N(batch->arena, int64_t, room);
	batch->starts = ARENA_NEW_N(batch->arena, int64_t, room);
	batch->lengths = ARENA_NEW_N(batch->arena, int64_t, room);
	batch->oversize = ARENA_NEW_N(batch->arena, bool, room);
	batch->identities = ARENA_NEW_N(batch->arena, struct view, room);
}

struct batches *batches_new(const struct config *config, struct database *database)
{
	struct batches *batches = calloc(1, sizeof(*batches));

	if (!batches)
		return NULL;
	batches->database = database;
	batches->messages_max = config->limits.batch_messages > 0 ? (size_t)config->limits.batch_messages : 1;
	batches->bytes_max = config->limits.batch_bytes;
	for (size_t i = 0; i < RING_SIZE; i++) {
		batches->ring[i].arena = arena_new();
		text_init(&batches->ring[i].raws, INT_MAX);
		batch_empty(batches, &batches->ring[i]);
	}
	return batches;
}

void batches_free(struct batches **batches)
{
	struct error ignored;

	if (!*batches)
		return;
	for (size_t i = 0; i < RING_SIZE; i++) {
		(void)!database_finish((*batches)->database, &(*batches)->ring[i].task, &ignored);
		arena_free(&(*batches)->ring[i].arena);
		text_release(&(*batches)->ring[i].raws);
	}
	free(*batches);
	*batches = NULL;
}

/* Tells the readers what was stored. Should it fail, they look by themselves within seconds. */
static void wake_readers(struct batches *batches)
{
	struct error ignored;

	if (!batches->untold)
		return;
	(void)!database_run(batches->database, record_wake, NULL, &ignored);
	batches->untold = 0;
	batches->told_at = clock_monotonic();
}

/* Waits until the batch is committed and empties it. */
static int settle(struct batches *batches, struct batch *batch, struct error *err)
{
	bool under_way = batch->task.under_way;
	int result = database_finish(batches->database, &batch->task, err);

	if (under_way && result == 0) {
		batches->stored += batch->count;
		batches->fresh += batch->store.fresh;
		batches->untold += batch->store.fresh;
		if (clock_monotonic() - batches->told_at > WAKE_EVERY)
			wake_readers(batches);
	}
	if (under_way)
		batch_empty(batches, batch);
	return result;
}

void batches_begin(struct batches *batches, int64_t folder_id, int64_t account_id)
{
	struct error ignored;

	for (size_t i = 0; i < RING_SIZE; i++) {
		(void)!settle(batches, &batches->ring[i], &ignored);
		batch_empty(batches, &batches->ring[i]);
	}
	wake_readers(batches);
	batches->folder_id = folder_id;
	batches->account_id = account_id;
	batches->stored = batches->fresh = 0;
}

/* Hands the filled batch over and turns to the one that was handed over first, once that is committed. */
static int hand_over(struct batches *batches, struct error *err)
{
	struct batch *batch = &batches->ring[batches->filling];

	batch->store = (struct record_store){
		.folder_id = batches->folder_id,
		.account_id = batches->account_id,
		.count = batch->count,
		.uids = batch->uids,
		.identities = batch->identities,
		.sizes = batch->sizes,
		.oversize = batch->oversize,
		.received = batch->received,
		.starts = batch->starts,
		.lengths = batch->lengths,
		.raws = text_view(&batch->raws),
		.arena = batch->arena,
	};
	database_start(batches->database, &batch->task, record_store, &batch->store);
	batches->filling = (batches->filling + 1) % RING_SIZE;
	return settle(batches, &batches->ring[batches->filling], err);
}

int batches_add(struct batches *batches, const struct batch_mail *mail, struct error *err)
{
	struct batch *batch = &batches->ring[batches->filling];
	unsigned char *identity;
	size_t at;

	if (batch->count && batch->raws.len + mail->raw.len > batches->bytes_max) {
		if (hand_over(batches, err) < 0)
			return -1;
		batch = &batches->ring[batches->filling];
	}
	at = batch->count++;
	identity = arena_alloc(batch->arena, IDENTITY_SIZE);
	if (mail->oversize)
		identity_of_oversize(mail->raw, mail->size, identity);
	else
		identity_of_mail(mail->raw, identity);
	batch->uids[at] = mail->uid;
	batch->sizes[at] = (int64_t)mail->size;
	batch->received[at] = mail->received;
	batch->oversize[at] = mail->oversize;
	batch->identities[at] = (struct view){(const char *)identity, IDENTITY_SIZE};
	batch->starts[at] = (int64_t)batch->raws.len;
	batch->lengths[at] = (int64_t)mail->raw.len;
	if (text_add_view(&batch->raws, mail->raw) < 0) {
		batch->count--;
		return error_set(err, REACH_STOP, "a batch would be larger than 2 GiB");
	}
	return batch->count == batches->messages_max ? hand_over(batches, err) : 0;
}

int batches_flush(struct batches *batches, struct error *err)
{
	struct error later = ERROR_INIT;
	int result = 0;

	if (batches->ring[batches->filling].count)
		result = hand_over(batches, err);
	/* From the oldest on: the first error is told. */
	for (size_t i = 1; i < RING_SIZE; i++)
		if (settle(batches, &batches->ring[(batches->filling + i) % RING_SIZE], result < 0 ? &later : err) < 0)
			result = -1;
	wake_readers(batches);
	return result;
}

size_t batches_stored(const struct batches *batches)
{
	return batches->stored;
}

size_t batches_fresh(const struct batches *batches)
{
	return batches->fresh;
}
