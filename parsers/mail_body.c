/* mail_body: a part's bytes to text: transfer encoding, charset, line ends, normal form. See mail_private.h. */
#include <gmime/gmime.h>

#include "base/unicode.h"
#include "parsers/mail_private.h"

#define STEP ((size_t)32768)
#define META_MAX ((size_t)2048) /* bytes of HTML in which its charset may be named */

enum body_encoding body_encoding(struct view name)
{
	struct view v = view_trim(name);

	if (view_starts_nocase(v, VIEW("base64")))
		return BODY_BASE64;
	if (view_starts_nocase(v, VIEW("quoted-printable")) || view_starts_nocase(v, VIEW("quoted_printable")))
		return BODY_QUOTED;
	if (view_starts_nocase(v, VIEW("x-uu")) || view_starts_nocase(v, VIEW("uue")))
		return BODY_UUENCODE;
	return BODY_IDENTITY;
}

/* What follows the "begin 644 name" line. */
static struct view behind_begin(struct view raw)
{
	struct view rest = raw, line;

	while (view_next_line(&rest, &line))
		if (view_starts(line, VIEW("begin ")))
			return rest;
	return raw;
}

void body_stream(struct view raw, enum body_encoding encoding, body_take take, void *context)
{
	static const GMimeContentEncoding kinds[] = {
		[BODY_IDENTITY] = GMIME_CONTENT_ENCODING_BINARY,
		[BODY_BASE64] = GMIME_CONTENT_ENCODING_BASE64,
		[BODY_QUOTED] = GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE,
		[BODY_UUENCODE] = GMIME_CONTENT_ENCODING_UUENCODE,
	};
	char buffer[STEP + 16]; /* a step may hand out what the one before kept back */
	struct view rest = encoding == BODY_UUENCODE ? behind_begin(raw) : raw;
	GMimeEncoding state;

	g_mime_encoding_init_decode(&state, kinds[encoding]);
	while (rest.len > 0) {
		struct view in = view_sub(rest, 0, STEP);
		size_t size = g_mime_encoding_step(&state, in.ptr, in.len, buffer);

		if (!take(context, (struct view){buffer, size}))
			return;
		rest = view_sub(rest, in.len, SIZE_MAX);
	}
}

struct gather {
	char *out;
	size_t len, maximum;
	bool cut;
};

static bool gather_piece(void *context, struct view piece)
{
	struct gather *gather = context;
	size_t room = gather->maximum - gather->len;

	gather->cut = piece.len > room;
	memcpy(gather->out + gather->len, piece.ptr, gather->cut ? room : piece.len);
	gather->len += gather->cut ? room : piece.len;
	return !gather->cut;
}

struct view body_decode(
	struct arena *arena, struct view raw, enum body_encoding encoding, size_t maximum, bool *cut_out)
{
	/* No encoding makes text longer than it was. */
	struct gather gather = {.maximum = raw.len + 16 < maximum ? raw.len + 16 : maximum};

	gather.out = arena_bytes(arena, gather.maximum + 1);
	body_stream(raw, encoding, gather_piece, &gather);
	gather.out[gather.len] = '\0';
	*cut_out = gather.cut;
	return (struct view){gather.out, gather.len};
}

/* Is it text as it stands, and more than base64's letters? */
static bool is_plain_text(struct view raw)
{
	bool foreign = false;

	for (size_t i = 0; i < raw.len; i++) {
		unsigned char c = (unsigned char)raw.ptr[i];

		if ((c < 32 && !strchr("\t\r\n\f", c)) || c == 127 || c == 0)
			return false;
		foreign |= c != '\r' && c != '\n' && !g_ascii_isalnum(c) && c != '+' && c != '/' && c != '=';
	}
	return foreign && unicode_valid(raw);
}

static bool has_damage(struct view text)
{
	if (view_find(text, VIEW("\xEF\xBF\xBD")) >= 0)
		return true;
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < 32 && !strchr("\t\r\n\f\033", text.ptr[i]))
			return true;
	return false;
}

static struct view line_ends(struct arena *arena, struct view text)
{
	char *out;
	size_t n = 0;

	if (view_find_char(text, '\r') < 0)
		return text;
	out = arena_bytes(arena, text.len + 1);
	for (size_t at = 0; at < text.len;) {
		ptrdiff_t found = view_find_char(view_sub(text, at, SIZE_MAX), '\r');
		size_t run = found < 0 ? text.len - at : (size_t)found;

		memcpy(out + n, text.ptr + at, run);
		n += run;
		at += run + 1; /* the CR as well */
		if (found >= 0 && !(at < text.len && text.ptr[at] == '\n'))
			out[n++] = '\n';
	}
	out[n] = '\0';
	return (struct view){out, n};
}

/* The charset that HTML names itself, in <meta charset=x> or <meta content="text/html; charset=x">. */
static struct view meta_charset(struct view bytes)
{
	struct view head = view_sub(bytes, 0, META_MAX);
	ptrdiff_t found = view_find_nocase(head, VIEW("charset="));
	size_t n = 0;

	if (found < 0)
		return VIEW_NULL;
	head = view_sub(head, (size_t)found + strlen("charset="), SIZE_MAX);
	while (head.len > 0 && strchr("\"' ", head.ptr[0]))
		head = view_sub(head, 1, SIZE_MAX);
	while (n < head.len && (g_ascii_isalnum(head.ptr[n]) || head.ptr[n] == '-' || head.ptr[n] == '_'))
		n++;
	return view_sub(head, 0, n);
}

struct view body_text(struct arena *arena, struct view raw, enum body_encoding encoding, struct view charset, bool html,
	size_t maximum, bool *cut_out)
{
	struct arena *scratch = raw.len > MAIL_BODY_LARGE ? arena_new() : NULL, *work = scratch ? scratch : arena;
	struct view bytes = body_decode(work, raw, encoding, maximum, cut_out), text;

	if (html && charset.len == 0)
		charset = meta_charset(bytes);
	text = unicode_decode(work, bytes, charset);
	if (encoding == BODY_BASE64 && has_damage(text) && is_plain_text(view_sub(raw, 0, maximum))) {
		*cut_out = raw.len > maximum;
		text = unicode_decode(work, view_sub(raw, 0, maximum), charset);
	}
	text = unicode_nfc(arena, line_ends(work, text));
	arena_free(&scratch);
	return text;
}
