/* parsers/client_letter: a reply as lines: who wrote them, and where the answers stand. See client.h. */
#include "parsers/client.h"

#include <string.h>

#include "base/unicode.h"
#include "parsers/request.h"

#define REQUEST_MAX ((size_t)1024 * 1024)
#define DESK_NAME "Field Feedback Desk"
#define PRACTITIONER "practitioner@mail.example.com"
#define OLDER_TURN 977 /* turns between the answers of this mail and those of an older one */

/* How a label is written in the practitioner's own text. */
struct dress {
	const char *before;
	bool number, hint, bold, folded;
	const char *sign; /* the separator */
	bool below;	  /* the answer begins on the next line */
};

static const struct dress dresses[] = {
	{"", false, false, false, false, ":", false},
	{"", true, true, true, false, ":", true},
	{"- ", false, false, false, false, ":", false},
	{"", false, false, false, false, " -", false},
	{"", false, true, false, true, ":", false},
	{"", true, false, false, false, "\u00a0:", false},
	{"", false, false, false, false, " =", false},
	{"", false, false, true, false, ":", true},
	{"", false, false, false, true, "\uff1a", false},
	{"\u200f", false, true, false, false, ":", false},
	{"\u2022 ", true, false, false, false, " :", false},
};
static const struct dress copied = {"", true, true, false, false, ":", false};
static const char *const number_signs[] = {")", ".", " -", ":", ")", " )"};
static const char *const channel_signs[] = {"", ")", ".", ""};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void add(struct letter *letter, enum letter_kind kind, int level, const char *text, struct given *given)
{
	if (letter->count < LETTER_LINES_MAX)
		letter->lines[letter->count++] = (struct letter_line){kind, level, text, given};
}

static void add_blank(struct letter *letter, int level)
{
	add(letter, LETTER_BLANK, level, "", NULL);
}

/* Words of several lines. */
static void add_words(struct letter *letter, enum letter_kind kind, int level, const char *text)
{
	struct view rest = view_of(text), line;

	while (view_next_line(&rest, &line))
		add(letter, line.len > 0 ? kind : LETTER_BLANK, level,
			line.len > 0 ? arena_copy(letter->arena, line.ptr, line.len) : "", NULL);
}

/*
 * A list whose first dash would stand behind another sign than a colon begins on a line of its own; so does one of
 * which the client makes a list in HTML.
 */
static bool needs_own_line(const struct letter *letter, const char *label, const char *answer)
{
	struct view sign = view_of(label);

	return answer && view_starts(view_of(answer), VIEW("- ")) &&
	       (letter->client->lists || !view_ends(sign, VIEW(":")));
}

/* The label's line with the first line of the answer, and the answer's other lines. */
static void add_answer(struct letter *letter, int level, const char *label, struct given *given, bool below)
{
	struct view rest = view_of(given->text ? given->text : ""), line = VIEW_NULL;
	bool more;

	if (!below && !needs_own_line(letter, label, given->text))
		view_next_line(&rest, &line);
	add(letter, LETTER_LABEL, level,
		line.len > 0 ? arena_printf(letter->arena, "%s %.*s", label, VIEW_ARGS(line)) : label, given);
	for (more = view_next_line(&rest, &line); more; more = view_next_line(&rest, &line))
		if (line.len > 0)
			add(letter, LETTER_ANSWER, level, arena_copy(letter->arena, line.ptr, line.len), given);
		else
			add_blank(letter, level);
}

/* ---- the practitioner's own text ---- */

static const char *own_word(const struct letter *letter, const char *key)
{
	return client_item(client_list(&letter->clients->words, letter->own, key), letter->turn);
}

