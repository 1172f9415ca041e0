/*
 * parsers/turn: parse_turn(): one message of a conversation: a command, an answer to what was asked, or answers to
 * several fields. See parsers.h; the reader of whole replies (reply.h) finds labels and numbers.
 */
#include <string.h>

#include "base/unicode.h"
#include "parsers/reply.h"

#define COMMAND_MAX 60 /* bytes of a message that may be a command or a greeting and nothing else */

static const char *language_of_script(struct view text)
{
	size_t at = 0;
	uint32_t code;

	while (unicode_next(text, &at, &code)) {
		if (code >= 0x600 && code <= 0x6ff && unicode_is_letter(code))
			return "ar";
		if (code >= 0x900 && code <= 0x97f && unicode_is_letter(code))
			return "ne";
	}
	return NULL;
}

/* Programs put a slash before their commands: "/start", "/stop". */
static struct view bare_word(struct view text)
{
	struct view word = view_trim(text);

	return view_starts(word, VIEW("/")) ? view_sub(word, 1, word.len) : word;
}

static void read_words(const struct forms *forms, struct arena *arena, struct view text, struct turn *out)
{
	struct view word = bare_word(text);

	if (word.len == 0 || word.len > COMMAND_MAX)
		return;
	out->word = (enum turn_word)lexicon_command(forms->lexicon, arena, word);
	out->language = lexicon_greeting(forms->lexicon, arena, word);
	out->greeting = out->language || view_starts(view_trim(text), VIEW("/start"));
}

bool parse_answer(const struct forms *forms, struct arena *arena, struct view text, const struct field *field,
	const char *language, struct turn_answer *out)
{
	struct value_context context = {forms->lexicon, language, 0};
	enum value_verdict verdict;
	size_t used;

	*out = (struct turn_answer){.field = field};
	verdict = value_read(&context, field, arena, text, &out->value, &used, &out->suggestion);
	if (verdict == VALUE_INVALID)
		used = text.len;
	out->raw = view_trim(view_sub(text, 0, used));
	out->start = out->raw.len > 0 ? (size_t)(out->raw.ptr - text.ptr) : 0;
	out->end = out->start + out->raw.len;
	return verdict != VALUE_NONE;
}

/* ---- several at once ---- */

static bool by_number(const struct reply *reply, size_t field)
{
	const struct reply_answer *answer = reply->values[field].answer;

	return answer && reply->lines[answer->label].number_only;
}

/*
 * Do the numbers before its lines mean fields? Not where they may count points of a text: then they must begin with
 * what was asked, and that must not be the first field of all.
 */
static bool numbers_count(const struct reply *reply, const struct field *asked, size_t count, size_t first)
{
	bool words = asked && (asked->type == FIELD_TEXT || asked->type == FIELD_LINE);

	for (size_t i = 0; i < reply->form->field_count; i++)
		if (by_number(reply, i) && reply->values[i].verdict == VALUE_INVALID && count > 1)
			return false;
	if (words)
		return count > 1 && asked->number > 1 && (int)first + 1 == asked->number;
	if (count == 1)
		return asked && (int)first + 1 == asked->number;
	return count > 1;
}

static bool says_several(const struct reply *reply, const struct field *asked)
{
	size_t labels = 0, numbers = 0, first = 0;

	for (size_t i = 0; reply->form && i < reply->form->field_count; i++) {
		if (reply->values[i].verdict == VALUE_NONE || !reply->values[i].answer)
			continue;
		if (numbers == 0 && by_number(reply, i))
			first = i;
		numbers += by_number(reply, i);
		labels += !by_number(reply, i);
	}
	return labels > 0 || (numbers > 0 && numbers_count(reply, asked, numbers, first));
}

static const struct provenance *place_of(const struct result *result, const char *field)
{
	for (size_t i = 0; i < result->provenance_count; i++)
		if (strcmp(result->provenance[i].field, field) == 0)
			return &result->provenance[i];
	return NULL;
}

