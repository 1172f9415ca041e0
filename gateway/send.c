/*
 * send: the duty that sends. Delivery takes what is in the outbox to the SMTP server; beside it, as a thread, the
 * schedule puts digests there when they are due, and asking does requests, reminders and acknowledgements. The stages
 * know nothing of each other: they are joined here. See delivery/delivery.h, digest/digest.h, outreach/asking.h.
 */
#include "delivery/delivery.h"
#include "digest/digest.h"
#include "oauth/oauth.h"
#include "outreach/outreach.h"
#include "pipeline.h"

#define ARENA_SCOPED __attribute__((cleanup(arena_free))) struct arena

/* A mail is at most some minutes on its way, and feeds the watchdog meanwhile. */
#define WATCHDOG_SECONDS 120

/* The names of countries stand in the languages that the forms are compiled with. */
static int load_forms(const struct config *config, struct forms **out, struct error *err)
{
	ARENA_SCOPED *arena = arena_new();
	struct pipeline_sources sources;

	if (parsers_open(err) || pipeline_sources_load(config, arena, &sources, err))
		return -1;
	return forms_new(sources.forms, sources.form_count, sources.languages, sources.language_count, out, err);
}

static int run_schedule(struct duty_context *context, struct error *err)
{
	struct forms *forms;
	struct digest_tools *tools;
	int result;

	if (load_forms(context->config, &forms, err))
		return -1;
	result = digest_tools_new(context->config, forms, &tools, err);
	if (result == 0) {
		result = digest_schedule(context, tools, err);
		digest_tools_free(&tools);
	}
	forms_free(&forms);
	return result;
}

static int run(struct duty_context *context, struct error *err)
{
	static const struct delivery_job jobs[] = {
		{"schedule", run_schedule},
		{"asking", asking_run},
		{"oauth", oauth_keep},
		{NULL, NULL},
	};

	return delivery_run(context, jobs, err);
}

const struct duty send_duty = {.name = "send", .run = run, .watchdog_seconds = WATCHDOG_SECONDS};
