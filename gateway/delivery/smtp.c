/* delivery/smtp: libcurl's SMTP with what the outbox must know of an outcome. See smtp.h; used by mail_sender.c and check.c.
 */
#include "delivery/smtp.h"

#include "core/clock.h"
#include "oauth/oauth.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#define ADDRESS_MAX 320 /* RFC 5321: 64 before the @, 255 behind it */
#define LOOK_US 50000	/* between looks for a stop */

/* How far a transfer came; decides what a failure means. */
enum phase { PHASE_CONNECT, PHASE_SENDER, PHASE_MAIL, PHASE_BODY, PHASE_SENT };

struct smtp {
	CURL *curl;
	const struct config *config;
	struct duty_context *context;
	struct arena *arena;
	struct oauth *oauth; /* NULL: it logs in with a password, or not at all */
	struct oauth_access access;
	struct view rest; /* of the mail: not handed to libcurl yet */
	enum phase phase;
	int64_t looked; /* for a stop: clock_monotonic() */
	bool answered; /* the server replied after what was sent last */
	int refusal;   /* its first reply of 400 and more; 0: none */
	char reply[SMTP_REPLY_MAX + 1];
	char detail[CURL_ERROR_SIZE];
};

static size_t read_mail(char *buffer, size_t size, size_t count, void *private)
{
	struct smtp *smtp = private;
	size_t len = size * count < smtp->rest.len ? size * count : smtp->rest.len;

	memcpy(buffer, smtp->rest.ptr, len);
	smtp->rest = view_sub(smtp->rest, len, smtp->rest.len);
	smtp->phase = smtp->rest.len > 0 ? PHASE_BODY : PHASE_SENT;
	smtp->answered = false;
	return len;
}

/* Keeps the line by which the server refused, else the last one that it said, without what could forge a log line. */
static void keep_reply(struct smtp *smtp, struct view line)
{
	size_t len = 0;
	long long code;

	smtp->answered = true;
	if (smtp->refusal) /* what follows is the good-bye */
		return;
	line = view_trim(line);
	for (size_t i = 0; i < line.len && len < SMTP_REPLY_MAX; i++)
		smtp->reply[len++] = line.ptr[i] >= ' ' && line.ptr[i] < 0x7f ? line.ptr[i] : '?';
	smtp->reply[len] = '\0';
	if (view_to_int(view_sub(line, 0, 3), 400, 599, &code) == 0)
		smtp->refusal = (int)code;
}

/* Commands are looked at for their verb alone: AUTH's arguments are secrets and stay nowhere. */
static int follow(CURL *curl, curl_infotype type, char *data, size_t size, void *private)
{
	struct smtp *smtp = private;
	struct view line = {data, size};

	if (type == CURLINFO_HEADER_IN)
		keep_reply(smtp, line);
	if (type != CURLINFO_HEADER_OUT)
		return 0;
	smtp->answered = false;
	if (view_starts(line, VIEW("MAIL FROM:")))
		smtp->phase = PHASE_SENDER;
	else if (view_starts(line, VIEW("RCPT TO:")))
		smtp->phase = PHASE_MAIL;
	return 0;
}

/* A stop ends a transfer whose mail has not begun to leave; one that has is brought to its end. Called many times a mail. */
static int progress(void *private, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct smtp *smtp = private;
	int64_t now = clock_monotonic();

	if (now - smtp->looked < LOOK_US)
		return 0;
	smtp->looked = now;
	duty_alive(smtp->context);
	return duty_stopping(smtp->context) && smtp->phase < PHASE_BODY;
}

static bool is_loopback(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, address, sizeof(in));
		return ntohl(in.sin_addr.s_addr) >> 24 == 127;
	}
	if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, address, sizeof(in6));
		return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
	}
	return false;
}