static const char *dressed(struct letter *letter, const struct field *field, const struct dress *dress)
{
	struct view label = view_of(words_get(&field->label, letter->own));
	TEXT_SCOPED out;

	text_init(&out, REQUEST_MAX);
	text_add_string(&out, dress->before);
	if (dress->bold)
		text_add_char(&out, BOLD_ON);
	if (dress->number)
		text_add_format(&out, "%d. ", field->number);
	text_add_view(&out, dress->folded ? unicode_fold(letter->arena, label) : label);
	if (dress->hint) {
		size_t before = out.len, hint;

		text_add_string(&out, " (");
		hint = out.len;
		request_add_hint(&out, letter->forms, field, letter->own);
		if (out.len == hint)
			text_cut(&out, before);
		else
			text_add_char(&out, ')');
	}
	text_add_string(&out, dress->sign);
	if (dress->bold)
		text_add_char(&out, BOLD_OFF);
	return arena_copy(letter->arena, out.ptr, out.len);
}

/* One for the whole letter. A bare number stands for a field only where its answer can follow it on the line. */
static const char *number_sign(const struct letter *letter)
{
	const char *sign = channel_signs[letter->turn % COUNT(channel_signs)];

	if (!letter->client->channel)
		return number_signs[letter->turn % COUNT(number_signs)];
	for (size_t i = 0; i < letter->form->field_count; i++)
		if (needs_own_line(letter, sign, letter->given[i].text))
			return ")";
	return sign;
}

static void add_own_answer(struct letter *letter, struct given *given, bool numbers)
{
	const struct dress *dress = &dresses[letter->turn % COUNT(dresses)];
	const char *sign = number_sign(letter);
	bool copy = letter->style == STYLE_COPY_ABOVE || letter->style == STYLE_COPY_BELOW;

	if (!given->text && !copy)
		return;
	if (numbers)
		add_answer(letter, 0, arena_printf(letter->arena, "%d%s", given->field->number, sign), given, false);
	else if (copy)
		add_answer(letter, 0, dressed(letter, given->field, &copied), given, false);
	else
		add_answer(letter, 0, dressed(letter, given->field, dress), given, dress->below);
	if (letter->turn % 2 == 1)
		add_blank(letter, 0);
}

/* Labels may come in another order. Numbers too, but a list that counts backwards is seldom. */
static void add_own_answers(struct letter *letter)
{
	bool numbers = letter->style == STYLE_NUMBERS_ABOVE || letter->style == STYLE_NUMBERS_BELOW;
	bool labels = letter->style == STYLE_LABELS_ABOVE || letter->style == STYLE_LABELS_BELOW;
	size_t count = letter->silent ? 0 : letter->form->field_count;

	for (size_t i = 0; i < count; i++) {
		size_t at = labels && letter->turn % 5 == 4 ? count - 1 - i : i;

		if (letter->form->fields[at].label.count > 0)
			add_own_answer(letter, &letter->given[at], numbers);
	}
}

static void add_greeting(struct letter *letter, bool intro)
{
	if (letter->turn % 3 != 2) {
		add_words(letter, LETTER_WORDS, 0, own_word(letter, "greeting"));
		add_blank(letter, 0);
	}
	if (intro) {
		add_words(letter, LETTER_WORDS, 0, own_word(letter, "intro"));
		add_blank(letter, 0);
	}
}

static void add_closing(struct letter *letter)
{
	const char *signature = client_word(letter->client->signature, letter->own);

	if (letter->client->channel)
		return;
	if (letter->turn % 4 != 3) {
		add_blank(letter, 0);
		add_words(letter, LETTER_WORDS, 0, own_word(letter, "closing"));
		add_words(letter, LETTER_WORDS, 0, own_word(letter, "name"));
	}
	if (signature) {
		add_blank(letter, 0);
		add_words(letter, LETTER_WORDS, 0, signature);
	}
	add_blank(letter, 0);
}

/* ---- the quote ---- */

/* Who wrote what is quoted: the desk, or the practitioner in an older mail. */
static void add_attribution(struct letter *letter, int level, bool own)
{
	const char *text = client_word(letter->client->attribution, letter->own);
	const char *token = unicode_fold(letter->arena, view_of(letter->reference)).ptr;
	const char *desk = arena_printf(letter->arena, "feedback+%s@feedback.example.org", token);

	if (!text)
		return;
	text = client_fill(letter->arena, text, "name", own ? own_word(letter, "name") : DESK_NAME, "address",
		own ? PRACTITIONER : desk, "to", own ? desk : PRACTITIONER, "subject",
		arena_printf(letter->arena, "%s[%s] %s", own ? "Re: " : "", letter->reference,
			words_get(&letter->form->title, letter->language)),
		NULL);
	add_words(letter, LETTER_HEAD, level, text);
}

