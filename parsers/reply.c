/*
 * parsers/reply: parse_mail(): one mail -> one result. See parsers.h; the steps of reading stand in reply.h.
 *
 * Of a multipart/alternative both sides are read, since either may be poor: a text part that says "see the HTML", HTML
 * that a client built from tables. What is filed must not depend on which was read: where the two give different
 * values, a person looks.
 */
#include "parsers/reply.h"

#include "base/unicode.h"
#include "parsers/order.h"
#include "parsers/reference.h"

struct reply *reply_read(const struct forms *forms, struct arena *arena, const struct envelope *envelope,
	const struct request_hint *hint, bool channel, const struct mail_part *const *parts, size_t count)
{
	struct reply *reply = ARENA_NEW(arena, struct reply);

	reply->forms = forms;
	reply->arena = arena;
	reply->envelope = envelope;
	reply->hint = hint;
	reply->channel = channel;
	reply_collect(reply, parts, count);
	reply_find_depth(reply);
	reply_settle_labels(reply);
	reply_find_signatures(reply);
	reply_find_authors(reply);
	reply_choose_form(reply);
	reply_find_uses(reply);
	reply_gather(reply);
	reply_type(reply);
	reply_find_near(reply);
	return reply;
}

/* ---- the parts ---- */

static bool has_kind(const struct mail *mail, int alternative, enum mail_part_kind kind)
{
	for (size_t i = 0; i < mail->part_count; i++)
		if (mail->parts[i].alternative == alternative && mail->parts[i].kind == kind &&
			view_trim(mail->parts[i].text).len > 0)
			return true;
	return false;
}

/*
 * The parts that are read when `kind` is preferred; returns how many. `forwarded`: those inside an attached mail
 * instead.
 */
static size_t choose_parts(
	const struct mail *mail, enum mail_part_kind kind, bool forwarded, const struct mail_part **out)
{
	size_t count = 0;

	for (size_t i = 0; i < mail->part_count; i++) {
		const struct mail_part *part = &mail->parts[i];

		if (part->kind == PART_OTHER || part->forwarded != forwarded)
			continue;
		if (part->alternative > 0 && part->kind != kind && has_kind(mail, part->alternative, kind))
			continue;
		out[count++] = part;
	}
	return count;
}

static bool same_parts(const struct mail_part **a, size_t a_count, const struct mail_part **b, size_t b_count)
{
	return a_count == b_count && (a_count == 0 || memcmp(a, b, a_count * sizeof(*a)) == 0);
}

/* ---- two readings of one mail ---- */

/*
 * Typed values must agree, and none may be lost. Words may differ in their white space and bullets, and what a client
 * made of a table as text may be no answer at all.
 */
static bool agree(const struct field *field, const struct reply_value *best, const struct reply_value *other)
{
	if (field->type == FIELD_TEXT || field->type == FIELD_LINE || other->verdict == VALUE_NONE)
		return true;
	if (best->verdict == VALUE_NONE)
		return other->verdict != VALUE_TAKEN;
	return best->verdict == other->verdict &&
	       (best->verdict != VALUE_TAKEN || json_equal(best->value, other->value));
}

static void compare(struct reply *best, const struct reply *other)
{
	if (best->form != other->form)
		return;
	for (size_t i = 0; i < best->form->field_count; i++) {
		struct reply_value *value = &best->values[i];

		if (agree(&best->form->fields[i], value, &other->values[i]) || value->verdict == VALUE_INVALID)
			continue;
		if (value->verdict == VALUE_NONE) {
			best->found++;
			value->raw = other->values[i].raw;
		}
		value->verdict = VALUE_INVALID;
		value->suggestion = other->values[i].raw;
	}
}

/* HTML first: its lines are the writer's, not a client's wrapping. The text counts where it says more. */
struct reply *reply_read_best(
	const struct forms *forms, struct arena *arena, const struct mail *mail, const struct request_hint *hint)
{
	const struct mail_part **html = ARENA_NEW_N(arena, const struct mail_part *, mail->part_count + 1);
	const struct mail_part **plain = ARENA_NEW_N(arena, const struct mail_part *, mail->part_count + 1);
	size_t html_count = choose_parts(mail, PART_HTML, false, html);
	size_t plain_count = choose_parts(mail, PART_PLAIN, false, plain);
	struct reply *best, *other;

	best = reply_read(forms, arena, &mail->envelope, hint, false, html, html_count);
	if (same_parts(html, html_count, plain, plain_count))
		return best;
	other = reply_read(forms, arena, &mail->envelope, hint, false, plain, plain_count);
	if (other->found > best->found || (!best->form && other->form)) {
		struct reply *swap = best;

		best = other;
		other = swap;
	}
	if (best->form)
		compare(best, other);
	reply_release(other);
	return best;
}

