/* parsers/line_pattern: words and gaps, matched in linear time. See line_pattern.h. */
#include "parsers/line_pattern.h"

#include "base/unicode.h"

#define DATE_MAX 80 /* characters on either side of a date's digit */
#define NAME_MAX 160
#define ANY_MAX 200

enum step_kind { STEP_WORDS, STEP_COMMA, STEP_COLON, STEP_GAP, STEP_DIGIT, STEP_END, STEP_CLOSE };

struct line_step {
	enum step_kind kind;
	struct view words; /* STEP_WORDS */
	bool some;	   /* STEP_GAP: one character at least */
	long most;	   /* characters */
};

static struct line_step *add(struct line_pattern *pattern, struct arena *arena, enum step_kind kind)
{
	if (pattern->count == pattern->size) {
		struct line_step *grown;

		pattern->size = pattern->size ? 2 * pattern->size : 8;
		grown = ARENA_NEW_N(arena, struct line_step, pattern->size);
		if (pattern->count)
			memcpy(grown, pattern->steps, pattern->count * sizeof(*grown));
		pattern->steps = grown;
	}
	pattern->steps[pattern->count].kind = kind;
	return &pattern->steps[pattern->count++];
}

static void add_gap(struct line_pattern *pattern, struct arena *arena, bool some, long most)
{
	struct line_step *step = add(pattern, arena, STEP_GAP);

	step->some = some;
	step->most = most;
}

bool line_pattern_add_gap(struct line_pattern *pattern, struct arena *arena, struct view *rest)
{
	static const struct view names[] = {VIEW("{date}"), VIEW("{name}"), VIEW("{any}"), VIEW("{end}")};
	size_t which = 0;

	while (which < 4 && !view_starts(*rest, names[which]))
		which++;
	if (which == 4)
		return false;
	*rest = view_sub(*rest, names[which].len, SIZE_MAX);
	if (which == 0) {
		add_gap(pattern, arena, false, DATE_MAX);
		add(pattern, arena, STEP_DIGIT);
		add_gap(pattern, arena, false, DATE_MAX);
	} else if (which == 1) {
		add_gap(pattern, arena, true, NAME_MAX);
	} else if (which == 2) {
		add_gap(pattern, arena, false, ANY_MAX);
	} else {
		add(pattern, arena, STEP_END);
	}
	return true;
}

size_t line_pattern_comma(struct view folded, size_t at)
{
	static const struct view commas[] = {VIEW(","), VIEW("،"), VIEW("、")};

	for (size_t i = 0; i < 3; i++)
		if (view_starts(view_sub(folded, at, SIZE_MAX), commas[i]))
			return commas[i].len;
	return 0;
}

/* Length of the words up to the next comma or colon, a space before that not counted. */
static size_t words_length(struct view folded)
{
	size_t len = 0;

	while (len < folded.len && folded.ptr[len] != ':' && line_pattern_comma(folded, len) == 0)
		len++;
	return len < folded.len && len > 0 && folded.ptr[len - 1] == ' ' ? len - 1 : len;
}

void line_pattern_add_words(struct line_pattern *pattern, struct arena *arena, struct view folded)
{
	while (folded.len > 0) {
		size_t len = words_length(folded), comma;

		if (len > 0)
			add(pattern, arena, STEP_WORDS)->words = view_sub(folded, 0, len);
		folded = view_sub(folded, len, SIZE_MAX);
		if (folded.len > 1 && folded.ptr[0] == ' ' && (folded.ptr[1] == ':' || line_pattern_comma(folded, 1)))
			folded = view_sub(folded, 1, SIZE_MAX);
		comma = line_pattern_comma(folded, 0);
		if (folded.len > 0)
			add(pattern, arena, comma ? STEP_COMMA : STEP_COLON);
		folded = view_sub(folded, comma ? comma : 1, SIZE_MAX);
		while (comma && view_starts(folded, VIEW(" ")))
			folded = view_sub(folded, 1, SIZE_MAX);
	}
}

void line_pattern_close(struct line_pattern *pattern, struct arena *arena)
{
	add(pattern, arena, STEP_CLOSE);
}

bool line_pattern_is(const struct line_pattern *pattern, struct view words)
{
	return pattern->count == 1 && pattern->steps[0].kind == STEP_WORDS &&
	       view_equal(pattern->steps[0].words, words);
}

/* ---- matching ---- */

static bool is_mark(char c)
{
	return c != '\0' && strchr(" .!*_>)]\"-", c);
}

static bool only_marks_follow(struct view line, size_t at)
{
	while (at < line.len && is_mark(line.ptr[at]))
		at++;
	return at == line.len;
}

