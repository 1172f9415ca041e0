/* parsers/label_line: does a line carry a label? Bullets, a number, the words, the hint, the separator. See label.h. */
#include "parsers/label.h"

#include <string.h>

#include "base/unicode.h"

struct reading {
	const struct label_table *table;
	struct arena *scratch;
	const struct mail_line *lines;
	size_t count, at;
	struct view text;  /* of the line, or of several joined when the label is wrapped */
	size_t joined;	   /* lines that `text` holds */
	uint32_t emphasis; /* the mark that stands before the words, to be closed behind them; 0: none */
	bool bullet;
};

/* ---- signs ---- */

static bool is_colon(uint32_t code)
{
	return code == ':' || code == 0xFF1A || code == 0xFE55 || code == 0xFE13 || code == 0xA789 || code == 0x2236;
}

static bool is_dash(uint32_t code)
{
	return code == '-' || (code >= 0x2010 && code <= 0x2015) || code == 0x2212 || code == 0xFF0D;
}

static bool is_emphasis(uint32_t code)
{
	return code == '*' || code == '_';
}

/* Bullets, boxes and quotation marks above ASCII. */
static bool is_mark(uint32_t code)
{
	static const uint32_t marks[] = {0xAB, 0xB7, 0xBB, 0x2018, 0x2019, 0x201C, 0x201D, 0x201E, 0x2022, 0x2023, 0x2027, 0x2043,
		0x25A0, 0x25A1, 0x25AA, 0x25AB, 0x25B6, 0x25BA, 0x25CB, 0x25CF, 0x25E6, 0x2605, 0x2610, 0x2611, 0x2713,
		0x2714, 0x27A2, 0x27A4, 0x30FB, 0xF0A7, 0xF0B7, 0xFF65};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]) && marks[i] <= code; i++)
		if (code == marks[i])
			return true;
	return false;
}

static bool is_decoration(uint32_t code)
{
	if (code < 0x80)
		return code != 0 && (unicode_is_space(code) || strchr("*_-#>+~|\"'", (int)code));
	return unicode_is_space(code) || unicode_is_invisible(code) || is_dash(code) || is_mark(code);
}

static bool is_blank(uint32_t code)
{
	return unicode_is_space(code) || unicode_is_invisible(code);
}

/* The code point at `at`; 0 at the end. */
static uint32_t peek(struct view text, size_t at)
{
	uint32_t code = 0;

	return unicode_next(text, &at, &code) ? code : 0;
}

/* First position at or behind `at` whose code point is not of that kind. */
static size_t skip(struct view text, size_t at, bool (*kind)(uint32_t code))
{
	for (;;) {
		size_t next = at;
		uint32_t code;

		if (!unicode_next(text, &next, &code) || !kind(code))
			return at;
		at = next;
	}
}

/* The text without what is of that kind at its end. */
static struct view trim_end(struct view text, bool (*kind)(uint32_t code))
{
	while (text.len > 0) {
		size_t last = text.len - 1;

		while (last > 0 && ((unsigned char)text.ptr[last] & 0xC0) == 0x80)
			last--;
		if (!kind(peek(text, last)))
			break;
		text.len = last;
	}
	return text;
}

struct view label_trim(struct view text)
{
	size_t start = skip(text, 0, is_decoration);

	return trim_end(view_sub(text, start, text.len), is_decoration);
}

static struct view trim_blank(struct view text)
{
	size_t start = skip(text, 0, is_blank);

	return trim_end(view_sub(text, start, text.len), is_blank);
}

/* ---- the number ---- */

static size_t read_digits(struct reading *r, size_t at, int *number_out)
{
	size_t end = skip(r->text, at, unicode_is_digit);
	long long number = 0;

	if (end == at || end - at > 12)
		return at;
	if (view_to_int(unicode_ascii_digits(r->scratch, view_sub(r->text, at, end - at)), 1, 999, &number) < 0)
		return at;
	*number_out = (int)number;
	return end;
}

