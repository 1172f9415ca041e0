/* tests/fuzz: what the targets share. See fuzz.h. */
#include "tests/fuzz/fuzz.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/unicode.h"
#include "parsers/value_private.h"

#define FORMS_MAX 64

_Noreturn void fuzz_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("does not hold: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	abort();
}

unsigned fuzz_choose(struct view *input, unsigned below)
{
	unsigned char first = input->len > 0 ? (unsigned char)input->ptr[0] : 0;

	*input = view_sub(*input, 1, input->len);
	return first % below;
}

/* What chooses the inputs that are looked at more closely. */
static unsigned sum_of(struct view input)
{
	unsigned sum = 0;

	for (size_t i = 0; i < input.len; i++)
		sum = sum * 31 + (unsigned char)input.ptr[i];
	return sum ^ (sum >> 16);
}

bool fuzz_twice(struct view input)
{
	return (sum_of(input) & 15) == 0;
}

/* ---- files ---- */

static struct arena *files;

struct view fuzz_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	TEXT_SCOPED bytes;
	char piece[4096];
	size_t got;

	FUZZ_HOLDS(file != NULL, "%s can be opened", path);
	if (!files)
		files = arena_new();
	text_init(&bytes, PARSE_SIZE_MAX);
	while ((got = fread(piece, 1, sizeof(piece), file)) > 0)
		text_add(&bytes, piece, got);
	fclose(file);
	return (struct view){arena_copy(files, text_string(&bytes), bytes.len), bytes.len};
}

static size_t sources(const char *const *patterns, struct parse_source *out)
{
	size_t count = 0;

	for (; *patterns; patterns++) {
		glob_t found;

		FUZZ_HOLDS(glob(*patterns, 0, NULL, &found) == 0, "%s finds files", *patterns);
		for (size_t i = 0; i < found.gl_pathc; i++, count++) {
			FUZZ_HOLDS(count < FORMS_MAX, "not too many files");
			out[count].bytes = fuzz_file(found.gl_pathv[i]);
			out[count].file = arena_strdup(files, found.gl_pathv[i]);
		}
		globfree(&found);
	}
	return count;
}

const struct forms *fuzz_forms(void)
{
	static const char *const forms[] = {
		"config/forms/*.yaml", "tests/cases/match/incident.yaml", "tests/cases/values/form.yaml", NULL};
	static const char *const languages[] = {"config/languages/*.yaml", NULL};
	static struct forms *shared;
	struct parse_source form_list[FORMS_MAX], language_list[FORMS_MAX];
	struct error err = ERROR_INIT;

	if (shared)
		return shared;
	FUZZ_HOLDS(parsers_open(&err) == 0, "%s", err.text);
	if (forms_new(form_list, sources(forms, form_list), language_list, sources(languages, language_list), &shared, &err) < 0)
		fuzz_fail("the forms load: %s", err.text);
	return shared;
}

/* ---- parts ---- */

void fuzz_check_part(const struct mail_part *part)
{
	size_t from = 0;

	FUZZ_HOLDS(unicode_valid(part->text), "the text of a part is UTF-8");
	FUZZ_HOLDS(part->raw_start <= part->raw_end, "a part begins before its end");
	for (size_t i = 0; i < part->line_count; i++) {
		const struct mail_line *line = &part->lines[i];
		struct view stretch = view_sub(part->text, line->start, line->end - line->start);

		FUZZ_HOLDS(line->start <= line->end && line->end <= part->text.len, "line %zu lies in its part", i);
		FUZZ_HOLDS(line->start >= from, "line %zu stands behind the one before", i);
		FUZZ_HOLDS(line->quote >= 0 && line->row >= 0 && line->cell >= 0, "line %zu has no number below zero", i);
		FUZZ_HOLDS((line->row == 0) == (line->cell == 0), "line %zu has a cell where it has a row", i);
		FUZZ_HOLDS(line->flowed || view_equal(line->text, stretch), "line %zu is what stands in the text", i);
		FUZZ_HOLDS(unicode_valid(line->text), "line %zu is UTF-8", i);
		from = line->end;
	}
}

/* ---- values ---- */

static bool is_option(const struct field *field, json_t *value)
{
	for (size_t i = 0; i < field->option_count; i++)
		if (json_is_string(value) && strcmp(json_string_value(value), field->options[i].value) == 0)
			return true;
	return false;
}

static bool is_choices(const struct field *field, json_t *value)
{
	json_t *option;
	size_t i;

	if (json_array_size(value) == 0)
		return false;
	json_array_foreach(value, i, option)
		if (!is_option(field, option) || (i > 0 && strcmp(json_string_value(json_array_get(value, i - 1)),
								   json_string_value(option)) >= 0))
			return false;
	return true;
}

