/*
 * html_render: start and end tags followed through blocks, quotes, lists and tables. See html_private.h.
 *
 * No recursion: open elements are a growing stack, each remembering what it changed.
 */
#include "parsers/html_private.h"

enum tag_flag {
	TAG_BLOCK = 1, /* ends the line before and behind it */
	TAG_GAP = 2,   /* and has margins */
	TAG_BOLD = 4,
	TAG_SKIP = 8, /* not to be read */
	TAG_PRE = 16,
	TAG_QUOTE = 32,
	TAG_TABLE = 64,
	TAG_ROW = 128,
	TAG_CELL = 256,
	TAG_LIST = 512,
	TAG_ITEM = 1024,
	TAG_BREAK = 2048,
	TAG_RULE = 4096,
	TAG_IMAGE = 8192,
};

struct tag_kind {
	struct view name;
	unsigned flags;
};

static const struct tag_kind kinds[] = {
	{VIEW("div"), TAG_BLOCK},
	{VIEW("p"), TAG_BLOCK | TAG_GAP},
	{VIEW("br"), TAG_BREAK},
	{VIEW("td"), TAG_BLOCK | TAG_CELL},
	{VIEW("tr"), TAG_BLOCK | TAG_ROW},
	{VIEW("table"), TAG_BLOCK | TAG_TABLE},
	{VIEW("b"), TAG_BOLD},
	{VIEW("strong"), TAG_BOLD},
	{VIEW("blockquote"), TAG_BLOCK | TAG_GAP | TAG_QUOTE},
	{VIEW("li"), TAG_BLOCK | TAG_ITEM},
	{VIEW("ul"), TAG_BLOCK | TAG_LIST},
	{VIEW("ol"), TAG_BLOCK | TAG_LIST},
	{VIEW("hr"), TAG_BLOCK | TAG_RULE},
	{VIEW("img"), TAG_IMAGE},
	{VIEW("th"), TAG_BLOCK | TAG_CELL | TAG_BOLD},
	{VIEW("pre"), TAG_BLOCK | TAG_GAP | TAG_PRE},
	{VIEW("h1"), TAG_BLOCK | TAG_GAP | TAG_BOLD},
	{VIEW("h2"), TAG_BLOCK | TAG_GAP | TAG_BOLD},
	{VIEW("h3"), TAG_BLOCK | TAG_GAP | TAG_BOLD},
	{VIEW("h4"), TAG_BLOCK | TAG_GAP | TAG_BOLD},
	{VIEW("h5"), TAG_BLOCK | TAG_GAP | TAG_BOLD},
	{VIEW("h6"), TAG_BLOCK | TAG_GAP | TAG_BOLD},
	{VIEW("title"), TAG_SKIP},
	{VIEW("style"), TAG_SKIP},
	{VIEW("script"), TAG_SKIP},
	{VIEW("xml"), TAG_SKIP},
	{VIEW("template"), TAG_SKIP},
	{VIEW("object"), TAG_SKIP},
	{VIEW("select"), TAG_SKIP},
	{VIEW("head"), TAG_BLOCK},
	{VIEW("body"), TAG_BLOCK},
	{VIEW("html"), TAG_BLOCK},
	{VIEW("center"), TAG_BLOCK},
	{VIEW("section"), TAG_BLOCK},
	{VIEW("article"), TAG_BLOCK},
	{VIEW("header"), TAG_BLOCK},
	{VIEW("footer"), TAG_BLOCK},
	{VIEW("main"), TAG_BLOCK},
	{VIEW("aside"), TAG_BLOCK},
	{VIEW("nav"), TAG_BLOCK},
	{VIEW("address"), TAG_BLOCK},
	{VIEW("form"), TAG_BLOCK},
	{VIEW("fieldset"), TAG_BLOCK},
	{VIEW("legend"), TAG_BLOCK},
	{VIEW("dl"), TAG_BLOCK | TAG_GAP},
	{VIEW("dt"), TAG_BLOCK},
	{VIEW("dd"), TAG_BLOCK},
	{VIEW("figure"), TAG_BLOCK | TAG_GAP},
	{VIEW("figcaption"), TAG_BLOCK},
	{VIEW("caption"), TAG_BLOCK},
	{VIEW("tbody"), TAG_BLOCK},
	{VIEW("thead"), TAG_BLOCK},
	{VIEW("tfoot"), TAG_BLOCK},
	{VIEW("textarea"), TAG_BLOCK | TAG_PRE},
	{VIEW("details"), TAG_BLOCK},
	{VIEW("summary"), TAG_BLOCK},
	{VIEW("dir"), TAG_BLOCK | TAG_LIST},
	{VIEW("menu"), TAG_BLOCK | TAG_LIST},
};

