/*
 * parsers/client_answer: an answer to each field, in the ways people write it, and the value it must come back as. What
 * is picked depends on the turn alone. See client.h.
 */
#include "parsers/client.h"

#include <string.h>

#include "base/unicode.h"

#define TEXT_MAX ((size_t)8 * 1024 * 1024)
#define NUMBER_WIDEST 40000 /* where a form sets no limit */
#define PREFIX_MIN 4	    /* letters of an option that may stand for it */

const char *client_fill(struct arena *arena, const char *text, ...)
{
	TEXT_SCOPED out;
	va_list args;

	text_init(&out, TEXT_MAX);
	while (*text) {
		size_t plain = strcspn(text, "{");
		const char *key, *value = NULL;

		text_add(&out, text, plain);
		text += plain;
		va_start(args, text);
		while (*text && !value && (key = va_arg(args, const char *))) {
			const char *candidate = va_arg(args, const char *);
			size_t len = strlen(key);

			if (strncmp(text + 1, key, len) == 0 && text[1 + len] == '}') {
				value = candidate ? candidate : "";
				text += len + 2;
			}
		}
		va_end(args);
		if (value)
			text_add_string(&out, value);
		else if (*text)
			text_add_char(&out, *text++);
	}
	return arena_copy(arena, text_string(&out), out.len);
}

/* ---- numbers ---- */

/* ASCII digits in those of the language, where it has its own. */
static const char *local_digits(struct arena *arena, const char *language, const char *number)
{
	unsigned zero = strcmp(language, "ar") == 0 ? 0x0660 : strcmp(language, "ne") == 0 ? 0x0966 : 0;
	TEXT_SCOPED out;

	text_init(&out, TEXT_MAX);
	if (zero == 0)
		return number;
	for (; *number; number++) {
		unsigned code = zero + (unsigned)(*number - '0');

		if (*number < '0' || *number > '9')
			text_add_char(&out, *number);
		else if (code < 0x800)
			text_add_format(&out, "%c%c", 0xC0 | (code >> 6), 0x80 | (code & 0x3F));
		else
			text_add_format(
				&out, "%c%c%c", 0xE0 | (code >> 12), 0x80 | ((code >> 6) & 0x3F), 0x80 | (code & 0x3F));
	}
	return arena_copy(arena, text_string(&out), out.len);
}

/* 12345 as 12,345; `lakh`: 1,23,456. */
static const char *grouped(struct arena *arena, const char *number, const char *mark, bool lakh)
{
	size_t len = strlen(number);
	TEXT_SCOPED out;

	text_init(&out, TEXT_MAX);
	for (size_t i = 0; i < len; i++) {
		size_t left = len - i;

		if (i > 0 && (left == 3 || (left > 3 && (lakh ? left % 2 == 1 : left % 3 == 0))))
			text_add_string(&out, mark);
		text_add_char(&out, number[i]);
	}
	return arena_copy(arena, text_string(&out), out.len);
}

static const char *spell_number(struct letter *letter, const char *number, unsigned spelling)
{
	static const char *const marks[] = {",", ".", " ", "\u202f", "\u00a0"};
	const struct yaml_node *amounts = client_list(&letter->clients->words, letter->own, "amounts");
	struct arena *arena = letter->arena;

	switch (spelling % 5) {
	case 0:
		return number;
	case 1:
		return grouped(arena, number, marks[spelling / 5 % 5], false);
	case 2:
		return client_fill(arena, client_item(amounts, spelling / 5), "n", number, NULL);
	case 3:
		return local_digits(arena, letter->own, number);
	default:
		return strcmp(letter->own, "ne") == 0 ? grouped(arena, number, ",", true) : number;
	}
}

static void answer_number(struct letter *letter, struct given *given, unsigned turn, unsigned spelling)
{
	const struct field *field = given->field;
	long long min = field->has_min ? field->min : 0, max = field->has_max ? field->max : min + NUMBER_WIDEST;
	long long value = min + client_pick(turn, (unsigned)field->number, (size_t)(max - min + 1));

	given->want = json_integer(value);
	given->text = spell_number(letter, arena_printf(letter->arena, "%lld", value), spelling);
	if (value < 0)
		given->text = arena_printf(letter->arena, "%lld", value);
}

