/*
 * Media: photos, voice notes and documents of one channel's messages, fetched once the message is safe, in a thread of
 * its own, so that a slow provider keeps nobody else waiting. Private to intake/.
 *
 * A row is claimed (nobody else has it for a while, whatever becomes of us), fetched with caps of size and time, and
 * kept as an attachment with its bytes, its SHA-256 and the type that its bytes show. What the provider has no more,
 * what is too large or where the guard says no is refused for good, with the reason and a count; all else is tried
 * again, later and later.
 */
#ifndef INTAKE_MEDIA_H
#define INTAKE_MEDIA_H

#include <pthread.h>
#include <stdatomic.h>

#include "channels/channel.h"
#include "core/process.h"
#include "intake/database.h"

#define MEDIA_IDLE_SECONDS 2 /* between looks */
#define MEDIA_ATTEMPTS 12    /* then it is given up: over a day */
#define MEDIA_BEGUN_MAX 24   /* attempts with those that ended with the service: it may be what ends it */
#define MEDIA_BACKOFF_BASE ((int64_t)10000000)
#define MEDIA_BACKOFF_MAX ((int64_t)4 * 3600 * 1000000)

struct media {
	/* set by the duty */
	struct duty_context *duty;
	const struct config *config;
	const struct config_channel *settings;
	struct database *database;
	_Atomic int64_t step_at; /* clock_monotonic(): when the thread last began a step */
	pthread_t thread;
	/* the thread's own */
	struct arena *session, *work;
	struct channel channel;
	struct http_client *http;
};

void *media_run(void *media);

#endif
