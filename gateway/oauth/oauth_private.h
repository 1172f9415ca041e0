/* The inside of oauth/: its files alone include this. */
#ifndef OAUTH_PRIVATE_H
#define OAUTH_PRIVATE_H

#include "oauth/oauth.h"

/* A token that this thread holds. */
struct held {
	const char *name;
	char *token; /* heap, wiped when it goes */
	size_t len;
	int64_t version, renew_at, until;
};

struct oauth {
	const struct config *config;
	struct duty_context *context;
	struct arena *arena; /* of one call */
	struct db *db;
	struct http_client *http;
	struct held *held; /* one a login of the config */
	char login[40];	   /* of the database */
};

/* A login's row. Views live in the arena of the call. */
struct oauth_row {
	bool there;
	struct view refresh, access; /* sealed; ptr NULL: none */
	int64_t renew_at, access_until, refresh_until, asked_at, updated_at, failing_since, next_at;
	int64_t version, changes;
	int failures;
	bool rotates;
	enum oauth2_class class; /* of the failure */
	const char *error;
};

/* What is written of new tokens. */
struct oauth_fresh {
	struct view refresh, access; /* sealed; refresh.ptr NULL: the old one stays */
	int64_t renew_at, access_until, refresh_until;
	bool rotated;
};

/* The connection, made when there is none or a bad one. */
int oauth_connect(struct oauth *oauth, struct error *err);
int oauth_row_get(struct oauth *oauth, const char *name, bool lock, struct oauth_row *out, struct error *err);
int oauth_row_asking(struct oauth *oauth, const char *name, int64_t changes, struct error *err);
/* 1: *version_out; 0: somebody else's tokens are there. */
int oauth_row_save(struct oauth *oauth, const char *name, int64_t version, const struct oauth_fresh *fresh,
	int64_t *version_out, struct error *err);
int oauth_row_failed(struct oauth *oauth, const char *name, const struct oauth2_failure *failure, const char *text,
	int64_t next_at, struct error *err);
int oauth_row_login(
	struct oauth *oauth, const char *name, const char *actor, const struct oauth_fresh *fresh, struct error *err);
/* text NULL: the alarm is cleared. */
int oauth_row_expiry(struct oauth *oauth, const char *name, const char *text, struct error *err);

/* Sealing: what a value is for stands in its label, so that no other row, column or application can use it. */
enum oauth_kind { OAUTH_REFRESH, OAUTH_ACCESS };
/* The key is fetched before anything is asked for: what cannot be kept is not asked for. Wipe it. */
int oauth_key(const struct config_oauth *settings, struct arena *arena, struct seal_key *out, struct error *err);
int oauth_open(const struct config_oauth *settings, const struct seal_key *key, enum oauth_kind kind,
	struct view sealed, struct arena *arena, struct view *out, struct error *err);
/* Seals both and works out the times. */
struct oauth_fresh oauth_seal(const struct config_oauth *settings, const struct seal_key *key,
	const struct oauth2_tokens *tokens, int64_t now, struct arena *arena);

int oauth_http(struct oauth *oauth, struct http_client **out, struct error *err);

#endif
