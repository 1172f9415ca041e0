/* web/delivery: a genuine request on its way into the database or the spool. See delivery.h. */
#include "web/delivery.h"

#include "core/clock.h"

/* ---- what is kept of a request ---- */

static bool is_kept(const struct channel_kind *kind, struct view name)
{
	for (size_t i = 0; kind->kept_headers && kind->kept_headers[i]; i++)
		if (view_equal_nocase(name, view_of(kind->kept_headers[i])))
			return true;
	return false;
}

static json_t *string_json(struct view text)
{
	json_t *string = json_stringn(text.ptr ? text.ptr : "", text.len);

	return string ? string : json_string(""); /* not UTF-8: nothing that a channel reads */
}

/* A header that came several times counts once, as it does for who reads it. */
static json_t *kept_headers(const struct delivery *delivery)
{
	const struct http_request *request = delivery->request;
	json_t *kept = json_object();

	for (size_t i = 0; i < request->header_count; i++) {
		struct view name = request->headers[i].name;
		char key[128];

		if (!is_kept(delivery->hook->channel.kind, name) || name.len >= sizeof(key))
			continue;
		for (size_t c = 0; c < name.len; c++)
			key[c] = (char)(name.ptr[c] >= 'A' && name.ptr[c] <= 'Z' ? name.ptr[c] | 0x20 : name.ptr[c]);
		key[name.len] = '\0';
		if (!json_object_get(kept, key))
			json_object_set_new(kept, key, string_json(request->headers[i].value));
	}
	if (request->body.len == 0 || view_equal(request->method, VIEW("GET")))
		json_object_set_new(kept, ":query", string_json(request->query));
	return kept;
}

static struct view kept_text(const struct delivery *delivery, struct arena *arena)
{
	json_t *kept = kept_headers(delivery);
	char *text = json_dumps(kept, JSON_COMPACT);
	struct view out = view_of(text ? arena_strdup(arena, text) : "{}");

	free(text);
	json_decref(kept);
	return out;
}

/* ---- the database ---- */

struct columns {
	int64_t *accounts, *received;
	struct view *bodies, *headers;
	struct text messages;
};

static int fill(struct columns *columns, struct delivery *const *deliveries, size_t count, struct arena *arena,
	struct error *err)
{
	columns->accounts = ARENA_NEW_N(arena, int64_t, count);
	columns->received = ARENA_NEW_N(arena, int64_t, count);
	columns->bodies = ARENA_NEW_N(arena, struct view, count);
	columns->headers = ARENA_NEW_N(arena, struct view, count);
	channel_rows_begin(&columns->messages);
	for (size_t i = 0; i < count; i++) {
		columns->accounts[i] = atomic_load(&deliveries[i]->hook->account_id);
		columns->received[i] = deliveries[i]->received_at;
		columns->bodies[i] = deliveries[i]->request->body;
		columns->headers[i] = kept_text(deliveries[i], arena);
		if (channel_rows_add(&columns->messages, &deliveries[i]->batch, i + 1) < 0)
			return error_set(err, REACH_MESSAGE, "too many messages at once");
	}
	channel_rows_end(&columns->messages);
	return 0;
}

static int call(struct db *db, const struct columns *columns, size_t count, struct arena *arena,
	struct db_rows **rows_out, struct error *err)
{
	struct db_args args;

	db_args_init(&args, arena);
	db_arg_time(&args, clock_now());
	db_arg_int_array(&args, columns->accounts, count);
	db_arg_time_array(&args, columns->received, count);
	db_arg_bytes_array(&args, columns->bodies, count);
	db_arg_text_array(&args, columns->headers, count);
	db_arg_json_text(&args, text_view(&columns->messages));
	if (db_send(db, "api.channel_store", &args, err) < 0)
		return -1;
	return db_receive(db, rows_out, err);
}

static int store_messages(
	struct db *db, struct delivery *const *deliveries, size_t count, struct arena *arena, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct columns columns;
	int result = fill(&columns, deliveries, count, arena, err);

	if (result == 0)
		result = call(db, &columns, count, arena, &rows, err);
	text_release(&columns.messages);
	for (size_t i = 0; result == 0 && i < count; i++)
		deliveries[i]->fresh = 0;
	for (size_t row = 0; result == 0 && row < db_count(rows); row++) {
		int64_t delivery = db_get_int(rows, row, "delivery");

		if (db_is_null(rows, row, "message_id"))
			return error_set(err, REACH_RETRY, "the database does not know the channel any more");
		if (delivery >= 1 && (size_t)delivery <= count)
			deliveries[delivery - 1]->fresh += db_get_bool(rows, row, "fresh");
	}
	return result;
}

