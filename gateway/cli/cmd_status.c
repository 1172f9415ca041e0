/* fieldpost status: each source in words, the counts, what is wrong. Exit 1 when something is not well. */
#include "cli/commands.h"

#include <string.h>

#include "cli/table.h"
#include "core/clock.h"
#include "store/db.h"

#define MINUTE_US ((int64_t)60 * 1000000)
#define QUIET_US (60 * MINUTE_US) /* a source without a completed round trip for so long is not well */

struct status {
	struct cli *cli;
	const struct config *config;
	struct db *db;
	int64_t now;
	struct table *sources, *logins, *states, *alarms;
	const struct db_rows *channels; /* while the sources are loaded */
	json_t *totals;
	bool well;
};

static bool is_configured(const struct status *s, const char *name)
{
	for (size_t i = 0; i < s->config->mailbox_count; i++)
		if (strcmp(s->config->mailboxes[i].name, name) == 0)
			return true;
	for (size_t i = 0; i < s->config->channel_count; i++)
		if (strcmp(s->config->channels[i].name, name) == 0)
			return true;
	return false;
}

/* ", 3 repeated, 1 refused": what came to a channel besides its messages. */
static const char *channel_counts(struct status *s, const char *name)
{
	static const char *const shown[] = {"repeated", "ignored", "refused", "malformed", "oversize", "spooled"};
	const char *words = "";
	json_t *counts = NULL;

	for (size_t row = 0; row < db_count(s->channels) && !counts; row++)
		if (strcmp(db_get_string(s->channels, row, "channel"), name) == 0)
			counts = db_get_json(s->channels, row, "counts");
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		json_int_t count = json_integer_value(json_object_get(counts, shown[i]));

		if (count > 0)
			words = arena_printf(s->cli->arena, "%s, %lld %s", words, (long long)count, shown[i]);
	}
	json_decref(counts);
	return words;
}

/* What a person wants to read of one source. */
static const char *source_words(struct status *s, const struct db_rows *rows, size_t row)
{
	struct arena *arena = s->cli->arena;
	int64_t failing = db_get_time(rows, row, "failing_since"), last_ok = db_get_time(rows, row, "last_ok");
	int64_t next_at = db_get_time(rows, row, "next_at"), backlog = db_get_int(rows, row, "backlog");

	if (strcmp(db_get_string(rows, row, "kind"), "import") == 0)
		return "imported";
	if (!is_configured(s, db_get_string(rows, row, "account")))
		return "no longer in the config";
	if (failing)
		return arena_printf(arena, "failing since %s: %s; next try %s", table_ago(arena, failing, s->now),
			db_get_string(rows, row, "error"),
			next_at > s->now ? table_ago(arena, next_at, s->now) : "is due");
	if (last_ok == 0)
		return "not reached yet";
	if (s->now - last_ok > QUIET_US)
		return arena_printf(arena, "quiet: no contact since %s; is the service running?",
			table_ago(arena, last_ok, s->now));
	if (backlog > 0)
		return arena_printf(arena, "well, %lld mails to take in", (long long)backlog);
	return arena_printf(arena, "well%s", channel_counts(s, db_get_string(rows, row, "account")));
}

static void add_source(struct status *s, const struct db_rows *rows, size_t row)
{
	const char *words = source_words(s, rows, row);

	table_string(s->sources, "source", db_get_string(rows, row, "account"));
	table_string(s->sources, "folder", db_get_string(rows, row, "folder"));
	table_time(s->sources, "last_contact", db_get_time(rows, row, "last_ok"), s->now);
	table_time(s->sources, "last_message", db_get_time(rows, row, "last_message"), s->now);
	table_int(s->sources, "messages", db_get_int(rows, row, "messages"));
	table_int(s->sources, "backlog", db_get_int(rows, row, "backlog"));
	table_string(s->sources, "status", words);
	table_end_row(s->sources);
	s->well = s->well && strncmp(words, "failing", 7) != 0 && strncmp(words, "quiet", 5) != 0;
}

/* A mailbox or channel of the config that the service never came to. */
static void add_missing(struct status *s, const struct db_rows *rows, const char *name, const char *folder)
{
	for (size_t row = 0; row < db_count(rows); row++)
		if (strcmp(db_get_string(rows, row, "account"), name) == 0)
			return;
	table_string(s->sources, "source", name);
	table_string(s->sources, "folder", folder);
	table_time(s->sources, "last_contact", 0, s->now);
	table_time(s->sources, "last_message", 0, s->now);
	table_int(s->sources, "messages", 0);
	table_int(s->sources, "backlog", 0);
	table_string(s->sources, "status", "not reached yet");
	table_end_row(s->sources);
}

