/* html: libxml2's SAX parser over memory, no tree. See html.h and html_private.h. */
#include "parsers/html.h"

#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include "parsers/html_private.h"

int html_open(struct error *err)
{
	xmlInitParser();
	if (!xmlFindCharEncodingHandler("UTF-8"))
		return error_set(err, REACH_STOP, "libxml2 does not know UTF-8");
	return 0;
}

static void take_attributes(const xmlChar **list, struct html_attributes *out)
{
	static const struct {
		const char *name;
		size_t offset;
	} known[] = {
		{"class", offsetof(struct html_attributes, class)},
		{"style", offsetof(struct html_attributes, style)},
		{"id", offsetof(struct html_attributes, id)},
		{"type", offsetof(struct html_attributes, type)},
		{"start", offsetof(struct html_attributes, start)},
		{"value", offsetof(struct html_attributes, value)},
		{"hidden", offsetof(struct html_attributes, hidden)},
		{"tabindex", offsetof(struct html_attributes, tabindex)},
		{"cite", offsetof(struct html_attributes, cite)},
		{"alt", offsetof(struct html_attributes, alt)},
	};

	*out = (struct html_attributes){0};
	for (; list && list[0]; list += 2)
		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			if (strcmp((const char *)list[0], known[i].name) == 0)
				*(struct view *)(void *)((char *)out + known[i].offset) =
					view_of(list[1] ? (const char *)list[1] : "");
}

static void on_start(void *context, const xmlChar *name, const xmlChar **list)
{
	struct html_attributes attributes;

	take_attributes(list, &attributes);
	render_start(context, (const char *)name, &attributes);
}

static void on_end(void *context, const xmlChar *name)
{
	render_end(context, (const char *)name);
}

static void on_text(void *context, const xmlChar *text, int length)
{
	render_text(context, (struct view){(const char *)text, length > 0 ? (size_t)length : 0});
}

static void parse(struct view html, struct render *render)
{
	htmlParserCtxtPtr context = htmlCreateMemoryParserCtxt(html.ptr, (int)html.len);
	htmlSAXHandler handler = {
		.startElement = on_start,
		.endElement = on_end,
		.characters = on_text,
		.ignorableWhitespace = on_text,
		.cdataBlock = on_text,
	};
	htmlSAXHandler *theirs;

	if (!context)
		return;
	theirs = context->sax;
	context->sax = &handler;
	context->userData = render;
	htmlCtxtUseOptions(context, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
					    HTML_PARSE_IGNORE_ENC);
	/* It is UTF-8 whatever it says of itself: unset, libxml2 would take it for Latin-1. */
	xmlSwitchEncoding(context, XML_CHAR_ENCODING_UTF8);
	htmlParseDocument(context);
	context->sax = theirs;
	htmlFreeParserCtxt(context);
}

void html_read(struct arena *arena, struct view html, struct view *text_out, const struct mail_line **lines_out,
	size_t *count_out, bool *over_limit_out)
{
	TEXT_SCOPED clean = {0};
	struct render *render = render_new(arena);
	bool whole;

	text_init(&clean, PARSE_HTML_MAX);
	whole = html_clean(html, &clean);
	if (clean.len > 0)
		parse(text_view(&clean), render);
	*over_limit_out = !render_finish(render, text_out, lines_out, count_out) || !whole;
}
