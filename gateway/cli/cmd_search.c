/* fieldpost search: full text over what was filed, and the filters that are kept under names. */
#include "cli/commands.h"

#include "cli/reading.h"
#include "core/clock.h"

#define LIMIT_DEFAULT 20
#define LIMIT_MAX 1000
#define NAME_MAX_BYTES 100

enum search_act { SEARCH_FIND, SEARCH_LIST, SEARCH_FORGET };

struct search {
	struct reading reading;
	enum search_act act;
	const char *save, *forget;
	long long limit;
	int64_t now;
};

static int save(struct search *s, struct db *db, struct error *err)
{
	struct arena *arena = s->reading.cli->arena;
	struct db_args args;

	db_args_init(&args, arena);
	db_arg_time(&args, s->now);
	db_arg_string(&args, s->save);
	db_arg_string(&args, s->reading.words);
	db_arg_json(&args, s->reading.filters);
	db_arg_string(&args, reading_actor(arena));
	return db_call(db, "api.filter_save", &args, NULL, err);
}

static int forget(struct search *s, struct db *db, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;

	db_args_init(&args, s->reading.cli->arena);
	db_arg_string(&args, s->forget);
	if (db_call(db, "api.filter_remove", &args, &rows, err) < 0)
		return -1;
	return db_get_int(rows, 0, "removed") > 0
		       ? 0
		       : error_set(err, REACH_MESSAGE, "there is no filter \"%s\"", s->forget);
}

static void print(struct search *s, struct table *table, const char *none)
{
	json_t *json;

	if (s->reading.cli->json) {
		json = table_json(table);
		json_dumpf(json, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(json);
	} else if (table_rows(table) == 0) {
		printf("%s\n", none);
	} else {
		table_print(table, "", stdout);
	}
}

static int list(struct search *s, struct db *db, struct error *err)
{
	struct arena *arena = s->reading.cli->arena;
	struct table *table = table_new(arena);
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;

	db_args_init(&args, arena);
	db_arg_string(&args, "");
	if (db_call(db, "api.filter_list", &args, &rows, err) < 0)
		return -1;
	for (size_t row = 0; row < db_count(rows); row++) {
		table_string(table, "name", db_get_string(rows, row, "name"));
		table_string(table, "by", db_get_string(rows, row, "made_by"));
		table_time(table, "made", db_get_time(rows, row, "made_at"), s->now);
		table_string(table, "words", db_get_string(rows, row, "words"));
		table_text(table, "filters", db_get_view(rows, row, "filters"));
		table_end_row(table);
	}
	print(s, table, "no filter is kept");
	return 0;
}

static void add_found(struct table *table, const struct db_rows *rows, size_t row, int64_t now)
{
	table_int(table, "feedback", db_get_int(rows, row, "feedback_id"));
	if (db_is_null(rows, row, "line_number"))
		table_string(table, "line", "");
	else
		table_int(table, "line", db_get_int(rows, row, "line_number"));
	table_time(table, "received", db_get_time(rows, row, "received_at"), now);
	table_string(table, "form", db_get_string(rows, row, "form_id"));
	table_string(table, "country", db_get_string(rows, row, "country"));
	table_string(table, "sharing", db_get_string(rows, row, "sharing"));
	table_string(table, "name", db_get_string(rows, row, "name"));
	table_string(table, "words", db_get_string(rows, row, "excerpt"));
	table_end_row(table);
}

static int find(struct search *s, struct db *db, struct error *err)
{
	struct arena *arena = s->reading.cli->arena;
	struct table *table = table_new(arena);
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;

	if (reading_begin(&s->reading, db, err) < 0)
		return -1;
	db_args_init(&args, arena);
	db_arg_string(&args, s->reading.words);
	db_arg_json(&args, s->reading.filters);
	db_arg_int(&args, s->limit);
	if (db_call(db, "read.search", &args, &rows, err) < 0)
		return db_rollback(db, NULL), -1;
	if (db_commit(db, err) < 0)
		return -1;
	for (size_t row = 0; row < db_count(rows); row++)
		add_found(table, rows, row, s->now);
	print(s, table, "nothing found");
	return 0;
}

static int run(void *context, const struct config *config, struct db *db, struct error *err)
{
	struct search *s = context;

	if (s->act == SEARCH_LIST)
		return list(s, db, err);
	if (s->act == SEARCH_FORGET)
		return forget(s, db, err);
	return s->save && save(s, db, err) < 0 ? -1 : find(s, db, err);
}

static int read_wish(struct search *s, struct cli *cli, int argc, char **argv)
{
	const char *limit = cli_option(&argc, argv, "--limit");
	const char *words = "";

	s->save = cli_option(&argc, argv, "--save");
	s->forget = cli_option(&argc, argv, "--forget");
	s->act = s->forget ? SEARCH_FORGET : cli_flag(&argc, argv, "--filters") ? SEARCH_LIST : SEARCH_FIND;
	s->limit = LIMIT_DEFAULT;
	s->now = clock_now();
	if (limit && view_to_int(view_of(limit), 1, LIMIT_MAX, &s->limit) < 0)
		return cli_usage(cli, "--limit is a number from 1 to %d", LIMIT_MAX);
	if (s->save && (!*s->save || strlen(s->save) > NAME_MAX_BYTES))
		return cli_usage(cli, "a filter's name has at most %d bytes", NAME_MAX_BYTES);
	if (reading_options(&s->reading, cli, &argc, argv))
		return EX_USAGE;
	if (argc > 0 && strcmp(argv[0], "--") == 0)
		argv++, argc--;
	else if (argc > 0 && strncmp(argv[0], "--", 2) == 0)
		return cli_usage(cli, "what is \"%s\"? (words that begin with - stand behind --)", argv[0]);
	for (int i = 0; i < argc; i++) /* what the shell saw as one word is looked for in a row */
		words = arena_printf(cli->arena,
			strchr(argv[i], ' ') && !strchr(argv[i], '"') ? "%s%s\"%s\"" : "%s%s%s", words, i ? " " : "",
			argv[i]);
	s->reading.words = words;
	return EX_OK;
}

int cmd_search(struct cli *cli, int argc, char **argv)
{
	struct search s = {.act = SEARCH_FIND};
	int status = read_wish(&s, cli, argc, argv);

	if (status == EX_OK)
		status = cli_run(cli, run, &s);
	reading_release(&s.reading);
	return status;
}
