/*
 * Fuzz target: a practitioner's words in a reply to a request of ours. Four bytes choose the request's form and language, the
 * kind of reply and the mail around it; the rest is the text. The request is rendered as it is sent, and quoted, filled in or
 * copied as mail clients do. The inputs to begin with: the texts of tests/cases/reply and replies.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>

#include "base/unicode.h"

#define REFERENCE "FP-7K3M9QXA2D"
#define REQUEST_MAX 65536
#define MAIL_MAX ((size_t)1024 * 1024)

static const char *const languages[] = {"en", "fr", "es", "pt", "ar", "ne"};

/* What the four bytes chose. */
struct setting {
	const struct form *form;
	const char *language;
	unsigned kind, around;
};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	fuzz_forms();
	return 0;
}

/* ---- the mail around the text ---- */

static void add_request(const struct setting *setting, bool html, struct text *out)
{
	struct error err = ERROR_INIT;
	int failed = html ? form_render_html(fuzz_forms(), setting->form, setting->language, REFERENCE, out, &err)
			  : form_render_text(fuzz_forms(), setting->form, setting->language, REFERENCE, out, &err);

	FUZZ_HOLDS(failed == 0, "a shipped form is rendered: %s", err.text);
}

static void add_head(const struct setting *setting, const char *type, struct text *out)
{
	static const char *const subjects[] = {"Re: [" REFERENCE "] ", "", "AW: Fwd: "};

	text_add_string(out, "From: Mary Okello <mary@field.example>\nTo: feedback@feedback.example.org\n");
	if (setting->around & 1)
		text_add_string(out, "Date: Mon, 09 Nov 2026 10:59:07 +0000\n");
	text_add_format(out, "Subject: %s", subjects[(setting->around >> 1) % FUZZ_COUNT(subjects)]);
	if (setting->around & 8)
		text_add_string(out, words_get(&setting->form->title, setting->language));
	text_add_format(out, "\nMIME-Version: 1.0\nContent-Type: %s\n\n", type);
}

/* Each line of the words behind this mark. */
/* A CR alone ends a line too: no client leaves what stands behind it without a mark. */
static void add_quoted(struct view words, const char *mark, struct text *out)
{
	struct view line;

	while (view_next_line(&words, &line)) {
		text_add_string(out, mark);
		for (size_t i = 0; i < line.len; i++) {
			text_add_char(out, line.ptr[i] == '\r' ? '\n' : line.ptr[i]);
			if (line.ptr[i] == '\r')
				text_add_string(out, mark);
		}
		text_add_char(out, '\n');
	}
}

static void add_attribution(const struct setting *setting, struct text *out)
{
	static const char *const lines[] = {"On Mon, Nov 9, 2026 at 10:59 AM Field Feedback Desk <feedback@feedback.example.org> wrote:\n",
		"\nLe lun. 9 nov. 2026 à 10:59, Field Feedback Desk\n<feedback@feedback.example.org> a écrit :\n\n",
		"-----Original Message-----\nFrom: Field Feedback Desk <feedback@feedback.example.org>\nSent: Monday\nSubject: x\n\n"};

	text_add_string(out, "\n\n");
	text_add_string(out, lines[(setting->around >> 4) % FUZZ_COUNT(lines)]);
}

static void add_quoted_request(const struct setting *setting, const char *mark, struct text *out)
{
	TEXT_SCOPED request;

	text_init(&request, REQUEST_MAX);
	add_request(setting, false, &request);
	add_attribution(setting, out);
	add_quoted(text_view(&request), mark, out);
}

/* ---- kinds of reply ---- */

typedef void reply_kind(const struct setting *setting, struct view words, struct text *out);

static void plain(const struct setting *setting, struct view words, struct text *out)
{
	add_head(setting, "text/plain; charset=utf-8", out);
	text_add_view(out, words);
}

static void above_quote(const struct setting *setting, struct view words, struct text *out)
{
	plain(setting, words, out);
	add_quoted_request(setting, setting->around & 128 ? ">" : "> ", out);
}

/* A line of the words behind each line of the quoted request. */
static void filled_in(const struct setting *setting, struct view words, struct text *out)
{
	struct view rest, line, answer;
	TEXT_SCOPED request;

	text_init(&request, REQUEST_MAX);
	add_request(setting, false, &request);
	add_head(setting, "text/plain; charset=utf-8", out);
	add_attribution(setting, out);
	for (rest = text_view(&request); view_next_line(&rest, &line);) {
		text_add_string(out, "> ");
		text_add_view(out, line);
		if (view_ends(line, VIEW(": ")) && view_next_line(&words, &answer))
			text_add_view(out, answer);
		text_add_char(out, '\n');
		if ((setting->around & 128) && view_next_line(&words, &answer))
			text_add_view(out, answer), text_add_char(out, '\n');
	}
	text_add_view(out, words);
}

