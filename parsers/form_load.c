/*
 * parsers/form_load: one YAML file -> struct form, strictly: what is not understood is an error with its line and
 * column. The fields are read in form_field.c, the regexes of `match:` in form_match.c. See form.h.
 */
#include "parsers/form.h"
#include "parsers/form_match.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/unicode.h"

/* Edits (insert, delete, replace) between two short words; more than 63 letters are not compared. */
static size_t distance(const char *a, const char *b)
{
	size_t row[64], a_len = strlen(a), b_len = strlen(b);

	if (a_len > 63 || b_len > 63)
		return 64;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t replace = diagonal + (a[i - 1] != b[j - 1]);
			size_t other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

			diagonal = row[j];
			row[j] = replace < other ? replace : other;
		}
	}
	return row[b_len];
}

static bool is_known(const char *key, const char *const *known)
{
	for (; *known; known++)
		if (strcmp(key, *known) == 0)
			return true;
	return false;
}

static const char *nearest(const char *key, const char *const *known)
{
	const char *best = *known;

	for (; *known; known++)
		if (distance(key, *known) < distance(key, best))
			best = *known;
	return best;
}

/* The error of a key stands at the key, not at its value. */
static int key_error(const struct yaml_node *node, const char *const *known, struct error *err)
{
	struct yaml_node at = *node;

	at.line = node->key_line;
	at.column = node->key_column;
	return yaml_error(&at, err, "unknown key \"%s\"; did you mean \"%s\"?", node->key, nearest(node->key, known));
}

int form_check_keys(const struct yaml_node *mapping, const char *const *known, struct error *err)
{
	if (mapping->kind != YAML_MAPPING)
		return yaml_error(mapping, err, "expected a mapping (key: value)");
	for (const struct yaml_node *node = mapping->first; node; node = node->next)
		if (!is_known(node->key, known))
			return key_error(node, known, err);
	return 0;
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

int form_check_name(const struct yaml_node *node, char joiner, struct error *err)
{
	if (node->kind != YAML_SCALAR || node->scalar_len == 0)
		return yaml_error(node, err, "expected a name");
	if (node->scalar_len > FORM_NAME_MAX)
		return yaml_error(node, err, "the name is longer than %d letters", FORM_NAME_MAX);
	for (size_t i = 0; i < node->scalar_len; i++) {
		char c = node->scalar[i];
		bool inside = i > 0 && ((c >= '0' && c <= '9') || c == joiner);

		if (!is_lower(c) && !inside)
			return yaml_error(node, err,
				"\"%s\": a name is made of lower-case letters, digits and \"%c\", a letter first",
				node->scalar, joiner);
	}
	return 0;
}

/* "en", "zh", "sw-ke": what a language file is named by. */
static bool is_language(const char *code)
{
	size_t len = strlen(code);

	if (len < 2 || len > 8 || !is_lower(code[0]) || !is_lower(code[1]))
		return false;
	for (size_t i = 2; i < len; i++)
		if (!is_lower(code[i]) && code[i] != '-')
			return false;
	return true;
}

static int load_word(struct arena *arena, const struct yaml_node *node, struct word *out, struct error *err)
{
	struct view text;

	if (!is_language(node->key))
		return yaml_error(node, err, "\"%s\" is not a language code such as en or fr", node->key);
	if (node->kind != YAML_SCALAR)
		return yaml_error(node, err, "expected a text");
	text = unicode_squeeze(arena, unicode_nfc(arena, (struct view){node->scalar, node->scalar_len}));
	if (text.len == 0)
		return yaml_error(node, err, "the text is empty");
	if (text.len > FORM_LABEL_MAX)
		return yaml_error(node, err, "the text is longer than %d bytes", FORM_LABEL_MAX);
	out->language = arena_strdup(arena, node->key);
	out->text = arena_copy(arena, text.ptr, text.len);
	return 0;
}

int form_load_words(struct arena *arena, const struct yaml_node *node, struct words *out, struct error *err)
{
	struct word *list;
	size_t count = 0;

	if (node->kind != YAML_MAPPING || node->count == 0)
		return yaml_error(node, err, "expected a text by language, such as {en: Country, fr: Pays}");
	list = ARENA_NEW_N(arena, struct word, node->count);
	for (const struct yaml_node *word = node->first; word; word = word->next)
		if (load_word(arena, word, &list[count++], err) < 0)
			return -1;
	out->list = list;
	out->count = count;
	return 0;
}

static const char *digest_hex(struct arena *arena, struct view bytes)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	char *hex;

	if (EVP_Digest(bytes.ptr ? bytes.ptr : "", bytes.len, sum, &len, EVP_sha256(), NULL) != 1)
		len = 0;
	hex = arena_alloc(arena, 2 * (size_t)len + 1);
	for (unsigned int i = 0; i < len; i++) {
		hex[2 * i] = digits[sum[i] >> 4];
		hex[2 * i + 1] = digits[sum[i] & 15];
	}
	return hex;
}

static int load_head(struct arena *arena, const struct yaml_node *root, struct form *form, struct error *err)
{
	const struct yaml_node *id = yaml_get(root, "id"), *version = yaml_get(root, "version");
	const struct yaml_node *title = yaml_get(root, "title"), *sensitive = yaml_get(root, "sensitive");
	long long number = 1;

	if (!id || !title)
		return yaml_error(root, err, "a form needs \"%s\"", id ? "title" : "id");
	if (form_check_name(id, '-', err) < 0)
		return -1;
	if (version && yaml_int(version, 1, 1000000, &number, err) < 0)
		return -1;
	if (sensitive && yaml_bool(sensitive, &form->sensitive, err) < 0)
		return -1;
	form->id = arena_strdup(arena, id->scalar);
	form->version = (int)number;
	return form_load_words(arena, title, &form->title, err);
}

int form_load(struct arena *arena, const struct parse_source *source, struct form *out, struct error *err)
{
	static const char *const keys[] = {"id", "version", "title", "sensitive", "fields", "match", NULL};
	struct form_private *private = ARENA_NEW(arena, struct form_private);
	const struct yaml_node *fields, *match;
	struct yaml_node *root;

	if (yaml_parse(arena, source->bytes, source->file, &root, err) < 0)
		return -1;
	out->compiled = private;
	out->source_sha256 = digest_hex(arena, source->bytes);
	if (form_check_keys(root, keys, err) < 0 || load_head(arena, root, out, err) < 0)
		return -1;
	fields = yaml_get(root, "fields");
	match = yaml_get(root, "match");
	private->fields = fields;
	if (!fields && !match)
		return yaml_error(root, err, "a form needs \"fields\" or \"match\"");
	if (fields && form_load_fields(arena, fields, !match, out, err) < 0)
		return -1;
	return match ? form_match_load(arena, match, out, &private->match, err) : 0;
}
