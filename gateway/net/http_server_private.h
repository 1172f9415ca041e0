/* HTTP server: what http_server.c (connections, the socket) and http_exchange.c (one request and its answer) share. */
#ifndef NET_HTTP_SERVER_PRIVATE_H
#define NET_HTTP_SERVER_PRIVATE_H

#include <microhttpd.h>
#include <pthread.h>

#include "net/http_server.h"

#define EXCHANGE_SPARES_MAX 128 /* exchanges kept for the next requests, with their arenas' first blocks */

struct connection {
	int fd;
	bool busy; /* its request is whole: it waits for us */
	bool cut;  /* by us */
	int64_t since, deadline;
	struct connection *before, *after; /* in the order of `since` */
};

struct exchange {
	struct http_exchange public; /* stays the first */
	struct http_server *server;
	struct MHD_Connection *mhd;
	struct connection *connection;
	char *body;
	size_t body_len, body_size, body_max;
	bool begun, refused, whole, answered;
	bool last; /* on its connection */
	struct http_reply reply; /* of one that was deferred */
	struct exchange *next;	 /* among the spares, or the answered */
};

struct http_server {
	struct http_handler handler;
	struct arena *arena;
	struct MHD_Daemon *daemon;
	struct MHD_Response *empty;
	int listen_fd, epoll_fd;
	bool is_public, quiet;
	unsigned connection_limit, connection_count;
	struct connection *first, *last;
	size_t whole_count, bodies_size, spare_count;
	struct exchange *spares;
	pthread_mutex_t mutex;
	struct exchange *answered; /* from other threads; theirs end here, under the mutex */
	int wake_fd;		   /* an eventfd: something was put there */
	int64_t swept_at, cut_logged_at;
	size_t cut_count;
};

/* From now on it is waited for a request; deadline 0: for its headers. */
void connection_wait(struct http_server *server, struct connection *connection, int64_t deadline);

/* Goes on with those that were answered. */
void exchanges_resume(struct http_server *server);

/* libmicrohttpd's callbacks. */
void *exchange_begin(void *context, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result exchange_handle(void *context, struct MHD_Connection *mhd, const char *url, const char *method,
	const char *version, const char *upload, size_t *upload_size, void **own);
void exchange_over(void *context, struct MHD_Connection *mhd, void **own, enum MHD_RequestTerminationCode how);
void exchange_drop_spares(struct http_server *server);

#endif
