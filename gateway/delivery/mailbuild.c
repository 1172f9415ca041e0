/* delivery/mailbuild: a mail from its parts, multipart/alternative. Pure. See delivery.h; encodings in mail_encode.c.
 */
#include "delivery/delivery.h"
#include "delivery/mail_encode.h"

#include <jansson.h>
#include <openssl/evp.h>

#define ARENA_SCOPED __attribute__((cleanup(arena_free))) struct arena

static void add_date(struct text *out, int64_t date)
{
	static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[12][4] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t seconds = (time_t)(date / 1000000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	text_add_format(out, "Date: %s, %d %s %04d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday], tm.tm_mday,
		months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* A Message-ID may hold no white space or control character: it comes from the database, and ends the mail if it does.
 */
static int check_header_id(const char *header_id, struct error *err)
{
	size_t len = strlen(header_id);

	if (len < 5 || len > 250 || header_id[0] != '<' || header_id[len - 1] != '>' || !strchr(header_id, '@'))
		return error_set(err, REACH_MESSAGE, "the Message-ID is not of the form <name@domain>");
	for (size_t i = 0; i < len; i++)
		if (header_id[i] <= ' ' || header_id[i] >= 0x7f)
			return error_set(err, REACH_MESSAGE, "the Message-ID holds characters that it may not have");
	return 0;
}

/* "=_" cannot stand in quoted-printable or base64, so the boundary is in no part; it is the same at every attempt. */
static void make_boundary(const char *header_id, const char *kind, char *boundary, size_t size)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	size_t at;

	EVP_Digest(header_id, strlen(header_id), digest, &len, EVP_sha256(), NULL);
	at = (size_t)snprintf(boundary, size, "=_%s_", kind);
	for (unsigned i = 0; i < 12 && at + 3 < size; i++, at += 2)
		snprintf(boundary + at, size - at, "%02x", digest[i]);
}

static void add_part(struct text *out, const char *type, struct view body)
{
	enum mail_encoding encoding = mail_encoding_of(body);

	text_add_format(out, "Content-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n", type,
		encoding == MAIL_ENCODING_QP ? "quoted-printable" : "base64");
	if (encoding == MAIL_ENCODING_QP)
		mail_encode_qp(body, out);
	else
		mail_encode_base64(body, true, out);
}

static void add_unsubscribe(struct arena *arena, struct view address, struct view subject, struct text *out)
{
	struct view clean = mail_header_clean(arena, subject);
	TEXT_SCOPED uri = {0};

	text_init(&uri, 900);
	text_add_format(&uri, "<mailto:%.*s?subject=", VIEW_ARGS(address));
	for (size_t i = 0; i < clean.len; i++) {
		unsigned char c = (unsigned char)clean.ptr[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';

		text_add_format(&uri, plain ? "%c" : "%%%02X", c);
	}
	if (uri.full)
		return; /* longer than a header's line: better none than half of one */
	text_add_format(
		out, "List-Unsubscribe:%s %s>\r\n", uri.len > ENCODED_LINE_MAX - 20 ? "\r\n" : "", text_string(&uri));
}

static void add_headers(
	struct arena *arena, const struct outgoing *mail, struct view from, struct view to, struct text *out)
{
	mail_header_address(arena, "From", mail->from_name, from, out);
	mail_header_address(arena, "To", mail->to_name, to, out);
	mail_header_text(arena, "Subject", mail->subject, out);
	add_date(out, mail->date);
	text_add_format(out, "Message-ID: %s\r\n", mail->header_id);
	text_add_string(out, "MIME-Version: 1.0\r\n");
	if (mail->language.len > 0)
		mail_header_text(arena, "Content-Language", mail->language, out);
	text_add_string(out, "Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n");
	mail_header_text(arena, "X-Fieldpost-Loop", view_of(mail->kind), out);
	if (mail->unsubscribe.len > 0)
		add_unsubscribe(arena, from, mail->unsubscribe, out);
}

static void add_alternatives(const struct outgoing *mail, struct text *out)
{
	char boundary[64];

	make_boundary(mail->header_id, "fieldpost", boundary, sizeof(boundary));
	text_add_format(out, "Content-Type: multipart/alternative;\r\n boundary=\"%s\"\r\n\r\n", boundary);
	text_add_format(out, "--%s\r\n", boundary);
	add_part(out, "text/plain", mail->text);
	text_add_format(out, "\r\n--%s\r\n", boundary);
	add_part(out, "text/html", mail->html);
	text_add_format(out, "\r\n--%s--\r\n", boundary);
}

static void add_words(const struct outgoing *mail, struct text *out)
{
	if (mail->html.len > 0)
		add_alternatives(mail, out);
	else
		add_part(out, "text/plain", mail->text);
}

static void add_file(struct arena *arena, const struct outgoing_file *file, struct text *out)
{
	text_add_format(out, "Content-Type: %.*s\r\nContent-Transfer-Encoding: base64\r\n", VIEW_ARGS(file->type));
	text_add_string(out, "Content-Disposition: attachment");
	mail_parameter(arena, "filename", file->name, out);
	text_add_string(out, "\r\n\r\n");
	mail_encode_base64(file->bytes, false, out);
}

/* The words, then the files. */
static void add_mixed(struct arena *arena, const struct outgoing *mail, struct text *out)
{
	char boundary[64];

	make_boundary(mail->header_id, "files", boundary, sizeof(boundary));
	text_add_format(out, "Content-Type: multipart/mixed;\r\n boundary=\"%s\"\r\n\r\n--%s\r\n", boundary, boundary);
	add_words(mail, out);
	for (size_t i = 0; i < mail->file_count; i++) {
		text_add_format(out, "\r\n--%s\r\n", boundary);
		add_file(arena, &mail->files[i], out);
	}
	text_add_format(out, "\r\n--%s--\r\n", boundary);
}

int delivery_mail(const struct outgoing *mail, struct text *out, struct error *err)
{
	ARENA_SCOPED *arena = arena_new();
	struct view from, to;

	if (mail_address(arena, mail->from_address, &from, err)) {
		err->reach = REACH_STOP; /* the config's, not this mail's */
		return error_prefix(err, "smtp.from_address");
	}
	if (mail_address(arena, mail->to_address, &to, err))
		return error_prefix(err, "recipient");
	if (check_header_id(mail->header_id, err))
		return -1;
	add_headers(arena, mail, from, to, out);
	if (mail->file_count > 0)
		add_mixed(arena, mail, out);
	else
		add_words(mail, out);
	if (out->full)
		return error_set(err, REACH_MESSAGE, "the mail would be larger than %zu bytes", out->maximum);
	return 0;
}

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
	return read_files(arena, content, mail, err) ? -1 : delivery_mail(mail, out, err);
}

int delivery_mail_of_body(
	const struct config *config, struct view body, struct outgoing *mail, struct text *out, struct error *err)
{
	json_error_t problem;
	json_t *content = json_loadb(body.ptr, body.len, 0, &problem);
	int result;

	if (json_is_object(content))
		result = build_content(config, content, mail, out, err);
	else
		result = error_set(err, REACH_MESSAGE, "the outbox row's body is not a JSON object");
	json_decref(content);
	/* They pointed into the content. */
	mail->to_name = mail->subject = mail->text = mail->html = mail->language = mail->unsubscribe = VIEW_NULL;
	mail->files = NULL;
	mail->file_count = 0;
	return result;
}
