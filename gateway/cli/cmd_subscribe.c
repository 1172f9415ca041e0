/* fieldpost subscribe: which digest a team gets, when, in which zone and language. */
#include "cli/commands.h"

#include <strings.h>

#include "core/clock.h"
#include "digest/digest.h"
#include "parsers/parsers.h"
#include "store/db.h"

static const char *const weekdays[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};

struct wanted {
	const char *team, *zone, *language, *name, *empty, *frequency;
	bool remove;
	int weekday; /* 1 is Monday */
	long long hour;
	json_t *filters;
};

/* A whole name or its first letters, from three on. */
static int parse_weekday(const char *word, int *out, struct error *err)
{
	for (int i = 0; i < 7; i++)
		if (strlen(word) >= 3 && strncasecmp(word, weekdays[i], strlen(word)) == 0) {
			*out = i + 1;
			return 0;
		}
	return error_set(err, REACH_MESSAGE, "--weekday %s: say monday to sunday", word);
}

/* "--form A --form B" to ["A", "B"]. */
static void take_filter(int *argc, char **argv, const char *option, const char *key, bool upper, json_t *filters)
{
	const char *value;

	while ((value = cli_option(argc, argv, option))) {
		char code[256];
		size_t i = 0;

		for (; value[i] && i + 1 < sizeof(code); i++)
			code[i] = (char)(upper && value[i] >= 'a' && value[i] <= 'z' ? value[i] - 'a' + 'A' : value[i]);
		code[i] = '\0';
		if (!json_object_get(filters, key))
			json_object_set_new(filters, key, json_array());
		json_array_append_new(json_object_get(filters, key), json_string(code));
	}
}

static const char *option_or(int *argc, char **argv, const char *name, const char *fallback)
{
	const char *value = cli_option(argc, argv, name);

	return value ? value : fallback;
}

static bool is_frequency(const char *word)
{
	return strcmp(word, "daily") == 0 || strcmp(word, "weekly") == 0 || strcmp(word, "monthly") == 0;
}

static int read_options(struct wanted *w, int *argc, char **argv, struct error *err)
{
	const char *hour = option_or(argc, argv, "--hour", "8");

	if (parse_weekday(option_or(argc, argv, "--weekday", "monday"), &w->weekday, err))
		return -1;
	if (view_to_int(view_of(hour), 0, 23, &w->hour))
		return error_set(err, REACH_MESSAGE, "--hour %s: say 0 to 23", hour);
	w->zone = option_or(argc, argv, "--zone", "UTC");
	w->language = option_or(argc, argv, "--language", "en");
	w->name = option_or(argc, argv, "--name", "");
	w->remove = cli_flag(argc, argv, "--remove");
	w->frequency = option_or(argc, argv, "--frequency", "weekly");
	if (!is_frequency(w->frequency))
		return error_set(err, REACH_MESSAGE, "--frequency %s: say daily, weekly or monthly", w->frequency);
	w->empty = option_or(argc, argv, "--empty", "send");
	if (strcmp(w->empty, "send") != 0 && strcmp(w->empty, "skip") != 0)
		return error_set(err, REACH_MESSAGE, "--empty %s: say send or skip", w->empty);
	take_filter(argc, argv, "--form", "forms", false, w->filters);
	take_filter(argc, argv, "--country", "countries", true, w->filters);
	take_filter(argc, argv, "--region", "regions", false, w->filters);
	take_filter(argc, argv, "--programme", "programmes", false, w->filters);
	take_filter(argc, argv, "--written-in", "languages", false, w->filters);
	take_filter(argc, argv, "--theme", "themes", false, w->filters);
	return 0;
}

/* ---- a filter that nothing can match would be a digest that is empty for ever ---- */

static bool is_theme(const struct forms *forms, const char *word)
{
	for (size_t i = 0; i < forms_count(forms); i++)
		for (size_t j = 0; j < forms_at(forms, i)->field_count; j++) {
			const struct field *field = &forms_at(forms, i)->fields[j];

			for (size_t k = 0; field->theme && k < field->option_count; k++)
				if (strcmp(field->options[k].value, word) == 0)
					return true;
		}
	return false;
}

