/*
 * parsers/reply_head: the lines that stand above a quoted or older mail: header blocks, rules and separators,
 * attributions, a client's own mark. See reply.h.
 */
#include "parsers/reply.h"

#include "base/unicode.h"
#include "parsers/reference.h"

#define HEAD_LINES_MAX 12 /* lines of a header block */
#define HEAD_GAP_MAX 3 /* of these, lines of a list of recipients that runs on */
#define HEAD_NAME_MAX 40 /* bytes of a header's name */
#define SEPARATOR_MAX 60 /* bytes of "Original Message" and kin */
#define HEAD_RULE_MIN 10 /* bytes of a rule */
#define HEAD_RULE_SIGNS 3 /* signs at its ends */
#define ATTRIBUTION_LINES 5 /* lines that a wrapped attribution may take */
#define ATTRIBUTION_WRAP_MIN 30 /* bytes of a line that is long enough to be wrapped */

int reply_marks(const struct reply *reply, size_t line)
{
	int marks = reply->source[line].quote;

	return marks < REPLY_MARKS_MAX ? marks : REPLY_MARKS_MAX;
}

static bool has_address(struct view text)
{
	ptrdiff_t at = view_find_char(text, '@');

	return at > 0 && (size_t)at + 1 < text.len;
}

/* A digit that is no part of an address: a date or time. The line may begin in the middle of a wrapped address. */
static bool has_date(struct view text)
{
	ptrdiff_t opens = view_find_char(text, '<'), closes = view_find_char(text, '>');
	bool address = closes >= 0 && (opens < 0 || opens > closes);
	size_t at = 0;
	uint32_t code;

	while (unicode_next(text, &at, &code)) {
		address = code == '<' || (address && code != '>');
		if (!address && unicode_is_digit(code))
			return true;
	}
	return false;
}

/* ---- header blocks ---- */

#define HEAD_FROM 1 /* of lexicon_header_name() */
#define HEAD_DATE 2
#define HEAD_KINDS 3 /* different ones that make a header block by themselves */

/* A client may make a paragraph of each header. */
static bool is_between_headers(const struct reply *reply, size_t line)
{
	return line > 0 && line + 1 < reply->count && reply->lines[line - 1].header > 0 &&
	       reply->lines[line + 1].header > 0;
}

/* A header whose name we do not know, right below one that we do: "Importance: High", one in another language. */
static bool is_other_header(const struct reply *reply, size_t line)
{
	const struct reply_line *l = &reply->lines[line];
	struct view text = reply->source[line].text;
	ptrdiff_t colon = view_find_char(text, ':');

	return l->role == LINE_TEXT && l->header == 0 && !(l->hit && l->hit->label) && colon > 0 &&
	       colon <= HEAD_NAME_MAX && (view_find_char(text, ' ') < 0 || view_find_char(text, ' ') > colon);
}

static size_t skip_other_headers(const struct reply *reply, size_t last)
{
	size_t line = last + 1;

	while (line < reply->count && line - last <= HEAD_GAP_MAX && reply_marks(reply, line) == reply_marks(reply, last) &&
		is_other_header(reply, line))
		line++;
	return line - 1;
}

/*
 * The lines "From: ...", "Sent: ...", ... from `line` on, in any order and language. Returns how many, 0 when it is no
 * header block. Without the sender (a receipt names only whom it went to) three others are needed.
 */
static size_t header_lines(const struct reply *reply, size_t line, size_t needed, struct view *author_out)
{
	size_t last = line, from = reply->count, kinds = 0;
	bool certain = needed < HEAD_KINDS;
	unsigned seen = 0;

	for (size_t i = line; i < reply->count && i < line + HEAD_LINES_MAX; i++) {
		const struct reply_line *l = &reply->lines[i];

		if (l->role == LINE_BLANK && !is_between_headers(reply, i))
			break;
		if (reply_marks(reply, i) != reply_marks(reply, line) || i - last > HEAD_GAP_MAX ||
			(i == line && l->header == 0))
			break;
		if (l->header == 0)
			continue;
		if (l->header == HEAD_FROM)
			from = i;
		certain |= has_address(reply->source[i].text) ||
			   (l->header == HEAD_DATE && has_date(reply->source[i].text));
		kinds += !(seen & (1U << l->header));
		seen |= 1U << l->header;
		last = i;
	}
	/* "From: the first day", "To: the last" may be somebody's words. */
	if (kinds < (from == reply->count ? HEAD_KINDS : needed) || !certain)
		return 0;
	if (from < reply->count)
		*author_out = reply->source[from].text;
	return skip_other_headers(reply, last) - line + 1;
}

/*
 * An answer whose label is a header's name too ("Date: 3 May 2026"), right above a block that has that header itself or
 * stands apart from it: not the block's first line.
 */
