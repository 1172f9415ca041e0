/* cli/commands: the table of commands. One line a command; see cli.h. */
#include "cli/cli.h"
#include "cli/commands.h"

#include <stddef.h>

const struct command cli_commands[] = {
	{NULL, NULL, NULL, NULL},
};