static void flowed(const struct setting *setting, struct view words, struct text *out)
{
	add_head(setting, setting->around & 128 ? "text/plain; charset=utf-8; format=flowed; delsp=yes"
						: "text/plain; charset=utf-8; format=flowed", out);
	text_add_view(out, words);
	add_quoted_request(setting, ">", out);
}

static void html(const struct setting *setting, struct view words, struct text *out)
{
	add_head(setting, "text/html; charset=utf-8", out);
	text_add_view(out, words);
	text_add_string(out, "<br><blockquote type=cite>");
	add_request(setting, true, out);
	text_add_string(out, "</blockquote>");
}

/* A line of the words in each cell of the table. */
static void cells(const struct setting *setting, struct view words, struct text *out)
{
	struct view rest, answer;
	TEXT_SCOPED request;
	ptrdiff_t at;

	text_init(&request, REQUEST_MAX);
	add_request(setting, true, &request);
	add_head(setting, "text/html; charset=utf-8", out);
	for (rest = text_view(&request); (at = view_find(rest, VIEW("</td>"))) >= 0;) {
		text_add_view(out, view_sub(rest, 0, (size_t)at));
		if (view_next_line(&words, &answer))
			text_add_view(out, answer);
		text_add_string(out, "</td>");
		rest = view_sub(rest, (size_t)at + 5, rest.len);
	}
	text_add_view(out, rest);
}

static void alternative(const struct setting *setting, struct view words, struct text *out)
{
	add_head(setting, "multipart/alternative; boundary=b", out);
	text_add_string(out, "--b\nContent-Type: text/plain; charset=utf-8\n\n");
	text_add_view(out, words);
	add_quoted_request(setting, "> ", out);
	text_add_string(out, "\n--b\nContent-Type: text/html; charset=utf-8\n\n<pre>");
	text_add_view(out, words);
	text_add_string(out, "</pre><blockquote>");
	add_request(setting, true, out);
	text_add_string(out, "</blockquote>\n--b--\n");
}

/* Nothing that says anything, above the request as it was sent. */
static void untouched(const struct setting *setting, struct view words, struct text *out)
{
	static const char *const blanks[] = {" ", "\n", "\t", "\u00a0", "\u200b", "\ufeff", "\u200f", "\r\n"};

	add_head(setting, "text/plain; charset=utf-8", out);
	for (size_t i = 0; i < words.len; i++)
		text_add_string(out, blanks[(unsigned char)words.ptr[i] % FUZZ_COUNT(blanks)]);
	add_quoted_request(setting, setting->around & 128 ? ">" : "> ", out);
}

/* The words of an older mail, quoted in the quoted request. */
static void older(const struct setting *setting, struct view words, struct text *out)
{
	add_head(setting, "text/plain; charset=utf-8", out);
	text_add_string(out, "Dear all,");
	add_quoted_request(setting, "> ", out);
	text_add_string(out, "> On Mon, Nov 2, 2026 at 10:59 AM Mary Okello <mary@field.example> wrote:\n");
	add_quoted(words, "> > ", out);
}

static reply_kind *const kinds[] = {
	plain, above_quote, filled_in, flowed, html, cells, alternative, untouched, older};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view input = {(const char *)data, size};
	const struct forms *forms = fuzz_forms();
	struct arena *arena = arena_new();
	struct request_hint hint = {0};
	struct setting setting;
	struct result result;
	TEXT_SCOPED mail;
	unsigned form = fuzz_choose(&input, 2 * (unsigned)forms_count(forms));

	setting.form = forms_at(forms, form / 2);
	setting.language = languages[fuzz_choose(&input, FUZZ_COUNT(languages))];
	setting.kind = fuzz_choose(&input, FUZZ_COUNT(kinds));
	setting.around = fuzz_choose(&input, 256);
	if (form % 2)
		hint = (struct request_hint){REFERENCE, setting.form->id, setting.form->version};
	text_init(&mail, MAIL_MAX);
	kinds[setting.kind](&setting, unicode_decode(arena, input, VIEW("utf-8")), &mail);
	fuzz_read_mail(forms, arena, text_view(&mail), &hint, &result);
	if (kinds[setting.kind] == untouched || kinds[setting.kind] == older)
		FUZZ_HOLDS(result.provenance_count == 0, "the request by itself answers nothing: %s", result.provenance[0].field);
	result_release(&result);
	arena_free(&arena);
	return 0;
}
