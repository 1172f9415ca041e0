/* oauth/device: a login by a code that is typed in on another device (RFC 8628); keeping a login. See oauth.h. */
#include <unistd.h>

#include "core/clock.h"
#include "oauth/oauth_private.h"

#define SECOND ((int64_t)1000000)
#define SLOWER_SECONDS 5 /* RFC 8628 3.5 */
#define INTERVAL_MAX 60

static int poll_device(struct http_client *http, const struct oauth2_client *client, const struct oauth2_device *device,
	struct arena *arena, struct oauth2_tokens *out, struct error *err)
{
	int64_t end = clock_monotonic() + device->seconds * SECOND;
	int interval = device->interval;

	while (clock_monotonic() < end) {
		struct oauth2_failure failure;
		bool slower = false;
		int result;

		sleep((unsigned)(interval > INTERVAL_MAX ? INTERVAL_MAX : interval));
		result = oauth2_device_poll(http, client, device, arena, out, &slower, &failure, err);
		if (result != 0)
			return result < 0 ? -1 : 0;
		interval += slower ? SLOWER_SECONDS : 0;
	}
	return error_set(err, REACH_STOP, "the code was not used in its time; begin again");
}

int oauth_login_device(struct oauth *oauth, const struct config_oauth *settings, FILE *say, struct oauth2_tokens *out,
	struct error *err)
{
	struct oauth2_device device;
	struct oauth2_client client;
	struct http_client *http;
	int result;

	if (oauth_http(oauth, &http, err) < 0 || oauth2_client_open(settings, oauth->arena, &client, err) < 0 ||
		oauth2_device_begin(http, &client, oauth->arena, &device, err) < 0)
		return -1;
	fprintf(say, "Open %s on any device, log in as the mailbox's user and type in\n\n    %s\n\nWaiting.\n",
		device.url, device.user_code);
	fflush(say);
	result = poll_device(http, &client, &device, oauth->arena, out, err);
	oauth2_wipe(client.secret);
	return result;
}

int oauth_logged_in(struct oauth *oauth, const struct config_oauth *settings, const struct oauth2_tokens *tokens,
	const char *actor, struct error *err)
{
	struct oauth_fresh fresh;
	struct seal_key key;

	if (tokens->refresh.len == 0)
		return error_set(err, REACH_STOP,
			"the provider gave no refresh token: the scope (%s) must ask for one (Microsoft: "
			"offline_access), and the application must be allowed it",
			settings->scope ? settings->scope : "none");
	if (oauth_key(settings, oauth->arena, &key, err) < 0)
		return -1;
	fresh = oauth_seal(settings, &key, tokens, clock_now(), oauth->arena);
	seal_key_wipe(&key);
	if (oauth_connect(oauth, err) < 0)
		return -1;
	return oauth_row_login(oauth, settings->name, actor, &fresh, err);
}