static void answer_scale(struct letter *letter, struct given *given, unsigned turn, unsigned spelling)
{
	const struct client_words *words = &letter->clients->words;
	const struct yaml_node *out_of = client_language(words, letter->own, "out_of");
	const struct yaml_node *reversed = client_language(words, letter->own, "out_of_reversed");
	const struct field *field = given->field;
	long long value =
		field->min + client_pick(turn, (unsigned)field->number, (size_t)(field->max - field->min + 1));
	const char *plain = arena_printf(letter->arena, "%lld", value);

	given->want = json_integer(value);
	if (spelling % 4 == 1)
		given->text = arena_printf(letter->arena, "%lld/%lld", value, field->max);
	else if (spelling % 4 == 2 && out_of)
		given->text = arena_printf(
			letter->arena, "%lld %s %lld", value, client_item(out_of, spelling / 4), field->max);
	else if (spelling % 4 == 2 && reversed)
		given->text = arena_printf(
			letter->arena, "%lld %s %lld", field->max, client_item(reversed, spelling / 4), value);
	else
		given->text = spelling % 4 == 3 ? local_digits(letter->arena, letter->own, plain) : plain;
}

/* ---- dates ---- */

static const char *month_of(struct letter *letter, unsigned month, unsigned turn)
{
	const struct yaml_node *months = client_language(&letter->clients->words, letter->own, "months");
	const struct yaml_node *names = months ? months->first : NULL;

	for (unsigned i = 0; names && i < month; i++)
		names = names->next;
	return client_item(names, turn);
}

static void answer_date(struct letter *letter, struct given *given, unsigned turn, unsigned spelling)
{
	unsigned year = 2024 + client_pick(turn, 1, 3), month = client_pick(turn, 2, 10),
		 day = 1 + client_pick(turn, 3, 28);
	const struct yaml_node *forms = client_list(&letter->clients->words, letter->own, "dates");
	const char *name = month_of(letter, month, spelling / 5);
	const char *iso = arena_printf(letter->arena, "%04u-%02u-%02u", year, month + 1, day);
	const char *d = arena_printf(letter->arena, "%u", day), *y = arena_printf(letter->arena, "%u", year);

	given->want = json_string(iso);
	given->text = iso;
	if (spelling % 5 == 1)
		given->text = arena_printf(letter->arena, "%u.%u.%u", day, month + 1, year);
	else if (spelling % 5 == 2)
		given->text = arena_printf(letter->arena, "%02u/%02u/%u", day, month + 1, year);
	else if (spelling % 5 >= 3 && name)
		given->text = client_fill(
			letter->arena, client_item(forms, spelling / 5), "d", d, "month", name, "y", y, NULL);
	if (spelling % 5 == 4)
		given->text = local_digits(letter->arena, letter->own, given->text);
}

/* ---- words ---- */

static const char *noted(struct letter *letter, const char *text, unsigned turn)
{
	const char *note = client_item(client_list(&letter->clients->words, letter->own, "notes"), turn);

	return arena_printf(letter->arena, "%s%s", text, note ? note : ".");
}

static void answer_yes_no(struct letter *letter, struct given *given, unsigned turn, unsigned spelling)
{
	bool yes = client_pick(turn, (unsigned)given->field->number, 2) == 1;
	const struct yaml_node *words = client_language(&letter->clients->words, letter->own, yes ? "yes" : "no");
	const char *word = client_item(words, spelling / 3);
	struct view raised;

	if (!word)
		word = lexicon_word(letter->forms->lexicon, yes ? "yes" : "no", letter->own);
	given->want = json_boolean(yes);
	given->text = word;
	raised = unicode_raise_first(letter->arena, view_of(word), letter->own);
	if (spelling % 3 == 1)
		given->text = raised.ptr;
	if (spelling % 3 == 2 && unicode_length(raised) > 1) /* "N. Smith" is a name */
		given->text = noted(letter, raised.ptr, spelling / 3);
}

static const char *country_spelling(struct letter *letter, const char *code, unsigned spelling)
{
	const struct client_words *words = &letter->clients->words;
	const struct yaml_node *countries = client_language(words, letter->own, "countries");
	const struct yaml_node *names = countries ? yaml_get(countries, code) : NULL;
	const struct yaml_node *alpha3 = words->alpha3 ? yaml_get(words->alpha3, code) : NULL;
	const char *name = names ? client_item(names, spelling / 4) : country_name(letter->forms, code, letter->own);
	const char *line = client_item(client_list(words, letter->own, "lines"), spelling);

	switch (spelling % 8) {
	case 1:
		return arena_printf(letter->arena, "%s.", name);
	case 3:
		return arena_printf(letter->arena, "%s (%s)", name, line);
	case 5:
		return code;
	case 7:
		return alpha3 ? alpha3->scalar : name;
	default:
		return name;
	}
}

