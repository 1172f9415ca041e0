/* parsers/form_field: the `fields:` of a form. See form.h. */
#include "parsers/form.h"

#include <string.h>

#include "base/unicode.h"

static const char *const type_names[] = {
	[FIELD_LINE] = "line",
	[FIELD_TEXT] = "text",
	[FIELD_COUNTRY] = "country",
	[FIELD_CHOICE] = "choice",
	[FIELD_CHOICES] = "choices",
	[FIELD_SCALE] = "scale",
	[FIELD_NUMBER] = "number",
	[FIELD_DATE] = "date",
	[FIELD_YES_NO] = "yes_no",
	[FIELD_PATTERN] = "pattern",
	NULL,
};

const char *field_type_name(enum field_type type)
{
	return type_names[type];
}

static int load_type(const struct yaml_node *node, enum field_type *out, struct error *err)
{
	if (node->kind == YAML_SCALAR)
		for (int type = 0; type_names[type]; type++)
			if (strcmp(node->scalar, type_names[type]) == 0) {
				*out = (enum field_type)type;
				return 0;
			}
	return yaml_error(node, err,
		"unknown type; known are line, text, country, choice, choices, scale, number, date, yes_no and "
		"pattern");
}

static bool has_options(enum field_type type)
{
	return type == FIELD_CHOICE || type == FIELD_CHOICES;
}

static const struct option *option_of(const struct field *field, const char *value)
{
	for (size_t i = 0; i < field->option_count; i++)
		if (strcmp(field->options[i].value, value) == 0)
			return &field->options[i];
	return NULL;
}

static int load_option(struct arena *arena, const struct yaml_node *node, const struct field *field, struct option *out,
	struct error *err)
{
	static const char *const keys[] = {"value", "label", NULL};
	const struct yaml_node *value, *label;

	if (form_check_keys(node, keys, err) < 0)
		return -1;
	value = yaml_get(node, "value");
	label = yaml_get(node, "label");
	if (!value || !label)
		return yaml_error(node, err, "an option needs \"%s\"", value ? "label" : "value");
	if (form_check_name(value, '-', err) < 0)
		return -1;
	if (option_of(field, value->scalar))
		return yaml_error(value, err, "the option \"%s\" is there twice", value->scalar);
	out->value = arena_strdup(arena, value->scalar);
	return form_load_words(arena, label, &out->label, err);
}

static int load_options(struct arena *arena, const struct yaml_node *node, struct field *field, struct error *err)
{
	struct option *options;

	if (node->kind != YAML_SEQUENCE || node->count < 2)
		return yaml_error(node, err, "expected a list of two options or more");
	if (node->count > FORM_OPTIONS_MAX)
		return yaml_error(node, err, "more than %d options", FORM_OPTIONS_MAX);
	options = ARENA_NEW_N(arena, struct option, node->count);
	field->options = options;
	for (const struct yaml_node *option = node->first; option; option = option->next) {
		if (load_option(arena, option, field, &options[field->option_count], err) < 0)
			return -1;
		field->option_count++;
	}
	return 0;
}

/* `default` is only for what has options: a text or a figure that nobody gave would be invented. */
static int load_default(struct arena *arena, const struct yaml_node *node, struct field *field, struct error *err)
{
	if (field->type != FIELD_CHOICE)
		return yaml_error(node, err, "only a field of type choice may have a default");
	if (node->kind != YAML_SCALAR || !option_of(field, node->scalar))
		return yaml_error(node, err, "the default must be one of the options' values");
	field->fallback = arena_strdup(arena, node->scalar);
	return 0;
}

static int load_digest(struct arena *arena, const struct yaml_node *node, struct field *field, struct error *err)
{
	static const struct {
		const char *name;
		enum field_type type;
	} parts[] = {
		{"urgent", FIELD_YES_NO},
		{"rating", FIELD_SCALE},
		{"failure", FIELD_TEXT},
		{"lesson", FIELD_TEXT},
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (node->kind != YAML_SCALAR || strcmp(node->scalar, parts[i].name) != 0)
			continue;
		if (field->type != parts[i].type)
			return yaml_error(node, err, "\"%s\" is for a field of type %s", parts[i].name,
				type_names[parts[i].type]);
		field->digest = arena_strdup(arena, node->scalar);
		return 0;
	}
	return yaml_error(node, err, "expected urgent, rating, failure or lesson");
}

static int load_limit(
	const struct yaml_node *node, const struct field *field, bool *has_out, long long *out, struct error *err)
{
	if (field->type != FIELD_SCALE && field->type != FIELD_NUMBER)
		return yaml_error(node, err, "only a scale or a number has \"min\" and \"max\"");
	if (yaml_int(node, -1000000000000000LL, 1000000000000000LL, out, err) < 0)
		return -1;
	*has_out = true;
	return 0;
}

static int load_pattern(struct arena *arena, const struct yaml_node *node, struct field *field, struct error *err)
{
	if (field->type != FIELD_PATTERN)
		return yaml_error(node, err, "only a field of type pattern has a pattern");
	if (node->kind != YAML_SCALAR || node->scalar_len == 0 || node->scalar_len > FORM_PATTERN_MAX)
		return yaml_error(node, err, "expected a regex of at most %d bytes", FORM_PATTERN_MAX);
	field->pattern = arena_strdup(arena, node->scalar);
	return 0;
}

