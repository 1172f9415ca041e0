/* store/embedded: made, started, held by several, stopped by the last, gone with its holders, started after a crash. */
#include "database.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* The server's process as its own file names it; 0: none. */
static pid_t server_pid(const struct database *database)
{
	char name[128];
	int pid = 0;
	FILE *file;

	snprintf(name, sizeof(name), "%s/postgresql/data/postmaster.pid", database->state);
	file = fopen(name, "r");
	if (!file)
		return 0;
	if (fscanf(file, "%d", &pid) != 1)
		pid = 0;
	fclose(file);
	return pid;
}

/* Is the process gone within ten seconds? */
static bool gone(pid_t pid)
{
	for (int i = 0; i < 500; i++) {
		if (kill(pid, 0) < 0)
			return true;
		usleep(20000);
	}
	return false;
}

static void hold(const struct database *database, struct embedded **out)
{
	struct error err = ERROR_INIT;

	database_good("hold", embedded_hold(&database->config, out, &err), &err);
}

/* A process that holds the server and tells when it does; it ends when it is killed. */
static pid_t hold_elsewhere(const struct database *database)
{
	int pipes[2];
	char byte = 0;
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	if (pid == 0) {
		struct error err = ERROR_INIT;
		struct embedded *embedded;

		close(pipes[0]);
		byte = embedded_hold(&database->config, &embedded, &err) == 0 ? 'y' : 'n';
		if (write(pipes[1], &byte, 1) == 1)
			pause();
		_exit(0);
	}
	close(pipes[1]);
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	close(pipes[0]);
	assert_int_equal(byte, 'y');
	return pid;
}

