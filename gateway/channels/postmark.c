/*
 * channels/postmark: mails that Postmark's inbound stream takes; it calls us. See channel.h.
 *
 * Source: Postmark's documentation (Inbound webhook). JSON; nothing is signed, so the address holds a login
 * (https://user:password@...), which comes by basic authentication. RawEmail, where it is switched on, is the mail as
 * it came and is preferred; else one is written from what the JSON tells. 200 ends it, 403 too; with anything else it
 * comes again ten times in ten and a half hours.
 */
#include "channels/provider.h"

static int check(const struct channel *channel, struct error *err)
{
	if (!channel->settings->user || channel->secret_count == 0)
		return error_set(err, REACH_STOP,
			"write `user: ...` and `secret: {file: ...}`: the login in the address that Postmark calls");
	return 0;
}

/* 401, not 403: what a wrong setting refuses comes again. */
static enum channel_verdict verify(const struct channel *channel, const struct http_request *request, int64_t now,
	struct arena *arena, struct channel_answer *answer_out)
{
	if (!view_equal(request->method, VIEW("POST")))
		return provider_refuse(answer_out, 405);
	return provider_logged_in(channel, http_request_header(request, "Authorization"), arena)
		       ? CHANNEL_GENUINE
		       : provider_refuse(answer_out, 401);
}

/* ---- reading ---- */

static struct view string_at(struct arena *arena, const json_t *json, const char *key)
{
	const json_t *value = json_object_get(json, key);
	size_t len = json_string_length(value);

	return len > 0 ? (struct view){arena_copy(arena, json_string_value(value), len), len} : VIEW("");
}

static const struct http_field *read_headers(struct arena *arena, const json_t *list, size_t *count_out)
{
	struct http_field *fields = ARENA_NEW_N(arena, struct http_field, json_array_size(list) + 1);
	const json_t *header;
	size_t i, count = 0;

	json_array_foreach(list, i, header)
	{
		fields[count].name = string_at(arena, header, "Name");
		fields[count].value = string_at(arena, header, "Value");
		count += fields[count].name.len > 0;
	}
	*count_out = count;
	return fields;
}

static const struct provider_file *read_files(struct arena *arena, const json_t *list, size_t *count_out)
{
	struct provider_file *files = ARENA_NEW_N(arena, struct provider_file, json_array_size(list) + 1);
	const json_t *file;
	size_t i;

	json_array_foreach(list, i, file)
	{
		files[i].name = string_at(arena, file, "Name");
		files[i].type = string_at(arena, file, "ContentType");
		files[i].bytes = string_at(arena, file, "Content");
		(void)!provider_base64(arena, files[i].bytes, &files[i].bytes); /* what is none is kept as it is */
	}
	*count_out = json_array_size(list);
	return files;
}

static int read_request(const struct channel *channel, const struct http_request *request, struct arena *arena,
	struct channel_batch *out, struct error *err)
{
	PROVIDER_JSON_SCOPED *json = provider_json(arena, request->body, err);
	struct provider_mail mail = {0};

	*out = (struct channel_batch){0};
	if (!json)
		return -1;
	out->mail = string_at(arena, json, "RawEmail");
	if (out->mail.len > 0)
		return 0;
	mail.from = string_at(arena, json, "From");
	/* Bounces, openings and complaints have a RecordType. */
	if (mail.from.len == 0 || json_object_get(json, "RecordType")) {
		out->ignored = 1;
		return 0;
	}
	mail.to = string_at(arena, json, "To");
	mail.subject = string_at(arena, json, "Subject");
	mail.date = string_at(arena, json, "Date");
	mail.text = string_at(arena, json, "TextBody");
	mail.html = string_at(arena, json, "HtmlBody");
	mail.headers = read_headers(arena, json_object_get(json, "Headers"), &mail.header_count);
	mail.files = read_files(arena, json_object_get(json, "Attachments"), &mail.file_count);
	return provider_compose(arena, &mail, &out->mail, err);
}

const struct channel_kind channel_postmark = {
	.name = "postmark",
	.body_max = (size_t)64 * 1024 * 1024,
	.webhook = true,
	.check = check,
	.verify = verify,
	.read = read_request,
	.never_again = 403,
};
