/*
 * Requests: every form in every language is rendered, answered and quoted as mail clients do, and every answer must
 * come back. The same untouched, wrapped at any width: no answer.
 */
#include "tests/unit/forms.h"

#include "base/unicode.h"
#include "parsers/form.h"

#define REFERENCE "FP-7K3M9QXA2D"

enum client {
	CLIENT_INLINE,	/* typed behind the colons in a quote */
	CLIENT_BETWEEN, /* typed between the quoted lines */
	CLIENT_FLAT,	/* typed into a flat quote below a header block */
	CLIENT_TOP,	/* copied above the quote, without hints */
	CLIENT_COUNT,
};

struct trip {
	struct arena *arena;
	const struct forms *forms;
	const struct form *form;
	const char *language;
	int width; /* 0: not wrapped */
};

/* What a practitioner might write into a field. */
static const char *answer_of(const struct trip *trip, const struct field *field)
{
	switch (field->type) {
	case FIELD_COUNTRY:
		return country_name(trip->forms, "NP", trip->language);
	case FIELD_CHOICE:
		return words_get(&field->options[0].label, trip->language);
	case FIELD_CHOICES:
		return arena_printf(trip->arena, "%s, %s", words_get(&field->options[0].label, trip->language),
			words_get(&field->options[1].label, trip->language));
	case FIELD_SCALE:
		return arena_printf(trip->arena, "%lld", field->max);
	case FIELD_NUMBER:
		return "350";
	case FIELD_DATE:
		return "2026-01-02";
	case FIELD_YES_NO:
		return lexicon_word(trip->forms->lexicon, "yes", trip->language);
	case FIELD_PATTERN:
		return "SSR-2020-352";
	default:
		return "Jimma 24";
	}
}

/* Adds the line in pieces of at most `width` columns, each behind the quote mark. */
static void add_wrapped(struct text *out, struct view line, const char *mark, int width)
{
	struct view word;
	int column = 0;

	if (width == 0 || unicode_columns(line) <= width) {
		text_add_format(out, "%s%.*s\n", mark, VIEW_ARGS(line));
		return;
	}
	text_add_string(out, mark);
	while (view_next_field(&line, ' ', &word)) {
		int columns = unicode_columns(word);

		if (column > 0 && column + 1 + columns > width) {
			text_add_format(out, "\n%s", mark);
			column = 0;
		}
		text_add_format(out, "%s%.*s", column > 0 ? " " : "", VIEW_ARGS(word));
		column += columns + 1;
	}
	text_add_char(out, '\n');
}

static void add_head(struct text *out, const struct trip *trip)
{
	text_add_format(out,
		"From: Mary Deng <mary@ngo.example>\nTo: Desk <feedback+fp-7k3m9qxa2d@feedback.example>\n"
		"Subject: Re: [" REFERENCE "] %s\nDate: Fri, 06 Nov 2026 22:57:07 +0000\nMIME-Version: 1.0\n"
		"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n",
		words_get(&trip->form->title, trip->language));
}

/* The number of the field whose line this is, 0 for none. */
static size_t field_of_line(struct view line)
{
	ptrdiff_t dot = view_find(line, VIEW(". "));
	long long number;

	if (dot <= 0 || view_to_int(view_sub(line, 0, (size_t)dot), 1, 99, &number) < 0)
		return 0;
	return (size_t)number;
}

/* The request as the client quotes it; answers typed as the client makes people type them, or none at all. */
static void add_quote(struct text *out, const struct trip *trip, struct view request, enum client client, bool answered)
{
	const char *mark = client == CLIENT_FLAT ? "" : "> ";
	struct view line;

	if (client == CLIENT_FLAT)
		text_add_string(out,
			"From: Desk <feedback+fp-7k3m9qxa2d@feedback.example>\nSent: Tuesday, 3 November 2026\n"
			"To: mary@ngo.example\nSubject: [" REFERENCE "] Form\n\n");
	else
		text_add_string(out, "On Thu, Oct 29, 2026 at 07:46 Desk <feedback@feedback.example> wrote:\n");
	while (view_next_line(&request, &line)) {
		size_t number = field_of_line(line);
		const char *answer = answered && number > 0 ? answer_of(trip, &trip->form->fields[number - 1]) : "";

		if (answered && number > 0 && (client == CLIENT_INLINE || client == CLIENT_FLAT))
			line = view_of(arena_printf(trip->arena, "%.*s%s", VIEW_ARGS(line), answer));
		add_wrapped(out, line, mark, trip->width);
		if (answered && number > 0 && client == CLIENT_BETWEEN)
			text_add_format(out, "\n%s\n\n", answer);
	}
}

static void add_copy(struct text *out, const struct trip *trip)
{
	for (size_t i = 0; i < trip->form->field_count; i++) {
		const struct field *field = &trip->form->fields[i];

		text_add_format(out, "%s: %s\n", words_get(&field->label, trip->language), answer_of(trip, field));
	}
	text_add_char(out, '\n');
}

static void send_and_read(const struct trip *trip, enum client client, bool answered, struct result *out)
{
	static const struct request_hint no_hint;
	struct error err = ERROR_INIT;
	TEXT_SCOPED request;
	TEXT_SCOPED mail;

	text_init(&request, 100000);
	text_init(&mail, 1000000);
	assert_int_equal(form_render_text(trip->forms, trip->form, trip->language, REFERENCE, &request, &err), 0);
	add_head(&mail, trip);
	if (answered && client == CLIENT_TOP)
		add_copy(&mail, trip);
	add_quote(&mail, trip, text_view(&request), client, answered && client != CLIENT_TOP);
	parse_mail(trip->forms, trip->arena, text_view(&mail), &no_hint, out);
}

