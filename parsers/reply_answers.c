/*
 * parsers/reply_answers: the text that belongs to each label. See reply.h.
 *
 * An answer stands behind its label and in the lines below it, up to the next label. Below a label of the request the
 * practitioner's own lines count as well, when they were written between the quoted lines and are not a reply of their
 * own below the quote.
 */
#include "parsers/reply.h"

struct gather {
	struct reply *reply;
	struct reply_answer *open; /* NULL: no label is open */
	struct text raw;	   /* of the open answer */
	size_t blanks;		   /* lines since the last one taken */
	size_t *next_label;	   /* by line: the first line from there on that carries a label; count: none */
	bool *again;		   /* by line: its field had a label before in the same quoted mail */
	bool *labelled_run;	   /* by line: it stands in a run of own words that has labels of its own */
	bool between;		   /* answers stand between the quoted lines */
	bool edited;		   /* answers stand in the quoted lines */
};

/* ---- what is known beforehand ---- */

static void find_next_labels(struct gather *g)
{
	size_t next = g->reply->count;

	g->next_label = ARENA_NEW_N(g->reply->arena, size_t, g->reply->count + 1);
	for (size_t i = g->reply->count; i-- > 0;) {
		if (g->reply->lines[i].field)
			next = i;
		g->next_label[i] = next;
	}
}

/* A label that comes back in one quoted mail begins a copy of the form below it. */
static void find_again(struct gather *g)
{
	const struct reply *reply = g->reply;
	size_t *block = ARENA_NEW_N(reply->arena, size_t, reply->form->field_count + 1);

	g->again = ARENA_NEW_N(reply->arena, bool, reply->count + 1);
	for (size_t i = 0; i < reply->count; i++) {
		const struct reply_line *l = &reply->lines[i];

		if (!l->field || l->depth == 0)
			continue;
		g->again[i] = block[l->field->number] == l->block;
		block[l->field->number] = l->block;
	}
}

/* The end of the run of own words that begins at `line`. */
static size_t own_run_end(const struct reply *reply, size_t line)
{
	while (line < reply->count && reply->lines[line].role != LINE_BOUNDARY &&
		(reply->lines[line].role == LINE_BLANK || reply->lines[line].depth == 0))
		line++;
	return line;
}

static bool is_own_text(const struct reply_line *line)
{
	return line->role == LINE_TEXT && line->depth == 0;
}

static void find_runs(struct gather *g)
{
	const struct reply *reply = g->reply;
	bool behind_label = false;

	g->labelled_run = ARENA_NEW_N(reply->arena, bool, reply->count + 1);
	for (size_t line = 0; line < reply->count;) {
		size_t end;
		bool labelled = false;

		if (reply->lines[line].field && reply->lines[line].depth > 0) {
			behind_label = true;
			g->edited |= reply->lines[line].hit->rest.len > 0;
		}
		if (!is_own_text(&reply->lines[line])) {
			line++;
			continue;
		}
		end = own_run_end(reply, line);
		for (size_t i = line; i < end; i++)
			labelled |= reply->lines[i].field != NULL;
		for (size_t i = line; i < end; i++)
			g->labelled_run[i] = labelled;
		/* Own words with the form's next label behind them: that is how this practitioner answers. */
		g->between |= behind_label && !labelled && end < reply->count && g->next_label[end] < reply->count &&
			      reply->lines[g->next_label[end]].depth > 0;
		line = end;
	}
}

/* ---- does a line belong to the open label? ---- */

static bool same_row(const struct reply *reply, size_t a, size_t b)
{
	return reply->lines[a].part == reply->lines[b].part && reply->source[a].row == reply->source[b].row;
}

/* Is the label alone in its row of the table? */
static bool is_alone_in_row(const struct reply *reply, size_t label)
{
	size_t end = label + LABEL_HINT_LINES_MAX;

	for (size_t i = label; i < reply->count && same_row(reply, i, label); i++)
		if (reply->source[i].cell != reply->source[label].cell || i == end)
			return false;
	return reply->source[label].cell == 1;
}

/* In a table: the label's own row, or the row below a label that stands alone in its row. */
static bool belongs_in_table(const struct gather *g, size_t label, size_t line)
{
	const struct mail_line *source = g->reply->source, *at = &source[line], *from = &source[label];

	if (g->reply->lines[line].part != g->reply->lines[label].part)
		return false;
	if (at->row == from->row)
		return at->cell >= from->cell;
	if (at->row != from->row + 1)
		return false;
	return g->raw.len > 0 ? source[g->open->first].row == at->row : is_alone_in_row(g->reply, label);
}

/* Own words below a quoted label. */
static bool belongs_below_quote(const struct gather *g, size_t line)
{
	if (g->labelled_run[line])
		return false;
	if (g->between || g->next_label[line] < g->reply->count)
		return true;
	/* Below the whole form: only what stands right below the last line, where the form was typed into. */
	return g->blanks == 0 && g->edited;
}

/* Somebody quotes a few lines inside an own answer: marks of quotation, but no mail. */
static bool is_excerpt(const struct gather *g, size_t line)
{
	const struct reply_line *l = &g->reply->lines[line];
	const struct reply_block *block = &g->reply->blocks[l->block];

	return g->open && l->depth == 1 && g->reply->lines[g->open->label].depth == 0 && block->author.len == 0 &&
	       block->labels == 0 && !block->prose;
}

