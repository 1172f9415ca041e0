/*
 * channels/mailgun: mails that Mailgun's inbound routes forward; it calls us. See channel.h.
 *
 * Source: Mailgun's documentation (Receiving, forwarding and storing messages; Securing webhooks). A form, signed by
 * HMAC-SHA256 under the webhook signing key over `timestamp` and `token` alone: the mail is not covered, so a token is
 * taken once, with one mail, and `timestamp` has a window. A route whose address ends in "mime" posts the mail as it
 * came (body-mime), which is preferred; another the mail's parts, of which one is written. 200 ends it, 406 too, with
 * anything else it comes again for eight hours. Event webhooks are JSON with the same signature, and none of ours.
 */
#include "channels/provider.h"

#define SECOND INT64_C(1000000)
#define AGE_SECONDS 86400 /* of a timestamp at most: repeats come for eight hours */
#define AHEAD_SECONDS 300 /* our clock may be behind */
#define TOKEN_MAX 200	  /* bytes; they are 50 */
#define NEVER_AGAIN 406

static const char *const kept_headers[] = {"Content-Type", NULL};

static int check(const struct channel *channel, struct error *err)
{
	if (channel->secret_count == 0)
		return error_set(err, REACH_STOP, "write `secret: {file: ...}`: the HTTP webhook signing key");
	return 0;
}

/* ---- the credential ---- */

struct proof {
	struct view timestamp, token, signature;
};

static bool is_json(const struct http_request *request)
{
	return view_starts(view_trim(request->body), VIEW("{"));
}

static int read_proof(struct arena *arena, const struct http_request *request, struct proof *out)
{
	PROVIDER_JSON_SCOPED *json = is_json(request) ? provider_json(arena, request->body, NULL) : NULL;
	const json_t *signature = json_object_get(json, "signature");
	struct provider_form form;

	if (is_json(request)) {
		*out = (struct proof){provider_word(arena, json_object_get(signature, "timestamp")),
			provider_word(arena, json_object_get(signature, "token")),
			provider_word(arena, json_object_get(signature, "signature"))};
		return json ? 0 : -1;
	}
	if (provider_any_form(arena, request, &form, NULL) < 0)
		return -1;
	*out = (struct proof){
		provider_field(&form, "timestamp"), provider_field(&form, "token"), provider_field(&form, "signature")};
	return 0;
}

static bool is_signed(const struct channel *channel, struct arena *arena, const struct proof *proof)
{
	char *data = arena_alloc(arena, proof->timestamp.len + proof->token.len + 1);

	if (proof->token.len == 0 || proof->token.len > TOKEN_MAX || proof->timestamp.len == 0)
		return false;
	memcpy(data, proof->timestamp.ptr, proof->timestamp.len);
	memcpy(data + proof->timestamp.len, proof->token.ptr, proof->token.len);
	return provider_signed(channel, PROVIDER_SHA256, PROVIDER_HEX,
		(struct view){data, proof->timestamp.len + proof->token.len}, proof->signature);
}

/* A wrong signature is mostly a key that was changed: it may come again. What is too old never becomes right. */
static enum channel_verdict verify(const struct channel *channel, const struct http_request *request, int64_t now,
	struct arena *arena, struct channel_answer *answer_out)
{
	struct proof proof;
	long long made;

	if (!view_equal(request->method, VIEW("POST")))
		return provider_refuse(answer_out, 405);
	if (read_proof(arena, request, &proof) < 0)
		return CHANNEL_MALFORMED;
	if (!is_signed(channel, arena, &proof))
		return provider_refuse(answer_out, 403);
	if (view_to_int(proof.timestamp, 1, INT32_MAX * 100LL, &made) < 0 || made < now / SECOND - AGE_SECONDS ||
		made > now / SECOND + AHEAD_SECONDS)
		return provider_refuse(answer_out, NEVER_AGAIN);
	return CHANNEL_GENUINE;
}

/* ---- reading ---- */

/* [["Received", "..."], ...] */
static const struct http_field *read_headers(struct arena *arena, struct view text, size_t *count_out)
{
	PROVIDER_JSON_SCOPED *json = text.len > 0 ? provider_json(arena, text, NULL) : NULL;
	struct http_field *fields = ARENA_NEW_N(arena, struct http_field, json_array_size(json) + 1);
	const json_t *pair;
	size_t i, count = 0;

	json_array_foreach(json, i, pair)
	{
		fields[count].name = provider_word(arena, json_array_get(pair, 0));
		fields[count].value = provider_text(arena, json_array_get(pair, 1));
		count += fields[count].name.len > 0;
	}
	*count_out = count;
	return fields;
}

static int read_parts(
	struct arena *arena, const struct provider_form *form, struct channel_batch *out, struct error *err)
{
	struct provider_mail mail = {.from = provider_field(form, "from"),
		.to = provider_field(form, "recipient"),
		.subject = provider_field(form, "subject"),
		.text = provider_field(form, "body-plain"),
		.html = provider_field(form, "body-html"),
		.files = form->files,
		.file_count = form->file_count};

	mail.headers = read_headers(arena, provider_field(form, "message-headers"), &mail.header_count);
	if (mail.from.len == 0)
		mail.from = provider_field(form, "sender");
	if (mail.from.len == 0 && mail.header_count == 0) {
		out->ignored = 1;
		return 0;
	}
	return provider_compose(arena, &mail, &out->mail, err);
}

static int read_request(const struct channel *channel, const struct http_request *request, struct arena *arena,
	struct channel_batch *out, struct error *err)
{
	PROVIDER_JSON_SCOPED *json = is_json(request) ? provider_json(arena, request->body, err) : NULL;
	struct provider_form form;

	*out = (struct channel_batch){.ignored = json != NULL};
	if (is_json(request))
		return json ? 0 : -1;
	if (provider_any_form(arena, request, &form, err) < 0)
		return -1;
	out->nonce = provider_field(&form, "token");
	out->mail = provider_field(&form, "body-mime");
	return out->mail.len > 0 ? 0 : read_parts(arena, &form, out, err);
}

const struct channel_kind channel_mailgun = {
	.name = "mailgun",
	.body_max = (size_t)64 * 1024 * 1024,
	.webhook = true,
	.check = check,
	.verify = verify,
	.read = read_request,
	.never_again = NEVER_AGAIN,
	.kept_headers = kept_headers,
};
