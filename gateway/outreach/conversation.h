/*
 * Conversation: a form asked field by field, where it cannot be shown. Made from the form's file and the words of the
 * languages (config/languages, talk_...) alone. Pure: what was said before comes in, what is to be said goes out; who
 * is told and what is kept of it is decided in the database (sql/api/conversation.sql).
 *
 * Each answer is read by the reader of its field's type. What does not fit is asked once more, with what would fit;
 * then the field stays open and the words are kept as a remark. Commands (skip, back, stop) are known in every
 * language. Labels, or several numbers, answer several fields at once. At the end stands an echo of what was
 * understood, which does not look like a form: it may be quoted.
 *
 * talk, what is known of a message besides its text (made by talk_hint()):
 *     message      its number, for provenance
 *     language     of the person, as the provider says ("pt-BR"), or null; fallback: that of the channel's people
 *     form         id of the form that is asked on this channel, or null
 *     quiet        a conversation has just ended: nothing but a greeting or answers begins another one
 *     state        of the conversation that is open, see below
 *     early        it was written before the question went out that state names: no answer to that
 *     edits        it replaces the message that answered this field ('': one that answered none), "original";
 *     ended        ... of a conversation that is at its end
 *
 * state: {version, language, asked (field), again (an answer did not fit), answers {field: value}, rest}; rest:
 * {provenance {field: {raw, part, start, end, part_start, part_end, message, edits}}, open [field], wrong {field:
 * words}, remarks, last (field that was answered last), warned (field)}.
 *
 * The result is that of result_to_filing() with "talk" beside it: word ("stop"), form, state (null: there is no
 * conversation), say (words for the person; absent: none), over ("ended", "stopped": it is at its end, and the rest of
 * the result is to be filed), patch (the values change those that were filed).
 */
#ifndef OUTREACH_CONVERSATION_H
#define OUTREACH_CONVERSATION_H

#include "parsers/parsers.h"

#define CONVERSATION_SAY_MAX ((size_t)64 * 1024) /* bytes of what is said at once */

/* text: of a channel's message; talk: as above; hint: of what it answers, where no conversation goes on (NULL: none); never
 * fails. A new reference. */
json_t *conversation_read(const struct forms *forms, struct arena *arena, struct view text, struct view talk,
	const struct request_hint *hint);

#endif
