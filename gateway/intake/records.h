/*
 * Records: what the intake asks of the database, one function for each function of `api` that it calls. Each runs as a
 * work of database.h: `context` is the struct named. Private to intake/.
 */
#ifndef INTAKE_RECORDS_H
#define INTAKE_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"
#include "store/db.h"

/* api.account_open */
struct record_account {
	const char *name, *kind;
	int64_t account_id; /* out */
};
int record_account(struct db *db, void *context, struct error *err);

/* api.folder_open */
struct record_folder {
	int64_t account_id;
	const char *folder;
	uint32_t uidvalidity;
	bool acts;		     /* something is done with its mails once they were dealt with */
	int64_t folder_id, last_uid; /* out */
	bool changed;		     /* out: the folder had another UIDVALIDITY before */
};
int record_folder(struct db *db, void *context, struct error *err);

/* api.uids_unseen: keeps of `uids` those that were never stored. */
struct record_unseen {
	int64_t folder_id;
	int64_t *uids; /* ascending, in and out */
	size_t count;  /* in and out */
};
int record_unseen(struct db *db, void *context, struct error *err);

/* api.messages_store, or with folder_id 0 api.messages_import. Columns of equal length. */
struct record_store {
	int64_t folder_id, account_id;
	size_t count;
	const int64_t *uids;
	const struct view *identities;
	const int64_t *sizes;
	const bool *oversize;
	const int64_t *received;
	const int64_t *starts, *lengths; /* of each mail in `raws` */
	struct view raws;
	struct arena *arena; /* the arguments are made here */
	size_t fresh;	     /* out: how many were not known yet */
};
int record_store(struct db *db, void *context, struct error *err);
/* api.messages_ready: what a connection needs for record_store() is made before the first mail comes. No context. */
int record_ready(struct db *db, void *context, struct error *err);
/* api.messages_wake: there is something to read. No context. */
int record_wake(struct db *db, void *context, struct error *err);

/* api.after_due */
#define RECORD_DUE_MAX 500
struct record_due {
	int64_t folder_id;
	struct {
		int64_t uid;
		int64_t attempts;
		char state[16]; /* "filed", "review", "held", "ignored", "failed" */
	} list[RECORD_DUE_MAX]; /* out, by uid */
	size_t count;		/* out */
};
int record_due(struct db *db, void *context, struct error *err);

/* api.after_done when `error` is NULL, else api.after_failed */
struct record_after {
	int64_t folder_id;
	const int64_t *uids;
	size_t count;
	const char *error;
	int64_t next_at;
};
int record_after(struct db *db, void *context, struct error *err);

/* api.source_ok when `error` is NULL, else api.source_failed */
struct record_source {
	int64_t account_id;
	const char *folder;
	int64_t backlog;
	const struct error *error;
	int64_t next_at;
};
int record_source(struct db *db, void *context, struct error *err);

/* ---- channels: records_channel.c ---- */

/* api.channel_open */
struct record_channel {
	const char *name;
	struct arena *arena;
	int64_t account_id; /* out */
	struct view cursor; /* out, in the arena; empty: none yet */
};
int record_channel(struct db *db, void *context, struct error *err);

/* api.channel_store_round. REACH_MESSAGE: the lease is somebody else's. */
struct record_round {
	int64_t account_id, fence, received;
	struct view cursor; /* empty: it stays */
	struct view body, messages;
	struct arena *arena; /* the arguments are made here */
	size_t count, fresh; /* out */
};
int record_round(struct db *db, void *context, struct error *err);

/* api.channel_ok */
struct record_counts {
	int64_t account_id;
	const char *counts; /* JSON */
};
int record_counts(struct db *db, void *context, struct error *err);

/* api.media_claim */
#define RECORD_MEDIA_SECONDS 600 /* a claim that was not settled after so long is free again */
struct record_media {
	const char *channel;
	struct arena *arena;
	bool found; /* out; the rest too, in the arena */
	int64_t message_id, ordinal, attempts, size;
	struct view id, url, name, type, sha256;
};
int record_media_claim(struct db *db, void *context, struct error *err);

/* api.media_done when error is NULL, else api.media_failed. */
struct record_media_end {
	int64_t message_id, ordinal;
	struct arena *arena;
	struct view name, type, sha256, bytes;
	const char *error;
	int64_t next_at; /* 0: refused for good */
};
int record_media_end(struct db *db, void *context, struct error *err);

/* api.lease_take, api.lease_drop */
struct record_lease {
	const char *name, *holder;
	int64_t seconds;
	bool held;     /* out */
	int64_t fence; /* out */
};
int record_lease_take(struct db *db, void *context, struct error *err);
int record_lease_drop(struct db *db, void *context, struct error *err);

/* api.alarm_raise when `text` is set, else api.alarm_clear */
struct record_alarm {
	const char *kind, *object, *text;
};
int record_alarm(struct db *db, void *context, struct error *err);

#endif
