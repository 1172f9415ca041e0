/* cli/cmd_forms_letters: letters of ours, made of simulated answers, for `forms check`. See cmd_forms.h. */
#include "cli/cmd_forms.h"

#include "outreach/outreach.h"

#define REFERENCE "FP-7K3M9QXA2D" /* that of the proof */
#define DAY "2026-11-14"
#define WRONG_WORDS "about 3 or 4) - see 1. and 5: later"

static void add(struct cli *cli, struct parse_source *out, size_t *count, const char *name, const json_t *text)
{
	if (!json_is_string(text))
		return;
	out[*count].file = name;
	out[*count].bytes = (struct view){
		arena_copy(cli->arena, json_string_value(text), json_string_length(text)), json_string_length(text)};
	(*count)++;
}

static void add_parts(struct cli *cli, const struct form *form, const char *what, const char *language, json_t *body,
	struct parse_source *out, size_t *count)
{
	const char *name = arena_printf(cli->arena, "%s.%s.%s", form->id, what, language);

	add(cli, out, count, arena_printf(cli->arena, "%s.txt", name), json_object_get(body, "text"));
	add(cli, out, count, arena_printf(cli->arena, "%s.html", name), json_object_get(body, "html"));
	json_decref(body);
}

/* Every second answer is wrong, or missing where there is none. */
static json_t *said_by_halves(const struct form *form, const json_t *answers)
{
	json_t *values = json_object(), *errors = json_object(), *found = json_object();

	for (size_t i = 0; i < form->field_count; i++) {
		const struct field *field = &form->fields[i];
		json_t *value = json_object_get(answers, field->name);

		if (value && i % 2 == 0) {
			json_object_set(values, field->name, value);
			continue;
		}
		json_object_set_new(errors, field->name, json_string(i % 4 == 1 ? "invalid-value" : "missing-required"));
		if (i % 4 == 1)
			json_object_set_new(found, field->name, json_string(WRONG_WORDS));
	}
	return json_pack("{s:o,s:o,s:o}", "values", values, "errors", errors, "found", found);
}

static int add_answer(struct cli *cli, const struct forms *forms, const struct asking_answer *answer, const char *what,
	struct parse_source *out, size_t *count, struct error *err)
{
	json_t *body;

	if (asking_answer_body(forms, cli->arena, answer, &body, err) < 0)
		return -1;
	add_parts(cli, answer->form, what, answer->language, body, out, count);
	return 0;
}

static int add_answers(struct cli *cli, const struct forms *forms, const struct form *form, const struct clients *clients,
	const char *language, struct parse_source *out, size_t *count, struct error *err)
{
	json_t *answers = clients_answers(forms, form, clients, language), *halves = said_by_halves(form, answers);
	json_t *whole = json_pack("{s:o,s:[]}", "values", answers, "given");
	struct asking_answer answer = {.kind = "understood",
		.form = form,
		.said = whole,
		.language = language,
		.reference = REFERENCE,
		.name = "Aminata Kamara",
		.day = DAY};
	int result = add_answer(cli, forms, &answer, "assumed", out, count, err);

	json_object_del(whole, "given");
	if (result == 0)
		result = add_answer(cli, forms, &answer, "understood", out, count, err);
	answer.kind = "open";
	answer.said = halves;
	if (result == 0)
		result = add_answer(cli, forms, &answer, "open", out, count, err);
	json_decref(whole);
	json_decref(halves);
	return result;
}

static int add_reminder(struct cli *cli, const struct forms *forms, const struct form *form, const char *language,
	struct parse_source *out, size_t *count, struct error *err)
{
	struct asking_request request = {.form = form,
		.language = language,
		.reference = REFERENCE,
		.asked = DAY,
		.number = 1,
		.last = true};
	json_t *body;

	if (asking_request_body(forms, cli->arena, &request, &body, err) < 0)
		return -1;
	add_parts(cli, form, "reminder", language, body, out, count);
	return 0;
}

int forms_letters(struct cli *cli, const struct forms *forms, const struct form *form, const struct clients *clients,
	struct parse_source *out, size_t *count, struct error *err)
{
	for (size_t i = 0; i < form->title.count; i++) {
		const char *language = form->title.list[i].language;

		if (!forms_letter_language(forms, "acknowledgement", language) ||
			!forms_letter_language(forms, "reminder", language))
			continue;
		if (add_answers(cli, forms, form, clients, language, out, count, err) < 0 ||
			add_reminder(cli, forms, form, language, out, count, err) < 0)
			return -1;
	}
	return 0;
}
