/* store/own: our own addresses, told to the database. See own.h. */
#include "store/own.h"

#define ARENA_SCOPED __attribute__((cleanup(arena_free))) struct arena

static int tell(struct db *db, struct arena *arena, const char *part, const struct view *list, size_t count,
	struct error *err)
{
	struct db_args args;

	db_args_init(&args, arena);
	db_arg_string(&args, part);
	db_arg_text_array(&args, list, count);
	return db_call(db, "api.own_addresses_set", &args, NULL, err);
}

int own_tell_mailboxes(struct db *db, const struct config *config, struct error *err)
{
	ARENA_SCOPED *arena = arena_new();
	struct view *list = ARENA_NEW_N(arena, struct view, config->mailbox_count + 1);
	size_t count = 0;

	for (size_t i = 0; i < config->mailbox_count; i++) {
		struct view user = view_of(config->mailboxes[i].user);

		if (view_find_char(user, '@') > 0)
			list[count++] = user;
	}
	return tell(db, arena, "mailboxes", list, count, err);
}

int own_tell_sender(struct db *db, const struct config *config, struct error *err)
{
	ARENA_SCOPED *arena = arena_new();
	struct view from = view_of(config->smtp.from_address);

	return tell(db, arena, "smtp", &from, from.len > 0, err);
}
