/* Fuzz target: what a server says, in pieces, past the guard and into the reader of a FETCH's answers. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "net/imap_guard.h"
#include "net/imap_response.h"

#define BUDGET 65536 /* bytes that the command may bring */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	return 0;
}

/* The guard stands at the beginning of a response again: both saw the same literals. */
static void check_guard(struct view response)
{
	struct imap_guard guard;
	struct error err = ERROR_INIT;

	imap_guard_init(&guard);
	FUZZ_HOLDS(imap_guard_feed(&guard, response.ptr, response.len, BUDGET, &err) == 0, "what the guard let through it lets through alone");
	FUZZ_HOLDS(!guard.literal && !guard.continued && !guard.head_len, "where a response ends the guard is at its beginning");
}

static bool inside(struct view part, struct view whole)
{
	return part.len == 0 || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

static void check_fetch(char *block, const struct imap_response *fetched)
{
	size_t length = fetched->body.len;

	FUZZ_HOLDS(fetched->has_body || !fetched->body.len, "no body has no bytes");
	if (fetched->body_quoted)
		length = imap_response_unquote(block + (fetched->body.ptr - block), fetched->body.len);
	FUZZ_HOLDS(length <= fetched->body.len, "without its backslashes it is not longer");
}

/* In a block of its own size: a read past its end is seen. */
static void read_response(struct view response)
{
	char *block = malloc(response.len);
	struct view whole = {block, response.len};
	struct imap_response read;

	memcpy(block, response.ptr, response.len);
	if (imap_response_read(whole, &read) == 0) {
		FUZZ_HOLDS(inside(read.tag, whole) && inside(read.status, whole) && inside(read.words, whole), "words lie in the response");
		FUZZ_HOLDS(inside(read.body, whole), "the body lies in the response");
		if (read.kind == IMAP_RESPONSE_FETCH)
			check_fetch(block, &read);
	}
	free(block);
}

/* Takes the whole responses of what is there; where the rest begins. */
static size_t take_responses(struct view bytes, struct imap_extent *extent)
{
	size_t from = 0, length = 0;

	while (imap_response_extent(view_sub(bytes, from, bytes.len), extent, &length) == 1) {
		FUZZ_HOLDS(length > 0 && length <= bytes.len - from, "a whole response is there");
		check_guard(view_sub(bytes, from, length));
		read_response(view_sub(bytes, from, length));
		*extent = (struct imap_extent){0};
		from += length;
	}
	return from;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view input = {(const char *)data, size}, bytes;
	size_t step = 1 + fuzz_choose(&input, 64), from = 0, have = 0;
	struct imap_extent extent = {0};
	struct imap_guard guard;
	struct error err = ERROR_INIT;

	bytes = view_sub(input, 0, BUDGET);
	imap_guard_init(&guard);
	while (have < bytes.len) {
		size_t more = step < bytes.len - have ? step : bytes.len - have;

		if (imap_guard_feed(&guard, bytes.ptr + have, more, BUDGET - have, &err) < 0)
			break;
		have += more;
		from += take_responses(view_sub(bytes, from, have - from), &extent);
	}
	return 0;
}
