/*
 * Provider: what the providers' files share: JSON and forms into views, texts made clean, signatures, calls to their
 * APIs. Private to channels/.
 *
 * Everything that is made lives in the arena. Looking into JSON never fails: what is not there, or of another type, is
 * empty.
 */
#ifndef CHANNELS_PROVIDER_H
#define CHANNELS_PROVIDER_H

#include <jansson.h>

#include "channels/channel.h"
#include "net/http_client.h"

#define PROVIDER_ID_MAX 1000			      /* bytes of an id, a sender, a name */
#define PROVIDER_FIELDS_MAX 1000		      /* of a form */
#define PROVIDER_ANSWER_MAX ((size_t)8 * 1024 * 1024) /* bytes of an API's answer that is no medium */
#define PROVIDER_SECONDS 30			      /* for such an answer */
#define PROVIDER_MEDIA_SECONDS 120		      /* for a medium */

/* ---- text ---- */

/* UTF-8 in NFC, lines parted by LF, no other control characters but TAB, trimmed at its end, cut to CHANNEL_TEXT_MAX.
 */
struct view provider_clean(struct arena *arena, struct view bytes);
/* The same in one line, of at most PROVIDER_ID_MAX bytes. */
struct view provider_clean_line(struct arena *arena, struct view bytes);
const char *provider_url_encode(struct arena *arena, struct view bytes);

/* ---- JSON ---- */

/* A new reference; NULL with REACH_MESSAGE when it is no JSON. Malformed UTF-8 and lone surrogates become U+FFFD. */
json_t *provider_json(struct arena *arena, struct view bytes, struct error *err);
static inline void provider_json_free(json_t **json)
{
	json_decref(*json);
}
#define PROVIDER_JSON_SCOPED __attribute__((cleanup(provider_json_free))) json_t

/* What stands under these keys, one in the other (the list ends with NULL); NULL when it is not there. */
const json_t *provider_find(const json_t *json, ...) __attribute__((sentinel));
/* A string, cleaned. */
struct view provider_text(struct arena *arena, const json_t *json);
/* A string or a whole number, in one line: an id, a name, a number. Empty when it is too long. */
struct view provider_word(struct arena *arena, const json_t *json);
/* A whole number, also one written as a string; `otherwise` when it is none. */
int64_t provider_number(const json_t *json, int64_t otherwise);
/* 32 bytes from hexadecimal digits or base64; empty when it is neither. */
struct view provider_sha256(struct arena *arena, const json_t *json);

/* ---- forms: application/x-www-form-urlencoded, multipart/form-data ---- */

struct provider_file {
	struct view field, name, type, bytes; /* type: as was said, may be empty */
};

struct provider_form {
	const struct http_field *fields; /* decoded, in their order, repeated ones too */
	size_t count;
	const struct provider_file *files; /* of multipart/form-data: the parts with a file's name */
	size_t file_count;
};

/* REACH_MESSAGE when it is malformed. */
int provider_form(struct arena *arena, struct view encoded, struct provider_form *out, struct error *err);
/* multipart/form-data (RFC 7578); its values and files are views into the body. */
int provider_multipart(struct arena *arena, struct view content_type, struct view body, struct provider_form *out,
	struct error *err);
/* Whichever of the two the request's Content-Type says. */
int provider_any_form(
	struct arena *arena, const struct http_request *request, struct provider_form *out, struct error *err);
/* The first of that name; ptr NULL when it is not there. */
struct view provider_field(const struct provider_form *form, const char *name);

/* ---- signatures ---- */

/* PROVIDER_MD5_PLAIN is no HMAC: the MD5 of the data and the secret behind it. */
enum provider_hash { PROVIDER_MD5, PROVIDER_MD5_PLAIN, PROVIDER_SHA1, PROVIDER_SHA256, PROVIDER_SHA512 };
enum provider_spelling { PROVIDER_HEX, PROVIDER_BASE64, PROVIDER_BASE64URL /* without padding */ };

/* Is `shown` the HMAC of data under one of the channel's secrets? In constant time; hexadecimal digits are lower-case.
 */
