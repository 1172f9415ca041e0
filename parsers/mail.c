/* mail: raw bytes to headers, texts and attachments. See mail.h; what does the work is listed in mail_private.h. */
#include "parsers/mail.h"

#include <gmime/gmime.h>

#include "base/unicode.h"
#include "parsers/html.h"
#include "parsers/mail_private.h"

int parsers_open(struct error *err)
{
	static bool opened;

	if (opened)
		return 0;
	if (unicode_open(err) || attachment_open(err) || html_open(err))
		return -1;
	g_mime_init();
	opened = true;
	return 0;
}

/* ---- fields ---- */

/* Reads the block; returns the offset of the body in `raw`. */
static size_t read_headers(struct arena *arena, struct view raw, struct mail *out, bool *over_limit_out)
{
	struct view block = view_sub(raw, 0, PARSE_HEADER_MAX);
	struct mail_header *headers = NULL;
	struct header_field field;
	size_t size = 0, at = 0;

	while (header_next(block, &at, &field) == 1) {
		if (out->header_count == size) {
			struct mail_header *grown = ARENA_NEW_N(arena, struct mail_header, size ? 2 * size : 32);

			if (size)
				memcpy(grown, headers, size * sizeof(*grown));
			headers = grown;
			size = size ? 2 * size : 32;
		}
		headers[out->header_count].name =
			(struct view){arena_copy(arena, field.name.ptr, field.name.len), field.name.len};
		headers[out->header_count++].value = words_decode(arena, field.value);
	}
	*over_limit_out = at >= block.len && raw.len > block.len;
	out->headers = headers;
	return at;
}

struct view mail_header(const struct mail *mail, const char *name)
{
	for (size_t i = 0; i < mail->header_count; i++)
		if (view_equal_nocase(mail->headers[i].name, view_of(name)))
			return mail->headers[i].value;
	return VIEW_NULL;
}

static int64_t read_date(struct arena *arena, struct view value)
{
	GDateTime *date = value.len ? g_mime_utils_header_decode_date(arena_copy(arena, value.ptr, value.len)) : NULL;
	int64_t seconds = date ? g_date_time_to_unix(date) : 0;

	if (date)
		g_date_time_unref(date);
	return seconds;
}

static void read_envelope(struct arena *arena, struct view raw, struct mail *out)
{
	struct envelope *envelope = &out->envelope;
	struct mail_outline outline;

	mail_outline(view_sub(raw, 0, PARSE_HEADER_MAX), &outline);
	address_read(arena, outline.from, &envelope->from_name, &envelope->from_address);
	envelope->from_key = mail_address_key(arena, envelope->from_address);
	envelope->message_id = mail_header(out, "Message-ID");
	envelope->to = mail_header(out, "To");
	envelope->subject = mail_header(out, "Subject");
	envelope->in_reply_to = mail_header(out, "In-Reply-To");
	envelope->references = mail_header(out, "References");
	envelope->client = client_read(arena, out);
	envelope->date = read_date(arena, mail_header(out, "Date"));
}

/* ---- body ---- */

/* Of several, the last: GMime follows that one, too. */
static struct view content_header(const struct mail *mail, const char *name)
{
	for (size_t i = mail->header_count; i > 0; i--)
		if (view_equal_nocase(mail->headers[i - 1].name, view_of(name)))
			return mail->headers[i - 1].value;
	return VIEW_NULL;
}

static bool is_composite(struct view type)
{
	return view_starts(type, VIEW("multipart/")) || view_starts(type, VIEW("message/"));
}

/*
 * The whole body as one part: what it says it is; text where it says nothing, or says that it has parts and they are
 * not to be found.
 */
