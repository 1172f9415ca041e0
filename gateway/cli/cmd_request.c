/* fieldpost request send | list: asks practitioners to fill in a form, and says what became of it. */
#include "cli/commands.h"

#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "outreach/outreach.h"
#include "store/db.h"

#define LIST_MAX 100
#define FILE_BYTES_MAX ((size_t)4 * 1024 * 1024) /* of a list of addresses */

struct request_command {
	struct cli *cli;
	const char *form, *to, *language, *label;
	int64_t at, now;
	bool dry;
};

/* ---- send ---- */

/* A file of addresses, one a line; what stands behind a # does not count. */
static int read_addresses(const char *path, json_t **people_out, struct error *err)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
	json_t *list = json_array();
	TEXT_SCOPED bytes;
	struct view rest, line;
	char buffer[8192];
	size_t got;

	text_init(&bytes, FILE_BYTES_MAX);
	if (!file) {
		json_decref(list);
		return error_set(err, REACH_MESSAGE,
			"--to %s: neither all, nor a condition such as country=NP, nor a file: %s", path, cli_file_words());
	}
	while ((got = fread(buffer, 1, sizeof(buffer), file)) > 0)
		text_add(&bytes, buffer, got);
	if (file != stdin)
		fclose(file);
	rest = text_view(&bytes);
	while (view_next_line(&rest, &line)) {
		ptrdiff_t sign = view_find_char(line, '#');

		line = view_trim(view_sub(line, 0, sign < 0 ? line.len : (size_t)sign));
		if (line.len > 0)
			json_array_append_new(list, json_stringn(line.ptr, line.len));
	}
	if (bytes.full || json_array_size(list) == 0) {
		json_decref(list);
		return error_set(err, REACH_MESSAGE, "--to %s: %s", path, bytes.full ? "too large" : "no address in it");
	}
	*people_out = json_pack("{s:o}", "addresses", list);
	return 0;
}

static int read_people(struct request_command *command, json_t **out, struct error *err)
{
	if (strcmp(command->to, "all") == 0 || strchr(command->to, '='))
		return asking_query(command->to, out, err);
	return read_addresses(command->to, out, err);
}

/* A name that nobody has is most likely a slip of the pen. */
static int check_names(struct request_command *command, struct db *db, const json_t *people, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;
	const char *names = "";

	db_args_init(&args, command->cli->arena);
	db_arg_json(&args, people);
	if (db_call(db, "api.request_unknown", &args, &rows, err) < 0)
		return -1;
	for (size_t row = 0; row < db_count(rows) && row < 20; row++)
		names = arena_printf(command->cli->arena, "%s%s%s", names, row > 0 ? ", " : "", db_get_string(rows, row, "name"));
	if (db_count(rows) == 0)
		return 0;
	return error_set(err, REACH_MESSAGE, "no practitioner has: %s%s; see people list", names,
		db_count(rows) > 20 ? ", ..." : "");
}

static const char *label_of(struct request_command *command)
{
	time_t seconds = (time_t)(command->now / 1000000);
	struct tm day;
	char text[16];

	if (command->label)
		return command->label;
	gmtime_r(&seconds, &day);
	strftime(text, sizeof(text), "%Y-%m-%d", &day);
	return arena_printf(command->cli->arena, "%s %s", command->form, text);
}

static int64_t counted(const struct db_rows *rows, const char *what)
{
	for (size_t row = 0; row < db_count(rows); row++)
		if (strcmp(db_get_string(rows, row, "what"), what) == 0)
			return db_get_int(rows, row, "people_count");
	return 0;
}

