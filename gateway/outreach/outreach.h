/*
 * Outreach: what we say to practitioners. The door to this folder.
 *
 * asking.h: requests, reminders and acknowledgements; a thread of the duty `send`.
 * conversation.h: a form asked field by field, by messages. Pure; it runs in the sandboxed child of parse.
 */
#ifndef OUTREACH_OUTREACH_H
#define OUTREACH_OUTREACH_H

#include "outreach/asking.h"
#include "outreach/conversation.h"

#endif
