/* core/share: where the files that ship with the program are. See share.h. */
#include "core/share.h"

#include <stdio.h>
#include <unistd.h>

#define PATH_SIZE 4096

static int try_path(char *buffer, size_t size, const char *folder, const char *below, const char *name)
{
	int length = snprintf(buffer, size, "%s/%s%s", folder, below, name);

	if (length < 0 || (size_t)length >= size)
		return -1;
	return access(buffer, F_OK);
}

/* The folder that the running program stands in; in a build folder, the top of the tree. */
static int program_folder(char *buffer, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", buffer, size - 1);
	char *cut;

	if (length <= 0)
		return -1;
	buffer[length] = '\0';
	cut = strstr(buffer, "/build/");
	if (!cut)
		cut = strrchr(buffer, '/');
	if (!cut)
		return -1;
	*cut = '\0';
	return 0;
}

void share_default(char *buffer, size_t size)
{
	static const char *const places[] = {"config", "../share/fieldpost"};
	char program[PATH_SIZE], forms[PATH_SIZE];

	if (program_folder(program, sizeof(program)) == 0)
		for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
			if (try_path(buffer, size, program, "", places[i]) == 0 &&
				try_path(forms, sizeof(forms), buffer, "", "forms") == 0)
				return;
	snprintf(buffer, size, "%s", FIELDPOST_SHARE);
}

int share_path(const struct config *config, const char *name, char *buffer, size_t size)
{
	char folder[PATH_SIZE];

	if (config && config->share_dir)
		snprintf(folder, sizeof(folder), "%s", config->share_dir);
	else
		share_default(folder, sizeof(folder));
	if (try_path(buffer, size, folder, "", name) == 0 || try_path(buffer, size, folder, "../", name) == 0)
		return 0;
	try_path(buffer, size, folder, "", name);
	return -1;
}
