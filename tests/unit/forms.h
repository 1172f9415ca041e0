/* The shipped forms and languages (config/), compiled, for unit tests of the parsers; and forms from files of cases. */
#ifndef TESTS_UNIT_FORMS_H
#define TESTS_UNIT_FORMS_H

#include <glob.h>

#include "parsers/parsers.h"
#include "tests/unit/unit.h"

#define UNIT_FORMS_MAX 16

/* The files that a pattern finds ("config/forms/?*.yaml"), in the order of their names. */
static inline size_t unit_sources(struct arena *arena, const char *pattern, struct parse_source *out)
{
	glob_t found;
	size_t count;

	if (glob(pattern, 0, NULL, &found) != 0 || found.gl_pathc > UNIT_FORMS_MAX)
		fail_msg("%s: no file, or too many", pattern);
	count = found.gl_pathc;
	for (size_t i = 0; i < count; i++) {
		out[i].file = arena_strdup(arena, found.gl_pathv[i]);
		out[i].bytes = unit_file(arena, out[i].file);
	}
	globfree(&found);
	return count;
}

/* Two patterns of files. 0 or -1 as forms_new(). */
static inline int unit_forms_from(
	struct arena *arena, const char *forms, const char *languages, struct forms **out, struct error *err)
{
	struct parse_source form_sources[UNIT_FORMS_MAX], language_sources[UNIT_FORMS_MAX];
	size_t form_count = unit_sources(arena, forms, form_sources);
	size_t language_count = unit_sources(arena, languages, language_sources);

	if (parsers_open(err) < 0)
		return -1;
	return forms_new(form_sources, form_count, language_sources, language_count, out, err);
}

static inline struct forms *unit_forms(struct arena *arena)
{
	struct error err = ERROR_INIT;
	struct forms *forms = NULL;

	if (unit_forms_from(arena, "config/forms/*.yaml", "config/languages/*.yaml", &forms, &err) < 0)
		fail_msg("%s", err.text);
	return forms;
}

#endif
