/*
 * Channels: messages that are no mail. One file a provider (channels/<provider>.c), one table of them (channel.c).
 *
 * A channel differs from others only in how a message arrives and how an answer leaves. What arrives, by a webhook
 * (duty web) or because we asked (a thread of duty intake), becomes the same rows; what leaves comes from the outbox
 * (duty send). All but poll, fetch and send are pure. What each provider does is said with its source in its own file.
 */
#ifndef CHANNELS_CHANNEL_H
#define CHANNELS_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "core/config.h"
#include "net/http_request.h"

#define CHANNEL_MESSAGES_MAX 1000 /* of one request; what holds more is refused */
#define CHANNEL_MEDIA_MAX 20	  /* of one message; more are counted and left */
#define CHANNEL_TEXT_MAX ((size_t)256 * 1024) /* bytes of a message's text; what is over is cut */

struct channel_kind;

/* A channel as it is configured, its secrets fetched. Immutable; shared by threads. */
struct channel {
	const struct channel_kind *kind;
	const struct config_channel *settings;
	bool polled;		      /* we ask; else the provider calls us */
	size_t body_max;	      /* bytes of one request */
	struct view path_key;	      /* the unguessable part of its path; empty when it is polled */
	struct view verify_token;     /* what the provider's first call shows; empty: none */
	struct view token;	      /* what we show the provider; empty: none */
	const struct view *secrets;   /* what the provider shows us, the newest first: several while one is replaced */
	size_t secret_count;
	const char *public_url;	      /* of this channel's path, as the provider calls it; NULL: not configured */
};

/* A photo, voice note or document of a message: fetched once the message is safe. */
struct channel_media {
	struct view id;	    /* by which the provider hands it out; empty when there is a url */
	struct view url;    /* where it is; empty when there is an id */
	struct view name;   /* as the sender called it; may be empty */
	struct view type;   /* as the provider says; may be empty */
	struct view sha256; /* 32 bytes, as the provider says; may be empty */
	int64_t size;	    /* as the provider says; -1 when it does not */
};

/* One message of a person. Text is UTF-8 in NFC without control characters but LF and TAB. */
struct channel_message {
	struct view id;	      /* the provider's, never again for another message of this channel; an edit has its own */
	struct view edits;    /* id of the message that this one replaces; empty: none */
	struct view sender;   /* the person, as the provider names them for good: a number, an id */
	struct view reply_to; /* where an answer goes: the chat; mostly the sender again */
	struct view name;     /* as the person calls themselves; may be empty */
	struct view language; /* "fr", as the provider says; may be empty */
	struct view text;     /* may be empty when there is media or a place */
	struct view answers;  /* id of the message that this one was written as an answer to; may be empty */
	struct view part_of;  /* of a long text that came in parts: what its parts share; empty: it came whole */
	int part, parts;      /* from 1; of how many */
	int64_t sent_at;      /* microseconds since 1970; 0 when the provider does not say */
	bool has_place;
	double latitude, longitude; /* degrees */
	const struct channel_media *media;
	size_t media_count;
};

/* What one request, or one round of asking, brought. */
struct channel_batch {
	const struct channel_message *messages;
	size_t count;
	size_t ignored; /* events that are no message of a person: receipts, typing, our own, kinds we do not know */
	struct view mail;  /* a whole mail as it was sent: stored as the mail it is, beside no messages; empty: none */
	struct view nonce; /* with a mail: a word that proves one request alone and is refused with any other; empty: none */
};

/* What the provider is told. */
struct channel_answer {
	int status;	  /* HTTP */
	const char *type; /* of the body; NULL: no body */
	struct view body;
};

enum channel_verdict {
	CHANNEL_GENUINE,   /* store it */
	CHANNEL_FORGED,	   /* the credential is missing, wrong or too old: *answer_out says how to refuse it */
	CHANNEL_HANDSHAKE, /* nothing to store: *answer_out is the whole answer (a challenge) */
	CHANNEL_MALFORMED, /* the credential would stand in a body that cannot be read: answered as read() failing */
};

struct channel_outgoing {
	struct view to;	  /* channel_message.reply_to */
	struct view text; /* UTF-8 */
	struct view answers; /* id of the message that this answers; may be empty */
	struct view key;  /* the same at every attempt: an idempotency key where the provider takes one */
};

struct channel_sent {
	struct view id;	   /* the provider's, of what was sent; may be empty */
	int retry_seconds; /* 0: the provider names no time */
};

/* What one round of asking brought. */
struct channel_round {
	struct view raw;    /* the exact bytes */
	struct view cursor; /* for the next round; committed with the messages */
	struct channel_batch batch;
	int retry_seconds;  /* 0: the provider names no time */
	size_t cut_short;   /* rooms of which the oldest messages are left with the provider: there were too many */
};

struct http_client;

/* One provider. */
struct channel_kind {
	const char *name; /* in the config: "telegram" */
	size_t body_max;  /* bytes of a request at most, unless configured */
	bool webhook;	  /* it can call us */
	bool subpaths;	  /* by paths of its own behind the channel's */

