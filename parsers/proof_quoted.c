/*
 * parsers/proof_quoted: what we sent, quoted untouched and wrapped at any width, is nobody's answer. See parsers.h.
 */
#include "parsers/proof.h"

#include <string.h>

#include "parsers/request.h"

#define ECHO_MAX ((size_t)1024 * 1024)

struct dressing {
	const char *name;
	const char *head; /* above the quote */
	const char *mark;
	bool form_too; /* the form's lines are wrapped as well */
};

static const struct dressing dressings[] = {
	{"quoted", "On Mon, 16 Nov 2026 at 09:12, Field Feedback Desk <desk@feedback.example.org> wrote:", "> ", true},
	{"below a header block",
		"________________________________\r\nFrom: Field Feedback Desk <desk@feedback.example.org>\r\n"
		"Sent: Monday, November 16, 2026 9:12 AM\r\nTo: practitioner@mail.example.com\r\nSubject: Request\r\n",
		"", false},
	{"unmarked", "", "", false},
};

struct quoted {
	const struct forms *forms;
	const struct clients *clients;
	const struct form *form;
	const char *language;
	const char *what; /* "the request", or a file */
	struct arena *arena, *scratch;
	size_t keep;
	struct proof *proof;
};

static struct view make_mail(struct quoted *quoted, const struct dressing *dressing, struct view body)
{
	const char *title = words_get(&quoted->form->title, "en");
	const char *mail = arena_printf(quoted->scratch,
		"From: practitioner@mail.example.com\r\nTo: feedback@feedback.example.org\r\nSubject: Re: [%s] %s\r\n"
		"Date: Tue, 17 Nov 2026 08:12:40 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; "
		"charset=utf-8\r\n"
		"Content-Transfer-Encoding: 8bit\r\n\r\nI have seen it and will write next week.\r\n\r\n%s\r\n%.*s",
		PROOF_REFERENCE, title, dressing->head, VIEW_ARGS(body));

	return view_of(mail);
}

/* style: how it was quoted. */
static void report(
	struct quoted *quoted, const char *client, const char *style, const struct result *result, struct view mail)
{
	const struct provenance *found = result->provenance_count > 0 ? &result->provenance[0] : NULL;
	struct proof_failure failure = {
		.language = quoted->language, .client = client, .style = style, .wanted = "no answer", .mail = mail};

	failure.got = outcome_name(result->outcome);
	if (found)
		failure.got = arena_printf(quoted->scratch, "\"%.*s\"", VIEW_ARGS(found->raw));
	proof_fail(quoted->proof, quoted->arena, quoted->keep, quoted->form,
		found ? form_field(quoted->form, found->field) : NULL, &failure);
}

static bool is_answered(const struct result *result)
{
	return result->provenance_count > 0 || result->outcome == OUTCOME_FILED;
}

/* prose: what may be wrapped; form: the lines that are typed into. */
static void prove_at(
	struct quoted *quoted, const struct dressing *dressing, struct view prose, struct view form, size_t width)
{
	struct request_hint none = {NULL, NULL, 0};
	struct result result;
	struct view mail, body, rest;

	arena_reset(quoted->scratch);
	body = client_quoted(quoted->scratch, prose, width, dressing->mark);
	rest = client_quoted(quoted->scratch, form, dressing->form_too ? width : 0, dressing->mark);
	body = view_of(arena_printf(quoted->scratch, "%.*s%.*s", VIEW_ARGS(body), VIEW_ARGS(rest)));
	mail = make_mail(quoted, dressing, body);
	memset(&result, 0, sizeof(result));
	parse_mail(quoted->forms, quoted->scratch, mail, &none, &result);
	quoted->proof->replies++;
	if (is_answered(&result))
		report(quoted, quoted->what,
			arena_printf(quoted->scratch, "%s, wrapped at %zu columns", dressing->name, width), &result,
			mail);
	result_release(&result);
}

/* The form begins behind the line with the reference. */
static void prove_text(struct quoted *quoted, struct view text)
{
	ptrdiff_t at = view_find(text, VIEW(PROOF_REFERENCE));
	size_t split = at < 0 ? text.len : (size_t)at + strlen(PROOF_REFERENCE);
	struct view prose = view_sub(text, 0, split), form = view_sub(text, split, text.len);

	if (view_starts(form, VIEW("\n")))
		form = view_sub(form, 1, form.len);
	for (size_t i = 0; i < sizeof(dressings) / sizeof(dressings[0]); i++)
		for (size_t width = PROOF_WIDTH_MIN; width <= PROOF_WIDTH_MAX; width++)
			prove_at(quoted, &dressings[i], prose, form, width);
}

static void prove_request(struct quoted *quoted)
{
	TEXT_SCOPED text;

	text_init(&text, ECHO_MAX);
	quoted->what = "the request";
	if (form_render_text(quoted->forms, quoted->form, quoted->language, PROOF_REFERENCE, &text, NULL) == 0)
		prove_text(quoted, text_view(&text));
}

