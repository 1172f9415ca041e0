/* channels/provider: texts, JSON and forms into views. See provider.h; provider_call.c has the calls. */
#include "channels/provider.h"

#include <stdarg.h>

#include "base/unicode.h"

/* ---- text ---- */

static bool is_control(uint32_t code)
{
	return (code < 0x20 && code != '\n' && code != '\t') || (code >= 0x7f && code < 0xa0);
}

/* Never more bytes than before. */
static size_t put_clean(char *out, struct view text, bool one_line)
{
	size_t at = 0, len = 0;
	uint32_t code;

	for (size_t begin = 0; unicode_next(text, &at, &code); begin = at) {
		bool line_end = code == '\r' && !(at < text.len && text.ptr[at] == '\n');

		if (is_control(code) && !line_end)
			continue;
		if (line_end || (one_line && code < 0x20)) {
			out[len++] = one_line ? ' ' : '\n';
			continue;
		}
		memcpy(out + len, text.ptr + begin, at - begin);
		len += at - begin;
	}
	return len;
}

/* Its whole characters up to `max` bytes. */
static struct view cut(struct view text, size_t max)
{
	if (text.len <= max)
		return text;
	while (max > 0 && ((unsigned char)text.ptr[max] & 0xc0) == 0x80)
		max--;
	return view_sub(text, 0, max);
}

static struct view clean(struct arena *arena, struct view bytes, size_t max, bool one_line)
{
	struct view text = unicode_valid(bytes) ? bytes : unicode_decode(arena, bytes, VIEW("utf-8"));
	char *out;

	if (text.len == 0)
		return VIEW("");
	out = arena_alloc(arena, text.len + 1);
	text = (struct view){out, put_clean(out, text, one_line)};
	/* Afterwards: what a control character parted may be one letter without it. */
	text = cut(unicode_nfc(arena, text), max);
	return one_line ? view_trim(text) : view_trim_end(text);
}

struct view provider_clean(struct arena *arena, struct view bytes)
{
	return clean(arena, bytes, CHANNEL_TEXT_MAX, false);
}

struct view provider_clean_line(struct arena *arena, struct view bytes)
{
	return clean(arena, bytes, PROVIDER_ID_MAX, true);
}

const char *provider_url_encode(struct arena *arena, struct view bytes)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~";
	static const char digits[] = "0123456789ABCDEF";
	char *out = arena_alloc(arena, bytes.len * 3 + 1);
	size_t len = 0;

	for (size_t i = 0; i < bytes.len; i++) {
		unsigned char byte = (unsigned char)bytes.ptr[i];

		if (byte && memchr(plain, byte, sizeof(plain) - 1)) {
			out[len++] = (char)byte;
			continue;
		}
		out[len++] = '%';
		out[len++] = digits[byte >> 4];
		out[len++] = digits[byte & 15];
	}
	return out;
}

/* ---- JSON ---- */

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The number of the escape \uXXXX that begins here; -1: there is none. */
static int escape_at(struct view bytes, size_t at)
{
	int code = 0;

	if (bytes.len < 6 || at > bytes.len - 6 || bytes.ptr[at] != '\\' || bytes.ptr[at + 1] != 'u')
		return -1;
	for (size_t i = at + 2; i < at + 6; i++) {
		if (digit(bytes.ptr[i]) < 0)
			return -1;
		code = code * 16 + digit(bytes.ptr[i]);
	}
	return code;
}

/* Half of a pair alone, as some senders cut long texts, would make all of it no JSON. */
static struct view mend_surrogates(struct arena *arena, struct view bytes)
{
	char *out = arena_copy(arena, bytes.ptr ? bytes.ptr : "", bytes.len);

	for (size_t i = 0; i < bytes.len; i++) {
		int code, next;

		if (bytes.ptr[i] != '\\')
			continue;
		code = escape_at(bytes, i);
		next = code >= 0xd800 && code < 0xdc00 ? escape_at(bytes, i + 6) : -1;
		if (code >= 0xd800 && code < 0xe000 && (next < 0xdc00 || next >= 0xe000))
			memcpy(out + i + 2, "fffd", 4);
		i += code < 0 ? 1 : next >= 0xdc00 && next < 0xe000 ? 11 : 5;
	}
	return (struct view){out, bytes.len};
}

json_t *provider_json(struct arena *arena, struct view bytes, struct error *err)
{
	struct view text = unicode_valid(bytes) ? bytes : unicode_decode(arena, bytes, VIEW("utf-8"));
	json_error_t problem;
	json_t *json;

	if (memmem(text.ptr ? text.ptr : "", text.len, "\\u", 2))
		text = mend_surrogates(arena, text);
	json = json_loadb(text.ptr ? text.ptr : "", text.len, JSON_ALLOW_NUL, &problem);
	if (!json)
		error_set(err, REACH_MESSAGE, "it is no JSON: %s in line %d", problem.text, problem.line);
	return json;
}

const json_t *provider_find(const json_t *json, ...)
{
	const char *key;
	va_list keys;

	va_start(keys, json);
	while (json && (key = va_arg(keys, const char *)))
		json = json_object_get(json, key);
	va_end(keys);
	return json;
}

