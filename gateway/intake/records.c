/* intake/records: what the intake asks of the database. See records.h. */
#include "intake/records.h"

#include <stdio.h>

#include "core/clock.h"

int record_account(struct db *db, void *context, struct error *err)
{
	struct record_account *account = context;
	struct arena *arena = arena_new();
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;
	int result;

	db_args_init(&args, arena);
	db_arg_string(&args, account->name);
	db_arg_string(&args, account->kind);
	result = db_call(db, "api.account_open", &args, &rows, err);
	if (result == 0 && db_count(rows) != 1)
		result = error_set(err, REACH_STOP, "api.account_open gave no account");
	if (result == 0)
		account->account_id = db_get_int(rows, 0, "account_id");
	arena_free(&arena);
	return result;
}

int record_folder(struct db *db, void *context, struct error *err)
{
	struct record_folder *folder = context;
	struct arena *arena = arena_new();
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;
	int result;

	db_args_init(&args, arena);
	db_arg_int(&args, folder->account_id);
	db_arg_string(&args, folder->folder);
	db_arg_int(&args, folder->uidvalidity);
	db_arg_time(&args, clock_now());
	db_arg_bool(&args, folder->acts);
	result = db_call(db, "api.folder_open", &args, &rows, err);
	if (result == 0 && db_count(rows) != 1)
		result = error_set(err, REACH_STOP, "api.folder_open gave no folder");
	if (result == 0) {
		folder->folder_id = db_get_int(rows, 0, "folder_id");
		folder->last_uid = db_get_int(rows, 0, "last_uid");
		folder->changed = db_get_bool(rows, 0, "changed");
	}
	arena_free(&arena);
	return result;
}

static int compare(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return (a > b) - (a < b);
}

int record_unseen(struct db *db, void *context, struct error *err)
{
	struct record_unseen *unseen = context;
	struct arena *arena = arena_new();
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;
	int result;

	db_args_init(&args, arena);
	db_arg_int(&args, unseen->folder_id);
	db_arg_int_array(&args, unseen->uids, unseen->count);
	result = db_call(db, "api.uids_unseen", &args, &rows, err);
	if (result == 0) {
		unseen->count = db_count(rows);
		for (size_t i = 0; i < unseen->count; i++)
			unseen->uids[i] = db_get_int(rows, i, "uid");
		qsort(unseen->uids, unseen->count, sizeof(*unseen->uids), compare);
	}
	arena_free(&arena);
	return result;
}

int record_wake(struct db *db, void *context, struct error *err)
{
	(void)context;
	return db_call(db, "api.messages_wake", NULL, NULL, err);
}

int record_ready(struct db *db, void *context, struct error *err)
{
	(void)context;
	return db_call(db, "api.messages_ready", NULL, NULL, err);
}

int record_store(struct db *db, void *context, struct error *err)
{
	struct record_store *store = context;
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;
	bool import = store->folder_id == 0;

	db_args_init(&args, store->arena);
	db_arg_int(&args, import ? store->account_id : store->folder_id);
	db_arg_time(&args, clock_now());
	if (!import)
		db_arg_int_array(&args, store->uids, store->count);
	db_arg_bytes_array(&args, store->identities, store->count);
	db_arg_null(&args); /* hashes */
	db_arg_int_array(&args, store->sizes, store->count);
	db_arg_bool_array(&args, store->oversize, store->count);
	db_arg_time_array(&args, store->received, store->count);
	db_arg_int_array(&args, store->starts, store->count);
	db_arg_int_array(&args, store->lengths, store->count);
	db_arg_bytes(&args, store->raws);
	if (db_call(db, import ? "api.messages_import" : "api.messages_store", &args, &rows, err) < 0)
		return -1;
	store->fresh = db_count(rows) == 1 ? (size_t)db_get_int(rows, 0, "fresh") : 0;
	return 0;
}

