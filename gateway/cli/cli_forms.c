/* cli/forms: the forms and languages named by the config, compiled. See cli.h. */
#include "cli/cli.h"

#include "parsers/parsers.h"
#include "pipeline.h"

int cli_forms(const struct config *config, const char *folder, struct forms **out, struct error *err)
{
	struct pipeline_sources sources;
	struct arena *arena = arena_new();
	int rc = parsers_open(err);

	if (rc == 0)
		rc = pipeline_sources_load(config, arena, &sources, err);
	if (rc == 0 && folder)
		rc = pipeline_folder_load(config, folder, "forms", arena, &sources.forms, &sources.form_count, err);
	if (rc == 0)
		rc = forms_new(sources.forms, sources.form_count, sources.languages, sources.language_count, out, err);
	arena_free(&arena);
	return rc;
}