static bool is_answer_above(const struct reply *reply, size_t line)
{
	const struct reply_line *l = &reply->lines[line];
	size_t next = reply_next(reply, line), last = line + HEAD_LINES_MAX;

	if (!l->hit || !l->hit->label || l->header == 0)
		return false;
	/* In a mail whose headers are paragraphs, all of them stand apart. */
	if (next == line + 2 && next + 1 < reply->count && reply->lines[next].header > 0 && reply->lines[next + 1].header > 0)
		return true;
	for (size_t i = next; i < reply->count && i < last && reply->lines[i].role != LINE_BLANK; i++)
		if (reply->lines[i].header == l->header)
			return true;
	return false;
}

/* "Original Message" without dashes is one only right above the header block. */
static bool is_bare_separator(const struct reply *reply, size_t line)
{
	struct view ruled = view_of(arena_printf(reply->arena, "--%.*s--", VIEW_ARGS(reply_fold(reply, line))));

	return reply->lines[line].role == LINE_TEXT && !reply->lines[line].hit &&
	       reply->source[line].text.len <= SEPARATOR_MAX && line + 1 < reply->count &&
	       reply->lines[line + 1].header > 0 &&
	       (lexicon_line(reply->forms->lexicon, reply->arena, ruled) & LEXICON_SEPARATOR);
}

/* "=======", or words in whatever language between two such: three signs at least at each end. */
static bool is_rule(struct view text)
{
	const struct view signs = VIEW("=-_*~");

	text = view_trim(text);
	if (text.len < HEAD_RULE_MIN)
		return false;
	for (const char *a = text.ptr, *b = text.ptr + text.len - 1; a < text.ptr + HEAD_RULE_SIGNS; a++, b--)
		if (*a != text.ptr[0] || *b != text.ptr[text.len - 1] || view_find_char(signs, *a) < 0 ||
			view_find_char(signs, *b) < 0)
			return false;
	return true;
}

/* A rule, and the header block below it. */
static void find_ruled(const struct reply *reply, size_t line, struct reply_head *out)
{
	size_t next = reply_next(reply, line), lines = 0;

	if (next < reply->count && !reply->lines[line].hit && is_rule(reply->source[line].text))
		lines = header_lines(reply, next, HEAD_KINDS, &out->author);
	out->lines = lines > 0 ? next - line + lines : 0;
}

/* "-----Original Message-----", a rule or "Forwarded message", and the header block below it. */
static void find_separator(const struct reply *reply, size_t line, struct reply_head *out)
{
	const struct reply_line *l = &reply->lines[line];
	bool known = (l->kinds & (LEXICON_SEPARATOR | LEXICON_FORWARDED)) != 0;
	bool words = known && view_find(reply->source[line].text, VIEW("____")) < 0;
	size_t next = reply_next(reply, line), lines;

	if (next == reply->count || (!known && !is_bare_separator(reply, line)))
		return;
	lines = header_lines(reply, next, 2, &out->author);
	/* A rule of underscores alone says nothing: a signature or a list's footer may follow. */
	if (lines == 0 && !words)
		return;
	out->lines = lines > 0 ? next - line + lines : 1;
	out->strong = true;
}

/* ---- attributions ---- */

static bool ends_in_colon(struct view text)
{
	while (text.len > 0) {
		size_t last = text.len - 1, at;
		uint32_t code;

		while (last > 0 && ((unsigned char)text.ptr[last] & 0xC0) == 0x80)
			last--;
		at = last;
		if (!unicode_next(text, &at, &code))
			return false;
		if (code == ':' || code == 0xFF1A)
			return true;
		if (!unicode_is_space(code) && !unicode_is_invisible(code) && code != '*' && code != '_')
			return false;
		text.len = last;
	}
	return false;
}

/* Nothing above this line goes on in it. */
static bool opens(const struct reply *reply, size_t line)
{
	return line == 0 || reply->lines[line - 1].role != LINE_TEXT ||
	       reply_marks(reply, line - 1) != reply_marks(reply, line) || reply_ends_sentence(reply->source[line - 1].text);
}

/* An attribution that is but the end of one: the date is missing. */
static bool is_rest(const struct reply *reply, size_t line)
{
	return line < reply->count && (reply->lines[line].kinds & LEXICON_ATTRIBUTION) &&
	       !has_date(reply->source[line].text);
}

/* A line that may go on in the next one: it holds the date, begins something and is long enough to have been wrapped.
 */
static bool may_be_wrapped(const struct reply *reply, size_t line)
{
	return !reply->lines[line].hit && reply->source[line].text.len >= ATTRIBUTION_WRAP_MIN &&
	       has_date(reply->source[line].text) && (opens(reply, line) || is_rest(reply, line + 1));
}

/* Does one of the lines that may be an attribution together end in a colon? Most do not, and need no other look. */
static bool colon_follows(const struct reply *reply, size_t line)
{
	for (size_t i = line; i < reply->count && i < line + ATTRIBUTION_LINES; i++) {
		if (reply->lines[i].role == LINE_BLANK)
			break;
		if (ends_in_colon(reply->source[i].text))
			return true;
	}
	return false;
}

