/*
 * Spool: a folder of files that must not get lost, kept until the database is there again.
 *
 * An entry is one file: a line of JSON about it (`about`) and bytes as they came. It is written under another name,
 * fsynced, renamed; after spool_sync() it is safe. Entries are numbered by the caller and read in that order. The
 * folder is 0700, its files 0600. A file that is not whole is set aside in the folder `aside` and stops nothing; what
 * lies there may take as much again as the entries, until a person removes it.
 * Writing and reading may go on in several threads; one thread at a time reads.
 *
 * Errors are REACH_RETRY (full, or the disk refuses) but for spool_read(), which says REACH_MESSAGE for one that is torn or
 * can never be read.
 */
#ifndef CORE_SPOOL_H
#define CORE_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

#define SPOOL_ABOUT_MAX ((size_t)64 * 1024) /* bytes of the line */

struct spool;

/* Makes the folder where it is missing, clears away what was not finished; bytes_max: of all files together. */
int spool_open(const char *folder, size_t bytes_max, struct spool **out, struct error *err);
void spool_close(struct spool **spool);

/* How many there are, and the highest number (0: none). */
size_t spool_count(struct spool *spool);
int64_t spool_last(struct spool *spool);
/* Is there room, and did the last write succeed? */
bool spool_usable(struct spool *spool);
/* After a failed write: tries another, of a file that is removed. */
void spool_probe(struct spool *spool);

int spool_write(struct spool *spool, int64_t number, struct view about, struct view bytes, struct error *err);
/* What was written before is safe. */
int spool_sync(struct spool *spool, struct error *err);

/* The lowest numbers, in their order, at most `max`; returns how many, or -1. */
int spool_list(struct spool *spool, int64_t *numbers_out, size_t max, struct error *err);
int spool_read(struct spool *spool, int64_t number, struct arena *arena, struct view *about_out,
	struct view *bytes_out, struct error *err);
void spool_remove(struct spool *spool, int64_t number);
/* It is kept in `aside` for a person, and is no entry any more. -1: it is one still, there is no place there. */
int spool_set_aside(struct spool *spool, int64_t number, struct error *err);

#endif
