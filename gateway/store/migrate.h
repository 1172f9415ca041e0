/*
 * Migrations: brings a database to the schema this program knows.
 *
 * sql/migrations/NNNN_name.sql run once each, in order, each in a transaction, under an advisory lock, recorded with their
 * SHA-256 (a released one that was edited is refused). Then sql/api, sql/read and sql/report are applied anew in one
 * transaction. A schema newer than the program knows is refused (REACH_STOP). Works for the embedded server and for
 * database.url (as a role that may create roles, at db init only).
 */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "base/error.h"
#include "core/config.h"

int migrate_run(const struct config *config, int *applied_out, struct error *err);
/* 0: is what we know; -1: older, newer or none (says which). */
int migrate_check(const struct config *config, struct error *err);

#endif
