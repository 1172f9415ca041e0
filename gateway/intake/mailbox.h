/*
 * Mailbox: the life of one mailbox, in a thread of its own. Private to intake/.
 *
 *     wait for the lease -> connect -> [ scan every folder -> after-actions -> wait for news ]* -> error: say so, back
 * off, again
 *
 * Whatever breaks, the next connect begins with a full scan: every UID there is, less those that were stored. So
 * nothing that this thread remembers matters beyond its session.
 */
#ifndef INTAKE_MAILBOX_H
#define INTAKE_MAILBOX_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/process.h"
#include "intake/batch.h"
#include "intake/database.h"
#include "intake/imap.h"
#include "net/tls.h"

#define MAILBOX_IDLE_SECONDS 300  /* IDLE is begun anew and the folder looked at (RFC 2177: below 29 minutes) */
#define MAILBOX_SCAN_SECONDS 3600 /* a full scan, should the server not tell of something */
#define MAILBOX_AFTER_SECONDS 5	  /* after-actions are looked for, should a notice be lost */
#define MAILBOX_STEP_SECONDS 7200 /* no single step may take longer, else the duty is stuck */
#define MAILBOX_BACKOFF_BASE ((int64_t)1000000)
#define MAILBOX_BACKOFF_MAX ((int64_t)300000000)
#define MAILBOX_LOGIN_BACKOFF_BASE ((int64_t)60000000) /* a refused login is not hammered */
#define MAILBOX_STRIKES 3			       /* times that fetching one mail may end the session */
#define MAILBOX_SUSPECTS 64			       /* mails with strikes that are remembered in each folder */

#define MAILBOX_SUSPECT_BASE ((int64_t)10000000)	 /* a mail that was given up is tried again after so long, */
#define MAILBOX_SUSPECT_MAX ((int64_t)3600000000)	 /* ... twice as long each time, up to this */
#define MAILBOX_FETCH_BYTES ((uint64_t)64 * 1024 * 1024) /* asked for by one command */

/* What is trusted, loaded once for all mailboxes, when the first one needs it. */
struct trust {
	pthread_mutex_t mutex;
	struct tls_client *client;
};

/* A mail whose fetching fails. */
struct suspect {
	uint32_t uid;
	int strikes;
	int64_t retry_at; /* clock_monotonic(), once it was given up */
};

struct folder {
	const char *name;
	int64_t folder_id; /* 0: not opened in the database yet */
	uint32_t uidvalidity;
	uint32_t next_uid;   /* all below were dealt with in this session */
	uint32_t cursor;     /* no mail with a higher UID was stored; UINT32_MAX: that is not known */
	uint32_t mails;	     /* there were when it was opened */
	bool scanned;	     /* fully, in this session */
	int64_t scan_at;     /* clock_monotonic(): the next full scan */
	uint32_t careful_to; /* up to this UID mails are fetched one by one: among them one broke a session */
	size_t backlog;	     /* mails that are there and not stored */
	struct suspect suspects[MAILBOX_SUSPECTS];
	size_t suspect_count;
};

struct mailbox {
	/* set by the duty */
	struct duty_context *duty;
	const struct config *config;
	const struct config_mailbox *settings;
	struct database *database;
	struct trust *trust;
	int cancel_fd;		 /* readable: the session must end (stop, or the lease was lost) */
	int wake_fd;		 /* readable: something may be due */
	_Atomic bool leased;	 /* kept by the duty's housekeeping */
	_Atomic int64_t step_at; /* clock_monotonic(): when the thread last began a step */
	pthread_t thread;
	/* the thread's own */
	struct imap *imap;
	struct oauth *oauth; /* NULL: it logs in with a password */
	int64_t oauth_state; /* of its login's row, see oauth_changed() */
	int64_t account_id;
	struct folder *folders;	   /* settings->folder_count */
	ptrdiff_t selected;	   /* index of the folder that is open, -1: none */
	bool acts;		   /* some outcome has an after-action */
	int idle_failures;	   /* in a row: the server announces IDLE and does not do it */
	int idle_noise;		   /* in a row: IDLE ended at once and nothing was new */
	int failures;		   /* sessions in a row that failed */
	bool round_done;	   /* this session has done a whole round */
	int64_t said_at;	   /* clock_monotonic(): when the database was last told that all is well */
	struct error folder_error; /* of a folder that alone failed in this round */
	bool folder_failing;	   /* so it was in the last round */
	struct batches *batches;
};

/* Fills the thread's own part; the duty's must be set. */
int mailbox_init(struct mailbox *mailbox, struct error *err);
void mailbox_release(struct mailbox *mailbox);
/* The thread: ends when the duty stops. */
void *mailbox_run(void *mailbox);

/* A step begins: feeds the duty's watchdog. */
void mailbox_step(struct mailbox *mailbox);
bool mailbox_stopping(const struct mailbox *mailbox);

/* Opens the folder on the server, and in the database when that is new. */
int mailbox_select(struct mailbox *mailbox, size_t index, struct error *err);
/* Takes in what is new in the open folder (everything not stored, if it was not scanned yet). */
int mailbox_scan(struct mailbox *mailbox, size_t index, struct error *err);
/* Does what is due with mails that were dealt with. *worked_out: there was something. */
int mailbox_after(struct mailbox *mailbox, bool *worked_out, struct error *err);
/* Is there? (No word to the server.) */
int mailbox_after_due(struct mailbox *mailbox, bool *due_out, struct error *err);
/* Waits for news, by IDLE or by time. */
int mailbox_wait(struct mailbox *mailbox, struct error *err);
/* Does (or will) it wait by IDLE? Only in the first folder. */
bool mailbox_idles(const struct mailbox *mailbox);
/* Tells the database that the folder is well, unless it heard so a moment ago and `often`. */
int mailbox_well(struct mailbox *mailbox, const struct folder *folder, bool often, struct error *err);
/* Waits until the descriptor (or -1), wake or cancel is readable or the time (clock_monotonic()) is over: 1 fd, 2 wake,
 * 0 time, -1 cancel. */
int mailbox_poll(struct mailbox *mailbox, int fd, int64_t until);

#endif
