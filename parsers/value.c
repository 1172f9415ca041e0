/* parsers/value: which reader a type has, and what all of them share. See value.h. */
#include "parsers/value.h"

#include "parsers/value_private.h"

static value_reader *const readers[] = {
	[FIELD_LINE] = value_read_line,
	[FIELD_TEXT] = value_read_text,
	[FIELD_COUNTRY] = value_read_country,
	[FIELD_CHOICE] = value_read_choice,
	[FIELD_CHOICES] = value_read_choices,
	[FIELD_SCALE] = value_read_number,
	[FIELD_NUMBER] = value_read_number,
	[FIELD_DATE] = value_read_date,
	[FIELD_YES_NO] = value_read_yes_no,
	[FIELD_PATTERN] = value_read_pattern,
};

/* Finds the first line that is not blank. */
static bool first_line(struct view text, struct view *line_out, size_t *used_out)
{
	struct view rest = text, line;

	while (view_next_line(&rest, &line))
		if (view_trim(line).len > 0) {
			*line_out = line;
			*used_out = (size_t)(line.ptr - text.ptr) + line.len;
			return true;
		}
	return false;
}

enum value_verdict value_read(const struct value_context *context, const struct field *field, struct arena *arena,
	struct view text, json_t **value_out, size_t *used_out, struct view *suggestion_out)
{
	struct value_job job = {.context = context, .field = field, .arena = arena, .text = text};
	bool words = field->type == FIELD_TEXT || field->type == FIELD_LINE;
	enum value_verdict verdict;
	struct view line;

	*value_out = NULL;
	*suggestion_out = VIEW_NULL;
	*used_out = 0;
	if (!first_line(text, &line, &job.used))
		return VALUE_NONE;
	if (!words && line.len > VALUE_LINE_MAX) {
		*used_out = job.used;
		return VALUE_INVALID;
	}
	if (field->type != FIELD_TEXT)
		job.line = value_clean(arena, view_sub(line, 0, VALUE_LINE_MAX));
	if (field->type != FIELD_TEXT &&
		(lexicon_is_no_answer(context->lexicon, arena, job.line) ||
			(!view_equal(line, job.line) && lexicon_is_no_answer(context->lexicon, arena, line))) &&
		(field->type != FIELD_LINE || view_trim(view_sub(text, job.used, text.len)).len == 0))
		verdict = VALUE_NONE;
	else
		verdict = readers[field->type](&job, value_out, suggestion_out);
	*used_out = job.used;
	return verdict;
}

static int compile_pattern(const struct field *field, struct value_compiled *compiled, struct error *err)
{
	struct view pattern = view_of(field->pattern);

	if (regex_new(pattern, REGEX_WHOLE, &compiled->whole, err) < 0 ||
		regex_new(pattern, REGEX_CASELESS, &compiled->loose, err) < 0)
		return error_prefix(err, "field %s", field->name);
	return 0;
}

int value_compile(struct field *field, const struct lexicon *lexicon, struct arena *arena, struct error *err)
{
	struct value_compiled *compiled = ARENA_NEW(arena, struct value_compiled);

	field->compiled = compiled;
	if (field->type == FIELD_PATTERN && compile_pattern(field, compiled, err) < 0) {
		value_release(field);
		return -1;
	}
	if (field->type == FIELD_CHOICE || field->type == FIELD_CHOICES)
		return value_compile_options(field, compiled, arena, err);
	return 0;
}

void value_release(struct field *field)
{
	struct value_compiled *compiled = field->compiled;

	if (!compiled)
		return;
	regex_free(&compiled->whole);
	regex_free(&compiled->loose);
	field->compiled = NULL;
}
