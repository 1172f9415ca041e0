/*
 * TLS in words: why a handshake failed, as a sentence that names the mend. Private to net/tls.c.
 */
#ifndef NET_TLS_WORDS_H
#define NET_TLS_WORDS_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "base/error.h"

/* The newest entry of OpenSSL's error queue; never NULL. */
const char *tls_words_library(void);
/* The certificate (or NULL) was refused with that X509_V_ERR: says why, and the mend. */
void tls_words_certificate(long code, const X509 *certificate, const char *host, struct error *err);
/* Is the first entry of the error queue one that has a plain meaning (no TLS on this port, only old versions)? Then the
 * error is set. */
bool tls_words_handshake(const char *host, struct error *err);

#endif
