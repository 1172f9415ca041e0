/*
 * Migrations: brings a database to the schema this program knows.
 *
 * sql/migrations/NNNN_name.sql run once each, in order, each in a transaction, under an advisory lock, recorded with
 * their SHA-256 (one that was edited afterwards is refused). Then, if they differ from what the database has, sql/api
 * and sql/read are applied anew in one transaction: the functions of api are dropped first, views and policies
 * replaced. A schema newer than the program knows is refused (REACH_STOP). Each file begins as the role that connected
 * and says itself (SET LOCAL ROLE) whose its objects are.
 */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "base/error.h"
#include "core/config.h"

#define MIGRATE_FILE_MAX ((size_t)4 * 1024 * 1024) /* bytes of a file */
#define MIGRATE_FILES_MAX 500			   /* in one folder */

/*
 * Connects as the embedded server's superuser, or as database.url's own user (which must be able to create roles the
 * first time). *applied_out: how many migrations ran; may be NULL.
 */
int migrate_run(const struct config *config, int *applied_out, struct error *err);
/* 0: is what we know; -1: older, newer or none (says which, REACH_STOP). */
int migrate_check(const struct config *config, struct error *err);
/* Gives the duty logins the password that database.password names; nothing to do without one or with the embedded
 * server. */
int migrate_passwords(const struct config *config, struct error *err);

#endif
