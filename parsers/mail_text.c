/* mail_text: plain text to lines: quote marks counted, format=flowed (RFC 3676) undone. See mail.h. */
#include "base/unicode.h"
#include "parsers/mail_private.h"

/* A soft break comes at the right margin: what ends before this column did not break, but ends in a blank by chance. */
#define FLOWED_COLUMNS_MIN 45

#define BAR_RUN_MIN 3	   /* lines in a row that begin with "|" before they are a quote */
#define INITIALS_RUN_MIN 3 /* the same for "AB>" */
#define INITIALS_MAX 8	   /* bytes of the letters before the mark */

/* A physical line: text[start, end) behind its quote marks. */
struct raw_line {
	struct view whole; /* without line end */
	struct view text;  /* behind the quote marks, blanks at the end kept */
	int quote;
	bool head; /* a client's own head of a quoted mail */
};

/* Where a right-to-left mark or its kin stands before the first quote mark, the position behind it. */
static size_t skip_direction(struct view v)
{
	size_t at = 0, next = 0;
	uint32_t code;

	while (unicode_next(v, &next, &code) &&
		(code == 0x200E || code == 0x200F || (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069)))
		at = next;
	return at < v.len && v.ptr[at] == '>' ? at : 0;
}

/* Takes "> ", ">>", "> >" off; at most one blank before and behind each mark. */
static void take_marks(struct raw_line *line, bool flowed)
{
	struct view v = line->whole;
	bool lead = v.len > 1 && v.ptr[0] == ' ' && v.ptr[1] == '>';
	size_t at = lead && !flowed ? 1 : skip_direction(v);

	line->quote = 0;
	while (at < v.len && v.ptr[at] == '>') {
		line->quote++;
		at++;
		if (at < v.len && (v.ptr[at] == ' ' || v.ptr[at] == '\t'))
			at++;
	}
	if (flowed && line->quote == 0 && v.len > 0 && v.ptr[0] == ' ')
		at = 1;
	line->text = view_sub(v, at, SIZE_MAX);
}

/* "|" at its beginning and nowhere else: with another one it is a row of a table. */
static bool is_barred(const struct raw_line *line)
{
	return line->quote == 0 && view_starts(line->text, VIEW("|")) &&
	       view_find_char(view_sub(line->text, 1, SIZE_MAX), '|') < 0;
}

/* "|" begins a quote where several lines in a row begin with it somewhere: then each line does that begins so. */
static void take_bars(struct raw_line *lines, size_t count)
{
	size_t run = 0;

	for (size_t i = 0; i < count && run < BAR_RUN_MIN; i++)
		run = is_barred(&lines[i]) ? run + 1 : 0;
	for (size_t i = 0; run == BAR_RUN_MIN && i < count; i++) {
		if (!is_barred(&lines[i]))
			continue;
		lines[i].text = view_sub(lines[i].text, view_starts(lines[i].text, VIEW("| ")) ? 2 : 1, SIZE_MAX);
		lines[i].quote = 1;
	}
}

/* The letters before the first ">" of a line that begins with them ("FFD> "); empty: none, or too many. */
static struct view initials_of(const struct raw_line *line)
{
	struct view v = line->quote == 0 ? line->whole : VIEW_NULL;
	size_t at = 0;

	if (view_starts(v, VIEW(" ")))
		v = view_sub(v, 1, SIZE_MAX);
	while (at < v.len && at <= INITIALS_MAX &&
		((v.ptr[at] >= 'A' && v.ptr[at] <= 'Z') || (v.ptr[at] >= 'a' && v.ptr[at] <= 'z') ||
			(unsigned char)v.ptr[at] >= 0x80))
		at++;
	return at > 0 && at <= INITIALS_MAX && at < v.len && v.ptr[at] == '>' ? view_sub(v, 0, at) : VIEW_NULL;
}

static void take_initials_of(struct raw_line *line)
{
	struct view initials = initials_of(line);
	size_t at = (size_t)(initials.ptr + initials.len - line->whole.ptr);

	while (at < line->whole.len && line->whole.ptr[at] == '>') {
		line->quote++;
		at++;
	}
	line->text = view_sub(line->whole, at, SIZE_MAX);
	if (view_starts(line->text, VIEW(" ")))
		line->text = view_sub(line->text, 1, SIZE_MAX);
}

/* Some clients quote with the writer's initials before the mark: so where several lines in a row begin with the same. */
static void take_initials(struct raw_line *lines, size_t count)
{
	struct view initials = VIEW_NULL;
	size_t run = 0;

	for (size_t i = 0; i < count && run < INITIALS_RUN_MIN; i++) {
		struct view here = initials_of(&lines[i]);

		run = here.len == 0 ? 0 : view_equal(here, initials) ? run + 1 : 1;
		initials = here;
	}
	for (size_t i = 0; run == INITIALS_RUN_MIN && i < count; i++)
		if (view_equal(initials_of(&lines[i]), initials))
			take_initials_of(&lines[i]);
}

