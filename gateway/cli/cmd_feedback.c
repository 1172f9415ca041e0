/* fieldpost feedback show: one feedback as its readers may see it, its revisions, and its files into a folder. */
#include "cli/commands.h"

#include <string.h>

#include "cli/reading.h"
#include "core/clock.h"
#include "parsers/parsers.h"

#define FILE_BYTES_MAX ((size_t)64 * 1024 * 1024)

struct show {
	struct reading reading;
	struct db *db;
	const char *folder; /* for the files, or NULL */
	long long number;
};

/* ---- for people ---- */

static void line(struct arena *arena, const char *name, const char *words)
{
	if (words && *words)
		table_block(arena, name, 20, words);
}

static void print_answers(struct arena *arena, json_t *answers)
{
	const char *name;
	json_t *value;

	json_object_foreach(answers, name, value)
		line(arena, arena_printf(arena, "  %s", name), table_value(arena, value));
}

static void print_revisions(struct arena *arena, const json_t *revisions)
{
	const json_t *one;
	size_t i;

	if (json_array_size(revisions) < 2)
		return;
	printf("\nrevisions\n");
	json_array_foreach(revisions, i, one)
	{
		const char *reason = json_string_value(json_object_get(one, "reason"));
		const char *author = json_string_value(json_object_get(one, "author"));

		printf("  %lld by %s%s, %.16s%s%s\n", (long long)json_integer_value(json_object_get(one, "revision")),
			strcmp(author, "reparse") == 0 ? "" : "the ", author,
			json_string_value(json_object_get(one, "at")), reason ? ": " : "",
			reason ? table_clean(arena, view_of(reason)) : "");
		print_answers(arena, json_object_get(one, "answers"));
	}
}

static void print_files(struct arena *arena, const json_t *files)
{
	const json_t *one;
	size_t i;

	if (json_array_size(files) > 0)
		printf("\nattachments\n");
	json_array_foreach(files, i, one)
	{
		const char *name = json_string_value(json_object_get(one, "name"));

		printf("  part %s: %s, %s, %lld bytes\n", json_string_value(json_object_get(one, "part")),
			name && *name ? table_clean(arena, view_of(name)) : "-",
			table_clean(arena, view_of(json_string_value(json_object_get(one, "type")))),
			(long long)json_integer_value(json_object_get(one, "size")));
	}
}

static void line_of(struct arena *arena, const struct db_rows *rows, const char *name, const char *column)
{
	line(arena, name, db_get_string(rows, 0, column));
}

static void print(struct show *s, const struct db_rows *rows)
{
	struct arena *arena = s->reading.cli->arena;
	json_t *answers = db_get_json(rows, 0, "answers"), *revisions = db_get_json(rows, 0, "revisions");
	json_t *files = db_get_json(rows, 0, "attachments");
	char text[CLOCK_TEXT_SIZE];

	printf("%-20s %lld\n", "feedback", (long long)db_get_int(rows, 0, "feedback_id"));
	if (!db_is_null(rows, 0, "line_number"))
		printf("%-20s #%lld\n", "line", (long long)db_get_int(rows, 0, "line_number"));
	line(arena, "form",
		arena_printf(arena, "%s version %lld", db_get_string(rows, 0, "form_id"),
			(long long)db_get_int(rows, 0, "form_version")));
	clock_format(db_get_time(rows, 0, "received_at"), text);
	line(arena, "received", text);
	line_of(arena, rows, "country", "country");
	line_of(arena, rows, "language", "language");
	line_of(arena, rows, "sharing", "sharing");
	line_of(arena, rows, "sensitive", "sensitive");
	line_of(arena, rows, "state", "state");
	line_of(arena, rows, "name", "name");
	line(arena, "role", db_is_null(rows, 0, "role") ? "practitioner" : db_get_string(rows, 0, "role"));
	line_of(arena, rows, "sender", "verification");
	printf("\nanswers\n");
	print_answers(arena, answers);
	line_of(arena, rows, "  remarks", "remarks");
	print_revisions(arena, revisions);
	print_files(arena, files);
	json_decref(answers);
	json_decref(revisions);
	json_decref(files);
}

/* ---- for programs ---- */

