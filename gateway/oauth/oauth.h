/*
 * OAuth: access tokens for those who log in to mail servers. It stands between net/oauth2.h (what is said to the
 * provider) and the stages that log in (intake, delivery).
 *
 * Tokens are kept in the database, one row a login, sealed (store/seal.h), so that all duties and machines share them.
 * An access token is taken while it is fresh; else one asks for a new one, holding the row's lock:
 *
 *     note that a request goes out, commit -> lock the row -> ask -> new tokens and their times, commit -> use
 *
 * So the refresh token that counts is always in the database before the access token that came with it is used. Killed
 * between the provider's answer and that commit, the old refresh token is shown again: a provider that lets it live
 * until the new one is used (as most do, Microsoft for its whole life) answers; a stricter one refuses, and the alarm
 * says that an answer was lost and a person must log in again. A failure is kept in the row too, with its next time:
 * one asks, all hear it.
 */
#ifndef OAUTH_OAUTH_H
#define OAUTH_OAUTH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "core/config.h"
#include "core/process.h"
#include "net/oauth2.h"
#include "store/db.h"
#include "store/seal.h"

#define OAUTH_ALARM_DAYS 30	   /* before a secret or a refresh token ends */
#define OAUTH_KEEP_SECONDS 3600	   /* the keeper looks so often */
#define OAUTH_UNUSED_SECONDS 86400 /* and uses a refresh token that was not used for so long: unused ones die */
#define OAUTH_RETRY_BASE ((int64_t)5000000) /* microseconds to the next request, longer each time ... */
#define OAUTH_RETRY_MAX ((int64_t)60000000) /* ... up to this */
#define OAUTH_ADMIN_WAIT ((int64_t)600000000)
#define OAUTH_LOGIN_WAIT ((int64_t)3600000000)

struct oauth; /* of one thread */

/* context NULL: a command. Opens nothing yet; from here on the process leaves no core, for it will hold tokens. */
int oauth_new(const struct config *config, struct duty_context *context, struct oauth **out, struct error *err);
void oauth_free(struct oauth **oauth);

struct oauth_access {
	struct view token; /* good until the next call */
	int64_t version;   /* counts a login's access tokens */
	int64_t until;	   /* when it ends, by the provider's word */
};

/*
 * A token for the login `name`. refused: the version that a server did not take, whatever its time; 0: none. Errors:
 * SOURCE it passes; STOP somebody must do something, and the sentence says who and what; those of the database.
 */
int oauth_access(struct oauth *oauth, const char *name, int64_t refused, struct oauth_access *out, struct error *err);
/* Asks for a new token whatever is there, and though it is not time yet: for a person who wants to see it work. */
int oauth_renew(struct oauth *oauth, const char *name, struct oauth_access *out, struct error *err);
/* Did the login's row change since (a login, a token, a failure)? state: what the last call put there, 0 at first. */
bool oauth_changed(struct oauth *oauth, const char *name, int64_t *state);

/* ---- a person's login ---- */

/* Shows what to do on `say`, waits for the person. Errors end it. */
int oauth_login_device(struct oauth *oauth, const struct config_oauth *settings, FILE *say, struct oauth2_tokens *out,
	struct error *err);
/* paste_fd: where an address may be typed in as well; -1: nowhere. */
int oauth_login_browser(struct oauth *oauth, const struct config_oauth *settings, FILE *say, int paste_fd,
	struct oauth2_tokens *out, struct error *err);
/* Keeps them, with a line in the audit. */
int oauth_logged_in(struct oauth *oauth, const struct config_oauth *settings, const struct oauth2_tokens *tokens,
	const char *actor, struct error *err);
/* The code in an address that the provider sent the browser to ("/?code=...&state=..."); -1 with what is wrong. */
int oauth_code_of(struct view address, const char *state, struct arena *arena, struct view *out, struct error *err);

/* ---- what ends ---- */

/* Words for an alarm when the client secret or a refresh token that is not renewed ends soon; NULL: all is well. */
const char *oauth_expiry(
	const struct config_oauth *settings, int64_t refresh_until, bool rotates, int64_t now, struct arena *arena);
/* A job beside the sending: keeps refresh tokens used, and looks at what ends. */
int oauth_keep(struct duty_context *context, struct error *err);

#endif
