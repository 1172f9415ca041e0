/*
 * parsers/request_html: a request as HTML that is typed into: one flat table, each label row above its answer row, no
 * colours for text or cells, nothing behind the last cell. See request.h.
 */
#include "parsers/request.h"

#include "base/unicode.h"

#define FONT                                                                                                           \
	"font-family:-apple-system,'Segoe UI',Roboto,'Helvetica "                                                      \
	"Neue',Arial,sans-serif;font-size:16px;line-height:24px"
#define LABEL_STYLE "padding:16px 0 5px;font-size:16px;line-height:22px"
#define CELL_STYLE "border:1px solid #7A8793;padding:11px 12px;font-size:16px;line-height:24px"
#define CELL_HEIGHT 26	    /* pixels of a cell for one line */
#define CELL_HEIGHT_TEXT 74 /* of one for a text */

void request_escape(struct text *out, struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		switch (text.ptr[i]) {
		case '&':
			text_add_string(out, "&amp;");
			break;
		case '<':
			text_add_string(out, "&lt;");
			break;
		case '>':
			text_add_string(out, "&gt;");
			break;
		case '"':
			text_add_string(out, "&quot;");
			break;
		default:
			text_add_char(out, text.ptr[i]);
		}
}

const char *request_direction(struct view text)
{
	uint32_t code;

	for (size_t at = 0; unicode_next(text, &at, &code);) {
		if ((code >= 0x0590 && code <= 0x08FF) || (code >= 0xFB1D && code <= 0xFEFC))
			return "rtl";
		if (unicode_is_letter(code))
			return "ltr";
	}
	return "ltr";
}

static void add_paragraph(struct text *out, int above, const char *words)
{
	text_add_format(out, "<p style=\"margin:%dpx 0 0\">", above);
	request_escape(out, view_of(words));
	text_add_string(out, "</p>");
}

static void add_prose(struct text *out, const struct forms *forms, const struct form *form, const char *language,
	const char *reference)
{
	const struct lexicon *words = forms->lexicon;

	text_add_string(out, "<tr><td><h1 style=\"margin:0 0 14px;font-size:22px;line-height:28px\">");
	request_escape(out, view_of(words_get(&form->title, language)));
	text_add_string(out, "</h1></td></tr>\n<tr><td>");
	add_paragraph(out, 0, lexicon_word(words, "greeting", language));
	add_paragraph(out, 14, lexicon_word(words, "purpose", language));
	add_paragraph(out, 14, lexicon_word(words, "instruction", language));
	text_add_string(out, "</td></tr>\n<tr><td style=\"padding:14px 0 0\"><p style=\"margin:0\">");
	request_escape(out, view_of(lexicon_word(words, "reference", language)));
	text_add_format(out, ": <b><span dir=\"ltr\">%s</span></b></p></td></tr>\n", reference);
}

/* Label and hint as in the text part: "1. Country:", the hint smaller and not bold. */
static void add_label(struct text *out, const struct forms *forms, const struct field *field, const char *language)
{
	TEXT_SCOPED hint;

	text_init(&hint, REQUEST_HINT_MAX);
	request_add_hint(&hint, forms, field, language);
	text_add_format(out, "<b>%d. ", field->number);
	request_escape(out, view_of(words_get(&field->label, language)));
	if (hint.len == 0) {
		text_add_string(out, ":</b>");
		return;
	}
	text_add_string(out, "</b> <span style=\"font-size:14px;line-height:20px\">(");
	request_escape(out, text_view(&hint));
	text_add_string(out, "):</span>");
}

static void add_rows(struct text *out, const struct forms *forms, const struct field *field, const char *language,
	request_cell *cell, void *context)
{
	int height = field->type == FIELD_TEXT ? CELL_HEIGHT_TEXT : CELL_HEIGHT;

	text_add_string(out, "<tr><td style=\"" LABEL_STYLE "\">");
	add_label(out, forms, field, language);
	text_add_format(out, "</td></tr>\n<tr><td height=\"%d\" valign=\"top\" style=\"" CELL_STYLE "\">", height);
	cell(context, field, out);
	text_add_string(out, "</td></tr>\n");
}

void request_html(struct text *out, const struct forms *forms, const struct form *form, const char *language,
	const char *reference, request_cell *cell, void *context)
{
	const char *direction = request_direction(view_of(words_get(&form->title, language)));

	text_add_format(out,
		"<table role=\"presentation\" lang=\"%s\" dir=\"%s\" width=\"100%%\" cellpadding=\"0\" "
		"cellspacing=\"0\" "
		"style=\"max-width:600px;border-collapse:collapse;" FONT "\">\n",
		language, direction);
	add_prose(out, forms, form, language, reference);
	for (size_t i = 0; i < form->field_count; i++)
		if (form->fields[i].label.count > 0)
			add_rows(out, forms, &form->fields[i], language, cell, context);
	text_add_string(out, "</table>\n");
}

/* A place for the caret, and nothing that would be an answer. */
static void empty_cell(void *context, const struct field *field, struct text *out)
{
	text_add_string(out, "<br>");
}

int form_render_html(const struct forms *forms, const struct form *form, const char *language, const char *reference,
	struct text *out, struct error *err)
{
	const char *title = words_get(&form->title, language);

	text_add_format(out, "<!DOCTYPE html>\n<html lang=\"%s\" dir=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n",
		language, request_direction(view_of(title)));
	text_add_string(out, "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
			     "<meta name=\"color-scheme\" content=\"light dark\">\n"
			     "<meta name=\"supported-color-schemes\" content=\"light dark\">\n"
			     "<meta name=\"format-detection\" "
			     "content=\"telephone=no,date=no,address=no,email=no,url=no\">\n<title>");
	request_escape(out, view_of(title));
	text_add_string(out, "</title>\n</head>\n<body>\n");
	request_html(out, forms, form, language, reference, empty_cell, NULL);
	text_add_string(out, "</body>\n</html>\n");
	if (out->full)
		return error_set(err, REACH_STOP, "the form \"%s\" is too long to be sent", form->id);
	return 0;
}
