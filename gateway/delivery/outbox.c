/* delivery/outbox: rows claimed and recorded for several senders at once. See outbox.h; outbox_rows.c has the calls. */
#include "delivery/outbox.h"

#include "core/clock.h"
#include "core/log.h"
#include "delivery/outbox_rows.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define SECOND_US ((int64_t)1000000)

struct outbox {
	struct duty_context *context;
	struct outbox_rows rows; /* the leader's */
	int rate_per_minute;
	int64_t next_slot; /* clock_monotonic(): nothing is sent before */

	pthread_mutex_t lock; /* of all below, and of the slots that ask */
	struct outbox_slot *slots[OUTBOX_SENDERS_MAX];
	size_t count;
	bool led;     /* somebody speaks to the database, or waits for it */
	size_t others; /* how many want to, besides who ask for rows: they come first */
	bool waiting; /* the leader waits for a notice: `wake` ends that */
	bool dry;     /* nothing more was due when it was looked last */
	pthread_cond_t free;
	int wake, ends; /* eventfd; an epoll of it and of the stop */
};

/* ---- life ---- */

static int open_ends(struct outbox *outbox)
{
	struct epoll_event event = {.events = EPOLLIN};

	outbox->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	outbox->ends = epoll_create1(EPOLL_CLOEXEC);
	if (outbox->wake < 0 || outbox->ends < 0)
		return -1;
	return epoll_ctl(outbox->ends, EPOLL_CTL_ADD, outbox->wake, &event) ||
			       epoll_ctl(outbox->ends, EPOLL_CTL_ADD, outbox->context->stop_fd, &event)
		       ? -1
		       : 0;
}

struct outbox *outbox_new(struct duty_context *context, const char *channel, int rate_per_minute)
{
	struct outbox *outbox = calloc(1, sizeof(*outbox));

	if (!outbox)
		return NULL;
	outbox->context = context;
	outbox->rate_per_minute = rate_per_minute;
	outbox->rows = (struct outbox_rows){.config = context->config, .channel = channel, .arena = arena_new()};
	pthread_mutex_init(&outbox->lock, NULL);
	pthread_cond_init(&outbox->free, NULL);
	if (open_ends(outbox))
		outbox_free(&outbox);
	return outbox;
}

void outbox_free(struct outbox **outbox)
{
	if (!*outbox)
		return;
	outbox_rows_disconnect(&(*outbox)->rows);
	arena_free(&(*outbox)->rows.arena);
	if ((*outbox)->ends >= 0)
		close((*outbox)->ends);
	if ((*outbox)->wake >= 0)
		close((*outbox)->wake);
	pthread_cond_destroy(&(*outbox)->free);
	pthread_mutex_destroy(&(*outbox)->lock);
	free(*outbox);
	*outbox = NULL;
}

const struct config *outbox_config(const struct outbox *outbox)
{
	return outbox->rows.config;
}

struct duty_context *outbox_context(const struct outbox *outbox)
{
	return outbox->context;
}

int outbox_slot_open(struct outbox *outbox, struct outbox_slot *slot, struct error *err)
{
	int result = 0;

	pthread_mutex_lock(&outbox->lock);
	if (outbox->count == OUTBOX_SENDERS_MAX) {
		result = error_set(err, REACH_STOP, "more than %d senders of one channel", OUTBOX_SENDERS_MAX);
	} else {
		*slot = (struct outbox_slot){.arena = arena_new()};
		pthread_cond_init(&slot->answered, NULL);
		outbox->slots[outbox->count++] = slot;
	}
	pthread_mutex_unlock(&outbox->lock);
	return result;
}

void outbox_slot_close(struct outbox *outbox, struct outbox_slot *slot)
{
	pthread_mutex_lock(&outbox->lock);
	for (size_t i = 0; i < outbox->count; i++)
		if (outbox->slots[i] == slot)
			outbox->slots[i--] = outbox->slots[--outbox->count];
	pthread_mutex_unlock(&outbox->lock);
	if (slot->arena)
		pthread_cond_destroy(&slot->answered);
	arena_free(&slot->arena);
}

/* ---- leading ---- */

/* With the lock: true when the duty stops. */
static bool pause_for(struct outbox *outbox, int attempt)
{
	bool stops;

	pthread_mutex_unlock(&outbox->lock);
	stops = duty_wait(outbox->context, -1, (int)(clock_backoff(attempt, SECOND_US, 30 * SECOND_US) / 1000)) == -1;
	pthread_mutex_lock(&outbox->lock);
	return stops;
}

static void answer(struct outbox_slot *slot)
{
	slot->asks = false;
	pthread_cond_signal(&slot->answered);
}

/* The slots that ask, and how many of them have something to record. */
static size_t gather(struct outbox *outbox, struct outbox_slot **asking, size_t *outcomes_out)
{
	size_t count = 0;

	*outcomes_out = 0;
	for (size_t i = 0; i < outbox->count; i++)
		if (outbox->slots[i]->asks) {
			asking[count++] = outbox->slots[i];
			*outcomes_out += outbox->slots[i]->outcome != NULL;
		}
	return count;
}

