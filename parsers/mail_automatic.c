/* mail_automatic: bounces, automatic answers, and what must never be answered. See mail_private.h. */
#include "parsers/mail_private.h"

static bool has_header(const struct mail *mail, const char *name)
{
	return mail_header(mail, name).len > 0;
}

bool is_any(struct view v, const char *const *list)
{
	for (size_t i = 0; list[i]; i++)
		if (view_equal_nocase(v, view_of(list[i])))
			return true;
	return false;
}

bool holds_any(struct view v, const char *const *list)
{
	for (size_t i = 0; list[i]; i++)
		if (view_find_nocase(v, view_of(list[i])) >= 0)
			return true;
	return false;
}

/* The value less comments and what follows a ";": "(at night) auto-replied (vacation); x=y" is auto-replied. */
static struct view token(struct view value)
{
	ptrdiff_t close;
	size_t n = 0;

	while (view_starts(value, VIEW("(")) && (close = view_find_char(value, ')')) >= 0)
		value = view_trim(view_sub(value, (size_t)close + 1, SIZE_MAX));
	while (n < value.len && !strchr("; (\t", value.ptr[n]))
		n++;
	return view_sub(value, 0, n);
}

static struct view local_part(struct view address)
{
	ptrdiff_t at = view_find_char(address, '@');

	return at < 0 ? address : view_sub(address, 0, (size_t)at);
}

const struct leaf *report_leaf(const struct tree *tree, const char *const *types)
{
	for (size_t i = 0; i < tree->leaf_count; i++)
		if (tree->leaves[i].report && is_any(view_of(tree->leaves[i].type), types))
			return &tree->leaves[i];
	return NULL;
}

/* The mail's own first text: what a plain report says stands there. */
static struct view first_text(const struct mail *mail)
{
	return mail->part_count && !mail->parts[0].forwarded ? mail->parts[0].text : VIEW_NULL;
}

/* ---- bounces ---- */

static const char *const delivery_types[] = {"message/delivery-status", "message/global-delivery-status", NULL};

/* Words with which mail servers begin to say that a mail did not arrive. */
static const char *const plain_reports[] = {
	"This message was created automatically by mail delivery software",
	"Hi. This is the qmail",
	"This is the mail system at host",
	"This is the Postfix program at host",
	"Diagnostic information for administrators",
	"Delivery to the following recipient failed",
	"The following message to <",
	"Your message did not reach some or all of the intended recipients",
	"Your message couldn't be delivered",
	"Your message wasn't delivered",
	"Delivery has failed to these recipients",
	"The original message was received at",
	"----- The following addresses had permanent fatal errors -----",
	"This Message was undeliverable due to the following reason",
	"Message could not be delivered",
	"could not be delivered to one or more of its",
	"Remote Server returned '",
	"Original message headers:",
	NULL,
};

static const char *const bounce_subjects[] = {"undelivered mail", "mail delivery failed",
	"delivery status notification", "failure notice", "returned mail", "undeliverable", "mail delivery failure",
	"delivery failure", "delivery failed", "non remis", "non_remis", "non recapitabile", "onbestelbaar",
	"unzustellbar", "no se puede entregar", "não_entregue", "não entregue", "تعذر التسليم", "warning: message",
	"mail system error", NULL};

static const char *const daemon_names[] = {
	"mailer-daemon", "postmaster", "mail-daemon", "mailerdaemon", "mdaemon", NULL};

/* Does a mail server speak? Not a person who writes about a bounce or forwards one. */
static bool from_server(const struct mail *mail)
{
	struct view local = local_part(mail->envelope.from_address);

	return is_any(local, daemon_names) || view_starts_nocase(local, VIEW("MicrosoftExchange")) ||
	       view_equal(mail_header(mail, "Return-Path"), VIEW("<>")) || mail->envelope.from_address.len == 0;
}

static bool is_bounce(const struct mail *mail, const struct tree *tree)
{
	struct view kind = parameters_token(tree->content, "report-type");

	if (view_equal(tree->content->type, VIEW("multipart/report")) &&
		view_equal_nocase(kind, VIEW("delivery-status")))
		return true;
	if (report_leaf(tree, delivery_types) || is_any(tree->content->type, delivery_types))
		return true;
	for (size_t i = 0; i < mail->header_count; i++)
		if (view_equal_nocase(mail->headers[i].name, VIEW("X-MS-Exchange-Message-Is-Ndr")))
			return true; /* it has no value */
	if (!from_server(mail))
		return false;
	return has_header(mail, "X-Failed-Recipients") || holds_any(first_text(mail), plain_reports) ||
	       holds_any(mail->envelope.subject, bounce_subjects);
}

/* ---- what came back with a bounce ---- */

static const char *const header_types[] = {"text/rfc822-headers", "message/global-headers", "message/rfc822", NULL};

/* Marks behind which a plain report puts the mail itself. */
static const char *const copy_marks[] = {
	"------ This is a copy of",
	"--- Below this line is a copy of the message.",
	"--- Undelivered message follows ---",
	"--- The header of the original message is following",
	"----- Original message follows -----",
	"----- Original message -----",
	"--- Original message follows.",
	"Original message headers:",
	"----- Message header follows -----",
	NULL,
};

static void add_line(struct text *out, struct view name, struct view value)
{
	text_add_view(out, name);
	text_add_string(out, ": ");
	text_add_view(out, value);
	text_add_char(out, '\n');
}

