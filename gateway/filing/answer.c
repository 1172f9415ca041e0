/* filing/answer: what the reader sent is looked at before it is filed. See answer.h. */
#include "filing/answer.h"

#include "base/unicode.h"

struct scan {
	struct view json;
	size_t at;
};

static bool take(struct scan *scan, char c)
{
	if (scan->at >= scan->json.len || scan->json.ptr[scan->at] != c)
		return false;
	scan->at++;
	return true;
}

static bool take_word(struct scan *scan, struct view word)
{
	if (!view_starts(view_sub(scan->json, scan->at, word.len), word))
		return false;
	scan->at += word.len;
	return true;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Behind a backslash. Only control characters are written by their number, and NUL has no place in a database's text. */
static bool take_escape(struct scan *scan)
{
	struct view digits;

	if (scan->at < scan->json.len && view_find_char(VIEW("\"\\/bfnrt"), scan->json.ptr[scan->at]) >= 0) {
		scan->at++;
		return true;
	}
	if (!take_word(scan, VIEW("u00")))
		return false;
	digits = view_sub(scan->json, scan->at, 2);
	scan->at += digits.len;
	return digits.len == 2 && is_hex(digits.ptr[0]) && is_hex(digits.ptr[1]) && !view_equal(digits, VIEW("00"));
}

static bool take_string(struct scan *scan)
{
	if (!take(scan, '"'))
		return false;
	while (scan->at < scan->json.len) {
		char c = scan->json.ptr[scan->at++];

		if (c == '"')
			return true;
		if ((unsigned char)c < 0x20 || (c == '\\' && !take_escape(scan)))
			return false;
	}
	return false;
}

static bool take_number(struct scan *scan)
{
	size_t digits = 0;
	bool zero;

	take(scan, '-');
	zero = scan->at < scan->json.len && scan->json.ptr[scan->at] == '0';
	while (scan->at < scan->json.len && scan->json.ptr[scan->at] >= '0' && scan->json.ptr[scan->at] <= '9') {
		scan->at++;
		digits++;
	}
	return digits > 0 && digits <= ANSWER_DIGITS_MAX && (!zero || digits == 1);
}

static bool take_value(struct scan *scan, int depth);

/* Behind the bracket that opens an object (`named`) or a list. */
static bool take_members(struct scan *scan, bool named, int depth)
{
	char end = named ? '}' : ']';

	if (take(scan, end))
		return true;
	do {
		if (named && (!take_string(scan) || !take(scan, ':')))
			return false;
		if (!take_value(scan, depth + 1))
			return false;
	} while (take(scan, ','));
	return take(scan, end);
}

static bool take_value(struct scan *scan, int depth)
{
	if (depth > ANSWER_DEPTH_MAX || scan->at >= scan->json.len)
		return false;
	switch (scan->json.ptr[scan->at]) {
	case '{':
		scan->at++;
		return take_members(scan, true, depth);
	case '[':
		scan->at++;
		return take_members(scan, false, depth);
	case '"':
		return take_string(scan);
	case 't':
		return take_word(scan, VIEW("true"));
	case 'f':
		return take_word(scan, VIEW("false"));
	case 'n':
		return take_word(scan, VIEW("null"));
	default:
		return take_number(scan);
	}
}

bool answer_is_good(struct view json)
{
	struct scan scan = {.json = json};

	return view_starts(json, VIEW("{")) && unicode_valid(json) && take_value(&scan, 1) && scan.at == json.len;
}
