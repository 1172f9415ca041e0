/* Review: the part of `fieldpost review` that changes something (cmd_review_act.c), for cmd_review.c. */
#ifndef CLI_REVIEW_H
#define CLI_REVIEW_H

#include "cli/cli.h"

/* fix, file, dismiss, assign, note or undo? */
bool review_is_act(const char *word);
/* argv[0] is one of them. Returns the exit status. */
int review_act(struct cli *cli, int argc, char **argv);
/* export (cmd_review_export.c), likewise. */
int review_export(struct cli *cli, int argc, char **argv);

#endif
