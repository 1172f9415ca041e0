/*
 * Digest: what was filed, as a mail that a policy team reads each week.
 *
 * The database decides what is due and what a digest holds (sql/api/digest_making.sql); this stage reads it back as its
 * readers may see it (sql/read/digest*.sql), renders it by the templates and words under config/mail, and puts it into
 * the outbox. One row per subscription and period stands before anything is sent, so that a crash at any point repeats
 * nothing. Same data, same bytes.
 */
#ifndef DIGEST_DIGEST_H
#define DIGEST_DIGEST_H

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "core/config.h"
#include "core/process.h"
#include "parsers/parsers.h"
#include "store/db.h"

#include <jansson.h>
#include <stdint.h>

#define DIGEST_HTML_MAX ((size_t)95 * 1000)	  /* bytes of the HTML part: Gmail clips at 102 KB */
#define DIGEST_TEXT_MAX ((size_t)4 * 1024 * 1024) /* bytes of the text part */
#define DIGEST_LINES_READ 3000 /* of one digest, for its words and its table; the figures count all */
#define DIGEST_CONVERSATIONS_READ 40
#define DIGEST_LINES_A_THEME 3	  /* shown; the others are named by number */
#define DIGEST_THEMES_SHOWN 24	  /* with a heading; lines of the others are named at the end */
#define DIGEST_NUMBERS_NAMED 600  /* lines that are named by number alone */
#define DIGEST_URGENT_NAMED 6	  /* at the head */
#define DIGEST_COUNTRIES_SHOWN 15 /* the worst; the others in one row */
#define DIGEST_FORMS_SHOWN 12	  /* with figures; the others by title */
#define DIGEST_CHANGES_SHOWN 24	  /* corrections, and conversations */
#define DIGEST_OPTIONS_SHOWN 20	  /* of one field */
#define DIGEST_WORDS_MAX 900	  /* characters of an answer that are shown; it is cut at a sentence's end */
#define DIGEST_SILENT_WEEKS 3	  /* from here on a country is silent */

#define DIGEST_TABLE_TYPE "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

struct digest_tools; /* templates, words, country names: see tools.h */

/* Reads config/mail. forms gives the countries' names (it must outlive the tools). */
int digest_tools_new(
	const struct config *config, const struct forms *forms, struct digest_tools **out, struct error *err);
void digest_tools_free(struct digest_tools **tools);
/* Are there words of this language, or of its base language ("pt" for "pt-BR")? Else its digests are in English. */
bool digest_tools_speak(const struct digest_tools *tools, const char *language);

struct digest_mail {
	const char *subject;
	const char *language;
	struct view html, text;
	const char *table_name; /* of the attached table; NULL when there is no line */
	struct view table;	/* XLSX */
	size_t lines;		/* of the digest */
	size_t shown;		/* lines whose words stand in it */
};

/* Data of a digest (see build.c for its shape) to a mail in the arena. Pure but for what the tools hold. */
int digest_render(const struct digest_tools *tools, const json_t *data, struct arena *arena, struct digest_mail *out,
	struct error *err);

/* The address that stops a digest (public_url must be set), with {{unsubscribe}} where each member's own token comes.
 */
const char *digest_stop_page(const struct config *config, struct arena *arena);
/* Reads a digest's data from `read`, inside a transaction that reads as a member. A new reference. */
int digest_build(struct db *db, int64_t digest_id, const struct config *config, json_t **data_out, struct error *err);

/* Brings the regions that ship (config/regions) and those of the config into the database, as subscriptions name them.
 */
int digest_regions_keep(struct db *db, const struct config *config, struct error *err);

enum digest_outcome {
	DIGEST_SENT,	/* is in the outbox */
	DIGEST_NOTHING, /* nothing new: no digest was made */
};

/* The digest of everything that is in none yet, up to now; not by the calendar. */
int digest_send(struct db *db, const struct digest_tools *tools, const struct config *config, int64_t subscription,
	int64_t now, enum digest_outcome *outcome_out, int64_t *digest_out, struct error *err);
/* As digest_send() would make it, but nothing is kept: no line gets its number, nothing goes out. */
int digest_preview(struct db *db, const struct digest_tools *tools, const struct config *config, int64_t subscription,
	int64_t now, struct arena *arena, struct digest_mail *out, struct error *err);

/* Makes every digest that is due at `now`. One that fails does not stop the others: it is logged, raised and tried
 * again later. */
int digest_run_due(
	struct db *db, const struct digest_tools *tools, const struct config *config, int64_t now, struct error *err);
/* The schedule: looks for what is due every few seconds until the duty should stop. For a thread of the duty `send`. */
int digest_schedule(struct duty_context *context, const struct digest_tools *tools, struct error *err);

#endif
