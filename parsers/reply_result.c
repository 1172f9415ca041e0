/* parsers/reply_result: what was read becomes a result: outcome, reason, values, errors, provenance. See reply.h. */
#include "parsers/reply.h"

static const char invalid_value[] = "invalid-value", missing_required[] = "missing-required";

#define WRAPPED_LINE_MAX 2000 /* bytes of a line that a client wrapped */

/* The line was wrapped in the part, and is whole in the answer: the answer begins where the first piece's end fits. */
static size_t start_of_wrapped(struct view stretch, struct view head)
{
	ptrdiff_t end = view_find_char(stretch, '\n');
	struct view piece = view_trim(view_sub(stretch, 0, end < 0 ? 0 : (size_t)end));

	if (piece.len > WRAPPED_LINE_MAX)
		return 0;
	for (const char *at = piece.ptr; at < piece.ptr + piece.len; at++)
		if (view_starts(head, (struct view){at, (size_t)(piece.ptr + piece.len - at)}))
			return (size_t)(at - stretch.ptr);
	return 0;
}

/* Where the answer begins in its part's text: the lines know where they stand, the answer may begin inside one. */
static size_t start_in_part(const struct reply *reply, const struct reply_answer *answer)
{
	const struct mail_line *line = &reply->source[answer->first];
	struct view text = reply->parts[reply->lines[answer->first].part]->text;
	struct view stretch = view_sub(text, line->start, line->end - line->start);
	ptrdiff_t end_of_line = view_find_char(answer->raw, '\n');
	struct view head = view_sub(answer->raw, 0, end_of_line < 0 ? answer->raw.len : (size_t)end_of_line);
	ptrdiff_t at;

	/* The answer stands at the line's end, so the last place where it fits is the right one. */
	if (view_ends(stretch, head))
		return line->start + stretch.len - head.len;
	at = view_find(stretch, head);
	return line->start + (at < 0 ? start_of_wrapped(stretch, head) : (size_t)at);
}

/* Where the value ends: what was read of the answer may be its first lines only. */
static size_t end_in_part(const struct reply *reply, const struct reply_answer *answer, struct view read)
{
	const struct reply_line *lines = reply->lines;
	size_t last = answer->first;
	struct view line;
	size_t count = 0;

	while (view_next_line(&read, &line))
		count += view_trim(line).len > 0;
	for (size_t i = answer->first; i <= answer->last && lines[i].part == lines[answer->first].part; i++) {
		if (!lines[i].taken || lines[i].role == LINE_BLANK)
			continue;
		last = i;
		if (count <= 1)
			break;
		count--;
	}
	return reply->source[last].end;
}

/* The part that holds these bytes: a regex found them in it. NULL: in none, but in the subject. */
static const struct mail_part *part_of(const struct reply *reply, struct view found)
{
	for (size_t i = 0; i < reply->part_count; i++) {
		struct view text = reply->parts[i]->text;

		if (found.ptr >= text.ptr && found.ptr < text.ptr + text.len)
			return reply->parts[i];
	}
	return NULL;
}

static void place_in_part(struct provenance *out, const struct mail_part *part, size_t start, size_t end)
{
	out->part = part->number;
	out->start = start;
	out->end = end;
	out->part_start = part->raw_start;
	out->part_end = part->raw_end;
}

/* A value that stands in no part (a regex found it in the subject, or in the side that is not read) has no place. */
static void add_provenance(
	const struct reply *reply, const struct field *field, const struct reply_value *value, struct provenance *out)
{
	const struct reply_answer *answer = value->answer;
	const struct mail_line *label = answer ? &reply->source[answer->label] : NULL;
	const struct mail_part *part;

	if (!answer)
		part = part_of(reply, value->raw);
	else
		part = reply->parts[reply->lines[answer->raw.len > 0 ? answer->first : answer->label].part];
	out->field = field->name;
	out->raw = value->raw;
	out->part = "";
	if (answer && answer->raw.len > 0)
		place_in_part(out, part, start_in_part(reply, answer), end_in_part(reply, answer, value->raw));
	else if (answer)
		place_in_part(out, part, label->start, label->end);
	else if (part)
		place_in_part(out, part, (size_t)(value->raw.ptr - part->text.ptr),
			(size_t)(value->raw.ptr - part->text.ptr) + value->raw.len);
}

static struct misfit *add_misfit(struct result *out, struct misfit *list, const char *field, const char *error)
{
	struct misfit *misfit = &list[out->misfit_count++];

	misfit->field = field;
	misfit->error = error;
	return misfit;
}

static void add_value(const struct reply *reply, const struct field *field, const struct reply_value *value,
	struct misfit *misfits, struct misfit *near, struct provenance *provenance, struct result *out)
{
	struct misfit *misfit;

	if (value->verdict != VALUE_NONE)
		add_provenance(reply, field, value, &provenance[out->provenance_count++]);
	if (value->verdict == VALUE_TAKEN) {
		json_object_set(out->values, field->name, value->value);
	} else if (value->verdict == VALUE_INVALID) {
		misfit = add_misfit(out, misfits, field->name, invalid_value);
		misfit->found = value->raw;
		misfit->suggestion = value->suggestion;
	} else if (field->fallback) {
		json_object_set_new(out->values, field->name, json_string(field->fallback));
	} else if (field->required) {
		misfit = add_misfit(out, misfits, field->name, missing_required);
		misfit->found = value->near_line;
		misfit->suggestion = value->suggestion;
	}
	if (value->verdict == VALUE_NONE && !field->required && value->near_line.len > 0)
		near[out->near_count++] = (struct misfit){field->name, NULL, value->near_line, value->suggestion};
}

static void add_values(const struct reply *reply, struct result *out)
{
	size_t count = reply->form->field_count;
	struct misfit *misfits = ARENA_NEW_N(reply->arena, struct misfit, count);
	struct misfit *near = ARENA_NEW_N(reply->arena, struct misfit, count);
	struct provenance *provenance = ARENA_NEW_N(reply->arena, struct provenance, count);

	out->misfits = misfits;
	out->near = near;
	out->provenance = provenance;
	for (size_t i = 0; i < count; i++)
		add_value(reply, &reply->form->fields[i], &reply->values[i], misfits, near, provenance, out);
}

/* The first reason that fits, in the order of the contract. */
static enum reason reason_of(const struct reply *reply, bool forwarded, const struct result *result)
{
	bool invalid = false;

	if (forwarded)
		return REASON_FORWARDED;
	if (reply->over_limit)
		return REASON_OVER_LIMIT;
	if (!reply->form)
		return REASON_NO_TEMPLATE;
	if (reply->found == 0)
		return REASON_NO_ANSWERS;
	for (size_t i = 0; i < result->misfit_count; i++)
		invalid |= result->misfits[i].error == invalid_value;
	if (invalid)
		return REASON_INVALID_VALUE;
	return result->misfit_count > 0 ? REASON_MISSING_REQUIRED : REASON_NONE;
}

void reply_to_result(const struct reply *reply, bool forwarded, struct result *out)
{
	if (reply->form) {
		out->form = reply->form->id;
		out->form_version = reply->form->version;
		out->language = reply->language;
		add_values(reply, out);
	}
	out->remarks = reply->remarks;
	out->reason = reason_of(reply, forwarded, out);
	out->outcome = out->reason == REASON_NONE ? OUTCOME_FILED : OUTCOME_REVIEW;
}

void reply_release(struct reply *reply)
{
	for (size_t i = 0; reply->form && i < reply->form->field_count; i++) {
		json_decref(reply->values[i].value);
		reply->values[i].value = NULL;
	}
}
