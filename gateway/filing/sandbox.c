/* filing/sandbox: limits and the seccomp filter of the child of parse. See sandbox.h. */
#include "filing/sandbox.h"

#include <errno.h>
#include <seccomp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN true
#endif
#endif
#ifndef UNDER_ASAN
#define UNDER_ASAN false
#endif

static const int allowed[] = {
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(readv),
	SCMP_SYS(writev),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(close),
	SCMP_SYS(fstat),
	SCMP_SYS(lseek),
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),
	SCMP_SYS(sched_yield),
	SCMP_SYS(getrandom),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

/* Refused, not fatal: libraries look for files of their own (charset tables, time zones) and live without them. */
static const int refused[] = {
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(openat2),
	SCMP_SYS(stat),
	SCMP_SYS(lstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(statx),
	SCMP_SYS(getcwd),
	SCMP_SYS(sysinfo),
};

/* Calls that ASan's and UBSan's run-time make for themselves; refused elsewhere. */
static const int sanitizer_needs[] = {
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(getrlimit),
	SCMP_SYS(prlimit64),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(uname),
};

static int add_each(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int result = seccomp_rule_add(filter, action, calls[i], 0);

		if (result < 0)
			return result;
	}
	return 0;
}

#define ADD_EACH(filter, action, calls) add_each((filter), (action), (calls), sizeof(calls) / sizeof((calls)[0]))

static int add_rules(scmp_filter_ctx filter)
{
	const int memory[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect)};
	int result = ADD_EACH(filter, SCMP_ACT_ALLOW, allowed);

	/* abort() signals itself; the holder, the supervisor and PostgreSQL are of the same user. */
	if (result == 0)
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
			SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
	if (result == 0)
		result = ADD_EACH(filter, SCMP_ACT_ERRNO(EPERM), refused);
	if (result == 0)
		result = ADD_EACH(filter, UNDER_ASAN ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM), sanitizer_needs);
	if (UNDER_ASAN && result == 0)
		return ADD_EACH(filter, SCMP_ACT_ALLOW, memory);
	/* Memory, but never memory that can be run: the regexes were compiled before. */
	for (size_t i = 0; i < sizeof(memory) / sizeof(memory[0]) && result == 0; i++)
		result = seccomp_rule_add(
			filter, SCMP_ACT_ALLOW, memory[i], 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return result;
}

static int set_limits(struct error *err)
{
	const struct rlimit memory = {SANDBOX_MEMORY_MAX, SANDBOX_MEMORY_MAX}, none = {0, 0};
	const struct rlimit cpu = {SANDBOX_CPU_SECONDS, SANDBOX_CPU_SECONDS};

	if (!UNDER_ASAN && setrlimit(RLIMIT_AS, &memory) < 0)
		return error_set(err, REACH_STOP, "RLIMIT_AS: %s", strerror(errno));
	if (setrlimit(RLIMIT_CPU, &cpu) < 0)
		return error_set(err, REACH_STOP, "RLIMIT_CPU: %s", strerror(errno));
	if (setrlimit(RLIMIT_CORE, &none) < 0)
		return error_set(err, REACH_STOP, "RLIMIT_CORE: %s", strerror(errno));
	return 0;
}

int sandbox_enter(struct error *err)
{
	scmp_filter_ctx filter;
	int result;

	if (set_limits(err) < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_set(err, REACH_STOP, "PR_SET_NO_NEW_PRIVS: %s", strerror(errno));
	filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (!filter)
		return error_set(err, REACH_STOP, "seccomp: no filter could be made");
	result = add_rules(filter);
	if (result == 0)
		result = seccomp_load(filter);
	seccomp_release(filter);
	if (result < 0)
		return error_set(err, REACH_STOP, "seccomp: %s", strerror(-result));
	return 0;
}
