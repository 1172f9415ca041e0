/* parsers/lexicon: the words of the languages, once loaded. See lexicon.h; lexicon_load.c reads the files. */
#include "parsers/lexicon.h"

#include <sysexits.h>

#include "base/unicode.h"
#include "parsers/letter.h"
#include "parsers/lexicon_private.h"

static void tables_init(struct lexicon *lexicon)
{
	struct word_table *tables[] = {&lexicon->country_codes, &lexicon->country_names, &lexicon->loose_names,
		&lexicon->articles, &lexicon->yes_no, &lexicon->no_answer, &lexicon->months, &lexicon->particles,
		&lexicon->ordinals, &lexicon->magnitudes, &lexicon->conjunctions, &lexicon->out_of, &lexicon->headers,
		&lexicon->separators, &lexicon->forwarded, &lexicon->closings, &lexicon->commands, &lexicon->orders,
		&lexicon->greetings};

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		word_table_init(tables[i], lexicon->arena);
	lexicon->heads = word_trie_new(lexicon->arena);
	lexicon->attribution_heads = word_trie_new(lexicon->arena);
}

int lexicon_new(const struct parse_source *languages, size_t count, struct lexicon **out, struct error *err)
{
	struct lexicon *lexicon = calloc(1, sizeof(*lexicon));

	if (!lexicon)
		exit(EX_OSERR);
	lexicon->arena = arena_new();
	tables_init(lexicon);
	for (size_t i = 0; i < count; i++)
		if (!letter_is_template(&languages[i]) && lexicon_load_file(lexicon, &languages[i], err) < 0) {
			lexicon_free(&lexicon);
			return -1;
		}
	*out = lexicon;
	return 0;
}

void lexicon_free(struct lexicon **lexicon)
{
	if (!*lexicon)
		return;
	arena_free(&(*lexicon)->arena);
	free(*lexicon);
	*lexicon = NULL;
}

size_t lexicon_language_count(const struct lexicon *lexicon)
{
	return lexicon->language_count;
}

const char *lexicon_language(const struct lexicon *lexicon, size_t index)
{
	return lexicon->languages[index].code;
}

static const char *word_in(const struct lexicon *lexicon, const char *key, const char *language)
{
	for (size_t i = 0; i < lexicon->language_count; i++) {
		const struct language *at = &lexicon->languages[i];
		const struct yaml_node *node;

		if (!at->words || strcmp(at->code, language) != 0)
			continue;
		node = yaml_get(at->words, key);
		if (node)
			return node->scalar;
	}
	return NULL;
}

const char *lexicon_word(const struct lexicon *lexicon, const char *key, const char *language)
{
	const char *word = language ? word_in(lexicon, key, language) : NULL;

	return word ? word : word_in(lexicon, key, "en");
}

const char *lexicon_month_name(const struct lexicon *lexicon, int month, const char *language)
{
	for (size_t i = 0; i < lexicon->language_count; i++) {
		const struct yaml_node *months = yaml_get(lexicon->languages[i].root, "months"), *names;

		if (!months || strcmp(lexicon->languages[i].code, language) != 0)
			continue;
		names = months->first;
		for (int at = 1; names && at < month; at++)
			names = names->next;
		return names && names->first ? names->first->scalar : NULL;
	}
	return NULL;
}

/* "-", "--", an em dash, "?", "؟": nothing but dashes, or nothing but question marks. */
static bool is_sign_of_nothing(struct view text)
{
	size_t at = 0;
	bool dashes = true, questions = true;
	uint32_t code;

	while ((dashes || questions) && unicode_next(text, &at, &code)) {
		if (unicode_is_space(code) || unicode_is_invisible(code))
			continue;
		if (code != '-' && code != '_' && (code < 0x2010 || code > 0x2015) && code != 0x2212)
			dashes = false;
		if (code != '?' && code != 0x61f && code != 0xff1f)
			questions = false;
	}
	return dashes || questions;
}

