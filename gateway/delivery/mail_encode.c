/* delivery/mail_encode: bodies, encoded words and addresses of outgoing mail. Pure; used by mailbuild.c. See
 * mail_encode.h. */
#include "delivery/mail_encode.h"

#include "base/unicode.h"

#include <stdint.h>

static const char hex_digits[] = "0123456789ABCDEF";
static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum mail_encoding mail_encoding_of(struct view text)
{
	size_t high = 0;

	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] >= 0x7f)
			high++;
	/* Quoted-printable takes 3 characters a high byte, base64 4 for any 3 bytes. */
	return high * 6 <= text.len ? MAIL_ENCODING_QP : MAIL_ENCODING_BASE64;
}

/* How a byte at this place of a line stands in quoted-printable: itself or as =XX. */
static bool qp_literal(struct view line, size_t at)
{
	unsigned char c = (unsigned char)line.ptr[at];

	if (c == ' ' || c == '\t')
		return at + 1 < line.len; /* none at a line's end: relays strip them */
	if (at == 0 && c == '.')
		return false; /* would need stuffing */
	if (at == 0 && c == 'F' && view_starts(line, VIEW("From ")))
		return false; /* mbox files put a > before it */
	return c > 0x20 && c < 0x7f && c != '=';
}

/* The lines that it becomes are made here and added whole: a mail is most of what there is to do for a request. */
static void qp_line(struct view line, struct text *out)
{
	char encoded[ENCODED_LINE_MAX + 2]; /* CRLF behind a full line, or "=" and CRLF behind one that goes on */
	size_t column = 0;

	for (size_t i = 0; i < line.len; i++) {
		unsigned char c = (unsigned char)line.ptr[i];
		bool literal = qp_literal(line, i);

		/* The last column of a line that goes on is for its "=". */
		if (column + (literal ? 1 : 3) > ENCODED_LINE_MAX - (i + 1 < line.len ? 1 : 0)) {
			memcpy(encoded + column, "=\r\n", 3);
			text_add(out, encoded, column + 3);
			column = 0;
			literal = literal && c != '.';
		}
		if (literal) {
			encoded[column++] = (char)c;
		} else {
			encoded[column++] = '=';
			encoded[column++] = hex_digits[c >> 4];
			encoded[column++] = hex_digits[c & 15];
		}
	}
	memcpy(encoded + column, "\r\n", 2);
	text_add(out, encoded, column + 2);
}

void mail_encode_qp(struct view text, struct text *out)
{
	struct view line;

	while (view_next_line(&text, &line))
		qp_line(line, out);
}

/* Four digits of up to three bytes. */
static void base64_digits_of(const unsigned char *bytes, size_t len, char *digits)
{
	unsigned value = (unsigned)bytes[0] << 16 | (len > 1 ? (unsigned)bytes[1] << 8 : 0) | (len > 2 ? bytes[2] : 0);

	digits[0] = base64_digits[value >> 18];
	digits[1] = base64_digits[value >> 12 & 63];
	digits[2] = len > 1 ? base64_digits[value >> 6 & 63] : '=';
	digits[3] = len > 2 ? base64_digits[value & 63] : '=';
}

static void base64_add(const unsigned char *bytes, size_t len, struct text *out)
{
	char digits[4];

	base64_digits_of(bytes, len, digits);
	text_add(out, digits, sizeof(digits));
}

static void base64_line(struct view bytes, struct text *out)
{
	char encoded[ENCODED_LINE_MAX + 2];
	size_t column = 0;

	for (size_t i = 0; i < bytes.len; i += 3, column += 4)
		base64_digits_of((const unsigned char *)bytes.ptr + i, bytes.len - i < 3 ? bytes.len - i : 3, encoded + column);
	memcpy(encoded + column, "\r\n", 2);
	text_add(out, encoded, column + 2);
}

static void base64_lines(struct view bytes, struct text *out)
{
	const size_t a_line = ENCODED_LINE_MAX / 4 * 3;
	size_t at = 0;

	do {
		base64_line(view_sub(bytes, at, a_line), out);
		at += a_line;
	} while (at < bytes.len);
}

