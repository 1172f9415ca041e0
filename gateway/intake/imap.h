/*
 * IMAP session: what the intake asks of a mail server, over a verified stream. Private to intake/.
 *
 * Each call sends one command (or few) and is bounded in time and bytes. On -1 the error is in words; imap_alive() then
 * says whether the server merely refused (the session goes on) or the session is lost (close it, connect again). Bodies
 * are fetched with BODY.PEEK[] only; BODYSTRUCTURE and ENVELOPE are never asked for. UIDs ascend in every list. A
 * session belongs to one thread.
 */
#ifndef INTAKE_IMAP_H
#define INTAKE_IMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "core/config.h"
#include "net/tls.h"
#include "oauth/oauth.h"

#define IMAP_ANSWER_MAX (64 * 1024)  /* bytes of an answer that carries no list and no mail */
#define IMAP_LIST_MAX 500	     /* UIDs named in one command */
#define IMAP_MAILS_MAX 4000000	     /* mails of a folder that can be listed */
#define IMAP_HEADER_MAX (256 * 1024) /* bytes of header kept of a mail that is over-size */

struct imap;

struct imap_folder {
	uint32_t uidvalidity;
	uint32_t uidnext; /* 0: the server did not say */
	uint32_t mails;
};

struct imap_mail {
	uint32_t uid;
	uint64_t size;	  /* RFC822.SIZE */
	int64_t received; /* INTERNALDATE, unix microseconds, with the bytes; 0: the server did not say */
	bool taken;	  /* its bytes came */
};

/* Called for each mail as it arrives; `raw` is the session's memory and gone afterwards. -1: give up (the session is
 * lost). */
typedef int imap_taker(void *context, const struct imap_mail *mail, struct view raw, struct error *err);

/*
 * Connects, TLS, logs in: by password, or where the mailbox names a login of the section oauth by its access token
 * (XOAUTH2), which `oauth` gives; NULL does where no mailbox does. `tls` may be NULL for a mailbox without TLS.
 * cancel_fd readable: every wait ends.
 */
int imap_open(const struct config *config, const struct config_mailbox *mailbox, struct tls_client *tls,
	struct oauth *oauth, int cancel_fd, struct imap **out, struct error *err);
/* Logs out when the session is alive and nobody cancelled. Accepts NULL. */
void imap_close(struct imap **imap);
bool imap_alive(const struct imap *imap);
/* Did the server end the session, in so many words? */
bool imap_said_bye(const struct imap *imap);
/* "IDLE", "MOVE", "UIDPLUS". */
bool imap_can(const struct imap *imap, const char *capability);

/* Opens a folder; not `writing`: read-only (EXAMINE), so that nothing at all changes on the server. */
int imap_select(struct imap *imap, const char *folder, bool writing, struct imap_folder *out, struct error *err);
int imap_status(struct imap *imap, const char *folder, struct imap_folder *out, struct error *err);
int imap_create(struct imap *imap, const char *folder, struct error *err);
int imap_noop(struct imap *imap, struct error *err);

/* The UIDs from `first` on in the selected folder, which holds `mails` at most. */
int imap_uids(struct imap *imap, uint32_t first, uint32_t mails, struct arena *arena, int64_t **uids_out,
	size_t *count_out, struct error *err);
/* Those that are flagged \Deleted. */
int imap_deleted(struct imap *imap, struct arena *arena, int64_t **uids_out, size_t *count_out, struct error *err);

/* Sizes of up to IMAP_LIST_MAX mails. mails_out has room for `count`; those that are gone are left out. */
int imap_sizes(struct imap *imap, const int64_t *uids, size_t count, struct imap_mail *mails_out, size_t *found_out,
	struct error *err);
/* The mails' bytes, by one command; the byte budget comes from the sizes. What is not there any more is never taken. */
int imap_bodies(
	struct imap *imap, struct imap_mail *mails, size_t count, imap_taker *take, void *context, struct error *err);
/* The first IMAP_HEADER_MAX bytes of one mail's header. */
int imap_header(struct imap *imap, struct imap_mail *mail, imap_taker *take, void *context, struct error *err);

/* IDLE: begin, poll imap_fd() unless imap_news(), end. */
int imap_idle_begin(struct imap *imap, struct error *err);
int imap_idle_end(struct imap *imap, struct error *err);
/* Has the server said something of new mail since imap_news_reset(), or is something waiting unread? */
bool imap_news(const struct imap *imap);
void imap_news_reset(struct imap *imap);
int imap_fd(const struct imap *imap);

/* What is done with mails on the server, by UID in the selected folder. */
int imap_keyword(struct imap *imap, const int64_t *uids, size_t count, const char *keyword, struct error *err);
int imap_move(struct imap *imap, const int64_t *uids, size_t count, const char *folder, struct error *err);
int imap_delete(struct imap *imap, const int64_t *uids, size_t count, struct error *err);

#endif