static int check_filters(
	const struct forms *forms, const struct digest_tools *tools, const json_t *filters, struct error *err)
{
	json_t *word;
	size_t i;

	json_array_foreach(json_object_get(filters, "countries"), i, word)
	{
		const char *code = json_string_value(word);

		if (country_name(forms, code, "en") == code)
			return error_set(
				err, REACH_MESSAGE, "--country %s: say its two letters, as in NP for Nepal", code);
	}
	json_array_foreach(json_object_get(filters, "languages"), i,
		word) if (strlen(json_string_value(word)) != 2 ||
			  !digest_tools_speak(tools, json_string_value(word))) return error_set(err, REACH_MESSAGE,
		"--written-in %s: say the two letters of a language that replies are read in", json_string_value(word));
	json_array_foreach(json_object_get(filters, "themes"), i,
		word) if (!is_theme(forms, json_string_value(word))) return error_set(err, REACH_MESSAGE,
		"--theme %s: no form has it; themes are the options of its field with `theme: true`",
		json_string_value(word));
	return 0;
}

static int check_language(const struct digest_tools *tools, const char *language, struct error *err)
{
	if (digest_tools_speak(tools, language))
		return 0;
	return error_set(err, REACH_MESSAGE, "--language %s: there are no words of it for digests", language);
}

static int check_wanted(const struct config *config, const struct wanted *w, struct error *err)
{
	struct digest_tools *tools = NULL;
	struct forms *forms = NULL;
	int result = -1;

	if (cli_forms(config, NULL, &forms, err) == 0 && digest_tools_new(config, forms, &tools, err) == 0 &&
		check_language(tools, w->language, err) == 0)
		result = check_filters(forms, tools, w->filters, err);
	digest_tools_free(&tools);
	forms_free(&forms);
	return result;
}

/* "every monday", "every day", "every month's first monday" */
static const char *days(struct cli *cli, const struct wanted *w)
{
	const char *weekday = weekdays[w->weekday - 1];

	if (strcmp(w->frequency, "daily") == 0)
		return "every day";
	if (strcmp(w->frequency, "weekly") == 0)
		return arena_printf(cli->arena, "every %s", weekday);
	return arena_printf(cli->arena, "every month's first %s", weekday);
}

static int subscribe(struct cli *cli, struct db *db, const struct wanted *w, struct error *err)
{
	struct db_args args;
	DB_ROWS_SCOPED *rows = NULL;

	db_args_init(&args, cli->arena);
	db_arg_string(&args, w->team);
	db_arg_string(&args, w->name);
	db_arg_json(&args, w->filters);
	db_arg_string(&args, w->frequency);
	db_arg_int(&args, w->weekday);
	db_arg_int(&args, w->hour);
	db_arg_string(&args, w->zone);
	db_arg_string(&args, w->language);
	db_arg_string(&args, w->empty);
	db_arg_time(&args, clock_now());
	if (db_call(db, "api.subscription_add", &args, &rows, err))
		return -1;
	printf("subscription %lld: %s, %s at %02lld:00 %s, in %s%s\n",
		(long long)db_get_int(rows, 0, "subscription_id"), w->team, days(cli, w), w->hour, w->zone, w->language,
		db_get_bool(rows, 0, "fresh") ? "" : " (changed)");
	return 0;
}

static int unsubscribe(struct cli *cli, struct db *db, const struct wanted *w, struct error *err)
{
	struct db_args args;
	DB_ROWS_SCOPED *rows = NULL;

	db_args_init(&args, cli->arena);
	db_arg_time(&args, clock_now());
	db_arg_string(&args, w->team);
	db_arg_string(&args, w->name);
	if (db_call(db, "api.subscription_remove", &args, &rows, err))
		return -1;
	printf("subscription %lld of %s has ended\n", (long long)db_get_int(rows, 0, "subscription_id"), w->team);
	return 0;
}

static int run(struct cli *cli, const struct wanted *w, struct error *err)
{
	struct config *config = NULL;
	struct cli_database *database = NULL;
	int result = -1;

	if (cli_config(cli, &config, err) == 0 && (w->remove || check_wanted(config, w, err) == 0) &&
		cli_database_open(cli, config, &database, err) == 0 &&
		digest_regions_keep(cli_database(database), config, err) == 0)
		result = w->remove ? unsubscribe(cli, cli_database(database), w, err)
				   : subscribe(cli, cli_database(database), w, err);
	cli_database_close(&database);
	config_free(&config);
	return result;
}

int cmd_subscribe(struct cli *cli, int argc, char **argv)
{
	struct error err = ERROR_INIT;
	struct wanted w = {.filters = json_object()};
	int status = EX_OK;

	if (read_options(&w, &argc, argv, &err))
		status = cli_usage(cli, "%s", err.text);
	else if (argc != 1 || argv[0][0] == '-')
		status = argc > 1 ? cli_usage(cli, "what is \"%s\"?", argv[1]) : cli_usage(cli, "say which team");
	else {
		w.team = argv[0];
		if (run(cli, &w, &err))
			status = cli_fail(cli, &err);
	}
	json_decref(w.filters);
	return status;
}
