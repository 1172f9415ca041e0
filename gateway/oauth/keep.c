/* oauth/keep: what ends is told in time; refresh tokens are kept in use. See oauth.h. */
#include <stdio.h>

#include "core/clock.h"
#include "core/log.h"
#include "oauth/oauth_private.h"

#define SECOND ((int64_t)1000000)
#define DAY (86400 * SECOND)

/* "in 12 days", "today", "is over". */
static const char *when(int64_t end, int64_t now, struct arena *arena)
{
	if (end <= now)
		return "has ended";
	if (end - now < DAY)
		return "ends within a day";
	return arena_printf(arena, "ends in %lld days", (long long)((end - now) / DAY));
}

static const char *day_of(int64_t time, struct arena *arena)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format(time, text);
	return arena_printf(arena, "%.10s", text);
}

const char *oauth_expiry(
	const struct config_oauth *settings, int64_t refresh_until, bool rotates, int64_t now, struct arena *arena)
{
	int64_t soon = now + OAUTH_ALARM_DAYS * DAY, end = 0;
	const char *day = settings->secret_expires;

	if (day && clock_parse(view_of(arena_printf(arena, "%sT00:00:00Z", day)), &end) == 0 && end <= soon)
		return arena_printf(arena,
			"oauth %s: the client secret %s (%s); make a new one at the provider, put it into its file and "
			"write its day into secret_expires",
			settings->name, when(end, now, arena), day);
	/* One that every use renews ends only when it is not used. */
	if (refresh_until && !rotates && refresh_until <= soon)
		return arena_printf(arena, "oauth %s: the login %s (%s); log in again with `fieldpost oauth login %s`",
			settings->name, when(refresh_until, now, arena), day_of(refresh_until, arena), settings->name);
	return NULL;
}

static int keep_one(struct oauth *oauth, const struct config_oauth *settings, struct arena *arena, struct error *err)
{
	int64_t now = clock_now();
	struct oauth_access access;
	struct oauth_row row;

	if (oauth_connect(oauth, err) < 0 || oauth_row_get(oauth, settings->name, false, &row, err) < 0 ||
		oauth_row_expiry(oauth, settings->name,
			oauth_expiry(settings, row.refresh_until, row.rotates, now, arena), err) < 0)
		return -1;
	if (!row.there || !row.refresh.ptr || row.failing_since || now - row.updated_at < OAUTH_UNUSED_SECONDS * SECOND)
		return 0;
	return oauth_renew(oauth, settings->name, &access, err);
}

int oauth_keep(struct duty_context *context, struct error *err)
{
	const struct config *config = context->config;
	struct arena *arena = arena_new();
	struct oauth *oauth = NULL;
	int result = 0;

	while (result == 0 && !duty_stopping(context)) {
		if (config->oauth_count > 0 && !oauth)
			result = oauth_new(config, context, &oauth, err);
		for (size_t i = 0; i < config->oauth_count && result == 0; i++) {
			struct error why = ERROR_INIT;

			if (keep_one(oauth, &config->oauth[i], arena, &why) < 0)
				log_failure(LOG_WARNING, "oauth_keep", &why, "oauth=%s", config->oauth[i].name);
			arena_reset(arena);
		}
		oauth_free(&oauth); /* no connection is held for an hour */
		duty_wait(context, -1, OAUTH_KEEP_SECONDS * 1000);
	}
	oauth_free(&oauth);
	arena_free(&arena);
	return result;
}