/* A pattern that ends in words and a colon ("wrote:"): does the line? That spares most lines the search. */
static bool end_fits(const struct line_pattern *pattern, struct view line)
{
	const struct line_step *end = pattern->steps + pattern->count;

	if (pattern->count < 3 || end[-1].kind != STEP_CLOSE || end[-2].kind != STEP_COLON ||
		end[-3].kind != STEP_WORDS)
		return true;
	while (line.len > 0 && is_mark(line.ptr[line.len - 1]))
		line.len--;
	if (!view_ends(line, VIEW(":")))
		return false;
	line.len--;
	return view_ends(line, end[-3].words) ||
	       (view_ends(line, VIEW(" ")) && view_ends(view_sub(line, 0, line.len - 1), end[-3].words));
}

/* Places in the line, by byte offset: those that the steps so far may have ended at. */
struct places {
	size_t first, last; /* none outside these */
	bool at[LINE_PATTERN_MAX + 1];
};

static bool is_at(struct view line, size_t at, char c)
{
	return at < line.len && line.ptr[at] == c;
}

/* A space or none, a comma or none, a space or none. */
static void after_comma(struct view line, size_t at, bool *to)
{
	size_t starts[2] = {at, at + 1};

	for (size_t i = 0; i < (is_at(line, at, ' ') ? 2 : 1); i++) {
		size_t comma = line_pattern_comma(line, starts[i]), behind = starts[i] + comma;

		to[starts[i]] = to[behind] = true;
		if (is_at(line, starts[i], ' '))
			to[starts[i] + 1] = true;
		if (is_at(line, behind, ' '))
			to[behind + 1] = true;
	}
}

static void after_gap(const struct line_step *step, struct view line, const struct places *from, bool *to)
{
	long index = 0, last = -1; /* characters; the nearest place before */

	for (size_t at = from->first; at <= line.len; at++) {
		bool here = at <= from->last && from->at[at];

		if (at < line.len && ((unsigned char)line.ptr[at] & 0xC0) == 0x80)
			continue;
		if (here && !step->some)
			last = index;
		to[at] = last >= 0 && index - last <= step->most;
		if (!to[at] && at > from->last)
			break;
		if (here)
			last = index;
		index++;
	}
}

static void after_words(const struct line_step *step, struct view line, const struct places *from, bool *to)
{
	size_t at = from->first;
	ptrdiff_t found = 0;

	if (from->first == from->last) {
		if (view_starts(view_sub(line, at, SIZE_MAX), step->words))
			to[at + step->words.len] = true;
		return;
	}
	for (; at <= from->last; at += (size_t)found + 1) {
		found = view_find(view_sub(line, at, from->last - at + step->words.len), step->words);
		if (found < 0)
			return;
		if (from->at[at + (size_t)found])
			to[at + (size_t)found + step->words.len] = true;
	}
}

/* From one place, by one of the other steps. */
static void after_step(const struct line_step *step, struct view line, size_t at, bool *to)
{
	size_t next = at;
	uint32_t code;

	switch (step->kind) {
	case STEP_COMMA:
		after_comma(line, at, to);
		break;
	case STEP_COLON:
		next += is_at(line, at, ' ');
		if (is_at(line, next, ':'))
			to[next + 1] = true;
		break;
	case STEP_DIGIT:
		if (unicode_next(line, &next, &code) && unicode_is_digit(code))
			to[next] = true;
		break;
	case STEP_END:
		to[at] = at == line.len;
		break;
	default:
		to[at] = only_marks_follow(line, at);
	}
}

/* One step of the pattern; false when it leads nowhere. */
static bool take_step(const struct line_step *step, struct view line, const struct places *from, struct places *to)
{
	const bool *found;

	memset(to->at, 0, line.len + 1);
	if (step->kind == STEP_GAP) {
		after_gap(step, line, from, to->at);
	} else if (step->kind == STEP_WORDS) {
		after_words(step, line, from, to->at);
	} else {
		for (size_t at = from->first; at <= from->last; at++)
			if (from->at[at])
				after_step(step, line, at, to->at);
	}
	found = memchr(to->at, true, line.len + 1);
	if (!found)
		return false;
	to->first = (size_t)(found - to->at);
	to->last = (size_t)((const bool *)memrchr(to->at, true, line.len + 1) - to->at);
	return true;
}

bool line_pattern_fits(const struct line_pattern *pattern, struct view line)
{
	struct places one, other, *from = &one, *to = &other;

	if (line.len > LINE_PATTERN_MAX || !end_fits(pattern, line))
		return false;
	from->at[0] = true;
	from->first = from->last = 0;
	for (size_t i = 0; i < pattern->count; i++) {
		struct places *swap = from;

		if (!take_step(&pattern->steps[i], line, from, to))
			return false;
		from = to;
		to = swap;
	}
	return true;
}