/* Answers in an attached mail are not the sender's: somebody else's reply was forwarded. */
static bool holds_attached_reply(const struct forms *forms, struct arena *arena, const struct mail *mail)
{
	const struct mail_part **parts = ARENA_NEW_N(arena, const struct mail_part *, mail->part_count + 1);
	size_t count = choose_parts(mail, PART_HTML, true, parts);
	struct reply *attached;
	bool holds;

	if (count == 0)
		return false;
	attached = reply_read(forms, arena, &mail->envelope, NULL, false, parts, count);
	holds = attached->found > 0 || reply_is_forwarded(attached);
	reply_release(attached);
	return holds;
}

/* ---- the references ---- */

static void add_reference(struct result *result, const char **list, const char *reference)
{
	for (size_t i = 0; i < result->reference_count; i++)
		if (strcmp(list[i], reference) == 0)
			return;
	list[result->reference_count++] = reference;
}

static void add_references(struct arena *arena, struct view text, struct result *result, const char **list)
{
	const char *reference;
	struct view found;

	for (size_t at = 0; result->reference_count < PARSE_REFERENCES_MAX; at = (size_t)(found.ptr - text.ptr) + found.len) {
		found = reference_find(text, at);
		if (found.len == 0)
			return;
		reference = reference_read(arena, found);
		if (reference)
			add_reference(result, list, reference);
	}
}

/* Subject, then what it was sent to, then the text, its own words before what it quotes. */
static void find_references(
	struct arena *arena, const struct mail *mail, const struct request_hint *hint, struct result *result)
{
	static const char *const headers[] = {"To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To"};
	const char **list = ARENA_NEW_N(arena, const char *, PARSE_REFERENCES_MAX + 1);

	result->references = list;
	add_references(arena, mail->envelope.subject, result, list);
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		add_references(arena, mail_header(mail, headers[i]), result, list);
	for (size_t i = 0; i < mail->part_count; i++)
		add_references(arena, mail->parts[i].text, result, list);
	add_references(arena, mail->returned, result, list);
	if (result->reference_count == 0 && hint && hint->reference)
		add_reference(result, list, arena_strdup(arena, hint->reference));
	result->reference = result->reference_count > 0 ? list[0] : NULL;
}

void parse_mail(const struct forms *forms, struct arena *arena, struct view raw, const struct request_hint *hint,
	struct result *out)
{
	struct mail *mail = ARENA_NEW(arena, struct mail);
	struct reply *reply;

	memset(out, 0, sizeof(*out));
	mail_read(arena, raw, mail);
	out->envelope = mail->envelope;
	out->report = mail->report;
	out->attachments = mail->attachments;
	out->attachment_count = mail->attachment_count;
	out->dropped = mail->dropped;
	find_references(arena, mail, hint, out);
	out->values = json_object();
	out->reason = mail->reason;
	out->outcome = OUTCOME_REVIEW;
	if (mail->reason == REASON_BOUNCE || mail->reason == REASON_AUTO_REPLY)
		out->outcome = OUTCOME_IGNORED;
	/* What List-Unsubscribe asks for a program may send, and say so. */
	if (mail->reason == REASON_AUTO_REPLY && !mail->report)
		out->stops = reply_subject_stops(forms, arena, mail->envelope.subject, false);
	/* Of what cannot be read the subject still tells the form, and so what is missing. */
	if (mail->reason != REASON_NONE && mail->reason != REASON_UNREADABLE)
		return;
	reply = reply_read_best(forms, arena, mail, hint);
	reply_to_result(reply,
		reply_is_forwarded(reply) || (reply->found == 0 && holds_attached_reply(forms, arena, mail)), out);
	if (out->reason != REASON_FORWARDED) {
		out->stops = reply_stops(reply);
		out->orders = order_read(mail, reply);
	}
	if (mail->reason == REASON_UNREADABLE) {
		out->reason = REASON_UNREADABLE;
		out->outcome = OUTCOME_REVIEW; /* whatever was found in the damaged text */
	}
	reply_release(reply);
}