static void take_several(const struct reply *reply, struct turn *out)
{
	struct turn_answer *answers = ARENA_NEW_N(reply->arena, struct turn_answer, reply->form->field_count);
	struct result result = {.values = json_object()};

	reply_to_result(reply, false, &result);
	for (size_t i = 0; i < reply->form->field_count; i++) {
		const struct reply_value *value = &reply->values[i];
		const struct field *field = &reply->form->fields[i];
		const struct provenance *place = place_of(&result, field->name);

		if (value->verdict == VALUE_NONE || !place)
			continue;
		answers[out->answer_count++] =
			(struct turn_answer){field, value->verdict == VALUE_TAKEN ? json_incref(value->value) : NULL,
				value->raw, value->suggestion, place->start, place->end};
	}
	out->answers = answers;
	out->remarks = reply->remarks;
	if (reply->language)
		out->language = reply->language;
	result_release(&result);
}

static bool read_several(const struct forms *forms, struct arena *arena, const struct mail_part *part,
	const struct form *form, const struct field *asked, struct turn *out)
{
	static const struct envelope nobody;
	struct request_hint hint = {.form = form->id, .form_version = form->version};
	struct reply *reply = reply_read(forms, arena, &nobody, &hint, true, &part, 1);
	bool several = says_several(reply, asked);

	if (several)
		take_several(reply, out);
	reply_release(reply);
	return several;
}

/* ---- one ---- */

/* The whole message is an answer to a field that has but few: then it is no command, and no number of a field. */
static bool fits_exactly(const struct field *field, const struct turn_answer *answer, struct view text)
{
	return field->type != FIELD_TEXT && field->type != FIELD_LINE && answer->value &&
	       answer->raw.len == view_trim(text).len;
}

static void take_one(struct arena *arena, const struct turn_answer *answer, struct view text, struct turn *out)
{
	struct turn_answer *kept = ARENA_NEW(arena, struct turn_answer);

	*kept = *answer;
	out->answers = kept;
	out->answer_count = 1;
	if (answer->value)
		out->remarks = view_trim(view_sub(text, answer->end, text.len));
}

void parse_turn(const struct forms *forms, struct arena *arena, struct view text, const struct form *form,
	const struct field *asked, const char *language, struct turn *out)
{
	const struct mail_part *part = reply_channel_part(arena, view_sub(text, 0, PARSE_TEXT_MAX));
	struct turn_answer answer = {0};
	bool direct;

	memset(out, 0, sizeof(*out));
	read_words(forms, arena, part->text, out);
	direct = asked && parse_answer(forms, arena, part->text, asked, language, &answer);
	if (direct && fits_exactly(asked, &answer, part->text) && out->word != TURN_STOP) {
		out->word = TURN_WORDS;
		out->greeting = false;
		take_one(arena, &answer, part->text, out);
		return;
	}
	if (out->word != TURN_WORDS || (form && read_several(forms, arena, part, form, asked, out))) {
		json_decref(answer.value);
		return;
	}
	if (direct)
		take_one(arena, &answer, part->text, out);
	out->nothing = asked && !direct;
	if (!out->language && !asked)
		out->language = language_of_script(part->text);
}

void turn_release(struct turn *turn)
{
	for (size_t i = 0; i < turn->answer_count; i++)
		json_decref(turn->answers[i].value);
	turn->answer_count = 0;
}

/* ---- words ---- */

const char *forms_language(const struct forms *forms, struct view name)
{
	size_t end = 0;

	while (end < name.len && name.ptr[end] != '-' && name.ptr[end] != '_')
		end++;
	for (size_t i = 0; i < lexicon_language_count(forms->lexicon); i++) {
		const char *language = lexicon_language(forms->lexicon, i);

		if (view_equal_nocase(view_of(language), view_sub(name, 0, end)))
			return language;
	}
	return NULL;
}

const char *forms_word(const struct forms *forms, const char *key, const char *language)
{
	return lexicon_word(forms->lexicon, key, language);
}

json_t *forms_word_everywhere(const struct forms *forms, const char *key)
{
	json_t *all = json_object();

	for (size_t i = 0; i < lexicon_language_count(forms->lexicon); i++) {
		const char *language = lexicon_language(forms->lexicon, i);
		const char *word = lexicon_word(forms->lexicon, key, language);

		if (word)
			json_object_set_new(all, language, json_string(word));
	}
	return all;
}

void forms_stop_words(const struct forms *forms, void (*each)(void *context, const char *word), void *context)
{
	lexicon_list(forms->lexicon, "stop", each, context);
}