/* The key's spaces round a slash are dropped: "N / A". */
static struct view slashes_closed(struct arena *arena, struct view key)
{
	char *out = arena_alloc(arena, key.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < key.len; i++) {
		bool beside = (i > 0 && key.ptr[i - 1] == '/') || (i + 1 < key.len && key.ptr[i + 1] == '/');

		if (!(key.ptr[i] == ' ' && beside))
			out[len++] = key.ptr[i];
	}
	return (struct view){out, len};
}

bool lexicon_is_no_answer(const struct lexicon *lexicon, struct arena *arena, struct view text)
{
	int value;

	if (text.len > 60)
		return view_trim(text).len == 0;
	if (is_sign_of_nothing(text))
		return true;
	return word_table_find(&lexicon->no_answer, slashes_closed(arena, word_key(arena, text)), &value);
}

static int look_up(const struct word_table *table, struct arena *arena, struct view text, int otherwise)
{
	int value = otherwise;

	if (text.len > 0 && text.len <= 4 * table->longest + 16)
		word_table_find(table, word_key(arena, text), &value);
	return value;
}

int lexicon_yes_no(const struct lexicon *lexicon, struct arena *arena, struct view text)
{
	return look_up(&lexicon->yes_no, arena, text, -1);
}

int lexicon_command(const struct lexicon *lexicon, struct arena *arena, struct view text)
{
	return look_up(&lexicon->commands, arena, text, 0);
}

int lexicon_order(const struct lexicon *lexicon, struct arena *arena, struct view text)
{
	return look_up(&lexicon->orders, arena, text, 0);
}

const char *lexicon_greeting(const struct lexicon *lexicon, struct arena *arena, struct view text)
{
	int language = look_up(&lexicon->greetings, arena, text, -1);

	return language < 0 ? NULL : lexicon->languages[language].code;
}

void lexicon_list(
	const struct lexicon *lexicon, const char *key, void (*each)(void *context, const char *word), void *context)
{
	for (size_t i = 0; i < lexicon->language_count; i++) {
		const struct yaml_node *list = yaml_get(lexicon->languages[i].root, key);

		for (const struct yaml_node *item = list ? list->first : NULL; item; item = item->next)
			each(context, item->scalar);
	}
}

int lexicon_month(const struct lexicon *lexicon, struct arena *arena, struct view text)
{
	return look_up(&lexicon->months, arena, text, 0);
}

bool lexicon_is_date_particle(const struct lexicon *lexicon, struct arena *arena, struct view text)
{
	return look_up(&lexicon->particles, arena, text, 0);
}

bool lexicon_is_ordinal(const struct lexicon *lexicon, struct arena *arena, struct view text)
{
	return look_up(&lexicon->ordinals, arena, text, 0);
}

bool lexicon_is_magnitude(const struct lexicon *lexicon, struct arena *arena, struct view text)
{
	return look_up(&lexicon->magnitudes, arena, text, 0);
}

bool lexicon_is_conjunction(const struct lexicon *lexicon, struct arena *arena, struct view text)
{
	return view_equal(text, VIEW("&")) || look_up(&lexicon->conjunctions, arena, text, 0);
}

size_t lexicon_attached_conjunction(const struct lexicon *lexicon, struct view folded)
{
	for (size_t i = 0; i < lexicon->attached_conjunction_count; i++) {
		struct view conjunction = lexicon->attached_conjunctions[i];

		if (folded.len > conjunction.len && view_starts(folded, conjunction))
			return conjunction.len;
	}
	return 0;
}

int lexicon_out_of(const struct lexicon *lexicon, struct arena *arena, struct view text)
{
	struct view key = word_key(arena, text);
	int value = 0;

	if (view_equal(key, VIEW("/")))
		return 1;
	word_table_find(&lexicon->out_of, key, &value);
	return value;
}