static void print_planned(const struct request_command *command, const char *label, const struct db_rows *rows)
{
	long long asked = counted(rows, "asked"), already = counted(rows, "already"), paused = counted(rows, "paused"),
		  unreachable = counted(rows, "unreachable"), version = counted(rows, "form");

	if (command->cli->json) {
		json_t *json = json_pack("{s:s,s:s,s:I,s:b,s:I,s:I,s:I,s:I}", "label", label, "form", command->form,
			"form_version", (json_int_t)version, "dry_run", (int)command->dry, "asked", (json_int_t)asked, "already",
			(json_int_t)already, "paused", (json_int_t)paused, "unreachable", (json_int_t)unreachable);

		json_dumpf(json, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(json);
		return;
	}
	printf("%s: %s, version %lld\n", label, command->form, version);
	printf("%s %lld; already under this label %lld, paused %lld, without an address that works %lld\n",
		command->dry ? "would be asked" : "asked", asked, already, paused, unreachable);
}

static int plan(struct request_command *command, const struct config *config, struct db *db, const json_t *people,
	struct error *err)
{
	const char *label = label_of(command);
	json_t *rules = asking_rules(config);
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;
	int result;

	db_args_init(&args, command->cli->arena);
	db_arg_time(&args, command->now);
	db_arg_string(&args, label);
	db_arg_string(&args, command->form);
	db_arg_json(&args, people);
	db_arg_string(&args, command->language);
	db_arg_time(&args, command->at);
	db_arg_json(&args, rules);
	db_arg_bool(&args, command->dry);
	result = db_call(db, "api.request_send", &args, &rows, err);
	json_decref(rules);
	if (result < 0)
		return -1;
	if (db_count(rows) == 0)
		return error_set(err, REACH_MESSAGE, "no form \"%s\" is in force; see forms list, and status", command->form);
	print_planned(command, label, rows);
	return 0;
}

static int send_requests(void *context, const struct config *config, struct db *db, struct error *err)
{
	struct request_command *command = context;
	json_t *people = NULL;
	int result = read_people(command, &people, err);

	if (result == 0)
		result = check_names(command, db, people, err);
	if (result == 0)
		result = plan(command, config, db, people, err);
	json_decref(people);
	return result;
}

/* "2026-11-23", "2026-11-23T09:00:00Z" or with an offset; a day alone begins at midnight in UTC: quiet hours do the rest. */
static int read_time(const char *text, int64_t *out)
{
	struct tm tm = {0};
	long offset = 0;
	char sign = 'Z';
	int hours = 0, minutes = 0, end = 0;

	if (sscanf(text, "%4d-%2d-%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &end) < 3)
		return -1;
	if (text[end]) {
		int used = 0, at = end;

		if (sscanf(text + at, "%*1[T ]%2d:%2d%n", &tm.tm_hour, &tm.tm_min, &used) < 2)
			return -1;
		at += used;
		if (text[at] == ':' && sscanf(text + at, ":%2d%n", &tm.tm_sec, &used) == 1)
			at += used;
		if (strcmp(text + at, "Z") != 0 &&
			(sscanf(text + at, "%c%2d:%2d", &sign, &hours, &minutes) < 3 || (sign != '+' && sign != '-')))
			return -1;
		offset = (hours * 60L + minutes) * 60 * (sign == '-' ? -1 : 1);
	}
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*out = ((int64_t)timegm(&tm) - offset) * 1000000;
	return tm.tm_mday >= 1 && tm.tm_mday <= 31 && tm.tm_mon >= 0 && tm.tm_mon <= 11 && tm.tm_hour < 24 ? 0 : -1;
}

static int send_command(struct request_command *command, int argc, char **argv)
{
	const char *at = cli_option(&argc, argv, "--at");

	command->form = cli_option(&argc, argv, "--form");
	command->to = cli_option(&argc, argv, "--to");
	command->language = cli_option(&argc, argv, "--language");
	command->label = cli_option(&argc, argv, "--label");
	command->dry = cli_flag(&argc, argv, "--dry-run");
	command->at = command->now;
	if (argc > 0)
		return cli_usage(command->cli, "what is \"%s\"?", argv[0]);
	if (!command->form || !command->to)
		return cli_usage(command->cli, "say --form and --to");
	if (at && read_time(at, &command->at) < 0)
		return cli_usage(command->cli, "--at %s: write 2026-11-23 or 2026-11-23T09:00:00Z", at);
	return cli_run(command->cli, send_requests, command);
}

/* ---- list ---- */

static void add_campaign(struct table *table, const struct db_rows *rows, size_t row, int64_t now)
{
	static const char *const counts[] = {
		"waiting", "asked", "answered", "partial", "silent", "bounced", "closed", "reminders"};

	table_string(table, "label", db_get_string(rows, row, "label"));
	table_string(table, "form", db_get_string(rows, row, "form_id"));
	table_time(table, "planned", db_get_time(rows, row, "planned_at"), now);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		table_int(table, counts[i], db_get_int(rows, row, counts[i]));
	table_end_row(table);
}

static void add_person(struct table *table, const struct db_rows *rows, size_t row, int64_t now)
{
	table_string(table, "reference", db_get_string(rows, row, "reference"));
	table_string(table, "name", db_get_string(rows, row, "name"));
	table_string(table, "country", db_get_string(rows, row, "country"));
	table_string(table, "language", db_get_string(rows, row, "language"));
	table_string(table, "by", db_get_string(rows, row, "channel_name"));
	table_string(table, "address", db_get_string(rows, row, "address"));
	table_string(table, "state", db_get_string(rows, row, "state"));
	table_time(table, "due", db_get_time(rows, row, "due_at"), now);
	table_time(table, "asked", db_get_time(rows, row, "asked_at"), now);
	table_time(table, "answered", db_get_time(rows, row, "answered_at"), now);
	table_int(table, "reminders", db_get_int(rows, row, "reminders"));
	table_string(table, "note", db_get_string(rows, row, "note"));
	table_end_row(table);
}

static int list_requests(void *context, const struct config *config, struct db *db, struct error *err)
{
	struct request_command *command = context;
	struct table *table = table_new(command->cli->arena);
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;

	db_args_init(&args, command->cli->arena);
	if (command->label)
		db_arg_string(&args, command->label);
	else
		db_arg_int(&args, LIST_MAX);
	if (db_call(db, command->label ? "api.request_people" : "api.request_list", &args, &rows, err) < 0)
		return -1;
	for (size_t row = 0; row < db_count(rows); row++)
		(command->label ? add_person : add_campaign)(table, rows, row, command->now);
	if (command->cli->json) {
		json_t *json = table_json(table);

		json_dumpf(json, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(json);
	} else if (table_rows(table) == 0) {
		printf(command->label ? "nobody was asked under that label\n" : "nobody was asked yet\n");
	} else {
		table_print(table, "", stdout);
	}
	return 0;
}

int cmd_request(struct cli *cli, int argc, char **argv)
{
	struct request_command command = {.cli = cli, .now = clock_now()};
	const char *what = argc > 0 ? argv[0] : "";

	if (strcmp(what, "send") == 0)
		return send_command(&command, argc - 1, argv + 1);
	if (strcmp(what, "list") != 0)
		return cli_usage(cli, "say send or list");
	if (argc > 2)
		return cli_usage(cli, "name one label");
	command.label = argc == 2 ? argv[1] : NULL;
	return cli_run(cli, list_requests, &command);
}
