/*
 * parsers/mail_report: reports that are made for machines: their fields, the Message-IDs, the places. See mail_report.h;
 * neighbours: mail_report_text.c (reports in plain words), mail_report_status.c (what a diagnostic means).
 */
#include "parsers/mail_report.h"

#include "parsers/mail_private.h"

static const char *const kind_names[] = {
	[REPORT_DELIVERY] = "delivery", [REPORT_DISPOSITION] = "disposition", [REPORT_ABUSE] = "abuse"};

static const char *const action_names[] = {
	[REPORT_FAILED] = "failed",
	[REPORT_DELAYED] = "delayed",
	[REPORT_DELIVERED] = "delivered",
	[REPORT_RELAYED] = "relayed",
	[REPORT_EXPANDED] = "expanded",
};

const char *report_kind_name(enum report_kind kind)
{
	return kind_names[kind];
}

const char *report_action_name(enum report_action action)
{
	return action_names[action];
}

/* ---- what is gathered ---- */

struct report_recipient *report_add(struct report_work *work)
{
	struct report_recipient *added;

	if (work->recipient_count >= REPORT_RECIPIENTS_MAX)
		return NULL;
	added = &work->recipients[work->recipient_count++];
	*added = (struct report_recipient){.action = REPORT_FAILED};
	return added;
}

static bool has_id(const struct report_work *work, struct view id)
{
	for (size_t i = 0; i < work->id_count; i++)
		if (view_equal(work->ids[i], id))
			return true;
	return false;
}

/* Every "<...@...>" of a field's value. */
static void add_ids(struct report_work *work, struct view value)
{
	ptrdiff_t open, close;

	while (work->id_count < REPORT_IDS_MAX && (open = view_find_char(value, '<')) >= 0) {
		struct view id;

		value = view_sub(value, (size_t)open, SIZE_MAX);
		close = view_find_char(value, '>');
		if (close < 0)
			return;
		id = view_sub(value, 0, (size_t)close + 1);
		value = view_sub(value, (size_t)close + 1, SIZE_MAX);
		if (id.len > 4 && id.len <= 998 && view_find_char(id, '@') > 0 && !has_id(work, id))
			work->ids[work->id_count++] = id;
	}
}

/* ---- fields ---- */

/* "rfc822; a@b", "RFC822;<a@b>", "a@b": the address, or nothing. */
static struct view recipient_address(struct view value)
{
	ptrdiff_t mark = view_find_char(value, ';');
	struct view address = view_trim(mark < 0 ? value : view_sub(value, (size_t)mark + 1, SIZE_MAX));

	if (address.len > 1 && address.ptr[0] == '<' && address.ptr[address.len - 1] == '>')
		address = view_trim(view_sub(address, 1, address.len - 2));
	return report_is_address(address) ? address : VIEW_NULL;
}

static struct view first_word(struct view value)
{
	size_t n = 0;

	while (n < value.len && (unsigned char)value.ptr[n] > ' ' && value.ptr[n] != '(' && value.ptr[n] != ';')
		n++;
	return view_sub(value, 0, n);
}

static bool read_action(struct view value, enum report_action *out)
{
	for (size_t i = 0; i < sizeof(action_names) / sizeof(action_names[0]); i++)
		if (view_equal_nocase(first_word(value), view_of(action_names[i]))) {
			*out = (enum report_action)i;
			return true;
		}
	return false;
}

/* The fields of one recipient's block. */
struct block {
	struct report_recipient recipient;
	bool has_recipient, has_action;
};

static void read_field(struct arena *arena, const struct header_field *field, struct block *block)
{
	struct view value = view_trim(words_decode(arena, field->value));
	struct report_recipient *recipient = &block->recipient;
	ptrdiff_t mark;

	if (view_equal_nocase(field->name, VIEW("Final-Recipient"))) {
		recipient->address = recipient_address(value);
		block->has_recipient = true;
	} else if (view_equal_nocase(field->name, VIEW("Original-Recipient")) ||
		   view_equal_nocase(field->name, VIEW("Original-Rcpt-To"))) {
		recipient->original = recipient_address(value);
		block->has_recipient = true;
	} else if (view_equal_nocase(field->name, VIEW("Action"))) {
		block->has_action = read_action(value, &recipient->action);
		block->has_recipient = true;
	} else if (view_equal_nocase(field->name, VIEW("Status"))) {
		recipient->status = report_status_find(first_word(value));
		block->has_recipient = true;
	} else if (view_equal_nocase(field->name, VIEW("Diagnostic-Code"))) {
		mark = view_find_char(value, ';');
		recipient->diagnostic = view_trim(mark < 0 ? value : view_sub(value, (size_t)mark + 1, SIZE_MAX));
	}
}

