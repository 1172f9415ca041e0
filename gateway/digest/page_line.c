/* digest/page_line: one line of a digest: where it stands, its marks, its words. See page.h. */
#include "digest/page.h"

#include "base/unicode.h"

#define GREETING_MAX 40 /* characters */

static const char *type_of(const json_t *field)
{
	return json_string_value(json_object_get(field, "type"));
}

static bool is_type(const json_t *field, const char *type)
{
	return strcmp(type_of(field), type) == 0;
}

static bool has_part(const json_t *field, const char *part)
{
	const char *digest = json_string_value(json_object_get(field, "digest"));

	return digest && strcmp(digest, part) == 0;
}

static const json_t *answer(const struct page_line *line, const json_t *field)
{
	return json_object_get(
		json_object_get(line->line, "answers"), json_string_value(json_object_get(field, "name")));
}

static bool is_text(const json_t *field, const json_t *value)
{
	return is_type(field, "text") && json_string_length(value) > 0;
}

/* A remark of one short line that ends with a comma greets somebody: it stays in the table. */
static bool is_greeting(struct view remark)
{
	size_t at = 0;
	uint32_t code, last = 0;

	remark = view_trim(remark);
	for (int count = 0; unicode_next(remark, &at, &code); count++) {
		if (code == '\n' || count == GREETING_MAX)
			return false;
		last = code;
	}
	return last == ',' || last == 0x060c;
}

static bool has_remarks(const json_t *line)
{
	const json_t *remarks = json_object_get(line, "remarks");

	return json_string_length(remarks) > 0 &&
	       !is_greeting((struct view){json_string_value(remarks), json_string_length(remarks)});
}

/* The line's first theme in the form's order gives its group; without one it stands under the form's title. */
static void find_theme(struct page *page, struct page_line *line, const json_t *field)
{
	const json_t *value = answer(line, field), *option, *item;
	size_t i, k;

	json_array_foreach(json_object_get(field, "options"), i, option)
	{
		const json_t *name = json_object_get(option, "value");
		bool chosen = json_equal(value, name);

		json_array_foreach(value, k, item) chosen |= json_equal(item, name);
		if (!chosen)
			continue;
		line->option_rank = (int)i;
		line->group = arena_printf(page->arena, "%s\n%s", line->group, json_string_value(name));
		line->title = page_string(page, option, "label");
		return;
	}
}

static int form_rank(const struct page *page, const json_t *form)
{
	size_t i;
	const json_t *item;

	json_array_foreach(json_object_get(page->data, "forms"), i, item) if (item == form) return (int)i;
	return -1;
}

void page_line_read(struct page *page, const json_t *json, struct page_line *line)
{
	const char *form = json_string_value(json_object_get(json, "form"));
	const json_t *field;
	size_t i;
	struct view title;

	*line = (struct page_line){
		.line = json, .form = page_form(page, form), .number = page_int(json, "number"), .group = form};
	line->form_rank = form_rank(page, line->form);
	line->option_rank = -1;
	line->title = page_string(page, line->form, "title");
	line->withheld = json_is_true(json_object_get(json, "withheld"));
	line->words = has_remarks(json);
	json_array_foreach(json_object_get(line->form, "fields"), i, field)
	{
		const json_t *value = answer(line, field);

		line->words |= is_text(field, value);
		line->failure |= has_part(field, "failure") && is_text(field, value);
		line->lesson |= has_part(field, "lesson") && is_text(field, value);
		line->urgent |= has_part(field, "urgent") && json_is_true(value);
		if (json_is_true(json_object_get(field, "theme")) && line->option_rank < 0)
			find_theme(page, line, field);
	}
	title = unicode_raise_first(page->arena, view_of(line->title), page->language);
	line->title = arena_copy(page->arena, title.ptr, title.len);
}

/* ---- marks: sharing, verified, form, ratings, language ---- */

static json_t *add_mark(json_t *marks)
{
	json_t *mark = json_object();

	for (const char *const *name = (const char *const[]){"open", "no_name", "restricted", "verified",
		     "not_verified", "failed", "text", "in_language", "withheld", NULL};
		*name; name++)
		json_object_set_new(mark, *name, json_false());
	json_array_append_new(marks, mark);
	return mark;
}

static void add_text_mark(json_t *marks, const char *text)
{
	if (*text)
		page_set(add_mark(marks), "text", text);
}

