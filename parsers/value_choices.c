/*
 * parsers/value_choices: several options of a field. See value.h.
 *
 * The answer becomes words with what parts them: a strong mark (comma, semicolon, slash, line, bullet), a conjunction
 * as a word of its own, or one written on to the next word. A search with memory then cuts the words into options,
 * longest labels first, so that "security and justice institutions" stays one, and "strategy and oversight" becomes
 * two. One part that fits nothing makes the whole invalid.
 */
#include "base/unicode.h"
#include "parsers/value_private.h"

#define WORDS_MAX 200
#define PARAGRAPHS_MAX 40
#define OPTIONS_MAX 64 /* taken in one answer */

struct choice_word {
	struct view text, key; /* as written; see option_key_of() */
	size_t attached;       /* bytes of a conjunction at the front of the key, or 0 */
	bool strong;	       /* a strong mark stands before it */
	bool conjunction;
};

struct list {
	struct value_job *job;
	struct choice_word words[WORDS_MAX];
	size_t count;
	bool overflow;
	bool failed[WORDS_MAX + 1][2]; /* no way on from this word (with its attached conjunction cut off) */
	int chosen[OPTIONS_MAX];
	size_t chosen_count;
	int numbers[PARAGRAPHS_MAX]; /* "1." before a line's label, and that label's option; see numbers_agree() */
	int numbered[PARAGRAPHS_MAX];
	size_t number_count;
};

static bool is_strong(uint32_t code)
{
	static const uint32_t marks[] = {',', ';', '/', '|', 0x60c, 0x61b, 0x3001, 0xff0c, 0xff1b, 0xff0f, 0x2022, 0xb7,
		0x25aa, 0x25cf, 0x25cb, 0x25e6, 0x2023, 0xf0b7};

	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (marks[i] == code)
			return true;
	return false;
}

static void add_word(struct list *list, struct view text, bool *strong)
{
	struct arena *arena = list->job->arena;
	const struct lexicon *lexicon = list->job->context->lexicon;
	struct choice_word word = {.text = text, .key = option_key_of(arena, text), .strong = *strong};

	if (word.key.len == 0) {
		*strong = true; /* a dash or a bullet by itself */
		return;
	}
	if (list->count == WORDS_MAX) {
		list->overflow = true;
		return;
	}
	word.conjunction = lexicon_is_conjunction(lexicon, arena, text);
	word.attached = word.conjunction ? 0 : lexicon_attached_conjunction(lexicon, word.key);
	list->words[list->count++] = word;
	*strong = false;
}

/* Takes the "1." or "2)" of a numbered list off a line that has more than the number. */
static struct view number_off(struct list *list, struct view line)
{
	struct view text = unicode_ascii_digits(list->job->arena, line);
	size_t end = 0;
	long long number;

	while (end < text.len && text.ptr[end] >= '0' && text.ptr[end] <= '9')
		end++;
	if (end == 0 || end > 3 || end + 1 >= text.len || !strchr(".)", text.ptr[end]) || text.ptr[end + 1] != ' ')
		return line;
	if (view_to_int(view_sub(text, 0, end), 0, 999, &number) < 0 || list->number_count == PARAGRAPHS_MAX)
		return line;
	text = view_trim(view_sub(text, end + 1, text.len));
	if (text.len == 0 || (text.ptr[0] >= '0' && text.ptr[0] <= '9'))
		return line;
	list->numbers[list->number_count] = (int)number;
	list->numbered[list->number_count++] = (int)list->count;
	return text;
}

static void add_line(struct list *list, struct view line)
{
	struct view text = number_off(list, value_clean(list->job->arena, line));
	size_t at = 0, start = 0, from;
	bool strong = true;
	uint32_t code;

	for (from = 0; unicode_next(text, &at, &code); from = at) {
		if (!unicode_is_space(code) && !is_strong(code))
			continue;
		if (from > start)
			add_word(list, view_sub(text, start, from - start), &strong);
		strong = strong || is_strong(code);
		start = at;
	}
	if (from > start)
		add_word(list, view_sub(text, start, from - start), &strong);
}