struct element {
	unsigned flags;
	bool skips; /* nothing in it is read */
	bool quotes, tight, signature, list_mark;
	bool bold_before, preserve_before;
	size_t first_line; /* lines there were when a cell began */
};

struct place {
	int row, cell;
};

struct table {
	struct place around;	    /* the cell it stands in */
	int first_row, rows, cells; /* cells: of its widest row */
};

struct list {
	bool ordered;
	long long next;
};

struct render {
	struct arena *arena;
	struct lines lines;
	struct element *elements;
	size_t element_count, element_size;
	struct table *tables;
	size_t table_count, table_size;
	struct list *lists;
	size_t list_count, list_size;
	struct place
		*around; /* by row - 1: the cell around a table of one cell, which is but a frame; row -1: no frame */
	size_t around_size;
	size_t rows;
	int skip;
};

struct render *render_new(struct arena *arena)
{
	struct render *render = ARENA_NEW(arena, struct render);

	render->arena = arena;
	render->lines.arena = arena;
	text_init(&render->lines.out, PARSE_TEXT_MAX);
	return render;
}

static unsigned tag_flags(const char *name)
{
	struct view wanted = view_of(name);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (view_equal(kinds[i].name, wanted))
			return kinds[i].flags;
	return 0;
}

/* ---- tables ---- */

static void row_start(struct render *render)
{
	struct table *table = &render->tables[render->table_count - 1];

	render->around =
		html_grow(render->arena, render->around, render->rows, &render->around_size, sizeof(*render->around));
	render->around[render->rows++] = (struct place){-1, 0};
	render->lines.row = (int)render->rows;
	render->lines.cell = 0;
	if (table->rows++ == 0)
		table->first_row = render->lines.row;
}

static void table_start(struct render *render)
{
	struct table *table;

	render->tables = html_grow(
		render->arena, render->tables, render->table_count, &render->table_size, sizeof(*render->tables));
	table = &render->tables[render->table_count++];
	*table = (struct table){.around = {render->lines.row, render->lines.cell}};
}

static void table_end(struct render *render)
{
	struct table *table = &render->tables[--render->table_count];

	if (table->rows == 1 && table->cells <= 1)
		render->around[table->first_row - 1] = table->around;
	render->lines.row = table->around.row;
	render->lines.cell = table->around.cell;
	lines_gap(&render->lines);
}

static void cell_start(struct render *render, struct element *element)
{
	struct table *table;

	if (render->table_count == 0)
		return;
	table = &render->tables[render->table_count - 1];
	if (table->rows == 0)
		row_start(render);
	render->lines.row = (int)(render->lines.row < table->first_row ? table->first_row : render->lines.row);
	render->lines.cell++;
	if (render->lines.cell > table->cells)
		table->cells = render->lines.cell;
	element->first_line = render->lines.count;
	render->lines.gap = false;
	render->lines.cell_fresh = true;
}

static void cell_end(struct render *render, const struct element *element)
{
	render->lines.gap = false;
	if (render->table_count > 0 && render->lines.count == element->first_line)
		lines_break(&render->lines);
	render->lines.cell_fresh = false;
}

/* ---- lists ---- */

static void list_start(struct render *render, bool ordered, const struct html_attributes *attributes)
{
	struct list *list;

	if (render->list_count == 0)
		lines_gap(&render->lines);
	render->lists =
		html_grow(render->arena, render->lists, render->list_count, &render->list_size, sizeof(*render->lists));
	list = &render->lists[render->list_count++];
	*list = (struct list){.ordered = ordered, .next = 1};
	if (view_to_int(attributes->start, -1000000, 1000000, &list->next) < 0)
		list->next = 1;
}

