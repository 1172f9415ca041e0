/*
 * Order: what policy staff write in answer to a digest: "#1042 thank you, can you say more ...", "#1042 read". Private to
 * parsers/.
 *
 * It is read off a reply whose lines have their roles already (reply.h), so what is quoted, in any client's way, and
 * what is signature is none of it. An order begins with a "#" and a number at the beginning of a line and ends with the
 * next one, a quote, the signature or the end. Behind the number stands one of the phrases of config/languages
 * (`order_...`), in any of the languages, or else words for the practitioner. What is not clear is said so and never
 * guessed.
 *
 * Beside the orders stand the tokens of ours that the mail carries (core/answer_token.h), in a header or a quote: who
 * has the key says which of them are ours. And the sender's own words, for an answer to a team.
 */
#ifndef PARSERS_ORDER_H
#define PARSERS_ORDER_H

#include "parsers/parsers.h"

#define ORDERS_MAX 50			/* of a mail; more are not clear */
#define ORDER_LETTERS_MAX 2000		/* of the words that go out */
#define ORDER_DETAIL_LETTERS_MAX 300	/* "used in ...", a name */
#define ORDER_OWN_MAX ((size_t)8000)	/* bytes of the own words that are kept */
#define ORDER_TOKENS_MAX 8
#define ORDER_TOKEN_MAC 32		/* hex digits at a token's end */

enum order_verb {
	ORDER_ANSWER, /* words: for the practitioner */
	ORDER_READ,
	ORDER_USED,	/* words: in what */
	ORDER_NOT_USED, /* words: why */
	ORDER_ASK_AGAIN,
	ORDER_ASSIGN, /* words: to whom */
};

enum order_problem {
	ORDER_CLEAR,
	ORDER_UNCLEAR,	     /* a phrase with words behind it that it does not take, or one word alone */
	ORDER_EMPTY,	     /* nothing stands behind the number, or behind a phrase that needs it */
	ORDER_TOO_LONG,	     /* words is their beginning */
	ORDER_NAMES_ANOTHER, /* another line's number stands inside the words */
};

struct order {
	int64_t number; /* of the digest's line */
	enum order_verb verb;
	enum order_problem problem;
	struct view words; /* lines parted by LF */
};

struct orders {
	const struct order *list;
	size_t count;
	bool too_many;
	const struct view *tokens; /* as they stand, lower case */
	size_t token_count;
	struct view own; /* the sender's own words; may be cut */
	int says;	 /* the first of them: 1 yes, 0 no, -1 neither */
};

const char *order_verb_name(enum order_verb verb);	    /* "answer", "not-used", ... */
const char *order_problem_name(enum order_problem problem); /* "unclear", ...; NULL: it is clear */

/* {"items": [{number, verb, words[, problem]}], "too_many", "tokens", "own", "says"} */
json_t *orders_to_json(const struct orders *orders);

struct mail;
struct reply;

/* NULL where the mail has no order, no token, answers none of our mails to teams and has other answers in it. */
const struct orders *order_read(const struct mail *mail, const struct reply *reply);

#endif
