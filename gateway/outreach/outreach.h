/*
 * Outreach: what we say to practitioners. The door to this folder.
 *
 * conversation.h: a form asked field by field, by messages. Pure; it runs in the sandboxed child of parse.
 */
#ifndef OUTREACH_OUTREACH_H
#define OUTREACH_OUTREACH_H

#include "outreach/conversation.h"

#endif
