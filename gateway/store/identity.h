/*
 * Identity: what makes two deliveries one mail. SHA-256 over Message-ID, From, Date, Subject and the body: what does
 * not change on the way. Line ends and trailing empty lines of the body do not count (a mail read over IMAP and the
 * same from an mbox file are one), nor does folding. For an over-size mail its size takes the body's place. Pure.
 */
#ifndef STORE_IDENTITY_H
#define STORE_IDENTITY_H

#include <stdint.h>

#include "base/text.h"

#define IDENTITY_SIZE 32

/* `raw`: the whole mail. */
void identity_of_mail(struct view raw, unsigned char identity_out[IDENTITY_SIZE]);
/* `header`: its header; `size`: of the whole mail, line ends counted as two bytes (RFC822.SIZE). */
void identity_of_oversize(struct view header, uint64_t size, unsigned char identity_out[IDENTITY_SIZE]);
/* What RFC822.SIZE would say: each line end is two bytes. */
uint64_t identity_wire_size(struct view raw);

#endif
