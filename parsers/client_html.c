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

/* ---- lists ---- */

/* "- vehicles" or "3. Nepal": how many bytes the mark takes, 0: none; *number_out: 0 for a dash. */
static size_t item_mark(const char *text, long *number_out)
{
	char *end;

	*number_out = 0;
	if (strncmp(text, "- ", 2) == 0)
		return 2;
	if (*text < '1' || *text > '9')
		return 0;
	*number_out = strtol(text, &end, 10);
	return strncmp(end, ". ", 2) == 0 ? (size_t)(end - text) + 2 : 0;
}

static void add_item(struct text *out, struct letter *letter, const char *text, size_t mark, long number)
{
	if (number > 0)
		text_add_format(out, "<li value=\"%ld\">", number);
	else
		text_add_string(out, "<li>");
	text_add_string(out, escaped(letter->arena, text + mark));
}

/* Lines with marks, each with the lines of the same answer that follow it, as one list. */
static void add_list(struct text *out, struct letter *letter, size_t *at)
{
	const struct letter_line *lines = letter->lines;
	bool numbered = lines[*at].text[0] != '-';
	long number;
	size_t mark;

	text_add_string(out, numbered ? "<ol>\n" : "<ul>\n");
	while (*at < letter->count && lines[*at].level == 0 && (mark = item_mark(lines[*at].text, &number)) > 0 &&
		(number > 0) == numbered) {
		add_item(out, letter, lines[*at].text, mark, number);
		for (++*at; *at < letter->count && lines[*at].kind == LETTER_ANSWER && lines[*at].level == 0 &&
			    item_mark(lines[*at].text, &number) == 0;
			++*at)
			text_add_format(out, "<br>\n%s", escaped(letter->arena, lines[*at].text));
		text_add_string(out, "</li>\n");
	}
	text_add_string(out, numbered ? "</ol>\n" : "</ul>\n");
}

/* The lines from *at on that are of one mail. */
static const char *run_of_lines(struct letter *letter, size_t *at)
{
	int level = letter->lines[*at].level;
	struct text out;
	long number;

	text_init(&out, BODY_MAX);
	while (*at < letter->count && letter->lines[*at].level == level && letter->lines[*at].kind != LETTER_HEAD) {
		if (letter->client->lists && level == 0 && item_mark(letter->lines[*at].text, &number) > 0)
			add_list(&out, letter, at);
		else
			add_line(&out, letter, &letter->lines[(*at)++]);
	}
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
	bool listed = false;

	if (rest.len == 0)
		text_add_string(out, letter->client->empty_cell);
	while (view_next_line(&rest, &line)) {
		const char *text = arena_copy(letter->arena, line.ptr, line.len);
		bool point = letter->client->lists && view_starts(line, VIEW("- "));

		if (point != listed)
			text_add_string(out, point ? "<ul>" : "</ul>");
		listed = point;
		if (point) {
			add_item(out, letter, text, 2, 0);
			text_add_string(out, "</li>");
		} else if (line.len == 0) {
			text_add_string(out, letter->client->blank);
		} else {
			text_add_string(out, client_fill(letter->arena, letter->client->cell, "line",
						     escaped(letter->arena, text), NULL));
		}
	}
	text_add_string(out, listed ? "</ul>" : "");
}

