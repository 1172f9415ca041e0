/* oauth/access: an access token that is fresh, asked for under the row's lock when there is none. See oauth.h. */
#include <stdlib.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "oauth/oauth_private.h"

#define SECOND ((int64_t)1000000)
#define SAVE_BACKOFF_MAX (5 * SECOND)
#define SAVE_STOPPING_TRIES 4 /* once the service stops */
#define SAVE_COMMAND_TRIES 6  /* of a command, which somebody waits for */

/* ---- made and unmade ---- */

int oauth_new(const struct config *config, struct duty_context *context, struct oauth **out, struct error *err)
{
	static const struct rlimit none = {0, 0};
	struct oauth *oauth = calloc(1, sizeof(*oauth));

	if (!oauth)
		exit(EX_OSERR);
	oauth->config = config;
	oauth->context = context;
	oauth->arena = arena_new();
	oauth->held = calloc(config->oauth_count + 1, sizeof(*oauth->held));
	if (!oauth->held)
		exit(EX_OSERR);
	snprintf(oauth->login, sizeof(oauth->login), "fieldpost_%.20s", context ? context->name : "admin");
	for (size_t i = 0; i < config->oauth_count; i++)
		oauth->held[i].name = config->oauth[i].name;
	(void)!setrlimit(RLIMIT_CORE, &none);
	*out = oauth;
	return 0;
}

static void forget(struct held *held)
{
	oauth2_wipe((struct view){held->token, held->len});
	free(held->token);
	held->token = NULL;
	held->len = 0;
}

void oauth_free(struct oauth **oauth)
{
	if (!*oauth)
		return;
	for (size_t i = 0; i < (*oauth)->config->oauth_count; i++)
		forget(&(*oauth)->held[i]);
	free((*oauth)->held);
	http_client_free(&(*oauth)->http);
	db_close(&(*oauth)->db);
	arena_free(&(*oauth)->arena);
	free(*oauth);
	*oauth = NULL;
}

/* No context: a stop does not end a request whose answer may hold the only token that counts; it has its time. */
int oauth_http(struct oauth *oauth, struct http_client **out, struct error *err)
{
	if (!oauth->http && http_client_new(oauth->config, NULL, &oauth->http, err) < 0)
		return -1;
	*out = oauth->http;
	return 0;
}

/* ---- what is there ---- */

/* One call's matters. */
struct turn {
	struct oauth *oauth;
	const struct config_oauth *settings;
	struct held *held;
	int64_t refused, now;
	bool forced; /* neither what is there counts nor when the next request is due */
};

static void hold(struct held *held, struct view token, int64_t version, int64_t renew_at, int64_t until)
{
	forget(held);
	held->token = malloc(token.len + 1);
	if (!held->token)
		exit(EX_OSERR);
	memcpy(held->token, token.ptr, token.len);
	held->token[token.len] = '\0';
	held->len = token.len;
	held->version = version;
	held->renew_at = renew_at;
	held->until = until;
}

static void give(const struct held *held, struct oauth_access *out)
{
	*out = (struct oauth_access){{held->token, held->len}, held->version, held->until};
}

/* Takes the row's token when it is good until `end`. One that does not open (another key) counts as none. */
static bool take(struct turn *turn, const struct oauth_row *row, int64_t end)
{
	struct arena *arena = turn->oauth->arena;
	struct error ignored = ERROR_INIT;
	struct seal_key key;
	struct view token;
	bool good;

	if (!row->access.ptr || row->version == turn->refused || turn->now >= end ||
		oauth_key(turn->settings, arena, &key, &ignored) < 0)
		return false;
	good = oauth_open(turn->settings, &key, OAUTH_ACCESS, row->access, arena, &token, &ignored) == 0;
	seal_key_wipe(&key);
	if (!good)
		return false;
	hold(turn->held, token, row->version, row->renew_at, row->access_until);
	oauth2_wipe(token);
	return true;
}

