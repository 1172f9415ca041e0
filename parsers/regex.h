/*
 * Regex: PCRE2, compiled once with its JIT, matched with limits.
 *
 * Immutable after regex_new(), so every thread may match with it. Patterns and subjects are UTF-8; a subject that is
 * not valid cannot hurt (the invalid bytes match nothing). A match that runs into a limit is a failure of its own: it
 * never becomes "no match".
 */
#ifndef PARSERS_REGEX_H
#define PARSERS_REGEX_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"

#define REGEX_MATCH_LIMIT 1000000 /* steps of PCRE2's match limit (JIT counts them coarsely) */
#define REGEX_DEPTH_LIMIT 10000	  /* interpreter only */
#define REGEX_HEAP_LIMIT 4096	  /* KiB, interpreter only */
#define REGEX_GROUPS_MAX 32	  /* groups that regex_match() can give back, the whole match included */

#define REGEX_CASELESS 1u
#define REGEX_WHOLE 2u	 /* the pattern must match the whole subject */
#define REGEX_UNICODE 4u /* \d, \w, \s and \b know every script (else ASCII only) */
#define REGEX_LINES 8u	 /* ^ and $ match at line ends too */

struct regex;

/* Bytes in the subject, end exclusive; a group that took no part has start = end = (size_t)-1. */
struct regex_span {
	size_t start, end;
};

/* On failure the error says what is wrong with the pattern and at which byte; reach STOP. */
int regex_new(struct view pattern, unsigned flags, struct regex **out, struct error *err);
void regex_free(struct regex **regex);

/* The first match at or behind byte `from`; spans[0] is the whole of it. 1 found, 0 none, -1 a limit was reached. */
int regex_match(const struct regex *regex, struct view subject, size_t from, struct regex_span *spans, size_t count);
/* Could the subject, taken from its first byte, be the beginning of a match of the whole pattern? 1, 0, -1 at a limit. */
int regex_match_begins(const struct regex *regex, struct view subject);
/* Number of a named group, or 0. */
size_t regex_group(const struct regex *regex, const char *name);
/* The named groups one by one, by name, from index 0; NULL behind the last. The text is the regex's own. */
const char *regex_group_name(const struct regex *regex, size_t index);

#endif
