/* parsers/order: orders of policy staff out of a reply whose lines have their roles. See order.h. */
#include "parsers/order.h"

#include <ctype.h>

#include "base/unicode.h"
#include "parsers/form.h"
#include "parsers/reply.h"

#define NUMBER_DIGITS_MAX 12
#define PHRASE_MAX 100 /* bytes in which a phrase must stand */

const char *order_verb_name(enum order_verb verb)
{
	static const char *const names[] = {"answer", "read", "used", "not-used", "ask-again", "assign"};

	return names[verb];
}

const char *order_problem_name(enum order_problem problem)
{
	static const char *const names[] = {NULL, "unclear", "empty", "too-long", "names-another"};

	return names[problem];
}

/* ---- numbers ---- */

/* What a "#" and digits of any script at `at` come to; behind_out: where they end. */
static bool read_number(struct view text, size_t at, int64_t *number_out, size_t *behind_out)
{
	int64_t number = 0;
	size_t digits = 0, next;
	uint32_t code;

	if (!unicode_next(text, &at, &code) || (code != '#' && code != 0xff03))
		return false;
	for (next = at; unicode_next(text, &next, &code) && unicode_is_digit(code); at = next, digits++) {
		if (digits == NUMBER_DIGITS_MAX)
			return false;
		number = number * 10 + unicode_digit(code);
	}
	if (digits == 0 || number == 0 || (next > at && unicode_is_letter(code)))
		return false;
	*number_out = number;
	*behind_out = at;
	return true;
}

static bool is_separator(uint32_t code)
{
	return unicode_is_space(code) || code == ':' || code == ',' || code == '.' || code == '-' || code == 0x2013 ||
	       code == 0x2014 || code == 0x060c || code == 0xff1a;
}

static struct view skip_separators(struct view text)
{
	uint32_t code;
	size_t at = 0, from = 0;

	while (unicode_next(text, &at, &code) && is_separator(code))
		from = at;
	return view_sub(text, from, text.len);
}

/* What may stand before the number: white space, a bullet, a bracket. */
static bool begins_order(struct view line, int64_t *number_out, struct view *rest_out)
{
	size_t at = 0, behind;

	while (at < line.len && strchr(" \t*-([", line.ptr[at]))
		at++;
	if (!read_number(line, at, number_out, &behind))
		return false;
	while (behind < line.len && strchr(")]", line.ptr[behind]))
		behind++;
	*rest_out = skip_separators(view_sub(line, behind, line.len));
	return true;
}

static bool names_a_line(struct view words)
{
	int64_t number;
	size_t behind;

	for (size_t at = 0; at < words.len; at++)
		if ((words.ptr[at] == '#' || (unsigned char)words.ptr[at] == 0xef) &&
			read_number(words, at, &number, &behind))
			return true;
	return false;
}

/* ---- one order ---- */

static bool is_word_end(struct view text, size_t at)
{
	uint32_t code;

	return at >= text.len || (unicode_next(text, &at, &code) && is_separator(code));
}

/* The longest phrase that the first line begins with; behind_out: what stands behind it. */
static enum order_verb find_phrase(const struct reply *reply, struct view words, struct view *behind_out)
{
	struct view line = words;
	ptrdiff_t end = view_find_char(words, '\n');
	enum order_verb verb = ORDER_ANSWER;

	if (end >= 0)
		line = view_sub(words, 0, (size_t)end);
	for (size_t at = 1; at <= line.len && at <= PHRASE_MAX; at++) {
		int found;

		if (!is_word_end(line, at))
			continue;
		found = lexicon_order(reply->forms->lexicon, reply->arena, view_sub(line, 0, at));
		if (found == 0)
			continue;
		verb = (enum order_verb)found;
		*behind_out = view_trim(skip_separators(view_sub(words, at, words.len)));
	}
	return verb;
}

static size_t count_words(struct view text)
{
	size_t at = 0, count = 0;
	bool inside = false;
	uint32_t code;

	while (unicode_next(text, &at, &code)) {
		bool letter = unicode_is_letter(code) || unicode_is_digit(code);

		count += letter && !inside;
		inside = letter || (inside && !unicode_is_space(code));
	}
	return count;
}

