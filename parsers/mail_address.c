/* mail_address: the first mailbox of an address field, however badly it is written. See mail_private.h. */
#include "base/unicode.h"
#include "parsers/mail_private.h"

#define ADDRESS_MAX 1024 /* bytes behind "<" among which the "@" is looked for */

struct scan {
	ptrdiff_t angle;     /* "<" outside quotes and comments that an "@" follows */
	ptrdiff_t colon;     /* the last ":" outside of them before it: the end of a group's name */
	struct view comment; /* inside the first "(...)" */
};

/* Is there an "@" before the ">" (or the end) of what follows? */
static bool angle_holds_address(struct view v, size_t angle)
{
	struct view rest = view_sub(v, angle, ADDRESS_MAX);
	ptrdiff_t at = view_find_char(rest, '@'), end = view_find_char(rest, '>');

	return at >= 0 && (end < 0 || at < end);
}

static struct scan address_scan(struct view v)
{
	struct scan scan = {-1, -1, VIEW_NULL};
	size_t comment = 0, open = 0;
	bool in_quotes = false;

	for (size_t i = 0; i < v.len; i++) {
		char c = v.ptr[i];

		if (c == '\\') {
			i++;
		} else if (c == '"' && open == 0) {
			in_quotes = !in_quotes;
		} else if (!in_quotes && c == '(') {
			if (open++ == 0)
				comment = i + 1;
		} else if (!in_quotes && c == ')' && open > 0) {
			if (--open == 0 && scan.comment.ptr == NULL)
				scan.comment = view_sub(v, comment, i - comment);
		} else if (!in_quotes && open == 0 && c == ':') {
			scan.colon = (ptrdiff_t)i;
		} else if (!in_quotes && open == 0 && c == '<' && angle_holds_address(v, i)) {
			scan.angle = (ptrdiff_t)i;
			return scan;
		}
	}
	/* A quote that never closes may hide it. */
	if (in_quotes || open > 0) {
		scan.angle = view_find_char(v, '<');
		if (scan.angle >= 0 && !angle_holds_address(v, (size_t)scan.angle))
			scan.angle = -1;
	}
	return scan;
}

/* "<@relay,@relay:user@host>" and white space inside undone; UTF-8. */
static struct view address_clean(struct arena *arena, struct view v)
{
	struct view decoded = unicode_decode(arena, view_trim(v), VIEW_NULL);
	ptrdiff_t colon = view_starts(decoded, VIEW("@")) ? view_find_char(decoded, ':') : -1;
	char *out;
	size_t n = 0;

	if (colon >= 0)
		decoded = view_sub(decoded, (size_t)colon + 1, SIZE_MAX);
	out = arena_alloc(arena, decoded.len + 1);
	for (size_t i = 0; i < decoded.len; i++)
		if ((unsigned char)decoded.ptr[i] > 32 && decoded.ptr[i] != 127)
			out[n++] = decoded.ptr[i];
	return (struct view){out, n};
}

/* The quotes around a name and the backslashes in it, then its encoded words. */
static struct view name_clean(struct arena *arena, struct view v)
{
	char *out = arena_alloc(arena, v.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < v.len; i++) {
		if (v.ptr[i] == '"')
			continue;
		if (v.ptr[i] == '\\' && i + 1 < v.len)
			i++;
		out[n++] = v.ptr[i];
	}
	v = words_decode(arena, view_trim((struct view){out, n}));
	/* Outlook likes to put the whole name in single quotes. */
	return v.len > 2 && v.ptr[0] == '\'' && v.ptr[v.len - 1] == '\'' ? view_sub(v, 1, v.len - 2) : v;
}

/* The first word with an "@" in a field that has no angle bracket. */
static struct view bare_address(struct view v)
{
	static const char *ends = " \t,;:()<>\"";
	ptrdiff_t at = view_find_char(v, '@');
	size_t from, to;

	if (at < 0)
		return VIEW_NULL;
	for (from = (size_t)at; from > 0 && !strchr(ends, v.ptr[from - 1]); from--)
		;
	for (to = (size_t)at; to < v.len && !strchr(ends, v.ptr[to]); to++)
		;
	return view_sub(v, from, to - from);
}

void address_read(struct arena *arena, struct view value, struct view *name_out, struct view *address_out)
{
	struct view v = header_unfold(arena, value), name, rest;
	struct scan scan = address_scan(v);
	ptrdiff_t end;

	if (scan.angle < 0) {
		*address_out = address_clean(arena, bare_address(v));
		*name_out = name_clean(arena, scan.comment);
		return;
	}
	name = view_sub(v, 0, (size_t)scan.angle);
	if (scan.colon >= 0)
		name = view_sub(name, (size_t)scan.colon + 1, SIZE_MAX);
	rest = view_sub(v, (size_t)scan.angle + 1, SIZE_MAX);
	end = view_find_char(rest, '>');
	*address_out = address_clean(arena, end < 0 ? bare_address(rest) : view_sub(rest, 0, (size_t)end));
	*name_out = name_clean(arena, view_trim(name).len ? name : scan.comment);
}
