/* parsers/lexicon_load: one YAML file of config/languages into the lexicon. See lexicon.h. */
#include "base/unicode.h"
#include "parsers/lexicon_private.h"
#include "parsers/order.h"

/* A key of a file and what its list of words means. */
struct word_kind {
	const char *key;
	size_t table; /* offset of the word_table in struct lexicon */
	int value;
};

#define TABLE(member) offsetof(struct lexicon, member)

static const struct word_kind word_kinds[] = {
	{"yes", TABLE(yes_no), 1},
	{"no", TABLE(yes_no), 0},
	{"no_answer", TABLE(no_answer), 1},
	{"and", TABLE(conjunctions), 1},
	{"out_of", TABLE(out_of), 1},
	{"out_of_reversed", TABLE(out_of), 2},
	{"magnitudes", TABLE(magnitudes), 1},
	{"date_particles", TABLE(particles), 1},
	{"ordinals", TABLE(ordinals), 1},
	{"articles", TABLE(articles), 1},
	{"skip", TABLE(commands), 1},
	{"back", TABLE(commands), 2},
	{"stop", TABLE(commands), 3},
	{"order_read", TABLE(orders), ORDER_READ},
	{"order_used", TABLE(orders), ORDER_USED},
	{"order_not_used", TABLE(orders), ORDER_NOT_USED},
	{"order_ask_again", TABLE(orders), ORDER_ASK_AGAIN},
	{"order_assign", TABLE(orders), ORDER_ASSIGN},
	{"shared_country_names", TABLE(country_names), LEXICON_AMBIGUOUS},
};

static const struct word_kind mail_kinds[] = {
	{"from", TABLE(headers), 1},
	{"sent", TABLE(headers), 2},
	{"to", TABLE(headers), 3},
	{"subject", TABLE(headers), 4},
	{"cc", TABLE(headers), 5},
	{"separators", TABLE(separators), 1},
	{"forwarded", TABLE(forwarded), 1},
	{"closings", TABLE(closings), 1},
};

struct line_kind {
	const char *key;
	enum lexicon_line kind;
};

