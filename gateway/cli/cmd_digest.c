/* fieldpost digest: look at the next one, send one now, list those that were made. */
#include "cli/commands.h"

#include <errno.h>

#include "cli/table.h"
#include "core/clock.h"
#include "delivery/delivery.h"
#include "digest/digest.h"

#define LIST_MAX 100

struct session {
	struct cli *cli;
	struct config *config;
	struct cli_database *database;
	struct db *db;
	struct forms *forms;
	struct digest_tools *tools;
	FILE *html, *text, *eml; /* opened before the command goes on as another user */
	int64_t now;
};

/* ---- which subscription ---- */

/* The subscriptions of a team's name, or the one of that number. */
static int find(struct session *s, const char *word, struct db_rows **rows, struct error *err)
{
	struct db_args args;

	db_args_init(&args, s->cli->arena);
	db_arg_string(&args, word);
	if (db_call(s->db, "api.subscription_find", &args, rows, err))
		return -1;
	if (db_count(*rows) == 0)
		return error_set(err, REACH_MESSAGE,
			"no subscription, and no team that has one, is called \"%s\"; \"fieldpost team list\" shows them, "
			"\"fieldpost subscribe\" makes one", word);
	return 0;
}

static int load_tools(struct session *s, struct error *err)
{
	return cli_forms(s->config, NULL, &s->forms, err) || digest_tools_new(s->config, s->forms, &s->tools, err) ? -1 : 0;
}

/* ---- preview ---- */

static int write_part(FILE *file, struct view part, const char *what, struct error *err)
{
	if (!file)
		return 0;
	if (fwrite(part.ptr, 1, part.len, file) != part.len || fflush(file) != 0)
		return error_set(err, REACH_STOP, "the %s cannot be written: %s", what, strerror(errno));
	return 0;
}

/* The mail as it would go out, but for the recipient. */
static int write_eml(struct session *s, const struct digest_mail *mail, struct error *err)
{
	const struct config_smtp *smtp = &s->config->smtp;
	const char *from = smtp->from_address ? smtp->from_address : "fieldpost@localhost";
	struct outgoing outgoing = {
		.kind = "digest",
		.header_id = "<preview@fieldpost.invalid>",
		.date = s->now,
		.from_name = view_of(smtp->from_name),
		.from_address = view_of(from),
		.to_address = view_of("preview@fieldpost.invalid"),
		.subject = view_of(mail->subject),
		.text = mail->text,
		.html = mail->html,
		.language = view_of(mail->language),
		.unsubscribe = view_of("unsubscribe"),
	};
	struct outgoing_file table = {view_of(mail->table_name), view_of(DIGEST_TABLE_TYPE), mail->table};
	TEXT_SCOPED bytes = {0};

	outgoing.files = &table;
	outgoing.file_count = mail->table_name ? 1 : 0;
	if (!s->eml)
		return 0;
	text_init(&bytes, MAIL_BYTES_MAX);
	if (delivery_mail(&outgoing, &bytes, err))
		return -1;
	return write_part(s->eml, text_view(&bytes), "mail", err);
}

static int preview(struct session *s, const char *word, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct digest_mail mail;

	if (find(s, word, &rows, err) || load_tools(s, err))
		return -1;
	if (digest_preview(s->db, s->tools, s->config, db_get_int(rows, 0, "subscription_id"), s->now, s->cli->arena,
		    &mail, err))
		return -1;
	if (!s->html && !s->text && !s->eml)
		printf("%s\n\n%.*s", mail.subject, VIEW_ARGS(mail.text));
	return write_part(s->html, mail.html, "HTML", err) || write_part(s->text, mail.text, "text", err) ||
			       write_eml(s, &mail, err)
		       ? -1
		       : 0;
}

/* ---- send ---- */

static int send_again(struct session *s, int64_t subscription, const char *team, struct error *err)
{
	const char *at = s->config->smtp.from_address ? strchr(s->config->smtp.from_address, '@') : NULL;
	struct db_args args;
	DB_ROWS_SCOPED *rows = NULL;

	db_args_init(&args, s->cli->arena);
	db_arg_int(&args, subscription);
	db_arg_time(&args, s->now);
	db_arg_string(&args, at ? at + 1 : "localhost");
	if (db_call(s->db, "api.digest_again", &args, &rows, err))
		return -1;
	if (db_count(rows) == 0)
		printf("%s: no digest was sent yet\n", team);
	else
		printf("%s: digest %lld once more, mails %lld\n", team, (long long)db_get_int(rows, 0, "digest_id"),
			(long long)db_get_int(rows, 0, "mails"));
	return 0;
}

/* How many mails a digest that was just made has: none where no member is left who may get it. */
static int mails_of(struct session *s, int64_t digest_id, int64_t *mails_out, struct error *err)
{
	struct db_args args;
	DB_ROWS_SCOPED *rows = NULL;

	db_args_init(&args, s->cli->arena);
	db_arg_int(&args, LIST_MAX);
	if (db_call(s->db, "api.digest_list", &args, &rows, err))
		return -1;
	*mails_out = 0;
	for (size_t row = 0; row < db_count(rows); row++)
		if (db_get_int(rows, row, "digest_id") == digest_id)
			*mails_out = db_get_int(rows, row, "mails");
	return 0;
}

