/* mail_part: the leaves of a mail sorted into texts and attachments. See mail_private.h. */
#include "base/unicode.h"
#include "parsers/html.h"
#include "parsers/mail_private.h"

struct sorter {
	struct arena *arena;
	struct view raw;
	struct tree *tree;
	struct mail_part *parts;
	size_t part_count;
	struct attachment *attachments;
	size_t attachment_count;
	size_t room;   /* bytes of text that may still be read */
	bool own;      /* a text of the mail itself was there */
	bool readable; /* a text came out well */
	bool damaged;  /* one did not */
	bool dropped;  /* a file did not come, or not whole */
};

static enum mail_part_kind kind_of(const char *type)
{
	struct view v = view_of(type);

	if (view_equal(v, VIEW("text/html")))
		return PART_HTML;
	if (view_equal(v, VIEW("text/enriched")) || view_equal(v, VIEW("text/richtext")))
		return PART_OTHER;
	return PART_PLAIN;
}

static bool is_text_type(const char *type)
{
	static const char *const types[] = {"text/plain", "text/html", "text/enriched", "text/richtext",
		"text/markdown", "text/x-markdown", "text/"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (view_equal(view_of(type), view_of(types[i])))
			return true;
	return false;
}

static struct view leaf_name(struct arena *arena, const struct leaf *leaf)
{
	struct view name = parameters_decode(arena, leaf->disposition, "filename");

	return name.len ? name : parameters_decode(arena, leaf->content, "name");
}

/* Is it part of what the writer wrote? A text with a name that follows the mail's own text is a file. */
static bool is_text(const struct sorter *sorter, const struct leaf *leaf)
{
	if (!is_text_type(leaf->type) || view_equal(leaf->disposition->type, VIEW("attachment")))
		return false;
	if (leaf->alternative || !sorter->own)
		return true;
	return leaf_name(sorter->arena, leaf).len == 0;
}

/* Most texts hold no byte of those characters, and need not be looked at one by one. */
static bool may_be_damaged(struct view text)
{
	bool found = false;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.ptr[i];

		found |= byte == 0xEF || (byte < 32 && !(byte >= '\t' && byte <= '\r'));
	}
	return found;
}

/* Text with so many replacement and control characters was not decoded. */
static bool is_damaged(struct view text)
{
	size_t at = 0, characters = 0, replaced = 0;
	uint32_t code;

	if (!may_be_damaged(text))
		return false;
	while (unicode_next(text, &at, &code)) {
		characters += !unicode_is_space(code);
		replaced += code == 0xFFFD || (code < 32 && !unicode_is_space(code));
	}
	return replaced * 10 > characters;
}

static bool is_blank(struct view text)
{
	return view_trim(text).len == 0;
}

static bool plain_lines(struct sorter *sorter, const struct leaf *leaf, struct mail_part *part)
{
	bool flowed = view_equal_nocase(parameters_token(leaf->content, "format"), VIEW("flowed"));
	bool delsp = view_equal_nocase(parameters_token(leaf->content, "delsp"), VIEW("yes"));

	return mail_lines(sorter->arena, part->text, flowed, delsp, &part->lines, &part->line_count);
}

/* The decoded HTML goes as soon as it is rendered. */
static bool read_html(struct sorter *sorter, const struct leaf *leaf, struct view charset, struct mail_part *part)
{
	struct arena *scratch = leaf->body.len > MAIL_BODY_LARGE ? arena_new() : NULL;
	bool cut = false, over = false;
	struct view html;

	html = body_text(scratch ? scratch : sorter->arena, leaf->body, leaf->encoding, charset, true, 4 * PARSE_HTML_MAX, &cut);
	html_read(sorter->arena, html, &part->text, &part->lines, &part->line_count, &over);
	arena_free(&scratch);
	return !cut && !over;
}