static const char *name_of(const struct trip *trip, int client)
{
	return arena_printf(
		trip->arena, "%s in %s, client %d, width %d", trip->form->id, trip->language, client, trip->width);
}

/* What each answer must have become. */
static void check_value(const char *name, const struct field *field, const json_t *value)
{
	if (field->type == FIELD_TEXT || field->type == FIELD_LINE)
		unit_same(name, view_of(json_string_value(value)), VIEW("Jimma 24"));
	else if (field->type == FIELD_COUNTRY)
		unit_same(name, view_of(json_string_value(value)), VIEW("NP"));
	else if (field->type == FIELD_CHOICE)
		unit_same(name, view_of(json_string_value(value)), view_of(field->options[0].value));
	else if (field->type == FIELD_CHOICES)
		unit_same_number(name, (long long)json_array_size(value), 2);
	else if (field->type == FIELD_SCALE)
		unit_same_number(name, json_integer_value(value), field->max);
	else if (field->type == FIELD_NUMBER)
		unit_same_number(name, json_integer_value(value), 350);
	else if (field->type == FIELD_YES_NO)
		unit_same_number(name, json_is_true(value), 1);
}

static void check_answered(const struct trip *trip, enum client client)
{
	const char *name = name_of(trip, (int)client);
	struct result result;

	send_and_read(trip, client, true, &result);
	unit_same(name, view_of(outcome_name(result.outcome)), VIEW("filed"));
	unit_same(name, view_of(result.form), view_of(trip->form->id));
	unit_same(name, view_of(result.language), view_of(trip->language));
	unit_same(name, view_of(result.reference), VIEW(REFERENCE));
	unit_same_number(name, (long long)json_object_size(result.values), (long long)trip->form->field_count);
	unit_same_number(name, (long long)result.remarks.len, 0);
	for (size_t i = 0; i < trip->form->field_count; i++)
		check_value(name, &trip->form->fields[i], json_object_get(result.values, trip->form->fields[i].name));
	result_release(&result);
}

static void check_untouched(const struct trip *trip, enum client client)
{
	const char *name = name_of(trip, (int)client);
	struct result result;

	send_and_read(trip, client, false, &result);
	if (!reason_name(result.reason))
		fail_msg("%s: filed", name);
	unit_same(name, view_of(reason_name(result.reason)), VIEW("no-answers"));
	unit_same(name, view_of(result.form), view_of(trip->form->id));
	result_release(&result);
}

/* Calls the check for every form, language and client at the widths from `from` in steps of `step`. */
static void each_trip(int from, int to, int step, void (*check)(const struct trip *trip, enum client client))
{
	struct arena *arena = arena_new();
	struct forms *forms = unit_forms(arena);
	struct trip trip = {.arena = arena_new(), .forms = forms};

	for (size_t f = 0; f < forms_count(forms); f++)
		for (size_t l = 0; l < lexicon_language_count(forms->lexicon); l++)
			for (int client = 0; client < CLIENT_COUNT; client++)
				for (trip.width = from; trip.width <= to; trip.width += step) {
					trip.form = forms_at(forms, f);
					trip.language = lexicon_language(forms->lexicon, l);
					check(&trip, (enum client)client);
					arena_reset(trip.arena);
				}
	arena_free(&trip.arena);
	forms_free(&forms);
	arena_free(&arena);
}

static void test_answered(void **state)
{
	each_trip(0, 0, 1, check_answered);
}

static void test_answered_wrapped(void **state)
{
	each_trip(64, 78, 14, check_answered);
}

static void test_untouched(void **state)
{
	each_trip(0, 0, 1, check_untouched);
}

static void test_untouched_wrapped(void **state)
{
	each_trip(15, 110, 19, check_untouched);
}

/* The words of a request as the contract has them. */
static void test_text(void **state)
{
	struct arena *arena = arena_new();
	struct forms *forms = unit_forms(arena);
	struct error err = ERROR_INIT;
	struct text out, small;

	text_init(&out, 10000);
	text_init(&small, 100);
	assert_int_equal(
		form_render_text(forms, forms_get(forms, "progress-check", 0), "fr", REFERENCE, &out, &err), 0);
	unit_holds("greeting", text_string(&out), "Chère collègue, cher collègue,\n\n");
	unit_holds("reference", text_string(&out), "\n\nRéférence: " REFERENCE "\n\n1. Pays: \n2. Programme: \n");
	unit_holds("date", text_string(&out),
		"\n3. Date (YYYY-MM-DD): \n4. Avancement (1-5): \n5. Personnes touchées: \n");
	unit_holds("choices", text_string(&out),
		"\n6. Obstacles (un ou plusieurs parmi: temps / financement / coordination / volonté politique / "
		"sécurité): \n");
	unit_holds(
		"end", text_string(&out), "\n8. Urgent (oui / non): \n9. Partage (ouvert / sans nom / restreint): \n");
	assert_int_equal(
		form_render_text(forms, forms_get(forms, "progress-check", 0), "fr", REFERENCE, &small, &err), -1);
	text_release(&out);
	text_release(&small);
	forms_free(&forms);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_answered),
		cmocka_unit_test(test_answered_wrapped),
		cmocka_unit_test(test_untouched),
		cmocka_unit_test(test_untouched_wrapped),
	};

	return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
