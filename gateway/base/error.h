/*
 * Error: a sentence and a reach.
 *
 * A function that can fail returns -1 (look-ups 1, 0, -1) and fills the `struct error` it was given as last argument.
 * The sentence says what, where and, where there is one, the mend; it never holds a secret or a message's text. The
 * reach says how far the failure goes; the pipeline decides from the reach alone. Return an error or log it, never
 * both.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdarg.h>
#include <stddef.h>

#define ERROR_TEXT_MAX 512

enum error_reach {
	REACH_NONE = 0,  /* no error yet */
	REACH_RETRY,     /* the same call may succeed later */
	REACH_MESSAGE,   /* park this one message, go on with the next */
	REACH_SOURCE,    /* back off this mailbox, channel or server */
	REACH_STOP,      /* an operator is needed */
	REACH_UNCERTAIN, /* the write may have happened */
};

struct error {
	enum error_reach reach;
	char text[ERROR_TEXT_MAX]; /* UTF-8, one line, NUL-terminated, cut at a character */
};

#define ERROR_INIT                                                                                                     \
	{                                                                                                              \
		REACH_NONE, ""                                                                                         \
	}

/* Fills the error (which may be NULL) and returns -1, so that `return error_set(err, ...)` reads well. */
int error_set(struct error *err, enum error_reach reach, const char *format, ...) __attribute__((format(printf, 3, 4)));
int error_vset(struct error *err, enum error_reach reach, const char *format, va_list args) __attribute__((format(printf, 3, 0)));
/* Puts "what: " before the sentence that is there; keeps the reach. Returns -1. */
int error_prefix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
void error_clear(struct error *err);
/* "retry", "message", "source", "stop", "uncertain" or "none". */
const char *error_reach_name(enum error_reach reach);

#endif
