/*
 * Config: the one YAML file, as structs.
 *
 * One table of options (config_options.c: section, name, type, default, reloadable, help) makes the loader, the checks,
 * the printed sample and the reference in the docs. Errors are "FILE:LINE:COLUMN: what, and the mend"; an unknown key
 * names the nearest known one. A loaded config is immutable; everything in it lives in its arena. Secrets are named
 * here (a file, a systemd credential, a command), never written; config_secret() fetches one when it is needed.
 */
#ifndef CORE_CONFIG_H
#define CORE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

/* At most one is set; all NULL: no secret. */
struct config_secret {
	const char *file;       /* path; a trailing newline is not part of the secret */
	const char *credential; /* name under $CREDENTIALS_DIRECTORY */
	const char *command;    /* run by /bin/sh -c; its first line of output; 10 s */
};

enum config_tls { CONFIG_TLS_IMPLICIT, CONFIG_TLS_STARTTLS, CONFIG_TLS_NONE /* loopback only, checked at load */ };

enum config_after_kind { AFTER_LEAVE, AFTER_KEYWORD, AFTER_MOVE, AFTER_DELETE };

/* What becomes of the mail on the server once it was dealt with. */
struct config_after {
	enum config_after_kind kind;
	const char *argument; /* the keyword or the folder; NULL for leave and delete */
};

struct config_mailbox {
	const char *name;       /* unique; in logs, status and the database */
	const char *host;
	int port;               /* default 993 (implicit), 143 (else) */
	enum config_tls tls;
	const char *user;
	struct config_secret password;
	const char *oauth;      /* name of the login that stands in the password's place; NULL: the password */
	const char **folders;   /* default INBOX; the first one is watched by IDLE */
	size_t folder_count;
	struct config_after after_filed, after_review, after_held, after_ignored; /* default leave */
	int poll_seconds;       /* default 60: STATUS of the other folders, and the fall-back without IDLE */
	bool idle;              /* default true */
};

struct config_smtp {
	const char *host;       /* NULL: nothing can be sent */
	int port;               /* default 587 (starttls), 465 (implicit), 25 (none) */
	enum config_tls tls;
	const char *user;       /* NULL: no AUTH */
	struct config_secret password;
	const char *oauth;      /* name of the login that stands in the password's place; NULL: the password */
	const char *from_name;  /* "Fieldpost" */
	const char *from_address; /* digests and answers come from it */
	const char *bounce_address; /* the return path is this with +TOKEN before the @; NULL: bounces go to from_address */
	int connections;        /* at once, default 2 */
	int rate_per_minute;    /* 0: no limit */
};

/* A login by OAuth 2.0, for mailboxes and SMTP. After config_check() the addresses and the scope are the provider's. */
struct config_oauth {
	const char *name;       /* unique; in logs, status and the database */
	const char *provider;   /* "google", "microsoft", "custom" */
	const char *grant;      /* "refresh", "client_credentials", "service_account" */
	const char *client_id;  /* NULL with a service account */
	struct config_secret client_secret;
	const char *secret_expires; /* "2027-11-21": when the client secret ends; NULL: not known */
	const char *tenant;     /* Microsoft's */
	const char *auth_url, *token_url, *device_url; /* NULL: there is none (token_url is always there) */
	const char *scope;      /* may be NULL */
	struct config_secret service_account; /* Google's JSON key file */
	const char *subject;    /* the mailbox that a service account acts for */
	struct config_secret key; /* seals what is kept in the database */
};

/* Messages that are no mail. What a provider needs of this is said in its own file under channels/. */
struct config_channel {
	const char *name;       /* unique, also among mailboxes; in logs, status, the webhook's path and the database */
	const char *kind;       /* "telegram", ...: the table is channels/channel.c */
	const char *mode;       /* "webhook" or "poll"; NULL: the first that the provider can */
	struct config_secret path_key; /* the part of the path that nobody can guess */
	struct config_secret token;    /* what we show the provider */
	struct config_secret secret, secret_previous; /* what the provider shows us, now and before */
	struct config_secret verify_token; /* of WhatsApp's first call */
	const char *user;       /* json: basic authentication, with the secret; NULL: none */
	const char *secret_header; /* json: the header that holds the secret; NULL: none */
	const char *api_url;    /* NULL: the provider's; plain only to loopback, checked at load */
	const char *account;    /* Twilio's SID, WhatsApp's phone number id; may be NULL */
	const char *number;     /* our own; may be NULL */
	size_t max_body;        /* bytes of a request; 0: the provider's */
	int join_seconds;       /* default 90 */
	const char *form;       /* id of the form that a conversation asks; NULL: none */
	const char *language;   /* default "en": of people whose own is not known */
	int rate_per_minute;    /* sending; 0: no limit */
	bool media;             /* default true */
	size_t media_bytes;     /* default 20 MiB */
	/* kind json: JSON pointers; NULL: not there */
	const char *map_messages, *map_id, *map_text, *map_sender, *map_reply_to, *map_name, *map_language, *map_sent_at;
};