static bool is_number(const struct field *field, json_t *value)
{
	json_int_t number = json_integer_value(value);

	return json_is_integer(value) && !(field->has_min && number < field->min) &&
	       !(field->has_max && number > field->max);
}

static bool is_country(json_t *value)
{
	const char *code = json_string_value(value);

	return json_string_length(value) == 2 && code[0] >= 'A' && code[0] <= 'Z' && code[1] >= 'A' && code[1] <= 'Z';
}

static bool is_date(json_t *value)
{
	struct view text = {json_string_value(value), json_string_length(value)};
	long long year, month, day;

	return text.len == 10 && text.ptr[4] == '-' && text.ptr[7] == '-' &&
	       view_to_int(view_sub(text, 0, 4), VALUE_YEAR_MIN, 9999, &year) == 0 &&
	       view_to_int(view_sub(text, 5, 2), 1, 12, &month) == 0 && view_to_int(view_sub(text, 8, 2), 1, 31, &day) == 0;
}

static bool is_pattern(const struct field *field, json_t *value)
{
	const struct value_compiled *compiled = field->compiled;
	struct view text = {json_string_value(value), json_string_length(value)};

	return text.len > 0 && regex_match(compiled->whole, text, 0, NULL, 0) > 0;
}

static bool is_words(json_t *value, bool one_line)
{
	struct view text = {json_string_value(value), json_string_length(value)};

	return text.len > 0 && unicode_valid(text) && view_trim(text).len == text.len &&
	       !(one_line && view_find_char(text, '\n') >= 0);
}

void fuzz_check_value(const struct field *field, json_t *value)
{
	bool good = false;

	switch (field->type) {
	case FIELD_LINE:
	case FIELD_TEXT:
		good = is_words(value, field->type == FIELD_LINE);
		break;
	case FIELD_COUNTRY:
		good = is_country(value);
		break;
	case FIELD_CHOICE:
		good = is_option(field, value);
		break;
	case FIELD_CHOICES:
		good = is_choices(field, value);
		break;
	case FIELD_SCALE:
	case FIELD_NUMBER:
		good = is_number(field, value);
		break;
	case FIELD_DATE:
		good = is_date(value);
		break;
	case FIELD_YES_NO:
		good = json_is_boolean(value);
		break;
	case FIELD_PATTERN:
		good = is_pattern(field, value);
		break;
	}
	if (!good)
		fuzz_fail("the value of %s is a %s: %s", field->name, field_type_name(field->type),
			json_dumps(value, JSON_ENCODE_ANY));
}

/* ---- results ---- */

static const struct misfit *misfit_of(const struct result *result, const char *field)
{
	for (size_t i = 0; i < result->misfit_count; i++)
		if (strcmp(result->misfits[i].field, field) == 0)
			return &result->misfits[i];
	return NULL;
}

static void check_values(const struct form *form, const struct result *result)
{
	const char *name;
	json_t *value;

	json_object_foreach(result->values, name, value) {
		const struct field *field = form_field(form, name);

		FUZZ_HOLDS(field != NULL, "%s is a field of the form", name);
		FUZZ_HOLDS(!misfit_of(result, name), "%s has no value beside its error", name);
		fuzz_check_value(field, value);
	}
	for (size_t i = 0; i < form->field_count; i++) {
		const struct field *field = &form->fields[i];
		bool there = json_object_get(result->values, field->name) || misfit_of(result, field->name);

		FUZZ_HOLDS(there || !(field->required || field->fallback), "%s is required and unanswered", field->name);
	}
}

static void check_misfits(const struct form *form, const struct result *result)
{
	for (size_t i = 0; i < result->misfit_count; i++) {
		const struct misfit *misfit = &result->misfits[i];
		bool missing = strcmp(misfit->error, "missing-required") == 0;

		FUZZ_HOLDS(form_field(form, misfit->field), "%s is a field of the form", misfit->field);
		FUZZ_HOLDS(misfit_of(result, misfit->field) == misfit, "%s has one error", misfit->field);
		FUZZ_HOLDS(missing || strcmp(misfit->error, "invalid-value") == 0, "%s is a known error", misfit->error);
		FUZZ_HOLDS(missing || misfit->found.len > 0, "%s is invalid and was found", misfit->field);
		FUZZ_HOLDS(!missing || (misfit->found.len > 0) == (misfit->suggestion.len > 0),
			"%s is missing, and a line that nearly has its label suggests something", misfit->field);
		FUZZ_HOLDS(unicode_valid(misfit->found) && unicode_valid(misfit->suggestion), "an error's text is UTF-8");
	}
}