/* ---- cutting words into options ---- */

enum pass { PASS_EXACT, PASS_NUMBER, PASS_PREFIX, PASS_COUNT };

static int fit(struct list *list, enum pass pass, size_t from, size_t end, bool cut)
{
	struct choice_word *words = list->words;
	TEXT_SCOPED key;

	text_init(&key, VALUE_LINE_MAX);
	if (pass == PASS_NUMBER)
		return end == from + 1 && !cut ? option_number(list->job, words[from].text) : OPTION_NONE;
	if (pass == PASS_PREFIX && cut)
		return OPTION_NONE;
	for (size_t i = from; i < end; i++) {
		if (pass == PASS_PREFIX && i > from && words[i].strong)
			return OPTION_NONE;
		text_add_view(&key,
			cut && i == from ? view_sub(words[i].key, words[i].attached, words[i].key.len) : words[i].key);
	}
	return pass == PASS_EXACT ? option_exact(list->job, text_view(&key))
				  : option_prefix(list->job, text_view(&key));
}

static bool search(struct list *list, size_t from, bool cut);

/* An option ends before word `end`: can the rest be cut as well? */
static bool go_on(struct list *list, size_t end)
{
	struct choice_word *words = list->words;

	if (end == list->count)
		return true;
	if (words[end].conjunction && end + 1 < list->count && search(list, end + 1, false))
		return true;
	if (words[end].strong && search(list, end, false))
		return true;
	return words[end].attached > 0 && search(list, end, true);
}

static bool search(struct list *list, size_t from, bool cut)
{
	size_t longest = ((const struct value_compiled *)list->job->field->compiled)->words_max;

	if (from == list->count)
		return true;
	if (list->failed[from][cut] || list->chosen_count == OPTIONS_MAX)
		return false;
	for (enum pass pass = PASS_EXACT; pass < PASS_COUNT; pass++)
		for (size_t end = from + longest < list->count ? from + longest : list->count; end > from; end--) {
			struct choice_word *next = &list->words[end];
			int option;

			if (end < list->count && !next->strong && !next->conjunction && next->attached == 0)
				continue;
			option = fit(list, pass, from, end, cut);
			if (option < 0)
				continue;
			list->chosen[list->chosen_count++] = option;
			if (go_on(list, end))
				return true;
			list->chosen_count--;
		}
	list->failed[from][cut] = true;
	return false;
}

/*
 * "1. oversight" is either the option's own number or a list that counts its lines from one; any other number
 * contradicts the label behind it.
 */
static bool numbers_agree(struct list *list)
{
	bool counting = true;

	for (size_t i = 0; i < list->number_count; i++)
		counting = counting && list->numbers[i] == (int)i + 1;
	for (size_t i = 0; i < list->number_count && !counting; i++) {
		size_t from = (size_t)list->numbered[i];
		size_t end = from;

		while (end < list->count && (end == from || !list->words[end].strong))
			end++;
		if (from == list->count || fit(list, PASS_EXACT, from, end, false) != list->numbers[i] - 1)
			return false;
	}
	return true;
}

static bool read_list(struct list *list, struct value_job *job, struct view text)
{
	struct view rest = text, line;

	list->job = job;
	list->count = list->chosen_count = list->number_count = 0;
	list->overflow = false;
	memset(list->failed, 0, sizeof(list->failed));
	while (view_next_line(&rest, &line)) {
		if (line.len > VALUE_LINE_MAX)
			return false;
		add_line(list, line);
	}
	return list->count > 0 && !list->overflow && search(list, 0, false) && numbers_agree(list);
}

/* ---- how much of the text is the answer ---- */