/* What stands between <body ...> and </body>: a client takes no more of a mail into its own. */
static struct view body_of(struct view html)
{
	ptrdiff_t start = view_find_nocase(html, VIEW("<body")), end = view_find_nocase(html, VIEW("</body"));
	ptrdiff_t open = start < 0 ? -1 : view_find_char(view_sub(html, (size_t)start, html.len), '>');

	if (open < 0 || end < start + open)
		return html;
	return view_sub(html, (size_t)(start + open) + 1, (size_t)(end - start - open) - 1);
}

static void prove_html_in(struct quoted *quoted, const struct client *client, struct view html)
{
	struct request_hint none = {NULL, NULL, 0};
	struct letter letter = {.clients = quoted->clients,
		.client = client,
		.forms = quoted->forms,
		.form = quoted->form,
		.language = quoted->language,
		.reference = PROOF_REFERENCE,
		.silent = true};
	struct result result;
	struct view mail;

	arena_reset(quoted->scratch);
	letter.arena = quoted->scratch;
	mail = client_quoted_mail(&letter, html);
	memset(&result, 0, sizeof(result));
	parse_mail(quoted->forms, quoted->scratch, mail, &none, &result);
	quoted->proof->replies++;
	if (is_answered(&result))
		report(quoted, client->name, arena_printf(quoted->scratch, "%s quoted", quoted->what), &result, mail);
	result_release(&result);
	letter_release(&letter);
}

/* In the frame of each client that has HTML. */
static void prove_html(struct quoted *quoted, struct view html)
{
	for (size_t i = 0; i < quoted->clients->count; i++) {
		const struct client *client = &quoted->clients->list[i];

		if (client->parts != PARTS_TEXT && client->quotes && !client->channel)
			prove_html_in(quoted, client, body_of(html));
	}
}

json_t *clients_answers(
	const struct forms *forms, const struct form *form, const struct clients *clients, const char *language)
{
	struct arena *arena = arena_new();
	struct letter letter = {.arena = arena,
		.clients = clients,
		.forms = forms,
		.form = form,
		.language = language,
		.own = language};
	json_t *answers = json_object();

	client_answer_all(&letter);
	for (size_t i = 0; i < form->field_count; i++)
		if (letter.given[i].want)
			json_object_set(answers, form->fields[i].name, letter.given[i].want);
	letter_release(&letter);
	arena_free(&arena);
	return answers;
}

/* What was understood: label, arrow and value, never a colon. */
static void prove_echo(struct quoted *quoted)
{
	struct arena *arena = arena_new();
	struct letter letter = {.arena = arena,
		.clients = quoted->clients,
		.forms = quoted->forms,
		.form = quoted->form,
		.language = quoted->language,
		.own = quoted->language};
	const char *arrow = strcmp(request_direction(view_of(words_get(&quoted->form->title, quoted->language))), "rtl")
				    ? "\u2192"
				    : "\u2190";
	TEXT_SCOPED text;

	text_init(&text, ECHO_MAX);
	client_answer_all(&letter);
	for (size_t i = 0; i < quoted->form->field_count; i++)
		if (letter.given[i].text && letter.given[i].field->label.count > 0)
			text_add_format(&text, "  %s %s %s\n",
				words_get(&letter.given[i].field->label, quoted->language), arrow,
				letter.given[i].text);
	text_add_format(&text, "\n%s: %s\n\n", lexicon_word(quoted->forms->lexicon, "reference", quoted->language),
		PROOF_REFERENCE);
	quoted->what = "what was understood";
	prove_text(quoted, text_view(&text));
	letter_release(&letter);
	arena_free(&arena);
}

/*
 * A text whose name begins with a form's id belongs to that form alone; so does one named FORM.WORDS.LANGUAGE.ENDING
 * ("progress-check.acknowledgement.en.txt") when that form is not among those that are proven.
 */
static bool belongs(const struct quoted *quoted, const char *file)
{
	const char *name = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
	bool some = false;
	size_t points = 0;

	for (const char *at = name; *at; at++)
		points += *at == '.';
	for (size_t i = 0; i < quoted->forms->count; i++) {
		const char *id = quoted->forms->list[i].id;
		size_t len = strlen(id);

		if (strncmp(name, id, len) != 0 || name[len] != '.')
			continue;
		if (strcmp(id, quoted->form->id) == 0)
			return true;
		some = true;
	}
	return !some && points < 3;
}

void form_prove_quoted(const struct forms *forms, const struct form *form, const struct clients *clients,
	const struct parse_source *texts, size_t count, struct arena *arena, size_t keep, struct proof *out)
{
	struct quoted quoted = {.forms = forms,
		.clients = clients,
		.form = form,
		.arena = arena,
		.scratch = arena_new(),
		.keep = keep,
		.proof = out};

	for (size_t i = 0; i < form->title.count; i++) {
		quoted.language = form->title.list[i].language;
		prove_request(&quoted);
		prove_echo(&quoted);
	}
	for (size_t i = 0; i < count; i++) {
		if (!belongs(&quoted, texts[i].file))
			continue;
		quoted.language = "en";
		quoted.what = texts[i].file;
		(view_ends(view_of(texts[i].file), VIEW(".html")) ? prove_html : prove_text)(&quoted, texts[i].bytes);
	}
	arena_free(&quoted.scratch);
}