static void read_text(struct sorter *sorter, const struct leaf *leaf)
{
	struct mail_part *part = &sorter->parts[sorter->part_count++];
	struct view charset = parameters_token(leaf->content, "charset");
	bool cut = false, whole;

	part->kind = kind_of(leaf->type);
	part->number = leaf->number;
	part->alternative = leaf->alternative;
	part->forwarded = leaf->forwarded;
	if (leaf->body.ptr >= sorter->raw.ptr && leaf->body.ptr <= sorter->raw.ptr + sorter->raw.len) {
		part->raw_start = (size_t)(leaf->body.ptr - sorter->raw.ptr);
		part->raw_end = part->raw_start + leaf->body.len;
	}
	if (part->kind == PART_HTML) {
		whole = read_html(sorter, leaf, charset, part);
	} else {
		part->text = body_text(
			sorter->arena, leaf->body, leaf->encoding, charset, false, sorter->room, &cut);
		whole = plain_lines(sorter, leaf, part);
	}
	sorter->room -= part->text.len < sorter->room ? part->text.len : sorter->room;
	sorter->tree->over_limit |= cut || !whole;
	sorter->own |= !leaf->forwarded;
	if (is_damaged(part->text) && !is_blank(part->text))
		sorter->damaged = true;
	else if (!is_blank(part->text))
		sorter->readable = true;
}

/* What a program took out on the way, or left somewhere else (RFC 2017), stands as a part of such a type. */
static bool is_gone(const char *type)
{
	return view_equal(view_of(type), VIEW("message/external-body")) ||
		view_equal(view_of(type), VIEW("text/x-moz-deleted"));
}

/* Does the mail end in the middle of this file? Its multipart does, then: the line that closes it is missing. */
static bool is_torn(const struct sorter *sorter, const struct leaf *leaf)
{
	struct view boundary = parameters_get(sorter->tree->content, "boundary"), rest = sorter->raw;
	const char *end = rest.ptr + rest.len;

	if (leaf != &sorter->tree->leaves[sorter->tree->leaf_count - 1] || boundary.len == 0 ||
		leaf->body.ptr < rest.ptr || leaf->body.ptr > end)
		return false;
	rest = (struct view){leaf->body.ptr, (size_t)(end - leaf->body.ptr)};
	return view_find(rest, view_of(arena_printf(sorter->arena, "--%.*s--", VIEW_ARGS(boundary)))) < 0;
}

static void read_attachment(struct sorter *sorter, const struct leaf *leaf)
{
	struct attachment *attachment = &sorter->attachments[sorter->attachment_count++];

	attachment->part = leaf->number;
	attachment->name = attachment_name(sorter->arena, leaf_name(sorter->arena, leaf));
	attachment_read(sorter->arena, leaf->body, leaf->encoding, leaf->type, attachment);
	if (!leaf->forwarded && !leaf->related)
		sorter->dropped |= attachment->size == 0 || is_gone(leaf->type) || is_torn(sorter, leaf);
}

void parts_read(struct arena *arena, struct view raw, struct tree *tree, struct mail *out)
{
	struct sorter sorter = {.arena = arena, .raw = raw, .tree = tree, .room = PARSE_TEXT_MAX};
	bool bytes = false;

	sorter.parts = ARENA_NEW_N(arena, struct mail_part, tree->leaf_count + 1);
	sorter.attachments = ARENA_NEW_N(arena, struct attachment, tree->leaf_count + 1);
	for (size_t i = 0; i < tree->leaf_count; i++) {
		const struct leaf *leaf = &tree->leaves[i];

		if (leaf->headers)
			continue;
		bytes |= leaf->body.len > 0;
		if (is_text(&sorter, leaf))
			read_text(&sorter, leaf);
		else if (!leaf->report)
			read_attachment(&sorter, leaf);
	}
	tree->unreadable = sorter.part_count == 0 ? bytes : sorter.damaged && !sorter.readable;
	out->parts = sorter.parts;
	out->part_count = sorter.part_count;
	out->attachments = sorter.attachments;
	out->attachment_count = sorter.attachment_count;
	out->dropped = sorter.dropped;
}
