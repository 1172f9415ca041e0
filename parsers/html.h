/*
 * HTML to text: libxml2 as SAX over memory.
 *
 * Input is UTF-8 (already converted), at most PARSE_HTML_MAX of it is read. A linear pass first removes <!...> other
 * than comments and doctype and cuts a tag after 200 attributes or 64 kB. Skips head, style, script, mso-hide,
 * display:none. Not recursive, no tree.
 */
#ifndef PARSERS_HTML_H
#define PARSERS_HTML_H

#include "parsers/mail.h"

#define HTML_QUOTE_MAX 20 /* levels that are counted */

/* Part of parsers_open(). */
int html_open(struct error *err);

/* text_out: the text as a person would read it, NFC, lines parted by LF; lines_out as struct mail_line says. */
void html_read(struct arena *arena, struct view html, struct view *text_out, const struct mail_line **lines_out,
	size_t *count_out, bool *over_limit_out);

#endif
