/*
 * html_lines: characters to lines: collapsed white space, blank lines for margins, markers of lists, cells. See
 * html_private.h.
 *
 * A line begins with its first visible character and ends at a block's edge or <br>.
 */
#include "base/unicode.h"
#include "parsers/html_private.h"

void *html_grow(struct arena *arena, void *list, size_t count, size_t *size, size_t item)
{
	void *grown = list;

	if (count == *size) {
		*size = *size ? 2 * *size : 64;
		grown = arena_array(arena, *size, item);
		if (count)
			memcpy(grown, list, count * item);
	}
	return grown;
}

static bool last_is_blank(const struct lines *lines)
{
	const struct mail_line *last = lines->count ? &lines->list[lines->count - 1] : NULL;

	return last && last->start == last->end;
}

static void push(struct lines *lines)
{
	lines->out.full |= lines->count == PARSE_LINES_MAX;
	if (lines->out.full)
		return;
	lines->list = html_grow(lines->arena, lines->list, lines->count, &lines->size, sizeof(*lines->list));
	lines->list[lines->count++] = lines->line;
}

static void begin(struct lines *lines, int quote)
{
	lines->line = (struct mail_line){.quote = quote, .row = lines->row, .cell = lines->cell};
	for (int i = 0; i < quote; i++)
		text_add_string(&lines->out, "> ");
	lines->line.start = lines->line.end = lines->out.len;
	lines->letters = lines->bold_letters = 0;
	lines->space = false;
	lines->open = true;
}

static bool is_marked(const struct lines *lines)
{
	return lines->marker[0] != '\0';
}

void lines_begin(struct lines *lines)
{
	int quote = lines->quote < HTML_QUOTE_MAX ? lines->quote : HTML_QUOTE_MAX;
	const struct mail_line *last = lines->count ? &lines->list[lines->count - 1] : NULL;
	bool apart = lines->gap || (last_is_blank(lines) && last->row == lines->row && last->cell == lines->cell);

	if (lines->open)
		return;
	if (lines->gap && last && !last_is_blank(lines) && !lines->cell_fresh) {
		begin(lines, last->quote < quote ? last->quote : quote);
		lines_end(lines);
	}
	begin(lines, quote);
	lines->gap = lines->cell_fresh = false;
	lines->line.paragraph = apart;
	lines->line.boundary = lines->boundary;
	lines->line.signature = lines->signature > 0;
	lines->line.item = is_marked(lines);
	text_add_string(&lines->out, lines->marker);
	lines->marker[0] = '\0';
	if (lines->rule) {
		lines->rules = html_grow(
			lines->arena, lines->rules, lines->rule_count, &lines->rule_size, sizeof(*lines->rules));
		lines->rules[lines->rule_count++] = lines->count;
	}
	lines->rule = false;
}

/* White space at the end, no-break spaces included, and combining characters that came as references. */
static void tidy(struct lines *lines)
{
	struct view line = view_sub(text_view(&lines->out), lines->line.start, SIZE_MAX), normal;

	for (;;) {
		line = view_trim_end(line);
		if (!view_ends(line, VIEW("\xC2\xA0")))
			break;
		line.len -= 2;
	}
	normal = unicode_nfc(lines->arena, line);
	if (!view_equal(normal, line)) {
		text_cut(&lines->out, lines->line.start);
		text_add_view(&lines->out, normal);
	} else {
		text_cut(&lines->out, lines->line.start + line.len);
	}
	lines->line.end = lines->out.len;
}

void lines_end(struct lines *lines)
{
	if (!lines->open)
		return;
	tidy(lines);
	lines->open = false;
	lines->line.item |= mail_is_bullet(view_sub(text_view(&lines->out), lines->line.start, SIZE_MAX));
	lines->line.bold = lines->letters > 0 && lines->bold_letters == lines->letters;
	if (lines->line.start != lines->line.end)
		lines->boundary = false;
	else
		text_cut(&lines->out, lines->line.start - (lines->line.quote > 0)); /* ">" and no blank behind it */
	lines->line.start = lines->line.start < lines->out.len ? lines->line.start : lines->out.len;
	lines->line.end = lines->line.end < lines->out.len ? lines->line.end : lines->out.len;
	push(lines);
	text_add_char(&lines->out, '\n');
}

