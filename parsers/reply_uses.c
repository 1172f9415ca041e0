/*
 * parsers/reply_uses: which labels and numbers stand for a field of the form that is answered. See reply.h.
 *
 * A label's words may begin a line without being a label: where a client wrapped a sentence, in the answer's cell of a
 * table, in a list of points. A number alone stands for a field only where the practitioner used no labels.
 */
#include "parsers/reply.h"

#include <string.h>

#include "base/unicode.h"

#define WRAP_MIN 35 /* columns at which a client may break a line: shorter lines are as they were typed */
#define WRAP_MAX 100

/* What was seen so far of the own words (0) or of the request (1). */
struct stream {
	size_t numbered, bare; /* labels with and without a number */
	size_t upper;	       /* bare labels that begin with a capital */
	size_t bulleted;       /* labels behind a bullet */
	int width;	       /* columns of its longest line in plain text */
	size_t open;	       /* the last label's line; reply->count: none yet */
};

static size_t stream_of(const struct reply_line *line)
{
	return line->depth > 0;
}

/* ---- labels ---- */

static void find_label_uses(struct reply *reply)
{
	const char *language = NULL;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < reply->count; i++) {
			struct reply_line *l = &reply->lines[i];

			const struct label_use *use;

			if (l->role != LINE_TEXT || !l->hit || !reply_counts(reply, i))
				continue;
			use = reply_use(l->hit->label, reply->form, language);
			l->field = use ? use->field : NULL;
		}
		/* Where two languages give one word to two fields, the language of the others decides. */
		language = reply_language(reply, true, reply_language(reply, false, reply->title_language));
	}
}

static bool is_plain(const struct reply *reply, size_t line)
{
	return reply->parts[reply->lines[line].part]->kind == PART_PLAIN && !reply->source[line].flowed;
}

static void measure(const struct reply *reply, struct stream streams[2])
{
	for (size_t i = 0; i < reply->count; i++) {
		const struct reply_line *l = &reply->lines[i];
		struct stream *stream = &streams[stream_of(l)];

		if (l->role != LINE_TEXT || !reply_counts(reply, i))
			continue;
		if (l->field) {
			stream->numbered += l->hit->number > 0;
			stream->bare += l->hit->number == 0;
			stream->upper += l->hit->number == 0 && !l->hit->lower;
			stream->bulleted += l->hit->bullet;
		}
		if (is_plain(reply, i) && reply->source[i].text.len < 400 &&
			reply->source[i].text.len > (size_t)stream->width) {
			int columns = unicode_columns(reply->source[i].text);

			stream->width = columns > stream->width ? columns : stream->width;
		}
	}
}

/* Did the client break the line before this one because its first word had no room any more? */
static bool is_wrapped(const struct reply *reply, size_t line, const struct stream *stream)
{
	struct view before = reply->source[line - 1].text, text = reply->source[line].text;
	ptrdiff_t space = view_find_char(text, ' ');
	struct view word = view_sub(text, 0, space > 0 ? (size_t)space : text.len);

	if (reply->channel || !is_plain(reply, line) || stream->width < WRAP_MIN || stream->width > WRAP_MAX)
		return false;
	return unicode_columns(before) + 1 + unicode_columns(word) > stream->width;
}

/* The same field is labelled in another line of its stream. */
static bool is_elsewhere(const struct reply *reply, size_t line, const bool *twice)
{
	return twice[reply->lines[line].field->number];
}

/* Lines directly above, in the same text: could this one be the rest of a sentence? */
static bool goes_on(const struct reply *reply, size_t line)
{
	const struct reply_line *l = &reply->lines[line], *before = l - 1;

	return line > 0 && before->role == LINE_TEXT && before->depth == l->depth && before->block == l->block &&
	       reply->source[line].row == reply->source[line - 1].row &&
	       reply->source[line].cell == reply->source[line - 1].cell;
}

/* A point of a list in an answer, where the labels themselves stand behind no bullets. */
static bool is_point(const struct label_hit *hit, const struct stream *stream)
{
	return hit->bullet && 2 * stream->bulleted < stream->numbered + stream->bare;
}

/* The client broke a sentence here: the line before is full and the sentence not at its end. */
static bool is_middle(const struct reply *reply, size_t line, const struct stream *stream)
{
	return is_wrapped(reply, line, stream) && !reply_ends_sentence(reply->source[line - 1].text);
}

/* The line's words are those of a label, but they are the middle of an answer. */
static bool is_inside_answer(const struct reply *reply, size_t line, const struct stream *stream, const bool *twice)
{
	const struct reply_line *l = &reply->lines[line], *open;
	const struct label_hit *hit = l->hit;

	if (hit->number > 0 || stream->open == reply->count || !goes_on(reply, line))
		return false;
	open = &reply->lines[stream->open];
	if (open->field->type == FIELD_TEXT && is_point(hit, stream))
		return true;
	if (stream->open == line - 1 && open->hit->rest.len == 0)
		return false; /* right below an empty label */
	/* Where labels carry numbers, one without is none, unless the one before had none either. */
	if (stream->numbered > 1 && stream->numbered > stream->bare && open->hit->number > 0)
		return true;
	if (!is_middle(reply, line, stream) || (open->field->type != FIELD_TEXT && open->field != l->field))
		return false;
	return open->field == l->field || (hit->lower && stream->upper > stream->bare / 2) ||
	       is_elsewhere(reply, line, twice);
}

