/* parsers/value_number: scale and number, in any digits and with the thousands marks people use. See value.h. */
#include "base/unicode.h"
#include "parsers/value_private.h"

#define DIGITS_MAX 18
#define GROUPS_MAX 8
#define WORDS_LOOKED_AT 3 /* behind a number, for one that changes it ("350 thousand") */

struct number {
	size_t start, end;
	long long value;
};

static bool is_digit(struct view text, size_t at)
{
	return at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9';
}

static size_t digits_end(struct view text, size_t at)
{
	while (is_digit(text, at))
		at++;
	return at;
}

/* A thousands mark between two digits; white space was made one space. */
static struct view mark_at(struct view text, size_t at)
{
	static const struct view marks[] = {VIEW(","), VIEW("."), VIEW(" "), VIEW("'"), VIEW("’"), VIEW("٬")};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (view_starts(view_sub(text, at, text.len), marks[i]) && is_digit(text, at + marks[i].len))
			return marks[i];
	return VIEW_NULL;
}

/* Groups of three behind a first of one to three; or, with commas, twos and a three at the end (1,20,000). */
static bool grouped(const struct view *groups, size_t count, struct view mark)
{
	bool threes = groups[0].len <= 3, twos = groups[0].len <= 2 && view_equal(mark, VIEW(","));

	for (size_t i = 1; i < count; i++) {
		threes = threes && groups[i].len == 3;
		twos = twos && groups[i].len == (i + 1 == count ? 3 : 2);
	}
	return (threes || twos) && groups[0].ptr[0] != '0';
}

static int number_value(const struct view *groups, size_t count, long long *value_out)
{
	char digits[DIGITS_MAX + 1];
	size_t len = 0;

	for (size_t i = 0; i < count; i++) {
		if (len + groups[i].len > DIGITS_MAX)
			return -1;
		memcpy(digits + len, groups[i].ptr, groups[i].len);
		len += groups[i].len;
	}
	return view_to_int((struct view){digits, len}, 0, 999999999999999999LL, value_out);
}

/* Reads the number whose first digit is at `at`. -1: digits that are no whole number ("3.5", "1,20"). */
static int number_scan(struct view text, size_t at, struct number *out)
{
	struct view groups[GROUPS_MAX], mark = VIEW_NULL;
	size_t count = 0, end = at;

	for (;;) {
		size_t from = end + (count > 0 ? mark.len : 0);
		struct view next;

		if (count == GROUPS_MAX)
			return -1;
		end = digits_end(text, from);
		groups[count++] = view_sub(text, from, end - from);
		next = mark_at(text, end);
		if (next.len == 0 || (count > 1 && !view_equal(next, mark)))
			break;
		mark = next;
	}
	if (count > 1 && !grouped(groups, count, mark)) {
		if (!view_equal(mark, VIEW(" ")))
			return -1;
		count = 1; /* numbers side by side, each its own */
		end = digits_end(text, at);
	}
	out->start = at;
	out->end = end;
	return number_value(groups, count, &out->value);
}

/* Digits that are not decimal ones: fractions, raised and circled ones. */
static bool is_odd_digit(uint32_t code)
{
	return (code >= 0xbc && code <= 0xbe) || code == 0xb2 || code == 0xb3 || code == 0xb9 ||
	       (code >= 0x2070 && code <= 0x2089) || (code >= 0x2150 && code <= 0x218b) ||
	       (code >= 0x2460 && code <= 0x24ff) || (code >= 0x2776 && code <= 0x2793);
}

/* The next digit at or behind `from`; text.len when there is none. odd_out: signs that make a number doubtful. */
static size_t next_digit(struct view text, size_t from, bool *odd_out)
{
	size_t at = from;
	uint32_t code;

	*odd_out = false;
	for (size_t start = at; unicode_next(text, &at, &code); start = at) {
		if (code >= '0' && code <= '9')
			return start;
		if (is_odd_digit(code) || code == '?' || code == 0x61f || code == '%' || code == 0x66a ||
			code == 0x66b || code == '~' || code == '+')
			*odd_out = true;
	}
	return text.len;
}

/* May words follow so? A space or a stop may; a letter only of a script that writes them on to the number. */
static bool follows_well(struct view rest)
{
	size_t at = 0;
	uint32_t code;

	if (!unicode_next(rest, &at, &code) || unicode_is_space(code))
		return true;
	if (code < 0x80)
		return strchr(".,;:!()-", (int)code) != NULL;
	return code >= 0x370 && code != 0x2044;
}

