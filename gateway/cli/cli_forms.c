/* cli/forms: reads the forms and languages named by the config and compiles them. See cli.h. */
#include "cli/cli.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/unicode.h"
#include "parsers/parsers.h"

#define SOURCE_MAX ((size_t)4 * 1024 * 1024) /* bytes of a file */
#define SOURCES_MAX 1000                     /* files in a folder */

struct sources {
	struct parse_source *list;
	size_t count;
};

static int is_yaml(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".yaml") == 0;
}

static int read_source(const char *path, struct arena *arena, struct view *out, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	TEXT_SCOPED bytes;
	char buffer[16384];
	ssize_t n = -1;

	text_init(&bytes, SOURCE_MAX);
	while (fd >= 0 && (n = read(fd, buffer, sizeof(buffer))) > 0)
		text_add(&bytes, buffer, (size_t)n);
	if (n < 0)
		error_set(err, REACH_STOP, "%s cannot be read: %s", path, strerror(errno));
	else if (bytes.full)
		n = error_set(err, REACH_STOP, "%s is larger than %zu bytes", path, SOURCE_MAX);
	if (fd >= 0)
		close(fd);
	if (n < 0)
		return -1;
	*out = (struct view){arena_copy(arena, bytes.ptr ? bytes.ptr : "", bytes.len), bytes.len};
	return 0;
}

/* Every *.yaml of the folder, in the order of their names. */
static int read_folder(const char *folder, struct arena *arena, struct sources *out, struct error *err)
{
	struct dirent **entries = NULL;
	int count = scandir(folder, &entries, is_yaml, alphasort), rc = 0;

	if (count < 0)
		return error_set(err, REACH_STOP, "the folder %s cannot be read: %s", folder, strerror(errno));
	if (count == 0 || count > SOURCES_MAX)
		rc = error_set(err, REACH_STOP, "the folder %s holds %s", folder, count ? "too many files" : "no .yaml file");
	out->list = ARENA_NEW_N(arena, struct parse_source, (size_t)count);
	for (int i = 0; i < count; i++) {
		struct parse_source *source = &out->list[out->count];

		source->file = arena_printf(arena, "%s/%s", folder, entries[i]->d_name);
		if (rc == 0)
			rc = read_source(source->file, arena, &source->bytes, err);
		out->count++;
		free(entries[i]);
	}
	free(entries);
	return rc;
}

int cli_forms(const struct config *config, struct forms **out, struct error *err)
{
	struct arena *arena = arena_new();
	struct sources forms = {NULL, 0}, languages = {NULL, 0};
	int rc = unicode_open(err);

	if (rc == 0)
		rc = read_folder(config->forms_dir, arena, &forms, err);
	if (rc == 0)
		rc = read_folder(arena_printf(arena, "%s/languages", config->share_dir), arena, &languages, err);
	if (rc == 0)
		rc = forms_new(forms.list, forms.count, languages.list, languages.count, out, err);
	arena_free(&arena);
	return rc;
}
