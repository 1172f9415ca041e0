/* mail_attachment: what is attached: its cleaned name, its type by its first bytes, size and SHA-256. See
 * mail_private.h. */
#include <openssl/evp.h>

#include "base/unicode.h"
#include "parsers/mail_private.h"

#define HEAD_MAX ((size_t)4096) /* bytes that are looked at for the type */

/* Fetched once: the sandbox would refuse OpenSSL its files later. */
static EVP_MD *sha256;

int attachment_open(struct error *err)
{
	if (!sha256)
		sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	return sha256 ? 0 : error_set(err, REACH_STOP, "OpenSSL has no SHA-256");
}

struct magic {
	size_t offset;
	const char *bytes;
	size_t length;
	const char *type;
};

#define MAGIC(offset, bytes, type)                                                                                     \
	{                                                                                                              \
		offset, bytes, sizeof(bytes) - 1, type                                                                 \
	}

static const struct magic magics[] = {
	MAGIC(0, "%PDF-", "application/pdf"),
	MAGIC(0, "\x89PNG\r\n\x1a\n", "image/png"),
	MAGIC(0, "\xff\xd8\xff", "image/jpeg"),
	MAGIC(0, "GIF87a", "image/gif"),
	MAGIC(0, "GIF89a", "image/gif"),
	MAGIC(8, "WEBP", "image/webp"),
	MAGIC(8, "WAVE", "audio/wav"),
	MAGIC(8, "AVI ", "video/x-msvideo"),
	MAGIC(0, "II*\0", "image/tiff"),
	MAGIC(0, "MM\0*", "image/tiff"),
	MAGIC(4, "ftypheic", "image/heic"),
	MAGIC(4, "ftypheix", "image/heic"),
	MAGIC(4, "ftypmif1", "image/heif"),
	MAGIC(4, "ftypavif", "image/avif"),
	MAGIC(4, "ftypM4A", "audio/mp4"),
	MAGIC(4, "ftypqt", "video/quicktime"),
	MAGIC(4, "ftyp3gp", "video/3gpp"),
	MAGIC(4, "ftyp", "video/mp4"),
	MAGIC(0, "OggS", "audio/ogg"),
	MAGIC(0, "ID3", "audio/mpeg"),
	MAGIC(0, "#!AMR", "audio/amr"),
	MAGIC(0, "fLaC", "audio/flac"),
	MAGIC(0, "\x1a\x45\xdf\xa3", "video/webm"),
	MAGIC(0, "\x78\x9f\x3e\x22", "application/ms-tnef"),
	MAGIC(0, "{\\rtf", "application/rtf"),
	MAGIC(0, "\x1f\x8b", "application/gzip"),
	MAGIC(0, "7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
	MAGIC(0, "Rar!\x1a\x07", "application/vnd.rar"),
	MAGIC(0, "MZ", "application/x-msdownload"),
	MAGIC(0,
		"\x7f"
		"ELF",
		"application/x-executable"),
};

/* Word's, Excel's and OpenDocument's files are ZIP archives; their first entries tell. */
static const char *zip_type(struct view head)
{
	static const struct {
		const char *mark, *type;
	} kinds[] = {
		{"mimetypeapplication/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text"},
		{"mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
			"application/vnd.oasis.opendocument.spreadsheet"},
		{"mimetypeapplication/vnd.oasis.opendocument.presentation",
			"application/vnd.oasis.opendocument.presentation"},
		{"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
		{"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
		{"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (view_find(head, view_of(kinds[i].mark)) >= 0)
			return kinds[i].type;
	return "application/zip";
}

/* Old Office files all begin alike: there the declared type is believed if it is one of theirs. */
static const char *ole_type(const char *declared)
{
	static const char *const types[] = {"application/msword", "application/vnd.ms-excel",
		"application/vnd.ms-powerpoint", "application/vnd.ms-outlook"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (view_equal(view_of(declared), view_of(types[i])))
			return types[i];
	return "application/x-ole-storage";
}

static const char *sniff(struct view head, const char *declared)
{
	struct view text = view_trim(head);

	if (view_starts(head, VIEW("PK\x03\x04")))
		return zip_type(head);
	if (view_starts(head, VIEW("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")))
		return ole_type(declared);
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (view_starts(view_sub(head, magics[i].offset, SIZE_MAX),
			    (struct view){magics[i].bytes, magics[i].length}))
			return magics[i].type;
	if (view_starts_nocase(text, VIEW("<!doctype html")) || view_starts_nocase(text, VIEW("<html")))
		return "text/html";
	return declared;
}

/* What a mail says of a type goes into the database and before people's eyes. */
static const char *clean_type(const char *type)
{
	for (const char *c = type; *c; c++)
		if (*c <= ' ' || *c >= 127)
			return "application/octet-stream";
	return type;
}

struct sum {
	EVP_MD_CTX *context;
	size_t size;
	char head[HEAD_MAX];
	size_t head_len;
};

static bool sum_piece(void *context, struct view piece)
{
	struct sum *sum = context;
	size_t room = HEAD_MAX - sum->head_len, take = piece.len < room ? piece.len : room;

	memcpy(sum->head + sum->head_len, piece.ptr, take);
	sum->head_len += take;
	sum->size += piece.len;
	return EVP_DigestUpdate(sum->context, piece.ptr, piece.len) == 1;
}

void attachment_read(
	struct arena *arena, struct view raw, enum body_encoding encoding, const char *declared, struct attachment *out)
{
	struct sum sum = {.context = EVP_MD_CTX_new()};

	if (!sum.context || !sha256 || EVP_DigestInit_ex2(sum.context, sha256, NULL) != 1)
		abort(); /* parsers_open() made sure of it: only memory can be wanting */
	body_stream(raw, encoding, sum_piece, &sum);
	EVP_DigestFinal_ex(sum.context, out->sha256, NULL);
	EVP_MD_CTX_free(sum.context);
	out->size = sum.size;
	out->type = arena_strdup(arena, clean_type(sniff((struct view){sum.head, sum.head_len}, declared)));
}

struct view attachment_name(struct arena *arena, struct view name)
{
	struct view v = view_trim(unicode_drop_bidi(arena, name));
	char *out;
	size_t n = 0, from = 0;

	for (size_t i = 0; i < v.len; i++)
		if (v.ptr[i] == '/' || v.ptr[i] == '\\')
			from = i + 1;
	out = arena_alloc(arena, v.len + 1);
	for (size_t i = from; i < v.len; i++)
		if ((unsigned char)v.ptr[i] >= 32 && v.ptr[i] != 127 && !strchr("<>:\"|?*", v.ptr[i]))
			out[n++] = v.ptr[i];
	while (n > 0 && (out[n - 1] == '.' || out[n - 1] == ' '))
		n--;
	for (from = 0; from < n && (out[from] == '.' || out[from] == ' ');)
		from++;
	if (n - from > MAIL_NAME_MAX)
		n = from + MAIL_NAME_MAX;
	while (n > from && n < v.len && ((unsigned char)out[n] & 0xC0) == 0x80)
		n--; /* not inside a character */
	return (struct view){out + from, n - from};
}

void parse_file(struct arena *arena, struct view bytes, struct view name, const char *declared, struct attachment *out)
{
	*out = (struct attachment){.name = attachment_name(arena, name)};
	attachment_read(arena, bytes, BODY_IDENTITY, declared[0] ? declared : "application/octet-stream", out);
}