/* What is answered: its own text part, line by line. */
static struct view request_text(struct letter *letter)
{
	struct text text;
	struct view copy;

	text_init(&text, REQUEST_MAX);
	(void)form_render_text(letter->forms, letter->form, letter->language, letter->reference, &text, NULL);
	copy = (struct view){arena_copy(letter->arena, text_string(&text), text.len), text.len};
	text_release(&text);
	return copy;
}

/* The field whose line this is: "3. ..."; NULL: none. */
static struct given *line_given(struct letter *letter, struct view line)
{
	for (size_t i = 0; i < letter->form->field_count; i++) {
		const struct field *field = letter->given[i].field;
		const char *start = arena_printf(letter->arena, "%d. %s", field->number,
			field->label.count ? words_get(&field->label, letter->language) : "");

		if (field->label.count > 0 && view_starts(line, view_of(start)))
			return &letter->given[i];
	}
	return NULL;
}

/* Below a line of the quote, unmarked: the first answer stands apart from it. */
static void add_between(struct letter *letter, struct given *given)
{
	struct view rest = view_of(given->text ? given->text : ""), line;

	if (rest.len == 0)
		return;
	if (letter->turn % 2 == 1)
		add_blank(letter, 0);
	while (view_next_line(&rest, &line))
		if (line.len > 0)
			add(letter, LETTER_ANSWER, 0, arena_copy(letter->arena, line.ptr, line.len), given);
		else
			add_blank(letter, 0);
	if (letter->turn % 2 == 1)
		add_blank(letter, 0);
}

static void add_quoted_label(struct letter *letter, struct view line, struct given *given)
{
	const char *label = arena_copy(letter->arena, line.ptr, line.len);
	struct view trimmed = view_trim_end(line);
	bool below = letter->style == STYLE_CELLS && letter->client->cells == CELLS_BELOW;

	switch (letter->style) {
	case STYLE_BETWEEN:
		add(letter, LETTER_LABEL, 1, label, NULL);
		add_between(letter, given);
		break;
	case STYLE_IN_PLACE:
	case STYLE_CELLS:
		label = arena_copy(letter->arena, trimmed.ptr, trimmed.len);
		if (letter->style == STYLE_CELLS && letter->client->cells == CELLS_TAB)
			label = arena_printf(letter->arena, "%s\t", label);
		add_answer(letter, 1, label, given, below);
		if (below)
			add_blank(letter, 1);
		break;
	default:
		add(letter, LETTER_LABEL, 1, label, NULL);
	}
}

/* The request; at level 1 it may be typed into. */
static void add_request(struct letter *letter, int level)
{
	struct view rest = request_text(letter), line;

	while (view_next_line(&rest, &line)) {
		struct given *given = line_given(letter, line);
		const char *copy = arena_copy(letter->arena, line.ptr, line.len);

		if (given && level == 1)
			add_quoted_label(letter, line, given);
		else if (line.len > 0)
			add(letter, given ? LETTER_LABEL : LETTER_WORDS, level, copy, NULL);
		else
			add_blank(letter, level);
	}
}

/* An older mail of the practitioner's own: the same fields, answered otherwise. */
static void add_older_mail(struct letter *letter, int level)
{
	struct letter older = *letter;

	older.turn += OLDER_TURN;
	older.silent = false;
	client_answer_all(&older);
	add_words(letter, LETTER_WORDS, level, own_word(letter, "greeting"));
	add_blank(letter, level);
	for (size_t i = 0; i < letter->form->field_count; i++)
		if (older.given[i].text)
			add_words(letter, LETTER_WORDS, level,
				arena_printf(letter->arena, "%s: %s",
					words_get(&letter->form->fields[i].label, letter->own), older.given[i].text));
	add_blank(letter, level);
	add_words(letter, LETTER_WORDS, level, own_word(letter, "closing"));
	add_words(letter, LETTER_WORDS, level, own_word(letter, "name"));
	letter_release(&older);
}

