/*
 * channels/provider_multipart: multipart/form-data (RFC 7578, RFC 2046) into views of the body. See provider.h.
 *
 * Values are taken as they are: the form's encoding has none for them, and the Content-Transfer-Encoding of old senders
 * is not to be used any more. A body whose last delimiter is missing was cut and is malformed.
 */
#include "channels/provider.h"

#define BOUNDARY_MAX 200 /* RFC 2046 allows 70 */

struct reader {
	struct view rest;      /* behind the last delimiter's line */
	struct view delimiter; /* "\r\n--boundary" */
	struct http_field *fields;
	struct provider_file *files;
	size_t count, file_count;
};

/* A header's parameter: name=token or name="quoted"; empty when it is not there. */
static struct view parameter(struct view header, struct view name)
{
	struct view part, value;
	ptrdiff_t end;

	while (header.len > 0) {
		ptrdiff_t at = view_find_char(header, ';');

		if (at < 0)
			return VIEW("");
		header = view_trim(view_sub(header, (size_t)at + 1, header.len));
		at = view_find_char(header, '=');
		if (at < 0)
			return VIEW("");
		part = view_trim(view_sub(header, 0, (size_t)at));
		value = view_trim(view_sub(header, (size_t)at + 1, header.len));
		if (view_starts(value, VIEW("\""))) {
			value = view_sub(value, 1, value.len);
			end = view_find_char(value, '"');
			if (end < 0)
				return VIEW("");
		} else {
			end = view_find_char(value, ';');
			end = end < 0 ? (ptrdiff_t)value.len : end;
		}
		if (view_equal_nocase(part, name))
			return view_trim(view_sub(value, 0, (size_t)end));
		header = view_sub(value, (size_t)end, value.len);
	}
	return VIEW("");
}

static void add(struct reader *reader, struct view disposition, struct view type, struct view bytes)
{
	struct view name = parameter(disposition, VIEW("name"));

	if (view_find_nocase(disposition, VIEW("filename=")) >= 0)
		reader->files[reader->file_count++] = (struct provider_file){
			.field = name, .name = parameter(disposition, VIEW("filename")), .type = type, .bytes = bytes};
	else
		reader->fields[reader->count++] = (struct http_field){name, bytes};
}

/* One part, from behind its delimiter's line; 1 at the end. */
static int next_part(struct reader *reader, struct error *err)
{
	struct view line, disposition = VIEW(""), type = VIEW("");
	ptrdiff_t end;

	if (view_starts(reader->rest, VIEW("--")))
		return 1;
	if (!view_next_line(&reader->rest, &line) || view_trim(line).len > 0)
		return error_set(err, REACH_MESSAGE, "it is no form: a delimiter with something behind it");
	for (;;) {
		/* A part without a value ends right behind its headers. */
		if (!view_next_line(&reader->rest, &line))
			return error_set(err, REACH_MESSAGE, "it is no form: it ends in the headers of a part");
		if (line.len == 0)
			break;
		if (view_starts_nocase(line, VIEW("Content-Disposition:")))
			disposition = line;
		if (view_starts_nocase(line, VIEW("Content-Type:")))
			type = view_trim(view_sub(line, sizeof("Content-Type:") - 1, line.len));
	}
	/* The line end before a delimiter is the delimiter's. */
	reader->rest.ptr -= 2;
	reader->rest.len += 2;
	end = view_find(reader->rest, reader->delimiter);
	if (end < 0)
		return error_set(err, REACH_MESSAGE, "it is no form: its last delimiter is missing");
	add(reader, disposition, type, end >= 2 ? view_sub(reader->rest, 2, (size_t)end - 2) : VIEW(""));
	reader->rest = view_sub(reader->rest, (size_t)end + reader->delimiter.len, reader->rest.len);
	return 0;
}

int provider_multipart(
	struct arena *arena, struct view content_type, struct view body, struct provider_form *out, struct error *err)
{
	struct view boundary = parameter(content_type, VIEW("boundary"));
	struct reader reader = {.fields = ARENA_NEW_N(arena, struct http_field, PROVIDER_FIELDS_MAX),
		.files = ARENA_NEW_N(arena, struct provider_file, PROVIDER_FIELDS_MAX)};
	ptrdiff_t begin;
	int result = 0;

	if (boundary.len == 0 || boundary.len > BOUNDARY_MAX)
		return error_set(err, REACH_MESSAGE, "it is no form: its Content-Type names no boundary");
	reader.delimiter = view_of(arena_printf(arena, "\r\n--%.*s", VIEW_ARGS(boundary)));
	begin = view_starts(body, view_sub(reader.delimiter, 2, reader.delimiter.len))
			? -2
			: view_find(body, reader.delimiter);
	if (begin == -1)
		return error_set(err, REACH_MESSAGE, "it is no form: there is no delimiter in it");
	reader.rest = view_sub(body, (size_t)(begin + (ptrdiff_t)reader.delimiter.len), body.len);
	while (result == 0) {
		if (reader.count + reader.file_count == PROVIDER_FIELDS_MAX)
			return error_set(err, REACH_MESSAGE, "a form with %d fields or more", PROVIDER_FIELDS_MAX);
		result = next_part(&reader, err);
	}
	*out = (struct provider_form){reader.fields, reader.count, reader.files, reader.file_count};
	return result < 0 ? -1 : 0;
}

int provider_any_form(
	struct arena *arena, const struct http_request *request, struct provider_form *out, struct error *err)
{
	struct view type = http_request_header(request, "Content-Type");

	if (view_starts_nocase(type, VIEW("multipart/form-data")))
		return provider_multipart(arena, type, request->body, out, err);
	return provider_form(arena, request->body, out, err);
}
