/*
 * oauth/browser: a login in a browser: the provider sends it to a port of this machine (RFC 8252 7.3), or the person
 * pastes the address at which their browser ended up. PKCE (RFC 7636) makes the code useless to everybody else. See
 * oauth.h.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "oauth/oauth_private.h"

#define SECOND ((int64_t)1000000)
#define WAIT_SECONDS 900
#define REQUEST_SECONDS 5 /* a browser has so long to say what it wants */
#define REQUEST_MAX 16384 /* bytes */

/* ---- the address ---- */

static int declined(struct view query, struct arena *arena, struct error *err)
{
	struct view error, words = VIEW_NULL;
	char clean[64], description[200];

	if (oauth2_query_value(query, "error", arena, &error) != 1)
		return 0;
	(void)oauth2_query_value(query, "error_description", arena, &words);
	oauth2_clean(error, clean, sizeof(clean));
	oauth2_clean(words, description, sizeof(description));
	return error_set(err, REACH_STOP, "the provider answers %s%s%s", clean, *description ? ": " : "", description);
}

static bool is_ours(struct view query, const char *state, struct arena *arena)
{
	struct view shown;

	return oauth2_query_value(query, "state", arena, &shown) == 1 && view_equal(shown, view_of(state));
}

int oauth_code_of(struct view address, const char *state, struct arena *arena, struct view *out, struct error *err)
{
	ptrdiff_t mark = view_find_char(address, '?'), end;
	struct view query;

	if (mark < 0)
		return error_set(err, REACH_MESSAGE, "there is no code in this address; paste all of it");
	query = view_sub(address, (size_t)mark + 1, address.len);
	end = view_find_char(query, '#');
	if (end >= 0)
		query = view_sub(query, 0, (size_t)end);
	if (!is_ours(query, state, arena))
		return error_set(err, REACH_MESSAGE, "this address belongs to another login (its state is not ours)");
	if (declined(query, arena, err) < 0)
		return -1;
	if (oauth2_query_value(query, "code", arena, out) != 1 || out->len == 0)
		return error_set(err, REACH_MESSAGE, "there is no code in this address; paste all of it");
	return 0;
}

/* ---- the port ---- */

static int listen_on(int *port_out, struct error *err)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 8) < 0 ||
		getsockname(fd, (struct sockaddr *)&address, &size) < 0) {
		if (fd >= 0)
			close(fd);
		return error_set(err, REACH_STOP, "no port of this machine can be listened on");
	}
	*port_out = ntohs(address.sin_port);
	return fd;
}

/* The request's head, up to the empty line. */
static size_t read_head(int fd, char *buffer, size_t size)
{
	int64_t end = clock_monotonic() + REQUEST_SECONDS * SECOND;
	size_t len = 0;

	while (len < size) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		int64_t left = (end - clock_monotonic()) / 1000;
		ssize_t n;

		if (left <= 0 || poll(&wait, 1, (int)left + 1) != 1)
			return 0;
		n = recv(fd, buffer + len, size - len, 0);
		if (n <= 0)
			return 0;
		len += (size_t)n;
		if (view_find((struct view){buffer, len}, VIEW("\r\n\r\n")) >= 0)
			return len;
	}
	return 0;
}

static void reply(int fd, const char *status, const char *words)
{
	char bytes[600];
	int len = snprintf(bytes, sizeof(bytes),
		"HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %zu\r\nCache-Control: "
		"no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n%s",
		status, strlen(words), words);

	(void)!send(fd, bytes, (size_t)len, MSG_NOSIGNAL);
}

