/* parsers/form_match: a form's own regexes. See form_match.h. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "parsers/form_match.h"

#include <pcre2.h>
#include <string.h>

#include "parsers/form.h"

struct group {
	uint32_t number;
	size_t field; /* index in the form */
};

struct regex {
	pcre2_code *code; /* NULL: not asked for */
	struct group *groups;
	size_t group_count;
};

struct form_match {
	struct regex subject, body;
};

static int compile(struct arena *arena, const struct yaml_node *node, struct regex *out, struct error *err)
{
	uint32_t options = PCRE2_UTF | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C;
	int code;
	PCRE2_SIZE at;

	if (node->kind != YAML_SCALAR || node->scalar_len == 0 || node->scalar_len > FORM_PATTERN_MAX)
		return yaml_error(node, err, "expected a regex of at most %d bytes", FORM_PATTERN_MAX);
	out->code = pcre2_compile((PCRE2_SPTR)node->scalar, node->scalar_len, options, &code, &at, NULL);
	if (!out->code) {
		PCRE2_UCHAR why[160];

		pcre2_get_error_message(code, why, sizeof(why));
		return yaml_error(node, err, "the regex is not right at its byte %zu: %s", (size_t)at, (const char *)why);
	}
	/* Without JIT (no executable memory) it is slower, and as right. */
	(void)pcre2_jit_compile(out->code, PCRE2_JIT_COMPLETE);
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

static int bind_group(struct arena *arena, const struct yaml_node *node, bool make, struct form *form, const char *name,
	uint32_t number, struct group *out, struct error *err)
{
	const struct field *field = form_field(form, name);

	if (!field && !make)
		return yaml_error(node, err, "the group \"%s\" is no field of the form", name);
	if (!field)
		field = make_field(arena, form, name);
	out->number = number;
	out->field = (size_t)(field - form->fields);
	return 0;
}

static int bind_groups(struct arena *arena, const struct yaml_node *node, bool make, struct form *form,
	struct regex *regex, struct error *err)
{
	uint32_t count = 0, size = 0;
	PCRE2_SPTR table;

	pcre2_pattern_info(regex->code, PCRE2_INFO_NAMECOUNT, &count);
	pcre2_pattern_info(regex->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	pcre2_pattern_info(regex->code, PCRE2_INFO_NAMETABLE, &table);
	if (count > FORM_MATCH_GROUPS_MAX)
		return yaml_error(node, err, "more than %d named groups", FORM_MATCH_GROUPS_MAX);
	regex->groups = ARENA_NEW_N(arena, struct group, count);
	for (uint32_t i = 0; i < count; i++, table += size) {
		uint32_t number = ((uint32_t)table[0] << 8) | table[1];

		if (bind_group(arena, node, make, form, (const char *)table + 2, number, &regex->groups[i], err) < 0)
			return -1;
		regex->group_count++;
	}
	return 0;
}

static int load_regex(struct arena *arena, const struct yaml_node *node, bool make, struct form *form,
	struct regex *regex, struct error *err)
{
	if (!node)
		return 0;
	if (compile(arena, node, regex, err) < 0)
		return -1;
	return bind_groups(arena, node, make, form, regex, err);
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
	if (load_regex(arena, yaml_get(node, "subject"), make, form, &match->subject, err) < 0 ||
		load_regex(arena, yaml_get(node, "body"), make, form, &match->body, err) < 0)
		return -1;
	if (match->subject.group_count + match->body.group_count == 0)
		return yaml_error(node, err, "\"match\" needs a named group, such as (?<country>.*), for each field it finds");
	return 0;
}

void form_match_free(struct form_match **match)
{
	if (!*match)
		return;
	pcre2_code_free((*match)->subject.code);
	pcre2_code_free((*match)->body.code);
	*match = NULL;
}

static bool is_limit(int code)
{
	return code == PCRE2_ERROR_MATCHLIMIT || code == PCRE2_ERROR_DEPTHLIMIT || code == PCRE2_ERROR_HEAPLIMIT ||
		code == PCRE2_ERROR_JIT_STACKLIMIT || code == PCRE2_ERROR_NOMEMORY;
}

static void take_groups(const struct regex *regex, pcre2_match_data *data, struct view text, struct view *found)
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(data);

	for (size_t i = 0; i < regex->group_count; i++) {
		PCRE2_SIZE from = at[2 * regex->groups[i].number], to = at[2 * regex->groups[i].number + 1];

		if (from != PCRE2_UNSET && to > from)
			found[regex->groups[i].field] = view_sub(text, from, to - from);
	}
}

static int run(const struct regex *regex, struct view text, struct view *found)
{
	pcre2_match_context *context = pcre2_match_context_create(NULL);
	pcre2_match_data *data = pcre2_match_data_create_from_pattern(regex->code, NULL);
	int code;

	pcre2_set_match_limit(context, FORM_MATCH_STEPS);
	pcre2_set_depth_limit(context, FORM_MATCH_DEPTH);
	pcre2_set_heap_limit(context, FORM_MATCH_HEAP_KB);
	code = pcre2_match(regex->code, (PCRE2_SPTR)(text.ptr ? text.ptr : ""), text.len, 0, PCRE2_NO_UTF_CHECK, data, context);
	if (code > 0)
		take_groups(regex, data, text, found);
	pcre2_match_data_free(data);
	pcre2_match_context_free(context);
	if (is_limit(code))
		return -1;
	return code > 0;
}

int form_match_read(const struct form_match *match, struct view subject, struct view body, struct view *found)
{
	int matches = 1;

	if (match->subject.code)
		matches = run(&match->subject, subject, found);
	if (matches == 1 && match->body.code)
		matches = run(&match->body, body, found);
	return matches;
}