/* Without TLS nothing but loopback is connected to, whatever a name resolves to. */
static curl_socket_t open_loopback(void *private, curlsocktype purpose, struct curl_sockaddr *address)
{
	if (!is_loopback(&address->addr))
		return CURL_SOCKET_BAD;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void set_tls(struct smtp *smtp)
{
	const struct config *config = smtp->config;

	if (config->smtp.tls == CONFIG_TLS_NONE) {
		curl_easy_setopt(smtp->curl, CURLOPT_USE_SSL, (long)CURLUSESSL_NONE);
		curl_easy_setopt(smtp->curl, CURLOPT_OPENSOCKETFUNCTION, open_loopback);
		return;
	}
	curl_easy_setopt(smtp->curl, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
	curl_easy_setopt(smtp->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(smtp->curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(smtp->curl, CURLOPT_SSL_VERIFYHOST, 2L);
	if (config->tls.ca_file) {
		curl_easy_setopt(smtp->curl, CURLOPT_CAINFO, config->tls.ca_file);
		curl_easy_setopt(smtp->curl, CURLOPT_CAPATH, NULL); /* else the system's authorities count as well */
	}
}

/* The name said in EHLO stands in the URL's path: the sender's domain, since a machine's own name is often none. */
static void set_url(struct smtp *smtp)
{
	const struct config *config = smtp->config;
	const char *at = config->smtp.from_address ? strchr(config->smtp.from_address, '@') : NULL;
	const char *scheme = config->smtp.tls == CONFIG_TLS_IMPLICIT ? "smtps" : "smtp";
	bool literal = strchr(config->smtp.host, ':') != NULL; /* an IPv6 address */

	curl_easy_setopt(smtp->curl, CURLOPT_URL,
		arena_printf(smtp->arena, "%s://%s%s%s:%d/%s", scheme, literal ? "[" : "", config->smtp.host,
			literal ? "]" : "", config->smtp.port, at ? at + 1 : ""));
}

static void set_time_limits(struct smtp *smtp)
{
	const struct config *config = smtp->config;

	curl_easy_setopt(smtp->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(smtp->curl, CURLOPT_CONNECTTIMEOUT, (long)config->limits.connect_seconds);
	curl_easy_setopt(smtp->curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)config->limits.command_seconds);
	curl_easy_setopt(smtp->curl, CURLOPT_TIMEOUT,
		(long)config->limits.connect_seconds + 4 * (long)config->limits.command_seconds);
	curl_easy_setopt(smtp->curl, CURLOPT_TCP_KEEPALIVE, 1L);
	if (smtp->context) {
		curl_easy_setopt(smtp->curl, CURLOPT_NOPROGRESS, 0L);
		curl_easy_setopt(smtp->curl, CURLOPT_XFERINFOFUNCTION, progress);
		curl_easy_setopt(smtp->curl, CURLOPT_XFERINFODATA, smtp);
	}
}

/* libcurl takes XOAUTH2 only when it may take nothing else: else CRAM-MD5 or an empty password by PLAIN comes first. */
static int set_token(struct smtp *smtp, int64_t refused, struct error *err)
{
	const struct config_smtp *settings = &smtp->config->smtp;
	int64_t before = smtp->access.version;

	if (oauth_access(smtp->oauth, settings->oauth, refused, &smtp->access, err)) {
		if (err->reach != REACH_STOP) /* not this mail's fault, whatever it is */
			err->reach = REACH_SOURCE;
		return -1;
	}
	if (smtp->access.version == before)
		return 0;
	curl_easy_setopt(smtp->curl, CURLOPT_USERNAME, settings->user);
	curl_easy_setopt(smtp->curl, CURLOPT_LOGIN_OPTIONS, "AUTH=XOAUTH2");
	curl_easy_setopt(smtp->curl, CURLOPT_SASL_IR, 1L);
	curl_easy_setopt(smtp->curl, CURLOPT_XOAUTH2_BEARER, smtp->access.token.ptr);
	return 0;
}

static int set_login(struct smtp *smtp, struct error *err)
{
	const struct config *config = smtp->config;
	struct view password;

	if (!config->smtp.user)
		return 0;
	if (config->smtp.oauth)
		return oauth_new(config, smtp->context, &smtp->oauth, err) || set_token(smtp, 0, err) ? -1 : 0;
	if (config_secret(&config->smtp.password, smtp->arena, &password, err))
		return error_prefix(err, "smtp");
	curl_easy_setopt(smtp->curl, CURLOPT_USERNAME, config->smtp.user);
	curl_easy_setopt(smtp->curl, CURLOPT_PASSWORD, arena_copy(smtp->arena, password.ptr, password.len));
	return 0;
}

int smtp_open(const struct config *config, struct duty_context *context, struct smtp **out, struct error *err)
{
	struct smtp *smtp;

	if (!config->smtp.host)
		return error_set(err, REACH_STOP, "smtp.host is not set: nothing can be sent");
	smtp = calloc(1, sizeof(*smtp));
	if (!smtp)
		exit(EX_OSERR);
	smtp->arena = arena_new();
	smtp->config = config;
	smtp->context = context;
	smtp->curl = curl_easy_init();
	if (!smtp->curl)
		exit(EX_OSERR);
	curl_easy_setopt(smtp->curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(smtp->curl, CURLOPT_PROXY, ""); /* else the environment's */
	curl_easy_setopt(smtp->curl, CURLOPT_ERRORBUFFER, smtp->detail);
	curl_easy_setopt(smtp->curl, CURLOPT_VERBOSE, 1L);
	curl_easy_setopt(smtp->curl, CURLOPT_DEBUGFUNCTION, follow);
	curl_easy_setopt(smtp->curl, CURLOPT_DEBUGDATA, smtp);
	set_url(smtp);
	set_tls(smtp);
	set_time_limits(smtp);
	if (set_login(smtp, err)) {
		smtp_close(&smtp);
		return -1;
	}
	*out = smtp;
	return 0;
}

void smtp_close(struct smtp **smtp)
{
	if (!*smtp)
		return;
	curl_easy_cleanup((*smtp)->curl);
	oauth_free(&(*smtp)->oauth);
	arena_free(&(*smtp)->arena);
	free(*smtp);
	*smtp = NULL;
}

/*
 * 421 and the replies that ask for TLS or a login speak of the server and us, not of this mail. So does what is said to
 * the sender's address, the same in all mails (552: this one is too large), and 5.4.5: no more mails today.
 */
static bool is_about_server(const struct smtp *smtp)
{
	int code = smtp->refusal;

	return code == 421 || code == 530 || code == 534 || code == 535 || code == 538 || code == 454 ||
	       (code >= 500 && smtp->phase == PHASE_SENDER && code != 552) ||
	       (code >= 500 && view_starts(view_sub(view_of(smtp->reply), 4, SIZE_MAX), VIEW("5.4.5 ")));
}

static enum error_reach reach_of(const struct smtp *smtp, CURLcode result)
{
	if (smtp->phase == PHASE_CONNECT || result == CURLE_LOGIN_DENIED || is_about_server(smtp))
		return REACH_SOURCE;
	if (smtp->refusal)
		return smtp->refusal >= 500 ? REACH_MESSAGE : REACH_RETRY;
	return smtp->phase == PHASE_SENT && !smtp->answered ? REACH_UNCERTAIN : REACH_RETRY;
}

/*
 * GnuTLS, which Debian's libcurl stands on, says of every certificate that it refuses just that; why is in its status
 * bits (gnutls_certificate_status_t). OpenSSL says it itself.
 */
static const char *certificate_words(const struct smtp *smtp)
{
	static const struct {
		long bit;
		const char *words;
	} reasons[] = {
		{1L << 10, "the server's certificate has expired"},
		{1L << 9, "the server's certificate is not valid yet"},
		{1L << 5, "the server's certificate was revoked"},
		{1L << 8, "the server's certificate is signed by an insecure method"},
		{1L << 6, "the server's certificate is signed by itself or by an authority that is not trusted; "
			  "tls.ca_file "
			  "names another one"},
	};
	long status = 0;

	if (strncmp(smtp->detail, "server certificate verification failed", 38) != 0)
		return smtp->detail;
	curl_easy_getinfo(smtp->curl, CURLINFO_SSL_VERIFYRESULT, &status);
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (status & reasons[i].bit)
			return reasons[i].words;
	return "the server's certificate is not to be trusted";
}

static const char *words_of(const struct smtp *smtp, CURLcode result)
{
	if (result == CURLE_PEER_FAILED_VERIFICATION && smtp->detail[0])
		return certificate_words(smtp);
	if (result == CURLE_USE_SSL_FAILED)
		return "the server does not do STARTTLS, which is required";
	if (result == CURLE_SSL_CACERT_BADFILE)
		return "tls.ca_file holds no certificate that can be read (PEM)";
	if (result == CURLE_LOGIN_DENIED)
		return "the server refuses the login";
	if (result == CURLE_WEIRD_SERVER_REPLY && smtp->phase == PHASE_CONNECT)
		return "the server says what does not belong there before TLS has begun: somebody may be in between";
	if (result == CURLE_SSL_CONNECT_ERROR)
		return arena_printf(smtp->arena, "no TLS on this port (%s)", smtp->detail);
	return smtp->detail[0] ? smtp->detail : curl_easy_strerror(result);
}

static int fail(struct smtp *smtp, CURLcode result, struct error *err)
{
	const char *what = words_of(smtp, result);
	enum error_reach reach = reach_of(smtp, result);
	bool said = smtp->refusal != 0;

	return error_set(err, reach, "smtp %s:%d: %s%s%s%s", smtp->config->smtp.host, smtp->config->smtp.port, what,
		said ? " (the server said: " : "", said ? smtp->reply : "", said ? ")" : "");
}

static int perform_once(struct smtp *smtp, struct error *err)
{
	CURLcode result;

	smtp->phase = PHASE_CONNECT;
	smtp->answered = false;
	smtp->refusal = 0;
	smtp->reply[0] = smtp->detail[0] = '\0';
	result = curl_easy_perform(smtp->curl);
	return result == CURLE_OK ? 0 : fail(smtp, result, err);
}

/* 334 is a challenge: the refusal of XOAUTH2, which libcurl does not answer. 454 passes; the token is as good as before. */
static bool is_token_refused(const struct smtp *smtp)
{
	long code = 0;

	if (!smtp->oauth || smtp->phase != PHASE_CONNECT)
		return false;
	curl_easy_getinfo(smtp->curl, CURLINFO_RESPONSE_CODE, &code);
	return code == 334 || code == 535;
}

/* What a server says may hold the token that it was shown. */
static void hush(const struct smtp *smtp, struct error *err)
{
	if (smtp->oauth && oauth2_shows(view_of(err->text), view_of(smtp->config->smtp.user), smtp->access.token))
		error_set(err, err->reach, "smtp %s:%d: the server refuses the login, with words that hold the token",
			smtp->config->smtp.host, smtp->config->smtp.port);
}

/* A token that is refused is replaced once; no mail was offered yet. */
static int perform(struct smtp *smtp, struct error *err)
{
	struct view mail = smtp->rest;
	struct error first;

	if (smtp->oauth && set_token(smtp, 0, err))
		return -1;
	if (perform_once(smtp, err) == 0)
		return 0;
	hush(smtp, err);
	if (!is_token_refused(smtp))
		return -1;
	first = *err;
	if (set_token(smtp, smtp->access.version, err)) {
		error_prefix(err, "%s; no new token", first.text);
		return -1;
	}
	smtp->rest = mail;
	if (perform_once(smtp, err) == 0)
		return 0;
	hush(smtp, err);
	return is_token_refused(smtp) ? error_prefix(err, "a new token of %s is not taken either", smtp->config->smtp.oauth) : -1;
}

int smtp_send(struct smtp *smtp, struct view from, struct view to, struct view mail, struct error *err)
{
	char sender[ADDRESS_MAX + 3], recipient[ADDRESS_MAX + 3];
	struct curl_slist *recipients;
	int result;

	if (from.len > ADDRESS_MAX || to.len > ADDRESS_MAX)
		return error_set(err, REACH_MESSAGE, "an address is longer than %d bytes", ADDRESS_MAX);
	snprintf(sender, sizeof(sender), "<%.*s>", VIEW_ARGS(from));
	snprintf(recipient, sizeof(recipient), "<%.*s>", VIEW_ARGS(to));
	recipients = curl_slist_append(NULL, recipient);
	if (!recipients)
		exit(EX_OSERR);
	smtp->rest = mail;
	curl_easy_setopt(smtp->curl, CURLOPT_CUSTOMREQUEST, NULL);
	curl_easy_setopt(smtp->curl, CURLOPT_NOBODY, 0L);
	curl_easy_setopt(smtp->curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(smtp->curl, CURLOPT_READFUNCTION, read_mail);
	curl_easy_setopt(smtp->curl, CURLOPT_READDATA, smtp);
	curl_easy_setopt(smtp->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)mail.len);
	curl_easy_setopt(smtp->curl, CURLOPT_MAIL_FROM, sender);
	curl_easy_setopt(smtp->curl, CURLOPT_MAIL_RCPT, recipients);
	result = perform(smtp, err);
	curl_easy_setopt(smtp->curl, CURLOPT_MAIL_RCPT, NULL);
	curl_slist_free_all(recipients);
	return result;
}

bool smtp_refused(const struct smtp *smtp)
{
	return smtp->refusal && smtp->phase != PHASE_CONNECT && !is_about_server(smtp);
}

int smtp_check(struct smtp *smtp, struct error *err)
{
	curl_easy_setopt(smtp->curl, CURLOPT_UPLOAD, 0L);
	curl_easy_setopt(smtp->curl, CURLOPT_NOBODY, 1L);
	curl_easy_setopt(smtp->curl, CURLOPT_CUSTOMREQUEST, "NOOP");
	return perform(smtp, err);
}
