/*
 * Encodings of a mail: quoted-printable and base64 bodies (RFC 2045), encoded words (RFC 2047), parameters (RFC 2231),
 * addresses. Bytes in, ASCII out; no line longer than 76 characters but where a single word of ASCII is longer.
 */
#ifndef DELIVERY_MAIL_ENCODE_H
#define DELIVERY_MAIL_ENCODE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

#define ENCODED_LINE_MAX 76 /* RFC 2045 6.7 and 6.8 */
#define ENCODED_WORD_MAX 75 /* RFC 2047 2 */

enum mail_encoding { MAIL_ENCODING_QP, MAIL_ENCODING_BASE64 };

/* The one that gives the smaller body: quoted-printable for mostly Latin text, base64 for the others. */
enum mail_encoding mail_encoding_of(struct view text);
/* Lines parted by LF (or CRLF) in, lines ended by CRLF out. */
void mail_encode_qp(struct view text, struct text *out);
/* Text lines are made CRLF first when `text_lines` is set. */
void mail_encode_base64(struct view bytes, bool text_lines, struct text *out);

/*
 * A header, "Name: value", of what an unstructured one may hold: control characters (CR and LF among them) and bidi
 * controls become spaces, runs of space become one, anything but ASCII becomes encoded words, long values are folded.
 */
void mail_header_text(struct arena *arena, const char *name, struct view value, struct text *out);
/* "Name: Display Name <address>"; the address must have passed mail_address(). */
void mail_header_address(
	struct arena *arena, const char *name, struct view display, struct view address, struct text *out);
/*
 * A parameter on a line of its own, behind the header's line: ASCII in quotes, else by RFC 2231. What is no name of a
 * file is cleaned as for headers; "/" and "\" become "_".
 */
void mail_parameter(struct arena *arena, const char *name, struct view value, struct text *out);
/* The value without control and bidi characters, spaces squeezed and trimmed. */
struct view mail_header_clean(struct arena *arena, struct view value);

/*
 * An address fit for a header and for SMTP: one "@", printable ASCII without spaces, quotes, angle brackets, commas and
 * the like on the left, a domain on the right, whose other letters become A-labels (IDNA). Else REACH_MESSAGE.
 */
int mail_address(struct arena *arena, struct view address, struct view *out, struct error *err);

#endif
