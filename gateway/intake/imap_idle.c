/* intake/imap_idle: waiting for news from the server. See imap.h. */
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

int imap_idle_begin(struct imap *imap, struct error *err)
{
	imap_begin(imap, IMAP_ANSWER_MAX);
	return imap_check(imap, mailimap_idle(imap->session), "IDLE", err);
}

int imap_idle_end(struct imap *imap, struct error *err)
{
	imap_begin(imap, IMAP_ANSWER_MAX);
	return imap_check(imap, mailimap_idle_done(imap->session), "ending IDLE", err);
}
