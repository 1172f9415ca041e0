/*
 * Resolve: host name to addresses, with a deadline and a way out (getaddrinfo() itself has neither, so it runs in a
 * thread of its own that is left behind when nobody waits any more).
 */
#ifndef NET_RESOLVE_H
#define NET_RESOLVE_H

#include <netdb.h>
#include <stdint.h>

#include "base/error.h"

/* `deadline` as clock_monotonic(); cancel_fd (or -1) readable: give up. Free the list with freeaddrinfo(). */
int resolve(const char *host, int port, int64_t deadline, int cancel_fd, struct addrinfo **out, struct error *err);

#endif
