/*
 * Answers: what a policy team writes to a practitioner, and what its members are told of their orders, from what is due in
 * the database (sql/api/orders_answers.sql) to rows of the outbox. Private to outreach/; a part of the job of asking.h.
 *
 * No letter holds either side's address: the mail goes out and comes back through us.
 */
#ifndef OUTREACH_ANSWERS_H
#define OUTREACH_ANSWERS_H

#include <jansson.h>

#include "core/config.h"
#include "parsers/parsers.h"
#include "store/db.h"

/* What letters are written with. now: unix microseconds; rules: asking_rules(). */
struct answers_writer {
	struct db *db;
	const struct config *config;
	const struct forms *forms;
	struct arena *arena;
	const json_t *rules;
	int64_t now;
};

/* How many letters were written, ASKING_AT_ONCE a kind at most; -1. One that cannot be written stops no other. */
int answers_write(const struct answers_writer *writer, struct error *err);
/* The same of the monthly letters that tell what became of what somebody wrote (outcomes.c). */
int answers_write_outcomes(const struct answers_writer *writer, struct error *err);

/* What came of one of a list's letters: 1 written, 0 not (logged; it stays due and the others go on), -1 the database is away. */
int answers_done(const struct answers_writer *writer, int result, struct error *err);
/* Shared by the two: a body as an outbox row has it (takes the reference); the domain of Message-IDs. */
struct view answers_bytes(const struct answers_writer *writer, json_t *body);
const char *answers_domain(const struct config *config);

#endif
