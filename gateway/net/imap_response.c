/* net/imap_response: finds where a response ends and reads it. See imap_response.h. */
#include "net/imap_response.h"

#include <ctype.h>
#include <time.h>

#include "net/imap_guard.h"

/* ---- where it ends ---- */

static struct view first_bytes(struct view line)
{
	return view_sub(line, 0, IMAP_GUARD_ENDS);
}

static struct view last_bytes(struct view line)
{
	return line.len > IMAP_GUARD_ENDS ? view_sub(line, line.len - IMAP_GUARD_ENDS, IMAP_GUARD_ENDS) : line;
}

int imap_response_extent(struct view bytes, struct imap_extent *extent, size_t *length_out)
{
	while (extent->at < bytes.len) {
		const char *end = memchr(bytes.ptr + extent->at, '\n', bytes.len - extent->at);
		struct view line;
		uint64_t literal = 0;

		if (!end) {
			extent->at = bytes.len;
			return 0;
		}
		line = (struct view){bytes.ptr + extent->line, (size_t)(end - bytes.ptr) - extent->line};
		extent->at = (size_t)(end - bytes.ptr) + 1;
		if (imap_guard_literal(first_bytes(line), last_bytes(line), extent->continued, &literal) <= 0) {
			*length_out = extent->at;
			return 1;
		}
		extent->at += literal;
		extent->line = extent->at;
		extent->continued = true;
	}
	return 0;
}

/* ---- values ---- */

static bool take_char(struct view *rest, char c)
{
	if (!rest->len || rest->ptr[0] != c)
		return false;
	*rest = view_sub(*rest, 1, rest->len);
	return true;
}

static struct view take(struct view *rest, size_t len)
{
	struct view taken = view_sub(*rest, 0, len);

	*rest = view_sub(*rest, len, rest->len);
	return taken;
}

/* Digits only, below 2^53: no size and no UID is greater. */
static int to_number(struct view digits, uint64_t *out)
{
	uint64_t number = 0;

	if (!digits.len || digits.len > 15)
		return -1;
	for (size_t i = 0; i < digits.len; i++) {
		if (!isdigit((unsigned char)digits.ptr[i]))
			return -1;
		number = number * 10 + (uint64_t)(digits.ptr[i] - '0');
	}
	*out = number;
	return 0;
}

/* What stands between the quotes. */
static int take_quoted(struct view *rest, struct view *out)
{
	size_t at = 1;

	for (; at < rest->len && rest->ptr[at] != '"'; at++) {
		if (rest->ptr[at] == '\\')
			at++;
		if (at >= rest->len || rest->ptr[at] == '\r' || rest->ptr[at] == '\n' || !rest->ptr[at])
			return -1;
	}
	if (at >= rest->len)
		return -1;
	*out = view_sub(*rest, 1, at - 1);
	take(rest, at + 1);
	return 0;
}

size_t imap_response_unquote(char *quoted, size_t len)
{
	size_t kept = 0;

	for (size_t i = 0; i < len; i++) {
		if (quoted[i] == '\\' && i + 1 < len)
			i++;
		quoted[kept++] = quoted[i];
	}
	return kept;
}

static int take_literal(struct view *rest, struct view *out)
{
	ptrdiff_t end = view_find_char(view_sub(*rest, 0, IMAP_GUARD_ENDS), '}');
	uint64_t length;
	size_t digits;

	if (end < 2)
		return -1;
	digits = (size_t)end - 1;
	if (rest->ptr[end - 1] == '+')
		digits--;
	if (to_number(view_sub(*rest, 1, digits), &length) < 0)
		return -1;
	take(rest, (size_t)end + 1);
	take_char(rest, '\r');
	if (!take_char(rest, '\n') || length > rest->len)
		return -1;
	*out = take(rest, length);
	return 0;
}

static bool ends_atom(char c)
{
	return c == ' ' || c == '(' || c == ')' || c == '"' || c == '{' || c == '\r' || c == '\n' || c == '\0';
}

/* An item's name, flag or number: with all of a section ("BODY[HEADER]<0>"). */
static int take_atom(struct view *rest, struct view *out)
{
	size_t at = 0;

	while (at < rest->len && !ends_atom(rest->ptr[at])) {
		if (rest->ptr[at] == '[') {
			ptrdiff_t end = view_find_char(view_sub(*rest, at, rest->len), ']');

			if (end < 0)
				return -1;
			at += (size_t)end;
		}
		at++;
	}
	*out = take(rest, at);
	return at ? 0 : -1;
}

/* A string in either form, or an atom. */
static int take_simple(struct view *rest, bool *string_out, struct view *out)
{
	*string_out = rest->len && (rest->ptr[0] == '"' || rest->ptr[0] == '{');
	if (!*string_out)
		return take_atom(rest, out);
	return rest->ptr[0] == '"' ? take_quoted(rest, out) : take_literal(rest, out);
}

/* A list in parentheses, with the lists inside. */
static int skip_list(struct view *rest)
{
	struct view ignored;
	int depth = 0;
	bool string;

	do {
		if (take_char(rest, '('))
			depth++;
		else if (take_char(rest, ')'))
			depth--;
		else if (!take_char(rest, ' ') && take_simple(rest, &string, &ignored) < 0)
			return -1;
	} while (depth > 0);
	return 0;
}