/* A keycap: the digit's emoji form, "1" U+FE0F U+20E3. */
static size_t skip_keycap(struct view text, size_t at)
{
	if (peek(text, at) == 0xFE0F)
		at += 3;
	return peek(text, at) == 0x20E3 ? at + 3 : 0;
}

static bool is_number_sign(uint32_t code)
{
	return code == '.' || code == ')' || code == 0xFF09 || code == 0xFF0E || code == 0x3001 || is_colon(code) ||
	       is_dash(code);
}

static uint32_t plain_sign(uint32_t code)
{
	if (code == 0xFF09)
		return ')';
	if (is_colon(code))
		return ':';
	return is_dash(code) ? '-' : code == ')' ? ')' : '.';
}

/*
 * The sign behind a number; "1.200", "10:30" and "2-3" are figures, not numbers of a line. Returns the position behind
 * it, 0: none.
 */
static size_t read_sign(struct view text, size_t at, bool channel, uint32_t *sign_out)
{
	size_t from = skip(text, at, is_blank), next = from, keycap = skip_keycap(text, at);
	uint32_t code = 0;

	if (keycap > 0) {
		*sign_out = ')';
		return keycap;
	}
	if (unicode_next(text, &next, &code) && is_number_sign(code)) {
		if (plain_sign(code) != ')' && unicode_is_digit(peek(text, next)))
			return 0;
		*sign_out = plain_sign(code);
		/* "1.- Bolivia", as is written in Spanish */
		return *sign_out == '.' && peek(text, next) == '-' && is_blank(peek(text, next + 1)) ? next + 1 : next;
	}
	if (!channel || from == at || from == text.len)
		return 0;
	*sign_out = ' ';
	return from;
}

/* "1." "(2)" "3 -": returns the position behind it, or `at` when there is no number. */
static size_t read_number(struct reading *r, size_t at, bool channel, struct label_hit *hit)
{
	size_t digits = at + (peek(r->text, at) == '('), end, behind;
	int number = 0;
	uint32_t sign = 0;

	end = read_digits(r, digits, &number);
	if (end == digits)
		return at;
	behind = read_sign(r->text, end, channel, &sign);
	if (behind == 0)
		return at;
	hit->number = number;
	hit->sign = sign;
	return behind;
}

/* ---- the separator ---- */

/* A dash separates only with a space beside it, and an arrow is no dash. */
static bool is_separating_dash(struct view text, size_t before, size_t behind)
{
	uint32_t next = peek(text, behind);
	size_t last = before;

	if (next == '>')
		return false;
	if (next == 0 || unicode_is_space(next))
		return true;
	do
		last--;
	while (last > 0 && ((unsigned char)text.ptr[last] & 0xC0) == 0x80);
	return is_blank(peek(text, last));
}

/* Does the sign `code`, which stands in text[at, next), separate a label from its answer? */
static bool separates(struct view text, size_t at, size_t next, uint32_t code)
{
	if ((code >= 'a' && code <= 'z') || code == ' ') /* most of what is asked */
		return false;
	if (is_colon(code) || code == '=' || code == 0xFF1D || code == '\t')
		return true;
	return is_dash(code) && at > 0 && is_separating_dash(text, at, next);
}

/* Is there a separator at `at`? Returns the position behind it, 0: none. */
static size_t read_separator(struct view text, size_t at)
{
	size_t next = at;
	uint32_t code;

	return unicode_next(text, &next, &code) && separates(text, at, next, code) ? next : 0;
}

static bool is_loose(uint32_t code)
{
	return is_emphasis(code) || code == '?' || code == 0x61F || (is_blank(code) && code != '\t');
}

/* The same behind emphasis and spaces: "Country* :". */
static size_t find_separator(struct view text, size_t at)
{
	return read_separator(text, skip(text, at, is_loose));
}

/* ---- the hint ---- */

/* A hint may run on in the next lines; not over two blank ones and not out of its table cell. */
static bool hint_goes_on(const struct reading *r, size_t line)
{
	const struct mail_line *first = &r->lines[r->at];

	if (line >= r->count || line - r->at >= LABEL_HINT_LINES_MAX)
		return false;
	if (r->lines[line].text.len == 0 && (line + 1 >= r->count || r->lines[line + 1].text.len == 0))
		return false;
	return r->lines[line].row == first->row && r->lines[line].cell == first->cell;
}

