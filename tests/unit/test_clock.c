/* Unit tests of core/clock. */
#include "tests/unit/unit.h"

#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/clock.h"

#define SECOND 1000000LL

static void parses(void **state)
{
	static const struct {
		const char *text;
		long long time; /* -1: refused */
	} cases[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"2026-11-21T18:00:00Z", 1795284000 * SECOND},
		{"2026-11-21T18:00:00.123Z", 1795284000 * SECOND + 123000},
		{"2026-11-21T18:00:00.1234567Z", 1795284000 * SECOND + 123456},
		{"2026-11-21t18:00:00z", 1795284000 * SECOND},
		{"2026-11-21 18:00:00Z", 1795284000 * SECOND},
		{"2026-11-21T23:45:00+05:45", 1795284000 * SECOND},
		{"2026-11-21T14:30:00-03:30", 1795284000 * SECOND},
		{"2024-02-29T00:00:00Z", 1709164800 * SECOND},
		{"2023-02-29T00:00:00Z", -1}, {"2023-04-31T00:00:00Z", -1}, {"2023-13-01T00:00:00Z", -1},
		{"2023-00-01T00:00:00Z", -1}, {"2023-01-00T00:00:00Z", -1}, {"2023-01-01T24:00:00Z", -1},
		{"2023-01-01T00:60:00Z", -1}, {"2023-01-01T00:00:61Z", -1}, {"2023-01-01T00:00:00", -1},
		{"2023-01-01T00:00:00.Z", -1}, {"2023-01-01T00:00:00+0545", -1}, {"2023-01-01T00:00:00+24:00", -1},
		{"2023-01-01T00:00:00Zx", -1}, {"2023-01-01", -1}, {"", -1}, {"-023-01-01T00:00:00Z", -1}, {"now", -1},
		{"2023-1-01T00:00:00Z", -1}, {"2023-01-01T00:00:00+", -1},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		UNIT_SCOPED char *block = unit_heap(view_of(cases[i].text));
		int64_t time = -1;
		int result = clock_parse((struct view){block, strlen(cases[i].text)}, &time);

		unit_same_number(cases[i].text, result, cases[i].time < 0 ? -1 : 0);
		unit_same_number(cases[i].text, time, cases[i].time);
	}
}

static void formats(void **state)
{
	static const struct {
		int64_t time;
		const char *text;
	} cases[] = {
		{0, "1970-01-01T00:00:00.000Z"},
		{1795284000 * SECOND + 123999, "2026-11-21T18:00:00.123Z"},
		{-1, "1969-12-31T23:59:59.999Z"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char text[CLOCK_TEXT_SIZE];

		clock_format(cases[i].time, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void backs_off(void **state)
{
	static const struct {
		int attempt;
		int64_t base, maximum, expected;
	} cases[] = {
		{1, SECOND, 60 * SECOND, SECOND}, {0, SECOND, 60 * SECOND, SECOND}, {2, SECOND, 60 * SECOND, 2 * SECOND},
		{4, SECOND, 60 * SECOND, 8 * SECOND}, {7, SECOND, 60 * SECOND, 60 * SECOND},
		{1000000, SECOND, 60 * SECOND, 60 * SECOND}, {3, 90 * SECOND, 60 * SECOND, 60 * SECOND},
		{200, SECOND, INT64_MAX / 2, INT64_MAX / 2},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t least = INT64_MAX, most = 0;

		for (int round = 0; round < 200; round++) {
			int64_t wait = clock_backoff(cases[i].attempt, cases[i].base, cases[i].maximum);

			least = wait < least ? wait : least;
			most = wait > most ? wait : most;
		}
		assert_true(least >= cases[i].expected - cases[i].expected / 5);
		assert_true(most <= cases[i].expected + cases[i].expected / 5);
		/* 200 draws lie apart. */
		assert_true(most - least > cases[i].expected / 10);
	}
}

static void runs_on(void **state)
{
	int64_t wall = clock_now(), steady = clock_monotonic();

	usleep(2000);
	assert_in_range(clock_monotonic() - steady, 2000, 5 * SECOND);
	assert_in_range(clock_now() - wall, 1500, 5 * SECOND);
	assert_true(wall > 1700000000 * SECOND);
}

/* What a fresh process does with the variable. */
static int child_with(const char *value)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		int64_t first, second;

		setenv("FIELDPOST_NOW", value, 1);
		if (!freopen("/dev/null", "w", stderr))
			_exit(99);
		first = clock_now();
		usleep(2000);
		second = clock_now();
		_exit(first / SECOND == 1795284000 && second - first >= 1500 && second - first < 5 * SECOND ? 0 : 1);
	}
	waitpid(child, &status, 0);
	return WEXITSTATUS(status);
}

/* Runs before this process has asked for the time. */
static void shifts(void **state)
{
	unit_same_number("a time", child_with("2026-11-21T18:00:00Z"), 0);
	unit_same_number("nothing", child_with(""), 1);
	unit_same_number("no time", child_with("yesterday"), EX_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shifts),
		cmocka_unit_test(parses),
		cmocka_unit_test(formats),
		cmocka_unit_test(backs_off),
		cmocka_unit_test(runs_on),
	};

	unsetenv("FIELDPOST_NOW");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