/* Fields decoded, then the texts that follow them. */
static void add_mail(struct arena *arena, struct view raw, struct text *out)
{
	struct mail inner;

	mail_read_inner(arena, raw, &inner);
	for (size_t i = 0; i < inner.header_count; i++)
		add_line(out, inner.headers[i].name, inner.headers[i].value);
	for (size_t i = 0; i < inner.part_count; i++) {
		text_add_char(out, '\n');
		text_add_view(out, inner.parts[i].text);
	}
}

static void add_fields(struct arena *arena, struct view raw, struct text *out)
{
	size_t from = header_skip(raw), at = 0;
	struct view rest = view_sub(raw, from, SIZE_MAX);
	struct header_field field;

	while (header_next(rest, &at, &field) == 1)
		add_line(out, field.name, words_decode(arena, field.value));
}

bool automatic_is_copy_mark(struct view line)
{
	return line.len > 3 && holds_any(line, copy_marks);
}

static struct view behind_mark(struct view text)
{
	struct view rest = text, line;

	while (view_next_line(&rest, &line))
		if (automatic_is_copy_mark(line))
			return rest;
	return VIEW_NULL;
}

static struct view read_returned(struct arena *arena, const struct mail *mail, const struct tree *tree)
{
	const struct leaf *headers = report_leaf(tree, header_types);
	struct view copy = headers ? VIEW_NULL : behind_mark(first_text(mail)), result;
	TEXT_SCOPED out = {0};
	bool cut;

	text_init(&out, PARSE_TEXT_MAX);
	if (headers)
		add_fields(arena, body_decode(arena, headers->body, headers->encoding, PARSE_HEADER_MAX, &cut), &out);
	for (size_t i = 0; i < mail->part_count; i++)
		if (mail->parts[i].forwarded) {
			text_add_char(&out, '\n');
			text_add_view(&out, mail->parts[i].text);
		}
	if (copy.len > 0)
		add_mail(arena, copy, &out);
	result = (struct view){arena_copy(arena, text_string(&out), out.len), out.len};
	return result;
}

/* ---- automatic answers ---- */

static bool is_auto_reply(const struct mail *mail, const struct tree *tree)
{
	static const char *const types[] = {"message/disposition-notification",
		"message/global-disposition-notification", "message/feedback-report", NULL};
	static const char *const kinds[] = {"disposition-notification", "feedback-report", NULL};
	static const char *const flags[] = {"X-Autoreply", "X-Autorespond", NULL};
	struct view submitted = token(mail_header(mail, "Auto-Submitted"));

	if (submitted.len > 0 && !view_equal_nocase(submitted, VIEW("no")))
		return true;
	for (size_t i = 0; flags[i]; i++)
		if (has_header(mail, flags[i]) && !view_equal_nocase(token(mail_header(mail, flags[i])), VIEW("no")))
			return true;
	if (view_equal_nocase(token(mail_header(mail, "Precedence")), VIEW("auto_reply")))
		return true;
	if (view_equal(tree->content->type, VIEW("multipart/report")) &&
		is_any(parameters_token(tree->content, "report-type"), kinds))
		return true;
	return report_leaf(tree, types) || is_any(tree->content->type, types);
}

static bool is_role(struct view local)
{
	static const char *const names[] = {"mailer-daemon", "postmaster", "no-reply", "noreply", "do-not-reply",
		"donotreply", "no_reply", "do_not_reply", "bounce", "bounces", "listserv", "majordomo", "mailman",
		NULL};
	static const char *const ends[] = {"-owner", "-request", "-bounce", "-bounces", "-noreply", "-no-reply", NULL};
	static const char *const starts[] = {
		"owner-", "bounce+", "bounces+", "noreply+", "no-reply+", "noreply-", "no-reply-", NULL};

	if (is_any(local, names))
		return true;
	for (size_t i = 0; ends[i]; i++)
		if (local.len > strlen(ends[i]) &&
			view_equal_nocase(view_sub(local, local.len - strlen(ends[i]), SIZE_MAX), view_of(ends[i])))
			return true;
	for (size_t i = 0; starts[i]; i++)
		if (view_starts_nocase(local, view_of(starts[i])))
			return true;
	return false;
}

/* Nothing is answered to lists, to bulk and to who asks for silence, although their mail may be a person's. */
static bool wants_no_answer(const struct mail *mail)
{
	static const char *const precedences[] = {"bulk", "junk", "list", NULL};
	static const char *const suppressed[] = {"All", "AutoReply", "OOF", NULL};

	if (is_any(token(mail_header(mail, "Precedence")), precedences))
		return true;
	if (holds_any(mail_header(mail, "X-Auto-Response-Suppress"), suppressed))
		return true;
	if (view_equal(view_trim(mail_header(mail, "Return-Path")), VIEW("<>")))
		return true;
	for (size_t i = 0; i < mail->header_count; i++)
		if (view_starts_nocase(mail->headers[i].name, VIEW("List-")) ||
			view_starts_nocase(mail->headers[i].name, VIEW("X-Fieldpost-")))
			return true;
	return is_role(local_part(mail->envelope.from_address));
}

void automatic_read(struct arena *arena, const struct tree *tree, struct mail *mail)
{
	bool report = view_equal(tree->content->type, VIEW("multipart/report"));

	if (is_bounce(mail, tree))
		mail->reason = REASON_BOUNCE;
	else if (is_auto_reply(mail, tree))
		mail->reason = REASON_AUTO_REPLY;
	if (mail->reason == REASON_BOUNCE || (mail->reason == REASON_AUTO_REPLY && report)) {
		mail->returned = read_returned(arena, mail, tree);
		report_read(arena, tree, mail);
	}
	mail->envelope.automatic = mail->reason != REASON_NONE || report || wants_no_answer(mail);
}
