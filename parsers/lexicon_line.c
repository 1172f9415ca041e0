/*
 * parsers/lexicon_line: what a line looks like: the head of a quote, of a signature, of a disclaimer ... See lexicon.h.
 *
 * This runs on every line of every mail: a line is folded once, and a template's pattern is tried only where its words were
 * found.
 */
#include "base/unicode.h"
#include "parsers/lexicon_private.h"

#define HEADER_NAME_MAX 60 /* bytes before the colon */
#define CLOSING_MAX 90	   /* bytes */
#define UNDERSCORES_MIN 20

static bool is_junk(char c)
{
	return c == '*' || c == '_' || c == '>' || c == '<' || c == '"' || c == '\'' || c == '(' || c == '[' ||
	       c == '-' || c == ' ' || c == '|' || c == '~';
}

/* What stands before the first word: emphasis, quotes, dashes, brackets. */
static struct view junk_off(struct view folded)
{
	while (folded.len > 0 && is_junk(folded.ptr[0]))
		folded = view_sub(folded, 1, folded.len);
	return folded;
}

static struct view junk_off_end(struct view folded)
{
	while (folded.len > 0 && (is_junk(folded.ptr[folded.len - 1]) || folded.ptr[folded.len - 1] == ')' ||
					 folded.ptr[folded.len - 1] == ']'))
		folded.len--;
	return folded;
}

/* ---- templates ---- */

/* Folds and keeps the spaces at the edges, which unicode_fold() trims. */
static struct view fold_piece(struct arena *arena, struct view piece)
{
	bool before = piece.len > 0 && piece.ptr[0] == ' ';
	bool behind = piece.len > 1 && piece.ptr[piece.len - 1] == ' ';
	struct view folded = unicode_fold(arena, piece);

	if (folded.len == 0)
		return piece.len > 0 ? VIEW(" ") : VIEW_NULL;
	return view_of(arena_printf(arena, "%s%.*s%s", before ? " " : "", VIEW_ARGS(folded), behind ? " " : ""));
}

/* The stretch of the piece without a comma or colon, whose spelling in a mail is certain. */
static struct view longest_words(struct view folded)
{
	struct view best = VIEW_NULL;

	for (size_t from = 0, at = 0; at <= folded.len; at++) {
		size_t comma = line_pattern_comma(folded, at), len = comma ? comma : 1;
		bool cut = at == folded.len || folded.ptr[at] == ':' || comma;

		if (!cut)
			continue;
		if (view_trim(view_sub(folded, from, at - from)).len > best.len)
			best = view_trim(view_sub(folded, from, at - from));
		from = at + len;
	}
	return best;
}

/* The words of a template that are sought before its pattern is asked. */
struct template_words {
	struct view head;   /* it begins with them; may be empty */
	struct view needle; /* its longest stretch; may be the head */
};

/* Splits the template at its placeholders; finds head and needle and makes the pattern. */
static int template_split(
	struct arena *arena, struct view source, struct template_words *out, struct line_pattern *pattern)
{
	struct view rest = source;
	bool first = true;

	while (rest.len > 0) {
		ptrdiff_t brace = view_find_char(rest, '{');
		struct view piece = brace < 0 ? rest : view_sub(rest, 0, (size_t)brace);
		struct view folded = fold_piece(arena, piece), words;

		if (first)
			folded = junk_off(folded); /* as the line's own is taken off */
		words = longest_words(folded);
		line_pattern_add_words(pattern, arena, folded);
		if (words.len > out->needle.len)
			out->needle = words;
		if (first && words.len > 0 && view_starts(folded, words))
			out->head = words;
		first = false;
		rest = view_sub(rest, piece.len, rest.len);
		if (rest.len > 0 && !line_pattern_add_gap(pattern, arena, &rest))
			return -1;
	}
	return out->needle.len > 0 ? 0 : -1;
}

static struct byte_set bytes_of(struct view text)
{
	struct byte_set set = {{0}};

	for (size_t i = 0; i < text.len; i++)
		set.bits[(unsigned char)text.ptr[i] / 64] |= (uint64_t)1 << ((unsigned char)text.ptr[i] % 64);
	return set;
}

static bool bytes_hold(const struct byte_set *all, const struct byte_set *some)
{
	for (size_t i = 0; i < 4; i++)
		if (some->bits[i] & ~all->bits[i])
			return false;
	return true;
}

/* Must the line end where a template of that kind does? */
static bool is_whole(enum lexicon_line kind)
{
	return kind == LEXICON_ATTRIBUTION || kind == LEXICON_PHONE_LINE;
}

static int template_compile(struct line_template *template, struct arena *arena, const struct yaml_node *node,
	struct view *head_out, struct error *err)
{
	struct template_words words = {0};
	struct line_pattern *pattern = &template->pattern;

