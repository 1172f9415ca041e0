/*
 * Fuzz target: a form's file (forms_new), a line "%%", and a reply that is read with it. A form that is accepted can be rendered
 * in each of its languages, its request by itself answers nothing, and no reply holds up the reader whatever its regexes are.
 * The inputs to begin with: the forms of config/forms, tests/cases/form and match.
 */
#include "tests/fuzz/fuzz.h"

#include <time.h>

#include "base/unicode.h"

#define RENDERED_MAX ((size_t)4 * 1024 * 1024)
#define READING_MAX 2.0 /* seconds of processor time; sanitizers make it some ten times what it is */

/* As little as a language can be: a set is compiled for every input. */
static const char words[] =
	"language: en\n"
	"words: {greeting: 'Dear colleague,', purpose: We are collecting short accounts of what was learned.,\n"
	"  instruction: Please write your answers after the colons., reference: Reference,\n"
	"  one_or_more_of: one or more of, 'yes': 'yes', 'no': 'no'}\n"
	"'yes': ['yes', y]\n"
	"'no': ['no', n]\n"
	"no_answer: [n/a]\n"
	"and: [and]\n"
	"out_of: [out of]\n"
	"months: [[January], [February], [March], [April], [May], [June], [July], [August], [September], [October],\n"
	"  [November], [December]]\n"
	"countries: {NP: Nepal, CD: [DR Congo, DRC]}\n"
	"mail: {from: [From], sent: [Sent], subject: [Subject], closings: [Regards], attributions: ['On {date}, {name} wrote:']}\n";

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct error err = ERROR_INIT;

	FUZZ_HOLDS(parsers_open(&err) == 0, "%s", err.text);
	return 0;
}

static double processor_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void check_field(const struct form *form, size_t index)
{
	const struct field *field = &form->fields[index];

	FUZZ_HOLDS(field->number == (int)index + 1 && form_field(form, field->name) == field, "field %zu is found", index);
	FUZZ_HOLDS(!field->has_min || !field->has_max || field->min < field->max, "%s has a range", field->name);
	FUZZ_HOLDS((field->type == FIELD_CHOICE || field->type == FIELD_CHOICES) == (field->option_count > 1),
		"%s has options exactly if it is a choice", field->name);
	FUZZ_HOLDS((field->type == FIELD_PATTERN) == (field->pattern != NULL), "%s has a pattern exactly if it is one", field->name);
	for (size_t i = 0; i < field->label.count; i++)
		FUZZ_HOLDS(unicode_valid(view_of(field->label.list[i].text)), "a label is UTF-8");
}

/* 0 or -1 where it is too long to be sent. */
static int check_rendered(const struct forms *forms, const struct form *form, const char *language, struct text *out)
{
	struct error err = ERROR_INIT;
	TEXT_SCOPED html;

	text_init(&html, RENDERED_MAX);
	if (form_render_text(forms, form, language, "FP-7K3M9QXA2D", out, &err) < 0 ||
		form_render_html(forms, form, language, "FP-7K3M9QXA2D", &html, &err) < 0)
		return -1;
	FUZZ_HOLDS(unicode_valid(text_view(out)) && unicode_valid(text_view(&html)), "a request is UTF-8");
	FUZZ_HOLDS(view_find(text_view(out), VIEW("(null)")) < 0, "a request has all its words");
	for (size_t i = 0; i < form->field_count; i++)
		if (form->fields[i].label.count > 0)
			FUZZ_HOLDS(view_find(text_view(out), view_of(words_get(&form->fields[i].label, language))) >= 0,
				"the label of %s is in the request", form->fields[i].name);
	return 0;
}

static void check_reply(const struct forms *forms, struct view reply)
{
	struct arena *arena = arena_new();
	double start = processor_time(), used;
	struct result result;

	fuzz_read_mail(forms, arena, reply, NULL, &result);
	used = processor_time() - start;
	FUZZ_HOLDS(used < READING_MAX, "a reply is read in time, not in %.1f s", used);
	result_release(&result);
	arena_free(&arena);
}

static void check_form(const struct forms *forms, const struct form *form)
{
	FUZZ_HOLDS(form->id && form->version > 0 && form->title.count > 0 && form->field_count > 0, "a form has its parts");
	for (size_t i = 0; i < form->field_count; i++)
		check_field(form, i);
	for (size_t i = 0; i < form->title.count; i++) {
		TEXT_SCOPED request;

		text_init(&request, RENDERED_MAX);
		if (check_rendered(forms, form, form->title.list[i].language, &request) == 0 && i == 0)
			check_reply(forms, text_view(&request));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view input = {(const char *)data, size};
	ptrdiff_t parted = view_find(input, VIEW("\n%%\n"));
	struct parse_source form = {"form.yaml", view_sub(input, 0, parted < 0 ? size : (size_t)parted + 1)};
	struct parse_source language = {"en.yaml", {words, sizeof(words) - 1}};
	struct forms *forms = NULL;
	struct error err = ERROR_INIT;

	if (forms_new(&form, 1, &language, 1, &forms, &err) < 0) {
		FUZZ_HOLDS(err.reach == REACH_STOP && unicode_valid(view_of(err.text)), "a refusal is a sentence");
		FUZZ_HOLDS(view_starts(view_of(err.text), VIEW("form.yaml:")), "a refusal says where: %s", err.text);
		return 0;
	}
	check_form(forms, forms_at(forms, 0));
	if (parted >= 0)
		check_reply(forms, view_sub(input, (size_t)parted + 4, size));
	forms_free(&forms);
	return 0;
}
