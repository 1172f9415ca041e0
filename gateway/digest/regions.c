/*
 * digest/regions: the lists of countries that a subscription can name: config/regions/un.yaml, then the config's own,
 * of which one of the same name counts. See digest.h.
 */
#include "base/yaml.h"
#include "core/share.h"
#include "digest/digest.h"
#include "digest/tools.h"

#include <limits.h>

#define ARENA_SCOPED __attribute__((cleanup(arena_free))) struct arena

static const char *text_of(const struct yaml_node *node)
{
	return node && node->kind == YAML_SCALAR ? node->scalar : NULL;
}

static int add_shipped(const struct yaml_node *item, json_t *regions, struct error *err)
{
	const struct yaml_node *list = yaml_get(item, "countries");
	const char *name = text_of(yaml_get(item, "name")), *code = text_of(yaml_get(item, "code"));
	json_t *countries;

	if (!name || !code || !list || list->kind != YAML_SEQUENCE)
		return yaml_error(item, err, "a region has a name, a code and a list of countries");
	countries = json_array();
	for (const struct yaml_node *country = list->first; country; country = country->next)
		json_array_append_new(countries, json_string(country->kind == YAML_SCALAR ? country->scalar : ""));
	json_object_set_new(
		regions, name, json_pack("{s:s,s:s,s:o}", "name", name, "code", code, "countries", countries));
	return 0;
}

static int read_shipped(const struct config *config, struct arena *arena, json_t *regions, struct error *err)
{
	const struct yaml_node *list;
	struct yaml_node *root;
	char path[PATH_MAX];
	TEXT_SCOPED bytes = {0};

	if (share_path(config, "regions/un.yaml", path, sizeof(path)))
		return error_set(
			err, REACH_STOP, "%s: not there; set share_dir to the folder that holds regions/", path);
	if (tools_file(path, &bytes, err) ||
		yaml_parse(arena, text_view(&bytes), arena_strdup(arena, path), &root, err))
		return -1;
	list = yaml_get(root, "regions");
	for (const struct yaml_node *item = list ? list->first : NULL; item; item = item->next)
		if (add_shipped(item, regions, err))
			return -1;
	return 0;
}

static void add_own(const struct config_region *region, json_t *regions)
{
	json_t *countries = json_array();

	for (size_t i = 0; i < region->country_count; i++)
		json_array_append_new(countries, json_string(region->countries[i]));
	json_object_set_new(
		regions, region->name, json_pack("{s:s,s:o}", "name", region->name, "countries", countries));
}

static int keep(struct db *db, struct arena *arena, json_t *regions, struct error *err)
{
	json_t *list = json_array(), *region;
	const char *name;
	struct db_args args;
	int result;

	json_object_foreach(regions, name, region) json_array_append(list, region);
	db_args_init(&args, arena);
	db_arg_json(&args, list);
	result = db_call(db, "api.regions_keep", &args, NULL, err);
	json_decref(list);
	return result;
}

int digest_regions_keep(struct db *db, const struct config *config, struct error *err)
{
	ARENA_SCOPED *arena = arena_new();
	json_t *regions = json_object();
	int result = read_shipped(config, arena, regions, err);

	for (size_t i = 0; result == 0 && i < config->region_count; i++)
		add_own(&config->regions[i], regions);
	if (result == 0)
		result = keep(db, arena, regions, err);
	json_decref(regions);
	return result;
}
