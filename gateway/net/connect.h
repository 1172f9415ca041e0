/* Connect: a TCP connection to the first of a host's addresses that answers. Private to net/stream.c. */
#ifndef NET_CONNECT_H
#define NET_CONNECT_H

#include <stdint.h>

#include "net/stream.h"

/* A connected, non-blocking socket with keep-alive. Each address gets its share of what is left until the deadline. */
int connect_to(const struct stream_target *target, int64_t deadline, int *fd_out, struct error *err);

#endif
