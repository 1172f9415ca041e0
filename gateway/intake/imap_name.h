/*
 * IMAP names: a folder's name as it goes over the wire (RFC 3501, 5.1.3: modified UTF-7), so that the config may say it
 * as people read it. Pure.
 */
#ifndef INTAKE_IMAP_NAME_H
#define INTAKE_IMAP_NAME_H

#include "base/arena.h"

/* `name` is UTF-8. */
char *imap_name(struct arena *arena, const char *name);

#endif