static void list_end(struct render *render)
{
	render->list_count--;
	render->lines.marker[0] = '\0';
	if (render->list_count == 0)
		lines_gap(&render->lines);
}

static void item_start(struct render *render, const struct html_attributes *attributes)
{
	struct list *list = render->list_count ? &render->lists[render->list_count - 1] : NULL;
	struct lines *lines = &render->lines;

	if (!list || !list->ordered) {
		snprintf(lines->marker, sizeof(lines->marker), "- ");
		return;
	}
	if (view_to_int(attributes->value, -1000000, 1000000, &list->next) < 0)
		attributes = NULL; /* no number of its own */
	snprintf(lines->marker, sizeof(lines->marker), "%lld. ", list->next++);
}

/* ---- elements ---- */

static void apply_marks(struct render *render, struct element *element, unsigned marks)
{
	struct lines *lines = &render->lines;

	element->bold_before = lines->bold;
	element->preserve_before = lines->preserve;
	element->quotes = ((element->flags & TAG_QUOTE) && !(marks & MARK_INDENT)) ||
			  ((marks & MARK_QUOTED) && (element->flags & TAG_BLOCK) && !(element->flags & TAG_CELL));
	element->signature = marks & MARK_SIGNATURE;
	element->tight = marks & MARK_TIGHT;
	element->list_mark = (marks & MARK_LIST) && !lines->open;
	lines->quote += element->quotes;
	lines->signature += element->signature;
	/* Not for quotes: a client cuts one in two where an answer is written into it. */
	lines->boundary |= (marks & MARK_BOUNDARY) && !(element->flags & TAG_QUOTE);
	lines->bold = ((element->flags & TAG_BOLD) || (marks & MARK_BOLD) || lines->bold) && !(marks & MARK_LIGHT);
	lines->preserve |= (element->flags & TAG_PRE) || (marks & MARK_PRESERVE);
	lines->fresh = element->flags & TAG_PRE;
	if (element->list_mark) {
		lines->in_marker = true;
		memset(lines->marker, 0, sizeof(lines->marker));
	}
}

static void open_block(struct render *render, struct element *element, const char *name, unsigned marks,
	const struct html_attributes *attributes)
{
	struct lines *lines = &render->lines;

	lines_end(lines);
	if ((element->flags & TAG_GAP) && !element->tight)
		lines_gap(lines);
	if (element->flags & TAG_TABLE)
		table_start(render);
	else if ((element->flags & TAG_ROW) && render->table_count > 0)
		row_start(render);
	else if (element->flags & TAG_CELL)
		cell_start(render, element);
	else if (element->flags & TAG_LIST)
		list_start(render, strcmp(name, "ol") == 0, attributes);
	else if (element->flags & TAG_ITEM)
		item_start(render, attributes);
	else if (element->flags & TAG_RULE) {
		lines->rule = true;
		lines->boundary |= (marks & MARK_REPLY_RULE) != 0;
	}
}

/* Some clients send emoji as pictures, the character as their text. Other pictures say nothing here. */
static void emoji(struct render *render, struct view alt)
{
	if (alt.len == 0 || alt.len > 16)
		return;
	if ((unsigned char)alt.ptr[0] < 0xE2)
		return; /* a letter of some script */
	for (size_t i = 0; i < alt.len; i++)
		if ((unsigned char)alt.ptr[i] < 0x80)
			return;
	lines_text(&render->lines, alt);
}

