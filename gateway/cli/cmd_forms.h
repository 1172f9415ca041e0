/* The parts of `fieldpost forms` that stand in files of their own. */
#ifndef CLI_CMD_FORMS_H
#define CLI_CMD_FORMS_H

#include "cli/cli.h"

/* forms check: argv[0] is the first word behind "check". */
int forms_check(struct cli *cli, int argc, char **argv);

#endif
