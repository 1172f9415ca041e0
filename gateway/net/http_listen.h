/* HTTP listener: the socket that the server listens on. Private to net/. */
#ifndef NET_HTTP_LISTEN_H
#define NET_HTTP_LISTEN_H

#include <stdbool.h>

#include "base/error.h"
#include "core/config.h"

/* As web.listen says; public_out: other machines reach it. A Unix socket is made anew, for everybody on this machine. */
int http_listen(const struct config *config, int *fd_out, bool *public_out, struct error *err);

#endif