static void answer_country(struct letter *letter, struct given *given, unsigned turn, unsigned spelling)
{
	const char *code = client_item(letter->clients->words.countries, client_pick(turn, 7, 1000));

	given->want = json_string(code);
	given->text = country_spelling(letter, code, spelling);
}

/* ---- options ---- */

static bool begins_folded(struct arena *arena, const char *text, struct view beginning)
{
	return view_starts(unicode_fold(arena, view_of(text)), beginning);
}

/* Does an option other than `own` begin so in any language, or by its value? */
static bool fits_another(
	struct arena *arena, const struct field *field, const struct option *own, struct view beginning)
{
	for (size_t i = 0; i < field->option_count; i++) {
		const struct option *option = &field->options[i];

		if (option == own)
			continue;
		if (begins_folded(arena, option->value, beginning))
			return true;
		for (size_t j = 0; j < option->label.count; j++)
			if (begins_folded(arena, option->label.list[j].text, beginning))
				return true;
	}
	return false;
}

/* The first letters of the label that fit this option only; the label where there are none. */
static const char *shortened(struct letter *letter, const struct field *field, const struct option *option)
{
	const char *label = words_get(&option->label, letter->own);
	struct view folded = unicode_fold(letter->arena, view_of(label));
	size_t at = 0;
	uint32_t code;

	for (size_t letters = 0; unicode_next(folded, &at, &code);) {
		letters += unicode_is_letter(code);
		if (!unicode_is_letter(code))
			break;
		if (letters >= PREFIX_MIN && at < folded.len &&
			!fits_another(letter->arena, field, option, view_sub(folded, 0, at)))
			return arena_copy(letter->arena, folded.ptr, at);
	}
	return label;
}

static const char *spell_option(
	struct letter *letter, const struct field *field, const struct option *option, unsigned spelling)
{
	const char *label = words_get(&option->label, letter->own);

	switch (spelling % 7) {
	case 1:
		return option->value;
	case 2:
		return arena_printf(letter->arena, "%d", (int)(option - field->options) + 1);
	case 3:
		return unicode_fold(letter->arena, view_of(label)).ptr;
	case 4:
		return unicode_raise_first(letter->arena, view_of(label), letter->own).ptr;
	case 5:
		return shortened(letter, field, option);
	case 6:
		return arena_printf(letter->arena, "%s.", label);
	default:
		return label;
	}
}

static void answer_choice(struct letter *letter, struct given *given, unsigned turn, unsigned spelling)
{
	const struct field *field = given->field;
	const struct option *option = &field->options[client_pick(turn, (unsigned)field->number, field->option_count)];

	given->want = json_string(option->value);
	given->text = spell_option(letter, field, option, spelling);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static json_t *sorted_strings(const char **values, size_t count)
{
	json_t *array = json_array();

	qsort(values, count, sizeof(*values), by_name);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_string(values[i]));
	return array;
}

static const char *join(struct letter *letter, const char *const *words, size_t count, unsigned spelling)
{
	static const char *const between[] = {", ", "; ", " / ", "\n", "\n- ", ", ", ", "};
	const struct client_words *data = &letter->clients->words;
	const char *and = client_item(client_language(data, letter->own, "and"), spelling / 7);
	const char *attached = client_item(client_language(data, letter->own, "and_attached"), spelling / 7);
	const char *joined = spelling % 7 == 4 && count > 1 ? "\n- " : "";

	for (size_t i = 0; i < count; i++) {
		const char *mark = i > 0 ? between[spelling % 7] : "";

		if (i > 0 && i + 1 == count && spelling % 7 == 5 && and)
			mark = arena_printf(letter->arena, " %s ", and);
		if (i > 0 && i + 1 == count && spelling % 7 == 6 && attached)
			mark = arena_printf(letter->arena, " %s", attached);
		joined = arena_printf(letter->arena, "%s%s%s", joined, mark, words[i]);
	}
	return joined;
}

