/*
 * TLS: verified client connections (over OpenSSL).
 *
 * A `struct tls_client` holds what is trusted and is shared by threads; a `struct tls` is one connection over a
 * non-blocking socket that the caller polls. Chain, validity and the host's name (or IP address) are checked inside the
 * handshake, TLS 1.2 at least; there is no way to turn a check off. `ca_file` takes the place of the system's
 * authorities: an authority, or the server's own certificate. Errors say in words what is wrong with the certificate
 * and the mend.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct tls_client;
struct tls;

enum tls_state {
	TLS_DONE,
	TLS_WANT_READ,	/* call again when the socket is readable */
	TLS_WANT_WRITE, /* ... writable */
	TLS_CLOSED,	/* the peer ended the connection */
	TLS_FAILED,	/* the error is set */
};

/* ca_file NULL: the system's authorities. REACH_STOP when the file cannot be read. */
int tls_client_new(const char *ca_file, struct tls_client **out, struct error *err);
void tls_client_free(struct tls_client **client);

/* `host` is the name (SNI, and what the certificate must be for) or an IP address. Does not take the descriptor over.
 */
int tls_new(struct tls_client *client, int fd, const char *host, struct tls **out, struct error *err);
/* Ends without a word on the wire unless `polite`. */
void tls_free(struct tls **tls, bool polite);

enum tls_state tls_handshake(struct tls *tls, struct error *err);
enum tls_state tls_read(struct tls *tls, void *buffer, size_t size, size_t *read_out, struct error *err);
enum tls_state tls_write(struct tls *tls, const void *data, size_t size, size_t *written_out, struct error *err);
/* Are there decrypted bytes that poll() does not see? */
bool tls_pending(const struct tls *tls);

#endif
