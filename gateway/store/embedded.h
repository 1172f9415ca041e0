/*
 * Embedded PostgreSQL: the private server Fieldpost keeps when no database.url is configured.
 *
 * Under state_dir/postgresql: data/ (initdb --auth=peer --encoding=UTF8 --locale=C.UTF-8 --data-checksums) and socket/
 * (0700); no TCP. pg_ident maps the service's OS user to the duty logins and to the bootstrap superuser that db init
 * uses. Never runs as root. Several commands at once are fine: starting and stopping happen under a lock.
 */
#ifndef STORE_EMBEDDED_H
#define STORE_EMBEDDED_H

#include <stdbool.h>

#include "base/error.h"
#include "core/config.h"

struct embedded; /* a hold on the running server */

/*
 * Makes the cluster if there is none, starts the server if it is not running (recovering a stale postmaster.pid), waits
 * until it answers. The server stops when the one who started it calls embedded_release(), unless others still hold it;
 * it dies with its holder too (a small guardian process notices).
 */
int embedded_hold(const struct config *config, struct embedded **out, struct error *err);
/* Drops the hold; the last one stops the server (fast shutdown, then immediate). */
void embedded_release(struct embedded **embedded);
/* Did the server die under us? Then release and hold again. */
bool embedded_running(const struct embedded *embedded);

/* Is there a cluster already? Looks only. */
bool embedded_made(const struct config *config);

/* Where the socket is: for db_open(). */
void embedded_socket_dir(const struct config *config, char *buffer, size_t size);

#endif
