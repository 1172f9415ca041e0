/*
 * mail_tree: the MIME tree by GMime, flattened to its leaves. See mail_private.h.
 *
 * GMime is asked for the structure and for where each body stands in the raw bytes, and for nothing else: what it
 * decodes itself (names, parameters, addresses) goes through iconv and is not used. The bytes are not copied.
 */
#include <gmime/gmime.h>

#include "parsers/mail_private.h"

#define UNREF __attribute__((cleanup(unref_object)))

static void unref_object(void *at)
{
	GObject **object = at;

	if (*object)
		g_object_unref(*object);
}

/* Where a walk through the tree stands. */
struct place {
	const char *number;
	const char *boundary; /* of the multipart around; NULL: none */
	int depth;
	int alternative, related;
	bool forwarded, report;
};

struct walk {
	struct arena *arena;
	struct view raw;
	struct tree *tree;
};

static void walk_object(struct walk *walk, GMimeObject *object, struct place place);

/* The field's value as it stands; of several GMime follows the last. */
static struct view object_header(GMimeObject *object, const char *name)
{
	GMimeHeaderList *list = g_mime_object_get_header_list(object);
	struct view value = VIEW_NULL;
	int count = g_mime_header_list_get_count(list);

	for (int i = 0; i < count; i++) {
		GMimeHeader *header = g_mime_header_list_get_header_at(list, i);

		if (view_equal_nocase(view_of(g_mime_header_get_name(header)), view_of(name)))
			value = view_of(g_mime_header_get_raw_value(header));
	}
	return value;
}

static struct parameters *object_parameters(struct arena *arena, GMimeObject *object, const char *name)
{
	struct parameters *parameters = ARENA_NEW(arena, struct parameters);

	parameters_read(arena, object_header(object, name), parameters);
	return parameters;
}

static struct leaf *add_leaf(struct walk *walk)
{
	struct tree *tree = walk->tree;

	if (tree->leaf_count >= PARSE_PARTS_MAX) {
		tree->over_limit = true;
		return NULL;
	}
	if (tree->leaf_count == tree->leaf_size) {
		size_t size = tree->leaf_size ? 2 * tree->leaf_size : 8;
		struct leaf *grown = ARENA_NEW_N(walk->arena, struct leaf, size);

		if (tree->leaf_count)
			memcpy(grown, tree->leaves, tree->leaf_count * sizeof(*grown));
		tree->leaves = grown;
		tree->leaf_size = size;
	}
	return &tree->leaves[tree->leaf_count++];
}

/* Where the part's body stands in the raw bytes. */
static struct view content_range(const struct walk *walk, GMimePart *part)
{
	GMimeDataWrapper *content = g_mime_part_get_content(part);
	GMimeStream *stream = content ? g_mime_data_wrapper_get_stream(content) : NULL;
	gint64 start = stream ? stream->bound_start : -1, end = stream ? stream->bound_end : -1;

	if (start < 0 || end < start || (size_t)end > walk->raw.len)
		return view_sub(walk->raw, walk->raw.len, 0);
	return view_sub(walk->raw, (size_t)start, (size_t)(end - start));
}

static void walk_leaf(struct walk *walk, GMimePart *part, const struct place *place)
{
	struct leaf *leaf = add_leaf(walk);
	GMimeContentType *type = g_mime_object_get_content_type(GMIME_OBJECT(part));
	GMimeObject *object = GMIME_OBJECT(part);

	if (!leaf)
		return;
	leaf->number = place->number;
	leaf->type = arena_printf(walk->arena, "%s/%s", g_mime_content_type_get_media_type(type),
		g_mime_content_type_get_media_subtype(type));
	for (char *c = (char *)(uintptr_t)leaf->type; *c; c++)
		*c = g_ascii_tolower(*c);
	leaf->content = object_parameters(walk->arena, object, "Content-Type");
	leaf->disposition = object_parameters(walk->arena, object, "Content-Disposition");
	leaf->encoding = body_encoding(object_header(object, "Content-Transfer-Encoding"));
	leaf->body = content_range(walk, part);
	leaf->alternative = place->alternative;
	leaf->related = place->related;
	leaf->forwarded = place->forwarded;
	leaf->report = place->report;
}

