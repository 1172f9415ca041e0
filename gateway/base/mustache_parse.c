/* base/mustache: a template's text to nodes; tags alone on their line take the line with them. See mustache_parse.h. */
#include "base/mustache_parse.h"

#include <stdint.h>

#include "base/mustache.h"

struct tag {
	char sigil;         /* one of "#^/!>&={" or 0 */
	struct view name;   /* trimmed */
	size_t start, end;  /* in the template */
	int line;
};

struct parser {
	struct arena *arena;
	struct view template;
	const char *where;
	struct error *err;
	struct view open, close; /* the delimiters */
	size_t at;               /* everything before is done */
	size_t counted;          /* `line` is that of this position */
	int line;
	struct mustache_node *sections[MUSTACHE_DEPTH_MAX]; /* that are open */
	struct mustache_node **tails[MUSTACHE_DEPTH_MAX];   /* where each one's next sibling goes */
	size_t depth;
	struct mustache_node **tail;
};

static int fail(struct parser *parser, int line, const char *what, struct view name, const char *mend)
{
	return error_set(parser->err, REACH_STOP, "%sline %d: %s%.*s%s", parser->where, line, what,
		name.len > 60 ? 60 : (int)name.len, name.len ? name.ptr : "", mend);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static int line_of(struct parser *parser, size_t position)
{
	for (; parser->counted < position; parser->counted++)
		parser->line += parser->template.ptr[parser->counted] == '\n';
	return parser->line;
}

static struct mustache_node *add_node(struct parser *parser, enum mustache_kind kind, struct view text, int line)
{
	struct mustache_node *node = ARENA_NEW(parser->arena, struct mustache_node);

	node->kind = kind;
	node->text = text;
	node->line = line;
	*parser->tail = node;
	parser->tail = &node->next;
	return node;
}

static void add_text(struct parser *parser, size_t end)
{
	struct view text = view_sub(parser->template, parser->at, end - parser->at);

	if (text.len > 0)
		add_node(parser, MUSTACHE_TEXT, text, 0);
}

static int check_name(struct parser *parser, const struct tag *tag)
{
	if (tag->sigil == '!' || tag->sigil == '=')
		return 0;
	if (tag->name.len == 0)
		return fail(parser, tag->line, "a tag without a name", VIEW_NULL, "");
	for (size_t i = 0; i < tag->name.len; i++)
		if (is_blank(tag->name.ptr[i]) || tag->name.ptr[i] == '\n' || tag->name.ptr[i] == '\r')
			return fail(parser, tag->line, "a name has no blanks, or the tag is not closed: ",
				view_sub(tag->name, 0, i), "");
	if (strchr("$<", tag->name.ptr[0]) && tag->sigil == '\0')
		return fail(parser, tag->line, "blocks and parents are not taken: ", tag->name, "");
	return 0;
}

/* The tag whose opening delimiter stands at `start`. */
static int read_tag(struct parser *parser, size_t start, struct tag *tag_out)
{
	struct tag tag = {.start = start, .line = line_of(parser, start)};
	size_t from = start + parser->open.len, extra = 0;
	struct view rest = view_sub(parser->template, from, SIZE_MAX);
	ptrdiff_t end;

	while (rest.len > 0 && is_blank(rest.ptr[0]))
		rest = view_sub(rest, 1, SIZE_MAX);
	if (rest.len > 0 && strchr("#^/!>&={", rest.ptr[0]) && rest.ptr[0] != '\0') {
		tag.sigil = rest.ptr[0];
		rest = view_sub(rest, 1, SIZE_MAX);
	}
	/* A triple mustache and a change of delimiters close with a mark of their own. */
	extra = tag.sigil == '{' || tag.sigil == '=' ? 1 : 0;
	for (size_t i = 0;; i = (size_t)end + 1) {
		end = view_find(view_sub(rest, i, SIZE_MAX), parser->close);
		if (end < 0)
			return fail(parser, tag.line, "a tag is not closed", VIEW_NULL, "");
		end += (ptrdiff_t)i;
		if (!extra || (end > 0 && rest.ptr[end - 1] == (tag.sigil == '{' ? '}' : '=')))
			break;
		/* "}}}": the delimiter may begin one character further on. */
	}
	tag.name = view_trim(view_sub(rest, 0, (size_t)end - extra));
	tag.end = (size_t)(rest.ptr - parser->template.ptr) + (size_t)end + parser->close.len;
	*tag_out = tag;
	return check_name(parser, tag_out);
}

/*
 * Adds the text before the tag and moves behind it. A tag that prints nothing and stands alone on its line takes the
 * whole line, its end included; the white space before it is returned.
 */
static struct view step_over(struct parser *parser, const struct tag *tag)
{
	const struct view t = parser->template;
	size_t before = tag->start, after = tag->end;

	while (before > parser->at && is_blank(t.ptr[before - 1]))
		before--;
	while (after < t.len && is_blank(t.ptr[after]))
		after++;
	if (after + 1 < t.len && t.ptr[after] == '\r' && t.ptr[after + 1] == '\n')
		after++;
	if (tag->sigil == '\0' || strchr("&{", tag->sigil) || (before > 0 && t.ptr[before - 1] != '\n') ||
		(after < t.len && t.ptr[after] != '\n')) {
		add_text(parser, tag->start);
		parser->at = tag->end;
		return VIEW_NULL;
	}
	add_text(parser, before);
	parser->at = after < t.len ? after + 1 : after;
	return view_sub(t, before, tag->start - before);
}

static int open_section(struct parser *parser, const struct tag *tag)
{
	enum mustache_kind kind = tag->sigil == '#' ? MUSTACHE_SECTION : MUSTACHE_INVERTED;
	struct mustache_node *section;

	if (parser->depth == MUSTACHE_DEPTH_MAX)
		return fail(parser, tag->line, "too many sections, one in another: ", tag->name, "");
	section = add_node(parser, kind, tag->name, tag->line);
	parser->sections[parser->depth] = section;
	parser->tails[parser->depth++] = parser->tail;
	parser->tail = &section->first;
	return 0;
}

static int close_section(struct parser *parser, const struct tag *tag)
{
	struct mustache_node *section;

	if (parser->depth == 0)
		return fail(parser, tag->line, "no section is open that could be closed: ", tag->name, "");
	section = parser->sections[parser->depth - 1];
	if (!view_equal(section->text, tag->name)) {
		char mend[120];

		snprintf(mend, sizeof(mend), " is closed, but the open section is %.*s of line %d",
			section->text.len > 60 ? 60 : (int)section->text.len, section->text.ptr, section->line);
		return fail(parser, tag->line, "", tag->name, mend);
	}
	parser->tail = parser->tails[--parser->depth];
	return 0;
}

static int set_delimiters(struct parser *parser, const struct tag *tag)
{
	struct view open = VIEW_NULL, close = VIEW_NULL;
	size_t i = 0;

	while (i < tag->name.len && !is_blank(tag->name.ptr[i]) && tag->name.ptr[i] != '\n')
		i++;
	open = view_sub(tag->name, 0, i);
	close = view_trim(view_sub(tag->name, i, SIZE_MAX));
	for (i = 0; i < close.len; i++)
		if (is_blank(close.ptr[i]) || close.ptr[i] == '\n')
			close.len = 0;
	if (open.len == 0 || close.len == 0 || view_find_char(tag->name, '=') >= 0)
		return fail(parser, tag->line, "two delimiters are wanted, parted by a blank, without =: ", tag->name,
			"");
	parser->open = open;
	parser->close = close;
	return 0;
}

static int take_tag(struct parser *parser, const struct tag *tag)
{
	struct view indent = step_over(parser, tag);

	switch (tag->sigil) {
	case '#':
	case '^':
		return open_section(parser, tag);
	case '/':
		return close_section(parser, tag);
	case '=':
		return set_delimiters(parser, tag);
	case '!':
		return 0;
	case '>':
		add_node(parser, MUSTACHE_PARTIAL, tag->name, tag->line)->indent = indent;
		return 0;
	case '&':
	case '{':
		add_node(parser, MUSTACHE_RAW, tag->name, tag->line);
		return 0;
	default:
		add_node(parser, MUSTACHE_VARIABLE, tag->name, tag->line);
		return 0;
	}
}

int mustache_parse(struct arena *arena, struct view template, const char *where, struct mustache_node **first_out,
	struct error *err)
{
	struct mustache_node *first = NULL;
	struct parser parser = {.arena = arena, .template = template, .where = where, .err = err, .open = VIEW("{{"),
		.close = VIEW("}}"), .line = 1, .tail = &first};

	for (;;) {
		ptrdiff_t found = view_find(view_sub(template, parser.at, SIZE_MAX), parser.open);
		struct tag tag = {0};

		if (found < 0)
			break;
		if (read_tag(&parser, parser.at + (size_t)found, &tag) != 0 || take_tag(&parser, &tag) != 0)
			return -1;
	}
	add_text(&parser, template.len);
	if (parser.depth > 0) {
		const struct mustache_node *section = parser.sections[parser.depth - 1];

		return fail(&parser, section->line, "the section is not closed: ", section->text, "");
	}
	*first_out = first;
	return 0;
}
