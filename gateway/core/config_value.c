/* core/config_value: one value of the config, in and out, by its kind. See config_options.h. */
#include "core/config_options.h"

#include <stdio.h>
#include <stdlib.h>

struct target {
	const struct config_option *option;
	const char *directory;
	struct arena *arena;
	void *at; /* where the value goes */
};

const char *config_path_absolute(struct arena *arena, const char *directory, const char *path)
{
	if (path[0] == '/' || !directory)
		return arena_strdup(arena, path);
	return arena_printf(arena, "%s/%s", directory, path);
}

/* A scalar with text in it and no control character: those would forge headers and log lines. */
static int scalar(const struct target *to, const struct yaml_node *node, const char **out, struct error *err)
{
	const char *name = to->option->name;

	if (node->kind != YAML_SCALAR)
		return yaml_error(node, err, "%s is one value; write `%s: %s`", name, name,
			to->option->fallback ? to->option->fallback
					     : (to->option->example ? to->option->example : "..."));
	for (size_t i = 0; i < node->scalar_len; i++)
		if ((unsigned char)node->scalar[i] < 0x20 || node->scalar[i] == 0x7F)
			return yaml_error(node, err, "%s holds a control character; write it on one line", name);
	*out = node->scalar;
	return 0;
}

static int load_string(const struct target *to, const struct yaml_node *node, struct error *err)
{
	const char *text;

	if (scalar(to, node, &text, err) < 0)
		return -1;
	*(const char **)to->at = *text ? arena_strdup(to->arena, text) : NULL;
	return 0;
}

static int load_path(const struct target *to, const struct yaml_node *node, struct error *err)
{
	const char *text;

	if (scalar(to, node, &text, err) < 0)
		return -1;
	*(const char **)to->at = *text ? config_path_absolute(to->arena, to->directory, text) : NULL;
	return 0;
}

static int load_name(const struct target *to, const struct yaml_node *node, struct error *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	const char *text;
	size_t len;

	if (scalar(to, node, &text, err) < 0)
		return -1;
	len = strlen(text);
	if (len == 0 || len > 64 || strspn(text, allowed) != len)
		return yaml_error(node, err,
			"%s is at most 64 letters, digits, dots, dashes and underscores; write `%s: %s`",
			to->option->name, to->option->name, to->option->example);
	*(const char **)to->at = arena_strdup(to->arena, text);
	return 0;
}

/* RFC 6901: empty, or each step behind a slash, where ~ stands only as ~0 and ~1. */
static int load_pointer(const struct target *to, const struct yaml_node *node, struct error *err)
{
	const char *text;
	bool good;

	if (scalar(to, node, &text, err) < 0)
		return -1;
	good = text[0] == '/' && strlen(text) <= 200;
	for (const char *p = text; good && *p; p++)
		good = *p != '~' || p[1] == '0' || p[1] == '1';
	if (!good)
		return yaml_error(node, err, "%s is a JSON pointer, each step behind a slash; write `%s: %s`",
			to->option->name, to->option->name, to->option->example);
	*(const char **)to->at = arena_strdup(to->arena, text);
	return 0;
}

static int load_address(const struct target *to, const struct yaml_node *node, struct error *err)
{
	const char *text, *at;

	if (scalar(to, node, &text, err) < 0)
		return -1;
	at = strrchr(text, '@');
	if (!at || at == text || at[1] == '\0' || strchr(text, '@') != at || strpbrk(text, " <>,;:\"()[]\\"))
		return yaml_error(node, err, "%s is a bare mail address; write `%s: %s`", to->option->name,
			to->option->name, to->option->example);
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p >= 0x80)
			return yaml_error(node, err,
				"%s is written in ASCII; a domain of other letters has a form that begins with xn--",
				to->option->name);
	*(const char **)to->at = arena_strdup(to->arena, text);
	return 0;
}

static int load_word(const struct target *to, const struct yaml_node *node, struct error *err)
{
	const char *const *words = to->option->words;
	const char *text;
	struct text known;

	if (scalar(to, node, &text, err) < 0)
		return -1;
	for (size_t i = 0; words[i]; i++)
		if (strcmp(words[i], text) == 0) {
			*(const char **)to->at = words[i];
			return 0;
		}
	text_init(&known, 256);
	for (size_t i = 0; words[i]; i++)
		text_add_format(&known, "%s%s", i ? ", " : "", words[i]);
	yaml_error(node, err, "%s is one of %s", to->option->name, text_string(&known));
	text_release(&known);
	return -1;
}

static int load_int(const struct target *to, const struct yaml_node *node, struct error *err)
{
	long long value = 0;
	struct view text = {node->scalar, node->scalar_len};

	if (node->kind != YAML_SCALAR || view_to_int(text, to->option->min, to->option->max, &value) < 0)
		return yaml_error(node, err, "%s is a whole number from %lld to %lld", to->option->name,
			to->option->min, to->option->max);
	*(int *)to->at = (int)value;
	return 0;
}

