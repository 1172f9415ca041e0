/*
 * What the mail tests print of a mail, so that cases can be files: NAME.eml and NAME.txt, what must be read from it.
 *
 * A line of a part: its number; "q1" quote, "r1.2" row and cell, letters for its flags (i item, b bold, p paragraph, f
 * flowed, B boundary, S signature); its span; its text between bars.
 */
#ifndef TESTS_MAIL_DUMP_H
#define TESTS_MAIL_DUMP_H

#include "tests/unit/unit.h"

#include <dirent.h>

#include "base/unicode.h"
#include "parsers/mail.h"
#include "parsers/mail_report.h"

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

static inline void dump_report(struct text *out, const struct mail_report *report)
{
	text_add_format(out, "report %s\n", report_kind_name(report->kind));
	for (size_t i = 0; i < report->id_count; i++)
		text_add_format(out, "of %.*s\n", VIEW_ARGS(report->ids[i]));
	for (size_t i = 0; i < report->place_count; i++)
		text_add_format(out, "to |%.*s|\n", VIEW_ARGS(report->places[i]));
	for (size_t i = 0; i < report->recipient_count; i++) {
		const struct report_recipient *one = &report->recipients[i];

		text_add_format(out, "%s |%.*s| |%.*s| %.*s |%.*s|\n", report_action_name(one->action),
			VIEW_ARGS(one->address), VIEW_ARGS(one->original), VIEW_ARGS(one->status),
			VIEW_ARGS(one->diagnostic));
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
	if (mail->report)
		dump_report(out, mail->report);
	if (mail->returned.len > 0)
		text_add_format(out, "returned\n%.*s", VIEW_ARGS(mail->returned));
}

/* What holds of every line: its span lies in the part's text and is what it says. */
static inline void check_lines(const char *name, struct view text, const struct mail_line *lines, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct mail_line *line = &lines[i];

		if (line->start > line->end || line->end > text.len)
			fail_msg("%s: line %zu lies outside its text", name, i + 1);
		if (!line->flowed && !view_equal(line->text, view_sub(text, line->start, line->end - line->start)))
			fail_msg("%s: line %zu is not what stands in its text", name, i + 1);
		if (!unicode_valid(line->text))
			fail_msg("%s: line %zu is not UTF-8", name, i + 1);
	}
}

typedef void (*case_run)(const char *name, struct view input, struct view expected);

static inline int case_order(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Each FOLDER/NAME.SUFFIX with FOLDER/NAME.txt, what must come of it; returns how many. */
static inline size_t each_case(const char *folder, const char *suffix, case_run run)
{
	struct arena *arena = arena_new();
	struct dirent **list;
	int entries = scandir(folder, &list, NULL, case_order);
	size_t count = 0;

	for (int i = 0; i < entries; i++) {
		struct view name = view_of(arena_strdup(arena, list[i]->d_name)), stem;

		free(list[i]);
		if (!view_ends(name, view_of(suffix)))
			continue;
		stem = view_sub(name, 0, name.len - strlen(suffix));
		run(name.ptr, unit_file(arena, arena_printf(arena, "%s/%s", folder, name.ptr)),
			unit_file(arena, arena_printf(arena, "%s/%.*s.txt", folder, VIEW_ARGS(stem))));
		count++;
	}
	if (entries >= 0)
		free(list);
	arena_free(&arena);
	return count;
}

/* Says where the first line is that differs. */
static inline void same_dump(const char *name, struct view actual, struct view expected)
{
	struct view got, wanted;

	for (int number = 1; !view_equal(actual, expected); number++) {
		bool more, wants;

		got = wanted = VIEW("(nothing)");
		more = view_next_line(&actual, &got);
		wants = view_next_line(&expected, &wanted);

		if (more != wants || (more && !view_equal(got, wanted)))
			fail_msg("%s: line %d of what was read is \"%.*s\", expected \"%.*s\"", name, number,
				VIEW_ARGS(got), VIEW_ARGS(wanted));
		if (!more)
			return;
	}
}

#endif