/* ">>> Name <address> 11/3/2026 9:12 AM >>>" stands above a quote that has no marks: it is no quote itself. */
static bool is_arrow_head(struct view v)
{
	return view_starts(v, VIEW(">>> ")) && view_ends(view_trim_end(v), VIEW(" >>>")) && view_find_char(v, '@') > 0;
}

/* A mailbox file writes "From " at the start of a line as ">From ": no quote, when it stands alone. */
static void untake_from(struct raw_line *lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (lines[i].quote == 1 && view_starts(lines[i].whole, VIEW(">From ")) &&
			(i == 0 || lines[i - 1].quote == 0) && (i + 1 == count || lines[i + 1].quote == 0))
			lines[i].quote = 0;
}

/* The lines, at most PARSE_LINES_MAX of them; *rest_out: what follows. */
static struct raw_line *split(
	struct arena *arena, struct view text, bool flowed, size_t *count_out, struct view *rest_out)
{
	struct view rest = text, line;
	struct raw_line *lines;
	size_t count = 0;

	while (count < PARSE_LINES_MAX && view_next_line(&rest, &line))
		count++;
	*rest_out = rest;
	lines = ARENA_NEW_N(arena, struct raw_line, count + 1);
	rest = text;
	for (size_t i = 0; i < count && view_next_line(&rest, &line); i++) {
		lines[i].whole = lines[i].text = line;
		lines[i].head = is_arrow_head(line);
		if (!lines[i].head)
			take_marks(&lines[i], flowed);
	}
	untake_from(lines, count);
	take_bars(lines, count);
	take_initials(lines, count);
	*count_out = count;
	return lines;
}

static struct view first_word(struct view v)
{
	ptrdiff_t end;

	v = view_trim(v);
	end = view_find_char(v, ' ');
	return end < 0 ? v : view_sub(v, 0, (size_t)end);
}

static bool is_soft(const struct raw_line *line, const struct raw_line *next, bool delsp)
{
	int columns;

	if (!view_ends(line->text, VIEW(" ")) || view_equal(line->text, VIEW("-- ")) || line->quote != next->quote)
		return false;
	if (view_equal(view_trim_end(next->text), VIEW("--")))
		return false;
	/* A client that quotes our form keeps the blank behind a label's colon: no soft break, but the line's end. */
	if (line->quote > 0 && view_ends(line->text, VIEW(": ")))
		return false;
	columns = unicode_columns(line->whole) + unicode_columns(first_word(next->text));
	return delsp || columns >= FLOWED_COLUMNS_MIN;
}

bool mail_is_bullet(struct view v)
{
	static const struct view bullets[] = {
		VIEW("- "), VIEW("* "), VIEW("• "), VIEW("– "), VIEW("· "),
		VIEW("◦ "), VIEW("▪ "), VIEW("● ")};

	while (v.len > 0 && (v.ptr[0] == ' ' || v.ptr[0] == '\t'))
		v = view_sub(v, 1, SIZE_MAX);
	for (size_t i = 0; i < sizeof(bullets) / sizeof(bullets[0]); i++)
		if (view_starts(v, bullets[i]))
			return true;
	return false;
}

static void finish(struct mail_line *line, struct view text, const char *base, struct view last)
{
	line->text = view_trim_end(text);
	last = view_trim_end(last);
	line->end = (size_t)(last.ptr + last.len - base);
	line->item = mail_is_bullet(line->text);
}

/* Joins lines[0] with those that follow it softly; returns how many were used. */
static size_t join(struct arena *arena, const struct raw_line *lines, size_t count, bool delsp, const char *base,
	struct mail_line *out)
{
	TEXT_SCOPED joined = {0};
	size_t used = 1;
	struct view part;

	while (used < count && is_soft(&lines[used - 1], &lines[used], delsp))
		used++;
	out->quote = lines[0].quote;
	out->start = (size_t)(lines[0].text.ptr - base);
	out->flowed = used > 1;
	out->boundary = lines[0].head;
	if (used == 1) {
		finish(out, lines[0].text, base, lines[0].text);
		return 1;
	}
	text_init(&joined, PARSE_TEXT_MAX * 4);
	for (size_t i = 0; i < used; i++) {
		part = lines[i].text;
		if (delsp && i + 1 < used)
			part.len--;
		text_add_view(&joined, part);
	}
	part = (struct view){arena_copy(arena, joined.ptr, joined.len), joined.len};
	finish(out, part, base, lines[used - 1].text);
	return used;
}

bool mail_lines(struct arena *arena, struct view text, bool flowed, bool delsp, const struct mail_line **lines_out,
	size_t *count_out)
{
	size_t count = 0, used = 0;
	struct view rest;
	struct raw_line *raw = split(arena, text, flowed, &count, &rest);
	struct mail_line *lines = ARENA_NEW_N(arena, struct mail_line, count + 1);

	for (size_t i = 0; i < count; used++)
		i += join(arena, raw + i, flowed ? count - i : 1, delsp, text.ptr, &lines[used]);
	*lines_out = lines;
	*count_out = used;
	return rest.len == 0;
}
