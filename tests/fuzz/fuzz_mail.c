/* Fuzz target: any bytes as a mail, through all guards of mail_read(). The inputs to begin with: tests/cases/mail, reply, replies. */
#include "tests/fuzz/fuzz.h"

#include "base/unicode.h"
#include "parsers/mail_report.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct error err = ERROR_INIT;

	FUZZ_HOLDS(parsers_open(&err) == 0, "%s", err.text);
	return 0;
}

static void check_outline(struct view raw)
{
	struct mail_outline outline;
	const struct view *values[] = {&outline.message_id, &outline.from, &outline.date, &outline.subject};

	mail_outline(raw, &outline);
	FUZZ_HOLDS(outline.body <= raw.len, "the body begins in the mail");
	for (size_t i = 0; i < FUZZ_COUNT(values); i++)
		FUZZ_HOLDS(values[i]->len == 0 ||
				   (values[i]->ptr >= raw.ptr && values[i]->ptr + values[i]->len <= raw.ptr + outline.body),
			"header %zu stands in the head", i);
}

static void check_attachment(const struct attachment *attachment)
{
	FUZZ_HOLDS(attachment->part && attachment->type, "an attachment has a part and a type");
	FUZZ_HOLDS(unicode_valid(attachment->name), "its name is UTF-8");
	for (size_t i = 0; i < attachment->name.len; i++)
		FUZZ_HOLDS((unsigned char)attachment->name.ptr[i] >= ' ' && attachment->name.ptr[i] != '/', "its name is clean");
	for (const char *at = attachment->type; *at; at++)
		FUZZ_HOLDS(*at > ' ' && *at < 127, "its type is ASCII");
}

static void check_report(const struct mail_report *report)
{
	FUZZ_HOLDS(report->recipient_count <= REPORT_RECIPIENTS_MAX && report->id_count <= REPORT_IDS_MAX &&
			   report->place_count <= REPORT_PLACES_MAX && report_kind_name(report->kind),
		"a report is bounded");
	for (size_t i = 0; i < report->id_count; i++)
		FUZZ_HOLDS(unicode_valid(report->ids[i]) && report->ids[i].ptr[0] == '<', "Message-ID %zu is one", i);
	for (size_t i = 0; i < report->place_count; i++)
		FUZZ_HOLDS(unicode_valid(report->places[i]), "place %zu is UTF-8", i);
	for (size_t i = 0; i < report->recipient_count; i++) {
		const struct report_recipient *one = &report->recipients[i];

		FUZZ_HOLDS(report_action_name(one->action), "recipient %zu has an action", i);
		FUZZ_HOLDS(unicode_valid(one->address) && unicode_valid(one->original) && unicode_valid(one->diagnostic) &&
				   one->diagnostic.len <= REPORT_DIAGNOSTIC_MAX && one->address.len <= REPORT_ADDRESS_MAX,
			"recipient %zu is UTF-8, and short", i);
		FUZZ_HOLDS(one->status.len == 0 || (one->status.len >= 5 && one->status.len <= 7), "its status is one");
	}
}

static void check_mail(const struct mail *mail, size_t size)
{
	FUZZ_HOLDS(mail->part_count + mail->attachment_count <= 2 * PARSE_PARTS_MAX, "no more parts than are read");
	FUZZ_HOLDS(mail->reason <= REASON_OVER_LIMIT, "the reason is one of a mail's");
	FUZZ_HOLDS(unicode_valid(mail->returned), "what was returned is UTF-8");
	for (size_t i = 0; i < mail->header_count; i++)
		FUZZ_HOLDS(unicode_valid(mail->headers[i].value) && view_find_char(mail->headers[i].value, '\n') < 0,
			"header %zu is one line of UTF-8", i);
	for (size_t i = 0; i < mail->part_count; i++) {
		fuzz_check_part(&mail->parts[i]);
		FUZZ_HOLDS(mail->parts[i].raw_end <= size, "part %s lies in the mail", mail->parts[i].number);
	}
	for (size_t i = 0; i < mail->attachment_count; i++)
		check_attachment(&mail->attachments[i]);
	FUZZ_HOLDS(mail->reason != REASON_BOUNCE || mail->report, "a bounce is a report");
	if (mail->report)
		check_report(mail->report);
}

static void check_again(struct view raw, const struct mail *first)
{
	struct arena *arena = arena_new();
	struct mail again;

	mail_read(arena, raw, &again);
	FUZZ_HOLDS(again.reason == first->reason && again.part_count == first->part_count &&
			   again.attachment_count == first->attachment_count && again.header_count == first->header_count &&
			   (first->report ? first->report->recipient_count : 0) == (again.report ? again.report->recipient_count : 0),
		"a mail is read twice alike");
	for (size_t i = 0; i < again.part_count; i++)
		FUZZ_HOLDS(view_equal(again.parts[i].text, first->parts[i].text) &&
				   again.parts[i].line_count == first->parts[i].line_count,
			"part %s is read twice alike", again.parts[i].number);
	arena_free(&arena);
}

/* Whatever a sender writes below the first Received field proves nothing. */
static void check_sender(struct arena *arena, struct view raw)
{
	static const struct view servers[] = {{"mx.example.org", 14}, {"-", 1}}, border[] = {{"mx.example.org", 14}};
	static const char received[] = "Received: from x by elsewhere.example; Sun\r\n";
	struct mail_trust trust = {servers, 2, border, 1};
	struct view below = view_of(arena_printf(arena, "%s%.*s", received, VIEW_ARGS(raw)));

	FUZZ_HOLDS(mail_authentication(arena, raw, &trust) <= AUTHENTICATION_FAIL, "a mail's sender is judged");
	FUZZ_HOLDS(mail_authentication(arena, below, &trust) == AUTHENTICATION_NONE, "nobody vouches for himself");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view raw = {(const char *)data, size};
	struct arena *arena = arena_new();
	struct mail mail;

	check_outline(raw);
	check_sender(arena, raw);
	mail_read(arena, raw, &mail);
	check_mail(&mail, size);
	if (fuzz_twice(raw))
		check_again(raw, &mail);
	arena_free(&arena);
	return 0;
}