	/* Is the configuration whole for this provider? The error says what is missing. */
	int (*check)(const struct channel *channel, struct error *err);
	/* Compared in constant time. now: microseconds since 1970. Strings of the answer live in the arena. */
	enum channel_verdict (*verify)(const struct channel *channel, const struct http_request *request, int64_t now,
		struct arena *arena, struct channel_answer *answer_out);
	/*
	 * The messages of a genuine request. -1 when it is no such thing (malformed): the provider is told 400, and nothing
	 * is kept but the alarm's count. NULL in headers: a body that was spooled brings only those named in kept_headers.
	 */
	int (*read)(const struct channel *channel, const struct http_request *request, struct arena *arena,
		struct channel_batch *out, struct error *err);
	/* The status that says never to send this again: what cannot be read, a nonce that was seen. 0: 400. */
	int never_again;
	/* Headers that read() needs besides the body; a list that ends with NULL. Never a credential. */
	const char *const *kept_headers;
	/* What is answered once everything is safe. NULL: 200 without a body. */
	void (*accepted)(const struct channel *channel, struct arena *arena, struct channel_answer *out);

	/*
	 * One round of asking: it may wait for wait_seconds at the provider's door. Errors are a source's; out->retry_seconds is
	 * set with them where the provider names a time. NULL: this provider is not asked.
	 */
	int (*poll)(const struct channel *channel, struct http_client *http, struct view cursor, int wait_seconds,
		struct arena *arena, struct channel_round *out, struct error *err);
	/*
	 * The round destroys what it hands out (Signal): poll() fills raw alone, which is spooled before read() looks at it, as the
	 * body of a request.
	 */
	bool poll_consumes;

	/*
	 * Fetches one medium into the arena (at most `max` bytes). REACH_MESSAGE: never again (refused, gone, too large);
	 * REACH_RETRY: later. NULL: this provider's messages bring none.
	 */
	int (*fetch)(const struct channel *channel, struct http_client *http, const struct channel_media *media, size_t max,
		struct arena *arena, struct view *bytes_out, struct error *err);
	/*
	 * Sends one message. REACH_MESSAGE: refused for good; REACH_RETRY: not now, out->retry_seconds is set where the provider
	 * names a time; REACH_SOURCE: the provider is away or refuses us; REACH_UNCERTAIN: it may have been sent. NULL: it
	 * cannot answer.
	 */
	int (*send)(const struct channel *channel, struct http_client *http, const struct channel_outgoing *message,
		struct arena *arena, struct channel_sent *out, struct error *err);
	int text_max; /* UTF-16 units of one message that is sent; longer texts are cut into several by the caller */
};

#define CHANNEL_PATH_KEY_MIN 16 /* characters: letters, digits, - and _ */
#define CHANNEL_PATH_KEY_MAX 128
#define CHANNEL_HOOK "/hook/" /* a webhook's path: this, the channel's name, a slash, its path_key */

/* The providers, a file each. */
extern const struct channel_kind channel_telegram, channel_whatsapp, channel_twilio, channel_signal, channel_standard,
	channel_africastalking, channel_vonage, channel_mailgun, channel_postmark, channel_sendgrid,
	channel_matrix,
	channel_json;

/* NULL when there is no such provider. */
const struct channel_kind *channel_kind_find(const char *name);
/* The i-th provider; NULL behind the last. */
const struct channel_kind *channel_kind_at(size_t i);

/* Is what the config says of the channels possible? Fetches no secret. */
int channels_check(const struct config *config, struct error *err);
/*
 * One configured channel, its secrets fetched and checked. What it makes lives in the arena. What is wrong with it
 * is wrong with this one alone (REACH_SOURCE): the others go on.
 */
int channel_open(const struct config *config, const struct config_channel *settings, struct arena *arena,
	struct channel *out, struct error *err);
/* Does it ask (true) or is it called? Without opening it. */
bool channel_is_polled(const struct config_channel *settings);
/* Are they the same bytes? In a time that tells only of the lengths. */
bool channel_same_secret(struct view shown, struct view secret);
/* Is it one of the channel's secrets? Always compares with each. */
bool channel_knows_secret(const struct channel *channel, struct view shown);

/* After a call to the provider failed: what we showed it may be repeated in its words, and is blotted out there. */
void channel_hide_token(const struct channel *channel, struct error *err);

/*
 * Messages as the argument `messages` of api.channel_store() and api.channel_store_round(): begin, add a delivery's (counted
 * from 1), end. -1: it is full; what was added before stays.
 */
#define CHANNEL_ROWS_MAX ((size_t)128 * 1024 * 1024) /* bytes of JSON */
void channel_rows_begin(struct text *out);
int channel_rows_add(struct text *out, const struct channel_batch *batch, size_t delivery);
void channel_rows_end(struct text *out);

#endif
