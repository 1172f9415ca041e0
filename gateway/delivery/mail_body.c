/* delivery/mail_body: the mail of an outbox row's body. Pure; mailbuild.c builds it. See delivery.h. */
#include "delivery/delivery.h"
#include "delivery/flat_json.h"

#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "core/answer_token.h"

#define ARENA_SCOPED __attribute__((cleanup(arena_free))) struct arena

/* A body: as the library read it, or, where json is NULL, as flat_json.c did. */
struct content {
	json_t *json;
	struct flat_json flat;
};

static struct view json_view(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_string(value) ? (struct view){json_string_value(value), json_string_length(value)} : VIEW_NULL;
}

static struct view text_of(const struct content *content, const char *key)
{
	return content->json ? json_view(content->json, key) : flat_json_text(&content->flat, key);
}

static bool is_true(const struct content *content, const char *key)
{
	return content->json ? json_is_true(json_object_get(content->json, key)) : flat_json_true(&content->flat, key);
}

static int read_file(struct arena *arena, const json_t *item, struct outgoing_file *file, struct error *err)
{
	struct view base64 = json_view(item, "base64");
	char *bytes = arena_alloc(arena, base64.len / 4 * 3 + 4);
	int len = EVP_DecodeBlock((unsigned char *)bytes, (const unsigned char *)base64.ptr, (int)base64.len);

	if (base64.len == 0 || len < 0)
		return error_set(err, REACH_MESSAGE, "a file in the outbox row's body is not base64");
	for (size_t i = base64.len; i > 0 && base64.ptr[i - 1] == '='; i--)
		len--;
	*file = (struct outgoing_file){json_view(item, "name"), json_view(item, "type"), {bytes, (size_t)len}};
	return 0;
}

static int read_files(struct arena *arena, const struct content *content, struct outgoing *mail, struct error *err)
{
	const json_t *list = content->json ? json_object_get(content->json, "files") : NULL, *item;
	struct outgoing_file *files = ARENA_NEW_N(arena, struct outgoing_file, json_array_size(list) + 1);
	size_t i;

	json_array_foreach(list, i, item) if (read_file(arena, item, &files[i], err)) return -1;
	mail->files = files;
	mail->file_count = json_array_size(list);
	return 0;
}

static int read_automatic(const struct content *content, bool *replies_out, struct error *err)
{
	struct view word = text_of(content, "auto");

	*replies_out = view_equal(word, VIEW("auto-replied"));
	if (word.len > 0 && !*replies_out && !view_equal(word, VIEW("auto-generated")))
		return error_set(err, REACH_MESSAGE, "the outbox row's auto is neither auto-generated nor auto-replied");
	return 0;
}

static int build_content(const struct config *config, struct arena *arena, const struct content *content,
	struct outgoing *mail, struct text *out, struct error *err)
{
	mail->from_name = view_of(config->smtp.from_name);
	mail->from_address = view_of(config->smtp.from_address);
	mail->to_name = text_of(content, "to_name");
	mail->subject = text_of(content, "subject");
	mail->text = text_of(content, "text");
	mail->html = text_of(content, "html");
	mail->language = text_of(content, "language");
	mail->unsubscribe = text_of(content, "unsubscribe");
	mail->unsubscribe_url = text_of(content, "unsubscribe_url");
	mail->reply_to = text_of(content, "reply_to");
	mail->in_reply_to = text_of(content, "in_reply_to");
	mail->references = text_of(content, "references");
	mail->bulk = is_true(content, "bulk");
	if (read_automatic(content, &mail->replies, err))
		return -1;
	return read_files(arena, content, mail, err) ? -1 : delivery_mail(mail, out, err);
}

/* Puts the token of a mail that may be answered with orders where it belongs. A token is no JSON that could break it. */
static int fill_token(const struct config *config, const json_t *content, struct view body, json_t **filled_out, struct error *err)
{
	struct view place = VIEW(ANSWER_TOKEN_PLACE);
	struct answer_token token;
	struct answer_key key;
	char written[ANSWER_TOKEN_MAX];
	TEXT_SCOPED filled;
	ptrdiff_t at;

	if (!answer_token_parse(json_view(content, "answer_token"), &token))
		return error_set(err, REACH_MESSAGE, "the outbox row's answer_token is none");
	if (answer_key_load(config, &key, err) < 0)
		return -1;
	answer_token_write(&key, &token, written);
	OPENSSL_cleanse(&key, sizeof(key));
	text_init(&filled, MAIL_BYTES_MAX);
	while ((at = view_find(body, place)) >= 0) {
		text_add_view(&filled, view_sub(body, 0, (size_t)at));
		text_add_string(&filled, written);
		body = view_sub(body, (size_t)at + place.len, body.len);
	}
	text_add_view(&filled, body);
	*filled_out = json_loadb(text_string(&filled), filled.len, 0, NULL);
	return *filled_out ? 0 : error_set(err, REACH_MESSAGE, "the outbox row's body is too long");
}

static int read_json(const struct config *config, struct view body, json_t **out, struct error *err)
{
	json_error_t problem;
	json_t *json = json_loadb(body.ptr, body.len, 0, &problem), *filled = NULL;

	if (json_object_get(json, "answer_token")) {
		int result = fill_token(config, json, body, &filled, err);

		json_decref(json);
		if (result)
			return -1;
		json = filled;
	}
	if (!json_is_object(json)) {
		json_decref(json);
		return error_set(err, REACH_MESSAGE, "the outbox row's body is not a JSON object");
	}
	*out = json;
	return 0;
}

int delivery_mail_of_body(
	const struct config *config, struct view body, struct outgoing *mail, struct text *out, struct error *err)
{
	ARENA_SCOPED *arena = arena_new();
	struct content content = {0};
	int result = 0;

	if (!flat_json_read(arena, body, &content.flat) || flat_json_has(&content.flat, "answer_token"))
		result = read_json(config, body, &content.json, err);
	if (result == 0)
		result = build_content(config, arena, &content, mail, out, err);
	json_decref(content.json);
	/* They pointed into the content. */
	mail->to_name = mail->subject = mail->text = mail->html = mail->language = VIEW_NULL;
	mail->unsubscribe = mail->unsubscribe_url = mail->reply_to = mail->in_reply_to = mail->references = VIEW_NULL;
	mail->files = NULL;
	mail->file_count = 0;
	return result;
}
