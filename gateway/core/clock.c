/* core/clock: the only place that asks what time it is. See clock.h. */
#include "core/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sysexits.h>
#include <time.h>

#include "base/text.h"

#define SECOND 1000000

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int64_t shift; /* microseconds put to the machine's clock */

static int64_t read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * SECOND + now.tv_nsec / 1000;
}

/* Takes so many digits off the front. */
static int take_digits(struct view *rest, size_t count, int min, int max, int *value_out)
{
	long long value;

	if (rest->len < count || view_to_int(view_sub(*rest, 0, count), min, max, &value) != 0)
		return -1;
	*value_out = (int)value;
	*rest = view_sub(*rest, count, rest->len);
	return 0;
}

static int take_char(struct view *rest, const char *any)
{
	if (rest->len == 0 || !strchr(any, rest->ptr[0]))
		return -1;
	*rest = view_sub(*rest, 1, rest->len);
	return 0;
}

/* ".123" to microseconds; what is finer is dropped. */
static int take_fraction(struct view *rest, int64_t *value_out)
{
	int64_t unit = SECOND / 10;
	size_t i = 1;

	*value_out = 0;
	if (rest->len == 0 || rest->ptr[0] != '.')
		return 0;
	for (; i < rest->len && rest->ptr[i] >= '0' && rest->ptr[i] <= '9'; i++, unit /= 10)
		*value_out += (rest->ptr[i] - '0') * unit;
	*rest = view_sub(*rest, i, rest->len);
	return i > 1 ? 0 : -1;
}

/* "Z", "+05:45": seconds east of UTC. */
static int take_zone(struct view *rest, int *east_out)
{
	int sign, hours, minutes;

	*east_out = 0;
	if (take_char(rest, "Zz") == 0)
		return 0;
	sign = rest->len > 0 && rest->ptr[0] == '-' ? -1 : 1;
	if (take_char(rest, "+-") != 0 || take_digits(rest, 2, 0, 23, &hours) != 0 || take_char(rest, ":") != 0 ||
		take_digits(rest, 2, 0, 59, &minutes) != 0)
		return -1;
	*east_out = sign * (hours * 3600 + minutes * 60);
	return 0;
}

int clock_parse(struct view text, int64_t *time_out)
{
	struct view rest = text;
	struct tm tm = {0}, again;
	int64_t fraction;
	int east;
	time_t seconds;

	if (take_digits(&rest, 4, 1, 9999, &tm.tm_year) != 0 || take_char(&rest, "-") != 0 ||
		take_digits(&rest, 2, 1, 12, &tm.tm_mon) != 0 || take_char(&rest, "-") != 0 ||
		take_digits(&rest, 2, 1, 31, &tm.tm_mday) != 0 || take_char(&rest, "Tt ") != 0 ||
		take_digits(&rest, 2, 0, 23, &tm.tm_hour) != 0 || take_char(&rest, ":") != 0 ||
		take_digits(&rest, 2, 0, 59, &tm.tm_min) != 0 || take_char(&rest, ":") != 0 ||
		take_digits(&rest, 2, 0, 60, &tm.tm_sec) != 0 || take_fraction(&rest, &fraction) != 0 ||
		take_zone(&rest, &east) != 0 || rest.len != 0)
		return -1;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	again = tm;
	seconds = timegm(&again);
	if (again.tm_mday != tm.tm_mday && tm.tm_sec < 60)
		return -1; /* the 31st of a month of 30 days */
	*time_out = ((int64_t)seconds - east) * SECOND + fraction;
	return 0;
}

static void read_environment(void)
{
	const char *text = getenv("FIELDPOST_NOW");
	int64_t start;

	if (!text || text[0] == '\0')
		return;
	if (clock_parse(view_of(text), &start) != 0) {
		fprintf(stderr, "fieldpost: FIELDPOST_NOW is no time such as 2026-11-21T18:00:00Z; mend it or "
				"unset it\n");
		exit(EX_USAGE);
	}
	shift = start - read_clock(CLOCK_REALTIME);
}

int64_t clock_now(void)
{
	pthread_once(&once, read_environment);
	return read_clock(CLOCK_REALTIME) + shift;
}

int64_t clock_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

void clock_format(int64_t time, char text[CLOCK_TEXT_SIZE])
{
	int64_t micros = time % SECOND;
	time_t seconds;
	struct tm tm;
	size_t used;

	if (micros < 0)
		micros += SECOND;
	seconds = (time_t)((time - micros) / SECOND);
	gmtime_r(&seconds, &tm);
	used = strftime(text, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + used, CLOCK_TEXT_SIZE - used, ".%03dZ", (int)(micros / 1000));
}

int64_t clock_backoff(int attempt, int64_t base_us, int64_t maximum_us)
{
	int64_t wait = base_us;
	uint32_t random;

	for (int i = 1; i < attempt && wait < maximum_us; i++)
		wait = wait > maximum_us / 2 ? maximum_us : wait * 2;
	if (wait > maximum_us)
		wait = maximum_us;
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		random = (uint32_t)read_clock(CLOCK_MONOTONIC);
	/* From four fifths to six fifths, so that what failed together does not come back together. */
	return wait - wait / 5 + (int64_t)((double)(wait / 5 * 2) * random / UINT32_MAX);
}
