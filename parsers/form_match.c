/* parsers/form_match: a form's own regexes. See form_match.h. */
#include "parsers/form_match.h"

#include <string.h>

#include "parsers/form.h"
#include "parsers/regex.h"

struct group {
	size_t number;
	size_t field; /* index in the form */
};

struct pattern {
	struct regex *regex; /* NULL: not asked for */
	struct group *groups;
	size_t group_count;
};

struct form_match {
	struct pattern subject, body;
};

static int compile(const struct yaml_node *node, struct pattern *out, struct error *err)
{
	struct error why = ERROR_INIT;

	if (node->kind != YAML_SCALAR || node->scalar_len == 0 || node->scalar_len > FORM_PATTERN_MAX)
		return yaml_error(node, err, "expected a regex of at most %d bytes", FORM_PATTERN_MAX);
	if (regex_new((struct view){node->scalar, node->scalar_len}, REGEX_LINES | REGEX_UNICODE, &out->regex, &why) <
		0)
		return yaml_error(node, err, "%s", why.text);
	return 0;
}

/* A form without `fields:` has one field of type text a group. */
static struct field *make_field(struct arena *arena, struct form *form, const char *name)
{
	struct field *fields = ARENA_NEW_N(arena, struct field, form->field_count + 1);
	struct field *field = &fields[form->field_count];

	if (form->field_count > 0)
		memcpy(fields, form->fields, form->field_count * sizeof(*fields));
	form->fields = fields;
	field->name = arena_strdup(arena, name);
	field->type = FIELD_TEXT;
	field->number = (int)++form->field_count;
	return field;
}

static int bind_group(struct arena *arena, const struct yaml_node *node, bool make, struct form *form,
	const struct regex *regex, const char *name, struct group *out, struct error *err)
{
	const struct field *field = form_field(form, name);

	if (!field && !make)
		return yaml_error(node, err, "the group \"%s\" is no field of the form", name);
	if (!field)
		field = make_field(arena, form, name);
	out->number = regex_group(regex, name);
	out->field = (size_t)(field - form->fields);
	if (out->number >= REGEX_GROUPS_MAX)
		return yaml_error(node, err, "the group \"%s\" is the %zuth; at most %d are read", name, out->number,
			REGEX_GROUPS_MAX - 1);
	return 0;
}

static int load_pattern(struct arena *arena, const struct yaml_node *node, bool make, struct form *form,
	struct pattern *out, struct error *err)
{
	const char *name;

	if (!node)
		return 0;
	if (compile(node, out, err) < 0)
		return -1;
	out->groups = ARENA_NEW_N(arena, struct group, REGEX_GROUPS_MAX);
	while ((name = regex_group_name(out->regex, out->group_count))) {
		if (out->group_count == REGEX_GROUPS_MAX - 1)
			return yaml_error(node, err, "more than %d named groups", REGEX_GROUPS_MAX - 1);
		if (bind_group(arena, node, make, form, out->regex, name, &out->groups[out->group_count], err) < 0)
			return -1;
		out->group_count++;
	}
	if (form_regex_is_nested(node->scalar))
		((struct form_private *)form->compiled)->warning = form_nested_warning(arena, node);
	return form_check_regex(node, out->regex, err);
}

int form_match_load(struct arena *arena, const struct yaml_node *node, struct form *form, struct form_match **out,
	struct error *err)
{
	static const char *const keys[] = {"subject", "body", NULL};
	struct form_match *match = ARENA_NEW(arena, struct form_match);
	bool make = form->field_count == 0;

	if (form_check_keys(node, keys, err) < 0)
		return -1;
	*out = match; /* what a half-loaded match holds is released with its form */
	if (load_pattern(arena, yaml_get(node, "subject"), make, form, &match->subject, err) < 0 ||
		load_pattern(arena, yaml_get(node, "body"), make, form, &match->body, err) < 0)
		return -1;
	if (match->subject.group_count + match->body.group_count == 0)
		return yaml_error(
			node, err, "\"match\" needs a named group, such as (?<country>.*), for each field it finds");
	return 0;
}

void form_match_free(struct form_match **match)
{
	if (!*match)
		return;
	regex_free(&(*match)->subject.regex);
	regex_free(&(*match)->body.regex);
	*match = NULL;
}

static int run(const struct pattern *pattern, struct view text, struct view *found)
{
	struct regex_span spans[REGEX_GROUPS_MAX];
	int matches = regex_match(pattern->regex, text, 0, spans, REGEX_GROUPS_MAX);

	for (size_t i = 0; matches > 0 && i < pattern->group_count; i++) {
		struct regex_span span = spans[pattern->groups[i].number];

		if (span.start != (size_t)-1 && span.end > span.start)
			found[pattern->groups[i].field] = view_sub(text, span.start, span.end - span.start);
	}
	return matches;
}

int form_match_read(const struct form_match *match, struct view subject, struct view body, struct view *found)
{
	int matches = 1;

	if (match->subject.regex)
		matches = run(&match->subject, subject, found);
	if (matches == 1 && match->body.regex)
		matches = run(&match->body, body, found);
	return matches;
}
