/* intake/asked: pollers and media threads together. See asked.h. */
#include "intake/asked.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "channels/channel.h"
#include "core/clock.h"
#include "core/log.h"
#include "intake/lease.h"
#include "intake/media.h"
#include "intake/poll.h"
#include "parsers/parsers.h"

#define SECOND ((int64_t)1000000)

struct asked {
	struct duty_context *duty;
	struct database *database;
	struct poller *pollers;
	struct lease *leases;
	struct media *media;
	_Atomic size_t polling; /* that were started */
	size_t fetching;
};

static void ring(int fd)
{
	uint64_t one = 1;

	(void)!write(fd, &one, sizeof(one));
}

bool asked_wanted(const struct config *config)
{
	return config->channel_count > 0;
}

static int start_poller(struct asked *asked, const struct config_channel *settings, struct error *err)
{
	size_t index = asked->polling;
	struct poller *poller = &asked->pollers[index];

	*poller = (struct poller){.duty = asked->duty,
		.config = asked->duty->config,
		.settings = settings,
		.database = asked->database,
		.cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		.step_at = clock_monotonic()};
	lease_init(&asked->leases[index], asked->duty->config, "channel", settings->name);
	if (poller->cancel_fd >= 0 && poller->wake_fd >= 0 &&
		pthread_create(&poller->thread, NULL, poll_run, poller) == 0) {
		asked->polling++;
		return 0;
	}
	close(poller->cancel_fd);
	close(poller->wake_fd);
	return error_set(err, REACH_RETRY, "no thread can be started");
}

static int start_media(struct asked *asked, const struct config_channel *settings, struct error *err)
{
	struct media *media = &asked->media[asked->fetching];

	*media = (struct media){.duty = asked->duty,
		.config = asked->duty->config,
		.settings = settings,
		.database = asked->database,
		.step_at = clock_monotonic()};
	if (pthread_create(&media->thread, NULL, media_run, media) != 0)
		return error_set(err, REACH_RETRY, "no thread can be started");
	asked->fetching++;
	return 0;
}

int asked_start(struct duty_context *duty, struct database *database, struct asked **out, struct error *err)
{
	const struct config *config = duty->config;
	struct asked *asked = calloc(1, sizeof(*asked));
	int result = 0;

	if (!asked)
		return error_set(err, REACH_RETRY, "out of memory");
	*out = asked;
	asked->duty = duty;
	asked->database = database;
	asked->pollers = calloc(config->channel_count, sizeof(*asked->pollers));
	asked->leases = calloc(config->channel_count, sizeof(*asked->leases));
	asked->media = calloc(config->channel_count, sizeof(*asked->media));
	if (!asked->pollers || !asked->leases || !asked->media)
		return error_set(err, REACH_RETRY, "out of memory");
	if (parsers_open(err) < 0)
		return -1;
	for (size_t i = 0; i < config->channel_count && result == 0; i++) {
		if (channel_is_polled(&config->channels[i]))
			result = start_poller(asked, &config->channels[i], err);
		if (result == 0)
			result = start_media(asked, &config->channels[i], err);
	}
	return result;
}

bool asked_renew(struct asked *asked)
{
	bool all = true;

	for (size_t i = 0; asked && i < asked->polling; i++) {
		struct poller *poller = &asked->pollers[i];
		struct lease *lease = &asked->leases[i];
		bool had = lease->held;

		lease_renew(lease, asked->database);
		atomic_store(&poller->fence, lease->fence);
		atomic_store(&poller->leased, lease->held);
		all = all && lease->held;
		if (had && !lease->held) {
			log_warning("lease_lost", "channel=%s", poller->settings->name);
			ring(poller->cancel_fd);
		}
		if (!had && lease->held)
			ring(poller->wake_fd);
	}
	return all;
}

void asked_wake(struct asked *asked)
{
	for (size_t i = 0; asked && i < asked->polling; i++)
		ring(asked->pollers[i].wake_fd);
}

bool asked_alive(const struct asked *asked)
{
	int64_t now = clock_monotonic();

	for (size_t i = 0; asked && i < asked->polling; i++)
		if (now - atomic_load(&asked->pollers[i].step_at) > POLL_STEP_SECONDS * SECOND) {
			log_error("channel_stuck", "channel=%s", asked->pollers[i].settings->name);
			return false;
		}
	for (size_t i = 0; asked && i < asked->fetching; i++)
		if (now - atomic_load(&asked->media[i].step_at) > POLL_STEP_SECONDS * SECOND) {
			log_error("media_stuck", "channel=%s", asked->media[i].settings->name);
			return false;
		}
	return true;
}

void asked_stop(struct asked *asked)
{
	if (!asked)
		return;
	for (size_t i = 0; i < asked->polling; i++) {
		ring(asked->pollers[i].cancel_fd);
		ring(asked->pollers[i].wake_fd);
	}
	for (size_t i = 0; i < asked->polling; i++) {
		pthread_join(asked->pollers[i].thread, NULL);
		lease_drop(&asked->leases[i], asked->database);
	}
	for (size_t i = 0; i < asked->fetching; i++)
		pthread_join(asked->media[i].thread, NULL);
}

void asked_free(struct asked **asked_at)
{
	struct asked *asked = *asked_at;

	if (!asked)
		return;
	for (size_t i = 0; i < asked->polling; i++) {
		close(asked->pollers[i].cancel_fd);
		close(asked->pollers[i].wake_fd);
	}
	free(asked->pollers);
	free(asked->leases);
	free(asked->media);
	free(asked);
	*asked_at = NULL;
}