static const char *option_labels(struct page *page, const json_t *field, const json_t *value)
{
	const json_t *option, *item;
	size_t i, k;
	TEXT_SCOPED labels = {0};

	text_init(&labels, 2048);
	json_array_foreach(json_object_get(field, "options"), i, option)
	{
		bool chosen = json_equal(value, json_object_get(option, "value"));

		json_array_foreach(value, k, item) chosen |= json_equal(item, json_object_get(option, "value"));
		if (chosen)
			text_add_format(&labels, "%s%s", labels.len > 0 ? page_list_separator(page) : "",
				page_string(page, option, "label"));
	}
	return arena_copy(page->arena, text_string(&labels), labels.len);
}

/* "Progress 2 of 5", "Endorsement: no", "SSR-2026-014"; "" for what stands elsewhere or tells who it is. */
static const char *field_mark(struct page *page, const json_t *field, const json_t *value, bool under_theme)
{
	json_t *words;
	const char *mark = "";

	if (!value || json_is_null(value) || strcmp(json_string_value(json_object_get(field, "name")), "sharing") == 0)
		return "";
	if (is_type(field, "pattern"))
		return page_clean(page, view_of(json_string_value(value)));
	if (under_theme && json_is_true(json_object_get(field, "theme")))
		return "";
	words = json_pack("{s:s}", "label", page_string(page, field, "label"));
	if (is_type(field, "scale")) {
		page_set(words, "value", page_number(page, json_integer_value(value)));
		page_set(words, "max", page_number(page, page_int(field, "max")));
		mark = page_word(page, "out_of", words);
	} else if (is_type(field, "choice") || is_type(field, "choices")) {
		page_set(words, "value", option_labels(page, field, value));
		mark = page_word(page, "labelled", words);
	}
	json_decref(words);
	return mark;
}

static json_t *marks_of(struct page *page, const struct page_line *line, bool any_verified, bool under_theme)
{
	json_t *marks = json_array(), *mark = add_mark(marks);
	const char *sharing = page_string(page, line->line, "sharing"),
		   *language = page_string(page, line->line, "language"),
		   *verification = page_string(page, line->line, "verification");
	const json_t *field;
	size_t i;

	json_object_set_new(mark,
		strcmp(sharing, "open") == 0	     ? "open"
		: strcmp(sharing, "restricted") == 0 ? "restricted"
						     : "no_name",
		json_true());
	if (strcmp(verification, "failed") == 0)
		json_object_set_new(add_mark(marks), "failed", json_true());
	else if (any_verified)
		json_object_set_new(add_mark(marks),
			strcmp(verification, "verified") == 0 ? "verified" : "not_verified", json_true());
	if (line->option_rank >= 0 || !under_theme)
		add_text_mark(marks, page_string(page, line->form, "title"));
	if (line->withheld) {
		add_text_mark(marks, locale_time(page->locale, page->arena, "date", page_int(line->line, "received")));
		json_object_set_new(add_mark(marks), "withheld", json_true());
	} else {
		json_array_foreach(json_object_get(line->form, "fields"), i, field)
			add_text_mark(marks, field_mark(page, field, answer(line, field), under_theme));
		if (*language && strcmp(language, page->language) != 0)
			json_object_set_new(add_mark(marks), "in_language",
				json_pack("{s:s}", "language", locale_language(page->locale, page->arena, language)));
	}
	page_separate(page, marks, "");
	for (i = 0; i + 1 < json_array_size(marks); i++)
		json_object_set_new(json_array_get(marks, i), "sep", json_true());
	json_object_set_new(json_array_get(marks, json_array_size(marks) - 1), "sep", json_false());
	return marks;
}

/* ---- words ---- */

static bool ends_sentence(uint32_t code)
{
	return code == '.' || code == '!' || code == '?' || code == 0x2026 || code == 0x061f || code == 0x0964 ||
	       code == 0x3002;
}

/* Where to cut words that are too long: after the last whole sentence, else the last whole word; the length when they
 * fit. */
static size_t cut_at(struct view words)
{
	size_t at = 0, sentence = 0, word = 0, from = 0;
	uint32_t code, before = 0;

	for (int count = 0; count <= DIGEST_WORDS_MAX; count++) {
		from = at;
		if (!unicode_next(words, &at, &code))
			return words.len;
		if (unicode_is_space(code)) {
			word = from;
			if (ends_sentence(before))
				sentence = from;
		}
		before = code;
	}
	return sentence > 0 ? sentence : word > 0 ? word : from;
}

