/*
 * Mails made to hurt: each must be read or set aside at once, whatever it is.
 *
 * tests/cases/mail/make_poison.py writes them into a temporary folder. Under a sanitizer everything takes longer: so
 * may they.
 */
#include "tests/unit/unit.h"

#include <ftw.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "parsers/mail.h"
#include "tests/unit/mail_dump.h"

#if defined(__SANITIZE_ADDRESS__)
#define SECONDS_MAX 6.0
#else
#define SECONDS_MAX 0.9
#endif
#define MEMORY_MAX ((size_t)120 * 1024 * 1024) /* of the arena */

extern char **environ;

static char folder[64];

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int make(void **state)
{
	struct error err = ERROR_INIT;
	char program[] = "tests/cases/mail/make_poison.py";
	char *arguments[] = {program, folder, NULL};
	int status;
	pid_t pid;

	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/fieldpost-poison-XXXXXX");
	if (!mkdtemp(folder) || parsers_open(&err) < 0)
		return -1;
	if (posix_spawn(&pid, program, NULL, NULL, arguments, environ) != 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return status == 0 ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *at)
{
	(void)status;
	(void)type;
	(void)at;
	return remove(path);
}

static int clean(void **state)
{
	(void)state;
	return nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static bool holds(const struct mail *mail, struct view text)
{
	if (text.len == 0)
		return true;
	for (size_t i = 0; i < mail->part_count; i++)
		for (size_t j = 0; j < mail->parts[i].line_count; j++)
			if (view_find(mail->parts[i].lines[j].text, text) >= 0)
				return true;
	return false;
}

static void check(const char *name, struct view reason, struct view text)
{
	struct arena *files = arena_new(), *arena = arena_new();
	struct view raw = unit_file(files, arena_printf(files, "%s/%s.eml", folder, name));
	UNIT_SCOPED char *block = unit_heap(raw);
	double before = cpu_seconds(), seconds;
	struct mail mail;

	mail_read(arena, (struct view){block, raw.len}, &mail);
	seconds = cpu_seconds() - before;
	if (seconds > SECONDS_MAX)
		fail_msg("%s took %.2f s", name, seconds);
	if (arena_used(arena) > MEMORY_MAX)
		fail_msg("%s took %zu bytes", name, arena_used(arena));
	unit_same(name, view_of(dump_reason(mail.reason)), reason);
	if (!holds(&mail, text))
		fail_msg("%s: \"%.*s\" was not read", name, VIEW_ARGS(text));
	for (size_t i = 0; i < mail.part_count; i++)
		check_lines(name, mail.parts[i].text, mail.parts[i].lines, mail.parts[i].line_count);
	arena_free(&arena);
	arena_free(&files);
}

static void test_poison(void **state)
{
	struct arena *arena = arena_new();
	struct view rest = unit_file(arena, arena_printf(arena, "%s/expected.txt", folder)), line, name, reason, text;
	size_t count = 0;

	(void)state;
	while (view_next_line(&rest, &line)) {
		assert_true(view_next_field(&line, '\t', &name));
		assert_true(view_next_field(&line, '\t', &reason));
		text = line;
		check(arena_copy(arena, name.ptr, name.len), reason, text);
		count++;
	}
	assert_true(count > 80);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_poison),
	};

	return cmocka_run_group_tests_name("mail_poison", tests, make, clean);
}
