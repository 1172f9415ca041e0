/* parsers/client_load: the files of config/clients. See client.h. */
#include "parsers/client.h"

#include <string.h>

static const char *const style_names[] = {
	[STYLE_COPY_ABOVE] = "copy-above",
	[STYLE_COPY_BELOW] = "copy-below",
	[STYLE_LABELS_ABOVE] = "labels-above",
	[STYLE_LABELS_BELOW] = "labels-below",
	[STYLE_NUMBERS_ABOVE] = "numbers-above",
	[STYLE_NUMBERS_BELOW] = "numbers-below",
	[STYLE_BETWEEN] = "between",
	[STYLE_IN_PLACE] = "in-place",
	[STYLE_CELLS] = "cells",
	NULL,
};
static const char *const parts_names[] = {"text", "html", "both", NULL};
static const char *const encoding_names[] = {"quoted-printable", "base64", "8bit", NULL};
static const char *const cells_names[] = {"below", "same", "tab", NULL};
static const char *const thread_names[] = {"none", "older", "own-reply", NULL};
static const char *const table_names[] = {"flat", "pair", "lines", NULL};

const char *client_style_name(int style)
{
	return style_names[style];
}

/* ---- keys ---- */

enum key_kind { KEY_TEXT, KEY_FLAG, KEY_NUMBER, KEY_WORD, KEY_NODE, KEY_APART };

struct key {
	const char *name;
	enum key_kind kind;
	size_t offset;		  /* in struct client */
	const char *const *words; /* KEY_WORD: what it may be */
};

#define AT(member) offsetof(struct client, member)

static const struct key keys[] = {
	{"client", KEY_TEXT, AT(name), NULL},
	{"channel", KEY_FLAG, AT(channel), NULL},
	{"parts", KEY_WORD, AT(parts), parts_names},
	{"subject", KEY_TEXT, AT(subject), NULL},
	{"headers", KEY_NODE, AT(headers), NULL},
	{"charset", KEY_NODE, AT(charset), NULL},
	{"encoding", KEY_WORD, AT(encoding), encoding_names},
	{"quote", KEY_FLAG, AT(quotes), NULL},
	{"attribution", KEY_NODE, AT(attribution), NULL},
	{"signature", KEY_NODE, AT(signature), NULL},
	{"banner", KEY_NODE, AT(banner), NULL},
	{"footer", KEY_NODE, AT(footer), NULL},
	{"thread", KEY_WORD, AT(thread), thread_names},
	{"styles", KEY_APART, 0, NULL},
	{"text", KEY_APART, 0, NULL},
	{"html", KEY_APART, 0, NULL},
	{"fault", KEY_APART, 0, NULL},
	{NULL, KEY_NODE, 0, NULL},
};

static const struct key text_keys[] = {
	{"mark", KEY_TEXT, AT(mark), NULL},
	{"wrap", KEY_NUMBER, AT(wrap), NULL},
	{"quote_wrap", KEY_NUMBER, AT(quote_wrap), NULL},
	{"flowed", KEY_FLAG, AT(flowed), NULL},
	{"delsp", KEY_FLAG, AT(delsp), NULL},
	{"broken", KEY_FLAG, AT(broken), NULL},
	{"cells", KEY_WORD, AT(cells), cells_names},
	{NULL, KEY_NODE, 0, NULL},
};

static const struct key html_keys[] = {
	{"page", KEY_TEXT, AT(page), NULL},
	{"own", KEY_TEXT, AT(own), NULL},
	{"attribution", KEY_TEXT, AT(attribution_html), NULL},
	{"frame", KEY_TEXT, AT(frame), NULL},
	{"quote", KEY_TEXT, AT(quote), NULL},
	{"line", KEY_TEXT, AT(line), NULL},
	{"blank", KEY_TEXT, AT(blank), NULL},
	{"cell", KEY_TEXT, AT(cell), NULL},
	{"empty_cell", KEY_TEXT, AT(empty_cell), NULL},
	{"table", KEY_WORD, AT(table), table_names},
	{"lists", KEY_FLAG, AT(lists), NULL},
	{NULL, KEY_NODE, 0, NULL},
};

static int load_word(const struct yaml_node *node, const char *const *words, int *out, struct error *err)
{
	for (int i = 0; node->kind == YAML_SCALAR && words[i]; i++)
		if (strcmp(node->scalar, words[i]) == 0) {
			*out = i;
			return 0;
		}
	return yaml_error(
		node, err, "\"%s\" is none of %s, %s, ...", node->scalar ? node->scalar : "", words[0], words[1]);
}

static int load_key(const struct yaml_node *node, const struct key *key, struct client *client, struct error *err)
{
	void *at = (char *)client + key->offset;

	switch (key->kind) {
	case KEY_TEXT:
		if (node->kind != YAML_SCALAR)
			return yaml_error(node, err, "expected a text");
		*(const char **)at = node->scalar;
		return 0;
	case KEY_FLAG:
		return yaml_bool(node, at, err);
	case KEY_NUMBER:
		return yaml_int(node, 0, 1000, at, err);
	case KEY_WORD:
		return load_word(node, key->words, at, err);
	case KEY_NODE:
		*(const struct yaml_node **)at = node;
		return 0;
	case KEY_APART:
		return 0;
	}
	return 0;
}