static const struct line_kind line_kinds[] = {
	{"attributions", LEXICON_ATTRIBUTION},
	{"closing_lines", LEXICON_CLOSING},
	{"phone_lines", LEXICON_PHONE_LINE},
	{"disclaimers", LEXICON_DISCLAIMER},
	{"list_footers", LEXICON_LIST_FOOTER},
	{"banners", LEXICON_BANNER},
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static int expect(const struct yaml_node *node, enum yaml_kind kind, struct error *err)
{
	static const char *const names[] = {"a text", "a list", "a mapping"};

	if (node->kind == kind)
		return 0;
	return yaml_error(node, err, "%s must be %s", node->key ? node->key : "an item", names[kind]);
}

static int load_words(
	struct lexicon *lexicon, const struct word_kind *kind, const struct yaml_node *node, struct error *err)
{
	struct word_table *table = (struct word_table *)((char *)lexicon + kind->table);

	if (expect(node, YAML_SEQUENCE, err) < 0)
		return -1;
	for (const struct yaml_node *item = node->first; item; item = item->next) {
		struct view key;

		if (expect(item, YAML_SCALAR, err) < 0)
			return -1;
		key = word_key(lexicon->arena, view_of(item->scalar));
		if (key.len == 0)
			return yaml_error(item, err, "%s: an item without a letter", kind->key);
		if (kind->value == LEXICON_AMBIGUOUS)
			lexicon_share_name(lexicon, key);
		else if (word_table_add(table, key, kind->value) < 0)
			return yaml_error(
				item, err, "%s: \"%s\" already stands for something else", kind->key, item->scalar);
	}
	return 0;
}

static int load_months(struct lexicon *lexicon, const struct yaml_node *node, struct error *err)
{
	int month = 0;

	if (expect(node, YAML_SEQUENCE, err) < 0)
		return -1;
	if (node->count != 12)
		return yaml_error(node, err, "months must be twelve lists of names, January first");
	for (const struct yaml_node *names = node->first; names; names = names->next) {
		struct word_kind kind = {"months", TABLE(months), ++month};

		if (load_words(lexicon, &kind, names, err) < 0)
			return -1;
	}
	return 0;
}

static int load_greetings(
	struct lexicon *lexicon, const struct language *language, const struct yaml_node *node, struct error *err)
{
	struct word_kind kind = {"greetings", TABLE(greetings), (int)(language - lexicon->languages)};

	return load_words(lexicon, &kind, node, err);
}

static int load_attached(
	struct lexicon *lexicon, const struct yaml_node *node, struct view **list, size_t *count, struct error *err)
{
	struct view *grown;

	if (expect(node, YAML_SEQUENCE, err) < 0)
		return -1;
	grown = ARENA_NEW_N(lexicon->arena, struct view, *count + node->count + 1);
	if (*count > 0)
		memcpy(grown, *list, *count * sizeof(**list));
	*list = grown;
	for (const struct yaml_node *item = node->first; item; item = item->next) {
		if (expect(item, YAML_SCALAR, err) < 0)
			return -1;
		grown[(*count)++] = word_key(lexicon->arena, view_of(item->scalar));
	}
	return 0;
}

static int load_mail(struct lexicon *lexicon, const struct yaml_node *mail, struct error *err)
{
	if (expect(mail, YAML_MAPPING, err) < 0)
		return -1;
	if (lexicon->mail_count < LEXICON_FILES_MAX)
		lexicon->mail[lexicon->mail_count++] = mail;
	for (const struct yaml_node *node = mail->first; node; node = node->next) {
		bool known = false;

		for (size_t i = 0; i < COUNT(mail_kinds) && !known; i++) {
			known = strcmp(mail_kinds[i].key, node->key) == 0;
			if (known && load_words(lexicon, &mail_kinds[i], node, err) < 0)
				return -1;
		}
		for (size_t i = 0; i < COUNT(line_kinds) && !known; i++) {
			known = strcmp(line_kinds[i].key, node->key) == 0;
			if (known && (expect(node, YAML_SEQUENCE, err) < 0 ||
					     line_templates_add(lexicon, line_kinds[i].kind, node, err) < 0))
				return -1;
		}
		if (!known)
			return yaml_error(node, err, "mail: unknown key \"%s\"", node->key);
	}
	return 0;
}

/* The texts around a request: all of them plain, in NFC. */
static int check_words(const struct yaml_node *words, struct error *err)
{
	if (expect(words, YAML_MAPPING, err) < 0)
		return -1;
	for (const struct yaml_node *node = words->first; node; node = node->next)
		if (expect(node, YAML_SCALAR, err) < 0)
			return -1;
	return 0;
}

static int load_language(
	struct lexicon *lexicon, const struct yaml_node *root, struct language **out, struct error *err)
{
	const struct yaml_node *code = yaml_get(root, "language"), *words = yaml_get(root, "words");
	struct language *language;

	*out = NULL;
	if (!code)
		return words ? yaml_error(words, err, "words need `language: CODE` in the same file") : 0;
	if (expect(code, YAML_SCALAR, err) < 0 || (words && check_words(words, err) < 0))
		return -1;
	for (size_t i = 0; i < lexicon->language_count; i++)
		if (strcmp(lexicon->languages[i].code, code->scalar) == 0)
			return yaml_error(code, err, "language %s has a file already", code->scalar);
	if (lexicon->language_count == LEXICON_LANGUAGES_MAX)
		return yaml_error(code, err, "more than %d languages", LEXICON_LANGUAGES_MAX);
	language = &lexicon->languages[lexicon->language_count++];
	language->code = code->scalar;
	language->root = root;
	language->words = words;
	language->country_names = ARENA_NEW_N(lexicon->arena, const char *, LEXICON_COUNTRIES_MAX);
	*out = language;
	return 0;
}

static int load_section(struct lexicon *lexicon, struct language *language, const struct yaml_node *root,
	const struct yaml_node *node, struct error *err)
{
	const char *key = node->key;

	for (size_t i = 0; i < COUNT(word_kinds); i++)
		if (strcmp(word_kinds[i].key, key) == 0)
			return load_words(lexicon, &word_kinds[i], node, err);
	if (strcmp(key, "language") == 0 || strcmp(key, "words") == 0)
		return 0;
	if (strcmp(key, "greetings") == 0)
		return load_greetings(lexicon, language, node, err);
	if (strcmp(key, "months") == 0)
		return load_months(lexicon, node, err);
	if (strcmp(key, "and_attached") == 0)
		return load_attached(
			lexicon, node, &lexicon->attached_conjunctions, &lexicon->attached_conjunction_count, err);
	if (strcmp(key, "articles_attached") == 0)
		return load_attached(lexicon, node, &lexicon->attached_articles, &lexicon->attached_article_count, err);
	if (strcmp(key, "countries") == 0)
		return lexicon_load_countries(lexicon, language, node, yaml_get(root, "and"), err);
	if (strcmp(key, "alpha3") == 0)
		return lexicon_load_alpha3(lexicon, node, err);
	if (strcmp(key, "mail") == 0)
		return load_mail(lexicon, node, err);
	return yaml_error(node, err, "unknown key \"%s\"", key);
}

int lexicon_load_file(struct lexicon *lexicon, const struct parse_source *source, struct error *err)
{
	struct yaml_node *root;
	struct language *language;

	if (!unicode_valid(source->bytes))
		return error_set(err, REACH_STOP, "%s: not UTF-8", source->file);
	if (yaml_parse(lexicon->arena, unicode_nfc(lexicon->arena, source->bytes), source->file, &root, err) < 0 ||
		expect(root, YAML_MAPPING, err) < 0 || load_language(lexicon, root, &language, err) < 0)
		return -1;
	for (const struct yaml_node *node = root->first; node; node = node->next)
		if (load_section(lexicon, language, root, node, err) < 0)
			return -1;
	return 0;
}
