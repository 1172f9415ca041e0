/* base/arena: memory that lives as long as one job. See arena.h. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define BLOCK_SIZE ((size_t)64 * 1024)
#define ALIGN alignof(max_align_t)

/*
 * AddressSanitizer sees only whole blocks by itself. Where it is built in, what is free in them is poisoned and a gap
 * is left behind each piece, so that a read or write past a piece's end is found.
 */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_GUARDED
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ARENA_GUARDED
#endif

#ifdef ARENA_GUARDED
#include <sanitizer/asan_interface.h>
#define GAP ((size_t)16)
#define GUARD(start, size) ASAN_POISON_MEMORY_REGION(start, size)
#define UNGUARD(start, size) ASAN_UNPOISON_MEMORY_REGION(start, size)
#else
#define GAP ((size_t)0)
#define GUARD(start, size) ((void)(start), (void)(size))
#define UNGUARD(start, size) ((void)(start), (void)(size))
#endif

struct block {
	struct block *next;
	size_t size, used;
	alignas(max_align_t) unsigned char data[];
};

struct arena {
	struct block *head;
	size_t used;
};

static void out_of_memory(void)
{
	static const char words[] = "fieldpost: out of memory\n";
	ssize_t ignored = write(STDERR_FILENO, words, sizeof(words) - 1);
	(void)ignored;
	_exit(EX_OSERR);
}

static struct block *block_new(size_t size)
{
	struct block *block;

	if (size > SIZE_MAX - sizeof(*block))
		out_of_memory();
	block = malloc(sizeof(*block) + size);
	if (!block)
		out_of_memory();
	block->next = NULL;
	block->size = size;
	block->used = 0;
	GUARD(block->data, size);
	return block;
}

struct arena *arena_new(void)
{
	struct arena *arena = calloc(1, sizeof(*arena));

	if (!arena)
		out_of_memory();
	arena->head = block_new(BLOCK_SIZE);
	return arena;
}

static void blocks_free(struct block *block)
{
	while (block) {
		struct block *next = block->next;

		free(block);
		block = next;
	}
}

void arena_free(struct arena **arena)
{
	if (!*arena)
		return;
	blocks_free((*arena)->head);
	free(*arena);
	*arena = NULL;
}

void arena_reset(struct arena *arena)
{
	struct block *keep = arena->head;

	while (keep->next) {
		struct block *next = keep->next;

		free(keep);
		keep = next;
	}
	arena->head = keep;
	if (keep->size > BLOCK_SIZE) {
		free(keep);
		arena->head = block_new(BLOCK_SIZE);
	}
	arena->head->used = 0;
	arena->used = 0;
	GUARD(arena->head->data, arena->head->size);
}

/* A block with room for `size` bytes. A big one gets a block of its own behind the current one, which goes on being
 * filled. */
static struct block *room_for(struct arena *arena, size_t size)
{
	struct block *block = arena->head;

	if (size <= block->size - block->used)
		return block;
	block = block_new(size > BLOCK_SIZE / 4 ? size : BLOCK_SIZE);
	if (size > BLOCK_SIZE / 4) {
		block->next = arena->head->next;
		arena->head->next = block;
	} else {
		block->next = arena->head;
		arena->head = block;
	}
	return block;
}

static void *take(struct arena *arena, size_t size)
{
	struct block *block;
	size_t asked = size;
	void *memory;

	if (size > SIZE_MAX - ALIGN - GAP)
		out_of_memory();
	size = (size == 0 ? ALIGN : (size + ALIGN - 1) & ~(ALIGN - 1)) + GAP;
	block = room_for(arena, size);
	memory = block->data + block->used;
	block->used += size;
	arena->used += size;
	UNGUARD(memory, asked);
	return memory;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	return memset(take(arena, size), 0, size);
}

char *arena_bytes(struct arena *arena, size_t size)
{
	return take(arena, size);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		out_of_memory();
	return arena_alloc(arena, total);
}

char *arena_copy(struct arena *arena, const void *data, size_t size)
{
	char *copy;

	if (size == SIZE_MAX)
		out_of_memory();
	copy = take(arena, size + 1);
	if (size)
		memcpy(copy, data, size);
	copy[size] = '\0';
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_copy(arena, text, strlen(text));
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
	va_list again;
	int length;
	char *text;

	va_copy(again, args);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0)
		return arena_strdup(arena, "");
	text = take(arena, (size_t)length + 1);
	vsnprintf(text, (size_t)length + 1, format, args);
	return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = arena_vprintf(arena, format, args);
	va_end(args);
	return text;
}

size_t arena_used(const struct arena *arena)
{
	return arena->used;
}
