/* digest/layout: marks in, lines of 72 columns out. See layout.h; used by render.c. */
#include "digest/layout.h"

#include "base/unicode.h"

/* The marks; those with a column carry it as the next byte, 32 higher so that it is none of them. */
enum mark { MARK_AT = 1, MARK_TO = 2, MARK_HANG = 3, MARK_INDENT = 4, MARK_CAPS = 5, MARK_RTL = 6, MARK_END_RTL = 7 };

#define COLUMN_OFFSET 32
#define BLANK_LINES_MAX 2

struct line {
	const struct locale *locale;
	struct arena *arena;
	struct text *out;
	struct text text; /* of the line so far */
	int column;	  /* columns it takes */
	int indent;	  /* of what wraps */
	bool rtl;
	int *blank; /* blank lines running */
};

static void set_column_marks(json_t *view, const char *name, enum mark mark)
{
	json_t *columns = json_object();
	char key[12], value[3] = {(char)mark, 0, 0};

	for (int column = 1; column <= LAYOUT_COLUMNS; column++) {
		snprintf(key, sizeof(key), "%d", column);
		value[1] = (char)(COLUMN_OFFSET + column);
		json_object_set_new(columns, key, json_string(value));
	}
	json_object_set_new(view, name, columns);
}

static void set_mark(json_t *view, const char *name, enum mark mark, int column)
{
	char value[3] = {(char)mark, column ? (char)(COLUMN_OFFSET + column) : 0, 0};

	json_object_set_new(view, name, json_string(value));
}

void layout_marks(json_t *view)
{
	set_column_marks(view, "at", MARK_AT);
	set_column_marks(view, "to", MARK_TO);
	set_column_marks(view, "indent", MARK_INDENT);
	set_mark(view, "fill", MARK_TO, LAYOUT_COLUMNS);
	set_mark(view, "hang", MARK_HANG, 0);
	set_mark(view, "caps", MARK_CAPS, 0);
	set_mark(view, "isolate", MARK_RTL, 0);
	set_mark(view, "pop", MARK_END_RTL, 0);
}

/* Ends the line: every line of words that run from right to left is isolated by itself. */
static void flush(struct line *line)
{
	struct view text = view_trim_end(text_view(&line->text));

	*line->blank = text.len > 0 ? 0 : *line->blank + 1;
	if (*line->blank <= BLANK_LINES_MAX) {
		text_add_view(line->out, text);
		if (line->rtl && text.len > 0)
			text_add_string(line->out, "\xe2\x81\xa9");
		text_add_char(line->out, '\n');
	}
	text_reset(&line->text);
	line->column = 0;
}

static void pad(struct line *line, int column)
{
	for (; line->column < column; line->column++)
		text_add_char(&line->text, ' ');
}

static void wrap(struct line *line)
{
	flush(line);
	pad(line, line->indent);
	if (line->rtl)
		text_add_string(&line->text, "\xe2\x81\xa7");
}

static void add_word(struct line *line, struct view word)
{
	int columns = unicode_columns(word);
	bool at_indent = line->column <= line->indent;
	struct view trimmed = view_trim_end(word); /* a space that overhangs is dropped with the line's end */

	if (!at_indent && line->column + unicode_columns(trimmed) > LAYOUT_COLUMNS)
		wrap(line);
	text_add_view(&line->text, word);
	line->column += columns;
}

/* A word and the spaces behind it at a time. */
static void add_words(struct line *line, struct view words)
{
	while (words.len > 0) {
		size_t len = 0;

		while (len < words.len && words.ptr[len] != ' ')
			len++;
		while (len < words.len && words.ptr[len] == ' ')
			len++;
		add_word(line, view_sub(words, 0, len));
		words = view_sub(words, len, words.len);
	}
}

static size_t until_mark(struct view v)
{
	size_t len = 0;

	while (len < v.len && ((unsigned char)v.ptr[len] > MARK_END_RTL || v.ptr[len] == 0))
		len++;
	return len;
}

/* What is too long for its column begins a new line instead of pushing the others out of theirs. */
static void go_to(struct line *line, int column)
{
	if (line->column > column)
		flush(line);
	pad(line, column);
}

static void set_mark_at(struct line *line, int mark, int column, struct view next)
{
	switch (mark) {
	case MARK_AT:
		go_to(line, column - 1);
		break;
	case MARK_TO:
		column -= unicode_columns(view_sub(next, 0, until_mark(next)));
		go_to(line, column > 0 ? column : 0);
		break;
	case MARK_HANG:
		line->indent = line->column;
		break;
	case MARK_INDENT:
		line->indent = column;
		break;
	case MARK_RTL:
		line->rtl = true;
		text_add_string(&line->text, "\xe2\x81\xa7");
		break;
	case MARK_END_RTL:
		text_add_string(&line->text, "\xe2\x81\xa9");
		line->rtl = false;
		break;
	}
}

static void lay_out_line(struct line *line, struct view rest)
{
	size_t spaces = 0;
	bool caps = false; /* up to the next mark: not the column that a mark carries, not what stands to the right */

	while (spaces < rest.len && rest.ptr[spaces] == ' ')
		spaces++;
	line->indent = (int)spaces;
	line->rtl = false;
	while (rest.len > 0) {
		size_t len = until_mark(rest);
		struct view words = view_sub(rest, 0, len);
		int mark, column = 0;

		add_words(line, caps ? locale_upper(line->locale, line->arena, words) : words);
		rest = view_sub(rest, len, rest.len);
		if (rest.len == 0)
			break;
		mark = rest.ptr[0];
		caps = mark == MARK_CAPS;
		rest = view_sub(rest, 1, rest.len);
		if ((mark == MARK_AT || mark == MARK_TO || mark == MARK_INDENT) && rest.len > 0) {
			column = rest.ptr[0] - COLUMN_OFFSET;
			rest = view_sub(rest, 1, rest.len);
		}
		set_mark_at(line, mark, column, rest);
	}
	flush(line);
}

void layout_text(const struct locale *locale, struct view rendered, struct text *out)
{
	struct arena *arena = arena_new();
	int blank = BLANK_LINES_MAX; /* none at the start */
	struct line line = {.locale = locale, .arena = arena, .out = out, .blank = &blank};
	struct view raw;

	text_init(&line.text, 64 * 1024);
	while (view_next_line(&rendered, &raw))
		lay_out_line(&line, raw);
	while (out->len > 1 && out->ptr[out->len - 1] == '\n' && out->ptr[out->len - 2] == '\n')
		text_cut(out, out->len - 1);
	text_release(&line.text);
	arena_free(&arena);
}
