/*
 * parsers/lexicon_line: what a line looks like: the head of a quote, of a signature, of a disclaimer ... See lexicon.h.
 *
 * This runs on every line of every mail: a line is folded once, and a regex runs only where the words of its template
 * were found.
 */
#include "base/unicode.h"
#include "parsers/lexicon_private.h"

#define PATTERN_MAX 8192
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

static const char *placeholder(struct view *rest)
{
	static const struct {
		struct view name;
		const char *pattern;
	} known[] = {
		{VIEW("{date}"), "[^\\n]{0,80}?\\p{Nd}[^\\n]{0,80}?"},
		{VIEW("{name}"), "[^\\n]{1,160}?"},
		{VIEW("{any}"), "[^\\n]{0,200}?"},
		{VIEW("{end}"), "$"},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (view_starts(*rest, known[i].name)) {
			*rest = view_sub(*rest, known[i].name.len, rest->len);
			return known[i].pattern;
		}
	return NULL;
}

static bool is_comma(struct view folded, size_t at, size_t *len_out)
{
	static const struct view commas[] = {VIEW(","), VIEW("،"), VIEW("、")};

	for (size_t i = 0; i < 3; i++)
		if (view_starts(view_sub(folded, at, folded.len), commas[i])) {
			*len_out = commas[i].len;
			return true;
		}
	return false;
}

/* Folded words to a pattern that takes any comma or none, and a colon with or without a space before it. */
static void add_literal(struct text *pattern, struct view folded)
{
	bool gap = false;

	for (size_t at = 0; at < folded.len;) {
		char c = folded.ptr[at];
		size_t len = 1;

		if (c == ' ') {
			gap = true;
		} else if (is_comma(folded, at, &len)) {
			text_add_string(pattern, " ?[,،、]? ?");
			gap = false;
			while (at + len < folded.len && folded.ptr[at + len] == ' ')
				len++;
		} else if (c == ':') {
			text_add_string(pattern, " ?:");
			gap = false;
		} else {
			if (gap)
				text_add_char(pattern, ' ');
			gap = false;
			if ((unsigned char)c < 0x80 && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
				text_add_char(pattern, '\\');
			text_add_char(pattern, c);
		}
		at += len;
	}
	if (gap)
		text_add_char(pattern, ' ');
}

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
		size_t len = 1;
		bool cut = at == folded.len || folded.ptr[at] == ':' || is_comma(folded, at, &len);

		if (!cut)
			continue;
		if (view_trim(view_sub(folded, from, at - from)).len > best.len)
			best = view_trim(view_sub(folded, from, at - from));
		from = at + len;
	}
	return best;
}

/* Splits the template at its placeholders; fills head and needle and writes the pattern. */
static int template_split(
	struct arena *arena, struct view source, struct line_template *out, struct text *pattern, bool *varies_out)
{
	struct view rest = source;
	bool first = true;

