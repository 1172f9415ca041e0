/*
 * parsers/trace: what each line of a message was taken as, and by which rule, in words for people. The message is read
 * by the same steps as ever (reply.h); what they left in the lines is told here. See parsers.h.
 */
#include "parsers/reply.h"

#include <string.h>

#include "base/unicode.h"
#include "parsers/request.h"

#define REQUEST_MAX ((size_t)4 * 1024 * 1024)
#define REQUEST_LINES_MAX 1000
#define HEAD_LINES_MAX 8 /* above and below one another, of a wrapped head */
#define PIECE_MIN 12	 /* bytes of a folded line that may be a piece of a line of the request */

struct teller {
	const struct reply *reply;
	struct arena *arena;
	struct view request[REQUEST_LINES_MAX]; /* its lines, folded */
	size_t request_count;
	const struct reply_answer *answer; /* the last label's that was passed */
	size_t answers_passed;
	size_t place, value_lines;	    /* of that answer: the line's place in it; lines that are the value's */
	const struct trace_line *signature; /* the line that says why the signature at hand is one; NULL: none */
};

const char *trace_name(enum trace_kind kind)
{
	static const char *const names[] = {
		[TRACE_BLANK] = "",
		[TRACE_ANSWER] = "answer",
		[TRACE_LABEL] = "label",
		[TRACE_REQUEST] = "request",
		[TRACE_QUOTE] = "quote",
		[TRACE_ATTRIBUTION] = "attribution",
		[TRACE_SIGNATURE] = "signature",
		[TRACE_BOILERPLATE] = "boilerplate",
		[TRACE_REMARK] = "remark",
		[TRACE_IGNORED] = "ignored",
	};

	return names[kind];
}

/* ---- the request ---- */

/* The request as it is sent in the language of the form that is quoted, or else of the reply. */
static void render_request(struct teller *teller)
{
	const struct reply *reply = teller->reply;
	const char *language = reply_language(reply, false, reply->language);
	struct view rest, line;
	TEXT_SCOPED text;

	text_init(&text, REQUEST_MAX);
	if (form_render_text(reply->forms, reply->form, language, "", &text, NULL) < 0)
		return;
	rest = text_view(&text);
	while (teller->request_count < REQUEST_LINES_MAX && view_next_line(&rest, &line))
		teller->request[teller->request_count++] = unicode_fold(teller->arena, line);
}

/* "same as the request's line 12"; NULL: as none. */
static const char *same_as_request(const struct teller *teller, size_t line)
{
	struct view folded = reply_fold(teller->reply, line);

	for (size_t i = 0; i < teller->request_count && folded.len > 0; i++)
		if (view_equal(folded, teller->request[i]))
			return arena_printf(teller->arena, "same as the request's line %zu", i + 1);
	for (size_t i = 0; i < teller->request_count && folded.len >= PIECE_MIN; i++)
		if (view_find(teller->request[i], folded) >= 0)
			return arena_printf(teller->arena, "part of the request's line %zu", i + 1);
	return NULL;
}

/* ---- heads, signatures, noise ---- */

static const struct {
	enum line_rule rule;
	enum trace_kind kind;
	enum lexicon_line words; /* that know it; 0: none */
	const char *why;
} rules[] = {
	{RULE_SEPARATOR, TRACE_ATTRIBUTION, LEXICON_SEPARATOR, "line before an older mail"},
	{RULE_HEADERS, TRACE_ATTRIBUTION, LEXICON_HEADER, "header block of an older mail"},
	{RULE_ATTRIBUTION, TRACE_ATTRIBUTION, LEXICON_ATTRIBUTION, "attribution line"},
	{RULE_CLIENT_HEAD, TRACE_ATTRIBUTION, 0, "head of an older mail, by the client's mark in HTML"},
	{RULE_CLIENT_SIGNATURE, TRACE_SIGNATURE, 0, "signature, by the client's mark in HTML"},
	{RULE_DASHES, TRACE_SIGNATURE, 0, "signature behind --"},
	{RULE_DISCLAIMER, TRACE_BOILERPLATE, LEXICON_DISCLAIMER, "disclaimer"},
	{RULE_LIST_FOOTER, TRACE_BOILERPLATE, LEXICON_LIST_FOOTER, "list's footer"},
	{RULE_LINE, TRACE_SIGNATURE, LEXICON_SEPARATOR, "signature below a rule"},
	{RULE_CLOSING, TRACE_SIGNATURE, LEXICON_CLOSING, "closing words"},
	{RULE_PHONE_LINE, TRACE_SIGNATURE, LEXICON_PHONE_LINE, "mobile signature"},
	{RULE_NAME, TRACE_SIGNATURE, 0, "the sender's name at the end"},
	{RULE_BANNER, TRACE_BOILERPLATE, LEXICON_BANNER, "gateway's warning"},
	{RULE_REFERENCE, TRACE_REQUEST, 0, "reference of the request"},
	{RULE_TITLE, TRACE_REQUEST, 0, "title of a form"},
};

