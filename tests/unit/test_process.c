/*
 * core/process: the supervisor with duties made for the test. This program is both sides: the supervisor execs it anew
 * with `serve --duty NAME --index N`, as it does with the real one. Duties tell what they do in a file of events.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/process.h"

#define LINE_MAX_BYTES 128
#define PATIENCE_MS 20000

static char folder[] = "/tmp/fieldpost-process.XXXXXX";
static char config_file[64], events_file[64];

/* ---- the duties' side ---- */

static void tell(const char *name, const char *what, long long value)
{
	char line[LINE_MAX_BYTES];
	int len = snprintf(line, sizeof(line), "%s %s %d %lld %lld\n", name, what, (int)getpid(), value,
		(long long)(clock_monotonic() / 1000));
	int fd = open(getenv("TEST_EVENTS"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, line, (size_t)len) != len)
		abort();
	close(fd);
}

static int run_steady(struct duty_context *context, struct error *err)
{
	tell("steady", "start", context->index);
	while (duty_wait(context, -1, -1) != -1)
		;
	tell("steady", "stop", context->index);
	return 0;
}

static int run_crash(struct duty_context *context, struct error *err)
{
	tell("crash", "start", context->index);
	raise(SIGKILL);
	return 0;
}

static int run_error(struct duty_context *context, struct error *err)
{
	tell("error", "start", context->index);
	return error_set(err, REACH_STOP, "there is no way");
}

static int run_hang(struct duty_context *context, struct error *err)
{
	tell("hang", "start", context->index);
	while (pause() == -1)
		;
	return 0;
}

static int run_stubborn(struct duty_context *context, struct error *err)
{
	tell("stubborn", "start", context->index);
	while (usleep(50000) <= 0)
		duty_alive(context);
	return 0;
}

/* What a duty is given: the config's part, the descriptors, the signals. */
static int run_given(struct duty_context *context, struct error *err)
{
	sigset_t blocked;
	int open_fds = 0;

	sigprocmask(SIG_BLOCK, NULL, &blocked);
	for (int fd = 3; fd < 64; fd++)
		open_fds += fcntl(fd, F_GETFD) >= 0;
	tell("given", "workers", context->config->parse.workers);
	tell("given", "blocked", sigismember(&blocked, SIGTERM) + sigismember(&blocked, SIGCHLD));
	tell("given", "descriptors", open_fds);
	tell("given", "group", getpgrp() == getpid());
	tell("given", "notify", getenv("NOTIFY_SOCKET") != NULL);
	tell("given", "end", 0);
	return run_steady(context, err);
}

/* Leaves a process behind that ends a little later, a stranger to everybody. */
static int run_orphans(struct duty_context *context, struct error *err)
{
	pid_t middle = fork(), orphan;

	if (middle == 0) {
		orphan = fork();
		if (orphan == 0) {
			tell("orphans", "orphan", 0);
			usleep(100000);
		}
		_exit(0);
	}
	waitpid(middle, NULL, 0);
	return run_steady(context, err);
}

static int by_workers(const struct config *config)
{
	return config->parse.workers;
}

static const struct duty steady = {"steady", run_steady, 1, NULL, false};
static const struct duty crash = {"crash", run_crash, 0, NULL, false};
static const struct duty error_duty = {"error", run_error, 0, NULL, false};
static const struct duty hang = {"hang", run_hang, 1, NULL, false};
static const struct duty stubborn = {"stubborn", run_stubborn, 5, NULL, false};
static const struct duty given = {"given", run_given, 5, NULL, false};
static const struct duty orphans = {"orphans", run_orphans, 5, NULL, false};
static const struct duty worker = {"worker", run_steady, 5, by_workers, false};
static const struct duty *const duties[] = {&steady, &crash, &error_duty, &hang, &stubborn, &given, &orphans, &worker, NULL};

static int as_duty(int argc, char **argv)
{
	for (size_t i = 0; duties[i]; i++)
		if (argc >= 6 && strcmp(argv[3], duties[i]->name) == 0)
			return process_duty(duties[i], (int)strtol(argv[5], NULL, 10), NULL);
	return 99;
}

