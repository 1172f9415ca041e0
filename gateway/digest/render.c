/* digest/render: data to a mail: the page twice, the templates, the size that mail clients show whole. See digest.h. */
#include "digest/digest.h"
#include "digest/layout.h"
#include "digest/page.h"
#include "digest/sheet.h"

#define BYTES_A_LINE 2600 /* of HTML, about: how many lines to take off when the page is too large */

static int make_page(struct page *page, struct error *err)
{
	page->view = json_object();
	page->shown = page->urgent = page->named = 0;
	page->no_country = 0;
	page->ordinal = 0;
	page_words(page);
	page_missing(page);
	page_figures(page);
	page_corrections(page);
	page_answers(page);
	if (page_head(page, err))
		return -1;
	page_number_sections(page);
	layout_marks(page->view);
	return 0;
}

/* Takes off what the page may do without: lines, then figures and changes. False: there is nothing more to take. */
static bool take_off(struct page *page, size_t over)
{
	size_t lines = over / BYTES_A_LINE + 1;

	if (page->shown > 0)
		page->budget = lines < page->shown ? page->shown - lines : 0;
	else if (page->forms_most > 0 || page->changes_most > 0) {
		page->forms_most /= 2;
		page->changes_most /= 2;
	} else
		return false;
	return true;
}

/* As many lines as fit: takes some off until the page is small enough. */
static int render_html(struct page *page, struct text *html, struct error *err)
{
	page->html = true;
	page->budget = SIZE_MAX;
	page->forms_most = DIGEST_FORMS_SHOWN;
	page->changes_most = DIGEST_CHANGES_SHOWN;
	for (;;) {
		int result;

		if (make_page(page, err)) {
			json_decref(page->view);
			return -1;
		}
		text_reset(html);
		result = tools_render(page->tools, page->words, "digest.html", page->view, true, html, err);
		json_decref(page->view);
		if (result)
			return error_prefix(err, "config/mail/digest.html.mustache");
		if (html->len <= DIGEST_HTML_MAX)
			return 0;
		if (!take_off(page, html->len - DIGEST_HTML_MAX))
			return error_set(err, REACH_STOP,
				"the digest is larger than %zu bytes without a single line in it", DIGEST_HTML_MAX);
	}
}

/* The same lines as in the HTML. */
static int render_text(struct page *page, struct text *out, struct digest_mail *mail, struct error *err)
{
	TEXT_SCOPED raw = {0};
	int result = -1;

	text_init(&raw, DIGEST_TEXT_MAX);
	page->html = false;
	page->budget = page->shown;
	if (make_page(page, err) == 0) {
		mail->subject = arena_strdup(page->arena, page_string(page, page->view, "subject"));
		result = tools_render(page->tools, page->words, "digest.txt", page->view, false, &raw, err);
		if (result)
			error_prefix(err, "config/mail/digest.txt.mustache");
		else
			layout_text(page->locale, text_view(&raw), out);
	}
	json_decref(page->view);
	return result;
}

static struct view keep(struct page *page, const struct text *text)
{
	return (struct view){arena_copy(page->arena, text_string(text), text->len), text->len};
}

static int render(struct page *page, struct digest_mail *out, struct error *err)
{
	TEXT_SCOPED html = {0}, text = {0}, table = {0};
	struct digest_mail mail = {.language = page->language};

	text_init(&html, DIGEST_HTML_MAX * 40);
	text_init(&text, DIGEST_TEXT_MAX);
	text_init(&table, SHEET_BYTES_MAX);
	if (json_array_size(json_object_get(page->data, "lines")) > 0) {
		page->table = mail.table_name = sheet_name(page);
		if (sheet_make(page, &table, err))
			return -1;
	}
	if (render_html(page, &html, err) || render_text(page, &text, &mail, err))
		return -1;
	mail.html = keep(page, &html);
	mail.text = keep(page, &text);
	mail.table = keep(page, &table);
	mail.lines = page->lines;
	mail.shown = page->shown;
	*out = mail;
	return 0;
}

int digest_render(const struct digest_tools *tools, const json_t *data, struct arena *arena, struct digest_mail *out,
	struct error *err)
{
	struct page page = {.tools = tools, .data = data, .arena = arena};
	struct locale *locale;
	int result;

	page.words = tools_words(tools, json_string_value(json_object_get(data, "language")));
	page.language = json_string_value(json_object_get(page.words, "language"));
	if (locale_open(page.words, json_string_value(json_object_get(data, "zone")), &locale, err))
		return -1;
	page.locale = locale;
	result = render(&page, out, err);
	locale_close(&locale);
	return result;
}
