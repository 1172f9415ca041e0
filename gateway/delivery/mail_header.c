/* delivery/mail_header: headers of a mail of ours. Pure; used by mailbuild.c. See mail_header.h. */
#include "delivery/mail_header.h"

#include "delivery/mail_encode.h"

static void add_date(struct text *out, int64_t date)
{
	static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char months[12][4] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t seconds = (time_t)(date / 1000000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	text_add_format(out, "Date: %s, %d %s %04d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday], tm.tm_mday,
		months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* "<left@right>" without white space, control characters, or another bracket. */
static bool is_id(struct view id)
{
	if (id.len < 5 || id.len > MAIL_ID_MAX || id.ptr[0] != '<' || id.ptr[id.len - 1] != '>' ||
		view_find_char(id, '@') < 2 || id.ptr[id.len - 2] == '@')
		return false;
	for (size_t i = 1; i + 1 < id.len; i++)
		if (id.ptr[i] <= ' ' || id.ptr[i] >= 0x7f || id.ptr[i] == '<' || id.ptr[i] == '>')
			return false;
	return true;
}

/* ---- threads ---- */

/* The Message-IDs in a header's value, each once; of too many the first and the last ones stay. */
struct ids {
	struct view list[MAIL_REFERENCES_MAX];
	size_t count;
};

static void add_id(struct ids *ids, struct view id)
{
	for (size_t i = 0; i < ids->count; i++)
		if (view_equal(ids->list[i], id))
			return;
	if (ids->count == MAIL_REFERENCES_MAX) {
		memmove(&ids->list[1], &ids->list[2], (MAIL_REFERENCES_MAX - 2) * sizeof(struct view));
		ids->count--;
	}
	ids->list[ids->count++] = id;
}

/* From one angle bracket to the next: what stands between them, blanks or words, is passed over. */
static void add_ids(struct ids *ids, struct view value)
{
	ptrdiff_t at, end;

	while ((at = view_find_char(value, '<')) >= 0) {
		value = view_sub(value, (size_t)at, value.len);
		end = view_find_char(value, '>');
		if (end < 0)
			return;
		if (is_id(view_sub(value, 0, (size_t)end + 1))) {
			add_id(ids, view_sub(value, 0, (size_t)end + 1));
			value = view_sub(value, (size_t)end + 1, value.len);
		} else {
			value = view_sub(value, 1, value.len);
		}
	}
}

static void add_id_header(const char *name, const struct ids *ids, struct text *out)
{
	if (ids->count == 0)
		return;
	text_add_format(out, "%s:", name);
	for (size_t i = 0; i < ids->count; i++)
		text_add_format(out, "%s %.*s", i > 0 ? "\r\n" : "", VIEW_ARGS(ids->list[i]));
	text_add_string(out, "\r\n");
}

/* The parent, and its forebears with it (RFC 5322 3.6.4). */
static void add_thread(const struct outgoing *mail, struct text *out)
{
	struct ids parent = {0}, forebears = {0};

	add_ids(&parent, mail->in_reply_to);
	if (parent.count > 1)
		parent.count = 1;
	add_ids(&forebears, mail->references);
	if (parent.count > 0) {
		size_t kept = 0;

		for (size_t i = 0; i < forebears.count; i++)
			if (!view_equal(forebears.list[i], parent.list[0]))
				forebears.list[kept++] = forebears.list[i];
		forebears.count = kept;
		add_id(&forebears, parent.list[0]);
	}
	add_id_header("In-Reply-To", &parent, out);
	add_id_header("References", &forebears, out);
}

/* ---- unsubscribing ---- */

static bool is_url(struct view url)
{
	if (!view_starts(url, VIEW("https://")) || url.len < 12 || url.len > MAIL_URL_MAX)
		return false;
	for (size_t i = 0; i < url.len; i++)
		if (url.ptr[i] <= ' ' || url.ptr[i] >= 0x7f || strchr("<>,\"\\^`{|}", url.ptr[i]))
			return false;
	return true;
}

/* "mailto:address?subject=..."; false when it is longer than a line may be: better none than half of one. */
static bool make_mailto(struct arena *arena, struct view address, struct view subject, struct text *uri)
{
	struct view clean = mail_header_clean(arena, subject);

	text_add_format(uri, "mailto:%.*s?subject=", VIEW_ARGS(address));
	for (size_t i = 0; i < clean.len; i++) {
		unsigned char c = (unsigned char)clean.ptr[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';

		text_add_format(uri, plain ? "%c" : "%%%02X", c);
	}
	return !uri->full;
}

/* By one click first, which needs both headers (RFC 8058), and by mail. */
static void add_unsubscribe(struct arena *arena, const struct outgoing *mail, struct view address, struct text *out)
{
	bool click = mail->unsubscribe_url.len > 0, by_mail = false;
	TEXT_SCOPED uri = {0};

	text_init(&uri, MAIL_URL_MAX);
	if (mail->unsubscribe.len > 0)
		by_mail = make_mailto(arena, address, mail->unsubscribe, &uri);
	if (!click && !by_mail)
		return;
	text_add_string(out, "List-Unsubscribe:");
	if (click)
		text_add_format(out, "%s <%.*s>%s", mail->unsubscribe_url.len > ENCODED_LINE_MAX - 20 ? "\r\n" : "",
			VIEW_ARGS(mail->unsubscribe_url), by_mail ? "," : "");
	if (by_mail)
		text_add_format(out, "%s <%s>", click || uri.len > ENCODED_LINE_MAX - 20 ? "\r\n" : "", text_string(&uri));
	text_add_string(out, "\r\n");
	if (click)
		text_add_string(out, "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
}

/* ---- all ---- */

struct addresses {
	struct view from, to, reply; /* reply.len 0: none of its own */
};

static int read_addresses(struct arena *arena, const struct outgoing *mail, struct addresses *out, struct error *err)
{
	*out = (struct addresses){0};
	if (mail_address(arena, mail->from_address, &out->from, err)) {
		err->reach = REACH_STOP; /* the config's, not this mail's */
		return error_prefix(err, "smtp.from_address");
	}
	if (mail_address(arena, mail->to_address, &out->to, err))
		return error_prefix(err, "recipient");
	if (mail->reply_to.len > 0 && mail_address(arena, mail->reply_to, &out->reply, err))
		return error_prefix(err, "reply_to");
	return 0;
}

static int check_fields(const struct outgoing *mail, struct error *err)
{
	if (!is_id(view_of(mail->header_id)))
		return error_set(err, REACH_MESSAGE, "the Message-ID is not of the form <name@domain>");
	if (mail->unsubscribe_url.len > 0 && !is_url(mail->unsubscribe_url))
		return error_set(err, REACH_MESSAGE, "unsubscribe_url is no https address of at most %d bytes", MAIL_URL_MAX);
	return 0;
}

int mail_headers(struct arena *arena, const struct outgoing *mail, struct text *out, struct error *err)
{
	struct addresses addresses;

	if (read_addresses(arena, mail, &addresses, err) || check_fields(mail, err))
		return -1;
	mail_header_address(arena, "From", mail->from_name, addresses.from, out);
	mail_header_address(arena, "To", mail->to_name, addresses.to, out);
	if (addresses.reply.len > 0)
		mail_header_address(arena, "Reply-To", mail->from_name, addresses.reply, out);
	mail_header_text(arena, "Subject", mail->subject, out);
	add_date(out, mail->date);
	text_add_format(out, "Message-ID: %s\r\n", mail->header_id);
	add_thread(mail, out);
	text_add_string(out, "MIME-Version: 1.0\r\n");
	if (mail->language.len > 0)
		mail_header_text(arena, "Content-Language", mail->language, out);
	text_add_format(out, "Auto-Submitted: %s\r\nX-Auto-Response-Suppress: All\r\n",
		mail->replies ? "auto-replied" : "auto-generated");
	if (mail->bulk)
		text_add_string(out, "Precedence: bulk\r\n");
	mail_header_text(arena, "X-Fieldpost-Loop", view_of(mail->kind), out);
	add_unsubscribe(arena, mail, addresses.reply.len > 0 ? addresses.reply : addresses.from, out);
	return 0;
}
