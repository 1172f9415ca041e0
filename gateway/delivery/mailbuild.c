/*
 * delivery/mailbuild: a mail from its parts, multipart/alternative. Pure. See delivery.h; mail_header.c has the headers,
 * mail_encode.c the encodings.
 */
#include "delivery/delivery.h"
#include "delivery/mail_encode.h"
#include "delivery/mail_header.h"

#include <openssl/evp.h>

#define ARENA_SCOPED __attribute__((cleanup(arena_free))) struct arena

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

	if (mail_headers(arena, mail, out, err))
		return -1;
	if (mail->file_count > 0)
		add_mixed(arena, mail, out);
	else
		add_words(mail, out);
	if (out->full)
		return error_set(err, REACH_MESSAGE, "the mail would be larger than %zu bytes", out->maximum);
	return 0;
}
