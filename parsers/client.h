/*
 * Client (private to parsers/): simulated mail clients, for the proof that what we send can be answered.
 *
 * A client is data (config/clients/<name>.yaml, read by client_load.c); the engine that applies it is this:
 *
 *     client_answer.c    an answer to a field, in a language, in one of the ways it may be written
 *     client_pattern.c   a text that a regex matches
 *     client_letter.c    the reply as lines: own words, head of the quote, the quoted form, answers where the style
 *                        puts them
 *     client_text.c      the lines as a text part: quote marks, wrapping, format=flowed
 *     client_html.c      the lines as HTML: frames, quotes, the form's table
 *     client_mail.c      both as a mail: headers, charset, transfer encoding
 *
 * Keys of a client; templates are in braces, a text by language falls back to English:
 *
 *   client        its name
 *   channel       yes: no mail but a message of a channel
 *   parts         text, html or both
 *   subject       template: {subject} ("Re: {subject}")
 *   headers       mapping of header to value
 *   charset       a charset or a list: the first that can hold the mail; else utf-8
 *   encoding      quoted-printable, base64 or 8bit
 *   styles        list of the ways answers are given: copy-above, copy-below, labels-above, labels-below,
 *                 numbers-above, numbers-below, between, in-place, cells
 *   quote         no: what is answered is not quoted
 *   attribution   by language, one line or several (a header block): {name} {address} {to} {subject}
 *   signature     by language: lines below the sender's name
 *   banner        by language: lines that a gateway writes above all else
 *   footer        by language: lines that a gateway or a list writes below all else, the quote too
 *   thread        none; older: a mail of the practitioner's own, with other answers, is quoted below the request;
 *                 own-reply: what is answered is such a mail, and the request stands quoted in it (no styles that
 *                 answer in the quote)
 *   text          mark (before a quoted line), wrap (columns of own lines, 0: none), quote_wrap, flowed, delsp,
 *                 cells (below, same, tab: how an answer cell becomes text), broken (yes: a line that is wrapped in the
 *                 quote goes on without the mark)
 *   html          page {body}, own {lines}, attribution {line}, frame {lines}, quote {lines}, line {line}, blank,
 *                 cell {line}, empty_cell; table: flat (as sent), pair (label and answer side by side), lines;
 *                 lists (yes: what begins with a dash or a number and a point becomes <ul> and <ol>)
 *   fault         what a broken client does: drop: N, swap: [N, M], merge: N (with the next one); a proof that passes
 *                 with it is none
 *
 * and of answers.yaml: countries (codes to answer with), answers by language: name, greeting, intro, closing, lines,
 * texts ({label}: the label of some other field), amounts ("{n} people"), dates ("{d} {month} {y}"), notes (behind yes
 * or no).
 */
#ifndef PARSERS_CLIENT_H
#define PARSERS_CLIENT_H

#include "parsers/form.h"

enum client_style {
	STYLE_COPY_ABOVE,
	STYLE_COPY_BELOW,
	STYLE_LABELS_ABOVE,
	STYLE_LABELS_BELOW,
	STYLE_NUMBERS_ABOVE,
	STYLE_NUMBERS_BELOW,
	STYLE_BETWEEN,
	STYLE_IN_PLACE,
	STYLE_CELLS,
	STYLE_COUNT,
};

enum client_parts { PARTS_TEXT, PARTS_HTML, PARTS_BOTH };
enum client_encoding { ENCODING_QUOTED_PRINTABLE, ENCODING_BASE64, ENCODING_8BIT };
enum client_cells { CELLS_BELOW, CELLS_SAME, CELLS_TAB };
enum client_table { TABLE_FLAT, TABLE_PAIR, TABLE_LINES };
enum client_thread { THREAD_NONE, THREAD_OLDER, THREAD_OWN_REPLY };

struct client {
	const char *name;
	const struct yaml_node *node; /* of its file */
	bool channel;
	int parts, encoding;
	const char *subject;
	const struct yaml_node *headers, *charset, *attribution, *signature, *banner, *footer; /* NULL: none */
	int thread;
	bool styles[STYLE_COUNT];
	bool quotes;
	const char *mark;
	long long wrap, quote_wrap;
	bool flowed, delsp, broken;
	int cells;
	const char *page, *own, *attribution_html, *frame, *quote, *line, *blank, *cell, *empty_cell;
	int table;
	bool lists;
	long long drop, swap[2], merge; /* numbers of answers, from 1; 0: none */
};

