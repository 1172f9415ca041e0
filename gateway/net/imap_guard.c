/* net/imap_guard: refuses what would harm an IMAP parser. See imap_guard.h. */
#include "net/imap_guard.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

void imap_guard_init(struct imap_guard *guard)
{
	*guard = (struct imap_guard){0};
}

static bool is_digits(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (!isdigit((unsigned char)v.ptr[i]))
			return false;
	return v.len > 0;
}

/* Does the line hold words for people ("* OK ...", "7 NO ...", "+ ...")? A brace at its end means nothing. */
static bool is_text(struct view head)
{
	static const char *const words[] = {"OK", "NO", "BAD", "BYE", "PREAUTH"};
	struct view rest = head, tag, word;

	if (!view_next_field(&rest, ' ', &tag))
		return false;
	if (view_equal(tag, VIEW("+")))
		return true;
	if (!view_next_field(&rest, ' ', &word))
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (view_equal_nocase(word, view_of(words[i])))
			return true;
	return false;
}

static bool is_exists(const struct imap_guard *guard)
{
	struct view rest = view_trim_end((struct view){guard->head, guard->head_len}), star, number, word;

	return !guard->continued && view_next_field(&rest, ' ', &star) && view_next_field(&rest, ' ', &number) &&
	       view_next_field(&rest, ' ', &word) && view_equal(star, VIEW("*")) && is_digits(number) &&
	       view_equal_nocase(word, VIEW("EXISTS"));
}

int imap_guard_literal(struct view head, struct view tail, bool continued, uint64_t *length_out)
{
	struct view line = view_trim_end(tail);
	size_t end, start;
	uint64_t length = 0;

	if (!view_ends(line, VIEW("}")) || (!continued && is_text(head)))
		return 0;
	end = line.len - 1;
	if (end && line.ptr[end - 1] == '+')
		end--;
	for (start = end; start && isdigit((unsigned char)line.ptr[start - 1]); start--)
		;
	if (start == 0 && end > 18)
		return -1;
	if (start == 0 || start == end || line.ptr[start - 1] != '{')
		return 0;
	if (end - start > 18)
		return -1;
	for (size_t i = start; i < end; i++)
		length = length * 10 + (uint64_t)(line.ptr[i] - '0');
	*length_out = length;
	return 1;
}

static void add_tail(struct imap_guard *guard, char c)
{
	if (guard->tail_len == sizeof(guard->tail))
		memmove(guard->tail, guard->tail + 1, --guard->tail_len);
	guard->tail[guard->tail_len++] = c;
}

/* Keeps what stands behind "* BYE ": a parser may lose it when the connection ends right after. Asked for each byte
 * outside of literals: most lines are told by their third. */
static void keep_bye(struct imap_guard *guard, char c)
{
	size_t len;

	if (guard->head_len < 6 || (guard->head[2] | 0x20) != 'b' || guard->continued ||
		strncasecmp(guard->head, "* BYE ", 6) != 0)
		return;
	len = strlen(guard->bye);
	if (len + 1 < sizeof(guard->bye) && c != '\r')
		guard->bye[len] = c >= 0x20 && c < 0x7F ? c : '?';
}

static int end_line(struct imap_guard *guard, uint64_t left, struct error *err)
{
	uint64_t length = 0;
	int announced = imap_guard_literal((struct view){guard->head, guard->head_len},
		(struct view){guard->tail, guard->tail_len}, guard->continued, &length);

	if (announced < 0 || (announced && length > left))
		return error_set(err, REACH_SOURCE,
			"the server announced more bytes than were asked for (at most %llu were expected)",
			(unsigned long long)left);
	if (is_exists(guard))
		guard->exists++;
	guard->literal = length;
	guard->continued = announced;
	if (!announced)
		guard->depth = 0;
	guard->head_len = guard->tail_len = 0;
	return 0;
}

static int take_byte(struct imap_guard *guard, char c, uint64_t left, struct error *err)
{
	if (c == '\n')
		return end_line(guard, left, err);
	keep_bye(guard, c);
	if (guard->head_len < sizeof(guard->head))
		guard->head[guard->head_len++] = c;
	add_tail(guard, c);
	if (c == '(' && ++guard->depth > IMAP_GUARD_DEPTH_MAX)
		return error_set(err, REACH_SOURCE, "the server sent parentheses nested more than %d deep",
			IMAP_GUARD_DEPTH_MAX);
	if (c == ')' && guard->depth)
		guard->depth--;
	return 0;
}

int imap_guard_feed(struct imap_guard *guard, const char *bytes, size_t len, uint64_t left, struct error *err)
{
	for (size_t i = 0; i < len;) {
		if (guard->literal) {
			size_t skip = guard->literal < len - i ? (size_t)guard->literal : len - i;

			guard->literal -= skip;
			i += skip;
			continue;
		}
		if (take_byte(guard, bytes[i], left > i ? left - i - 1 : 0, err) < 0)
			return -1;
		i++;
	}
	return 0;
}
