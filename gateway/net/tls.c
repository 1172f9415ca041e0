/* net/tls: verified client connections. See tls.h; how a certificate fails is told in tls_words.c. */
#include "net/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include "net/tls_words.h"

struct tls_client {
	SSL_CTX *context;
	BIO_METHOD *socket; /* ours: send() with MSG_NOSIGNAL */
};

struct tls {
	SSL *ssl;
	X509 *refused;	/* the certificate that failed, for the message */
	char host[256]; /* for messages */
};

/* ---- the socket under it ---- */

static int socket_of(BIO *bio)
{
	return (int)(intptr_t)BIO_get_data(bio);
}

static int bio_write(BIO *bio, const char *data, int size)
{
	ssize_t n = send(socket_of(bio), data, (size_t)size, MSG_NOSIGNAL);

	BIO_clear_retry_flags(bio);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		BIO_set_retry_write(bio);
	return (int)n;
}

static int bio_read(BIO *bio, char *buffer, int size)
{
	ssize_t n = recv(socket_of(bio), buffer, (size_t)size, 0);

	BIO_clear_retry_flags(bio);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		BIO_set_retry_read(bio);
	if (n == 0)
		BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
	return (int)n;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
	if (command == BIO_CTRL_FLUSH)
		return 1;
	if (command == BIO_CTRL_EOF)
		return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
	return 0;
}

static BIO_METHOD *bio_method(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "fieldpost socket");

	if (!method)
		return NULL;
	BIO_meth_set_write(method, bio_write);
	BIO_meth_set_read(method, bio_read);
	BIO_meth_set_ctrl(method, bio_control);
	return method;
}

/* ---- the client ---- */

static int load_trust(SSL_CTX *context, const char *ca_file, struct error *err)
{
	if (!ca_file) {
		if (SSL_CTX_set_default_verify_paths(context) == 1)
			return 0;
		return error_set(err, REACH_STOP, "the system's certificate authorities cannot be loaded");
	}
	if (SSL_CTX_load_verify_file(context, ca_file) != 1)
		return error_set(err, REACH_STOP, "tls.ca_file %s holds no certificate that can be read (PEM): %s",
			ca_file, tls_words_library());
	/* A pinned certificate is trusted as it is, be it an authority's or the server's own. */
	X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
	return 0;
}

/* Keeps the first certificate that is refused: after the handshake OpenSSL does not give it out. */
static int keep_refused(int good, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls *tls = ssl ? SSL_get_app_data(ssl) : NULL;
	X509 *certificate = X509_STORE_CTX_get_current_cert(store);

	if (!good && tls && !tls->refused && certificate && X509_up_ref(certificate) == 1)
		tls->refused = certificate;
	return good;
}

