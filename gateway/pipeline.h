/*
 * Pipeline: the one path from bytes to rows. See the map in pipeline.c.
 *
 * pipeline_read() is pure (bytes to result; the sandboxed child, `parse`, `reparse` and the tests call it),
 * pipeline_file() turns results into rows (the parse duty; `reparse` has api.reparse_file(), which files by the same
 * functions). Nobody does either in another way.
 */
#ifndef GATEWAY_PIPELINE_H
#define GATEWAY_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "core/answer_token.h"
#include "core/config.h"
#include "parsers/parsers.h"
#include "store/db.h"

/* One message as it was stored. */
struct pipeline_message {
	struct view raw; /* a mail's bytes (only its header block when over_size), or a channel's UTF-8 text */
	bool channel;	 /* the text of a channel's message, not a mail */
	bool over_size;
	struct request_hint hint;
	const struct mail_trust *trust; /* whose word is taken for its sender; NULL: nobody's */
	struct view talk; /* what the database knows of a channel's message besides (outreach/conversation.h); empty:
			     nothing */
};

/* Bytes to result. Pure; never fails. The result lives in the arena, its json is freed by result_release(). */
void pipeline_read(
	const struct forms *forms, struct arena *arena, const struct pipeline_message *message, struct result *out);

/* The same as filing JSON (result_to_filing()), with what is to be said to the person where the message has a talk. A
 * new reference. */
json_t *pipeline_read_filing(const struct forms *forms, struct arena *arena, const struct pipeline_message *message);

/*
 * A batch of results on its way to the database: `[{"message_id": 12, "result": {...}}, ...]`. Begin with
 * pipeline_batch_init(), add each result's filing JSON, file them all in the transaction that claimed them.
 */
struct pipeline_batch {
	struct text json;
	size_t count;
	const struct answer_key *key; /* by which tokens of ours are known; NULL: none is */
};

#define PIPELINE_BATCH_MAX ((size_t)256 * 1024 * 1024) /* bytes of JSON: PostgreSQL refuses a jsonb above that */

void pipeline_batch_init(struct pipeline_batch *batch);
void pipeline_batch_release(struct pipeline_batch *batch);
/*
 * filing_json: result_to_filing() as text; the tokens in it that are ours go beside it ("tokens": [[kind, first,
 * second]]). -1 when the batch is full: file it, begin anew, add again.
 */
int pipeline_batch_add(struct pipeline_batch *batch, int64_t message_id, struct view filing_json);
/* The same of a message that was read with its hint: it is not handed back again. */
int pipeline_batch_add_hinted(struct pipeline_batch *batch, int64_t message_id, struct view filing_json);

/* A message that answers what was sent with another form, or version of it, than it was read with: read it so, add it
 * as hinted. */
struct pipeline_again {
	int64_t message_id;
	struct request_hint hint;
};

/* What comes back of a batch; lives in the arena. */
struct pipeline_filed {
	const struct pipeline_again *again;
	size_t again_count;
};

/*
 * Results to rows, inside the caller's transaction; empties the batch. now: unix microseconds. channels: {name:
 * {"proves", "phone"}}, what each channel says of who writes (sql/api/filing.sql).
 */
int pipeline_file(struct db *db, int64_t now, struct pipeline_batch *batch, const json_t *channels, struct arena *arena,
	struct pipeline_filed *out, struct error *err);

/* The YAML files of the forms and of the languages that a config names, and with the languages the templates of letters
 * (config/mail/letters), read into the arena; and whose word is taken for who sent a mail. */
struct pipeline_sources {
	struct parse_source *forms;
	size_t form_count;
	struct parse_source *languages;
	size_t language_count;
	struct mail_trust trust; /* likewise of the config */
};

/* All YAML files of a folder, in the order of their names; NULL: the folder `name` that ships with the program. */
int pipeline_folder_load(const struct config *config, const char *folder, const char *name, struct arena *arena,
	struct parse_source **out, size_t *count_out, struct error *err);
/* {name: {join, language, proves, phone[, form]}}: what the messages of each channel are read and filed by. A new reference. */
json_t *pipeline_channels(const struct config *config);
/* config NULL: nobody. */
void pipeline_trust(const struct config *config, struct arena *arena, struct mail_trust *out);
int pipeline_sources_load(
	const struct config *config, struct arena *arena, struct pipeline_sources *out, struct error *err);

/* The lists of forms that were proven (files named `proven`) beside the config's forms and the shipped ones; may be
 * empty. */
int pipeline_proven_load(const struct config *config, struct arena *arena, struct view *out, struct error *err);
/* Does a line of the lists begin with that hash (hex)? One behind a "#" does not count. */
bool pipeline_is_proven(struct view lists, const char *sha256);

/* What the forms' proof needs besides: the simulated clients, and mails of ours that are quoted (its folder `quoted`).
 */
struct pipeline_clients {
	struct parse_source *clients;
	size_t client_count;
	struct parse_source *texts;
	size_t text_count;
};
/* folder NULL: the clients that ship with the program. */
int pipeline_clients_load(const struct config *config, const char *folder, struct arena *arena,
	struct pipeline_clients *out, struct error *err);

#endif
