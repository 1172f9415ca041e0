/* parsers/value_choice: one option of a field, by label, value, number or beginning. See value.h. */
#include "base/unicode.h"
#include "parsers/value_private.h"

#define PREFIX_MIN 4 /* letters */
#define LINES_MAX 4  /* a long label may be wrapped */

struct view option_key_of(struct arena *arena, struct view text)
{
	struct view compact = word_key_compact(arena, text);
	char *key = arena_alloc(arena, compact.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < compact.len; i++)
		if (!strchr("/;|", compact.ptr[i]))
			key[len++] = compact.ptr[i];
	return (struct view){key, len};
}

static size_t count_words(struct view text)
{
	size_t words = 1;

	for (size_t i = 0; i < text.len; i++)
		words += text.ptr[i] == ' ' || text.ptr[i] == '/' || text.ptr[i] == ',' || text.ptr[i] == ';';
	return words;
}

static int add_key(struct value_compiled *compiled, struct arena *arena, const struct field *field, int option,
	const char *language, const char *text, struct error *err)
{
	struct option_key key = {option_key_of(arena, view_of(text)), language, option};
	size_t words = count_words(word_key(arena, view_of(text)));

	if (key.key.len == 0)
		return error_set(err, REACH_STOP, "field %s: option \"%s\" has no letter or digit to know it by",
			field->name, text);
	for (size_t i = 0; i < compiled->key_count; i++) {
		const struct option_key *other = &compiled->keys[i];
		bool same_language = (!language && !other->language) ||
				     (language && other->language && strcmp(language, other->language) == 0);

		if (same_language && other->option != option && view_equal(other->key, key.key))
			return error_set(err, REACH_STOP, "field %s: \"%s\" names two options", field->name, text);
	}
	compiled->keys[compiled->key_count++] = key;
	if (words > compiled->words_max)
		compiled->words_max = words;
	return 0;
}

int value_compile_options(
	const struct field *field, struct value_compiled *compiled, struct arena *arena, struct error *err)
{
	size_t count = 0;

	for (size_t i = 0; i < field->option_count; i++)
		count += 1 + field->options[i].label.count;
	compiled->keys = ARENA_NEW_N(arena, struct option_key, count + 1);
	for (size_t i = 0; i < field->option_count; i++) {
		const struct option *option = &field->options[i];

		if (add_key(compiled, arena, field, (int)i, NULL, option->value, err) < 0)
			return -1;
		for (size_t j = 0; j < option->label.count; j++)
			if (add_key(compiled, arena, field, (int)i, option->label.list[j].language,
				    option->label.list[j].text, err) < 0)
				return -1;
	}
	return 0;
}

static void note(int *found, int option)
{
	if (*found == OPTION_NONE)
		*found = option;
	else if (*found != option)
		*found = OPTION_SEVERAL;
}

/* Where a label means one option here and another there, the practitioner's own language decides. */
int option_exact(const struct value_job *job, struct view key)
{
	const struct value_compiled *compiled = job->field->compiled;
	const char *language = job->context->language;
	int found = OPTION_NONE, own = OPTION_NONE;

	for (size_t i = 0; i < compiled->key_count; i++) {
		const struct option_key *at = &compiled->keys[i];

		if (!view_equal(at->key, key))
			continue;
		note(&found, at->option);
		if (language && at->language && strcmp(at->language, language) == 0)
			note(&own, at->option);
	}
	return found == OPTION_SEVERAL && own >= 0 ? own : found;
}

int option_prefix(const struct value_job *job, struct view key)
{
	const struct value_compiled *compiled = job->field->compiled;
	int found = OPTION_NONE;

	if (unicode_length(key) < PREFIX_MIN)
		return OPTION_NONE;
	for (size_t i = 0; i < compiled->key_count; i++)
		if (view_starts(compiled->keys[i].key, key))
			note(&found, compiled->keys[i].option);
	return found;
}