bool provider_signed(const struct channel *channel, enum provider_hash hash, enum provider_spelling spelling,
	struct view data, struct view shown);
/* Base64 of any alphabet, padded or not; -1 when it is none. */
int provider_base64(struct arena *arena, struct view text, struct view *out);
/* SHA-256 in lower-case hexadecimal. */
const char *provider_sha256_hex(struct arena *arena, struct view data);

/* Do the user of the config and one of the channel's secrets stand in this Authorization header (RFC 7617)? In constant
 * time. */
bool provider_logged_in(const struct channel *channel, struct view shown, struct arena *arena);

enum channel_verdict provider_refuse(struct channel_answer *out, int status);

/* ---- mails ---- */

/* A mail of which a provider tells the parts. */
struct provider_mail {
	const struct http_field *headers; /* its own, as far as they are told: Message-ID, References ... */
	size_t header_count;
	struct view from, to, subject, date; /* for what is not among them; may be empty */
	struct view text, html;
	struct view text_charset, html_charset; /* empty: UTF-8 */
	const struct provider_file *files;
	size_t file_count;
};

/*
 * Written as a mail (RFC 5322, MIME), for what reads mails: from the same parts always the same bytes. Of the headers those that
 * told of the body's form are left out. REACH_MESSAGE when it is larger than a request may be.
 */
int provider_compose(
	struct arena *arena, const struct provider_mail *mail, struct view *out, struct error *err);

/* ---- messages ---- */

struct provider_batch {
	struct arena *arena;
	struct channel_message *messages;
	size_t count, size, ignored;
	size_t max; /* messages; 0: CHANNEL_MESSAGES_MAX */
};

/* One with neither text, media nor place, or without id or sender, is counted as ignored. REACH_MESSAGE when there are
 * too many. */
int provider_add(struct provider_batch *batch, const struct channel_message *message, struct error *err);
/* Adds one to those of the message, up to CHANNEL_MEDIA_MAX. */
void provider_add_media(struct arena *arena, struct channel_message *message, const struct channel_media *media);
/* Degrees north and east; what is no number, or beyond the poles or the date line, is no place. */
void provider_place(struct channel_message *message, const json_t *latitude, const json_t *longitude);
void provider_finish(const struct provider_batch *batch, struct channel_batch *out);

/* ---- calls ---- */

/* The configured address of the API, or the provider's, without a slash at its end. */
const char *provider_base(const struct channel *channel, struct arena *arena, const char *fallback);
/* "Authorization: Bearer ..." */
const char *provider_bearer(const struct channel *channel, struct arena *arena);
/* A POST of JSON; its answer, and what of it is JSON (a new reference, NULL when it is none). */
int provider_post_json(struct http_client *http, const char *url, const char *const *headers, const json_t *body,
	struct arena *arena, struct http_answer *out, json_t **json_out, struct error *err);
/*
 * The error of an answer whose status says that the provider is in trouble or wants us to wait (408, 425, 429, 5xx:
 * REACH_RETRY) or that it does not take our credential (401, 403, 404 where the address is ours: REACH_SOURCE);
 * anything else is about the message (REACH_MESSAGE). `words` is what the provider says of it, or empty.
 */
int provider_status_error(const struct http_answer *answer, struct view words, struct error *err);
/*
 * A medium's bytes: a guarded GET (`call` has the url, the hosts and what goes with it). Gone is REACH_MESSAGE; other
 * bytes than `sha256` says, where it is not empty, are REACH_RETRY.
 */
int provider_media(struct http_client *http, struct http_call *call, size_t max, struct view sha256,
	struct arena *arena, struct view *bytes_out, struct error *err);
/*
 * The call logs in with the config's `account` and `token` (RFC 7617). REACH_SOURCE when they are not written; `what`
 * says what they are there.
 */
int provider_login(const struct channel *channel, struct arena *arena, const char *what, struct http_call *call,
	struct error *err);
/* The bytes of a medium that only that login sees: provider_media() for its address. `call` has the hosts. */
int provider_media_of_login(const struct channel *channel, struct http_client *http, const struct channel_media *media,
	struct http_call *call, size_t max, struct arena *arena, struct view *bytes_out, struct error *err);

#endif
