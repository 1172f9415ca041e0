/*
 * Arena: memory that lives as long as one job.
 *
 * What is made while handling one message, digest or command is taken from its arena and dies with it; nothing in an
 * arena is freed alone. Memory is zeroed (but for arena_bytes()) and aligned for any type. Out of memory ends the
 * process (exit 71, EX_OSERR): no caller checks for NULL. An arena belongs to one thread at a time.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena **arena);

/* Forgets everything made so far and keeps the first block, so that a loop need not allocate anew. */
void arena_reset(struct arena *arena);

void *arena_alloc(struct arena *arena, size_t size);
/* For text that the caller writes whole, its NUL included: not zeroed. */
char *arena_bytes(struct arena *arena, size_t size);
/* count * size with the overflow checked. */
void *arena_array(struct arena *arena, size_t count, size_t size);
/* Copies n bytes and adds a NUL. */
char *arena_copy(struct arena *arena, const void *data, size_t size);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* Bytes handed out since the last reset. */
size_t arena_used(const struct arena *arena);

/* Typed shorthands: ARENA_NEW(arena, struct thing), ARENA_NEW_N(arena, struct thing, n). */
#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_NEW_N(arena, type, n) ((type *)arena_array((arena), (n), sizeof(type)))

#endif
