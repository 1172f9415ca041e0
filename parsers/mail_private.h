/*
 * What the files of the mail reader share; nobody else includes it.
 *
 * mail.c reads a mail with these: mail_header.c (fields), mail_words.c (RFC 2047 and 2231), mail_address.c (From),
 * mail_client.c (by which program), mail_tree.c (GMime's tree to leaves), mail_part.c (leaves to texts and
 * attachments), mail_body.c (transfer encodings, charsets), mail_text.c (lines of plain text), mail_attachment.c
 * (names, types, sums), mail_automatic.c (bounces, automatic answers), mail_report.c, mail_report_text.c,
 * mail_report_status.c (what a report says), mail_authentication.c (whose mail it really is).
 */
#ifndef PARSERS_MAIL_PRIVATE_H
#define PARSERS_MAIL_PRIVATE_H

#include "parsers/mail.h"
#include "parsers/mail_report.h"

#define MAIL_PARAMETERS_MAX 64	 /* of one Content-Type or Content-Disposition */
#define MAIL_NAME_MAX 255	 /* bytes of an attachment's name */
#define MAIL_DELIMITERS_MAX 8000 /* lines that look like a boundary before GMime is not even asked */
#define MAIL_NESTING_MAX 1000	 /* boundary= and message/rfc822 in a mail, likewise */
#define MAIL_BODY_LARGE ((size_t)65536) /* bytes of a body whose steps from bytes to text are not kept till the end */

/* ---- mail.c ---- */

/* A mail found inside another: mail_read() without the look for bounces, so that none is looked for in a bounce. */
void mail_read_inner(struct arena *arena, struct view raw, struct mail *out);

struct tree;
/* The same, with the tree that it came from. */
void mail_read_tree(struct arena *arena, struct view raw, struct mail *out, struct tree *tree);

/* ---- mail_header.c ---- */

struct header_field {
	struct view name;
	struct view value; /* behind the colon, as it stands: folding and line end included */
};

/* Where the fields begin: behind a leading "From " line and blank lines. */
size_t header_skip(struct view raw);
/*
 * The next field at *at: 1; at the end of the block 0 with *at at the body's first byte. Lines that are no field are
 * skipped, unless no field came before them: then there is no header at all.
 */
int header_next(struct view raw, size_t *at, struct header_field *out);
/* Line ends of folding taken out, ends trimmed, NUL dropped. Not decoded. */
struct view header_unfold(struct arena *arena, struct view value);
/* Is the field's value free of folding, encoded words and non-ASCII bytes? */
bool header_is_plain(struct view value);

/* ---- mail_words.c ---- */

/* Unfolds and decodes RFC 2047 words (also inside quotes); raw 8-bit bytes by the charset rules; control characters
 * become spaces; NFC. */
struct view words_decode(struct arena *arena, struct view value);

/* "text/plain; charset=utf-8; name*0*=..." taken apart. */
struct parameters {
	struct view type; /* what stands before the first ";", lower case, without comments */
	size_t count;
	struct parameter {
		struct view name;  /* lower case, as it stands: "filename*0*" */
		struct view value; /* unquoted */
	} list[MAIL_PARAMETERS_MAX];
};
void parameters_read(struct arena *arena, struct view value, struct parameters *out);
/* Plain value as it stands; empty when there is none. */
struct view parameters_get(const struct parameters *parameters, const char *name);
/* Its first word: what follows in a badly written value is dropped. */
struct view parameters_token(const struct parameters *parameters, const char *name);
/* The value for people: RFC 2231 (continuations, charset) first, else the plain one with its RFC 2047 words decoded. */
struct view parameters_decode(struct arena *arena, const struct parameters *parameters, const char *name);

/* ---- mail_address.c ---- */

/* First mailbox of an address field. Either may come out empty. */
void address_read(struct arena *arena, struct view value, struct view *name_out, struct view *address_out);

/* ---- mail_client.c ---- */

/* The program that a mail was written with, lower case, without its version, at most MAIL_CLIENT_MAX bytes. */
#define MAIL_CLIENT_MAX 40
struct view client_read(struct arena *arena, const struct mail *mail);

/* ---- mail_body.c ---- */

enum body_encoding { BODY_IDENTITY, BODY_BASE64, BODY_QUOTED, BODY_UUENCODE };