/* The duty stops: what could not be recorded is left to the next sender. */
static void send_home(struct outbox_slot *const *slots, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		slots[i]->outcome = NULL;
		slots[i]->row = (struct outbox_row){0};
		answer(slots[i]);
	}
}

/* With the lock, which is given up meanwhile: one transaction for all of these. */
static int take_turn(
	struct outbox *outbox, struct outbox_slot *const *slots, size_t count, size_t *claimed_out, struct error *err)
{
	int result;

	pthread_mutex_unlock(&outbox->lock);
	result = outbox_rows_turn(&outbox->rows, slots, count, claimed_out, err);
	pthread_mutex_lock(&outbox->lock);
	return result;
}

/* Nothing was due for a while: who waits may give his connection up meanwhile. */
static void answer_idle(struct outbox *outbox)
{
	for (size_t i = 0; i < outbox->count; i++)
		if (outbox->slots[i]->asks && !outbox->slots[i]->outcome)
			answer(outbox->slots[i]);
}

/* Nothing may go out: until a notice, so long, the stop, or somebody who has something to record. */
static int wait_for_notice(struct outbox *outbox, int64_t most_us, struct error *err)
{
	int timeout = most_us < OUTBOX_IDLE_MS * 1000 ? (int)(most_us / 1000) + 1 : OUTBOX_IDLE_MS;
	uint64_t ignored;
	int result;

	outbox->waiting = true;
	pthread_mutex_unlock(&outbox->lock);
	result = outbox_rows_open(&outbox->rows, err);
	if (result == 0)
		result = db_wait(outbox->rows.db, outbox->ends, timeout, err);
	pthread_mutex_lock(&outbox->lock);
	outbox->waiting = false;
	if (read(outbox->wake, &ignored, sizeof(ignored)) >= 0)
		return result < 0 ? -1 : 0;
	if (result == 0 && outbox->dry && timeout == OUTBOX_IDLE_MS)
		answer_idle(outbox);
	outbox->dry = false; /* it was a notice, or time to look */
	return result < 0 ? -1 : 0;
}

/* How many rows may be claimed now: under a rate limit one at a time, when its time has come. */
static size_t grant(const struct outbox *outbox, struct outbox_slot *const *slots, size_t count, int64_t now)
{
	size_t most = outbox->next_slot > now ? 0 : outbox->rate_per_minute > 0 ? 1 : count, granted = 0;

	if (duty_stopping(outbox->context))
		most = 0;
	for (size_t i = 0; i < count; i++) {
		slots[i]->takes = slots[i]->wants && granted < most;
		granted += slots[i]->takes;
	}
	return granted;
}

/* After a turn: who has what he asked for is answered. */
static void answer_all(
	struct outbox *outbox, struct outbox_slot *const *slots, size_t count, size_t granted, size_t claimed)
{
	if (granted > 0)
		outbox->dry = claimed < granted;
	if (claimed > 0 && outbox->rate_per_minute > 0)
		outbox->next_slot = clock_monotonic() + 60 * SECOND_US / outbox->rate_per_minute;
	for (size_t i = 0; i < count; i++)
		if (slots[i]->row.id || !slots[i]->wants)
			answer(slots[i]);
}

static int lead_once(struct outbox *outbox, struct error *err)
{
	struct outbox_slot *asking[OUTBOX_SENDERS_MAX];
	size_t outcomes, claimed, granted, count = gather(outbox, asking, &outcomes);
	int64_t now = clock_monotonic();

	if (outcomes == 0 && duty_stopping(outbox->context)) {
		send_home(asking, count);
		return 0;
	}
	if (outcomes == 0 && outbox->dry)
		return wait_for_notice(outbox, OUTBOX_IDLE_MS * INT64_C(1000), err);
	granted = grant(outbox, asking, count, now);
	if (outcomes == 0 && granted == 0)
		return wait_for_notice(outbox, outbox->next_slot - now, err);
	if (take_turn(outbox, asking, count, &claimed, err))
		return -1;
	answer_all(outbox, asking, count, granted, claimed);
	return 0;
}

static void note_failure(struct outbox *outbox, const struct error *err, int failures)
{
	log_failure(LOG_WARNING, "outbox", err, "channel=%s failures=%d", outbox->rows.channel, failures);
	outbox_rows_disconnect(&outbox->rows);
}

/* With the lock: serves all who ask until `slot` has its answer, or somebody else wants to speak. */
static void lead(struct outbox *outbox, const struct outbox_slot *slot)
{
	int failures = 0;

	while (slot->asks && outbox->others == 0) {
		struct error err = ERROR_INIT;

		if (lead_once(outbox, &err) == 0) {
			failures = 0;
			continue;
		}
		note_failure(outbox, &err, ++failures);
		if (pause_for(outbox, failures)) {
			struct outbox_slot *asking[OUTBOX_SENDERS_MAX];
			size_t outcomes;

			send_home(asking, gather(outbox, asking, &outcomes));
		}
	}
}

