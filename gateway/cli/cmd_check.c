/*
 * fieldpost check: is all well? The config, the forms, the database, each mailbox and the SMTP server, really connected
 * to; each login's token (a new one is asked for when it is time); each channel's secrets, and the URL that its provider
 * must be given; nothing else is changed anywhere. A line as each is done (or one object with --json); exit 1 when
 * something is not well.
 */
#include "cli/commands.h"

#include <stdlib.h>
#include <string.h>

#include "channels/channel.h"
#include "cli/table.h"
#include "core/clock.h"
#include "core/process.h"
#include "delivery/delivery.h"
#include "intake/intake.h"
#include "oauth/oauth.h"
#include "outreach/outreach.h"
#include "parsers/parsers.h"
#include "pipeline.h"
#include "store/db.h"
#include "store/embedded.h"
#include "store/migrate.h"

#define FOUND_MAX 4096 /* bytes of what was found, in words */

struct check {
	struct cli *cli;
	const struct config *config;
	struct embedded *embedded; /* held to the end: logins are kept in the database */
	json_t *done; /* array of {what, object, well, words} */
	bool well;
};

/* One line: what was checked and what was found; err NULL: it is well. */
static void say(struct check *check, const char *what, const char *object, const char *words, const struct error *err)
{
	if (err) {
		words = err->text;
		check->well = false;
	}
	words = table_clean(check->cli->arena, view_of(words));
	json_array_append_new(check->done,
		json_pack("{s:s, s:s, s:b, s:s}", "what", what, "object", object, "well", err == NULL, "words", words));
	if (check->cli->json)
		return;
	printf("%-8s %s%s%s: %s\n", err ? "NOT WELL" : "well", what, *object ? " " : "", object, words);
	fflush(stdout);
}

/* As the service's user from here on: what it may read is what counts. */
static bool check_user(struct check *check)
{
	struct error err = ERROR_INIT;

	if (process_drop_root(check->config, &err) == 0)
		return true;
	say(check, "user", "", NULL, &err);
	return false;
}

/* Forms that are in no list of proven ones: the service has them proven, and tells by an alarm of what fails. */
static const char *unlisted(struct check *check, const struct forms *forms, struct view listed)
{
	const char *names = "";

	for (size_t i = 0; i < forms_count(forms); i++) {
		const struct form *form = forms_at(forms, i);

		if (!pipeline_is_proven(listed, form->source_sha256))
			names = arena_printf(check->cli->arena, "%s%s %s version %d", names, *names ? "," : "",
				form->id, form->version);
	}
	return names;
}

/* What of a language's letters goes out in another one; "" when nothing does. */
static const char *letters_lacking(struct check *check, const struct forms *forms, const char *language)
{
	const char *names = "";

	for (const char *const *name = asking_letters; *name; name++) {
		const char *there = forms_letter_language(forms, *name, language);

		if (!there || strcmp(there, language) != 0)
			names = arena_printf(check->cli->arena, "%s%s%s", names, *names ? ", " : "", *name);
	}
	return names;
}

/* A language in which forms are asked and whose letters are not all there. */
static void check_letters(struct check *check, const struct forms *forms)
{
	struct arena *arena = check->cli->arena;
	const char *whole = "", *lacking = "";

	for (size_t i = 0; i < forms_count(forms); i++)
		for (size_t k = 0; k < forms_at(forms, i)->title.count; k++) {
			const char *language = forms_at(forms, i)->title.list[k].language, *names;

			/* Each language once. */
			if (strstr(whole, arena_printf(arena, " %s,", language)) ||
				strstr(lacking, arena_printf(arena, "; %s ", language)))
				continue;
			names = letters_lacking(check, forms, language);
			if (*names)
				lacking = arena_printf(arena, "%s; %s has no %s: English goes out", lacking, language, names);
			else
				whole = arena_printf(arena, "%s %s,", whole, language);
		}
	if (*whole)
		whole = arena_printf(arena, "in%.*s", (int)strlen(whole) - 1, whole);
	say(check, "letters", "", arena_printf(arena, "%s%s", *whole ? whole : "in no language", lacking), NULL);
}