/* The first so many letters; false when that is all. */
static bool cut_letters(struct view *text, size_t letters)
{
	size_t at = 0, count = 0;
	uint32_t code;

	while (count < letters && unicode_next(*text, &at, &code))
		count++;
	if (at >= text->len)
		return false;
	*text = view_sub(*text, 0, at);
	return true;
}

static enum order_problem judge(struct order *order)
{
	bool bare = order->verb == ORDER_READ || order->verb == ORDER_ASK_AGAIN;

	if (bare)
		return order->words.len > 0 && count_words(order->words) > 0 ? ORDER_UNCLEAR : ORDER_CLEAR;
	if (count_words(order->words) == 0)
		return ORDER_EMPTY;
	if (names_a_line(order->words))
		return ORDER_NAMES_ANOTHER;
	if (cut_letters(&order->words, order->verb == ORDER_ANSWER ? ORDER_LETTERS_MAX : ORDER_DETAIL_LETTERS_MAX))
		return ORDER_TOO_LONG;
	return order->verb == ORDER_ANSWER && count_words(order->words) == 1 ? ORDER_UNCLEAR : ORDER_CLEAR;
}

static void finish(const struct reply *reply, struct order *order, struct text *words)
{
	struct view all = view_trim(text_view(words)), behind = VIEW_NULL;

	order->verb = find_phrase(reply, all, &behind);
	if (order->verb != ORDER_ANSWER)
		all = behind;
	order->words = (struct view){arena_copy(reply->arena, all.ptr ? all.ptr : "", all.len), all.len};
	order->problem = judge(order);
	text_reset(words);
}

/* ---- the mail ---- */

static bool is_own(const struct reply *reply, size_t line)
{
	const struct reply_line *read = &reply->lines[line];

	return read->depth == 0 && (read->role == LINE_TEXT || read->role == LINE_BLANK);
}

static struct view line_text(const struct reply *reply, size_t line)
{
	return unicode_drop_bidi(reply->arena, reply->source[line].text);
}

static void add_line(struct text *out, struct view line)
{
	text_add_view(out, line);
	text_add_char(out, '\n');
}

static void read_orders(const struct reply *reply, struct orders *orders)
{
	struct order *list = ARENA_NEW_N(reply->arena, struct order, ORDERS_MAX + 1);
	struct order *open = NULL;
	TEXT_SCOPED words;

	text_init(&words, PARSE_TEXT_MAX);
	for (size_t i = 0; i < reply->count; i++) {
		struct view line = VIEW_NULL, rest;
		int64_t number;
		bool own = is_own(reply, i), begins;

		if (own)
			line = line_text(reply, i);
		begins = own && begins_order(line, &number, &rest);
		if (open && (!own || begins)) {
			finish(reply, open, &words);
			open = NULL;
		}
		if (begins && orders->count == ORDERS_MAX)
			orders->too_many = true;
		else if (begins) {
			open = &list[orders->count++];
			*open = (struct order){.number = number};
			add_line(&words, rest);
		} else if (open) {
			add_line(&words, line);
		}
	}
	if (open)
		finish(reply, open, &words);
	orders->list = list;
}

static void read_own(const struct reply *reply, struct orders *orders)
{
	struct view own, first, rest;
	TEXT_SCOPED words;

	text_init(&words, ORDER_OWN_MAX);
	for (size_t i = 0; i < reply->count && !words.full; i++)
		if (is_own(reply, i))
			add_line(&words, line_text(reply, i));
	own = unicode_nfc(reply->arena, view_trim(text_view(&words)));
	orders->own = own;
	rest = own;
	orders->says = view_next_line(&rest, &first) ? lexicon_yes_no(reply->forms->lexicon, reply->arena, first) : -1;
}

/* ---- tokens ---- */

static size_t digits_at(struct view text, size_t at)
{
	size_t count = 0;

	while (at + count < text.len && isdigit((unsigned char)text.ptr[at + count]))
		count++;
	return count;
}

