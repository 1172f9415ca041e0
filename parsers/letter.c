/* parsers/letter: templates found, filled and laid out as text. See letter.h; letter_html.c makes HTML of it. */
#include "parsers/letter_private.h"

#include <string.h>

#include "base/mustache.h"
#include "base/unicode.h"

#define ENDING ".mustache"
#define ITEM_INDENT 2 /* columns of an item; what wraps stands twice as far */

/* ---- templates ---- */

bool letter_is_template(const struct parse_source *source)
{
	return view_ends(view_of(source->file), VIEW(ENDING));
}

/* The marks of a line become control characters, which no value holds. */
static void add_marked(struct text *out, struct view line)
{
	static const struct {
		struct view sign;
		char mark;
	} marks[] = {{VIEW("## "), LETTER_SECTION}, {VIEW("# "), LETTER_HEADING}, {VIEW("- "), LETTER_ITEM}};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (view_starts(line, marks[i].sign)) {
			text_add_char(out, marks[i].mark);
			line = view_sub(line, marks[i].sign.len, line.len);
			break;
		}
	for (size_t at = 0; at < line.len; at++)
		if (line.ptr[at] == '*' && at + 1 < line.len && line.ptr[at + 1] == '*') {
			text_add_char(out, LETTER_BOLD);
			at++;
		} else {
			text_add_char(out, line.ptr[at]);
		}
	text_add_char(out, '\n');
}

static struct view marked(struct arena *arena, struct view template)
{
	TEXT_SCOPED out;
	struct view line;

	text_init(&out, LETTER_BYTES_MAX);
	while (view_next_line(&template, &line))
		add_marked(&out, line);
	return (struct view){arena_copy(arena, text_string(&out), out.len), out.len};
}

/* ".../fr/request.mustache" */
static int name_template(
	struct arena *arena, const struct parse_source *source, struct letter_template *out, struct error *err)
{
	const char *slash = strrchr(source->file, '/'), *before = slash;

	while (before && before > source->file && before[-1] != '/')
		before--;
	if (!slash || before == slash)
		return error_set(err, REACH_STOP, "%s: stands in no folder of a language", source->file);
	out->language = arena_copy(arena, before, (size_t)(slash - before));
	out->name = arena_copy(arena, slash + 1, strlen(slash + 1) - strlen(ENDING));
	return 0;
}

static int load_one(struct forms *forms, const struct parse_source *source, struct error *err)
{
	struct letter_template *template = &forms->letters[forms->letter_count];
	json_t *nothing = json_object();
	struct error why = ERROR_INIT;
	TEXT_SCOPED ignored;
	int result = 0;

	text_init(&ignored, LETTER_BYTES_MAX);
	if (!unicode_valid(source->bytes) || source->bytes.len > LETTER_BYTES_MAX / 2)
		result = error_set(err, REACH_STOP, "%s: not UTF-8, or larger than %zu bytes", source->file,
			LETTER_BYTES_MAX / 2);
	else if (mustache_render(source->bytes, nothing, NULL, &ignored, &why) < 0)
		result = error_set(err, REACH_STOP, "%s, %s", source->file, why.text);
	else
		result = name_template(forms->arena, source, template, err);
	json_decref(nothing);
	if (result == 0) {
		template->text = marked(forms->arena, unicode_nfc(forms->arena, source->bytes));
		forms->letter_count++;
	}
	return result;
}

/* A language whose templates are still to be written has a request of its words. */
static void add_request_of_words(struct forms *forms, const char *language)
{
	const struct lexicon *words = forms->lexicon;
	const char *text = arena_printf(forms->arena,
		"{{#html}}{{^neutral}}\n# {{title}}\n{{/neutral}}{{/html}}\n\n%s\n\n%s\n\n%s\n",
		lexicon_word(words, "greeting", language), lexicon_word(words, "purpose", language),
		lexicon_word(words, "instruction", language));

	forms->letters[forms->letter_count++] =
		(struct letter_template){language, "request", marked(forms->arena, view_of(text))};
}

int letter_load(struct forms *forms, const struct parse_source *sources, size_t count, struct error *err)
{
	size_t languages = lexicon_language_count(forms->lexicon);

	forms->letters = ARENA_NEW_N(forms->arena, struct letter_template, count + languages);
	for (size_t i = 0; i < count; i++)
		if (letter_is_template(&sources[i]) && load_one(forms, &sources[i], err) < 0)
			return -1;
	for (size_t i = 0; i < languages; i++)
		if (!letter_find(forms, lexicon_language(forms->lexicon, i), "request") &&
			lexicon_word(forms->lexicon, "greeting", lexicon_language(forms->lexicon, i)))
			add_request_of_words(forms, lexicon_language(forms->lexicon, i));
	return 0;
}

const struct letter_template *letter_find(const struct forms *forms, const char *language, const char *name)
{
	for (size_t i = 0; i < forms->letter_count; i++)
		if (strcmp(forms->letters[i].name, name) == 0 && strcmp(forms->letters[i].language, language) == 0)
			return &forms->letters[i];
	return NULL;
}

