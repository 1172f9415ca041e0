/* oauth/rows: the database's side (sql/api/oauth.sql). See oauth_private.h. */
#include "core/clock.h"
#include "oauth/oauth_private.h"

int oauth_connect(struct oauth *oauth, struct error *err)
{
	if (oauth->db && db_healthy(oauth->db))
		return 0;
	db_close(&oauth->db);
	return db_open(oauth->config, oauth->login, &oauth->db, err);
}

static struct view copy(struct arena *arena, const struct db_rows *rows, const char *column)
{
	struct view bytes = db_get_view(rows, 0, column);

	if (db_is_null(rows, 0, column))
		return VIEW_NULL;
	return (struct view){arena_copy(arena, bytes.ptr, bytes.len), bytes.len};
}

static enum oauth2_class class_of(const char *word)
{
	return strcmp(word, "login") == 0 ? OAUTH2_LOGIN : strcmp(word, "admin") == 0 ? OAUTH2_ADMIN : OAUTH2_RETRY;
}

int oauth_row_get(struct oauth *oauth, const char *name, bool lock, struct oauth_row *out, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;

	db_args_init(&args, oauth->arena);
	db_arg_string(&args, name);
	if (db_call(oauth->db, lock ? "api.oauth_lock" : "api.oauth_get", &args, &rows, err) < 0)
		return -1;
	*out = (struct oauth_row){0};
	if (db_count(rows) == 0)
		return 0;
	*out = (struct oauth_row){
		.there = true,
		.refresh = copy(oauth->arena, rows, "refresh"),
		.access = copy(oauth->arena, rows, "access"),
		.renew_at = db_get_time(rows, 0, "renew_at"),
		.access_until = db_get_time(rows, 0, "access_until"),
		.refresh_until = db_get_time(rows, 0, "refresh_until"),
		.asked_at = db_get_time(rows, 0, "asked_at"),
		.updated_at = db_get_time(rows, 0, "updated_at"),
		.failing_since = db_get_time(rows, 0, "failing_since"),
		.next_at = db_get_time(rows, 0, "next_at"),
		.version = db_get_int(rows, 0, "version"),
		.changes = db_get_int(rows, 0, "changes"),
		.failures = (int)db_get_int(rows, 0, "failures"),
		.rotates = db_get_bool(rows, 0, "rotates"),
		.class = class_of(db_get_string(rows, 0, "class")),
		.error = arena_strdup(oauth->arena, db_get_string(rows, 0, "error")),
	};
	return 0;
}

int oauth_row_asking(struct oauth *oauth, const char *name, int64_t changes, struct error *err)
{
	struct db_args args;

	db_args_init(&args, oauth->arena);
	db_arg_string(&args, name);
	db_arg_int(&args, changes);
	db_arg_time(&args, clock_now());
	return db_call(oauth->db, "api.oauth_asking", &args, NULL, err);
}

static void arg_bytes(struct db_args *args, struct view bytes)
{
	if (bytes.ptr)
		db_arg_bytes(args, bytes);
	else
		db_arg_null(args);
}

static void arg_fresh(struct db_args *args, const struct oauth_fresh *fresh)
{
	arg_bytes(args, fresh->refresh);
	db_arg_bytes(args, fresh->access);
	db_arg_time(args, fresh->renew_at);
	db_arg_time(args, fresh->access_until);
	if (fresh->refresh_until)
		db_arg_time(args, fresh->refresh_until);
	else
		db_arg_null(args);
}

int oauth_row_save(struct oauth *oauth, const char *name, int64_t version, const struct oauth_fresh *fresh,
	int64_t *version_out, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;

	db_args_init(&args, oauth->arena);
	db_arg_string(&args, name);
	db_arg_int(&args, version);
	arg_fresh(&args, fresh);
	db_arg_bool(&args, fresh->rotated);
	db_arg_time(&args, clock_now());
	if (db_call(oauth->db, "api.oauth_save", &args, &rows, err) < 0)
		return -1;
	if (db_count(rows) == 0)
		return 0;
	*version_out = db_get_int(rows, 0, "version");
	return 1;
}

int oauth_row_failed(struct oauth *oauth, const char *name, const struct oauth2_failure *failure, const char *text,
	int64_t next_at, struct error *err)
{
	struct db_args args;

	db_args_init(&args, oauth->arena);
	db_arg_string(&args, name);
	db_arg_string(&args, oauth2_class_name(failure->class));
	db_arg_string(&args, text);
	db_arg_bool(&args, failure->answered);
	db_arg_time(&args, next_at);
	db_arg_time(&args, clock_now());
	return db_call(oauth->db, "api.oauth_failed", &args, NULL, err);
}

int oauth_row_login(
	struct oauth *oauth, const char *name, const char *actor, const struct oauth_fresh *fresh, struct error *err)
{
	struct db_args args;

	db_args_init(&args, oauth->arena);
	db_arg_string(&args, name);
	db_arg_string(&args, actor);
	arg_fresh(&args, fresh);
	db_arg_time(&args, clock_now());
	return db_call(oauth->db, "api.oauth_logged_in", &args, NULL, err);
}

int oauth_row_expiry(struct oauth *oauth, const char *name, const char *text, struct error *err)
{
	struct db_args args;

	db_args_init(&args, oauth->arena);
	db_arg_time(&args, clock_now());
	db_arg_string(&args, "oauth-expiry");
	db_arg_string(&args, name);
	if (text)
		db_arg_string(&args, text);
	return db_call(oauth->db, text ? "api.alarm_raise" : "api.alarm_clear", &args, NULL, err);
}