/* "FTd12m5x" and hex digits: its length, 0 when none stands here. */
static size_t token_at(struct view text, size_t at)
{
	size_t first, second, end = at + 3;

	if (!view_starts_nocase(view_sub(text, at, 2), VIEW("ft")) || (at > 0 && isalnum((unsigned char)text.ptr[at - 1])))
		return 0;
	if (at + 3 > text.len || !strchr("cCdD", text.ptr[at + 2]))
		return 0;
	first = digits_at(text, end);
	end += first + 1;
	if (first == 0 || first > 18 || end > text.len || tolower((unsigned char)text.ptr[end - 1]) != 'm')
		return 0;
	second = digits_at(text, end);
	end += second + 1;
	if (second == 0 || second > 18 || end > text.len || tolower((unsigned char)text.ptr[end - 1]) != 'x')
		return 0;
	for (size_t i = 0; i < ORDER_TOKEN_MAC; i++, end++)
		if (end >= text.len || !isxdigit((unsigned char)text.ptr[end]))
			return 0;
	return end < text.len && isalnum((unsigned char)text.ptr[end]) ? 0 : end - at;
}

static void add_token(struct arena *arena, struct orders *orders, struct view *list, struct view found)
{
	char *lower = arena_copy(arena, found.ptr, found.len);

	for (size_t i = 0; i < found.len; i++)
		lower[i] = (char)tolower((unsigned char)lower[i]);
	for (size_t i = 0; i < orders->token_count; i++)
		if (view_equal(list[i], (struct view){lower, found.len}))
			return;
	list[orders->token_count++] = (struct view){lower, found.len};
}

static void find_tokens(struct arena *arena, struct view text, struct orders *orders, struct view *list)
{
	for (size_t at = 0; at < text.len && orders->token_count < ORDER_TOKENS_MAX; at++) {
		size_t length = text.ptr[at] == 'F' || text.ptr[at] == 'f' ? token_at(text, at) : 0;

		if (length > 0)
			add_token(arena, orders, list, view_sub(text, at, length));
	}
}

static void read_tokens(const struct mail *mail, const struct reply *reply, struct orders *orders)
{
	struct view *list = ARENA_NEW_N(reply->arena, struct view, ORDER_TOKENS_MAX + 1);

	find_tokens(reply->arena, mail->envelope.in_reply_to, orders, list);
	find_tokens(reply->arena, mail->envelope.references, orders, list);
	for (size_t i = 0; i < mail->part_count; i++)
		find_tokens(reply->arena, mail->parts[i].text, orders, list);
	orders->tokens = list;
}

/* Does it answer a digest, what a member was told, or a team's words? By the Message-IDs that we give these. */
static bool answers_ours(const struct envelope *envelope)
{
	static const struct view signs[] = {VIEW("<digest-"), VIEW("<order-"), VIEW("<answer-")};

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (view_find(envelope->in_reply_to, signs[i]) >= 0 || view_find(envelope->references, signs[i]) >= 0)
			return true;
	return false;
}

const struct orders *order_read(const struct mail *mail, const struct reply *reply)
{
	struct orders *orders = ARENA_NEW(reply->arena, struct orders);

	if (reply->over_limit)
		return NULL;
	orders->says = -1;
	read_tokens(mail, reply, orders);
	read_orders(reply, orders);
	if (orders->token_count == 0 && orders->count == 0 && !answers_ours(&mail->envelope) && reply->found > 0)
		return NULL;
	read_own(reply, orders);
	return orders;
}

json_t *orders_to_json(const struct orders *orders)
{
	json_t *items = json_array(), *tokens = json_array();

	for (size_t i = 0; i < orders->count; i++) {
		const struct order *order = &orders->list[i];
		json_t *one = json_pack("{s:I,s:s,s:s%}", "number", (json_int_t)order->number, "verb",
			order_verb_name(order->verb), "words", order->words.ptr, order->words.len);

		if (order->problem != ORDER_CLEAR)
			json_object_set_new(one, "problem", json_string(order_problem_name(order->problem)));
		json_array_append_new(items, one);
	}
	for (size_t i = 0; i < orders->token_count; i++)
		json_array_append_new(tokens, json_stringn(orders->tokens[i].ptr, orders->tokens[i].len));
	return json_pack("{s:o,s:b,s:o,s:s%,s:i}", "items", items, "too_many", (int)orders->too_many, "tokens", tokens,
		"own", orders->own.ptr ? orders->own.ptr : "", orders->own.len, "says", orders->says);
}
