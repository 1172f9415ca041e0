/* outreach/conversation_words: what is said in a conversation, from the form and the words of a language. */
#include "outreach/conversation_private.h"

#include <string.h>

#include "base/mustache.h"
#include "base/unicode.h"

#define ECHO_LETTERS 80	 /* of a text, before it is cut */
#define ISOLATE "\u2068" /* what stands inside has a direction of its own */
#define ISOLATE_END "\u2069"
#define DATE_EXAMPLE "2026-03-31"

static bool is_rtl(struct view text)
{
	uint32_t code;

	for (size_t at = 0; unicode_next(text, &at, &code);) {
		if ((code >= 0x0590 && code <= 0x08ff) || (code >= 0xfb1d && code <= 0xfefc))
			return true;
		if (unicode_is_letter(code))
			return false;
	}
	return false;
}

static bool speaks_rtl(const struct conversation *c)
{
	return is_rtl(view_of(forms_word(c->forms, "talk_done", c->language)));
}

/* A value beside words of ours: isolated where one of the two runs from right to left. */
static const char *beside(struct conversation *c, struct view value)
{
	if (!speaks_rtl(c) && !is_rtl(value))
		return arena_printf(c->arena, "%.*s", VIEW_ARGS(value));
	return arena_printf(c->arena, ISOLATE "%.*s" ISOLATE_END, VIEW_ARGS(value));
}

static void begin_line(struct conversation *c)
{
	if (c->say.len > 0)
		text_add_char(&c->say, '\n');
}

static void blank_line(struct conversation *c)
{
	if (c->say.len > 0)
		text_add_char(&c->say, '\n');
}

void conversation_say(struct conversation *c, const char *key, json_t *data)
{
	const char *template = forms_word(c->forms, key, c->language);
	struct error err = ERROR_INIT;

	begin_line(c);
	if (template)
		mustache_render(view_of(template), data, NULL, &c->say, &err);
	json_decref(data);
}

/* ---- a question ---- */

static void add_options(struct conversation *c, const struct field *field)
{
	for (size_t i = 0; i < field->option_count; i++) {
		begin_line(c);
		text_add_format(&c->say, "%zu – %s", i + 1, words_get(&field->options[i].label, c->language));
	}
}

static json_t *limits_of(const struct field *field)
{
	json_t *data = json_object();

	json_object_set_new(data, "min", json_integer(field->min));
	json_object_set_new(data, "max", json_integer(field->max));
	if (field->has_min)
		json_object_set_new(data, "least", json_integer(field->min));
	if (field->has_max)
		json_object_set_new(data, "most", json_integer(field->max));
	return data;
}

static json_t *yes_and_no(struct conversation *c)
{
	return json_pack("{s:s, s:s}", "yes", beside(c, view_of(forms_word(c->forms, "yes", c->language))), "no",
		beside(c, view_of(forms_word(c->forms, "no", c->language))));
}

void conversation_say_hint(struct conversation *c, const struct field *field)
{
	static const char *const keys[] = {
		[FIELD_LINE] = "talk_line",
		[FIELD_TEXT] = "talk_text",
		[FIELD_COUNTRY] = "talk_country",
		[FIELD_CHOICE] = "talk_choice",
		[FIELD_CHOICES] = "talk_choices",
		[FIELD_SCALE] = "talk_scale",
		[FIELD_NUMBER] = "talk_number",
		[FIELD_DATE] = "talk_date",
		[FIELD_YES_NO] = "talk_yes_no",
		[FIELD_PATTERN] = "talk_pattern",
	};
	json_t *data = NULL;

	add_options(c, field);
	if (field->hint.count > 0) {
		begin_line(c);
		text_add_string(&c->say, words_get(&field->hint, c->language));
	}
	if (field->type == FIELD_SCALE || field->type == FIELD_NUMBER)
		data = limits_of(field);
	if (field->type == FIELD_DATE)
		data = json_pack("{s:s}", "example", beside(c, VIEW(DATE_EXAMPLE)));
	if (field->type == FIELD_YES_NO)
		data = yes_and_no(c);
	conversation_say(c, keys[field->type], data);
}

/* Which question of how many: fields without a label are not counted. */
static size_t place_of(const struct conversation *c, const struct field *field)
{
	size_t place = 0;

	for (const struct field *at = c->form->fields; at <= field; at++)
		place += at->label.count > 0;
	return place;
}

void conversation_ask(struct conversation *c)
{
	blank_line(c);
	begin_line(c);
	text_add_format(&c->say, "%s (%zu/%zu)", words_get(&c->asked->label, c->language), place_of(c, c->asked),
		conversation_count(c));
	if (conversation_needs(c->asked))
		conversation_say(c, "talk_needed", NULL);
	conversation_say_hint(c, c->asked);
}

