/* core/spool: entries in their order, whole or set aside, never more than the limit; what a crash leaves. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/spool.h"

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/fieldpost-spool.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		execlp("rm", "rm", "-rf", folder, (char *)NULL);
		_exit(127);
	}
	return waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

static struct spool *opened(size_t max)
{
	struct error err = ERROR_INIT;
	struct spool *spool = NULL;
	char path[100];

	snprintf(path, sizeof(path), "%s/spool", folder);
	if (spool_open(path, max, &spool, &err) < 0)
		fail_msg("%s", err.text);
	return spool;
}

static int put(struct spool *spool, int64_t number, const char *bytes)
{
	struct error err = ERROR_INIT;

	if (spool_write(spool, number, VIEW("{\"a\":1}"), view_of(bytes), &err) < 0) {
		assert_int_equal(err.reach, REACH_RETRY);
		return -1;
	}
	return spool_sync(spool, &err);
}

static void path_of(int64_t number, const char *part, const char *suffix, char path[160])
{
	snprintf(path, 160, "%s/spool/%s%019lld%s", folder, part, (long long)number, suffix);
}

static void test_order(void **state)
{
	struct spool *spool = opened(1000000);
	struct arena *arena = arena_new();
	struct error err = ERROR_INIT;
	struct view about, bytes;
	int64_t numbers[3];
	struct stat info;
	char path[160];

	(void)state;
	assert_int_equal(put(spool, 30, "thirty"), 0);
	assert_int_equal(put(spool, 7, ""), 0);
	assert_int_equal(put(spool, INT64_C(1795255200000000), "late"), 0);
	assert_int_equal(put(spool, 8, "a\n\\ b"), 0);
	assert_int_equal(spool_count(spool), 4);
	assert_int_equal(spool_last(spool), INT64_C(1795255200000000));
	assert_int_equal(spool_list(spool, numbers, 3, &err), 3);
	assert_int_equal(numbers[0], 7);
	assert_int_equal(numbers[1], 8);
	assert_int_equal(numbers[2], 30);
	assert_int_equal(spool_read(spool, 8, arena, &about, &bytes, &err), 0);
	unit_same("about", about, VIEW("{\"a\":1}"));
	unit_same("bytes", bytes, VIEW("a\n\\ b"));
	assert_int_equal(spool_read(spool, 7, arena, &about, &bytes, &err), 0);
	unit_same("empty", bytes, VIEW(""));
	path_of(8, "", "", path);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	snprintf(path, sizeof(path), "%s/spool", folder);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0700);
	spool_remove(spool, 7);
	spool_remove(spool, 7);
	assert_int_equal(spool_count(spool), 3);
	spool_close(&spool);
	spool = opened(1000000);
	assert_int_equal(spool_count(spool), 3);
	spool_close(&spool);
	assert_null(spool);
	arena_free(&arena);
}

/* An entry of 10 bytes takes this many. */
static size_t entry_size(void)
{
	struct stat info;
	struct spool *spool = opened(1000000);
	char path[160];

	assert_int_equal(put(spool, 1, "0123456789"), 0);
	path_of(1, "", "", path);
	assert_int_equal(stat(path, &info), 0);
	spool_remove(spool, 1);
	spool_close(&spool);
	return (size_t)info.st_size;
}

static void test_full(void **state)
{
	size_t size = entry_size();
	struct spool *spool = opened(2 * size);

	(void)state;
	assert_int_equal(put(spool, 1, "0123456789"), 0);
	assert_true(spool_usable(spool));
	assert_int_equal(put(spool, 2, "0123456789"), 0);
	assert_false(spool_usable(spool));
	assert_int_equal(put(spool, 3, "0123456789"), -1);
	spool_close(&spool);
	spool = opened(2 * size); /* counted anew */
	assert_int_equal(put(spool, 3, "0123456789"), -1);
	spool_remove(spool, 1);
	assert_true(spool_usable(spool));
	assert_int_equal(put(spool, 3, "0123456789x"), -1);
	assert_int_equal(put(spool, 3, "0123456789"), 0);
	spool_close(&spool);
}

/* Changes a file of the spool: cut to a length, or a byte changed there. */
static void damage(int64_t number, off_t at, bool cut)
{
	char path[160];
	int fd;

	path_of(number, "", "", path);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	if (cut)
		assert_int_equal(ftruncate(fd, at), 0);
	else
		assert_int_equal(pwrite(fd, "~", 1, at), 1);
	close(fd);
}

