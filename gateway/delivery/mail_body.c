/* delivery/mail_body: the mail of an outbox row's body. Pure; mailbuild.c builds it. See delivery.h. */
#include "delivery/delivery.h"

#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "core/answer_token.h"

#define ARENA_SCOPED __attribute__((cleanup(arena_free))) struct arena

static struct view json_view(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_string(value) ? (struct view){json_string_value(value), json_string_length(value)} : VIEW_NULL;
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

static int read_files(struct arena *arena, const json_t *content, struct outgoing *mail, struct error *err)
{
	const json_t *list = json_object_get(content, "files"), *item;
	struct outgoing_file *files = ARENA_NEW_N(arena, struct outgoing_file, json_array_size(list) + 1);
	size_t i;

	json_array_foreach(list, i, item) if (read_file(arena, item, &files[i], err)) return -1;
	mail->files = files;
	mail->file_count = json_array_size(list);
	return 0;
}

static int read_automatic(const json_t *content, bool *replies_out, struct error *err)
{
	struct view word = json_view(content, "auto");

	*replies_out = view_equal(word, VIEW("auto-replied"));
	if (word.len > 0 && !*replies_out && !view_equal(word, VIEW("auto-generated")))
		return error_set(err, REACH_MESSAGE, "the outbox row's auto is neither auto-generated nor auto-replied");
	return 0;
}

static int build_content(
	const struct config *config, const json_t *content, struct outgoing *mail, struct text *out, struct error *err)
{
	ARENA_SCOPED *arena = arena_new();

	mail->from_name = view_of(config->smtp.from_name);
	mail->from_address = view_of(config->smtp.from_address);
	mail->to_name = json_view(content, "to_name");
	mail->subject = json_view(content, "subject");
	mail->text = json_view(content, "text");
	mail->html = json_view(content, "html");
	mail->language = json_view(content, "language");
	mail->unsubscribe = json_view(content, "unsubscribe");
	mail->unsubscribe_url = json_view(content, "unsubscribe_url");
	mail->reply_to = json_view(content, "reply_to");
	mail->in_reply_to = json_view(content, "in_reply_to");
	mail->references = json_view(content, "references");
	mail->bulk = json_is_true(json_object_get(content, "bulk"));
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

int delivery_mail_of_body(
	const struct config *config, struct view body, struct outgoing *mail, struct text *out, struct error *err)
{
	json_error_t problem;
	json_t *content = json_loadb(body.ptr, body.len, 0, &problem), *filled = NULL;
	int result = 0;

	if (json_object_get(content, "answer_token")) {
		result = fill_token(config, content, body, &filled, err);
		json_decref(content);
		content = filled;
	}
	if (result < 0)
		;
	else if (json_is_object(content))
		result = build_content(config, content, mail, out, err);
	else
		result = error_set(err, REACH_MESSAGE, "the outbox row's body is not a JSON object");
	json_decref(content);
	/* They pointed into the content. */
	mail->to_name = mail->subject = mail->text = mail->html = mail->language = VIEW_NULL;
	mail->unsubscribe = mail->unsubscribe_url = mail->reply_to = mail->in_reply_to = mail->references = VIEW_NULL;
	mail->files = NULL;
	mail->file_count = 0;
	return result;
}
