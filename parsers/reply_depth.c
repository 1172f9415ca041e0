/*
 * parsers/reply_depth: where quoted mails begin, who wrote them, how deep each line stands. See reply.h.
 *
 * Clients quote in two ways: with marks (">", <blockquote>), where the depth is counted, or flat, where everything
 * below a head ("From: ...", "-----Original Message-----") is the older mail. A head may also stand inside the quote
 * that it introduces. So: depth = quote marks + flat heads passed within them.
 */
#include "parsers/reply.h"

#include "base/unicode.h"
#include "parsers/reference.h"
#include "parsers/request.h"

#define MARKS_MAX 20		/* quote marks that are told apart */
#define HEAD_LINES_MAX 12	/* lines of a header block */
#define HEAD_GAP_MAX 3		/* of these, lines of a list of recipients that runs on */
#define BLOCKS_FIRST 8		/* blocks that there is room for at first */
#define HEAD_NAME_MAX 40	/* bytes of a header's name */
#define SEPARATOR_MAX 60	/* bytes of "Original Message" and kin */
#define HEAD_RULE_MIN 10		/* bytes of a rule */
#define HEAD_RULE_SIGNS 3	/* signs at its ends */
#define ATTRIBUTION_LINES 5	/* lines that a wrapped attribution may take */
#define ATTRIBUTION_WRAP_MIN 30 /* bytes of a line that is long enough to be wrapped */

struct walk {
	struct reply *reply;
	int flat[MARKS_MAX + 2];	      /* heads passed, by quote marks */
	size_t block_at[REPLY_DEPTH_MAX + 2]; /* the block that a line of that depth belongs to; 0: none yet */
	size_t block_size;		      /* room for so many blocks */
	int marks;			      /* of the line before */
	bool begins;			      /* the quote has just begun: its head may stand inside it */
};

/* A head as it was found. */
struct head {
	size_t lines; /* 0: none */
	struct view author;
	bool strong; /* it cannot be somebody's sentence */
	enum line_rule rule;
};

