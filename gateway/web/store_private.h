/* Store: what store.c (the committers) and keeper.c (the spool's way into the database) share. */
#ifndef WEB_STORE_PRIVATE_H
#define WEB_STORE_PRIVATE_H

#include <pthread.h>

#include "web/store.h"
#include "web/web.h"

/* A request that waits. Lives in its exchange's arena. */
struct job {
	struct http_exchange *exchange;
	struct delivery delivery;
	int64_t number; /* in the order of arrival: its name in the spool */
	size_t size;
	struct job *next;
};

struct store {
	const struct config *config;
	struct hooks *hooks;
	struct spool *spool;
	pthread_mutex_t mutex;
	pthread_cond_t work, keeper;
	struct job *first, **last;
	bool ending;
	bool behind;	 /* everything goes into the spool */
	bool held;	 /* the committers wait: what is in the spool is on its way into the database */
	size_t writing;	 /* entries of the spool that are being written */
	uint64_t writes; /* begun since ever */
	bool fresh;	 /* something was stored and nobody was told */
	size_t aside;	 /* entries set aside since the last alarm */
	size_t refused;	 /* requests that could not be kept since the last line in the log */
	int64_t number;	 /* the last one given */
	int64_t refused_logged_at;
	int committer_count;
	pthread_t committers[WEB_COMMITTERS], keeper_thread;
	bool keeper_started;
};

/* A connection that waits for WEB_DATABASE_MS only, the accounts known. */
int store_connect(struct store *store, struct db **out, struct error *err);
/* The database cannot be had: from here on into the spool. */
void store_away(struct store *store, const struct error *err);
/* The keeper's thread. */
void *keeper_run(void *store);

#endif
