/* web/hook: the configured channels that are called. See hook.h. */
#include "web/hook.h"

#include <stdlib.h>

#include "core/clock.h"
#include "core/log.h"

#define SECOND_US ((int64_t)1000000)
#define REPORT_SECONDS 30 /* while nothing comes */

static const char *const count_names[HOOK_COUNTS] = {
	[HOOK_STORED] = "stored",
	[HOOK_REPEATED] = "repeated",
	[HOOK_IGNORED] = "ignored",
	[HOOK_REFUSED] = "refused",
	[HOOK_MALFORMED] = "malformed",
	[HOOK_OVERSIZE] = "oversize",
	[HOOK_SPOOLED] = "spooled",
};

/* ---- opening ---- */

static void open_hook(struct hooks *hooks, struct hook *hook)
{
	bool again = hook->why.reach != REACH_NONE;
	struct error err = ERROR_INIT;
	struct channel channel;

	if (channel_open(hooks->config, hook->settings, hooks->arena, &channel, &err) < 0) {
		if (!again)
			log_failure(LOG_ERROR, "channel", &err, "channel=%s", hook->settings->name);
		hook->why = err;
		return;
	}
	if (again)
		log_info("channel-open", "channel=%s", hook->settings->name);
	hook->channel = channel;
	error_clear(&hook->why);
	atomic_store_explicit(&hook->open, true, memory_order_release);
}

struct hooks *hooks_new(const struct config *config)
{
	struct hooks *hooks = calloc(1, sizeof(*hooks));

	if (!hooks)
		exit(71); /* EX_OSERR */
	hooks->config = config;
	hooks->arena = arena_new();
	hooks->list = ARENA_NEW_N(hooks->arena, struct hook, config->channel_count + 1);
	for (size_t i = 0; i < config->channel_count; i++) {
		struct hook *hook = &hooks->list[hooks->count];

		if (channel_is_polled(&config->channels[i]))
			continue;
		hooks->count++;
		hook->settings = &config->channels[i];
		hook->channel.kind = channel_kind_find(hook->settings->kind);
		hook->channel.settings = hook->settings;
		hook->mail_max = config->limits.message_bytes;
		open_hook(hooks, hook);
	}
	return hooks;
}

void hooks_free(struct hooks **hooks)
{
	if (!*hooks)
		return;
	arena_free(&(*hooks)->arena);
	free(*hooks);
	*hooks = NULL;
}

void hooks_reopen(struct hooks *hooks)
{
	for (size_t i = 0; i < hooks->count; i++)
		if (!atomic_load_explicit(&hooks->list[i].open, memory_order_acquire))
			open_hook(hooks, &hooks->list[i]);
}

/* ---- finding ---- */

struct hook *hook_find(const struct hooks *hooks, struct view name)
{
	for (size_t i = 0; i < hooks->count; i++)
		if (view_equal(view_of(hooks->list[i].settings->name), name))
			return &hooks->list[i];
	return NULL;
}

struct hook *hook_of_path(const struct hooks *hooks, struct view path)
{
	struct view prefix = VIEW(CHANNEL_HOOK), name, rest;
	struct hook *hook;

	if (!view_starts(path, prefix))
		return NULL;
	path = view_sub(path, prefix.len, path.len);
	if (!view_next_field(&path, '/', &name))
		return NULL;
	rest = path;
	hook = hook_find(hooks, name);
	if (!hook || !atomic_load_explicit(&hook->open, memory_order_acquire))
		return hook;
	if (hook->channel.kind->subpaths)
		(void)!view_next_field(&rest, '/', &path);
	return channel_same_secret(path, hook->channel.path_key) ? hook : NULL;
}

/* ---- the database ---- */

static int ask_account(struct hook *hook, struct db *db, struct arena *arena, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;

	db_args_init(&args, arena);
	db_arg_string(&args, hook->settings->name);
	if (db_call(db, "api.channel_open", &args, &rows, err) < 0)
		return -1;
	if (db_count(rows) != 1)
		return error_set(err, REACH_STOP, "api.channel_open gave no account");
	atomic_store(&hook->account_id, db_get_int(rows, 0, "account_id"));
	return 0;
}

int hooks_accounts(struct hooks *hooks, struct db *db, struct error *err)
{
	struct arena *arena = arena_new();
	int result = 0;

	for (size_t i = 0; i < hooks->count && result == 0; i++)
		result = ask_account(&hooks->list[i], db, arena, err);
	arena_free(&arena);
	return result;
}

