/*
 * Import: mails out of files. Private to intake/ but for intake_import() in intake.h.
 *
 * What a path is: "-" one mail on standard input; a folder with cur/ and new/ a Maildir; another folder its *.eml
 * files; a file whose first line is an envelope line ("From ...") an mbox, unless it is named *.eml; any other file one
 * mail. In an mbox a mail begins at an envelope line behind an empty line, and ">From" at a line's beginning loses one
 * ">".
 */
#ifndef INTAKE_IMPORT_H
#define INTAKE_IMPORT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

#define IMPORT_FILE_MAX ((size_t)8 << 30)    /* bytes of one file */
#define IMPORT_STDIN_MAX ((size_t)256 << 20) /* bytes of a mail on standard input */

struct import_mail {
	struct view raw;  /* without envelope line */
	int64_t received; /* unix microseconds: of the envelope line, the Maildir name or the file */
};

/* raw is gone after the call. -1 ends the reading. */
typedef int import_taker(void *context, const struct import_mail *mail, struct error *err);

/* Every mail of the path, in order. -1: it cannot be read (REACH_MESSAGE), or the taker ended it. */
int import_path(const char *path, int64_t now, import_taker *take, void *context, struct error *err);

/* The parts that need no file. */
bool import_is_envelope(struct view line, int64_t *time_out);
/* Takes the next mail off *rest, which begins with an envelope line; its text is made in the arena where ">From" must
 * be mended. */
bool import_next_mail(struct view *rest, struct arena *arena, struct import_mail *mail_out);

#endif
