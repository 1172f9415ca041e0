/* mail_sample: a mail taken down to what is read of it, and made anew of that, for test cases. See parsers.h. */
#include "parsers/mail_private.h"

#include <string.h>

#define SAMPLE_MAX ((size_t)64 * 1024 * 1024)

static const struct leaf *leaf_of(const struct tree *tree, const char *number)
{
	for (size_t i = 0; i < tree->leaf_count; i++)
		if (!tree->leaves[i].headers && strcmp(tree->leaves[i].number, number) == 0)
			return &tree->leaves[i];
	return NULL;
}

static void take_text(
	struct arena *arena, const struct leaf *leaf, const struct mail_part *part, struct sample_text *out)
{
	bool cut;

	*out = (struct sample_text){
		.html = part->kind == PART_HTML,
		.alternative = part->alternative,
		.flowed = view_equal_nocase(parameters_token(leaf->content, "format"), VIEW("flowed")),
		.delsp = view_equal_nocase(parameters_token(leaf->content, "delsp"), VIEW("yes")),
		.text = body_text(arena, leaf->body, leaf->encoding, parameters_token(leaf->content, "charset"),
			part->kind == PART_HTML, 4 * PARSE_HTML_MAX, &cut),
		.shown = part->text,
	};
}

bool sample_read(struct arena *arena, struct view raw, struct sample *out)
{
	struct tree tree = {0};
	struct mail mail;

	mail_read_tree(arena, raw, &mail, &tree);
	*out = (struct sample){.subject = mail.envelope.subject, .date = mail_header(&mail, "Date")};
	out->texts = ARENA_NEW_N(arena, struct sample_text, mail.part_count + 1);
	for (size_t i = 0; i < mail.part_count; i++) {
		const struct leaf *leaf = leaf_of(&tree, mail.parts[i].number);

		if (mail.parts[i].forwarded || !leaf)
			return false;
		take_text(arena, leaf, &mail.parts[i], &out->texts[out->text_count++]);
	}
	return out->text_count > 0;
}

/* ---- the mail ---- */

/* Lines of a text as they stand in a mail; one that looks like the boundary cannot be in it. */
static void add_text(struct text *out, const struct sample_text *text)
{
	struct view rest = text->text, line;

	text_add_format(out, "Content-Type: text/%s; charset=utf-8%s%s\r\nContent-Transfer-Encoding: 8bit\r\n\r\n",
		text->html ? "html" : "plain", text->flowed ? "; format=flowed" : "", text->delsp ? "; delsp=yes" : "");
	while (view_next_line(&rest, &line))
		text_add_format(out, "%.*s\r\n", VIEW_ARGS(line));
}

static size_t group_end(const struct sample *sample, size_t at)
{
	int group = sample->texts[at].alternative;
	size_t end = at + 1;

	while (group && end < sample->text_count && sample->texts[end].alternative == group)
		end++;
	return end;
}

static void add_group(struct text *out, const struct sample *sample, size_t at, size_t end)
{
	if (end == at + 1) {
		add_text(out, &sample->texts[at]);
		return;
	}
	text_add_format(out, "Content-Type: multipart/alternative; boundary=\"=_a%zu\"\r\n\r\n", at);
	for (size_t i = at; i < end; i++) {
		text_add_format(out, "--=_a%zu\r\n", at);
		add_text(out, &sample->texts[i]);
	}
	text_add_format(out, "--=_a%zu--\r\n", at);
}

struct view sample_mail(struct arena *arena, const struct sample *sample)
{
	struct view made;
	TEXT_SCOPED out;

	text_init(&out, SAMPLE_MAX);
	text_add_format(&out,
		"From: Somebody <somebody@example.org>\r\nTo: feedback@example.org\r\nSubject: %.*s\r\nDate: %.*s\r\n"
		"Message-ID: <sample@example.org>\r\nMIME-Version: 1.0\r\n",
		VIEW_ARGS(sample->subject), VIEW_ARGS(sample->date));
	if (group_end(sample, 0) == sample->text_count) {
		add_group(&out, sample, 0, sample->text_count);
	} else {
		text_add_string(&out, "Content-Type: multipart/mixed; boundary=\"=_m\"\r\n\r\n");
		for (size_t at = 0; at < sample->text_count; at = group_end(sample, at)) {
			text_add_string(&out, "--=_m\r\n");
			add_group(&out, sample, at, group_end(sample, at));
		}
		text_add_string(&out, "--=_m--\r\n");
	}
	made = text_view(&out);
	return (struct view){arena_copy(arena, made.ptr, made.len), made.len};
}
