/*
 * Processes: the supervisor and the duties.
 *
 * `serve` is a small supervisor and one process for each duty, exec'd (`fieldpost serve --duty NAME`), each given only its part of the
 * config through a descriptor. A duty that dies is started again with back-off; one that stops feeding its watchdog is killed. Duties
 * end with the supervisor (PR_SET_PDEATHSIG and end of file on a pipe). SIGHUP loads the config anew: a bad one is logged and
 * the running one stays; a good one replaces the duties, each ended gently first. SIGTERM, SIGINT: all end gently.
 */
#ifndef CORE_PROCESS_H
#define CORE_PROCESS_H

#include <stdbool.h>

#include "base/error.h"
#include "core/config.h"

struct duty_context {
	const struct config *config;
	const char *name;
	int index;    /* of several alike (parse), from 0 */
	int stop_fd;  /* becomes readable when the duty should end: poll it beside everything else */
	void *private;
};

/* One line in the table of duties (main.c). */
struct duty {
	const char *name;
	int (*run)(struct duty_context *context, struct error *err); /* returns 0 after a stop */
	int watchdog_seconds; /* kill it when it has not called duty_alive() for so long */
	int (*count)(const struct config *config); /* how many of it; NULL: one; 0: none */
};

/* Work was done: feeds the watchdog. Thread-safe, cheap. */
void duty_alive(struct duty_context *context);
bool duty_stopping(const struct duty_context *context);
/* Waits until fd (or -1) is readable, the duty should stop, or the time is over: 1 readable, 0 time, -1 stop. */
int duty_wait(struct duty_context *context, int fd, int timeout_ms);

#endif