/* A multipart without a part: its boundary never came. What stands there is taken as text. */
static void walk_prologue(struct walk *walk, GMimeMultipart *multipart, const struct place *place)
{
	const char *prologue = g_mime_multipart_get_prologue(multipart);
	struct leaf *leaf = prologue && *prologue ? add_leaf(walk) : NULL;

	if (!leaf)
		return;
	leaf->number = place->number;
	leaf->type = "text/plain";
	leaf->content = ARENA_NEW(walk->arena, struct parameters);
	leaf->disposition = leaf->content;
	leaf->body = view_of(arena_strdup(walk->arena, prologue));
	leaf->forwarded = place->forwarded;
}

static void walk_multipart(struct walk *walk, GMimeMultipart *multipart, struct place place)
{
	int count = g_mime_multipart_get_count(multipart);
	GMimeContentType *type = g_mime_object_get_content_type(GMIME_OBJECT(multipart));
	bool related = g_mime_content_type_is_type(type, "multipart", "related");
	struct place child = place;

	if (place.alternative == 0 && g_mime_content_type_is_type(type, "multipart", "alternative"))
		child.alternative = ++walk->tree->alternatives;
	child.depth++;
	child.boundary = g_mime_object_get_content_type_parameter(GMIME_OBJECT(multipart), "boundary");
	child.report = place.depth == 0 && g_mime_content_type_is_type(type, "multipart", "report");
	if (count == 0 && place.depth > 0)
		walk_prologue(walk, multipart, &place);
	for (int i = 0; i < count && !walk->tree->over_limit; i++) {
		child.number = *place.number ? arena_printf(walk->arena, "%s.%d", place.number, i + 1)
					     : arena_printf(walk->arena, "%d", i + 1);
		if (related)
			child.related = i + 1;
		walk_object(walk, g_mime_multipart_get_part(multipart, i), child);
	}
}

/* The header block of a message inside the mail: of a returned mail it may be all there is. */
static void add_headers(struct walk *walk, GMimeMessage *message, const struct place *place)
{
	GMimeHeaderList *list = g_mime_object_get_header_list(GMIME_OBJECT(message));
	int count = g_mime_header_list_get_count(list);
	gint64 start = count ? g_mime_header_get_offset(g_mime_header_list_get_header_at(list, 0)) : -1;
	struct leaf *leaf = start >= 0 && (size_t)start < walk->raw.len ? add_leaf(walk) : NULL;

	if (!leaf)
		return;
	leaf->number = place->number;
	leaf->type = "message/rfc822";
	leaf->content = leaf->disposition = ARENA_NEW(walk->arena, struct parameters);
	leaf->body = view_sub(walk->raw, (size_t)start, PARSE_HEADER_MAX);
	leaf->report = place->report;
	leaf->forwarded = true;
	leaf->headers = true;
}

/* What stands between the end of the part's fields and the next boundary. */
static struct view range_behind_fields(const struct walk *walk, GMimeObject *part, const char *boundary)
{
	GMimeHeaderList *list = g_mime_object_get_header_list(part);
	int count = g_mime_header_list_get_count(list);
	GMimeHeader *last = count ? g_mime_header_list_get_header_at(list, count - 1) : NULL;
	gint64 offset = last ? g_mime_header_get_offset(last) : -1;
	size_t at = 0, length;
	struct header_field field;
	struct view rest;
	ptrdiff_t end;

	if (offset < 0 || (size_t)offset > walk->raw.len || !boundary)
		return view_sub(walk->raw, walk->raw.len, 0);
	rest = view_sub(walk->raw, (size_t)offset, SIZE_MAX);
	while (header_next(rest, &at, &field) == 1)
		;
	rest = view_sub(rest, at, SIZE_MAX);
	end = view_find(rest, view_of(arena_printf(walk->arena, "\n--%s", boundary)));
	length = end < 0 ? rest.len : (size_t)end;
	return view_sub(rest, 0, length > 0 && rest.ptr[length - 1] == '\r' ? length - 1 : length);
}

