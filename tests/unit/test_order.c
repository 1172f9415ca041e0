/* Orders out of replies to digests: the words of six languages, where one ends, what is not clear; tokens; a sender's own words. */
#include "parsers/order.h"

#include "tests/unit/forms.h"
#include "tests/unit/unit.h"

#define GMAIL "\n\nOn Mon, 16 Nov 2026 at 08:00, Fieldpost <f@x.example> wrote:\n> #1042 Nepal\n> words of the digest\n"
#define OUTLOOK                                                                                                       \
	"\n\n________________________________\nFrom: Fieldpost <f@x.example>\nSent: Monday, 16 November 2026 08:00\n"    \
	"To: Clara <c@x.example>\nSubject: Fieldpost digest\n\n#1042 Nepal\nwords of the digest\n"

/* wanted: "NUMBER VERB[ !PROBLEM] [words]" of each, parted by "; "; a line break in the words is "/" */
static const struct {
	const char *body, *wanted;
} cases[] = {
	/* an order and its end */
	{"#1042 Thank you, who said so?", "1042 answer [Thank you, who said so?]"},
	{"#1042 Thank you,\nwho said so?\n\nAnd when?\n", "1042 answer [Thank you,/who said so?//And when?]"},
	{"#1042 Thank you, who?" GMAIL, "1042 answer [Thank you, who?]"},
	{"#1042 Thank you, who?" OUTLOOK, "1042 answer [Thank you, who?]"},
	{"#1042 Thank you, who?\n\n-- \nClara Meyer\n+41 22 700 88 99\n", "1042 answer [Thank you, who?]"},
	{"#1042 Thank you, who?\n\nKind regards\nClara Meyer\n+41 22 700 88 99" GMAIL, "1042 answer [Thank you, who?]"},
	{"#1 read\n#2 used in SSR-1\n#3 Thank you all", "1 read []; 2 used [SSR-1]; 3 answer [Thank you all]"},
	{"Dear all\n\n#7 read\n\nregards", "7 read []"},
	{"> #7 quoted words\n#8 read", "8 read []"},
	{"no order here", ""},
	{"we saw #7 and #8 there", ""},
	{"", ""},
	/* how it may be written */
	{"#1042: read", "1042 read []"},
	{"# 1042 read", ""},
	{"(#1042) read.", "1042 read []"},
	{"* #1042 - READ", "1042 read []"},
	{"\xef\xbc\x83" "1042 read", "1042 read []"},
	{"#1042x read", ""},
	{"#0 read", ""},
	{"#1234567890123 read", ""},
	{"#999999999999 read", "999999999999 read []"},
	{"#1042 used in: SSR-2026-014", "1042 used [SSR-2026-014]"},
	{"#1042\nnot used because\nit came late", "1042 not-used [it came late]"},
	/* the words of each language */
	{"#1 ask again\n#2 assign to Paul\n#3 assign Paul", "1 ask-again []; 2 assign [Paul]; 3 assign [Paul]"},
	{"#1 lu\n#2 utilisé dans X\n#3 Non utilisé parce que tard\n#4 redemander\n#5 attribuer à Paul",
		"1 read []; 2 used [X]; 3 not-used [tard]; 4 ask-again []; 5 assign [Paul]"},
	{"#1 LEÍDO\n#2 usado en X\n#3 no usado porque tarde\n#4 preguntar de nuevo\n#5 asignar a Paul",
		"1 read []; 2 used [X]; 3 not-used [tarde]; 4 ask-again []; 5 assign [Paul]"},
	{"#1 lido\n#2 usado em X\n#3 não usado porque tarde\n#4 perguntar de novo\n#5 atribuir a Paul",
		"1 read []; 2 used [X]; 3 not-used [tarde]; 4 ask-again []; 5 assign [Paul]"},
	{"#\xd9\xa1 مقروء\n#\xd9\xa2 استخدم في X\n#3 لم يستخدم لأن متأخر\n#4 اسأل مرة أخرى\n#5 أسند إلى Paul",
		"1 read []; 2 used [X]; 3 not-used [متأخر]; 4 ask-again []; 5 assign [Paul]"},
	{"#\xe0\xa5\xa7 पढियो\n#२ प्रयोग भयो X\n#3 प्रयोग भएन किनभने ढिलो\n#4 फेरि सोध्नुहोस्\n#5 जिम्मा Paul",
		"1 read []; 2 used [X]; 3 not-used [ढिलो]; 4 ask-again []; 5 assign [Paul]"},
	{"\xe2\x80\x8f#1 \xe2\x80\x8fمقروء\xe2\x80\x8f", "1 read []"},
	/* what is not clear */
	{"#1042", "1042 answer !empty []"},
	{"#1042 ...", "1042 answer !empty []"},
	{"#1042 used in", "1042 used !empty []"},
	{"#1042 thanks", "1042 answer !unclear [thanks]"},
	{"#1042 read this aloud", "1042 read !unclear [this aloud]"},
	{"#1042 ask again please", "1042 ask-again !unclear [please]"},
	{"#1042 as in #1043 it is said", "1042 answer !names-another [as in #1043 it is said]"},
	{"#1042 readers want to know", "1042 answer [readers want to know]"},
	{"#1042 used informally by all", "1042 answer [used informally by all]"},
};

