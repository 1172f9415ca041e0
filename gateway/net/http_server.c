/* net/http_server: requests that come in, over libmicrohttpd. See http_server.h; http_exchange.c has one exchange. */
#include "net/http_server_private.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "net/http_listen.h"

#define SECOND_US ((int64_t)1000000)
#define IDLE_SECONDS 60	      /* a connection on which nothing at all comes */
#define FILES_BESIDE 128      /* open files besides connections */
#define PEM_MAX (1024 * 1024) /* bytes of a certificate or key file */
#define SPARE_SECONDS 1	      /* of a crowd: who has waited for less is left alone */

/* ---- connections, by how long they wait for a whole request ---- */

static void unlink_connection(struct http_server *server, struct connection *connection)
{
	*(connection->before ? &connection->before->after : &server->first) = connection->after;
	*(connection->after ? &connection->after->before : &server->last) = connection->before;
}

void connection_wait(struct http_server *server, struct connection *connection, int64_t deadline)
{
	unlink_connection(server, connection);
	connection->since = clock_monotonic();
	connection->deadline = deadline ? deadline : connection->since + HTTP_HEADERS_SECONDS * SECOND_US;
	connection->before = server->last;
	connection->after = NULL;
	*(server->last ? &server->last->after : &server->first) = connection;
	server->last = connection;
}

static void opened(struct http_server *server, struct MHD_Connection *mhd, void **socket_context)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		exit(71);
	connection->fd = info ? info->connect_fd : -1;
	connection->since = clock_monotonic();
	connection->deadline = connection->since + HTTP_HEADERS_SECONDS * SECOND_US;
	connection->before = server->last;
	*(server->last ? &server->last->after : &server->first) = connection;
	server->last = connection;
	server->connection_count++;
	*socket_context = connection;
}

static void notify(
	void *context, struct MHD_Connection *mhd, void **socket_context, enum MHD_ConnectionNotificationCode code)
{
	struct http_server *server = context;
	struct connection *connection = *socket_context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		opened(server, mhd, socket_context);
	} else if (connection) {
		unlink_connection(server, connection);
		server->connection_count--;
		free(connection);
		*socket_context = NULL;
	}
}

/* The line is cut; libmicrohttpd finds its end and clears up. */
static void cut(struct http_server *server, struct connection *connection)
{
	if (connection->cut)
		return;
	connection->cut = true;
	server->cut_count++;
	shutdown(connection->fd, SHUT_RDWR);
}

/* Those whose time is over, and in a crowd those that wait longest. They stand in the order of `since`. */
static void sweep(struct http_server *server, int64_t now)
{
	unsigned limit = server->connection_limit, most = limit - limit / 8;
	unsigned over = server->connection_count > most ? server->connection_count - most + limit / 16 : 0;

	for (struct connection *at = server->first; at; at = at->after) {
		bool crowd = over > 0 && now - at->since > SPARE_SECONDS * SECOND_US;

		if (at->busy || (now < at->deadline && !crowd))
			continue;
		cut(server, at);
		if (crowd)
			over--;
	}
	if (server->cut_count > 0 && now - server->cut_logged_at > 60 * SECOND_US) {
		log_warning("slow-connections", "closed=%zu open=%u", server->cut_count, server->connection_count);
		server->cut_logged_at = now;
		server->cut_count = 0;
	}
}

/* ---- opening ---- */

/* As many connections as there may be open files for. */
static unsigned raise_files(unsigned connections)
{
	struct rlimit limit;
	rlim_t wanted = connections + FILES_BESIDE;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return connections;
	if (limit.rlim_cur < wanted) {
		limit.rlim_cur = limit.rlim_max == RLIM_INFINITY || limit.rlim_max > wanted ? wanted : limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur <= FILES_BESIDE)
			return connections;
	}
	if (limit.rlim_cur >= wanted)
		return connections;
	log_warning(
		"few-open-files", "connections=%u configured=%u", (unsigned)limit.rlim_cur - FILES_BESIDE, connections);
	return (unsigned)limit.rlim_cur - FILES_BESIDE;
}

static int read_pem(const char *path, struct arena *arena, char **out, struct error *err)
{
	FILE *file = fopen(path, "re");
	struct stat state;
	size_t size;

	if (!file || fstat(fileno(file), &state) < 0 || state.st_size > PEM_MAX) {
		error_set(err, REACH_STOP, "%s cannot be read: %s", path, file ? "too large" : strerror(errno));
		if (file)
			fclose(file);
		return -1;
	}
	*out = arena_alloc(arena, (size_t)state.st_size + 1);
	size = fread(*out, 1, (size_t)state.st_size, file);
	fclose(file);
	return size == (size_t)state.st_size ? 0 : error_set(err, REACH_STOP, "%s cannot be read", path);
}

