/* parsers/request: renders a request as text and knows its words again. See request.h. */
#include "parsers/request.h"

#include <string.h>

#include "base/unicode.h"
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

static void add_line(struct text *out, const struct forms *forms, const struct field *field, const char *language)
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

int form_render_text(const struct forms *forms, const struct form *form, const char *language, const char *reference,
	struct text *out, struct error *err)
{
	const struct lexicon *words = forms->lexicon;

	text_add_format(out, "%s\n\n%s\n\n%s\n\n", lexicon_word(words, "greeting", language),
		lexicon_word(words, "purpose", language), lexicon_word(words, "instruction", language));
	text_add_format(out, "%s: %s\n\n", lexicon_word(words, "reference", language), reference);
	for (size_t i = 0; i < form->field_count; i++)
		if (form->fields[i].label.count > 0)
			add_line(out, forms, &form->fields[i], language);
	if (out->full)
		return error_set(err, REACH_STOP, "the form \"%s\" is too long to be sent", form->id);
	return 0;
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

void request_prepare(struct forms *forms)
{
	static const char *const keys[] = {"greeting", "purpose", "instruction"};
	size_t count = lexicon_language_count(forms->lexicon);

	forms->prose = ARENA_NEW_N(forms->arena, struct view, count);
	forms->greetings = ARENA_NEW_N(forms->arena, struct view, count);
	forms->references = ARENA_NEW_N(forms->arena, struct view, count);
	for (size_t i = 0; i < count; i++) {
		const char *language = lexicon_language(forms->lexicon, i);
		const char *prose = "";

		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
			const char *word = lexicon_word(forms->lexicon, keys[k], language);

			prose = arena_printf(forms->arena, "%s %s", prose, word ? word : "");
		}
		forms->prose[i] = unicode_fold(forms->arena, view_of(prose));
		add_grams(forms, forms->prose[i]);
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
	for (size_t i = 0; i < lexicon_language_count(forms->lexicon); i++)
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