const char *forms_letter_language(const struct forms *forms, const char *name, const char *language)
{
	const struct letter_template *found = language ? letter_find(forms, language, name) : NULL;
	size_t base = language ? strcspn(language, "-") : 0;
	char short_code[16];

	if (!found && base > 0 && base < sizeof(short_code)) {
		snprintf(short_code, sizeof(short_code), "%.*s", (int)base, language);
		found = letter_find(forms, short_code, name);
	}
	if (!found)
		found = letter_find(forms, "en", name);
	return found ? found->language : NULL;
}

/* ---- what a template is given ---- */

/* 0: no letter tells; else which way the first one runs. */
int letter_direction(struct view text)
{
	uint32_t code;

	for (size_t at = 0; unicode_next(text, &at, &code);)
		if (unicode_is_letter(code))
			return strcmp(request_direction(text), "rtl") == 0 ? LETTER_RTL : LETTER_LTR;
	return 0;
}

bool forms_is_rtl(const struct forms *forms, const char *language)
{
	return letter_direction(view_of(lexicon_word(forms->lexicon, "reference", language))) == LETTER_RTL;
}

struct finding {
	const struct forms *forms;
	const char *language;
};

/* A template within a line ends without its own line's end. */
static struct view without_end(struct view text)
{
	return view_trim_end(text);
}

static struct view find_partial(void *context, struct view name)
{
	const struct finding *finding = context;
	const struct letter_template *found;
	char key[64];

	snprintf(key, sizeof(key), "%.*s", VIEW_ARGS(name));
	found = letter_find(finding->forms, finding->language, key);
	if (!found)
		found = letter_find(finding->forms, "en", key);
	return found ? without_end(found->text) : VIEW_NULL;
}

int letter_fill(const struct forms *forms, struct arena *arena, const struct letter_order *order, bool html,
	struct letter_page *page, struct text *out, struct error *err)
{
	const char *language = forms_letter_language(forms, order->name, order->language);
	const struct letter_template *template = language ? letter_find(forms, language, order->name) : NULL;
	struct finding finding = {forms, language};
	struct mustache_options options = {.partial = find_partial, .context = &finding};
	json_t *view;
	int result;

	if (!template)
		return error_set(err, REACH_STOP, "config/mail/letters has no %s.mustache", order->name);
	page->language = language;
	page->direction = forms_is_rtl(forms, language) ? LETTER_RTL : LETTER_LTR;
	view = letter_view(arena, order, page->direction, html);
	result = mustache_render(template->text, view, &options, out, err);
	json_decref(view);
	return result < 0 ? error_prefix(err, "config/mail/letters/%s/%s.mustache", language, order->name) : 0;
}

/* ---- blocks ---- */

bool letter_next_block(struct view *rest, struct letter_block *out)
{
	struct view line, start;

	do
		if (!view_next_line(rest, &line))
			return false;
	while (view_trim(line).len == 0);
	*out = (struct letter_block){.kind = LETTER_PARAGRAPH, .text = line};
	if (line.ptr[0] == LETTER_HEADING || line.ptr[0] == LETTER_SECTION || line.ptr[0] == LETTER_ITEM) {
		out->kind = line.ptr[0];
		out->text = view_sub(line, 1, line.len);
	}
	for (start = *rest; view_next_line(rest, &line); start = *rest) {
		if (view_trim(line).len == 0 || line.ptr[0] == LETTER_HEADING || line.ptr[0] == LETTER_SECTION ||
			line.ptr[0] == LETTER_ITEM)
			break;
		out->text.len = (size_t)(line.ptr + line.len - out->text.ptr);
	}
	*rest = start;
	return true;
}

void letter_prose(const struct forms *forms, const struct form *form, const char *language, const char *name,
	struct text *out)
{
	struct letter_order order = {.name = name, .language = language, .form = form};
	struct arena *arena = arena_new();
	struct letter_page page;
	TEXT_SCOPED filled;

	text_init(&filled, LETTER_BYTES_MAX);
	if (letter_find(forms, language, name) && letter_fill(forms, arena, &order, false, &page, &filled, NULL) == 0)
		for (size_t i = 0; i < filled.len; i++)
			if (filled.ptr[i] != LETTER_BOLD)
				text_add_char(out, (unsigned char)filled.ptr[i] < ' ' ? ' ' : filled.ptr[i]);
	arena_free(&arena);
}

/* ---- text ---- */

/* What the marks within a line are in a text. */
static struct view plain(struct arena *arena, struct view marked_text)
{
	TEXT_SCOPED out;

	text_init(&out, LETTER_BYTES_MAX);
	for (size_t i = 0; i < marked_text.len; i++)
		switch (marked_text.ptr[i]) {
		case LETTER_BOLD:
			break;
		case LETTER_OTHER_WAY:
			text_add_string(&out, "\u2068");
			break;
		case LETTER_BACK:
			text_add_string(&out, "\u2069");
			break;
		default:
			text_add_char(&out, marked_text.ptr[i] == '\n' ? ' ' : marked_text.ptr[i]);
		}
	return (struct view){arena_copy(arena, text_string(&out), out.len), out.len};
}

