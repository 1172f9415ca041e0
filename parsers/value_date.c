/* parsers/value_date: a day, day first, months by number or by name in any language. See value.h. */
#include "base/unicode.h"
#include "parsers/value_private.h"

#define TOKENS_MAX 16
#define DATE_LINE_MAX 160 /* bytes: a longer line is no date */

enum token_kind { TOKEN_NUMBER, TOKEN_MONTH, TOKEN_WORD, TOKEN_SIGN };

struct token {
	enum token_kind kind;
	int value; /* number, month (1..12) or the sign's code point */
	int digits;
	struct view text;
};

struct tokens {
	struct token list[TOKENS_MAX];
	size_t count;
	bool overflow;
};

struct day {
	int year, month, day;
};

static void add(struct tokens *tokens, struct token token)
{
	if (tokens->count == TOKENS_MAX)
		tokens->overflow = true;
	else
		tokens->list[tokens->count++] = token;
}

static bool letter_at(struct view text, size_t at, size_t *end_out)
{
	uint32_t code;

	if (!unicode_next(text, &at, &code) || !unicode_is_letter(code))
		return false;
	*end_out = at;
	return true;
}

static size_t word_end(struct view text, size_t at)
{
	while (letter_at(text, at, &at))
		continue;
	return at;
}

static void add_number(struct tokens *tokens, struct view text, size_t *at)
{
	struct token token = {.kind = TOKEN_NUMBER};
	size_t from = *at;

	while (*at < text.len && text.ptr[*at] >= '0' && text.ptr[*at] <= '9') {
		if (token.digits++ < 8)
			token.value = token.value * 10 + (text.ptr[*at] - '0');
		(*at)++;
	}
	token.text = view_sub(text, from, *at - from);
	add(tokens, token);
}

/* A word, a month of one or two words ("تشرين الأول"), an ordinal's ending written on to its number, or a particle. */
static void add_word(const struct value_job *job, struct tokens *tokens, struct view text, size_t *at)
{
	const struct lexicon *lexicon = job->context->lexicon;
	size_t end = word_end(text, *at), behind = end;
	struct view word = view_sub(text, *at, end - *at), both;
	bool glued = *at > 0 && text.ptr[*at - 1] != ' ';
	int month = 0;

	if (end < text.len && text.ptr[end] == ' ')
		behind = word_end(text, end + 1);
	both = view_sub(text, *at, behind - *at);
	if (behind > end + 1)
		month = lexicon_month(lexicon, job->arena, both);
	*at = month > 0 ? behind : end;
	if (month == 0)
		month = lexicon_month(lexicon, job->arena, word);
	if (month > 0) {
		add(tokens, (struct token){.kind = TOKEN_MONTH, .value = month, .text = word});
		return;
	}
	if (glued && tokens->count > 0 && lexicon_is_ordinal(lexicon, job->arena, word)) {
		if (tokens->list[tokens->count - 1].kind == TOKEN_SIGN && tokens->count > 1)
			tokens->count--; /* "1.º" */
		if (tokens->list[tokens->count - 1].kind == TOKEN_NUMBER)
			return;
	}
	if (!lexicon_is_date_particle(lexicon, job->arena, word))
		add(tokens, (struct token){.kind = TOKEN_WORD, .text = word});
}

static void tokenise(const struct value_job *job, struct view text, struct tokens *tokens)
{
	size_t at = 0;

	tokens->count = 0;
	tokens->overflow = false;
	while (at < text.len) {
		size_t end;
		uint32_t code;

		if (text.ptr[at] >= '0' && text.ptr[at] <= '9') {
			add_number(tokens, text, &at);
		} else if (letter_at(text, at, &end)) {
			add_word(job, tokens, text, &at);
		} else if (unicode_next(text, &at, &code) && !unicode_is_space(code)) {
			add(tokens, (struct token){.kind = TOKEN_SIGN, .value = (int)code});
		}
	}
	while (tokens->count > 0 && tokens->list[tokens->count - 1].kind == TOKEN_SIGN &&
		(tokens->list[tokens->count - 1].value == '.' || tokens->list[tokens->count - 1].value == 0x964 ||
			tokens->list[tokens->count - 1].value == ','))
		tokens->count--;
}

/* "3.4.2026", "03/04/2026", "2026-04-03": 1 a date, 0 another shape. */
static int numeric(const struct tokens *tokens, struct day *out)
{
	const struct token *t = tokens->list;
	int sign = tokens->count == 5 ? t[1].value : 0;

	if (tokens->count != 5 || t[0].kind != TOKEN_NUMBER || t[2].kind != TOKEN_NUMBER || t[4].kind != TOKEN_NUMBER ||
		t[1].kind != TOKEN_SIGN || t[3].kind != TOKEN_SIGN || t[3].value != sign ||
		!(sign == '-' || sign == '/' || sign == '.'))
		return 0;
	if (t[2].digits > 2)
		return 0;
	if (t[0].digits == 4 && t[4].digits <= 2)
		*out = (struct day){t[0].value, t[2].value, t[4].value};
	else if (t[4].digits == 4 && t[0].digits <= 2)
		*out = (struct day){t[4].value, t[2].value, t[0].value};
	else
		return 0;
	return 1;
}

