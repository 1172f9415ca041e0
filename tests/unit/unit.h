/*
 * What unit tests share: cmocka with its includes, inputs in heap blocks of their exact size (a read past the end is
 * then seen by AddressSanitizer), and comparisons that name the case. The cases' files are found from the top of the
 * tree.
 */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline void unit_free(char **block)
{
	free(*block);
	*block = NULL;
}

/* A block of just the view's size: `UNIT_SCOPED char *block = unit_heap(v);` */
#define UNIT_SCOPED __attribute__((cleanup(unit_free)))

static inline char *unit_heap(struct view v)
{
	char *block = malloc(v.len);

	if (v.len > 0)
		memcpy(block, v.ptr, v.len);
	return block;
}

/* Fails the test when the text is another one; `name` says which case. */
static inline void unit_same(const char *name, struct view actual, struct view expected)
{
	if (view_equal(actual, expected))
		return;
	fail_msg("%s: got \"%.*s\" (%zu bytes), expected \"%.*s\" (%zu bytes)", name, VIEW_ARGS(actual), actual.len,
		VIEW_ARGS(expected), expected.len);
}

static inline void unit_same_number(const char *name, long long actual, long long expected)
{
	if (actual != expected)
		fail_msg("%s: got %lld, expected %lld", name, actual, expected);
}

/* Fails when `text` does not hold `part`. */
static inline void unit_holds(const char *name, const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("%s: \"%s\" is not in \"%s\"", name, part, text);
}

/* The whole file in the arena; fails the test when it cannot be read. */
static inline struct view unit_file(struct arena *arena, const char *path)
{
	FILE *file = fopen(path, "rb");
	struct view content = VIEW_NULL;
	char *bytes;
	long size;

	if (!file)
		fail_msg("%s cannot be opened", path);
	fseek(file, 0, SEEK_END);
	size = ftell(file);
	rewind(file);
	bytes = arena_alloc(arena, (size_t)size + 1);
	content = (struct view){bytes, fread(bytes, 1, (size_t)size, file)};
	fclose(file);
	return content;
}

#endif