void lines_break(struct lines *lines)
{
	if (!lines->open) {
		lines->gap = false;
		lines_begin(lines);
	}
	lines_end(lines);
}

void lines_gap(struct lines *lines)
{
	lines_end(lines);
	lines->gap = !is_marked(lines);
}

static bool is_white(uint32_t code)
{
	return code == ' ' || (code >= '\t' && code <= '\r');
}

/* Into Word's own marker. */
static void put_marker(struct lines *lines, struct view character, uint32_t code)
{
	size_t length = strlen(lines->marker);

	if (unicode_is_space(code) || length + character.len >= sizeof(lines->marker) - 2)
		return;
	memcpy(lines->marker + length, character.ptr, character.len);
	/* A line that began inside it took what was there, but its first byte alone was cleared. */
	lines->marker[length + character.len] = '\0';
}

static void put(struct lines *lines, struct view characters, size_t letters)
{
	lines_begin(lines);
	if (lines->space)
		text_add_char(&lines->out, ' ');
	lines->space = false;
	text_add_view(&lines->out, characters);
	lines->letters += letters;
	lines->bold_letters += lines->bold ? letters : 0;
	lines->fresh = false;
}

/* Length of the run of visible ASCII that begins at `at`: a word, mostly. */
static size_t ascii_word(struct view text, size_t at)
{
	size_t end = at;

	while (end < text.len && text.ptr[end] > ' ' && text.ptr[end] < 0x7F)
		end++;
	return end - at;
}

static void take_character(struct lines *lines, struct view character, uint32_t code)
{
	if (lines->preserve && code == '\n') {
		if (!lines->fresh)
			lines_break(lines);
	} else if (is_white(code) && !(lines->preserve && code != '\r')) {
		lines->space = lines->space || (lines->open && lines->out.len > lines->line.start);
		return;
	} else if (code != 0xFEFF && (lines->open || !unicode_is_invisible(code))) {
		if (lines->in_marker)
			put_marker(lines, character, code);
		else
			put(lines, character, !unicode_is_space(code));
	}
	lines->fresh = false;
}

void lines_text(struct lines *lines, struct view text)
{
	size_t at = 0, from = 0;
	uint32_t code;

	while (at < text.len) {
		size_t word = lines->in_marker ? 0 : ascii_word(text, at);

		if (word > 0) {
			put(lines, view_sub(text, at, word), word);
			at += word;
			continue;
		}
		from = at;
		(void)unicode_next(text, &at, &code);
		take_character(lines, view_sub(text, from, at - from), code);
	}
}

/* What Word wrote as a bullet or number becomes "- " or "1. ". */
void lines_end_marker(struct lines *lines)
{
	size_t length = strlen(lines->marker);

	lines->in_marker = false;
	if (length == 0)
		return;
	if (length > 1 && strchr(".)", lines->marker[length - 1]) && lines->marker[0] != '(') {
		lines->marker[length] = ' ';
		lines->marker[length + 1] = '\0';
	} else {
		snprintf(lines->marker, sizeof(lines->marker), "- ");
	}
}

#define TYPED_RUN_MIN 2 /* lines that begin with ">" before it is a quote mark and not a person's "more than" */

static bool is_typed(const struct mail_line *line)
{
	return line->row == 0 && line->text.len > 0 && line->text.ptr[0] == '>';
}

static void take_typed(struct mail_line *line)
{
	size_t at = 0;

	while (at < line->text.len && line->text.ptr[at] == '>') {
		line->quote += line->quote < HTML_QUOTE_MAX;
		at++;
		while (at < line->text.len && (line->text.ptr[at] == ' ' || line->text.ptr[at] == '\t'))
			at++;
	}
	line->text = view_sub(line->text, at, SIZE_MAX);
	line->start += at;
}

void lines_take_marks(struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++) {
		size_t run = i;

		while (run < lines->count && is_typed(&lines->list[run]))
			run++;
		for (size_t j = i; run - i >= TYPED_RUN_MIN && j < run; j++)
			take_typed(&lines->list[j]);
		if (run > i)
			i = run - 1;
	}
}
