/* intake/imap_receive: sends a FETCH and reads what it brings, past libetpan. See imap_session.h. */
#include <stdlib.h>
#include <string.h>

#include "intake/imap_session.h"

#define ROOM_LEAST ((size_t)256 * 1024) /* one call to the system brings many mails */
#define ROOM_KEPT ((size_t)1024 * 1024) /* a buffer that had to be larger is given back */
#define COMMAND_MAX (32 * 1024)

static char *at(const struct imap_answer *answer)
{
	return answer->bytes + answer->from;
}

static struct view unread(const struct imap_answer *answer)
{
	return (struct view){at(answer), answer->end - answer->from};
}

/* Makes room behind what is there, for a response of at least `wanted` bytes. */
static int make_room(struct imap_answer *answer, size_t wanted)
{
	size_t have = answer->end - answer->from, room = answer->room > ROOM_LEAST ? answer->room : ROOM_LEAST;
	char *bytes = answer->bytes;

	if (have)
		memmove(bytes, at(answer), have);
	answer->from = 0;
	answer->end = have;
	if (wanted >= room / 2)
		room = wanted + wanted / 2 + ROOM_LEAST;
	if (room <= answer->room)
		return 0;
	bytes = realloc(bytes, room);
	if (!bytes)
		return -1;
	answer->bytes = bytes;
	answer->room = room;
	return 0;
}

/* More bytes behind what is there; `wanted`: how long the response is at least. */
static int receive(struct imap *imap, size_t wanted)
{
	struct imap_answer *answer = &imap->answer;
	const struct error full = {REACH_RETRY, "out of memory"};
	ssize_t got;

	if (wanted >= answer->room - answer->from || answer->end == answer->room) {
		if (make_room(answer, wanted) < 0) {
			stream_break(imap->stream, &full);
			return -1;
		}
	}
	got = stream_read(imap->stream, answer->bytes + answer->end, answer->room - answer->end);
	if (got < 0)
		return -1;
	answer->end += (size_t)got;
	return 0;
}

/* The next response, whole; its bytes stay until the one after it is asked for. -1: the stream is broken. */
static int next_response(struct imap *imap, struct view *response_out)
{
	struct imap_answer *answer = &imap->answer;
	struct imap_extent extent = {0};
	size_t length;

	while (!imap_response_extent(unread(answer), &extent, &length))
		if (receive(imap, extent.at) < 0)
			return -1;
	*response_out = (struct view){at(answer), length};
	answer->from += length;
	return 0;
}

/* ---- between libetpan's buffer and ours ---- */

/* What the server said unasked before this command lies in libetpan's. */
static int take_over(struct imap *imap)
{
	mailstream *theirs = imap->session->imap_stream;

	imap->answer.from = imap->answer.end = 0;
	if (make_room(&imap->answer, theirs->read_buffer_len) < 0)
		return -1;
	memcpy(imap->answer.bytes, theirs->read_buffer, theirs->read_buffer_len);
	imap->answer.end = theirs->read_buffer_len;
	theirs->read_buffer_len = 0;
	return 0;
}

/* And what it said behind this command is for the next one. */
static int hand_back(struct imap *imap, const char *what, struct error *err)
{
	mailstream *theirs = imap->session->imap_stream;
	struct imap_answer *answer = &imap->answer;
	struct view rest = unread(answer);

	if (rest.len > theirs->buffer_max_size)
		return imap_lost(imap, what, "sent much that was not asked for", "", err);
	memcpy(theirs->read_buffer, rest.ptr, rest.len);
	theirs->read_buffer_len = rest.len;
	answer->from = answer->end = 0;
	if (answer->room > ROOM_KEPT) {
		free(answer->bytes);
		*answer = (struct imap_answer){0};
	}
	return 0;
}

/* ---- a command ---- */

static int send_command(struct imap *imap, struct view command)
{
	mailstream *stream = imap->session->imap_stream;
	TEXT_SCOPED line;

	imap->session->imap_tag++;
	text_init(&line, COMMAND_MAX);
	if (text_add_format(&line, "%d %.*s\r\n", imap->session->imap_tag, VIEW_ARGS(command)) < 0)
		return -1;
	return mailstream_write(stream, line.ptr, line.len) == (ssize_t)line.len && mailstream_flush(stream) == 0 ? 0 : -1;
}

static int finish(struct imap *imap, const struct imap_response *tagged, const char *what, struct error *err)
{
	char words[200], tag[16];

	snprintf(tag, sizeof(tag), "%d", imap->session->imap_tag);
	imap_words(tagged->words, words, sizeof(words));
	if (!view_equal(tagged->tag, view_of(tag)) || view_equal_nocase(tagged->status, VIEW("BAD")))
		return imap_lost(imap, what, IMAP_NOT_UNDERSTOOD, words, err);
	if (hand_back(imap, what, err) < 0)
		return -1;
	return view_equal_nocase(tagged->status, VIEW("OK")) ? 0 : imap_refused(imap, what, words, err);
}

static void unquote(struct imap_answer *answer, struct imap_response *fetched)
{
	char *body = answer->bytes + (fetched->body.ptr - answer->bytes);

	if (fetched->body_quoted)
		fetched->body.len = imap_response_unquote(body, fetched->body.len);
}

int imap_fetch(struct imap *imap, struct view command,
	void (*take)(void *context, const struct imap_response *fetched), void *context, const char *what,
	struct error *err)
{
	struct imap_response response;
	struct view bytes;

	if (take_over(imap) < 0)
		return error_set(err, REACH_RETRY, "out of memory");
	if (send_command(imap, command) < 0)
		return imap_check(imap, MAILIMAP_ERROR_STREAM, what, err);
	for (;;) {
		if (next_response(imap, &bytes) < 0)
			return imap_check(imap, MAILIMAP_ERROR_STREAM, what, err);
		if (imap_response_read(bytes, &response) < 0)
			return imap_lost(imap, what, IMAP_UNREADABLE, "", err);
		if (response.kind == IMAP_RESPONSE_TAGGED)
			return finish(imap, &response, what, err);
		if (response.kind != IMAP_RESPONSE_FETCH)
			continue;
		unquote(&imap->answer, &response);
		take(context, &response);
		if (!imap_alive(imap))
			return imap_check(imap, MAILIMAP_ERROR_STREAM, what, err);
	}
}
