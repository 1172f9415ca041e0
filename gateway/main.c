/* main: takes the common options off the command line and runs the command. See cli/cli.h. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

static void print_help(FILE *stream)
{
	fprintf(stream, "usage: fieldpost COMMAND [--config FILE] [--json]\n\n");
	for (const struct command *command = cli_commands; command->name; command++)
		fprintf(stream, "  %-10s %s\n", command->name, command->summary);
}

int main(int argc, char **argv)
{
	struct cli cli = {.program = argv[0]};

	if (argc < 2) {
		print_help(stderr);
		return EX_USAGE;
	}
	for (const struct command *command = cli_commands; command->name; command++) {
		int status;

		if (strcmp(command->name, argv[1]) != 0)
			continue;
		cli.command = command->name;
		cli.arena = arena_new();
		status = command->run(&cli, argc - 2, argv + 2);
		arena_free(&cli.arena);
		return status;
	}
	print_help(strcmp(argv[1], "--help") == 0 ? stdout : stderr);
	return strcmp(argv[1], "--help") == 0 ? EX_OK : EX_USAGE;
}