/* From behind the opening bracket to the closing one. `text_io`, `line_io`, `at_io`: where we are. */
static bool close_bracket(const struct reading *r, struct view *text_io, size_t *line_io, size_t *at_io)
{
	size_t seen = 0;
	int open = 1;

	for (;;) {
		size_t next = *at_io;
		uint32_t code;

		while (unicode_next(*text_io, &next, &code)) {
			open += (code == '(' || code == 0xFF08) - (code == ')' || code == 0xFF09);
			if (open == 0)
				return true;
			*at_io = next;
		}
		seen += text_io->len;
		if (seen > LABEL_HINT_MAX || !hint_goes_on(r, *line_io + 1))
			return false;
		*text_io = r->lines[++*line_io].text;
		*at_io = 0;
	}
}

/* What stands between the brackets: from `from` of this line to before `to` of the line `last`. */
static struct view hint_text(const struct reading *r, size_t from, size_t first, size_t last, size_t to)
{
	const char *joined;
	struct view hint;

	if (first == last)
		return view_trim(view_sub(r->text, from, to - from));
	hint = view_sub(r->text, from, r->text.len);
	joined = arena_copy(r->scratch, hint.ptr, hint.len);
	for (size_t line = first + 1; line <= last; line++) {
		struct view text = line == last ? view_sub(r->lines[line].text, 0, to) : r->lines[line].text;

		if (text.len > 0)
			joined = arena_printf(r->scratch, "%s %.*s", joined, VIEW_ARGS(text));
	}
	return view_trim(view_of(joined));
}

/* The bracket opens before `at`. Takes the hint and the separator behind it into the hit. */
static bool read_hint(struct reading *r, size_t at, struct label_hit *hit)
{
	size_t first = r->at + r->joined - 1, line = first, to = at, closed, behind;
	struct view text = r->text;

	if (!close_bracket(r, &text, &line, &to))
		return false;
	closed = to + (text.ptr[to] == ')' ? 1 : 3);
	behind = find_separator(text, closed);
	if (behind == 0) {
		/* In a table cell the hint may be the end. */
		if (r->lines[r->at].cell == 0 || trim_end(view_sub(text, closed, text.len), is_loose).len > 0)
			return false;
		behind = text.len;
	}
	hit->hint = hint_text(r, at, first, line, to);
	hit->lines = line - r->at + 1;
	hit->rest = view_sub(text, behind, text.len);
	return true;
}

/* ---- the words ---- */

/* Emphasis that was opened before the words ends behind them or behind the answer. */
static void close_emphasis(const struct reading *r, struct label_hit *hit)
{
	hit->rest = trim_blank(hit->rest);
	if (r->emphasis == 0 || hit->rest.len == 0)
		return;
	if (peek(hit->rest, 0) == r->emphasis) {
		hit->rest = trim_blank(view_sub(hit->rest, skip(hit->rest, 0, is_emphasis), hit->rest.len));
	} else {
		struct view rest = trim_end(hit->rest, is_emphasis);

		if (rest.len < hit->rest.len)
			hit->rest = trim_blank(rest);
	}
}

static const struct label *find_words(const struct reading *r, size_t start, size_t end)
{
	return label_find(r->table, r->scratch, label_trim(trim_end(view_sub(r->text, start, end - start), is_loose)));
}

/* A place where the label's words may end: what follows decides whether they do. */
static bool try_end(struct reading *r, size_t start, size_t at, size_t behind, bool bracket, struct label_hit *hit)
{
	struct label_hit found = *hit;

	found.label = find_words(r, start, at);
	if (!found.label)
		return false;
	found.lines = r->joined;
	found.hint = VIEW_NULL;
	found.rest = view_sub(r->text, behind, r->text.len);
	if (bracket && !read_hint(r, behind, &found))
		return false;
	close_emphasis(r, &found);
	*hit = found;
	return true;
}