int tls_client_new(const char *ca_file, struct tls_client **out, struct error *err)
{
	struct tls_client *client = calloc(1, sizeof(*client));

	if (!client)
		return error_set(err, REACH_STOP, "out of memory");
	ERR_clear_error();
	client->context = SSL_CTX_new(TLS_client_method());
	client->socket = bio_method();
	if (!client->context || !client->socket) {
		tls_client_free(&client);
		return error_set(err, REACH_STOP, "OpenSSL cannot start: %s", tls_words_library());
	}
	SSL_CTX_set_min_proto_version(client->context, TLS1_2_VERSION);
	SSL_CTX_set_verify(client->context, SSL_VERIFY_PEER, keep_refused);
	SSL_CTX_set_mode(client->context,
		SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_options(client->context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	if (load_trust(client->context, ca_file, err) < 0) {
		tls_client_free(&client);
		return -1;
	}
	*out = client;
	return 0;
}

void tls_client_free(struct tls_client **client)
{
	if (!*client)
		return;
	SSL_CTX_free((*client)->context);
	BIO_meth_free((*client)->socket);
	free(*client);
	*client = NULL;
}

/* ---- one connection ---- */

static bool is_address(const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

static bool name_peer(SSL *ssl, const char *host)
{
	if (is_address(host))
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	/* SSL_set_tlsext_host_name() without its cast that drops const. */
	return SSL_set1_host(ssl, host) == 1 &&
	       SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, (void *)(uintptr_t)host) == 1;
}

int tls_new(struct tls_client *client, int fd, const char *host, struct tls **out, struct error *err)
{
	struct tls *tls = calloc(1, sizeof(*tls));
	BIO *bio = tls ? BIO_new(client->socket) : NULL;

	if (!bio) {
		free(tls);
		return error_set(err, REACH_RETRY, "out of memory");
	}
	BIO_set_data(bio, (void *)(intptr_t)fd);
	BIO_set_init(bio, 1);
	tls->ssl = SSL_new(client->context);
	if (!tls->ssl || !name_peer(tls->ssl, host)) {
		BIO_free(bio);
		tls_free(&tls, false);
		return error_set(
			err, REACH_STOP, "%s is not a host name that a certificate can be checked against", host);
	}
	SSL_set_bio(tls->ssl, bio, bio);
	SSL_set_connect_state(tls->ssl);
	SSL_set_app_data(tls->ssl, tls);
	snprintf(tls->host, sizeof(tls->host), "%s", host);
	*out = tls;
	return 0;
}

void tls_free(struct tls **tls, bool polite)
{
	if (!*tls)
		return;
	ERR_clear_error();
	if (polite && (*tls)->ssl)
		SSL_shutdown((*tls)->ssl);
	SSL_free((*tls)->ssl);
	X509_free((*tls)->refused);
	free(*tls);
	*tls = NULL;
}

static enum tls_state state_of(const struct tls *tls, int result, struct error *err)
{
	switch (SSL_get_error(tls->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return TLS_WANT_READ;
	case SSL_ERROR_WANT_WRITE:
		return TLS_WANT_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_CLOSED;
	case SSL_ERROR_SYSCALL:
		if (errno && ERR_peek_error() == 0)
			error_set(err, REACH_SOURCE, "the TLS connection broke: %s", strerror(errno));
		else
			error_set(err, REACH_SOURCE, "the server closed the TLS connection");
		return TLS_FAILED;
	default:
		if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
			error_set(err, REACH_SOURCE, "the server closed the TLS connection");
		else
			error_set(err, REACH_SOURCE, "TLS failed: %s", tls_words_library());
		return TLS_FAILED;
	}
}

enum tls_state tls_handshake(struct tls *tls, struct error *err)
{
	struct error io = ERROR_INIT;
	enum tls_state state;
	int result;

	ERR_clear_error();
	errno = 0;
	result = SSL_connect(tls->ssl);
	if (result == 1)
		return TLS_DONE;
	if (SSL_get_verify_result(tls->ssl) != X509_V_OK) {
		tls_words_certificate(SSL_get_verify_result(tls->ssl), tls->refused, tls->host, err);
		return TLS_FAILED;
	}
	if (tls_words_handshake(tls->host, err))
		return TLS_FAILED;
	state = state_of(tls, result, &io);
	if (state == TLS_FAILED || state == TLS_CLOSED) {
		error_set(err, REACH_SOURCE, "the TLS handshake with %s failed: %s", tls->host,
			state == TLS_CLOSED ? "the server closed the connection" : io.text);
		state = TLS_FAILED;
	}
	return state;
}

enum tls_state tls_read(struct tls *tls, void *buffer, size_t size, size_t *read_out, struct error *err)
{
	int result;

	ERR_clear_error();
	errno = 0;
	result = SSL_read_ex(tls->ssl, buffer, size, read_out);
	return result == 1 ? TLS_DONE : state_of(tls, result, err);
}

enum tls_state tls_write(struct tls *tls, const void *data, size_t size, size_t *written_out, struct error *err)
{
	int result;

	ERR_clear_error();
	errno = 0;
	result = SSL_write_ex(tls->ssl, data, size, written_out);
	return result == 1 ? TLS_DONE : state_of(tls, result, err);
}

bool tls_pending(const struct tls *tls)
{
	return SSL_has_pending(tls->ssl) == 1;
}
