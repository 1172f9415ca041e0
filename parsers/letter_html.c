/*
 * parsers/letter_html: a letter as HTML that is typed into: one flat table, each label row above its answer row, no
 * colours for text or cells, nothing behind the last cell. See letter.h.
 */
#include "parsers/letter_private.h"

#define FONT                                                                                                           \
	"font-family:-apple-system,'Segoe UI',Roboto,'Helvetica "                                                      \
	"Neue',Arial,sans-serif;font-size:16px;line-height:24px"
#define FONT_RTL "font-family:'Segoe UI',Tahoma,'Noto Sans Arabic',Arial,sans-serif;font-size:17px;line-height:30px"
#define SECTION_STYLE "margin:0;padding:2px 12px;border-%s:4px solid #7A8793;font-size:18px;line-height:%dpx"
#define LABEL_STYLE "padding:16px 0 5px"
#define CELL_STYLE "border:1px solid #7A8793;padding:11px 12px"
#define CELL_HEIGHT 26	    /* pixels of a cell for one line */
#define CELL_HEIGHT_TEXT 74 /* of one for a text */

struct page {
	const struct forms *forms;
	const struct letter_order *order;
	struct letter_page letter;
	struct text *out;
	int before;   /* kind of the block before; -1: there is none */
	bool row_open;
};

static bool is_rtl(const struct page *page)
{
	return page->letter.direction == LETTER_RTL;
}

/* The marks within a line as elements; everything else is escaped. */
static void add_inline(struct page *page, struct view text)
{
	bool bold = false;

	for (size_t i = 0; i < text.len; i++)
		switch (text.ptr[i]) {
		case LETTER_BOLD:
			text_add_string(page->out, bold ? "</b>" : "<b>");
			bold = !bold;
			break;
		case LETTER_OTHER_WAY:
			text_add_format(page->out, "<span dir=\"%s\">", is_rtl(page) ? "ltr" : "rtl");
			break;
		case LETTER_BACK:
			text_add_string(page->out, "</span>");
			break;
		case '\n':
			text_add_char(page->out, ' ');
			break;
		default:
			request_escape(page->out, view_sub(text, i, 1));
		}
	if (bold)
		text_add_string(page->out, "</b>");
}

static void close_row(struct page *page)
{
	if (page->row_open)
		text_add_string(page->out, "</td></tr>\n");
	page->row_open = false;
}

static void open_row(struct page *page, const char *style)
{
	close_row(page);
	text_add_format(page->out, "<tr><td%s%s%s>", *style ? " style=\"" : "", style, *style ? "\"" : "");
	page->row_open = true;
}

static void add_paragraph(struct page *page, struct view text, int above)
{
	text_add_format(page->out, "<p style=\"margin:%dpx 0 0\">", above);
	add_inline(page, text);
	text_add_string(page->out, "</p>");
}

static void add_block(struct page *page, const struct letter_block *block)
{
	switch (block->kind) {
	case LETTER_HEADING:
		open_row(page, "");
		text_add_format(page->out, "<h1 style=\"margin:0 0 14px;font-size:22px;line-height:%dpx\">",
			is_rtl(page) ? 36 : 28);
		add_inline(page, block->text);
		text_add_string(page->out, "</h1>");
		break;
	case LETTER_SECTION:
		open_row(page, "padding:20px 0 0");
		text_add_format(page->out, "<h2 style=\"" SECTION_STYLE "\">", is_rtl(page) ? "right" : "left",
			is_rtl(page) ? 30 : 24);
		add_inline(page, block->text);
		text_add_string(page->out, "</h2>");
		break;
	case LETTER_ITEM:
		if (page->before != LETTER_ITEM)
			open_row(page, is_rtl(page) ? "padding:4px 16px 0 0" : "padding:4px 0 0 16px");
		add_paragraph(page, block->text, 4);
		break;
	default:
		if (page->before != LETTER_PARAGRAPH)
			open_row(page, page->before <= LETTER_HEADING ? "" : "padding:20px 0 0");
		add_paragraph(page, block->text, page->before == LETTER_PARAGRAPH ? 14 : 0);
	}
	page->before = block->kind;
}

/* ---- the reference, and the rows that are typed into ---- */

static void add_reference(struct page *page)
{
	const struct letter_order *order = page->order;

	open_row(page, "padding:14px 0 0");
	text_add_string(page->out, "<p style=\"margin:0\">");
	request_escape(page->out, view_of(lexicon_word(page->forms->lexicon, "reference", order->language)));
	text_add_format(page->out, ": <b><span dir=\"ltr\">%s</span></b></p>", order->reference);
	close_row(page);
}

