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

/* The values of the properties that are asked for; empty when not set. The last one of a name counts. */
struct style {
	struct view weight, space, left, top, border, margin, margin_bottom;
};

static void take_property(struct style *out, struct view name, struct view value)
{
	const struct {
		struct view name;
		struct view *value;
	} known[] = {
		{VIEW("font-weight"), &out->weight},
		{VIEW("white-space"), &out->space},
		{VIEW("border-left"), &out->left},
		{VIEW("border-top"), &out->top},
		{VIEW("border"), &out->border},
		{VIEW("margin"), &out->margin},
		{VIEW("margin-bottom"), &out->margin_bottom},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (view_equal(name, known[i].name))
			*known[i].value = value;
}

static struct style properties(struct view style)
{
	struct style found = {0};
	struct view rest = style, declaration;

	while (view_next_field(&rest, ';', &declaration)) {
		ptrdiff_t colon = view_find_char(declaration, ':');

		if (colon > 0)
			take_property(&found, view_sub(declaration, 0, (size_t)colon),
				view_sub(declaration, (size_t)colon + 1, SIZE_MAX));
	}
	return found;
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

static unsigned mark_if(bool there, enum html_mark mark)
{
	return there ? mark : 0;
}

static bool is_hidden(struct view style)
{
	return has(style, "display:none") || has(style, "mso-hide:all") || has(style, "visibility:hidden");
}

/* font-weight: a word or a number. */
static unsigned read_weight(struct view weight)
{
	char first = weight.len == 3 ? weight.ptr[0] : '\0';

	if (has(weight, "bold") || (first >= '6' && first <= '9'))
		return MARK_BOLD;
	return mark_if(has(weight, "normal") || (first != '\0' && first < '6'), MARK_LIGHT);
}

static unsigned read_style(struct view style)
{
	struct style set = properties(style);
	bool no_border = view_starts(set.border, VIEW("none")) || is_nought(set.border);
	unsigned marks = read_weight(set.weight);

	marks |= mark_if(is_hidden(style), MARK_HIDDEN);
	marks |= mark_if(view_starts(set.space, VIEW("pre")) || view_starts(set.space, VIEW("break-spaces")),
		MARK_PRESERVE);
	marks |= mark_if(is_nought(set.margin) || is_nought(set.margin_bottom), MARK_TIGHT);
	marks |= mark_if(no_border && set.left.len == 0, MARK_INDENT);
	/* Outlook: a bar at the left of the quote, a rule above the header block of the older mail. */
	marks |= mark_if(no_border && has(set.left, "solid"), MARK_QUOTED);
	marks |= mark_if(no_border && has(set.top, "solid") && has(style, "padding:3"), MARK_BOUNDARY);
	return marks | mark_if(has(style, "mso-list:ignore"), MARK_LIST);
}

static const struct view boundary_names[] = {
	VIEW("gmail_quote"), VIEW("gmail_quote_container"), VIEW("gmail_attr"), VIEW("moz-cite-prefix"),
	VIEW("moz-forward-container"), VIEW("OutlookMessageHeader"), VIEW("yahoo_quoted"), VIEW("yahoo-quoted"),
	VIEW("divRplyFwdMsg"), VIEW("appendonsend"), VIEW("reply-intro"), VIEW("protonmail_quote"),
	VIEW("tutanota_quote"), VIEW("zmail_extra"), VIEW("ms-outlook-mobile-reference-message"),
	VIEW("mail-editor-reference-message-container"), VIEW("mail_android_quote"), VIEW("ydp-yahoo_quoted"),
	VIEW("quoteHeader"), VIEW("replyHeader"), {NULL, 0}};

static const struct view signature_names[] = {
	VIEW("gmail_signature"), VIEW("moz-signature"), VIEW("Signature"), VIEW("ms-outlook-mobile-signature"),
	VIEW("protonmail_signature_block"), VIEW("AppleMailSignature"), VIEW("lineBreakAtBeginningOfSignature"),
	VIEW("x-apple-signature"), {NULL, 0}};

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

static bool is_rule_of_reply(const struct html_attributes *attributes)
{
	return view_equal(attributes->tabindex, VIEW("-1")) ||
	       view_equal_nocase(attributes->id, VIEW("stopSpelling")) ||
	       view_equal_nocase(attributes->id, VIEW("zwchr"));
}

unsigned html_marks_read(const struct html_attributes *attributes)
{
	struct view class = attributes->class, id = attributes->id;
	unsigned marks = 0;
	char buffer[STYLE_MAX];

	if (attributes->style.len > 0)
		marks = read_style(squeezed(attributes->style, buffer));
	marks |= mark_if(attributes->hidden.ptr != NULL, MARK_HIDDEN);
	marks |= mark_if(view_find(class, VIEW("Mso")) >= 0, MARK_TIGHT);
	marks |= mark_if(names(class, boundary_names) || names(id, boundary_names), MARK_BOUNDARY);
	marks |= mark_if(names(class, signature_names) || names(id, signature_names), MARK_SIGNATURE);
	marks |= mark_if(is_rule_of_reply(attributes), MARK_REPLY_RULE);
	if (attributes->type.len > 0 || class.len > 0 || attributes->cite.len > 0)
		marks &= ~(unsigned)MARK_INDENT;
	return marks;
}
