/*
 * fieldpost parse [--json] [--text] [--colour] [--forms FOLDER] FILE...: what would be made of this mail or message, by
 * the forms in force or those of a folder; of several one after the other. Needs no database.
 *
 * For people: every line with what it was taken as and why, in colours on a terminal (NO_COLOR in the environment:
 * without them; --colour: always), then what was understood.
 */
#include "cli/commands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/table.h"
#include "parsers/parsers.h"
#include "pipeline.h"

#define INPUT_MAX                                                                                                      \
	(PARSE_SIZE_MAX + 1024 * 1024) /* above the size limit a mail is over-size, and so is what is read of it */
#define READ_STEP 65536

static int read_stream(FILE *stream, const char *name, struct text *out, struct error *err)
{
	char buffer[READ_STEP];
	size_t got;

	while (!out->full && (got = fread(buffer, 1, sizeof(buffer), stream)) > 0)
		text_add(out, buffer, got);
	if (ferror(stream))
		return error_set(err, REACH_STOP, "%s: %s", name, strerror(errno));
	return 0;
}

static int read_file(const char *path, struct text *out, struct error *err)
{
	FILE *file;
	int result;

	if (strcmp(path, "-") == 0)
		return read_stream(stdin, "standard input", out, err);
	file = fopen(path, "rb");
	if (!file)
		return error_set(err, REACH_STOP, "%s: %s", path, strerror(errno));
	result = read_stream(file, path, out, err);
	fclose(file);
	return result;
}

/* ---- for people ---- */

static const char *words_of_value(struct arena *arena, const json_t *value)
{
	const char *joined = "";
	const json_t *item;
	size_t i;

	if (json_is_string(value))
		return json_string_value(value);
	if (json_is_boolean(value))
		return json_is_true(value) ? "yes" : "no";
	if (json_is_integer(value))
		return arena_printf(arena, "%lld", (long long)json_integer_value(value));
	json_array_foreach(value, i, item) joined =
		arena_printf(arena, "%s%s%s", joined, i > 0 ? ", " : "", json_string_value(item));
	return joined;
}

/* A text of several lines stands below itself, its name but once. */
static void print_words(struct arena *arena, const char *name, struct view words)
{
	struct view line;

	while (view_next_line(&words, &line)) {
		printf("%-14s  %s\n", name, table_clean(arena, line));
		name = "";
	}
}

/* error NULL: nothing is wrong, but a line nearly carries the label. */
static void print_misfit(struct arena *arena, const struct misfit *misfit)
{
	printf("%-14s  ", misfit->field);
	if (misfit->error)
		printf("! %s", misfit->error);
	else
		printf("? not answered");
	if (misfit->found.len > 0)
		printf(": \"%s\"", table_clean(arena, misfit->found));
	if (misfit->suggestion.len > 0)
		printf("; did you mean \"%s\"?", table_clean(arena, misfit->suggestion));
	printf("\n");
}

static void print_head(const struct result *result, const char *sign)
{
	printf("%-14s  %s", "outcome", outcome_name(result->outcome));
	if (result->reason != REASON_NONE)
		printf(" (%s)", reason_name(result->reason));
	printf("\n%-14s  %s", "form", result->form ? result->form : "not known");
	if (result->form)
		printf(" version %d", result->form_version);
	printf(sign ? ", known by %s\n" : "\n", sign);
	printf("%-14s  %s\n", "reference", result->reference ? result->reference : "none");
	printf("%-14s  %s\n\n", "language", result->language ? result->language : "not known");
}

static void print_result(struct arena *arena, const struct result *result, const char *sign)
{
	const char *name;
	json_t *value;

	print_head(result, sign);
	json_object_foreach(result->values, name, value)
		print_words(arena, name, view_of(words_of_value(arena, value)));
	for (size_t i = 0; i < result->misfit_count; i++)
		print_misfit(arena, &result->misfits[i]);
	for (size_t i = 0; i < result->near_count; i++)
		print_misfit(arena, &result->near[i]);
	if (result->remarks.len > 0) {
		printf("\n");
		print_words(arena, "remarks", result->remarks);
	}
	for (size_t i = 0; i < result->attachment_count; i++)
		printf("%-14s  %s, %s, %zu bytes\n", "attachment", table_clean(arena, result->attachments[i].name),
			result->attachments[i].type ? table_clean(arena, view_of(result->attachments[i].type))
						    : "unknown type",
			result->attachments[i].size);
}

static int print_json(const struct result *result)
{
	json_t *json = result_to_json(result);
	int failed = json_dumpf(json, stdout, JSON_INDENT(2) | JSON_SORT_KEYS);

	json_decref(json);
	printf("\n");
	return failed ? EX_IOERR : EX_OK;
}

