/* intake/imap_stream: libetpan's stream object over ours (net/stream.h), so that none of its own reads and waits is
 * used. */
#include "intake/imap_session.h"

#define BUFFER_SIZE (32 * 1024)

static ssize_t low_read(mailstream_low *low, void *buffer, size_t size)
{
	return stream_read(low->data, buffer, size);
}

static ssize_t low_write(mailstream_low *low, const void *data, size_t size)
{
	return stream_write(low->data, data, size);
}

static int low_close(mailstream_low *low)
{
	struct stream *stream = low->data;

	stream_close(&stream, true);
	low->data = NULL;
	return 0;
}

static int low_fd(mailstream_low *low)
{
	return stream_fd(low->data);
}

static void low_free(mailstream_low *low)
{
	free(low);
}

static struct mailstream_cancel *low_cancel(mailstream_low *low)
{
	(void)low;
	return NULL;
}

static mailstream_low_driver driver = {
	.mailstream_read = low_read,
	.mailstream_write = low_write,
	.mailstream_close = low_close,
	.mailstream_get_fd = low_fd,
	.mailstream_free = low_free,
	.mailstream_get_cancel = low_cancel,
};

mailstream *imap_mailstream(struct stream *stream)
{
	mailstream_low *low = mailstream_low_new(stream, &driver);
	mailstream *made = low ? mailstream_new(low, BUFFER_SIZE) : NULL;

	if (!made)
		free(low);
	return made;
}
