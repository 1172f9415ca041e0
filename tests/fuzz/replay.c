/*
 * Runs the committed inputs of one target, tests/fuzz/corpus/<target>/, through its function, without libFuzzer: linked with the
 * target in place of libFuzzer's main (TAP). The target is the last word of the program's own name.
 */
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

/* The sanitizers' own, where the program was built with them. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static const char *running;

static void say_running(void)
{
	printf("not ok 1 - %s\n", running);
	fflush(stdout);
}

static void on_abort(int number)
{
	say_running();
}

static void run(const char *path)
{
	struct view input = fuzz_file(path);
	/* A block of its own size: a read past its end is seen. */
	uint8_t *block = malloc(input.len);

	running = path;
	if (input.len > 0)
		memcpy(block, input.ptr, input.len);
	LLVMFuzzerTestOneInput(block, input.len);
	free(block);
}

int main(int argc, char **argv)
{
	const char *target = strrchr(argv[0], '_') ? strrchr(argv[0], '_') + 1 : argv[0];
	char pattern[256];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "tests/fuzz/corpus/%s/*", target);
	if (glob(pattern, 0, NULL, &found) != 0) {
		printf("1..1\nnot ok 1 - %s finds no file\n", pattern);
		return 1;
	}
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(say_running);
	signal(SIGABRT, on_abort);
	LLVMFuzzerInitialize(&argc, &argv);
	for (size_t i = 0; i < found.gl_pathc; i++)
		run(found.gl_pathv[i]);
	printf("ok 1 - %zu inputs of %s\n1..1\n", found.gl_pathc, target);
	globfree(&found);
	return 0;
}
