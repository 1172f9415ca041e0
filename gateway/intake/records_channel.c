/* intake/records_channel: what the intake asks of the database for channels. See records.h. */
#include "core/clock.h"
#include "intake/records.h"

int record_channel(struct db *db, void *context, struct error *err)
{
	struct record_channel *channel = context;
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;
	struct view cursor;

	db_args_init(&args, channel->arena);
	db_arg_string(&args, channel->name);
	if (db_call(db, "api.channel_open", &args, &rows, err) < 0)
		return -1;
	if (db_count(rows) != 1)
		return error_set(err, REACH_STOP, "api.channel_open gave no account");
	channel->account_id = db_get_int(rows, 0, "account_id");
	cursor = db_get_view(rows, 0, "cursor");
	channel->cursor =
		(struct view){arena_copy(channel->arena, cursor.ptr ? cursor.ptr : "", cursor.len), cursor.len};
	return 0;
}

int record_round(struct db *db, void *context, struct error *err)
{
	struct record_round *round = context;
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;

	db_args_init(&args, round->arena);
	db_arg_time(&args, clock_now());
	db_arg_int(&args, round->account_id);
	db_arg_int(&args, round->fence);
	db_arg_text(&args, round->cursor.len > 0 ? round->cursor : VIEW_NULL);
	db_arg_time(&args, round->received);
	db_arg_bytes(&args, round->body);
	db_arg_string(&args, "{}");
	db_arg_json_text(&args, round->messages);
	if (db_call(db, "api.channel_store_round", &args, &rows, err) < 0)
		return -1;
	round->count = db_count(rows);
	round->fresh = 0;
	for (size_t i = 0; i < round->count; i++)
		round->fresh += db_get_bool(rows, i, "fresh");
	return 0;
}

int record_counts(struct db *db, void *context, struct error *err)
{
	const struct record_counts *counts = context;
	struct arena *arena = arena_new();
	struct db_args args;
	int result;

	db_args_init(&args, arena);
	db_arg_time(&args, clock_now());
	db_arg_int(&args, counts->account_id);
	db_arg_null(&args);
	db_arg_json_text(&args, view_of(counts->counts));
	result = db_call(db, "api.channel_ok", &args, NULL, err);
	arena_free(&arena);
	return result;
}

static struct view copied(struct arena *arena, const struct db_rows *rows, const char *column)
{
	struct view v = db_get_view(rows, 0, column);

	return (struct view){arena_copy(arena, v.ptr ? v.ptr : "", v.len), v.len};
}

int record_media_claim(struct db *db, void *context, struct error *err)
{
	struct record_media *media = context;
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;

	db_args_init(&args, media->arena);
	db_arg_string(&args, media->channel);
	db_arg_time(&args, clock_now());
	db_arg_time(&args, clock_now() + RECORD_MEDIA_SECONDS * INT64_C(1000000));
	if (db_call(db, "api.media_claim", &args, &rows, err) < 0)
		return -1;
	media->found = db_count(rows) > 0;
	if (!media->found)
		return 0;
	media->message_id = db_get_int(rows, 0, "message_id");
	media->ordinal = db_get_int(rows, 0, "ordinal");
	media->attempts = db_get_int(rows, 0, "attempts");
	media->size = db_is_null(rows, 0, "size") ? -1 : db_get_int(rows, 0, "size");
	media->id = copied(media->arena, rows, "provider_id");
	media->url = copied(media->arena, rows, "url");
	media->name = copied(media->arena, rows, "name");
	media->type = copied(media->arena, rows, "type");
	media->sha256 = copied(media->arena, rows, "sha256");
	return 0;
}

int record_media_end(struct db *db, void *context, struct error *err)
{
	const struct record_media_end *end = context;
	struct db_args args;

	db_args_init(&args, end->arena);
	db_arg_int(&args, end->message_id);
	db_arg_int(&args, end->ordinal);
	db_arg_time(&args, clock_now());
	if (end->error) {
		db_arg_string(&args, end->error);
		if (end->next_at)
			db_arg_time(&args, end->next_at);
		else
			db_arg_null(&args);
		return db_call(db, "api.media_failed", &args, NULL, err);
	}
	db_arg_text(&args, end->name);
	db_arg_text(&args, end->type);
	db_arg_bytes(&args, end->sha256);
	db_arg_bytes(&args, end->bytes);
	return db_call(db, "api.media_done", &args, NULL, err);
}
