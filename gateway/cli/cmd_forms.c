/*
 * fieldpost forms list | show | render | check: the forms as they are, and as they are sent. `check` stands in
 * cmd_forms_check.c. --forms FOLDER reads the forms there instead of those in force. Needs no database.
 */
#include "cli/commands.h"

#include <string.h>

#include "cli/cmd_forms.h"
#include "cli/table.h"
#include "parsers/parsers.h"

#define RENDER_MAX ((size_t)4 * 1024 * 1024) /* bytes of a request */
#define REFERENCE_SAMPLE "FP-7K3M9QXA2D"
#define LANGUAGE_DEFAULT "en"

static int print_table(struct cli *cli, const struct table *table)
{
	json_t *json;

	if (!cli->json) {
		table_print(table, "", stdout);
		return EX_OK;
	}
	json = table_json(table);
	json_dumpf(json, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(json);
	return EX_OK;
}

static const char *languages_of(struct arena *arena, const struct form *form)
{
	const char *joined = "";

	for (size_t i = 0; i < form->title.count; i++)
		joined = arena_printf(arena, "%s%s%s", joined, i > 0 ? " " : "", form->title.list[i].language);
	return joined;
}

static int list(struct cli *cli, const struct forms *forms, int argc, char **argv)
{
	struct table *table = table_new(cli->arena);

	if (argc != 0)
		return cli_usage(cli, "what is \"%s\"?", argv[0]);
	for (size_t i = 0; i < forms_count(forms); i++) {
		const struct form *form = forms_at(forms, i);

		table_string(table, "form", form->id);
		table_int(table, "version", form->version);
		table_int(table, "fields", (int64_t)form->field_count);
		table_string(table, "languages", languages_of(cli->arena, form));
		table_string(table, "title", words_get(&form->title, LANGUAGE_DEFAULT));
		table_end_row(table);
	}
	return print_table(cli, table);
}

static const struct form *find(struct cli *cli, const struct forms *forms, const char *id, int *status_out)
{
	const struct form *form = forms_get(forms, id, 0);

	if (!form) {
		fprintf(stderr, "%s %s: there is no form \"%s\"; see forms list\n", cli->program, cli->command, id);
		*status_out = EX_NOINPUT;
	}
	return form;
}

static const char *default_language(const struct form *form)
{
	for (size_t i = 0; i < form->title.count; i++)
		if (strcmp(form->title.list[i].language, LANGUAGE_DEFAULT) == 0)
			return LANGUAGE_DEFAULT;
	return form->title.list[0].language;
}

/* A language in which the form is not sent would be shown in English words, as if all were well. */
static bool has_language(struct cli *cli, const struct form *form, const char *language)
{
	for (size_t i = 0; i < form->title.count; i++)
		if (!language || strcmp(form->title.list[i].language, language) == 0)
			return true;
	fprintf(stderr, "%s %s: the form \"%s\" is not sent in \"%s\"; its languages are %s\n", cli->program, cli->command,
		form->id, language, languages_of(cli->arena, form));
	return false;
}

/* What may be answered: the options' values, the limits, the pattern. */
static const char *answers_of(struct arena *arena, const struct field *field)
{
	const char *words = field->pattern ? field->pattern : "";

	for (size_t i = 0; i < field->option_count; i++)
		words = arena_printf(arena, "%s%s%s", words, i > 0 ? ", " : "", field->options[i].value);
	if (field->has_min)
		words = arena_printf(arena, "from %lld", field->min);
	if (field->has_max)
		words = arena_printf(arena, "%s%sto %lld", words, *words ? " " : "", field->max);
	return words;
}

static int show(struct cli *cli, const struct forms *forms, int argc, char **argv)
{
	const char *language = cli_option(&argc, argv, "--language");
	struct table *table = table_new(cli->arena);
	const struct form *form;
	int status = EX_OK;

	if (argc != 1)
		return cli_usage(cli, "name one form");
	form = find(cli, forms, argv[0], &status);
	if (form && !has_language(cli, form, language))
		return EX_USAGE;
	for (size_t i = 0; form && i < form->field_count; i++) {
		const struct field *field = &form->fields[i];

		table_int(table, "number", field->number);
		table_string(table, "field", field->name);
		table_string(table, "type", field_type_name(field->type));
		table_string(table, "required", field->required ? "required" : "");
		table_string(table, "default", field->fallback);
		table_string(
			table, "label", field->label.count ? words_get(&field->label, language ? language : LANGUAGE_DEFAULT) : "");
		table_string(table, "answers", answers_of(cli->arena, field));
		table_end_row(table);
	}
	return form ? print_table(cli, table) : status;
}

static int render(struct cli *cli, const struct forms *forms, int argc, char **argv)
{
	const char *language = cli_option(&argc, argv, "--language"),
		   *reference = cli_option(&argc, argv, "--reference");
	bool html = cli_flag(&argc, argv, "--html");
	struct error err = ERROR_INIT;
	const struct form *form;
	TEXT_SCOPED text;
	int status = EX_OK;

	text_init(&text, RENDER_MAX);
	if (argc != 1)
		return cli_usage(cli, "name one form");
	form = find(cli, forms, argv[0], &status);
	if (!form)
		return status;
	if (!has_language(cli, form, language))
		return EX_USAGE;
	if ((html ? form_render_html : form_render_text)(forms, form, language ? language : default_language(form),
		    reference ? reference : REFERENCE_SAMPLE, &text, &err) < 0)
		return cli_fail(cli, &err);
	fwrite(text.ptr, 1, text.len, stdout);
	return EX_OK;
}

static const struct {
	const char *name;
	int (*run)(struct cli *cli, const struct forms *forms, int argc, char **argv);
} actions[] = {{"list", list}, {"show", show}, {"render", render}};

static int run(struct cli *cli, size_t action, int argc, char **argv)
{
	const char *folder = cli_option(&argc, argv, "--forms");
	struct error err = ERROR_INIT;
	struct config *config = NULL;
	struct forms *forms = NULL;
	int status;

	if (cli_config(cli, &config, &err) < 0 || cli_forms(config, folder, &forms, &err) < 0)
		status = cli_fail(cli, &err);
	else
		status = actions[action].run(cli, forms, argc, argv);
	forms_free(&forms);
	config_free(&config);
	return status;
}

int cmd_forms(struct cli *cli, int argc, char **argv)
{
	if (argc > 0 && strcmp(argv[0], "check") == 0)
		return forms_check(cli, argc - 1, argv + 1);
	for (size_t i = 0; argc > 0 && i < sizeof(actions) / sizeof(actions[0]); i++)
		if (strcmp(argv[0], actions[i].name) == 0)
			return run(cli, i, argc - 1, argv + 1);
	return cli_usage(cli, "say list, show, render or check");
}
