/*
 * Commands: one file a command (cli/cmd_<name>.c), one table of commands (cli/commands.c).
 *
 * `fieldpost COMMAND [--config FILE] [--json] ...`: main.c takes the common options off; a command gets the rest. It
 * returns an exit status: 0 well, 1 something checked is not well, else sysexits.h (64 usage, 65 bad data, 66 no input,
 * 69 a service is away, 70 our bug, 74 I/O, 75 try again, 77 not allowed, 78 config). Errors go to standard error as
 * "FILE:LINE:COLUMN: what, and the mend" or "fieldpost COMMAND: what".
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sysexits.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/table.h"
#include "core/config.h"

struct db;
struct forms;

struct cli {
	const char *program;     /* argv[0] */
	const char *command;     /* its name */
	const char *config_path; /* NULL: the default places */
	bool json;
	struct arena *arena;     /* lives as long as the command */
};

struct command {
	const char *name;
	const char *usage;       /* "[--text] FILE" */
	const char *summary;     /* one line */
	/* argv[0] is the first word behind the command's name. */
	int (*run)(struct cli *cli, int argc, char **argv);
};

extern const struct command cli_commands[]; /* ends with a NULL name */

/* Prints "fieldpost COMMAND: sentence", or the sentence alone when it has a FILE:LINE; the exit status of its reach. */
int cli_fail(const struct cli *cli, const struct error *err);
/* Prints the message, then how the command is used; returns EX_USAGE. */
int cli_usage(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Loads the config named by --config (or the default one). */
int cli_config(struct cli *cli, struct config **out, struct error *err);
/*
 * A database connection for a command (login fieldpost_admin). The embedded server is started for its time when none
 * runs, and brought to the schema; root becomes the user `fieldpost` for it (core/process.h).
 */
struct cli_database;
int cli_database_open(struct cli *cli, const struct config *config, struct cli_database **out, struct error *err);
struct db *cli_database(struct cli_database *database);
void cli_database_close(struct cli_database **database);
/* What most commands are: a job with the config and the database. Returns the exit status. */
typedef int cli_job(void *context, const struct config *config, struct db *db, struct error *err);
int cli_run(struct cli *cli, cli_job *job, void *context);
/* Writes the bytes of a stored message to standard output, as they came. */
int cli_raw(struct cli *cli, struct db *db, int64_t message_id, struct error *err);
/* The logins by OAuth 2.0 of the config, a row each; *well_out: none fails and none ends soon. */
int cli_logins(struct cli *cli, const struct config *config, struct db *db, struct table **out, bool *well_out,
	struct error *err);
/* Reads and compiles the forms and languages named by the config, or the forms of another folder (NULL: the config's). */
int cli_forms(const struct config *config, const char *folder, struct forms **out, struct error *err);

/* Makes a file for its owner alone; one that is there already is an error (REACH_STOP). */
int cli_write_file(const char *path, struct view bytes, struct error *err);

/* What errno says of a file that a command was given; root's commands go on as another user, so "denied" names that one. */
const char *cli_file_words(void);
/* Who runs the command, for the audit. */
const char *cli_actor(struct arena *arena);

/* Options of a command: "--name VALUE" or "--name=VALUE". Takes one off argv; NULL when it is not there. */
const char *cli_option(int *argc, char **argv, const char *name);
bool cli_flag(int *argc, char **argv, const char *name);

#endif
