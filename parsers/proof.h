/*
 * Proof (private to parsers/): what proof.c (replies) and proof_quoted.c (untouched quotes) share. parsers.h offers
 * both.
 */
#ifndef PARSERS_PROOF_H
#define PARSERS_PROOF_H

#include "parsers/client.h"

#define PROOF_REFERENCE "FP-7K3M9QXA2D"
#define PROOF_TURNS 2	   /* replies of a client in one style and language, each answered otherwise */
#define PROOF_WIDTH_MIN 15 /* columns at which what we send is wrapped */
#define PROOF_WIDTH_MAX 110

/* Counts a failure and keeps a copy of it while there is room. field NULL: none in particular. */
void proof_fail(struct proof *proof, struct arena *arena, size_t keep, const struct form *form,
	const struct field *field, const struct proof_failure *failure);

#endif
