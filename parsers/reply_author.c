/*
 * parsers/reply_author: who wrote each quoted mail, and which one is the request that is answered. See reply.h.
 *
 * A mail is ours when its head names us (an address with a reference, the address or name this mail is sent to) or when
 * it holds the words that stand around our forms. Only edits in our own request count: in a colleague's mail they are
 * the colleague's.
 */
#include "parsers/reply.h"

#include "base/unicode.h"
#include "parsers/reference.h"
#include "parsers/request.h"

#define PROSE_LINES_MAX 60 /* lines of one quoted mail in which our words are looked for */
#define NAME_MIN 4	   /* bytes of a folded name that tells anything */

static bool is_address_byte(char c)
{
	return (unsigned char)c > 0x20 && (unsigned char)c < 0x7F && !strchr("<>()[],;:\"'", c);
}

/* The next address in the text, which is cut to what stands behind it; empty when there is none. */
static struct view next_address(struct view *text)
{
	ptrdiff_t at = view_find_char(*text, '@');
	struct view address;
	size_t start, end;

	if (at <= 0)
		return VIEW_NULL;
	start = (size_t)at;
	end = start + 1;
	while (start > 0 && is_address_byte(text->ptr[start - 1]))
		start--;
	while (end < text->len && is_address_byte(text->ptr[end]))
		end++;
	address = view_sub(*text, start, end - start);
	*text = view_sub(*text, end, text->len);
	return address;
}

/* "feedback+fp-7k3m9qxa2d@example.org" and "feedback@example.org" are one mailbox. */
static bool same_mailbox(struct view a, struct view b)
{
	ptrdiff_t a_at = view_find_char(a, '@'), b_at = view_find_char(b, '@');
	struct view a_user = view_sub(a, 0, (size_t)a_at), b_user = view_sub(b, 0, (size_t)b_at);
	ptrdiff_t a_tag = view_find_char(a_user, '+'), b_tag = view_find_char(b_user, '+');

	if (a_tag > 0)
		a_user.len = (size_t)a_tag;
	if (b_tag > 0)
		b_user.len = (size_t)b_tag;
	return view_equal_nocase(a_user, b_user) &&
	       view_equal_nocase(view_sub(a, (size_t)a_at, a.len), view_sub(b, (size_t)b_at, b.len));
}

static bool is_sent_to(struct view to, struct view address)
{
	struct view one;

	while ((one = next_address(&to)).len > 0)
		if (same_mailbox(one, address))
			return true;
	return false;
}

static bool names(struct arena *arena, struct view author, struct view name)
{
	struct view folded = unicode_fold(arena, label_trim(name));

	return folded.len >= NAME_MIN && view_find(unicode_fold(arena, author), folded) >= 0;
}

/* "Field Feedback Desk" of "Field Feedback Desk <feedback@...>". */
static struct view display_name(struct view to)
{
	ptrdiff_t bracket = view_find_char(to, '<');

	return bracket > 0 ? view_sub(to, 0, (size_t)bracket) : VIEW_NULL;
}

static void judge_head(const struct reply *reply, struct reply_block *block)
{
	const struct envelope *envelope = reply->envelope;
	struct view rest = block->author, address = next_address(&rest);

	if (block->author.len == 0)
		return;
	if (address.len > 0) {
		block->practitioner = view_equal_nocase(address, envelope->from_address);
		block->ours = !block->practitioner &&
			      (reference_find(address, 0).len > 0 || is_sent_to(envelope->to, address));
		return;
	}
	block->practitioner = names(reply->arena, block->author, envelope->from_name);
	block->ours = !block->practitioner && names(reply->arena, block->author, display_name(envelope->to));
}

static void find_prose(struct reply *reply)
{
	unsigned char *seen = arena_alloc(reply->arena, reply->block_count);

	for (size_t i = 0; i < reply->count; i++) {
		const struct reply_line *l = &reply->lines[i];
		struct reply_block *block = &reply->blocks[l->block];

		if (l->depth == 0 || block->prose || seen[l->block] == PROSE_LINES_MAX)
			continue;
		seen[l->block]++;
		if (l->role == LINE_NOISE) /* the request's reference */
			block->prose = reference_find(reply->source[i].text, 0).len > 0;
		else if (l->role == LINE_TEXT && !l->hit)
			block->prose = request_is_prose(reply->forms, reply_fold(reply, i), false);
	}
}

/* Without a head and our words, the form's own numbers tell that it is ours and not somebody's list. */
static bool holds_numbered_form(const struct reply *reply, size_t block)
{
	size_t numbered = 0;

	for (size_t i = 0; i < reply->count; i++) {
		const struct reply_line *l = &reply->lines[i];

		numbered += l->block == block && l->hit && l->hit->label && l->hit->number > 0;
	}
	return numbered >= 2;
}

void reply_find_authors(struct reply *reply)
{
	bool headless = false;

	find_prose(reply);
	for (size_t i = 1; i < reply->block_count; i++) {
		struct reply_block *block = &reply->blocks[i];

		judge_head(reply, block);
		if (block->prose && !block->practitioner)
			block->ours = true;
		if (block->author.len == 0 && !block->ours && block->depth == 1 && block->labels > 1 && !headless) {
			headless = true; /* one is enough: looking at every one would not be linear */
			block->ours = holds_numbered_form(reply, i);
		}
		block->request = block->ours && block->depth == 1 && block->labels > 0;
	}
}

/* Who typed the answers of this mail: its author, or in a request of ours who quotes it. */
static bool is_foreign(const struct reply *reply, const struct reply_block *block)
{
	const struct reply_block *typist = block->ours ? &reply->blocks[block->parent] : block;

	return typist != &reply->blocks[0] && typist->author.len > 0 && !typist->practitioner && !typist->ours;
}

bool reply_is_forwarded(const struct reply *reply)
{
	if (reply->found > 0)
		return false;
	for (size_t i = 1; i < reply->block_count; i++)
		if (reply->blocks[i].answered > 1 && is_foreign(reply, &reply->blocks[i]))
			return true;
	return false;
}
