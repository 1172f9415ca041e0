/*
 * fieldpost db init|upgrade: makes the database, or brings it to the schema of this program. The embedded server does
 * both by itself when the service starts; a server named in database.url is only changed by these commands.
 */
#include "cli/commands.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "core/process.h"
#include "store/embedded.h"
#include "store/migrate.h"

static void tell(const struct cli *cli, const struct config *config, int applied)
{
	const char *where = config->database.url ? "database.url" : config->state_dir;

	if (cli->json) {
		json_t *object = json_pack(
			"{s:s, s:i}", "database", config->database.url ? "url" : "embedded", "migrations", applied);
		char *text = json_dumps(object, 0);

		printf("%s\n", text);
		free(text);
		json_decref(object);
		return;
	}
	if (applied > 0)
		printf("The database (%s) is ready: %d migration%s applied.\n", where, applied,
			applied == 1 ? "" : "s");
	else
		printf("The database (%s) is ready: nothing was to be done.\n", where);
}

static int run(struct cli *cli, bool init, struct error *err)
{
	struct embedded *embedded = NULL;
	struct config *config = NULL;
	int applied = 0, result = -1;

	if (cli_config(cli, &config, err) < 0)
		return -1;
	if (config->database.url || (process_drop_root(config, err) == 0 && embedded_hold(config, &embedded, err) == 0))
		result = migrate_run(config, &applied, err);
	if (result == 0 && init)
		result = migrate_passwords(config, err);
	embedded_release(&embedded);
	if (result == 0)
		tell(cli, config, applied);
	config_free(&config);
	return result;
}

int cmd_db(struct cli *cli, int argc, char **argv)
{
	struct error err = ERROR_INIT;
	bool init = argc == 1 && strcmp(argv[0], "init") == 0;
	bool upgrade = argc == 1 && strcmp(argv[0], "upgrade") == 0;

	if (!init && !upgrade)
		return cli_usage(cli, "say one of init, upgrade");
	return run(cli, init, &err) < 0 ? cli_fail(cli, &err) : EX_OK;
}
