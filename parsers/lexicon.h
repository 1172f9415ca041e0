/*
 * Lexicon: the words of the languages (config/languages/<code>.yaml, one file a language): compiled once, immutable.
 *
 * A new language is a new file; what is missing in it falls back to English or is not known in that language. Keys, of
 * which all but `language` may be left out:
 *
 *   language             its code ("fr")
 *   words                texts around a request: greeting, purpose, instruction, reference, one_or_more_of, yes, no;
 * those of a conversation (talk_...) are mustache templates yes, no, no_answer   lists of words that are an answer, or
 * none and, and_attached    conjunctions; those written on to the next word out_of               what stands between 4
 * and 5 in "4 out of 5"; out_of_reversed: in "5 ... 4" magnitudes           words that make the number before them
 * another one ("thousand"): for review months               twelve lists of names, January first; date_particles
 * ("of"), ordinals ("rd") countries            alpha-2 code: name, or a list of names with the one to print first skip,
 * order_read, order_used, order_not_used, order_ask_again, order_assign    what policy staff write behind the number of
 * a digest's line (order.h)
 * back, stop     lists of words by which a person leads a conversation (see outreach/conversation.h) greetings lists of
 * words that say in which language somebody begins one articles             may stand before a country's name;
 * articles_attached: written on to it shared_country_names name no country when they stand alone ("Congo") mail lists:
 * from, sent, to, subject, cc (header names); separators, forwarded, closings (the words of a line, less dashes and
 * marks); templates of a whole line: attributions, phone_lines; of a line's beginning: closing_lines, disclaimers,
 * list_footers, banners. In a template {date} holds a digit, {name} something, {any} anything; {end} is the line's end;
 * a comma may be missing
 *
 * A file without `language` adds the `mail` of languages in which no form is written (mail.yaml), or has `alpha3`, a
 * mapping from alpha-2 to alpha-3 codes (codes.yaml). A word that already stands for something else is refused.
 *
 * Everything is compared folded: case, accents, kinds of apostrophe and hyphen, bidi marks make no difference.
 */
#ifndef PARSERS_LEXICON_H
#define PARSERS_LEXICON_H

#include "parsers/parsers.h"

struct lexicon;

/* Errors: "FILE:LINE:COLUMN: what", reach STOP. Needs unicode_open() before. */
int lexicon_new(const struct parse_source *languages, size_t count, struct lexicon **out, struct error *err);
void lexicon_free(struct lexicon **lexicon);

size_t lexicon_language_count(const struct lexicon *lexicon);
const char *lexicon_language(const struct lexicon *lexicon, size_t index); /* "en" */

/* A word around the request ("greeting", "reference", "yes", ...), English as fall-back; NULL. */
const char *lexicon_word(const struct lexicon *lexicon, const char *key, const char *language);

/*
 * ISO 3166-1 alpha-2 of a name or alpha-2/alpha-3 code in any language (text is folded here); NULL: unknown, or a name
 * that several countries share ("Congo"), which ambiguous_out then says.
 */
const char *lexicon_country(const struct lexicon *lexicon, struct arena *arena, struct view text, bool *ambiguous_out);
/* Name for people. */
const char *lexicon_country_name(const struct lexicon *lexicon, const char *code, const char *language);
/* The one country whose name is a slip of the pen away or stands among other words, or NULL: never an answer. */
const char *lexicon_country_near(const struct lexicon *lexicon, struct arena *arena, struct view text);

