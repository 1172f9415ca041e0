/* store/identity: what makes two deliveries one mail. See identity.h. */
#include "store/identity.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "parsers/parsers.h"

#define PIECE_SIZE 4096

/* Bytes gathered into pieces, for the hash function is slow on short ones. */
struct digest {
	EVP_MD_CTX *context;
	size_t len;
	unsigned char piece[PIECE_SIZE];
};

static void must(int ok)
{
	if (ok != 1)
		abort();
}

/* Looked up once: OpenSSL searches its providers each time it is asked for a function by name. */
static EVP_MD *sha256;

static void fetch_sha256(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	must(sha256 != NULL);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void digest_init(struct digest *digest)
{
	pthread_once(&once, fetch_sha256);
	digest->context = EVP_MD_CTX_new();
	must(digest->context != NULL);
	must(EVP_DigestInit_ex(digest->context, sha256, NULL));
	digest->len = 0;
}

static void digest_flush(struct digest *digest)
{
	must(EVP_DigestUpdate(digest->context, digest->piece, digest->len));
	digest->len = 0;
}

static void digest_add(struct digest *digest, const char *bytes, size_t len)
{
	if (len > PIECE_SIZE - digest->len) {
		digest_flush(digest);
		if (len > PIECE_SIZE) {
			must(EVP_DigestUpdate(digest->context, bytes, len));
			return;
		}
	}
	if (len)
		memcpy(digest->piece + digest->len, bytes, len);
	digest->len += len;
}

/* Bytes and an LF: both at once where they fit, as nearly always. */
static void digest_add_line(struct digest *digest, struct view line)
{
	if (line.len >= PIECE_SIZE - digest->len) {
		digest_add(digest, line.ptr, line.len);
		digest_add(digest, "\n", 1);
		return;
	}
	if (line.len)
		memcpy(digest->piece + digest->len, line.ptr, line.len);
	digest->len += line.len;
	digest->piece[digest->len++] = '\n';
}

static void digest_end(struct digest *digest, unsigned char out[IDENTITY_SIZE])
{
	digest_flush(digest);
	must(EVP_DigestFinal_ex(digest->context, out, NULL));
	EVP_MD_CTX_free(digest->context);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* One value of the header, unfolded: each run of white space is one blank. A NUL ends it, so that no two values run
 * together. */
static void add_value(struct digest *digest, struct view value)
{
	struct view left = view_trim(value);

	for (size_t i = 0, from; i < left.len;) {
		from = i;
		while (i < left.len && !is_blank(left.ptr[i]))
			i++;
		digest_add(digest, left.ptr + from, i - from);
		while (i < left.len && is_blank(left.ptr[i]))
			i++;
		if (i > from && i < left.len)
			digest_add(digest, " ", 1);
	}
	digest_add(digest, "", 1);
}

static void add_header(struct digest *digest, const struct mail_outline *outline)
{
	add_value(digest, outline->message_id);
	add_value(digest, outline->from);
	add_value(digest, outline->date);
	add_value(digest, outline->subject);
}

/* Each line with LF at its end, however it ended; without the empty lines at the end. */
static void add_body(struct digest *digest, struct view body)
{
	struct view line;

	while (body.len && (body.ptr[body.len - 1] == '\n' || body.ptr[body.len - 1] == '\r'))
		body.len--;
	while (view_next_line(&body, &line))
		digest_add_line(digest, line);
}

void identity_of_mail(struct view raw, unsigned char identity_out[IDENTITY_SIZE])
{
	struct mail_outline outline;
	struct digest digest;

	mail_outline(raw, &outline);
	digest_init(&digest);
	add_header(&digest, &outline);
	add_body(&digest, view_sub(raw, outline.body, raw.len));
	digest_end(&digest, identity_out);
}

void identity_of_oversize(struct view header, uint64_t size, unsigned char identity_out[IDENTITY_SIZE])
{
	struct mail_outline outline;
	struct digest digest;
	char words[32];
	int len = snprintf(words, sizeof(words), "size %llu", (unsigned long long)size);

	mail_outline(header, &outline);
	digest_init(&digest);
	add_header(&digest, &outline);
	digest_add(&digest, words, (size_t)len);
	digest_end(&digest, identity_out);
}

uint64_t identity_wire_size(struct view raw)
{
	uint64_t size = raw.len;

	for (const char *at = raw.ptr, *end = raw.ptr + raw.len; at < end;) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));

		if (!lf)
			break;
		size += lf == raw.ptr || lf[-1] != '\r';
		at = lf + 1;
	}
	return size;
}