static void end_holder(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void test_life(void **state)
{
	struct database *database = *state;
	struct error err = ERROR_INIT;
	struct embedded *first = NULL, *second = NULL;
	struct stat status;
	char name[128];
	pid_t pid;

	assert_int_equal(server_pid(database), 0);
	hold(database, &first);
	pid = server_pid(database);
	assert_true(pid > 0);
	assert_true(embedded_running(first));
	snprintf(name, sizeof(name), "%s/postgresql/socket", database->state);
	assert_int_equal(stat(name, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);

	hold(database, &second);
	assert_int_equal(server_pid(database), pid);
	embedded_release(&first);
	assert_null(first);
	assert_true(embedded_running(second));
	database_good("migrate", migrate_run(&database->config, NULL, &err), &err);
	embedded_release(&second);
	assert_true(kill(pid, 0) < 0);
	assert_int_equal(server_pid(database), 0);
}

/* Many come and go at once; the last one stops the server. */
static void test_many(void **state)
{
	struct database *database = *state;
	pid_t children[4];
	int status;

	for (size_t i = 0; i < COUNT(children); i++) {
		children[i] = fork();
		if (children[i] == 0) {
			struct error err = ERROR_INIT;
			struct embedded *embedded = NULL;
			bool good =
				embedded_hold(&database->config, &embedded, &err) == 0 && embedded_running(embedded);

			usleep((useconds_t)(i * 20000));
			embedded_release(&embedded);
			_exit(!good);
		}
	}
	for (size_t i = 0; i < COUNT(children); i++) {
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(server_pid(database), 0);
}

/* A server that somebody started by hand on our data is neither used nor stopped. */
static void test_foreign(void **state)
{
	struct database *database = *state;
	struct embedded *embedded = NULL;
	struct error err = ERROR_INIT;
	char command[512];
	pid_t pid;

	hold(database, &embedded); /* for its settings */
	embedded_release(&embedded);
	snprintf(command, sizeof(command),
		"$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)/pg_ctl -s -w -D %s/postgresql/data -l "
		"%s/by-hand.log start",
		database->state, database->state);
	assert_int_equal((system)(command), 0);
	pid = server_pid(database);
	assert_true(pid > 0);
	assert_int_equal(embedded_hold(&database->config, &embedded, &err), -1);
	assert_int_equal(err.reach, REACH_STOP);
	unit_holds("foreign", err.text, "did not start");
	assert_int_equal(kill(pid, SIGINT), 0);
	assert_true(gone(pid));
}

static void test_holder_killed(void **state)
{
	struct database *database = *state;
	struct embedded *mine = NULL;
	pid_t holder = hold_elsewhere(database), pid = server_pid(database);

	hold(database, &mine);
	end_holder(holder); /* it had started the server; mine goes on */
	assert_true(embedded_running(mine));
	assert_int_equal(server_pid(database), pid);
	embedded_release(&mine);
	assert_true(kill(pid, 0) < 0);

	holder = hold_elsewhere(database);
	pid = server_pid(database);
	end_holder(holder); /* the last one: nobody is left to stop it but the guardian */
	assert_true(gone(pid));
}

/* The guardian is the server's parent. */
static pid_t parent_of(pid_t pid)
{
	char name[64];
	int parent = 0;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%d/stat", (int)pid);
	file = fopen(name, "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%*d (%*[^)]) %*c %d", &parent), 1);
	fclose(file);
	return parent;
}

static void test_guardian_killed(void **state)
{
	struct database *database = *state;
	struct embedded *embedded = NULL;
	pid_t pid;

	hold(database, &embedded);
	pid = server_pid(database);
	kill(parent_of(pid), SIGKILL);
	assert_true(gone(pid));
	assert_false(embedded_running(embedded));
	embedded_release(&embedded);
	hold(database, &embedded);
	assert_true(embedded_running(embedded));
	assert_true(server_pid(database) != pid);
	embedded_release(&embedded);
}

static void test_crash(void **state)
{
	struct database *database = *state;
	struct embedded *embedded = NULL;
	pid_t pid;

	hold(database, &embedded);
	pid = server_pid(database);
	kill(pid, SIGKILL);
	assert_true(gone(pid));
	assert_false(embedded_running(embedded));
	embedded_release(&embedded);
	hold(database, &embedded);
	assert_true(embedded_running(embedded));
	embedded_release(&embedded);
}

/* postmaster.pid was left behind, and its pid is somebody else's by now: ours, which lives. */
static void test_stale_pid_reused(void **state)
{
	struct database *database = *state;
	struct embedded *embedded = NULL;
	char name[128];
	FILE *file;

	snprintf(name, sizeof(name), "%s/postgresql/data/postmaster.pid", database->state);
	file = fopen(name, "w");
	assert_non_null(file);
	fprintf(file, "%d\n%s/postgresql/data\n1700000000\n5432\n\n\n", (int)getpid(), database->state);
	fclose(file);
	snprintf(name, sizeof(name), "%s/postgresql/socket/.s.PGSQL.5432.lock", database->state);
	file = fopen(name, "w");
	assert_non_null(file);
	fprintf(file, "%d\n", (int)getpid());
	fclose(file);
	hold(database, &embedded);
	assert_true(server_pid(database) != getpid());
	embedded_release(&embedded);
}

static void test_socket_path_too_long(void **state)
{
	struct config config = {.share_dir = "config"};
	struct embedded *embedded = NULL;
	struct error err = ERROR_INIT;
	char name[128];

	(void)state;
	/* "/postgresql/socket/.s.PGSQL.5432" takes 32 of the 107 bytes. */
	memset(name, 'x', sizeof(name));
	memcpy(name, "/tmp/", 5);
	name[76] = '\0';
	config.state_dir = name;
	assert_int_equal(embedded_hold(&config, &embedded, &err), -1);
	assert_int_equal(err.reach, REACH_STOP);
	unit_holds("too long", err.text, "(1 bytes less)");
	assert_true(access(name, F_OK) < 0);
}

static void test_settings_of_the_admin(void **state)
{
	struct database *database = *state;
	struct embedded *embedded = NULL;
	struct error err = ERROR_INIT;
	char name[128];
	FILE *file;

	snprintf(name, sizeof(name), "%s/postgresql/postgresql.conf", database->state);
	file = fopen(name, "w");
	assert_non_null(file);
	fprintf(file, "no_such_setting = 1\n");
	fclose(file);
	assert_int_equal(embedded_hold(&database->config, &embedded, &err), -1);
	unit_holds("bad setting", err.text, "does not start");
	unlink(name);
	hold(database, &embedded);
	embedded_release(&embedded);
}

static int set_up(void **state)
{
	static struct database database;

	database_folder(&database);
	*state = &database;
	return 0;
}

static int tear_down(void **state)
{
	database_end(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_holder_killed),
		cmocka_unit_test(test_guardian_killed),
		cmocka_unit_test(test_crash),
		cmocka_unit_test(test_stale_pid_reused),
		cmocka_unit_test(test_socket_path_too_long),
		cmocka_unit_test(test_settings_of_the_admin),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
