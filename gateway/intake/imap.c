/* intake/imap: connecting, folders. See imap.h; imap_login.c logs in. */
#include "intake/imap.h"

#include <string.h>

#include "intake/imap_name.h"
#include "intake/imap_session.h"

#define CLOSE_SECONDS 5

/* ---- results in words ---- */

void imap_begin(struct imap *imap, uint64_t bytes)
{
	stream_begin(imap->stream, imap->config->limits.command_seconds, bytes);
}

bool imap_alive(const struct imap *imap)
{
	return stream_error(imap->stream)->reach == REACH_NONE;
}

void imap_words(struct view said, char *words, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < said.len && len + 1 < size; i++)
		words[len++] = (unsigned char)said.ptr[i] >= 0x20 && (unsigned char)said.ptr[i] < 0x7F ? said.ptr[i] : '?';
	while (len && words[len - 1] == ' ')
		len--;
	words[len] = '\0';
}

void imap_server_words(const struct imap *imap, char *words, size_t size)
{
	imap_words(view_of(imap->session->imap_response), words, size);
}

bool imap_said_bye(const struct imap *imap)
{
	return imap->guard.bye[0] != '\0';
}

/* Every code behind the general ones stands for "the server answered NO to that command". */
static bool is_refusal(int code)
{
	return code >= MAILIMAP_ERROR_APPEND && code != MAILIMAP_ERROR_INVAL && code != MAILIMAP_ERROR_SSL &&
	       code != MAILIMAP_ERROR_NEEDS_MORE_DATA;
}

int imap_lost(struct imap *imap, const char *what, const char *how, const char *words, struct error *err)
{
	error_set(err, REACH_SOURCE, "%s: %s %s%s%s", what, imap->mailbox->host, how, *words ? ": " : "", words);
	stream_break(imap->stream, err);
	return -1;
}

int imap_refused(struct imap *imap, const char *what, const char *words, struct error *err)
{
	return error_set(err, REACH_SOURCE, "%s: %s refused: %s", what, imap->mailbox->host,
		*words ? words : "no reason given");
}

static int lose(struct imap *imap, int code, const char *what, struct error *err)
{
	char words[200];

	imap_server_words(imap, words, sizeof(words));
	if (code == MAILIMAP_ERROR_FATAL || code == MAILIMAP_ERROR_DONT_ACCEPT_CONNECTION)
		return imap_lost(imap, what, "ended the session", words, err);
	if (code == MAILIMAP_ERROR_PROTOCOL)
		return imap_lost(imap, what, IMAP_NOT_UNDERSTOOD, words, err);
	return imap_lost(imap, what, IMAP_UNREADABLE, "", err);
}

int imap_check(struct imap *imap, int code, const char *what, struct error *err)
{
	const struct error *broken = stream_error(imap->stream);
	char words[200];

	if (broken->reach == REACH_SOURCE && imap->guard.bye[0])
		return error_set(
			err, REACH_SOURCE, "%s: %s ended the session: %s", what, imap->mailbox->host, imap->guard.bye);
	if (broken->reach != REACH_NONE) {
		*err = *broken;
		return broken->reach == REACH_RETRY ? -1 : error_prefix(err, "%s", what);
	}
	if (code == MAILIMAP_NO_ERROR || code == MAILIMAP_NO_ERROR_AUTHENTICATED ||
		code == MAILIMAP_NO_ERROR_NON_AUTHENTICATED)
		return 0;
	if (is_refusal(code)) {
		imap_server_words(imap, words, sizeof(words));
		return imap_refused(imap, what, words, err);
	}
	return lose(imap, code, what, err);
}

/* ---- connecting ---- */

static int guard_bytes(void *context, const char *bytes, size_t len, uint64_t left, struct error *err)
{
	return imap_guard_feed(context, bytes, len, left, err);
}

static struct imap *imap_new(const struct config *config, const struct config_mailbox *mailbox)
{
	struct imap *imap = calloc(1, sizeof(*imap));

	if (!imap)
		return NULL;
	imap->config = config;
	imap->mailbox = mailbox;
	imap->arena = arena_new();
	imap->session = mailimap_new(0, NULL);
	if (!imap->session) {
		arena_free(&imap->arena);
		free(imap);
		return NULL;
	}
	/* Strings of many megabytes stay in memory: libetpan would write them to files in /tmp. */
	mmap_string_set_ceil(SIZE_MAX);
	return imap;
}

