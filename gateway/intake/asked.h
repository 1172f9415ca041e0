/*
 * Asked: all pollers and media threads of the duty, their leases, their beginning and end. Private to intake/.
 */
#ifndef INTAKE_ASKED_H
#define INTAKE_ASKED_H

#include <stdbool.h>
#include <stddef.h>

#include "core/process.h"
#include "intake/database.h"

struct asked;

/* Is there anything of the kind to do in this config? */
bool asked_wanted(const struct config *config);
/* Starts a thread a polled channel and one a channel whose messages may have media. */
int asked_start(struct duty_context *duty, struct database *database, struct asked **out, struct error *err);
/* Renews the leases. False: one of them is somebody else's, or could not be asked for. */
bool asked_renew(struct asked *asked);
/* The database is back. */
void asked_wake(struct asked *asked);
/* None of the threads is in one step for ever. */
bool asked_alive(const struct asked *asked);
/* Ends the threads. */
void asked_stop(struct asked *asked);
/* Once nobody can wake them any more (the database is gone). */
void asked_free(struct asked **asked);

#endif
