/* fieldpost export: the feedback of a form as CSV or XLSX, a row a feedback, a column a field. */
#include "cli/commands.h"

#include <errno.h>
#include <stdlib.h>

#include "cli/export.h"
#include "cli/reading.h"
#include "core/clock.h"

#define PAGE_ROWS 1000
#define ROWS_MAX 1000000 /* a sheet of Excel takes 1,048,576 */

struct job {
	struct reading reading;
	struct db *db;
	const char *form, *csv, *xlsx, *labels;
	json_t *fields;
	long long rows;
};

static void text(struct export *export, const char *words)
{
	export_text(export, view_of(words));
}

static int find_fields(struct job *job, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;

	db_args_init(&args, job->reading.cli->arena);
	db_arg_string(&args, job->labels ? job->labels : "en");
	if (db_call(job->db, "read.forms", &args, &rows, err) < 0)
		return -1;
	for (size_t row = 0; row < db_count(rows); row++)
		if (strcmp(db_get_string(rows, row, "form_id"), job->form) == 0)
			job->fields = db_get_json(rows, row, "fields");
	return job->fields ? 0 : error_set(err, REACH_MESSAGE, "there is no form \"%s\"", job->form);
}

static void write_head(const struct job *job, struct export *export)
{
	static const char *const common[] = {"feedback", "line", "version", "received", "filed", "country", "language",
		"sharing", "verification", "state", "name", "role"};
	const json_t *field;
	size_t i;

	for (i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		text(export, common[i]);
	json_array_foreach(job->fields, i, field)
	{
		const char *label = job->labels ? json_string_value(json_object_get(field, "label")) : NULL;

		text(export, label ? label : json_string_value(json_object_get(field, "name")));
	}
	text(export, "remarks");
	export_end_row(export);
}

/* A choice in words, where words are wanted. */
static const char *option_words(const struct job *job, const json_t *field, const json_t *value)
{
	const json_t *option;
	size_t i;

	if (job->labels)
		json_array_foreach(json_object_get(field, "options"), i,
			option) if (json_equal(json_object_get(option, "value"), value) &&
				    json_object_get(option, "label")) return json_string_value(json_object_get(option,
			"label"));
	return json_is_string(value) ? json_string_value(value) : "";
}

static void write_value(struct job *job, struct export *export, const json_t *field, const json_t *value)
{
	const char *joined = "";
	const json_t *item;
	size_t i;

	if (json_is_integer(value)) {
		export_number(export, json_integer_value(value));
		return;
	}
	if (json_is_boolean(value)) {
		text(export, json_is_true(value) ? "true" : "false");
		return;
	}
	json_array_foreach(value, i, item) joined =
		arena_printf(job->reading.cli->arena, "%s%s%s", joined, i ? ", " : "", option_words(job, field, item));
	text(export, json_is_array(value) ? joined : option_words(job, field, value));
}

static void write_row(struct job *job, struct export *export, const struct db_rows *rows, size_t row)
{
	json_t *answers = db_get_json(rows, row, "answers");
	const json_t *field;
	char at[CLOCK_TEXT_SIZE];
	size_t i;

	export_number(export, db_get_int(rows, row, "feedback_id"));
	if (db_is_null(rows, row, "line_number"))
		text(export, "");
	else
		export_number(export, db_get_int(rows, row, "line_number"));
	export_number(export, db_get_int(rows, row, "form_version"));
	clock_format(db_get_time(rows, row, "received_at"), at);
	text(export, at);
	clock_format(db_get_time(rows, row, "filed_at"), at);
	text(export, at);
	text(export, db_get_string(rows, row, "country"));
	text(export, db_get_string(rows, row, "language"));
	text(export, db_get_string(rows, row, "sharing"));
	text(export, db_get_string(rows, row, "verification"));
	text(export, db_get_string(rows, row, "state"));
	text(export, db_get_string(rows, row, "name"));
	text(export, db_is_null(rows, row, "role") ? "practitioner" : db_get_string(rows, row, "role"));
	json_array_foreach(job->fields, i, field) write_value(
		job, export, field, json_object_get(answers, json_string_value(json_object_get(field, "name"))));
	export_text(export, db_get_view(rows, row, "remarks"));
	export_end_row(export);
	json_decref(answers);
}

static int write_rows(struct job *job, struct export *export, struct error *err)
{
	int64_t after = 0;

	for (;;) {
		DB_ROWS_SCOPED *rows = NULL;
		struct db_args args;
		size_t count;

		db_args_init(&args, job->reading.cli->arena);
		db_arg_string(&args, job->form);
		db_arg_json(&args, job->reading.filters);
		db_arg_int(&args, after);
		db_arg_int(&args, PAGE_ROWS);
		if (db_call(job->db, "read.feedback_rows", &args, &rows, err) < 0)
			return -1;
		count = db_count(rows);
		for (size_t row = 0; row < count; row++)
			write_row(job, export, rows, row);
		job->rows += (long long)count;
		if (count < PAGE_ROWS)
			return 0;
		if (job->rows >= ROWS_MAX)
			return error_set(
				err, REACH_MESSAGE, "more than %d rows: narrow it with --since and --until", ROWS_MAX);
		after = db_get_int(rows, count - 1, "feedback_id");
	}
}

/* What was read is noted (committed) before the last of it leaves. */
static int write_table(struct job *job, struct export *export, struct error *err)
{
	write_head(job, export);
	if (write_rows(job, export, err) == 0)
		return db_commit(job->db, err);
	db_rollback(job->db, NULL);
	return -1;
}

static int write_file(struct job *job, struct error *err)
{
	bool to_stdout = job->csv && strcmp(job->csv, "-") == 0;
	FILE *file = to_stdout ? stdout : job->csv ? fopen(job->csv, "wbe") : NULL;
	struct error close_err = ERROR_INIT;
	struct export *export;
	int result;

	if (job->csv && !file)
		return error_set(err, REACH_STOP, "%s: %s", job->csv, cli_file_words());
	export = job->csv ? export_csv(file) : export_xlsx(job->xlsx, err);
	if (!export)
		return -1;
	result = write_table(job, export, err);
	if (export_close(&export, &close_err) < 0 && result == 0)
		result = error_set(err, close_err.reach, "%s", close_err.text);
	if (file && !to_stdout && fclose(file) != 0 && result == 0)
		result = error_set(err, REACH_STOP, "%s: %s", job->csv, strerror(errno));
	if (result == 0 && !to_stdout)
		printf("%lld rows\n", job->rows);
	return result;
}

/* The file is opened when it is known what to write: an earlier table may lie there. */
static int run(void *context, const struct config *config, struct db *db, struct error *err)
{
	struct job *job = context;

	job->db = db;
	if (reading_begin(&job->reading, db, err) < 0)
		return -1;
	if (find_fields(job, err) == 0)
		return write_file(job, err);
	db_rollback(db, NULL);
	return -1;
}

int cmd_export(struct cli *cli, int argc, char **argv)
{
	struct job job = {.csv = cli_option(&argc, argv, "--csv"), .xlsx = cli_option(&argc, argv, "--xlsx")};
	int status;

	job.labels = cli_option(&argc, argv, "--labels");
	status = reading_options(&job.reading, cli, &argc, argv);
	if (status == EX_OK && (argc != 1 || argv[0][0] == '-'))
		status = cli_usage(cli, "which form?");
	if (status == EX_OK && !job.csv == !job.xlsx)
		status = cli_usage(cli, "say --csv FILE (- for standard output) or --xlsx FILE");
	if (status == EX_OK) {
		job.form = argv[0];
		status = cli_run(cli, run, &job);
	}
	json_decref(job.fields);
	reading_release(&job.reading);
	return status;
}
