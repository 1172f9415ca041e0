/* Queue: which stored messages a command is about (`review`, `reparse`), by what stands in the options. */
#ifndef CLI_QUEUE_H
#define CLI_QUEUE_H

#include <jansson.h>

#include "cli/cli.h"

/*
 * Takes --state, --why (the reason), --form, --language (each as often as wanted), --assigned, --since, --until into `wanted`, as
 * fieldpost.message_wanted() has it (sql/api/reparse.sql). EX_OK, or the exit status of what was wrong.
 */
int queue_options(struct cli *cli, int *argc, char **argv, json_t *wanted);
/* The words that are left, as the numbers of messages. */
int queue_messages(struct cli *cli, int argc, char **argv, json_t *wanted);
/* Takes an option as often as it is there into a list under `key`; then one that is a day ("2026-03-31"). */
void queue_list(json_t *wanted, const char *key, const char *option, int *argc, char **argv);
int queue_day(struct cli *cli, json_t *wanted, const char *key, const char *option, int *argc, char **argv);

#endif
