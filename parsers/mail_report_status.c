/* parsers/mail_report_status: addresses, codes and what a server's words mean. See mail_report.h. */
#include "parsers/mail_report.h"

#include "parsers/mail_private.h"

bool report_is_address(struct view v)
{
	ptrdiff_t at = view_find_char(v, '@');

	if (at < 1 || v.len > REPORT_ADDRESS_MAX || (size_t)at + 1 == v.len)
		return false;
	for (size_t i = 0; i < v.len; i++)
		if ((unsigned char)v.ptr[i] <= ' ' || v.ptr[i] == 127 || strchr("<>()[],;:\\\"", v.ptr[i]))
			return false;
	return view_find_char(view_sub(v, (size_t)at + 1, SIZE_MAX), '@') < 0;
}

struct view report_cut(struct view v, size_t maximum)
{
	size_t len = v.len;

	if (len > maximum) {
		len = maximum;
		while (len > 0 && ((unsigned char)v.ptr[len] & 0xc0) == 0x80)
			len--;
	}
	return view_trim_end(view_sub(v, 0, len));
}

/* ---- codes ---- */

static bool is_digit(struct view v, size_t at)
{
	return at < v.len && v.ptr[at] >= '0' && v.ptr[at] <= '9';
}

static size_t digits(struct view v, size_t at)
{
	size_t n = 0;

	while (n < 4 && is_digit(v, at + n))
		n++;
	return n;
}

/* Bytes of a status code (RFC 3463: class, subject, detail) at this place, or 0. No address of a host, no version. */
static size_t code_at(struct view v, size_t at)
{
	size_t end = at + 4, detail;

	if (at > 0 && (is_digit(v, at - 1) || v.ptr[at - 1] == '.'))
		return 0;
	if (end >= v.len || !strchr("245", v.ptr[at]) || v.ptr[at + 1] != '.' || v.ptr[at + 2] < '0' ||
		v.ptr[at + 2] > '7' || v.ptr[at + 3] != '.')
		return 0;
	detail = digits(v, end);
	end += detail;
	if (detail < 1 || detail > 3 || (end + 1 < v.len && v.ptr[end] == '.' && is_digit(v, end + 1)))
		return 0;
	return end - at;
}

struct view report_status_find(struct view text)
{
	size_t len;

	for (size_t at = 0; at < text.len; at++)
		if ((len = code_at(text, at)) > 0)
			return view_sub(text, at, len);
	return VIEW_NULL;
}

/* The class of an answer of SMTP (RFC 5321 4.2) in it: "550 no" is '5'; 0: there is none. */
static char reply_class(struct view text)
{
	for (size_t at = 0; at + 2 < text.len; at++) {
		bool begins = at == 0 || strchr(" :('\"-#", text.ptr[at - 1]);

		if (begins && (text.ptr[at] == '4' || text.ptr[at] == '5') && digits(text, at) == 3 &&
			text.ptr[at + 1] <= '5' && (at + 3 == text.len || strchr(" -:;)'\"", text.ptr[at + 3])))
			return text.ptr[at];
	}
	return 0;
}

/* ---- words ---- */

/* What servers say that give no code, or a vague one; the first that is found counts. */
static const struct meaning {
	const char *words, *status;
} meanings[] = {
	{"over quota", "5.2.2"},
	{"quota exceeded", "5.2.2"},
	{"exceeded storage", "5.2.2"},
	{"mailbox full", "5.2.2"},
	{"mailbox is full", "5.2.2"},
	{"insufficient system storage", "4.3.1"},
	{"dmarc", "5.7.26"},
	{"spf check", "5.7.23"},
	{"spam", "5.7.1"},
	{"blacklist", "5.7.1"},
	{"blocklist", "5.7.1"},
	{"block list", "5.7.1"},
	{"poor reputation", "5.7.1"},
	{"unauthenticated", "5.7.1"},
	{"recipnotfound", "5.1.1"},
	{"recipient not found", "5.1.1"},
	{"user unknown", "5.1.1"},
	{"unknown user", "5.1.1"},
	{"unknown recipient", "5.1.1"},
	{"unknown mailbox", "5.1.1"},
	{"no such user", "5.1.1"},
	{"no such recipient", "5.1.1"},
	{"no such mailbox", "5.1.1"},
	{"no mailbox here by that name", "5.1.1"},
	{"user not found", "5.1.1"},
	{"mailbox not found", "5.1.1"},
	{"invalid recipient", "5.1.1"},
	{"invalid mailbox", "5.1.1"},
	{"does not exist", "5.1.1"},
	{"doesn't have an", "5.1.1"},
	{"mailbox unavailable", "5.1.1"},
	{"account is disabled", "5.2.1"},
	{"account has been disabled", "5.2.1"},
	{"mailbox disabled", "5.2.1"},
	{"account is inactive", "5.2.1"},
	{"unrouteable", "5.1.2"},
	{"unroutable", "5.1.2"},
	{"host unknown", "5.1.2"},
	{"unknown host", "5.1.2"},
	{"host not found", "5.1.2"},
	{"domain not found", "5.1.2"},
	{"couldn't find any host named", "5.1.2"},
	{"message too large", "5.3.4"},
	{"size limit", "5.3.4"},
	{"retry timeout exceeded", "5.4.7"},
	{"retry time not reached", "5.4.7"},
	{"too long in the queue", "5.4.7"},
	{"timed out", "5.4.7"},
	{"connection refused", "5.4.1"},
};

static bool is_vague(struct view status)
{
	return status.len == 0 || view_ends(status, VIEW(".0.0")) || view_equal(status, VIEW("5.5.0"));
}

struct view report_status_mean(struct view status, struct view diagnostic)
{
	struct view found = report_status_find(diagnostic);
	char class;

	/* Exchange Online says so of addresses that its directory does not know. */
	if ((view_equal(status, VIEW("5.4.1")) || view_equal(found, VIEW("5.4.1"))) &&
		view_find_nocase(diagnostic, VIEW("access denied")) >= 0)
		return VIEW("5.1.1");
	if (is_vague(status) && !is_vague(found))
		return found;
	if (!is_vague(status))
		return status;
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (view_find_nocase(diagnostic, view_of(meanings[i].words)) >= 0)
			return view_of(meanings[i].status);
	class = reply_class(diagnostic);
	if (status.len > 0 || found.len > 0 || !class)
		return status.len > 0 ? status : found;
	return class == '4' ? VIEW("4.0.0") : VIEW("5.0.0");
}
