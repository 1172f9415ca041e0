/* The shipped forms and languages (config/), compiled, for unit tests of the parsers; and forms from files of cases. */
#ifndef TESTS_UNIT_FORMS_H
#define TESTS_UNIT_FORMS_H

#include <glob.h>

#include "tests/unit/words.h"

#define UNIT_FORMS_MAX 16

/* pattern: of the forms' files, "config/forms/?*.yaml". 0 or -1 as forms_new(). */
static inline int unit_forms_from(struct arena *arena, const char *pattern, struct forms **out, struct error *err)
{
	struct parse_source forms[UNIT_FORMS_MAX], languages[WORDS_SOURCES_MAX];
	size_t language_count = words_sources(arena, "config/languages", languages);
	glob_t found;
	int result;

	if (glob(pattern, 0, NULL, &found) != 0 || found.gl_pathc > UNIT_FORMS_MAX)
		fail_msg("%s: no file, or too many", pattern);
	for (size_t i = 0; i < found.gl_pathc; i++)
		forms[i] = (struct parse_source){found.gl_pathv[i], unit_file(arena, found.gl_pathv[i])};
	result = parsers_open(err);
	if (result == 0)
		result = forms_new(forms, found.gl_pathc, languages, language_count, out, err);
	globfree(&found);
	return result;
}

static inline struct forms *unit_forms(struct arena *arena)
{
	struct error err = ERROR_INIT;
	struct forms *forms = NULL;

	if (unit_forms_from(arena, "config/forms/*.yaml", &forms, &err) < 0)
		fail_msg("%s", err.text);
	return forms;
}

#endif
