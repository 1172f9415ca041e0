/* parsers/proof: every form, language, client and style of answering, written and read back. See parsers.h. */
#include "parsers/proof.h"

#include <string.h>

#include "base/unicode.h"
#include "parsers/letter.h"

int clients_new(const struct parse_source *sources, size_t count, const struct parse_source *languages,
	size_t language_count, struct clients **out, struct error *err)
{
	struct arena *arena = arena_new();
	struct clients *clients = ARENA_NEW(arena, struct clients);
	struct client_words *words = &clients->words;
	int rc = 0;

	clients->arena = arena;
	clients->list = ARENA_NEW_N(arena, struct client, count);
	words->languages = ARENA_NEW_N(arena, const struct yaml_node *, language_count);
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = client_load(clients, &sources[i], err);
	for (size_t i = 0; i < language_count && rc == 0; i++) {
		struct yaml_node *root;

		if (letter_is_template(&languages[i]))
			continue;
		rc = yaml_parse(arena, languages[i].bytes, languages[i].file, &root, err);
		if (rc == 0 && yaml_get(root, "alpha3"))
			words->alpha3 = yaml_get(root, "alpha3");
		if (rc == 0)
			words->languages[words->language_count++] = root;
	}
	if (rc == 0 && (!words->answers || clients->count == 0))
		rc = error_set(err, REACH_STOP, "no client, or no answers.yaml beside the clients");
	if (rc < 0)
		clients_free(&clients);
	else
		*out = clients;
	return rc;
}

void clients_free(struct clients **clients)
{
	struct arena *arena;

	if (!*clients)
		return;
	arena = (*clients)->arena;
	*clients = NULL;
	arena_free(&arena);
}

size_t clients_count(const struct clients *clients)
{
	return clients->count;
}

/* ---- failures ---- */

static const char *place_of(struct arena *arena, const struct form *form, const struct field *field)
{
	const struct form_private *private = form->compiled;
	const struct yaml_node *node = private->fields;
	const struct yaml_node *one = node ? node->first : NULL;

	for (size_t i = 0; field && one && &form->fields[i] != field; i++)
		one = one->next;
	if (field && one)
		node = yaml_get(one, "label") ? yaml_get(one, "label") : one;
	return node ? arena_printf(arena, "%s:%d:%d", node->file, node->line, node->column) : form->id;
}

void proof_fail(struct proof *proof, struct arena *arena, size_t keep, const struct form *form,
	const struct field *field, const struct proof_failure *failure)
{
	struct proof_failure *kept;

	if (!proof->failures)
		proof->failures = ARENA_NEW_N(arena, struct proof_failure, keep + 1);
	proof->failure_count++;
	if (proof->kept >= keep)
		return;
	kept = &proof->failures[proof->kept++];
	*kept = *failure;
	kept->place = place_of(arena, form, field);
	kept->field = field ? field->name : NULL;
	kept->client = arena_strdup(arena, failure->client);
	kept->style = arena_strdup(arena, failure->style);
	kept->wanted = arena_strdup(arena, failure->wanted);
	kept->got = arena_strdup(arena, failure->got);
	kept->mail = (struct view){arena_copy(arena, failure->mail.ptr, failure->mail.len), failure->mail.len};
}

const char *proof_failure_words(struct arena *arena, const struct proof_failure *failure)
{
	const char *words = arena_printf(arena, "%s: ", failure->place);

	if (failure->field)
		words = arena_printf(arena, "%sthe field \"%s\" ", words, failure->field);
	words = arena_printf(arena, "%s(%s) from %s, %s", words, failure->language, failure->client, failure->style);
	if (failure->line > 0)
		words = arena_printf(arena, "%s, line %d", words, failure->line);
	return arena_printf(arena, "%s: %s instead of %s", words, failure->got, failure->wanted);
}

/* ---- what a name meant ---- */

static int check_field(const struct form *form, const struct form *older, const struct field *field, struct error *err)
{
	const struct field *was = form_field(older, field->name);
	struct arena *arena;

	if (!was || was->type == field->type)
		return 0;
	arena = arena_new();
	error_set(err, REACH_STOP,
		"%s: the field \"%s\" is a %s, but a %s in version %d of the form \"%s\"; give it another name",
		place_of(arena, form, field), field->name, field_type_name(field->type), field_type_name(was->type),
		older->version, form->id);
	arena_free(&arena);
	return -1;
}

