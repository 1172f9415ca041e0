/*
 * channels/sendgrid: mails by SendGrid's Inbound Parse; it calls us. See channel.h.
 *
 * Source: Twilio SendGrid's documentation (Inbound Parse webhook, its security policies) and its Python library.
 * multipart/form-data. With a security policy each request has a signature, ECDSA over P-256 with SHA-256 of the
 * timestamp's header and the body, under a key whose public half is `secret`; without one the path is the credential.
 * "Post the raw, full MIME message" gives the mail as it came (email), which is preferred; else one is written from its
 * parts, of which `charsets` says how each is encoded. 2xx ends it; with 5xx it comes again for three days, with 4xx
 * never.
 */
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "channels/provider.h"

#define SECOND INT64_C(1000000)
#define AGE_SECONDS (4 * 86400) /* of a timestamp at most: repeats come for three days */
#define AHEAD_SECONDS 300	/* our clock may be behind */
#define SIGNATURE_HEADER "X-Twilio-Email-Event-Webhook-Signature"
#define TIMESTAMP_HEADER "X-Twilio-Email-Event-Webhook-Timestamp"

static const char *const kept_headers[] = {"Content-Type", NULL};

/* ---- the credential ---- */

/* Base64 of a SubjectPublicKeyInfo; NULL when it is no key of P-256. */
static EVP_PKEY *read_key(struct view text)
{
	struct arena *arena = arena_new();
	const unsigned char *bytes;
	EVP_PKEY *key = NULL;
	struct view der;

	if (provider_base64(arena, view_trim(text), &der) == 0) {
		bytes = (const unsigned char *)der.ptr;
		key = d2i_PUBKEY(NULL, &bytes, (long)der.len);
	}
	arena_free(&arena);
	if (key && (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC || EVP_PKEY_get_bits(key) != 256)) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

static int check(const struct channel *channel, struct error *err)
{
	for (size_t i = 0; i < channel->secret_count; i++) {
		EVP_PKEY *key = read_key(channel->secrets[i]);

		if (!key)
			return error_set(err, REACH_STOP,
				"`secret` is no public key as SendGrid shows it: base64 of a key of P-256");
		EVP_PKEY_free(key);
	}
	return 0;
}

static bool is_signed_by(struct view secret, struct view timestamp, struct view body, struct view signature)
{
	EVP_PKEY *key = read_key(secret);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good = key && context && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
		    EVP_DigestVerifyUpdate(context, timestamp.ptr, timestamp.len) == 1 &&
		    EVP_DigestVerifyUpdate(context, body.ptr ? body.ptr : "", body.len) == 1 &&
		    EVP_DigestVerifyFinal(context, (const unsigned char *)signature.ptr, signature.len) == 1;

	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return good;
}

static bool is_fresh(struct view timestamp, int64_t now)
{
	long long made;

	return view_to_int(timestamp, 1, INT32_MAX * 100LL, &made) == 0 && made >= now / SECOND - AGE_SECONDS &&
	       made <= now / SECOND + AHEAD_SECONDS;
}

static enum channel_verdict verify(const struct channel *channel, const struct http_request *request, int64_t now,
	struct arena *arena, struct channel_answer *answer_out)
{
	struct view shown = http_request_header(request, SIGNATURE_HEADER), signature;
	struct view timestamp = http_request_header(request, TIMESTAMP_HEADER);
	bool good = channel->secret_count == 0;

	if (!view_equal(request->method, VIEW("POST")))
		return provider_refuse(answer_out, 405);
	if (!good && (shown.len == 0 || timestamp.len == 0 || provider_base64(arena, shown, &signature) < 0 ||
			     !is_fresh(timestamp, now)))
		return provider_refuse(answer_out, 403);
	for (size_t i = 0; i < channel->secret_count; i++)
		good |= is_signed_by(channel->secrets[i], timestamp, request->body, signature);
	return good ? CHANNEL_GENUINE : provider_refuse(answer_out, 403);
}

/* ---- reading ---- */

/* "Name: value" lines, folded or not. */
static const struct http_field *read_headers(struct arena *arena, struct view block, size_t *count_out)
{
	struct view rest = block, line;
	struct http_field *fields, *last = NULL;
	size_t lines = 1;

	while (view_next_line(&rest, &line))
		lines++;
	fields = ARENA_NEW_N(arena, struct http_field, lines);
	*count_out = 0;
	while (view_next_line(&block, &line)) {
		ptrdiff_t colon = view_find_char(line, ':');

		if (last && line.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t')) {
			last->value.len = (size_t)(line.ptr + line.len - last->value.ptr);
			continue;
		}
		if (colon <= 0)
			continue;
		last = &fields[(*count_out)++];
		*last = (struct http_field){
			view_sub(line, 0, (size_t)colon), view_trim(view_sub(line, (size_t)colon + 1, line.len))};
	}
	return fields;
}

static int read_parts(
	struct arena *arena, const struct provider_form *form, struct channel_batch *out, struct error *err)
{
	struct view encoded = provider_field(form, "charsets");
	PROVIDER_JSON_SCOPED *charsets = encoded.len > 0 ? provider_json(arena, encoded, NULL) : NULL;
	struct provider_mail mail = {.from = provider_field(form, "from"),
		.to = provider_field(form, "to"),
		.subject = provider_field(form, "subject"),
		.text = provider_field(form, "text"),
		.html = provider_field(form, "html"),
		.text_charset = provider_word(arena, json_object_get(charsets, "text")),
		.html_charset = provider_word(arena, json_object_get(charsets, "html")),
		.files = form->files,
		.file_count = form->file_count};

	mail.headers = read_headers(arena, provider_field(form, "headers"), &mail.header_count);
	if (mail.from.len == 0) {
		out->ignored = 1;
		return 0;
	}
	return provider_compose(arena, &mail, &out->mail, err);
}

static int read_request(const struct channel *channel, const struct http_request *request, struct arena *arena,
	struct channel_batch *out, struct error *err)
{
	struct view type = http_request_header(request, "Content-Type");
	PROVIDER_JSON_SCOPED *json = NULL;
	struct provider_form form;

	*out = (struct channel_batch){0};
	/* Events of mails that were sent are JSON. */
	if (view_starts_nocase(type, VIEW("application/json"))) {
		json = provider_json(arena, request->body, err);
		out->ignored = json ? 1 : 0;
		return json ? 0 : -1;
	}
	if (provider_multipart(arena, type, request->body, &form, err) < 0)
		return -1;
	out->mail = provider_field(&form, "email");
	return out->mail.len > 0 ? 0 : read_parts(arena, &form, out, err);
}

const struct channel_kind channel_sendgrid = {
	.name = "sendgrid",
	.body_max = (size_t)32 * 1024 * 1024,
	.webhook = true,
	.check = check,
	.verify = verify,
	.read = read_request,
	.kept_headers = kept_headers,
};
