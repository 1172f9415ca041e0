/* A form asked as a conversation: each turn from the state before, in every language; every language has every sentence. */
#include "base/yaml.h"
#include "outreach/conversation.h"
#include "tests/unit/forms.h"

struct talker {
	struct arena *arena;
	struct forms *forms;
	json_t *state, *result; /* of the last turn */
	const char *language;	/* as the provider says */
	const char *form;
	json_int_t message;
	bool early, quiet;
};

static void talker_init(struct talker *t, const char *form, const char *language)
{
	*t = (struct talker){.arena = arena_new(), .form = form, .language = language};
	t->forms = unit_forms(t->arena);
}

static void talker_free(struct talker *t)
{
	json_decref(t->state);
	json_decref(t->result);
	forms_free(&t->forms);
	arena_free(&t->arena);
}

static json_t *talk_of(const struct talker *t)
{
	return json_object_get(t->result, "talk");
}

static const char *said(const struct talker *t)
{
	const char *say = json_string_value(json_object_get(talk_of(t), "say"));

	return say ? say : "";
}

static void turn(struct talker *t, const char *text, json_t *more)
{
	json_t *talk = json_pack("{s:I, s:s?, s:s, s:s?, s:b, s:b}", "message", ++t->message, "language", t->language,
		"fallback", "en", "form", t->form, "early", (int)t->early, "quiet", (int)t->quiet);
	char *dumped;

	if (t->state)
		json_object_set(talk, "state", t->state);
	if (more)
		json_object_update(talk, more);
	json_decref(more);
	dumped = json_dumps(talk, JSON_COMPACT);
	json_decref(talk);
	json_decref(t->result);
	t->result = conversation_read(t->forms, t->arena, view_of(text), view_of(dumped), NULL);
	free(dumped);
	json_decref(t->state);
	t->state = json_object_get(talk_of(t), "over") ? NULL : json_incref(json_object_get(talk_of(t), "state"));
}

static void says(struct talker *t, const char *text, const char *asked, const char *part)
{
	const char *now;

	turn(t, text, NULL);
	now = json_string_value(json_object_get(json_object_get(talk_of(t), "state"), "asked"));
	if (strcmp(now ? now : "", asked) != 0)
		fail_msg("\"%s\": %s is asked, not %s; said:\n%s", text, now ? now : "nothing", asked, said(t));
	if (!strstr(said(t), part))
		fail_msg("\"%s\": \"%s\" is not in what is said:\n%s", text, part, said(t));
}

static void has(const struct talker *t, const char *object, const char *wanted)
{
	char *got = json_dumps(json_object_get(t->result, object), JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);

	if (strcmp(got, wanted) != 0)
		fail_msg("%s: %s, expected %s", object, got, wanted);
	free(got);
}

static void asks_field_by_field(void **state)
{
	struct talker t;

	talker_init(&t, "progress-check", "fr");
	says(&t, "Bonjour !", "country", "Pays (1/9)\nCette réponse est nécessaire.\nRépondez par le nom d'un seul pays.");
	says(&t, "Atlantis", "country", "Cela ne convient pas ici.\n\nPays (1/9)");
	says(&t, "le Mali", "programme", "Programme (2/9)");
	says(&t, "Justice de proximité", "date", "Répondez par une date, comme 2026-03-31.");
	says(&t, "3 mars 2026", "progress", "nombre de 1 à 5");
	says(&t, "beaucoup", "progress", "Cela ne convient pas");
	says(&t, "7", "people_reached", "Nous laissons cette question ouverte.");
	says(&t, "350 personnes", "obstacles", "1 – temps\n2 – financement");
	says(&t, "2, 3", "support", "Appui");
	says(&t, "1. du carburant\n2. des motos", "urgent", "« oui » ou « non »");
	says(&t, "oui", "sharing", "1 – ouvert");
	says(&t, "passer", "",
		"Merci. Voici ce que nous avons compris.\n\nPays → Mali\nProgramme → Justice de proximité\nDate → 2026-03-03\n"
		"Personnes touchées → 350\nObstacles → coordination · financement\nAppui nécessaire → 1. du carburant 2. des "
		"motos\nUrgent → oui\nPas compris · Avancement → 7\nEncore nécessaire → Avancement\nLaissé ouvert → Partage\n");
	has(&t, "outcome", "\"review\"");
	has(&t, "reason", "\"invalid-value\"");
	has(&t, "values",
		"{\"country\":\"ML\",\"date\":\"2026-03-03\",\"obstacles\":[\"coordination\",\"funding\"],\"people_reached\":350,"
		"\"programme\":\"Justice de proximité\",\"sharing\":\"no-name\",\"support\":\"1. du carburant\\n2. des "
		"motos\",\"urgent\":true}");
	has(&t, "errors", "{\"progress\":\"invalid-value\"}");
	has(&t, "remarks", "\"Avancement → 7\"");
	assert_int_equal(json_integer_value(json_object_get(
				 json_object_get(json_object_get(t.result, "provenance"), "country"), "message")),
		3);
	talker_free(&t);
}