/* One browser's request: 1 with the code, 0 it was something else, -1 the provider said no. */
static int serve(int listener, const char *state, struct arena *arena, struct view *code, struct error *err)
{
	static char buffer[REQUEST_MAX];
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC), result = 0;
	size_t len = fd < 0 ? 0 : read_head(fd, buffer, sizeof(buffer));
	struct view line, rest = {buffer, len}, target = VIEW_NULL;

	if (view_next_line(&rest, &line) && view_starts(line, VIEW("GET /")))
		target = view_sub(line, 4, (size_t)(view_find_char(view_sub(line, 4, line.len), ' ')));
	if (len > 0 && view_starts(target, VIEW("/?"))) {
		result = oauth_code_of(target, state, arena, code, err) == 0 ? 1 : err->reach == REACH_STOP ? -1 : 0;
		reply(fd, result > 0 ? "200 OK" : "400 Bad Request",
			result > 0 ? "Fieldpost has what it needs. This window can be closed.\n" : err->text);
	} else if (len > 0) {
		reply(fd, "404 Not Found", "There is nothing here.\n");
	}
	if (fd >= 0)
		close(fd);
	oauth2_wipe((struct view){buffer, len});
	if (result == 0)
		error_clear(err);
	return result;
}

/* A line that was pasted: 1 with the code, 0 it is not (said on `say`), -1 the provider said no, -2 the input ended. */
static int take_paste(int fd, const char *state, FILE *say, struct arena *arena, struct view *code, struct error *err)
{
	static char line[REQUEST_MAX];
	ssize_t n = read(fd, line, sizeof(line));
	int result;

	if (n <= 0)
		return -2;
	if (view_trim((struct view){line, (size_t)n}).len == 0)
		return 0;
	result = oauth_code_of(view_trim((struct view){line, (size_t)n}), state, arena, code, err) == 0 ? 1 : 0;
	oauth2_wipe((struct view){line, (size_t)n});
	if (result == 0 && err->reach == REACH_STOP)
		return -1;
	if (result == 0) {
		fprintf(say, "%s\n", err->text);
		fflush(say);
		error_clear(err);
	}
	return result;
}

static int wait_for_code(int listener, int paste_fd, const char *state, FILE *say, struct arena *arena,
	struct view *code, struct error *err)
{
	int64_t end = clock_monotonic() + WAIT_SECONDS * SECOND;
	int result = 0;

	while (result == 0 && clock_monotonic() < end) {
		struct pollfd fds[2] = {{.fd = listener, .events = POLLIN}, {.fd = paste_fd, .events = POLLIN}};

		if (poll(fds, 2, 1000) < 0)
			continue;
		if (fds[0].revents)
			result = serve(listener, state, arena, code, err);
		else if (fds[1].revents)
			result = take_paste(paste_fd, state, say, arena, code, err);
		if (result == -2) { /* nobody will paste anything */
			paste_fd = -1;
			result = 0;
		}
	}
	if (result == 0)
		return error_set(err, REACH_STOP, "nobody logged in within %d minutes; begin again", WAIT_SECONDS / 60);
	return result < 0 ? -1 : 0;
}

int oauth_login_browser(struct oauth *oauth, const struct config_oauth *settings, FILE *say, int paste_fd,
	struct oauth2_tokens *out, struct error *err)
{
	const char *state = oauth2_random_word(oauth->arena), *verifier = oauth2_random_word(oauth->arena), *redirect;
	/* As each has it registered for programs of one's own. */
	const char *host = strcmp(settings->provider, "microsoft") == 0 ? "localhost" : "127.0.0.1";
	struct oauth2_failure failure;
	struct oauth2_client client;
	struct http_client *http;
	struct view code;
	int port = 0, listener, result;

	if (oauth_http(oauth, &http, err) < 0 || oauth2_client_open(settings, oauth->arena, &client, err) < 0)
		return -1;
	listener = listen_on(&port, err);
	if (listener < 0)
		return -1;
	redirect = arena_printf(oauth->arena, "http://%s:%d/", host, port);
	fprintf(say,
		"Open this address in a browser and log in as the mailbox's user:\n\n%s\n\n"
		"If the browser runs on another machine it ends at a page of %s that does not open:\n"
		"paste that page's whole address here.\n",
		oauth2_login_url(settings, redirect, state, verifier, oauth->arena), redirect);
	fflush(say);
	result = wait_for_code(listener, paste_fd, state, say, oauth->arena, &code, err);
	close(listener);
	if (result == 0) {
		result = oauth2_ask_code(http, &client, code, redirect, verifier, oauth->arena, out, &failure, err);
		oauth2_wipe(code);
	}
	oauth2_wipe(client.secret);
	oauth2_wipe(view_of(verifier));
	return result;
}
