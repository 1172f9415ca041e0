/*
 * OAuth 2.0: what is said to a token endpoint, and what its answers mean (RFC 6749, 7523, 7636, 8628).
 *
 * A request goes over net/http_client.h: https with certificate and host name checked, or plain to loopback. Nothing
 * is kept here: oauth/oauth.h does that. All memory is the caller's arena; what holds a token or a secret may be wiped
 * with oauth2_wipe() once it was used. Errors never hold a token, a secret or a code: words of the server in which one
 * of them stands are left out.
 */
#ifndef NET_OAUTH2_H
#define NET_OAUTH2_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "core/config.h"
#include "net/http_client.h"

#define OAUTH2_ANSWER_MAX ((size_t)256 * 1024) /* bytes of an answer */
#define OAUTH2_TOKEN_MAX ((size_t)16 * 1024)   /* of one token */
#define OAUTH2_SECONDS 15 /* for one request: less than a duty is given to end, and than others wait for the row */
#define OAUTH2_LIFETIME_UNKNOWN 600   /* seconds that an access token counts when nobody says how long */
#define OAUTH2_CHALLENGE_SIZE 44      /* Base64 of a SHA-256 without padding, and a NUL */
#define OAUTH2_ASSERTION_SECONDS 3600 /* of a service account's assertion; Google takes no longer one */

/* Who can mend it. */
enum oauth2_class {
	OAUTH2_RETRY, /* nobody: it passes */
	OAUTH2_LOGIN, /* a person logs in again */
	OAUTH2_ADMIN, /* the application or its permissions must be mended */
};

struct oauth2_failure {
	enum oauth2_class class;
	bool answered;	      /* the endpoint said no; else it may have taken the request for good */
	int wait_seconds;     /* it asked for; 0: it did not */
	char error[64];	      /* its `error`, "invalid_grant"; empty: none */
	char correlation[80]; /* Microsoft's number for its support; empty: none */
};

struct oauth2_tokens {
	struct view access;
	struct view refresh;	 /* empty: the one that was sent stays */
	int64_t seconds;	 /* that the access token lives */
	int64_t refresh_seconds; /* that the refresh token lives; 0: not said */
};

/* What a client shows of itself; secrets fetched, in the arena. */
struct oauth2_client {
	const struct config_oauth *settings;
	struct view secret;	     /* empty: none */
	struct view service_account; /* the JSON key file; empty: none */
};

int oauth2_client_open(
	const struct config_oauth *settings, struct arena *arena, struct oauth2_client *out, struct error *err);

/* "retry", "login", "admin": the words of the database. */
const char *oauth2_class_name(enum oauth2_class class);
/* An answer's class by its status and its JSON (NULL: it is none). Never by error_description. */
enum oauth2_class oauth2_classify(const struct config_oauth *settings, int status, const json_t *answer);

/*
 * Asks for an access token by the configured grant. refresh: the token of the grant refresh. Every failure fills both
 * failure_out and err (REACH_SOURCE: it passes; REACH_STOP: somebody must do something).
 */
int oauth2_ask(struct http_client *http, const struct oauth2_client *client, struct view refresh, int64_t now,
	struct arena *arena, struct oauth2_tokens *out, struct oauth2_failure *failure_out, struct error *err);
/* Gives the code that a person's login brought (RFC 6749 4.1.3). */
int oauth2_ask_code(struct http_client *http, const struct oauth2_client *client, struct view code,
	const char *redirect, const char *verifier, struct arena *arena, struct oauth2_tokens *out,
	struct oauth2_failure *failure_out, struct error *err);

/* What RFC 8628 3.2 answers. */
struct oauth2_device {
	struct view device_code; /* a secret */
	const char *user_code, *url;
	int interval, seconds; /* between asking; that the code lives */
};

int oauth2_device_begin(struct http_client *http, const struct oauth2_client *client, struct arena *arena,
	struct oauth2_device *out, struct error *err);
/* 1: tokens_out; 0: not yet (*slower_out: ask less often); -1: refused, out of time, or no answer (failure_out). */
int oauth2_device_poll(struct http_client *http, const struct oauth2_client *client, const struct oauth2_device *device,
	struct arena *arena, struct oauth2_tokens *tokens_out, bool *slower_out, struct oauth2_failure *failure_out,
	struct error *err);

/* ---- pure parts ---- */

/* A random word of 43 letters (256 bits) for state and PKCE's verifier. */
const char *oauth2_random_word(struct arena *arena);
/* PKCE's S256 (RFC 7636 4.2). */
void oauth2_challenge(struct view verifier, char out[OAUTH2_CHALLENGE_SIZE]);
/* The address at which a person logs in. */
const char *oauth2_login_url(const struct config_oauth *settings, const char *redirect, const char *state,
	const char *verifier, struct arena *arena);
/* The assertion of a service account (RFC 7523; RS256). key_file: Google's JSON. */
int oauth2_assertion(const struct config_oauth *settings, struct view key_file, int64_t now, struct arena *arena,
	struct view *out, struct error *err);
/* One value of a query ("code=a%20b&state=c"), decoded; 1 found, 0 not there, -1 not well formed. */
int oauth2_query_value(struct view query, const char *name, struct arena *arena, struct view *out);
/* A pair more of a form or query, percent-encoded (application/x-www-form-urlencoded). */
void oauth2_form_add(struct text *form, const char *name, struct view value);
/* The first response of XOAUTH2, not in Base64: "user=U^Aauth=Bearer T^A^A"; -1: a byte that would forge it. */
int oauth2_sasl(struct view user, struct view token, struct arena *arena, struct view *out, struct error *err);
/*
 * Does a piece of the secret stand in these words, as it is or in the Base64 of a login by it? What servers say goes
 * into logs only when it does not.
 */
bool oauth2_shows(struct view words, struct view user, struct view secret);
/* The bytes, printable ones alone, at most `size` - 1 of them. */
void oauth2_clean(struct view words, char *out, size_t size);
void oauth2_wipe(struct view secret);

#endif
