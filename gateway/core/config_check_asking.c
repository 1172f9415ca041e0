/* core/config_check_asking: the hours in which people are asked, and the requests of the calendar. See config_options.h. */
#include "core/config_options.h"

#include <sys/stat.h>
#include <unistd.h>

#define ZONES "/usr/share/zoneinfo"

static const struct yaml_node *place(const struct yaml_node *mapping, const char *name)
{
	const struct yaml_node *node = mapping ? yaml_get(mapping, name) : NULL;

	return node ? node : mapping;
}

/* Where the system has no zones nothing can be said. */
static bool is_zone(const char *zone)
{
	struct stat there;
	char path[256];

	if (!*zone || *zone == '/' || strstr(zone, "..") || strlen(zone) > 100)
		return false;
	snprintf(path, sizeof(path), ZONES "/%s", zone);
	return (stat(path, &there) == 0 && S_ISREG(there.st_mode)) || access(ZONES, R_OK) < 0;
}

int config_check_asking(const struct config *config, const struct yaml_node *root, struct error *err)
{
	const struct yaml_node *asking = yaml_get(root, "asking"), *list = yaml_get(root, "requests");
	const struct yaml_node *item = list ? list->first : NULL;

	if (!is_zone(config->asking.zone))
		return yaml_error(place(asking, "zone"), err, "there is no zone \"%s\"; write one such as `zone: Africa/Freetown`",
			config->asking.zone);
	if (config->asking.hour_from >= config->asking.hour_to)
		return yaml_error(place(asking, "hour_from"), err, "hour_from must be before hour_to");
	for (size_t i = 0; i < config->request_count; i++, item = item ? item->next : NULL)
		for (size_t k = 0; k < i; k++)
			if (strcmp(config->requests[i].name, config->requests[k].name) == 0)
				return yaml_error(place(item, "name"), err,
					"a request before this one is called \"%s\" too; give each a name of its own",
					config->requests[i].name);
	return 0;
}