/* A list of countries that a subscription can name. */
struct config_region {
	const char *name;       /* unique; one of the shipped ones' replaces that */
	const char **countries; /* ISO codes */
	size_t country_count;
};

/* Requests that go out by the calendar. */
struct config_request {
	const char *name;       /* unique; what each of its campaigns is called by */
	const char *form;       /* id */
	const char *to;         /* whom, as `request send --to` has it (outreach/outreach.h) */
	const char *language;   /* of all of them; NULL: each person's own */
	const char *frequency;  /* "weekly", "monthly", "quarterly" */
	const char *weekday;    /* weekly: "monday", ... */
	int day;                /* of the month, or of the quarter's first month */
};

struct config {
	struct arena *arena;
	const char *path;       /* of the file, for messages; NULL when there was none */
	const char *state_dir;  /* default /var/lib/fieldpost */
	const char *share_dir;  /* of what came with the program: use share_path() of core/share.h */
	const char *forms_dir;  /* default share_dir/forms */
	const char *public_url; /* NULL: no web pages */
	const char *instance;   /* name in mails, default "Fieldpost" */
	struct {
		const char *url;      /* libpq URL or key=value; NULL: the embedded server */
		struct config_secret password;
	} database;
	struct {
		const char *ca_file;  /* NULL: the system's authorities */
	} tls;
	struct {
		size_t message_bytes; /* default 25 MiB; above it only the headers are kept */
		int batch_messages;   /* default 100 */
		size_t batch_bytes;   /* default 8 MiB */
		int connect_seconds;  /* default 30 */
		int command_seconds;  /* default 120 */
		int message_ms;       /* time to read one message, default 5000 */
	} limits;
	struct {
		int workers;          /* parse duties, default 1 per two cores, at least 1 */
		const char **sensitive_words; /* a report that holds one is for the cleared alone */
		size_t sensitive_word_count;
		int unread_percent;   /* of a form's or client's replies: above it somebody is told; 0: nobody */
	} parse;
	struct {
		const char *level;    /* error, warning, info, debug */
		const char *format;   /* text or json */
	} log;
	struct config_mailbox *mailboxes;
	size_t mailbox_count;
	struct {
		const char *listen;      /* "127.0.0.1:8025", "[::1]:8025", "unix:/run/x"; NULL: no web duty */
		const char *certificate, *key; /* PEM files; both or none */
		size_t spool_bytes;      /* default 256 MiB */
		int connections;         /* default 4096 */
	} web;
	struct config_channel *channels;
	size_t channel_count;
	struct config_oauth *oauth;
	size_t oauth_count;
	struct config_region *regions;
	size_t region_count;
	struct {
		const char *zone;       /* IANA; default UTC: of people whose own and whose country's is not known */
		int hour_from, hour_to; /* default 8 and 18: when people are written to, in their zone */
		bool working_days;      /* default true: not on the days off of their country */
		int reminders;          /* default 2, at most */
		int reminder_days;      /* default 7, at least between two */
	} asking;
	struct config_request *requests;
	size_t request_count;
	struct config_smtp smtp;
	struct {
		const char **authserv_id; /* servers whose Authentication-Results are believed */
		size_t authserv_id_count;
		const char **border;      /* hosts whose Received fields may stand above those */
		size_t border_count;
		struct config_secret answer_key; /* of the tokens in digests; none set: a file in state_dir */
	} mail;
};

/* path NULL: /etc/fieldpost/fieldpost.yaml if it is there, else the defaults. */
int config_load(const char *path, struct config **out, struct error *err);
/* The same from bytes (a duty gets its part through a descriptor; tests). */
int config_parse(struct view yaml, const char *path, struct config **out, struct error *err);
void config_free(struct config **config);
/* Only what a duty needs ("intake", "web", "parse", "send"), as YAML that config_parse() takes. */
int config_part(const struct config *config, const char *duty, struct text *out, struct error *err);
/* May `next` replace the running config without a restart? -1 names the option that needs one. */
int config_can_replace(const struct config *running, const struct config *next, struct error *err);
/* Fetches a secret into the arena (no trailing newline). Errors name the place, never the secret. */
int config_secret(const struct config_secret *secret, struct arena *arena, struct view *out, struct error *err);
/* localhost, 127.0.0.0/8, ::1: where a connection may go without TLS. */
bool config_host_is_loopback(const char *host);
/* Is there a place for it? (It may still not be readable.) */
bool config_secret_is_set(const struct config_secret *secret);
/* The login of that name; NULL: there is none. */
const struct config_oauth *config_oauth_find(const struct config *config, const char *name);
/* Takes web.listen apart: a Unix socket's path, or host (no brackets) and port, in the arena; -1 when it is neither. */
int config_listen(const char *listen, struct arena *arena, const char **unix_out, const char **host_out, int *port_out);
/* Every option with its default and help, as YAML. */
int config_sample(struct text *out);
/* The reference page, Markdown. */
int config_docs(struct text *out);

#endif
