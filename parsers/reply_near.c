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
#define LENGTH_SLACK 8	    /* bytes by which words and label may differ, besides twofold */

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

static size_t distance_to(const struct reply *reply, struct view words, const struct field *field)
{
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < field->label.count; i++) {
		struct view label = view_of(field->label.list[i].text);
		size_t allowed, distance;

		/* Folding changes a letter's length, but not so much. */
		if (label.len > 2 * words.len + LENGTH_SLACK || words.len > 2 * label.len + LENGTH_SLACK)
			continue;
		label = unicode_fold(reply->arena, label);
		allowed = distance_allowed(label);
		distance = word_distance(words, label, allowed);
		if (distance > 0 && distance <= allowed && distance < best)
			best = distance;
	}
	return best;
}

bool reply_is_near_label(const struct reply *reply, size_t line, const struct field *field)
{
	struct view words, behind;

	return split(reply->source[line].text, &words, &behind) &&
	       distance_to(reply, bare_label(reply->arena, words), field) != SIZE_MAX;
}

/* The one field without an answer whose label is nearest; NULL: none, or two are as near. */
static const struct field *nearest(const struct reply *reply, struct view words)
{
	const struct field *found = NULL;
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < reply->form->field_count; i++) {
		const struct field *field = &reply->form->fields[i];
		size_t distance = reply->values[i].verdict == VALUE_NONE ? distance_to(reply, words, field) : SIZE_MAX;

		if (distance == SIZE_MAX || distance > best)
			continue;
		found = distance == best ? NULL : field;
		best = distance;
	}
	return found;
}

static bool may_be_near(const struct reply_line *line)
{
	return line->role == LINE_TEXT && line->depth == 0 && !line->field && !(line->hit && line->hit->label);
}

void reply_find_near(struct reply *reply)
{
	if (!reply->form || reply->matched || reply->found == reply->form->field_count)
		return;
	for (size_t i = 0; i < reply->count; i++) {
		struct view text = reply->source[i].text, words, behind;
		const struct field *field = NULL;
		struct reply_value *value;

		if (may_be_near(&reply->lines[i]) && split(text, &words, &behind) && behind.len > 0)
			field = nearest(reply, bare_label(reply->arena, words));
		value = field ? &reply->values[field->number - 1] : NULL;
		if (!value || value->near_line.len > 0)
			continue;
		value->near_line = text;
		value->suggestion = behind;
	}
}
