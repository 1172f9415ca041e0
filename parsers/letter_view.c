/* parsers/letter_view: what a template is given, besides its caller's. See letter.h. */
#include "parsers/letter_private.h"

#include <string.h>

#include "base/unicode.h"

/* One line, without marks of ours or of direction; set apart where it runs the other way. */
static json_t *clean_string(struct arena *arena, const json_t *value, int direction)
{
	struct view text = {json_string_value(value), json_string_length(value)};
	char *copy = arena_copy(arena, text.ptr, text.len);
	int own;

	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)copy[i] < ' ' || copy[i] == 0x7f)
			copy[i] = ' ';
	text = unicode_drop_bidi(arena, (struct view){copy, text.len});
	own = letter_direction(text);
	if (own == 0 || own == direction)
		return json_stringn(text.ptr ? text.ptr : "", text.len);
	return json_sprintf("%c%.*s%c", LETTER_OTHER_WAY, VIEW_ARGS(text), LETTER_BACK);
}

static json_t *clean(struct arena *arena, const json_t *value, int direction)
{
	json_t *out;
	const char *key;
	json_t *item;
	size_t i;

	if (json_is_string(value))
		return clean_string(arena, value, direction);
	if (json_is_object(value)) {
		out = json_object();
		json_object_foreach((json_t *)(uintptr_t)value, key, item)
			json_object_set_new(out, key, clean(arena, item, direction));
		return out;
	}
	if (!json_is_array(value))
		return json_deep_copy(value);
	out = json_array();
	json_array_foreach(value, i, item) json_array_append_new(out, clean(arena, item, direction));
	return out;
}

static const char *option_label(const struct field *field, const char *value, const char *language)
{
	for (size_t i = 0; i < field->option_count; i++)
		if (strcmp(field->options[i].value, value) == 0)
			return words_get(&field->options[i].label, language);
	return NULL;
}

/* The words by which a person says how the answers may be shared. */
static void add_sharing(json_t *view, const struct form *form, const char *language)
{
	const struct field *field = form_field(form, "sharing");
	const char *open, *restricted;

	if (!field || field->label.count == 0)
		return;
	open = option_label(field, "open", language);
	restricted = option_label(field, "restricted", language);
	if (open && restricted)
		json_object_set_new(view, "sharing",
			json_pack("{s:s,s:s,s:s}", "label", words_get(&field->label, language), "open", open,
				"restricted", restricted));
}

/* The fields without which a reply is not whole. */
static void add_required(json_t *view, const struct form *form, const char *language)
{
	json_t *list = json_array(), *item = NULL;

	for (size_t i = 0; i < form->field_count; i++) {
		const struct field *field = &form->fields[i];

		if (!field->required || field->fallback || field->label.count == 0)
			continue;
		item = json_pack("{s:s,s:b}", "label", words_get(&field->label, language), "last", 0);
		json_array_append_new(list, item);
	}
	if (item)
		json_object_set_new(item, "last", json_true());
	json_object_set_new(view, "has_required", json_boolean(item != NULL));
	json_object_set_new(view, "required", list);
}

json_t *letter_view(struct arena *arena, const struct letter_order *order, int direction, bool html)
{
	json_t *whole = order->view ? json_deep_copy(order->view) : json_object(), *view;

	if (order->form) {
		json_object_set_new(whole, "title", json_string(words_get(&order->form->title, order->language)));
		add_sharing(whole, order->form, order->language);
		add_required(whole, order->form, order->language);
	}
	json_object_set_new(whole, "html", json_boolean(html));
	json_object_set_new(whole, "rtl", json_boolean(direction == LETTER_RTL));
	view = clean(arena, whole, direction);
	json_decref(whole);
	return view;
}
