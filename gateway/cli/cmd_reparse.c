/*
 * fieldpost reparse: history is read once more, with the forms that are in force now: first the difference, message by
 * message and counted, then (without --dry-run) what differs is filed. Another run finds nothing more to do, so one that
 * was ended is begun again.
 */
#include "cli/commands.h"

#include <stdlib.h>
#include <string.h>

#include "cli/queue.h"
#include "cli/reading.h"
#include "cli/table.h"
#include "filing/filing.h"

/* What is counted, in the order in which it is told. */
static const char *const outcomes[] = {
	"same", "changed", "settled", "not understood", "another form", "unread", "refused", NULL};
static const char *const meanings[] = {"the same as before", "corrected", "settled otherwise",
	"as it was: not understood any more", "as it was: another form by now",
	"as it was: not all of it could be read", "as it was: the database refused what was read"};
#define OUTCOMES (sizeof(meanings) / sizeof(meanings[0]))

struct reparse {
	struct cli *cli;
	json_t *wanted, *messages; /* messages: for --json */
	json_t *fields;		   /* {field: how often it changes} */
	bool dry, quiet;	   /* quiet: it was told before */
	size_t counts[OUTCOMES];
};

/* ---- one message ---- */

static void print_change(struct reparse *r, const json_t *change)
{
	struct arena *arena = r->cli->arena;
	const char *field = json_string_value(json_object_get(change, "field"));
	const json_t *was = json_object_get(change, "was"), *now = json_object_get(change, "now");
	const char *words = "changes";

	if (was || now)
		words = arena_printf(arena, "%s -> %s", json_is_null(was) || !was ? "-" : table_value(arena, was),
			json_is_null(now) || !now ? "-" : table_value(arena, now));
	table_block(arena, arena_printf(arena, "    %s", *field ? field : "remarks"), 24, words);
}

static void print_one(struct reparse *r, const struct filing_reread *one)
{
	const json_t *change;
	size_t i;

	printf("message %lld", (long long)one->message_id);
	if (one->feedback_id && strcmp(one->outcome, "settled") != 0) /* the number of one that is not filed yet goes */
		printf(", feedback %lld", (long long)one->feedback_id);
	if (strcmp(one->outcome, "settled") == 0 && strcmp(one->was, one->state) != 0)
		printf(": %s -> %s\n", one->was, one->state);
	else
		printf(": %s\n", strcmp(one->outcome, "settled") == 0 ? one->state : one->outcome);
	json_array_foreach(one->changes, i, change) print_change(r, change);
}

static void keep_one(struct reparse *r, const struct filing_reread *one)
{
	json_t *object = json_pack("{s:I, s:s, s:s, s:s, s:O}", "message", (json_int_t)one->message_id, "outcome",
		one->outcome, "was", one->was, "state", one->state, "changes", one->changes);

	json_object_set_new(object, "feedback",
		one->feedback_id && strcmp(one->outcome, "settled") != 0 ? json_integer(one->feedback_id) : json_null());
	json_array_append_new(r->messages, object);
}

static void tell(void *context, const struct filing_reread *one)
{
	struct reparse *r = context;
	const json_t *change;
	size_t i = 0;

	while (outcomes[i] && strcmp(outcomes[i], one->outcome) != 0)
		i++;
	if (!outcomes[i])
		abort();
	r->counts[i]++;
	json_array_foreach(one->changes, i, change)
	{
		const char *field = json_string_value(json_object_get(change, "field"));
		json_t *count = json_object_get(r->fields, *field ? field : "remarks");

		json_object_set_new(
			r->fields, *field ? field : "remarks", json_integer(json_integer_value(count) + 1));
	}
	if (r->quiet || strcmp(one->outcome, "same") == 0)
		return;
	if (r->cli->json)
		keep_one(r, one);
	else
		print_one(r, one);
}

static void tell_casualty(void *context, int64_t message_id, const char *error)
{
	const struct reparse *r = context;

	if (!r->quiet)
		fprintf(stderr, "message %lld: %s\n", (long long)message_id, error);
}

/* ---- all of them ---- */

static void print_counts(struct reparse *r)
{
	const char *field;
	json_t *count;

	for (size_t i = 0; i < OUTCOMES; i++)
		if (r->counts[i])
			printf("%8zu %s\n", r->counts[i], meanings[i]);
	json_object_foreach(r->fields, field, count)
		printf("%8s %s: %lld\n", "", field, (long long)json_integer_value(count));
}

static void print_json(struct reparse *r)
{
	json_t *counts = json_object();
	json_t *all = json_pack("{s:b, s:O, s:O, s:o}", "dry_run", r->dry, "messages", r->messages, "fields", r->fields,
		"counts", counts);

	for (size_t i = 0; i < OUTCOMES; i++)
		json_object_set_new(counts, outcomes[i], json_integer((json_int_t)r->counts[i]));
	json_dumpf(all, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
}

static void forget_counts(struct reparse *r)
{
	memset(r->counts, 0, sizeof(r->counts));
	json_object_clear(r->fields);
}

static int run(void *context, const struct config *config, struct db *db, struct error *err)
{
	struct reparse *r = context;
	struct filing_reparse wish = {.wanted = r->wanted,
		.actor = reading_actor(r->cli->arena),
		.dry = true,
		.tell = tell,
		.tell_casualty = tell_casualty,
		.context = r};

	if (filing_reparse(config, db, &wish, err) < 0)
		return -1;
	if (!r->dry && r->counts[1] + r->counts[2] > 0) {
		if (!r->cli->json)
			printf("\nof these\n");
		fflush(stdout);
		forget_counts(r);
		r->quiet = true;
		wish.dry = false;
		if (filing_reparse(config, db, &wish, err) < 0)
			return -1;
	}
	if (r->cli->json)
		print_json(r);
	else
		print_counts(r);
	return 0;
}

int cmd_reparse(struct cli *cli, int argc, char **argv)
{
	struct reparse r = {.cli = cli, .wanted = json_object(), .messages = json_array(), .fields = json_object()};
	int status;

	r.dry = cli_flag(&argc, argv, "--dry-run");
	status = queue_options(cli, &argc, argv, r.wanted);
	if (status == EX_OK)
		status = queue_messages(cli, argc, argv, r.wanted);
	if (status == EX_OK)
		status = cli_run(cli, run, &r);
	json_decref(r.wanted);
	json_decref(r.messages);
	json_decref(r.fields);
	return status;
}
