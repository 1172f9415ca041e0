/* outreach/letters: requests, reminders and acknowledgements as bodies of outbox rows. Pure. See asking.h. */
#include "outreach/asking.h"

#include <stdlib.h>
#include <string.h>

#include "base/unicode.h"
#include "outreach/letters.h"

const char *letters_day(const struct forms *forms, struct arena *arena, const char *language, const char *iso, bool year)
{
	struct view rest = view_of(iso), part;
	long long numbers[3];

	for (size_t i = 0; i < 3; i++)
		if (!view_next_field(&rest, '-', &part) || view_to_int(part, 0, 9999, &numbers[i]) < 0)
			return iso;
	return forms_letter_date(forms, arena, language, year ? (int)numbers[0] : 0, (int)numbers[1], (int)numbers[2]);
}

/* The subject is the same all along a thread, but for "Re: ". */
static const char *subject_of(struct arena *arena, const struct letter_order *order, bool neutral, bool again)
{
	const char *before = again ? "Re: " : "";

	if (neutral || !order->form)
		return arena_printf(arena, "%s[%s]", before, order->reference);
	return arena_printf(
		arena, "%s[%s] %s", before, order->reference, words_get(&order->form->title, order->language));
}

static void set(json_t *body, const char *key, const char *text)
{
	if (text && *text)
		json_object_set_new(body, key, json_string(text));
}

int letters_body(const struct forms *forms, const struct letter_order *order, bool channel, json_t **out, struct error *err)
{
	TEXT_SCOPED text, html;
	json_t *body;

	text_init(&text, ASKING_LETTER_MAX);
	text_init(&html, ASKING_LETTER_MAX);
	if (forms_letter_text(forms, order, &text, err) < 0 ||
		(!channel && forms_letter_html(forms, order, &html, err) < 0))
		return -1;
	body = json_object();
	json_object_set_new(body, "text", json_stringn(text_string(&text), text.len));
	if (!channel) {
		json_object_set_new(body, "html", json_stringn(text_string(&html), html.len));
		set(body, "language", order->language);
	}
	*out = body;
	return 0;
}

int asking_request_body(const struct forms *forms, struct arena *arena, const struct asking_request *request, json_t **out,
	struct error *err)
{
	struct letter_order order = {.name = request->number > 0 ? "reminder" : "request",
		.language = request->language,
		.form = request->form,
		.reference = request->reference};
	json_t *view = json_pack("{s:b,s:b,s:b}", "neutral", (int)request->neutral, "last", (int)request->last, "channel",
		(int)request->channel);
	json_t *body = NULL;
	int result;

	if (request->number > 0)
		set(view, "asked", letters_day(forms, arena, forms_letter_language(forms, "reminder", request->language),
					   request->asked, false));
	order.view = view;
	result = letters_body(forms, &order, request->channel, &body, err);
	json_decref(view);
	if (result < 0)
		return -1;
	if (!request->channel) {
		set(body, "subject", subject_of(arena, &order, request->neutral, request->number > 0));
		set(body, "to_name", request->neutral ? NULL : request->name);
		set(body, "in_reply_to", request->number > 0 ? request->header_id : NULL);
		set(body, "auto", "auto-generated");
		set(body, "unsubscribe", arena_printf(arena, "unsubscribe %s", request->reference));
		if (request->stop_url)
			set(body, "unsubscribe_url", arena_printf(arena, "%s%s", request->stop_url, request->reference));
	}
	*out = body;
	return 0;
}

/* ---- what a message is told ---- */

static const char *template_of(const struct asking_answer *answer)
{
	bool told = strcmp(answer->kind, "understood") == 0 || strcmp(answer->kind, "open") == 0;

	return !told ? answer->kind : answer->channel ? "short" : "acknowledgement";
}

static bool is_open(void *context, const struct field *field)
{
	const struct asking_answer *answer = context;

	return json_object_get(json_object_get(answer->said, "errors"), field->name) != NULL;
}

/* A mail that answers no request of ours stays under its own subject. */
static const char *answer_subject(struct arena *arena, const struct asking_answer *answer, const struct letter_order *order)
{
	struct view subject = view_trim(view_of(answer->subject));

	if (answer->reference)
		return subject_of(arena, order, answer->neutral, true);
	while (view_starts_nocase(subject, VIEW("re:")))
		subject = view_trim(view_sub(subject, 3, subject.len));
	return arena_printf(arena, "Re: %.*s", VIEW_ARGS(subject));
}

int asking_answer_body(const struct forms *forms, struct arena *arena, const struct asking_answer *answer, json_t **out,
	struct error *err)
{
	const char *name = template_of(answer), *language = answer->language ? answer->language : "en";
	bool told = strcmp(name, answer->kind) != 0, open = told && strcmp(answer->kind, "open") == 0;
	struct letter_order order = {.name = name,
		.language = language,
		.form = told ? answer->form : NULL,
		.reference = answer->channel ? NULL : answer->reference,
		.asks = is_open,
		.context = (void *)(uintptr_t)answer};
	json_t *view = letters_answer_view(forms, arena, answer, told, open), *body = NULL;
	int result;

	order.view = view;
	result = letters_body(forms, &order, answer->channel, &body, err);
	json_decref(view);
	if (result < 0)
		return -1;
	if (!answer->channel) {
		order.form = answer->form;
		order.reference = answer->reference;
		set(body, "subject", answer_subject(arena, answer, &order));
		set(body, "to_name", answer->neutral ? NULL : answer->name);
		set(body, "in_reply_to", answer->header_id);
		set(body, "references", answer->request_header);
		set(body, "auto", "auto-replied");
	}
	*out = body;
	return 0;
}
