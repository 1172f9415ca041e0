/*
 * Share: where the files that ship with the program are: forms/, languages/, mail/ and sql/.
 *
 * Looked for in this order: the config's share_dir (when it is set, only there); beside the program (config/NAME, then NAME: a
 * checkout keeps the first three under config/); PREFIX/share/fieldpost. Nothing is cached and nothing is opened.
 */
#ifndef CORE_SHARE_H
#define CORE_SHARE_H

#include <stddef.h>

#include "core/config.h"

/*
 * Writes the path of `name` ("forms", "mail/digest.en.txt", "sql") to the buffer. config may be NULL. -1 when it is nowhere or the
 * path does not fit: the buffer then holds the place where it was looked for last, for the message.
 */
int share_path(const struct config *config, const char *name, char *buffer, size_t size);

#endif
