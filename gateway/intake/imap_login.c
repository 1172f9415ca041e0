/* intake/imap_login: logging in by password or access token. See imap.h, imap_session.h. */
#include <string.h>
#include <strings.h>

#include "intake/imap_session.h"

#define WORDS_MAX 200

/* Servers say it in the code (RFC 5530), Exchange in words: this passes. */
static bool is_passing(const struct imap *imap, const char *words)
{
	static const char *const passing[] = {"throttled", "Too many", "try again later"};
	const char *atom = imap->session->imap_response_info ? imap->session->imap_response_info->rsp_atom : NULL;

	if (atom && (strcasecmp(atom, "UNAVAILABLE") == 0 || strcasecmp(atom, "LIMIT") == 0))
		return true;
	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
		if (strcasestr(words, passing[i]))
			return true;
	return false;
}

static int refused_for_now(struct imap *imap, const char *words, struct error *err)
{
	stream_break(imap->stream, &(struct error){REACH_SOURCE, "login refused"});
	return error_set(err, REACH_SOURCE, "%s cannot log anybody in at the moment: %s", imap->mailbox->host, words);
}

static int refused(struct imap *imap, struct error *err)
{
	char words[WORDS_MAX];

	imap_server_words(imap, words, sizeof(words));
	if (is_passing(imap, words))
		return refused_for_now(imap, words, err);
	stream_break(imap->stream, &(struct error){REACH_SOURCE, "login refused"});
	return error_set(err, REACH_STOP, "%s refused the login of %s: %s (look at user and password)",
		imap->mailbox->host, imap->mailbox->user, *words ? words : "no reason given");
}

static int by_password(struct imap *imap, struct error *err)
{
	struct arena *arena = arena_new();
	struct view password;
	int code;

	if (config_secret(&imap->mailbox->password, arena, &password, err) < 0) {
		arena_free(&arena);
		return -1;
	}
	imap_begin(imap, IMAP_ANSWER_MAX);
	code = mailimap_login(imap->session, imap->mailbox->user, password.ptr ? password.ptr : "");
	if (password.len)
		explicit_bzero((void *)(uintptr_t)password.ptr, password.len);
	arena_free(&arena);
	if (code == MAILIMAP_ERROR_LOGIN && imap_alive(imap))
		return refused(imap, err);
	return imap_check(imap, code, "logging in", err);
}

/* What the server says, unless it says the token. */
static void words_without(const struct imap *imap, const struct oauth_access *access, char *words, size_t size)
{
	imap_server_words(imap, words, size);
	if (oauth2_shows(view_of(words), view_of(imap->mailbox->user), access->token))
		snprintf(words, size, "words that hold the token, which are not repeated");
}

/* An error with whatever the server said in it, unless it said the token. */
static int failed(struct imap *imap, int code, const struct oauth_access *access, struct error *err)
{
	int result = imap_check(imap, code, "logging in", err);

	if (result < 0 && oauth2_shows(view_of(err->text), view_of(imap->mailbox->user), access->token))
		error_set(err, err->reach, "logging in: %s ended the session with words that hold the token",
			imap->mailbox->host);
	return result;
}

/* 0: logged in; 1: the server does not take this token; -1: anything else. */
static int try_token(struct imap *imap, const struct oauth_access *access, char *words, struct error *err)
{
	int code;

	imap_begin(imap, IMAP_ANSWER_MAX);
	code = mailimap_oauth2_authenticate(imap->session, imap->mailbox->user, access->token.ptr);
	words_without(imap, access, words, WORDS_MAX);
	if (code != MAILIMAP_ERROR_LOGIN || !imap_alive(imap))
		return failed(imap, code, access, err);
	return is_passing(imap, words) ? refused_for_now(imap, words, err) : 1;
}

/*
 * A server never says why it takes no token: it may have ended, been taken back, or be good for nothing here. So a new
 * one is asked for once; where that is refused as well it is not the token.
 */
static int by_token(struct imap *imap, struct error *err)
{
	const char *name = imap->mailbox->oauth, *host = imap->mailbox->host;
	struct oauth_access access;
	char words[WORDS_MAX];
	int result;

	if (imap_capabilities(imap, err) < 0 || oauth_access(imap->oauth, name, 0, &access, err) < 0)
		return -1;
	if (!mailimap_has_xoauth2(imap->session))
		return error_set(
			err, REACH_STOP, "%s does not offer XOAUTH2, by which the login %s would be shown", host, name);
	result = try_token(imap, &access, words, err);
	if (result == 1) {
		if (oauth_access(imap->oauth, name, access.version, &access, err) < 0)
			return error_prefix(
				err, "%s does not take the token (%s), and there is no new one", host, words);
		result = try_token(imap, &access, words, err);
	}
	if (result < 1)
		return result;
	stream_break(imap->stream, &(struct error){REACH_SOURCE, "login refused"});
	return error_set(err, REACH_STOP,
		"%s refused the login of %s with a new token of %s: %s (look at user, and at what the token may do "
		"there)",
		host, imap->mailbox->user, name, *words ? words : "no reason given");
}

int imap_login(struct imap *imap, struct error *err)
{
	if (imap->session->imap_state == MAILIMAP_STATE_AUTHENTICATED)
		return 0;
	return imap->mailbox->oauth ? by_token(imap, err) : by_password(imap, err);
}
