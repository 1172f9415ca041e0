/* Mails that ask for no more: in every language, as the whole first line or as List-Unsubscribe makes them; and those that do not. */
#include "tests/unit/unit.h"

#include "tests/unit/forms.h"

#define QUOTE "\n\nOn Mon, 2 Nov 2026 at 10:00, Fieldpost <f@x.example> wrote:\n> Reference: FP-7K3M9QXA2D\n> 1. Country:\n> stop\n"

static const struct {
	const char *subject, *body;
	enum stops stops;
	const char *more; /* header lines */
} cases[] = {
	{"Re: A question", "stop" QUOTE, STOPS_WORDS, NULL},
	{"Re: A question", "\n\n  STOP.  \n", STOPS_WORDS, NULL},
	{"Re: A question", "Unsubscribe!" QUOTE, STOPS_WORDS, NULL},
	{"Re: Une question", "Arr\xc3\xaatez" QUOTE, STOPS_WORDS, NULL},
	{"Re: Une question", "d\xc3\xa9sinscription\n\nAminata", STOPS_WORDS, NULL},
	{"Re: Una pregunta", "\xc2\xa1" "Baja", STOPS_NOT, NULL},
	{"Re: Una pregunta", "Baja" QUOTE, STOPS_WORDS, NULL},
	{"Re: Uma pergunta", "Cancelar", STOPS_WORDS, NULL},
	{"Re: x", "\xd8\xa5\xd9\x84\xd8\xba\xd8\xa7\xd8\xa1" QUOTE, STOPS_WORDS, NULL},
	{"Re: x", "\xe0\xa4\xb0\xe0\xa5\x8b\xe0\xa4\x95\xe0\xa5\x8d\xe0\xa4\xa8\xe0\xa5\x81\xe0\xa4\xb9\xe0\xa5\x8b\xe0\xa4\xb8\xe0\xa5\x8d" QUOTE, STOPS_WORDS, NULL},
	{"unsubscribe FP-7K3M9QXA2D", "", STOPS_SUBJECT, NULL},
	{"unsubscribe [fp-7k3m9qxa2d]", "This mail was made by a program.", STOPS_SUBJECT, NULL},
	{"Unsubscribe", "", STOPS_SUBJECT, NULL},
	{"Re: A question", "Please stop sending us weapons" QUOTE, STOPS_NOT, NULL},
	{"Re: A question", "The road is closed.\nstop\n" QUOTE, STOPS_NOT, NULL},
	{"Re: A question", "Fine" QUOTE, STOPS_NOT, NULL},
	{"Stop", "The convoys at the bridge.", STOPS_NOT, NULL},
	{"unsubscribe FP-7K3M9QXA2D today", "", STOPS_NOT, NULL},
	{"Re: unsubscribe FP-7K3M9QXA2D", "thanks", STOPS_NOT, NULL},
	{"A question FP-7K3M9QXA2D", "", STOPS_NOT, NULL},
	{"", "", STOPS_NOT, NULL},
	{"unsubscribe FP-7K3M9QXA2D", "", STOPS_SUBJECT, "Auto-Submitted: auto-generated\n"},
	{"unsubscribe", "", STOPS_NOT, "Auto-Submitted: auto-generated\n"},
	{"Automatic reply: A question", "Stop", STOPS_NOT, "Auto-Submitted: auto-replied\n"},
	{"unsubscribe FP-7K3M9QXA2D", "", STOPS_NOT, "Content-Type: message/delivery-status\n"},
};

static void test_cases(void **state)
{
	struct arena *arena = arena_new();
	struct forms *forms = unit_forms(arena);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *mail = arena_printf(arena,
			"From: Aminata <a@example.org>\nSubject: %s\n%s\n%s", cases[i].subject,
			cases[i].more ? cases[i].more : "Content-Type: text/plain; charset=utf-8\n", cases[i].body);
		UNIT_SCOPED char *block = unit_heap(view_of(mail));
		struct result result;

		parse_mail(forms, arena, (struct view){block, strlen(mail)}, NULL, &result);
		if (result.stops != cases[i].stops)
			fail_msg("case %zu, \"%s\", \"%s\": %d instead of %d", i, cases[i].subject, cases[i].body, (int)result.stops,
				(int)cases[i].stops);
		result_release(&result);
	}
	forms_free(&forms);
	arena_free(&arena);
}

/* The confirmation is there in every language, and is not the English one. */
static void test_words(void **state)
{
	struct arena *arena = arena_new();
	struct forms *forms = unit_forms(arena);
	json_t *words = forms_word_everywhere(forms, "talk_stopped"), *word;
	const char *english = json_string_value(json_object_get(words, "en")), *language;

	(void)state;
	assert_int_equal(json_object_size(words), 6);
	json_object_foreach(words, language, word)
	{
		if (strcmp(language, "en") != 0)
			assert_string_not_equal(json_string_value(word), english);
	}
	json_decref(words);
	forms_free(&forms);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_words)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
