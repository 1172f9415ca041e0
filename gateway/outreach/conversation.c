/* outreach/conversation: one message of a conversation, and what follows from it. See conversation.h. */
#include "outreach/conversation_private.h"

#include <string.h>

#include "base/unicode.h"

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static bool is_set(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

/* ---- what goes out ---- */

static json_t *read_plainly(struct conversation *c, struct result *result)
{
	json_t *json;

	parse_message(c->forms, c->arena, c->text, c->hint, result);
	json = result_to_filing(result);
	result_release(result);
	return json;
}

/* Nothing is filed of it: what it says is in the state. */
static json_t *empty_result(const struct conversation *c, const char *outcome, const char *reason)
{
	return json_pack("{s:s, s:s, s:n, s:n, s:n, s:s?, s:{}, s:{}, s:{}, s:{}, s:{}, s:[], s:{}}", "outcome",
		outcome, "reason", reason, "template", "template_version", "reference", "language", c->language,
		"values", "errors", "found", "suggestions", "provenance", "attachments", "mail");
}

static void keep_state(struct conversation *c)
{
	json_object_set_new(c->state, "version", json_integer(c->form->version));
	json_object_set_new(c->state, "language", json_string(c->language));
	json_object_set_new(c->state, "asked", json_string(c->asked ? c->asked->name : ""));
	json_object_set_new(c->state, "again", json_boolean(c->again));
	json_object_set_new(c->out, "form", json_string(c->form->id));
	json_object_set(c->out, "state", c->state);
}

static json_t *finish(struct conversation *c, json_t *result)
{
	if (c->say.len > 0)
		json_object_set_new(c->out, "say", json_stringn(text_string(&c->say), c->say.len));
	json_object_set(result, "talk", c->out);
	return result;
}

static json_t *go_on(struct conversation *c)
{
	if (c->ask && c->asked)
		conversation_ask(c);
	keep_state(c);
	return finish(c, empty_result(c, "review", "no-answers"));
}

static json_t *end(struct conversation *c)
{
	json_t *result = conversation_result(c);

	conversation_echo_all(c);
	c->asked = NULL;
	keep_state(c);
	json_object_set_new(c->out, "over", json_string("ended"));
	return finish(c, result);
}

/* What was answered before the person had enough of it is filed, or goes to a person. */
static json_t *stop(struct conversation *c)
{
	json_t *result;

	json_object_set_new(c->out, "word", json_string("stop"));
	conversation_say(c, "talk_stopped", NULL);
	if (!c->state || json_object_size(conversation_answers(c)) == 0)
		result = empty_result(c, "ignored", "stopped");
	else
		result = conversation_result(c);
	if (c->state) {
		c->asked = NULL;
		keep_state(c);
		json_object_set_new(c->out, "over", json_string("stopped"));
	}
	return finish(c, result);
}

/* ---- answers ---- */

/* Asks for the next field, unless it is the one that waits already; at the end the echo. */
static json_t *proceed(struct conversation *c)
{
	const struct field *next = conversation_next(c);

	if (!next)
		return end(c);
	if (next != c->asked) {
		c->asked = next;
		c->again = false;
		c->ask = true;
	}
	return go_on(c);
}

/* An answer to what was asked that does not fit: once more, then it stays open. */
static void misfit(struct conversation *c, const struct turn_answer *answer)
{
	if (!c->again) {
		c->again = c->ask = true;
		conversation_say(c, "talk_misfit", NULL);
		conversation_suggest(c, answer);
		return;
	}
	conversation_forget(c, answer->field->name);
	json_object_set_new(conversation_object(c, "wrong"), answer->field->name,
		json_stringn(answer->raw.ptr ? answer->raw.ptr : "", answer->raw.len));
	conversation_leave(c, answer->field);
	conversation_say(c, "talk_left", NULL);
}

static void take_answers(struct conversation *c, const struct turn *turn)
{
	for (size_t i = 0; i < turn->answer_count; i++) {
		if (turn->answers[i].value)
			conversation_take(c, &turn->answers[i]);
		else if (turn->answers[i].field == c->asked)
			misfit(c, &turn->answers[i]);
	}
	conversation_remark(c, turn->remarks);
}

/* What is needed is not left out by one word: it is said first. */
static void skip(struct conversation *c)
{
	json_t *rest = json_object_get(c->state, "rest");
	const char *warned = text_of(rest, "warned");

	if (conversation_needs(c->asked) && (!warned || strcmp(warned, c->asked->name) != 0)) {
		json_object_set_new(rest, "warned", json_string(c->asked->name));
		conversation_say(c, "talk_needed_skip", NULL);
		return;
	}
	conversation_leave(c, c->asked);
}

static json_t *back(struct conversation *c)
{
	const struct field *before = conversation_before(c, c->asked);

	c->ask = true;
	if (!before) {
		conversation_say(c, "talk_first", NULL);
		return go_on(c);
	}
	conversation_forget(c, before->name);
	c->asked = before;
	c->again = false;
	return go_on(c);
}

/* Written before the question was there: it goes on with the answer before, or is kept as a remark. */
static void go_on_with_last(struct conversation *c)
{
	const char *last = text_of(json_object_get(c->state, "rest"), "last");
	const struct field *field = last ? form_field(c->form, last) : NULL;
	const json_t *place = last ? json_object_get(conversation_object(c, "provenance"), last) : NULL;
	struct turn_answer answer;
	const char *raw = text_of(place, "raw");
	int64_t message = c->message;

	if (!field || !raw || (field->type != FIELD_TEXT && field->type != FIELD_LINE)) {
		conversation_remark(c, c->text);
		return;
	}
	raw = arena_printf(c->arena, "%s\n%.*s", raw, VIEW_ARGS(c->text));
	if (parse_answer(c->forms, c->arena, view_of(raw), field, c->language, &answer) && answer.value) {
		c->message = json_integer_value(json_object_get(place, "message"));
		conversation_take(c, &answer);
		c->message = message;
	}
	json_decref(answer.value);
}

static json_t *answer_early(struct conversation *c)
{
	struct turn turn;
	json_t *result;

	parse_turn(c->forms, c->arena, c->text, c->form, NULL, c->language, &turn);
	if (turn.word == TURN_STOP) {
		turn_release(&turn);
		return stop(c);
	}
	if (turn.answer_count > 0)
		take_answers(c, &turn);
	else if (turn.word == TURN_WORDS && !turn.greeting)
		go_on_with_last(c);
	result = proceed(c);
	turn_release(&turn);
	return result;
}

static json_t *take_turn(struct conversation *c, const struct turn *turn)
{
	if (turn->word == TURN_STOP)
		return stop(c);
	if (turn->word == TURN_BACK)
		return back(c);
	if (turn->greeting) {
		conversation_say(c, "talk_again", NULL);
		c->ask = true;
		return go_on(c);
	}
	if (turn->word == TURN_SKIP || turn->nothing)
		skip(c);
	else
		take_answers(c, turn);
	c->ask |= turn->answer_count > 0;
	return proceed(c);
}

static json_t *answer(struct conversation *c)
{
	struct turn turn;
	json_t *result;

	if (view_trim(c->text).len == 0) { /* a picture, a voice note, a place */
		conversation_say(c, "talk_words", NULL);
		c->ask = true;
		return go_on(c);
	}
	parse_turn(c->forms, c->arena, c->text, c->form, c->asked, c->language, &turn);
	result = take_turn(c, &turn);
	turn_release(&turn);
	return result;
}

/* ---- a message that was changed in its channel ---- */

static json_t *edit_filed(struct conversation *c, const struct turn_answer *answer)
{
	json_t *result = empty_result(c, answer->value ? "filed" : "review", "invalid-value");
	const char *field = answer->field->name;

	json_object_set_new(result, "template", json_string(c->form->id));
	json_object_set_new(result, "template_version", json_integer(c->form->version));
	json_object_set_new(c->out, "patch", json_true());
	if (!answer->value) {
		json_object_set_new(json_object_get(result, "errors"), field, json_string("invalid-value"));
		json_object_set_new(json_object_get(result, "found"), field,
			json_stringn(answer->raw.ptr ? answer->raw.ptr : "", answer->raw.len));
		conversation_say(c, "talk_misfit", NULL);
		conversation_suggest(c, answer);
		conversation_say_hint(c, answer->field);
		return finish(c, result);
	}
	conversation_take(c, answer);
	json_object_set_new(result, "reason", json_null());
	json_object_set(json_object_get(result, "values"), field, answer->value);
	json_object_set(json_object_get(result, "provenance"), field,
		json_object_get(conversation_object(c, "provenance"), field));
	conversation_say(c, "talk_noted", NULL);
	conversation_echo(c, answer->field);
	return finish(c, result);
}

static json_t *edit_open(struct conversation *c, const struct turn_answer *answer)
{
	if (answer->value) {
		conversation_take(c, answer);
		conversation_say(c, "talk_noted", NULL);
		conversation_echo(c, answer->field);
		return proceed(c);
	}
	conversation_forget(c, answer->field->name);
	conversation_say(c, "talk_misfit", NULL);
	conversation_suggest(c, answer);
	c->asked = answer->field;
	c->again = c->ask = true;
	return go_on(c);
}

static json_t *edit(struct conversation *c)
{
	const struct field *field = form_field(c->form, text_of(c->talk, "edits"));
	bool ended = is_set(c->talk, "ended");
	struct turn_answer answer;
	json_t *result;

	if (!field) { /* it answered nothing: nothing changes */
		if (!ended)
			return go_on(c);
		return finish(c, empty_result(c, "review", "no-answers"));
	}
	c->original = json_integer_value(json_object_get(c->talk, "original"));
	parse_answer(c->forms, c->arena, c->text, field, c->language, &answer);
	result = ended ? edit_filed(c, &answer) : edit_open(c, &answer);
	json_decref(answer.value);
	return result;
}

/* ---- the first message ---- */

static const char *language_of(const struct conversation *c, const struct turn *turn)
{
	const char *language = turn->language;

	if (!language)
		language = forms_language(c->forms, view_of(text_of(c->talk, "language")));
	if (!language)
		language = forms_language(c->forms, view_of(text_of(c->talk, "fallback")));
	return language ? language : "en";
}

/*
 * Is it read as every reply is? A whole answer; one to another form; and what is said when a conversation has just
 * ended
 * ("Thank you").
 */
static bool stands_alone(const struct conversation *c, const struct result *result, const struct turn *turn)
{
	if (!c->form || result->outcome == OUTCOME_FILED || result->reason == REASON_OVER_LIMIT)
		return true;
	if (result->form && strcmp(result->form, c->form->id) != 0 && result->provenance_count > 0)
		return true;
	return is_set(c->talk, "quiet") && !turn->greeting && turn->answer_count == 0;
}

static json_t *begin(struct conversation *c, const struct turn *turn)
{
	c->state = json_pack("{s:{}, s:{}}", "answers", "rest");
	conversation_say(c, "talk_hello", NULL);
	conversation_say(c, "talk_how", json_pack("{s:i}", "count", (int)conversation_count(c)));
	if (turn->answer_count > 0)
		take_answers(c, turn);
	return proceed(c);
}

static json_t *read_first(struct conversation *c)
{
	struct result result;
	struct turn turn;
	json_t *plain;

	parse_turn(c->forms, c->arena, c->text, c->form, NULL, NULL, &turn);
	c->language = language_of(c, &turn);
	if (turn.word == TURN_STOP)
		return stop(c);
	plain = read_plainly(c, &result);
	if (stands_alone(c, &result, &turn)) {
		plain = finish(c, plain);
	} else {
		json_decref(plain);
		plain = begin(c, &turn);
	}
	turn_release(&turn);
	return plain;
}

/* ---- all of it ---- */

static void open_state(struct conversation *c)
{
	json_t *state = json_object_get(c->talk, "state");
	const char *form = text_of(c->talk, "form"), *asked = text_of(state, "asked");
	long long version = json_integer_value(json_object_get(state, "version"));

	if (form && version > 0)
		c->form = forms_get(c->forms, form, (int)version);
	if (form && !c->form)
		c->form =
			forms_get(c->forms, form, 0); /* a newer version is in force: fields are known by their names */
	if (!c->form || !json_is_object(state))
		return;
	c->state = json_deep_copy(state);
	conversation_list(c, "open"); /* makes what is missing */
	c->language = arena_strdup(c->arena, text_of(state, "language") ? text_of(state, "language") : "en");
	c->again = is_set(state, "again");
	c->asked = asked ? form_field(c->form, asked) : NULL;
	if (!c->asked)
		c->asked = conversation_next(c);
}

static json_t *read_turn(struct conversation *c)
{
	if (!c->state)
		return read_first(c);
	if (text_of(c->talk, "edits"))
		return edit(c);
	if (!c->asked)
		return end(c);
	return is_set(c->talk, "early") ? answer_early(c) : answer(c);
}

json_t *conversation_read(const struct forms *forms, struct arena *arena, struct view text, struct view talk,
	const struct request_hint *hint)
{
	struct conversation c = {.forms = forms, .arena = arena, .hint = hint, .out = json_object()};
	json_t *result;

	/* The words that parse_turn() reads: one answer is read again from them. */
	c.text = unicode_nfc(arena, unicode_decode(arena, text, VIEW("utf-8")));
	c.talk = json_loadb(talk.ptr ? talk.ptr : "", talk.len, 0, NULL);
	c.message = json_integer_value(json_object_get(c.talk, "message"));
	text_init(&c.say, CONVERSATION_SAY_MAX);
	open_state(&c);
	result = read_turn(&c);
	text_release(&c.say);
	json_decref(c.talk);
	json_decref(c.state);
	json_decref(c.out);
	return result;
}
