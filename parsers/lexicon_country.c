/* parsers/lexicon_country: names and codes of countries in every language. See lexicon.h. */
#include "base/unicode.h"
#include "parsers/lexicon_private.h"

#define COUNTRY_TEXT_MAX 200 /* bytes: no name is as long */

static bool is_alpha(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < 'A' || text[i] > 'Z')
			return false;
	return text[len] == '\0';
}

static int country_index(struct lexicon *lexicon, const struct yaml_node *node, struct error *err)
{
	struct view key = word_key(lexicon->arena, view_of(node->key));
	int index;

	if (word_table_find(&lexicon->country_codes, key, &index))
		return index;
	if (!is_alpha(node->key, 2))
		return yaml_error(node, err, "\"%s\" is no alpha-2 code", node->key);
	if (lexicon->country_count == LEXICON_COUNTRIES_MAX)
		return yaml_error(node, err, "more than %d countries", LEXICON_COUNTRIES_MAX);
	index = (int)lexicon->country_count;
	lexicon->countries[lexicon->country_count++] = node->key;
	word_table_add(&lexicon->country_codes, key, index);
	return index;
}

/* Letters of Devanagari written one for the other in foreign names: short and long vowels, nasals, sibilants. */
static uint32_t loose_letter(uint32_t code)
{
	static const uint32_t pairs[][2] = {{0x940, 0x93f}, {0x942, 0x941}, {0x908, 0x907}, {0x90a, 0x909},
		{0x923, 0x928}, {0x936, 0x938}, {0x937, 0x938}, {0x935, 0x92c}, {0x901, 0x902}};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		if (pairs[i][0] == code)
			return pairs[i][1];
	return code;
}

static bool is_nasal(uint32_t code)
{
	return code == 0x919 || code == 0x91e || code == 0x923 || code == 0x928 || code == 0x92e;
}

/*
 * One spelling for the many that a name in Devanagari has ("बङ्गलादेश", "बंगलादेश"); nothing for any other script,
 * whose spelling is settled.
 */
static struct view loose_spelling(struct arena *arena, struct view key)
{
	char *out = arena_alloc(arena, key.len + 1);
	size_t at = 0, len = 0;
	bool devanagari = false;
	uint32_t code, next;

	while (unicode_next(key, &at, &code)) {
		size_t behind = at;

		devanagari = devanagari || (code >= 0x900 && code < 0x980);
		if (code == 0x93c)
			continue; /* nukta */
		if (is_nasal(code) && unicode_next(key, &behind, &next) && next == 0x94d) {
			at = behind;
			code = 0x902;
		}
		code = loose_letter(code);
		if (code < 0x80) {
			out[len++] = (char)code;
		} else if (code >= 0x800 && code < 0x10000) {
			out[len++] = (char)(0xe0 | (code >> 12));
			out[len++] = (char)(0x80 | ((code >> 6) & 0x3f));
			out[len++] = (char)(0x80 | (code & 0x3f));
		} else {
			return VIEW_NULL;
		}
	}
	return devanagari ? (struct view){out, len} : VIEW_NULL;
}

static void add_or_share(struct word_table *table, struct view key, int index)
{
	if (key.len > 0 && word_table_add(table, key, index) < 0)
		word_table_set(table, key, LEXICON_AMBIGUOUS);
}

/* A name that two countries share, whatever the languages, names neither. */
static void add_name(struct lexicon *lexicon, struct view key, int index)
{
	add_or_share(&lexicon->country_names, key, index);
	add_or_share(&lexicon->loose_names, loose_spelling(lexicon->arena, key), index);
}

void lexicon_share_name(struct lexicon *lexicon, struct view key)
{
	struct view loose = loose_spelling(lexicon->arena, key);

	word_table_set(&lexicon->country_names, key, LEXICON_AMBIGUOUS);
	if (loose.len > 0)
		word_table_set(&lexicon->loose_names, loose, LEXICON_AMBIGUOUS);
}

/* "trinidad and tobago" is also "trinidad & tobago". */
static void add_ampersand(struct lexicon *lexicon, struct view key, const struct yaml_node *conjunctions, int index)
{
	for (const struct yaml_node *word = conjunctions ? conjunctions->first : NULL; word; word = word->next) {
		const char *spaced;
		ptrdiff_t at;

		if (word->kind != YAML_SCALAR)
			continue;
		spaced = arena_printf(lexicon->arena, " %s ", word->scalar);
		at = view_find(key, view_of(spaced));
		if (at < 0)
			continue;
		add_name(lexicon,
			view_of(arena_printf(lexicon->arena, "%.*s & %.*s", (int)at, key.ptr,
				VIEW_ARGS(view_sub(key, (size_t)at + strlen(spaced), key.len)))),
			index);
	}
}