/* `reach`: of label_reach(). Tries every place where the words may end and keeps the last that fits: the longest label wins. */
static bool read_words(struct reading *r, size_t start, size_t reach, struct label_hit *hit)
{
	size_t at = start, next = start, limit = start + 4 * reach + 16;
	int tries = 0;
	uint32_t code;
	bool found = false;

	while (at < limit && tries < LABEL_TRIES_MAX && unicode_next(r->text, &next, &code)) {
		bool bracket = code == '(' || code == 0xFF08;

		if (at > start && (bracket || separates(r->text, at, next, code))) {
			tries++;
			found |= try_end(r, start, at, next, bracket, hit);
		}
		at = next;
	}
	if (!found && at == r->text.len && r->lines[r->at].cell > 0)
		found = try_end(r, start, at, at, false, hit);
	return found;
}

/* May the label that begins with these words (none: only its number stands there) go on in the line below? */
static bool goes_on_with(const struct reading *r, struct view words, struct view below)
{
	uint32_t first = peek(below, skip(below, 0, is_blank));

	if (words.len == 0 || label_begins(r->table, r->scratch, words))
		return true;
	return (first == '(' || first == 0xFF08 || is_colon(first)) && label_find(r->table, r->scratch, words);
}

/* A label wrapped by a mail client: its words, or its hint, go on in the next line. */
static bool read_wrapped(struct reading *r, size_t start, struct label_hit *hit)
{
	while (r->joined < LABEL_WRAP_MAX && hint_goes_on(r, r->at + r->joined) &&
		r->lines[r->at + r->joined].text.len > 0) {
		struct view words = view_sub(r->text, start, r->text.len), below = r->lines[r->at + r->joined].text;

		if (!goes_on_with(r, label_trim(trim_end(words, is_loose)), below))
			return false;
		r->text = view_of(arena_printf(r->scratch, "%.*s %.*s", VIEW_ARGS(r->text), VIEW_ARGS(below)));
		r->joined++;
		if (read_words(r, start, label_longest(r->table), hit))
			return true;
	}
	return false;
}

/* Position behind bullets, quotation marks and emphasis; what stands right before the words is remembered. */
static size_t skip_decoration(struct reading *r, size_t at)
{
	size_t start = skip(r->text, at, is_decoration);

	/* A mark with a space behind it is a bullet. */
	r->bullet |= start > at + 1 && r->text.ptr[start - 1] == ' ' &&
		     !is_blank(peek(r->text, skip(r->text, at, is_blank)));
	if (start > at && is_emphasis((unsigned char)r->text.ptr[start - 1]))
		r->emphasis = (unsigned char)r->text.ptr[start - 1];
	return start;
}

/* How far a label may reach that begins at `words`. Where nothing stands before it, the folded line says so. */
static size_t reach_of(const struct reading *r, struct view folded, size_t words)
{
	struct view text = view_sub(r->text, words, r->text.len);

	if (text.len == 0)
		return 0;
	return label_reach(r->table, words == 0 ? folded : label_fold_head(r->scratch, text));
}

bool label_read(const struct label_table *table, struct arena *scratch, const struct mail_line *lines, size_t count,
	size_t at, struct view folded, bool channel, struct label_hit *out)
{
	struct reading r = {table, scratch, lines, count, at, lines[at].text, 1, 0, false};
	struct label_hit hit = {.lines = 1};
	size_t start = skip_decoration(&r, 0);
	size_t words = read_number(&r, start, channel, &hit), reach;

	hit.bullet = r.bullet;
	hit.behind = hit.rest = trim_blank(view_sub(r.text, words, r.text.len));
	if (hit.number > 0)
		words = skip_decoration(&r, words);
	reach = reach_of(&r, folded, words);
	/* A number may stand alone on its line, the label below. */
	if ((reach > 0 && read_words(&r, words, reach, &hit)) ||
		((reach > 0 || (words == r.text.len && hit.number > 0)) && read_wrapped(&r, words, &hit)))
		hit.lower = unicode_rises(peek(r.text, words));
	if (!hit.label && hit.number == 0)
		return false;
	*out = hit;
	return true;
}