static enum error_reach reach_of(enum oauth2_class class)
{
	return class == OAUTH2_RETRY ? REACH_SOURCE : REACH_STOP;
}

/* ---- asking ---- */

static const char *time_words(struct arena *arena, int64_t time)
{
	char words[CLOCK_TEXT_SIZE];

	clock_format(time, words);
	return arena_printf(arena, "%.19sZ", words);
}

/* What has to be done, behind what happened. */
static void add_mend(
	struct turn *turn, const struct oauth_row *row, const struct oauth2_failure *failure, struct error *err)
{
	const char *name = turn->settings->name;
	struct error what = *err;

	if (failure->class == OAUTH2_LOGIN && row->asked_at)
		error_set(err, what.reach,
			"oauth %s: %s; no answer to the request of %s was kept, which may have held the only token "
			"that counts: log in again with `fieldpost oauth login %s`",
			name, what.text, time_words(turn->oauth->arena, row->asked_at), name);
	else if (failure->class == OAUTH2_LOGIN)
		error_set(err, what.reach, "oauth %s: %s; log in%s with `fieldpost oauth login %s`", name, what.text,
			row->refresh.ptr ? " again" : "", name);
	else
		error_prefix(err, "oauth %s", name);
}

/* When the next request may go out. */
static int64_t next_of(const struct oauth_row *row, const struct oauth2_failure *failure, int64_t now)
{
	int64_t wait = failure->class == OAUTH2_LOGIN ? OAUTH_LOGIN_WAIT : OAUTH_ADMIN_WAIT;

	if (failure->class == OAUTH2_RETRY)
		wait = clock_backoff(row->failures + 1, OAUTH_RETRY_BASE, OAUTH_RETRY_MAX);
	if (failure->wait_seconds * SECOND > wait)
		wait = failure->wait_seconds * SECOND;
	if (wait > OAUTH_LOGIN_WAIT)
		wait = OAUTH_LOGIN_WAIT;
	return now + wait;
}

/* The failure, for all. When even that cannot be written, it is found anew by the next one. */
static int record_failure(
	struct turn *turn, const struct oauth_row *row, const struct oauth2_failure *failure, struct error *err)
{
	struct oauth *oauth = turn->oauth;
	struct error ignored = ERROR_INIT;

	err->reach = reach_of(failure->class);
	add_mend(turn, row, failure, err);
	log_failure(LOG_WARNING, "oauth_failed", err, "oauth=%s class=%s correlation=%s", turn->settings->name,
		oauth2_class_name(failure->class),
		*failure->correlation ? log_value(view_of(failure->correlation)) : "-");
	if (oauth_row_failed(
		    oauth, turn->settings->name, failure, err->text, next_of(row, failure, turn->now), &ignored) < 0 ||
		db_commit(oauth->db, &ignored) < 0)
		db_close(&oauth->db);
	return -1;
}

/*
 * The answer is here and the commit failed: the token that counts is in this memory alone. It is written through as
 * many lost connections as it takes; a stop leaves some tries.
 */
static int save_through(struct turn *turn, int64_t base, const struct oauth_fresh *fresh, int64_t *version_out)
{
	struct oauth *oauth = turn->oauth;
	int found = -1, last_tries = 0;

	for (int attempt = 1; found < 0; attempt++) {
		bool stopping = !oauth->context || duty_stopping(oauth->context);
		struct error err = ERROR_INIT;

		if (oauth->context)
			duty_alive(oauth->context);
		if (attempt > 1)
			usleep((useconds_t)clock_backoff(attempt, SECOND / 2, SAVE_BACKOFF_MAX));
		if (oauth_connect(oauth, &err) == 0)
			found = oauth_row_save(oauth, turn->settings->name, base, fresh, version_out, &err);
		if (found >= 0)
			break;
		log_failure(LOG_ERROR, "oauth_not_saved", &err, "oauth=%s attempt=%d", turn->settings->name, attempt);
		db_close(&oauth->db);
		if (stopping && ++last_tries >= (oauth->context ? SAVE_STOPPING_TRIES : SAVE_COMMAND_TRIES))
			break;
	}
	return found;
}