int lexicon_load_countries(struct lexicon *lexicon, struct language *language, const struct yaml_node *node,
	const struct yaml_node *conjunctions, struct error *err)
{
	if (node->kind != YAML_MAPPING || !language)
		return yaml_error(
			node, err, "countries: a mapping from code to names, in a file with `language: CODE`");
	for (const struct yaml_node *country = node->first; country; country = country->next) {
		const struct yaml_node *name = country->kind == YAML_SEQUENCE ? country->first : country;
		int index = country_index(lexicon, country, err);

		if (index < 0)
			return -1;
		if (!name || name->kind != YAML_SCALAR)
			return yaml_error(country, err, "%s: a name, or a list of names", country->key);
		language->country_names[index] = name->scalar;
		for (; name; name = country->kind == YAML_SEQUENCE ? name->next : NULL) {
			struct view key;

			if (name->kind != YAML_SCALAR)
				return yaml_error(name, err, "%s: a name must be a text", country->key);
			key = word_key(lexicon->arena, view_of(name->scalar));
			add_name(lexicon, key, index);
			add_ampersand(lexicon, key, conjunctions, index);
		}
	}
	return 0;
}

int lexicon_load_alpha3(struct lexicon *lexicon, const struct yaml_node *node, struct error *err)
{
	if (node->kind != YAML_MAPPING)
		return yaml_error(node, err, "alpha3 must be a mapping from alpha-2 to alpha-3 codes");
	for (const struct yaml_node *code = node->first; code; code = code->next) {
		int index = country_index(lexicon, code, err);

		if (index < 0)
			return -1;
		if (code->kind != YAML_SCALAR || !is_alpha(code->scalar, 3))
			return yaml_error(code, err, "%s: not an alpha-3 code", code->key);
		if (word_table_add(&lexicon->country_codes, word_key(lexicon->arena, view_of(code->scalar)), index) < 0)
			return yaml_error(code, err, "%s: code %s is another country's", code->key, code->scalar);
	}
	return 0;
}

/* The folded text less what stands in brackets (an open one reaches to the end). */
static struct view without_brackets(struct arena *arena, struct view folded)
{
	char *out = arena_alloc(arena, folded.len + 1);
	size_t len = 0;
	int depth = 0;

	for (size_t i = 0; i < folded.len; i++) {
		char c = folded.ptr[i];

		if (c == '(' || c == '[')
			depth++;
		else if ((c == ')' || c == ']') && depth > 0)
			depth--;
		else if (depth == 0)
			out[len++] = c;
	}
	return (struct view){out, len};
}

/* The text less its last pair of brackets (one that is left open reaches to the end); nothing where there is none. */
static struct view without_last_brackets(struct view text)
{
	int depth = 0;

	for (size_t at = text.len; at > 0; at--) {
		char c = text.ptr[at - 1];

		if (c == ')' || c == ']')
			depth++;
		else if ((c == '(' || c == '[') && --depth <= 0)
			return view_sub(text, 0, at - 1);
	}
	return VIEW_NULL;
}

/* "u s a", from "U.S.A.": single letters make one word. */
static struct view initials_joined(struct arena *arena, struct view key)
{
	char *out = arena_alloc(arena, key.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < key.len; i++) {
		if (i % 2 == 1 && key.ptr[i] != ' ')
			return VIEW_NULL;
		if (i % 2 == 0)
			out[len++] = key.ptr[i];
	}
	return (struct view){out, len};
}

static struct view article_off(const struct lexicon *lexicon, struct view key)
{
	ptrdiff_t space = view_find_char(key, ' ');
	int value;

	if (space > 0 && word_table_find(&lexicon->articles, view_sub(key, 0, (size_t)space), &value))
		return view_sub(key, (size_t)space + 1, key.len);
	for (size_t i = 0; i < lexicon->attached_article_count; i++) {
		struct view article = lexicon->attached_articles[i];

		if (view_starts(key, article) && key.len > article.len + 4)
			return view_sub(key, article.len, key.len);
	}
	return VIEW_NULL;
}

static bool find_name(const struct lexicon *lexicon, struct arena *arena, struct view key, int *index_out)
{
	struct view bare = article_off(lexicon, key), initials, loose;

	if (word_table_find(&lexicon->country_names, key, index_out))
		return true;
	if (bare.len > 0 && word_table_find(&lexicon->country_names, bare, index_out))
		return true;
	for (size_t i = 0; i < lexicon->attached_article_count; i++) {
		struct view longer = view_of(
			arena_printf(arena, "%.*s%.*s", VIEW_ARGS(lexicon->attached_articles[i]), VIEW_ARGS(key)));

		if (word_table_find(&lexicon->country_names, longer, index_out))
			return true;
	}
	initials = initials_joined(arena, key);
	if (initials.len > 2 && word_table_find(&lexicon->country_names, initials, index_out))
		return true;
	loose = loose_spelling(arena, key);
	return loose.len > 0 && word_table_find(&lexicon->loose_names, loose, index_out);
}

/*
 * A code, in any case; but a word that says yes, no or nothing ("no", "si", "na") is a code only in capitals: nobody
 * should be filed under Norway for saying no.
 */
static bool find_code(
	const struct lexicon *lexicon, struct arena *arena, struct view key, struct view text, int *index_out)
{
	struct view initials = initials_joined(arena, key);
	bool capitals = true;

	if (initials.len > 1)
		key = initials;
	if ((key.len != 2 && key.len != 3) || !word_table_find(&lexicon->country_codes, key, index_out))
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] >= 'a' && text.ptr[i] <= 'z')
			capitals = false;
	return capitals || (lexicon_yes_no(lexicon, arena, key) < 0 && !view_equal(key, VIEW("na")));
}

