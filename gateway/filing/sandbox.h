/*
 * Sandbox: what the child of parse may still do once it is shut in.
 *
 * RLIMIT_AS (not under ASan, whose shadow is larger than any limit), RLIMIT_CPU as a backstop, no core dump, no new
 * privileges, and a seccomp filter: reading and writing the descriptors that are open, memory (never executable),
 * futexes, clocks, exit, signals to itself. Opening a file is refused with EPERM; a socket, an exec, a fork and
 * everything else kills the process.
 */
#ifndef FILING_SANDBOX_H
#define FILING_SANDBOX_H

#include <stddef.h>

#include "base/error.h"

#define SANDBOX_MEMORY_MAX ((size_t)1024 * 1024 * 1024) /* bytes of address space */
#define SANDBOX_CPU_SECONDS 3600

int sandbox_enter(struct error *err);

#endif
