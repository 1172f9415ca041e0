/* parsers/request: renders a request and knows its words again. See request.h. */
#include "parsers/request.h"

#include <string.h>

#include "base/unicode.h"
#include "parsers/letter.h"
#include "parsers/reference.h"

#define PROSE_MIN 12	       /* bytes of a folded line that can be known again */
#define PROSE_LONG 36	       /* bytes that are no chance */
#define REFERENCE_WORDS_MAX 80 /* bytes around the code in a line that says nothing else */

static void add_options(struct text *out, const struct field *field, const char *language)
{
	for (size_t i = 0; i < field->option_count; i++)
		text_add_format(out, "%s%s", i > 0 ? " / " : "", words_get(&field->options[i].label, language));
}

void request_add_hint(struct text *out, const struct forms *forms, const struct field *field, const char *language)
{
	if (field->hint.count > 0) {
		text_add_string(out, words_get(&field->hint, language));
		return;
	}
	switch (field->type) {
	case FIELD_CHOICES:
		text_add_format(out, "%s: ", lexicon_word(forms->lexicon, "one_or_more_of", language));
		add_options(out, field, language);
		break;
	case FIELD_CHOICE:
		add_options(out, field, language);
		break;
	case FIELD_SCALE:
		text_add_format(out, "%lld-%lld", field->min, field->max);
		break;
	case FIELD_DATE:
		text_add_string(out, "YYYY-MM-DD");
		break;
	case FIELD_YES_NO:
		text_add_format(out, "%s / %s", lexicon_word(forms->lexicon, "yes", language),
			lexicon_word(forms->lexicon, "no", language));
		break;
	case FIELD_LINE:
	case FIELD_TEXT:
	case FIELD_COUNTRY:
	case FIELD_NUMBER:
	case FIELD_PATTERN:
		break;
	}
}

void request_add_line(struct text *out, const struct forms *forms, const struct field *field, const char *language)
{
	size_t before, hint;

	text_add_format(out, "%d. %s", field->number, words_get(&field->label, language));
	before = out->len;
	text_add_string(out, " (");
	hint = out->len;
	request_add_hint(out, forms, field, language);
	if (out->len == hint)
		text_cut(out, before);
	else
		text_add_char(out, ')');
	text_add_string(out, ": \n");
}

/* What a request is made of: the words of its template, the reference, every line. */
static struct letter_order order_of(const struct form *form, const char *language, const char *reference)
{
	return (struct letter_order){
		.name = "request", .language = language, .form = form, .reference = reference};
}

int form_render_text(const struct forms *forms, const struct form *form, const char *language, const char *reference,
	struct text *out, struct error *err)
{
	struct letter_order order = order_of(form, language, reference);

	return forms_letter_text(forms, &order, out, err);
}

int form_render_html(const struct forms *forms, const struct form *form, const char *language, const char *reference,
	struct text *out, struct error *err)
{
	struct letter_order order = order_of(form, language, reference);

	return forms_letter_html(forms, &order, out, err);
}

int request_html(struct text *out, const struct forms *forms, const struct form *form, const char *language,
	const char *reference, request_cell *cell, void *context, struct error *err)
{
	struct letter_order order = order_of(form, language, reference);

	return letter_html(forms, &order, cell, context, out, err);
}

void request_escape(struct text *out, struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		switch (text.ptr[i]) {
		case '&':
			text_add_string(out, "&amp;");
			break;
		case '<':
			text_add_string(out, "&lt;");
			break;
		case '>':
			text_add_string(out, "&gt;");
			break;
		case '"':
			text_add_string(out, "&quot;");
			break;
		default:
			text_add_char(out, text.ptr[i]);
		}
}

const char *request_direction(struct view text)
{
	uint32_t code;

	for (size_t at = 0; unicode_next(text, &at, &code);) {
		if ((code >= 0x0590 && code <= 0x08FF) || (code >= 0xFB1D && code <= 0xFEFC))
			return "rtl";
		if (unicode_is_letter(code))
			return "ltr";
	}
	return "ltr";
}

static struct view fold_word(const struct forms *forms, const char *key, const char *language)
{
	return unicode_fold(forms->arena, view_of(lexicon_word(forms->lexicon, key, language)));
}

/*
 * Every four bytes that follow one another somewhere in the prose, by their hash: most lines are told from it by three
 * looks, and need no search.
 */
