/*
 * Label (private to parsers/): every label of every form and language in one table, and the lines that carry one.
 *
 * The table is keyed by the folded label (unicode_fold): case, accents, Unicode form and invisible marks do not matter.
 * One label may belong to several fields ("Programme" in English and French, in two forms); the reply decides which is
 * meant once its form is known.
 *
 * A line carries a label when it begins, behind bullets, emphasis and a number, with the label's words, its hint in
 * brackets or not, and a separator: a colon of any kind, a tab, `=`, or a dash with a space beside it. In a table cell
 * the cell's end separates too.
 */
#ifndef PARSERS_LABEL_H
#define PARSERS_LABEL_H

#include "parsers/mail.h"
#include "parsers/parsers.h"

#define LABEL_HINT_LINES_MAX 20 /* lines that a wrapped label with its hint may take */
#define LABEL_WRAP_MAX 5	/* lines that a label's words may take */
#define LABEL_HINT_MAX 4000	/* bytes of a hint; beyond it the bracket is no hint */
#define LABEL_TRIES_MAX 8	/* separators of a line that are tried */

/* One meaning of a label. */
struct label_use {
	const struct form *form;
	const struct field *field; /* NULL: the form's title */
	const char *language;
};

struct label {
	struct view folded;
	const struct label_use *uses; /* at least one */
	size_t use_count;
};

struct label_table;

/* An empty table that lives in the arena and is filled by label_add(), then closed for reading by its owner. */
struct label_table *label_table_new(struct arena *arena);
void label_add(struct label_table *table, struct arena *arena, const char *text, struct label_use use);
/* text: not folded; NULL when it is no label. */
const struct label *label_find(const struct label_table *table, struct arena *scratch, struct view text);
const struct label *label_find_folded(const struct label_table *table, struct view folded);
/* Bytes of the longest label, folded. */
size_t label_longest(const struct label_table *table);
/* Does a longer label begin with these words? (A label may be wrapped.) text: not folded. */
bool label_begins(const struct label_table *table, struct arena *scratch, struct view text);
/*
 * Bytes of the longest label that the folded text begins with; of the longest there is where the text is but a label's
 * beginning. 0 for most texts, and soon.
 */
size_t label_reach(const struct label_table *table, struct view folded);
/* As much of a text folded as that needs. */
struct view label_fold_head(struct arena *scratch, struct view text);
/* Every label that stands in the folded text as whole words, in the order of their first mention (for titles). */
size_t label_find_all(
	const struct label_table *table, struct arena *arena, struct view folded, const struct label ***out);

/* What the beginning of a line says. */
struct label_hit {
	const struct label *label; /* NULL: a number alone */
	int number;		   /* before the label; 0: none */
	uint32_t sign;	    /* behind the number: '.', ')', '-', ':', or ' ' in a message of a channel; 0: no number */
	bool lower;	    /* the label begins with a lower-case letter */
	bool bullet;	    /* a bullet stands before it */
	struct view hint;   /* what stands in the brackets; empty: dropped */
	size_t lines;	    /* that the label and its hint take, at least 1; `rest` stands on the last one */
	struct view rest;   /* what follows the separator on that line, trimmed */
	struct view behind; /* what follows the number on the first line, label or not, trimmed */
};

/*
 * Does lines[at] carry a label, or a number that may stand for one? `folded`: that line, folded. `channel`: a bare
 * space behind a number is enough.
 * The caller decides whether a number alone means a field.
 */
bool label_read(const struct label_table *table, struct arena *scratch, const struct mail_line *lines, size_t count,
	size_t at, struct view folded, bool channel, struct label_hit *out);

/* Bullets, emphasis, white space and invisible marks at the start or the end of a line. */
struct view label_trim(struct view text);

#endif