/* Leaves numbers and months; a month named twice in one breath ("آذار/مارس") is one. False: something else stands
 * there. */
static bool distil(const struct tokens *tokens, struct token *out, size_t *count_out)
{
	size_t count = 0;

	for (size_t i = 0; i < tokens->count; i++) {
		const struct token *token = &tokens->list[i];

		if (token->kind == TOKEN_WORD)
			return false;
		if (token->kind == TOKEN_SIGN) {
			if (!(token->value == ',' || token->value == 0x60c || token->value == '.' ||
				    token->value == '-' || token->value == '/'))
				return false;
			continue;
		}
		if (token->kind == TOKEN_MONTH && count > 0 && out[count - 1].kind == TOKEN_MONTH &&
			out[count - 1].value == token->value)
			continue;
		if (count == 3)
			return false;
		out[count++] = *token;
	}
	*count_out = count;
	return true;
}

/* "3 March 2026", "March 3, 2026", "2026 March 3". */
static int named(const struct tokens *tokens, struct day *out)
{
	struct token t[3];
	size_t count;

	if (!distil(tokens, t, &count) || count != 3)
		return 0;
	if (t[0].kind == TOKEN_NUMBER && t[1].kind == TOKEN_MONTH && t[2].kind == TOKEN_NUMBER) {
		if (t[0].digits <= 2 && t[2].digits == 4)
			*out = (struct day){t[2].value, t[1].value, t[0].value};
		else if (t[0].digits == 4 && t[2].digits <= 2)
			*out = (struct day){t[0].value, t[1].value, t[2].value};
		else
			return 0;
		return 1;
	}
	if (t[0].kind == TOKEN_MONTH && t[1].kind == TOKEN_NUMBER && t[2].kind == TOKEN_NUMBER && t[1].digits <= 2 &&
		t[2].digits == 4) {
		*out = (struct day){t[2].value, t[0].value, t[1].value};
		return 1;
	}
	return 0;
}

static int days_in(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* Does the day exist, in years that may be meant, and no later than a year after the mail? */
static bool is_possible(const struct value_job *job, const struct day *day)
{
	time_t date = (time_t)job->context->date;
	struct tm mail;

	if (day->year < VALUE_YEAR_MIN || day->year > 9999 || day->month < 1 || day->month > 12 || day->day < 1 ||
		day->day > days_in(day->year, day->month))
		return false;
	if (job->context->date == 0 || !gmtime_r(&date, &mail))
		return day->year <= VALUE_YEAR_MAX_UNDATED;
	if (day->year != mail.tm_year + 1901)
		return day->year < mail.tm_year + 1901;
	return day->month < mail.tm_mon + 1 || (day->month == mail.tm_mon + 1 && day->day <= mail.tm_mday);
}

static char *day_print(struct arena *arena, const struct day *day)
{
	return arena_printf(arena, "%04d-%02d-%02d", day->year, day->month, day->day);
}

/* A guess for the reviewer: words dropped, years of two digits taken for this century, month first where only that
 * exists. */
static struct view suggest(const struct value_job *job, const struct tokens *tokens)
{
	struct tokens bare = {.count = 0};
	struct day day;

	for (size_t i = 0; i < tokens->count; i++) {
		struct token token = tokens->list[i];

		if (token.kind == TOKEN_WORD || (token.kind == TOKEN_SIGN && i == 0))
			continue;
		if (token.kind == TOKEN_NUMBER && token.digits == 2 && i + 1 == tokens->count && i > 1 &&
			tokens->list[0].digits != 4) {
			token.value += 2000;
			token.digits = 4;
		}
		add(&bare, token);
	}
	if (!numeric(&bare, &day) && !named(&bare, &day))
		return VIEW_NULL;
	if (day.month > 12 && day.day <= 12)
		day = (struct day){day.year, day.day, day.month};
	return is_possible(job, &day) ? view_of(day_print(job->arena, &day)) : VIEW_NULL;
}

enum value_verdict value_read_date(struct value_job *job, json_t **value_out, struct view *suggestion_out)
{
	struct view text;
	struct tokens tokens;
	struct day day;

	if (job->line.len > DATE_LINE_MAX)
		return VALUE_INVALID;
	text = unicode_fold(job->arena, unicode_ascii_digits(job->arena, job->line));
	tokenise(job, text, &tokens);
	if (tokens.overflow)
		return VALUE_INVALID;
	if ((numeric(&tokens, &day) || named(&tokens, &day)) && is_possible(job, &day)) {
		*value_out = json_string(day_print(job->arena, &day));
		return VALUE_TAKEN;
	}
	*suggestion_out = suggest(job, &tokens);
	return VALUE_INVALID;
}