/* Said to be a message and none: a file like any other, then. */
static void walk_no_message(struct walk *walk, GMimeObject *part, const struct place *place)
{
	struct leaf *leaf = add_leaf(walk);

	if (!leaf)
		return;
	leaf->number = place->number;
	leaf->type = "message/rfc822";
	leaf->content = object_parameters(walk->arena, part, "Content-Type");
	leaf->disposition = object_parameters(walk->arena, part, "Content-Disposition");
	leaf->encoding = body_encoding(object_header(part, "Content-Transfer-Encoding"));
	leaf->body = range_behind_fields(walk, part, place->boundary);
	leaf->forwarded = place->forwarded;
}

static bool has_fields(void *object)
{
	return object && g_mime_header_list_get_count(g_mime_object_get_header_list(object)) > 0;
}

static void walk_message(struct walk *walk, GMimeMessagePart *part, struct place place)
{
	GMimeMessage *message = g_mime_message_part_get_message(part);
	GMimeObject *body = message ? g_mime_message_get_mime_part(message) : NULL;

	/* GMime counts the fields that say what the body is (Content-Type) to the body. */
	if (!has_fields(message) && !has_fields(body)) {
		walk_no_message(walk, GMIME_OBJECT(part), &place);
		return;
	}
	add_headers(walk, message, &place);
	place.forwarded = true;
	place.report = false;
	place.alternative = place.related = 0;
	place.depth++;
	if (body && !GMIME_IS_MULTIPART(body))
		place.number = arena_printf(walk->arena, "%s.1", place.number);
	if (body)
		walk_object(walk, body, place);
}

static void walk_object(struct walk *walk, GMimeObject *object, struct place place)
{
	if (place.depth > PARSE_DEPTH_MAX) {
		walk->tree->over_limit = true;
		return;
	}
	if (GMIME_IS_MULTIPART(object))
		walk_multipart(walk, GMIME_MULTIPART(object), place);
	else if (GMIME_IS_MESSAGE_PART(object))
		walk_message(walk, GMIME_MESSAGE_PART(object), place);
	else if (GMIME_IS_PART(object))
		walk_leaf(walk, GMIME_PART(object), &place);
}

/* Lines that may part multiparts, and the declarations that nest: GMime's time grows with the one times the other. */
bool tree_is_costly(struct view body)
{
	struct view rest = body, line;
	size_t delimiters = 0, nesting = 0;

	while (view_next_line(&rest, &line)) {
		if (view_starts(line, VIEW("--"))) {
			delimiters++;
		} else if (line.len < 1000 && line.len > 8 && strchr("cC \t", line.ptr[0])) {
			nesting += view_find_nocase(line, VIEW("boundary=")) >= 0;
			nesting += view_find_nocase(line, VIEW("message/rfc822")) >= 0;
		}
		if (delimiters > MAIL_DELIMITERS_MAX || nesting > MAIL_NESTING_MAX)
			return true;
	}
	return false;
}

/* A stream over bytes that stay ours. */
static GMimeStream *stream_over(GByteArray *bytes)
{
	GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(bytes);

	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
	return stream;
}

static GMimeObject *construct(GMimeStream *stream)
{
	UNREF GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeParserOptions *options = g_mime_parser_options_new();
	GMimeObject *root;

	g_mime_parser_options_set_rfc2047_compliance_mode(options, GMIME_RFC_COMPLIANCE_LOOSE);
	g_mime_parser_options_set_address_compliance_mode(options, GMIME_RFC_COMPLIANCE_LOOSE);
	g_mime_parser_options_set_parameter_compliance_mode(options, GMIME_RFC_COMPLIANCE_LOOSE);
	g_mime_parser_set_persist_stream(parser, TRUE);
	root = g_mime_parser_construct_part(parser, options);
	g_mime_parser_options_free(options);
	return root;
}

void tree_read(struct arena *arena, struct view raw, struct tree *out)
{
	GByteArray *bytes = g_byte_array_new_take((guint8 *)(uintptr_t)raw.ptr, raw.len);
	struct walk walk = {.arena = arena, .raw = raw, .tree = out};
	GMimeStream *stream = stream_over(bytes);
	GMimeObject *root = construct(stream);
	struct place place = {.number = ""};

	if (root) {
		if (!GMIME_IS_MULTIPART(root))
			place.number = "1";
		walk_object(&walk, root, place);
		g_object_unref(root);
	}
	g_object_unref(stream);
	g_byte_array_free(bytes, FALSE);
}
