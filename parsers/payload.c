/* parsers/payload: parse_message(): one message of a channel (SMS, WhatsApp, ...) -> one result. See parsers.h. */
#include "parsers/reply.h"

#include <string.h>

#include "base/unicode.h"
#include "parsers/reference.h"

/* The text as the one part that a message has. */
const struct mail_part *reply_channel_part(struct arena *arena, struct view text)
{
	struct mail_part *part = ARENA_NEW(arena, struct mail_part);

	part->kind = PART_PLAIN;
	part->number = "";
	part->text = unicode_nfc(arena, unicode_decode(arena, text, VIEW("utf-8")));
	part->raw_end = text.len;
	mail_lines(arena, part->text, false, false, &part->lines, &part->line_count);
	return part;
}

void parse_message(const struct forms *forms, struct arena *arena, struct view text, const struct request_hint *hint,
	struct result *out)
{
	static const struct envelope nobody;
	const struct mail_part *part;
	struct reply *reply;

	memset(out, 0, sizeof(*out));
	out->values = json_object();
	out->outcome = OUTCOME_REVIEW;
	out->reason = REASON_OVER_LIMIT;
	out->reference = reference_read(arena, view_sub(text, 0, PARSE_TEXT_MAX));
	if (!out->reference && hint && hint->reference)
		out->reference = arena_strdup(arena, hint->reference);
	if (text.len > PARSE_TEXT_MAX)
		return;
	part = reply_channel_part(arena, text);
	reply = reply_read(forms, arena, &nobody, hint, true, &part, 1);
	reply_to_result(reply, false, out);
	reply_release(reply);
}
