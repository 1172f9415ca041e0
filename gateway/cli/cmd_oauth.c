/*
 * fieldpost oauth: logins by OAuth 2.0. `login` takes a person through it and then tries every mailbox and the SMTP
 * server that use it; `refresh` asks for a new access token now; `list` is the part of `status` about them. No token is
 * ever printed.
 */
#include "cli/commands.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "delivery/delivery.h"
#include "intake/intake.h"
#include "oauth/oauth.h"
#include "store/db.h"

#define FOUND_MAX 4096 /* bytes of what was found, in words */

enum action { LOGIN, REFRESH, LIST };
enum way { BY_DEFAULT, BY_DEVICE, BY_BROWSER };

struct wanted {
	struct cli *cli;
	enum action action;
	enum way way;
	const char *name, *actor;
	bool well;
};

/* ---- after a login: does it open what it is for? ---- */

static void say(struct wanted *w, const char *what, const char *name, const char *words, const struct error *err)
{
	printf("%-8s %s%s%s: %s\n", err ? "NOT WELL" : "well", what, *name ? " " : "", name,
		table_clean(w->cli->arena, view_of(err ? err->text : words)));
	fflush(stdout);
	w->well = w->well && !err;
}

static void try_mailbox(struct wanted *w, const struct config *config, const struct config_mailbox *mailbox)
{
	struct error err = ERROR_INIT;
	TEXT_SCOPED found;

	text_init(&found, FOUND_MAX);
	if (intake_probe(config, mailbox, &found, &err) < 0)
		say(w, "mailbox", mailbox->name, NULL, &err);
	else
		say(w, "mailbox", mailbox->name, text_string(&found), NULL);
}

static bool uses(const char *oauth, const char *name)
{
	return oauth && strcmp(oauth, name) == 0;
}

static void try_all(struct wanted *w, const struct config *config)
{
	struct error err = ERROR_INIT;

	for (size_t i = 0; i < config->mailbox_count; i++)
		if (uses(config->mailboxes[i].oauth, w->name))
			try_mailbox(w, config, &config->mailboxes[i]);
	if (uses(config->smtp.oauth, w->name))
		say(w, "smtp", config->smtp.host, "connected and logged in",
			delivery_check(config, &err) < 0 ? &err : NULL);
}

/* ---- the actions ---- */

static int log_in(struct wanted *w, struct oauth *oauth, const struct config_oauth *settings, struct error *err)
{
	bool device =
		w->way == BY_DEVICE || (w->way == BY_DEFAULT && settings->device_url &&
					       (!settings->auth_url || strcmp(settings->provider, "microsoft") == 0));
	struct oauth2_tokens tokens = {0};
	int result;

	if (strcmp(settings->grant, "refresh") != 0)
		return error_set(err, REACH_MESSAGE,
			"the login %s needs nobody: its grant is %s; try `fieldpost oauth "
			"refresh %s`",
			w->name, settings->grant, w->name);
	if (device ? !settings->device_url : !settings->auth_url)
		return error_set(err, REACH_STOP, "oauth %s: %s is not set, which this login begins at", w->name,
			device ? "device_url" : "auth_url");
	if (device)
		result = oauth_login_device(oauth, settings, stdout, &tokens, err);
	else
		result = oauth_login_browser(oauth, settings, stdout, STDIN_FILENO, &tokens, err);
	if (result == 0)
		result = oauth_logged_in(oauth, settings, &tokens, w->actor, err);
	oauth2_wipe(tokens.access);
	oauth2_wipe(tokens.refresh);
	return result < 0 ? error_prefix(err, "oauth %s", w->name) : 0;
}

static int refresh(struct wanted *w, struct oauth *oauth, struct error *err)
{
	struct oauth_access access;
	int result = oauth_renew(oauth, w->name, &access, err);

	if (result == 0)
		printf("a new token, which ends %s\n", table_ago(w->cli->arena, access.until, clock_now()));
	return result;
}

static int list(struct wanted *w, const struct config *config, struct db *db, struct error *err)
{
	struct table *table;
	json_t *json;

	if (cli_logins(w->cli, config, db, &table, &w->well, err) < 0)
		return -1;
	if (!w->cli->json) {
		table_print(table, "", stdout);
		return 0;
	}
	json = table_json(table);
	json_dumpf(json, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(json);
	return 0;
}

static int run(void *context, const struct config *config, struct db *db, struct error *err)
{
	struct wanted *w = context;
	const struct config_oauth *settings;
	struct oauth *oauth = NULL;
	int result;

	if (w->action == LIST)
		return list(w, config, db, err);
	settings = config_oauth_find(config, w->name);
	if (!settings)
		return error_set(err, REACH_MESSAGE, "there is no login \"%s\" in the section oauth", w->name);
	if (oauth_new(config, NULL, &oauth, err) < 0)
		return -1;
	result = w->action == LOGIN ? log_in(w, oauth, settings, err) : refresh(w, oauth, err);
	oauth_free(&oauth);
	if (result == 0 && w->action == LOGIN) {
		printf("logged in\n");
		try_all(w, config);
	}
	return result;
}

int cmd_oauth(struct cli *cli, int argc, char **argv)
{
	struct wanted w = {.cli = cli, .well = true, .actor = cli_actor(cli->arena)};
	bool device = cli_flag(&argc, argv, "--device"), browser = cli_flag(&argc, argv, "--browser");
	int status;

	if (argc == 1 && strcmp(argv[0], "list") == 0)
		w.action = LIST;
	else if (argc == 2 && strcmp(argv[0], "login") == 0)
		w.action = LOGIN;
	else if (argc == 2 && strcmp(argv[0], "refresh") == 0)
		w.action = REFRESH;
	else
		return cli_usage(cli, "say login NAME, refresh NAME or list");
	if ((device || browser) && (w.action != LOGIN || device == browser))
		return cli_usage(cli, "login has one way: --device or --browser");
	w.way = device ? BY_DEVICE : browser ? BY_BROWSER : BY_DEFAULT;
	w.name = argc > 1 ? argv[1] : NULL;
	status = cli_run(cli, run, &w);
	return status == EX_OK && !w.well ? 1 : status;
}