/* ---- the lines ---- */

#define WHY_COLUMNS 48	/* a longer reason pushes its line's text to the right */
#define KIND_COLUMNS 11 /* of the longest name of a kind */

static const char *colour_of(const struct trace_line *line)
{
	static const char *const colours[] = {
		[TRACE_BLANK] = "",
		[TRACE_ANSWER] = "\033[32m",
		[TRACE_LABEL] = "\033[36m",
		[TRACE_REQUEST] = "\033[2;36m",
		[TRACE_QUOTE] = "\033[2m",
		[TRACE_ATTRIBUTION] = "\033[35m",
		[TRACE_SIGNATURE] = "\033[34m",
		[TRACE_BOILERPLATE] = "\033[2;34m",
		[TRACE_REMARK] = "\033[33m",
		[TRACE_IGNORED] = "\033[2;33m",
	};

	return line->wrong ? "\033[1;31m" : colours[line->kind];
}

static void print_line(struct arena *arena, const struct trace_line *line, bool colour)
{
	const char *marks = "";

	for (int i = 0; i < line->quote; i++)
		marks = arena_printf(arena, "%s> ", marks);
	if (line->kind == TRACE_BLANK)
		printf("%4zu\n", line->number);
	else
		printf("%4zu  %s%-*s  %-*s  %s%s%s\n", line->number, colour ? colour_of(line) : "", KIND_COLUMNS,
			trace_name(line->kind), WHY_COLUMNS, line->why, marks, table_clean(arena, line->text),
			colour ? "\033[0m" : "");
}

static void print_trace(struct arena *arena, const struct trace *trace, bool colour)
{
	const char *part = NULL;

	for (size_t i = 0; i < trace->count; i++) {
		const struct trace_line *line = &trace->lines[i];

		if (*line->part && (!part || strcmp(part, line->part) != 0))
			printf("part %s\n", line->part);
		part = line->part;
		print_line(arena, line, colour);
	}
	if (trace->count > 0)
		printf("\n");
}

static bool wants_colour(bool forced)
{
	const char *no = getenv("NO_COLOR");

	return forced || (isatty(STDOUT_FILENO) && (!no || !*no));
}

/* ---- the command ---- */

/* What the lines were taken as, then what was understood. */
static void print_people(struct arena *arena, const struct forms *forms, const struct pipeline_message *message,
	const struct result *result, bool colour)
{
	struct trace trace = {0};

	if (!message->over_size)
		parse_trace(forms, arena, message->raw, message->channel, &message->hint, &trace);
	print_trace(arena, &trace, wants_colour(colour));
	print_result(arena, result, trace.sign);
}

static int parse(struct cli *cli, const struct forms *forms, struct view raw, bool channel, bool colour)
{
	struct pipeline_message message = {
		.raw = raw, .channel = channel, .over_size = !channel && raw.len > PARSE_SIZE_MAX};
	struct arena *arena = arena_new();
	struct result result;
	int status = EX_OK;

	pipeline_read(forms, arena, &message, &result);
	if (cli->json)
		status = print_json(&result);
	else
		print_people(arena, forms, &message, &result, colour);
	result_release(&result);
	arena_free(&arena);
	return status;
}

static int read_and_parse(struct cli *cli, const struct forms *forms, const char *path, bool channel, bool colour)
{
	struct error err = ERROR_INIT;
	TEXT_SCOPED raw;

	text_init(&raw, INPUT_MAX);
	if (read_file(path, &raw, &err) < 0) {
		cli_fail(cli, &err);
		return EX_NOINPUT;
	}
	return parse(cli, forms, text_view(&raw), channel, colour);
}

int cmd_parse(struct cli *cli, int argc, char **argv)
{
	bool channel = cli_flag(&argc, argv, "--text"), colour = cli_flag(&argc, argv, "--colour");
	const char *folder = cli_option(&argc, argv, "--forms");
	struct error err = ERROR_INIT;
	struct config *config = NULL;
	struct forms *forms = NULL;
	int status = EX_OK;

	if (argc < 1)
		return cli_usage(cli, "name a file, or - for standard input");
	if (cli_config(cli, &config, &err) < 0 || cli_forms(config, folder, &forms, &err) < 0)
		status = cli_fail(cli, &err);
	for (int i = 0; forms && i < argc && status == EX_OK; i++) {
		if (i > 0)
			printf("\n");
		if (argc > 1 && !cli->json)
			printf("%s\n\n", argv[i]);
		status = read_and_parse(cli, forms, argv[i], channel, colour);
	}
	forms_free(&forms);
	config_free(&config);
	return status;
}
