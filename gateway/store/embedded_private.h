/*
 * Embedded PostgreSQL, for its own files: embedded.c (holds and locks), embedded_cluster.c (programs, initdb, settings)
 * and embedded_server.c (starting, the guardian, stopping).
 *
 * Under state_dir/postgresql:
 *
 *     data/             the cluster; socket/ its socket; log/ its log, a file a weekday; postgresql.conf the admin's
 * own settings start.lock        held while somebody starts or stops the server holders.lock      shared: by everyone
 * who uses the server; whoever gets it alone knows that nobody does server.lock       held by the server's own
 * processes (they inherit it): free means that none of them is left
 *
 * The kernel drops a lock with the last process that has it, however that process ends: so nothing of this can be left
 * behind by a crash. The guardian, parent of the server, waits for holders.lock: when it gets it, everyone has gone
 * without a word.
 */
#ifndef STORE_EMBEDDED_PRIVATE_H
#define STORE_EMBEDDED_PRIVATE_H

#include <stdbool.h>
#include <sys/types.h>

#include "store/embedded.h"

#define EMBEDDED_PATH_MAX 1024
#define EMBEDDED_SOCKET_MAX 107 /* bytes of a socket's path, without the NUL */
#define EMBEDDED_VERSION_MIN 15
#define EMBEDDED_START_SECONDS 300 /* recovery after a crash takes its time */
#define EMBEDDED_STOP_SECONDS 60   /* for a fast shutdown; then an immediate one */

struct cluster {
	char state[EMBEDDED_PATH_MAX]; /* state_dir, absolute */
	char base[EMBEDDED_PATH_MAX];  /* state_dir/postgresql */
	char data[EMBEDDED_PATH_MAX];
	char socket[EMBEDDED_PATH_MAX];
	char log[EMBEDDED_PATH_MAX];
	char programs[EMBEDDED_PATH_MAX]; /* the folder of initdb and postgres */
};

/* Its paths; looks at nothing. */
int cluster_locate(const struct config *config, struct cluster *out, struct error *err);
/* Makes the folders and finds the programs that fit the data. */
int cluster_prepare(struct cluster *cluster, struct error *err);
/* Makes the data if there are none. */
int cluster_make(const struct cluster *cluster, struct error *err);
/* Writes the settings, anew at every start: the OS user and the program may have changed. */
int cluster_configure(const struct cluster *cluster, struct error *err);
/* The last words of the server's log, for an error's sentence. */
void cluster_last_words(const struct cluster *cluster, char *buffer, size_t size);

/* The running server's process, or 0: the one named in postmaster.pid, if it works in our data folder. */
pid_t server_process(const struct cluster *cluster);
/* Starts the server under a guardian; both inherit server_lock. Waits until it answers. */
int server_start(const struct cluster *cluster, int server_lock, struct error *err);
/* Stops the server: fast, then immediate. Returns when the process has gone (-1: it would not). */
int server_stop(pid_t pid);

/* Opens a lock file of the cluster (close-on-exec); -1 with errno. */
int lock_open(const struct cluster *cluster, const char *name);

#endif
