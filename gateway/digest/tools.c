/* digest/tools: reads config/mail once. See tools.h. */
#include "digest/tools.h"

#include "base/mustache.h"
#include "base/unicode.h"
#include "base/yaml.h"
#include "core/share.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#define ARENA_SCOPED __attribute__((cleanup(arena_free))) struct arena

struct digest_tools {
	json_t *templates; /* {name: text}, partials too */
	json_t *languages; /* {code: the words' file} */
	const struct forms *forms;
};

int tools_file(const char *path, struct text *out, struct error *err)
{
	FILE *file = fopen(path, "rbe");
	char buffer[8192];
	size_t len;

	if (!file)
		return error_set(err, REACH_STOP, "%s: %s", path, strerror(errno));
	text_init(out, TOOLS_FILE_MAX);
	while ((len = fread(buffer, 1, sizeof(buffer), file)) > 0)
		text_add(out, buffer, len);
	fclose(file);
	if (out->full || !unicode_valid(text_view(out))) {
		text_release(out);
		return error_set(err, REACH_STOP, "%s: not UTF-8, or larger than %zu bytes", path, TOOLS_FILE_MAX);
	}
	return 0;
}

static json_t *node_to_json(const struct yaml_node *node)
{
	json_t *value;

	if (node->kind == YAML_SCALAR)
		return json_stringn(node->scalar, node->scalar_len);
	value = node->kind == YAML_MAPPING ? json_object() : json_array();
	for (const struct yaml_node *child = node->first; child; child = child->next) {
		if (node->kind == YAML_MAPPING)
			json_object_set_new(value, child->key, node_to_json(child));
		else
			json_array_append_new(value, node_to_json(child));
	}
	return value;
}

static int load_words(struct digest_tools *tools, const char *path, struct error *err)
{
	ARENA_SCOPED *arena = arena_new();
	TEXT_SCOPED bytes = {0};
	struct yaml_node *root;
	const struct yaml_node *language;

	if (tools_file(path, &bytes, err) || yaml_parse(arena, text_view(&bytes), arena_strdup(arena, path), &root, err))
		return -1;
	language = yaml_get(root, "language");
	if (!language || language->kind != YAML_SCALAR)
		return yaml_error(root, err, "has no language; add a line like \"language: en\"");
	json_object_set_new(tools->languages, language->scalar, node_to_json(root));
	return 0;
}

static int load_template(struct digest_tools *tools, const char *path, struct error *err)
{
	const char *name = strrchr(path, '/') + 1;
	TEXT_SCOPED bytes = {0};
	char key[NAME_MAX + 1];

	if (tools_file(path, &bytes, err))
		return -1;
	snprintf(key, sizeof(key), "%.*s", (int)(strlen(name) - strlen(".mustache")), name);
	json_object_set_new(tools->templates, key, json_stringn(text_string(&bytes), bytes.len));
	return 0;
}

/* Calls load for each file of a folder whose name ends so. */
static int load_folder(struct digest_tools *tools, const char *folder, const char *ending,
	int (*load)(struct digest_tools *tools, const char *path, struct error *err), struct error *err)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int result = 0;

	if (!dir)
		return error_set(err, REACH_STOP, "%s: %s", folder, strerror(errno));
	while (result == 0 && (entry = readdir(dir))) {
		char path[PATH_MAX];

		if (entry->d_name[0] == '.' || !view_ends(view_of(entry->d_name), view_of(ending)))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		result = load(tools, path, err);
	}
	closedir(dir);
	return result;
}

static int load_mail(struct digest_tools *tools, const char *folder, struct error *err)
{
	char path[PATH_MAX];

	if (load_folder(tools, folder, ".mustache", load_template, err))
		return -1;
	snprintf(path, sizeof(path), "%.*s/partials", PATH_MAX - 16, folder);
	if (load_folder(tools, path, ".mustache", load_template, err))
		return -1;
	snprintf(path, sizeof(path), "%.*s/words", PATH_MAX - 16, folder);
	if (load_folder(tools, path, ".yaml", load_words, err))
		return -1;
	if (!json_object_get(tools->languages, "en"))
		return error_set(
			err, REACH_STOP, "%s: en.yaml is missing, which the other languages fall back to", path);
	return 0;
}

