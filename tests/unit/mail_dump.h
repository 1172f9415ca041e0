/*
 * What the mail tests print of a mail, so that cases can be files: NAME.eml and NAME.txt, what must be read from it.
 *
 * A line of a part: its number; "q1" quote, "r1.2" row and cell, letters for its flags (i item, b bold, p paragraph, f
 * flowed, B boundary, S signature); its span; its text between bars.
 */
#ifndef TESTS_MAIL_DUMP_H
#define TESTS_MAIL_DUMP_H

#include "base/arena.h"
#include "parsers/mail.h"

static inline void dump_lines(struct text *out, const struct mail_line *lines, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct mail_line *line = &lines[i];

		text_add_format(out, "%3zu q%d r%d.%d %s%s%s%s%s%s %zu-%zu |%.*s|\n", i + 1, line->quote, line->row,
			line->cell, line->item ? "i" : "-", line->bold ? "b" : "-", line->paragraph ? "p" : "-",
			line->flowed ? "f" : "-", line->boundary ? "B" : "-", line->signature ? "S" : "-", line->start,
			line->end, VIEW_ARGS(line->text));
	}
}

static inline const char *dump_reason(enum reason reason)
{
	switch (reason) {
	case REASON_NONE:
		return "none";
	case REASON_OVER_SIZE:
		return "over-size";
	case REASON_UNREADABLE:
		return "unreadable";
	case REASON_BOUNCE:
		return "bounce";
	case REASON_AUTO_REPLY:
		return "auto-reply";
	case REASON_OVER_LIMIT:
		return "over-limit";
	default:
		return "?";
	}
}

static inline void dump_mail(struct text *out, const struct mail *mail)
{
	const struct envelope *envelope = &mail->envelope;

	text_add_format(out, "reason %s%s\n", dump_reason(mail->reason), envelope->automatic ? " automatic" : "");
	text_add_format(out, "from |%.*s| |%.*s|\n", VIEW_ARGS(envelope->from_name), VIEW_ARGS(envelope->from_address));
	text_add_format(out, "subject |%.*s|\n", VIEW_ARGS(envelope->subject));
	text_add_format(out, "date %lld\n", (long long)envelope->date);
	for (size_t i = 0; i < mail->part_count; i++) {
		const struct mail_part *part = &mail->parts[i];

		text_add_format(out, "part %s %s raw %zu-%zu alternative %d%s\n", part->number,
			part->kind == PART_HTML	   ? "html"
			: part->kind == PART_PLAIN ? "plain"
						   : "other",
			part->raw_start, part->raw_end, part->alternative, part->forwarded ? " forwarded" : "");
		dump_lines(out, part->lines, part->line_count);
	}
	for (size_t i = 0; i < mail->attachment_count; i++) {
		const struct attachment *attachment = &mail->attachments[i];

		text_add_format(out, "attachment %s %s %zu %02x%02x%02x%02x |%.*s|\n", attachment->part,
			attachment->type, attachment->size, attachment->sha256[0], attachment->sha256[1],
			attachment->sha256[2], attachment->sha256[3], VIEW_ARGS(attachment->name));
	}
	if (mail->returned.len > 0)
		text_add_format(out, "returned\n%.*s", VIEW_ARGS(mail->returned));
}

#endif
