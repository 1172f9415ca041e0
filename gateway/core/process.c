/*
 * core/process: the supervisor's loop: signals, restarts, watchdogs, reload, the end. See process.h; one duty's process
 * is process_child.c, the duty's side process_duty.c.
 */
#include "core/process_internal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"

#define SECOND_US ((int64_t)1000000)
#define GROUND_CHECK_US SECOND_US

struct supervisor {
	const struct service *service;
	struct config *config;
	struct process_child *children;
	size_t count;
	int signal_fd;
	sigset_t before;    /* the signal mask as it was */
	void *ground;	    /* NULL: not there */
	bool ground_opened; /* at least once: the duties may run */
	int ground_failures;
	int64_t ground_at; /* when to open it, or to look after it */
	int64_t notify_at; /* when systemd's watchdog is due, 0: it has none */
	int64_t notify_every;
	bool ready; /* systemd knows */
	bool stopping;
	bool failed; /* an operator is needed */
	struct error *err;
};

static const char *config_path(const struct supervisor *s)
{
	return s->config->path;
}

static int64_t backoff(int failures)
{
	return clock_backoff(failures, PROCESS_BACKOFF_MIN_MS * (int64_t)1000, PROCESS_BACKOFF_MAX_MS * (int64_t)1000);
}

/* ---- which duties there should be ---- */

static bool is_wanted(const struct supervisor *s, const struct duty *duty)
{
	struct view rest = view_of(s->service->only), name;

	if (!s->service->only)
		return true;
	while (view_next_field(&rest, ',', &name))
		if (view_equal(view_trim(name), view_of(duty->name)))
			return true;
	return false;
}

static struct process_child *find_child(struct supervisor *s, const struct duty *duty, int index)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->children[i].duty == duty && s->children[i].index == index)
			return &s->children[i];
	return NULL;
}

/* Marks those that are too many, adds those that are missing. */
static void plan(struct supervisor *s, int64_t now)
{
	for (size_t i = 0; i < s->count; i++)
		s->children[i].surplus = true;
	for (size_t d = 0; s->service->duties[d]; d++) {
		const struct duty *duty = s->service->duties[d];
		int wanted = !is_wanted(s, duty) ? 0 : duty->count ? duty->count(s->config) : 1;

		for (int i = 0; i < wanted; i++) {
			struct process_child *child = find_child(s, duty, i);

			if (!child && s->count < PROCESS_DUTIES_MAX) {
				child = &s->children[s->count++];
				*child = (struct process_child){
					.duty = duty, .index = i, .stop_fd = -1, .ready_fd = -1, .start_at = now};
			}
			if (child)
				child->surplus = false;
		}
	}
}

static void forget_surplus(struct supervisor *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->count; i++)
		if (!s->children[i].surplus || s->children[i].pid)
			s->children[kept++] = s->children[i];
	s->count = kept;
}

/* ---- one duty's life ---- */

static void start(struct supervisor *s, struct process_child *child, int64_t now)
{
	struct error err = ERROR_INIT;

	if (process_child_start(child, s->config, config_path(s), now, &err) == 0) {
		log_info("duty-started", "name=%s index=%d pid=%d", child->duty->name, child->index, (int)child->pid);
		return;
	}
	child->failures++;
	child->settled = true;
	child->start_at = now + backoff(child->failures);
	log_failure(LOG_ERROR, "duty-not-started", &err, "name=%s index=%d", child->duty->name, child->index);
}

static const char *how_it_ended(int status, char *buffer, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(buffer, size, "signal=%s", sigabbrev_np(WTERMSIG(status)));
	else
		snprintf(buffer, size, "status=%d", WEXITSTATUS(status));
	return buffer;
}

static void ended(struct supervisor *s, struct process_child *child, int status, bool asked, int64_t now)
{
	char how[32];

	how_it_ended(status, how, sizeof(how));
	if (asked) {
		child->failures = 0;
		child->start_at = now;
		log_info("duty-ended", "name=%s index=%d %s", child->duty->name, child->index, how);
		return;
	}
	child->failures = now - child->started_at >= PROCESS_HEALTHY_SECONDS * SECOND_US ? 1 : child->failures + 1;
	child->start_at = now + backoff(child->failures);
	child->settled = true;
	log_error("duty-died", "name=%s index=%d %s failures=%d again_in_ms=%lld", child->duty->name, child->index, how,
		child->failures, (long long)((child->start_at - now) / 1000));
}

