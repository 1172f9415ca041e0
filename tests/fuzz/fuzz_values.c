/*
 * Fuzz target: the text of one answer as every type (value_read). Three bytes choose the field, the language and the mail's
 * date; the rest is the text. What was taken is printed as the contract prints it and must then be read as the same.
 * The inputs to begin with: the rows of tests/cases/values.
 */
#include "tests/fuzz/fuzz.h"

#include "base/unicode.h"
#include "parsers/form.h"
#include "parsers/value.h"

#define FIELDS_MAX 64

static const struct field *fields[FIELDS_MAX];
static unsigned field_count;

/* The fields of all forms, in their order: the first byte of an input counts them. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const struct forms *forms = fuzz_forms();

	for (size_t i = 0; i < forms_count(forms); i++)
		for (size_t k = 0; k < forms_at(forms, i)->field_count; k++) {
			FUZZ_HOLDS(field_count < FIELDS_MAX, "not too many fields");
			fields[field_count++] = &forms_at(forms, i)->fields[k];
		}
	return 0;
}

/* The text in a block of its own size, so that a read past its end is seen. */
static enum value_verdict read_text(const struct value_context *context, const struct field *field, struct arena *arena,
	struct view text, json_t **value_out, size_t *used_out, struct view *suggestion_out)
{
	char *block = malloc(text.len + 1);
	enum value_verdict verdict;

	if (text.len > 0)
		memcpy(block, text.ptr, text.len);
	block = realloc(block, text.len > 0 ? text.len : 1);
	verdict = value_read(context, field, arena, (struct view){block, text.len}, value_out, used_out, suggestion_out);
	FUZZ_HOLDS((verdict == VALUE_TAKEN) == (*value_out != NULL), "there is a value exactly if it was taken");
	FUZZ_HOLDS(*used_out <= text.len, "no more was used than there is");
	FUZZ_HOLDS(unicode_valid(view_sub(text, 0, *used_out)) && unicode_valid(*suggestion_out), "no character is cut");
	FUZZ_HOLDS(verdict == VALUE_INVALID || suggestion_out->len == 0, "only for what is invalid something is suggested");
	free(block);
	return verdict;
}

/* A value as the contract prints it; empty: not one of one word. */
static struct view printed(struct arena *arena, const struct field *field, json_t *value)
{
	TEXT_SCOPED list;
	json_t *option;
	size_t i;

	text_init(&list, PARSE_TEXT_MAX);
	if (json_is_integer(value))
		return view_of(arena_printf(arena, "%lld", (long long)json_integer_value(value)));
	if (json_is_boolean(value))
		return json_is_true(value) ? VIEW("yes") : VIEW("no");
	if (json_is_string(value) && field->type != FIELD_TEXT && field->type != FIELD_LINE)
		return (struct view){json_string_value(value), json_string_length(value)};
	json_array_foreach(value, i, option)
		text_add_format(&list, "%s%s", i > 0 ? ", " : "", json_string_value(option));
	return (struct view){arena_copy(arena, text_string(&list), list.len), list.len};
}

static void check_printed(const struct value_context *context, const struct field *field, struct arena *arena, json_t *value)
{
	struct view text = printed(arena, field, value), suggestion;
	json_t *again;
	size_t used;

	if (text.len == 0)
		return;
	read_text(context, field, arena, text, &again, &used, &suggestion);
	if (!again || !json_equal(value, again))
		fuzz_fail("%s: \"%.*s\" is read as what it says, not as %s", field->name, VIEW_ARGS(text),
			again ? json_dumps(again, JSON_ENCODE_ANY) : "nothing");
	json_decref(again);
}

static void check_text(const struct value_context *context, const struct field *field, struct view text)
{
	struct arena *arena = arena_new();
	struct view suggestion;
	json_t *value, *again;
	enum value_verdict verdict;
	size_t used;

	verdict = read_text(context, field, arena, text, &value, &used, &suggestion);
	if (value) {
		fuzz_check_value(field, value);
		check_printed(context, field, arena, value);
	}
	FUZZ_HOLDS(view_trim(text).len > 0 || verdict == VALUE_NONE, "nothing is no answer");
	if (fuzz_twice(text)) {
		FUZZ_HOLDS(read_text(context, field, arena, text, &again, &used, &suggestion) == verdict, "read twice alike");
		FUZZ_HOLDS(!value || json_equal(value, again), "the value is read twice alike");
		json_decref(again);
	}
	json_decref(value);
	arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const languages[] = {NULL, "en", "fr", "es", "pt", "ar", "ne", "xx"};
	static const int64_t dates[] = {0, 1795000000, 1, -1, INT64_MAX, INT64_MIN, 253402300800, 951782400};
	struct view input = {(const char *)data, size}, text;
	const struct field *field = fields[fuzz_choose(&input, field_count)];
	struct value_context context = {.lexicon = fuzz_forms()->lexicon};
	struct arena *arena = arena_new();

	context.language = languages[fuzz_choose(&input, FUZZ_COUNT(languages))];
	context.date = dates[fuzz_choose(&input, FUZZ_COUNT(dates))];
	text = unicode_nfc(arena, unicode_decode(arena, input, VIEW("utf-8")));
	check_text(&context, field, text);
	arena_free(&arena);
	return 0;
}
