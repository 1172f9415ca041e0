/*
 * Reference (private to parsers/): `FP-` and ten characters of Crockford base32, one for each practitioner and request.
 *
 * Read in any case; I and L are 1 and O is 0, as Crockford's alphabet has it, for who copies it by hand.
 */
#ifndef PARSERS_REFERENCE_H
#define PARSERS_REFERENCE_H

#include "base/arena.h"
#include "base/text.h"

#define REFERENCE_LENGTH 13 /* "FP-7K3M9QXA2D" */

/* The first reference in the text from `from` on, as it stands there; empty when there is none. Linear. */
struct view reference_find(struct view text, size_t from);
/* The same as it is kept: "FP-7K3M9QXA2D"; NULL when there is none. */
const char *reference_read(struct arena *arena, struct view text);

#endif