/* What one key says; the order of `keys` below is the order in which they are read, whatever the file's. */
static int load_key(
	struct arena *arena, const char *key, const struct yaml_node *node, struct field *field, struct error *err)
{
	if (strcmp(key, "label") == 0)
		return form_load_words(arena, node, &field->label, err);
	if (strcmp(key, "hint") == 0)
		return form_load_words(arena, node, &field->hint, err);
	if (strcmp(key, "required") == 0)
		return yaml_bool(node, &field->required, err);
	if (strcmp(key, "theme") == 0) {
		if (!has_options(field->type))
			return yaml_error(node, err, "only a field of type choice or choices can be the theme");
		return yaml_bool(node, &field->theme, err);
	}
	if (strcmp(key, "options") == 0) {
		if (!has_options(field->type))
			return yaml_error(node, err, "only a field of type choice or choices has options");
		return load_options(arena, node, field, err);
	}
	if (strcmp(key, "default") == 0)
		return load_default(arena, node, field, err);
	if (strcmp(key, "digest") == 0)
		return load_digest(arena, node, field, err);
	if (strcmp(key, "min") == 0)
		return load_limit(node, field, &field->has_min, &field->min, err);
	if (strcmp(key, "max") == 0)
		return load_limit(node, field, &field->has_max, &field->max, err);
	return load_pattern(arena, node, field, err);
}

static int check_field(const struct yaml_node *node, const struct field *field, struct error *err)
{
	if (has_options(field->type) && field->option_count == 0)
		return yaml_error(node, err, "the field \"%s\" needs \"options\"", field->name);
	if (field->type == FIELD_PATTERN && !field->pattern)
		return yaml_error(node, err, "the field \"%s\" needs a \"pattern\"", field->name);
	if (field->type == FIELD_SCALE && (!field->has_min || !field->has_max))
		return yaml_error(node, err, "the scale \"%s\" needs \"min\" and \"max\"", field->name);
	if (field->has_min && field->has_max && field->min >= field->max)
		return yaml_error(node, err, "\"min\" of \"%s\" must be below its \"max\"", field->name);
	return 0;
}

static int load_field(struct arena *arena, const struct yaml_node *node, const struct form *form, struct field *field,
	struct error *err)
{
	static const char *const keys[] = {"name", "type", "label", "hint", "options", "required", "theme", "default",
		"digest", "min", "max", "pattern", NULL};
	const struct yaml_node *name, *type;

	if (form_check_keys(node, keys, err) < 0)
		return -1;
	name = yaml_get(node, "name");
	type = yaml_get(node, "type");
	if (!name || !type)
		return yaml_error(node, err, "a field needs \"%s\"", name ? "type" : "name");
	if (form_check_name(name, '_', err) < 0 || load_type(type, &field->type, err) < 0)
		return -1;
	if (form_field(form, name->scalar))
		return yaml_error(name, err, "the field \"%s\" is there twice", name->scalar);
	field->name = arena_strdup(arena, name->scalar);
	for (const char *const *key = keys + 2; *key; key++) {
		const struct yaml_node *value = yaml_get(node, *key);

		if (value && load_key(arena, *key, value, field, err) < 0)
			return -1;
	}
	return check_field(node, field, err);
}

/* Do two fields share a label in one language? Then no reply could tell them apart. */
static int check_collision(const struct yaml_node *node, struct arena *arena, const struct field *one,
	const struct field *other, struct error *err)
{
	for (size_t i = 0; i < one->label.count; i++)
		for (size_t j = 0; j < other->label.count; j++) {
			const struct word *a = &one->label.list[i], *b = &other->label.list[j];

			if (strcmp(a->language, b->language) == 0 && view_equal(unicode_fold(arena, view_of(a->text)),
									     unicode_fold(arena, view_of(b->text))))
				return yaml_error(node, err, "the label \"%s\" (%s) is also that of the field \"%s\"",
					b->text, b->language, one->name);
		}
	return 0;
}

static int check_collisions(const struct yaml_node *node, struct arena *arena, const struct form *form,
	const struct field *field, struct error *err)
{
	const struct yaml_node *label = yaml_get(node, "label");

	for (size_t i = 0; i < form->field_count; i++)
		if (check_collision(label ? label : node, arena, &form->fields[i], field, err) < 0)
			return -1;
	return 0;
}

int form_load_fields(
	struct arena *arena, const struct yaml_node *node, bool labels, struct form *form, struct error *err)
{
	struct field *fields;

	if (node->kind != YAML_SEQUENCE || node->count == 0)
		return yaml_error(node, err, "expected a list of fields");
	if (node->count > FORM_FIELDS_MAX)
		return yaml_error(node, err, "more than %d fields", FORM_FIELDS_MAX);
	fields = ARENA_NEW_N(arena, struct field, node->count);
	form->fields = fields;
	for (const struct yaml_node *one = node->first; one; one = one->next) {
		struct field *field = &fields[form->field_count];

		if (load_field(arena, one, form, field, err) < 0)
			return -1;
		if (check_collisions(one, arena, form, field, err) < 0)
			return -1;
		if (labels && field->label.count == 0)
			return yaml_error(one, err, "the field \"%s\" needs a \"label\"", field->name);
		field->number = (int)++form->field_count;
	}
	return 0;
}