/* The language itself, or the one that it is a kind of (pt of pt-BR). */
static bool is_sent_in(const struct form *form, const char *language)
{
	for (size_t i = 0; i < form->title.count; i++) {
		const char *one = form->title.list[i].language;
		size_t len = strlen(one);

		if (strncmp(one, language, len) == 0 && (language[len] == '\0' || language[len] == '-'))
			return true;
	}
	return false;
}

/* A schedule whose form or language is misspelt would ask nobody, or in English. */
static void check_requests(struct check *check, const struct forms *forms)
{
	for (size_t i = 0; i < check->config->request_count; i++) {
		const struct config_request *request = &check->config->requests[i];
		const struct form *form = forms_get(forms, request->form, 0);
		struct error err = ERROR_INIT;

		if (!form)
			error_set(&err, REACH_STOP, "there is no form \"%s\"; see forms list", request->form);
		else if (request->language && !is_sent_in(form, request->language))
			error_set(&err, REACH_STOP, "the form \"%s\" is not sent in \"%s\"; see forms list", request->form,
				request->language);
		else
			continue;
		say(check, "request", request->name, NULL, &err);
	}
}

static void check_forms(struct check *check)
{
	struct arena *arena = check->cli->arena;
	struct error err = ERROR_INIT;
	struct forms *forms = NULL;
	struct view listed;
	const char *names;

	if (cli_forms(check->config, NULL, &forms, &err) < 0 ||
		pipeline_proven_load(check->config, arena, &listed, &err) < 0) {
		say(check, "forms", "", NULL, &err);
		forms_free(&forms);
		return;
	}
	names = unlisted(check, forms, listed);
	say(check, "forms", "",
		arena_printf(arena, "%zu in %s%s%s", forms_count(forms), check->config->forms_dir,
			*names ? "; in force once the service has proven them (forms check does it now):"
			       : ", all of them proven",
			names),
		NULL);
	check_letters(check, forms);
	check_requests(check, forms);
	forms_free(&forms);
}

/* What the service found of the forms when it had them proven. */
static int check_proofs(struct check *check, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct db *db = NULL;
	int result = db_open(check->config, "fieldpost_admin", &db, err);

	if (result == 0)
		result = db_call(db, "api.alarms_open", NULL, &rows, err);
	for (size_t i = 0; result == 0 && i < db_count(rows); i++) {
		struct error found = ERROR_INIT;

		if (strcmp(db_get_string(rows, i, "kind"), "form") != 0)
			continue;
		error_set(&found, REACH_STOP, "%s", db_get_string(rows, i, "text"));
		say(check, "form", arena_strdup(check->cli->arena, db_get_string(rows, i, "object")), NULL, &found);
	}
	db_close(&db);
	return result;
}

static void check_database(struct check *check)
{
	const struct config *config = check->config;
	struct error err = ERROR_INIT;

	if (!config->database.url && !embedded_made(config)) {
		say(check, "database", "", "the private PostgreSQL is made at the first start", NULL);
		return;
	}
	if ((!config->database.url && embedded_hold(config, &check->embedded, &err) < 0) || migrate_check(config, &err) < 0 ||
		check_proofs(check, &err) < 0)
		say(check, "database", "", NULL, &err);
	else
		say(check, "database", "", config->database.url ? "the one in database.url" : "the private PostgreSQL",
			NULL);
}

/* Is there a token, or can there be one? When it is time for a new one it is asked for, as the service would. */
static void check_logins(struct check *check)
{
	for (size_t i = 0; i < check->config->oauth_count; i++) {
		const char *name = check->config->oauth[i].name;
		struct oauth_access access;
		struct error err = ERROR_INIT;
		struct oauth *oauth = NULL;

		if (oauth_new(check->config, NULL, &oauth, &err) < 0 || oauth_access(oauth, name, 0, &access, &err) < 0)
			say(check, "login", name, NULL, &err);
		else
			say(check, "login", name,
				arena_printf(check->cli->arena, "there is a token, which ends %s",
					table_ago(check->cli->arena, access.until, clock_now())),
				NULL);
		oauth_free(&oauth);
	}
}

