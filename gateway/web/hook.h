/*
 * Hooks: the configured channels that are called, with what came to each. Private to web/.
 *
 * Each is opened by itself: one whose secrets cannot be read is answered 503 and tried again, the others go on. Counts
 * are atomic: all threads add, the keeper takes them to the database.
 */
#ifndef WEB_HOOK_H
#define WEB_HOOK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "channels/channel.h"
#include "store/db.h"

enum hook_count {
	HOOK_STORED,	/* messages that were new */
	HOOK_REPEATED,	/* messages that were there */
	HOOK_IGNORED,	/* events that are no message */
	HOOK_REFUSED,	/* requests with a wrong credential */
	HOOK_MALFORMED, /* genuine requests that could not be read */
	HOOK_OVERSIZE,	/* requests over the cap */
	HOOK_SPOOLED,	/* requests that came while the database was away */
	HOOK_COUNTS,
};

struct hook {
	const struct config_channel *settings;
	struct channel channel; /* kind and settings always; the rest once it is open */
	size_t mail_max;	/* bytes of a mail; of a larger one the header is kept */
	atomic_bool open;
	atomic_llong account_id; /* 0: not known yet */
	atomic_llong counts[HOOK_COUNTS];
	atomic_llong last_message; /* unix microseconds; 0: none since the last report */
	/* the keeper's own */
	struct error why; /* it could not be opened */
	int64_t reported_at;
	bool alarmed_refused, alarmed_malformed;
};

struct hooks {
	const struct config *config;
	struct arena *arena;
	struct hook *list;
	size_t count;
};

/* Opens what can be opened. */
struct hooks *hooks_new(const struct config *config);
void hooks_free(struct hooks **hooks);
/* Tries again those that could not be opened. */
void hooks_reopen(struct hooks *hooks);
/* By the channel's name; NULL: none. */
struct hook *hook_find(const struct hooks *hooks, struct view name);
/*
 * Of a path "/hook/<name>/<path_key>", with more behind it where the kind has subpaths; NULL: none, or its key is not right.
 * An unopened one is found by its name.
 */
struct hook *hook_of_path(const struct hooks *hooks, struct view path);
/* Asks the database for the accounts: with every new connection, for it may have been restored from a backup since. */
int hooks_accounts(struct hooks *hooks, struct db *db, struct error *err);
/* Reports what came since the last time: counts at once, else that it is well every half minute. */
int hooks_report(struct hooks *hooks, struct db *db, int64_t now, struct error *err);

static inline void hook_add(struct hook *hook, enum hook_count what, long long count)
{
	if (count > 0)
		atomic_fetch_add_explicit(&hook->counts[what], count, memory_order_relaxed);
}

#endif
