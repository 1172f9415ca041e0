/* oauth/sealing: tokens as they lie in the database, and their times. See oauth_private.h. */
#include "oauth/oauth_private.h"

#include <openssl/rand.h>
#include <stdlib.h>

#define SECOND ((int64_t)1000000)
#define MARGIN_SECONDS 300 /* a new access token is asked for so long before the old one ends, or a tenth of its life  \
			    */

static const char *text_or_none(const char *text)
{
	return text ? text : "";
}

/* Changing the address or the application makes what is sealed useless: it is shown to nobody else. */
static struct view label_of(const struct config_oauth *settings, enum oauth_kind kind, struct arena *arena)
{
	bool access = kind == OAUTH_ACCESS;

	return view_of(arena_printf(arena, "fieldpost oauth\n%s\n%s\n%s\n%s\n%s\n%s\n%s", settings->name,
		access ? "access" : "refresh", settings->token_url, text_or_none(settings->client_id),
		access ? settings->grant : "", access ? text_or_none(settings->scope) : "",
		access ? text_or_none(settings->subject) : ""));
}

int oauth_key(const struct config_oauth *settings, struct arena *arena, struct seal_key *out, struct error *err)
{
	struct view text;
	int result;

	if (config_secret(&settings->key, arena, &text, err) < 0)
		return error_prefix(err, "key");
	result = seal_key_load(text, out, err);
	oauth2_wipe(text);
	return result;
}

int oauth_open(const struct config_oauth *settings, const struct seal_key *key, enum oauth_kind kind,
	struct view sealed, struct arena *arena, struct view *out, struct error *err)
{
	return seal_open(key, label_of(settings, kind, arena), sealed, arena, out, err);
}

/* Up to a quarter of the margin, so that not all logins ask in the same second. */
static int64_t jitter(int64_t margin)
{
	uint32_t random = 0;

	if (RAND_bytes((unsigned char *)&random, sizeof(random)) != 1)
		random = 0;
	return margin / 4 * (int64_t)(random % 1024) / 1024;
}

struct oauth_fresh oauth_seal(const struct config_oauth *settings, const struct seal_key *key,
	const struct oauth2_tokens *tokens, int64_t now, struct arena *arena)
{
	int64_t life = tokens->seconds * SECOND, margin = life / 10;
	struct oauth_fresh fresh = {.rotated = tokens->refresh.len > 0};

	if (margin < MARGIN_SECONDS * SECOND)
		margin = MARGIN_SECONDS * SECOND;
	if (margin > life / 2)
		margin = life / 2;
	fresh.access_until = now + life;
	fresh.renew_at = fresh.access_until - margin - jitter(margin);
	fresh.refresh_until = tokens->refresh_seconds ? now + tokens->refresh_seconds * SECOND : 0;
	fresh.access = seal(key, label_of(settings, OAUTH_ACCESS, arena), tokens->access, arena);
	if (fresh.rotated)
		fresh.refresh = seal(key, label_of(settings, OAUTH_REFRESH, arena), tokens->refresh, arena);
	return fresh;
}
