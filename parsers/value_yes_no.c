/* parsers/value_yes_no: yes or no in any language, with words behind a comma or a full stop. See value.h. */
#include "base/unicode.h"
#include "parsers/value_private.h"

/* Splits at the first comma or full stop that ends a word; false when there is none. */
static bool split(struct view text, struct view *head_out, struct view *tail_out, bool *stop_out)
{
	static const uint32_t commas[] = {',', 0x60c, 0x3001, 0xff0c}, stops[] = {'.', 0x6d4, 0x964, 0x3002, 0xff0e};
	size_t at = 0;
	uint32_t code, behind;

	for (size_t start = 0; unicode_next(text, &at, &code); start = at) {
		bool comma = false, stop = false;
		size_t ahead = at;

		for (size_t i = 0; i < 4; i++)
			comma = comma || code == commas[i];
		for (size_t i = 0; i < 5; i++)
			stop = stop || code == stops[i];
		if (stop && unicode_next(text, &ahead, &behind) && !unicode_is_space(behind))
			stop = false; /* "n.a." says neither */
		if (!comma && !stop)
			continue;
		*head_out = view_sub(text, 0, start);
		*tail_out = view_trim(view_sub(text, at, text.len));
		*stop_out = stop;
		return true;
	}
	return false;
}

static struct view last_word(struct arena *arena, struct view text)
{
	struct view rest = word_key(arena, text), word = VIEW_NULL;

	while (view_next_field(&rest, ' ', &word))
		continue;
	return word;
}

/* "Yes, no", "Yes, but no": the words behind it begin or end with the other answer. */
static bool contradicts(const struct value_job *job, struct view tail, int answer)
{
	const struct lexicon *lexicon = job->context->lexicon;
	struct view head = tail, more = VIEW_NULL;
	bool stop;
	int first, last;

	(void)split(tail, &head, &more, &stop);
	first = lexicon_yes_no(lexicon, job->arena, head);
	last = lexicon_yes_no(lexicon, job->arena, last_word(job->arena, tail));
	return (first >= 0 && first != answer) || (last >= 0 && last != answer);
}

/* The first word, if no other word says the contrary. */
static struct view suggest(const struct value_job *job)
{
	struct view rest = word_key(job->arena, job->line), word;
	int answer = -1, other;

	if (!view_next_field(&rest, ' ', &word))
		return VIEW_NULL;
	answer = lexicon_yes_no(job->context->lexicon, job->arena, word);
	if (answer < 0 || unicode_length(word) == 1)
		return VIEW_NULL;
	while (view_next_field(&rest, ' ', &word)) {
		other = lexicon_yes_no(job->context->lexicon, job->arena, word);
		if (other >= 0 && other != answer)
			return VIEW_NULL;
	}
	return answer ? VIEW("yes") : VIEW("no");
}

enum value_verdict value_read_yes_no(struct value_job *job, json_t **value_out, struct view *suggestion_out)
{
	const struct lexicon *lexicon = job->context->lexicon;
	struct view head = VIEW_NULL, tail = VIEW_NULL;
	bool stop = false;
	int answer;

	answer = split(job->line, &head, &tail, &stop) ? -1 : lexicon_yes_no(lexicon, job->arena, job->line);
	if (answer < 0 && head.len > 0)
		answer = lexicon_yes_no(lexicon, job->arena, head);
	/* "N. 5", "No. 5": an abbreviation, not an answer. */
	if (answer >= 0 && stop && tail.len > 0 &&
		(unicode_length(head) == 1 ||
			unicode_is_digit((unsigned char)unicode_ascii_digits(job->arena, tail).ptr[0])))
		answer = -1;
	if (answer >= 0 && !contradicts(job, tail, answer)) {
		*value_out = json_boolean(answer);
		return VALUE_TAKEN;
	}
	*suggestion_out = suggest(job);
	return VALUE_INVALID;
}
