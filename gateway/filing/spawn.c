/* filing/spawn: this program started anew in a role of its own. See spawn.h. */
#include "filing/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the new process: nothing of ours stays open but the three standard descriptors and the socket. */
static void become(const char *role, int fd)
{
	char option[32];
	char *const argv[] = {(char[]){"fieldpost"}, (char[]){"serve"}, option, NULL};

	snprintf(option, sizeof(option), "%s", role);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (fd == SPAWN_FD) {
		if (fcntl(fd, F_SETFD, 0) < 0)
			_exit(70);
	} else if (dup2(fd, SPAWN_FD) < 0) {
		_exit(70);
	}
	close_range(SPAWN_FD + 1, ~0U, 0);
	execv("/proc/self/exe", argv);
	_exit(71);
}

int spawn_self(const char *role, pid_t *pid_out, int *fd_out, struct error *err)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return error_set(err, REACH_RETRY, "a socket pair: %s", strerror(errno));
	pid = fork();
	if (pid < 0) {
		close(pair[0]);
		close(pair[1]);
		return error_set(err, REACH_RETRY, "a process could not be started: %s", strerror(errno));
	}
	if (pid == 0)
		become(role, pair[1]);
	close(pair[1]);
	fcntl(pair[0], F_SETFL, fcntl(pair[0], F_GETFL) | O_NONBLOCK);
	*pid_out = pid;
	*fd_out = pair[0];
	return 0;
}

int spawn_send_sources(int fd, enum wire_type type, const struct parse_source *sources, size_t count, int64_t deadline,
	struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		struct view name = {sources[i].file, strlen(sources[i].file) + 1};

		if (wire_send(fd, type, 0, name, sources[i].bytes, deadline, err) < 0)
			return -1;
	}
	return 0;
}

int spawn_take_source(const struct text *payload, struct arena *arena, struct parse_source *out)
{
	struct view frame = text_view(payload);
	ptrdiff_t end = view_find_char(frame, '\0');

	if (end < 0)
		return -1;
	out->file = arena_copy(arena, frame.ptr, (size_t)end);
	out->bytes = view_sub(frame, (size_t)end + 1, frame.len);
	out->bytes.ptr = arena_copy(arena, out->bytes.ptr, out->bytes.len);
	return 0;
}

int spawn_end(pid_t *pid, int *fd)
{
	int status = 0;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	if (*pid <= 0)
		return 0;
	kill(*pid, SIGKILL);
	while (waitpid(*pid, &status, 0) < 0 && errno == EINTR)
		;
	*pid = 0;
	return status;
}