	if (template_split(arena, view_of(node->scalar), &words, pattern) < 0)
		return yaml_error(node, err,
			"\"%s\": words with {date}, {name}, {any} or {end} in between, and at least one word",
			node->scalar);
	template->node = node;
	if (words.needle.ptr != words.head.ptr)
		template->needle = words.needle;
	template->bytes = bytes_of(template->needle);
	if (is_whole(template->kind))
		line_pattern_close(pattern, arena);
	if (line_pattern_is(pattern, words.head))
		pattern->count = 0; /* the head says it all */
	*head_out = words.head;
	return 0;
}

int line_templates_add(struct lexicon *lexicon, enum lexicon_line kind, const struct yaml_node *node, struct error *err)
{
	for (const struct yaml_node *item = node->first; item; item = item->next) {
		struct line_template *template = ARENA_NEW(lexicon->arena, struct line_template);
		struct view head = VIEW_NULL;
		void **list;

		if (item->kind != YAML_SCALAR)
			return yaml_error(item, err, "%s: each item must be a text", node->key);
		template->kind = kind;
		if (template_compile(template, lexicon->arena, item, &head, err) < 0)
			return -1;
		list = word_trie_at(kind == LEXICON_ATTRIBUTION ? lexicon->attribution_heads : lexicon->heads,
			lexicon->arena, head);
		template->next = *list;
		*list = template;
	}
	return 0;
}

/* A folded line, as all the questions want it. */
struct folded {
	struct view text;
	struct view bare; /* less what stands before the first word */
	struct byte_set bytes;
};

static struct folded folded_of(struct view text)
{
	return (struct folded){text, junk_off(text), bytes_of(text)};
}

static bool template_fits(const struct line_template *template, struct view text, const struct byte_set *bytes)
{
	return bytes_hold(bytes, &template->bytes) && view_find(text, template->needle) >= 0 &&
	       line_pattern_fits(&template->pattern, text);
}

/*
 * Which of the `wanted` kinds a template says the text is: those whose heads it begins with are asked. The last one that
 * fits goes into *found_out, where that is not NULL.
 */
static unsigned walk_heads(const struct word_trie *heads, struct view text, const struct byte_set *bytes, unsigned wanted,
	const struct line_template **found_out)
{
	const struct word_trie *at = text.len > 0 ? heads : NULL;
	unsigned kinds = 0;

	for (size_t len = 0; at; len++) {
		for (const struct line_template *one = at->items; one; one = one->next) {
			if (!(wanted & ~kinds & one->kind) || !template_fits(one, text, bytes))
				continue;
			kinds |= one->kind;
			if (found_out)
				*found_out = one;
		}
		at = len < text.len ? word_trie_step(at, text.ptr[len]) : NULL;
	}
	return kinds;
}

static unsigned kinds_by_template(const struct lexicon *lexicon, const struct folded *line, unsigned wanted,
	const struct line_template **found_out)
{
	struct view attribution = junk_off_end(line->bare);
	unsigned kinds = walk_heads(lexicon->heads, line->bare, &line->bytes, wanted, found_out);

	/* All attributions end in a colon: that spares most lines the search. */
	if ((wanted & LEXICON_ATTRIBUTION) && view_ends(attribution, VIEW(":")))
		kinds |= walk_heads(
			lexicon->attribution_heads, attribution, &line->bytes, LEXICON_ATTRIBUTION, found_out);
	return kinds;
}

const struct yaml_node *line_template_origin(const struct lexicon *lexicon, enum lexicon_line kind, struct view folded)
{
	struct folded line = folded_of(folded);
	const struct line_template *found = NULL;

	(void)kinds_by_template(lexicon, &line, kind, &found);
	return found ? found->node : NULL;
}

/* ---- the questions; each takes the folded line ---- */

static int header_name(const struct lexicon *lexicon, struct arena *arena, struct view bare)
{
	ptrdiff_t colon = view_find_char(view_sub(bare, 0, HEADER_NAME_MAX + 1), ':');
	int kind = 0;

	if (colon > 0)
		word_table_find_folded(&lexicon->headers, arena, view_sub(bare, 0, (size_t)colon), &kind);
	return kind;
}

/* Takes dashes (or = * _) off both ends; true when at least two stood there at each. */
static bool rules_off(struct view folded, struct view *inner_out)
{
	size_t left = 0, right = 0, marks_left = 0, marks_right = 0;

	for (; left < folded.len && memchr("-=*_ ", folded.ptr[left], 5); left++)
		marks_left += folded.ptr[left] != ' ';
	for (; right < folded.len - left && memchr("-=*_ ", folded.ptr[folded.len - 1 - right], 5); right++)
		marks_right += folded.ptr[folded.len - 1 - right] != ' ';
	*inner_out = view_sub(folded, left, folded.len - left - right);
	return marks_left >= 2 && marks_right >= 2 && inner_out->len > 0;
}

