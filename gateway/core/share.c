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

/* The folder that the running program stands in. */
static int program_folder(char *buffer, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", buffer, size - 1);
	char *slash;

	if (length <= 0)
		return -1;
	buffer[length] = '\0';
	slash = strrchr(buffer, '/');
	if (!slash)
		return -1;
	*slash = '\0';
	return 0;
}

int share_path(const struct config *config, const char *name, char *buffer, size_t size)
{
	char folder[PATH_SIZE];

	if (config && config->share_dir)
		return try_path(buffer, size, config->share_dir, "", name);
	if (program_folder(folder, sizeof(folder)) == 0 &&
		(try_path(buffer, size, folder, "config/", name) == 0 || try_path(buffer, size, folder, "", name) == 0))
		return 0;
	return try_path(buffer, size, FIELDPOST_SHARE, "", name);
}