/*
 * The next field's number at the beginning of a line: its label was not known again (it was cut or changed). It is no
 * answer to this one; only in a text it may be a point of a list.
 */
static bool is_next_number(const struct gather *g, size_t line)
{
	const struct label_hit *hit = g->reply->lines[line].hit;
	const struct field *field = g->open->field;

	return hit && !hit->label && hit->sign == '.' && hit->number == field->number + 1 &&
	       g->reply->lines[g->open->label].hit->number == field->number &&
	       (field->type != FIELD_TEXT || g->raw.len == 0);
}

/*
 * "Sharng: restricted" right below a programme's name: a misspelt label's own line, not more of the name. What was
 * typed behind it into the request is the practitioner's all the same.
 */
static bool is_misspelt_label(const struct gather *g, size_t line)
{
	struct view behind;

	if (g->open->field->type == FIELD_TEXT || g->blanks > 0 || !reply_is_near_label(g->reply, line, NULL, &behind))
		return false;
	g->reply->lines[line].misspelt = behind.len > 0;
	return true;
}

static bool belongs(const struct gather *g, size_t line)
{
	const struct reply *reply = g->reply;
	size_t label = g->open->label, next = g->next_label[line];

	if (reply->source[label].cell > 0)
		return belongs_in_table(g, label, line);
	if (reply->lines[label].depth == 0)
		return reply->lines[line].depth == 0;
	if (reply->lines[line].depth == 0)
		return belongs_below_quote(g, line);
	if (reply->lines[line].block != reply->lines[label].block)
		return false;
	/* What introduces a copy of the form below a flat quote is no answer to the quote's last label. */
	return !(g->blanks > 0 && next < reply->count && g->again[next] && !g->again[label]);
}

/* ---- the walk ---- */

static void close_answer(struct gather *g)
{
	struct reply_answer *answer = g->open;

	if (!answer)
		return;
	answer->raw.ptr = arena_copy(g->reply->arena, g->raw.ptr ? g->raw.ptr : "", g->raw.len);
	answer->raw.len = g->raw.len;
	text_reset(&g->raw);
	g->open = NULL;
}

static void take(struct gather *g, size_t line, struct view text)
{
	struct reply_answer *answer = g->open;

	g->reply->lines[line].taken = true;
	text = view_trim(text);
	if (text.len == 0)
		return;
	if (g->raw.len == 0) {
		answer->first = line;
		answer->edit = g->reply->lines[line].depth > 0;
	} else {
		text_add_string(&g->raw, g->blanks > 0 ? "\n\n" : "\n");
	}
	answer->last = line;
	g->blanks = 0;
	text_add_view(&g->raw, text);
}

/* Opens the answer of the label in this line; returns the line behind the label. */
static size_t open_answer(struct gather *g, size_t line)
{
	struct reply *reply = g->reply;
	const struct label_hit *hit = reply->lines[line].hit;
	bool number_only = reply->lines[line].number_only;
	size_t last = number_only ? line : line + hit->lines - 1;

	close_answer(g);
	g->open = &reply->answers[reply->answer_count++];
	g->open->field = reply->lines[line].field;
	g->open->label = line;
	g->open->hint = number_only ? VIEW_NULL : hit->hint;
	g->blanks = 0;
	for (size_t i = line; i <= last; i++)
		reply->lines[i].taken = true;
	take(g, last, number_only ? hit->behind : hit->rest);
	return last + 1;
}

static void pass(struct gather *g, size_t line)
{
	const struct reply_line *l = &g->reply->lines[line];
	bool ends;

	if (l->role == LINE_BLANK) {
		g->blanks++;
		return;
	}
	if (l->role == LINE_NOISE)
		return;
	if (l->role == LINE_TEXT && is_excerpt(g, line)) {
		take(g, line, g->reply->source[line].text);
		return;
	}
	if (l->role != LINE_TEXT || !reply_counts(g->reply, line))
		close_answer(g);
	if (!g->open)
		return;
	ends = is_misspelt_label(g, line) || is_next_number(g, line);
	if (!ends && belongs(g, line))
		take(g, line, g->reply->source[line].text);
	else if (ends || l->depth > 0)
		close_answer(g);
}

void reply_gather(struct reply *reply)
{
	struct gather g = {.reply = reply};
	size_t labels = 0;

	if (!reply->form)
		return;
	for (size_t i = 0; i < reply->count; i++)
		labels += reply->lines[i].field != NULL;
	reply->answers = ARENA_NEW_N(reply->arena, struct reply_answer, labels + 1);
	find_next_labels(&g);
	find_again(&g);
	find_runs(&g);
	text_init(&g.raw, PARSE_TEXT_MAX * 2);
	for (size_t line = 0; line < reply->count;) {
		if (reply->lines[line].field && !reply->lines[line].taken) {
			line = open_answer(&g, line);
		} else {
			pass(&g, line);
			line++;
		}
	}
	close_answer(&g);
	text_release(&g.raw);
}
