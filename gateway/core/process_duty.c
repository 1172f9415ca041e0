/* core/process_duty: the duty's side: takes over what the supervisor handed it, runs, feeds the watchdog. */
#include "core/process_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"

#define WAIT_SLICE_MS 5000 /* a wait without a watchdog */

struct duty_private {
	struct process_page *page;
	int slice_ms; /* feeds the watchdog at least so often while waiting */
};

void duty_alive(struct duty_context *context)
{
	struct duty_private *private = context->private;

	if (private)
		atomic_store_explicit(&private->page->alive_at, clock_monotonic(), memory_order_relaxed);
}

bool duty_stopping(const struct duty_context *context)
{
	struct pollfd stop = {.fd = context->stop_fd, .events = POLLIN};

	return poll(&stop, 1, 0) > 0;
}

/* How long poll() may wait now; the deadline 0 is none. */
static int slice(const struct duty_private *private, int64_t deadline)
{
	int64_t most = private ? private->slice_ms : WAIT_SLICE_MS, left;

	if (deadline == 0)
		return (int)most;
	left = (deadline - clock_monotonic() + 999) / 1000;
	return (int)(left < 0 ? 0 : left < most ? left : most);
}

int duty_wait(struct duty_context *context, int fd, int timeout_ms)
{
	int64_t deadline = timeout_ms < 0 ? 0 : clock_monotonic() + timeout_ms * (int64_t)1000;

	for (;;) {
		struct pollfd fds[] = {{.fd = context->stop_fd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
		int n;

		duty_alive(context);
		n = poll(fds, 2, slice(context->private, deadline));
		if (n > 0 && fds[0].revents)
			return -1;
		if (n > 0)
			return 1;
		if (n == 0 && deadline && clock_monotonic() >= deadline)
			return 0;
	}
}

/* The page and the part of the config behind it. */
static struct process_page *take_page(struct view *part_out)
{
	struct stat state;
	struct process_page *page;

	if (fstat(PROCESS_FD_PAGE, &state) < 0 || state.st_size <= PROCESS_PAGE_SIZE)
		return NULL;
	page = mmap(NULL, (size_t)state.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, PROCESS_FD_PAGE, 0);
	if (page == MAP_FAILED)
		return NULL;
	close(PROCESS_FD_PAGE);
	if (page->part_size > (size_t)state.st_size - PROCESS_PAGE_SIZE)
		return NULL;
	*part_out = (struct view){(const char *)page + PROCESS_PAGE_SIZE, page->part_size};
	return page;
}

static int exit_status(const struct error *err)
{
	return err->reach == REACH_STOP ? EX_CONFIG : EX_TEMPFAIL;
}

static int run(const struct duty *duty, struct duty_context *context)
{
	struct error err = ERROR_INIT;

	if (duty->run(context, &err) == 0)
		return EX_OK;
	log_failure(LOG_ERROR, "duty-failed", &err, "index=%d", context->index);
	return exit_status(&err);
}

int process_duty(const struct duty *duty, int index, const char *config_path)
{
	struct duty_private private = {
		.slice_ms = duty->watchdog_seconds ? duty->watchdog_seconds * 1000 / 4 : WAIT_SLICE_MS};
	struct duty_context context = {.name = duty->name, .index = index, .stop_fd = PROCESS_FD_STOP};
	struct error err = ERROR_INIT;
	struct config *config = NULL;
	struct view part;
	int status;

	private.page = take_page(&part);
	if (!private.page || fcntl(PROCESS_FD_STOP, F_SETFD, FD_CLOEXEC) < 0) {
		fprintf(stderr,
			"fieldpost serve: --duty is for the service itself; say `fieldpost serve` or `--only %s`\n",
			duty->name);
		return EX_USAGE;
	}
	if (config_parse(part, config_path, &config, &err) < 0) {
		log_failure(LOG_ERROR, "duty-failed", &err, "index=%d", index);
		return exit_status(&err);
	}
	log_open(duty->name, config->log.level, config->log.format);
	signal(SIGPIPE, SIG_IGN);
	context.config = config;
	context.private = &private;
	duty_alive(&context);
	if (write(PROCESS_FD_READY, "", 1) < 0) /* the supervisor is gone: the stop pipe says so too */
		log_debug("unheard", "index=%d", index);
	close(PROCESS_FD_READY);
	status = run(duty, &context);
	config_free(&config);
	return status;
}
