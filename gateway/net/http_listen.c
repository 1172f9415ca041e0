/* net/http_listen: the socket that the server listens on. See http_listen.h. */
#include "net/http_listen.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 4096

static int failed(int fd, const char *listen_on, struct error *err)
{
	error_set(err, errno == EADDRINUSE ? REACH_RETRY : REACH_STOP, "cannot listen on %s: %s", listen_on,
		strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static int listen_unix(const char *listen_on, const char *path, int *fd_out, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || chmod(path, 0666) < 0 ||
		listen(fd, BACKLOG) < 0)
		return failed(fd, listen_on, err);
	*fd_out = fd;
	return 0;
}

static int listen_address(const char *listen_on, const struct addrinfo *at, int *fd_out, struct error *err)
{
	int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		bind(fd, at->ai_addr, at->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0)
		return failed(fd, listen_on, err);
	*fd_out = fd;
	return 0;
}

int http_listen(const struct config *config, int *fd_out, bool *public_out, struct error *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found = NULL;
	const char *path = NULL, *host = NULL;
	char service[8];
	int port = 0, result;

	if (config_listen(config->web.listen, config->arena, &path, &host, &port) < 0)
		return error_set(err, REACH_STOP, "web.listen is no address: %s", config->web.listen);
	*public_out = !path && !config_host_is_loopback(host);
	if (path)
		return listen_unix(config->web.listen, path, fd_out, err);
	snprintf(service, sizeof(service), "%d", port);
	result = getaddrinfo(host, service, &hints, &found);
	if (result != 0)
		return error_set(err, REACH_RETRY, "cannot listen on %s: %s", config->web.listen, gai_strerror(result));
	result = listen_address(config->web.listen, found, fd_out, err);
	freeaddrinfo(found);
	return result;
}
