/* fieldpost import: mails out of files, stored as the intake would have; the service reads them. Exit 66 when a path
 * cannot be read. */
#include "cli/commands.h"

#include "intake/intake.h"
#include "store/db.h"

#define ACCOUNT "import"

static void print(const struct cli *cli, const struct intake_imported *counts, bool dry)
{
	size_t known = counts->stored - counts->fresh;

	if (cli->json) {
		printf("{\"dry_run\": %s, \"read\": %zu, \"new\": %zu, \"known\": %zu, \"over_size\": %zu}\n",
			dry ? "true" : "false", counts->read, counts->fresh, known, counts->oversize);
		return;
	}
	printf("%zu mail%s read: %zu %s, %zu known before", counts->read, counts->read == 1 ? "" : "s", counts->fresh,
		dry ? "would be new" : "new", known);
	if (counts->oversize)
		printf(", %zu over the size limit", counts->oversize);
	putchar('\n');
}

static int import_all(struct cli *cli, const struct config *config, struct db *db, int argc, char **argv, bool dry)
{
	struct intake_imported counts = {0};
	struct error err = ERROR_INIT;
	int status = EX_OK;

	if (dry && db_begin(db, &err) < 0)
		return cli_fail(cli, &err);
	for (int i = 0; i < argc; i++) {
		if (intake_import(config, db, ACCOUNT, argv[i], &counts, &err) == 0)
			continue;
		status = cli_fail(cli, &err);
		if (err.reach != REACH_MESSAGE)
			return status;
		status = EX_NOINPUT;
	}
	if (dry && db_rollback(db, &err) < 0)
		return cli_fail(cli, &err);
	print(cli, &counts, dry);
	return status;
}

int cmd_import(struct cli *cli, int argc, char **argv)
{
	bool dry = cli_flag(&argc, argv, "--dry-run");
	struct cli_database *database = NULL;
	struct config *config = NULL;
	struct error err = ERROR_INIT;
	int status;

	if (argc == 0)
		return cli_usage(cli, "which file, Maildir or folder?");
	if (argv[0][0] == '-' && argv[0][1])
		return cli_usage(cli, "what is \"%s\"?", argv[0]);
	if (cli_config(cli, &config, &err) < 0)
		return cli_fail(cli, &err);
	if (cli_database_open(cli, config, &database, &err) < 0) {
		config_free(&config);
		return cli_fail(cli, &err);
	}
	status = import_all(cli, config, cli_database(database), argc, argv, dry);
	cli_database_close(&database);
	config_free(&config);
	return status;
}
