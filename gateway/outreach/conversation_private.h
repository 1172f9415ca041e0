/* Conversation's inside: shared by outreach/conversation*.c alone. */
#ifndef OUTREACH_CONVERSATION_PRIVATE_H
#define OUTREACH_CONVERSATION_PRIVATE_H

#include "outreach/conversation.h"

struct conversation {
	const struct forms *forms;
	struct arena *arena;
	const struct form *form; /* NULL: none is asked on this channel */
	const char *language;	 /* in which we speak */
	struct view text;	 /* of the message */
	const struct request_hint *hint; /* may be NULL */
	int64_t message, original;
	json_t *talk;		   /* as it came in */
	json_t *state, *out;	   /* owned; state NULL: there is no conversation */
	const struct field *asked; /* NULL: nothing is */
	bool again;		   /* an answer to it did not fit already */
	bool ask;		   /* the question is to be said (again) */
	struct text say;
};

/* ---- conversation_state.c: what is kept ---- */

json_t *conversation_answers(struct conversation *c);
/* A member of the state's rest, made as an empty object or list where it is missing. */
json_t *conversation_object(struct conversation *c, const char *name);
json_t *conversation_list(struct conversation *c, const char *name);
bool conversation_is_open(struct conversation *c, const char *field);
/* The first field that was neither answered nor left open; NULL: none. */
const struct field *conversation_next(struct conversation *c);
const struct field *conversation_before(struct conversation *c, const struct field *field);
size_t conversation_count(const struct conversation *c);
void conversation_take(struct conversation *c, const struct turn_answer *answer);
void conversation_forget(struct conversation *c, const char *field);
void conversation_leave(struct conversation *c, const struct field *field);
void conversation_remark(struct conversation *c, struct view words);
/* Is an answer to it needed, with nothing to take its place? */
bool conversation_needs(const struct field *field);
/* The filing JSON of a conversation that is at its end. */
json_t *conversation_result(struct conversation *c);

/* ---- conversation_words.c: what is said ---- */

/* A sentence of the language by its key ("talk_misfit"), filled from data (taken over; may be NULL), a line of its own.
 */
void conversation_say(struct conversation *c, const char *key, json_t *data);
void conversation_ask(struct conversation *c);
void conversation_say_hint(struct conversation *c, const struct field *field);
void conversation_suggest(struct conversation *c, const struct turn_answer *answer);
/* "Label → value". */
void conversation_echo(struct conversation *c, const struct field *field);
void conversation_echo_all(struct conversation *c);

#endif
