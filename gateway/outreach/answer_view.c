/* outreach/answer_view: what an acknowledgement says, as data for its template. See letters.h. */
#include "outreach/letters.h"

#include <string.h>

#include "base/unicode.h"

#define EXAMPLE_NUMBER 350
#define EXAMPLE_DATE "2026-11-03"
#define CUT_WORDS_MIN 20 /* letters of a cut text at least, whatever its words */

struct answer_view {
	const struct forms *forms;
	struct arena *arena;
	const struct asking_answer *answer;
	const char *language; /* of the letter's words */
	bool rtl;
	json_t *understood, *assumed, *wrong, *missing;
};

/* ---- values ---- */

/*
 * Up to where words may be repeated: what is quoted again must not look like a form's line. A label's sign, or a number
 * with one behind it, ends them.
 */
static size_t harmless(struct view text)
{
	uint32_t code, before = ' ';

	for (size_t at = 0, start = 0; unicode_next(text, &at, &code); start = at, before = code) {
		bool dash = code == '-' || (code >= 0x2010 && code <= 0x2015) || code == 0x2212;
		bool behind_number = unicode_is_digit(before) && (code == '.' || code == ')' || code == 0x066b || dash);

		if (code == ':' || code == '=' || code == 0xff1a || code == 0xff1d || behind_number ||
			(dash && unicode_is_space(before)))
			return start;
	}
	return text.len;
}

/* At a word's end, without more than `letters` of it; false when nothing had to go. */
static bool cut(struct view text, size_t letters, struct view *out)
{
	struct view shown = view_sub(text, 0, harmless(text));
	size_t at = 0, end = 0, count = 0;
	uint32_t code;

	while (count < letters && unicode_next(shown, &at, &code)) {
		count++;
		if (unicode_is_space(code) && count > CUT_WORDS_MIN)
			end = at - 1;
	}
	if (at < shown.len)
		shown = view_sub(shown, 0, end > 0 ? end : at);
	*out = view_trim_end(shown);
	return out->len < text.len;
}

static const char *list_separator(const struct answer_view *v)
{
	return v->rtl ? "\u060c " : ", ";
}

static const char *option_label(const struct answer_view *v, const struct field *field, const char *value)
{
	for (size_t i = 0; i < field->option_count; i++)
		if (strcmp(field->options[i].value, value) == 0)
			return words_get(&field->options[i].label, v->answer->language);
	return value;
}

static const char *options_of(const struct answer_view *v, const struct field *field)
{
	const char *list = "";

	for (size_t i = 0; i < field->option_count; i++)
		list = arena_printf(v->arena, "%s%s%s", list, i > 0 ? " / " : "",
			words_get(&field->options[i].label, v->answer->language));
	return list;
}

static const char *choices(const struct answer_view *v, const struct field *field, const json_t *value)
{
	const char *list = "";
	json_t *one;
	size_t i;

	json_array_foreach(value, i, one) list = arena_printf(v->arena, "%s%s%s", list, i > 0 ? list_separator(v) : "",
		option_label(v, field, json_string_value(one) ? json_string_value(one) : ""));
	return list;
}

static const char *yes_no(const struct answer_view *v, bool yes)
{
	const char *word = forms_word(v->forms, yes ? "yes" : "no", v->answer->language);

	return word ? word : yes ? "yes" : "no";
}

/* People's own words: their beginning, and how many letters are kept. */
static void set_words(const struct answer_view *v, json_t *item, const char *words)
{
	struct view text = unicode_squeeze(v->arena, view_of(words)), shown;

	if (cut(text, ASKING_SHOWN_LETTERS, &shown))
		json_object_set_new(item, "letters",
			json_string(forms_letter_number(
				v->forms, v->arena, v->language, (long long)unicode_length(view_of(words)))));
	json_object_set_new(item, "value", json_stringn(shown.ptr, shown.len));
	json_object_set_new(item, "quoted", json_true());
}

static void set_value(const struct answer_view *v, json_t *item, const struct field *field, const json_t *value)
{
	const char *text = json_is_string(value) ? json_string_value(value) : "";

	switch (field->type) {
	case FIELD_COUNTRY:
		text = country_name(v->forms, text, v->answer->language);
		break;
	case FIELD_CHOICE:
		text = option_label(v, field, text);
		break;
	case FIELD_CHOICES:
		text = choices(v, field, value);
		break;
	case FIELD_SCALE:
	case FIELD_NUMBER:
		text = forms_letter_number(v->forms, v->arena, v->language, json_integer_value(value));
		break;
	case FIELD_DATE:
		text = letters_day(v->forms, v->arena, v->language, text, true);
		break;
	case FIELD_YES_NO:
		text = yes_no(v, json_is_true(value));
		break;
	case FIELD_PATTERN:
		break;
	case FIELD_LINE:
	case FIELD_TEXT:
		set_words(v, item, text);
		return;
	}
	json_object_set_new(item, "value", json_string(text));
}

/* ---- what is open ---- */

static const char *number(const struct answer_view *v, long long value)
{
	return forms_letter_number(v->forms, v->arena, v->language, value);
}

/* Any number that fits. */
static long long example_of(const struct field *field)
{
	if (field->has_min && field->min > EXAMPLE_NUMBER)
		return field->min;
	return field->has_max && field->max < EXAMPLE_NUMBER ? field->max : EXAMPLE_NUMBER;
}