/* ---- the ground's side: opens at the second try, and is gone when the folder holds the file "gone" ---- */

static int ground_tries;
static int ground_token;

static int ground_open(const struct config *config, void **out, struct error *err)
{
	if (ground_tries++ == 0)
		return error_set(err, REACH_RETRY, "not yet");
	tell("ground", "open", ground_tries);
	*out = &ground_token;
	return 0;
}

static bool ground_good(void *ground)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/gone", folder);
	return unlink(path) < 0;
}

static void ground_close(void **ground)
{
	tell("ground", "close", 0);
	*ground = NULL;
}

static int ground_refuse(const struct config *config, void **out, struct error *err)
{
	return error_set(err, REACH_STOP, "never");
}

static int check_instance(const struct config *config, struct error *err)
{
	if (strcmp(config->instance, "bad") == 0)
		return error_set(err, REACH_STOP, "bad forms");
	return 0;
}

/* ---- the test's side ---- */

static void write_config(const char *yaml)
{
	FILE *file = fopen(config_file, "w");

	assert_non_null(file);
	fprintf(file, "state_dir: %s\n%s", folder, yaml);
	fclose(file);
}

static pid_t supervise(const struct service *service)
{
	pid_t pid;

	unlink(events_file);
	write_config("parse: {workers: 2}\n");
	pid = fork();
	if (pid == 0) {
		struct error err = ERROR_INIT;
		int rc, null = open("/dev/null", O_WRONLY);

		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves none behind */
		if (!getenv("TEST_LOG"))
			dup2(null, 2);
		if (getenv("TEST_REAPER"))
			prctl(PR_SET_CHILD_SUBREAPER, 1);
		rc = process_supervise(service, &err);
		if (rc < 0)
			tell("supervisor", err.text, 0);
		_exit(rc < 0 ? 1 : 0);
	}
	return pid;
}

static pid_t supervise_only(const char *only)
{
	struct service service = {.duties = duties, .only = only, .config_path = config_file, .check = check_instance};

	return supervise(&service);
}

struct event {
	char name[32], what[32];
	int pid;
	long long value, at_ms;
};

/* The n-th (from 1) event of that name and kind; false when it is not there yet. */
static bool find_event(const char *name, const char *what, int n, struct event *out)
{
	FILE *file = fopen(events_file, "r");
	bool found = false;

	while (file && !found &&
		fscanf(file, "%31s %31s %d %lld %lld", out->name, out->what, &out->pid, &out->value, &out->at_ms) == 5)
		found = strcmp(out->name, name) == 0 && strcmp(out->what, what) == 0 && --n == 0;
	if (file)
		fclose(file);
	return found;
}

static struct event await(const char *name, const char *what, int n)
{
	struct event event = {.pid = 0};

	for (int waited = 0; !find_event(name, what, n, &event); waited += 10) {
		if (waited > PATIENCE_MS)
			fail_msg("%s %s %d did not happen", name, what, n);
		usleep(10000);
	}
	return event;
}

static int how_many(const char *name, const char *what)
{
	struct event event;
	int n = 0;

	while (find_event(name, what, n + 1, &event))
		n++;
	return n;
}

static void await_gone(pid_t pid)
{
	for (int waited = 0; kill(pid, 0) == 0; waited += 10) {
		if (waited > PATIENCE_MS)
			fail_msg("process %d is still there", (int)pid);
		usleep(10000);
	}
}

static int end(pid_t supervisor, int number)
{
	int status;

	kill(supervisor, number);
	assert_int_equal(waitpid(supervisor, &status, 0), supervisor);
	return status;
}