/* Where the paragraph that begins at or behind `from` starts and ends; false when there is none. */
static bool paragraph(struct view text, size_t from, size_t *start_out, size_t *end_out)
{
	struct view rest = view_sub(text, from, text.len), line;
	bool inside = false;

	while (view_next_line(&rest, &line)) {
		bool blank = view_trim(line).len == 0;

		if (blank && inside)
			return true;
		if (blank)
			continue;
		if (!inside)
			*start_out = (size_t)(line.ptr - text.ptr);
		inside = true;
		*end_out = (size_t)(line.ptr - text.ptr) + line.len;
	}
	return inside;
}

/*
 * A list may have blank lines between its items: a paragraph that is all options, or begins with a bullet as the one
 * before did, belongs to it. Any other is a remark.
 */
static size_t answer_end(struct value_job *job, struct list *list, size_t first_start, size_t end)
{
	size_t start, next, bullet;
	bool items = value_is_bullet(view_trim(view_sub(job->text, first_start, end - first_start)), &bullet);

	for (int i = 0; i < PARAGRAPHS_MAX && paragraph(job->text, end, &start, &next); i++) {
		struct view more = view_sub(job->text, start, next - start);

		if (!(items && value_is_bullet(view_trim(more), &bullet)) && !read_list(list, job, more))
			break;
		end = next;
	}
	return end;
}

static int by_value(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;

	return strcmp(*left, *right);
}

static json_t *sorted(const struct list *list, const struct field *field)
{
	const char *values[OPTIONS_MAX];
	json_t *array = json_array();

	for (size_t i = 0; i < list->chosen_count; i++)
		values[i] = field->options[list->chosen[i]].value;
	qsort(values, list->chosen_count, sizeof(*values), by_value);
	for (size_t i = 0; i < list->chosen_count; i++)
		if (i == 0 || strcmp(values[i - 1], values[i]) != 0)
			json_array_append_new(array, json_string(values[i]));
	return array;
}

/* What was written from one word to before another, all on one line. */
static struct view words_text(const struct list *list, size_t from, size_t end)
{
	struct view first = list->words[from].text, last = list->words[end - 1].text;

	return (struct view){first.ptr, (size_t)(last.ptr - first.ptr) + last.len};
}

/* Each part between marks taken for what it is, or is near to; nothing if one stays unknown. */
static struct view suggest(struct list *list)
{
	struct text out;
	struct view result = VIEW_NULL;

	text_init(&out, VALUE_LINE_MAX);
	for (size_t from = 0, end; from < list->count; from = end) {
		int option = OPTION_NONE;

		if (list->words[from].conjunction && !list->words[from].strong) {
			end = from + 1;
			continue;
		}
		for (end = from + 1; end < list->count && !list->words[end].strong && !list->words[end].conjunction;
			end++)
			continue;
		for (enum pass pass = PASS_EXACT; pass < PASS_COUNT && option < 0; pass++)
			option = fit(list, pass, from, end, false);
		if (option < 0)
			option = option_near(list->job, option_key_of(list->job->arena, words_text(list, from, end)));
		if (option < 0)
			break;
		text_add_format(&out, "%s%s", out.len > 0 ? ", " : "", list->job->field->options[option].value);
		if (end == list->count)
			result = view_of(arena_strdup(list->job->arena, text_string(&out)));
	}
	text_release(&out);
	return result;
}

enum value_verdict value_read_choices(struct value_job *job, json_t **value_out, struct view *suggestion_out)
{
	struct list list;
	size_t start = 0, end = job->text.len;

	(void)paragraph(job->text, 0, &start, &end);
	if (lexicon_is_no_answer(job->context->lexicon, job->arena, view_sub(job->text, start, end - start)))
		return VALUE_NONE;
	if (read_list(&list, job, view_sub(job->text, start, end - start)))
		end = answer_end(job, &list, start, end);
	job->used = end;
	if (read_list(&list, job, view_sub(job->text, start, end - start))) {
		*value_out = sorted(&list, job->field);
		return VALUE_TAKEN;
	}
	if (!list.overflow && list.count > 0)
		*suggestion_out = suggest(&list);
	return VALUE_INVALID;
}
