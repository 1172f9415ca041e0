/* intake/imap_idle: waiting for news from the server. See imap.h. */
#include <string.h>
#include <strings.h>

#include "intake/imap_session.h"

void imap_news_reset(struct imap *imap)
{
	imap->news_seen = imap->guard.exists;
}

bool imap_news(const struct imap *imap)
{
	const mailstream *buffered = imap->session->imap_stream;

	/* The guard counts what the parser drops: an EXISTS that comes before the server's "+". */
	return imap->guard.exists != imap->news_seen || (buffered && buffered->read_buffer_len) ||
	       stream_pending(imap->stream);
}

int imap_fd(const struct imap *imap)
{
	return stream_fd(imap->stream);
}

/* libetpan's own IDLE takes whatever comes before the "+" for the end of the command, so these few lines are read here.
 */

static int send_line(struct imap *imap, const char *line)
{
	mailstream *stream = imap->session->imap_stream;
	size_t len = strlen(line);

	return mailstream_write(stream, line, len) == (ssize_t)len && mailstream_flush(stream) == 0 ? 0 : -1;
}

/* Reads lines up to the one that begins with `word`, or with the command's tag. The line, or NULL: the stream is
 * broken. */
static const char *read_to(struct imap *imap, const char *word, const char *tag)
{
	const char *line;

	do
		line = mailstream_read_line(imap->session->imap_stream, imap->session->imap_stream_buffer);
	while (line && strncmp(line, word, strlen(word)) != 0 && strncmp(line, tag, strlen(tag)) != 0);
	return line;
}

static void make_tag(const struct imap *imap, char *tag, size_t size)
{
	snprintf(tag, size, "%d ", imap->session->imap_tag);
}

static int refused(struct imap *imap, const char *what, struct error *err)
{
	error_set(err, REACH_SOURCE, "%s: %s refused", what, imap->mailbox->host);
	stream_break(imap->stream, err);
	return -1;
}

int imap_idle_begin(struct imap *imap, struct error *err)
{
	char tag[16], command[32];
	const char *line;

	imap->session->imap_tag++;
	make_tag(imap, tag, sizeof(tag));
	snprintf(command, sizeof(command), "%sIDLE\r\n", tag);
	imap_begin(imap, IMAP_ANSWER_MAX);
	line = send_line(imap, command) == 0 ? read_to(imap, "+", tag) : NULL;
	if (!line)
		return imap_check(imap, MAILIMAP_ERROR_STREAM, "IDLE", err);
	if (line[0] != '+')
		return refused(imap, "IDLE", err);
	imap->idling = true;
	return 0;
}

int imap_idle_end(struct imap *imap, struct error *err)
{
	char tag[16];
	const char *line;

	make_tag(imap, tag, sizeof(tag));
	imap->idling = false;
	imap_begin(imap, IMAP_ANSWER_MAX);
	line = send_line(imap, "DONE\r\n") == 0 ? read_to(imap, tag, tag) : NULL;
	if (!line)
		return imap_check(imap, MAILIMAP_ERROR_STREAM, "ending IDLE", err);
	return strncasecmp(line + strlen(tag), "OK", 2) == 0 ? 0 : refused(imap, "ending IDLE", err);
}