int record_due(struct db *db, void *context, struct error *err)
{
	struct record_due *due = context;
	struct arena *arena = arena_new();
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;
	int result;

	db_args_init(&args, arena);
	db_arg_int(&args, due->folder_id);
	db_arg_time(&args, clock_now());
	db_arg_int(&args, RECORD_DUE_MAX);
	result = db_call(db, "api.after_due", &args, &rows, err);
	if (result == 0) {
		due->count = db_count(rows) < RECORD_DUE_MAX ? db_count(rows) : RECORD_DUE_MAX;
		for (size_t i = 0; i < due->count; i++) {
			due->list[i].uid = db_get_int(rows, i, "uid");
			due->list[i].attempts = db_get_int(rows, i, "attempts");
			snprintf(due->list[i].state, sizeof(due->list[i].state), "%s", db_get_string(rows, i, "state"));
		}
		qsort(due->list, due->count, sizeof(due->list[0]), compare);
	}
	arena_free(&arena);
	return result;
}

int record_after(struct db *db, void *context, struct error *err)
{
	const struct record_after *after = context;
	struct arena *arena = arena_new();
	struct db_args args;
	int result;

	db_args_init(&args, arena);
	db_arg_int(&args, after->folder_id);
	db_arg_int_array(&args, after->uids, after->count);
	if (after->error) {
		db_arg_string(&args, after->error);
		db_arg_time(&args, after->next_at);
	}
	db_arg_time(&args, clock_now());
	result = db_call(db, after->error ? "api.after_failed" : "api.after_done", &args, NULL, err);
	arena_free(&arena);
	return result;
}

int record_source(struct db *db, void *context, struct error *err)
{
	const struct record_source *source = context;
	struct arena *arena = arena_new();
	struct db_args args;
	int result;

	db_args_init(&args, arena);
	db_arg_int(&args, source->account_id);
	db_arg_time(&args, clock_now());
	if (source->error) {
		db_arg_string(&args, error_reach_name(source->error->reach));
		db_arg_string(&args, source->error->text);
		db_arg_time(&args, source->next_at);
	} else {
		db_arg_string(&args, source->folder);
		db_arg_int(&args, source->backlog);
	}
	result = db_call(db, source->error ? "api.source_failed" : "api.source_ok", &args, NULL, err);
	arena_free(&arena);
	return result;
}

int record_lease_take(struct db *db, void *context, struct error *err)
{
	struct record_lease *lease = context;
	struct arena *arena = arena_new();
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;
	int result;

	db_args_init(&args, arena);
	db_arg_string(&args, lease->name);
	db_arg_string(&args, lease->holder);
	db_arg_int(&args, lease->seconds);
	db_arg_time(&args, clock_now());
	result = db_call(db, "api.lease_take", &args, &rows, err);
	if (result == 0) {
		lease->held = db_count(rows) > 0 && !db_is_null(rows, 0, "fence");
		lease->fence = lease->held ? db_get_int(rows, 0, "fence") : 0;
	}
	arena_free(&arena);
	return result;
}

int record_lease_drop(struct db *db, void *context, struct error *err)
{
	const struct record_lease *lease = context;
	struct arena *arena = arena_new();
	struct db_args args;
	int result;

	db_args_init(&args, arena);
	db_arg_string(&args, lease->name);
	db_arg_string(&args, lease->holder);
	result = db_call(db, "api.lease_drop", &args, NULL, err);
	arena_free(&arena);
	return result;
}

int record_alarm(struct db *db, void *context, struct error *err)
{
	const struct record_alarm *alarm = context;
	struct arena *arena = arena_new();
	struct db_args args;
	int result;

	db_args_init(&args, arena);
	db_arg_time(&args, clock_now());
	db_arg_string(&args, alarm->kind);
	db_arg_string(&args, alarm->object);
	if (alarm->text)
		db_arg_string(&args, alarm->text);
	result = db_call(db, alarm->text ? "api.alarm_raise" : "api.alarm_clear", &args, NULL, err);
	arena_free(&arena);
	return result;
}
