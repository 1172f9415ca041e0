/* Registers the compiled forms with the database: what was sent with which version, the views of schema `report`. */
#ifndef FILING_REGISTER_H
#define FILING_REGISTER_H

#include "pipeline.h"

#define REGISTER_STOPS_MAX 200

/* The words of all languages that stop us, each the whole of a message (see api.parse_claim()). */
struct register_stops {
	struct view list[REGISTER_STOPS_MAX];
	size_t count;
};

/*
 * Compiles the sources and hands them to api.forms_register(). REACH_STOP when a form is not right. The words of
 * stops_out live in the arena.
 */
int register_forms(struct db *db, const struct pipeline_sources *sources, int64_t now, struct arena *arena,
	struct register_stops *stops_out, struct error *err);

/* Hands the config's list of words that make a report sensitive to the database. */
int register_sensitive(struct db *db, const struct config *config, struct arena *arena, struct error *err);

/* A form as the database keeps it; source: the bytes of its file. A new reference. */
json_t *register_form_json(const struct form *form, struct view source);

#endif
