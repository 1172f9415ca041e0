/* parsers/client_mail: a letter as the bytes of a mail, in its client's charset and transfer encoding. See client.h. */
#include "parsers/client.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/unicode.h"

#define MAIL_MAX ((size_t)16 * 1024 * 1024)
#define LINE_BYTES 57 /* that make 76 letters of base64 */
#define WORD_BYTES 42 /* of an encoded word in a header */
#define BOUNDARY "=_part_5e55ad571a90"
#define MAIL_DATE "Tue, 17 Nov 2026 08:12:40 +0000"

static void add_base64(struct text *out, struct view bytes)
{
	unsigned char block[LINE_BYTES / 3 * 4 + 1];

	for (size_t at = 0; at < bytes.len; at += LINE_BYTES) {
		struct view part = view_sub(bytes, at, LINE_BYTES);

		EVP_EncodeBlock(block, (const unsigned char *)part.ptr, (int)part.len);
		text_add_format(out, "%s\r\n", (const char *)block);
	}
}

static void add_quoted_printable(struct text *out, struct view bytes)
{
	size_t column = 0;

	for (size_t i = 0; i < bytes.len; i++) {
		unsigned char c = (unsigned char)bytes.ptr[i];
		bool end = i + 1 < bytes.len && bytes.ptr[i + 1] == '\r';

		if (c == '\r' && i + 1 < bytes.len && bytes.ptr[i + 1] == '\n') {
			text_add_string(out, "\r\n");
			column = 0;
			i++;
			continue;
		}
		if (column >= 72) {
			text_add_string(out, "=\r\n");
			column = 0;
		}
		if (c == '=' || c < ' ' || c > '~' || (c == ' ' && end)) {
			text_add_format(out, "=%02X", c);
			column += 3;
		} else {
			text_add_char(out, (char)c);
			column++;
		}
	}
	text_add_string(out, "\r\n");
}

/* A header's text in encoded words of whole characters, where it is not ASCII. */
static void add_header_text(struct text *out, struct view text)
{
	unsigned char block[WORD_BYTES / 3 * 4 + 1];
	bool ascii = true;

	for (size_t i = 0; i < text.len; i++)
		ascii = ascii && (unsigned char)text.ptr[i] < 0x80;
	if (ascii) {
		text_add_view(out, text);
		return;
	}
	for (size_t at = 0; at < text.len;) {
		size_t end = at + WORD_BYTES < text.len ? at + WORD_BYTES : text.len;

		while (end < text.len && ((unsigned char)text.ptr[end] & 0xC0) == 0x80)
			end--;
		EVP_EncodeBlock(block, (const unsigned char *)text.ptr + at, (int)(end - at));
		text_add_format(out, "%s=?utf-8?B?%s?=", at > 0 ? "\r\n " : "", (const char *)block);
		at = end;
	}
}

static const char *subject(struct letter *letter)
{
	const char *title = words_get(&letter->form->title, letter->language);

	return client_fill(letter->arena, letter->client->subject, "subject",
		arena_printf(letter->arena, "[%s] %s", letter->reference, title), NULL);
}

static void add_headers(struct text *out, struct letter *letter)
{
	const struct yaml_node *name = client_list(&letter->clients->words, letter->own, "name");
	const char *token = unicode_fold(letter->arena, view_of(letter->reference)).ptr;
	const struct yaml_node *header = letter->client->headers ? letter->client->headers->first : NULL;

	text_add_string(out, "From: ");
	add_header_text(out, view_of(client_item(name, letter->turn)));
	text_add_string(out, " <practitioner@mail.example.com>\r\n");
	text_add_format(out, "To: Field Feedback Desk <feedback+%s@feedback.example.org>\r\nSubject: ", token);
	add_header_text(out, view_of(subject(letter)));
	text_add_format(out,
		"\r\nDate: " MAIL_DATE "\r\nMessage-ID: <proof.%u@mail.example.com>\r\n"
		"In-Reply-To: <request@feedback.example.org>\r\nReferences: <request@feedback.example.org>\r\n",
		letter->turn);
	for (; header; header = header->next)
		text_add_format(out, "%s: %s\r\n", header->key, header->scalar ? header->scalar : "");
	text_add_string(out, "MIME-Version: 1.0\r\n");
}

/* The first of the client's charsets that holds all of it; else UTF-8. */
static const char *encode(const struct letter *letter, struct view text, struct view *bytes_out)
{
	const struct yaml_node *charset = letter->client->charset;
	const struct yaml_node *item = charset && charset->kind == YAML_SEQUENCE ? charset->first : charset;

	for (; item && item->scalar; item = charset->kind == YAML_SEQUENCE ? item->next : NULL)
		if (unicode_encode(letter->arena, text, item->scalar, bytes_out))
			return item->scalar;
	*bytes_out = text;
	return "utf-8";
}

static void add_part(struct text *out, const struct letter *letter, const char *type, struct view text)
{
	static const char *const names[] = {"quoted-printable", "base64", "8bit"};
	const struct client *client = letter->client;
	struct view bytes;
	const char *charset = encode(letter, text, &bytes);
	bool flowed = client->flowed && strcmp(type, "text/plain") == 0;

	text_add_format(out, "Content-Type: %s; charset=\"%s\"%s%s\r\nContent-Transfer-Encoding: %s\r\n\r\n", type,
		charset, flowed ? "; format=flowed" : "", flowed && client->delsp ? "; delsp=yes" : "",
		names[client->encoding]);
	if (client->encoding == ENCODING_BASE64)
		add_base64(out, bytes);
	else if (client->encoding == ENCODING_QUOTED_PRINTABLE)
		add_quoted_printable(out, bytes);
	else
		text_add_view(out, bytes);
}

static void add_body(struct text *out, struct letter *letter, struct view text)
{
	int parts = letter->client->parts;

	if (parts == PARTS_TEXT) {
		add_part(out, letter, "text/plain", text);
		return;
	}
	if (parts == PARTS_HTML) {
		add_part(out, letter, "text/html", client_html(letter));
		return;
	}
	text_add_string(
		out, "Content-Type: multipart/alternative; boundary=\"" BOUNDARY "\"\r\n\r\n--" BOUNDARY "\r\n");
	add_part(out, letter, "text/plain", text);
	text_add_string(out, "\r\n--" BOUNDARY "\r\n");
	add_part(out, letter, "text/html", client_html(letter));
	text_add_string(out, "\r\n--" BOUNDARY "--\r\n");
}

struct view client_quoted_mail(struct letter *letter, struct view html)
{
	struct view page = client_quoted_html(letter, html), mail;
	struct text out;

	text_init(&out, MAIL_MAX);
	add_headers(&out, letter);
	add_part(&out, letter, "text/html", page);
	mail = (struct view){arena_copy(letter->arena, text_string(&out), out.len), out.len};
	text_release(&out);
	return mail;
}

struct view client_mail(struct letter *letter)
{
	struct view text, mail;
	struct text out;

	letter_write(letter);
	text = client_text(letter);
	if (letter->client->channel)
		return text;
	text_init(&out, MAIL_MAX);
	add_headers(&out, letter);
	add_body(&out, letter, text);
	mail = (struct view){arena_copy(letter->arena, text_string(&out), out.len), out.len};
	text_release(&out);
	return mail;
}
