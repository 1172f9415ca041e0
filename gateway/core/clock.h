/*
 * Clock: the only place that asks what time it is. Functions that decide what is due take the time as an argument.
 *
 * Times are microseconds since 1970 in UTC. FIELDPOST_NOW in the environment (RFC 3339, for tests) makes the wall
 * clock start at that instant when the process first asks, and run on from there; a value that is no time ends the
 * process.
 */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdint.h>

#include "base/text.h"

#define CLOCK_TEXT_SIZE 40

int64_t clock_now(void);       /* wall clock */
int64_t clock_monotonic(void); /* for deadlines; never shifted */

/* Exponential back-off with jitter: attempt 1, 2, ... -> microseconds to wait, from base up to maximum, +/- 20 %. */
int64_t clock_backoff(int attempt, int64_t base_us, int64_t maximum_us);

/* RFC 3339 ("2026-11-21T18:00:00.123+05:45") to a time; 0 or -1. */
int clock_parse(struct view text, int64_t *time_out);
/* "2026-11-21T18:00:00.123Z" */
void clock_format(int64_t time, char text[CLOCK_TEXT_SIZE]);

#endif