/* A mapping whose keys are in the list. NULL: nothing is read. */
static int load_keys(const struct yaml_node *mapping, const struct key *list, struct client *client, struct error *err)
{
	if (!mapping)
		return 0;
	if (mapping->kind != YAML_MAPPING)
		return yaml_error(mapping, err, "expected a mapping (key: value)");
	for (const struct yaml_node *node = mapping->first; node; node = node->next) {
		const struct key *key = list;

		while (key->name && strcmp(key->name, node->key) != 0)
			key++;
		if (!key->name)
			return yaml_error(node, err, "unknown key \"%s\"", node->key);
		if (load_key(node, key, client, err) < 0)
			return -1;
	}
	return 0;
}

static int load_styles(const struct yaml_node *node, struct client *client, struct error *err)
{
	if (!node || node->kind != YAML_SEQUENCE || node->count == 0)
		return yaml_error(node ? node : client->node, err, "a client needs a list of \"styles\"");
	for (const struct yaml_node *item = node->first; item; item = item->next) {
		int style;

		if (load_word(item, style_names, &style, err) < 0)
			return -1;
		if (client->thread == THREAD_OWN_REPLY && style >= STYLE_BETWEEN)
			return yaml_error(item, err, "where an own reply is answered, the request is not typed into");
		client->styles[style] = true;
	}
	return 0;
}

static int load_fault(const struct yaml_node *node, struct client *client, struct error *err)
{
	for (node = node ? node->first : NULL; node; node = node->next) {
		const struct yaml_node *second = node->first ? node->first->next : NULL;

		if (strcmp(node->key, "drop") == 0 && yaml_int(node, 1, FORM_FIELDS_MAX, &client->drop, err) == 0)
			continue;
		if (strcmp(node->key, "merge") == 0 && yaml_int(node, 1, FORM_FIELDS_MAX, &client->merge, err) == 0)
			continue;
		if (strcmp(node->key, "swap") == 0 && second &&
			yaml_int(node->first, 1, FORM_FIELDS_MAX, &client->swap[0], err) == 0 &&
			yaml_int(second, 1, FORM_FIELDS_MAX, &client->swap[1], err) == 0)
			continue;
		return yaml_error(node, err, "a fault is drop: N, swap: [N, M] or merge: N");
	}
	return 0;
}

/* What a client that says nothing of it does. */
static void set_defaults(struct client *client)
{
	client->quotes = true;
	client->subject = "Re: {subject}";
	client->mark = "> ";
	client->page = "<html><body>{body}</body></html>";
	client->own = client->frame = client->quote = "{lines}";
	client->attribution_html = client->line = "<div>{line}</div>";
	client->blank = "<div><br></div>";
	client->cell = "{line}<br>";
	client->empty_cell = "<br>";
}

static int load_client(struct client *client, const struct yaml_node *root, struct error *err)
{
	client->node = root;
	set_defaults(client);
	if (load_keys(root, keys, client, err) < 0)
		return -1;
	if (!client->name)
		return yaml_error(root, err, "a client needs a name (client: NAME)");
	if (load_styles(yaml_get(root, "styles"), client, err) < 0 ||
		load_keys(yaml_get(root, "text"), text_keys, client, err) < 0 ||
		load_keys(yaml_get(root, "html"), html_keys, client, err) < 0)
		return -1;
	return load_fault(yaml_get(root, "fault"), client, err);
}

int client_load(struct clients *clients, const struct parse_source *source, struct error *err)
{
	struct yaml_node *root;
	const struct yaml_node *answers;

	if (yaml_parse(clients->arena, source->bytes, source->file, &root, err) < 0)
		return -1;
	answers = yaml_get(root, "answers");
	if (!answers)
		return load_client(&clients->list[clients->count++], root, err);
	clients->words.answers = answers;
	clients->words.countries = yaml_get(root, "countries");
	if (!clients->words.countries || !yaml_get(answers, "en"))
		return yaml_error(root, err, "\"countries\" and answers in English (en) are needed");
	return 0;
}

/* ---- look-ups ---- */

const char *client_word(const struct yaml_node *by_language, const char *language)
{
	const struct yaml_node *node;

	if (!by_language)
		return NULL;
	if (by_language->kind == YAML_SCALAR)
		return by_language->scalar;
	node = yaml_get(by_language, language);
	if (!node)
		node = yaml_get(by_language, "en");
	if (!node)
		node = by_language->first;
	return node ? node->scalar : NULL;
}

const struct yaml_node *client_list(const struct client_words *words, const char *language, const char *key)
{
	const struct yaml_node *texts = yaml_get(words->answers, language), *list;

	list = texts ? yaml_get(texts, key) : NULL;
	return list ? list : yaml_get(yaml_get(words->answers, "en"), key);
}

const char *client_item(const struct yaml_node *list, unsigned turn)
{
	const struct yaml_node *item = list ? list->first : NULL;

	if (list && list->kind == YAML_SCALAR)
		return list->scalar;
	if (!item)
		return NULL;
	for (unsigned left = turn % (unsigned)list->count; left > 0; left--)
		item = item->next;
	return item->scalar;
}

const struct yaml_node *client_language(const struct client_words *words, const char *language, const char *key)
{
	for (size_t i = 0; i < words->language_count; i++) {
		const struct yaml_node *code = yaml_get(words->languages[i], "language");

		if (code && code->scalar && strcmp(code->scalar, language) == 0)
			return yaml_get(words->languages[i], key);
	}
	return NULL;
}

unsigned client_pick(unsigned turn, unsigned salt, size_t count)
{
	uint64_t mixed = ((uint64_t)turn << 32 | salt) + 0x9E3779B97F4A7C15u;

	mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
	mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
	return count == 0 ? 0 : (unsigned)((mixed ^ (mixed >> 31)) % count);
}
