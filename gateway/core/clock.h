/*
 * Clock: the only place that asks what time it is. Functions that decide what is due take the time as an argument.
 */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdint.h>

int64_t clock_now(void);       /* wall clock, microseconds since 1970 (FIELDPOST_NOW=RFC3339 shifts it in tests) */
int64_t clock_monotonic(void); /* microseconds, for deadlines */

/* Exponential back-off with jitter: attempt 1, 2, ... -> microseconds to wait, from base up to maximum, +/- 20 %. */
int64_t clock_backoff(int attempt, int64_t base_us, int64_t maximum_us);

#endif