static void write_orders(const struct orders *orders, struct text *out)
{
	for (size_t i = 0; orders && i < orders->count; i++) {
		const struct order *order = &orders->list[i];
		const char *problem = order_problem_name(order->problem);

		text_add_format(out, "%s%lld %s%s%s [", i > 0 ? "; " : "", (long long)order->number,
			order_verb_name(order->verb), problem ? " !" : "", problem ? problem : "");
		for (size_t j = 0; j < order->words.len; j++)
			text_add_char(out, order->words.ptr[j] == '\n' ? '/' : order->words.ptr[j]);
		text_add_char(out, ']');
	}
}

static void read_mail(const struct forms *forms, struct arena *arena, const char *head, const char *body, struct result *result)
{
	const char *mail = arena_printf(arena,
		"From: Clara <c@x.example>\nSubject: Re: Fieldpost digest\n%sContent-Type: text/plain; charset=utf-8\n\n%s", head, body);
	UNIT_SCOPED char *block = unit_heap(view_of(mail));

	parse_mail(forms, arena, (struct view){block, strlen(mail)}, NULL, result);
}

static void test_cases(void **state)
{
	struct arena *arena = arena_new();
	struct forms *forms = unit_forms(arena);

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct result result;
		TEXT_SCOPED got;

		text_init(&got, 100000);
		read_mail(forms, arena, "", cases[i].body, &result);
		write_orders(result.orders, &got);
		unit_same(cases[i].body, text_view(&got), view_of(cases[i].wanted));
		result_release(&result);
	}
	forms_free(&forms);
	arena_free(&arena);
}

/* A mail of so many "x" behind "#1 ", or of so many orders. */
static const char *many(struct arena *arena, const char *before, const char *each, size_t count)
{
	TEXT_SCOPED body;

	text_init(&body, 1000000);
	text_add_string(&body, before);
	for (size_t i = 0; i < count; i++)
		text_add_string(&body, each);
	return arena_strdup(arena, text_string(&body));
}