/* A wrapped attribution is one line to its words. */
static struct view whole_head(const struct teller *teller, size_t line)
{
	const struct reply *reply = teller->reply;
	const struct reply_line *first = &reply->lines[line];
	struct view joined = reply->source[line].text;
	size_t least = line > HEAD_LINES_MAX ? line - HEAD_LINES_MAX : 0, most = line + HEAD_LINES_MAX;

	for (size_t i = line;
		i > least && reply->lines[i - 1].role == LINE_BOUNDARY && reply->lines[i - 1].rule == first->rule; i--)
		joined = view_of(arena_printf(
			teller->arena, "%.*s %.*s", VIEW_ARGS(reply->source[i - 1].text), VIEW_ARGS(joined)));
	for (size_t i = line + 1; i <= most && i < reply->count && reply->lines[i].role == LINE_BOUNDARY &&
				  reply->lines[i].rule == first->rule;
		i++)
		joined = view_of(
			arena_printf(teller->arena, "%.*s %.*s", VIEW_ARGS(joined), VIEW_ARGS(reply->source[i].text)));
	return joined;
}

static const char *origin_of(const struct teller *teller, size_t line, enum line_rule rule, enum lexicon_line words)
{
	const struct lexicon *lexicon = teller->reply->forms->lexicon;
	struct view text = teller->reply->source[line].text;
	const char *origin = lexicon_origin(lexicon, teller->arena, words, text);

	if (!origin && rule == RULE_ATTRIBUTION)
		origin = lexicon_origin(lexicon, teller->arena, words, whole_head(teller, line));
	if (!origin && rule == RULE_SEPARATOR)
		origin = lexicon_origin(lexicon, teller->arena, LEXICON_FORWARDED, text);
	return origin;
}

static void tell_rule(const struct teller *teller, size_t line, enum line_rule rule, struct trace_line *out)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const char *origin;

		if (rules[i].rule != rule)
			continue;
		origin = rules[i].words ? origin_of(teller, line, rule, rules[i].words) : NULL;
		out->kind = rules[i].kind;
		out->why = origin ? arena_printf(teller->arena, "%s, %s", rules[i].why, origin) : rules[i].why;
	}
}

/* A signature's first line says why; a disclaimer or a footer in it begins anew. */
static enum line_rule signature_rule(const struct reply_line *line)
{
	if (line->rule != RULE_NONE)
		return (enum line_rule)line->rule;
	if (line->kinds & LEXICON_DISCLAIMER)
		return RULE_DISCLAIMER;
	if (line->kinds & LEXICON_LIST_FOOTER)
		return RULE_LIST_FOOTER;
	return line->kinds & LEXICON_PHONE_LINE ? RULE_PHONE_LINE : RULE_NONE;
}

static void tell_signature(struct teller *teller, size_t line, struct trace_line *out)
{
	enum line_rule rule = signature_rule(&teller->reply->lines[line]);

	if (rule != RULE_NONE) {
		tell_rule(teller, line, rule, out);
		teller->signature = out;
		return;
	}
	out->kind = teller->signature ? teller->signature->kind : TRACE_SIGNATURE;
	out->why = "signature";
	if (teller->signature)
		out->why = arena_printf(teller->arena, "below line %zu", teller->signature->number);
}

/* ---- answers ---- */

static const char *place_of_label(const struct teller *teller, const struct reply_answer *answer)
{
	const struct reply_line *label = &teller->reply->lines[answer->label];
	const struct label_use *use = reply_use(label->hit->label, teller->reply->form, teller->reply->language);

	if (label->number_only)
		return arena_printf(teller->arena, "number %d", label->hit->number);
	return arena_printf(teller->arena, "label, %s", use ? use->language : "?");
}