static const char *option_label(struct conversation *c, const struct field *field, const char *value)
{
	for (size_t i = 0; i < field->option_count; i++)
		if (strcmp(field->options[i].value, value) == 0)
			return words_get(&field->options[i].label, c->language);
	return value;
}

void conversation_suggest(struct conversation *c, const struct turn_answer *answer)
{
	const char *value = arena_printf(c->arena, "%.*s", VIEW_ARGS(answer->suggestion));

	if (answer->suggestion.len == 0)
		return;
	if (answer->field->type == FIELD_COUNTRY)
		value = country_name(c->forms, value, c->language);
	else
		value = option_label(c, answer->field, value);
	conversation_say(c, "talk_suggest", json_pack("{s:s}", "suggestion", beside(c, view_of(value))));
}

/* ---- the echo ---- */

/* Long texts by their first words and their length: an echo that is quoted must not be taken for the answer. */
static const char *cut_words(struct conversation *c, struct view text)
{
	struct view first = unicode_squeeze(c->arena, text), line = text;
	size_t at = 0, letters = 0, space = 0;
	uint32_t code;

	while (letters < ECHO_LETTERS && unicode_next(first, &at, &code)) {
		letters++;
		if (unicode_is_space(code))
			space = at;
	}
	if (at >= first.len)
		return beside(c, first);
	line = view_trim(view_sub(first, 0, space > 0 ? space : at));
	return arena_printf(c->arena, "%s (%zu %s)",
		beside(c, view_of(arena_printf(c->arena, "%.*s […]", VIEW_ARGS(line)))), unicode_length(text),
		forms_word(c->forms, "talk_letters", c->language));
}

static const char *list_words(struct conversation *c, const struct field *field, const json_t *values)
{
	const char *all = "";
	size_t i;
	json_t *value;

	json_array_foreach(values, i, value) all = arena_printf(
		c->arena, "%s%s%s", all, i > 0 ? " · " : "", option_label(c, field, json_string_value(value)));
	return all;
}

static const char *value_words(struct conversation *c, const struct field *field, const json_t *value)
{
	const char *string = json_string_value(value);

	if (json_is_array(value))
		return list_words(c, field, value);
	if (json_is_boolean(value))
		return forms_word(c->forms, json_is_true(value) ? "yes" : "no", c->language);
	if (json_is_integer(value))
		return arena_printf(c->arena, "%lld", (long long)json_integer_value(value));
	if (!string)
		return "";
	if (field->type == FIELD_COUNTRY)
		return country_name(c->forms, string, c->language);
	if (field->type == FIELD_CHOICE)
		return option_label(c, field, string);
	return cut_words(c, view_of(string));
}

static void echo_line(struct conversation *c, const char *label, const char *words)
{
	begin_line(c);
	text_add_format(&c->say, "%s %s %s", label, speaks_rtl(c) ? "←" : "→", words);
}

void conversation_echo(struct conversation *c, const struct field *field)
{
	json_t *value = json_object_get(conversation_answers(c), field->name);

	if (value)
		echo_line(c, words_get(&field->label, c->language), value_words(c, field, value));
}

/* Fields that came to nothing, by name: `needed` those that must be answered, else the others. */
static void echo_open(struct conversation *c, const char *key, bool needed)
{
	const char *all = "";

	for (size_t i = 0; i < c->form->field_count; i++) {
		const struct field *field = &c->form->fields[i];

		if (field->label.count == 0 || json_object_get(conversation_answers(c), field->name) ||
			conversation_needs(field) != needed)
			continue;
		all = arena_printf(c->arena, "%s%s%s", all, all[0] ? " · " : "", words_get(&field->label, c->language));
	}
	if (all[0])
		echo_line(c, forms_word(c->forms, key, c->language), all);
}

static void echo_wrong(struct conversation *c)
{
	for (size_t i = 0; i < c->form->field_count; i++) {
		const struct field *field = &c->form->fields[i];
		json_t *wrong = json_object_get(conversation_object(c, "wrong"), field->name);

		if (wrong)
			echo_line(c,
				arena_printf(c->arena, "%s · %s", forms_word(c->forms, "talk_misread", c->language),
					words_get(&field->label, c->language)),
				cut_words(c, view_of(json_string_value(wrong))));
	}
}

void conversation_echo_all(struct conversation *c)
{
	bool needs = false;

	blank_line(c);
	conversation_say(c, "talk_done", NULL);
	blank_line(c);
	for (size_t i = 0; i < c->form->field_count; i++) {
		const struct field *field = &c->form->fields[i];

		conversation_echo(c, field);
		needs |= conversation_needs(field) && !json_object_get(conversation_answers(c), field->name);
	}
	echo_wrong(c);
	echo_open(c, "talk_missing", true);
	echo_open(c, "talk_open", false);
	blank_line(c);
	conversation_say(c, needs ? "talk_review" : "talk_end", NULL);
}
