/* mail_header: the header block taken apart into fields, and the outline of a mail. See mail_private.h and parsers.h.
 */
#include "parsers/mail_private.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Length of the line at `at`, its end included. */
static size_t line_length(struct view raw, size_t at)
{
	const char *end = memchr(raw.ptr + at, '\n', raw.len - at);

	return end ? (size_t)(end - raw.ptr) - at + 1 : raw.len - at;
}

static bool line_is_empty(struct view raw, size_t at)
{
	return raw.ptr[at] == '\n' || (raw.ptr[at] == '\r' && (at + 1 == raw.len || raw.ptr[at + 1] == '\n'));
}

/* Length of the field's name when the line begins with one, else 0. White space before the colon is tolerated. */
static size_t field_name_length(struct view raw, size_t at, size_t *colon_out)
{
	size_t i = at, name;

	while (i < raw.len && raw.ptr[i] > 32 && raw.ptr[i] < 127 && raw.ptr[i] != ':')
		i++;
	name = i - at;
	while (i < raw.len && is_blank(raw.ptr[i]))
		i++;
	if (name == 0 || i >= raw.len || raw.ptr[i] != ':')
		return 0;
	*colon_out = i;
	return name;
}

size_t header_skip(struct view raw)
{
	size_t at = view_starts(raw, VIEW("\xEF\xBB\xBF")) ? 3 : 0, next, colon;
	struct view rest;

	while (at < raw.len && line_is_empty(raw, at))
		at += line_length(raw, at);
	rest = view_sub(raw, at, SIZE_MAX);
	if (!view_starts(rest, VIEW("From ")) && !view_starts(rest, VIEW(">From ")))
		return at;
	next = at + line_length(raw, at);
	return next < raw.len && field_name_length(raw, next, &colon) ? next : at;
}

int header_next(struct view raw, size_t *at, struct header_field *out)
{
	size_t start = *at, name, colon, end;

	for (; start < raw.len; start += line_length(raw, start)) {
		if (line_is_empty(raw, start)) {
			*at = start + line_length(raw, start);
			return 0;
		}
		name = field_name_length(raw, start, &colon);
		if (name)
			break;
		if (start == 0)
			return 0;
	}
	*at = start;
	if (start >= raw.len)
		return 0;
	end = start + line_length(raw, start);
	while (end < raw.len && is_blank(raw.ptr[end]))
		end += line_length(raw, end);
	out->name = view_sub(raw, start, name);
	out->value = view_sub(raw, colon + 1, end - colon - 1);
	*at = end;
	return 1;
}

bool header_is_plain(struct view value)
{
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.ptr[i] < 32 || (unsigned char)value.ptr[i] > 126)
			return false;
	return view_find(value, VIEW("=?")) < 0;
}

struct view header_unfold(struct arena *arena, struct view value)
{
	struct view trimmed = view_trim(value);
	char *out = arena_copy(arena, trimmed.ptr, trimmed.len);
	size_t n = 0;

	for (size_t i = 0; i < trimmed.len; i++)
		if (trimmed.ptr[i] != '\r' && trimmed.ptr[i] != '\n' && trimmed.ptr[i] != '\0')
			out[n++] = trimmed.ptr[i];
	out[n] = '\0';
	return (struct view){out, n};
}

static void outline_take(struct view *slot, const struct header_field *field, struct view name)
{
	if (slot->ptr == NULL && view_equal_nocase(field->name, name))
		*slot = view_trim(field->value);
}

void mail_outline(struct view raw, struct mail_outline *out)
{
	size_t skip = header_skip(raw), at = 0;
	struct view rest = view_sub(raw, skip, SIZE_MAX);
	struct header_field field;

	*out = (struct mail_outline){0};
	while (header_next(rest, &at, &field) == 1) {
		outline_take(&out->message_id, &field, VIEW("Message-ID"));
		outline_take(&out->from, &field, VIEW("From"));
		outline_take(&out->date, &field, VIEW("Date"));
		outline_take(&out->subject, &field, VIEW("Subject"));
	}
	out->body = skip + at;
}
