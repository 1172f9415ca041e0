/* Lexicon's inside: shared by lexicon*.c alone. */
#ifndef PARSERS_LEXICON_PRIVATE_H
#define PARSERS_LEXICON_PRIVATE_H

#include "base/yaml.h"
#include "parsers/lexicon.h"
#include "parsers/line_pattern.h"
#include "parsers/word_table.h"
#include "parsers/word_trie.h"

#define LEXICON_LANGUAGES_MAX 64
#define LEXICON_FILES_MAX 80 /* that have words around mails */
#define LEXICON_COUNTRIES_MAX 400
#define LEXICON_LINE_MAX 600   /* bytes: a longer line is none of the kinds */
#define LEXICON_AMBIGUOUS (-1) /* value of a name that several countries share */

/* Which bytes a text is made of: a line without all of a template's bytes need not be searched for its words. */
struct byte_set {
	uint64_t bits[4];
};

/* A line's shape in words; what {date}, {name}, {any} and {end} are: see lexicon.h. */
struct line_template {
	enum lexicon_line kind;
	struct view needle;    /* its longest stretch of folded words; empty: the head is it */
	struct byte_set bytes; /* of the needle */
	struct line_pattern pattern; /* empty: the head is all there is to it */
	const struct yaml_node *node;
	struct line_template *next; /* with the same head */
};

struct language {
	const char *code;
	const struct yaml_node *root;  /* of its file */
	const struct yaml_node *words; /* mapping key -> text, or NULL */
	const char **country_names;    /* by index of the country; NULL where this language has none */
};

struct lexicon {
	struct arena *arena;
	struct language languages[LEXICON_LANGUAGES_MAX];
	size_t language_count;
	const char *countries[LEXICON_COUNTRIES_MAX]; /* alpha-2 */
	size_t country_count;
	struct word_table country_codes; /* "np", "npl" -> index */
	struct word_table country_names; /* name -> index or LEXICON_AMBIGUOUS */
	struct word_table loose_names;	 /* the same by loose_spelling() */
	struct word_table articles, yes_no, no_answer, months, particles, ordinals, magnitudes, conjunctions, out_of;
	struct word_table headers, separators, forwarded, closings;
	struct word_table commands, orders, greetings; /* greetings: -> index of the language */
	struct view *attached_conjunctions;
	size_t attached_conjunction_count;
	struct view *attached_articles;
	size_t attached_article_count;
	const struct yaml_node *mail[LEXICON_FILES_MAX]; /* `mail:` of each file, for lexicon_origin() */
	size_t mail_count;
	/* Folded words that a template begins with, maybe none -> its struct line_template list. */
	struct word_trie *heads, *attribution_heads;
};

/* lexicon_load.c */
int lexicon_load_file(struct lexicon *lexicon, const struct parse_source *source, struct error *err);

/* lexicon_country.c */
int lexicon_load_countries(struct lexicon *lexicon, struct language *language, const struct yaml_node *node,
	const struct yaml_node *conjunctions, struct error *err);
/* No country may be known by this name alone. */
void lexicon_share_name(struct lexicon *lexicon, struct view key);
int lexicon_load_alpha3(struct lexicon *lexicon, const struct yaml_node *node, struct error *err);

/* lexicon_line.c */
/* `node`: the list of templates of a kind. */
int line_templates_add(
	struct lexicon *lexicon, enum lexicon_line kind, const struct yaml_node *node, struct error *err);
/* The template of that kind that the folded line fits; NULL: none. */
const struct yaml_node *line_template_origin(const struct lexicon *lexicon, enum lexicon_line kind, struct view folded);

#endif