/* With the lock: to who wants to speak to the database himself, and to who asks. */
static void give_up_lead(struct outbox *outbox)
{
	outbox->led = false;
	if (outbox->others > 0) {
		pthread_cond_signal(&outbox->free);
		return;
	}
	for (size_t i = 0; i < outbox->count; i++)
		if (outbox->slots[i]->asks) {
			pthread_cond_signal(&outbox->slots[i]->answered);
			return;
		}
}

static void wake_leader(struct outbox *outbox)
{
	uint64_t one = 1;

	if (outbox->waiting && write(outbox->wake, &one, sizeof(one)) < 0)
		log_debug("outbox", "unwoken=1"); /* it is full of wakings already */
}

bool outbox_exchange(
	struct outbox *outbox, struct outbox_slot *slot, const struct outbox_outcome *outcome, bool wanted)
{
	bool found;

	pthread_mutex_lock(&outbox->lock);
	slot->outcome = outcome;
	slot->wants = wanted;
	slot->asks = true;
	if (outcome || !outbox->dry)
		wake_leader(outbox);
	while (slot->asks) {
		if (outbox->led || outbox->others > 0) {
			pthread_cond_wait(&slot->answered, &outbox->lock);
			continue;
		}
		outbox->led = true;
		lead(outbox, slot);
		give_up_lead(outbox);
	}
	found = slot->row.id != 0;
	pthread_mutex_unlock(&outbox->lock);
	return found;
}

/* ---- what one sender says to the database for itself ---- */

static void seize(struct outbox *outbox)
{
	pthread_mutex_lock(&outbox->lock);
	outbox->others++;
	wake_leader(outbox);
	while (outbox->led)
		pthread_cond_wait(&outbox->free, &outbox->lock);
	outbox->others--;
	outbox->led = true;
	pthread_mutex_unlock(&outbox->lock);
}

static void yield_lead(struct outbox *outbox)
{
	pthread_mutex_lock(&outbox->lock);
	give_up_lead(outbox);
	pthread_mutex_unlock(&outbox->lock);
}

int outbox_record_part(struct outbox *outbox, const struct outbox_slot *slot, int part, struct view provider_id)
{
	int result = 0;

	seize(outbox);
	for (int failures = 0;;) {
		struct error err = ERROR_INIT;
		int64_t wait;

		if (outbox_rows_part(&outbox->rows, slot->row.id, part, provider_id, &err) == 0)
			break;
		note_failure(outbox, &err, ++failures);
		wait = clock_backoff(failures, SECOND_US, 30 * SECOND_US) / 1000;
		if (duty_wait(outbox->context, -1, (int)wait) == -1) {
			result = -1;
			break;
		}
	}
	yield_lead(outbox);
	return result;
}

void outbox_alarm(struct outbox *outbox, const char *kind, const char *object, const char *text)
{
	struct error err = ERROR_INIT;

	seize(outbox);
	if (outbox_rows_alarm(&outbox->rows, kind, object, text, &err))
		log_failure(LOG_WARNING, "alarm", &err, "kind=%s object=%s", kind, object);
	yield_lead(outbox);
}

/* ---- pace ---- */

bool outbox_pace(struct outbox *outbox)
{
	int64_t now = clock_monotonic(), slot;

	pthread_mutex_lock(&outbox->lock);
	slot = outbox->next_slot > now ? outbox->next_slot : now;
	if (outbox->rate_per_minute > 0)
		outbox->next_slot = slot + 60 * SECOND_US / outbox->rate_per_minute;
	pthread_mutex_unlock(&outbox->lock);
	if (slot > now && duty_wait(outbox->context, -1, (int)((slot - now) / 1000 + 1)) == -1)
		return false;
	return !duty_stopping(outbox->context);
}

void outbox_pause(struct outbox *outbox, int seconds)
{
	int64_t until = clock_monotonic() + seconds * SECOND_US;

	pthread_mutex_lock(&outbox->lock);
	if (outbox->next_slot < until)
		outbox->next_slot = until;
	pthread_mutex_unlock(&outbox->lock);
}

/* ---- outcomes ---- */

bool outbox_is_about_message(enum error_reach reach)
{
	return reach == REACH_MESSAGE || reach == REACH_RETRY || reach == REACH_UNCERTAIN;
}

struct outbox_outcome outbox_outcome_of(const struct outbox_row *row, const struct error *err)
{
	int64_t now = clock_now();
	bool counted = outbox_is_about_message(err->reach);
	struct outbox_outcome outcome = {.kind = OUTBOX_RETRY, .counted = counted, .error = err->text, .next_at = now};

	if (err->reach == REACH_MESSAGE || now - row->created_at > OUTBOX_GIVE_UP_HOURS * 3600 * SECOND_US)
		outcome.kind = OUTBOX_FAILED;
	else if (counted)
		outcome.next_at = now + clock_backoff(row->attempts, OUTBOX_BACKOFF_BASE_US, OUTBOX_BACKOFF_MAX_US);
	return outcome;
}
