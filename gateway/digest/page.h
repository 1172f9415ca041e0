/*
 * Page: a digest's data made into what its templates see: every number, date, name and label as text, every list in its
 * order with its separators, every bar with its width.
 *
 * Made twice from the same data: once for the HTML part, where long words get places to break, once for the text part.
 * Strings that came from outside are cleaned here of control and bidi characters; the templates escape them.
 */
#ifndef DIGEST_PAGE_H
#define DIGEST_PAGE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "digest/locale.h"
#include "digest/tools.h"

#include <jansson.h>
#include <stdbool.h>

#define PAGE_DAY (24LL * 3600 * 1000000) /* microseconds */

struct page {
	const struct digest_tools *tools;
	const json_t *data;
	const json_t *words; /* of the digest's language */
	const char *language;
	const struct locale *locale;
	struct arena *arena;
	bool html;
	size_t budget;	     /* lines that may be shown with their words */
	size_t forms_most;   /* forms with their figures */
	size_t changes_most; /* corrections, and conversations, that are shown */
	json_t *view;	     /* what is being made */
	int ordinal;	     /* of the last section */
	size_t lines, shown; /* of the digest; with their words */
	size_t urgent;	     /* lines marked so */
	const char *table;   /* name of the attached table; NULL: none */
	size_t named;	     /* lines named by number alone */
	int64_t no_country;  /* lines that name none */
};

/* Each adds its part to page->view; a part without data is left out. In this order: the sections are numbered. */
void page_words(struct page *page);		     /* what people wrote; counts the lines */
void page_missing(struct page *page);		     /* silent countries and themes, what waits for review */
void page_figures(struct page *page);		     /* trend, and each form's answers */
void page_corrections(struct page *page);	     /* of what earlier digests told */
void page_answers(struct page *page);		     /* conversations, and what became of earlier lines */
int page_head(struct page *page, struct error *err); /* names, period, in short, foot: uses the others */
void page_number_sections(struct page *page);

/* The lines of one group. See page_line.c. */
struct page_line {
	const json_t *line, *form;
	int64_t number;
	const char *group;	    /* key: lines of one group stand together */
	const char *title;	    /* of the group */
	int form_rank, option_rank; /* order of the groups */
	bool urgent, withheld, words, failure, lesson;
};

/* What decides where a line stands. */
void page_line_read(struct page *page, const json_t *line, struct page_line *out);
/* The person's role, or that there is a practitioner: where too few have it, and nobody is named. */
const char *page_line_role(struct page *page, const json_t *line);
/* The line as the templates see it. */
json_t *page_line_view(struct page *page, const struct page_line *line, bool any_verified, bool under_theme);

/* ---- shared by the parts ---- */

/* A value from outside: control and bidi characters dropped, in HTML words over 40 letters get a place to break
 * every 20. */
const char *page_clean(struct page *page, struct view value);
const char *page_string(struct page *page, const json_t *object, const char *key);
int64_t page_int(const json_t *object, const char *key);
bool page_has(const json_t *object, const char *key); /* there and not null */
const char *page_number(struct page *page, int64_t value);
/* "#0042": ASCII digits in every language. */
const char *page_line_number(struct page *page, int64_t number);
void page_set(json_t *object, const char *key, const char *value);
/* Gives each object of the array its "sep" (but the last), and "later" to all but the first. */
void page_separate(struct page *page, json_t *array, const char *separator);
const char *page_list_separator(struct page *page);
const char *page_country(struct page *page, const char *code);
/* Bar of a part of a whole: "part" and "rest" in per cent, each left out when 0. */
void page_bar(struct page *page, json_t *row, int64_t part, int64_t whole);
/* One of the words, rendered with what `view` holds; "" when it cannot be. */
const char *page_word(struct page *page, const char *name, const json_t *view);
const json_t *page_form(const struct page *page, const char *id);
/* Tally marks: one a reply, or as many as fit. */
const char *page_tally(struct page *page, int64_t part, int64_t most);

#endif