int digest_tools_new(
	const struct config *config, const struct forms *forms, struct digest_tools **out, struct error *err)
{
	struct digest_tools *tools;
	char folder[PATH_MAX];

	if (share_path(config, "mail", folder, sizeof(folder)))
		return error_set(
			err, REACH_STOP, "%s: not there; set share_dir to the folder that holds mail/", folder);
	tools = calloc(1, sizeof(*tools));
	if (!tools)
		exit(71);
	tools->forms = forms;
	tools->templates = json_object();
	tools->languages = json_object();
	if (load_mail(tools, folder, err)) {
		digest_tools_free(&tools);
		return -1;
	}
	*out = tools;
	return 0;
}

void digest_tools_free(struct digest_tools **tools)
{
	if (!*tools)
		return;
	json_decref((*tools)->templates);
	json_decref((*tools)->languages);
	free(*tools);
	*tools = NULL;
}

const json_t *tools_words(const struct digest_tools *tools, const char *language)
{
	const json_t *words = language ? json_object_get(tools->languages, language) : NULL;
	const char *dash = language ? strchr(language, '-') : NULL;
	char base[16];

	if (!words && dash && (size_t)(dash - language) < sizeof(base)) {
		snprintf(base, sizeof(base), "%.*s", (int)(dash - language), language);
		words = json_object_get(tools->languages, base);
	}
	return words ? words : json_object_get(tools->languages, "en");
}

bool digest_tools_speak(const struct digest_tools *tools, const char *language)
{
	size_t base = strcspn(language, "-");

	return tools_words(tools, language) != tools_words(tools, "en") || (base == 2 && strncmp(language, "en", 2) == 0);
}

const char *tools_word(const struct digest_tools *tools, const json_t *words, const char *section, const char *key)
{
	const json_t *word = json_object_get(json_object_get(words, section), key);

	if (!json_is_string(word))
		word = json_object_get(json_object_get(json_object_get(tools->languages, "en"), section), key);
	return json_is_string(word) ? json_string_value(word) : "";
}

struct view tools_template(const struct digest_tools *tools, const char *name)
{
	const json_t *text = json_object_get(tools->templates, name);

	return text ? (struct view){json_string_value(text), json_string_length(text)} : VIEW_NULL;
}

const char *tools_country(const struct digest_tools *tools, const char *code, const char *language)
{
	return tools->forms ? country_name(tools->forms, code, language) : code;
}

struct rendering {
	const struct digest_tools *tools;
	const json_t *words;
};

static struct view find_partial(void *context, struct view name)
{
	const struct rendering *rendering = context;
	char key[64];

	snprintf(key, sizeof(key), "%.*s", VIEW_ARGS(name));
	if (view_starts(name, VIEW("w.")))
		return view_of(tools_word(rendering->tools, rendering->words, "words", key + 2));
	return tools_template(rendering->tools, key);
}

int tools_render(const struct digest_tools *tools, const json_t *words, const char *name, const json_t *view, bool html,
	struct text *out, struct error *err)
{
	struct rendering rendering = {tools, words};
	struct mustache_options options = {.html = html, .partial = find_partial, .context = &rendering};
	struct view template = find_partial(&rendering, view_of(name));

	if (template.len == 0)
		return error_set(err, REACH_STOP, "config/mail has no template \"%s\"", name);
	return mustache_render(template, view, &options, out, err);
}

int tools_render_text(const struct digest_tools *tools, const json_t *words, struct view template, const json_t *view,
	struct text *out, struct error *err)
{
	struct rendering rendering = {tools, words};
	struct mustache_options options = {.partial = find_partial, .context = &rendering};

	return mustache_render(template, view, &options, out, err);
}
