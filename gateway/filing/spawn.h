/*
 * Spawn: this program started anew in a role of its own, with a socket to us on descriptor 3 and nothing else of ours
 * open: the sandboxed reader (child.h), the prover (prover.h).
 */
#ifndef FILING_SPAWN_H
#define FILING_SPAWN_H

#include <sys/types.h>

#include "filing/wire.h"
#include "parsers/parsers.h"

#define SPAWN_FD 3 /* of the new process */

/* role: the option behind `serve` ("--reader"). Our end of the socket does not block. The process dies with us. */
int spawn_self(const char *role, pid_t *pid_out, int *fd_out, struct error *err);
/* A frame a file: its name, NUL, its bytes. deadline: see wire.h. */
int spawn_send_sources(int fd, enum wire_type type, const struct parse_source *sources, size_t count, int64_t deadline,
	struct error *err);
/* The other side: such a frame's payload as a source, copied into the arena. -1: it is none. */
int spawn_take_source(const struct text *payload, struct arena *arena, struct parse_source *out);
/* Ends the process, closes the socket; returns its status as waitpid() gives it. Both variables are reset. */
int spawn_end(pid_t *pid, int *fd);

#endif
