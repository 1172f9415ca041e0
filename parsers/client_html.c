/*
 * parsers/client_html: a letter as an HTML part, as its client writes it. The request is quoted as it was sent, its
 * table typed into or not; or as lines, for a client that makes lines of it. See client.h.
 */
#include "parsers/client.h"

#include <string.h>

#include "parsers/request.h"

#define BODY_MAX ((size_t)8 * 1024 * 1024)

static void add_escaped(struct text *out, const char *text)
{
	for (; *text; text++)
		if (*text == BOLD_ON)
			text_add_string(out, "<b>");
		else if (*text == BOLD_OFF)
			text_add_string(out, "</b>");
		else
			request_escape(out, (struct view){text, 1});
}

static const char *escaped(struct arena *arena, const char *text)
{
	const char *copy;
	struct text out;

	text_init(&out, BODY_MAX);
	add_escaped(&out, text);
	copy = arena_copy(arena, text_string(&out), out.len);
	text_release(&out);
	return copy;
}

static const char *finish(struct arena *arena, struct text *text)
{
	const char *copy = arena_copy(arena, text_string(text), text->len);

	text_release(text);
	return copy;
}

static void add_line(struct text *out, struct letter *letter, const struct letter_line *line)
{
	const struct client *client = letter->client;

	if (line->kind == LETTER_BLANK)
		text_add_string(out, client->blank);
	else
		text_add_string(out,
			client_fill(letter->arena, client->line, "line", escaped(letter->arena, line->text), NULL));
	text_add_char(out, '\n');
}

/* The lines from *at on that are all quoted, or all own. */
static const char *run_of_lines(struct letter *letter, size_t *at)
{
	bool quoted = letter->lines[*at].quoted;
	struct text out;

	text_init(&out, BODY_MAX);
	for (; *at < letter->count && letter->lines[*at].quoted == quoted && letter->lines[*at].kind != LETTER_HEAD;
		++*at)
		add_line(&out, letter, &letter->lines[*at]);
	return finish(letter->arena, &out);
}

static const char *attribution(struct letter *letter, size_t *at)
{
	const char *lines = "";

	for (; *at < letter->count && letter->lines[*at].kind == LETTER_HEAD; ++*at) {
		const char *line = escaped(letter->arena, letter->lines[*at].text);

		lines = arena_printf(letter->arena, "%s%s%s", lines, *lines ? "<br>\n" : "", line);
	}
	return client_fill(letter->arena, letter->client->attribution_html, "line", lines, NULL);
}

/* ---- the table ---- */

static struct given *given_of(struct letter *letter, const struct field *field)
{
	for (size_t i = 0; i < letter->form->field_count; i++)
		if (letter->given[i].field == field)
			return &letter->given[i];
	return NULL;
}

static void add_cell(void *context, const struct field *field, struct text *out)
{
	struct letter *letter = context;
	const struct given *given = given_of(letter, field);
	bool typed = letter->style == STYLE_CELLS || letter->style == STYLE_IN_PLACE;
	struct view rest = view_of(typed && given && given->text ? given->text : ""), line;

	if (rest.len == 0)
		text_add_string(out, letter->client->empty_cell);
	while (view_next_line(&rest, &line))
		if (line.len == 0)
			text_add_string(out, letter->client->blank);
		else
			text_add_string(out,
				client_fill(letter->arena, letter->client->cell, "line",
					escaped(letter->arena, arena_copy(letter->arena, line.ptr, line.len)), NULL));
}

/* Label and answer side by side, as older requests and other senders' forms have them. */
static const char *pairs(struct letter *letter)
{
	struct text out;

	text_init(&out, BODY_MAX);
	text_add_string(&out, "<table border=\"1\" cellpadding=\"4\"><tbody>\n");
	for (size_t i = 0; i < letter->count; i++) {
		const struct letter_line *line = &letter->lines[i];

		if (!line->quoted || line->kind != LETTER_LABEL)
			continue;
		for (size_t k = 0; k < letter->form->field_count; k++) {
			const struct field *field = &letter->form->fields[k];
			const char *label = field->label.count ? words_get(&field->label, letter->language) : NULL;
			const char *start = arena_printf(letter->arena, "%d. %s", field->number, label ? label : "");

			if (!label || strncmp(line->text, start, strlen(start)) != 0)
				continue;
			text_add_format(&out, "<tr><td>%s", escaped(letter->arena, start));
			text_add_string(&out, ":</td><td>");
			add_cell(letter, field, &out);
			text_add_string(&out, "</td></tr>\n");
			break;
		}
	}
	text_add_string(&out, "</tbody></table>\n");
	return finish(letter->arena, &out);
}

/* The words around the form as lines, then the form as pairs. */
static const char *quoted_pairs(struct letter *letter, size_t at)
{
	struct text out;

	text_init(&out, BODY_MAX);
	for (; at < letter->count && letter->lines[at].quoted && letter->lines[at].kind != LETTER_LABEL; at++)
		add_line(&out, letter, &letter->lines[at]);
	text_add_string(&out, pairs(letter));
	return finish(letter->arena, &out);
}

static const char *quoted_table(struct letter *letter)
{
	struct text out;

	text_init(&out, BODY_MAX);
	request_html(&out, letter->forms, letter->form, letter->language, letter->reference, add_cell, letter);
	return finish(letter->arena, &out);
}

/* ---- the whole ---- */

/* From *at on: everything that is quoted, and what stands between its lines. */
static const char *quote(struct letter *letter, size_t *at)
{
	const struct client *client = letter->client;
	bool lines = client->table == TABLE_LINES || letter->style == STYLE_BETWEEN;
	size_t last = letter->count;
	const char *all = "";

	while (last > *at && !letter->lines[last - 1].quoted)
		last--;
	if (!lines) {
		all = client->table == TABLE_PAIR ? quoted_pairs(letter, *at) : quoted_table(letter);
		*at = last;
		return client_fill(letter->arena, client->quote, "lines", all, NULL);
	}
	while (*at < last) {
		bool quoted = letter->lines[*at].quoted;
		const char *run = run_of_lines(letter, at);

		if (quoted)
			run = client_fill(letter->arena, client->quote, "lines", run, NULL);
		all = arena_printf(letter->arena, "%s%s", all, run);
	}
	return all;
}

struct view client_html(struct letter *letter)
{
	const struct client *client = letter->client;
	const char *body = "", *head, *quoted;
	size_t at = 0;

	while (at < letter->count) {
		const char *piece;

		if (letter->lines[at].kind == LETTER_HEAD || letter->lines[at].quoted) {
			head = letter->lines[at].kind == LETTER_HEAD ? attribution(letter, &at) : "";
			quoted = quote(letter, &at);
			piece = client_fill(letter->arena, client->frame, "lines",
				arena_printf(letter->arena, "%s%s", head, quoted), NULL);
		} else {
			piece = client_fill(letter->arena, client->own, "lines", run_of_lines(letter, &at), NULL);
		}
		body = arena_printf(letter->arena, "%s%s\n", body, piece);
	}
	return view_of(client_fill(letter->arena, client->page, "body", body, NULL));
}
