/* core/process_child: one duty's process, seen from the supervisor: started, asked to end, killed, reaped. */
#include "core/process_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"

/* The descriptors of a start: the duty's ends, and ours. */
struct ends {
	int page, stop_read, stop_write, ready_read, ready_write;
};

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void ends_close(struct ends *ends)
{
	close_end(&ends->page);
	close_end(&ends->stop_read);
	close_end(&ends->stop_write);
	close_end(&ends->ready_read);
	close_end(&ends->ready_write);
}

/* The memory file: a page to share, then the part of the config. */
static int page_fill(int fd, struct view part, struct process_page **page_out)
{
	struct process_page *page;

	if (ftruncate(fd, PROCESS_PAGE_SIZE) < 0 ||
		pwrite(fd, part.ptr, part.len, PROCESS_PAGE_SIZE) != (ssize_t)part.len)
		return -1;
	page = mmap(NULL, PROCESS_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		return -1;
	page->part_size = part.len;
	*page_out = page;
	return 0;
}

static int ends_open(struct ends *ends, struct view part, struct process_page **page_out)
{
	int stop[2], ready[2];

	*ends = (struct ends){-1, -1, -1, -1, -1};
	ends->page = memfd_create("fieldpost-duty", MFD_CLOEXEC);
	if (ends->page < 0 || pipe2(stop, O_CLOEXEC) < 0)
		goto failed;
	ends->stop_read = stop[0];
	ends->stop_write = stop[1];
	if (pipe2(ready, O_CLOEXEC | O_NONBLOCK) < 0)
		goto failed;
	ends->ready_read = ready[0];
	ends->ready_write = ready[1];
	if (page_fill(ends->page, part, page_out) == 0)
		return 0;
failed:
	ends_close(ends);
	return -1;
}

/* In the child: the duty's ends become the agreed descriptors, all others are closed. */
static int place_ends(const struct ends *ends)
{
	const int from[] = {ends->page, ends->stop_read, ends->ready_write};
	int high[3];

	for (int i = 0; i < 3; i++)
		if ((high[i] = fcntl(from[i], F_DUPFD, PROCESS_FD_FREE)) < 0)
			return -1;
	for (int i = 0; i < 3; i++)
		if (dup2(high[i], PROCESS_FD_PAGE + i) < 0)
			return -1;
	return close_range(PROCESS_FD_FREE, ~0U, 0);
}

/* In the child: becomes the duty. Never returns. */
static void become(
	const struct process_child *child, const struct ends *ends, const char *config_path, pid_t supervisor)
{
	char program[] = "fieldpost", command[] = "serve", duty_option[] = "--duty", index_option[] = "--index";
	char index[16], config_option[] = "--config";
	char *name = strdup(child->duty->name), *path = config_path ? strdup(config_path) : NULL;
	char *argv[] = {
		program, command, duty_option, name, index_option, index, path ? config_option : NULL, path, NULL};
	sigset_t none;

	snprintf(index, sizeof(index), "%d", child->index);
	/* A group of its own: Ctrl-C is for the supervisor alone, and its children can be found. */
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != supervisor) /* gone already: the signal will not come */
		_exit(EXIT_FAILURE);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGTTOU, SIG_IGN); /* a log line to the terminal must not stop it */
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
	if (name && place_ends(ends) == 0)
		execv("/proc/self/exe", argv);
	_exit(127);
}

int process_child_start(struct process_child *child, const struct config *config, const char *config_path, int64_t now,
	struct error *err)
{
	TEXT_SCOPED part;
	struct ends ends;
	pid_t supervisor = getpid(), pid;

	text_init(&part, PROCESS_PART_MAX);
	if (config_part(config, child->duty->name, &part, err) < 0)
		return -1;
	if (ends_open(&ends, text_view(&part), &child->page) < 0)
		return error_set(
			err, REACH_RETRY, "the duty %s could not be prepared: %s", child->duty->name, strerror(errno));
	atomic_store(&child->page->alive_at, now);
	pid = fork();
	if (pid == 0)
		become(child, &ends, config_path, supervisor);
	if (pid < 0) {
		int reason = errno;

		ends_close(&ends);
		munmap(child->page, PROCESS_PAGE_SIZE);
		child->page = NULL;
		return error_set(
			err, REACH_RETRY, "the duty %s could not be started: %s", child->duty->name, strerror(reason));
	}
	setpgid(pid, pid); /* here too, so that it is done whoever comes first */
	child->pid = pid;
	child->stop_fd = ends.stop_write;
	child->ready_fd = ends.ready_read;
	ends.stop_write = ends.ready_read = -1;
	ends_close(&ends);
	child->started_at = now;
	child->kill_at = 0;
	return 0;
}

void process_child_stop(struct process_child *child, int64_t now)
{
	if (child->pid == 0 || child->stop_fd < 0)
		return;
	close_end(&child->stop_fd);
	child->kill_at = now + PROCESS_STOP_SECONDS * (int64_t)1000000;
}

void process_child_kill(struct process_child *child)
{
	if (child->pid == 0)
		return;
	kill(child->pid, SIGKILL);
	kill(-child->pid, SIGKILL);
}

bool process_child_ended(struct process_child *child, int *status_out)
{
	siginfo_t info = {.si_pid = 0};

	if (child->pid == 0)
		return false;
	/* Looked at before it is reaped: until then its number, which is its group's, cannot be anybody else's. */
	if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0)
		return false;
	kill(-child->pid, SIGKILL);
	waitpid(child->pid, status_out, 0);
	child->pid = 0;
	close_end(&child->stop_fd);
	close_end(&child->ready_fd);
	munmap(child->page, PROCESS_PAGE_SIZE);
	child->page = NULL;
	return true;
}

void process_child_listen(struct process_child *child)
{
	char byte;
	ssize_t n;

	if (child->ready_fd < 0)
		return;
	n = read(child->ready_fd, &byte, 1);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	child->settled = child->settled || n == 1;
	close_end(&child->ready_fd);
}

int64_t process_child_silence(const struct process_child *child, int64_t now)
{
	return child->page ? now - atomic_load(&child->page->alive_at) : 0;
}