void render_start(struct render *render, const char *name, unsigned marks, const struct html_attributes *attributes)
{
	struct element *element;

	render->elements = html_grow(render->arena, render->elements, render->element_count, &render->element_size,
		sizeof(*render->elements));
	element = &render->elements[render->element_count++];
	*element = (struct element){.flags = tag_flags(name)};
	element->skips = render->skip > 0 || (element->flags & TAG_SKIP) || (marks & MARK_HIDDEN);
	render->skip += element->skips;
	if (element->skips)
		return;
	if (element->flags & TAG_BLOCK)
		lines_end(&render->lines);
	apply_marks(render, element, marks);
	if (element->flags & TAG_BREAK)
		lines_break(&render->lines);
	else if (element->flags & TAG_IMAGE)
		emoji(render, attributes->alt);
	else if (element->flags & TAG_BLOCK)
		open_block(render, element, name, marks, attributes);
}

static void close_block(struct render *render, const struct element *element)
{
	struct lines *lines = &render->lines;

	lines_end(lines);
	if ((element->flags & TAG_GAP) && !element->tight)
		lines_gap(lines);
	if (element->flags & TAG_TABLE)
		table_end(render);
	else if (element->flags & TAG_CELL)
		cell_end(render, element);
	else if (element->flags & TAG_LIST)
		list_end(render);
	else if (element->flags & TAG_ITEM)
		lines->gap = false;
}

void render_end(struct render *render, const char *name)
{
	struct element *element;
	struct lines *lines = &render->lines;

	if (render->element_count == 0)
		return;
	element = &render->elements[--render->element_count];
	if (element->skips) {
		render->skip--;
		return;
	}
	if (element->list_mark)
		lines_end_marker(lines);
	if (element->flags & TAG_BLOCK)
		close_block(render, element);
	lines->quote -= element->quotes;
	lines->signature -= element->signature;
	lines->bold = element->bold_before;
	lines->preserve = element->preserve_before;
}

void render_text(struct render *render, struct view text)
{
	if (render->skip == 0)
		lines_text(&render->lines, text);
}

/* ---- the end ---- */

/* "From: x", "De : x": a word, a colon, something or nothing. */
static bool is_header_like(struct view line)
{
	struct view head = view_sub(line, 0, 40);

	return view_find_char(head, ':') > 0 || view_find(head, VIEW("：")) > 0;
}

/* A rule that stands before two lines of a header block begins an older mail. */
static void mark_rules(struct lines *lines)
{
	for (size_t i = 0; i < lines->rule_count; i++) {
		size_t at = lines->rules[i], next;

		while (at < lines->count && lines->list[at].text.len == 0)
			at++;
		for (next = at + 1; next < lines->count && lines->list[next].text.len == 0;)
			next++;
		if (next < lines->count && is_header_like(lines->list[at].text) &&
			is_header_like(lines->list[next].text))
			lines->list[at].boundary = true;
	}
}

/*
 * Lines in a table of a single cell belong to the cell around it, or to none. A frame's row is younger than the row
 * around it. What stands in a row but in none of its cells is in no table.
 */
static void unframe(struct render *render)
{
	for (size_t i = 0; i < render->rows; i++) {
		struct place *around = &render->around[i];

		if (around->row > 0 && render->around[around->row - 1].row >= 0)
			*around = render->around[around->row - 1];
	}
	for (size_t i = 0; i < render->lines.count; i++) {
		struct mail_line *line = &render->lines.list[i];

		if (line->row > 0 && render->around[line->row - 1].row >= 0) {
			line->cell = render->around[line->row - 1].cell;
			line->row = render->around[line->row - 1].row;
		}
		if (line->cell == 0)
			line->row = 0;
	}
}

bool render_is_full(const struct render *render)
{
	return render->lines.out.full;
}

bool render_finish(struct render *render, struct view *text_out, const struct mail_line **lines_out, size_t *count_out)
{
	struct lines *lines = &render->lines;
	bool whole;
	char *text;

	lines_end(lines);
	whole = !lines->out.full;
	text = arena_copy(render->arena, text_string(&lines->out), lines->out.len);
	for (size_t i = 0; i < lines->count; i++) {
		struct mail_line *line = &lines->list[i];

		line->text = (struct view){text + line->start, line->end - line->start};
	}
	lines_take_marks(lines);
	mark_rules(lines);
	unframe(render);
	*text_out = (struct view){text, lines->out.len};
	*lines_out = lines->list;
	*count_out = lines->count;
	text_release(&lines->out);
	return whole;
}
