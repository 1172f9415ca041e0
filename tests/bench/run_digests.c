/*
 * The schedule of digests at times that are given, as the duty `send` runs it; and one digest built and rendered as its
 * reader, measured. Not as root; the service keeps the database up.
 *
 * "run_digests CONFIG due SECONDS": what is due at that time (since 1970).
 *
 * "run_digests CONFIG steps FROM TO STEP [EVERY [AT]]": every STEP seconds from FROM up to TO. One of EVERY digests is
 * killed (SIGKILL): the first before its call AT (0) to the database, the next before the call after that, through all
 * of them and again.
 *
 * "run_digests CONFIG build DIGEST": reads a digest as the member who sees least, and renders it.
 *
 * A call to the database is a send() or recv() of libpq: this program's own stand before the C library's.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "digest/digest.h"
#include "pipeline.h"

#define SECOND_US ((int64_t)1000000)
#define IDLE_CALLS 2 /* of a step in which nothing is due: one question, one answer */

/* What outlives a child that was killed. */
struct state {
	int64_t now, to, step; /* seconds */
	int calls;	       /* of this step */
	int kill_at;	       /* call of a due step that is not made; 0: none */
	int due, every, kills, next_kill;
	int rounds; /* how often each call of one was taken */
};

static struct state *state;
static struct config *config;
static struct forms *forms;
static struct digest_tools *tools;

static void fail(const char *what, const struct error *err)
{
	fprintf(stderr, "run_digests: %s: %s\n", what, err->text);
	exit(1);
}

/* ---- calls to the database ---- */

static void count(void)
{
	if (!state)
		return;
	if (++state->calls == state->kill_at) {
		state->kills++;
		kill(getpid(), SIGKILL);
	}
}

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
	static ssize_t (*next)(int, const void *, size_t, int);

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "send");
	count();
	return next(fd, bytes, size, flags);
}

ssize_t recv(int fd, void *bytes, size_t size, int flags)
{
	static ssize_t (*next)(int, void *, size_t, int);
	ssize_t got;

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "recv");
	got = next(fd, bytes, size, flags);
	if (got > 0) /* it also asks when there is nothing yet */
		count();
	return got;
}

/* ---- what all need ---- */

static void load(const char *path)
{
	struct arena *arena = arena_new();
	struct pipeline_sources sources;
	struct error err = ERROR_INIT;

	if (config_load(path, &config, &err) || parsers_open(&err) ||
		pipeline_sources_load(config, arena, &sources, &err) ||
		forms_new(sources.forms, sources.form_count, sources.languages, sources.language_count, &forms, &err) ||
		digest_tools_new(config, forms, &tools, &err))
		fail(path, &err);
	arena_free(&arena);
}

static struct db *connect_as(const char *login)
{
	struct error err = ERROR_INIT;
	struct db *db = NULL;

	if (db_open(config, login, &db, &err))
		fail(login, &err);
	return db;
}

/* ---- steps ---- */

/* Which of the due steps is killed, and where: each call of one in turn. */
static void arm(void)
{
	state->calls = 0;
	state->kill_at = 0;
	if (state->every > 0 && state->due % state->every == state->every - 1)
		state->kill_at = IDLE_CALLS + 1 + state->next_kill;
}

static void settle_step(void)
{
	if (state->calls <= IDLE_CALLS)
		return;
	if (state->kill_at > 0) { /* longer than the whole of it: all its calls were taken */
		state->next_kill = 0;
		state->rounds++;
	}
	state->due++;
}

static void run_steps(void)
{
	struct db *db = connect_as("fieldpost_send");
	struct error err = ERROR_INIT;

	for (; state->now < state->to; state->now += state->step) {
		arm();
		if (digest_run_due(db, tools, config, state->now * SECOND_US, &err))
			fail("due", &err);
		settle_step();
	}
	db_close(&db);
}

/* A child goes on where the one before was killed, at the next step. */
static int steps(void)
{
	for (;;) {
		int status;
		pid_t child = fork();

		if (child == 0) {
			run_steps();
			exit(0);
		}
		if (child < 0 || waitpid(child, &status, 0) != child)
			return 1;
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
			break;
		state->next_kill++;
		state->due++;
		state->now += state->step;
	}
	printf("{\"due\": %d, \"kills\": %d, \"at\": %d, \"rounds\": %d}\n", state->due, state->kills, state->next_kill,
		state->rounds);
	return 0;
}

/* ---- one digest ---- */

/* Kilobytes of this process, what it shares with others counted by its part. */
static long pss(void)
{
	FILE *file = fopen("/proc/self/smaps_rollup", "re");
	char line[256];
	long found = 0;

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, "Pss:", 4) == 0)
			found = strtol(line + 4, NULL, 10);
	if (file)
		fclose(file);
	return found;
}

static int build(long long digest)
{
	struct arena *arena = arena_new();
	struct db *db = connect_as("fieldpost_send");
	struct error err = ERROR_INIT;
	struct digest_mail mail;
	struct db_rows *rows = NULL;
	struct db_args args;
	int64_t start = clock_monotonic(), built, end;
	json_t *data;
	long held;

	db_args_init(&args, arena);
	db_arg_int(&args, digest);
	if (db_call(db, "api.digest_reader", &args, &rows, &err) || db_count(rows) == 0)
		fail("reader", &err);
	start = clock_monotonic();
	if (db_begin_reader(db, db_get_int(rows, 0, "member_id"), &err) ||
		digest_build(db, digest, config, &data, &err))
		fail("build", &err);
	built = clock_monotonic();
	held = pss();
	if (digest_render(tools, data, arena, &mail, &err))
		fail("render", &err);
	end = clock_monotonic();
	if (pss() > held)
		held = pss();
	printf("{\"built_ms\": %lld, \"rendered_ms\": %lld, \"pss_kb\": %ld, \"lines\": %zu, \"html\": %zu, \"table\": "
	       "%zu}\n",
		(long long)(built - start) / 1000, (long long)(end - built) / 1000, held, mail.lines, mail.html.len,
		mail.table.len);
	json_decref(data);
	db_rows_free(&rows);
	db_close(&db);
	arena_free(&arena);
	return 0;
}

static int usage(void)
{
	fprintf(stderr, "run_digests CONFIG due SECONDS | steps FROM TO STEP [EVERY [AT]] | build DIGEST\n");
	return 64;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return usage();
	load(argv[1]);
	if (strcmp(argv[2], "build") == 0)
		return build(strtoll(argv[3], NULL, 10));
	state = mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (state == MAP_FAILED)
		return 71;
	state->now = strtoll(argv[3], NULL, 10);
	state->to = state->now + 1;
	state->step = 1;
	if (strcmp(argv[2], "steps") == 0 && argc >= 6) {
		state->to = strtoll(argv[4], NULL, 10);
		state->step = strtoll(argv[5], NULL, 10);
		state->every = argc > 6 ? (int)strtol(argv[6], NULL, 10) : 0;
		state->next_kill = argc > 7 ? (int)strtol(argv[7], NULL, 10) : 0;
	} else if (strcmp(argv[2], "due") != 0) {
		return usage();
	}
	return steps();
}
