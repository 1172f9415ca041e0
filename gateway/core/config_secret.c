/* core/config_secret: secrets are named in the config and fetched when needed. See config.h. */
#include "core/config_options.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"

#define SECRET_MAX 65536 /* bytes */
#define COMMAND_US (10 * (int64_t)1000000)

extern char **environ;

/* Says how to do it right and never what stood there. */
static int refuse_literal(const struct config_option *option, const struct yaml_node *node, struct error *err)
{
	return yaml_error(node, err,
		"a secret is never written into the config; put it into a file that only the service can read and "
		"write "
		"`%s: %s`, or name a systemd credential (`%s: {credential: NAME}`) or a command (`%s: {command: ...}`)",
		option->name, option->example, option->name, option->name);
}

int config_secret_load(const struct config_option *option, const struct yaml_node *node, const char *directory,
	struct arena *arena, struct config_secret *out, struct error *err)
{
	const struct yaml_node *place = node->first;
	const char *value;

	if (node->kind != YAML_MAPPING)
		return refuse_literal(option, node, err);
	if (node->count != 1)
		return yaml_error(
			node, err, "%s has one place; write `%s: %s`", option->name, option->name, option->example);
	if (strcmp(place->key, "file") != 0 && strcmp(place->key, "credential") != 0 &&
		strcmp(place->key, "command") != 0)
		return error_set(err, REACH_STOP,
			"%s:%d:%d: \"%s\" is no place for a secret; it is file, credential or command", place->file,
			place->key_line, place->key_column, place->key);
	if (place->kind != YAML_SCALAR || place->scalar_len == 0)
		return yaml_error(place, err, "%s of %s is empty; write `%s: %s`", place->key, option->name,
			option->name, option->example);
	value = arena_strdup(arena, place->scalar);
	if (strcmp(place->key, "file") == 0)
		*out = (struct config_secret){.file = config_path_absolute(arena, directory, value)};
	else if (strcmp(place->key, "command") == 0)
		*out = (struct config_secret){.command = value};
	else if (strchr(value, '/') || value[0] == '.')
		return yaml_error(
			place, err, "credential is the name given to LoadCredential= in the unit, without a path");
	else
		*out = (struct config_secret){.credential = value};
	return 0;
}

/* All there is, up to the limit or the deadline (0: none). Returns the bytes read or -1 with errno. */
static ssize_t read_all(int fd, char *buffer, size_t size, int64_t deadline)
{
	size_t len = 0;

	while (len < size) {
		struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
		int64_t left = deadline ? deadline - clock_monotonic() : 0;
		ssize_t n;

		if (deadline && (left <= 0 || poll(&poll_fd, 1, (int)(left / 1000) + 1) == 0)) {
			errno = ETIMEDOUT;
			return -1;
		}
		n = read(fd, buffer + len, size - len);
		if (n == 0)
			break;
		if (n < 0 && errno != EINTR)
			return -1;
		len += n > 0 ? (size_t)n : 0;
	}
	return (ssize_t)len;
}

static int take_file(const char *path, char *buffer, struct arena *arena, struct view *out, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t len = fd < 0 ? -1 : read_all(fd, buffer, SECRET_MAX, 0);
	int reason = errno;
	struct view secret;

	if (fd >= 0)
		close(fd);
	if (len < 0)
		return error_set(err, REACH_SOURCE, "the secret in %s cannot be read%s: %s", path,
			reason == EACCES ? " by the user that Fieldpost runs as" : "", strerror(reason));
	secret = (struct view){buffer, (size_t)len};
	if (view_ends(secret, VIEW("\n")))
		secret.len--;
	if (view_ends(secret, VIEW("\r")))
		secret.len--;
	if (secret.len == 0)
		return error_set(err, REACH_SOURCE, "the secret in %s is empty", path);
	*out = (struct view){arena_copy(arena, secret.ptr, secret.len), secret.len};
	return 0;
}

static int take_credential(const char *name, char *buffer, struct arena *arena, struct view *out, struct error *err)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");

	if (!directory)
		return error_set(err, REACH_SOURCE,
			"there is no credential %s: systemd gave none (LoadCredential=%s:PATH in the unit)", name,
			name);
	return take_file(arena_printf(arena, "%s/%s", directory, name), buffer, arena, out, err);
}

/* Starts the command in a process group of its own, its output into a pipe. Returns the reading end or -1. */
static int command_start(const char *command, pid_t *pid_out)
{
	char shell[] = "/bin/sh", option[] = "-c", *text = strdup(command);
	char *argv[] = {shell, option, text, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, usual;
	int ends[2], rc;

	if (!text || pipe2(ends, O_CLOEXEC) < 0) {
		free(text);
		return -1;
	}
	sigemptyset(&none);
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &usual);
	rc = posix_spawn(pid_out, shell, &actions, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	free(text);
	close(ends[1]);
	if (rc != 0)
		close(ends[0]);
	return rc == 0 ? ends[0] : -1;
}

/* Waits for it until the deadline; then it is killed with all that it started. Returns its exit status or -1. */
static int command_end(pid_t pid, int64_t deadline)
{
	int pidfd = pidfd_open(pid, 0), status = 0;
	int64_t left = deadline - clock_monotonic();
	struct pollfd poll_fd = {.fd = pidfd, .events = POLLIN};

	if (pidfd < 0 || left <= 0 || poll(&poll_fd, 1, (int)(left / 1000) + 1) != 1)
		kill(-pid, SIGKILL);
	if (pidfd >= 0)
		close(pidfd);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int take_command(const char *command, char *buffer, struct arena *arena, struct view *out, struct error *err)
{
	int64_t deadline = clock_monotonic() + COMMAND_US;
	pid_t pid;
	int fd = command_start(command, &pid), status, reason;
	int named = (int)strcspn(command, " \t"); /* its arguments may hold what should not be shown */
	struct view rest, line;
	ssize_t len;

	if (fd < 0)
		return error_set(
			err, REACH_SOURCE, "the command for a secret could not be started: %s", strerror(errno));
	len = read_all(fd, buffer, SECRET_MAX, deadline);
	reason = errno;
	close(fd);
	status = command_end(pid, len < 0 ? 0 : deadline);
	if (len < 0)
		return error_set(err, REACH_SOURCE, "the command for a secret (%.*s) gave no answer: %s", named,
			command, strerror(reason));
	if (status != 0)
		return error_set(err, REACH_SOURCE, "the command for a secret (%.*s) %s", named, command,
			status > 0 ? arena_printf(arena, "failed with exit status %d", status) : "was killed");
	rest = (struct view){buffer, (size_t)len};
	if (!view_next_line(&rest, &line) || line.len == 0)
		return error_set(err, REACH_SOURCE, "the command for a secret (%.*s) printed nothing", named, command);
	*out = (struct view){arena_copy(arena, line.ptr, line.len), line.len};
	return 0;
}

int config_secret(const struct config_secret *secret, struct arena *arena, struct view *out, struct error *err)
{
	char buffer[SECRET_MAX];
	int rc;

	if (secret->file)
		rc = take_file(secret->file, buffer, arena, out, err);
	else if (secret->credential)
		rc = take_credential(secret->credential, buffer, arena, out, err);
	else if (secret->command)
		rc = take_command(secret->command, buffer, arena, out, err);
	else
		return error_set(err, REACH_STOP, "no secret is configured");
	explicit_bzero(buffer, sizeof(buffer));
	return rc;
}