static void test_gives_each_duty_its_own(void **state)
{
	pid_t supervisor;

	setenv("NOTIFY_SOCKET", "@nobody", 1);
	supervisor = supervise_only("given");
	unsetenv("NOTIFY_SOCKET");
	await("given", "end", 1);
	assert_int_equal(await("given", "blocked", 1).value, 0);
	assert_int_equal(await("given", "descriptors", 1).value, 1); /* the stop pipe */
	assert_int_equal(await("given", "group", 1).value, 1);
	assert_int_equal(await("given", "notify", 1).value, 0);
	assert_int_not_equal(await("given", "workers", 1).value, 0);
	assert_int_equal(end(supervisor, SIGTERM), 0);
}

static void test_restarts_with_backoff(void **state)
{
	pid_t supervisor = supervise_only("crash, steady");
	struct event first = await("crash", "start", 1), second = await("crash", "start", 2),
		     third = await("crash", "start", 3);
	long long gap = second.at_ms - first.at_ms, next = third.at_ms - second.at_ms;
	struct event steady_start = await("steady", "start", 1);

	assert_true(gap >= PROCESS_BACKOFF_MIN_MS * 8 / 10 - 5);
	assert_true(next >= PROCESS_BACKOFF_MIN_MS * 2 * 8 / 10 - 5);
	assert_true(next > gap);
	/* One duty's crashes are no other's, and none is left unburied. */
	assert_int_equal(how_many("steady", "start"), 1);
	assert_int_equal(kill(first.pid, 0), -1);
	assert_int_equal(errno, ESRCH);
	assert_int_equal(kill(steady_start.pid, 0), 0);
	assert_int_equal(end(supervisor, SIGINT), 0);
	await_gone(steady_start.pid);
	assert_int_equal(how_many("steady", "stop"), 1);
}

static void test_restarts_after_an_error(void **state)
{
	pid_t supervisor = supervise_only("error");

	await("error", "start", 2);
	assert_int_equal(end(supervisor, SIGTERM), 0);
}

/* The steady duty waits longer than its watchdog's second and lives; the hanging one is killed and started again. */
static void test_kills_what_hangs(void **state)
{
	pid_t supervisor = supervise_only("hang,steady");
	struct event first = await("hang", "start", 1), second = await("hang", "start", 2);

	assert_true(second.at_ms - first.at_ms >= 1000);
	await_gone(first.pid);
	usleep(1500000);
	assert_int_equal(how_many("steady", "start"), 1);
	assert_int_equal(end(supervisor, SIGTERM), 0);
	await_gone(second.pid);
}

static void test_a_bad_reload_changes_nothing(void **state)
{
	static const char *const bad[] = {"pars: 1\n", "instance: bad\n", "database: {url: 'host=elsewhere'}\n"};
	pid_t supervisor = supervise_only("steady,worker");
	struct event first = await("steady", "start", 3); /* steady and two workers */

	for (size_t i = 0; i < COUNT(bad); i++) {
		write_config(bad[i]);
		kill(supervisor, SIGHUP);
		usleep(300000);
		assert_int_equal(waitpid(supervisor, NULL, WNOHANG), 0);
		assert_int_equal(how_many("steady", "stop"), 0);
		assert_int_equal(how_many("steady", "start"), 3);
	}
	assert_int_equal(kill(first.pid, 0), 0);
	assert_int_equal(end(supervisor, SIGTERM), 0);
	assert_int_equal(how_many("steady", "stop"), 3);
}

static void test_a_reload_replaces(void **state)
{
	pid_t supervisor = supervise_only("worker");

	await("steady", "start", 2);
	write_config("parse: {workers: 3}\n");
	kill(supervisor, SIGHUP);
	await("steady", "start", 5);
	assert_int_equal(how_many("steady", "stop"), 2);
	write_config("parse: {workers: 1}\n");
	kill(supervisor, SIGHUP);
	await("steady", "stop", 5);
	await("steady", "start", 6);
	assert_int_equal(end(supervisor, SIGTERM), 0);
	assert_int_equal(how_many("steady", "start"), 6);
	assert_int_equal(how_many("steady", "stop"), 6);
}

