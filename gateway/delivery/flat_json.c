/* delivery/flat_json: objects of strings, read fast. See flat_json.h; used by mail_body.c. */
#include "delivery/flat_json.h"

#include "base/unicode.h"

static void skip_spaces(struct view *rest)
{
	while (rest->len > 0 && strchr(" \t\r\n", rest->ptr[0]) && rest->ptr[0] != '\0')
		*rest = view_sub(*rest, 1, rest->len);
}

/* Takes this character and the spaces before it. */
static bool take(struct view *rest, char c)
{
	skip_spaces(rest);
	if (rest->len == 0 || rest->ptr[0] != c)
		return false;
	*rest = view_sub(*rest, 1, rest->len);
	return true;
}

static bool take_word(struct view *rest, struct view word)
{
	if (!view_starts(*rest, word))
		return false;
	*rest = view_sub(*rest, word.len, rest->len);
	return true;
}

/* Bytes up to the quote that ends the string; -1: none does. */
static ptrdiff_t string_end(struct view rest)
{
	for (size_t from = 0; from < rest.len;) {
		const char *quote = memchr(rest.ptr + from, '"', rest.len - from);
		size_t at = quote ? (size_t)(quote - rest.ptr) : rest.len, backslashes = 0;

		while (backslashes < at && rest.ptr[at - backslashes - 1] == '\\')
			backslashes++;
		if (at < rest.len && backslashes % 2 == 0)
			return (ptrdiff_t)at;
		from = at + 1;
	}
	return -1;
}

static bool has_control(struct view v)
{
	unsigned found = 0;

	for (size_t i = 0; i < v.len; i++)
		found |= (unsigned char)v.ptr[i] < 0x20;
	return found;
}

/* What stands behind a backslash, as one byte; 0: what is left to the library. */
static char escaped(char c)
{
	static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	const char *at = c ? strchr(names, c) : NULL;

	return at ? meant[at - names] : '\0';
}

/* Behind the opening quote: copied, with a NUL behind it. */
static bool take_string(struct arena *arena, struct view *rest, struct view *out)
{
	ptrdiff_t end = string_end(*rest);
	struct view raw = view_sub(*rest, 0, end < 0 ? 0 : (size_t)end);
	char *text;
	size_t len = 0;

	if (end < 0 || has_control(raw))
		return false;
	*rest = view_sub(*rest, (size_t)end + 1, rest->len);
	text = arena_alloc(arena, raw.len + 1);
	while (raw.len > 0) {
		const char *backslash = memchr(raw.ptr, '\\', raw.len);
		size_t plain = backslash ? (size_t)(backslash - raw.ptr) : raw.len;

		memcpy(text + len, raw.ptr, plain);
		len += plain;
		if (backslash && (text[len++] = escaped(backslash[1])) == '\0')
			return false;
		raw = view_sub(raw, plain + (backslash ? 2 : 0), raw.len);
	}
	text[len] = '\0';
	*out = (struct view){text, len};
	return true;
}

static bool take_member(struct arena *arena, struct view *rest, struct flat_json *out)
{
	struct view key, text = VIEW_NULL;
	bool truth = false;

	if (out->count == FLAT_JSON_MEMBERS || !take(rest, '"') || !take_string(arena, rest, &key) || !take(rest, ':'))
		return false;
	if (take(rest, '"')) {
		if (!take_string(arena, rest, &text))
			return false;
	} else {
		truth = take_word(rest, VIEW("true"));
		if (!truth && !take_word(rest, VIEW("false")))
			return false;
	}
	out->member[out->count].key = key;
	out->member[out->count].text = text;
	out->member[out->count++].truth = truth;
	return true;
}

bool flat_json_read(struct arena *arena, struct view bytes, struct flat_json *out)
{
	out->count = 0;
	if (!unicode_valid(bytes) || !take(&bytes, '{'))
		return false;
	do
		if (!take_member(arena, &bytes, out))
			return false;
	while (take(&bytes, ','));
	if (!take(&bytes, '}'))
		return false;
	skip_spaces(&bytes);
	return bytes.len == 0;
}

/* One more than where it stands; 0: nowhere. */
static size_t find(const struct flat_json *json, const char *key)
{
	size_t i = json->count;

	while (i > 0 && !view_equal(json->member[i - 1].key, view_of(key)))
		i--;
	return i;
}

bool flat_json_has(const struct flat_json *json, const char *key)
{
	return find(json, key) > 0;
}

struct view flat_json_text(const struct flat_json *json, const char *key)
{
	size_t i = find(json, key);

	return i ? json->member[i - 1].text : VIEW_NULL;
}

bool flat_json_true(const struct flat_json *json, const char *key)
{
	size_t i = find(json, key);

	return i && json->member[i - 1].truth;
}