/* In a table, what stands beside a label is its answer, even when it is a label's word. */
static bool is_answer_cell(const struct reply *reply, size_t line, const struct stream *stream)
{
	const struct mail_line *at = &reply->source[line];
	const struct mail_line *label;

	if (at->cell < 2 || stream->open == reply->count || reply->lines[line].hit->number > 0)
		return false;
	label = &reply->source[stream->open];
	return label->row == at->row && label->cell < at->cell &&
	       reply->lines[stream->open].part == reply->lines[line].part;
}

/* Fields that carry a label in more than one line. */
static bool *find_twice(const struct reply *reply)
{
	bool *seen = arena_alloc(reply->arena, reply->form->field_count + 1);
	bool *twice = arena_alloc(reply->arena, reply->form->field_count + 1);

	for (size_t i = 0; i < reply->count; i++) {
		const struct reply_line *l = &reply->lines[i];

		if (!l->field || l->depth > 0)
			continue;
		twice[l->field->number] |= seen[l->field->number];
		seen[l->field->number] = true;
	}
	return twice;
}

static void drop_words_in_answers(struct reply *reply)
{
	struct stream streams[2] = {{.open = reply->count}, {.open = reply->count}};
	const bool *twice = find_twice(reply);

	measure(reply, streams);
	for (size_t i = 0; i < reply->count; i++) {
		struct reply_line *l = &reply->lines[i];
		struct stream *stream = &streams[stream_of(l)];

		if (l->role == LINE_BOUNDARY)
			streams[0].open = streams[1].open = reply->count;
		if (!l->field)
			continue;
		if (is_inside_answer(reply, i, stream, twice) || is_answer_cell(reply, i, stream))
			l->field = NULL;
		else
			stream->open = i;
	}
}

/* ---- numbers alone ---- */

/* Own words between two labels of the request are answers, and the numbers in them are a list's. */
static bool answers_between(const struct reply *reply)
{
	bool label = false, words = false;

	for (size_t i = 0; i < reply->count; i++) {
		const struct reply_line *l = &reply->lines[i];

		if (l->role != LINE_TEXT)
			continue;
		if (l->depth == 0) {
			words = label;
		} else if (l->field) {
			if (words)
				return true;
			label = true;
		}
	}
	return false;
}

static bool may_be_number(struct reply *reply, size_t line)
{
	const struct reply_line *l = &reply->lines[line];
	struct view behind;

	return l->role == LINE_TEXT && l->depth == 0 && l->hit && l->hit->number > 0 &&
	       (size_t)l->hit->number <= reply->form->field_count &&
	       (l->hit->label ||
		       !reply_is_near_label(reply, line, &reply->form->fields[l->hit->number - 1], &behind));
}

static void use_number(struct reply *reply, size_t line)
{
	struct reply_line *l = &reply->lines[line];

	l->number_only = true;
	l->field = &reply->form->fields[l->hit->number - 1];
}

/* No own labels: the numbers are the fields. */
static void find_numbers(struct reply *reply)
{
	bool *seen = arena_alloc(reply->arena, reply->form->field_count + 1);
	uint32_t sign = 0;
	int last = 0;

	for (size_t i = 0; i < reply->count; i++) {
		const struct label_hit *hit = reply->lines[i].hit;

		if (!may_be_number(reply, i))
			continue;
		/* A list inside an answer: another sign, or numbers that were there before. */
		if ((sign && hit->sign != sign) || seen[hit->number] || (hit->sign == ' ' && hit->number <= last))
			continue;
		sign = hit->sign;
		seen[hit->number] = true;
		last = hit->number;
		use_number(reply, i);
	}
}

/*
 * Own labels that all carry their field's number: a number alone that fits between its neighbours is one more of the
 * row.
 */
static void find_numbers_between_labels(struct reply *reply)
{
	int *next = ARENA_NEW_N(reply->arena, int, reply->count + 1), last = 0;

	next[reply->count] = (int)reply->form->field_count + 1;
	for (size_t i = reply->count; i-- > 0;) {
		const struct reply_line *l = &reply->lines[i];

		next[i] = next[i + 1];
		if (!l->field || l->depth > 0)
			continue;
		if (l->hit->number != l->field->number || l->field->number >= next[i + 1])
			return;
		next[i] = l->field->number;
	}
	for (size_t i = 0; i < reply->count; i++) {
		const struct reply_line *l = &reply->lines[i];

		if (may_be_number(reply, i) && !l->field && l->hit->number > last && l->hit->number < next[i])
			use_number(reply, i);
		if (l->field && l->depth == 0)
			last = l->field->number;
	}
}

static bool has_own_labels(const struct reply *reply)
{
	for (size_t i = 0; i < reply->count; i++)
		if (reply->lines[i].field && reply->lines[i].depth == 0)
			return true;
	return false;
}

void reply_find_uses(struct reply *reply)
{
	if (!reply->form)
		return;
	find_label_uses(reply);
	drop_words_in_answers(reply);
	if (has_own_labels(reply))
		find_numbers_between_labels(reply);
	else if (!answers_between(reply))
		find_numbers(reply);
	reply->language = reply_language(reply, true, reply_language(reply, false, reply->title_language));
}
