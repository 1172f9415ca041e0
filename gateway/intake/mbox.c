/* intake/mbox: mails out of an mbox file's bytes. See import.h. Pure. */
#include <string.h>

#include "intake/import.h"

/* "Sat Nov 21 18:00:00 2026", as it stands behind the sender; the rest of the line does not matter. */
static bool read_time(struct view text, int64_t *time_out)
{
	char copy[64];
	struct tm tm = {0};
	const char *end;

	snprintf(copy, sizeof(copy), "%.*s", text.len < sizeof(copy) ? (int)text.len : (int)sizeof(copy) - 1, text.ptr);
	end = strptime(copy, "%a %b %d %H:%M:%S %Y", &tm);
	if (!end) {
		/* Some programs put the zone before the year. */
		char zone[8];
		int year, day, hour, minute, second;
		char weekday[4], month[4];

		if (sscanf(copy, "%3s %3s %d %d:%d:%d %7s %d", weekday, month, &day, &hour, &minute, &second, zone,
			    &year) != 8)
			return false;
		snprintf(copy, sizeof(copy), "%s %s %d %d:%d:%d %d", weekday, month, day, hour, minute, second, year);
		if (!strptime(copy, "%a %b %d %H:%M:%S %Y", &tm))
			return false;
	}
	*time_out = (int64_t)timegm(&tm) * 1000000;
	return true;
}

bool import_is_envelope(struct view line, int64_t *time_out)
{
	struct view rest = line, word;
	int64_t time;

	if (!view_starts(line, VIEW("From ")))
		return false;
	/* The sender's address may hold blanks in quotes: the time is looked for behind each word. */
	view_next_field(&rest, ' ', &word);
	while (view_next_field(&rest, ' ', &word)) {
		struct view left = view_trim(rest);

		if (left.len >= 20 && read_time(left, &time)) {
			*time_out = time;
			return true;
		}
	}
	return false;
}

/* ">From", ">>From", ...: a mail's own line that an mbox may not hold as it was. */
static bool is_quoted_from(struct view line)
{
	size_t quotes = 0;

	while (quotes < line.len && line.ptr[quotes] == '>')
		quotes++;
	return quotes > 0 && view_starts(view_sub(line, quotes, line.len), VIEW("From "));
}

/* The length of the mail at the beginning of `text`, and whether a line of it must be mended. */
static size_t measure(struct view text, bool *quoted_out)
{
	struct view rest = text, line;
	bool empty_before = false;
	int64_t ignored;

	*quoted_out = false;
	while (rest.len) {
		size_t at = text.len - rest.len;

		view_next_line(&rest, &line);
		if (empty_before && import_is_envelope(line, &ignored))
			return at;
		*quoted_out = *quoted_out || is_quoted_from(line);
		empty_before = line.len == 0;
	}
	return text.len;
}

static struct view mend(struct view text, struct arena *arena)
{
	struct view rest = text, line;
	char *made = arena_alloc(arena, text.len);
	size_t len = 0;

	while (rest.len) {
		const char *start = rest.ptr;
		size_t size;

		view_next_line(&rest, &line);
		size = rest.len ? (size_t)(rest.ptr - start) : (size_t)(text.ptr + text.len - start);
		if (is_quoted_from(line)) {
			start++;
			size--;
		}
		memcpy(made + len, start, size);
		len += size;
	}
	return (struct view){made, len};
}

bool import_next_mail(struct view *rest, struct arena *arena, struct import_mail *mail_out)
{
	struct view envelope, mail;
	bool quoted;

	if (!rest->len)
		return false;
	mail_out->received = 0;
	view_next_line(rest, &envelope);
	import_is_envelope(envelope, &mail_out->received);
	mail = view_sub(*rest, 0, measure(*rest, &quoted));
	*rest = view_sub(*rest, mail.len, rest->len);
	/* The empty line before the next envelope is the mbox's, not the mail's. */
	if (view_ends(mail, VIEW("\r\n\r\n")))
		mail.len -= 2;
	else if (view_ends(mail, VIEW("\n\n")))
		mail.len -= 1;
	mail_out->raw = quoted ? mend(mail, arena) : mail;
	return true;
}
