/* outreach/conversation_state: what is kept of a conversation, and what is filed of it. See conversation.h. */
#include "outreach/conversation_private.h"

#include <string.h>

#define REMARKS_MAX ((size_t)256 * 1024) /* bytes that are kept of words besides */

static json_t *member(json_t *object, const char *name, bool list)
{
	json_t *found = json_object_get(object, name);

	if (list ? json_is_array(found) : json_is_object(found))
		return found;
	found = list ? json_array() : json_object();
	json_object_set_new(object, name, found);
	return found;
}

json_t *conversation_answers(struct conversation *c)
{
	return member(c->state, "answers", false);
}

json_t *conversation_object(struct conversation *c, const char *name)
{
	return member(member(c->state, "rest", false), name, false);
}

json_t *conversation_list(struct conversation *c, const char *name)
{
	return member(member(c->state, "rest", false), name, true);
}

static size_t place_in(const json_t *list, const char *field)
{
	size_t i = 0;

	while (i < json_array_size(list) && strcmp(json_string_value(json_array_get(list, i)) ?: "", field) != 0)
		i++;
	return i;
}

bool conversation_is_open(struct conversation *c, const char *field)
{
	json_t *open = conversation_list(c, "open");

	return place_in(open, field) < json_array_size(open);
}

/* A field without a label is not asked: only a form's own regexes find it. */
static bool is_asked(const struct field *field)
{
	return field->label.count > 0;
}

const struct field *conversation_next(struct conversation *c)
{
	for (size_t i = 0; i < c->form->field_count; i++) {
		const struct field *field = &c->form->fields[i];

		if (is_asked(field) && !json_object_get(conversation_answers(c), field->name) &&
			!conversation_is_open(c, field->name))
			return field;
	}
	return NULL;
}

const struct field *conversation_before(struct conversation *c, const struct field *field)
{
	for (size_t i = (size_t)(field - c->form->fields); i-- > 0;)
		if (is_asked(&c->form->fields[i]))
			return &c->form->fields[i];
	return NULL;
}

size_t conversation_count(const struct conversation *c)
{
	size_t count = 0;

	for (size_t i = 0; i < c->form->field_count; i++)
		count += is_asked(&c->form->fields[i]);
	return count;
}

static json_t *json_words(struct view words)
{
	json_t *string = json_stringn(words.ptr ? words.ptr : "", words.len);

	return string ? string : json_string("");
}

void conversation_forget(struct conversation *c, const char *field)
{
	json_t *open = conversation_list(c, "open");

	json_object_del(conversation_answers(c), field);
	json_object_del(conversation_object(c, "provenance"), field);
	json_object_del(conversation_object(c, "wrong"), field);
	json_array_remove(open, place_in(open, field));
}

void conversation_take(struct conversation *c, const struct turn_answer *answer)
{
	json_t *place = json_pack("{s:o, s:s, s:I, s:I, s:I, s:I, s:I}", "raw", json_words(answer->raw), "part", "",
		"start", (json_int_t)answer->start, "end", (json_int_t)answer->end, "part_start", (json_int_t)0,
		"part_end", (json_int_t)c->text.len, "message", (json_int_t)c->message);

	if (c->original > 0)
		json_object_set_new(place, "edits", json_integer((json_int_t)c->original));
	conversation_forget(c, answer->field->name);
	json_object_set(conversation_answers(c), answer->field->name, answer->value);
	json_object_set_new(conversation_object(c, "provenance"), answer->field->name, place);
	json_object_set_new(json_object_get(c->state, "rest"), "last", json_string(answer->field->name));
}

void conversation_leave(struct conversation *c, const struct field *field)
{
	if (!conversation_is_open(c, field->name))
		json_array_append_new(conversation_list(c, "open"), json_string(field->name));
}

void conversation_remark(struct conversation *c, struct view words)
{
	json_t *rest = json_object_get(c->state, "rest");
	struct view before;
	TEXT_SCOPED all = {0};

	words = view_trim(words);
	if (words.len == 0)
		return;
	before = view_of(json_string_value(json_object_get(rest, "remarks")));
	text_init(&all, REMARKS_MAX);
	text_add_view(&all, before);
	text_add_string(&all, before.len > 0 ? "\n\n" : "");
	text_add_view(&all, words);
	if (!all.full)
		json_object_set_new(rest, "remarks", json_words(text_view(&all)));
}

bool conversation_needs(const struct field *field)
{
	return field->required && !field->fallback;
}

/* ---- its end ---- */

/* A default stands in for what was not answered, never for what was answered and not understood. */
static void end_field(struct conversation *c, const struct field *field, json_t *values, json_t *errors, json_t *found)
{
	json_t *wrong = json_object_get(conversation_object(c, "wrong"), field->name);

	if (json_object_get(values, field->name))
		return;
	if (wrong)
		json_object_set(found, field->name, wrong);
	if (field->fallback && !wrong)
		json_object_set_new(values, field->name, json_string(field->fallback));
	else if (field->required)
		json_object_set_new(errors, field->name, json_string(wrong ? "invalid-value" : "missing-required"));
}

static bool holds(json_t *errors, const char *what)
{
	const char *field;
	json_t *error;

	json_object_foreach(errors, field, error) if (strcmp(json_string_value(error), what) == 0) return true;
	return false;
}

static const char *reason_of(bool answered, json_t *errors)
{
	if (!answered)
		return "no-answers";
	if (holds(errors, "invalid-value"))
		return "invalid-value";
	return json_object_size(errors) > 0 ? "missing-required" : NULL;
}

/* What did not fit is kept as a remark, under its question. */
static void remark_wrong(struct conversation *c)
{
	json_t *words, *wrong = conversation_object(c, "wrong");

	for (size_t i = 0; i < c->form->field_count; i++) {
		const struct field *field = &c->form->fields[i];

		words = json_object_get(wrong, field->name);
		if (words)
			conversation_remark(
				c, view_of(arena_printf(c->arena, "%s → %s", words_get(&field->label, c->language),
					   json_string_value(words))));
	}
}

json_t *conversation_result(struct conversation *c)
{
	bool answered = json_object_size(conversation_answers(c)) > 0;
	json_t *values = json_deep_copy(conversation_answers(c)), *errors = json_object(), *found = json_object();
	json_t *remarks, *result;
	const char *reason;

	for (size_t i = 0; i < c->form->field_count; i++)
		end_field(c, &c->form->fields[i], values, errors, found);
	remark_wrong(c);
	reason = reason_of(answered, errors);
	result = json_pack("{s:s, s:s?, s:s, s:i, s:n, s:s, s:o, s:o, s:o, s:{}, s:O, s:[], s:{}}", "outcome",
		reason ? "review" : "filed", "reason", reason, "template", c->form->id, "template_version",
		c->form->version, "reference", "language", c->language, "values", values, "errors", errors, "found",
		found, "suggestions", "provenance", conversation_object(c, "provenance"), "attachments", "mail");
	remarks = json_object_get(json_object_get(c->state, "rest"), "remarks");
	if (remarks)
		json_object_set(result, "remarks", remarks);
	return result;
}
