/* main: takes the common options off the command line and runs the command. See cli/cli.h. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "core/log.h"

static void print_help(FILE *stream)
{
	fprintf(stream, "usage: fieldpost COMMAND [--config FILE] [--json] ...\n\n");
	for (const struct command *command = cli_commands; command->name; command++)
		fprintf(stream, "  %-10s %s\n", command->name, command->summary);
	fprintf(stream, "\n`fieldpost COMMAND --help` says how a command is used.\n");
}

static const struct command *find_command(const char *name)
{
	for (const struct command *command = cli_commands; command->name; command++)
		if (strcmp(command->name, name) == 0)
			return command;
	return NULL;
}

/* Takes one word off argv. Returns NULL when there is none. */
static const char *take_word(int *argc, char **argv)
{
	char *word = *argc > 0 ? argv[0] : NULL;

	if (!word)
		return NULL;
	memmove(argv, argv + 1, (size_t)*argc * sizeof(*argv)); /* with the NULL behind the last */
	--*argc;
	return word;
}

static int print_command_help(const struct command *command)
{
	printf("usage: fieldpost %s%s%s\n\n%s\n", command->name, *command->usage ? " " : "", command->usage,
		command->summary);
	return EX_OK;
}

static int run_command(struct cli *cli, const struct command *command, int argc, char **argv)
{
	int status;

	cli->command = command->name;
	cli->arena = arena_new();
	log_open(command->name, NULL, NULL);
	status = command->run(cli, argc, argv);
	arena_free(&cli->arena);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "fieldpost %s: the output could not be written\n", command->name);
		return EX_IOERR;
	}
	return status;
}

int main(int argc, char **argv)
{
	struct cli cli = {.program = argc > 0 ? argv[0] : "fieldpost"};
	const struct command *command;
	const char *word;
	bool help, version;

	argc = argc > 0 ? argc - 1 : 0;
	argv++;
	cli.config_path = cli_option(&argc, argv, "--config");
	cli.json = cli_flag(&argc, argv, "--json");
	help = cli_flag(&argc, argv, "--help") || cli_flag(&argc, argv, "-h");
	version = argc == 1 && strcmp(argv[0], "--version") == 0;
	if (version) {
		printf("fieldpost %s\n", FIELDPOST_VERSION);
		return EX_OK;
	}
	if (argc > 0 && strcmp(argv[argc - 1], "--config") == 0) {
		fprintf(stderr, "fieldpost: --config FILE: name the file\n");
		return EX_USAGE;
	}
	word = take_word(&argc, argv);
	if (word && strcmp(word, "help") == 0) {
		help = true;
		word = take_word(&argc, argv);
	}
	command = word ? find_command(word) : NULL;
	if (word && !command) {
		fprintf(stderr, "fieldpost: there is no command \"%s\"\n\n", word);
		print_help(stderr);
		return EX_USAGE;
	}
	if (command && help)
		return print_command_help(command);
	if (command)
		return run_command(&cli, command, argc, argv);
	print_help(help ? stdout : stderr);
	return help ? EX_OK : EX_USAGE;
}
