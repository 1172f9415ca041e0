/* html: libxml2's SAX parser over memory, no tree. See html.h and html_private.h. */
#include "parsers/html.h"

#include <limits.h>

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

/* What html_clean() left of them; returns the marks. */
static unsigned take_attributes(const xmlChar **list, struct html_attributes *out)
{
	long long marks = 0;

	*out = (struct html_attributes){0};
	for (; list && list[0]; list += 2) {
		struct view name = view_of((const char *)list[0]);
		struct view value = view_of(list[1] ? (const char *)list[1] : "");

		if (view_equal(name, VIEW(HTML_MARKS)))
			(void)view_to_int(value, 0, UINT_MAX, &marks);
		else if (view_equal(name, VIEW("start")))
			out->start = value;
		else if (view_equal(name, VIEW("value")))
			out->value = value;
		else if (view_equal(name, VIEW("alt")))
			out->alt = value;
	}
	return (unsigned)marks;
}

/* What libxml2 hands back with each event. */
struct reading {
	struct render *render;
	htmlParserCtxtPtr parser;
};

static void on_start(void *context, const xmlChar *name, const xmlChar **list)
{
	const struct reading *reading = context;
	struct html_attributes attributes;
	unsigned marks = take_attributes(list, &attributes);

	render_start(reading->render, (const char *)name, marks, &attributes);
	if (render_is_full(reading->render))
		xmlStopParser(reading->parser);
}

static void on_end(void *context, const xmlChar *name)
{
	const struct reading *reading = context;

	render_end(reading->render, (const char *)name);
}

static void on_text(void *context, const xmlChar *text, int length)
{
	const struct reading *reading = context;

	render_text(reading->render, (struct view){(const char *)text, length > 0 ? (size_t)length : 0});
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
	struct reading reading = {render, context};
	htmlSAXHandler *theirs;

	if (!context)
		return;
	theirs = context->sax;
	context->sax = &handler;
	context->userData = &reading;
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
