/*
 * parsers/mail_report_text: reports in plain words: qmail (QSBMF), Exim, sendmail, Exchange in any language, Gmail. See
 * mail_report.h.
 *
 * They have one thing in common: an address begins a line of its own, and the reason follows it, up to the next such line
 * or to the copy of the mail. What the words between are, and in which language, does not matter.
 */
#include "parsers/mail_report.h"

#include "parsers/mail_private.h"

/* The address that begins the line and ends where it cannot go on. */
static struct view leading_address(struct view line)
{
	struct view rest = view_trim(line);
	size_t n = 0;

	while (rest.len > 0 && strchr("<*-\"' ", rest.ptr[0]))
		rest = view_sub(rest, 1, SIZE_MAX);
	if (view_starts_nocase(rest, VIEW("mailto:")))
		rest = view_sub(rest, 7, SIZE_MAX);
	while (n < rest.len && (unsigned char)rest.ptr[n] > ' ' && !strchr("<>()[],;:\"'", rest.ptr[n]))
		n++;
	rest = view_sub(rest, 0, n);
	return report_is_address(rest) ? rest : VIEW_NULL;
}

/* Words that say that a server has not given up. */
static bool is_warning(const struct mail *mail, struct view text)
{
	static const char *const words[] = {"not yet been delivered", "will be retried", "warning message only",
		"delivery attempts will continue", "temporary failure", "delivery incomplete", "has been delayed", NULL};
	static const char *const subjects[] = {"warning: message", "(delay)", "delayed mail", "delivery delayed", NULL};

	return holds_any(mail->envelope.subject, subjects) || holds_any(text, words);
}

/* What stands before the copy of the mail. */
static struct view own_words(struct view text)
{
	struct view rest = text, line;

	while (view_next_line(&rest, &line))
		if (automatic_is_copy_mark(line))
			return view_sub(text, 0, (size_t)(line.ptr - text.ptr));
	return text;
}

static bool is_known(const struct report_work *work, struct view address)
{
	for (size_t i = 0; i < work->recipient_count; i++)
		if (view_equal_nocase(work->recipients[i].address, address))
			return true;
	return false;
}

/* White space to single spaces, so that it is one line. */
static struct view one_line(struct arena *arena, struct view text)
{
	char *out = arena_alloc(arena, text.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		bool space = (unsigned char)text.ptr[i] <= ' ';

		if (!space || (n > 0 && out[n - 1] != ' '))
			out[n++] = space ? ' ' : text.ptr[i];
	}
	return report_cut((struct view){out, n}, REPORT_DIAGNOSTIC_MAX);
}

static void set_reason(struct report_work *work, struct report_recipient *recipient, struct view words, bool warns)
{
	recipient->diagnostic = one_line(work->arena, report_cut(words, 4 * REPORT_DIAGNOSTIC_MAX));
	recipient->status = report_status_mean(VIEW_NULL, recipient->diagnostic);
	if (warns)
		recipient->action = REPORT_DELAYED;
}

static void read_lines(struct report_work *work, struct view text, bool warns)
{
	struct report_recipient *current = NULL;
	struct view rest = text, line;
	const char *from = NULL;

	while (view_next_line(&rest, &line)) {
		struct view address = leading_address(line);

		if (address.len == 0 || is_known(work, address))
			continue;
		if (current)
			set_reason(work, current, (struct view){from, (size_t)(line.ptr - from)}, warns);
		current = report_add(work);
		if (!current)
			return;
		current->address = address;
		from = address.ptr + address.len;
		while (from < text.ptr + text.len && strchr(">: \t\"'", *from))
			from++;
	}
	if (current)
		set_reason(work, current, (struct view){from, (size_t)(text.ptr + text.len - from)}, warns);
}

/* Exim's list of those that failed: "a@x, b@y". */
static void read_failed(struct report_work *work, const struct mail *mail, struct view text, bool warns)
{
	struct view list = mail_header(mail, "X-Failed-Recipients"), one;

	while (view_next_field(&list, ',', &one)) {
		struct view address = leading_address(one);
		struct report_recipient *added;

		if (address.len == 0 || is_known(work, address) || !(added = report_add(work)))
			continue;
		added->address = address;
		set_reason(work, added, text, warns);
	}
}

/* "Your message to bob@example.org couldn't be delivered.": the first address in the words, unless it is the report's own. */
static void read_prose(struct report_work *work, const struct mail *mail, struct view text, bool warns)
{
	struct view rest = text, word, to = view_sub(mail->envelope.to, 0, REPORT_PLACE_MAX);
	struct report_recipient *added;

	while (work->recipient_count == 0 && view_next_line(&rest, &word)) {
		struct view words = word;

		while (work->recipient_count == 0 && view_next_field(&words, ' ', &word)) {
			struct view address = leading_address(word);

			while (address.len > 0 && strchr(".!?", address.ptr[address.len - 1]))
				address = view_sub(address, 0, address.len - 1);
			if (!report_is_address(address) || view_find_nocase(to, address) >= 0 ||
				view_equal_nocase(address, mail->envelope.from_address))
				continue;
			added = report_add(work);
			added->address = address;
			set_reason(work, added, text, warns);
		}
	}
}

void report_read_text(struct report_work *work, const struct mail *mail)
{
	struct view text = mail->part_count && !mail->parts[0].forwarded ? mail->parts[0].text : VIEW_NULL;
	bool warns;

	text = own_words(report_cut(text, REPORT_TEXT_MAX));
	warns = is_warning(mail, text);

	read_lines(work, text, warns);
	read_failed(work, mail, text, warns);
	if (work->recipient_count == 0)
		read_prose(work, mail, text, warns);
}