static void check_near(const struct form *form, const struct result *result)
{
	for (size_t i = 0; i < result->near_count; i++) {
		const struct misfit *near = &result->near[i];
		const struct field *field = form_field(form, near->field);

		FUZZ_HOLDS(field && !field->required && !near->error, "%s is an optional field", near->field);
		FUZZ_HOLDS(!misfit_of(result, near->field), "%s has no error besides", near->field);
		FUZZ_HOLDS(field->fallback || !json_object_get(result->values, near->field), "%s has no answer", near->field);
		FUZZ_HOLDS(near->found.len > 0 && near->suggestion.len > 0, "a line suggests something for %s", near->field);
		FUZZ_HOLDS(unicode_valid(near->found) && unicode_valid(near->suggestion), "what is suggested is UTF-8");
	}
}

/* The next character that says something: neither white space nor a mark of quotation. */
static bool next_sign(struct view text, size_t *at, uint32_t *code_out)
{
	while (unicode_next(text, at, code_out))
		if (!unicode_is_space(*code_out) && !unicode_is_invisible(*code_out) && *code_out != '>' && *code_out != '|')
			return true;
	return false;
}

/* Are the signs of `words` there, in their order? Lines that are nobody's answer may stand between. */
static bool holds_in_order(struct view text, struct view words)
{
	size_t at = 0, from = 0;
	uint32_t code, wanted;

	while (next_sign(words, &from, &wanted))
		do
			if (!next_sign(text, &at, &code))
				return false;
		while (code != wanted);
	return true;
}

static const struct mail_part *part_of(const char *number, const struct mail_part *parts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(parts[i].number, number) == 0)
			return &parts[i];
	return NULL;
}

static void check_provenance(const struct form *form, const struct result *result, const struct mail_part *parts, size_t count)
{
	for (size_t i = 0; i < result->provenance_count; i++) {
		const struct provenance *from = &result->provenance[i];
		const struct mail_part *part = part_of(from->part, parts, count);
		const struct misfit *misfit = misfit_of(result, from->field);

		FUZZ_HOLDS(form_field(form, from->field), "%s is a field of the form", from->field);
		FUZZ_HOLDS(misfit || json_object_get(result->values, from->field), "%s was found and came to nothing", from->field);
		FUZZ_HOLDS(from->raw.len > 0 && unicode_valid(from->raw), "%s has a text, in UTF-8", from->field);
		if (from->part[0] == '\0' && from->end == 0)
			continue; /* it stands in no part */
		FUZZ_HOLDS(part != NULL, "part \"%s\" is there", from->part);
		FUZZ_HOLDS(from->part_start == part->raw_start && from->part_end == part->raw_end, "the part is where it is said");
		FUZZ_HOLDS(from->start < from->end && from->end <= part->text.len, "%s lies in its part", from->field);
		/* A hint that may be an answer is given by the line it stands in, which it may go beyond. */
		if (misfit && view_equal(misfit->suggestion, from->raw))
			continue;
		FUZZ_HOLDS(holds_in_order(view_sub(part->text, from->start, from->end - from->start), from->raw),
			"%s \"%.*s\" stands at %zu to %zu", from->field, VIEW_ARGS(from->raw), from->start, from->end);
	}
}

static void check_envelope(const struct envelope *envelope)
{
	const struct view *texts[] = {&envelope->message_id, &envelope->from_name, &envelope->from_address, &envelope->to,
		&envelope->subject, &envelope->in_reply_to, &envelope->references};

	for (size_t i = 0; i < FUZZ_COUNT(texts); i++)
		FUZZ_HOLDS(unicode_valid(*texts[i]), "text %zu of the envelope is UTF-8", i);
}

static void check_outcome(const struct result *result)
{
	bool ignored = result->reason == REASON_BOUNCE || result->reason == REASON_AUTO_REPLY;

	FUZZ_HOLDS(result->outcome <= OUTCOME_IGNORED && result->reason <= REASON_MISSING_REQUIRED, "the outcome is known");
	FUZZ_HOLDS((result->outcome == OUTCOME_FILED) == (result->reason == REASON_NONE), "only what is filed has no reason");
	FUZZ_HOLDS((result->outcome == OUTCOME_IGNORED) == ignored, "only machines' mail is ignored");
	FUZZ_HOLDS(result->outcome != OUTCOME_FILED || (result->form && result->misfit_count == 0), "what is filed has no errors");
	FUZZ_HOLDS(result->reason != REASON_NO_TEMPLATE || !result->form, "a form is known or not");
	FUZZ_HOLDS(result->reason != REASON_NO_ANSWERS || result->provenance_count == 0, "there are answers or none");
	FUZZ_HOLDS(result->form || (json_object_size(result->values) == 0 && result->misfit_count == 0), "no form, no values");
}