static int send_one(struct session *s, int64_t subscription, const char *team, struct error *err)
{
	enum digest_outcome outcome;
	int64_t digest_id, mails;

	if (digest_send(s->db, s->tools, s->config, subscription, s->now, &outcome, &digest_id, err))
		return -1;
	if (outcome == DIGEST_NOTHING) {
		printf("%s: nothing new since the last digest, nothing sent\n", team);
		return 0;
	}
	if (mails_of(s, digest_id, &mails, err))
		return -1;
	if (mails > 0)
		printf("%s: digest %lld is on its way, mails %lld\n", team, (long long)digest_id, (long long)mails);
	else
		printf("%s: digest %lld goes to nobody: no member is left who takes mails and may read it\n", team,
			(long long)digest_id);
	return 0;
}

static int send_digests(struct session *s, const char *word, bool again, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;

	if (find(s, word, &rows, err) || (!again && load_tools(s, err)))
		return -1;
	for (size_t row = 0; row < db_count(rows); row++) {
		int64_t subscription = db_get_int(rows, row, "subscription_id");
		const char *team = db_get_string(rows, row, "team");

		if (again ? send_again(s, subscription, team, err) : send_one(s, subscription, team, err))
			return -1;
	}
	return 0;
}

/* ---- list ---- */

static void add_digest(struct session *s, struct table *table, const struct db_rows *rows, size_t row)
{
	const char *state = db_get_string(rows, row, "state");

	table_int(table, "digest", db_get_int(rows, row, "digest_id"));
	table_string(table, "team", db_get_string(rows, row, "team"));
	table_time(table, "period_end", db_get_time(rows, row, "period_end"), s->now);
	table_string(table, "state", state);
	table_string(table, "late", db_get_bool(rows, row, "late") ? "late" : NULL);
	table_int(table, "lines", db_get_int(rows, row, "lines"));
	table_int(table, "mails", db_get_int(rows, row, "mails"));
	table_int(table, "sent", db_get_int(rows, row, "sent"));
	table_int(table, "failed", db_get_int(rows, row, "failed"));
	table_string(table, "subject", db_get_string(rows, row, "subject"));
	table_string(table, "error", db_get_string(rows, row, "error"));
	table_end_row(table);
}

static int list(struct session *s, struct error *err)
{
	struct table *table = table_new(s->cli->arena);
	struct db_args args;
	DB_ROWS_SCOPED *rows = NULL;

	db_args_init(&args, s->cli->arena);
	db_arg_int(&args, LIST_MAX);
	if (db_call(s->db, "api.digest_list", &args, &rows, err))
		return -1;
	for (size_t row = 0; row < db_count(rows); row++)
		add_digest(s, table, rows, row);
	if (s->cli->json) {
		json_t *json = table_json(table);

		json_dumpf(json, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(json);
	} else if (table_rows(table) == 0) {
		printf("no digest was made yet\n");
	} else {
		table_print(table, "", stdout);
	}
	return 0;
}

/* ---- the command ---- */

static int open_file(const char *path, FILE **out, struct error *err)
{
	if (!path)
		return 0;
	*out = strcmp(path, "-") == 0 ? stdout : fopen(path, "wbe");
	return *out ? 0 : error_set(err, REACH_STOP, "%s: %s", path, strerror(errno));
}

static int open_session(struct session *s, struct error *err)
{
	if (cli_config(s->cli, &s->config, err) || cli_database_open(s->cli, s->config, &s->database, err))
		return -1;
	s->db = cli_database(s->database);
	return 0;
}

static void close_session(struct session *s)
{
	FILE *files[] = {s->html, s->text, s->eml};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (files[i] && files[i] != stdout)
			fclose(files[i]);
	digest_tools_free(&s->tools);
	forms_free(&s->forms);
	cli_database_close(&s->database);
	config_free(&s->config);
}

int cmd_digest(struct cli *cli, int argc, char **argv)
{
	struct session s = {.cli = cli, .now = clock_now()};
	struct error err = ERROR_INIT;
	const char *html = cli_option(&argc, argv, "--html"), *text = cli_option(&argc, argv, "--text");
	const char *eml = cli_option(&argc, argv, "--eml"), *what = argc > 0 ? argv[0] : "";
	bool again = cli_flag(&argc, argv, "--again");
	int result = -1, status = EX_OK;

	if (strcmp(what, "list") != 0 && strcmp(what, "preview") != 0 && strcmp(what, "send") != 0)
		return cli_usage(cli, "say preview, send or list");
	if (argc != (strcmp(what, "list") == 0 ? 1 : 2))
		return argc < 2 ? cli_usage(cli, "say which team or subscription")
				: cli_usage(cli, "what is \"%s\"?", argv[argc - 1]);
	if (open_file(html, &s.html, &err) == 0 && open_file(text, &s.text, &err) == 0 &&
		open_file(eml, &s.eml, &err) == 0 && open_session(&s, &err) == 0)
		result = strcmp(what, "list") == 0   ? list(&s, &err)
			 : strcmp(what, "send") == 0 ? send_digests(&s, argv[1], again, &err)
						     : preview(&s, argv[1], &err);
	if (result)
		status = cli_fail(cli, &err);
	close_session(&s);
	return status;
}
