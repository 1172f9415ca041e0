/* channels/channel: the table of providers, and the configured channels with their secrets. See channel.h. */
#include "channels/channel.h"

#include <openssl/crypto.h>

/* A new provider is one file and one line here. */
static const struct channel_kind *const kinds[] = {
	&channel_telegram,
	&channel_whatsapp,
	&channel_twilio,
	&channel_signal,
	&channel_standard,
	&channel_json,
	&channel_africastalking,
	&channel_vonage,
	&channel_mailgun,
	&channel_postmark,
	&channel_sendgrid,
	&channel_matrix,
	NULL,
};

const struct channel_kind *channel_kind_at(size_t i)
{
	return kinds[i];
}

const struct channel_kind *channel_kind_find(const char *name)
{
	const struct channel_kind *kind;

	for (size_t i = 0; (kind = channel_kind_at(i)); i++)
		if (strcmp(kind->name, name) == 0)
			return kind;
	return NULL;
}

bool channel_is_polled(const struct config_channel *settings)
{
	const struct channel_kind *kind = channel_kind_find(settings->kind);

	if (settings->mode)
		return strcmp(settings->mode, "poll") == 0;
	return kind && !kind->webhook;
}

static int check(const struct config *config, const struct config_channel *settings, struct error *err)
{
	const struct channel_kind *kind = channel_kind_find(settings->kind);
	bool polled = channel_is_polled(settings);

	if (!kind)
		return error_set(err, REACH_STOP, "the channel %s is of kind %s, which this program has not",
			settings->name, settings->kind);
	if (polled && !kind->poll)
		return error_set(err, REACH_STOP, "the channel %s cannot be polled: %s calls us; write `mode: webhook`",
			settings->name, kind->name);
	if (!polled && !kind->webhook)
		return error_set(err, REACH_STOP, "the channel %s takes no webhook: %s is asked; write `mode: poll`",
			settings->name, kind->name);
	if (settings->form && !kind->send)
		return error_set(err, REACH_STOP,
			"the channel %s cannot ask a form: nothing can be sent by %s; leave `form` out", settings->name,
			kind->name);
	if (!polled && !config->web.listen)
		return error_set(err, REACH_STOP,
			"the channel %s takes webhooks, but nothing listens; write `web: {listen: 127.0.0.1:8025}`",
			settings->name);
	if (!polled && !config_secret_is_set(&settings->path_key))
		return error_set(err, REACH_STOP,
			"the channel %s needs a path that nobody can guess; write `path_key: {file: "
			"/etc/fieldpost/%s.path}`",
			settings->name, settings->name);
	return 0;
}

int channels_check(const struct config *config, struct error *err)
{
	for (size_t i = 0; i < config->channel_count; i++)
		if (check(config, &config->channels[i], err) < 0)
			return -1;
	return 0;
}

/* An unset secret is empty. */
static int fetch(const struct config_secret *secret, struct arena *arena, struct view *out, struct error *err)
{
	*out = VIEW("");
	return config_secret_is_set(secret) ? config_secret(secret, arena, out, err) : 0;
}

static int fetch_secrets(
	const struct config_channel *settings, struct arena *arena, struct channel *channel, struct error *err)
{
	struct view *secrets = ARENA_NEW_N(arena, struct view, 2);

	if (fetch(&settings->token, arena, &channel->token, err) < 0 ||
		fetch(&settings->verify_token, arena, &channel->verify_token, err) < 0 ||
		fetch(&settings->path_key, arena, &channel->path_key, err) < 0 ||
		fetch(&settings->secret, arena, &secrets[0], err) < 0 ||
		fetch(&settings->secret_previous, arena, &secrets[1], err) < 0)
		return -1;
	channel->secrets = secrets;
	for (size_t i = 0; i < 2 && secrets[i].len > 0; i++)
		channel->secret_count++;
	return 0;
}

static int check_path_key(const struct channel *channel, struct error *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	struct view key = channel->path_key;
	bool good = key.len >= CHANNEL_PATH_KEY_MIN && key.len <= CHANNEL_PATH_KEY_MAX;

	for (size_t i = 0; good && i < key.len; i++)
		good = memchr(allowed, key.ptr[i], sizeof(allowed) - 1) != NULL;
	if (good)
		return 0;
	return error_set(err, REACH_SOURCE,
		"path_key is %d to %d letters, digits, - and _; make one with `openssl rand -hex 24`",
		CHANNEL_PATH_KEY_MIN, CHANNEL_PATH_KEY_MAX);
}

static const char *public_url(const struct config *config, const struct channel *channel, struct arena *arena)
{
	struct view base = view_of(config->public_url);

	if (!config->public_url || channel->polled)
		return NULL;
	while (view_ends(base, VIEW("/")))
		base.len--;
	return arena_printf(arena, "%.*s" CHANNEL_HOOK "%s/%.*s", VIEW_ARGS(base), channel->settings->name,
		VIEW_ARGS(channel->path_key));
}

int channel_open(const struct config *config, const struct config_channel *settings, struct arena *arena,
	struct channel *out, struct error *err)
{
	struct channel channel = {
		.kind = channel_kind_find(settings->kind),
		.settings = settings,
		.polled = channel_is_polled(settings),
	};
	int result = check(config, settings, err);

	if (result == 0)
		result = fetch_secrets(settings, arena, &channel, err);
	if (result == 0 && !channel.polled)
		result = check_path_key(&channel, err);
	if (result == 0) {
		channel.body_max = settings->max_body ? settings->max_body : channel.kind->body_max;
		channel.public_url = public_url(config, &channel, arena);
		result = channel.kind->check(&channel, err);
	}
	if (result < 0) {
		if (err)
			err->reach = REACH_SOURCE;
		return error_prefix(err, "channel %s", settings->name);
	}
	*out = channel;
	return 0;
}

bool channel_same_secret(struct view shown, struct view secret)
{
	return shown.len == secret.len && shown.len > 0 && CRYPTO_memcmp(shown.ptr, secret.ptr, secret.len) == 0;
}

bool channel_knows_secret(const struct channel *channel, struct view shown)
{
	bool known = false;

	for (size_t i = 0; i < channel->secret_count; i++)
		known |= channel_same_secret(shown, channel->secrets[i]);
	return known;
}

void channel_hide_token(const struct channel *channel, struct error *err)
{
	struct view text = view_of(err->text);
	ptrdiff_t at;

	while (channel->token.len > 0 && (at = view_find(text, channel->token)) >= 0) {
		memset(err->text + (text.ptr - err->text) + at, '*', channel->token.len);
		text = view_sub(text, (size_t)at + channel->token.len, text.len);
	}
}