int imap_capabilities(struct imap *imap, struct error *err)
{
	struct mailimap_capability_data *data = NULL;
	int code;

	imap_begin(imap, IMAP_ANSWER_MAX);
	code = mailimap_capability(imap->session, &data);
	if (imap_check(imap, code, "asking for capabilities", err) < 0)
		return -1;
	mailimap_capability_data_free(data);
	return 0;
}

static int start_tls(struct imap *imap, struct tls_client *tls, struct error *err)
{
	int code;

	imap_begin(imap, IMAP_ANSWER_MAX);
	code = mailimap_starttls(imap->session);
	/* What came behind the OK came in the clear: somebody in between wants it taken for the server's words under
	 * TLS. */
	if (imap->session->imap_stream && imap->session->imap_stream->read_buffer_len) {
		error_set(
			err, REACH_SOURCE, "STARTTLS with %s: text was injected before TLS began", imap->mailbox->host);
		stream_break(imap->stream, err);
		return -1;
	}
	if (code == MAILIMAP_ERROR_STARTTLS || code == MAILIMAP_ERROR_PROTOCOL) {
		error_set(err, REACH_SOURCE,
			"%s does not do STARTTLS, and nothing is sent without TLS: try tls: implicit",
			imap->mailbox->host);
		stream_break(imap->stream, err);
		return -1;
	}
	if (imap_check(imap, code, "STARTTLS", err) < 0)
		return -1;
	imap_guard_init(&imap->guard);
	imap_begin(imap, 0);
	return stream_start_tls(imap->stream, tls, err);
}

static int greet(struct imap *imap, struct tls_client *tls, struct error *err)
{
	mailstream *stream;
	int code;

	imap_begin(imap, 0);
	if (imap->mailbox->tls == CONFIG_TLS_IMPLICIT && stream_start_tls(imap->stream, tls, err) < 0)
		return -1;
	stream = imap_mailstream(imap->stream);
	if (!stream)
		return error_set(err, REACH_RETRY, "out of memory");
	imap_begin(imap, IMAP_ANSWER_MAX);
	code = mailimap_connect(imap->session, stream);
	if (imap_check(imap, code, "greeting", err) < 0)
		return -1;
	if (imap->mailbox->tls != CONFIG_TLS_STARTTLS)
		return 0;
	if (code == MAILIMAP_NO_ERROR_AUTHENTICATED) {
		error_set(err, REACH_SOURCE, "%s logs us in before TLS (PREAUTH), so that STARTTLS is impossible",
			imap->mailbox->host);
		stream_break(imap->stream, err);
		return -1;
	}
	return start_tls(imap, tls, err);
}

int imap_open(const struct config *config, const struct config_mailbox *mailbox, struct tls_client *tls,
	struct oauth *oauth, int cancel_fd, struct imap **out, struct error *err)
{
	const struct stream_target target = {
		.host = mailbox->host,
		.port = mailbox->port,
		.loopback_only = mailbox->tls == CONFIG_TLS_NONE,
		.seconds = config->limits.connect_seconds,
		.cancel_fd = cancel_fd,
	};
	struct imap *imap = imap_new(config, mailbox);

	if (!imap)
		return error_set(err, REACH_RETRY, "out of memory");
	if (stream_open(&target, &imap->stream, err) < 0) {
		mailimap_free(imap->session);
		arena_free(&imap->arena);
		free(imap);
		return -1;
	}
	imap->oauth = oauth;
	imap_guard_init(&imap->guard);
	stream_set_guard(imap->stream, guard_bytes, &imap->guard);
	if (greet(imap, tls, err) < 0 || imap_login(imap, err) < 0 || imap_capabilities(imap, err) < 0) {
		stream_break(imap->stream, err);
		imap_close(&imap);
		return -1;
	}
	*out = imap;
	return 0;
}

