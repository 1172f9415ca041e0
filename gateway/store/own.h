/*
 * Own: the mail addresses that are ours. Each duty tells the database those of its part of the config; what comes from
 * one of them is never answered (sql/api/answering.sql).
 */
#ifndef STORE_OWN_H
#define STORE_OWN_H

#include "core/config.h"
#include "store/db.h"

/* Of the mailboxes: the users that are addresses. */
int own_tell_mailboxes(struct db *db, const struct config *config, struct error *err);
/* Of smtp: what we send from. */
int own_tell_sender(struct db *db, const struct config *config, struct error *err);

#endif