static int alarm(struct hook *hook, struct db *db, struct arena *arena, int64_t now, const char *kind,
	const char *words, bool *raised, struct error *err)
{
	struct db_args args;

	db_args_init(&args, arena);
	db_arg_time(&args, now);
	db_arg_string(&args, kind);
	db_arg_string(&args, hook->settings->name);
	if (words)
		db_arg_string(&args, words);
	if (db_call(db, words ? "api.alarm_raise" : "api.alarm_clear", &args, NULL, err) < 0)
		return -1;
	*raised = words != NULL;
	return 0;
}

/* Who knows the path and not the secret, or sends what cannot be read, is mostly a setting that is wrong. */
static int look_at_counts(
	struct hook *hook, struct db *db, struct arena *arena, int64_t now, const long long *counts, struct error *err)
{
	bool good = counts[HOOK_STORED] + counts[HOOK_REPEATED] + counts[HOOK_IGNORED] + counts[HOOK_SPOOLED] > 0;

	if (counts[HOOK_REFUSED] > 0 || (good && hook->alarmed_refused))
		if (alarm(hook, db, arena, now, "channel-refused",
			    counts[HOOK_REFUSED] > 0 ? arena_printf(arena,
							       "%lld requests had the right path and a wrong "
							       "credential: is `secret` right?",
							       counts[HOOK_REFUSED])
						     : NULL,
			    &hook->alarmed_refused, err) < 0)
			return -1;
	if (counts[HOOK_MALFORMED] > 0 || (good && hook->alarmed_malformed))
		return alarm(hook, db, arena, now, "channel-malformed",
			counts[HOOK_MALFORMED] > 0
				? arena_printf(arena, "%lld requests could not be read",
					  counts[HOOK_MALFORMED])
				: NULL,
			&hook->alarmed_malformed, err);
	return 0;
}

static int report(struct hook *hook, struct db *db, struct arena *arena, int64_t now, long long *counts,
	int64_t last_message, struct error *err)
{
	json_t *json = json_object();
	struct db_args args;

	for (int i = 0; i < HOOK_COUNTS; i++)
		if (counts[i] > 0)
			json_object_set_new(json, count_names[i], json_integer(counts[i]));
	db_args_init(&args, arena);
	db_arg_time(&args, now);
	db_arg_int(&args, atomic_load(&hook->account_id));
	if (last_message)
		db_arg_time(&args, last_message);
	else
		db_arg_null(&args);
	db_arg_json(&args, json);
	json_decref(json);
	if (db_call(db, "api.channel_ok", &args, NULL, err) < 0)
		return -1;
	return look_at_counts(hook, db, arena, now, counts, err);
}

static int report_failure(struct hook *hook, struct db *db, struct arena *arena, int64_t now, struct error *err)
{
	struct db_args args;

	db_args_init(&args, arena);
	db_arg_int(&args, atomic_load(&hook->account_id));
	db_arg_time(&args, now);
	db_arg_string(&args, "source");
	db_arg_string(&args, hook->why.text);
	db_arg_time(&args, now + REPORT_SECONDS * SECOND_US);
	return db_call(db, "api.source_failed", &args, NULL, err);
}

static int report_hook(struct hook *hook, struct db *db, struct arena *arena, int64_t now, struct error *err)
{
	long long counts[HOOK_COUNTS], sum = 0;
	int64_t last_message = atomic_exchange(&hook->last_message, 0);
	int result;

	for (int i = 0; i < HOOK_COUNTS; i++)
		sum += counts[i] = atomic_exchange(&hook->counts[i], 0);
	if (sum == 0 && now - hook->reported_at < REPORT_SECONDS * SECOND_US && now >= hook->reported_at)
		return 0;
	if (atomic_load(&hook->open))
		result = report(hook, db, arena, now, counts, last_message, err);
	else
		result = report_failure(hook, db, arena, now, err);
	if (result < 0) { /* for the next time; when its commit was unsure they may count twice */
		for (int i = 0; i < HOOK_COUNTS; i++)
			hook_add(hook, (enum hook_count)i, counts[i]);
		return -1;
	}
	hook->reported_at = now;
	return 0;
}

int hooks_report(struct hooks *hooks, struct db *db, int64_t now, struct error *err)
{
	struct arena *arena = arena_new();
	int result = 0;

	for (size_t i = 0; i < hooks->count && result == 0; i++)
		if (atomic_load(&hooks->list[i].account_id))
			result = report_hook(&hooks->list[i], db, arena, now, err);
	arena_free(&arena);
	return result;
}
