/* parsers/client_text: a letter as a text part, as its client writes it: marks, wrapping, format=flowed. See client.h.
 */
#include "parsers/client.h"

#include <string.h>

#include "base/unicode.h"

#define BODY_MAX ((size_t)4 * 1024 * 1024)

/* The next piece of at most `width` columns, cut at a blank; all of it when width is 0. *soft_out: more follows. */
static struct view next_piece(struct view *rest, size_t width, bool *soft_out)
{
	size_t at = 0, columns = 0, cut = 0;
	struct view piece = *rest;
	uint32_t code;

	*soft_out = false;
	if (width == 0) {
		*rest = VIEW_NULL;
		return piece;
	}
	while (unicode_next(*rest, &at, &code)) {
		if (code == ' ')
			cut = at;
		if (++columns > width && cut > 0 && cut < rest->len)
			break;
	}
	if (at >= rest->len && columns <= width)
		cut = 0;
	if (cut == 0 || cut >= rest->len) {
		*rest = VIEW_NULL;
		return piece;
	}
	piece = view_sub(*rest, 0, cut);
	*rest = view_sub(*rest, cut, rest->len);
	*soft_out = true;
	return piece;
}

/* Bold as the text part of a mail shows it. */
static struct view plain(struct arena *arena, const char *text)
{
	char *copy = arena_strdup(arena, text);

	for (char *c = copy; *c; c++)
		if (*c == BOLD_ON || *c == BOLD_OFF)
			*c = '*';
	return view_of(copy);
}

static void add_piece(struct text *out, const struct client *client, const char *mark, struct view piece, bool soft)
{
	struct view trimmed = view_trim_end(piece);
	bool stuff = client->flowed && *mark == '\0' && piece.len > 0 &&
		     (*piece.ptr == ' ' || *piece.ptr == '>' || view_starts(piece, VIEW("From ")));

	text_add_view(out, piece.len > 0 ? view_of(mark) : view_trim_end(view_of(mark)));
	if (stuff)
		text_add_char(out, ' ');
	text_add_view(out, client->flowed || soft ? trimmed : piece);
	if (soft && client->flowed)
		text_add_string(out, client->delsp ? "  " : " ");
	text_add_string(out, "\r\n");
}

/* Fields that wait for their line's number. */
static void number_line(const struct letter_line *line, int number)
{
	if (line->given && line->given->line == 0 && line->given->text)
		line->given->line = number;
}

/* A header block's lines stay whole; "On ..., ... wrote:" is wrapped as other words are. */
static bool is_block(const struct letter *letter, const struct letter_line *line)
{
	size_t at = (size_t)(line - letter->lines);

	if (line->kind != LETTER_HEAD)
		return false;
	return (at > 0 && line[-1].kind == LETTER_HEAD) || (at + 1 < letter->count && line[1].kind == LETTER_HEAD);
}

/* The client's mark, once a level. */
static const char *marks_of(struct letter *letter, int level)
{
	const char *marks = "";

	for (int i = 0; i < level; i++)
		marks = arena_printf(letter->arena, "%s%s", marks, letter->client->mark);
	return marks;
}

static void add_line(struct text *out, struct letter *letter, const struct letter_line *line, int *number)
{
	const struct client *client = letter->client;
	size_t width = (size_t)(is_block(letter, line) ? 0 : line->level > 0 ? client->quote_wrap : client->wrap);
	const char *mark = marks_of(letter, line->level);
	struct view rest = plain(letter->arena, line->text);
	bool soft = false;

	if (rest.len == 0) {
		add_piece(out, client, mark, VIEW_NULL, false);
		++*number;
	}
	number_line(line, *number + 1);
	while (rest.len > 0) {
		struct view piece = next_piece(&rest, width, &soft);

		add_piece(out, client, mark, piece, soft);
		if (client->broken && line->given)
			mark = "";
		++*number;
	}
}

struct view client_text(struct letter *letter)
{
	struct view body;
	struct text out;
	int number = 0;

	text_init(&out, BODY_MAX);
	for (size_t i = 0; i < letter->count; i++)
		add_line(&out, letter, &letter->lines[i], &number);
	body = (struct view){arena_copy(letter->arena, text_string(&out), out.len), out.len};
	text_release(&out);
	return body;
}

struct view client_quoted(struct arena *arena, struct view text, size_t width, const char *mark)
{
	static const struct client plainly = {.name = ""};
	struct view line, body;
	struct text out;
	bool soft = false;

	text_init(&out, BODY_MAX);
	while (view_next_line(&text, &line)) {
		if (line.len == 0)
			add_piece(&out, &plainly, mark, line, false);
		while (line.len > 0)
			add_piece(&out, &plainly, mark, next_piece(&line, width, &soft), soft);
	}
	body = (struct view){arena_copy(arena, text_string(&out), out.len), out.len};
	text_release(&out);
	return body;
}