/* "2", "2.", "2)", "(2)", in any digits. A number that is also the value of another option says nothing. */
int option_number(const struct value_job *job, struct view word)
{
	struct view digits = unicode_ascii_digits(job->arena, word);
	long long number;
	int exact;

	while (digits.len > 1 && strchr("(#", digits.ptr[0]))
		digits = view_sub(digits, 1, digits.len);
	while (digits.len > 1 && strchr(".):", digits.ptr[digits.len - 1]))
		digits.len--;
	if (digits.len == 0 || digits.ptr[0] == '-' || digits.ptr[0] == '+' ||
		view_to_int(digits, 1, (long long)job->field->option_count, &number) < 0)
		return OPTION_NONE;
	exact = option_exact(job, option_key_of(job->arena, digits));
	return exact == OPTION_NONE || exact == (int)number - 1 ? (int)number - 1 : OPTION_SEVERAL;
}

static size_t distance_allowed(struct view key)
{
	size_t letters = unicode_length(key);

	return letters < 4 ? 0 : letters < 6 ? 1 : 2;
}

int option_near(const struct value_job *job, struct view key)
{
	const struct value_compiled *compiled = job->field->compiled;
	size_t best = distance_allowed(key) + 1;
	int found = OPTION_NONE;

	for (size_t i = 0; i < compiled->key_count && best > 0; i++) {
		size_t distance = word_distance(key, compiled->keys[i].key, best);

		if (distance > best || distance > distance_allowed(key))
			continue;
		if (distance < best)
			found = OPTION_NONE;
		note(&found, compiled->keys[i].option);
		best = distance;
	}
	return found;
}

/* "2. during": number and label must agree. */
static int numbered_label(const struct value_job *job, struct view line)
{
	struct view text = unicode_ascii_digits(job->arena, line);
	size_t end = 0;
	int number, label;

	while (end < text.len && text.ptr[end] >= '0' && text.ptr[end] <= '9')
		end++;
	if (end == 0 || end + 1 >= text.len || !strchr(".)-: ", text.ptr[end]))
		return OPTION_NONE;
	number = option_number(job, view_sub(text, 0, end));
	label = option_exact(job, option_key_of(job->arena, view_sub(text, end + 1, text.len)));
	return number >= 0 && number == label ? number : OPTION_NONE;
}

static int choose(struct value_job *job, struct view key)
{
	int option = option_exact(job, key), number = option_number(job, job->line);
	struct view joined;
	size_t used;

	if (number != OPTION_NONE)
		return number;
	if (option == OPTION_NONE)
		option = numbered_label(job, job->line);
	for (size_t lines = 2; option == OPTION_NONE && lines <= LINES_MAX; lines++) {
		if (!value_joined(job, lines, &joined, &used))
			break;
		option = option_exact(job, option_key_of(job->arena, joined));
		if (option >= 0)
			job->used = used;
	}
	return option == OPTION_NONE ? option_prefix(job, key) : option;
}

/* The only option one of whose labels stands among the words. */
static int option_within(const struct value_job *job)
{
	const struct value_compiled *compiled = job->field->compiled;
	struct view rest = word_key(job->arena, job->line);
	int found = OPTION_NONE;

	for (size_t at = 0; at < rest.len;) {
		ptrdiff_t space;

		for (size_t end = at + 1; end <= rest.len; end++) {
			struct view key;

			if (end < rest.len && rest.ptr[end] != ' ')
				continue;
			key = option_key_of(job->arena, view_sub(rest, at, end - at));
			for (size_t i = 0; i < compiled->key_count; i++)
				if (view_equal(compiled->keys[i].key, key))
					note(&found, compiled->keys[i].option);
			if (end - at > 200)
				break;
		}
		space = view_find_char(view_sub(rest, at, rest.len), ' ');
		if (space < 0)
			break;
		at += (size_t)space + 1;
	}
	return found;
}

enum value_verdict value_read_choice(struct value_job *job, json_t **value_out, struct view *suggestion_out)
{
	struct view key = option_key_of(job->arena, job->line);
	bool slash = view_find_char(job->line, '/') >= 0 || view_find_char(job->line, ';') >= 0;
	int option = key.len > 0 && !(slash && option_exact(job, key) < 0) ? choose(job, key) : OPTION_NONE;

	if (option >= 0) {
		*value_out = json_string(job->field->options[option].value);
		return VALUE_TAKEN;
	}
	option = option_near(job, key);
	if (option < 0 && job->line.len <= 300)
		option = option_within(job);
	if (option >= 0)
		*suggestion_out = view_of(job->field->options[option].value);
	return VALUE_INVALID;
}
