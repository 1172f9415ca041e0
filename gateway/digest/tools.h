/*
 * Tools: what is read once for all digests: the templates, partials and words under config/mail, and the names of
 * countries.
 *
 * config/mail/NAME.mustache are the templates, config/mail/partials/NAME.mustache the partials,
 * config/mail/words/LANGUAGE.yaml the words, formats and type of a language: a new language is a new file. Immutable
 * once loaded; threads may share them.
 */
#ifndef DIGEST_TOOLS_H
#define DIGEST_TOOLS_H

#include "base/text.h"
#include "digest/digest.h"

#include <jansson.h>

#define TOOLS_FILE_MAX ((size_t)256 * 1024) /* bytes of a template or a file of words */

/* A whole file, UTF-8; the text is begun here. */
int tools_file(const char *path, struct text *out, struct error *err);
/* The words of a language; those of its base language ("pt" for "pt-BR"), else English. */
const json_t *tools_words(const struct digest_tools *tools, const char *language);
/* A text out of them by its path ("quotes", "open"), English where the language has none, "" where neither has. */
const char *tools_word(const struct digest_tools *tools, const json_t *words, const char *section, const char *key);
struct view tools_template(const struct digest_tools *tools, const char *name);
const char *tools_country(const struct digest_tools *tools, const char *code, const char *language);

/*
 * Renders a template ("digest.html", or "w.NAME": one of the words) with the partials and the words of a language.
 * html: plain interpolations are escaped.
 */
int tools_render(const struct digest_tools *tools, const json_t *words, const char *name, const json_t *view, bool html,
	struct text *out, struct error *err);
/* The same for a template that stands elsewhere (the formats of the words); never escaped. */
int tools_render_text(const struct digest_tools *tools, const json_t *words, struct view template, const json_t *view,
	struct text *out, struct error *err);

#endif