static void watch(struct process_child *child, int64_t now)
{
	if (child->kill_at && now >= child->kill_at) {
		log_error("duty-killed", "name=%s index=%d reason=did-not-end", child->duty->name, child->index);
		process_child_kill(child);
		child->kill_at = now + SECOND_US;
	} else if (!child->kill_at && child->duty->watchdog_seconds > 0 &&
		   process_child_silence(child, now) >= child->duty->watchdog_seconds * SECOND_US) {
		log_error("duty-killed", "name=%s index=%d reason=watchdog silent_seconds=%lld", child->duty->name,
			child->index, (long long)(process_child_silence(child, now) / SECOND_US));
		process_child_kill(child);
		child->kill_at = now + SECOND_US;
	}
}

static bool may_start(const struct supervisor *s, const struct process_child *child)
{
	return !s->stopping && (s->ground_opened || (child->duty->groundless && s->ground_failures > 0));
}

static void tend(struct supervisor *s, struct process_child *child, int64_t now)
{
	bool asked = child->stop_fd < 0;
	int status;

	process_child_listen(child);
	if (process_child_ended(child, &status))
		ended(s, child, status, asked, now);
	if (child->pid)
		watch(child, now);
	else if (may_start(s, child) && !child->surplus && now >= child->start_at)
		start(s, child, now);
}

/* As the first process of a container we inherit every orphan; the duties' own dead were buried before. */
static void bury_strangers(const struct supervisor *s)
{
	siginfo_t info = {.si_pid = 0};

	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid > 0) {
		for (size_t i = 0; i < s->count; i++)
			if (s->children[i].pid == info.si_pid)
				return; /* died just now: its turn comes */
		waitpid(info.si_pid, NULL, 0);
		info.si_pid = 0;
	}
}

/* ---- the ground: the database ---- */

static void ground_failed(struct supervisor *s, struct error *err, int64_t now)
{
	s->ground_failures++;
	s->ground_at = now + backoff(s->ground_failures);
	if (err->reach == REACH_STOP && !s->ground_opened) {
		*s->err = *err;
		s->failed = s->stopping = true;
		return;
	}
	log_failure(LOG_ERROR, "database-away", err, "again_in_ms=%lld", (long long)((s->ground_at - now) / 1000));
	sd_notifyf(0, "STATUS=The database is away: %s", err->text);
}

static void ground_tend(struct supervisor *s, int64_t now)
{
	struct error err = ERROR_INIT;

	if (!s->service->ground_open || s->stopping || now < s->ground_at) {
		s->ground_opened = s->ground_opened || !s->service->ground_open;
		return;
	}
	s->ground_at = now + GROUND_CHECK_US;
	if (s->ground && s->service->ground_good(s->ground))
		return;
	if (s->ground) {
		log_error("database-died", "again=now");
		s->service->ground_close(&s->ground);
	}
	if (s->service->ground_open(s->config, &s->ground, &err) < 0) {
		ground_failed(s, &err, clock_monotonic());
		return;
	}
	log_info("database-ready", "tries=%d", s->ground_failures + 1);
	s->ground_failures = 0;
	s->ground_opened = true;
}

/* ---- signals ---- */

static void stop(struct supervisor *s, const char *signal_name, int64_t now)
{
	if (s->stopping) {
		log_warning("stop-now", "signal=%s", signal_name);
		for (size_t i = 0; i < s->count; i++)
			process_child_kill(&s->children[i]);
		return;
	}
	log_info("stopping", "signal=%s", signal_name);
	sd_notify(0, "STOPPING=1\nSTATUS=Ending the duties");
	s->stopping = true;
	for (size_t i = 0; i < s->count; i++)
		process_child_stop(&s->children[i], now);
}

static int load(const struct service *service, struct config **out, struct error *err)
{
	struct config *config;

	if (config_load(service->config_path, &config, err) < 0)
		return -1;
	if (service->check && service->check(config, err) < 0) {
		config_free(&config);
		return -1;
	}
	*out = config;
	return 0;
}

static void reload(struct supervisor *s, int64_t now)
{
	struct error err = ERROR_INIT;
	struct config *config = NULL;

	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=Reading the config", (long long)now);
	s->ready = false;
	if (load(s->service, &config, &err) < 0 || config_can_replace(s->config, config, &err) < 0) {
		log_failure(LOG_ERROR, "reload-refused", &err, "kept=running-config");
		config_free(&config);
		return;
	}
	config_free(&s->config);
	s->config = config;
	log_open("main", config->log.level, config->log.format);
	log_info("reloaded", "duties=%zu", s->count);
	plan(s, now);
	for (size_t i = 0; i < s->count; i++) {
		s->children[i].settled = false;
		s->children[i].failures = 0;
		s->children[i].start_at = now;
		process_child_stop(&s->children[i], now);
	}
}

