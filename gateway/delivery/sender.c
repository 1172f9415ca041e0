/* delivery/sender: the loop of one sender. See sender.h; outbox.c claims and records. */
#include "delivery/sender.h"

#include "core/clock.h"
#include "core/log.h"

#define SECOND_US ((int64_t)1000000)

static struct duty_context *context_of(const struct sender *sender)
{
	return outbox_context(sender->outbox);
}

/* ---- the server ---- */

static void server_good(struct sender *sender)
{
	sender->failures = 0;
	if (!sender->cleared)
		outbox_alarm(sender->outbox, sender->kind->alarm, sender->alarm_object, NULL);
	sender->cleared = true;
}

static void server_bad(struct sender *sender, const struct error *err)
{
	int64_t wait;

	sender->failures++;
	sender->cleared = false;
	sender->kind->drop(sender->private);
	log_failure(LOG_WARNING, sender->kind->alarm, err, "object=%s failures=%d", sender->alarm_object,
		sender->failures);
	outbox_alarm(sender->outbox, sender->kind->alarm, sender->alarm_object, err->text);
	wait = clock_backoff(sender->failures, SENDER_BACKOFF_BASE_US, SENDER_BACKOFF_MAX_US);
	duty_wait(context_of(sender), -1, (int)(wait / 1000));
}

/* ---- one row ---- */

/* Of a row, what its log line says: the row itself is gone when it is recorded. */
struct told {
	long long id;
	int attempts;
};

static struct outbox_outcome outcome_of(
	struct sender *sender, const struct error *err, const struct sending *sending, bool interrupted)
{
	struct outbox_outcome outcome = outbox_outcome_of(&sender->slot.row, err);

	if (interrupted)
		return (struct outbox_outcome){.kind = OUTBOX_RETRY, .next_at = clock_now()};
	if (outcome.kind != OUTBOX_RETRY)
		return outcome;
	if (sending->refused)
		outcome.kind = OUTBOX_LATER;
	if (sending->retry_seconds > 0) {
		outcome.next_at = clock_now() + sending->retry_seconds * SECOND_US;
		outbox_pause(sender->outbox, sending->retry_seconds < SENDER_PAUSE_MAX_SECONDS
						     ? sending->retry_seconds
						     : SENDER_PAUSE_MAX_SECONDS);
	}
	return outcome;
}

static void note_failure(struct sender *sender, struct told told, bool given_up, const struct error *err)
{
	log_failure(given_up ? LOG_ERROR : LOG_WARNING, given_up ? "given-up" : "not-sent", err,
		"outbox=%lld object=%s attempts=%d", told.id, sender->alarm_object, told.attempts);
	if (sender->kind->fragile && err->reach != REACH_MESSAGE)
		sender->kind->drop(sender->private);
}

static void not_sent(struct sender *sender, const struct sending *sending, const struct error *err)
{
	struct told told = {sender->slot.row.id, sender->slot.row.attempts};
	bool interrupted = duty_stopping(context_of(sender)) && err->reach != REACH_MESSAGE;
	struct outbox_outcome outcome = outcome_of(sender, err, sending, interrupted);

	outbox_exchange(sender->outbox, &sender->slot, &outcome, false);
	if (interrupted)
		return;
	if (outbox_is_about_message(err->reach))
		note_failure(sender, told, outcome.kind == OUTBOX_FAILED, err);
	else
		server_bad(sender, err);
}

/* Sends the row that the slot has; true: it has the next one, claimed with what became of this one. */
static bool handle_row(struct sender *sender)
{
	static const struct outbox_outcome sent = {.kind = OUTBOX_SENT};
	const struct outbox_row *row = &sender->slot.row;
	struct sending sending = {0};
	struct error err = ERROR_INIT;
	bool more;

	if (sender->kind->send(sender->private, &sender->slot, &sending, &err)) {
		not_sent(sender, &sending, &err);
		return false;
	}
	log_info("sent", "outbox=%lld object=%s kind=%s attempts=%d", (long long)row->id, sender->alarm_object,
		row->kind, row->attempts);
	more = outbox_exchange(sender->outbox, &sender->slot, &sent, sender->cleared);
	server_good(sender);
	return more;
}

void *sender_run(void *private)
{
	struct sender *sender = private;
	bool has_row = false;

	while (has_row || !duty_stopping(context_of(sender))) {
		duty_alive(context_of(sender));
		if (has_row || outbox_exchange(sender->outbox, &sender->slot, NULL, true))
			has_row = handle_row(sender);
		else if (sender->kind->fragile)
			sender->kind->drop(sender->private);
	}
	sender->kind->drop(sender->private);
	return NULL;
}
