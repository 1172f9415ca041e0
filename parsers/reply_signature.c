/*
 * parsers/reply_signature: what is signature, disclaimer and footer. See reply.h.
 *
 * A run is a stretch of lines of one depth in one quoted mail; a signature ends its run. A line that looks like the
 * beginning of one is none when the form goes on behind it: people say "Thanks" before their answers, and write "--"
 * where they have none.
 */
#include "parsers/reply.h"

#include "base/unicode.h"

#define WEAK_KINDS (LEXICON_CLOSING | LEXICON_PHONE_LINE)
#define STRONG_KINDS (LEXICON_DISCLAIMER | LEXICON_LIST_FOOTER | LEXICON_SEPARATOR)
#define DASHES_MAX 20 /* bytes of a line of two dashes and invisible marks */
#define CLOSING_COLUMNS_MAX 48
#define BEHIND_MAX 2  /* labels that a signature may seem to hold ("Area of work: Western Region") */

struct run {
	size_t start, end; /* lines, end exclusive */
	size_t hits;	   /* labels and numbers in it; in a quoted mail, from it on to the end of that mail */
	size_t numbered;   /* of these, with a number */
};

enum beginning { NO_SIGNATURE, WEAK_SIGNATURE, STRONG_SIGNATURE };

static bool is_empty_label(const struct reply_line *line)
{
	return line->hit && line->hit->rest.len == 0;
}

static size_t line_before(const struct reply *reply, size_t line)
{
	while (line > 0 && reply->lines[line - 1].role == LINE_BLANK)
		line--;
	return line > 0 ? line - 1 : reply->count;
}

/* "--" below an empty label, with the next label behind it, is how people say that they have no answer. */
static bool is_no_answer(const struct reply *reply, size_t line)
{
	size_t before = line_before(reply, line), next = reply_next(reply, line);

	return before < reply->count && is_empty_label(&reply->lines[before]) && next < reply->count &&
	       reply->lines[next].hit;
}

/* The sender's whole name, or one of its words of `shortest` bytes or more. */
static bool is_senders_name(const struct reply *reply, struct view text, size_t shortest)
{
	struct view name = unicode_fold(reply->arena, reply->envelope->from_name), line, word, rest = name;

	if (name.len < 3 || text.len > 4 * name.len + 16)
		return false;
	line = unicode_fold(reply->arena, label_trim(text));
	while (line.len > 0 && (line.ptr[line.len - 1] == '.' || line.ptr[line.len - 1] == ','))
		line.len--;
	if (view_equal(line, name))
		return true;
	while (view_next_field(&rest, ' ', &word))
		if (word.len >= shortest && view_equal(line, word))
			return true;
	return false;
}

static bool is_dashes(const struct reply *reply, size_t line)
{
	struct view text = reply->source[line].text;

	return text.len <= DASHES_MAX && view_equal(view_trim(unicode_drop_invisible(reply->arena, text)), VIEW("--"));
}

/* A line that begins a signature by itself, whatever stands round it. */
static bool is_plain_beginning(const struct reply *reply, size_t line)
{
	return reply->source[line].signature || (reply->lines[line].kinds & (WEAK_KINDS | STRONG_KINDS)) ||
	       is_dashes(reply, line);
}

static bool is_last_name(const struct reply *reply, const struct run *run, size_t line)
{
	size_t next = reply_next(reply, line), before = line_before(reply, line);

	if (before == reply->count || (next < run->end && !is_plain_beginning(reply, next)))
		return false;
	/* right below an empty label it may be meant as an answer */
	if (is_empty_label(&reply->lines[before]) && before + 1 == line)
		return false;
	return is_senders_name(reply, reply->source[line].text, 3);
}

static bool ends_in_comma(struct view text)
{
	text = view_trim(text);
	return view_ends(text, VIEW(",")) || view_ends(text, VIEW("،"));
}

/* In whatever words: a short line of its own that ends in a comma, and below it the sender's name. */
static bool is_closing_by_form(const struct reply *reply, const struct run *run, size_t line)
{
	struct view text = reply->source[line].text;
	size_t next = reply_next(reply, line);

	return next < run->end && (line == run->start || reply->lines[line - 1].role == LINE_BLANK) &&
	       ends_in_comma(text) && unicode_columns(text) <= CLOSING_COLUMNS_MAX &&
	       reply->lines[next].role == LINE_TEXT && !reply->lines[next].hit &&
	       is_senders_name(reply, reply->source[next].text, 2);
}