static void take_signals(struct supervisor *s)
{
	struct signalfd_siginfo info;

	while (read(s->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGHUP && !s->stopping)
			reload(s, clock_monotonic());
		else if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			stop(s, info.ssi_signo == SIGTERM ? "TERM" : "INT", clock_monotonic());
	}
}

static int signals_open(struct supervisor *s, struct error *err)
{
	sigset_t ours;

	sigemptyset(&ours);
	sigaddset(&ours, SIGHUP);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGCHLD);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	if (sigprocmask(SIG_BLOCK, &ours, &s->before) < 0 ||
		(s->signal_fd = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK)) < 0)
		return error_set(err, REACH_STOP, "signals cannot be read: %s", strerror(errno));
	return 0;
}

/* ---- systemd ---- */

static bool all_settled(const struct supervisor *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (!s->children[i].settled && !s->children[i].surplus)
			return false;
	return s->ground_opened;
}

static void tell_systemd(struct supervisor *s, int64_t now)
{
	if (s->notify_at && now >= s->notify_at) {
		sd_notify(0, "WATCHDOG=1");
		s->notify_at = now + s->notify_every;
	}
	if (s->ready || s->stopping || !all_settled(s))
		return;
	s->ready = true;
	sd_notifyf(0, "READY=1\nSTATUS=%zu duties", s->count);
	log_info("ready", "duties=%zu", s->count);
}

static void notify_open(struct supervisor *s)
{
	uint64_t usec = 0;

	if (sd_watchdog_enabled(0, &usec) > 0 && usec > 0) {
		s->notify_every = (int64_t)(usec / 2);
		s->notify_at = clock_monotonic();
	}
}

/* ---- the loop ---- */

static void sooner(int64_t *next, int64_t at)
{
	if (at && at < *next)
		*next = at;
}

static int poll_timeout(const struct supervisor *s, int64_t now)
{
	int64_t next = now + 60 * SECOND_US;

	sooner(&next, s->notify_at);
	if (s->service->ground_open && !s->stopping)
		sooner(&next, s->ground_at);
	for (size_t i = 0; i < s->count; i++) {
		const struct process_child *child = &s->children[i];

		if (child->pid == 0 && may_start(s, child))
			sooner(&next, child->start_at);
		else if (child->pid && child->kill_at)
			sooner(&next, child->kill_at);
		else if (child->pid && child->duty->watchdog_seconds)
			sooner(&next,
				now - process_child_silence(child, now) + child->duty->watchdog_seconds * SECOND_US);
	}
	return next <= now ? 0 : (int)((next - now + 999) / 1000);
}

static void wait_for_something(struct supervisor *s)
{
	struct pollfd fds[PROCESS_DUTIES_MAX + 1];
	nfds_t n = 0;

	fds[n++] = (struct pollfd){.fd = s->signal_fd, .events = POLLIN};
	for (size_t i = 0; i < s->count; i++)
		if (s->children[i].ready_fd >= 0)
			fds[n++] = (struct pollfd){.fd = s->children[i].ready_fd, .events = POLLIN};
	poll(fds, n, poll_timeout(s, clock_monotonic()));
}

static bool any_running(const struct supervisor *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->children[i].pid)
			return true;
	return false;
}

static void loop(struct supervisor *s)
{
	while (!s->stopping || any_running(s)) {
		ground_tend(s, clock_monotonic());
		for (size_t i = 0; i < s->count; i++)
			tend(s, &s->children[i], clock_monotonic());
		forget_surplus(s);
		bury_strangers(s);
		tell_systemd(s, clock_monotonic());
		if (s->stopping && !any_running(s))
			break;
		wait_for_something(s);
		take_signals(s);
	}
}

static void release(struct supervisor *s)
{
	if (s->ground)
		s->service->ground_close(&s->ground);
	close(s->signal_fd);
	sigprocmask(SIG_SETMASK, &s->before, NULL);
	config_free(&s->config);
	free(s->children);
}

int process_supervise(const struct service *service, struct error *err)
{
	struct supervisor s = {.service = service, .err = err, .signal_fd = -1};

	if (load(service, &s.config, err) < 0)
		return -1;
	log_open("main", s.config->log.level, s.config->log.format);
	if (process_drop_root(s.config, err) < 0 || signals_open(&s, err) < 0) {
		config_free(&s.config);
		return -1;
	}
	s.children = calloc(PROCESS_DUTIES_MAX, sizeof(*s.children));
	if (!s.children)
		abort();
	notify_open(&s);
	plan(&s, clock_monotonic());
	loop(&s);
	release(&s);
	if (s.failed)
		return -1;
	log_info("stopped", "reason=asked");
	return 0;
}
