/*
 * parsers/reply_values: the value of each field, and what is no answer but was written all the same. See reply.h.
 *
 * Own words win over an edit in the quoted form, and within each the first. Nothing is guessed: an answer that does not
 * fit is kept as it was found, for a person.
 */
#include "parsers/reply.h"

#include "base/unicode.h"
#include "parsers/request.h"

/* The answers of one field, in the order in which they count. */
struct candidates {
	struct reply_answer **list;
	size_t count;
};

static struct value_context context_of(const struct reply *reply)
{
	return (struct value_context){reply->forms->lexicon, reply->language, reply->envelope->date};
}

static void read_value(const struct reply *reply, const struct field *field, struct view raw, struct reply_value *out)
{
	struct value_context context = context_of(reply);
	struct view suggestion = VIEW_NULL;
	size_t used = 0;

	out->verdict = value_read(&context, field, reply->arena, raw, &out->value, &used, &suggestion);
	out->raw = view_sub(raw, 0, used > 0 ? used : raw.len);
	out->suggestion = suggestion;
}

/* Sorts the answers by field, own words first. */
static struct candidates *sort_answers(struct reply *reply)
{
	struct candidates *fields = ARENA_NEW_N(reply->arena, struct candidates, reply->form->field_count);
	const struct field *first = reply->form->fields;

	for (size_t i = 0; i < reply->answer_count; i++)
		fields[reply->answers[i].field - first].count++;
	for (size_t i = 0; i < reply->form->field_count; i++) {
		fields[i].list = ARENA_NEW_N(reply->arena, struct reply_answer *, fields[i].count + 1);
		fields[i].count = 0;
	}
	for (int edit = 0; edit < 2; edit++)
		for (size_t i = 0; i < reply->answer_count; i++) {
			struct reply_answer *answer = &reply->answers[i];
			struct candidates *field = &fields[answer->field - first];

			if (answer->edit == (edit == 1))
				field->list[field->count++] = answer;
		}
	return fields;
}

/* The hint that the form itself gives, in any language: an example in it ("like SSR-2024-001") is nobody's answer. */
static bool is_own_hint(const struct reply *reply, const struct field *field, struct view hint)
{
	struct view folded = unicode_fold(reply->arena, hint);

	for (size_t i = 0; i < field->hint.count; i++)
		if (view_equal(folded, unicode_fold(reply->arena, view_of(field->hint.list[i].text))))
			return true;
	return false;
}

/*
 * A hint that was cut down to one of its options ("Sharing (restricted): ") may be an answer. It is not taken for one,
 * but nor is the field taken for unanswered.
 */
static void read_hints(const struct reply *reply, const struct field *field, const struct candidates *candidates,
	struct reply_value *out)
{
	for (size_t i = 0; i < candidates->count && out->verdict == VALUE_NONE; i++) {
		struct reply_value hinted = {0};

		if (candidates->list[i]->hint.len == 0 || field->type == FIELD_TEXT ||
			field->type == FIELD_LINE || is_own_hint(reply, field, candidates->list[i]->hint))
			continue;
		read_value(reply, field, candidates->list[i]->hint, &hinted);
		if (hinted.verdict != VALUE_TAKEN)
			continue;
		json_decref(hinted.value);
		out->verdict = VALUE_INVALID;
		out->answer = candidates->list[i];
		out->raw = candidates->list[i]->hint;
		out->suggestion = out->raw;
		out->value = NULL;
	}
}

static void type_field(const struct reply *reply, const struct field *field, const struct candidates *candidates,
	struct reply_value *out)
{
	for (size_t i = 0; i < candidates->count && out->verdict == VALUE_NONE; i++) {
		if (candidates->list[i]->raw.len == 0)
			continue;
		read_value(reply, field, candidates->list[i]->raw, out);
		out->answer = candidates->list[i];
	}
	if (out->verdict != VALUE_NONE)
		return;
	out->answer = NULL;
	read_hints(reply, field, candidates, out);
}

/* What a form's own regexes found. */
static void type_matched(const struct reply *reply, const struct field *field, struct reply_value *out)
{
	struct view found = reply->matched[field->number - 1];

	if (found.len > 0)
		read_value(reply, field, found, out);
}

/* ---- remarks ---- */

static void add_remark(struct text *remarks, struct view words, bool paragraph)
{
	words = view_trim(words);
	if (words.len == 0)
		return;
	if (remarks->len > 0)
		text_add_string(remarks, paragraph ? "\n\n" : "\n");
	text_add_view(remarks, words);
}

/* What stands below an answer of one line; and an answer that lost against an earlier one to the same field. */
static void add_leftovers(const struct reply *reply, const struct reply_answer *answer, struct text *remarks)
{
	const struct reply_value *value = &reply->values[answer->field->number - 1];

	if (value->answer == answer && value->verdict != VALUE_NONE)
		add_remark(remarks, view_sub(answer->raw, value->raw.len, answer->raw.len), true);
	else if (value->answer && !answer->edit && !value->answer->edit && !view_equal(answer->raw, value->answer->raw))
		add_remark(remarks, answer->raw, true);
}

static bool is_remark(const struct reply *reply, size_t line)
{
	const struct reply_line *l = &reply->lines[line];

	return l->role == LINE_TEXT && (l->depth == 0 || l->misspelt) && !l->taken &&
	       !request_is_prose(reply->forms, reply_fold(reply, line), false);
}

static void find_remarks(struct reply *reply)
{
	TEXT_SCOPED remarks;
	size_t answer = 0;
	bool paragraph = false;

	text_init(&remarks, PARSE_TEXT_MAX * 2);
	for (size_t i = 0; i < reply->count; i++) {
		while (answer < reply->answer_count && reply->answers[answer].label == i)
			add_leftovers(reply, &reply->answers[answer++], &remarks);
		if (!reply->matched && is_remark(reply, i)) {
			add_remark(&remarks, reply->source[i].text, paragraph);
			paragraph = false;
		} else {
			paragraph = true;
		}
	}
	reply->remarks = unicode_drop_bidi(
		reply->arena, (struct view){arena_copy(reply->arena, text_string(&remarks), remarks.len), remarks.len});
}

void reply_type(struct reply *reply)
{
	struct candidates *candidates;

	if (!reply->form) {
		find_remarks(reply);
		return;
	}
	reply->values = ARENA_NEW_N(reply->arena, struct reply_value, reply->form->field_count);
	candidates = sort_answers(reply);
	for (size_t i = 0; i < reply->form->field_count; i++) {
		const struct field *field = &reply->form->fields[i];

		type_field(reply, field, &candidates[i], &reply->values[i]);
		if (reply->matched && reply->values[i].verdict == VALUE_NONE)
			type_matched(reply, field, &reply->values[i]);
		reply->found += reply->values[i].verdict != VALUE_NONE;
	}
	find_remarks(reply);
}