/* Mails come last: a nonce is kept only when all before it is. */
int delivery_store(
	struct db *db, struct delivery *const *deliveries, size_t count, struct arena *arena, struct error *err)
{
	struct delivery **messages = ARENA_NEW_N(arena, struct delivery *, count);
	struct delivery **mails = ARENA_NEW_N(arena, struct delivery *, count);
	size_t message_count = 0, mail_count = 0;

	for (size_t i = 0; i < count; i++)
		if (deliveries[i]->batch.mail.len > 0)
			mails[mail_count++] = deliveries[i];
		else
			messages[message_count++] = deliveries[i];
	if (message_count > 0 && store_messages(db, messages, message_count, arena, err) < 0)
		return -1;
	return mail_count > 0 ? delivery_store_mails(db, mails, mail_count, arena, err) : 0;
}

void delivery_count(const struct delivery *delivery)
{
	struct hook *hook = delivery->hook;

	hook_add(hook, HOOK_STORED, (long long)delivery->fresh);
	if (delivery->replayed && !delivery->known)
		hook_add(hook, HOOK_REFUSED, 1);
	else
		hook_add(hook, HOOK_REPEATED,
			(long long)(delivery->batch.count + (delivery->batch.mail.len > 0) - delivery->fresh));
	hook_add(hook, HOOK_IGNORED, (long long)delivery->batch.ignored);
	if (delivery->fresh > 0)
		atomic_store_explicit(&hook->last_message, delivery->received_at, memory_order_relaxed);
}

/* ---- the spool ---- */

int delivery_spool(
	const struct delivery *delivery, struct spool *spool, int64_t number, struct arena *arena, struct error *err)
{
	json_t *about = json_pack("{s:s, s:I, s:s, s:o, s:o}", "channel", delivery->hook->settings->name, "received_at",
		(json_int_t)delivery->received_at, "verdict", "genuine", "method",
		string_json(delivery->request->method), "headers", kept_headers(delivery));
	char *text = json_dumps(about, JSON_COMPACT);
	int result;

	json_decref(about);
	result = spool_write(spool, number, view_of(text ? text : "{}"), delivery->request->body, err);
	free(text);
	return result;
}

static struct view view_of_json(const json_t *string, struct arena *arena)
{
	const char *text = json_string_value(string);

	return text ? (struct view){arena_copy(arena, text, json_string_length(string)), json_string_length(string)}
		    : VIEW("");
}

static struct http_request *rebuild(json_t *about, struct view body, struct arena *arena)
{
	struct http_request *request = ARENA_NEW(arena, struct http_request);
	json_t *headers = json_object_get(about, "headers"), *value;
	struct http_field *fields = ARENA_NEW_N(arena, struct http_field, json_object_size(headers) + 1);
	const char *name;

	request->method = view_of_json(json_object_get(about, "method"), arena);
	request->path = request->query = VIEW("");
	request->body = body;
	request->headers = fields;
	json_object_foreach(headers, name, value)
	{
		if (strcmp(name, ":query") == 0)
			request->query = view_of_json(value, arena);
		else
			fields[request->header_count++] =
				(struct http_field){view_of(arena_strdup(arena, name)), view_of_json(value, arena)};
	}
	return request;
}

static int load(json_t *about, struct view body, const struct hooks *hooks, struct arena *arena, struct delivery *out,
	struct error *err)
{
	const char *name = json_string_value(json_object_get(about, "channel"));
	const char *verdict = json_string_value(json_object_get(about, "verdict"));
	struct hook *hook = name ? hook_find(hooks, view_of(name)) : NULL;

	if (!verdict || strcmp(verdict, "genuine") != 0)
		return error_set(err, REACH_MESSAGE, "nothing says that it is genuine");
	if (!hook)
		return error_set(err, REACH_MESSAGE, "it is of the channel %s, which is not configured any more",
			name ? name : "?");
	*out = (struct delivery){.hook = hook,
		.received_at = json_integer_value(json_object_get(about, "received_at")),
		.request = rebuild(about, body, arena)};
	if (hook->channel.kind->read(&hook->channel, out->request, arena, &out->batch, err) == 0)
		return 0;
	if (err)
		err->reach = REACH_MESSAGE;
	return -1;
}

int delivery_load(struct spool *spool, int64_t number, const struct hooks *hooks, struct arena *arena,
	struct delivery *out, struct error *err)
{
	struct view line, body;
	json_t *about;
	int result;

	if (spool_read(spool, number, arena, &line, &body, err) < 0)
		return -1;
	about = json_loadb(line.ptr, line.len, 0, NULL);
	if (!about)
		return error_set(err, REACH_MESSAGE, "its first line is no JSON");
	result = load(about, body, hooks, arena, out, err);
	json_decref(about);
	return result;
}