/* Label and hint as in the text part: "1. Country:", the hint smaller and not bold. */
static void add_label(struct page *page, const struct field *field)
{
	TEXT_SCOPED hint;

	text_init(&hint, REQUEST_HINT_MAX);
	request_add_hint(&hint, page->forms, field, page->order->language);
	text_add_format(page->out, "<b>%d. ", field->number);
	request_escape(page->out, view_of(words_get(&field->label, page->order->language)));
	if (hint.len == 0) {
		text_add_string(page->out, ":</b>");
		return;
	}
	text_add_string(page->out, "</b> <span style=\"font-size:14px;line-height:20px\">(");
	request_escape(page->out, text_view(&hint));
	text_add_string(page->out, "):</span>");
}

static void add_rows(struct page *page, const struct field *field, request_cell *cell, void *context)
{
	int height = field->type == FIELD_TEXT ? CELL_HEIGHT_TEXT : CELL_HEIGHT;

	text_add_string(page->out, "<tr><td style=\"" LABEL_STYLE "\">");
	add_label(page, field);
	text_add_format(page->out, "</td></tr>\n<tr><td height=\"%d\" valign=\"top\" style=\"" CELL_STYLE "\">", height);
	if (cell)
		cell(context, field, page->out);
	else
		text_add_string(page->out, "<br>"); /* a place for the caret, and nothing that would be an answer */
	text_add_string(page->out, "</td></tr>\n");
}

static void add_end(struct page *page, request_cell *cell, void *context)
{
	const struct letter_order *order = page->order;

	if (order->reference)
		add_reference(page);
	for (size_t i = 0; order->form && i < order->form->field_count; i++)
		if (letter_asks(order, &order->form->fields[i]))
			add_rows(page, &order->form->fields[i], cell, context);
}

int letter_html(const struct forms *forms, const struct letter_order *order, request_cell *cell, void *context,
	struct text *out, struct error *err)
{
	struct page page = {.forms = forms, .order = order, .out = out, .before = -1};
	struct arena *arena = arena_new();
	struct letter_block block;
	TEXT_SCOPED filled;
	struct view rest;
	int result;

	text_init(&filled, LETTER_BYTES_MAX);
	result = letter_fill(forms, arena, order, true, &page.letter, &filled, err);
	rest = text_view(&filled);
	if (result == 0)
		text_add_format(out,
			"<table role=\"presentation\" lang=\"%s\" dir=\"%s\" width=\"100%%\" cellpadding=\"0\" "
			"cellspacing=\"0\" style=\"max-width:600px;border-collapse:collapse;%s\">\n",
			page.letter.language, is_rtl(&page) ? "rtl" : "ltr", is_rtl(&page) ? FONT_RTL : FONT);
	while (result == 0 && letter_next_block(&rest, &block))
		add_block(&page, &block);
	close_row(&page);
	if (result == 0) {
		add_end(&page, cell, context);
		text_add_string(out, "</table>\n");
	}
	arena_free(&arena);
	if (result == 0 && out->full)
		return error_set(err, REACH_STOP, "the %s is too long to be sent", order->name);
	return result;
}

int forms_letter_html(const struct forms *forms, const struct letter_order *order, struct text *out, struct error *err)
{
	const char *language = forms_letter_language(forms, order->name, order->language);
	bool rtl = language && forms_is_rtl(forms, language);

	text_add_format(out, "<!DOCTYPE html>\n<html lang=\"%s\" dir=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n",
		language ? language : "en", rtl ? "rtl" : "ltr");
	text_add_string(out, "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
			     "<meta name=\"color-scheme\" content=\"light dark\">\n"
			     "<meta name=\"supported-color-schemes\" content=\"light dark\">\n"
			     "<meta name=\"format-detection\" "
			     "content=\"telephone=no,date=no,address=no,email=no,url=no\">\n<title>");
	if (order->form && !json_is_true(json_object_get(order->view, "neutral")))
		request_escape(out, view_of(words_get(&order->form->title, order->language)));
	else if (order->reference)
		text_add_string(out, order->reference);
	text_add_string(out, "</title>\n</head>\n<body>\n");
	if (letter_html(forms, order, NULL, NULL, out, err) < 0)
		return -1;
	text_add_string(out, "</body>\n</html>\n");
	return out->full ? error_set(err, REACH_STOP, "the %s is too long to be sent", order->name) : 0;
}