/* At blanks alone: a no-break space holds. */
static void add_wrapped(struct text *out, struct view text, int indent, int hang)
{
	int column = indent;
	bool start = true;
	struct view word;

	text_add_format(out, "%*s", indent, "");
	while (view_next_field(&text, ' ', &word)) {
		int columns = unicode_columns(word);

		if (word.len == 0)
			continue;
		if (!start && column + 1 + columns > LETTER_COLUMNS) {
			text_add_format(out, "\n%*s", hang, "");
			column = hang;
			start = true;
		}
		if (!start) {
			text_add_char(out, ' ');
			column++;
		}
		text_add_view(out, word);
		column += columns;
		start = false;
	}
	text_add_char(out, '\n');
}

static void add_block(struct text *out, struct arena *arena, const struct letter_page *page,
	const struct letter_block *block, bool after_item)
{
	struct view text = plain(arena, block->text);
	bool item = block->kind == LETTER_ITEM;

	if (out->len > 0 && !(item && after_item))
		text_add_char(out, '\n');
	if (block->kind == LETTER_SECTION)
		text = unicode_upper(arena, text, page->language);
	add_wrapped(out, text, item ? ITEM_INDENT : 0, item ? 2 * ITEM_INDENT : 0);
}

bool letter_asks(const struct letter_order *order, const struct field *field)
{
	return field->label.count > 0 && (!order->asks || order->asks(order->context, field));
}

static void add_end(const struct forms *forms, const struct letter_order *order, struct text *out)
{
	bool any = false;

	if (order->reference)
		text_add_format(out, "\n%s: %s\n", lexicon_word(forms->lexicon, "reference", order->language),
			order->reference);
	for (size_t i = 0; order->form && i < order->form->field_count; i++) {
		if (!letter_asks(order, &order->form->fields[i]))
			continue;
		if (!any)
			text_add_char(out, '\n');
		any = true;
		request_add_line(out, forms, &order->form->fields[i], order->language);
	}
}

int forms_letter_text(const struct forms *forms, const struct letter_order *order, struct text *out, struct error *err)
{
	struct arena *arena = arena_new();
	struct letter_block block;
	struct letter_page page;
	bool after_item = false;
	TEXT_SCOPED filled;
	struct view rest;
	int result;

	text_init(&filled, LETTER_BYTES_MAX);
	result = letter_fill(forms, arena, order, false, &page, &filled, err);
	rest = text_view(&filled);
	while (result == 0 && letter_next_block(&rest, &block)) {
		add_block(out, arena, &page, &block, after_item);
		after_item = block.kind == LETTER_ITEM;
	}
	if (result == 0)
		add_end(forms, order, out);
	arena_free(&arena);
	if (result == 0 && out->full)
		return error_set(err, REACH_STOP, "the %s is too long to be sent", order->name);
	return result;
}

/* ---- dates and numbers ---- */

/* A template of one line. */
static const char *line_of(const struct forms *forms, struct arena *arena, const char *name, const char *language,
	const json_t *view)
{
	struct letter_order order = {.name = name, .language = language, .view = view};
	struct letter_page page;
	TEXT_SCOPED out;

	text_init(&out, LETTER_BYTES_MAX);
	if (letter_fill(forms, arena, &order, false, &page, &out, NULL) < 0)
		return NULL;
	return arena_strdup(arena, text_string(&out)); /* its line's end is taken off by who uses it */
}

static const char *trimmed(struct arena *arena, const char *text)
{
	struct view view = view_trim(view_of(text));

	return arena_copy(arena, view.ptr, view.len);
}

/* The ten digits that the template `digits` gives, in the place of ASCII ones. */
const char *forms_letter_number(const struct forms *forms, struct arena *arena, const char *language, long long number)
{
	const char *ascii = arena_printf(arena, "%lld", number), *own = line_of(forms, arena, "digits", language, NULL);
	struct view digits = view_of(own ? trimmed(arena, own) : "");
	TEXT_SCOPED out = {0};

	if (unicode_length(digits) != 10 || digits.len % 10 != 0)
		return ascii;
	text_init(&out, 100);
	for (; *ascii; ascii++)
		if (*ascii >= '0' && *ascii <= '9')
			text_add_view(&out, view_sub(digits, digits.len / 10 * (size_t)(*ascii - '0'), digits.len / 10));
		else
			text_add_char(&out, *ascii);
	return arena_strdup(arena, text_string(&out));
}

const char *forms_letter_date(const struct forms *forms, struct arena *arena, const char *language, int year, int month,
	int day)
{
	const char *name = lexicon_month_name(forms->lexicon, month, language), *text;
	json_t *view = json_pack("{s:s,s:s}", "day", forms_letter_number(forms, arena, language, day), "month",
		name ? name : "");

	if (year > 0)
		json_object_set_new(view, "year", json_string(forms_letter_number(forms, arena, language, year)));
	text = name ? line_of(forms, arena, "date", language, view) : NULL;
	json_decref(view);
	return text ? trimmed(arena, text) : arena_printf(arena, "%04d-%02d-%02d", year, month, day);
}