static json_t *need(const struct answer_view *v, const struct field *field)
{
	const char *type = field->type == FIELD_LINE || field->type == FIELD_TEXT ? "words" : field_type_name(field->type);
	json_t *item = json_pack("{s:s,s:b,s:s,s:s,s:s}", "label", words_get(&field->label, v->answer->language),
		arena_printf(v->arena, "is_%s", type), 1, "options", options_of(v, field), "yes", yes_no(v, true), "no",
		yes_no(v, false));

	if (field->type == FIELD_SCALE) {
		json_object_set_new(item, "min", json_string(number(v, field->min)));
		json_object_set_new(item, "max", json_string(number(v, field->max)));
	}
	if (field->type == FIELD_NUMBER)
		json_object_set_new(item, "example", json_string(number(v, example_of(field))));
	if (field->type == FIELD_DATE)
		json_object_set_new(
			item, "example", json_string(letters_day(v->forms, v->arena, v->language, EXAMPLE_DATE, true)));
	return item;
}

static void add_open(struct answer_view *v, const struct field *field, const char *error)
{
	const char *found =
		json_string_value(json_object_get(json_object_get(v->answer->said, "found"), field->name));
	bool missing = strcmp(error, "missing-required") == 0;
	json_t *item = need(v, field);
	struct view shown;

	if (found && *found && !v->answer->no_content) {
		bool more = cut(unicode_squeeze(v->arena, view_of(found)), ASKING_FOUND_LETTERS, &shown);

		if (shown.len > 0)
			json_object_set_new(
				item, "found", json_sprintf("%.*s%s", VIEW_ARGS(shown), more ? " \u2026" : ""));
	}
	json_array_append_new(missing ? v->missing : v->wrong, item);
}

/* ---- the whole ---- */

static bool was_given(const json_t *said, const char *name)
{
	const json_t *given = json_object_get(said, "given"), *one;
	size_t i;

	json_array_foreach(given, i, one) if (strcmp(json_string_value(one), name) == 0) return true;
	return !given;
}

static void add_field(struct answer_view *v, const struct field *field)
{
	const json_t *said = v->answer->said, *value = json_object_get(json_object_get(said, "values"), field->name);
	const char *error = json_string_value(json_object_get(json_object_get(said, "errors"), field->name));
	json_t *item;

	if (error && field->label.count > 0)
		add_open(v, field, error);
	if (!value || error || field->label.count == 0)
		return;
	item = json_pack("{s:s}", "label", words_get(&field->label, v->answer->language));
	set_value(v, item, field, value);
	json_array_append_new(was_given(said, field->name) ? v->understood : v->assumed, item);
}

static void set_list(struct answer_view *v, json_t *view, const char *name, json_t *list, bool shown)
{
	json_object_set_new(view, arena_printf(v->arena, "has_%s", name), json_boolean(shown && json_array_size(list) > 0));
	if (shown)
		json_object_set(view, name, list);
	json_decref(list);
}

static void set_count(struct answer_view *v, json_t *view, const char *name, size_t count)
{
	if (count > 0)
		json_object_set_new(view, name, json_string(number(v, (long long)count)));
}

static void fill(struct answer_view *v, json_t *view, bool open)
{
	const struct form *form = v->answer->form;
	bool content = !v->answer->no_content;
	size_t left;

	v->understood = json_array();
	v->assumed = json_array();
	v->wrong = json_array();
	v->missing = json_array();
	for (size_t i = 0; form && i < form->field_count; i++)
		add_field(v, &form->fields[i]);
	left = json_array_size(v->wrong) + json_array_size(v->missing);
	set_count(v, view, "understood_count", json_array_size(v->understood));
	set_count(v, view, "open_count", left);
	json_object_set_new(view, "finish", json_boolean(left > 0));
	json_object_set_new(view, "whole", json_boolean(!open && left == 0));
	json_object_set_new(view, "review", json_boolean(open && left == 0));
	set_list(v, view, "understood", v->understood, content);
	set_list(v, view, "assumed", v->assumed, content);
	set_list(v, view, "wrong", v->wrong, true);
	set_list(v, view, "missing", v->missing, true);
}

json_t *letters_answer_view(
	const struct forms *forms, struct arena *arena, const struct asking_answer *answer, bool told, bool open)
{
	const char *language = forms_letter_language(forms, "acknowledgement", answer->language);
	struct answer_view v = {.forms = forms, .arena = arena, .answer = answer, .language = language ? language : "en"};
	json_t *view = json_object();

	v.rtl = forms_is_rtl(forms, v.language);
	json_object_set_new(view, "day", json_string(letters_day(forms, arena, v.language, answer->day, false)));
	json_object_set_new(view, "neutral", json_boolean(answer->neutral));
	json_object_set_new(view, "dropped", json_boolean(answer->dropped));
	json_object_set_new(view, "arrow", json_string(v.rtl ? "\u2190" : "\u2192"));
	if (answer->name && !answer->neutral) {
		struct view name = view_of(answer->name);

		if (name.len > 0 && harmless(name) == name.len)
			json_object_set_new(view, "name", json_string(answer->name));
	}
	if (told)
		fill(&v, view, open);
	return view;
}
