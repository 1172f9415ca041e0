/*
 * html_clean: one linear pass over HTML before the parser sees it. See html_private.h.
 *
 * A browser forgives anything in linear time; libxml2 does not (50,000 attributes take it seconds, unmatched end tags
 * as well), and shows Outlook's <![if ...]> as text. So tags are copied with the few attributes that are used, and
 * nothing else.
 */
#include "parsers/html_private.h"

struct cleaner {
	struct view html;
	size_t at;
	struct text *out;
	bool no_quotes; /* a quote was seen never to close: from here on a tag ends at the first ">" */
	size_t bracket; /* where the next "<" stands at or behind `at`; below `at`: not known */
	bool no_style, no_script, no_comment, no_bracket; /* its end does not follow any more: not looked for again */
	size_t depth;					  /* open elements, at most */
	size_t effort;
};

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static struct view rest_of(const struct cleaner *cleaner)
{
	return view_sub(cleaner->html, cleaner->at, SIZE_MAX);
}

/* ---- tags ---- */

struct tag {
	struct view name;
	struct view attributes; /* all of them */
	bool end;
	size_t length; /* from "<" to ">" */
};

/* Offset behind the ">" that ends the tag, quotes minded; 0 when it does not end. */
static size_t tag_end(struct view v, size_t at)
{
	bool value = false;

	while (at < v.len && v.ptr[at] != '>') {
		if ((v.ptr[at] == '"' || v.ptr[at] == '\'') && value) {
			const char *close = memchr(v.ptr + at + 1, v.ptr[at], v.len - at - 1);

			if (!close)
				return 0;
			at = (size_t)(close - v.ptr);
		}
		value = v.ptr[at] == '=' || (value && is_space(v.ptr[at]));
		at++;
	}
	return at < v.len ? at + 1 : 0;
}

/* Where the next ">" stands behind the place, -1 when there is none. */
static ptrdiff_t find_bracket(struct cleaner *cleaner, size_t from)
{
	ptrdiff_t found = cleaner->no_bracket ? -1 : view_find_char(view_sub(rest_of(cleaner), from, SIZE_MAX), '>');

	cleaner->no_bracket = found < 0;
	return found;
}

static bool tag_read(struct cleaner *cleaner, struct tag *out)
{
	struct view v = rest_of(cleaner);
	size_t at = 1, name, end = 0;
	ptrdiff_t bracket;

	out->end = v.len > 1 && v.ptr[1] == '/';
	at += out->end;
	if (at >= v.len || !is_letter(v.ptr[at]))
		return false;
	name = at;
	while (at < v.len && !is_space(v.ptr[at]) && v.ptr[at] != '>' && v.ptr[at] != '/' && v.ptr[at] != '<')
		at++;
	if (at - name > 64)
		return false;
	if (!cleaner->no_quotes)
		end = tag_end(v, at);
	if (end == 0) {
		cleaner->no_quotes = true;
		bracket = find_bracket(cleaner, at);
		if (bracket < 0)
			return false;
		end = at + (size_t)bracket + 1;
	}
	out->name = view_sub(v, name, at - name);
	out->attributes = view_sub(v, at, end - 1 - at);
	out->length = end;
	return true;
}

/* What may stand before an attribute's name by mistake. */
static bool is_stray(char c)
{
	return c == '/' || c == '=' || c == '"' || c == '\'' || c == '\0';
}

/* The next name=value; 1, or 0 at the end. */
static int attribute_next(struct view *rest, struct view *name_out, struct view *value_out)
{
	struct view v = *rest;
	size_t at = 0, from;

	while (at < v.len && (is_space(v.ptr[at]) || is_stray(v.ptr[at])))
		at++;
	from = at;
	while (at < v.len && !is_space(v.ptr[at]) && v.ptr[at] != '=' && v.ptr[at] != '/')
		at++;
	*name_out = view_sub(v, from, at - from);
	*value_out = VIEW_NULL;
	while (at < v.len && is_space(v.ptr[at]))
		at++;
	if (at < v.len && v.ptr[at] == '=') {
		for (at++; at < v.len && is_space(v.ptr[at]);)
			at++;
		from = at;
		if (at < v.len && (v.ptr[at] == '"' || v.ptr[at] == '\'')) {
			ptrdiff_t close = view_find_char(view_sub(v, at + 1, SIZE_MAX), v.ptr[at]);

			from++;
			at = close < 0 ? v.len : from + (size_t)close;
			*value_out = view_sub(v, from, at - from);
			at += at < v.len;
		} else {
			while (at < v.len && !is_space(v.ptr[at]))
				at++;
			*value_out = view_sub(v, from, at - from);
		}
	}
	*rest = view_sub(v, at, SIZE_MAX);
	return name_out->len > 0;
}