static void test_limits(void **state)
{
	struct arena *arena = arena_new();
	struct forms *forms = unit_forms(arena);
	struct result result;

	(void)state;
	for (int over = -1; over <= 1; over++) {
		size_t letters = (size_t)(ORDER_LETTERS_MAX + over), detail = (size_t)(ORDER_DETAIL_LETTERS_MAX + over);

		/* letters of two bytes: they are counted, not the bytes */
		read_mail(forms, arena, "", many(arena, "#1 \xc3\xa9 ", "\xc3\xa9", letters - 2), &result);
		assert_int_equal(result.orders->list[0].problem, over > 0 ? ORDER_TOO_LONG : ORDER_CLEAR);
		assert_int_equal(result.orders->list[0].words.len, 2 * (size_t)(ORDER_LETTERS_MAX + (over < 0 ? -1 : 0)) - 1);
		result_release(&result);
		read_mail(forms, arena, "", many(arena, "#1 used in ", "x", detail), &result);
		assert_int_equal(result.orders->list[0].problem, over > 0 ? ORDER_TOO_LONG : ORDER_CLEAR);
		result_release(&result);
		read_mail(forms, arena, "", many(arena, "", "#1 read\n", (size_t)(ORDERS_MAX + over)), &result);
		assert_int_equal(result.orders->too_many, over > 0);
		assert_int_equal(result.orders->count, over < 0 ? ORDERS_MAX - 1 : ORDERS_MAX);
		result_release(&result);
	}
	forms_free(&forms);
	arena_free(&arena);
}

#define MAC "0123456789abcdef0123456789abcdef"

/* Where a token may stand, and what is none. */
static void test_tokens(void **state)
{
	static const struct {
		const char *head, *body;
		size_t count;
	} tokens[] = {
		{"References: <ftd1m2x" MAC "@x.example>\n", "#1 read", 1},
		{"In-Reply-To: <FTC1M2X" MAC "@x.example>\n", "yes", 1},
		{"References: <ftd1m2x" MAC "@x.example>\n", "> leave this: ftd1m2x" MAC "\n", 1},
		{"", "yes\n> ftc12345678901234567m1x" MAC, 1},
		{"", "#1 read\n\nftd1m2x" MAC " ftd3m2x" MAC "\n", 2},
		{"", "ftd1m2x" MAC "0", 0},
		{"", "xftd1m2x" MAC, 0},
		{"", "fte1m2x" MAC, 0},
		{"", "ftdm2x" MAC, 0},
		{"", "ftd1mx" MAC, 0},
		{"", "ftd1234567890123456789m2x" MAC, 0},
		{"", "ftd1m2x0123456789abcdef0123456789abcde", 0},
		{"", "ftd1m2x0123456789abcdef0123456789abcdeg", 0},
	};
	struct arena *arena = arena_new();
	struct forms *forms = unit_forms(arena);

	(void)state;
	for (size_t i = 0; i < COUNT(tokens); i++) {
		struct result result;

		read_mail(forms, arena, tokens[i].head, tokens[i].body, &result);
		unit_same_number(tokens[i].body, result.orders ? (long long)result.orders->token_count : 0, (long long)tokens[i].count);
		for (size_t j = 0; result.orders && j < result.orders->token_count; j++)
			assert_true(view_starts(result.orders->tokens[j], VIEW("ft")));
		result_release(&result);
	}
	forms_free(&forms);
	arena_free(&arena);
}

/* What a practitioner answers: what they wrote, without the quote; and what is said to a question. */
static void test_own(void **state)
{
	static const struct {
		const char *body, *own;
		int says;
	} answers[] = {
		{"The old harbour.\n\nAnd the new one." GMAIL, "The old harbour.\n\nAnd the new one.", -1},
		{"Yes" GMAIL, "Yes", 1},
		{"Oui.\n", "Oui.", 1},
		{"हो", "हो", 1},
		{"no", "no", 0},
		{"Yes, but not like this", "Yes, but not like this", -1},
		{"> yes\n", "", -1},
	};
	struct arena *arena = arena_new();
	struct forms *forms = unit_forms(arena);

	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct result result;

		read_mail(forms, arena, "In-Reply-To: <answer-1.x@x.example>\n", answers[i].body, &result);
		assert_non_null(result.orders);
		unit_same(answers[i].body, result.orders->own, view_of(answers[i].own));
		unit_same_number(answers[i].body, result.orders->says, answers[i].says);
		result_release(&result);
	}
	forms_free(&forms);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
