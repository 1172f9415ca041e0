/* parsers/lexicon_origin: which file of words knows a line, for people who look at how a mail was read. See lexicon.h.
 */
#include "base/unicode.h"
#include "parsers/lexicon_private.h"

static const struct {
	enum lexicon_line kind;
	const char *key; /* of `mail:` */
} origins[] = {
	{LEXICON_SEPARATOR, "separators"},
	{LEXICON_FORWARDED, "forwarded"},
	{LEXICON_CLOSING, "closings"},
};

static const char *const header_keys[] = {"from", "sent", "to", "subject", "cc"};

/* The item of those lists that is these words. */
static const struct yaml_node *find_word(
	const struct lexicon *lexicon, struct arena *arena, const char *key, struct view words)
{
	for (size_t i = 0; i < lexicon->mail_count; i++) {
		const struct yaml_node *list = yaml_get(lexicon->mail[i], key);

		for (const struct yaml_node *item = list ? list->first : NULL; item; item = item->next)
			if (item->scalar && view_equal(word_key(arena, view_of(item->scalar)), words))
				return item;
	}
	return NULL;
}

/* Less the dashes round a separator, and the name behind a closing's comma. */
static struct view bare_words(struct arena *arena, struct view line)
{
	struct view folded = unicode_fold(arena, line);
	ptrdiff_t comma = view_find_char(folded, ',');

	while (folded.len > 0 && strchr("-=*_ >", folded.ptr[0]))
		folded = view_sub(folded, 1, folded.len);
	while (folded.len > 0 && strchr("-=*_ :", folded.ptr[folded.len - 1]))
		folded.len--;
	if (comma > 0 && (size_t)comma < folded.len)
		folded.len = (size_t)comma;
	return word_key(arena, folded);
}

static const struct yaml_node *find_header(const struct lexicon *lexicon, struct arena *arena, struct view line)
{
	ptrdiff_t colon = view_find_char(line, ':');
	struct view words = colon > 0 ? bare_words(arena, view_sub(line, 0, (size_t)colon)) : VIEW_NULL;
	const struct yaml_node *found = NULL;

	for (size_t i = 0; !found && i < sizeof(header_keys) / sizeof(header_keys[0]); i++)
		found = find_word(lexicon, arena, header_keys[i], words);
	return found;
}

static const struct yaml_node *find_node(
	const struct lexicon *lexicon, struct arena *arena, enum lexicon_line kind, struct view line)
{
	const struct yaml_node *found = NULL;

	if (kind == LEXICON_HEADER)
		return find_header(lexicon, arena, line);
	for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]) && !found; i++)
		if (origins[i].kind == kind)
			found = find_word(lexicon, arena, origins[i].key, bare_words(arena, line));
	return found ? found : line_template_origin(lexicon, kind, unicode_fold(arena, line));
}

static bool is_language(const struct lexicon *lexicon, struct view name)
{
	for (size_t i = 0; i < lexicon->language_count; i++)
		if (view_equal(view_of(lexicon->languages[i].code), name))
			return true;
	return false;
}

const char *lexicon_origin(const struct lexicon *lexicon, struct arena *arena, enum lexicon_line kind, struct view line)
{
	const struct yaml_node *node = find_node(lexicon, arena, kind, line);
	struct view file = node ? view_of(node->file) : VIEW_NULL, stem;
	const char *slash;

	if (!node)
		return NULL;
	slash = strrchr(node->file, '/');
	file = view_of(slash ? slash + 1 : node->file);
	stem = view_ends(file, VIEW(".yaml")) ? view_sub(file, 0, file.len - 5) : file;
	return arena_copy(arena, is_language(lexicon, stem) ? stem.ptr : file.ptr,
		is_language(lexicon, stem) ? stem.len : file.len);
}