enum body_encoding body_encoding(struct view name);
/* Undoes the transfer encoding piece by piece; `take` returns false to stop. */
typedef bool (*body_take)(void *context, struct view piece);
void body_stream(struct view raw, enum body_encoding encoding, body_take take, void *context);
/* The same into one block; at most `maximum` bytes come out, *cut_out says whether more there was. */
struct view body_decode(
	struct arena *arena, struct view raw, enum body_encoding encoding, size_t maximum, bool *cut_out);
/* The same to text: base64 that is plain text stays, charset (of HTML without one: its <meta>) to UTF-8, line ends LF,
 * NFC. */
struct view body_text(struct arena *arena, struct view raw, enum body_encoding encoding, struct view charset, bool html,
	size_t maximum, bool *cut_out);

/* ---- mail_attachment.c ---- */

int attachment_open(struct error *err);
void attachment_read(struct arena *arena, struct view raw, enum body_encoding encoding, const char *declared,
	struct attachment *out);
/* No path, no control or bidi characters, no dots or spaces at the ends, at most MAIL_NAME_MAX bytes. */
struct view attachment_name(struct arena *arena, struct view name);

/* ---- mail_tree.c ---- */

struct leaf {
	const char *number;		/* "1.2" */
	const char *type;		/* "text/html", lower case */
	struct parameters *content;	/* of Content-Type; never NULL */
	struct parameters *disposition; /* of Content-Disposition; never NULL */
	enum body_encoding encoding;
	struct view body; /* in the raw bytes, encoded */
	int alternative;
	int related; /* position in its multipart/related from 1, 0: in none */
	bool forwarded;
	bool report;  /* child of the mail's own multipart/report */
	bool headers; /* `body` holds the header block of a forwarded message: not a part */
};

struct tree {
	struct parameters *content; /* of the mail itself */
	struct leaf *leaves;
	size_t leaf_count;
	size_t leaf_size;
	int alternatives;
	bool over_limit;
	bool unreadable; /* set by parts_read(): there are bytes, and no text came of them */
};

/* Would GMime take seconds over it? Linear, before it is asked. */
bool tree_is_costly(struct view body);
/* raw: from the first field on. Leaves in order; none when GMime finds none. */
void tree_read(struct arena *arena, struct view raw, struct tree *out);

/* ---- mail_part.c ---- */

/* Texts to out->parts, all else to out->attachments; says in the tree what went wrong. raw: the whole mail. */
void parts_read(struct arena *arena, struct view raw, struct tree *tree, struct mail *out);

/* ---- mail_automatic.c ---- */

/* Sets mail->reason (bounce, auto-reply, or as it is), mail->returned, mail->report and envelope.automatic. */
void automatic_read(struct arena *arena, const struct tree *tree, struct mail *mail);
/* Does a plain report put the mail itself behind this line? */
bool automatic_is_copy_mark(struct view line);
/* The part of that type of the mail's own multipart/report. */
const struct leaf *report_leaf(const struct tree *tree, const char *const *types);
bool is_any(struct view v, const char *const *list);	/* any case; the list ends with NULL */
bool holds_any(struct view v, const char *const *list); /* any case */

/* ---- mail_report.c ---- */

/* What is gathered of a report. */
struct report_work {
	struct arena *arena;
	struct report_recipient *recipients; /* REPORT_RECIPIENTS_MAX */
	size_t recipient_count;
	struct view *ids; /* REPORT_IDS_MAX */
	size_t id_count;
};

/* Sets mail->report where the mail is one; mail->reason and mail->returned are set already. */
void report_read(struct arena *arena, const struct tree *tree, struct mail *mail);
/* One more; NULL when there are too many. */
struct report_recipient *report_add(struct report_work *work);

/* ---- mail_report_text.c ---- */

void report_read_text(struct report_work *work, const struct mail *mail);

/* ---- mail_report_status.c ---- */

bool report_is_address(struct view v);
/* Whole characters, no white space at the end. */
struct view report_cut(struct view v, size_t maximum);
/* The first status code in the text ("550 5.1.1 no" has "5.1.1"); empty: none. */
struct view report_status_find(struct view text);
/* The status, or where it is vague (none, x.0.0) what the diagnostic means. */
struct view report_status_mean(struct view status, struct view diagnostic);

#endif
