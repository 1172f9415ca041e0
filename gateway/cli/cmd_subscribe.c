/* fieldpost subscribe: which digest a team gets, when, in which zone and language. */
#include "cli/commands.h"

#include <strings.h>

#include "core/clock.h"
#include "store/db.h"

static const char *const weekdays[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};

struct wanted {
	const char *team, *zone, *language, *name, *empty;
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
		char code[64];
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
	w->empty = option_or(argc, argv, "--empty", "send");
	if (strcmp(w->empty, "send") != 0 && strcmp(w->empty, "skip") != 0)
		return error_set(err, REACH_MESSAGE, "--empty %s: say send or skip", w->empty);
	take_filter(argc, argv, "--form", "forms", false, w->filters);
	take_filter(argc, argv, "--country", "countries", true, w->filters);
	take_filter(argc, argv, "--theme", "themes", false, w->filters);
	return 0;
}

static int subscribe(struct cli *cli, struct db *db, const struct wanted *w, struct error *err)
{
	struct db_args args;
	DB_ROWS_SCOPED *rows = NULL;

	db_args_init(&args, cli->arena);
	db_arg_string(&args, w->team);
	db_arg_string(&args, w->name);
	db_arg_json(&args, w->filters);
	db_arg_int(&args, w->weekday);
	db_arg_int(&args, w->hour);
	db_arg_string(&args, w->zone);
	db_arg_string(&args, w->language);
	db_arg_string(&args, w->empty);
	db_arg_time(&args, clock_now());
	if (db_call(db, "api.subscription_add", &args, &rows, err))
		return -1;
	printf("subscription %lld: %s, every %s at %02lld:00 %s, in %s%s\n",
		(long long)db_get_int(rows, 0, "subscription_id"), w->team, weekdays[w->weekday - 1], w->hour, w->zone,
		w->language, db_get_bool(rows, 0, "fresh") ? "" : " (changed)");
	return 0;
}

static int run(struct cli *cli, const struct wanted *w, struct error *err)
{
	struct config *config = NULL;
	struct cli_database *database = NULL;
	int result = -1;

	if (cli_config(cli, &config, err) == 0 && cli_database_open(cli, config, &database, err) == 0)
		result = subscribe(cli, cli_database(database), w, err);
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