/* How many of the answer's lines that say something are the value's. */
static size_t value_lines(const struct reply_value *value)
{
	struct view rest = value->raw, line;
	size_t count = 0;

	while (view_next_line(&rest, &line))
		count += view_trim(line).len > 0;
	return count;
}

/* The next label was passed: counted once, since an answer may have as many lines as the message. */
static void begin_answer(struct teller *teller, const struct reply_answer *answer)
{
	teller->answer = answer;
	teller->place = 0;
	teller->value_lines = value_lines(&teller->reply->values[answer->field->number - 1]);
}

/* The line's place among the answer's lines that say something, from 1; 0: it is the label alone. */
static size_t place_in_answer(struct teller *teller, size_t line)
{
	const struct reply_answer *answer = teller->answer;
	const struct reply_line *l = &teller->reply->lines[line];

	if (answer->raw.len == 0 || line < answer->first)
		return 0;
	teller->place += l->taken && l->role != LINE_BLANK;
	return teller->place;
}

static void tell_unanswered(const struct teller *teller, size_t line, struct trace_line *out)
{
	const char *same = teller->reply->lines[line].depth > 0 ? same_as_request(teller, line) : NULL;

	out->kind = teller->reply->lines[line].depth > 0 ? TRACE_REQUEST : TRACE_LABEL;
	out->why =
		arena_printf(teller->arena, "%s: %s", out->field, same ? same : place_of_label(teller, teller->answer));
}

static void tell_answer(struct teller *teller, size_t line, struct trace_line *out)
{
	const struct reply *reply = teller->reply;
	const struct reply_answer *answer = teller->answer;
	const struct reply_value *value = &reply->values[answer->field->number - 1];
	size_t place = place_in_answer(teller, line);
	const char *how = line == answer->label ? place_of_label(teller, answer) : "below its label";

	out->field = answer->field->name;
	if (place == 0) {
		tell_unanswered(teller, line, out);
		return;
	}
	out->kind = TRACE_ANSWER;
	if (answer->edit && line == answer->label)
		how = arena_printf(teller->arena, "%s, typed into the request", how);
	if (reply->lines[line].depth == 0 && reply->lines[answer->label].depth > 0)
		how = "below the quoted label";
	if (value->answer && value->answer != answer) {
		out->kind = TRACE_IGNORED;
		how = answer->edit ? "another answer counts" : "answered before: a remark";
	} else if (value->verdict == VALUE_NONE) {
		how = arena_printf(teller->arena, "%s: says that there is no answer", how);
	} else if (place > teller->value_lines) {
		out->kind = TRACE_REMARK;
		how = "below an answer of one line";
	} else if (value->verdict == VALUE_INVALID) {
		out->wrong = true;
		how = arena_printf(teller->arena, "%s; not understood", how);
	}
	out->why = arena_printf(teller->arena, "%s: %s", out->field, how);
}

/* ---- the other lines ---- */

/* The field whose value a form's own regex found in this line. */
static const struct field *matched_in(const struct reply *reply, size_t line)
{
	const struct mail_line *at = &reply->source[line];
	const struct mail_part *part = reply->parts[reply->lines[line].part];

	for (size_t i = 0; reply->matched && i < reply->form->field_count; i++) {
		struct view found = reply->matched[i];
		const char *start = part->text.ptr + at->start, *end = part->text.ptr + at->end;

		if (found.len > 0 && found.ptr < end && found.ptr + found.len > start && !reply->values[i].answer)
			return &reply->form->fields[i];
	}
	return NULL;
}

static void tell_own(const struct teller *teller, size_t line, struct trace_line *out)
{
	const struct reply *reply = teller->reply;
	const struct field *matched = matched_in(reply, line);
	const char *same = same_as_request(teller, line);

	out->kind = TRACE_REMARK;
	out->why = "own words that belong to no field";
	if (matched) {
		out->kind = TRACE_ANSWER;
		out->field = matched->name;
		out->wrong = reply->values[matched->number - 1].verdict == VALUE_INVALID;
		out->why = arena_printf(teller->arena, "%s: the form's own regex", matched->name);
	} else if (reply->matched) {
		out->kind = TRACE_IGNORED;
		out->why = "the form's own regexes take what they need";
	} else if (request_is_prose(reply->forms, reply_fold(reply, line), false)) {
		out->kind = TRACE_REQUEST;
		out->why = same ? same : "words around our forms";
	}
}