static void single_leaf(struct arena *arena, const struct mail *mail, struct view body, struct tree *tree)
{
	struct leaf *leaf = ARENA_NEW(arena, struct leaf);
	struct view start = view_trim(view_sub(body, 0, 512)), type = tree->content->type;
	bool html = view_starts_nocase(start, VIEW("<!doctype html")) || view_starts_nocase(start, VIEW("<html"));

	leaf->number = "1";
	if (view_find_char(type, '/') > 0 && !is_composite(type))
		leaf->type = arena_copy(arena, type.ptr, type.len);
	else
		leaf->type = html ? "text/html" : "text/plain";
	leaf->content = tree->content;
	leaf->disposition = ARENA_NEW(arena, struct parameters);
	parameters_read(arena, content_header(mail, "Content-Disposition"), leaf->disposition);
	leaf->encoding = body_encoding(content_header(mail, "Content-Transfer-Encoding"));
	leaf->body = body;
	tree->leaves = leaf;
	tree->leaf_count = 1;
}

static bool has_body_leaf(const struct tree *tree)
{
	for (size_t i = 0; i < tree->leaf_count; i++)
		if (!tree->leaves[i].headers && (tree->leaf_count > 1 || tree->leaves[i].body.len > 0))
			return true;
	return false;
}

static void read_tree(struct arena *arena, struct view raw, size_t body, const struct mail *mail, struct tree *tree)
{
	tree->content = ARENA_NEW(arena, struct parameters);
	parameters_read(arena, content_header(mail, "Content-Type"), tree->content);
	if (tree->over_limit || raw.len > PARSE_SIZE_MAX)
		return;
	if (is_composite(tree->content->type)) {
		if (tree_is_costly(view_sub(raw, body, SIZE_MAX)))
			tree->over_limit = true;
		else
			tree_read(arena, raw, tree);
	}
	/* Most mails have but one part. In others no header is found, or a boundary never comes: the text is there all
	 * the same. */
	if (!tree->over_limit && !has_body_leaf(tree))
		single_leaf(arena, mail, view_sub(raw, body, SIZE_MAX), tree);
}

/* Ends of lines of old Macs: the standard knows only LF. Lengths stay, so offsets do. */
static struct view with_line_feeds(struct arena *arena, struct view raw)
{
	char *copy;

	if (raw.len > PARSE_SIZE_MAX || view_find_char(raw, '\n') >= 0 || view_find_char(raw, '\r') < 0)
		return raw;
	copy = arena_copy(arena, raw.ptr, raw.len);
	for (size_t i = 0; i < raw.len; i++)
		if (copy[i] == '\r')
			copy[i] = '\n';
	return (struct view){copy, raw.len};
}

void mail_read_tree(struct arena *arena, struct view raw, struct mail *out, struct tree *tree)
{
	struct view all = with_line_feeds(arena, raw), from;
	size_t skip = header_skip(all), body;

	*out = (struct mail){0};
	from = view_sub(all, skip, SIZE_MAX);
	body = read_headers(arena, from, out, &tree->over_limit);
	read_envelope(arena, from, out);
	read_tree(arena, from, body, out, tree);
	parts_read(arena, all, tree, out);
}

void mail_read_inner(struct arena *arena, struct view raw, struct mail *out)
{
	struct tree tree = {0};

	mail_read_tree(arena, raw, out, &tree);
}

void mail_read(struct arena *arena, struct view raw, struct mail *out)
{
	struct tree tree = {0};

	mail_read_tree(arena, raw, out, &tree);
	automatic_read(arena, &tree, out);
	if (raw.len > PARSE_SIZE_MAX)
		out->reason = REASON_OVER_SIZE;
	else if (out->reason == REASON_NONE && tree.unreadable)
		out->reason = REASON_UNREADABLE;
	else if (out->reason == REASON_NONE && tree.over_limit)
		out->reason = REASON_OVER_LIMIT;
}

bool parse_attachment(struct arena *arena, struct view raw, const char *part, struct view *bytes_out)
{
	struct tree tree = {0};
	struct mail mail;
	bool cut;

	mail_read_tree(arena, raw, &mail, &tree);
	for (size_t i = 0; i < tree.leaf_count; i++) {
		const struct leaf *leaf = &tree.leaves[i];

		if (leaf->headers || strcmp(leaf->number, part) != 0)
			continue;
		*bytes_out = body_decode(arena, leaf->body, leaf->encoding, PARSE_SIZE_MAX, &cut);
		return true;
	}
	return false;
}