static int load_sources(struct status *s, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL, *channels = NULL;
	struct db_args args;

	db_args_init(&args, s->cli->arena);
	db_arg_time(&args, s->now);
	if (db_call(s->db, "api.status_sources", &args, &rows, err) < 0 ||
		db_call(s->db, "api.status_channels", NULL, &channels, err) < 0)
		return -1;
	s->sources = table_new(s->cli->arena);
	s->channels = channels;
	for (size_t row = 0; row < db_count(rows); row++)
		add_source(s, rows, row);
	s->channels = NULL;
	for (size_t i = 0; i < s->config->mailbox_count; i++)
		add_missing(s, rows, s->config->mailboxes[i].name, s->config->mailboxes[i].folders[0]);
	for (size_t i = 0; i < s->config->channel_count; i++)
		add_missing(s, rows, s->config->channels[i].name, "");
	return 0;
}

static int load_logins(struct status *s, struct error *err)
{
	bool well;

	if (cli_logins(s->cli, s->config, s->db, &s->logins, &well, err) < 0)
		return -1;
	s->well = s->well && well;
	return 0;
}

static int load_states(struct status *s, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;

	if (db_call(s->db, "api.status_counts", NULL, &rows, err) < 0)
		return -1;
	s->states = table_new(s->cli->arena);
	for (size_t row = 0; row < db_count(rows); row++) {
		table_string(s->states, "state", db_get_string(rows, row, "state"));
		table_int(s->states, "messages", db_get_int(rows, row, "messages"));
		table_end_row(s->states);
	}
	return 0;
}

static const char *const totals[] = {"stored", "sightings", "feedback", "outbox_waiting", "digests", "alarms"};

static int load_totals(struct status *s, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;

	db_args_init(&args, s->cli->arena);
	db_arg_time(&args, s->now);
	if (db_call(s->db, "api.status_totals", &args, &rows, err) < 0)
		return -1;
	s->totals = json_object();
	for (size_t i = 0; db_count(rows) > 0 && i < sizeof(totals) / sizeof(totals[0]); i++)
		json_object_set_new(s->totals, totals[i], json_integer(db_get_int(rows, 0, totals[i])));
	return 0;
}

static int load_alarms(struct status *s, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;

	if (db_call(s->db, "api.alarms_open", NULL, &rows, err) < 0)
		return -1;
	s->alarms = table_new(s->cli->arena);
	for (size_t row = 0; row < db_count(rows); row++) {
		table_int(s->alarms, "alarm", db_get_int(rows, row, "alarm_id"));
		table_string(s->alarms, "kind", db_get_string(rows, row, "kind"));
		table_string(s->alarms, "object", db_get_string(rows, row, "object"));
		table_time(s->alarms, "since", db_get_time(rows, row, "since"), s->now);
		table_int(s->alarms, "count", db_get_int(rows, row, "count"));
		table_string(s->alarms, "text", db_get_string(rows, row, "text"));
		table_end_row(s->alarms);
		if (strcmp(db_get_string(rows, row, "kind"), "source") != 0 ||
			is_configured(s, db_get_string(rows, row, "object")))
			s->well = false;
	}
	return 0;
}

static void print_json(struct status *s)
{
	json_t *all = json_object();

	json_object_set_new(all, "well", json_boolean(s->well));
	json_object_set_new(all, "sources", table_json(s->sources));
	json_object_set_new(all, "logins", table_json(s->logins));
	json_object_set_new(all, "states", table_json(s->states));
	json_object_set_new(all, "totals", json_incref(s->totals));
	json_object_set_new(all, "alarms", table_json(s->alarms));
	json_dumpf(all, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
}

static void print_people(struct status *s)
{
	const char *key;
	json_t *value;

	if (table_rows(s->sources) == 0)
		printf("no mailbox and no channel is configured\n");
	table_print(s->sources, "", stdout);
	putchar('\n');
	table_print(s->logins, "", stdout);
	if (table_rows(s->logins) > 0)
		putchar('\n');
	table_print(s->states, "", stdout);
	putchar('\n');
	json_object_foreach(s->totals, key, value) printf("%-14s  %lld\n",
		strcmp(key, "outbox_waiting") == 0 ? "to be sent" : key, (long long)json_integer_value(value));
	if (table_rows(s->alarms) > 0)
		putchar('\n');
	table_print(s->alarms, "", stdout);
}

static int show(void *context, const struct config *config, struct db *db, struct error *err)
{
	struct status *s = context;

	s->config = config;
	s->db = db;
	if (load_sources(s, err) < 0 || load_logins(s, err) < 0 || load_states(s, err) < 0 || load_totals(s, err) < 0 ||
		load_alarms(s, err) < 0)
		return -1;
	if (s->cli->json)
		print_json(s);
	else
		print_people(s);
	return 0;
}

int cmd_status(struct cli *cli, int argc, char **argv)
{
	struct status s = {.cli = cli, .now = clock_now(), .well = true};
	int status;

	if (argc > 0)
		return cli_usage(cli, "what is \"%s\"?", argv[0]);
	status = cli_run(cli, show, &s);
	json_decref(s.totals);
	return status == EX_OK && !s.well ? 1 : status;
}
