/* core/config: loads the file by the table of options. See config.h; the table is config_options.c. */
#include "core/config_options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_PATH "/etc/fieldpost/fieldpost.yaml"

struct loader {
	struct config *config;
	const char *directory; /* relative paths stand under it */
};

static const struct config_section *find_section(const char *name)
{
	for (const struct config_section *section = config_sections; section->name; section++)
		if (*name && strcmp(section->name, name) == 0)
			return section;
	return NULL;
}

/* Which section knows this name? NULL: none. */
static const char *home_of(const char *name)
{
	for (const struct config_option *option = config_options; option->name; option++)
		if (strcmp(option->name, name) == 0)
			return option->section;
	return NULL;
}

static int unknown(const char *section, const struct yaml_node *node, struct error *err)
{
	const char *nearest = config_nearest(section, node->key), *home = home_of(node->key);
	struct text hint;
	int rc;

	text_init(&hint, 400);
	if (nearest)
		text_add_format(&hint, "did you mean \"%s\"?", nearest);
	else if (home && *home)
		text_add_format(&hint, "\"%s\" belongs under %s", node->key, home);
	else if (home)
		text_add_format(&hint, "\"%s\" belongs to the left, outside %s", node->key, section);
	else
		text_add_string(&hint, "`fieldpost config sample` prints all there are");
	rc = error_set(err, REACH_STOP, "%s:%d:%d: there is no option \"%.64s\"%s%s; %s", node->file, node->key_line,
		node->key_column, node->key, *section ? " in " : "", section, text_string(&hint));
	text_release(&hint);
	return rc;
}

static int load_section(const struct loader *loader, const char *section, const struct yaml_node *node, void *base,
	struct error *err);

static int check_required(const char *section, const struct yaml_node *node, struct error *err)
{
	for (const struct config_option *option = config_options; option->name; option++) {
		const struct yaml_node *value;

		if (strcmp(option->section, section) != 0 || !option->required)
			continue;
		value = yaml_get(node, option->name);
		if (!value || yaml_is_null(value) || (value->kind == YAML_SCALAR && value->scalar_len == 0))
			return yaml_error(value ? value : node, err, "%s is missing; write `%s: %s`", option->name,
				option->name, option->example);
	}
	return 0;
}

static int load_list(const struct loader *loader, const struct config_section *section, const struct yaml_node *node,
	struct error *err)
{
	struct config *config = loader->config;
	char *items, **array = (char **)((char *)config + section->items_offset);
	size_t *count = (size_t *)((char *)config + section->count_offset);

	if (node->kind != YAML_SEQUENCE)
		return yaml_error(node, err, "%s is a list; begin each %s with a dash: `- name: %s`", section->name,
			section->one, section->example);
	*array = items = arena_array(config->arena, node->count + 1, section->item_size);
	for (const struct yaml_node *item = node->first; item; item = item->next) {
		void *base = items + *count * section->item_size;

		config_value_defaults(section->name, config->arena, base);
		if (load_section(loader, section->name, item, base, err) < 0 ||
			check_required(section->name, item, err) < 0)
			return -1;
		++*count;
	}
	return 0;
}

static int load_entry(const struct loader *loader, const char *section, const struct yaml_node *node, void *base,
	struct error *err)
{
	const struct config_option *option = config_option_find(section, node->key);
	const struct config_section *below = *section ? NULL : find_section(node->key);

	if (!option && !below)
		return unknown(section, node, err);
	if (yaml_is_null(node))
		return 0;
	if (option)
		return config_value_load(option, node, loader->directory, loader->config->arena, base, err);
	return below->list ? load_list(loader, below, node, err) : load_section(loader, below->name, node, base, err);
}

static int load_section(const struct loader *loader, const char *section, const struct yaml_node *node, void *base,
	struct error *err)
{
	if (node->kind != YAML_MAPPING)
		return yaml_error(node, err, "%s holds options, one `name: value` a line",
			*section ? section : "the config");
	for (const struct yaml_node *child = node->first; child; child = child->next)
		if (load_entry(loader, section, child, base, err) < 0)
			return -1;
	return 0;
}

/* The folder of the file, absolute. */
static const char *directory_of(struct arena *arena, const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	const char *given = slash ? arena_copy(arena, path, (size_t)(slash - path) + 1) : ".";
	char *real = realpath(given, NULL);
	const char *directory = real ? arena_strdup(arena, real) : NULL;

	free(real);
	return directory;
}

int config_parse(struct view yaml, const char *path, struct config **out, struct error *err)
{
	struct arena *arena = arena_new();
	struct config *config = ARENA_NEW(arena, struct config);
	struct loader loader = {config, directory_of(arena, path)};
	struct yaml_node *root;

	config->arena = arena;
	config->path = path ? arena_strdup(arena, path) : NULL;
	for (const struct config_section *section = config_sections; section->name; section++)
		if (!section->list)
			config_value_defaults(section->name, arena, config);
	if (yaml_parse(arena, yaml, path ? path : "config", &root, err) < 0 ||
		load_section(&loader, "", root, config, err) < 0 || config_check(config, root, err) < 0) {
		arena_free(&arena);
		return -1;
	}
	*out = config;
	return 0;
}

static int read_file(const char *path, struct text *out, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char buffer[16384];
	ssize_t n = -1;

	while (fd >= 0 && (n = read(fd, buffer, sizeof(buffer))) > 0)
		text_add(out, buffer, (size_t)n);
	if (n < 0)
		error_set(err, REACH_STOP, "the config %s cannot be read: %s", path, strerror(errno));
	else if (out->full)
		n = error_set(err, REACH_STOP, "the config %s is larger than %zu bytes", path, CONFIG_BYTES_MAX);
	if (fd >= 0)
		close(fd);
	return n < 0 ? -1 : 0;
}

int config_load(const char *path, struct config **out, struct error *err)
{
	TEXT_SCOPED bytes;

	text_init(&bytes, CONFIG_BYTES_MAX);
	if (!path && access(DEFAULT_PATH, F_OK) != 0 && errno == ENOENT)
		return config_parse(VIEW_NULL, NULL, out, err);
	if (!path)
		path = DEFAULT_PATH;
	if (read_file(path, &bytes, err) < 0)
		return -1;
	return config_parse(text_view(&bytes), path, out, err);
}

void config_free(struct config **config)
{
	struct arena *arena;

	if (!*config)
		return;
	arena = (*config)->arena; /* the config itself lives in it */
	*config = NULL;
	arena_free(&arena);
}
