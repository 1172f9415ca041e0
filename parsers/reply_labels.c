/*
 * parsers/reply_labels: which labels stand in the head of a mail and are none, how many each mail has, what is noise.
 * See reply.h.
 */
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
static void skip_banner(struct reply *reply, size_t line)
{
	for (; line < reply->count && reply->lines[line].role == LINE_TEXT && !reply->lines[line].hit; line++) {
		reply->lines[line].role = LINE_NOISE;
		reply->lines[line].rule = RULE_BANNER;
	}
}

static bool opens_paragraph(const struct reply *reply, size_t line)
{
	return line == 0 || reply->lines[line - 1].role != LINE_TEXT;
}

/* Nobody's answer: a gateway's warning, the request's reference. */
static void find_noise(struct reply *reply)
{
	for (size_t i = 0; i < reply->count; i++) {
		struct reply_line *l = &reply->lines[i];

		if (l->role != LINE_TEXT || l->hit)
			continue;
		if ((l->kinds & LEXICON_BANNER) && opens_paragraph(reply, i)) {
			skip_banner(reply, i);
		} else if (request_is_reference(reply->forms, reply->arena, reply->source[i].text)) {
			l->role = LINE_NOISE;
			l->rule = RULE_REFERENCE;
		}
	}
}

void reply_settle_labels(struct reply *reply)
{
	/* "Date: ..." in the head of a quoted mail is no label. */
	for (size_t i = 0; i < reply->count; i++)
		if (reply->lines[i].role == LINE_BOUNDARY)
			reply->lines[i].hit = NULL;
	find_noise(reply);
	count_hits(reply);
}