	*varies_out = false;
	while (rest.len > 0) {
		ptrdiff_t brace = view_find_char(rest, '{');
		struct view piece = brace < 0 ? rest : view_sub(rest, 0, (size_t)brace);
		struct view folded = fold_piece(arena, piece), words;
		const char *varying;

		if (first)
			folded = junk_off(folded); /* as the line's own is taken off */
		words = longest_words(folded);
		add_literal(pattern, folded);
		if (words.len > out->needle.len)
			out->needle = words;
		if (first && words.len > 0 && view_starts(folded, words))
			out->head = words;
		first = false;
		rest = view_sub(rest, piece.len, rest.len);
		if (rest.len == 0)
			break;
		varying = placeholder(&rest);
		if (!varying)
			return -1;
		text_add_string(pattern, varying);
		*varies_out = true;
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

static int template_compile(struct line_template *template, struct arena *arena, const struct yaml_node *node,
	bool whole, struct error *err)
{
	TEXT_SCOPED pattern;
	bool varies;
	int result = 0;

	text_init(&pattern, PATTERN_MAX);
	text_add_string(&pattern, "^");
	if (template_split(arena, view_of(node->scalar), template, &pattern, &varies) < 0)
		return yaml_error(node, err,
			"\"%s\": words with {date}, {name}, {any} or {end} in between, and at least one word",
			node->scalar);
	template->node = node;
	template->bytes = bytes_of(template->needle);
	text_add_string(&pattern, whole ? "[ .!*_>)\\]\"-]*$" : "");
	if (varies || whole || pattern.len != template->head.len + 1) /* else the head says it all; 1 is the "^" */
		result = regex_new(text_view(&pattern), REGEX_UNICODE, &template->regex, err);
	return result < 0 ? error_prefix(err, "%s:%d:%d", node->file, node->line, node->column) : 0;
}

int line_list_add(struct line_list *list, struct arena *arena, const struct yaml_node *node, struct error *err)
{
	for (const struct yaml_node *item = node->first; item; item = item->next) {
		struct line_template *template = ARENA_NEW(arena, struct line_template);
		struct line_template **bucket;

		if (item->kind != YAML_SCALAR)
			return yaml_error(item, err, "%s: each item must be a text", node->key);
		if (template_compile(template, arena, item, list->whole, err) < 0)
			return -1;
		bucket = &list->buckets[template->head.len > 0 ? (unsigned char)template->head.ptr[0]
							       : LINE_BUCKETS - 1];
		template->next = *bucket;
		*bucket = template;
	}
	return 0;
}

void line_list_release(struct line_list *list)
{
	for (size_t i = 0; i < LINE_BUCKETS; i++)
		for (struct line_template *at = list->buckets[i]; at; at = at->next)
			regex_free(&at->regex);
}

static const struct line_template *bucket_find(
	const struct line_template *template, struct view folded, const struct byte_set *bytes)
{
	for (; template; template = template->next) {
		if (!bytes_hold(bytes, &template->bytes) || !view_starts(folded, template->head))
			continue;
		if (template->needle.ptr != template->head.ptr && view_find(folded, template->needle) < 0)
			continue;
		if (!template->regex || regex_match(template->regex, folded, 0, NULL, 0) > 0)
			return template;
	}
	return NULL;
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

static const struct line_template *list_find(
	const struct line_list *list, struct view text, const struct byte_set *bytes)
{
	const struct line_template *found = NULL;

	if (text.len > 0)
		found = bucket_find(list->buckets[(unsigned char)text.ptr[0]], text, bytes);
	if (text.len > 0 && !found)
		found = bucket_find(list->buckets[LINE_BUCKETS - 1], text, bytes);
	return found;
}

static bool list_matches(const struct line_list *list, struct view text, const struct byte_set *bytes)
{
	return list_find(list, text, bytes) != NULL;
}

const struct yaml_node *line_list_origin(const struct line_list *list, struct view folded)
{
	struct byte_set bytes = bytes_of(folded);
	const struct line_template *found = list_find(list, junk_off_end(junk_off(folded)), &bytes);

	if (!found)
		found = list_find(list, junk_off(folded), &bytes);
	return found ? found->node : NULL;
}

/* ---- the questions; each takes the folded line ---- */

static bool is_attribution(const struct lexicon *lexicon, const struct folded *line)
{
	struct view text = junk_off_end(line->bare);

	/* All attributions end in a colon: that spares most lines the search. */
	return text.len > 0 && text.ptr[text.len - 1] == ':' &&
	       list_matches(&lexicon->attributions, text, &line->bytes);
}

static int header_name(const struct lexicon *lexicon, struct arena *arena, struct view bare)
{
	ptrdiff_t colon = view_find_char(bare, ':');
	int kind = 0;

	if (colon <= 0 || colon > HEADER_NAME_MAX)
		return 0;
	word_table_find(&lexicon->headers, word_key(arena, view_sub(bare, 0, (size_t)colon)), &kind);
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
	return rules_off(folded, &inner) && word_table_find(&lexicon->separators, word_key(arena, inner), &value);
}

static bool is_forwarded(const struct lexicon *lexicon, struct arena *arena, struct view folded)
{
	struct view inner;
	bool ruled = rules_off(folded, &inner);
	int value;

	if (inner.len == 0 || (!ruled && inner.ptr[inner.len - 1] != ':'))
		return false;
	return word_table_find(&lexicon->forwarded, word_key(arena, inner), &value);
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

static bool is_closing(
	const struct lexicon *lexicon, struct arena *arena, struct view line, const struct folded *folded)
{
	ptrdiff_t comma;
	int value;

	if (folded->text.len > CLOSING_MAX)
		return false;
	if (word_table_find(&lexicon->closings, word_key(arena, folded->text), &value))
		return true;
	if (list_matches(&lexicon->closing_lines, folded->bare, &folded->bytes))
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

/* What is told by the beginning of the line alone. */
static unsigned kinds_by_head(const struct lexicon *lexicon, const struct folded *line)
{
	unsigned kinds = 0;

	if (list_matches(&lexicon->disclaimers, line->bare, &line->bytes))
		kinds |= LEXICON_DISCLAIMER;
	if (list_matches(&lexicon->list_footers, line->bare, &line->bytes))
		kinds |= LEXICON_LIST_FOOTER;
	if (list_matches(&lexicon->banners, line->bare, &line->bytes))
		kinds |= LEXICON_BANNER;
	return kinds;
}

unsigned lexicon_line(const struct lexicon *lexicon, struct arena *arena, struct view line)
{
	struct folded folded = folded_of(fold_head(arena, line));
	unsigned kinds = kinds_by_head(lexicon, &folded);

	if (line.len < 2 || line.len > LEXICON_LINE_MAX)
		return kinds;
	if (is_attribution(lexicon, &folded))
		kinds |= LEXICON_ATTRIBUTION;
	if (header_name(lexicon, arena, folded.bare) > 0)
		kinds |= LEXICON_HEADER;
	if (is_separator(lexicon, arena, folded.text))
		kinds |= LEXICON_SEPARATOR;
	if (is_forwarded(lexicon, arena, folded.text))
		kinds |= LEXICON_FORWARDED;
	if (is_closing(lexicon, arena, line, &folded))
		kinds |= LEXICON_CLOSING;
	if (list_matches(&lexicon->phone_lines, folded.bare, &folded.bytes))
		kinds |= LEXICON_PHONE_LINE;
	return kinds;
}

/* One question alone: the same, without the others' work. */
static struct folded fold_line(struct arena *arena, struct view line)
{
	bool fits = line.len >= 2 && line.len <= LEXICON_LINE_MAX;

	return folded_of(fits ? unicode_fold(arena, line) : VIEW_NULL);
}

bool lexicon_is_attribution(const struct lexicon *lexicon, struct arena *arena, struct view line)
{
	struct folded folded = fold_line(arena, line);

	return is_attribution(lexicon, &folded);
}

int lexicon_header_name(const struct lexicon *lexicon, struct arena *arena, struct view line)
{
	return header_name(lexicon, arena, fold_line(arena, line).bare);
}

bool lexicon_is_separator(const struct lexicon *lexicon, struct arena *arena, struct view line)
{
	return is_separator(lexicon, arena, fold_line(arena, line).text);
}

bool lexicon_is_forwarded(const struct lexicon *lexicon, struct arena *arena, struct view line)
{
	return is_forwarded(lexicon, arena, fold_line(arena, line).text);
}

bool lexicon_is_closing(const struct lexicon *lexicon, struct arena *arena, struct view line)
{
	struct folded folded = fold_line(arena, line);

	return folded.text.len > 0 && is_closing(lexicon, arena, line, &folded);
}

static bool list_has(const struct line_list *list, struct folded line)
{
	return list_matches(list, line.bare, &line.bytes);
}

bool lexicon_is_phone_line(const struct lexicon *lexicon, struct arena *arena, struct view line)
{
	return list_has(&lexicon->phone_lines, fold_line(arena, line));
}

bool lexicon_is_disclaimer(const struct lexicon *lexicon, struct arena *arena, struct view line)
{
	return list_has(&lexicon->disclaimers, folded_of(fold_head(arena, line)));
}

bool lexicon_is_list_footer(const struct lexicon *lexicon, struct arena *arena, struct view line)
{
	return list_has(&lexicon->list_footers, folded_of(fold_head(arena, line)));
}

bool lexicon_is_banner(const struct lexicon *lexicon, struct arena *arena, struct view line)
{
	return list_has(&lexicon->banners, folded_of(fold_head(arena, line)));
}