static void tell_quoted(const struct teller *teller, size_t line, struct trace_line *out)
{
	const struct reply *reply = teller->reply;
	const struct reply_line *l = &reply->lines[line];
	const struct reply_block *block = &reply->blocks[l->block];
	const char *same = block->ours ? same_as_request(teller, line) : NULL;

	out->kind = TRACE_QUOTE;
	if (same || (block->ours && request_is_prose(reply->forms, reply_fold(reply, line), false))) {
		out->kind = TRACE_REQUEST;
		out->why = same ? same : "words around our forms";
	} else if (l->depth > 1) {
		out->why = arena_printf(teller->arena, "older mail, level %d", l->depth);
	} else if (block->practitioner) {
		out->why = "an older mail of the sender's own";
	} else {
		out->why = block->request ? "in the request, below no label" : "an older mail";
	}
}

/* "Programe: Courts" is suggested to the person who reviews. */
static void tell_near(const struct teller *teller, size_t line, struct trace_line *out)
{
	const struct reply *reply = teller->reply;

	for (size_t i = 0; reply->form && i < reply->form->field_count; i++)
		if (!reply->values[i].answer && reply->values[i].near_line.len > 0 &&
			reply->values[i].near_line.ptr == reply->source[line].text.ptr)
			out->why = arena_printf(
				teller->arena, "nearly the label of %s: suggested", reply->form->fields[i].name);
}

static void tell_line(struct teller *teller, size_t line, struct trace_line *out)
{
	const struct reply *reply = teller->reply;
	const struct reply_line *l = &reply->lines[line];

	while (teller->answers_passed < reply->answer_count && reply->answers[teller->answers_passed].label <= line)
		begin_answer(teller, &reply->answers[teller->answers_passed++]);
	if (l->role != LINE_SIGNATURE && l->role != LINE_BLANK)
		teller->signature = NULL;
	if (l->role == LINE_BLANK)
		out->kind = TRACE_BLANK;
	else if (l->role == LINE_BOUNDARY && l->rule == RULE_SEPARATOR && l->header > 0)
		tell_rule(teller, line, RULE_HEADERS, out);
	else if (l->role == LINE_BOUNDARY || l->role == LINE_NOISE)
		tell_rule(teller, line, l->rule, out);
	else if (l->role == LINE_SIGNATURE)
		tell_signature(teller, line, out);
	else if (l->taken && teller->answer)
		tell_answer(teller, line, out);
	else if (l->depth > 0)
		tell_quoted(teller, line, out);
	else
		tell_own(teller, line, out);
}

static void tell(const struct reply *reply, struct arena *arena, struct trace *out)
{
	struct teller *teller = ARENA_NEW(arena, struct teller);
	struct trace_line *lines = ARENA_NEW_N(arena, struct trace_line, reply->count + 1);
	size_t number = 0;

	teller->reply = reply;
	teller->arena = arena;
	if (reply->form)
		render_request(teller);
	for (size_t i = 0; i < reply->count; i++) {
		struct trace_line *line = &lines[i];

		if (i > 0 && reply->lines[i].part != reply->lines[i - 1].part)
			number = 0;
		line->number = ++number;
		line->part = reply->parts[reply->lines[i].part]->number;
		line->quote = reply->source[i].quote;
		line->text = reply->source[i].text;
		line->why = "";
		tell_line(teller, i, line);
		tell_near(teller, i, line);
	}
	out->lines = lines;
	out->count = reply->count;
	out->sign = reply->form ? reply->sign : NULL;
}

void parse_trace(const struct forms *forms, struct arena *arena, struct view raw, bool channel,
	const struct request_hint *hint, struct trace *out)
{
	static const struct envelope nobody;
	struct mail *mail = ARENA_NEW(arena, struct mail);
	const struct mail_part *part;
	struct reply *reply;

	*out = (struct trace){0};
	if (channel) {
		if (raw.len > PARSE_TEXT_MAX)
			return;
		part = reply_channel_part(arena, raw);
		reply = reply_read(forms, arena, &nobody, hint, true, &part, 1);
	} else {
		mail_read(arena, raw, mail);
		if (mail->reason != REASON_NONE && mail->reason != REASON_UNREADABLE)
			return;
		reply = reply_read_best(forms, arena, mail, hint);
	}
	tell(reply, arena, out);
	reply_release(reply);
}