static void check_mailbox(struct check *check, const struct config_mailbox *mailbox)
{
	struct error err = ERROR_INIT;
	TEXT_SCOPED found;

	text_init(&found, FOUND_MAX);
	if (intake_probe(check->config, mailbox, &found, &err) < 0)
		say(check, "mailbox", mailbox->name, NULL, &err);
	else
		say(check, "mailbox", mailbox->name, text_string(&found), NULL);
}

static void check_mailboxes(struct check *check)
{
	if (check->config->mailbox_count == 0)
		say(check, "mailboxes", "",
			check->config->channel_count > 0 ? "none is configured"
							 : "none is configured: nothing will be taken in",
			NULL);
	for (size_t i = 0; i < check->config->mailbox_count; i++)
		check_mailbox(check, &check->config->mailboxes[i]);
}

/* Where its provider must send to: who has the config's secrets may read this one too. */
static const char *channel_words(struct check *check, const struct channel *channel)
{
	struct arena *arena = check->cli->arena;

	if (channel->polled)
		return arena_printf(arena, "%s, asked by us", channel->kind->name);
	if (channel->public_url)
		return arena_printf(arena, "%s, register %s", channel->kind->name, channel->public_url);
	return arena_printf(arena,
		"%s, register the address of your proxy with " CHANNEL_HOOK "%s/%.*s (public_url is not set)",
		channel->kind->name, channel->settings->name, VIEW_ARGS(channel->path_key));
}

static void check_channels(struct check *check)
{
	struct error err = ERROR_INIT;

	if (channels_check(check->config, &err) < 0) {
		say(check, "channels", "", NULL, &err);
		return;
	}
	for (size_t i = 0; i < check->config->channel_count; i++) {
		const struct config_channel *settings = &check->config->channels[i];
		struct channel channel;

		error_clear(&err);
		if (channel_open(check->config, settings, check->cli->arena, &channel, &err) < 0)
			say(check, "channel", settings->name, NULL, &err);
		else
			say(check, "channel", settings->name, channel_words(check, &channel), NULL);
	}
}

static void check_smtp(struct check *check)
{
	const struct config_smtp *smtp = &check->config->smtp;
	struct error err = ERROR_INIT;

	if (!smtp->host)
		say(check, "smtp", "", "none is configured: nothing will be sent", NULL);
	else if (delivery_check(check->config, &err) < 0)
		say(check, "smtp", smtp->host, NULL, &err);
	else
		say(check, "smtp", smtp->host, smtp->user ? "connected and logged in" : "connected", NULL);
}

static int finish(struct check *check)
{
	json_t *all;

	if (check->cli->json) {
		all = json_pack("{s:b, s:O}", "well", check->well, "checks", check->done);
		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(all);
	}
	json_decref(check->done);
	return check->well ? EX_OK : 1;
}

int cmd_check(struct cli *cli, int argc, char **argv)
{
	struct check check = {.cli = cli, .well = true};
	struct config *config = NULL;
	struct error err = ERROR_INIT;
	bool user;
	int status;

	if (argc > 0)
		return cli_usage(cli, "what is \"%s\"?", argv[0]);
	if (cli_config(cli, &config, &err) < 0)
		return cli_fail(cli, &err);
	check.config = config;
	check.done = json_array();
	say(&check, "config", "", config->path ? config->path : "none: everything has its default", NULL);
	user = check_user(&check);
	check_forms(&check);
	if (user || config->database.url)
		check_database(&check);
	check_logins(&check);
	check_mailboxes(&check);
	check_channels(&check);
	check_smtp(&check);
	embedded_release(&check.embedded);
	status = finish(&check);
	config_free(&config);
	return status;
}