void imap_close(struct imap **imap)
{
	struct imap *i = *imap;
	bool handed_over;

	if (!i)
		return;
	if (i->idling)
		stream_break(i->stream, &(struct error){REACH_RETRY, "closed"});
	handed_over = i->session->imap_stream != NULL;
	stream_begin(i->stream, CLOSE_SECONDS, IMAP_ANSWER_MAX);
	/* Logs out first; on a broken stream that fails at once. */
	mailimap_free(i->session);
	if (!handed_over)
		stream_close(&i->stream, false);
	free(i->answer.bytes);
	arena_free(&i->arena);
	free(i);
	*imap = NULL;
}

bool imap_can(const struct imap *imap, const char *capability)
{
	return mailimap_has_extension(imap->session, capability) != 0;
}

/* ---- folders ---- */

const char *imap_wire_name(struct imap *imap, const char *folder)
{
	arena_reset(imap->arena);
	return imap_name(imap->arena, folder);
}

int imap_select(struct imap *imap, const char *folder, bool writing, struct imap_folder *out, struct error *err)
{
	const struct mailimap_selection_info *info;
	char what[300];
	int code;

	snprintf(what, sizeof(what), "opening folder %s", folder);
	imap_begin(imap, IMAP_ANSWER_MAX);
	code = writing ? mailimap_select(imap->session, imap_wire_name(imap, folder))
		       : mailimap_examine(imap->session, imap_wire_name(imap, folder));
	if (imap_check(imap, code, what, err) < 0)
		return -1;
	info = imap->session->imap_selection_info;
	if (!info || !info->sel_uidvalidity)
		return error_set(err, REACH_SOURCE, "%s: the server gives no UIDVALIDITY", what);
	out->uidvalidity = info->sel_uidvalidity;
	out->uidnext = info->sel_uidnext;
	out->mails = info->sel_exists;
	return 0;
}

static void read_status(const struct mailimap_mailbox_data_status *data, struct imap_folder *out)
{
	*out = (struct imap_folder){0};
	if (!data->st_info_list)
		return;
	for (clistiter *at = clist_begin(data->st_info_list); at; at = clist_next(at)) {
		const struct mailimap_status_info *info = clist_content(at);

		if (info->st_att == MAILIMAP_STATUS_ATT_MESSAGES)
			out->mails = info->st_value;
		else if (info->st_att == MAILIMAP_STATUS_ATT_UIDNEXT)
			out->uidnext = info->st_value;
		else if (info->st_att == MAILIMAP_STATUS_ATT_UIDVALIDITY)
			out->uidvalidity = info->st_value;
	}
}

int imap_status(struct imap *imap, const char *folder, struct imap_folder *out, struct error *err)
{
	struct mailimap_status_att_list *wanted = mailimap_status_att_list_new_empty();
	struct mailimap_mailbox_data_status *data = NULL;
	char what[300];
	int code = MAILIMAP_ERROR_MEMORY;

	snprintf(what, sizeof(what), "asking for the status of folder %s", folder);
	if (wanted) {
		mailimap_status_att_list_add(wanted, MAILIMAP_STATUS_ATT_MESSAGES);
		mailimap_status_att_list_add(wanted, MAILIMAP_STATUS_ATT_UIDNEXT);
		mailimap_status_att_list_add(wanted, MAILIMAP_STATUS_ATT_UIDVALIDITY);
		imap_begin(imap, IMAP_ANSWER_MAX);
		code = mailimap_status(imap->session, imap_wire_name(imap, folder), wanted, &data);
		mailimap_status_att_list_free(wanted);
	}
	if (imap_check(imap, code, what, err) < 0) {
		if (data && code == MAILIMAP_ERROR_STATUS)
			mailimap_mailbox_data_status_free(data);
		return -1;
	}
	if (!data)
		return error_set(err, REACH_SOURCE, "%s: the server did not say", what);
	read_status(data, out);
	mailimap_mailbox_data_status_free(data);
	return 0;
}

int imap_create(struct imap *imap, const char *folder, struct error *err)
{
	char what[300];

	snprintf(what, sizeof(what), "making folder %s", folder);
	imap_begin(imap, IMAP_ANSWER_MAX);
	return imap_check(imap, mailimap_create(imap->session, imap_wire_name(imap, folder)), what, err);
}

int imap_noop(struct imap *imap, struct error *err)
{
	imap_begin(imap, IMAP_ANSWER_MAX);
	return imap_check(imap, mailimap_noop(imap->session), "keeping the session", err);
}