static enum report_action action_of_status(struct view status)
{
	if (view_starts(status, VIEW("2")))
		return REPORT_DELIVERED;
	return view_starts(status, VIEW("4")) ? REPORT_DELAYED : REPORT_FAILED;
}

static void take_block(struct report_work *work, struct block *block)
{
	struct report_recipient *recipient = block->has_recipient ? report_add(work) : NULL;

	if (!recipient)
		return;
	*recipient = block->recipient;
	recipient->diagnostic = report_cut(recipient->diagnostic, REPORT_DIAGNOSTIC_MAX);
	recipient->status = report_status_mean(recipient->status, recipient->diagnostic);
	if (!block->has_action)
		recipient->action = action_of_status(recipient->status);
}

/* Blocks parted by blank lines; the first is of the report as a whole, and has none of a recipient's fields. */
static void read_blocks(struct report_work *work, struct view text)
{
	while (text.len > 0 && work->recipient_count < REPORT_RECIPIENTS_MAX) {
		struct block block = {.recipient = {.action = REPORT_FAILED}};
		struct header_field field;
		size_t at = 0, skip = header_skip(text);

		text = view_sub(text, skip, SIZE_MAX);
		while (header_next(text, &at, &field) == 1) {
			if (view_equal_nocase(field.name, VIEW("Original-Message-ID")))
				add_ids(work, words_decode(work->arena, field.value));
			read_field(work->arena, &field, &block);
		}
		take_block(work, &block);
		if (at == 0)
			return;
		text = view_sub(text, at, SIZE_MAX);
	}
}

static bool read_leaf(struct report_work *work, const struct tree *tree, const char *const *types)
{
	const struct leaf *leaf = report_leaf(tree, types);
	bool cut;

	if (!leaf && tree->leaf_count == 1 && is_any(tree->content->type, types))
		leaf = &tree->leaves[0];
	if (!leaf)
		return false;
	read_blocks(work, body_decode(work->arena, leaf->body, leaf->encoding, PARSE_HEADER_MAX, &cut));
	return true;
}

/* ---- the whole ---- */

static void add_returned_id(struct report_work *work, struct view returned)
{
	struct view line;

	while (view_next_line(&returned, &line))
		if (view_starts_nocase(line, VIEW("Message-ID:")))
			add_ids(work, view_sub(line, 11, SIZE_MAX));
}

/* Of mails that are made by programs, these name the mail that they are about. */
static void add_threads(struct report_work *work, const struct mail *mail)
{
	static const char *const names[] = {"In-Reply-To", "References", "X-Original-Message-ID"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		add_ids(work, mail_header(mail, names[i]));
}

static bool is_place(struct view name)
{
	static const char *const names[] = {
		"To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", NULL};

	return is_any(name, names);
}

static void finish(struct report_work *work, enum report_kind kind, struct mail *mail)
{
	struct mail_report *report = ARENA_NEW(work->arena, struct mail_report);
	struct view *places = ARENA_NEW_N(work->arena, struct view, REPORT_PLACES_MAX);

	add_returned_id(work, mail->returned);
	add_threads(work, mail);
	for (size_t i = 0; i < mail->header_count && report->place_count < REPORT_PLACES_MAX; i++)
		if (is_place(mail->headers[i].name))
			places[report->place_count++] = report_cut(mail->headers[i].value, REPORT_PLACE_MAX);
	report->kind = kind;
	report->recipients = work->recipients;
	report->recipient_count = work->recipient_count;
	report->ids = work->ids;
	report->id_count = work->id_count;
	report->places = places;
	mail->report = report;
}

void report_read(struct arena *arena, const struct tree *tree, struct mail *mail)
{
	static const char *const delivery[] = {"message/delivery-status", "message/global-delivery-status", NULL};
	static const char *const disposition[] = {
		"message/disposition-notification", "message/global-disposition-notification", NULL};
	static const char *const abuse[] = {"message/feedback-report", NULL};
	struct report_work work = {.arena = arena,
		.recipients = ARENA_NEW_N(arena, struct report_recipient, REPORT_RECIPIENTS_MAX),
		.ids = ARENA_NEW_N(arena, struct view, REPORT_IDS_MAX)};

	if (mail->reason == REASON_BOUNCE) {
		read_leaf(&work, tree, delivery);
		if (work.recipient_count == 0)
			report_read_text(&work, mail);
		finish(&work, REPORT_DELIVERY, mail);
	} else if (read_leaf(&work, tree, disposition)) {
		finish(&work, REPORT_DISPOSITION, mail);
	} else if (read_leaf(&work, tree, abuse)) {
		finish(&work, REPORT_ABUSE, mail);
	}
}
