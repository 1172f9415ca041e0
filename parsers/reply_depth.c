/*
 * parsers/reply_depth: where quoted mails begin, who wrote them, how deep each line stands. See reply.h.
 *
 * Clients quote in two ways: with marks (">", <blockquote>), where the depth is counted, or flat, where everything
 * below a head ("From: ...", "-----Original Message-----") is the older mail. A head may also stand inside the quote
 * that it introduces. So: depth = quote marks + flat heads passed within them.
 */
#include "parsers/reply.h"

#include "base/unicode.h"
#include "parsers/request.h"

#define BLOCKS_FIRST 8 /* blocks that there is room for at first */

struct walk {
	struct reply *reply;
	int flat[REPLY_MARKS_MAX + 2];	      /* heads passed, by quote marks */
	size_t block_at[REPLY_DEPTH_MAX + 2]; /* the block that a line of that depth belongs to; 0: none yet */
	size_t block_size;		      /* room for so many blocks */
	int marks;			      /* of the line before */
	bool begins;			      /* the quote has just begun: its head may stand inside it */
};

static int depth_at(const struct walk *walk, int marks)
{
	int depth = marks;

	for (int i = 0; i <= marks; i++)
		depth += walk->flat[i];
	return depth < REPLY_DEPTH_MAX ? depth : REPLY_DEPTH_MAX;
}

static size_t new_block(struct walk *walk, int depth, const struct reply_head *head)
{
	struct reply *reply = walk->reply;
	struct reply_block *block;

	if (reply->block_count == REPLY_BLOCKS_MAX)
		return reply->block_count - 1;
	if (reply->block_count == walk->block_size) {
		block = ARENA_NEW_N(reply->arena, struct reply_block, 2 * walk->block_size);
		memcpy(block, reply->blocks, walk->block_size * sizeof(*block));
		reply->blocks = block;
		walk->block_size *= 2;
	}
	block = &reply->blocks[reply->block_count];
	block->depth = depth;
	block->parent = walk->block_at[depth - 1];
	block->author = head->author;
	return reply->block_count++;
}

static void open_block(struct walk *walk, int depth, const struct reply_head *head)
{
	for (int i = depth; i <= REPLY_DEPTH_MAX; i++)
		walk->block_at[i] = 0;
	if (depth > 0)
		walk->block_at[depth] = new_block(walk, depth, head);
}

/* Fewer marks than before: what was passed inside the deeper quote is over. */
static void leave_quote(struct walk *walk, int marks)
{
	for (int i = marks + 1; i <= REPLY_MARKS_MAX; i++)
		walk->flat[i] = 0;
}

static void place(struct walk *walk, size_t line, int depth, enum line_rule head)
{
	struct reply_line *l = &walk->reply->lines[line];
	static const struct reply_head none;

	if (depth > 0 && walk->block_at[depth] == 0)
		open_block(walk, depth, &none);
	l->depth = depth;
	l->block = depth > 0 ? walk->block_at[depth] : 0;
	if (head == RULE_NONE || l->role == LINE_BLANK)
		return;
	l->role = LINE_BOUNDARY;
	l->rule = (unsigned char)head;
}

/* Takes the head's lines; returns false when it is only somebody's sentence. */
static bool pass_head(struct walk *walk, size_t line, const struct reply_head *head)
{
	struct reply *reply = walk->reply;
	int marks = reply_marks(reply, line), depth = depth_at(walk, marks);
	size_t next = reply_next(reply, line + head->lines - 1);

	if (next < reply->count && reply_marks(reply, next) > marks) {
		/* the quote with its marks follows */
		for (int i = marks + 1; i <= REPLY_MARKS_MAX; i++)
			walk->flat[i] = 0;
		open_block(walk, depth_at(walk, marks + 1), head);
	} else if (walk->begins && marks > 0) {
		open_block(walk, depth, head);
	} else if (head->strong) {
		walk->flat[marks]++;
		open_block(walk, depth_at(walk, marks), head);
	} else {
		return false;
	}
	for (size_t i = 0; i < head->lines; i++)
		place(walk, line + i, depth_at(walk, marks), head->rule);
	return true;
}

static bool is_prose(const struct reply *reply, size_t line)
{
	return line < reply->count && reply->lines[line].role == LINE_TEXT && !reply->lines[line].hit &&
	       request_is_prose(reply->forms, reply_fold(reply, line), true);
}

/*
 * Our own words among the practitioner's, without any mark, are a request that the client did not mark as quoted, or
 * that was copied. It begins with the greeting or with what follows it.
 */
static bool begins_copy(const struct reply *reply, size_t line)
{
	return is_prose(reply, line) ||
	       (request_is_greeting(reply->forms, reply_fold(reply, line)) && is_prose(reply, reply_next(reply, line)));
}

static void open_copy(struct walk *walk)
{
	static const struct reply_head none;

	walk->flat[0]++;
	open_block(walk, 1, &none);
	walk->reply->blocks[walk->block_at[1]].prose = true;
}

static void start_line(struct walk *walk, size_t line)
{
	int marks = reply_marks(walk->reply, line);

	if (line > 0 && walk->reply->lines[line].part != walk->reply->lines[line - 1].part) {
		for (int i = 0; i <= REPLY_MARKS_MAX; i++)
			walk->flat[i] = 0;
		walk->marks = 0;
	}
	if (marks < walk->marks)
		leave_quote(walk, marks);
	walk->begins = marks > walk->marks;
}

void reply_find_depth(struct reply *reply)
{
	struct walk walk = {.reply = reply};

	reply->blocks = ARENA_NEW_N(reply->arena, struct reply_block, BLOCKS_FIRST);
	walk.block_size = BLOCKS_FIRST;
	reply->block_count = 1;
	for (size_t line = 0; line < reply->count;) {
		struct reply_head head = {0};

		if (reply->lines[line].role == LINE_BLANK) {
			place(&walk, line, depth_at(&walk, walk.marks), RULE_NONE);
			line++;
			continue;
		}
		start_line(&walk, line);
		if (depth_at(&walk, reply_marks(reply, line)) == 0 && begins_copy(reply, line))
			open_copy(&walk);
		head = reply_find_head(reply, line);
		if (head.lines > 0 && pass_head(&walk, line, &head)) {
			line += head.lines;
		} else {
			place(&walk, line, depth_at(&walk, reply_marks(reply, line)), RULE_NONE);
			line++;
		}
		walk.marks = reply_marks(reply, line - 1);
	}
}