static void answer_choices(struct letter *letter, struct given *given, unsigned turn, unsigned spelling)
{
	const struct field *field = given->field;
	size_t count = 0, first = client_pick(turn, (unsigned)field->number, field->option_count);
	size_t wanted = 1 + client_pick(turn, (unsigned)field->number + 1000, field->option_count);
	const char **values = ARENA_NEW_N(letter->arena, const char *, wanted);
	const char **words = ARENA_NEW_N(letter->arena, const char *, wanted);

	for (; count < wanted; count++) {
		const struct option *option = &field->options[(first + count) % field->option_count];

		values[count] = option->value;
		words[count] = spelling / 7 % 4 == 3 ? option->value : words_get(&option->label, letter->own);
	}
	given->text = join(letter, words, wanted, spelling);
	given->want = sorted_strings(values, wanted);
}

/* ---- free text ---- */

static const char *other_label(struct letter *letter, const struct field *field, unsigned turn)
{
	const struct form *form = letter->form;
	const struct field *other =
		&form->fields[(size_t)(field->number + (int)(turn % form->field_count)) % form->field_count];

	return other->label.count ? words_get(&other->label, letter->own) : "";
}

/* Paragraphs stay apart, the end has no line's end. */
static void answer_words(struct letter *letter, struct given *given, const char *key, unsigned turn)
{
	const struct yaml_node *list = client_list(&letter->clients->words, letter->own, key);
	const char *text = client_item(list, turn + (unsigned)given->field->number);
	struct view trimmed;

	text = client_fill(letter->arena, text ? text : "", "label", other_label(letter, given->field, turn), NULL);
	trimmed = view_trim(view_of(text));
	given->text = arena_copy(letter->arena, trimmed.ptr, trimmed.len);
	given->want = json_string(given->text);
}

static void answer_pattern(struct letter *letter, struct given *given, unsigned turn, unsigned spelling)
{
	const char *text = client_pattern(letter->arena, given->field->pattern, turn);

	given->text = text;
	if (!text)
		return;
	given->want = json_string(text);
	if (spelling % 3 == 1)
		given->text = arena_printf(letter->arena, "(%s)", text);
	if (spelling % 3 == 2)
		given->text = noted(letter, text, spelling);
}

static void answer(struct letter *letter, struct given *given, unsigned turn, unsigned spelling)
{
	switch (given->field->type) {
	case FIELD_LINE:
		answer_words(letter, given, "lines", turn);
		break;
	case FIELD_TEXT:
		answer_words(letter, given, "texts", turn);
		break;
	case FIELD_COUNTRY:
		answer_country(letter, given, turn, spelling);
		break;
	case FIELD_CHOICE:
		answer_choice(letter, given, turn, spelling);
		break;
	case FIELD_CHOICES:
		answer_choices(letter, given, turn, spelling);
		break;
	case FIELD_SCALE:
		answer_scale(letter, given, turn, spelling);
		break;
	case FIELD_NUMBER:
		answer_number(letter, given, turn, spelling);
		break;
	case FIELD_DATE:
		answer_date(letter, given, turn, spelling);
		break;
	case FIELD_YES_NO:
		answer_yes_no(letter, given, turn, spelling);
		break;
	case FIELD_PATTERN:
		answer_pattern(letter, given, turn, spelling);
		break;
	}
}

/* Every other reply leaves one optional field out, so that a cell stays empty. */
static bool left_out(const struct letter *letter, const struct field *field)
{
	unsigned which = client_pick(letter->turn, 99, letter->form->field_count * 2);

	return !field->required && (unsigned)field->number == which;
}

void client_answer_all(struct letter *letter)
{
	const struct form *form = letter->form;

	letter->given = ARENA_NEW_N(letter->arena, struct given, form->field_count);
	for (size_t i = 0; i < form->field_count; i++) {
		struct given *given = &letter->given[i];

		given->field = &form->fields[i];
		if (given->field->label.count > 0 && !letter->silent && !left_out(letter, given->field))
			answer(letter, given, letter->turn, letter->turn / 3 + (unsigned)i);
		if (!given->want && given->field->fallback)
			given->want = json_string(given->field->fallback);
	}
}

void letter_release(struct letter *letter)
{
	for (size_t i = 0; letter->given && i < letter->form->field_count; i++)
		json_decref(letter->given[i].want);
	letter->given = NULL;
}
