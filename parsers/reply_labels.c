/* parsers/reply_labels: which lines carry a label or a number, and which are noise that nobody wrote as an answer. See reply.h. */
#include "parsers/reply.h"

#include "parsers/request.h"

static bool is_answered(const struct reply *reply, size_t line, const struct label_hit *hit)
{
	size_t next = reply_next(reply, line + hit->lines - 1);

	if (hit->rest.len > 0)
		return true;
	return next < reply->count && reply->lines[next].role == LINE_TEXT && !reply->lines[next].hit &&
		reply->lines[next].block == reply->lines[line].block;
}

static void count_hits(struct reply *reply)
{
	for (size_t i = 0; i < reply->count; i++) {
		const struct reply_line *l = &reply->lines[i];

		if (!l->hit || !l->hit->label)
			continue;
		reply->blocks[l->block].labels++;
		reply->blocks[l->block].answered += is_answered(reply, i, l->hit);
	}
}

/* A gateway's warning runs to the end of its paragraph. */
static size_t skip_banner(struct reply *reply, size_t line)
{
	while (line < reply->count && reply->lines[line].role == LINE_TEXT)
		reply->lines[line++].role = LINE_NOISE;
	return line;
}

static bool opens_paragraph(const struct reply *reply, size_t line)
{
	return line == 0 || reply->lines[line - 1].role != LINE_TEXT;
}

void reply_find_labels(struct reply *reply)
{
	struct label_hit hit;

	for (size_t i = 0; i < reply->count;) {
		struct reply_line *l = &reply->lines[i];

		if (l->role != LINE_TEXT) {
			i++;
			continue;
		}
		if (label_read(reply->forms->labels, reply->arena, reply->source, reply->count, i, reply->channel, &hit)) {
			struct label_hit *copy = ARENA_NEW(reply->arena, struct label_hit);

			*copy = hit;
			l->hit = copy;
			i += hit.label ? hit.lines : 1;
		} else if ((l->kinds & LEXICON_BANNER) && opens_paragraph(reply, i)) {
			i = skip_banner(reply, i);
		} else {
			if (request_is_reference(reply->forms, reply->arena, reply->source[i].text))
				l->role = LINE_NOISE;
			i++;
		}
	}
	count_hits(reply);
}
