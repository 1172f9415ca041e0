/*
 * Poll: the life of one polled channel, in a thread of its own. Private to intake/.
 *
 *     wait for the lease -> open -> store what is in the spool -> [ ask -> (spool ->) store ]* -> error: say so, back
 * off, again
 *
 * The cursor is committed with the messages before it, under the lease's fence, and only then is the provider asked
 * with it, which is what acknowledges them there. A provider that destroys what it hands out (Signal) is asked for
 * little at a time, what it answers is written to a file and synced before anything else is done with it, and it is not
 * asked again before that file is stored. So a crash loses nothing with the first, and with the second at most the one
 * answer that was on its way.
 */
#ifndef INTAKE_POLL_H
#define INTAKE_POLL_H

#include <pthread.h>
#include <stdatomic.h>

#include "channels/channel.h"
#include "core/process.h"
#include "core/spool.h"
#include "intake/database.h"

#define POLL_WAIT_SECONDS 25			 /* at the provider's door */
#define POLL_CONSUMING_SECONDS 5		 /* the same where a stop must not end the call */
#define POLL_EMPTY_SECONDS 1			 /* between rounds that brought nothing and did not wait */
#define POLL_SPOOL_BYTES ((size_t)256 * 1024 * 1024)
#define POLL_SPOOL_ROOM (16 * 1024 * 1024) /* bytes that must be free on the disk before it is asked */
#define POLL_STEP_SECONDS 600			 /* no single step may take longer, else the duty is stuck */
#define POLL_BACKOFF_BASE ((int64_t)1000000)
#define POLL_BACKOFF_MAX ((int64_t)300000000)
#define POLL_DATABASE_BACKOFF_MAX ((int64_t)10000000)

struct poller {
	/* set by the duty */
	struct duty_context *duty;
	const struct config *config;
	const struct config_channel *settings;
	struct database *database;
	int cancel_fd;	     /* readable: the session must end (stop, or the lease was lost) */
	int wake_fd;	     /* readable: the lease came, or the database is back */
	_Atomic bool leased; /* kept by the duty's housekeeping, as the fence */
	_Atomic int64_t fence;
	_Atomic int64_t step_at; /* clock_monotonic(): when the thread last began a step */
	pthread_t thread;
	/* the thread's own */
	struct arena *session, *round; /* what lives as long as these */
	struct channel channel;
	struct http_client *http;
	struct spool *spool; /* of a provider that destroys what it hands out; NULL: of another */
	int64_t account_id;
	struct view cursor; /* in memory of its own */
	int failures;	    /* sessions in a row that failed */
	int retry_seconds;  /* as the provider said with the last failure */
	bool unreadable;    /* something of this round was set aside */
	bool ours;	    /* the last failure was the database's, not the provider's */
};

void *poll_run(void *poller);

#endif