static bool is_separator(const struct lexicon *lexicon, struct arena *arena, struct view folded)
{
	struct view inner;
	int value;
	size_t underscores = 0;

	while (underscores < folded.len && folded.ptr[underscores] == '_')
		underscores++;
	if (underscores >= UNDERSCORES_MIN && underscores == folded.len)
		return true;
	return rules_off(folded, &inner) && word_table_find_folded(&lexicon->separators, arena, inner, &value);
}

static bool is_forwarded(const struct lexicon *lexicon, struct arena *arena, struct view folded)
{
	struct view inner;
	bool ruled = rules_off(folded, &inner);
	int value;

	if (inner.len == 0 || (!ruled && inner.ptr[inner.len - 1] != ':'))
		return false;
	return word_table_find_folded(&lexicon->forwarded, arena, inner, &value);
}

/* "Kind regards, Amina Yusuf": one to three words behind the comma, each with a capital. */
static bool is_name(struct view text)
{
	struct view rest = view_trim(text), word;
	size_t words = 0;

	while (view_next_field(&rest, ' ', &word)) {
		size_t at = 0;
		uint32_t code;

		if (word.len == 0)
			continue;
		if (!unicode_next(word, &at, &code) || !unicode_is_upper(code))
			return false;
		words++;
	}
	return words >= 1 && words <= 3;
}

/* Its own words; what a closing's template says is asked elsewhere. */
static bool is_closing(
	const struct lexicon *lexicon, struct arena *arena, struct view line, const struct folded *folded)
{
	ptrdiff_t comma;
	int value;

	if (word_table_find_folded(&lexicon->closings, arena, folded->text, &value))
		return true;
	comma = view_find_char(line, ',');
	return comma > 0 && is_name(view_sub(line, (size_t)comma + 1, line.len)) &&
	       word_table_find(&lexicon->closings, word_key(arena, view_sub(line, 0, (size_t)comma)), &value);
}

/* The beginning of the line, folded: a disclaimer is often one line of a thousand letters. */
static struct view fold_head(struct arena *arena, struct view line)
{
	size_t len = line.len > LEXICON_LINE_MAX ? LEXICON_LINE_MAX : line.len;

	while (len > 0 && len < line.len && ((unsigned char)line.ptr[len] & 0xc0) == 0x80)
		len--; /* not inside a character */
	return unicode_fold(arena, view_sub(line, 0, len));
}

#define BY_HEAD (LEXICON_DISCLAIMER | LEXICON_LIST_FOOTER | LEXICON_BANNER) /* told by the beginning of a line alone   \
									     */

unsigned lexicon_folded_line(
	const struct lexicon *lexicon, struct arena *arena, struct view line, struct view whole_folded)
{
	struct folded folded = folded_of(line.len > LEXICON_LINE_MAX ? fold_head(arena, line) : whole_folded);
	bool closes = folded.text.len <= CLOSING_MAX;
	unsigned kinds;

	if (line.len < 2 || line.len > LEXICON_LINE_MAX)
		return kinds_by_template(lexicon, &folded, BY_HEAD, NULL);
	kinds = kinds_by_template(lexicon, &folded,
		BY_HEAD | LEXICON_ATTRIBUTION | LEXICON_PHONE_LINE | (closes ? LEXICON_CLOSING : 0), NULL);
	if (header_name(lexicon, arena, folded.bare) > 0)
		kinds |= LEXICON_HEADER;
	if (is_separator(lexicon, arena, folded.text))
		kinds |= LEXICON_SEPARATOR;
	if (is_forwarded(lexicon, arena, folded.text))
		kinds |= LEXICON_FORWARDED;
	if (closes && !(kinds & LEXICON_CLOSING) && is_closing(lexicon, arena, line, &folded))
		kinds |= LEXICON_CLOSING;
	return kinds;
}

unsigned lexicon_line(const struct lexicon *lexicon, struct arena *arena, struct view line)
{
	return lexicon_folded_line(lexicon, arena, line, fold_head(arena, line));
}

int lexicon_folded_header(const struct lexicon *lexicon, struct arena *arena, struct view line, struct view folded)
{
	bool fits = line.len >= 2 && line.len <= LEXICON_LINE_MAX;

	return fits ? header_name(lexicon, arena, junk_off(folded)) : 0;
}

int lexicon_header_name(const struct lexicon *lexicon, struct arena *arena, struct view line)
{
	return lexicon_folded_header(lexicon, arena, line, fold_head(arena, line));
}

bool lexicon_is_attribution(const struct lexicon *lexicon, struct arena *arena, struct view line)
{
	struct folded folded;

	if (line.len < 2 || line.len > LEXICON_LINE_MAX)
		return false;
	folded = folded_of(unicode_fold(arena, line));
	return kinds_by_template(lexicon, &folded, LEXICON_ATTRIBUTION, NULL) != 0;
}
