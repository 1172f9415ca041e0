/* channels/provider_mail: a mail written from its parts (RFC 5322, RFC 2045 to 2047). See provider.h. */
#include <openssl/evp.h>

#include "channels/provider.h"

#define MAIL_MAX ((size_t)96 * 1024 * 1024) /* bytes; the largest request, as base64 */
#define LINE_BYTES 57			    /* become 76 letters of base64 */

/* ---- headers ---- */

static bool is_name(struct view name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] <= ' ' || name.ptr[i] == ':' || name.ptr[i] == 127)
			return false;
	return name.len > 0;
}

/* What tells of the form that the body had: it has another now. */
static bool is_of_body(struct view name)
{
	return view_starts_nocase(name, VIEW("Content-")) || view_equal_nocase(name, VIEW("MIME-Version"));
}

/* On one line: what was folded is unfolded, and nothing in it begins another header. */
static void add_header(struct text *out, struct view name, struct view value)
{
	if (!is_name(name) || value.len == 0)
		return;
	text_add_view(out, name);
	text_add_string(out, ": ");
	for (size_t i = 0; i < value.len; i++)
		text_add_char(out, (unsigned char)value.ptr[i] < ' ' && value.ptr[i] != '\t' ? ' ' : value.ptr[i]);
	text_add_string(out, "\r\n");
}

static bool has_header(const struct provider_mail *mail, struct view name)
{
	for (size_t i = 0; i < mail->header_count; i++)
		if (view_equal_nocase(mail->headers[i].name, name))
			return true;
	return false;
}

static void add_headers(struct text *out, const struct provider_mail *mail)
{
	const struct http_field own[] = {{VIEW("From"), mail->from}, {VIEW("To"), mail->to},
		{VIEW("Subject"), mail->subject}, {VIEW("Date"), mail->date}};

	for (size_t i = 0; i < mail->header_count; i++)
		if (!is_of_body(mail->headers[i].name))
			add_header(out, mail->headers[i].name, mail->headers[i].value);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (!has_header(mail, own[i].name))
			add_header(out, own[i].name, own[i].value);
	text_add_string(out, "MIME-Version: 1.0\r\n");
}

/* ---- parts ---- */

static void add_base64(struct text *out, struct view bytes)
{
	unsigned char line[LINE_BYTES * 2];

	text_add_string(out, "Content-Transfer-Encoding: base64\r\n\r\n");
	for (size_t i = 0; i < bytes.len && !out->full; i += LINE_BYTES) {
		struct view piece = view_sub(bytes, i, LINE_BYTES);
		int len = EVP_EncodeBlock(line, (const unsigned char *)piece.ptr, (int)piece.len);

		text_add(out, line, (size_t)len);
		text_add_string(out, "\r\n");
	}
}

static void add_text(struct text *out, const char *type, struct view charset, struct view bytes)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:";
	bool good = charset.len > 0 && charset.len < 64;

	for (size_t i = 0; good && i < charset.len; i++)
		good = memchr(allowed, charset.ptr[i], sizeof(allowed) - 1) != NULL;
	if (!good)
		charset = VIEW("utf-8");
	text_add_format(out, "Content-Type: %s; charset=\"%.*s\"\r\n", type, VIEW_ARGS(charset));
	add_base64(out, bytes);
}

/* RFC 2231's extended form, which holds any name. */
static void add_file(struct text *out, struct arena *arena, const struct provider_file *file)
{
	struct view type = view_sub(file->type, 0,
		strcspn(arena_copy(arena, file->type.ptr ? file->type.ptr : "", file->type.len), "; \t\r\n"));

	if (!is_name(type) || view_find_char(type, '/') <= 0 || view_starts_nocase(type, VIEW("multipart/")) ||
		view_starts_nocase(type, VIEW("message/")))
		type = VIEW("application/octet-stream");
	text_add_format(out, "Content-Type: %.*s\r\nContent-Disposition: attachment", VIEW_ARGS(type));
	if (file->name.len > 0)
		text_add_format(out, "; filename*=utf-8''%s",
			provider_url_encode(arena, view_sub(file->name, 0, PROVIDER_ID_MAX)));
	text_add_string(out, "\r\n");
	add_base64(out, file->bytes);
}

static void add_words(struct text *out, const struct provider_mail *mail, const char *mark)
{
	bool both = mail->text.len > 0 && mail->html.len > 0;

	if (both)
		text_add_format(
			out, "Content-Type: multipart/alternative; boundary=\"a%s\"\r\n\r\n--a%s\r\n", mark, mark);
	if (mail->text.len > 0 || mail->html.len == 0)
		add_text(out, "text/plain", mail->text_charset, mail->text);
	if (both)
		text_add_format(out, "--a%s\r\n", mark);
	if (mail->html.len > 0)
		add_text(out, "text/html", mail->html_charset, mail->html);
	if (both)
		text_add_format(out, "--a%s--\r\n", mark);
}

int provider_compose(struct arena *arena, const struct provider_mail *mail, struct view *out, struct error *err)
{
	/* The parts are base64, in which no delimiter can stand; of the same mail it is the same. */
	const char *mark = arena_printf(arena, "=_%.32s", provider_sha256_hex(arena, mail->text));
	TEXT_SCOPED bytes = {0};

	text_init(&bytes, MAIL_MAX);
	add_headers(&bytes, mail);
	if (mail->file_count > 0)
		text_add_format(&bytes, "Content-Type: multipart/mixed; boundary=\"m%s\"\r\n\r\n--m%s\r\n", mark, mark);
	add_words(&bytes, mail, mark);
	for (size_t i = 0; i < mail->file_count; i++) {
		text_add_format(&bytes, "--m%s\r\n", mark);
		add_file(&bytes, arena, &mail->files[i]);
	}
	if (mail->file_count > 0)
		text_add_format(&bytes, "--m%s--\r\n", mark);
	if (bytes.full)
		return error_set(err, REACH_MESSAGE, "a mail of more than %zu bytes", MAIL_MAX);
	*out = (struct view){arena_copy(arena, text_string(&bytes), bytes.len), bytes.len};
	return 0;
}
