/*
 * Child: the holder's handle on the sandboxed process that reads messages.
 */
#ifndef FILING_CHILD_H
#define FILING_CHILD_H

#include "base/error.h"
#include "pipeline.h"

#define CHILD_START_SECONDS 60

struct child;

/*
 * Starts one and hands it the sources. REACH_STOP with the child's own sentence when it refuses them, REACH_RETRY
 * when it could not be started.
 */
int child_start(const struct pipeline_sources *sources, struct child **out, struct error *err);
/* Ends it (it holds nothing that could be lost). */
void child_stop(struct child **child);
/* Messages it has read. */
size_t child_handled(const struct child *child);

/*
 * Reads one message: json_out is the filing JSON, valid until the next call. REACH_MESSAGE: this message killed the
 * child, outlasted time_ms or got no answer that is one (answer.h); the child must be stopped and started anew.
 */
int child_read(struct child *child, const struct pipeline_message *message, int time_ms, struct view *json_out,
	struct error *err);

#endif
