/* mail_words: what is encoded inside header fields: RFC 2047 words, RFC 2231 parameters. See mail_private.h. */
#include "base/unicode.h"
#include "parsers/mail_private.h"

/* ---- RFC 2047 ---- */

#define WORD_MAX ((size_t)8192) /* bytes of one encoded word: the standard says 75, programs know better */

struct encoded_word {
	struct view charset;
	struct view text; /* still encoded */
	bool base64;
	size_t length; /* of the whole word in the value */
};

/* Is there an encoded word at the start of v? Blanks inside it are tolerated, for some programs leave them. */
static bool word_at(struct view v, struct encoded_word *out)
{
	struct view rest = v, charset, encoding, text;
	ptrdiff_t end, star;

	if (!view_starts(v, VIEW("=?")))
		return false;
	rest = view_sub(v, 2, SIZE_MAX);
	if (view_find_char(rest, '?') < 0 || !view_next_field(&rest, '?', &charset))
		return false;
	if (view_find_char(rest, '?') < 0 || !view_next_field(&rest, '?', &encoding))
		return false;
	if (charset.len == 0 || encoding.len != 1 || !strchr("bBqQ", encoding.ptr[0]))
		return false;
	end = view_find(rest, VIEW("?="));
	if (end < 0)
		return false;
	text = view_sub(rest, 0, (size_t)end);
	star = view_find_char(charset, '*');
	out->charset = star < 0 ? charset : view_sub(charset, 0, (size_t)star);
	out->text = text;
	out->base64 = encoding.ptr[0] == 'b' || encoding.ptr[0] == 'B';
	out->length = (size_t)(text.ptr + text.len + 2 - v.ptr);
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* "=41" or "%41" undone, with `escape` the mark; anything else that follows the mark stays. */
static void unescape(struct text *out, struct view v, char escape, bool underscore)
{
	for (size_t i = 0; i < v.len; i++) {
		char c = v.ptr[i];

		if (c == escape && i + 2 < v.len && hex_digit(v.ptr[i + 1]) >= 0 && hex_digit(v.ptr[i + 2]) >= 0) {
			c = (char)(hex_digit(v.ptr[i + 1]) * 16 + hex_digit(v.ptr[i + 2]));
			i += 2;
		} else if (underscore && c == '_') {
			c = ' ';
		}
		text_add_char(out, c);
	}
}

static void word_bytes(struct arena *arena, const struct encoded_word *word, struct text *out)
{
	bool cut;

	if (word->base64)
		text_add_view(out, body_decode(arena, word->text, BODY_BASE64, word->text.len, &cut));
	else
		unescape(out, word->text, '=', true);
}

/* Bytes of adjacent words of one charset, joined before they are converted: a character may be split between two. */
struct joiner {
	struct arena *arena;
	struct text out, bytes;
	struct view charset;
};

static void joiner_flush(struct joiner *joiner)
{
	if (joiner->bytes.len == 0)
		return;
	text_add_view(&joiner->out, unicode_decode(joiner->arena, text_view(&joiner->bytes), joiner->charset));
	text_reset(&joiner->bytes);
}

static void joiner_add_word(struct joiner *joiner, const struct encoded_word *word)
{
	if (!view_equal_nocase(joiner->charset, word->charset))
		joiner_flush(joiner);
	joiner->charset = word->charset;
	word_bytes(joiner->arena, word, &joiner->bytes);
}

static void joiner_add_literal(struct joiner *joiner, struct view literal)
{
	joiner_flush(joiner);
	text_add_view(&joiner->out, unicode_decode(joiner->arena, literal, VIEW_NULL));
}

/* Length of what stands before the next encoded word (v.len when none follows). */
static size_t word_find(struct view v, struct encoded_word *out)
{
	for (size_t i = 0; i < v.len; i++) {
		ptrdiff_t mark = view_find(view_sub(v, i, SIZE_MAX), VIEW("=?"));

		if (mark < 0)
			break;
		i += (size_t)mark;
		if (word_at(view_sub(v, i, WORD_MAX), out))
			return i;
	}
	return v.len;
}

static void words_join(struct joiner *joiner, struct view v)
{
	struct encoded_word word = {0};

	while (v.len > 0) {
		size_t before = word_find(v, &word);
		struct view literal = view_sub(v, 0, before);

		/* White space between two words is no part of the text. */
		if (before == v.len || joiner->bytes.len == 0 || view_trim(literal).len > 0)
			joiner_add_literal(joiner, literal);
		if (before == v.len)
			break;
		joiner_add_word(joiner, &word);
		v = view_sub(v, before + word.length, SIZE_MAX);
	}
	joiner_flush(joiner);
}

/* Control characters would break a line, a log or a mail made of this. */
static struct view without_controls(struct arena *arena, struct view v)
{
	char *out = arena_copy(arena, v.ptr, v.len);

	for (size_t i = 0; i < v.len; i++)
		if ((unsigned char)out[i] < 32 || out[i] == 127)
			out[i] = ' ';
	return view_trim((struct view){out, v.len});
}

struct view words_decode(struct arena *arena, struct view value)
{
	struct view unfolded = header_unfold(arena, value), decoded;
	struct joiner joiner = {.arena = arena};

	if (header_is_plain(unfolded))
		return unfolded;
	text_init(&joiner.out, 4 * unfolded.len + 64);
	text_init(&joiner.bytes, unfolded.len + 64);
	words_join(&joiner, unfolded);
	decoded = unicode_nfc(arena, without_controls(arena, text_view(&joiner.out)));
	text_release(&joiner.out);
	text_release(&joiner.bytes);
	return decoded;
}

/* ---- Content-Type, Content-Disposition and RFC 2231 ---- */

static struct view lower_copy(struct arena *arena, struct view v)
{
	char *out = arena_copy(arena, v.ptr, v.len);

	for (size_t i = 0; i < v.len; i++)
		if (out[i] >= 'A' && out[i] <= 'Z')
			out[i] = (char)(out[i] + 32);
	return (struct view){out, v.len};
}

/* Takes what stands before any of the `ends` (or all) off *rest. */
static struct view until(struct view *rest, const char *ends)
{
	size_t n = 0;
	struct view part;

	while (n < rest->len && !strchr(ends, rest->ptr[n]))
		n++;
	part = view_trim(view_sub(*rest, 0, n));
	*rest = view_sub(*rest, n, SIZE_MAX);
	return part;
}

/* The quoted string at the start of *rest. A backslash escapes only what needs it: paths of Windows are common. */
static struct view quoted(struct arena *arena, struct view *rest)
{
	char *out = arena_alloc(arena, rest->len + 1);
	size_t n = 0, i = 1;

	for (; i < rest->len && rest->ptr[i] != '"'; i++) {
		if (rest->ptr[i] == '\\' && i + 1 < rest->len && (rest->ptr[i + 1] == '"' || rest->ptr[i + 1] == '\\'))
			i++;
		out[n++] = rest->ptr[i];
	}
	*rest = view_sub(*rest, i + 1, SIZE_MAX);
	return (struct view){out, n};
}

void parameters_read(struct arena *arena, struct view value, struct parameters *out)
{
	struct view rest = header_unfold(arena, value), name, plain;

	out->count = 0;
	out->type = lower_copy(arena, until(&rest, ";( \t"));
	while (rest.len > 0 && out->count < MAIL_PARAMETERS_MAX) {
		until(&rest, ";");
		rest = view_trim(view_sub(rest, 1, SIZE_MAX));
		name = until(&rest, "=;");
		if (rest.len == 0 || rest.ptr[0] == ';')
			continue;
		rest = view_trim(view_sub(rest, 1, SIZE_MAX));
		plain = rest.len > 0 && rest.ptr[0] == '"' ? quoted(arena, &rest) : until(&rest, ";");
		out->list[out->count++] = (struct parameter){lower_copy(arena, name), plain};
	}
}

struct view parameters_get(const struct parameters *parameters, const char *name)
{
	for (size_t i = 0; i < parameters->count; i++)
		if (view_equal(parameters->list[i].name, view_of(name)))
			return parameters->list[i].value;
	return VIEW_NULL;
}

struct view parameters_token(const struct parameters *parameters, const char *name)
{
	struct view value = parameters_get(parameters, name);

	return until(&value, " \t(,;");
}

/* "charset'language'text": takes the charset off, when there is one. */
static struct view take_charset(struct view *value)
{
	ptrdiff_t first = view_find_char(*value, '\''), second;
	struct view charset;

	if (first < 0)
		return VIEW_NULL;
	second = view_find_char(view_sub(*value, (size_t)first + 1, SIZE_MAX), '\'');
	if (second < 0)
		return VIEW_NULL;
	charset = view_sub(*value, 0, (size_t)first);
	*value = view_sub(*value, (size_t)(first + second) + 2, SIZE_MAX);
	return charset;
}

/* The parameter called name*, name*N or name*N* (N < 0: name*). */
static const struct parameter *section(
	const struct parameters *parameters, const char *name, long number, bool *encoded_out)
{
	struct view base = view_of(name), rest;
	long long found;

	for (size_t i = 0; i < parameters->count; i++) {
		if (!view_starts(parameters->list[i].name, base))
			continue;
		rest = view_sub(parameters->list[i].name, base.len, SIZE_MAX);
		if (rest.len == 0 || rest.ptr[0] != '*')
			continue;
		rest = view_sub(rest, 1, SIZE_MAX);
		*encoded_out = rest.len == 0 || view_ends(rest, VIEW("*"));
		if (rest.len > 0 && *encoded_out)
			rest.len--;
		if (rest.len == 0 ? number < 0
				  : view_to_int(rest, 0, MAIL_PARAMETERS_MAX, &found) == 0 && found == number)
			return &parameters->list[i];
	}
	return NULL;
}

struct view parameters_decode(struct arena *arena, const struct parameters *parameters, const char *name)
{
	TEXT_SCOPED bytes = {0};
	struct view charset = VIEW_NULL, value;
	const struct parameter *found;
	bool encoded, whole = section(parameters, name, -1, &encoded) != NULL;
	long number = whole ? -1 : 0;

	text_init(&bytes, PARSE_HEADER_MAX);
	for (; (found = section(parameters, name, number, &encoded)) != NULL; number++) {
		value = found->value;
		if (encoded && number <= 0)
			charset = take_charset(&value);
		if (encoded)
			unescape(&bytes, value, '%', false);
		else
			text_add_view(&bytes, value);
		if (whole)
			break;
	}
	if (bytes.len == 0)
		return words_decode(arena, parameters_get(parameters, name));
	return unicode_nfc(arena, without_controls(arena, unicode_decode(arena, text_view(&bytes), charset)));
}