/* Nothing at all, "-", "--", "?", "n/a". */
bool lexicon_is_no_answer(const struct lexicon *lexicon, struct arena *arena, struct view text);
/* 1 yes, 0 no, -1 neither. */
int lexicon_yes_no(const struct lexicon *lexicon, struct arena *arena, struct view text);
/* What the whole text says to who asks: 1 skip, 2 back, 3 stop, 0 none of them. */
int lexicon_command(const struct lexicon *lexicon, struct arena *arena, struct view text);
/* What the whole text tells us to do with a line of a digest: an enum order_verb (order.h), 0 none. */
int lexicon_order(const struct lexicon *lexicon, struct arena *arena, struct view text);
/* The language in which the whole text greets, or NULL. */
const char *lexicon_greeting(const struct lexicon *lexicon, struct arena *arena, struct view text);
/* The words of a language's list ("stop"), as they stand in its file: calls `each` with each. */
void lexicon_list(
	const struct lexicon *lexicon, const char *key, void (*each)(void *context, const char *word), void *context);
/* The first of a month's names in a language; NULL: it has none. */
const char *lexicon_month_name(const struct lexicon *lexicon, int month, const char *language);
/* 1 to 12, or 0. */
int lexicon_month(const struct lexicon *lexicon, struct arena *arena, struct view text);
/* "de", "of". */
bool lexicon_is_date_particle(const struct lexicon *lexicon, struct arena *arena, struct view text);
/* "er", "rd" behind a number. */
bool lexicon_is_ordinal(const struct lexicon *lexicon, struct arena *arena, struct view text);
/* "thousand", "lakh". */
bool lexicon_is_magnitude(const struct lexicon *lexicon, struct arena *arena, struct view text);
/* "and", "&". */
bool lexicon_is_conjunction(const struct lexicon *lexicon, struct arena *arena, struct view text);
/* Bytes of a conjunction written on to the front of the folded word (Arabic waw), or 0. */
size_t lexicon_attached_conjunction(const struct lexicon *lexicon, struct view folded);
/* Between two numbers: 1 "N out of M", 2 the other way round ("M मध्ये N"), 0 neither. */
int lexicon_out_of(const struct lexicon *lexicon, struct arena *arena, struct view text);

/*
 * Questions about a line (text without quote marks), in any language; used to cut quotes and signatures. They say what
 * a line looks like; what stands around it decides ("Thank you." may open a mail). lexicon_line() answers all at once.
 */
enum lexicon_line {
	LEXICON_ATTRIBUTION = 1 << 0, /* "On ... X wrote:" (join it first where it is wrapped) */
	LEXICON_HEADER = 1 << 1,      /* "From: ...", see lexicon_header_name() */
	LEXICON_SEPARATOR = 1 << 2,   /* "-----Original Message-----" and kin, 20 underscores */
	LEXICON_FORWARDED = 1 << 3,   /* "---------- Forwarded message" and kin */
	LEXICON_CLOSING = 1 << 4,     /* "Kind regards," alone on a line, or with a name behind the comma */
	LEXICON_PHONE_LINE = 1 << 5,  /* "Sent from my iPhone" */
	LEXICON_DISCLAIMER = 1 << 6,  /* begins one */
	LEXICON_LIST_FOOTER = 1 << 7,
	LEXICON_BANNER = 1 << 8, /* "[EXTERNAL] ..." */
};
unsigned lexicon_line(const struct lexicon *lexicon, struct arena *arena, struct view line);

/*
 * For people: which file of words knows this line as one of that kind: "fr" of a language's file, the name of another
 * ("mail.yaml"); NULL: none does. Slow.
 */
const char *lexicon_origin(
	const struct lexicon *lexicon, struct arena *arena, enum lexicon_line kind, struct view line);

/* One of them alone: of lines that were joined. */
bool lexicon_is_attribution(const struct lexicon *lexicon, struct arena *arena, struct view line);
/* "From: ...", "De : ...": 1 From, 2 Sent or Date, 3 To, 4 Subject, 5 Cc, 0 none. */
int lexicon_header_name(const struct lexicon *lexicon, struct arena *arena, struct view line);

/* The same for who has the line folded (unicode_fold()) already. */
unsigned lexicon_folded_line(const struct lexicon *lexicon, struct arena *arena, struct view line, struct view folded);
int lexicon_folded_header(const struct lexicon *lexicon, struct arena *arena, struct view line, struct view folded);

#endif