static struct view string_of(const json_t *json)
{
	return json_is_string(json) ? (struct view){json_string_value(json), json_string_length(json)} : VIEW("");
}

struct view provider_text(struct arena *arena, const json_t *json)
{
	return provider_clean(arena, string_of(json));
}

struct view provider_word(struct arena *arena, const json_t *json)
{
	struct view string = string_of(json);

	if (json_is_integer(json))
		return view_of(arena_printf(arena, "%lld", (long long)json_integer_value(json)));
	return string.len > PROVIDER_ID_MAX ? VIEW("") : provider_clean_line(arena, string);
}

int64_t provider_number(const json_t *json, int64_t otherwise)
{
	long long number;

	if (json_is_integer(json))
		return json_integer_value(json);
	return view_to_int(string_of(json), INT64_MIN, INT64_MAX, &number) == 0 ? number : otherwise;
}

/* ---- forms ---- */

/* '+' is a space, %XX a byte; -1 when there are no two digits behind a %. */
static int decode(struct arena *arena, struct view encoded, struct view *out)
{
	char *bytes = arena_alloc(arena, encoded.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < encoded.len; i++) {
		char c = encoded.ptr[i];

		if (c == '%') {
			if (encoded.len - i < 3 || digit(encoded.ptr[i + 1]) < 0 || digit(encoded.ptr[i + 2]) < 0)
				return -1;
			c = (char)(digit(encoded.ptr[i + 1]) << 4 | digit(encoded.ptr[i + 2]));
			i += 2;
		} else if (c == '+') {
			c = ' ';
		}
		bytes[len++] = c;
	}
	*out = (struct view){bytes, len};
	return 0;
}

int provider_form(struct arena *arena, struct view encoded, struct provider_form *out, struct error *err)
{
	struct view rest = encoded, pair, name;
	struct http_field *fields;
	size_t count = 1;

	for (size_t i = 0; i < encoded.len; i++)
		count += encoded.ptr[i] == '&';
	if (count > PROVIDER_FIELDS_MAX)
		return error_set(err, REACH_MESSAGE, "a form with more than %d fields", PROVIDER_FIELDS_MAX);
	fields = ARENA_NEW_N(arena, struct http_field, count);
	count = 0;
	while (view_next_field(&rest, '&', &pair)) {
		if (pair.len == 0)
			continue;
		view_next_field(&pair, '=', &name);
		if (decode(arena, name, &fields[count].name) < 0 || decode(arena, pair, &fields[count].value) < 0)
			return error_set(err, REACH_MESSAGE, "it is no form: a %% without its two digits");
		count++;
	}
	*out = (struct provider_form){.fields = fields, .count = count};
	return 0;
}

struct view provider_field(const struct provider_form *form, const char *name)
{
	for (size_t i = 0; i < form->count; i++)
		if (view_equal(form->fields[i].name, view_of(name)))
			return form->fields[i].value;
	return VIEW_NULL;
}

/* ---- messages ---- */

int provider_add(struct provider_batch *batch, const struct channel_message *message, struct error *err)
{
	if (message->id.len == 0 || message->sender.len == 0 ||
		(message->text.len == 0 && message->media_count == 0 && !message->has_place)) {
		batch->ignored++;
		return 0;
	}
	if (batch->count == (batch->max ? batch->max : CHANNEL_MESSAGES_MAX))
		return error_set(err, REACH_MESSAGE, "more than %zu messages at once", batch->count);
	if (batch->count == batch->size) {
		size_t size = batch->size ? batch->size * 2 : 4;
		struct channel_message *larger = ARENA_NEW_N(batch->arena, struct channel_message, size);

		if (batch->count > 0)
			memcpy(larger, batch->messages, batch->count * sizeof(*larger));
		batch->messages = larger;
		batch->size = size;
	}
	batch->messages[batch->count++] = *message;
	return 0;
}

void provider_add_media(struct arena *arena, struct channel_message *message, const struct channel_media *media)
{
	struct channel_media *list;

	if (message->media_count == CHANNEL_MEDIA_MAX || (media->id.len == 0 && media->url.len == 0))
		return;
	list = ARENA_NEW_N(arena, struct channel_media, message->media_count + 1);
	if (message->media_count > 0)
		memcpy(list, message->media, message->media_count * sizeof(*list));
	list[message->media_count++] = *media;
	message->media = list;
}

void provider_place(struct channel_message *message, const json_t *latitude, const json_t *longitude)
{
	double north = json_number_value(latitude), east = json_number_value(longitude);

	if (!json_is_number(latitude) || !json_is_number(longitude) || north < -90 || north > 90 || east < -180 || east > 180)
		return;
	message->has_place = true;
	message->latitude = north;
	message->longitude = east;
}

void provider_finish(const struct provider_batch *batch, struct channel_batch *out)
{
	*out = (struct channel_batch){.messages = batch->messages, .count = batch->count, .ignored = batch->ignored};
}