static void print_json(const struct db_rows *rows)
{
	static const char *const strings[] = {
		"form_id", "country", "language", "sharing", "sensitive", "verification", "state", "name", "role", "remarks"};
	static const char *const objects[] = {"answers", "revisions", "attachments"};
	json_t *object = json_object();
	char text[CLOCK_TEXT_SIZE];

	json_object_set_new(object, "feedback_id", json_integer(db_get_int(rows, 0, "feedback_id")));
	json_object_set_new(object, "line",
		db_is_null(rows, 0, "line_number") ? json_null() : json_integer(db_get_int(rows, 0, "line_number")));
	json_object_set_new(object, "form_version", json_integer(db_get_int(rows, 0, "form_version")));
	clock_format(db_get_time(rows, 0, "received_at"), text);
	json_object_set_new(object, "received_at", json_string(text));
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		json_object_set_new(object, strings[i],
			db_is_null(rows, 0, strings[i]) ? json_null()
							: json_string(db_get_string(rows, 0, strings[i])));
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
		json_object_set_new(object, objects[i], db_get_json(rows, 0, objects[i]));
	json_dumpf(object, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(object);
}

/* ---- the files ---- */

/* Decoded bytes of a part: those that a channel's file has of its own, else out of the mail. They live in the arena. */
static int part_bytes(struct show *s, int64_t message, const char *part, struct view *out, struct error *err)
{
	DB_ROWS_SCOPED *rows = NULL, *raw = NULL;
	struct arena *arena = s->reading.cli->arena;
	struct db_args args;

	db_args_init(&args, arena);
	db_arg_int(&args, message);
	db_arg_string(&args, part);
	if (db_call(s->db, "api.attachment_bytes", &args, &rows, err) < 0)
		return -1;
	if (db_count(rows) > 0 && !db_is_null(rows, 0, "bytes")) {
		struct view bytes = db_get_view(rows, 0, "bytes");

		*out = (struct view){arena_copy(arena, bytes.ptr, bytes.len), bytes.len};
		return 0;
	}
	db_args_init(&args, arena);
	db_arg_int(&args, message);
	if (db_call(s->db, "api.message_raw", &args, &raw, err) < 0)
		return -1;
	if (db_count(raw) == 0 || !parse_attachment(arena, db_get_view(raw, 0, "raw"), part, out))
		return error_set(err, REACH_MESSAGE, "part %s is not in the message", part);
	return 0;
}

/*
 * Of whom no name is given only photos are handed out, under a name of ours and without what the camera wrote into
 * them: documents tell their authors in too many places.
 */
static int keep_unnamed(struct show *s, const char *part, const char *type, struct view bytes, struct error *err)
{
	bool png = strcmp(type, "image/png") == 0;
	TEXT_SCOPED out;

	text_init(&out, FILE_BYTES_MAX);
	if ((!png && strcmp(type, "image/jpeg") != 0) || parse_photo(bytes, &out) < 0) {
		printf("part %s is kept back: it may tell who sent it\n", part);
		return 0;
	}
	return cli_write_file(arena_printf(s->reading.cli->arena, "%s/part-%s.%s", s->folder, part, png ? "png" : "jpg"),
		text_view(&out), err);
}

static int keep_files(struct show *s, const struct db_rows *rows, struct error *err)
{
	struct arena *arena = s->reading.cli->arena;
	bool unnamed = strcmp(db_get_string(rows, 0, "sharing"), "no-name") == 0;
	json_t *files = db_get_json(rows, 0, "attachments"), *one;
	int result = 0;
	size_t i;

	json_array_foreach(files, i, one)
	{
		const char *part = json_string_value(json_object_get(one, "part"));
		const char *name = json_string_value(json_object_get(one, "name"));
		struct view bytes = VIEW_NULL;

		if (result == 0)
			result = part_bytes(s, db_get_int(rows, 0, "message_id"), part, &bytes, err);
		if (result == 0 && unnamed)
			result = keep_unnamed(s, part, json_string_value(json_object_get(one, "type")), bytes, err);
		else if (result == 0)
			result = cli_write_file(
				arena_printf(arena, "%s/%s-%s", s->folder, part, name && *name ? name : "attachment"),
				bytes, err);
	}
	json_decref(files);
	return result;
}

/* ---- the command ---- */

static int run(void *context, const struct config *config, struct db *db, struct error *err)
{
	struct show *s = context;
	DB_ROWS_SCOPED *rows = NULL;
	struct db_args args;

	s->db = db;
	if (parsers_open(err) < 0 || reading_begin(&s->reading, db, err) < 0)
		return -1;
	db_args_init(&args, s->reading.cli->arena);
	db_arg_int(&args, s->number);
	if (db_call(db, "read.feedback_show", &args, &rows, err) < 0)
		return db_rollback(db, NULL), -1;
	if (db_commit(db, err) < 0)
		return -1;
	if (db_count(rows) == 0)
		return error_set(err, REACH_MESSAGE, "there is no feedback %lld%s", s->number,
			s->reading.as || s->reading.restricted ? ""
							       : " (what is restricted is shown with --restricted)");
	if (s->reading.cli->json)
		print_json(rows);
	else
		print(s, rows);
	return s->folder ? keep_files(s, rows, err) : 0;
}

int cmd_feedback(struct cli *cli, int argc, char **argv)
{
	struct show s = {.folder = cli_option(&argc, argv, "--attachments")};
	int status = reading_options(&s.reading, cli, &argc, argv);

	if (status == EX_OK && (argc != 2 || strcmp(argv[0], "show") != 0 || json_object_size(s.reading.filters) > 0))
		status = cli_usage(cli, "say show and a number");
	if (status == EX_OK &&
		view_to_int(view_of(*argv[1] == '#' ? argv[1] + 1 : argv[1]), 1, INT64_MAX, &s.number) < 0)
		status = cli_usage(cli, "\"%s\" is no number of a line or a feedback", argv[1]);
	if (status == EX_OK)
		status = cli_run(cli, run, &s);
	reading_release(&s.reading);
	return status;
}
