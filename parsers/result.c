/*
 * parsers/result: the names of outcomes and reasons, and the end of a result. See parsers.h; the JSON is in
 * result_json.c.
 */
#include "parsers/parsers.h"

static const char *const outcome_names[] = {
	[OUTCOME_FILED] = "filed",
	[OUTCOME_REVIEW] = "review",
	[OUTCOME_IGNORED] = "ignored",
};

static const char *const reason_names[] = {
	[REASON_NONE] = NULL,
	[REASON_OVER_SIZE] = "over-size",
	[REASON_UNREADABLE] = "unreadable",
	[REASON_BOUNCE] = "bounce",
	[REASON_AUTO_REPLY] = "auto-reply",
	[REASON_FORWARDED] = "forwarded",
	[REASON_OVER_LIMIT] = "over-limit",
	[REASON_NO_TEMPLATE] = "no-template",
	[REASON_NO_ANSWERS] = "no-answers",
	[REASON_INVALID_VALUE] = "invalid-value",
	[REASON_MISSING_REQUIRED] = "missing-required",
};

const char *outcome_name(enum outcome outcome)
{
	return outcome_names[outcome];
}

const char *reason_name(enum reason reason)
{
	return reason_names[reason];
}

void result_release(struct result *result)
{
	json_decref(result->values);
	result->values = NULL;
}