int forms_check_types(const struct forms *forms, struct error *err)
{
	for (size_t i = 0; i < forms->count; i++)
		for (size_t k = 0; k < forms->count; k++) {
			const struct form *form = &forms->list[i], *older = &forms->list[k];

			if (strcmp(form->id, older->id) != 0 || older->version >= form->version)
				continue;
			for (size_t f = 0; f < form->field_count; f++)
				if (check_field(form, older, &form->fields[f], err) < 0)
					return -1;
		}
	return 0;
}

/* ---- comparing ---- */

/* Does the client keep the lines as they were typed? Else only the words count. */
static bool keeps_lines(const struct letter *letter)
{
	const struct client *client = letter->client;
	bool quoted = letter->style == STYLE_IN_PLACE || letter->style == STYLE_CELLS;

	return (client->flowed || client->wrap == 0) && !(quoted && (client->quote_wrap > 0 || client->broken));
}

static bool same(const struct letter *letter, const json_t *want, const json_t *got)
{
	struct view a, b;

	if (!want || !got || !json_is_string(want) || !json_is_string(got) || keeps_lines(letter))
		return want && got ? json_equal(want, got) : want == got;
	a = unicode_squeeze(letter->arena, view_of(json_string_value(want)));
	b = unicode_squeeze(letter->arena, view_of(json_string_value(got)));
	return view_equal(a, b);
}

static const char *shown(struct arena *arena, const json_t *value)
{
	char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
	const char *copy = text ? arena_strdup(arena, text) : "nothing";

	free(text);
	return copy;
}

static const struct misfit *misfit_of(const struct result *result, const char *field)
{
	for (size_t i = 0; i < result->misfit_count; i++)
		if (strcmp(result->misfits[i].field, field) == 0)
			return &result->misfits[i];
	return NULL;
}

/* What came instead of the value. */
static const char *got_instead(struct arena *arena, const struct result *result, const char *field)
{
	const json_t *value = json_object_get(result->values, field);
	const struct misfit *misfit = misfit_of(result, field);

	if (value || !misfit)
		return shown(arena, value);
	return arena_printf(arena, "%s \"%.*s\"", misfit->error, VIEW_ARGS(misfit->found));
}

/* A required field of which no answer can be made leaves every reply for review. */
static bool all_answered(const struct letter *letter)
{
	for (size_t i = 0; i < letter->form->field_count; i++)
		if (letter->given[i].field->required && !letter->given[i].want)
			return false;
	return true;
}

/* The outcome as it came, and the field whose misread text made it so, where there is one. */
static const char *outcome_instead(const struct letter *letter, const struct result *result, const struct field **field_out)
{
	struct arena *arena = letter->arena;

	for (size_t i = 0; i < result->misfit_count; i++)
		if (result->misfits[i].found.len > 0) {
			*field_out = form_field(letter->form, result->misfits[i].field);
			return arena_printf(arena, "%s (%s \"%.*s\")", outcome_name(result->outcome),
				result->misfits[i].error, VIEW_ARGS(result->misfits[i].found));
		}
	return arena_printf(arena, "%s (%s)", outcome_name(result->outcome),
		result->reason == REASON_NONE ? "" : reason_name(result->reason));
}

/* What is wrong with the reply as a whole; NULL: nothing. */
static const char *whole_wrong(const struct letter *letter, const struct result *result, const char **wanted_out,
	const struct field **field_out)
{
	*wanted_out = letter->form->id;
	if (!result->form || strcmp(result->form, letter->form->id) != 0)
		return result->form ? result->form : "no form";
	*wanted_out = letter->reference;
	if (!letter->client->channel && (!result->reference || strcmp(result->reference, letter->reference) != 0))
		return "another reference";
	*wanted_out = arena_printf(letter->arena, "language %s", letter->own);
	if (!letter->client->channel && (!result->language || strcmp(result->language, letter->own) != 0))
		return arena_printf(letter->arena, "language %s", result->language ? result->language : "unknown");
	*wanted_out = "no answers";
	if (letter->silent)
		return result->reason == REASON_NO_ANSWERS ? NULL : outcome_instead(letter, result, field_out);
	*wanted_out = "filed";
	if (result->outcome != OUTCOME_FILED && all_answered(letter))
		return outcome_instead(letter, result, field_out);
	return NULL;
}