/* Both forms of JSON can be printed, and what is printed read again. */
static void check_json(const struct result *result)
{
	json_t *made[] = {result_to_json(result), result_to_filing(result)};

	for (size_t i = 0; i < FUZZ_COUNT(made); i++) {
		char *printed = json_dumps(made[i], JSON_COMPACT);
		json_t *again = printed ? json_loads(printed, JSON_ALLOW_NUL, NULL) : NULL;

		FUZZ_HOLDS(again != NULL, "the result can be printed");
		FUZZ_HOLDS(json_equal(made[i], again), "%s is what was printed", printed);
		json_decref(again);
		json_decref(made[i]);
		free(printed);
	}
}

void fuzz_check_result(const struct forms *forms, const struct result *result, const struct mail_part *parts, size_t count)
{
	const struct form *form = result->form ? forms_get(forms, result->form, result->form_version) : NULL;

	check_outcome(result);
	check_envelope(&result->envelope);
	check_json(result);
	FUZZ_HOLDS(unicode_valid(result->remarks), "the remarks are UTF-8");
	for (size_t i = 0; i < result->attachment_count; i++)
		FUZZ_HOLDS(unicode_valid(result->attachments[i].name), "an attachment's name is UTF-8");
	FUZZ_HOLDS(!result->form == !form, "the form is one of the set");
	if (!form)
		return;
	check_values(form, result);
	check_misfits(form, result);
	check_near(form, result);
	check_provenance(form, result, parts, count);
}

void fuzz_check_same(const struct result *one, const struct result *other)
{
	json_t *a = result_to_filing(one), *b = result_to_filing(other);

	FUZZ_HOLDS(json_equal(a, b), "read twice: %s and %s", json_dumps(a, 0), json_dumps(b, 0));
	json_decref(a);
	json_decref(b);
}

/* ---- whole messages ---- */

typedef void reader(const struct forms *forms, struct arena *arena, struct view input, const struct request_hint *hint,
	struct result *out);

static void read_again(reader *read, const struct forms *forms, struct view input, const struct request_hint *hint,
	const struct result *first)
{
	struct arena *arena;
	struct result again;

	if (!fuzz_twice(input))
		return;
	arena = arena_new();
	read(forms, arena, input, hint, &again);
	fuzz_check_same(first, &again);
	result_release(&again);
	arena_free(&arena);
}

/* What is told of the lines of one input in eight. */
static void check_trace(const struct forms *forms, struct view input, bool channel, const struct request_hint *hint,
	const struct result *result)
{
	const struct form *form = result->form ? forms_get(forms, result->form, result->form_version) : NULL;
	struct arena *arena;
	struct trace trace;

	if ((sum_of(input) & 0x70) != 0)
		return;
	arena = arena_new();
	parse_trace(forms, arena, input, channel, hint, &trace);
	for (size_t i = 0; i < trace.count; i++) {
		const struct trace_line *line = &trace.lines[i];

		FUZZ_HOLDS(line->kind <= TRACE_IGNORED && line->number > 0 && line->part, "line %zu has a kind and a place", i);
		FUZZ_HOLDS((line->kind == TRACE_BLANK) == (*line->why == '\0'), "line %zu has a reason: \"%s\"", i, line->why);
		FUZZ_HOLDS(unicode_valid(line->text) && unicode_valid(view_of(line->why)), "line %zu is UTF-8", i);
		FUZZ_HOLDS(!line->wrong || line->kind == TRACE_ANSWER, "line %zu is wrong and an answer", i);
		FUZZ_HOLDS(!line->field || (form && form_field(form, line->field)), "line %zu is of a field of the form", i);
	}
	FUZZ_HOLDS(!trace.sign || form, "what told the form told one");
	arena_free(&arena);
}

void fuzz_read_mail(const struct forms *forms, struct arena *arena, struct view raw, const struct request_hint *hint,
	struct result *out)
{
	struct mail mail;

	parse_mail(forms, arena, raw, hint, out);
	mail_read(arena, raw, &mail);
	fuzz_check_result(forms, out, mail.parts, mail.part_count);
	read_again(parse_mail, forms, raw, hint, out);
	check_trace(forms, raw, false, hint, out);
}

void fuzz_read_message(const struct forms *forms, struct arena *arena, struct view text, const struct request_hint *hint,
	struct result *out)
{
	struct mail_part part = {.number = "", .raw_end = text.len};

	part.text = unicode_nfc(arena, unicode_decode(arena, text, VIEW("utf-8")));
	parse_message(forms, arena, text, hint, out);
	fuzz_check_result(forms, out, &part, 1);
	read_again(parse_message, forms, text, hint, out);
	check_trace(forms, text, true, hint, out);
}