static unsigned gram_at(struct view text, size_t at)
{
	uint32_t four;

	memcpy(&four, text.ptr + at, sizeof(four));
	return four * 2654435761U >> (32 - REQUEST_GRAM_BITS);
}

static void add_grams(struct forms *forms, struct view prose)
{
	for (size_t at = 0; at + 4 <= prose.len; at++)
		forms->prose_grams[gram_at(prose, at) / 8] |= (unsigned char)(1U << gram_at(prose, at) % 8);
}

static bool holds_gram(const struct forms *forms, struct view text, size_t at)
{
	return forms->prose_grams[gram_at(text, at) / 8] & 1U << gram_at(text, at) % 8;
}

/* Once each: what stands around most forms is the same. */
static void add_prose(struct forms *forms, struct view prose)
{
	struct view folded = unicode_fold(forms->arena, prose);

	for (size_t i = 0; i < forms->prose_count; i++)
		if (view_equal(forms->prose[i], folded))
			return;
	forms->prose[forms->prose_count++] = folded;
	add_grams(forms, folded);
}

/* The words of the languages, which stood around requests before there were templates. */
static void add_words_of(struct forms *forms, const char *language)
{
	static const char *const keys[] = {"greeting", "purpose", "instruction"};
	const char *prose = "";

	for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
		const char *word = lexicon_word(forms->lexicon, keys[k], language);

		prose = arena_printf(forms->arena, "%s %s", prose, word ? word : "");
	}
	add_prose(forms, view_of(prose));
}

/* What stands around one form, where it asks to be typed into. */
static void add_letters_of(struct forms *forms, const struct form *form, const char *language)
{
	static const char *const names[] = {"request", "reminder"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		TEXT_SCOPED prose;

		text_init(&prose, LETTER_BYTES_MAX);
		letter_prose(forms, form, language, names[i], &prose);
		if (prose.len > 0)
			add_prose(forms, text_view(&prose));
	}
}

void request_prepare(struct forms *forms)
{
	size_t count = lexicon_language_count(forms->lexicon);

	forms->prose = ARENA_NEW_N(forms->arena, struct view, count * (1 + 2 * forms->count));
	forms->greetings = ARENA_NEW_N(forms->arena, struct view, count);
	forms->references = ARENA_NEW_N(forms->arena, struct view, count);
	for (size_t i = 0; i < count; i++) {
		const char *language = lexicon_language(forms->lexicon, i);

		add_words_of(forms, language);
		for (size_t k = 0; k < forms->count; k++)
			add_letters_of(forms, &forms->list[k], language);
		forms->greetings[i] = fold_word(forms, "greeting", language);
		forms->references[i] = fold_word(forms, "reference", language);
	}
}

bool request_is_reference(const struct forms *forms, struct arena *scratch, struct view line)
{
	struct view found = reference_find(line, 0), words, behind;

	if (found.len == 0 || line.len > found.len + REFERENCE_WORDS_MAX)
		return false;
	words = label_trim(view_sub(line, 0, (size_t)(found.ptr - line.ptr)));
	behind = label_trim(view_sub(line, (size_t)(found.ptr - line.ptr) + found.len, line.len));
	while (words.len > 0 && (words.ptr[words.len - 1] == ':' || words.ptr[words.len - 1] == '['))
		words = label_trim(view_sub(words, 0, words.len - 1));
	if (behind.len > 1) /* a full stop or a bracket may stand there */
		return false;
	if (words.len == 0)
		return true;
	words = unicode_fold(scratch, words);
	for (size_t i = 0; i < lexicon_language_count(forms->lexicon); i++)
		if (view_equal(words, forms->references[i]))
			return true;
	return false;
}

bool request_is_prose(const struct forms *forms, struct view folded, bool certain)
{
	if (folded.len < (size_t)(certain ? PROSE_LONG : PROSE_MIN))
		return false;
	if (!holds_gram(forms, folded, 0) || !holds_gram(forms, folded, folded.len / 2) ||
		!holds_gram(forms, folded, folded.len - 4))
		return false;
	for (size_t i = 0; i < forms->prose_count; i++)
		if (view_find(forms->prose[i], folded) >= 0)
			return true;
	return false;
}

bool request_is_greeting(const struct forms *forms, struct view folded)
{
	for (size_t i = 0; i < lexicon_language_count(forms->lexicon); i++)
		if (folded.len > 0 && view_equal(folded, forms->greetings[i]))
			return true;
	return false;
}
