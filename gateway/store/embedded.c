/* store/embedded: who holds the private PostgreSQL. See embedded.h and, for the locks, embedded_private.h. */
#include "store/embedded_private.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/clock.h"
#include "store/db_private.h"

#define POLL_MS 10
#define LAST_ONES_MS 5000

struct embedded {
	struct cluster cluster;
	pid_t pid;   /* the server's */
	int pidfd;   /* becomes readable when it ends */
	int holders; /* holders.lock, shared */
};

static int lock_take(int fd, int operation)
{
	while (flock(fd, operation) < 0)
		if (errno != EINTR)
			return -1;
	return 0;
}

static int open_and_lock(const struct cluster *cluster, const char *name, int operation, struct error *err)
{
	int fd = lock_open(cluster, name);

	if (fd >= 0 && lock_take(fd, operation) == 0)
		return fd;
	error_set(err, REACH_STOP, "%s/%s cannot be locked: %s", cluster->base, name, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

/* ---- holding ---- */

/* Root may use a server that runs, never make or start one: what it made would be closed to the service. */
static int refuse_root(const struct cluster *cluster, bool starting, struct error *err)
{
	struct stat status;

	if (geteuid() != 0)
		return 0;
	if (stat(cluster->data, &status) < 0 || status.st_uid == 0)
		return error_set(err, REACH_STOP,
			"PostgreSQL does not run as root: run Fieldpost as an ordinary user (a package makes "
			"one named fieldpost), or name a server in database.url");
	if (starting)
		return error_set(err, REACH_STOP,
			"PostgreSQL does not run as root and no service is running: run this as the user "
			"%u, whose database %s is",
			(unsigned)status.st_uid, cluster->data);
	return 0;
}

/*
 * A server that runs without server.lock was started by somebody else: it is not ours to use or to stop. One that is
 * just ending has dropped the lock a moment before it is gone.
 */
static int refuse_foreign(const struct cluster *cluster, struct error *err)
{
	pid_t pid = server_process(cluster);

	for (int left = LAST_ONES_MS; pid > 0 && left > 0; left -= POLL_MS) {
		poll(NULL, 0, POLL_MS);
		pid = server_process(cluster);
	}
	if (pid == 0)
		return 0;
	return error_set(err, REACH_STOP,
		"a PostgreSQL that Fieldpost did not start (process %d) runs on %s: stop it first", (int)pid,
		cluster->data);
}

static int make_database(const struct config *config, struct error *err)
{
	struct db *db = NULL;
	struct db_rows *rows = NULL;
	int result;

	if (db_open_maintenance(config, "postgres", &db, err) < 0)
		return -1;
	result = db_query(db, "SELECT FROM pg_database WHERE datname = '" DB_EMBEDDED_NAME "'", NULL, &rows, err);
	if (result == 0 && db_count(rows) == 0)
		result = db_execute(db, "CREATE DATABASE " DB_EMBEDDED_NAME, "making the database", err);
	db_rows_free(&rows);
	db_close(&db);
	return result;
}

static int start(const struct config *config, const struct cluster *cluster, int server_lock, struct error *err)
{
	if (refuse_root(cluster, true, err) < 0 || refuse_foreign(cluster, err) < 0)
		return -1;
	if (cluster_make(cluster, err) < 0 || cluster_configure(cluster, err) < 0)
		return -1;
	if (server_start(cluster, server_lock, err) < 0)
		return -1;
	return make_database(config, err);
}

/*
 * Under start.lock: after it a server runs and answers. While server.lock is taken one is there: running, or on its way
 * up or down (a guardian that was killed, a crash); which of them, time tells.
 */
static int ensure_running(const struct config *config, const struct cluster *cluster, struct error *err)
{
	int64_t deadline = clock_monotonic() + (int64_t)EMBEDDED_START_SECONDS * 1000000;
	int lock = lock_open(cluster, "server.lock");
	int result = -1;

	if (lock < 0)
		return error_set(
			err, REACH_STOP, "%s/server.lock cannot be opened: %s", cluster->base, strerror(errno));
	for (;;) {
		if (flock(lock, LOCK_EX | LOCK_NB) == 0) {
			result = start(config, cluster, lock, err);
			break;
		}
		if (db_ping(cluster->socket) == DB_ANSWER_READY && server_process(cluster) > 0) {
			result = 0;
			break;
		}
		if (clock_monotonic() > deadline) {
			error_set(err, REACH_RETRY, "the embedded PostgreSQL neither answers nor ends (log in %s)",
				cluster->log);
			break;
		}
		poll(NULL, 0, POLL_MS);
	}
	close(lock);
	return result;
}

/* The hold itself: the shared lock, and a descriptor that tells when the server ends. */
static int take_hold(const struct cluster *cluster, struct embedded **out, struct error *err)
{
	struct embedded *embedded;
	int holders = open_and_lock(cluster, "holders.lock", LOCK_SH, err);
	pid_t pid = server_process(cluster);
	int pidfd = pid > 0 ? pidfd_open(pid, 0) : -1;

	if (holders < 0)
		return -1;
	if (pidfd < 0) {
		close(holders);
		return error_set(err, REACH_RETRY, "the embedded PostgreSQL ended at once (log in %s)", cluster->log);
	}
	embedded = calloc(1, sizeof(*embedded));
	if (!embedded)
		exit(EX_OSERR);
	*embedded = (struct embedded){.cluster = *cluster, .pid = pid, .pidfd = pidfd, .holders = holders};
	*out = embedded;
	return 0;
}

int embedded_hold(const struct config *config, struct embedded **out, struct error *err)
{
	struct cluster cluster;
	int start_lock, result;

	if (cluster_locate(config, &cluster, err) < 0 || refuse_root(&cluster, false, err) < 0 ||
		cluster_prepare(&cluster, err) < 0)
		return -1;
	start_lock = open_and_lock(&cluster, "start.lock", LOCK_EX, err);
	if (start_lock < 0)
		return -1;
	result = ensure_running(config, &cluster, err);
	if (result == 0)
		result = take_hold(&cluster, out, err);
	close(start_lock);
	return result;
}

bool embedded_running(const struct embedded *embedded)
{
	struct pollfd fd = {embedded->pidfd, POLLIN, 0};

	return poll(&fd, 1, 0) == 0;
}

/* ---- letting go ---- */

/* The last of the server's processes and its guardian end a moment after the server. */
static void wait_all_gone(const struct cluster *cluster)
{
	int lock = lock_open(cluster, "server.lock");

	for (int left = LAST_ONES_MS; lock >= 0 && left > 0 && flock(lock, LOCK_EX | LOCK_NB) < 0; left -= POLL_MS)
		poll(NULL, 0, POLL_MS);
	if (lock >= 0)
		close(lock);
}

/* Whoever gets holders.lock alone, while nobody can come in, is the last. */
static void stop_if_last(struct embedded *embedded)
{
	struct error ignored = ERROR_INIT;
	int start_lock = open_and_lock(&embedded->cluster, "start.lock", LOCK_EX, &ignored);

	if (start_lock >= 0 && flock(embedded->holders, LOCK_EX | LOCK_NB) == 0) {
		if (embedded_running(embedded))
			server_stop(embedded->pid);
		wait_all_gone(&embedded->cluster);
	}
	close(embedded->holders);
	if (start_lock >= 0)
		close(start_lock);
}

void embedded_release(struct embedded **embedded)
{
	if (!*embedded)
		return;
	stop_if_last(*embedded);
	close((*embedded)->pidfd);
	free(*embedded);
	*embedded = NULL;
}
