/* html_marks: what mail clients mean by their classes, ids and styles. See html_private.h. */
#include "parsers/html_private.h"

#define STYLE_MAX 4096

/* Lower case and without white space, so that "Display : None" is found as "display:none". */
static struct view squeezed(struct view style, char *buffer)
{
	size_t n = 0;

	for (size_t i = 0; i < style.len && n < STYLE_MAX; i++) {
		char c = style.ptr[i];

		if (c != ' ' && (c < '\t' || c > '\r'))
			buffer[n++] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
	}
	return (struct view){buffer, n};
}

static bool has(struct view v, const char *needle)
{
	return view_find(v, view_of(needle)) >= 0;
}

/* The value of a property that begins a declaration; empty when it is not set. The last one counts. */
static struct view property(struct view style, const char *name)
{
	struct view rest = style, declaration, value = VIEW_NULL;
	size_t length = strlen(name);

	while (view_next_field(&rest, ';', &declaration))
		if (declaration.len > length && declaration.ptr[length] == ':' &&
			view_starts(declaration, view_of(name)))
			value = view_sub(declaration, length + 1, SIZE_MAX);
	return value;
}

/* "0", "0cm", "0in0in0pt": nothing but noughts and units. */
static bool is_nought(struct view value)
{
	if (value.len == 0)
		return false;
	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] >= '1' && value.ptr[i] <= '9')
			return false;
	return value.ptr[0] == '0';
}

static void read_style(struct view style, struct html_marks *out)
{
	struct view weight = property(style, "font-weight"), space = property(style, "white-space");
	struct view left = property(style, "border-left"), top = property(style, "border-top");
	bool no_border = view_starts(property(style, "border"), VIEW("none")) || is_nought(property(style, "border"));

	out->hidden = has(style, "display:none") || has(style, "mso-hide:all") || has(style, "visibility:hidden");
	out->bold = has(weight, "bold") || (weight.len == 3 && weight.ptr[0] >= '6' && weight.ptr[0] <= '9');
	out->light = !out->bold && (has(weight, "normal") || (weight.len == 3 && weight.ptr[0] < '6'));
	out->preserve = view_starts(space, VIEW("pre")) || view_starts(space, VIEW("break-spaces"));
	out->tight = is_nought(property(style, "margin")) || is_nought(property(style, "margin-bottom"));
	out->indent = no_border && left.len == 0;
	/* Outlook: a bar at the left of the quote, a rule above the header block of the older mail. */
	out->quoted = no_border && has(left, "solid");
	out->boundary = no_border && has(top, "solid") && has(style, "padding:3");
	out->list_mark = has(style, "mso-list:ignore");
}

static const struct view boundary_names[] = {VIEW("gmail_quote"), VIEW("gmail_quote_container"), VIEW("gmail_attr"), VIEW("moz-cite-prefix"),
	VIEW("moz-forward-container"), VIEW("OutlookMessageHeader"), VIEW("yahoo_quoted"), VIEW("yahoo-quoted"), VIEW("divRplyFwdMsg"),
	VIEW("appendonsend"), VIEW("reply-intro"), VIEW("protonmail_quote"), VIEW("tutanota_quote"), VIEW("zmail_extra"),
	VIEW("ms-outlook-mobile-reference-message"), VIEW("mail-editor-reference-message-container"), VIEW("mail_android_quote"),
	VIEW("ydp-yahoo_quoted"), VIEW("quoteHeader"), VIEW("replyHeader"), {NULL, 0}};

static const struct view signature_names[] = {VIEW("gmail_signature"), VIEW("moz-signature"), VIEW("Signature"),
	VIEW("ms-outlook-mobile-signature"), VIEW("protonmail_signature_block"), VIEW("AppleMailSignature"),
	VIEW("lineBreakAtBeginningOfSignature"), VIEW("x-apple-signature"), {NULL, 0}};

/* Is one of the words a name of the list? Outlook on the web puts "x_" before the names in what it quotes. */
static bool names(struct view value, const struct view *list)
{
	struct view rest = value, word;

	while (view_next_field(&rest, ' ', &word)) {
		if (view_starts(word, VIEW("x_")))
			word = view_sub(word, 2, SIZE_MAX);
		for (size_t i = 0; list[i].ptr; i++)
			if (view_equal_nocase(word, list[i]))
				return true;
		if (list == boundary_names && view_ends(word, VIEW("yahoo_quoted")))
			return true; /* "ydp1a2byahoo_quoted": a new prefix for each mail */
	}
	return false;
}

void html_marks_read(const struct html_attributes *attributes, struct html_marks *out)
{
	char buffer[STYLE_MAX];

	*out = (struct html_marks){0};
	if (attributes->style.len > 0)
		read_style(squeezed(attributes->style, buffer), out);
	out->hidden |= attributes->hidden.ptr != NULL;
	out->tight |= view_find(attributes->class, VIEW("Mso")) >= 0;
	out->boundary |= names(attributes->class, boundary_names) || names(attributes->id, boundary_names);
	out->signature = names(attributes->class, signature_names) || names(attributes->id, signature_names);
	if (attributes->type.len > 0 || attributes->class.len > 0 || attributes->cite.len > 0)
		out->indent = false;
}

bool html_is_rule_of_reply(const struct html_attributes *attributes)
{
	return view_equal(attributes->tabindex, VIEW("-1")) ||
	       view_equal_nocase(attributes->id, VIEW("stopSpelling")) ||
	       view_equal_nocase(attributes->id, VIEW("zwchr"));
}
