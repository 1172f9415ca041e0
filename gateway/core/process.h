/*
 * Processes: the supervisor and the duties.
 *
 * `serve` is a small supervisor and one process for each duty, exec'd (`fieldpost serve --duty NAME --index N`), each
 * given only its part of the config through a descriptor. A duty that dies is started again with back-off; one that
 * stops feeding its watchdog is killed. Duties end with the supervisor (PR_SET_PDEATHSIG and end of file on a pipe).
 * SIGHUP loads the config anew: a bad one is logged and the running one stays; a good one replaces the duties, each
 * ended gently first. SIGTERM, SIGINT: all end gently.
 */
#ifndef CORE_PROCESS_H
#define CORE_PROCESS_H

#include <stdbool.h>

#include "base/error.h"
#include "core/config.h"

#define PROCESS_STOP_SECONDS 20    /* a duty that was asked to end and did not is killed after so long */
#define PROCESS_HEALTHY_SECONDS 60 /* one that ran so long begins a new count of failures */
#define PROCESS_BACKOFF_MIN_MS 500 /* before a dead duty is started again, doubled each time ... */
#define PROCESS_BACKOFF_MAX_MS 60000 /* ... up to this */
#define PROCESS_DUTIES_MAX 256     /* processes at once */

struct duty_context {
	const struct config *config;
	const char *name;
	int index;    /* of several alike (parse), from 0 */
	int stop_fd;  /* becomes readable when the duty should end: poll it beside everything else */
	void *private;
};

/* One line in the table of duties (cli/cmd_serve.c). */
struct duty {
	const char *name;
	int (*run)(struct duty_context *context, struct error *err); /* returns 0 after a stop */
	int watchdog_seconds; /* kill it when it has not called duty_alive() for so long; 0: never */
	int (*count)(const struct config *config); /* how many of it; NULL: one; 0: none */
	bool groundless; /* it begins although the first try to open the ground failed */
};

/* Work was done: feeds the watchdog. Thread-safe, cheap. */
void duty_alive(struct duty_context *context);
bool duty_stopping(const struct duty_context *context);
/*
 * Waits until fd (or -1) is readable, the duty should stop, or the time (-1: none) is over: 1 readable, 0 time, -1
 * stop. Feeds the watchdog while it waits.
 */
int duty_wait(struct duty_context *context, int fd, int timeout_ms);

/* What the supervisor runs. */
struct service {
	const struct duty *const *duties; /* ends with NULL */
	const char *only;                 /* "intake,parse": these alone; NULL: all */
	const char *config_path;          /* NULL: the default places */
	/* Is the config usable? At start and at each reload. May be NULL. */
	int (*check)(const struct config *config, struct error *err);
	/*
	 * What must be there before the duties (the database): opened first and again, with back-off, when it is gone;
	 * REACH_STOP ends the service. May be NULL, all three.
	 */
	int (*ground_open)(const struct config *config, void **ground_out, struct error *err);
	bool (*ground_good)(void *ground);
	void (*ground_close)(void **ground);
};

/* Runs until SIGTERM or SIGINT. 0 after a gentle end; -1 when it could not begin or had to give up. */
int process_supervise(const struct service *service, struct error *err);
/* The other side: what `serve --duty NAME --index N` runs. Returns its exit status. */
int process_duty(const struct duty *duty, int index, const char *config_path);

/*
 * Root goes on as the user `fieldpost`, for ever, with the state folder made for it; anybody else: nothing happens. -1
 * when there is no such user or the state folder is somebody else's.
 */
int process_drop_root(const struct config *config, struct error *err);

#endif
