/*
 * Fuzz target: what a member of a team writes in answer to a digest. The first byte chooses what is quoted below it; the rest is
 * the text. The inputs to begin with: orders in every language, made in seeds.py.
 */
#include "tests/fuzz/fuzz.h"

#include <ctype.h>

#include "base/unicode.h"
#include "parsers/order.h"

#define TOKEN "ftd12m5x0123456789abcdef0123456789abcdef"
#define QUOTED "dig^est" /* stands in the quoted digest alone, as its sign does */
#define NUMBER_MAX 999999999999
#define MAIL_MAX ((size_t)1024 * 1024)

static const char *const quotes[] = {"",
	"\n\nOn Mon, Nov 9, 2026 at 8:00 AM Fieldpost <fieldpost@example.org> wrote:\n> #1042 Nepal " QUOTED "\n> " QUOTED "\n> " TOKEN "\n",
	"\n\nLe lun. 9 nov. 2026 \xc3\xa0 08:00, Fieldpost\n<fieldpost@example.org> a \xc3\xa9" "crit :\n\n> #1042 " QUOTED "\n>> #7 " QUOTED "\n",
	"\n\n-----Original Message-----\nFrom: Fieldpost <fieldpost@example.org>\nSent: Monday\nSubject: Fieldpost digest\n\n> #1042 " QUOTED "\n"};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	fuzz_forms();
	return 0;
}

static size_t count_letters(struct view text)
{
	size_t at = 0, count = 0;
	uint32_t code;

	while (unicode_next(text, &at, &code))
		count++;
	return count;
}

static void check_order(const struct order *order, bool quoted)
{
	bool bare = order->verb == ORDER_READ || order->verb == ORDER_ASK_AGAIN;
	size_t letters = count_letters(order->words), most = order->verb == ORDER_ANSWER ? ORDER_LETTERS_MAX : ORDER_DETAIL_LETTERS_MAX;

	FUZZ_HOLDS(order->number > 0 && order->number <= NUMBER_MAX, "%lld is a line's number", (long long)order->number);
	FUZZ_HOLDS(order_verb_name(order->verb), "an order has a verb");
	FUZZ_HOLDS(unicode_valid(order->words), "its words are UTF-8");
	FUZZ_HOLDS(!quoted || view_find(order->words, VIEW(QUOTED)) < 0, "nothing of what is quoted is in them");
	if (order->problem == ORDER_TOO_LONG)
		FUZZ_HOLDS(letters == most, "of words that are too long their beginning is kept");
	if (order->problem != ORDER_CLEAR)
		return;
	FUZZ_HOLDS(bare || (letters > 0 && letters <= most), "%zu letters are what an order holds", letters);
}

static void check_tokens(const struct orders *orders)
{
	FUZZ_HOLDS(orders->token_count <= ORDER_TOKENS_MAX, "no more tokens than are looked at");
	for (size_t i = 0; i < orders->token_count; i++) {
		struct view token = orders->tokens[i];

		FUZZ_HOLDS(view_starts(token, VIEW("ft")) && token.len > ORDER_TOKEN_MAC + 6, "token %zu is one", i);
		for (size_t j = 0; j < token.len; j++)
			FUZZ_HOLDS(isdigit((unsigned char)token.ptr[j]) || islower((unsigned char)token.ptr[j]), "token %zu is in small letters", i);
	}
}

static void check_orders(const struct orders *orders, bool quoted)
{
	json_t *json;

	FUZZ_HOLDS(orders->count <= ORDERS_MAX && (!orders->too_many || orders->count == ORDERS_MAX), "no more orders than are taken");
	for (size_t i = 0; i < orders->count; i++)
		check_order(&orders->list[i], quoted);
	check_tokens(orders);
	FUZZ_HOLDS(unicode_valid(orders->own) && orders->own.len <= 2 * ORDER_OWN_MAX, "the own words are bounded UTF-8");
	FUZZ_HOLDS(orders->says >= -1 && orders->says <= 1, "they say yes, no or neither");
	json = orders_to_json(orders);
	FUZZ_HOLDS(json && json_array_size(json_object_get(json, "items")) == orders->count, "all of them are told");
	json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view input = {(const char *)data, size};
	const char *quote = quotes[fuzz_choose(&input, FUZZ_COUNT(quotes))];
	struct arena *arena = arena_new();
	struct result result;
	struct text mail;

	text_init(&mail, MAIL_MAX);
	text_add_string(&mail, "From: Clara <clara@example.org>\nSubject: Re: Fieldpost digest\nMIME-Version: 1.0\n"
			       "References: <" TOKEN "@example.org>\nContent-Type: text/plain; charset=utf-8\n\n");
	text_add_view(&mail, input);
	text_add_string(&mail, quote);
	parse_mail(fuzz_forms(), arena, text_view(&mail), NULL, &result);
	if (result.orders)
		check_orders(result.orders, *quote && view_find_char(input, '^') < 0);
	FUZZ_HOLDS(!result.orders || result.orders->token_count > 0, "the token is found in the head");
	result_release(&result);
	text_release(&mail);
	arena_free(&arena);
	return 0;
}