/* "25 MiB", "8388608": a number and its unit. */
static int size_of(struct view text, long long min, long long max, long long *out)
{
	static const struct {
		const char *unit;
		int shift;
	} units[] = {{"", 0}, {"B", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}};
	size_t digits = 0;
	struct view unit;
	long long number;

	while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
		digits++;
	unit = view_trim(view_sub(text, digits, text.len));
	if (view_to_int(view_sub(text, 0, digits), 0, 1LL << 32, &number) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (view_equal_nocase(unit, view_of(units[i].unit))) {
			*out = number << units[i].shift;
			return *out >= min && *out <= max ? 0 : -1;
		}
	return -1;
}

/* With the largest unit that leaves a whole number. */
static void print_size(struct text *out, long long bytes)
{
	static const char *const units[] = {"", " KiB", " MiB", " GiB"};
	size_t unit = 0;

	while (unit < 3 && bytes >= 1024 && bytes % 1024 == 0) {
		bytes /= 1024;
		unit++;
	}
	text_add_format(out, "%lld%s", bytes, units[unit]);
}

static int load_size(const struct target *to, const struct yaml_node *node, struct error *err)
{
	long long value;
	struct text least, most;

	if (node->kind == YAML_SCALAR &&
		size_of((struct view){node->scalar, node->scalar_len}, to->option->min, to->option->max, &value) == 0) {
		*(size_t *)to->at = (size_t)value;
		return 0;
	}
	text_init(&least, 64);
	text_init(&most, 64);
	print_size(&least, to->option->min);
	print_size(&most, to->option->max);
	yaml_error(node, err, "%s is a size from %s to %s; write `%s: %s`", to->option->name, text_string(&least),
		text_string(&most), to->option->name,
		to->option->fallback ? to->option->fallback : to->option->example);
	text_release(&least);
	text_release(&most);
	return -1;
}

static const char *const tls_words[] = {"implicit", "starttls", "none", NULL};

static int load_tls(const struct target *to, const struct yaml_node *node, struct error *err)
{
	for (int i = 0; node->kind == YAML_SCALAR && tls_words[i]; i++)
		if (strcmp(tls_words[i], node->scalar) == 0) {
			*(enum config_tls *)to->at = (enum config_tls)i;
			return 0;
		}
	return yaml_error(node, err, "%s is one of implicit, starttls, none (none only for a server on loopback)",
		to->option->name);
}

static const char *const after_words[] = {"leave", "keyword", "move", "delete", NULL};

/* An IMAP keyword is an atom. */
static bool is_keyword(const char *text)
{
	for (const char *p = text; *p; p++)
		if (*p <= ' ' || *p >= 0x7F || strchr("(){%*\"\\]", *p))
			return false;
	return *text != '\0';
}

static int load_after(const struct target *to, const struct yaml_node *node, struct error *err)
{
	struct config_after *after = to->at;
	const char *text = NULL;
	struct view rest, word;

	if (node->kind == YAML_SCALAR && scalar(to, node, &text, err) < 0)
		return -1;
	rest = view_trim(view_of(text));
	view_next_field(&rest, ' ', &word);
	rest = view_trim(rest);
	for (int i = 0; text && after_words[i]; i++) {
		bool wants = i == AFTER_KEYWORD || i == AFTER_MOVE;
		const char *argument = arena_copy(to->arena, rest.ptr ? rest.ptr : "", rest.len);

		if (!view_equal(word, view_of(after_words[i])) || wants != (rest.len > 0))
			continue;
		if (i == AFTER_KEYWORD && !is_keyword(argument))
			return yaml_error(node, err,
				"%s: a keyword has no blanks and none of (){%%*\"\\]; write `%s: keyword Filed`",
				to->option->name, to->option->name);
		*after = (struct config_after){(enum config_after_kind)i, wants ? argument : NULL};
		return 0;
	}
	return yaml_error(node, err, "%s is one of `leave`, `keyword NAME`, `move FOLDER`, `delete`", to->option->name);
}

static int load_list(const struct target *to, const struct yaml_node *node, void *base, struct error *err)
{
	const char ***list = to->at;
	size_t *count = (size_t *)((char *)base + to->option->count_offset);
	const char **items = ARENA_NEW_N(to->arena, const char *, node->count + 1);
	size_t n = 0;

	if (node->kind != YAML_SEQUENCE || node->count == 0)
		return yaml_error(node, err, "%s is a list with at least one entry; write `%s: %s`", to->option->name,
			to->option->name, to->option->fallback ? to->option->fallback : to->option->example);
	for (const struct yaml_node *item = node->first; item; item = item->next) {
		if (scalar(to, item, &items[n], err) < 0)
			return -1;
		if (items[n][0] == '\0')
			return yaml_error(
				item, err, "%s holds an empty name; write it or take the entry out", to->option->name);
		for (size_t i = 0; i < n; i++)
			if (strcmp(items[i], items[n]) == 0)
				return yaml_error(
					item, err, "%s names \"%s\" twice; take one out", to->option->name, items[n]);
		items[n] = arena_strdup(to->arena, items[n]);
		n++;
	}
	*list = items;
	*count = n;
	return 0;
}

int config_value_load(const struct config_option *option, const struct yaml_node *node, const char *directory,
	struct arena *arena, void *base, struct error *err)
{
	struct target to = {option, directory, arena, (char *)base + option->offset};
	bool value;

	switch (option->kind) {
	case KIND_STRING:
		return load_string(&to, node, err);
	case KIND_NAME:
		return load_name(&to, node, err);
	case KIND_ADDRESS:
		return load_address(&to, node, err);
	case KIND_PATH:
		return load_path(&to, node, err);
	case KIND_WORD:
		return load_word(&to, node, err);
	case KIND_INT:
		return load_int(&to, node, err);
	case KIND_SIZE:
		return load_size(&to, node, err);
	case KIND_BOOL:
		if (yaml_bool(node, &value, err) < 0)
			return -1;
		*(bool *)to.at = value;
		return 0;
	case KIND_TLS:
		return load_tls(&to, node, err);
	case KIND_AFTER:
		return load_after(&to, node, err);
	case KIND_SECRET:
		return config_secret_load(option, node, directory, arena, to.at, err);
	case KIND_LIST:
		return load_list(&to, node, base, err);
	case KIND_POINTER:
		return load_pointer(&to, node, err);
	}
	abort();
}

void config_value_defaults(const char *section, struct arena *arena, void *base)
{
	for (const struct config_option *option = config_options; option->name; option++) {
		struct error err = ERROR_INIT;
		struct yaml_node *root;
		const char *text;

		if (strcmp(option->section, section) != 0 || !option->fallback)
			continue;
		text = arena_printf(arena, "%s: %s", option->name, option->fallback);
		if (yaml_parse(arena, view_of(text), "default", &root, &err) < 0 ||
			config_value_load(option, root->first, NULL, arena, base, &err) < 0) {
			fprintf(stderr, "fieldpost: the table of options is wrong: %s\n", err.text);
			abort();
		}
	}
}

/* A double-quoted YAML scalar: what stands in it is never anything else than text. */
static void print_quoted(struct text *out, const char *value)
{
	text_add_char(out, '"');
	for (const char *p = value; *p; p++) {
		if (*p == '"' || *p == '\\')
			text_add_char(out, '\\');
		text_add_char(out, *p);
	}
	text_add_char(out, '"');
}

static bool print_string(struct text *out, const char *value)
{
	if (value)
		print_quoted(out, value);
	return value != NULL;
}

static bool print_secret(struct text *out, const struct config_secret *secret)
{
	const char *value = secret->file ? secret->file : secret->credential ? secret->credential : secret->command;

	if (!value)
		return false;
	text_add_format(out, "{%s: ", secret->file ? "file" : secret->credential ? "credential" : "command");
	print_quoted(out, value);
	text_add_char(out, '}');
	return true;
}

static bool print_after(struct text *out, const struct config_after *after)
{
	TEXT_SCOPED value;

	text_init(&value, CONFIG_BYTES_MAX);
	text_add_string(&value, after_words[after->kind]);
	if (after->argument)
		text_add_format(&value, " %s", after->argument);
	print_quoted(out, text_string(&value));
	return true;
}

static bool print_list(struct text *out, const char *const *items, size_t count)
{
	if (count == 0)
		return false;
	text_add_char(out, '[');
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			text_add_string(out, ", ");
		print_quoted(out, items[i]);
	}
	text_add_char(out, ']');
	return true;
}

bool config_value_print(const struct config_option *option, const void *base, struct text *out)
{
	const void *at = (const char *)base + option->offset;

	switch (option->kind) {
	case KIND_STRING:
	case KIND_NAME:
	case KIND_ADDRESS:
	case KIND_PATH:
	case KIND_WORD:
	case KIND_POINTER:
		return print_string(out, *(const char *const *)at);
	case KIND_INT:
		return text_add_format(out, "%d", *(const int *)at) == 0;
	case KIND_SIZE:
		return *(const size_t *)at > 0 && text_add_format(out, "%zu", *(const size_t *)at) == 0;
	case KIND_BOOL:
		return text_add_string(out, *(const bool *)at ? "true" : "false") == 0;
	case KIND_TLS:
		return text_add_string(out, tls_words[*(const enum config_tls *)at]) == 0;
	case KIND_AFTER:
		return print_after(out, at);
	case KIND_SECRET:
		return print_secret(out, at);
	case KIND_LIST:
		return print_list(out, *(const char *const *const *)at,
			*(const size_t *)((const char *)base + option->count_offset));
	}
	abort();
}