struct prover {
	const struct forms *forms;
	struct arena *arena;   /* what is kept */
	struct arena *scratch; /* of one reply */
	size_t keep;
	struct proof *proof;
};

static void compare(struct prover *prover, struct letter *letter, struct view mail, const struct result *result)
{
	struct proof_failure failure = {.language = letter->language,
		.client = letter->client->name,
		.style = letter->silent ? "nothing answered" : client_style_name(letter->style),
		.mail = mail,
		.channel = letter->client->channel};
	size_t before = prover->proof->failure_count;
	const struct field *field = NULL;

	for (size_t i = 0; i < letter->form->field_count; i++) {
		const struct given *given = &letter->given[i];

		if (same(letter, given->want, json_object_get(result->values, given->field->name)))
			continue;
		failure.wanted = shown(letter->arena, given->want);
		failure.got = got_instead(letter->arena, result, given->field->name);
		failure.line = given->line;
		proof_fail(prover->proof, prover->arena, prover->keep, letter->form, given->field, &failure);
	}
	if (prover->proof->failure_count > before)
		return;
	failure.line = 0;
	failure.got = whole_wrong(letter, result, &failure.wanted, &field);
	if (failure.got)
		proof_fail(prover->proof, prover->arena, prover->keep, letter->form, field, &failure);
}

/* ---- the replies ---- */

/* A field that every reply must answer and for which no answer is known cannot be proven. */
static void note_unproven(struct prover *prover, const struct letter *letter)
{
	for (size_t i = 0; i < letter->form->field_count; i++)
		if (letter->given[i].field->type == FIELD_PATTERN && letter->given[i].field->label.count > 0 &&
			!client_pattern(letter->arena, letter->given[i].field->pattern, letter->turn))
			prover->proof->unproven = letter->given[i].field->name;
}

static void prove_reply(struct prover *prover, struct letter *letter)
{
	struct request_hint hint = {.form = letter->form->id, .form_version = letter->form->version};
	struct request_hint none = {NULL, NULL, 0};
	bool old = forms_get(prover->forms, letter->form->id, 0) != letter->form;
	struct result result;
	struct view mail;

	arena_reset(prover->scratch);
	letter->arena = prover->scratch;
	letter->given = NULL;
	letter->count = 0;
	mail = client_mail(letter);
	memset(&result, 0, sizeof(result));
	if (letter->client->channel)
		parse_message(prover->forms, prover->scratch, mail, &hint, &result);
	else
		parse_mail(prover->forms, prover->scratch, mail, old ? &hint : &none, &result);
	note_unproven(prover, letter);
	prover->proof->replies++;
	compare(prover, letter, mail, &result);
	result_release(&result);
	letter_release(letter);
}

static void prove_client(struct prover *prover, struct letter *letter, const struct client *client)
{
	letter->client = client;
	for (int style = 0; style < STYLE_COUNT; style++) {
		if (!client->styles[style])
			continue;
		letter->style = style;
		for (unsigned i = 0; i < PROOF_TURNS; i++) {
			prove_reply(prover, letter);
			letter->turn++;
		}
	}
	letter->silent = client->quotes;
	letter->style = STYLE_COPY_ABOVE;
	for (unsigned i = 0; i < PROOF_TURNS && letter->silent; i++, letter->turn++)
		prove_reply(prover, letter);
	letter->silent = false;
}

static bool is_asked(const struct form *form)
{
	for (size_t i = 0; i < form->field_count; i++)
		if (form->fields[i].label.count > 0)
			return true;
	return false;
}

void form_prove(const struct forms *forms, const struct form *form, const struct clients *clients, struct arena *arena,
	size_t keep, struct proof *out)
{
	struct prover prover = {forms, arena, arena_new(), keep, out};

	for (size_t i = 0; i < form->title.count && is_asked(form); i++) {
		struct letter letter = {.clients = clients,
			.forms = forms,
			.form = form,
			.language = form->title.list[i].language,
			.reference = PROOF_REFERENCE};

		for (size_t k = 0; k < clients->count; k++)
			prove_client(&prover, &letter, &clients->list[k]);
	}
	arena_free(&prover.scratch);
}
