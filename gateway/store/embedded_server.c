/*
 * store/embedded: the server's process: starting it, its guardian, stopping it. See embedded_private.h.
 *
 * The guardian is a process of ours between the holders and the server. It stops the server when it gets holders.lock
 * (every holder ended, however), and ends with it. Should the guardian itself be killed, the kernel sends the server a
 * SIGINT, which is PostgreSQL's fast shutdown. Both are in a session of their own: a Ctrl-C is for the holders, who
 * stop the server last.
 */
#include "store/embedded_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "store/db_private.h"

#define POLL_MS 20

int lock_open(const struct cluster *cluster, const char *name)
{
	char file[EMBEDDED_PATH_MAX + 32];

	snprintf(file, sizeof(file), "%s/%s", cluster->base, name);
	return open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

/* ---- which process ---- */

static pid_t pid_in_file(const struct cluster *cluster)
{
	char name[EMBEDDED_PATH_MAX + 32];
	long pid = 0;
	FILE *file;

	snprintf(name, sizeof(name), "%s/postmaster.pid", cluster->data);
	file = fopen(name, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%ld", &pid) != 1 || pid <= 1 || pid > INT_MAX)
		pid = 0;
	fclose(file);
	return (pid_t)pid;
}

/* A number in a file may be another process's by now: the server is the one that works in the data folder. */
pid_t server_process(const struct cluster *cluster)
{
	char link[64], folder[PATH_MAX], data[PATH_MAX];
	pid_t pid = pid_in_file(cluster);
	ssize_t length;

	if (pid == 0 || !realpath(cluster->data, data))
		return 0;
	snprintf(link, sizeof(link), "/proc/%d/cwd", (int)pid);
	length = readlink(link, folder, sizeof(folder) - 1);
	if (length <= 0)
		return 0;
	folder[length] = '\0';
	return strcmp(folder, data) == 0 ? pid : 0;
}

/* Lock files of a server that is no more: PostgreSQL would take them for real when their pid is somebody else's by now.
 */
static void remove_stale_files(const struct cluster *cluster)
{
	char name[EMBEDDED_PATH_MAX + 64];

	snprintf(name, sizeof(name), "%s/postmaster.pid", cluster->data);
	unlink(name);
	snprintf(name, sizeof(name), "%s/.s.PGSQL." DB_EMBEDDED_PORT, cluster->socket);
	unlink(name);
	snprintf(name, sizeof(name), "%s/.s.PGSQL." DB_EMBEDDED_PORT ".lock", cluster->socket);
	unlink(name);
}

/* ---- stopping ---- */

/* True when the process has gone within the time. */
static bool wait_gone(int pidfd, int seconds)
{
	int64_t deadline = clock_monotonic() + (int64_t)seconds * 1000000;

	for (;;) {
		struct pollfd fd = {pidfd, POLLIN, 0};
		int64_t left = deadline - clock_monotonic();
		int ready = poll(&fd, 1, left > 0 ? (int)(left / 1000) + 1 : 0);

		if (ready > 0)
			return true;
		if (ready == 0 && left <= 0)
			return false;
	}
}

int server_stop(pid_t pid)
{
	int pidfd = pidfd_open(pid, 0);
	bool gone;

	if (pidfd < 0)
		return 0;
	kill(pid, SIGINT);
	gone = wait_gone(pidfd, EMBEDDED_STOP_SECONDS);
	if (!gone) {
		kill(pid, SIGQUIT);
		gone = wait_gone(pidfd, EMBEDDED_STOP_SECONDS);
	}
	close(pidfd);
	return gone ? 0 : -1;
}

/* ---- the guardian: system calls alone, the parent may have had threads ---- */

static pid_t guarded; /* the server */

static void on_child(int number)
{
	int status;

	(void)number;
	if (waitpid(guarded, &status, WNOHANG) == guarded)
		_exit(0);
}

static void lock_wait(int fd, int operation)
{
	while (flock(fd, operation) < 0 && errno == EINTR)
		;
}

/* Waits until nobody holds the server any more, then stops it. The signal handler ends us with the server. */
static _Noreturn void guard(int holders, int start)
{
	for (;;) {
		lock_wait(holders, LOCK_EX);
		lock_wait(holders, LOCK_UN);
		/* Somebody may be on the way in: who has start.lock decides. */
		lock_wait(start, LOCK_EX);
		if (flock(holders, LOCK_EX | LOCK_NB) == 0) {
			server_stop(guarded);
			_exit(0);
		}
		lock_wait(start, LOCK_UN);
	}
}

static void set_handler(int number, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler};

	sigemptyset(&action.sa_mask);
	sigaction(number, &action, NULL);
}

static void default_signals(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		if (i != SIGKILL && i != SIGSTOP)
			set_handler(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Standard streams to the log; everything else but the descriptors named is closed. */
static void keep_descriptors(int log, int first, int second, int third, int fourth)
{
	int kept[] = {first, second, third, fourth};
	int null = open("/dev/null", O_RDONLY);

	dup2(null, STDIN_FILENO);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	for (int fd = 3, limit = (int)sysconf(_SC_OPEN_MAX); fd < limit && fd < 65536; fd++) {
		bool keep = false;

		for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
			keep = keep || kept[i] == fd;
		if (!keep)
			close(fd);
	}
}

struct launch {
	char *const *argv;
	int log, server_lock, holders, start, alive;
};

/*
 * What a batch of mails brings comes as values of megabytes: memory of that size is kept for the next one and not given
 * back to the system after each (mallopt(3)).
 */
static void set_memory(void)
{
	setenv("MALLOC_MMAP_THRESHOLD_", "8388608", 1);
	setenv("MALLOC_TRIM_THRESHOLD_", "16777216", 1);
	setenv("MALLOC_TOP_PAD_", "1048576", 1);
}

static _Noreturn void run_server(const struct launch *launch, pid_t guardian)
{
	default_signals();
	prctl(PR_SET_PDEATHSIG, SIGINT);
	if (getppid() != guardian)
		_exit(1);
	umask(077);
	set_memory();
	fcntl(launch->server_lock, F_SETFD, 0);
	execv(launch->argv[0], launch->argv);
	_exit(127);
}

static _Noreturn void run_guardian(const struct launch *launch)
{
	sigset_t child, before;
	pid_t self;

	setsid();
	default_signals();
	for (int number = SIGHUP; number <= SIGTERM; number++)
		if (number == SIGHUP || number == SIGINT || number == SIGTERM || number == SIGPIPE)
			set_handler(number, SIG_IGN);
	keep_descriptors(launch->log, launch->server_lock, launch->holders, launch->start, launch->alive);
	prctl(PR_SET_NAME, "fieldpost-guard");
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &before);
	set_handler(SIGCHLD, on_child);
	self = getpid();
	guarded = fork();
	if (guarded == 0)
		run_server(launch, self);
	if (guarded < 0)
		_exit(1);
	sigprocmask(SIG_SETMASK, &before, NULL);
	guard(launch->holders, launch->start);
}

/* ---- starting ---- */

/* Waits until the server answers; its end closes `alive`. */
static int wait_ready(const struct cluster *cluster, int alive, struct error *err)
{
	int64_t deadline = clock_monotonic() + (int64_t)EMBEDDED_START_SECONDS * 1000000;
	char words[256];

	while (db_ping(cluster->socket) != DB_ANSWER_READY) {
		struct pollfd fd = {alive, POLLIN, 0};

		if (poll(&fd, 1, POLL_MS) > 0) {
			cluster_last_words(cluster, words, sizeof(words));
			return error_set(err, REACH_STOP, "the embedded PostgreSQL does not start: %s (log in %s)",
				words, cluster->log);
		}
		if (clock_monotonic() > deadline)
			return error_set(err, REACH_RETRY,
				"the embedded PostgreSQL does not answer after %d s (log in %s)",
				EMBEDDED_START_SECONDS, cluster->log);
	}
	return 0;
}

/*
 * The guardian is nobody's child (its middle-man ends at once), so that a holder that ends leaves nothing to wait for
 * and none of its own waits finds a stranger.
 */
static int fork_guardian(const struct launch *launch)
{
	int status;
	pid_t middle = fork();

	if (middle == 0) {
		pid_t guardian = fork();

		if (guardian == 0)
			run_guardian(launch);
		_exit(guardian < 0);
	}
	if (middle < 0)
		return -1;
	while (waitpid(middle, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static int launch_server(const struct cluster *cluster, int server_lock, int *alive_out)
{
	char program[EMBEDDED_PATH_MAX + 16], log[EMBEDDED_PATH_MAX + 16], data[EMBEDDED_PATH_MAX];
	char *argv[] = {program, (char[]){"-D"}, data, NULL};
	struct launch launch = {.argv = argv, .server_lock = server_lock};
	int pipes[2], result;

	snprintf(program, sizeof(program), "%s/postgres", cluster->programs);
	snprintf(data, sizeof(data), "%s", cluster->data);
	snprintf(log, sizeof(log), "%s/start.log", cluster->log);
	if (pipe2(pipes, O_CLOEXEC) < 0)
		return -1;
	launch.alive = pipes[1];
	launch.log = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	launch.holders = lock_open(cluster, "holders.lock");
	launch.start = lock_open(cluster, "start.lock");
	result = launch.log < 0 || launch.holders < 0 || launch.start < 0 ? -1 : fork_guardian(&launch);
	close(launch.log);
	close(launch.holders);
	close(launch.start);
	close(pipes[1]);
	if (result < 0)
		close(pipes[0]);
	else
		*alive_out = pipes[0];
	return result;
}

int server_start(const struct cluster *cluster, int server_lock, struct error *err)
{
	int alive, result;

	remove_stale_files(cluster);
	if (launch_server(cluster, server_lock, &alive) < 0)
		return error_set(err, REACH_RETRY, "the embedded PostgreSQL cannot be started: %s", strerror(errno));
	result = wait_ready(cluster, alive, err);
	close(alive);
	return result;
}
