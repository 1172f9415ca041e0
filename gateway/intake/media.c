/* intake/media: photos, voice notes and documents of a channel's messages. See media.h. */
#include "intake/media.h"

#include <poll.h>

#include "core/clock.h"
#include "core/log.h"
#include "intake/records.h"
#include "net/http_client.h"
#include "parsers/parsers.h"

#define SECOND ((int64_t)1000000)
#define RETRY_BASE SECOND
#define RETRY_MAX (30 * SECOND)

static void pause_for(const struct media *media, int64_t microseconds)
{
	struct pollfd stop = {.fd = media->duty->stop_fd, .events = POLLIN};

	poll(&stop, 1, (int)(microseconds / 1000) + 1);
}

/* ---- one medium ---- */

static int get(struct media *media, const struct record_media *row, struct view *bytes_out, struct error *err)
{
	const struct channel_kind *kind = media->channel.kind;
	struct channel_media medium = {.id = row->id,
		.url = row->url,
		.name = row->name,
		.type = row->type,
		.sha256 = row->sha256,
		.size = row->size};
	size_t max = media->settings->media_bytes;

	if (row->attempts > MEDIA_BEGUN_MAX)
		return error_set(err, REACH_MESSAGE, "its fetching was begun %lld times and never ended",
			(long long)row->attempts);
	if (!media->settings->media)
		return error_set(err, REACH_MESSAGE, "media are not fetched (`media: no`)");
	if (!kind->fetch)
		return error_set(err, REACH_MESSAGE, "a channel of kind %s fetches nothing", kind->name);
	if (row->size > (int64_t)max)
		return error_set(
			err, REACH_MESSAGE, "%lld bytes, more than media_bytes (%zu)", (long long)row->size, max);
	if (kind->fetch(&media->channel, media->http, &medium, max, media->work, bytes_out, err) == 0)
		return 0;
	channel_hide_token(&media->channel, err);
	return -1;
}

static void keep(struct media *media, const struct record_media *row, struct view bytes, struct record_media_end *end)
{
	struct attachment file;
	const char *declared = arena_copy(media->work, row->type.ptr, row->type.len);

	parse_file(media->work, bytes, row->name, declared, &file);
	end->name = file.name;
	end->type = view_of(file.type);
	end->sha256 = (struct view){arena_copy(media->work, file.sha256, sizeof(file.sha256)), sizeof(file.sha256)};
	end->bytes = bytes;
}

/* Refused for good, or later; the error's words either way. */
static void give_up(const struct media *media, const struct record_media *row, const struct error *why,
	struct record_media_end *end)
{
	bool last = row->attempts >= MEDIA_ATTEMPTS;

	end->error = why->text;
	if (why->reach != REACH_MESSAGE && !last)
		end->next_at = clock_now() + clock_backoff((int)row->attempts, MEDIA_BACKOFF_BASE, MEDIA_BACKOFF_MAX);
	log_failure(LOG_WARNING, end->next_at ? "media_failed" : "media_refused", why,
		"channel=%s message=%lld medium=%lld", media->settings->name, (long long)row->message_id,
		(long long)row->ordinal);
}

/* What was fetched is recorded, through as many lost connections as it takes; a stop leaves it to a later claim. */
static void settle(struct media *media, struct record_media_end *end)
{
	struct error err = ERROR_INIT;

	for (int attempt = 1; database_run(media->database, record_media_end, end, &err) < 0; attempt++) {
		if (err.reach == REACH_MESSAGE && !end->error) { /* else it would be fetched again and again */
			end->error = arena_printf(media->work, "it was refused by the database: %s", err.text);
			log_failure(LOG_WARNING, "media_refused", &err, "channel=%s message=%lld medium=%lld",
				media->settings->name, (long long)end->message_id, (long long)end->ordinal);
			error_clear(&err);
			continue;
		}
		if (duty_stopping(media->duty) || err.reach == REACH_MESSAGE || err.reach == REACH_STOP) {
			log_failure(LOG_ERROR, "media_record", &err, "channel=%s", media->settings->name);
			return;
		}
		atomic_store(&media->step_at, clock_monotonic());
		pause_for(media, clock_backoff(attempt, RETRY_BASE, RETRY_MAX));
		error_clear(&err);
	}
}

/* 1: something was done. */
static int step(struct media *media, struct error *err)
{
	struct record_media row = {.channel = media->settings->name, .arena = media->work};
	struct record_media_end end = {.arena = media->work};
	struct error why = ERROR_INIT;
	struct view bytes;

	arena_reset(media->work);
	atomic_store(&media->step_at, clock_monotonic());
	if (database_run(media->database, record_media_claim, &row, err) < 0)
		return -1;
	if (!row.found)
		return 0;
	end.message_id = row.message_id;
	end.ordinal = row.ordinal;
	if (get(media, &row, &bytes, &why) == 0)
		keep(media, &row, bytes, &end);
	else if (duty_stopping(media->duty))
		return 0;
	else
		give_up(media, &row, &why, &end);
	settle(media, &end);
	return 1;
}

/* ---- the thread ---- */

static int serve(struct media *media, struct error *err)
{
	int result = channel_open(media->config, media->settings, media->session, &media->channel, err);

	if (result == 0)
		result = http_client_new(media->config, media->duty, &media->http, err);
	while (result >= 0 && !duty_stopping(media->duty)) {
		result = step(media, err);
		if (result == 0)
			pause_for(media, MEDIA_IDLE_SECONDS * SECOND);
	}
	http_client_free(&media->http);
	return result < 0 ? -1 : 0;
}

void *media_run(void *argument)
{
	struct media *media = argument;

	media->session = arena_new();
	media->work = arena_new();
	for (int failures = 0; !duty_stopping(media->duty); failures++) {
		struct error err = ERROR_INIT;

		arena_reset(media->session);
		if (serve(media, &err) == 0)
			break;
		/* (The poller, or the duty web, says what is wrong with a channel.) */
		log_failure(LOG_DEBUG, "media", &err, "channel=%s", media->settings->name);
		atomic_store(&media->step_at, clock_monotonic());
		pause_for(media, clock_backoff(failures + 1, RETRY_BASE, RETRY_MAX));
	}
	arena_free(&media->session);
	arena_free(&media->work);
	return NULL;
}
