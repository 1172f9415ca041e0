/*
 * What the files of the HTML reader share; nobody else includes it.
 *
 * html_clean.c makes any bytes harmless for the parser, html.c drives libxml2, html_render.c follows the elements,
 * html_lines.c builds the lines, html_marks.c knows what mail clients mean by their classes and styles.
 */
#ifndef PARSERS_HTML_PRIVATE_H
#define PARSERS_HTML_PRIVATE_H

#include "parsers/html.h"

#define HTML_ATTRIBUTES_MAX 200		   /* of one tag; what follows is dropped */
#define HTML_TAG_MAX ((size_t)64 * 1024)   /* bytes of one attribute's value that is kept */
#define HTML_EFFORT_MAX ((size_t)30000000) /* end tags times open elements: libxml2 looks through all that are open */

/* ---- html_clean.c ---- */

/*
 * Copies tags and text; drops comments, <!...>, <?...>, scripts and styles; a "<" that begins no tag becomes "&lt;". Of
 * a tag's attributes only start, value and alt stay; what the others say comes out as one of our own, HTML_MARKS.
 * Linear. False: something was cut off at the limits.
 */
bool html_clean(struct view html, struct text *out);

#define HTML_MARKS "m" /* the attribute's name: enum html_mark, as a decimal number */

/* ---- html_marks.c ---- */

/* Of a tag, as they were written. */
struct html_attributes {
	struct view class, style, id, type, start, value, hidden, tabindex, cite, alt;
};

enum html_mark {
	MARK_HIDDEN = 1 << 0, /* not to be seen */
	MARK_BOLD = 1 << 1,   /* font-weight set one way ... */
	MARK_LIGHT = 1 << 2,  /* ... or the other */
	MARK_PRESERVE = 1 << 3,	  /* white space counts */
	MARK_TIGHT = 1 << 4,	  /* a paragraph without margins */
	MARK_INDENT = 1 << 5,	  /* a blockquote that only indents */
	MARK_QUOTED = 1 << 6,	  /* a bar at the left: a quote without <blockquote> */
	MARK_BOUNDARY = 1 << 7,	  /* an older mail begins here */
	MARK_SIGNATURE = 1 << 8,
	MARK_LIST = 1 << 9,	  /* Word's own bullet or number */
	MARK_REPLY_RULE = 1 << 10, /* if it is an <hr>: a client puts it before an older mail */
};

/* What a tag's attributes say: enum html_mark. */
unsigned html_marks_read(const struct html_attributes *attributes);

/* ---- html_lines.c ---- */

struct lines {
	struct arena *arena;
	struct text out;	/* what becomes the part's text */
	struct mail_line *list; /* `text` is set at the end, when `out` stays where it is */
	size_t count, size;
	size_t *rules; /* lines that follow a rule (<hr>) */
	size_t rule_count, rule_size;
	struct mail_line line; /* the one that is being written */
	bool open;
	bool space;		      /* white space was seen in it */
	bool gap;		      /* a margin: a blank line before the next one */
	bool cell_fresh;	      /* no line of the cell was written yet: no margin above it */
	size_t letters, bold_letters; /* of it */
	char marker[32];	      /* of a list item, before its first line */
	bool in_marker;		      /* inside Word's own marker */
	bool fresh;		      /* directly behind <pre>: a line end there is none */
	/* What the elements around say. */
	int row, cell, quote, signature;
	bool bold, preserve, boundary, rule;
};

/* The list with room for one more item. */
void *html_grow(struct arena *arena, void *list, size_t count, size_t *size, size_t item);
void lines_begin(struct lines *lines); /* no-op in an open line */
void lines_end(struct lines *lines);   /* no-op when none is open */
void lines_break(struct lines *lines); /* <br> */
void lines_gap(struct lines *lines);   /* ends the line; a blank one comes before the next */
void lines_text(struct lines *lines, struct view text);
void lines_end_marker(struct lines *lines);
/* Counts quote marks that were typed, or came from a plain text, as levels; needs the lines' `text`. */
void lines_take_marks(struct lines *lines);

/* ---- html_render.c ---- */

struct render;

struct render *render_new(struct arena *arena);
/* `marks`: enum html_mark. Of the attributes start, value and alt are read. */
void render_start(struct render *render, const char *name, unsigned marks, const struct html_attributes *attributes);
void render_end(struct render *render, const char *name);
void render_text(struct render *render, struct view text);
/* Is something cut already? What follows is not looked at. */
bool render_is_full(const struct render *render);
/* Finishes; false when the text was cut at PARSE_TEXT_MAX or PARSE_LINES_MAX. */
bool render_finish(struct render *render, struct view *text_out, const struct mail_line **lines_out, size_t *count_out);

#endif