/* Label and answer side by side, as older requests and other senders' forms have them. */
static const char *pairs(struct letter *letter)
{
	struct text out;

	text_init(&out, BODY_MAX);
	text_add_string(&out, "<table border=\"1\" cellpadding=\"4\"><tbody>\n");
	for (size_t i = 0; i < letter->count; i++) {
		const struct letter_line *line = &letter->lines[i];

		if (line->level == 0 || line->kind != LETTER_LABEL)
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
	for (; at < letter->count && letter->lines[at].level > 0 && letter->lines[at].kind != LETTER_LABEL; at++)
		add_line(&out, letter, &letter->lines[at]);
	text_add_string(&out, pairs(letter));
	return finish(letter->arena, &out);
}

static const char *quoted_table(struct letter *letter)
{
	struct text out;

	text_init(&out, BODY_MAX);
	(void)request_html(
		&out, letter->forms, letter->form, letter->language, letter->reference, add_cell, letter, NULL);
	return finish(letter->arena, &out);
}

/* ---- the whole ---- */

/* The end of the quoted mail at `at`: where one that it quotes begins, or the last quoted line of all. */
static size_t quote_end(const struct letter *letter, size_t at, int level)
{
	size_t last = letter->count;

	for (size_t i = at; i < letter->count; i++)
		if (letter->lines[i].kind == LETTER_HEAD && letter->lines[i].level >= level)
			return i;
	while (last > at && letter->lines[last - 1].level == 0)
		last--;
	return last;
}

static const char *older_mail(struct letter *letter, size_t *at, int level);

/* The quoted mail at *at, of that level, what stands between its lines, and what it quotes. */
static const char *quote(struct letter *letter, size_t *at, int level)
{
	const struct client *client = letter->client;
	bool form = level == (client->thread == THREAD_OWN_REPLY ? 2 : 1);
	bool lines = !form || client->table == TABLE_LINES || letter->style == STYLE_BETWEEN;
	size_t end = quote_end(letter, *at, level);
	const char *all = "", *deeper = "";

	if (!lines) {
		all = client->table == TABLE_PAIR ? quoted_pairs(letter, *at) : quoted_table(letter);
		*at = end;
	}
	while (*at < end) {
		bool quoted = letter->lines[*at].level > 0;
		const char *run = run_of_lines(letter, at);

		if (quoted)
			run = client_fill(letter->arena, client->quote, "lines", run, NULL);
		all = arena_printf(letter->arena, "%s%s", all, run);
	}
	if (*at < letter->count && letter->lines[*at].kind == LETTER_HEAD)
		deeper = older_mail(letter, at, level + 1);
	if (!lines)
		return client_fill(
			letter->arena, client->quote, "lines", arena_printf(letter->arena, "%s%s", all, deeper), NULL);
	if (*deeper)
		deeper = client_fill(letter->arena, client->quote, "lines", deeper, NULL);
	return arena_printf(letter->arena, "%s%s", all, deeper);
}

/* A head, where the client writes one, and the mail below it. */
static const char *older_mail(struct letter *letter, size_t *at, int level)
{
	const char *head = letter->lines[*at].kind == LETTER_HEAD ? attribution(letter, at) : "";

	return client_fill(letter->arena, letter->client->frame, "lines",
		arena_printf(letter->arena, "%s%s", head, quote(letter, at, level)), NULL);
}

static struct view whole_page(struct letter *letter, const char *body)
{
	return view_of(client_fill(letter->arena, letter->client->page, "body", body, NULL));
}

struct view client_html(struct letter *letter)
{
	const char *body = "", *piece;
	size_t at = 0;

	while (at < letter->count) {
		if (letter->lines[at].kind == LETTER_HEAD || letter->lines[at].level > 0)
			piece = older_mail(letter, &at, 1);
		else
			piece = client_fill(
				letter->arena, letter->client->own, "lines", run_of_lines(letter, &at), NULL);
		body = arena_printf(letter->arena, "%s%s\n", body, piece);
	}
	return whole_page(letter, body);
}

struct view client_quoted_html(struct letter *letter, struct view html)
{
	struct arena *arena = letter->arena;
	const struct client *client = letter->client;
	const char *quoted, *own;
	size_t at = 0;

	letter_write(letter);
	while (at < letter->count && letter->lines[at].kind != LETTER_HEAD && letter->lines[at].level == 0)
		at++;
	own = client_fill(arena, client->line, "line", "I have seen it and will write next week.", NULL);
	own = client_fill(arena, client->own, "lines", own, NULL);
	quoted = client_fill(arena, client->quote, "lines", arena_copy(arena, html.ptr, html.len), NULL);
	if (at < letter->count && letter->lines[at].kind == LETTER_HEAD)
		quoted = arena_printf(arena, "%s%s", attribution(letter, &at), quoted);
	return whole_page(
		letter, arena_printf(arena, "%s\n%s", own, client_fill(arena, client->frame, "lines", quoted, NULL)));
}