/* In whatever language: an address, a date (or our own address) and a colon, and below it a quote begins. */
static bool introduces_quote(const struct reply *reply, size_t last, struct view text)
{
	size_t next = reply_next(reply, last);

	return next < reply->count && reply_marks(reply, next) > reply_marks(reply, last) && has_address(text) &&
	       (has_date(text) || reference_find(text, 0).len > 0);
}

/* The first lines from `line` on that are one attribution together; 0: none. */
static size_t attribution_lines(struct reply *reply, size_t line, struct view *joined_out)
{
	bool wrapped;
	size_t most;

	if (!colon_follows(reply, line))
		return 0;
	wrapped = reply->joined <= REPLY_JOINED_MAX && may_be_wrapped(reply, line);
	most = wrapped ? ATTRIBUTION_LINES : 1;
	*joined_out = reply->source[line].text;
	for (size_t n = 1; n <= most; n++) {
		size_t last = line + n - 1;

		if (last >= reply->count || reply->lines[last].role == LINE_BLANK ||
			reply_marks(reply, last) != reply_marks(reply, line))
			return 0;
		if (n > 1 && (reply->lines[last].kinds & LEXICON_ATTRIBUTION) && !is_rest(reply, last) &&
			(!has_address(*joined_out) || has_address(reply->source[last].text)))
			return 0; /* that line is one by itself */
		if (n > 1)
			*joined_out = view_of(arena_printf(reply->arena, "%.*s %.*s", VIEW_ARGS(*joined_out),
				VIEW_ARGS(reply->source[last].text)));
		if (!ends_in_colon(reply->source[last].text))
			continue;
		if (n > 1 && reply->joined++ == REPLY_JOINED_MAX) {
			reply->over_limit = true;
			return 0;
		}
		if (n == 1 ? (reply->lines[line].kinds & LEXICON_ATTRIBUTION) != 0
			   : lexicon_is_attribution(reply->forms->lexicon, reply->arena, *joined_out))
			return n;
		if (introduces_quote(reply, last, *joined_out))
			return n;
	}
	return 0;
}

/* "---- On ... <address> wrote ---": between rules, where others end in a colon. */
static bool is_between_rules(struct reply *reply, size_t line, struct view *inside_out)
{
	struct view text = view_trim(reply->source[line].text);

	if (!view_starts(text, VIEW("---")) || !view_ends(text, VIEW("--")) || !has_address(text) || !has_date(text))
		return false;
	while (text.len > 0 && text.ptr[0] == '-')
		text = view_sub(text, 1, text.len - 1);
	while (text.len > 0 && text.ptr[text.len - 1] == '-')
		text.len--;
	*inside_out = view_of(arena_printf(reply->arena, "%.*s:", VIEW_ARGS(view_trim(text))));
	return lexicon_is_attribution(reply->forms->lexicon, reply->arena, *inside_out);
}

/* "On ... wrote:", which a client may have wrapped. */
static void find_attribution(struct reply *reply, size_t line, struct reply_head *out)
{
	struct view joined;
	size_t lines = attribution_lines(reply, line, &joined);

	if (lines == 0 && is_between_rules(reply, line, &joined))
		lines = 1;
	if (lines == 0)
		return;
	out->lines = lines;
	out->author = joined;
	out->strong = has_address(joined) || reply->source[line].boundary;
}

/* A head in a language that we do not know: a client's own mark in HTML, and lines with a colon or an address. */
static void find_marked(const struct reply *reply, size_t line, struct reply_head *out)
{
	size_t last = line;

	if (!reply->source[line].boundary)
		return;
	while (last < reply->count && last < line + HEAD_LINES_MAX && reply->lines[last].role != LINE_BLANK &&
		reply_marks(reply, last) == reply_marks(reply, line) &&
		(ends_in_colon(reply->source[last].text) || has_address(reply->source[last].text) ||
			(last > line && view_find_char(reply->source[last].text, ':') > 0))) {
		if (out->author.len == 0 && has_address(reply->source[last].text))
			out->author = reply->source[last].text;
		last++;
	}
	out->lines = last - line;
	out->strong = true;
}

struct reply_head reply_find_head(struct reply *reply, size_t line)
{
	struct reply_head head = {.strong = true, .rule = RULE_SEPARATOR};

	find_separator(reply, line, &head);
	if (head.lines > 0)
		return head;
	find_ruled(reply, line, &head);
	if (head.lines > 0)
		return head;
	head.rule = RULE_HEADERS;
	if (!is_answer_above(reply, line))
		head.lines = header_lines(reply, line, HEAD_KINDS, &head.author);
	if (head.lines > 0)
		return head;
	head.rule = RULE_ATTRIBUTION;
	find_attribution(reply, line, &head);
	if (head.lines > 0)
		return head;
	head.rule = RULE_CLIENT_HEAD;
	find_marked(reply, line, &head);
	return head;
}
