/* channels/channel_rows: messages as the JSON that the database stores them from. See channel.h. */
#include "channels/channel.h"

static void add_string(struct text *out, const char *key, struct view value)
{
	if (value.len == 0)
		return;
	text_add_format(out, ",\"%s\":\"", key);
	for (size_t i = 0, begin = 0; i <= value.len; i++) {
		char c = i < value.len ? value.ptr[i] : '\0';

		if (i < value.len && c != '"' && c != '\\' && (unsigned char)c >= 0x20)
			continue;
		text_add(out, value.ptr + begin, i - begin);
		begin = i + 1;
		if (i < value.len)
			text_add_format(out, "\\u%04x", (unsigned char)c);
	}
	text_add_string(out, "\"");
}

static void add_hex(struct text *out, const char *key, struct view bytes)
{
	if (bytes.len == 0)
		return;
	text_add_format(out, ",\"%s\":\"", key);
	for (size_t i = 0; i < bytes.len; i++)
		text_add_format(out, "%02x", (unsigned char)bytes.ptr[i]);
	text_add_string(out, "\"");
}

static void add_media(struct text *out, const struct channel_media *media, size_t ordinal)
{
	text_add_format(out, "%s{\"n\":%zu", ordinal > 1 ? "," : "", ordinal);
	add_string(out, "id", media->id);
	add_string(out, "url", media->url);
	add_string(out, "name", media->name);
	add_string(out, "type", media->type);
	add_hex(out, "sha256", media->sha256);
	if (media->size >= 0)
		text_add_format(out, ",\"size\":%lld", (long long)media->size);
	text_add_string(out, "}");
}

static void add_message(struct text *out, const struct channel_message *message, size_t delivery)
{
	text_add_format(out, "%s{\"d\":%zu", out->len > 1 ? "," : "", delivery);
	add_string(out, "id", message->id);
	add_string(out, "edits", message->edits);
	add_string(out, "sender", message->sender);
	add_string(out, "reply_to", message->reply_to);
	add_string(out, "name", message->name);
	add_string(out, "language", message->language);
	add_string(out, "answers", message->answers);
	if (message->text.len == 0)
		text_add_string(out, ",\"text\":\"\"");
	add_string(out, "text", message->text);
	if (message->part_of.len > 0)
		text_add_format(out, ",\"part\":%d,\"parts\":%d", message->part, message->parts);
	add_string(out, "part_of", message->part_of);
	if (message->sent_at > 0)
		text_add_format(out, ",\"sent_at\":%lld.%06d", (long long)(message->sent_at / 1000000),
			(int)(message->sent_at % 1000000));
	if (message->has_place)
		text_add_format(out, ",\"place\":[%.9g,%.9g]", message->latitude, message->longitude);
	for (size_t i = 0; i < message->media_count; i++) {
		text_add_string(out, i == 0 ? ",\"media\":[" : "");
		add_media(out, &message->media[i], i + 1);
	}
	text_add_string(out, message->media_count > 0 ? "]}" : "}");
}

void channel_rows_begin(struct text *out)
{
	text_init(out, CHANNEL_ROWS_MAX);
	text_add_string(out, "[");
}

int channel_rows_add(struct text *out, const struct channel_batch *batch, size_t delivery)
{
	size_t before = out->len;

	for (size_t i = 0; i < batch->count && !out->full; i++)
		add_message(out, &batch->messages[i], delivery);
	if (!out->full && out->len < CHANNEL_ROWS_MAX)
		return 0;
	out->full = false;
	text_cut(out, before);
	return -1;
}

void channel_rows_end(struct text *out)
{
	text_add_string(out, "]");
}