static void test_torn(void **state)
{
	struct spool *spool = opened(1000000);
	struct arena *arena = arena_new();
	struct view about, bytes;
	struct stat info;
	char path[160];
	off_t whole;

	(void)state;
	assert_int_equal(put(spool, 1, "0123456789"), 0);
	path_of(1, "", "", path);
	assert_int_equal(stat(path, &info), 0);
	whole = info.st_size;
	for (off_t at = 0; at < whole; at++) { /* cut at every length, changed at every byte */
		struct error err = ERROR_INIT;

		assert_int_equal(put(spool, 2, "0123456789"), 0);
		damage(2, at, true);
		assert_int_equal(spool_read(spool, 2, arena, &about, &bytes, &err), -1);
		assert_int_equal(err.reach, REACH_MESSAGE);
		spool_remove(spool, 2);
		assert_int_equal(put(spool, 2, "0123456789"), 0);
		damage(2, at, false);
		assert_int_equal(spool_read(spool, 2, arena, &about, &bytes, &err), -1);
		spool_remove(spool, 2);
	}
	assert_int_equal(put(spool, 2, "bad"), 0);
	damage(2, 20, true);
	assert_int_equal(spool_set_aside(spool, 2, NULL), 0);
	path_of(2, "aside/", "", path);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(spool_count(spool), 1);
	spool_close(&spool);
	arena_free(&arena);
}

/* What was begun and never got its name goes; what is aside stays. */
static void test_leftovers(void **state)
{
	struct spool *spool = opened(1000000);
	char draft[160], aside[160];

	(void)state;
	assert_int_equal(put(spool, 5, "x"), 0);
	assert_int_equal(spool_set_aside(spool, 5, NULL), 0);
	assert_int_equal(spool_set_aside(spool, 5, NULL), -1);
	spool_close(&spool);
	path_of(9, "", ".draft", draft);
	path_of(5, "aside/", "", aside);
	close(open(draft, O_CREAT | O_WRONLY, 0600));
	spool = opened(1000000);
	assert_int_equal(access(draft, F_OK), -1);
	assert_int_equal(access(aside, F_OK), 0);
	assert_int_equal(spool_count(spool), 0);
	spool_close(&spool);
}

/* The folder goes away under it: said, and usable again once it is back. */
/* Short of files the machine cannot read it now: there is nothing wrong with it. A pipe keeps nobody waiting. */
static void test_unreadable_now(void **state)
{
	struct spool *spool = opened(1000000);
	struct arena *arena = arena_new();
	struct error err = ERROR_INIT;
	struct rlimit before, none;
	struct view about, bytes;
	char path[160];

	(void)state;
	assert_int_equal(put(spool, 1, "one"), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){0, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(spool_read(spool, 1, arena, &about, &bytes, &err), -1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(err.reach, REACH_RETRY);
	error_clear(&err);
	assert_int_equal(spool_read(spool, 1, arena, &about, &bytes, &err), 0);
	path_of(2, "", "", path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(spool_read(spool, 2, arena, &about, &bytes, &err), -1);
	assert_int_equal(err.reach, REACH_MESSAGE);
	arena_free(&arena);
	spool_close(&spool);
}

static void test_unwritable(void **state)
{
	struct spool *spool = opened(1000000);
	char path[160];
	int64_t number;
	struct error err = ERROR_INIT;

	(void)state;
	path_of(3, "", ".draft", path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(put(spool, 3, "x"), -1);
	assert_false(spool_usable(spool));
	assert_int_equal(spool_list(spool, &number, 1, &err), 0);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(put(spool, 3, "x"), 0);
	assert_true(spool_usable(spool));
	spool_close(&spool);
}

/* A full disk, as far as a file's size can be forbidden: it is usable again once a probe could be written. */
static void test_probe(void **state)
{
	struct spool *spool = opened(1000000);
	struct rlimit before, none;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = (struct rlimit){10, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_int_equal(put(spool, 1, "x"), -1);
	spool_probe(spool);
	assert_false(spool_usable(spool));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_false(spool_usable(spool));
	spool_probe(spool);
	assert_true(spool_usable(spool));
	assert_int_equal(spool_count(spool), 0);
	spool_close(&spool);
}

/* What lies aside takes as much as the entries may, not more; taken away it makes room. */
static void test_aside_is_full(void **state)
{
	size_t size = entry_size();
	struct spool *spool = opened(2 * size);
	struct error err = ERROR_INIT;
	char path[160];

	(void)state;
	for (int64_t number = 1; number <= 3; number++) {
		assert_int_equal(put(spool, number, "0123456789"), 0);
		assert_int_equal(spool_set_aside(spool, number, &err), number < 3 ? 0 : -1);
	}
	assert_int_equal(err.reach, REACH_RETRY);
	assert_int_equal(spool_count(spool), 1);
	path_of(1, "aside/", "", path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(spool_set_aside(spool, 3, &err), 0);
	assert_int_equal(spool_count(spool), 0);
	spool_close(&spool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order, make_folder, drop_folder),
		cmocka_unit_test_setup_teardown(test_full, make_folder, drop_folder),
		cmocka_unit_test_setup_teardown(test_torn, make_folder, drop_folder),
		cmocka_unit_test_setup_teardown(test_leftovers, make_folder, drop_folder),
		cmocka_unit_test_setup_teardown(test_unreadable_now, make_folder, drop_folder),
		cmocka_unit_test_setup_teardown(test_unwritable, make_folder, drop_folder),
		cmocka_unit_test_setup_teardown(test_probe, make_folder, drop_folder),
		cmocka_unit_test_setup_teardown(test_aside_is_full, make_folder, drop_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