/* What of STRONG_KINDS and WEAK_KINDS it was. */
static enum line_rule rule_of(unsigned kinds)
{
	if (kinds & LEXICON_DISCLAIMER)
		return RULE_DISCLAIMER;
	if (kinds & LEXICON_LIST_FOOTER)
		return RULE_LIST_FOOTER;
	if (kinds & LEXICON_SEPARATOR)
		return RULE_LINE;
	if (kinds & LEXICON_PHONE_LINE)
		return RULE_PHONE_LINE;
	return kinds & LEXICON_CLOSING ? RULE_CLOSING : RULE_NAME;
}

static enum beginning beginning_of(
	const struct reply *reply, const struct run *run, size_t line, enum line_rule *rule_out)
{
	const struct reply_line *l = &reply->lines[line];

	if (l->role != LINE_TEXT || l->hit)
		return NO_SIGNATURE;
	*rule_out = RULE_CLIENT_SIGNATURE;
	if (reply->source[line].signature)
		return STRONG_SIGNATURE;
	if (reply->source[line].cell > 0)
		return NO_SIGNATURE;
	*rule_out = RULE_DASHES;
	if (is_dashes(reply, line))
		return is_no_answer(reply, line) ? NO_SIGNATURE : STRONG_SIGNATURE;
	*rule_out = rule_of(l->kinds);
	if (l->kinds & STRONG_KINDS)
		return STRONG_SIGNATURE;
	if ((l->kinds & WEAK_KINDS) || is_last_name(reply, run, line))
		return WEAK_SIGNATURE;
	*rule_out = RULE_CLOSING;
	if (is_closing_by_form(reply, run, line))
		return WEAK_SIGNATURE;
	return NO_SIGNATURE;
}

/* Does the signature begin here, though `behind` labels, `numbered` of them with a number, follow in its run? */
static bool may_end(enum beginning beginning, size_t before, size_t behind, size_t numbered)
{
	if (behind == 0)
		return true;
	if (behind > BEHIND_MAX)
		return false;
	if (beginning == STRONG_SIGNATURE)
		return numbered <= 1;
	return numbered == 0 && (before > 0 || behind < BEHIND_MAX);
}

static void cut(struct reply *reply, const struct run *run)
{
	size_t before = 0, numbered = run->numbered;

	for (size_t i = run->start; i < run->end; i++) {
		const struct label_hit *hit = reply->lines[i].hit;
		enum line_rule rule = RULE_NONE;
		enum beginning beginning = beginning_of(reply, run, i, &rule);

		before += hit != NULL;
		numbered -= hit && hit->number > 0;
		if (beginning == NO_SIGNATURE || !may_end(beginning, before, run->hits - before, numbered))
			continue;
		reply->lines[i].rule = (unsigned char)rule;
		for (; i < run->end; i++)
			if (reply->lines[i].role != LINE_BLANK)
				reply->lines[i].role = LINE_SIGNATURE;
	}
}

/* The run that begins at `line`: up to a boundary or a line of another depth or mail; blank lines belong to it. */
static struct run run_at(const struct reply *reply, size_t line)
{
	const struct reply_line *first = &reply->lines[line];
	struct run run = {line, line, 0, 0};

	while (run.end < reply->count) {
		const struct reply_line *l = &reply->lines[run.end];

		if (l->role == LINE_BOUNDARY ||
			(l->role != LINE_BLANK &&
				(l->depth != first->depth || l->block != first->block || l->part != first->part)))
			break;
		run.hits += l->hit != NULL;
		run.numbered += l->hit && l->hit->number > 0;
		run.end++;
	}
	return run;
}

/* What is left of a quoted mail's labels: the practitioner's answers between its lines make many runs of it. */
struct left {
	size_t hits, numbered;
};

static struct left *count_left(const struct reply *reply)
{
	struct left *left = ARENA_NEW_N(reply->arena, struct left, reply->block_count);

	for (size_t i = 0; i < reply->count; i++) {
		const struct reply_line *l = &reply->lines[i];

		left[l->block].hits += l->hit != NULL;
		left[l->block].numbered += l->hit && l->hit->number > 0;
	}
	return left;
}

static void cut_quoted(struct reply *reply, struct run run, struct left *left)
{
	struct left here = {run.hits, run.numbered};

	run.hits = left->hits;
	run.numbered = left->numbered;
	cut(reply, &run);
	left->hits -= here.hits;
	left->numbered -= here.numbered;
}

void reply_find_signatures(struct reply *reply)
{
	struct left *left = count_left(reply);
	size_t line = 0;

	while (line < reply->count) {
		struct run run = run_at(reply, line);

		if (run.end == run.start) {
			line++;
			continue;
		}
		if (reply->lines[line].depth == 0)
			cut(reply, &run);
		else if (reply->lines[line].depth == 1)
			cut_quoted(reply, run, &left[reply->lines[line].block]);
		line = run.end;
	}
}