/* The lines of somebody's words with the quotation marks, type and direction of their language. */
static json_t *quote_view(struct page *page, const struct page_line *line, const char *label, const json_t *value)
{
	const char *language = page_string(page, line->line, "language");
	const json_t *words = tools_words(page->tools, *language ? language : page->language);
	bool rtl = language_is_rtl(*language ? language : page->language);
	struct view all = {json_string_value(value), json_string_length(value)}, rest, text;
	json_t *lines = json_array(), *quote;
	size_t shown = cut_at(all);

	rest = view_trim(view_sub(all, 0, shown));
	while (view_next_line(&rest, &text))
		json_array_append_new(lines, json_pack("{s:s,s:b}", "text", page_clean(page, text), "rtl", rtl));
	page_separate(page, lines, "");
	quote = json_pack("{s:s,s:o,s:b,s:b}", "label", label, "quote", lines, "cut", shown < all.len, "remarks", 0);
	page_set(quote, "quote_lang", *language ? language : page->language);
	page_set(quote, "quote_dir", rtl ? "rtl" : "ltr");
	page_set(quote, "quote_start", rtl ? "right" : "left");
	page_set(quote, "quote_style", tools_word(page->tools, words, "style", "quote"));
	page_set(quote, "quote_open", tools_word(page->tools, words, "quotes", "open"));
	page_set(quote, "quote_close", tools_word(page->tools, words, "quotes", "close"));
	return quote;
}

static void set_words(struct page *page, const struct page_line *line, json_t *view)
{
	const json_t *field, *remarks = json_object_get(line->line, "remarks");
	json_t *others = json_array(), *quote;
	size_t i;

	json_object_set_new(view, "failure", json_false());
	json_object_set_new(view, "lesson", json_false());
	json_array_foreach(json_object_get(line->form, "fields"), i, field)
	{
		const json_t *value = answer(line, field);

		if (!is_text(field, value))
			continue;
		quote = quote_view(page, line, page_string(page, field, "label"), value);
		if (has_part(field, "failure") && json_is_false(json_object_get(view, "failure")))
			json_object_set_new(view, "failure", quote);
		else if (has_part(field, "lesson") && json_is_false(json_object_get(view, "lesson")))
			json_object_set_new(view, "lesson", quote);
		else
			json_array_append_new(others, quote);
	}
	if (has_remarks(line->line)) {
		quote = quote_view(page, line, "", remarks);
		json_object_set_new(quote, "remarks", json_true());
		json_array_append_new(others, quote);
	}
	page_separate(page, others, "");
	json_object_set_new(view, "has_others", json_boolean(json_array_size(others) > 0));
	json_object_set_new(view, "others", others);
}

const char *page_line_role(struct page *page, const json_t *line)
{
	if (page_has(line, "role"))
		return page_string(page, line, "role");
	return page_has(line, "name") ? "" : page_word(page, "practitioner", json_null());
}

/* "Nepal · Bishnu Tamang, police adviser", in the text part with commas alone; of what is withheld nothing. */
static const char *heading(struct page *page, const struct page_line *line, const char *separator)
{
	const char *where, *who, *role;

	if (line->withheld)
		return "";
	where = page_has(line->line, "country")
			? page_country(page, json_string_value(json_object_get(line->line, "country")))
			: "";
	who = page_string(page, line->line, "name");
	role = page_line_role(page, line->line);
	return arena_printf(page->arena, "%s%s%s%s%s", where, *where && (*who || *role) ? separator : "", who,
		*who && *role ? page_list_separator(page) : "", role);
}

json_t *page_line_view(struct page *page, const struct page_line *line, bool any_verified, bool under_theme)
{
	json_t *view = json_object();

	page_set(view, "number", page_line_number(page, line->number));
	page_set(view, "heading", heading(page, line, " \xc2\xb7 "));
	page_set(view, "heading_text", heading(page, line, page_list_separator(page)));
	json_object_set_new(view, "marks", marks_of(page, line, any_verified, under_theme));
	if (line->withheld) {
		for (const char *const *key = (const char *const[]){"failure", "lesson", "has_others", "others", NULL};
			*key; key++)
			json_object_set_new(view, *key, json_false());
	} else {
		set_words(page, line, view);
	}
	json_object_set_new(view, "pair", json_boolean(line->failure && line->lesson && !line->withheld));
	return view;
}
