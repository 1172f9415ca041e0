/*
 * parsers/reply_lines: the parts that are read, as one list of lines; what each line looks like by itself; and small
 * questions about lines. See reply.h.
 */
#include "parsers/reply.h"

#include <string.h>

#include "base/unicode.h"

/* How many lines the parts have together, a blank one between two; 0 when they are too many. */
static size_t count_lines(const struct mail_part *const *parts, size_t count)
{
	size_t lines = count > 0 ? count - 1 : 0;

	for (size_t i = 0; i < count; i++)
		lines += parts[i]->line_count;
	return lines > REPLY_LINES_MAX ? 0 : lines;
}

static bool is_blank(struct view text)
{
	size_t at = 0;
	uint32_t code;

	while (unicode_next(text, &at, &code))
		if (!unicode_is_space(code) && !unicode_is_invisible(code))
			return false;
	return true;
}

static void add_line(struct reply *reply, const struct mail_line *line, size_t part)
{
	struct reply_line *out = &reply->lines[reply->count];

	reply->source[reply->count++] = *line;
	out->part = part;
	out->role = is_blank(line->text) ? LINE_BLANK : LINE_TEXT;
}

static bool has_colon(struct view text)
{
	return view_find_char(text, ':') >= 0 || view_find(text, VIEW("：")) >= 0;
}

/* A line with a label is not asked what else it may be, but whether it is a header's ("Date: ..." is both). */
static void look_at_words(struct reply *reply, size_t at)
{
	const struct lexicon *lexicon = reply->forms->lexicon;
	struct reply_line *line = &reply->lines[at];
	struct view text = reply->source[at].text;
	bool labelled = line->hit && line->hit->label, colon = has_colon(text);

	if (labelled && !colon)
		return;
	if (!labelled)
		line->kinds = lexicon_folded_line(lexicon, reply->arena, text, reply_fold(reply, at));
	if (colon && (labelled || (line->kinds & LEXICON_HEADER)))
		line->header = lexicon_folded_header(lexicon, reply->arena, text, reply_fold(reply, at));
}

static void look_at_lines(struct reply *reply)
{
	for (size_t i = 0; i < reply->count;) {
		struct reply_line *line = &reply->lines[i];
		struct label_hit hit;
		size_t lines = 1;

		if (line->role == LINE_BLANK) {
			i++;
			continue;
		}
		if (label_read(reply->forms->labels, reply->arena, reply->source, reply->count, i, reply_fold(reply, i),
			    reply->channel, &hit)) {
			struct label_hit *copy = ARENA_NEW(reply->arena, struct label_hit);

			*copy = hit;
			line->hit = copy;
			lines = hit.label ? hit.lines : 1;
		}
		look_at_words(reply, i);
		i += lines;
	}
}

void reply_collect(struct reply *reply, const struct mail_part *const *parts, size_t count)
{
	static const struct mail_line blank = {.text = {"", 0}};
	size_t total = count_lines(parts, count);

	reply->parts = ARENA_NEW_N(reply->arena, const struct mail_part *, count + 1);
	for (size_t i = 0; i < count; i++)
		reply->parts[i] = parts[i];
	reply->part_count = count;
	reply->over_limit = total == 0 && count > 0 && parts[0]->line_count > 0;
	reply->source = ARENA_NEW_N(reply->arena, struct mail_line, total + 1);
	reply->lines = ARENA_NEW_N(reply->arena, struct reply_line, total + 1);
	if (total == 0)
		return;
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			add_line(reply, &blank, i);
		for (size_t k = 0; k < parts[i]->line_count; k++)
			add_line(reply, &parts[i]->lines[k], i);
	}
	look_at_lines(reply);
}

struct view reply_fold(const struct reply *reply, size_t line)
{
	struct view *folded = &reply->lines[line].folded;

	if (!folded->ptr)
		*folded = unicode_fold(reply->arena, reply->source[line].text);
	return *folded;
}

size_t reply_next(const struct reply *reply, size_t line)
{
	do
		line++;
	while (line < reply->count && reply->lines[line].role == LINE_BLANK);
	return line;
}

bool reply_counts(const struct reply *reply, size_t line)
{
	const struct reply_line *l = &reply->lines[line];

	return l->depth == 0 || (l->depth == 1 && reply->blocks[l->block].request);
}

const struct label_use *reply_use(const struct label *label, const struct form *form, const char *language)
{
	const struct label_use *any = NULL;

	for (size_t i = 0; label && i < label->use_count; i++) {
		const struct label_use *use = &label->uses[i];

		if (use->form != form)
			continue;
		if (language && strcmp(use->language, language) == 0)
			return use;
		if (!any)
			any = use;
	}
	return any;
}

bool reply_ends_sentence(struct view text)
{
	static const char *const ends[] = {".", "!", "?", ":", ";", "؟", "।", "…", "»", "”", "\"", ")"};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (view_ends(text, view_of(ends[i])))
			return true;
	return false;
}
