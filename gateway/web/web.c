/* web: the duty; which path is whose, and what is answered at once. See web.h. */
#include "web/web.h"

#include "base/unicode.h"
#include "core/clock.h"
#include "core/log.h"
#include "web/pages.h"
#include "web/store.h"

#define STEP_MS 1000
#define FAREWELL_US ((int64_t)10 * 1000000) /* for requests that are under way at the end */
#define PLAIN "text/plain; charset=utf-8"

struct web {
	struct duty_context *duty;
	struct hooks *hooks;
	struct store *store;
	struct pages *pages;
	struct http_server *server;
};

/* ---- a request's headers ---- */

static bool is_health(const struct web *web, const struct http_exchange *exchange, struct http_reply *reply)
{
	struct view path = exchange->request.path;
	const char *words = "alive\n";
	bool well = true;

	if (view_equal(path, VIEW("/readyz")))
		well = store_ready(web->store, &words);
	else if (!view_equal(path, VIEW("/healthz")))
		return false;
	*reply = (struct http_reply){.status = well ? 200 : 503, .type = PLAIN, .body = view_of(words)};
	if (!view_equal(exchange->request.method, VIEW("GET")) && !view_equal(exchange->request.method, VIEW("HEAD")))
		*reply = (struct http_reply){.status = 405};
	return true;
}

static bool is_method(struct view method)
{
	return view_equal(method, VIEW("POST")) || view_equal(method, VIEW("GET")) || view_equal(method, VIEW("PUT"));
}

static bool is_page_method(struct view method)
{
	return view_equal(method, VIEW("POST")) || view_equal(method, VIEW("GET")) || view_equal(method, VIEW("HEAD"));
}

static bool begin(void *context, struct http_exchange *exchange, size_t *body_max_out, struct http_reply *reply)
{
	const struct web *web = context;
	struct hook *hook;

	if (is_health(web, exchange, reply))
		return false;
	if (pages_has(exchange->request.path)) {
		*body_max_out = PAGES_BODY_MAX;
		reply->status = 405;
		return is_page_method(exchange->request.method);
	}
	hook = hook_of_path(web->hooks, exchange->request.path);
	if (!hook) {
		reply->status = 404;
		return false;
	}
	if (!is_method(exchange->request.method)) {
		reply->status = 405;
		return false;
	}
	if (!atomic_load_explicit(&hook->open, memory_order_acquire)) {
		*reply = (struct http_reply){.status = 503, .retry_seconds = 60};
		return false;
	}
	exchange->own = hook;
	*body_max_out = hook->channel.body_max;
	return true;
}

static void oversize(void *context, struct http_exchange *exchange)
{
	if (exchange->own) /* a page has none */
		hook_add(exchange->own, HOOK_OVERSIZE, 1);
}

/* ---- a whole request ---- */

static void forged(struct hook *hook, const struct channel_answer *answer, struct http_reply *reply)
{
	*reply = (struct http_reply){.status = answer->status, .type = answer->type, .body = answer->body};
	if (answer->status == 401)
		reply->challenge = hook->settings->user ? "Basic realm=\"fieldpost\"" : "Bearer";
	if (answer->status != 405)
		hook_add(hook, HOOK_REFUSED, 1);
}

static void nothing_to_store(
	struct hook *hook, size_t ignored, struct http_exchange *exchange, struct http_reply *reply)
{
	struct channel_answer answer = {.status = 200};

	hook_add(hook, HOOK_IGNORED, (long long)ignored);
	if (hook->channel.kind->accepted)
		hook->channel.kind->accepted(&hook->channel, exchange->arena, &answer);
	*reply = (struct http_reply){.status = answer.status, .type = answer.type, .body = answer.body};
}

static void malformed(
	struct hook *hook, const struct http_exchange *exchange, const struct error *why, struct http_reply *reply)
{
	hook_add(hook, HOOK_MALFORMED, 1);
	log_failure(
		LOG_INFO, "malformed", why, "channel=%s bytes=%zu", hook->settings->name, exchange->request.body.len);
	reply->status = hook->channel.kind->never_again ? hook->channel.kind->never_again : 400;
}

/* A genuine request: its messages go to the committers. */
static bool genuine(
	struct web *web, struct hook *hook, struct http_exchange *exchange, int64_t now, struct http_reply *reply)
{
	struct delivery delivery = {.hook = hook, .received_at = now, .request = &exchange->request};
	struct error err = ERROR_INIT;

	if (hook->channel.kind->read(&hook->channel, &exchange->request, exchange->arena, &delivery.batch, &err) < 0) {
		malformed(hook, exchange, &err, reply);
		return true;
	}
	if (delivery.batch.count == 0 && delivery.batch.mail.len == 0) {
		nothing_to_store(hook, delivery.batch.ignored, exchange, reply);
		return true;
	}
	http_exchange_defer(exchange);
	store_take(web->store, exchange, &delivery);
	return false;
}

static bool whole(void *context, struct http_exchange *exchange, struct http_reply *reply)
{
	struct web *web = context;
	struct hook *hook = exchange->own;
	struct channel_answer answer = {.status = 403};
	struct error unread = ERROR_INIT;
	int64_t now = clock_now();

	if (!hook)
		return pages_take(web->pages, exchange, reply);
	switch (hook->channel.kind->verify(&hook->channel, &exchange->request, now, exchange->arena, &answer)) {
	case CHANNEL_GENUINE:
		return genuine(web, hook, exchange, now, reply);
	case CHANNEL_HANDSHAKE:
		*reply = (struct http_reply){.status = answer.status, .type = answer.type, .body = answer.body};
		return true;
	case CHANNEL_MALFORMED:
		error_set(&unread, REACH_MESSAGE, "the body in which its credential would stand cannot be read");
		malformed(hook, exchange, &unread, reply);
		return true;
	case CHANNEL_FORGED:
		break;
	}
	forged(hook, &answer, reply);
	return true;
}

/* ---- the duty ---- */

static void serve(struct web *web)
{
	int64_t end;

	log_info("listening", "on=%s channels=%zu", web->duty->config->web.listen, web->hooks->count);
	while (!duty_stopping(web->duty)) {
		duty_alive(web->duty);
		http_server_step(web->server, web->duty->stop_fd, STEP_MS);
	}
	http_server_quiesce(web->server);
	for (end = clock_monotonic() + FAREWELL_US;
		http_server_exchanges(web->server) > 0 && clock_monotonic() < end;) {
		duty_alive(web->duty);
		http_server_step(web->server, -1, 50);
	}
}

static int run(struct duty_context *duty, struct error *err)
{
	struct web web = {.duty = duty, .hooks = hooks_new(duty->config)};
	const struct http_handler handler = {.context = &web, .begin = begin, .oversize = oversize, .whole = whole};
	int result = unicode_open(err);

	if (result == 0)
		result = store_open(duty->config, web.hooks, &web.store, err);
	if (result == 0)
		result = pages_open(duty->config, &web.pages, err);
	if (result == 0)
		result = http_server_open(duty->config, &handler, &web.server, err);
	if (result == 0)
		serve(&web);
	store_close(&web.store); /* answers what still waits */
	pages_close(&web.pages);
	http_server_close(&web.server);
	hooks_free(&web.hooks);
	return result;
}

static int count(const struct config *config)
{
	return config->web.listen ? 1 : 0;
}

/* (It has the spool: webhooks are taken also when the machine begins without its database.) */
const struct duty web_duty = {.name = "web", .run = run, .watchdog_seconds = 60, .count = count, .groundless = true};