static void takes_commands(void **state)
{
	struct talker t;

	talker_init(&t, "field-lesson", "pt-BR");
	says(&t, "gostava de contar uma coisa", "country", "País (1/9)");
	says(&t, "voltar", "country", "primeira pergunta");
	says(&t, "skip", "country", "mais uma vez");
	says(&t, "pular", "programme", "Programa");
	says(&t, "-", "phase", "1 – antes");
	says(&t, "back", "programme", "Programa");
	says(&t, "retour", "country", "País");
	says(&t, "Angola", "programme", "Programa");
	says(&t, "n/a", "phase", "Fase");
	says(&t, "3", "activity", "Área");
	says(&t, "olá", "activity", "Continuamos onde estávamos.");
	says(&t, "", "activity", "com palavras");
	says(&t, "O que funcionou: patrulhas\nLição para a política: pagar", "activity", "Área de trabalho");
	says(&t, "1 e 3", "what_did_not", "O que não funcionou");
	says(&t, "STOP.", "", "mais mensagens nossas");
	assert_string_equal(json_string_value(json_object_get(talk_of(&t), "word")), "stop");
	assert_string_equal(json_string_value(json_object_get(talk_of(&t), "over")), "stopped");
	has(&t, "outcome", "\"filed\"");
	has(&t, "values",
		"{\"activity\":[\"oversight\",\"strategy\"],\"country\":\"AO\",\"lesson\":\"pagar\",\"phase\":\"after\",\"sharing\":"
		"\"no-name\",\"what_worked\":\"patrulhas\"}");
	talker_free(&t);
}

static void takes_no_default_for_what_was_not_understood(void **state)
{
	struct talker t;

	talker_init(&t, "field-lesson", NULL);
	says(&t, "Country: Nepal\nLesson for policy:", "programme", "Programme (2/9)");
	turn(&t, "Lesson for policy: pay", NULL);
	for (size_t i = 0; i < 6; i++)
		turn(&t, "skip", NULL);
	says(&t, "only my friends", "sharing", "does not fit");
	says(&t, "only my friends", "", "Not understood · Sharing → only my friends");
	has(&t, "outcome", "\"filed\"");
	has(&t, "values", "{\"country\":\"NP\",\"lesson\":\"pay\"}");
	talker_free(&t);
}

static void goes_on_with_what_came_before_the_question(void **state)
{
	struct talker t;

	talker_init(&t, "field-lesson", "en");
	says(&t, "hi", "country", "Country");
	says(&t, "Country: Kenya\nProgramme: Courts\nProject phase: after\nArea of work: strategy", "what_worked",
		"What worked");
	says(&t, "Joint patrols.", "what_did_not", "What did not work");
	t.early = true;
	says(&t, "And a list of names.", "what_did_not", "");
	assert_string_equal(said(&t), "");
	t.early = false;
	says(&t, "Nothing", "lesson", "Lesson for policy");
	t.early = true;
	says(&t, "skip", "lesson", "");
	says(&t, "Country: Mali", "lesson", "");
	t.early = false;
	says(&t, "Pay the drivers", "evidence", "Evidence");
	turn(&t, "stop", NULL);
	has(&t, "values",
		"{\"activity\":[\"strategy\"],\"country\":\"ML\",\"lesson\":\"Pay the drivers\",\"phase\":\"after\",\"programme\":"
		"\"Courts\",\"sharing\":\"no-name\",\"what_did_not\":\"Nothing\",\"what_worked\":\"Joint patrols.\\nAnd a list of "
		"names.\"}");
	talker_free(&t);
}

static void heeds_edits(void **state)
{
	struct talker t;
	json_t *ended;

	talker_init(&t, "field-lesson", "en");
	says(&t, "hi", "country", "Country");
	says(&t, "Kenya", "programme", "Programme");
	turn(&t, "Mali", json_pack("{s:s, s:I}", "edits", "country", "original", (json_int_t)2));
	assert_string_equal(said(&t), "Noted.\nCountry → Mali");
	turn(&t, "Wakanda", json_pack("{s:s, s:I}", "edits", "country", "original", (json_int_t)2));
	assert_non_null(strstr(said(&t), "Country (1/9)"));
	says(&t, "Niger", "programme", "Programme");
	turn(&t, "hi there", json_pack("{s:s, s:I}", "edits", "", "original", (json_int_t)1));
	assert_string_equal(said(&t), "");
	ended = json_incref(t.state);
	json_decref(t.state);
	t.state = NULL;
	turn(&t, "Chad", json_pack("{s:s, s:I, s:o, s:b}", "edits", "country", "original", (json_int_t)5, "state", ended, "ended", 1));
	assert_true(json_is_true(json_object_get(talk_of(&t), "patch")));
	has(&t, "outcome", "\"filed\"");
	has(&t, "values", "{\"country\":\"TD\"}");
	talker_free(&t);
}

