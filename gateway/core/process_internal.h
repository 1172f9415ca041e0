/*
 * Process internals: what the supervisor (process.c, process_child.c) and the duty's side (process_duty.c) agree on.
 *
 * A duty is exec'd with three descriptors: a memory file (one page of `struct process_page`, then its part of the
 * config), the reading end of a pipe that ends when it should stop or the supervisor is gone, and the writing end of a
 * pipe into which it puts one byte when it begins its work.
 */
#ifndef CORE_PROCESS_INTERNAL_H
#define CORE_PROCESS_INTERNAL_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/process.h"

enum { PROCESS_FD_PAGE = 3, PROCESS_FD_STOP = 4, PROCESS_FD_READY = 5, PROCESS_FD_FREE = 6 };

#define PROCESS_PAGE_SIZE 4096
#define PROCESS_PART_MAX ((size_t)1024 * 1024) /* bytes of a part of the config */

struct process_page {
	_Atomic int64_t alive_at; /* clock_monotonic() of the last duty_alive() */
	uint64_t part_size;       /* bytes of YAML behind the page */
};

/* One process of a duty, running or to be started. Times are clock_monotonic(). */
struct process_child {
	const struct duty *duty;
	int index;
	pid_t pid;          /* 0: not running */
	int stop_fd;        /* closing it asks the duty to end; -1: asked */
	int ready_fd;       /* -1: it said that it began, or never will */
	struct process_page *page;
	int64_t started_at;
	int64_t start_at;   /* not running: when to start it */
	int64_t kill_at;    /* asked to end: when patience ends */
	int failures;       /* in a row */
	bool settled;       /* since the last start or reload it began, or failed */
	bool surplus;       /* not wanted any more: gone when it has ended */
};

int process_child_start(struct process_child *child, const struct config *config, const char *config_path, int64_t now,
	struct error *err);
/* Asks it to end. */
void process_child_stop(struct process_child *child, int64_t now);
/* At once, with all that it started. */
void process_child_kill(struct process_child *child);
/* Did it end? Then its wait status, and what it left behind is killed. */
bool process_child_ended(struct process_child *child, int *status_out);
/* Reads its readiness. */
void process_child_listen(struct process_child *child);
/* Microseconds of silence. */
int64_t process_child_silence(const struct process_child *child, int64_t now);

#endif
