/* Unit tests of base/arena. */
#include "tests/unit/unit.h"

#include <stdalign.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/arena.h"

static bool is_zero(const unsigned char *memory, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (memory[i] != 0)
			return false;
	return true;
}

/* AddressSanitizer's malloc() would end the process itself. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

/* Sizes around a block's quarter and its whole, twice, so that used memory comes round again after a reset. */
static void gives_clean_memory(void **state)
{
	static const size_t sizes[] = {0, 1, 15, 16, 17, 100, 16383, 16384, 16385, 65535, 65536, 65537, 1 << 20};
	struct arena *arena = arena_new();

	for (int round = 0; round < 3; round++) {
		unsigned char *blocks[COUNT(sizes)];

		for (size_t i = 0; i < COUNT(sizes); i++) {
			blocks[i] = arena_alloc(arena, sizes[i]);
			assert_int_equal((uintptr_t)blocks[i] % alignof(max_align_t), 0);
			assert_true(is_zero(blocks[i], sizes[i]));
			memset(blocks[i], (int)i + 1, sizes[i]);
		}
		/* None lies upon another. */
		for (size_t i = 0; i < COUNT(sizes); i++)
			for (size_t j = 0; j < sizes[i]; j += 97)
				assert_int_equal(blocks[i][j], i + 1);
		assert_true(arena_used(arena) >= 1 << 20);
		arena_reset(arena);
		assert_int_equal(arena_used(arena), 0);
	}
	arena_free(&arena);
	assert_null(arena);
	arena_free(&arena);
}

static void gives_many(void **state)
{
	struct arena *arena = arena_new();
	unsigned *numbers[5000];

	for (unsigned i = 0; i < COUNT(numbers); i++) {
		numbers[i] = ARENA_NEW(arena, unsigned);
		*numbers[i] = i;
	}
	for (unsigned i = 0; i < COUNT(numbers); i++)
		assert_int_equal(*numbers[i], i);
	assert_true(is_zero((unsigned char *)ARENA_NEW_N(arena, double, 100), 100 * sizeof(double)));
	arena_free(&arena);
}

static void copies(void **state)
{
	struct arena *arena = arena_new();
	UNIT_SCOPED char *block = unit_heap(VIEW("abc"));

	assert_string_equal(arena_copy(arena, block, 3), "abc");
	assert_memory_equal(arena_copy(arena, "a\0b", 3), "a\0b", 4);
	assert_string_equal(arena_copy(arena, NULL, 0), "");
	assert_string_equal(arena_strdup(arena, "xyz"), "xyz");
	assert_string_equal(arena_printf(arena, "%s-%d", "a", 7), "a-7");
	assert_int_equal(strlen(arena_printf(arena, "%0*d", 5000, 1)), 5000);
	arena_free(&arena);
}

static int exit_of(void (*run)(struct arena *arena))
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		struct arena *arena = arena_new();

		close(STDERR_FILENO);
		run(arena);
		_exit(0);
	}
	waitpid(child, &status, 0);
	return WEXITSTATUS(status);
}

static void too_big(struct arena *arena)
{
	arena_alloc(arena, SIZE_MAX);
}

static void too_many(struct arena *arena)
{
	arena_array(arena, SIZE_MAX / 2, 3);
}

static void too_long(struct arena *arena)
{
	arena_copy(arena, "x", SIZE_MAX);
}

static void just_too_big(struct arena *arena)
{
	arena_alloc(arena, SIZE_MAX - 64);
}

static void ends_without_memory(void **state)
{
	assert_int_equal(exit_of(too_big), EX_OSERR);
	assert_int_equal(exit_of(too_many), EX_OSERR);
	assert_int_equal(exit_of(too_long), EX_OSERR);
	assert_int_equal(exit_of(just_too_big), EX_OSERR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_clean_memory),
		cmocka_unit_test(gives_many),
		cmocka_unit_test(copies),
		cmocka_unit_test(ends_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
