/*
 * Mail: raw RFC 5322 bytes -> headers, texts as lines, attachments (over GMime 3, with guards around it).
 *
 * Never fails: what cannot be read is said in `reason`. Charsets are converted by base/unicode (never by GMime, whose
 * iconv opens files). Everything lives in the arena. Texts are valid UTF-8; `text` of a part is NFC and spans are byte
 * offsets in it.
 *
 * Guards: leading "From " line and blank lines are skipped; a mail with no header, or one whose multipart boundary
 * never appears, still gives its text; own RFC 2047 decoding (adjacent words of one charset joined first); From
 * is read by our own code, however badly it is written; the caps of parsers.h; base64 that is really plain text is
 * taken as it stands; format=flowed and delsp are undone.
 */
#ifndef PARSERS_MAIL_H
#define PARSERS_MAIL_H

#include "parsers/parsers.h"

/*
 * One line of a text part or of HTML rendered as text. Blank lines are lines too; a table cell has one at least, an
 * empty cell an empty one.
 *
 * Unless soft breaks were joined in it, `text` is what stands in the part's `text` from `start` to `end`.
 *
 * Quote marks ("> ") are off `text` and counted in `quote`. In HTML every <blockquote> that does more than indent
 * counts one level, and so does Outlook's bar at the left; what only holds a quote with its attribution (a gmail_quote
 * <div>, yahoo_quoted) counts none, but has `boundary`. Soft line breaks (format=flowed) are already joined. Table
 * cells: `row` and `cell` count from 1 within a part (0: not in a table); all lines of one cell share them; rows are
 * numbered on through the part, nested tables included; a table of a single cell is but a frame and counts for
 * nothing.
 */
struct mail_line {
	struct view text;  /* without quote marks and line end; white space at its end cut */
	size_t start, end; /* byte offsets in the part's `text` */
	int quote;	   /* level, 0 = not quoted */
	int row, cell;	   /* 0 or from 1 */
	bool item;	   /* first line of an <li> or a bullet that was one (the "- " is in the text) */
	bool bold;	   /* the whole line is emphasised in HTML */
	bool paragraph;	   /* HTML: a block begins here (a blank line stands before it in `text` or would) */
	bool flowed;	   /* soft breaks were joined in it */
	bool boundary; /* HTML: here a quote or an older mail begins (gmail_attr, moz-cite-prefix, OutlookMessageHeader,
			  border-top:solid #E1E1E1, <hr> before a header block) */
	bool signature; /* HTML: inside what the client marks as the signature (gmail_signature, moz-signature, ...) */
};

enum mail_part_kind { PART_PLAIN, PART_HTML, PART_OTHER };

/* An inline text part (or one that counts as one). */
struct mail_part {
	enum mail_part_kind kind;
	const char *number;	   /* IMAP part number: "1", "1.2" */
	size_t raw_start, raw_end; /* its (encoded) body in the raw bytes; 0, 0 when not known */
	struct view text;	   /* decoded UTF-8, NFC; HTML already rendered as text */
	const struct mail_line *lines;
	size_t line_count;
	int alternative; /* parts of one multipart/alternative share a number from 1; 0: none */
	bool forwarded;	 /* inside a message/rfc822 part */
};

struct mail_header {
	struct view name, value; /* value unfolded and RFC 2047-decoded */
};

struct mail {
	enum reason reason; /* REASON_NONE, OVER_SIZE, UNREADABLE, OVER_LIMIT, BOUNCE or AUTO_REPLY */
	struct envelope envelope;
	const struct mail_header *headers; /* in order */
	size_t header_count;
	const struct mail_part *parts; /* text parts in order */
	size_t part_count;
	const struct attachment *attachments;
	size_t attachment_count;
	bool dropped; /* something that was attached did not come, or not whole */
	struct view returned; /* of a report: the text or headers that came back (to find the reference), else empty */
	const struct mail_report *report; /* mail_report.h; NULL: it is none */
};

void mail_read(struct arena *arena, struct view raw, struct mail *out);
/* First header of that name (any case); empty view when there is none. */
struct view mail_header(const struct mail *mail, const char *name);
/* Lines of UTF-8 text with "> " counted (format=flowed undone when asked): what mail_read() does with a text part; for
 * channel messages too. False: these are the first PARSE_LINES_MAX of more. */
bool mail_lines(struct arena *arena, struct view text, bool flowed, bool delsp, const struct mail_line **lines_out,
	size_t *count_out);
/* Does the line begin with "- ", "* " or another bullet? */
bool mail_is_bullet(struct view line);

#endif