static void test_duties_die_with_their_supervisor(void **state)
{
	pid_t supervisor = supervise_only("steady,hang,stubborn");
	pid_t pids[] = {
		await("steady", "start", 1).pid, await("hang", "start", 1).pid, await("stubborn", "start", 1).pid};

	end(supervisor, SIGKILL);
	for (size_t i = 0; i < COUNT(pids); i++)
		await_gone(pids[i]);
}

/* The supervisor as the first process of a container. */
static void test_buries_strangers(void **state)
{
	pid_t supervisor, orphan;

	setenv("TEST_REAPER", "1", 1);
	supervisor = supervise_only("orphans");
	unsetenv("TEST_REAPER");
	orphan = await("orphans", "orphan", 1).pid;
	await_gone(orphan); /* a dead one that nobody buried would still be there */
	assert_int_equal(end(supervisor, SIGTERM), 0);
}

static void test_a_second_signal_is_for_now(void **state)
{
	pid_t supervisor = supervise_only("stubborn");
	struct event start = await("stubborn", "start", 1);
	int status;

	kill(supervisor, SIGTERM);
	usleep(300000);
	assert_int_equal(waitpid(supervisor, &status, WNOHANG), 0);
	assert_int_equal(end(supervisor, SIGTERM), 0);
	await_gone(start.pid);
}

static void test_the_ground_comes_first(void **state)
{
	struct service service = {.duties = duties,
		.only = "steady",
		.config_path = config_file,
		.ground_open = ground_open,
		.ground_good = ground_good,
		.ground_close = ground_close};
	pid_t supervisor = supervise(&service);
	char path[128];
	FILE *file;

	assert_true(await("steady", "start", 1).at_ms >= await("ground", "open", 1).at_ms);
	snprintf(path, sizeof(path), "%s/gone", folder);
	file = fopen(path, "w");
	fclose(file);
	await("ground", "close", 1);
	await("ground", "open", 2);
	assert_int_equal(how_many("steady", "start"), 1);
	assert_int_equal(end(supervisor, SIGTERM), 0);
	assert_true(await("ground", "close", 2).at_ms >= await("steady", "stop", 1).at_ms);
}

static void test_no_ground_no_service(void **state)
{
	struct service service = {.duties = duties,
		.only = "steady",
		.config_path = config_file,
		.ground_open = ground_refuse,
		.ground_good = ground_good,
		.ground_close = ground_close};
	pid_t supervisor = supervise(&service);
	int status;

	assert_int_equal(waitpid(supervisor, &status, 0), supervisor);
	assert_int_equal(WEXITSTATUS(status), 1);
	await("supervisor", "never", 1);
	assert_int_equal(how_many("steady", "start"), 0);
}

static int set_up(void **state)
{
	if (geteuid() == 0) { /* the supervisor does not run as root */
		if (setgid(65534) < 0 || setuid(65534) < 0)
			return -1;
		prctl(PR_SET_DUMPABLE, 1);
	}
	if (!mkdtemp(folder))
		return -1;
	snprintf(config_file, sizeof(config_file), "%s/my.yaml", folder);
	snprintf(events_file, sizeof(events_file), "%s/events", folder);
	return setenv("TEST_EVENTS", events_file, 1);
}

static int tear_down(void **state)
{
	unlink(config_file);
	unlink(events_file);
	return rmdir(folder);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gives_each_duty_its_own),
		cmocka_unit_test(test_restarts_with_backoff),
		cmocka_unit_test(test_restarts_after_an_error),
		cmocka_unit_test(test_kills_what_hangs),
		cmocka_unit_test(test_a_bad_reload_changes_nothing),
		cmocka_unit_test(test_a_reload_replaces),
		cmocka_unit_test(test_duties_die_with_their_supervisor),
		cmocka_unit_test(test_buries_strangers),
		cmocka_unit_test(test_a_second_signal_is_for_now),
		cmocka_unit_test(test_the_ground_comes_first),
		cmocka_unit_test(test_no_ground_no_service),
	};

	if (argc > 1 && strcmp(argv[1], "serve") == 0)
		return as_duty(argc, argv);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