/* "Sudan (South) (Juba)": brackets belong to a name or say more about it, from the last one on. */
static bool find_bracketed(const struct lexicon *lexicon, struct arena *arena, struct view folded, int *index_out)
{
	for (struct view less = without_last_brackets(folded); less.len > 0; less = without_last_brackets(less))
		if (find_name(lexicon, arena, word_key(arena, less), index_out))
			return true;
	return false;
}

const char *lexicon_country(const struct lexicon *lexicon, struct arena *arena, struct view text, bool *ambiguous_out)
{
	int index = LEXICON_AMBIGUOUS;
	struct view key, bare, folded;

	*ambiguous_out = false;
	if (text.len == 0 || text.len > COUNTRY_TEXT_MAX)
		return NULL;
	folded = unicode_fold(arena, text);
	key = word_key(arena, folded);
	bare = word_key(arena, without_brackets(arena, folded));
	if (!find_name(lexicon, arena, key, &index) && !find_bracketed(lexicon, arena, folded, &index) &&
		!find_name(lexicon, arena, bare, &index) &&
		!find_code(lexicon, arena, bare, without_brackets(arena, text), &index))
		return NULL;
	*ambiguous_out = index == LEXICON_AMBIGUOUS;
	return *ambiguous_out ? NULL : lexicon->countries[index];
}

static bool code_index(const struct lexicon *lexicon, const char *code, int *index_out)
{
	char lower[4] = "";

	for (size_t i = 0; i < 3 && code[i]; i++)
		lower[i] = (char)(code[i] >= 'A' && code[i] <= 'Z' ? code[i] + 32 : code[i]);
	return word_table_find(&lexicon->country_codes, view_of(lower), index_out);
}

const char *lexicon_country_name(const struct lexicon *lexicon, const char *code, const char *language)
{
	const char *english = NULL;
	int index;

	if (!code_index(lexicon, code, &index))
		return code;
	for (size_t i = 0; i < lexicon->language_count; i++) {
		const struct language *at = &lexicon->languages[i];

		if (language && strcmp(at->code, language) == 0 && at->country_names[index])
			return at->country_names[index];
		if (strcmp(at->code, "en") == 0)
			english = at->country_names[index];
	}
	return english ? english : code;
}

/* Does the name stand in the text as whole words? */
static bool has_words(struct view text, struct view name)
{
	for (size_t at = 0; at + name.len <= text.len; at++) {
		bool begins = at == 0 || text.ptr[at - 1] == ' ' || text.ptr[at - 1] == '/';
		bool ends =
			at + name.len == text.len || text.ptr[at + name.len] == ' ' || text.ptr[at + name.len] == '/';

		if (begins && ends && memcmp(text.ptr + at, name.ptr, name.len) == 0)
			return true;
	}
	return false;
}

/* Short names are near too many words. */
static size_t distance_allowed(struct view key)
{
	size_t letters = unicode_length(key);

	return letters < 4 ? 0 : letters < 6 ? 1 : 2;
}

static const char *nearest(const struct lexicon *lexicon, struct view key)
{
	size_t best = distance_allowed(key) + 1;
	int found = LEXICON_AMBIGUOUS;

	for (size_t i = 0; i < lexicon->country_names.size; i++) {
		const struct word_entry *entry = &lexicon->country_names.slots[i];
		size_t distance = entry->key.ptr ? word_distance(key, entry->key, best) : best + 1;

		if (distance > best || best == 0)
			continue;
		if (distance < best)
			found = entry->value;
		else if (entry->value != found)
			found = LEXICON_AMBIGUOUS;
		best = distance;
	}
	return best <= distance_allowed(key) && found != LEXICON_AMBIGUOUS ? lexicon->countries[found] : NULL;
}

/* The longest name among the text's words; NULL when names of two countries stand there side by side. */
static const char *contained(const struct lexicon *lexicon, struct view key)
{
	const struct word_entry *longest = NULL;
	bool several = false;

	for (size_t i = 0; i < lexicon->country_names.size; i++) {
		const struct word_entry *entry = &lexicon->country_names.slots[i];

		if (!entry->key.ptr || entry->key.len < 4 || !has_words(key, entry->key))
			continue;
		if (!longest || has_words(entry->key, longest->key)) {
			longest = entry;
		} else if (!has_words(longest->key, entry->key) && entry->value != longest->value) {
			several = true;
		}
	}
	return longest && !several && longest->value != LEXICON_AMBIGUOUS ? lexicon->countries[longest->value] : NULL;
}

const char *lexicon_country_near(const struct lexicon *lexicon, struct arena *arena, struct view text)
{
	struct view key = text.len > COUNTRY_TEXT_MAX ? VIEW_NULL : word_key(arena, text);
	const char *found;

	if (key.len == 0)
		return NULL;
	found = nearest(lexicon, key);
	return found ? found : contained(lexicon, key);
}
