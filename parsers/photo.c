/* parsers/photo: pictures without what was written into them besides. See parsers.h. ITU-T T.81 annex B; PNG (RFC 2083).
 */
#include "parsers/parsers.h"

#include <stdint.h>

#define JPEG_SOF0 0xc0
#define JPEG_RST0 0xd0
#define JPEG_SOI 0xd8
#define JPEG_EOI 0xd9
#define JPEG_SOS 0xda
#define JPEG_APP0 0xe0
#define JPEG_APP14 0xee

static unsigned byte_at(struct view v, size_t at)
{
	return (unsigned char)v.ptr[at];
}

static size_t big16(struct view v, size_t at)
{
	return (size_t)byte_at(v, at) << 8 | byte_at(v, at + 1);
}

static size_t big32(struct view v, size_t at)
{
	return big16(v, at) << 16 | big16(v, at + 2);
}

/* Frames, tables and scans; of extensions JFIF's density and Adobe's colours. Not comments, nor what is reserved. */
static bool segment_stays(unsigned marker, struct view body)
{
	if (marker == JPEG_APP0)
		return view_starts(body, VIEW("JFIF\0"));
	if (marker == JPEG_APP14)
		return view_starts(body, VIEW("Adobe")) && body.len <= 12;
	return marker >= JPEG_SOF0 && marker < JPEG_APP0;
}

/* Without a length, and with no place between segments: what stands behind would be taken for one. */
static bool is_bare(unsigned marker)
{
	return marker <= 1 || (marker >= JPEG_RST0 && marker <= JPEG_SOI);
}

/* JFIF may hold a small picture of its own: the fixed part alone. */
static struct view without_thumbnail(struct view body)
{
	return view_starts(body, VIEW("JFIF\0")) && body.len >= 14 ? view_sub(body, 0, 14) : body;
}

static void add_segment(struct text *out, unsigned marker, struct view body)
{
	bool jfif = marker == JPEG_APP0;
	size_t length;

	if (jfif)
		body = without_thumbnail(body);
	length = body.len + 2;
	text_add_char(out, (char)0xff);
	text_add_char(out, (char)marker);
	text_add_char(out, (char)(length >> 8));
	text_add_char(out, (char)length);
	if (jfif && body.len == 14) {
		text_add(out, body.ptr, 12);
		text_add(out, "\0", 2); /* no thumbnail: 0 by 0 */
	} else {
		text_add_view(out, body);
	}
}

/* The coded data behind a start of scan: up to the next marker that is neither a stuffed byte nor a restart. */
static size_t scan_end(struct view v, size_t at)
{
	for (; at + 1 < v.len; at++)
		if (byte_at(v, at) == 0xff && byte_at(v, at + 1) != 0 && byte_at(v, at + 1) != 0xff &&
			!(byte_at(v, at + 1) >= 0xd0 && byte_at(v, at + 1) <= 0xd7))
			return at;
	return v.len;
}

static int strip_jpeg(struct view v, struct text *out)
{
	size_t at = 2;
	bool scanned = false;

	text_add(out, "\xff\xd8", 2);
	while (at + 1 < v.len) {
		unsigned marker = byte_at(v, at + 1);
		size_t length, end;

		if (byte_at(v, at) != 0xff)
			return -1;
		if (marker == 0xff) { /* a fill byte */
			at++;
			continue;
		}
		if (marker == JPEG_EOI) {
			text_add(out, "\xff\xd9", 2);
			return scanned && !out->full ? 0 : -1;
		}
		if (is_bare(marker) || at + 4 > v.len)
			return -1;
		length = big16(v, at + 2);
		if (length < 2 || length > v.len - at - 2)
			return -1;
		if (segment_stays(marker, view_sub(v, at + 4, length - 2)))
			add_segment(out, marker, view_sub(v, at + 4, length - 2));
		at += 2 + length;
		if (marker != JPEG_SOS)
			continue;
		scanned = true;
		end = scan_end(v, at);
		text_add(out, v.ptr + at, end - at);
		at = end;
	}
	return -1; /* it ends in the middle */
}

static int strip_png(struct view v, struct text *out)
{
	static const char kept[][5] = {
		"IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "cHRM", "sRGB", "sBIT", "bKGD", "pHYs"};
	size_t at = 8;

	text_add(out, v.ptr, 8);
	while (v.len - at >= 12) {
		size_t length = big32(v, at);
		struct view name = view_sub(v, at + 4, 4);

		if (length > v.len - at - 12)
			return -1;
		for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
			if (view_equal(name, view_of(kept[i])))
				text_add(out, v.ptr + at, length + 12);
		at += length + 12;
		if (view_equal(name, VIEW("IEND")))
			return out->full ? -1 : 0;
	}
	return -1;
}

int parse_photo(struct view bytes, struct text *out)
{
	if (view_starts(bytes, VIEW("\xff\xd8\xff")))
		return strip_jpeg(bytes, out);
	if (view_starts(bytes, VIEW("\x89PNG\r\n\x1a\n")))
		return strip_png(bytes, out);
	return -1;
}
