/*
 * resolve: a library to preload. Names lead where a test wants them to: RESOLVE="name=address name=address" in the environment; each
 * name that is asked for is written to the file RESOLVE_LOG, a line each.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void note(const char *name)
{
	const char *path = getenv("RESOLVE_LOG");
	int fd = path ? open(path, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	if (write(fd, name, strlen(name)) < 0 || write(fd, "\n", 1) < 0)
		abort();
	close(fd);
}

/* The address for a name, in the buffer; NULL when the test says nothing of it. */
static const char *address_of(const char *name, char *buffer, size_t size)
{
	const char *list = getenv("RESOLVE");
	size_t len = strlen(name);

	while (list && *list) {
		size_t entry = strcspn(list, " ");

		if (entry > len && strncmp(list, name, len) == 0 && list[len] == '=' && entry - len <= size) {
			memcpy(buffer, list + len + 1, entry - len - 1);
			buffer[entry - len - 1] = '\0';
			return buffer;
		}
		list += entry + strspn(list + entry, " ");
	}
	return NULL;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");
	char buffer[64];
	const char *address = name ? address_of(name, buffer, sizeof(buffer)) : NULL;

	if (name)
		note(name);
	return real(address ? address : name, service, hints, out);
}
