/*
 * Prover: the holder's handle on a process that proves one form by the round trip (see parsers.h), beside the service:
 * seconds of processor time, at low priority, outside the sandbox. It touches neither the database nor the network.
 *
 * Its verdict is {"proven": bool, "replies": N, "words": "..." | null}; the words say what is to be mended: the first
 * failure as `fieldpost forms check` prints it, and how many more there are.
 */
#ifndef FILING_PROVER_H
#define FILING_PROVER_H

#include <jansson.h>

#include "base/error.h"
#include "pipeline.h"

#define PROVER_SECONDS 600 /* then it is given up, and the form is not proven */

struct prover;

/* Proves form `id` of the sources. Nothing given is kept. REACH_RETRY. */
int prover_start(const struct pipeline_sources *sources, const struct pipeline_clients *clients, const char *id,
	int version, struct prover **out, struct error *err);
/*
 * 1: done, with a new reference to the verdict; 0: still at it; -1: it ended without one (REACH_RETRY: it was killed,
 * say), or was given up.
 */
int prover_poll(struct prover *prover, json_t **verdict_out, struct error *err);
void prover_stop(struct prover **prover);

#endif
