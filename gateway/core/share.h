/*
 * Share: where the files that ship with the program are: forms/, languages/, mail/, pages/ and sql/.
 *
 * Looked for in the config's share_dir, which, when it is not set, is the first of these that is there: config/ beside
 * the program (of a program in a build folder: at the top of its tree), share/fieldpost beside its bin/,
 * PREFIX/share/fieldpost. A checkout keeps sql/ beside config/. Nothing is cached and nothing is opened.
 */
#ifndef CORE_SHARE_H
#define CORE_SHARE_H

#include <stddef.h>

#include "core/config.h"

/*
 * Writes the path of `name` ("forms", "mail/digest.en.txt", "sql") to the buffer. config may be NULL. -1 when it is
 * nowhere or the path does not fit: the buffer then holds the place where it was looked for first, for the message.
 */
int share_path(const struct config *config, const char *name, char *buffer, size_t size);
/* What share_dir is when it is not set. */
void share_default(char *buffer, size_t size);

#endif