/* In the transaction that holds the lock; then in ones of its own. Only then is the token given out. */
static int save(struct turn *turn, const struct oauth_row *row, const struct seal_key *key,
	const struct oauth2_tokens *tokens, struct error *err)
{
	struct oauth *oauth = turn->oauth;
	struct oauth_fresh fresh = oauth_seal(turn->settings, key, tokens, turn->now, oauth->arena);
	int64_t version = 0;
	int found;

	found = oauth_row_save(oauth, turn->settings->name, row->version, &fresh, &version, err);
	if (found < 0 || db_commit(oauth->db, err) < 0) {
		db_close(&oauth->db);
		found = save_through(turn, row->version, &fresh, &version);
	}
	if (found < 0)
		return error_set(err, REACH_RETRY, "oauth %s: the database took no new token", turn->settings->name);
	if (found == 0)
		return error_set(err, REACH_RETRY, "oauth %s: another process was quicker", turn->settings->name);
	hold(turn->held, tokens->access, version, fresh.renew_at, fresh.access_until);
	log_info("oauth_refreshed", "oauth=%s version=%lld seconds=%lld rotated=%s", turn->settings->name,
		(long long)version, (long long)tokens->seconds, fresh.rotated ? "yes" : "no");
	return 0;
}

/* Everything that a request needs, and what its answer will need. */
struct means {
	struct seal_key key;
	struct oauth2_client client;
	struct http_client *http;
	struct view refresh;
};

static int prepare(struct turn *turn, const struct oauth_row *row, struct means *means, struct oauth2_failure *failure,
	struct error *err)
{
	struct oauth *oauth = turn->oauth;

	*failure = (struct oauth2_failure){.class = OAUTH2_ADMIN, .answered = true};
	if (oauth_http(oauth, &means->http, err) < 0 || oauth_key(turn->settings, oauth->arena, &means->key, err) < 0 ||
		oauth2_client_open(turn->settings, oauth->arena, &means->client, err) < 0)
		return -1;
	if (strcmp(turn->settings->grant, "refresh") != 0)
		return 0;
	failure->class = OAUTH2_LOGIN;
	if (!row->refresh.ptr)
		return error_set(err, REACH_STOP, "nobody has logged in yet");
	if (oauth_open(turn->settings, &means->key, OAUTH_REFRESH, row->refresh, oauth->arena, &means->refresh, err) <
		0)
		return error_prefix(err, "the token that is kept cannot be opened");
	return 0;
}

static void wipe(struct means *means)
{
	seal_key_wipe(&means->key);
	oauth2_wipe(means->refresh);
	oauth2_wipe(means->client.secret);
	oauth2_wipe(means->client.service_account);
}

/* The lock is held: nobody else asks meanwhile. */
static int ask_locked(struct turn *turn, const struct oauth_row *row, struct error *err)
{
	struct oauth *oauth = turn->oauth;
	struct means means = {.refresh = VIEW_NULL};
	struct oauth2_failure failure;
	struct oauth2_tokens tokens;
	int result = prepare(turn, row, &means, &failure, err);

	if (result == 0)
		result = oauth2_ask(
			means.http, &means.client, means.refresh, clock_now(), oauth->arena, &tokens, &failure, err);
	turn->now = clock_now();
	if (result < 0) {
		wipe(&means);
		return record_failure(turn, row, &failure, err);
	}
	result = save(turn, row, &means.key, &tokens, err);
	wipe(&means);
	oauth2_wipe(tokens.access);
	oauth2_wipe(tokens.refresh);
	return result;
}

