/*
 * Text: a view (pointer and length, owns nothing) and a growing buffer with a maximum given at its birth.
 *
 * All that comes from the network is a view; no strlen on input. A text buffer keeps a NUL behind its bytes (not
 * counted). Appending beyond the maximum sets `full`, drops the rest and returns -1: the caller decides once, at the
 * end.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct view {
	const char *ptr; /* may be NULL only when len is 0 */
	size_t len;      /* bytes */
};

#define VIEW_NULL ((struct view){NULL, 0})
/* For string literals. */
#define VIEW(literal) ((struct view){"" literal, sizeof(literal) - 1})
/* For printf's "%.*s". */
#define VIEW_ARGS(v) (int)(v).len, (v).ptr ? (v).ptr : ""

/* NULL gives an empty view. */
static inline struct view view_of(const char *text)
{
	return text ? (struct view){text, strlen(text)} : VIEW_NULL;
}

/* Clamped to the view. */
static inline struct view view_sub(struct view v, size_t from, size_t len)
{
	if (from > v.len)
		from = v.len;
	if (len > v.len - from)
		len = v.len - from;
	return (struct view){v.ptr ? v.ptr + from : NULL, len};
}

static inline bool view_equal(struct view a, struct view b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool view_starts(struct view v, struct view prefix)
{
	return v.len >= prefix.len && view_equal(view_sub(v, 0, prefix.len), prefix);
}

bool view_same_nocase(const char *a, const char *b, size_t len);
/* ASCII case only. */
static inline bool view_equal_nocase(struct view a, struct view b)
{
	return a.len == b.len && view_same_nocase(a.ptr, b.ptr, a.len);
}

bool view_starts_nocase(struct view v, struct view prefix);
bool view_ends(struct view v, struct view suffix);
struct view view_trim(struct view v);                   /* ASCII white space at both ends */
struct view view_trim_end(struct view v);
/* Position of the needle or -1. */
ptrdiff_t view_find(struct view v, struct view needle);
ptrdiff_t view_find_nocase(struct view v, struct view needle);
ptrdiff_t view_find_char(struct view v, char c);
/* Takes the next line off *rest (without its LF or CRLF). Returns false when there is none left. */
bool view_next_line(struct view *rest, struct view *line_out);
/* Splits off what stands before the first `separator`; the whole rest if there is none. False when *rest is used up. */
bool view_next_field(struct view *rest, char separator, struct view *field_out);
/* A whole decimal number within [min, max]; 0 or -1. */
int view_to_int(struct view v, long long min, long long max, long long *value_out);

struct text {
	char *ptr;
	size_t len;
	size_t size;    /* allocated */
	size_t maximum; /* bytes it may hold at most */
	bool full;      /* something was dropped */
};

void text_init(struct text *text, size_t maximum);
void text_release(struct text *text);
void text_reset(struct text *text);
int text_add(struct text *text, const void *data, size_t len);
int text_add_view(struct text *text, struct view v);
int text_add_string(struct text *text, const char *string);
int text_add_char(struct text *text, char c);
int text_add_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Cuts to len bytes (no-op when shorter). */
void text_cut(struct text *text, size_t len);
struct view text_view(const struct text *text);
/* Never NULL. */
const char *text_string(const struct text *text);

#define TEXT_SCOPED __attribute__((cleanup(text_release))) struct text

#endif
