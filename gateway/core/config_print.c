/* core/config_print: the sample, the reference page and the duties' parts, from the table. See config.h. */
#include "core/config_options.h"

#include <stdio.h>

static bool in_section(const struct config_option *option, const struct config_section *section)
{
	return option->name && strcmp(option->section, section->name) == 0;
}

/* Help lines are "# Text", switched-off options "#name: value": taking the # away switches them on. */
static void sample_option(struct text *out, const struct config_option *option, const char *indent, bool on, bool first)
{
	const char *value = option->fallback ? option->fallback : option->example;

	text_add_format(out, "%s# %s", indent, option->help);
	if (option->computed)
		text_add_format(out, " Default: %s.", option->computed);
	text_add_char(out, '\n');
	if (first)
		text_add_format(out, "%.*s#- %s: %s\n", (int)strlen(indent) - 2, indent, option->name, value);
	else
		text_add_format(out, "%s%s%s: %s\n", indent, on && option->fallback ? "" : "#", option->name, value);
}

static void sample_section(struct text *out, const struct config_section *section)
{
	bool top = *section->name == '\0', on = false, first = section->list;

	for (const struct config_option *option = config_options; option->name; option++)
		on = on || (in_section(option, section) && option->fallback && !section->list);
	text_add_format(out, "\n# %s\n", section->help);
	if (!top)
		text_add_format(out, "%s%s:\n", on ? "" : "#", section->name);
	for (const struct config_option *option = config_options; option->name; option++) {
		if (!in_section(option, section))
			continue;
		sample_option(out, option, top ? "" : section->list ? "    " : "  ", on, first);
		first = false;
	}
}

int config_sample(struct text *out)
{
	text_add_string(out, "# Fieldpost's config: every option with its default, or an example behind a #.\n"
			     "# Made by `fieldpost config sample`. Check yours with `fieldpost check`.\n");
	for (const struct config_section *section = config_sections; section->name; section++)
		sample_section(out, section);
	return out->full ? -1 : 0;
}

static void docs_kind(struct text *out, const struct config_option *option)
{
	static const char *const kinds[] = {
		[KIND_STRING] = "text",
		[KIND_NAME] = "name",
		[KIND_ADDRESS] = "mail address",
		[KIND_PATH] = "path",
		[KIND_BOOL] = "true or false",
		[KIND_TLS] = "implicit, starttls or none",
		[KIND_AFTER] = "leave, keyword NAME, move FOLDER or delete",
		[KIND_SECRET] = "secret",
		[KIND_LIST] = "list",
		[KIND_POINTER] = "JSON pointer",
	};

	if (option->kind == KIND_INT)
		text_add_format(out, "%lld to %lld", option->min, option->max);
	else if (option->kind == KIND_SIZE)
		text_add_string(out, "size");
	else if (option->kind == KIND_WORD)
		for (size_t i = 0; option->words[i]; i++)
			text_add_format(out, "%s%s", i ? ", " : "", option->words[i]);
	else
		text_add_string(out, kinds[option->kind]);
}

static void docs_option(struct text *out, const struct config_option *option)
{
	text_add_format(out, "| `%s` | ", option->name);
	docs_kind(out, option);
	if (option->fallback)
		text_add_format(out, " | `%s`", option->fallback);
	else
		text_add_format(out, " | %s",
			option->computed ? option->computed : option->required ? "must be given" : "none");
	text_add_format(out, " | %s | %s |\n", option->reloadable ? "reload" : "restart", option->help);
}

static void docs_section(struct text *out, const struct config_section *section)
{
	if (*section->name)
		text_add_format(out, "\n## %s%s\n", section->name, section->list ? " (a list)" : "");
	else
		text_add_string(out, "\n## Top level\n");
	text_add_format(out,
		"\n%s\n\n| option | value | default | change | what it is |\n| --- | --- | --- | --- | --- |\n",
		section->help);
	for (const struct config_option *option = config_options; option->name; option++)
		if (in_section(option, section))
			docs_option(out, option);
}

int config_docs(struct text *out)
{
	text_add_string(out,
		"# Configuration\n\n"
		"One YAML file, `/etc/fieldpost/fieldpost.yaml` or what `--config` names. This page is made by\n"
		"`fieldpost config docs`; `fieldpost config sample` prints a file with every option. `fieldpost check` "
		"says\nwhether yours is right, with line, column and the mend.\n\n"
		"- A *path* that does not begin with `/` stands under the config file's folder.\n"
		"- A *size* is a number of bytes, or one with `KiB`, `MiB` or `GiB`.\n"
		"- A *secret* is never written into the file: `{file: PATH}` (a newline at its end is not part of it), "
		"`{credential: NAME}`\n  (systemd's `LoadCredential=`) or `{command: LINE}` (run by `/bin/sh`; the "
		"first line it prints within ten seconds).\n"
		"- *change*: `reload` takes effect with `systemctl reload fieldpost` (SIGHUP); `restart` needs one. A "
		"file that is not\n  right leaves the running service as it is.\n"
		"- The service never runs as root: started by root it goes on as the user `fieldpost`, who must be able "
		"to read the\n  config and the files that its secrets are in.\n");
	for (const struct config_section *section = config_sections; section->name; section++)
		docs_section(out, section);
	return out->full ? -1 : 0;
}

static unsigned part_of(const char *duty)
{
	static const struct {
		const char *duty;
		unsigned part;
	} parts[] = {{"intake", PART_INTAKE}, {"web", PART_WEB}, {"parse", PART_PARSE}, {"send", PART_SEND}};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcmp(parts[i].duty, duty) == 0)
			return parts[i].part;
	return 0;
}

/* One mapping in flow style, `{name: value, ...}`: no indentation to keep. */
static void print_mapping(struct text *out, const struct config_section *section, unsigned part, const void *base)
{
	TEXT_SCOPED value;
	bool any = false;

	text_init(&value, CONFIG_BYTES_MAX);
	for (const struct config_option *option = config_options; option->name; option++) {
		text_reset(&value);
		if (!in_section(option, section) || (option->parts && !(option->parts & part)) ||
			!config_value_print(option, base, &value))
			continue;
		text_add_format(out, "%s%s: ", any ? ", " : "", option->name);
		text_add_view(out, text_view(&value));
		any = true;
	}
}

static void print_list_section(
	struct text *out, const struct config *config, const struct config_section *section, unsigned part)
{
	const char *items = *(const char *const *)((const char *)config + section->items_offset);
	size_t count = *(const size_t *)((const char *)config + section->count_offset);

	text_add_format(out, ", %s: [", section->name);
	for (size_t i = 0; i < count; i++) {
		text_add_string(out, i ? ", {" : "{");
		print_mapping(out, section, part, items + i * section->item_size);
		text_add_char(out, '}');
	}
	text_add_char(out, ']');
}

static void print_section(
	struct text *out, const struct config *config, const struct config_section *section, unsigned part)
{
	if (section->list) {
		print_list_section(out, config, section, part);
	} else if (*section->name == '\0') {
		print_mapping(out, section, part, config);
	} else {
		text_add_format(out, ", %s: {", section->name);
		print_mapping(out, section, part, config);
		text_add_char(out, '}');
	}
}

int config_part(const struct config *config, const char *duty, struct text *out, struct error *err)
{
	unsigned part = part_of(duty);

	text_add_char(out, '{');
	for (const struct config_section *section = config_sections; section->name; section++)
		if (section->parts == PART_ALL || (section->parts & part))
			print_section(out, config, section, part);
	text_add_string(out, "}\n");
	if (out->full)
		return error_set(err, REACH_STOP, "the config is too large for the duty %s", duty);
	return 0;
}