/* ---- dates ---- */

static int take_month(struct view *rest)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct view name = take(rest, 3);

	for (int i = 0; i < 12; i++)
		if (view_equal_nocase(name, (struct view){names + (ptrdiff_t)i * 3, 3}))
			return i;
	return -1;
}

static int take_field(struct view *rest, char end)
{
	struct view digits;
	uint64_t number;

	if (!view_next_field(rest, end, &digits))
		return -1;
	return to_number(digits, &number) < 0 || number > 9999 ? -1 : (int)number;
}

/* "21-Nov-2026 10:00:00 +0530" as unix microseconds; 0 when it is no date. */
static int64_t to_time(struct view date)
{
	struct tm tm = {.tm_year = 0};
	struct view rest = view_trim(date);
	int zone, sign;

	tm.tm_mday = take_field(&rest, '-');
	tm.tm_mon = take_month(&rest);
	if (tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_mon < 0 || !take_char(&rest, '-'))
		return 0;
	tm.tm_year = take_field(&rest, ' ') - 1900;
	tm.tm_hour = take_field(&rest, ':');
	tm.tm_min = take_field(&rest, ':');
	tm.tm_sec = take_field(&rest, ' ');
	sign = take_char(&rest, '-') ? -1 : take_char(&rest, '+');
	zone = take_field(&rest, ' ');
	if (tm.tm_year < 70 || tm.tm_hour < 0 || tm.tm_hour > 23 || tm.tm_min < 0 || tm.tm_min > 59 || tm.tm_sec < 0 ||
		tm.tm_sec > 60 || !sign || zone < 0)
		return 0;
	return ((int64_t)timegm(&tm) - (int64_t)sign * (zone / 100 * 60 + zone % 100) * 60) * 1000000;
}

/* ---- a FETCH ---- */

static int keep_number(struct view value, bool string, uint64_t maximum, uint64_t *out)
{
	uint64_t number;

	if (string || to_number(value, &number) < 0 || number > maximum)
		return -1;
	*out = number;
	return 0;
}

static int keep_item(struct view name, struct view value, bool string, struct imap_response *out)
{
	uint64_t number;

	if (view_equal_nocase(name, VIEW("UID"))) {
		if (keep_number(value, string, UINT32_MAX, &number) < 0)
			return -1;
		out->uid = (uint32_t)number;
	} else if (view_starts_nocase(name, VIEW("BODY[")) && string) {
		out->has_body = true;
		out->body = value;
		out->body_quoted = value.ptr[-1] == '"';
	} else if (view_equal_nocase(name, VIEW("RFC822.SIZE"))) {
		out->has_size = true;
		return keep_number(value, string, UINT64_MAX, &out->size);
	} else if (view_equal_nocase(name, VIEW("INTERNALDATE")) && string) {
		out->received = to_time(value);
	}
	return 0;
}

static int read_item(struct view *rest, struct imap_response *out)
{
	struct view name, value;
	bool string;

	if (take_atom(rest, &name) < 0 || !take_char(rest, ' ') || !rest->len)
		return -1;
	if (rest->ptr[0] == '(')
		return skip_list(rest);
	if (take_simple(rest, &string, &value) < 0)
		return -1;
	return keep_item(name, value, string, out);
}

static int end_of_line(struct view rest)
{
	take_char(&rest, '\r');
	return take_char(&rest, '\n') && rest.len == 0 ? 0 : -1;
}

static int read_fetch(struct view rest, struct imap_response *out)
{
	out->kind = IMAP_RESPONSE_FETCH;
	if (!take_char(&rest, '('))
		return -1;
	while (!take_char(&rest, ')')) {
		if (read_item(&rest, out) < 0)
			return -1;
		if (!take_char(&rest, ' ') && !(rest.len && rest.ptr[0] == ')'))
			return -1;
	}
	return end_of_line(rest);
}

/* ---- any ---- */

static int read_untagged(struct view rest, struct imap_response *out)
{
	struct view number, after = rest;
	uint64_t ignored;

	out->kind = IMAP_RESPONSE_UNTAGGED;
	if (!view_next_field(&after, ' ', &number) || to_number(number, &ignored) < 0)
		return isalpha((unsigned char)(rest.len ? rest.ptr[0] : 0)) ? 0 : -1;
	if (view_starts_nocase(after, VIEW("FETCH ")))
		return read_fetch(view_sub(after, 6, after.len), out);
	return 0;
}

static bool is_status(struct view word)
{
	return view_equal_nocase(word, VIEW("OK")) || view_equal_nocase(word, VIEW("NO")) ||
	       view_equal_nocase(word, VIEW("BAD"));
}

int imap_response_read(struct view response, struct imap_response *out)
{
	struct view rest = response;

	*out = (struct imap_response){.kind = IMAP_RESPONSE_TAGGED};
	if (view_starts(response, VIEW("* ")))
		return read_untagged(view_sub(response, 2, response.len), out);
	rest = view_trim_end(rest);
	if (!view_next_field(&rest, ' ', &out->tag) || !view_next_field(&rest, ' ', &out->status))
		return -1;
	out->words = rest;
	return out->tag.len && is_status(out->status) ? 0 : -1;
}