/* Where the attribute's value is kept; NULL: it is not used. */
static struct view *slot_of(struct html_attributes *attributes, struct view name)
{
	const struct {
		struct view name;
		struct view *slot;
	} known[] = {
		{VIEW("class"), &attributes->class},
		{VIEW("style"), &attributes->style},
		{VIEW("id"), &attributes->id},
		{VIEW("type"), &attributes->type},
		{VIEW("start"), &attributes->start},
		{VIEW("value"), &attributes->value},
		{VIEW("hidden"), &attributes->hidden},
		{VIEW("tabindex"), &attributes->tabindex},
		{VIEW("cite"), &attributes->cite},
		{VIEW("alt"), &attributes->alt},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (view_equal_nocase(name, known[i].name))
			return known[i].slot;
	return NULL;
}

/* Of several of one name the first counts. */
static void read_attributes(struct view rest, struct html_attributes *out)
{
	struct view name, value, *slot;

	for (int i = 0; i < HTML_ATTRIBUTES_MAX && attribute_next(&rest, &name, &value) == 1; i++) {
		slot = value.len > HTML_TAG_MAX ? NULL : slot_of(out, name);
		if (slot && !slot->ptr)
			*slot = value.ptr ? value : VIEW("");
	}
}

static void copy_attribute(struct text *out, const char *name, struct view value)
{
	char quote = view_find_char(value, '"') < 0 ? '"' : '\'';

	if (value.len == 0 || view_find_char(value, quote) >= 0)
		return;
	text_add_format(out, " %s=%c", name, quote);
	text_add_view(out, value);
	text_add_char(out, quote);
}

static void copy_attributes(struct cleaner *cleaner, struct view rest)
{
	struct html_attributes attributes = {0};
	unsigned marks;

	if (rest.len == 0)
		return;
	read_attributes(rest, &attributes);
	marks = html_marks_read(&attributes);
	if (marks)
		text_add_format(cleaner->out, " " HTML_MARKS "=%u", marks);
	copy_attribute(cleaner->out, "start", attributes.start);
	copy_attribute(cleaner->out, "value", attributes.value);
	copy_attribute(cleaner->out, "alt", attributes.alt);
}

static bool is_void(struct view name)
{
	static const struct view names[] = {
		VIEW("br"), VIEW("hr"), VIEW("img"), VIEW("meta"), VIEW("link"), VIEW("input"), VIEW("wbr"),
		VIEW("col"), VIEW("base"), VIEW("area")};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (view_equal_nocase(name, names[i]))
			return true;
	return false;
}

/* Counts what libxml2 will have to look through. False: it would take too long. */
static bool effort_allows(struct cleaner *cleaner, const struct tag *tag)
{
	static const struct view closing[] = {
		VIEW("p"), VIEW("li"), VIEW("td"), VIEW("tr"), VIEW("th"), VIEW("dt"), VIEW("dd"), VIEW("option"),
		VIEW("tbody"), VIEW("thead")};
	bool closes = is_void(tag->name);

	for (size_t i = 0; i < sizeof(closing) / sizeof(closing[0]) && !closes; i++)
		closes = view_equal_nocase(tag->name, closing[i]);
	if (tag->end)
		cleaner->effort += cleaner->depth;
	if (!closes && !tag->end)
		cleaner->depth++;
	else if (!closes && cleaner->depth > 0)
		cleaner->depth--;
	return cleaner->effort <= HTML_EFFORT_MAX;
}

/* Offset behind "</name ...>", or 0. */
static size_t end_tag_of(struct view v, const char *name)
{
	struct view wanted = view_of(name);

	for (size_t at = 0; at + 2 + wanted.len <= v.len; at += 2) {
		ptrdiff_t found = view_find(view_sub(v, at, SIZE_MAX), VIEW("</")), close;

		if (found < 0)
			return 0;
		at += (size_t)found;
		if (!view_equal_nocase(view_sub(v, at + 2, wanted.len), wanted))
			continue;
		close = view_find_char(view_sub(v, at, SIZE_MAX), '>');
		return close < 0 ? v.len : at + (size_t)close + 1;
	}
	return 0;
}

/* Scripts and style sheets go whole. */
static bool drop_raw(struct cleaner *cleaner, const struct tag *tag)
{
	bool style = view_equal_nocase(tag->name, VIEW("style")), script = view_equal_nocase(tag->name, VIEW("script"));
	bool *none = style ? &cleaner->no_style : &cleaner->no_script;
	size_t end;

	if (tag->end || (!style && !script) || *none)
		return false;
	end = end_tag_of(rest_of(cleaner), style ? "style" : "script");
	*none = end == 0;
	cleaner->at += end;
	return end != 0;
}

/* False: stop here. */
static bool clean_tag(struct cleaner *cleaner)
{
	struct tag tag;

	if (!tag_read(cleaner, &tag)) {
		text_add_string(cleaner->out, "&lt;");
		cleaner->at++;
		return true;
	}
	if (drop_raw(cleaner, &tag))
		return true;
	if (!effort_allows(cleaner, &tag))
		return false;
	text_add_view(cleaner->out, view_sub(rest_of(cleaner), 0, 1 + tag.end + tag.name.len));
	if (!tag.end)
		copy_attributes(cleaner, tag.attributes);
	text_add_string(cleaner->out, view_ends(tag.attributes, VIEW("/")) ? "/>" : ">");
	cleaner->at += tag.length;
	return true;
}

/* ---- the rest ---- */

/* Length of "<!-- ... -->"; 0: it is none, or never ends. */
static size_t comment_length(struct cleaner *cleaner, struct view v)
{
	ptrdiff_t end;

	if (view_starts(v, VIEW("<!-->")))
		return 5;
	if (!view_starts(v, VIEW("<!--")) || cleaner->no_comment)
		return 0;
	end = view_find(view_sub(v, 4, SIZE_MAX), VIEW("-->"));
	cleaner->no_comment = end < 0;
	return end < 0 ? 0 : (size_t)end + 7;
}

/* "<!-- -->", "<!DOCTYPE ...>", "<![if ...]>", "<?xml ...>". A comment that never ends is one only up to its first ">".
 */
static void drop_declaration(struct cleaner *cleaner)
{
	size_t comment = comment_length(cleaner, rest_of(cleaner));
	ptrdiff_t end = comment ? 0 : find_bracket(cleaner, 0);

	if (end < 0)
		text_add_string(cleaner->out, "&lt;");
	cleaner->at += comment ? comment : end < 0 ? 1 : (size_t)end + 1;
}

/* "&#146;": old programs mean windows-1252 by it, and libxml2 drops it. */
static bool clean_reference(struct cleaner *cleaner)
{
	static const unsigned short codes[32] = {0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6,
		0x2030, 0x0160, 0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD, 0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
		0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178};
	struct view v = view_sub(rest_of(cleaner), 0, 6);
	long long code;

	if (v.len < 6 || !view_starts(v, VIEW("&#")) || v.ptr[5] != ';')
		return false;
	if (view_to_int(view_sub(v, 2, 3), 128, 159, &code) < 0)
		return false;
	text_add_format(cleaner->out, "&#%u;", (unsigned)codes[code - 128]);
	cleaner->at += 6;
	return true;
}

/* Up to the next "<" or "&" (which is copied itself). */
static void copy_run(struct cleaner *cleaner)
{
	size_t from = cleaner->at + 1;
	struct view run;
	ptrdiff_t found;

	if (cleaner->bracket < from) {
		found = view_find_char(view_sub(cleaner->html, from, SIZE_MAX), '<');
		cleaner->bracket = found < 0 ? cleaner->html.len : from + (size_t)found;
	}
	run = view_sub(cleaner->html, from, cleaner->bracket - from);
	found = view_find_char(run, '&');
	run = view_sub(cleaner->html, cleaner->at, 1 + (found < 0 ? run.len : (size_t)found));
	text_add_view(cleaner->out, run);
	cleaner->at += run.len;
}

bool html_clean(struct view html, struct text *out)
{
	struct cleaner cleaner = {.html = html, .out = out};

	while (cleaner.at < html.len && !out->full) {
		char c = html.ptr[cleaner.at], next = cleaner.at + 1 < html.len ? html.ptr[cleaner.at + 1] : '\0';

		if (c == '<' && (next == '!' || next == '?'))
			drop_declaration(&cleaner);
		else if (c == '<') {
			if (!clean_tag(&cleaner))
				return false;
		} else if (c != '&' || !clean_reference(&cleaner))
			copy_run(&cleaner);
	}
	return !out->full;
}
