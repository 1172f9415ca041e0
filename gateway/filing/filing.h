/*
 * Filing: stored messages become feedback, or go to review, or are held or ignored. The door to this folder.
 *
 * The parse duty has two processes. The *holder* touches the database: it claims messages, hands their bytes to its
 * *child*, files the results in the transaction that claimed them. The child touches nothing but a socket pair: it
 * gets the forms' sources, compiles them, shuts itself in (sandbox.h), and reads messages. A message that kills or
 * outlasts it is known exactly: only that one has an attempt written; after FILING_ATTEMPTS_MAX it is `failed`,
 * alone, and an alarm.
 *
 * The holder decides which forms are in force (force.h): a form that was not proven before has its proof in a process
 * beside (prover.h); until it passes, the version that was in force stays.
 */
#ifndef FILING_FILING_H
#define FILING_FILING_H

#include "core/process.h"

#define FILING_BATCH_MESSAGES 100
#define FILING_BATCH_BYTES ((size_t)8 * 1024 * 1024)
#define FILING_ATTEMPTS_MAX 3
#define FILING_CHILD_MESSAGES 10000 /* then it is replaced */

extern const struct duty parse_duty;

/* The child's own life: `fieldpost serve --reader`, its socket on descriptor 3. Returns an exit status. */
int filing_child_main(void);
/* The prover's: `fieldpost serve --prover`. */
int filing_prover_main(void);

#endif