/* "350 thousand", "3 lakh", "5 May": words that make it another number, or no number. */
static bool is_changed(const struct value_job *job, struct view rest)
{
	struct view key = word_key(job->arena, rest), word;
	size_t words = 0;

	if (lexicon_out_of(job->context->lexicon, job->arena, rest) == 2)
		return true; /* the whole, and no part of it */
	while (words++ < WORDS_LOOKED_AT && view_next_field(&key, ' ', &word)) {
		if (lexicon_is_magnitude(job->context->lexicon, job->arena, word))
			return true;
		if (words == 1 && lexicon_month(job->context->lexicon, job->arena, word) > 0)
			return true;
	}
	return false;
}

static bool in_range(const struct field *field, long long value)
{
	return !(field->has_min && value < field->min) && !(field->has_max && value > field->max);
}

/* "4/5", "4 out of 5": the whole must be the scale's own. */
static bool out_of(const struct value_job *job, struct view text, const struct number *first,
	const struct number *second, long long *value_out)
{
	struct view between = view_sub(text, first->end, second->start - first->end);
	int kind = lexicon_out_of(job->context->lexicon, job->arena, between);
	long long part = kind == 1 ? first->value : second->value, whole = kind == 1 ? second->value : first->value;

	if (kind == 0 || part > whole)
		return false;
	if (job->field->type == FIELD_SCALE && job->field->has_max && whole != job->field->max)
		return false;
	*value_out = part;
	return true;
}

static bool read_number(const struct value_job *job, struct view text, long long *value_out)
{
	bool minus = view_starts(text, VIEW("-")) || view_starts(text, VIEW("−"));
	size_t sign = minus ? (text.ptr[0] == '-' ? 1 : 3) : view_starts(text, VIEW("+")) ? 1 : 0;
	struct number first, second;
	size_t next;
	bool odd;

	if (!is_digit(text, sign) || number_scan(text, sign, &first) < 0)
		return false;
	next = next_digit(text, first.end, &odd);
	if (odd)
		return false;
	if (next < text.len) {
		if (sign > 0 || number_scan(text, next, &second) < 0 || !out_of(job, text, &first, &second, value_out))
			return false;
		return next_digit(text, second.end, &odd) == text.len && !odd &&
		       follows_well(view_sub(text, second.end, text.len)) &&
		       !is_changed(job, view_sub(text, second.end, text.len));
	}
	*value_out = minus ? -first.value : first.value;
	return follows_well(view_sub(text, first.end, text.len)) &&
	       !is_changed(job, view_sub(text, first.end, text.len));
}

/* "- 5" is five behind a bullet, unless the field has numbers below zero. */
static bool is_minus_or_bullet(const struct value_job *job)
{
	struct view line = view_trim(view_sub(job->text, 0, job->used));
	size_t bullet;

	return !(job->field->has_min && job->field->min >= 0) && value_is_bullet(line, &bullet) &&
	       (view_starts(line, VIEW("-")) || view_starts(line, VIEW("–")) || view_starts(line, VIEW("—")));
}

/* "about 350": the only number in the text, if it would do. */
static struct view suggest(const struct value_job *job, struct view text)
{
	struct number number, other;
	bool odd;
	size_t at = next_digit(text, 0, &odd), next;

	if (at == text.len || number_scan(text, at, &number) < 0 ||
		is_changed(job, view_sub(text, number.end, text.len)))
		return VIEW_NULL;
	next = next_digit(text, number.end, &odd);
	if (next < text.len && (number_scan(text, next, &other) < 0 || other.value != number.value))
		return VIEW_NULL;
	if (odd || !in_range(job->field, number.value))
		return VIEW_NULL;
	return view_of(arena_printf(job->arena, "%lld", number.value));
}

enum value_verdict value_read_number(struct value_job *job, json_t **value_out, struct view *suggestion_out)
{
	struct view text = unicode_ascii_digits(job->arena, job->line);
	long long value;

	if (!is_minus_or_bullet(job) && read_number(job, text, &value) && in_range(job->field, value)) {
		*value_out = json_integer(value);
		return VALUE_TAKEN;
	}
	*suggestion_out = suggest(job, text);
	return VALUE_INVALID;
}