__attribute__((format(printf, 2, 0))) static void complain(void *context, const char *format, va_list args)
{
	char line[300];
	int len = vsnprintf(line, sizeof(line), format, args);

	if (len > 0)
		log_debug("http", "%s", log_value(view_trim(view_of(line))));
}

/* URLs and headers stay as they came: signatures are over them. */
static size_t keep_escapes(void *context, struct MHD_Connection *mhd, char *text)
{
	return strlen(text);
}

static int start(struct http_server *server, const struct config *config, struct error *err)
{
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
	struct MHD_OptionItem tls[] = {{MHD_OPTION_END, 0, NULL}, {MHD_OPTION_END, 0, NULL}, {MHD_OPTION_END, 0, NULL}};
	char *certificate, *key;

	if (config->web.certificate) {
		if (read_pem(config->web.certificate, server->arena, &certificate, err) < 0 ||
			read_pem(config->web.key, server->arena, &key, err) < 0)
			return -1;
		flags |= MHD_USE_TLS;
		tls[0] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, certificate};
		tls[1] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, key};
	}
	server->daemon = MHD_start_daemon(flags, 0, NULL, NULL, exchange_handle, server, MHD_OPTION_EXTERNAL_LOGGER,
		complain, NULL, MHD_OPTION_LISTEN_SOCKET, server->listen_fd, MHD_OPTION_CONNECTION_LIMIT,
		server->connection_limit, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
		server->is_public ? server->connection_limit / 8 : 0, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_HEADERS_BYTES,
		MHD_OPTION_NOTIFY_CONNECTION, notify, server, MHD_OPTION_NOTIFY_COMPLETED, exchange_over, server,
		MHD_OPTION_URI_LOG_CALLBACK, exchange_begin, server, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
	if (!server->daemon)
		return error_set(err, REACH_STOP, "cannot serve on %s%s", config->web.listen,
			config->web.certificate ? ": are certificate and key right?" : "");
	server->epoll_fd = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	return 0;
}

int http_server_open(
	const struct config *config, const struct http_handler *handler, struct http_server **out, struct error *err)
{
	struct http_server *server = calloc(1, sizeof(*server));

	if (!server)
		return error_set(err, REACH_RETRY, "out of memory");
	server->handler = *handler;
	server->arena = arena_new();
	server->listen_fd = -1;
	server->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&server->mutex, NULL);
	server->empty = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	server->connection_limit = raise_files((unsigned)config->web.connections);
	if (http_listen(config, &server->listen_fd, &server->is_public, err) < 0 || start(server, config, err) < 0) {
		if (server->listen_fd >= 0)
			close(server->listen_fd);
		server->listen_fd = -1;
		http_server_close(&server);
		return -1;
	}
	*out = server;
	return 0;
}

/* ---- running ---- */

void http_server_step(struct http_server *server, int stop_fd, int timeout_ms)
{
	struct pollfd fds[] = {{.fd = server->epoll_fd, .events = POLLIN}, {.fd = server->wake_fd, .events = POLLIN},
		{.fd = stop_fd, .events = POLLIN}};
	MHD_UNSIGNED_LONG_LONG wanted;
	int64_t now;

	if (MHD_get_timeout(server->daemon, &wanted) == MHD_YES && wanted < (unsigned)timeout_ms)
		timeout_ms = (int)wanted;
	poll(fds, 3, timeout_ms);
	if (fds[1].revents)
		exchanges_resume(server);
	MHD_run(server->daemon);
	now = clock_monotonic();
	if (now - server->swept_at > SECOND_US / 4) {
		server->swept_at = now;
		sweep(server, now);
	}
}

void http_server_quiesce(struct http_server *server)
{
	MHD_socket fd = MHD_quiesce_daemon(server->daemon);

	if (fd != MHD_INVALID_SOCKET)
		close(fd);
	server->quiet = true;
}

size_t http_server_exchanges(const struct http_server *server)
{
	return server->whole_count;
}

void http_server_close(struct http_server **server_at)
{
	struct http_server *server = *server_at;

	if (!server)
		return;
	exchanges_resume(server);
	if (server->daemon)
		MHD_stop_daemon(server->daemon);
	MHD_destroy_response(server->empty);
	exchange_drop_spares(server);
	close(server->wake_fd);
	pthread_mutex_destroy(&server->mutex);
	arena_free(&server->arena);
	free(server);
	*server_at = NULL;
}
