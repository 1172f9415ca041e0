/* intake/mailbox_wait: waiting for news, by IDLE or by time. See mailbox.h. */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "core/clock.h"
#include "intake/mailbox.h"

#define SECOND ((int64_t)1000000)
#define IDLE_FAILURES 2		  /* then it is polled, until the next full scan by the clock */
#define NOISE_QUICK (10 * SECOND) /* an IDLE that ended sooner for nothing is noise */
#define NOISE_BASE (SECOND / 10)
#define NOISE_MAX (30 * SECOND)

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int milliseconds_until(int64_t until)
{
	int64_t left = until - clock_monotonic();

	return left > 0 ? (int)(left / 1000) + 1 : 0;
}

int mailbox_poll(struct mailbox *mailbox, int fd, int64_t until)
{
	struct pollfd fds[3] = {
		{.fd = fd, .events = POLLIN},
		{.fd = mailbox->wake_fd, .events = POLLIN},
		{.fd = mailbox->cancel_fd, .events = POLLIN},
	};
	uint64_t count;

	mailbox_step(mailbox);
	while (poll(fds, 3, milliseconds_until(until)) < 0 && errno == EINTR)
		;
	if (fds[2].revents)
		return -1;
	if (fds[0].revents)
		return 1;
	if (fds[1].revents) {
		(void)!read(mailbox->wake_fd, &count, sizeof(count));
		return 2;
	}
	return 0;
}

bool mailbox_idles(const struct mailbox *mailbox)
{
	return mailbox->settings->idle && mailbox->idle_failures < IDLE_FAILURES && mailbox->selected == 0 &&
	       imap_can(mailbox->imap, "IDLE");
}

/* When something must be done even if nothing happens. */
static int64_t wait_end(const struct mailbox *mailbox, bool idle)
{
	int64_t seconds = mailbox->settings->poll_seconds, end;

	if ((idle && mailbox->settings->folder_count == 1) || seconds > MAILBOX_IDLE_SECONDS)
		seconds = MAILBOX_IDLE_SECONDS;
	end = clock_monotonic() + seconds * SECOND;
	for (size_t i = 0; i < mailbox->settings->folder_count; i++)
		if (mailbox->folders[i].scanned)
			end = earlier(end, mailbox->folders[i].scan_at);
	return end;
}

/* Until the server has news (when fd is its connection), an after-action is due, or the time is over. */
static int wait_quietly(struct mailbox *mailbox, int fd, int64_t end, struct error *err)
{
	int64_t after_at = clock_monotonic() + MAILBOX_AFTER_SECONDS * SECOND;
	bool due = false;

	while (!due && clock_monotonic() < end) {
		int what = mailbox_poll(mailbox, fd, mailbox->acts ? earlier(end, after_at) : end);

		if (what < 0)
			return error_set(err, REACH_RETRY, "stopped");
		if (what == 1)
			break;
		if (mailbox->acts && mailbox_after_due(mailbox, &due, err) < 0)
			return -1;
		after_at = clock_monotonic() + MAILBOX_AFTER_SECONDS * SECOND;
	}
	return 0;
}

/* A server that wakes us over and over for nothing does not get our whole attention. */
static int rest_from_noise(struct mailbox *mailbox, int64_t since, struct error *err)
{
	if (clock_monotonic() - since > NOISE_QUICK)
		mailbox->idle_noise = 0;
	else
		mailbox->idle_noise++;
	if (mailbox->idle_noise < 4)
		return 0;
	return wait_quietly(
		mailbox, -1, clock_monotonic() + clock_backoff(mailbox->idle_noise - 3, NOISE_BASE, NOISE_MAX), err);
}

static int wait_idling(struct mailbox *mailbox, struct error *err)
{
	int64_t since = clock_monotonic();

	if (imap_idle_begin(mailbox->imap, err) < 0) {
		mailbox->idle_failures++;
		return -1;
	}
	mailbox->idle_failures = 0;
	if (!imap_news(mailbox->imap) &&
		wait_quietly(mailbox, imap_fd(mailbox->imap), wait_end(mailbox, true), err) < 0)
		return -1;
	if (imap_idle_end(mailbox->imap, err) < 0)
		return -1;
	return rest_from_noise(mailbox, since, err);
}

int mailbox_wait(struct mailbox *mailbox, struct error *err)
{
	if (mailbox_idles(mailbox))
		return wait_idling(mailbox, err);
	return wait_quietly(mailbox, -1, wait_end(mailbox, false), err);
}