static int marks_of(const struct reply *reply, size_t line)
{
	int marks = reply->source[line].quote;

	return marks < MARKS_MAX ? marks : MARKS_MAX;
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

	while (line < reply->count && line - last <= HEAD_GAP_MAX && marks_of(reply, line) == marks_of(reply, last) &&
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
		if (marks_of(reply, i) != marks_of(reply, line) || i - last > HEAD_GAP_MAX ||
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
static void find_ruled(const struct reply *reply, size_t line, struct head *out)
{
	size_t next = reply_next(reply, line), lines = 0;

	if (next < reply->count && !reply->lines[line].hit && is_rule(reply->source[line].text))
		lines = header_lines(reply, next, HEAD_KINDS, &out->author);
	out->lines = lines > 0 ? next - line + lines : 0;
}

/* "-----Original Message-----", a rule or "Forwarded message", and the header block below it. */
static void find_separator(const struct reply *reply, size_t line, struct head *out)
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
	       marks_of(reply, line - 1) != marks_of(reply, line) || reply_ends_sentence(reply->source[line - 1].text);
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

	return next < reply->count && marks_of(reply, next) > marks_of(reply, last) && has_address(text) &&
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
			marks_of(reply, last) != marks_of(reply, line))
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

/* "On ... wrote:", which a client may have wrapped. */
static void find_attribution(struct reply *reply, size_t line, struct head *out)
{
	struct view joined;
	size_t lines = attribution_lines(reply, line, &joined);

	if (lines == 0)
		return;
	out->lines = lines;
	out->author = joined;
	out->strong = has_address(joined) || reply->source[line].boundary;
}

/* A head in a language that we do not know: a client's own mark in HTML, and lines with a colon or an address. */
static void find_marked(const struct reply *reply, size_t line, struct head *out)
{
	size_t last = line;

	if (!reply->source[line].boundary)
		return;
	while (last < reply->count && last < line + HEAD_LINES_MAX && reply->lines[last].role != LINE_BLANK &&
		marks_of(reply, last) == marks_of(reply, line) &&
		(ends_in_colon(reply->source[last].text) || has_address(reply->source[last].text) ||
			(last > line && view_find_char(reply->source[last].text, ':') > 0))) {
		if (out->author.len == 0 && has_address(reply->source[last].text))
			out->author = reply->source[last].text;
		last++;
	}
	out->lines = last - line;
	out->strong = true;
}

static struct head find_head(struct reply *reply, size_t line)
{
	struct head head = {.strong = true, .rule = RULE_SEPARATOR};

	find_separator(reply, line, &head);
	if (head.lines > 0)
		return head;
	find_ruled(reply, line, &head);
	if (head.lines > 0)
		return head;
	head.rule = RULE_HEADERS;
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

/* ---- the walk ---- */

static int depth_at(const struct walk *walk, int marks)
{
	int depth = marks;

	for (int i = 0; i <= marks; i++)
		depth += walk->flat[i];
	return depth < REPLY_DEPTH_MAX ? depth : REPLY_DEPTH_MAX;
}

static size_t new_block(struct walk *walk, int depth, const struct head *head)
{
	struct reply *reply = walk->reply;
	struct reply_block *block;

	if (reply->block_count == REPLY_BLOCKS_MAX)
		return reply->block_count - 1;
	if (reply->block_count == walk->block_size) {
		block = ARENA_NEW_N(reply->arena, struct reply_block, 2 * walk->block_size);
		memcpy(block, reply->blocks, walk->block_size * sizeof(*block));
		reply->blocks = block;
		walk->block_size *= 2;
	}
	block = &reply->blocks[reply->block_count];
	block->depth = depth;
	block->parent = walk->block_at[depth - 1];
	block->author = head->author;
	return reply->block_count++;
}

static void open_block(struct walk *walk, int depth, const struct head *head)
{
	for (int i = depth; i <= REPLY_DEPTH_MAX; i++)
		walk->block_at[i] = 0;
	if (depth > 0)
		walk->block_at[depth] = new_block(walk, depth, head);
}

/* Fewer marks than before: what was passed inside the deeper quote is over. */
static void leave_quote(struct walk *walk, int marks)
{
	for (int i = marks + 1; i <= MARKS_MAX; i++)
		walk->flat[i] = 0;
}

static void place(struct walk *walk, size_t line, int depth, enum line_rule head)
{
	struct reply_line *l = &walk->reply->lines[line];
	static const struct head none;

	if (depth > 0 && walk->block_at[depth] == 0)
		open_block(walk, depth, &none);
	l->depth = depth;
	l->block = depth > 0 ? walk->block_at[depth] : 0;
	if (head == RULE_NONE || l->role == LINE_BLANK)
		return;
	l->role = LINE_BOUNDARY;
	l->rule = (unsigned char)head;
}

/* Takes the head's lines; returns false when it is only somebody's sentence. */
static bool pass_head(struct walk *walk, size_t line, const struct head *head)
{
	struct reply *reply = walk->reply;
	int marks = marks_of(reply, line), depth = depth_at(walk, marks);
	size_t next = reply_next(reply, line + head->lines - 1);

	if (next < reply->count && marks_of(reply, next) > marks) {
		/* the quote with its marks follows */
		for (int i = marks + 1; i <= MARKS_MAX; i++)
			walk->flat[i] = 0;
		open_block(walk, depth_at(walk, marks + 1), head);
	} else if (walk->begins && marks > 0) {
		open_block(walk, depth, head);
	} else if (head->strong) {
		walk->flat[marks]++;
		open_block(walk, depth_at(walk, marks), head);
	} else {
		return false;
	}
	for (size_t i = 0; i < head->lines; i++)
		place(walk, line + i, depth_at(walk, marks), head->rule);
	return true;
}

static bool is_prose(const struct reply *reply, size_t line)
{
	return line < reply->count && reply->lines[line].role == LINE_TEXT && !reply->lines[line].hit &&
	       request_is_prose(reply->forms, reply_fold(reply, line), true);
}

/*
 * Our own words among the practitioner's, without any mark, are a request that the client did not mark as quoted, or
 * that was copied. It begins with the greeting or with what follows it.
 */
static bool begins_copy(const struct reply *reply, size_t line)
{
	return is_prose(reply, line) ||
	       (request_is_greeting(reply->forms, reply_fold(reply, line)) && is_prose(reply, reply_next(reply, line)));
}

static void open_copy(struct walk *walk)
{
	static const struct head none;

	walk->flat[0]++;
	open_block(walk, 1, &none);
	walk->reply->blocks[walk->block_at[1]].prose = true;
}

static void start_line(struct walk *walk, size_t line)
{
	int marks = marks_of(walk->reply, line);

	if (line > 0 && walk->reply->lines[line].part != walk->reply->lines[line - 1].part) {
		for (int i = 0; i <= MARKS_MAX; i++)
			walk->flat[i] = 0;
		walk->marks = 0;
	}
	if (marks < walk->marks)
		leave_quote(walk, marks);
	walk->begins = marks > walk->marks;
}

void reply_find_depth(struct reply *reply)
{
	struct walk walk = {.reply = reply};

	reply->blocks = ARENA_NEW_N(reply->arena, struct reply_block, BLOCKS_FIRST);
	walk.block_size = BLOCKS_FIRST;
	reply->block_count = 1;
	for (size_t line = 0; line < reply->count;) {
		struct head head = {0};

		if (reply->lines[line].role == LINE_BLANK) {
			place(&walk, line, depth_at(&walk, walk.marks), RULE_NONE);
			line++;
			continue;
		}
		start_line(&walk, line);
		if (depth_at(&walk, marks_of(reply, line)) == 0 && begins_copy(reply, line))
			open_copy(&walk);
		head = find_head(reply, line);
		if (head.lines > 0 && pass_head(&walk, line, &head)) {
			line += head.lines;
		} else {
			place(&walk, line, depth_at(&walk, marks_of(reply, line)), RULE_NONE);
			line++;
		}
		walk.marks = marks_of(reply, line - 1);
	}
}
