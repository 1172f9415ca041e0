/* web/pages: what people open from a mail. See pages.h. */
#include "web/pages.h"

#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/share.h"
#include "store/db.h"
#include "web/web.h"

#define PAGE_MAX 65536	   /* bytes of a file */
#define RETRY_SECONDS 30
#define HTML "text/html; charset=utf-8"

/* What there is a page for. */
static const struct page_kind {
	const char *name, *prefix;
	size_t word_bytes;    /* of what stands behind the prefix */
	const char *function; /* (now, word) -> known: does it */
	const char *ask_file, *done_file;
} kinds[] = {
	{"stop", "/stop/", 13 /* "FP-7K3M9QXA2D" */, "api.request_stop", "pages/stop.html", "pages/stopped.html"},
	{"unsubscribe", "/u/", 32, "api.unsubscribe", "pages/unsubscribe.html", "pages/unsubscribed.html"},
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* A POST that waits. Lives in its exchange's arena. */
struct wish {
	struct http_exchange *exchange;
	const struct page_kind *kind;
	struct view word;
	struct wish *next;
};

struct pages {
	const struct config *config;
	struct arena *arena;
	struct view ask[KINDS], done[KINDS]; /* the files */
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t work;
	struct wish *first, **last;
	size_t waiting;
	bool ending;
};

/* ---- the database's side ---- */

/* 1: it is done, 0: the word is none of ours. */
static int act(struct db *db, struct arena *arena, const struct wish *wish, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;

	db_args_init(&args, arena);
	db_arg_time(&args, clock_now());
	db_arg_text(&args, wish->word);
	if (db_call(db, wish->kind->function, &args, &rows, err) < 0)
		return -1;
	return db_count(rows) > 0 && db_get_bool(rows, 0, "known");
}

static void fulfil(struct pages *pages, struct db **db, struct wish *wish)
{
	struct http_reply reply = {.status = 503, .retry_seconds = RETRY_SECONDS};
	struct error err = ERROR_INIT;
	int known = -1;

	if (*db && !db_healthy(*db))
		db_close(db);
	if (!*db && db_open(pages->config, "fieldpost_web", db, &err) == 0)
		db_patience(*db, WEB_DATABASE_MS);
	if (*db)
		known = act(*db, wish->exchange->arena, wish, &err);
	if (known < 0) {
		log_failure(LOG_WARNING, "page", &err, "page=%s", wish->kind->name);
		db_close(db);
	} else if (known) {
		log_info("page", "page=%s done=yes", wish->kind->name);
		reply = (struct http_reply){.status = 200, .type = HTML, .body = pages->done[wish->kind - kinds]};
	} else {
		reply = (struct http_reply){.status = 404};
	}
	http_exchange_answer(wish->exchange, &reply);
}

static void *run(void *argument)
{
	struct pages *pages = argument;
	struct db *db = NULL;
	struct wish *wish;

	pthread_mutex_lock(&pages->mutex);
	for (;;) {
		while (!pages->first && !pages->ending)
			pthread_cond_wait(&pages->work, &pages->mutex);
		wish = pages->first;
		if (!wish)
			break;
		pages->first = wish->next;
		if (!pages->first)
			pages->last = &pages->first;
		pages->waiting--;
		pthread_mutex_unlock(&pages->mutex);
		fulfil(pages, &db, wish);
		pthread_mutex_lock(&pages->mutex);
	}
	pthread_mutex_unlock(&pages->mutex);
	db_close(&db);
	return NULL;
}

/* ---- the server's side ---- */

/* What is no word of ours in any spelling never comes to the database, which takes no bytes that are no text. */
static bool is_word(struct view word)
{
	for (size_t i = 0; i < word.len; i++)
		if (!isalnum((unsigned char)word.ptr[i]) && word.ptr[i] != '-')
			return false;
	return true;
}

static const struct page_kind *kind_of(struct view path)
{
	for (size_t i = 0; i < KINDS; i++) {
		struct view prefix = view_of(kinds[i].prefix);

		if (view_starts(path, prefix) && path.len == prefix.len + kinds[i].word_bytes &&
			is_word(view_sub(path, prefix.len, path.len)))
			return &kinds[i];
	}
	return NULL;
}

bool pages_has(struct view path)
{
	return kind_of(path) != NULL;
}

static bool put(struct pages *pages, struct http_exchange *exchange)
{
	struct wish *wish = ARENA_NEW(exchange->arena, struct wish);
	const struct page_kind *kind = kind_of(exchange->request.path);
	bool taken;

	*wish = (struct wish){exchange, kind, view_sub(exchange->request.path, strlen(kind->prefix), SIZE_MAX), NULL};
	pthread_mutex_lock(&pages->mutex);
	taken = pages->waiting < PAGES_WAITING_MAX;
	if (taken) {
		http_exchange_defer(exchange);
		pages->waiting++;
		*pages->last = wish;
		pages->last = &wish->next;
		pthread_cond_signal(&pages->work);
	}
	pthread_mutex_unlock(&pages->mutex);
	return taken;
}

bool pages_take(struct pages *pages, struct http_exchange *exchange, struct http_reply *reply)
{
	if (view_equal(exchange->request.method, VIEW("POST"))) {
		if (put(pages, exchange))
			return false;
		*reply = (struct http_reply){.status = 503, .retry_seconds = RETRY_SECONDS};
		return true;
	}
	*reply = (struct http_reply){.status = 200, .type = HTML, .body = pages->ask[kind_of(exchange->request.path) - kinds]};
	return true;
}

/* ---- opening ---- */

static int load(struct pages *pages, const char *name, struct view *out, struct error *err)
{
	char path[4096], *bytes = arena_alloc(pages->arena, PAGE_MAX);
	FILE *file;

	if (share_path(pages->config, name, path, sizeof(path)) < 0 || !(file = fopen(path, "re")))
		return error_set(err, REACH_STOP, "%s: %s; install the files that came with the program", path, strerror(errno));
	*out = (struct view){bytes, fread(bytes, 1, PAGE_MAX, file)};
	fclose(file);
	return 0;
}

static int load_all(struct pages *pages, struct error *err)
{
	for (size_t i = 0; i < KINDS; i++)
		if (load(pages, kinds[i].ask_file, &pages->ask[i], err) < 0 ||
			load(pages, kinds[i].done_file, &pages->done[i], err) < 0)
			return -1;
	return 0;
}

int pages_open(const struct config *config, struct pages **out, struct error *err)
{
	struct pages *pages = calloc(1, sizeof(*pages));

	if (!pages)
		return error_set(err, REACH_RETRY, "out of memory");
	pages->config = config;
	pages->arena = arena_new();
	pages->last = &pages->first;
	pthread_mutex_init(&pages->mutex, NULL);
	pthread_cond_init(&pages->work, NULL);
	if (load_all(pages, err) == 0) {
		if (pthread_create(&pages->thread, NULL, run, pages) == 0) {
			*out = pages;
			return 0;
		}
		error_set(err, REACH_RETRY, "no thread can be started");
	}
	arena_free(&pages->arena);
	free(pages);
	return -1;
}

void pages_close(struct pages **pages_at)
{
	struct pages *pages = *pages_at;

	if (!pages)
		return;
	pthread_mutex_lock(&pages->mutex);
	pages->ending = true;
	pthread_cond_signal(&pages->work);
	pthread_mutex_unlock(&pages->mutex);
	pthread_join(pages->thread, NULL);
	pthread_cond_destroy(&pages->work);
	pthread_mutex_destroy(&pages->mutex);
	arena_free(&pages->arena);
	free(pages);
	*pages_at = NULL;
}