/* The words that stand around answers and in them, by language. */
struct client_words {
	const struct yaml_node *answers;    /* mapping: language -> its texts */
	const struct yaml_node *countries;  /* list of codes */
	const struct yaml_node *alpha3;	    /* mapping, or NULL */
	const struct yaml_node **languages; /* the language files */
	size_t language_count;
};

struct clients {
	struct arena *arena;
	struct client *list;
	size_t count;
	struct client_words words;
};

const char *client_style_name(int style);
/* Reads one file, a client or answers.yaml. -1 with FILE:LINE:COLUMN. */
int client_load(struct clients *clients, const struct parse_source *source, struct error *err);
/* The text in a language, or in English, or the first there is; NULL: none. */
const char *client_word(const struct yaml_node *by_language, const char *language);
/* texts of answers.yaml: the list of that key in the language, or in English; NULL. */
const struct yaml_node *client_list(const struct client_words *words, const char *language, const char *key);
/* Item `turn` of a list, going round. */
const char *client_item(const struct yaml_node *list, unsigned turn);
/* A key of a language's file, or NULL. */
const struct yaml_node *client_language(const struct client_words *words, const char *language, const char *key);

/* ---- one reply ---- */

/* An answer that was given, and the value it must come back as. */
struct given {
	const struct field *field;
	const char *text; /* lines parted by LF; NULL: left out */
	json_t *want;	  /* NULL: nothing; owned by the letter */
	int line;	  /* of the reply's text, from 1; 0: nowhere */
};

enum letter_kind {
	LETTER_WORDS,
	LETTER_BLANK,
	LETTER_HEAD, /* attribution or header block; never marked */
	LETTER_LABEL,
	LETTER_ANSWER, /* a line of an answer below its label */
};

struct letter_line {
	enum letter_kind kind;
	int level;	     /* 0: own, 1: the mail that is answered, 2: one that is quoted in it */
	const char *text;    /* BOLD_ON and BOLD_OFF round what is bold */
	struct given *given; /* LETTER_LABEL, LETTER_ANSWER and the first line of an answer; or NULL */
};

#define BOLD_ON '\001'
#define BOLD_OFF '\002'
#define LETTER_LINES_MAX 1500

struct letter {
	struct arena *arena;
	const struct clients *clients;
	const struct client *client;
	const struct forms *forms;
	const struct form *form;
	const char *language; /* of the request */
	const char *own;      /* of the answers; the same, but for labels of another language */
	int style;
	unsigned turn; /* which spelling, dress, values */
	bool silent;   /* nothing is answered: a word of greeting and the untouched quote */
	const char *reference;
	struct given *given; /* one a field */
	struct letter_line *lines;
	size_t count;
};

/* The reply's bytes: a mail, or a channel's text. letter->client and so on are filled in; the rest is made here. */
struct view client_mail(struct letter *letter);
void letter_release(struct letter *letter);

/* The steps of it. */
void letter_write(struct letter *letter);
struct view client_text(struct letter *letter);
struct view client_html(struct letter *letter);
/* Values for all fields. */
void client_answer_all(struct letter *letter);
/* A text that matches the regex, another one each turn; NULL: of a kind that is not made. */
const char *client_pattern(struct arena *arena, const char *pattern, unsigned turn);
/* Template with {key} replaced, pairs of key and value, NULL at the end. */
const char *client_fill(struct arena *arena, const char *text, ...) __attribute__((sentinel));
/* A number below `count` that depends on turn and salt alone. */
unsigned client_pick(unsigned turn, unsigned salt, size_t count);
/* A mail of ours in HTML, quoted untouched below a few own words: the page, and the mail with it alone. */
struct view client_quoted_html(struct letter *letter, struct view html);
struct view client_quoted_mail(struct letter *letter, struct view html);
/* The words of the request around the form, wrapped at a width and with a mark; then the form, untouched. */
struct view client_quoted(struct arena *arena, struct view text, size_t width, const char *mark);

#endif
