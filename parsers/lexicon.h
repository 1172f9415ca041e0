/*
 * Lexicon: the words of the languages (config/languages/<code>.yaml, one file a language): compiled once, immutable.
 *
 * A new language is a new file. A file holds: language, names of the words around a request (greeting, purpose, instruction, reference,
 * one_or_more_of), yes/no words, "no answer" words, conjunctions, "out of" words, month names (also Levantine Arabic),
 * country names and everyday names, attribution patterns ("On ... wrote:"), header names (From, Sent, To, Subject),
 * closing formulas, phone lines ("Sent from my iPhone"), disclaimer openings, list footer openings, forwarded markers. A file
 * without `language` adds to what is known of mail in languages in which no form is written (mail.yaml), or the country codes (codes.yaml).
 *
 * Everything is compared folded: case, accents, kinds of apostrophe and hyphen, bidi marks make no difference.
 */
#ifndef PARSERS_LEXICON_H
#define PARSERS_LEXICON_H

#include "parsers/parsers.h"

struct lexicon;

int lexicon_new(const struct parse_source *languages, size_t count, struct lexicon **out, struct error *err);
void lexicon_free(struct lexicon **lexicon);

size_t lexicon_language_count(const struct lexicon *lexicon);
const char *lexicon_language(const struct lexicon *lexicon, size_t index); /* "en" */

/* A word around the request ("greeting", "instruction", "reference", "one_or_more_of", "yes", "no", ...), English as fall-back; NULL. */
const char *lexicon_word(const struct lexicon *lexicon, const char *key, const char *language);

/* ISO 3166-1 alpha-2 of a name or alpha-2/alpha-3 code in any language (text is folded here); NULL: unknown or ambiguous ("Congo"). */
const char *lexicon_country(const struct lexicon *lexicon, struct arena *arena, struct view text, bool *ambiguous_out);
/* Name for people. */
const char *lexicon_country_name(const struct lexicon *lexicon, const char *code, const char *language);

/* The one country whose name is a slip of the pen away or stands among other words; NULL. A suggestion, never an answer. */
const char *lexicon_country_near(const struct lexicon *lexicon, struct arena *arena, struct view text);

/* Words inside answers, in any language. */
bool lexicon_is_no_answer(const struct lexicon *lexicon, struct arena *arena, struct view text); /* "", "-", "?", "n/a" */
int lexicon_yes_no(const struct lexicon *lexicon, struct arena *arena, struct view text);        /* 1 yes, 0 no, -1 neither */
int lexicon_month(const struct lexicon *lexicon, struct arena *arena, struct view text);         /* 1..12, or 0 */
bool lexicon_is_date_particle(const struct lexicon *lexicon, struct arena *arena, struct view text); /* "de", "of" */
bool lexicon_is_ordinal(const struct lexicon *lexicon, struct arena *arena, struct view text);   /* "er", "rd" behind a number */
bool lexicon_is_magnitude(const struct lexicon *lexicon, struct arena *arena, struct view text); /* "thousand", "lakh" */
bool lexicon_is_conjunction(const struct lexicon *lexicon, struct arena *arena, struct view text); /* "and", "&" */
/* Bytes of a conjunction written on to the front of the folded word (Arabic waw), or 0. */
size_t lexicon_attached_conjunction(const struct lexicon *lexicon, struct view folded);
/* Between two numbers: 1 "N out of M", 2 the other way round ("M मध्ये N"), 0 neither. */
int lexicon_out_of(const struct lexicon *lexicon, struct arena *arena, struct view text);

/*
 * Questions about a line (text without quote marks), in any language; used to cut quotes and signatures. They say what a line
 * looks like; what stands around it decides ("Thank you." may open a mail). lexicon_line() answers all of them at once.
 */
enum lexicon_line {
	LEXICON_ATTRIBUTION = 1 << 0,
	LEXICON_HEADER = 1 << 1,
	LEXICON_SEPARATOR = 1 << 2,
	LEXICON_FORWARDED = 1 << 3,
	LEXICON_CLOSING = 1 << 4,
	LEXICON_PHONE_LINE = 1 << 5,
	LEXICON_DISCLAIMER = 1 << 6,
	LEXICON_LIST_FOOTER = 1 << 7,
	LEXICON_BANNER = 1 << 8,
};
unsigned lexicon_line(const struct lexicon *lexicon, struct arena *arena, struct view line);

bool lexicon_is_attribution(const struct lexicon *lexicon, struct arena *arena, struct view line); /* "On ... X wrote:" (maybe two lines joined) */
/* "From: ...", "De : ...": 1 = From, 2 = Sent/Date, 3 = To, 4 = Subject, 5 = Cc; 0 = none. */
int lexicon_header_name(const struct lexicon *lexicon, struct arena *arena, struct view line);
bool lexicon_is_separator(const struct lexicon *lexicon, struct arena *arena, struct view line); /* "-----Original Message-----" and kin, 20 underscores */
bool lexicon_is_forwarded(const struct lexicon *lexicon, struct arena *arena, struct view line); /* "---------- Forwarded message" and kin */
bool lexicon_is_closing(const struct lexicon *lexicon, struct arena *arena, struct view line);     /* "Kind regards," alone on a line */
bool lexicon_is_phone_line(const struct lexicon *lexicon, struct arena *arena, struct view line);  /* "Sent from my iPhone" */
bool lexicon_is_disclaimer(const struct lexicon *lexicon, struct arena *arena, struct view line);  /* begins one */
bool lexicon_is_list_footer(const struct lexicon *lexicon, struct arena *arena, struct view line);
bool lexicon_is_banner(const struct lexicon *lexicon, struct arena *arena, struct view line);      /* "[EXTERNAL] ..." */

#endif