void mail_encode_base64(struct view bytes, bool text_lines, struct text *out)
{
	TEXT_SCOPED canonical = {0};
	struct view line;

	if (!text_lines) {
		base64_lines(bytes, out);
		return;
	}
	text_init(&canonical, 2 * bytes.len + 2);
	while (view_next_line(&bytes, &line)) {
		text_add_view(&canonical, line);
		text_add_string(&canonical, "\r\n");
	}
	base64_lines(text_view(&canonical), out);
}

static bool is_bidi_control(uint32_t code)
{
	return code == 0x061c || code == 0x200e || code == 0x200f || (code >= 0x202a && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

struct view mail_header_clean(struct arena *arena, struct view value)
{
	char *clean = arena_alloc(arena, value.len * 3 + 1); /* an invalid byte becomes U+FFFD, three bytes */
	size_t len = 0, at = 0;
	uint32_t code;

	for (size_t from = 0; unicode_next(value, &at, &code); from = at) {
		bool space = code <= 0x20 || (code >= 0x7f && code <= 0xa0) || code == 0x2028 || code == 0x2029;

		if (is_bidi_control(code) || code == 0xfeff)
			continue;
		if (space) {
			if (len > 0 && clean[len - 1] != ' ')
				clean[len++] = ' ';
		} else if (code == 0xfffd) {
			memcpy(clean + len, "\xef\xbf\xbd", 3);
			len += 3;
		} else {
			memcpy(clean + len, value.ptr + from, at - from);
			len += at - from;
		}
	}
	return view_trim((struct view){clean, len});
}

static bool is_ascii(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if ((unsigned char)v.ptr[i] >= 0x7f)
			return false;
	return true;
}

/* Folds before a word that would make the line too long. */
static void add_folded(struct text *out, size_t *column, struct view word)
{
	if (*column > 1 && *column + 1 + word.len > ENCODED_LINE_MAX) {
		text_add_string(out, "\r\n ");
		*column = 1;
	} else {
		text_add_char(out, ' ');
		*column += 1;
	}
	text_add_view(out, word);
	*column += word.len;
}

/* A word of ASCII that could be taken for an encoded one, or is too long for a line, is encoded as well. */
static bool needs_encoding(struct view value)
{
	struct view rest = value, word;

	if (!is_ascii(value) || view_find(value, VIEW("=?")) >= 0)
		return true;
	while (view_next_field(&rest, ' ', &word))
		if (word.len > ENCODED_LINE_MAX - 1)
			return true;
	return false;
}

/* Bytes that an encoded word may hold to fit behind what stands in the line, or in a line of its own. */
static size_t encoded_room(size_t column)
{
	const size_t frame = sizeof("=?UTF-8?B?"
				    "?=") -
			     1;
	size_t line = column + 1 + frame + 16 < ENCODED_LINE_MAX ? ENCODED_LINE_MAX - column - 1 : ENCODED_WORD_MAX;

	return ((line < ENCODED_WORD_MAX ? line : ENCODED_WORD_MAX) - frame) / 4 * 3;
}

/* Encoded words of whole characters, the first one in the line that has begun: base64, shortest for most scripts. */
static void add_encoded_words(struct text *out, size_t *column, struct view value)
{
	static const char opening[] = "=?UTF-8?B?", closing[] = "?=";
	size_t at = 0, from = 0, last = 0;
	uint32_t code;
	TEXT_SCOPED word = {0};

	text_init(&word, ENCODED_WORD_MAX);
	while (from < value.len) {
		bool more = unicode_next(value, &at, &code);

		if (more && at - from <= encoded_room(*column)) {
			last = at;
			continue;
		}
		text_reset(&word);
		text_add_string(&word, opening);
		for (size_t i = from; i < last; i += 3)
			base64_add((const unsigned char *)value.ptr + i, last - i < 3 ? last - i : 3, &word);
		text_add_string(&word, closing);
		add_folded(out, column, text_view(&word));
		from = at = last;
		if (!more)
			break;
	}
}

static void add_words(struct text *out, size_t *column, struct view value)
{
	struct view word;

	while (view_next_field(&value, ' ', &word))
		add_folded(out, column, word);
}

void mail_header_text(struct arena *arena, const char *name, struct view value, struct text *out)
{
	struct view clean = mail_header_clean(arena, value);
	size_t column;

	text_add_string(out, name);
	text_add_char(out, ':');
	column = strlen(name) + 1;
	if (clean.len == 0)
		text_add_char(out, ' ');
	else if (needs_encoding(clean))
		add_encoded_words(out, &column, clean);
	else
		add_words(out, &column, clean);
	text_add_string(out, "\r\n");
}

static bool is_atom_text(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (v.ptr[i] == '\0' || (v.ptr[i] != ' ' && !strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx"
								    "yz0123456789!#$%&'*+-/=?^_`{|}~",
								    v.ptr[i])))
			return false;
	return true;
}

static struct view quoted_string(struct arena *arena, struct view v)
{
	char *quoted = arena_alloc(arena, v.len * 2 + 3);
	size_t len = 0;

	quoted[len++] = '"';
	for (size_t i = 0; i < v.len; i++) {
		if (v.ptr[i] == '"' || v.ptr[i] == '\\')
			quoted[len++] = '\\';
		quoted[len++] = v.ptr[i];
	}
	quoted[len++] = '"';
	return (struct view){quoted, len};
}

void mail_header_address(
	struct arena *arena, const char *name, struct view display, struct view address, struct text *out)
{
	struct view clean = mail_header_clean(arena, display);
	size_t column;

	text_add_string(out, name);
	text_add_char(out, ':');
	column = strlen(name) + 1;
	if (clean.len > 0 && needs_encoding(clean))
		add_encoded_words(out, &column, clean);
	else if (clean.len > 0)
		add_words(out, &column, is_atom_text(clean) ? clean : quoted_string(arena, clean));
	add_folded(out, &column, view_of(arena_printf(arena, "<%.*s>", VIEW_ARGS(address))));
	text_add_string(out, "\r\n");
}

void mail_parameter(struct arena *arena, const char *name, struct view value, struct text *out)
{
	struct view clean = mail_header_clean(arena, value);
	bool ascii = is_ascii(clean);

	text_add_format(out, ";\r\n %s%s", name, ascii ? "=\"" : "*=UTF-8''");
	for (size_t i = 0; i < clean.len; i++) {
		unsigned char c = (unsigned char)clean.ptr[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

		if (c == '/' || c == '\\' || c == '"')
			text_add_char(out, '_');
		else if (ascii || letter || c == '.' || c == '-' || c == '_')
			text_add_char(out, (char)c);
		else
			text_add_format(out, "%%%02X", c);
	}
	text_add_string(out, ascii ? "\"" : "");
}

/* The letters, digits, dots and marks that need no quotes (RFC 5322 3.2.3). */
static bool is_local_part(struct view v)
{
	if (v.len == 0 || v.len > 64 || v.ptr[0] == '.' || v.ptr[v.len - 1] == '.')
		return false;
	for (size_t i = 0; i < v.len; i++)
		if (v.ptr[i] == ' ' || (v.ptr[i] != '.' && !is_atom_text(view_sub(v, i, 1))) ||
			(v.ptr[i] == '.' && v.ptr[i - 1] == '.'))
			return false;
	return true;
}

static bool is_domain(struct view v)
{
	if (v.len == 0 || v.len > 253 || v.ptr[0] == '.' || v.ptr[v.len - 1] == '.')
		return false;
	for (size_t i = 0; i < v.len; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.", v.ptr[i]) ||
			v.ptr[i] == '\0' || (v.ptr[i] == '.' && v.ptr[i - 1] == '.'))
			return false;
	return true;
}

int mail_address(struct arena *arena, struct view address, struct view *out, struct error *err)
{
	struct view clean = view_trim(address), domain;
	ptrdiff_t at = view_find_char(clean, '@');

	if (at < 1 || view_find_char(view_sub(clean, (size_t)at + 1, clean.len), '@') >= 0)
		return error_set(err, REACH_MESSAGE, "the address is not of the form name@domain");
	domain = view_sub(clean, (size_t)at + 1, clean.len);
	if (!is_ascii(domain))
		domain = unicode_ascii_domain(arena, domain);
	if (!is_local_part(view_sub(clean, 0, (size_t)at)) || !is_domain(domain))
		return error_set(err, REACH_MESSAGE, "the address holds characters that a mail address may not have");
	*out = view_of(arena_printf(arena, "%.*s@%.*s", (int)at, clean.ptr, VIEW_ARGS(domain)));
	return 0;
}
