/*
 * parsers/reply_near: own lines that begin with what is nearly a label of a field without an answer ("Programe:
 * Courts"). Nothing is taken from them: they are shown to the person who reviews. See reply.h.
 */
#include "parsers/reply.h"

#include <string.h>

#include "base/unicode.h"
#include "parsers/word_table.h"

#define LABEL_BYTES_MAX 200 /* before the separator */
#define LETTERS_ONE 4	    /* of a label in which one letter may be wrong */
#define LETTERS_TWO 7	    /* two */
#define LINES_MAX 1000	    /* looked at in a reply: a long form has some hundred labels */

struct near_label {
	struct view folded;
	size_t allowed; /* letters that may be wrong */
	const struct field *field;
};

struct near_labels {
	size_t count, lines_looked_at;
	struct near_label list[];
};

static size_t distance_allowed(struct view label)
{
	size_t letters = unicode_length(label);

	return letters < LETTERS_ONE ? 0 : letters < LETTERS_TWO ? 1 : 2;
}

/* "2. Programe" of "2. Programe: Courts", and what stands behind the separator. */
static bool split(struct view line, struct view *words_out, struct view *behind_out)
{
	static const struct view signs[] = {VIEW(":"), VIEW("\uff1a"), VIEW(" - "), VIEW("="), VIEW("\t")};
	ptrdiff_t best = -1;
	size_t len = 0;

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		ptrdiff_t at = view_find(view_sub(line, 0, LABEL_BYTES_MAX), signs[i]);

		if (at <= 0 || (best >= 0 && at >= best))
			continue;
		best = at;
		len = signs[i].len;
	}
	if (best < 0)
		return false;
	*words_out = view_sub(line, 0, (size_t)best);
	*behind_out = view_trim(view_sub(line, (size_t)best + len, line.len));
	return true;
}

/* Folded, without bullet, number and hint. */
static struct view bare_label(struct arena *arena, struct view words)
{
	struct view text = label_trim(words), digits;
	ptrdiff_t hint = view_find_char(text, '(');
	size_t end = 0;

	if (hint > 0)
		text = view_sub(text, 0, (size_t)hint);
	digits = unicode_ascii_digits(arena, text);
	while (end < digits.len && digits.ptr[end] >= '0' && digits.ptr[end] <= '9')
		end++;
	if (end > 0 && end < digits.len && strchr(".) ", digits.ptr[end]))
		digits = view_sub(digits, end + 1, digits.len);
	return unicode_fold(arena, label_trim(digits));
}

static size_t count_labels(const struct form *form)
{
	size_t count = 0;

	for (size_t i = 0; i < form->field_count; i++)
		count += form->fields[i].label.count;
	return count;
}

/* The labels of the reply's form in every language, folded once. */
static struct near_labels *labels_of(struct reply *reply)
{
	const struct form *form = reply->form;
	struct near_labels *labels = reply->near_labels;

	if (labels)
		return labels;
	labels = arena_alloc(reply->arena, sizeof(*labels) + count_labels(form) * sizeof(labels->list[0]));
	for (size_t i = 0; i < form->field_count; i++)
		for (size_t j = 0; j < form->fields[i].label.count; j++) {
			struct view folded = unicode_fold(reply->arena, view_of(form->fields[i].label.list[j].text));

			labels->list[labels->count++] =
				(struct near_label){folded, distance_allowed(folded), &form->fields[i]};
		}
	reply->near_labels = labels;
	return labels;
}

/* By how many letters the words miss it; 0: it is the label itself, or not near. */
static size_t distance_to(struct view words, const struct near_label *label)
{
	size_t distance = word_distance(words, label->folded, label->allowed);

	return distance <= label->allowed ? distance : 0;
}

/* The folded words before the line's separator; false: it has none, or enough lines were looked at. */
static bool look_at(struct reply *reply, size_t line, struct view *words_out, struct view *behind_out)
{
	struct view words;

	if (!split(reply->source[line].text, &words, behind_out) || labels_of(reply)->lines_looked_at++ >= LINES_MAX)
		return false;
	*words_out = bare_label(reply->arena, words);
	return true;
}

bool reply_is_near_label(struct reply *reply, size_t line, const struct field *field, struct view *behind_out)
{
	const struct near_labels *labels;
	struct view words;

	if (!look_at(reply, line, &words, behind_out))
		return false;
	labels = labels_of(reply);
	for (size_t i = 0; i < labels->count; i++)
		if ((!field || labels->list[i].field == field) && distance_to(words, &labels->list[i]) > 0)
			return true;
	return false;
}

/* The one field without an answer whose label is nearest; NULL: none, or two are as near. */
static const struct field *nearest(struct reply *reply, struct view words)
{
	const struct near_labels *labels = labels_of(reply);
	const struct field *found = NULL;
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < labels->count; i++) {
		const struct field *field = labels->list[i].field;
		size_t distance;

		if (reply->values[field->number - 1].verdict != VALUE_NONE)
			continue;
		distance = distance_to(words, &labels->list[i]);
		if (distance == 0 || distance > best || (distance == best && found == field))
			continue;
		found = distance == best ? NULL : field;
		best = distance;
	}
	return found;
}

static bool may_be_near(const struct reply_line *line)
{
	return line->role == LINE_TEXT && (line->depth == 0 || line->misspelt) && !line->field &&
	       !(line->hit && line->hit->label);
}

/*
 * "Sharng: restricted" where nothing said how it may be shared: the default would be a guess against what was written,
 * so it is not taken. (Where nothing was answered at all, nothing is filed.)
 */
static void doubt_default(struct reply_value *value)
{
	value->verdict = VALUE_INVALID;
	value->raw = value->near_line;
}

void reply_find_near(struct reply *reply)
{
	if (!reply->form || reply->matched || reply->found == reply->form->field_count)
		return;
	for (size_t i = 0; i < reply->count; i++) {
		struct view words, behind;
		const struct field *field = NULL;
		struct reply_value *value;

		if (may_be_near(&reply->lines[i]) && look_at(reply, i, &words, &behind) && behind.len > 0)
			field = nearest(reply, words);
		value = field ? &reply->values[field->number - 1] : NULL;
		if (!value || value->near_line.len > 0)
			continue;
		value->near_line = reply->source[i].text;
		value->suggestion = behind;
		if (field->fallback && reply->found > 0)
			doubt_default(value);
	}
}
