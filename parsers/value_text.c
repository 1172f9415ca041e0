/* parsers/value_text: answers in words (line, text), and the cleaning of typed ones. See value.h. */
#include "base/unicode.h"
#include "parsers/value_private.h"

bool value_is_bullet(struct view line, size_t *len_out)
{
	static const struct view bullets[] = {VIEW("-"), VIEW("*"), VIEW("•"), VIEW("·"), VIEW("–"), VIEW("—"),
		VIEW("‣"), VIEW("▪"), VIEW("●"), VIEW("○"), VIEW("◦"), VIEW("■"), VIEW("□"), VIEW("➢"), VIEW("→"),
		VIEW("\xef\x82\xb7") /* Symbol's bullet, as Word sends it */};

	for (size_t i = 0; i < sizeof(bullets) / sizeof(*bullets); i++) {
		size_t at = bullets[i].len;
		uint32_t code;

		if (!view_starts(line, bullets[i]))
			continue;
		if (at < line.len && (!unicode_next(line, &at, &code) || !unicode_is_space(code)))
			return false;
		*len_out = at;
		return true;
	}
	return false;
}

/* Takes one pair of quotes or emphasis marks off; a lone emphasis mark at either end as well. */
static bool unwrap(struct view *text)
{
	static const struct view pairs[][2] = {{VIEW("\""), VIEW("\"")}, {VIEW("'"), VIEW("'")}, {VIEW("“"), VIEW("”")},
		{VIEW("„"), VIEW("“")}, {VIEW("‘"), VIEW("’")}, {VIEW("«"), VIEW("»")}, {VIEW("`"), VIEW("`")}};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		if (text->len > pairs[i][0].len + pairs[i][1].len && view_starts(*text, pairs[i][0]) &&
			view_ends(*text, pairs[i][1])) {
			*text = view_trim(
				view_sub(*text, pairs[i][0].len, text->len - pairs[i][0].len - pairs[i][1].len));
			return true;
		}
	if (text->len > 1 && (text->ptr[0] == '*' || text->ptr[0] == '_')) {
		*text = view_trim(view_sub(*text, 1, text->len));
		return true;
	}
	if (text->len > 1 && (text->ptr[text->len - 1] == '*' || text->ptr[text->len - 1] == '_')) {
		*text = view_trim(view_sub(*text, 0, text->len - 1));
		return true;
	}
	return false;
}

struct view value_clean(struct arena *arena, struct view line)
{
	struct view text = unicode_squeeze(arena, unicode_drop_invisible(arena, line));
	size_t bullet;

	if (value_is_bullet(text, &bullet) && bullet < text.len)
		text = view_trim(view_sub(text, bullet, text.len));
	while (unwrap(&text))
		continue;
	return text;
}

static struct view squeezed(struct arena *arena, struct view line)
{
	return unicode_squeeze(arena, unicode_nfc(arena, unicode_drop_bidi(arena, line)));
}

bool value_joined(const struct value_job *job, size_t count, struct view *out, size_t *used_out)
{
	struct view rest = job->text, line;
	TEXT_SCOPED joined;
	size_t lines = 0;

	text_init(&joined, VALUE_LINE_MAX);
	while (lines < count && view_next_line(&rest, &line)) {
		if (view_trim(line).len == 0) {
			if (lines == 0)
				continue;
			return false;
		}
		if (lines++ > 0)
			text_add_char(&joined, ' ');
		text_add_view(&joined, line);
	}
	if (lines < count || joined.full)
		return false;
	*used_out = (size_t)(line.ptr - job->text.ptr) + line.len;
	*out = value_clean(job->arena, text_view(&joined));
	return true;
}

enum value_verdict value_read_line(struct value_job *job, json_t **value_out, struct view *suggestion_out)
{
	struct view rest = job->text, line, value;
	struct text joined;
	size_t bullet;

	text_init(&joined, job->text.len + 2);
	while (view_next_line(&rest, &line)) {
		struct view words = squeezed(job->arena, line);

		if (words.len == 0 && joined.len > 0)
			break;
		if (words.len == 0)
			continue;
		if (joined.len > 0)
			text_add_char(&joined, ' ');
		text_add_view(&joined, words);
		job->used = (size_t)(line.ptr - job->text.ptr) + line.len;
	}
	value = text_view(&joined);
	if (value_is_bullet(value, &bullet) && bullet < value.len)
		value = view_sub(value, bullet, value.len);
	*value_out = json_stringn(value.ptr, value.len);
	text_release(&joined);
	return *value_out ? VALUE_TAKEN : VALUE_INVALID;
}

/* A line of no-break spaces is blank too. */
static bool is_blank(struct view line)
{
	size_t at = 0;
	uint32_t code;

	while (unicode_next(line, &at, &code))
		if (!unicode_is_space(code))
			return false;
	return true;
}

enum value_verdict value_read_text(struct value_job *job, json_t **value_out, struct view *suggestion_out)
{
	struct view clean = unicode_nfc(job->arena, unicode_drop_bidi(job->arena, job->text));
	struct view rest = clean, line;
	struct text text;
	bool blank = false;

	job->used = view_trim_end(job->text).len;
	if (lexicon_is_no_answer(job->context->lexicon, job->arena, clean))
		return VALUE_NONE;
	text_init(&text, 2 * clean.len + 2);
	while (view_next_line(&rest, &line)) {
		if (is_blank(line)) {
			blank = true;
			continue;
		}
		if (text.len > 0)
			text_add_string(&text, blank ? "\n\n" : "\n");
		blank = false;
		text_add_view(&text, view_trim(line));
	}
	*value_out = json_stringn(text_string(&text), text.len);
	text_release(&text);
	return *value_out ? VALUE_TAKEN : VALUE_INVALID;
}