static void leaves_other_messages_alone(void **state)
{
	static const char whole[] = "Lesson from the field\nCountry: Kenya\nLesson for policy: pay the drivers";
	struct talker t;

	talker_init(&t, "field-lesson", "en");
	turn(&t, whole, NULL);
	has(&t, "outcome", "\"filed\"");
	assert_null(t.state);
	assert_string_equal(said(&t), "");
	t.quiet = true;
	turn(&t, "Thank you!", NULL);
	assert_null(t.state);
	has(&t, "outcome", "\"review\"");
	says(&t, "नमस्ते", "country", "देश (1/9)");
	json_decref(t.state);
	t.state = NULL;
	t.form = NULL;
	turn(&t, "hello", NULL);
	assert_null(t.state);
	has(&t, "reason", "\"no-template\"");
	turn(&t, "Désabonner", NULL);
	has(&t, "reason", "\"stopped\"");
	talker_free(&t);
}

/* Two countries, options by number, an isolate round what runs the other way. */
static void speaks_arabic(void **state)
{
	struct talker t;

	talker_init(&t, "field-lesson", NULL);
	says(&t, "السلام عليكم", "country", "البلد (1/9)");
	says(&t, "العراق", "programme", "البرنامج");
	says(&t, "EUPOL", "phase", "1 – قبل");
	says(&t, "٢", "activity", "مجال العمل");
	turn(&t, "توقف", NULL);
	has(&t, "values", "{\"country\":\"IQ\",\"phase\":\"during\",\"programme\":\"EUPOL\",\"sharing\":\"no-name\"}");
	talker_free(&t);
}

/* The echo, quoted or sent back, is no answer. */
static void echo_is_no_form(void **state)
{
	static const char *const languages[] = {"en", "fr", "es", "pt", "ar", "ne"};
	static const struct request_hint no_hint;

	for (size_t i = 0; i < COUNT(languages); i++) {
		struct talker t;
		struct result result;

		talker_init(&t, "field-lesson", languages[i]);
		turn(&t, "x", NULL);
		turn(&t, "Country: Kenya\nProgramme: Courts\nArea of work: strategy, oversight\nLesson for policy: pay the drivers "
			 "of all the vehicles that are meant to carry the judges to the villages, and pay them before they go",
			NULL);
		while (t.state)
			turn(&t, "skip", NULL);
		assert_non_null(strstr(said(&t), forms_word(t.forms, "talk_open", languages[i])));
		parse_message(t.forms, t.arena, view_of(said(&t)), &no_hint, &result);
		if (json_object_size(result.values) > (result.form ? 1U : 0U) || result.provenance_count > 0)
			fail_msg("%s: the echo is an answer:\n%s", languages[i], said(&t));
		if (strcmp(languages[i], "ar") == 0)
			assert_non_null(strstr(said(&t), "البرنامج ← \u2068Courts\u2069"));
		result_release(&result);
		talker_free(&t);
	}
}

static void every_language_has_every_sentence(void **state)
{
	static const char *const languages[] = {"fr", "es", "pt", "ar", "ne"};
	struct arena *arena = arena_new();
	struct yaml_node *english, *other;
	struct error err = ERROR_INIT;

	assert_int_equal(yaml_parse(arena, unit_file(arena, "config/languages/en.yaml"), "en", &english, &err), 0);
	for (size_t i = 0; i < COUNT(languages); i++) {
		const char *path = arena_printf(arena, "config/languages/%s.yaml", languages[i]);

		assert_int_equal(yaml_parse(arena, unit_file(arena, path), path, &other, &err), 0);
		for (const struct yaml_node *n = yaml_get(english, "words")->first; n; n = n->next)
			if (!yaml_get(yaml_get(other, "words"), n->key))
				fail_msg("%s has no %s", path, n->key);
		for (const char *const *key = (const char *const[]){"skip", "back", "stop", "greetings", NULL}; *key; key++)
			if (!yaml_get(other, *key))
				fail_msg("%s has no %s", path, *key);
	}
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_field_by_field),
		cmocka_unit_test(takes_commands),
		cmocka_unit_test(takes_no_default_for_what_was_not_understood),
		cmocka_unit_test(goes_on_with_what_came_before_the_question),
		cmocka_unit_test(heeds_edits),
		cmocka_unit_test(leaves_other_messages_alone),
		cmocka_unit_test(speaks_arabic),
		cmocka_unit_test(echo_is_no_form),
		cmocka_unit_test(every_language_has_every_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
