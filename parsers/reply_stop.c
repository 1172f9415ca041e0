/*
 * parsers/reply_stop: does a mail ask for no more? See reply.h and `enum stops`. Only the whole of a line counts: "stop" inside a
 * sentence is somebody's feedback.
 */
#include "parsers/reference.h"
#include "parsers/reply.h"

#define STOP_MAX 60 /* bytes of a line that may be a command and nothing else */

/* What people put around a single word. */
static struct view bare(struct view line)
{
	static const char marks[] = " \t.!*_/\"'[](){}<>:-";

	while (line.len > 0 && strchr(marks, line.ptr[0]))
		line = view_sub(line, 1, SIZE_MAX);
	while (line.len > 0 && strchr(marks, line.ptr[line.len - 1]))
		line = view_sub(line, 0, line.len - 1);
	return line;
}

static bool is_stop(const struct forms *forms, struct arena *arena, struct view line)
{
	struct view word = bare(line);

	return word.len > 0 && word.len <= STOP_MAX && lexicon_command(forms->lexicon, arena, word) == 3;
}

/* The first line of the sender's own; NULL: there is none. */
static const struct view *first_line(const struct reply *reply)
{
	for (size_t i = 0; i < reply->count; i++) {
		const struct reply_line *line = &reply->lines[i];

		if (line->role == LINE_BLANK || line->role == LINE_NOISE)
			continue;
		return line->role == LINE_TEXT && line->depth == 0 ? &reply->source[i].text : NULL;
	}
	return NULL;
}

enum stops reply_subject_stops(const struct forms *forms, struct arena *arena, struct view subject_line, bool empty)
{
	struct view subject = view_trim(subject_line);
	struct view reference = reference_find(view_sub(subject, 0, 2 * STOP_MAX), 0);
	size_t before = reference.len > 0 ? (size_t)(reference.ptr - subject.ptr) : subject.len;

	if (!is_stop(forms, arena, view_sub(subject, 0, before)))
		return STOPS_NOT;
	if (reference.len > 0)
		empty = bare(view_sub(subject, before + reference.len, SIZE_MAX)).len == 0;
	return empty ? STOPS_SUBJECT : STOPS_NOT;
}

enum stops reply_stops(const struct reply *reply)
{
	const struct view *first = first_line(reply);

	if (first && is_stop(reply->forms, reply->arena, *first))
		return STOPS_WORDS;
	return reply_subject_stops(reply->forms, reply->arena, reply->envelope->subject, !first);
}