static void add_quote(struct letter *letter)
{
	bool own_reply = letter->client->thread == THREAD_OWN_REPLY;

	add_attribution(letter, 0, own_reply);
	if (own_reply)
		add_older_mail(letter, 1);
	else
		add_request(letter, 1);
	if (letter->client->thread == THREAD_NONE)
		return;
	add_blank(letter, 1);
	add_attribution(letter, 1, !own_reply);
	if (own_reply)
		add_request(letter, 2);
	else
		add_older_mail(letter, 2);
}

/* What a gateway or a list puts round the mail. */
static void add_banner(struct letter *letter)
{
	const char *banner = client_word(letter->client->banner, letter->own);

	if (!banner)
		return;
	add_words(letter, LETTER_WORDS, 0, banner);
	add_blank(letter, 0);
}

static void add_footer(struct letter *letter)
{
	const char *footer = client_word(letter->client->footer, letter->own);

	if (!footer)
		return;
	add_blank(letter, 0);
	add_words(letter, LETTER_WORDS, 0, footer);
}

/* ---- the whole ---- */

static const char *joined(struct arena *arena, const char *a, const char *b)
{
	return a && b ? arena_printf(arena, "%s %s", a, b) : a ? a : b;
}

/* What a broken client does to the answers; what they must come back as stays. */
static void break_answers(struct letter *letter)
{
	const struct client *client = letter->client;
	long long count = (long long)letter->form->field_count;
	struct given *given = letter->given;
	const char *kept;

	if (client->drop > 0 && client->drop <= count)
		given[client->drop - 1].text = NULL;
	if (client->merge > 0 && client->merge < count) {
		given[client->merge - 1].text =
			joined(letter->arena, given[client->merge - 1].text, given[client->merge].text);
		given[client->merge].text = NULL;
	}
	if (client->swap[0] > 0 && client->swap[0] <= count && client->swap[1] > 0 && client->swap[1] <= count) {
		kept = given[client->swap[0] - 1].text;
		given[client->swap[0] - 1].text = given[client->swap[1] - 1].text;
		given[client->swap[1] - 1].text = kept;
	}
}

/* Where a line that is typed in the quote goes on without its mark, paragraphs are beyond telling. */
static void make_one_paragraph(struct letter *letter)
{
	for (size_t i = 0; i < letter->form->field_count; i++) {
		struct given *given = &letter->given[i];
		struct view text = view_of(given->text);

		if (!given->text || given->field->type != FIELD_TEXT)
			continue;
		text = unicode_squeeze(letter->arena, text);
		given->text = arena_copy(letter->arena, text.ptr, text.len);
		json_decref(given->want);
		given->want = json_string(given->text);
	}
}

static const char *another_language(const struct letter *letter)
{
	const struct words *title = &letter->form->title;

	return title->list[letter->turn / 9 % title->count].language;
}

void letter_write(struct letter *letter)
{
	bool above = letter->style == STYLE_COPY_ABOVE || letter->style == STYLE_LABELS_ABOVE ||
		     letter->style == STYLE_NUMBERS_ABOVE;
	bool labels = letter->style == STYLE_LABELS_ABOVE || letter->style == STYLE_LABELS_BELOW;
	bool inside = letter->style >= STYLE_BETWEEN;

	letter->own = labels && letter->turn % 9 == 8 ? another_language(letter) : letter->language;
	letter->lines = ARENA_NEW_N(letter->arena, struct letter_line, LETTER_LINES_MAX);
	client_answer_all(letter);
	if (letter->client->broken)
		make_one_paragraph(letter);
	break_answers(letter);
	add_banner(letter);
	if (above || inside)
		add_greeting(letter, inside);
	if (above)
		add_own_answers(letter);
	if (above || (inside && letter->style != STYLE_BETWEEN))
		add_closing(letter);
	if (letter->client->quotes)
		add_quote(letter);
	if (!above && !inside) {
		add_blank(letter, 0);
		add_greeting(letter, false);
		add_own_answers(letter);
	}
	if (!above && (!inside || letter->style == STYLE_BETWEEN))
		add_closing(letter);
	add_footer(letter);
}