/* Another one failed while we waited for the lock, or shortly before: its outcome is ours. */
static bool failed_just_now(const struct turn *turn, const struct oauth_row *row)
{
	return row->failing_since && turn->now < row->next_at;
}

static int ask_in_turn(struct turn *turn, const struct oauth_row *before, struct error *err)
{
	struct oauth *oauth = turn->oauth;
	const char *name = turn->settings->name;
	struct oauth_row row;

	if (oauth_row_asking(oauth, name, before->changes, err) < 0 || db_begin(oauth->db, err) < 0 ||
		oauth_row_get(oauth, name, true, &row, err) < 0)
		return -1;
	turn->now = clock_now();
	if (!turn->forced && row.changes != before->changes &&
		(take(turn, &row, row.renew_at) || failed_just_now(turn, &row))) {
		if (row.failing_since)
			error_set(err, reach_of(row.class), "%s", row.error);
		return db_rollback(oauth->db, &(struct error)ERROR_INIT) < 0 || row.failing_since ? -1 : 0;
	}
	row.asked_at = before->asked_at; /* what stands there now is our own request */
	return ask_locked(turn, &row, err);
}

/* ---- a call ---- */

static int look(struct turn *turn, struct error *err)
{
	struct oauth *oauth = turn->oauth;
	struct oauth_row row;
	struct error why = ERROR_INIT;

	if (oauth_connect(oauth, err) < 0 || oauth_row_get(oauth, turn->settings->name, false, &row, err) < 0)
		return -1;
	if (!turn->forced && take(turn, &row, row.renew_at))
		return 0;
	if (turn->forced || !failed_just_now(turn, &row)) {
		if (ask_in_turn(turn, &row, &why) == 0)
			return 0;
		db_close(&oauth->db); /* a transaction may be open */
	} else {
		error_set(&why, reach_of(row.class), "%s", row.error);
	}
	/* It is time for a new one and there is none: the old one still counts. */
	if (!turn->forced && why.reach != REACH_UNCERTAIN && take(turn, &row, row.access_until))
		return 0;
	*err = why;
	return -1;
}

static struct held *held_of(struct oauth *oauth, const char *name)
{
	for (size_t i = 0; i < oauth->config->oauth_count; i++)
		if (strcmp(oauth->held[i].name, name) == 0)
			return &oauth->held[i];
	return NULL;
}

static int run(struct oauth *oauth, const char *name, int64_t refused, bool forced, struct oauth_access *out,
	struct error *err)
{
	struct turn turn = {
		.oauth = oauth,
		.settings = config_oauth_find(oauth->config, name),
		.held = held_of(oauth, name),
		.refused = refused,
		.forced = forced,
		.now = clock_now(),
	};
	int result = 0;

	if (!turn.settings || !turn.held)
		return error_set(err, REACH_STOP, "there is no login \"%s\" in the section oauth", name);
	if (forced || !turn.held->token || turn.held->version == refused || turn.now >= turn.held->renew_at) {
		result = look(&turn, err);
		db_close(&oauth->db); /* it is wanted once an hour */
		arena_reset(oauth->arena);
	}
	if (result == 0)
		give(turn.held, out);
	return result;
}

int oauth_access(struct oauth *oauth, const char *name, int64_t refused, struct oauth_access *out, struct error *err)
{
	return run(oauth, name, refused, false, out, err);
}

int oauth_renew(struct oauth *oauth, const char *name, struct oauth_access *out, struct error *err)
{
	return run(oauth, name, 0, true, out, err);
}

bool oauth_changed(struct oauth *oauth, const char *name, int64_t *state)
{
	struct error ignored = ERROR_INIT;
	struct oauth_row row;
	bool changed = false;

	if (oauth_connect(oauth, &ignored) == 0 && oauth_row_get(oauth, name, false, &row, &ignored) == 0) {
		changed = row.changes != *state;
		*state = row.changes;
	}
	db_close(&oauth->db);
	arena_reset(oauth->arena);
	return changed;
}
