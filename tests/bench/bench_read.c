/*
 * How fast mails are read, from raw bytes to typed answers, beside GMime alone: its parsing of the same mails and the
 * decoding of every part, text to UTF-8. Times are of the processor, of one thread. Needs no database.
 *
 *     bench_read FORMS LANGUAGES MAILS [RUNS]       times, the kinds of reading in turn
 *     bench_read --count KIND FORMS LANGUAGES MAILS one pass of KIND, for callgrind (--instr-atstart=no): what is
 * loaded before and a first pass over the mails are not counted
 *
 * FORMS, LANGUAGES, MAILS: folders; beside each NAME.eml NAME.json says which form it answers. Kinds:
 *
 *     read   with all forms of the folder
 *     gmime  GMime alone
 *     one    each mail with the one form loaded that it answers
 *     many   with 100 forms: the folder's and copies of them under other titles, half of the copies with labels of
 *            their own
 */
#include <dirent.h>
#include <gmime/gmime.h>
#include <time.h>
#include <valgrind/callgrind.h>

#include "pipeline.h"

#define FORMS_MANY 100
#define FORMS_MOST 32 /* in the folder */
#define RUNS_MOST 1000
#define PASSES 4 /* over the mails, in one run */
#define KINDS 4

struct mail_file {
	struct view raw;
	size_t form; /* index in the folder */
};

struct bench {
	struct arena *arena;   /* of what lives as long as the program */
	struct arena *scratch; /* of one mail */
	struct parse_source *sources, *languages;
	size_t source_count, language_count;
	struct forms *all, *many, *one[FORMS_MOST];
	struct mail_file *mails;
	size_t mail_count, size;
	size_t taken; /* values and bytes: what is read must not be optimised away, and is told apart by it */
};

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "bench_read: %s: %s\n", what, why);
	exit(1);
}

/* ---- what is read ---- */

static struct view read_file(struct arena *arena, const char *folder, const char *name)
{
	gchar *bytes = NULL;
	gsize len = 0;
	struct view copy;

	if (!g_file_get_contents(arena_printf(arena, "%s/%s", folder, name), &bytes, &len, NULL))
		fail(name, "cannot be read");
	copy = (struct view){arena_copy(arena, bytes, len), len};
	g_free(bytes);
	return copy;
}

/* Index of the form that the mail answers; 0 where it answers none. */
static size_t form_of(const struct bench *bench, struct view expected)
{
	json_t *json = json_loadb(expected.ptr, expected.len, 0, NULL);
	const char *id = json_string_value(json_object_get(json, "template"));
	size_t found = 0;

	if (!json)
		fail("expected result", "is no JSON");
	for (size_t i = 0; id && i < bench->source_count; i++)
		if (forms_get(bench->one[i], id, 0))
			found = i;
	json_decref(json);
	return found;
}

static int is_mail(const struct dirent *entry)
{
	return view_ends(view_of(entry->d_name), VIEW(".eml"));
}

static void load_mails(struct bench *bench, const char *folder)
{
	struct dirent **entries = NULL;
	int count = scandir(folder, &entries, is_mail, alphasort);

	if (count <= 0)
		fail(folder, "no mails");
	bench->mails = ARENA_NEW_N(bench->arena, struct mail_file, (size_t)count);
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		struct mail_file *mail = &bench->mails[bench->mail_count++];

		mail->raw = read_file(bench->arena, folder, name);
		mail->form =
			form_of(bench, read_file(bench->arena, folder,
					       arena_printf(bench->arena, "%.*s.json", (int)strlen(name) - 4, name)));
		bench->size += mail->raw.len;
		free(entries[i]);
	}
	free(entries);
}

/* ---- forms ---- */

static struct forms *compile(const struct bench *bench, const struct parse_source *sources, size_t count)
{
	struct error err = ERROR_INIT;
	struct forms *forms = NULL;

	if (forms_new(sources, count, bench->languages, bench->language_count, &forms, &err) < 0)
		fail("forms", err.text);
	return forms;
}

/* Inside "{en: Country, fr: Pays}" each label gets the mark before it. */
static void add_labels(struct text *out, struct view line, const char *mark)
{
	struct view rest = line, piece;

	for (bool first = true; view_next_field(&rest, ':', &piece); first = false) {
		bool label = !first && view_starts(piece, VIEW(" ")) && !view_starts(piece, VIEW(" {"));

		text_add_format(out, "%s%s%.*s", first ? "" : ":", label ? mark : "", VIEW_ARGS(piece));
	}
	text_add_char(out, '\n');
}

/* The form under another id and other titles; its fields with other labels, where wanted. */
static struct view variant(struct arena *arena, struct view source, size_t number, bool own_labels)
{
	const char *mark = arena_printf(arena, " Q%zu", number);
	struct view rest = source, line;
	bool title = false;
	TEXT_SCOPED out;

	text_init(&out, 4 * source.len);
	while (view_next_line(&rest, &line)) {
		if (view_starts(line, VIEW("id: ")))
			text_add_format(&out, "%.*s-%zu\n", VIEW_ARGS(line), number);
		else if (title && view_starts(line, VIEW("  ")))
			text_add_format(&out, "%.*s %zu\n", VIEW_ARGS(line), number);
		else if (own_labels && view_starts(line, VIEW("    label: {")))
			add_labels(&out, line, mark);
		else
			text_add_format(&out, "%.*s\n", VIEW_ARGS(line));
		title = view_starts(line, VIEW("title:")) || (title && view_starts(line, VIEW("  ")));
	}
	return (struct view){arena_copy(arena, out.ptr, out.len), out.len};
}

static struct forms *compile_many(const struct bench *bench)
{
	struct parse_source *sources = ARENA_NEW_N(bench->arena, struct parse_source, FORMS_MANY);

	for (size_t i = 0; i < FORMS_MANY; i++) {
		sources[i] = bench->sources[i % bench->source_count];
		if (i < bench->source_count)
			continue;
		sources[i].file = arena_printf(bench->arena, "variant %zu", i);
		sources[i].bytes = variant(bench->arena, sources[i].bytes, i, (i / bench->source_count) % 2 == 0);
	}
	return compile(bench, sources, FORMS_MANY);
}

static void load(struct bench *bench, char **folders)
{
	struct error err = ERROR_INIT;

	if (parsers_open(&err) < 0 ||
		pipeline_folder_load(
			NULL, folders[0], "forms", bench->arena, &bench->sources, &bench->source_count, &err) < 0 ||
		pipeline_folder_load(NULL, folders[1], "languages", bench->arena, &bench->languages,
			&bench->language_count, &err) < 0)
		fail("load", err.text);
	if (bench->source_count == 0 || bench->source_count > FORMS_MOST)
		fail(folders[0], "no forms, or too many");
	bench->all = compile(bench, bench->sources, bench->source_count);
	for (size_t i = 0; i < bench->source_count; i++)
		bench->one[i] = compile(bench, &bench->sources[i], 1);
	bench->many = compile_many(bench);
	load_mails(bench, folders[2]);
}

static void release(struct bench *bench)
{
	for (size_t i = 0; i < bench->source_count; i++)
		forms_free(&bench->one[i]);
	forms_free(&bench->all);
	forms_free(&bench->many);
	arena_free(&bench->scratch);
	arena_free(&bench->arena);
}

/* ---- the kinds ---- */

static void read_with(struct bench *bench, const struct forms *forms, const struct mail_file *mail)
{
	struct pipeline_message message = {.raw = mail->raw};
	struct result result;

	pipeline_read(forms, bench->scratch, &message, &result);
	bench->taken += json_object_size(result.values);
	result_release(&result);
	arena_reset(bench->scratch);
}

static void read_all(struct bench *bench, const struct mail_file *mail)
{
	read_with(bench, bench->all, mail);
}

static void read_one(struct bench *bench, const struct mail_file *mail)
{
	read_with(bench, bench->one[mail->form], mail);
}

static void read_many(struct bench *bench, const struct mail_file *mail)
{
	read_with(bench, bench->many, mail);
}

static void decode_part(GMimeObject *parent, GMimeObject *part, gpointer context)
{
	struct bench *bench = context;

	if (GMIME_IS_TEXT_PART(part)) {
		char *text = g_mime_text_part_get_text(GMIME_TEXT_PART(part));

		bench->taken += text ? strlen(text) : 0;
		g_free(text);
	} else if (GMIME_IS_PART(part) && g_mime_part_get_content(GMIME_PART(part))) {
		GMimeStream *bytes = g_mime_stream_mem_new();

		g_mime_data_wrapper_write_to_stream(g_mime_part_get_content(GMIME_PART(part)), bytes);
		bench->taken += (size_t)g_mime_stream_length(bytes);
		g_object_unref(bytes);
	}
}

static void read_gmime(struct bench *bench, const struct mail_file *mail)
{
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(mail->raw.ptr, mail->raw.len);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
	const char *subject = message ? g_mime_message_get_subject(message) : NULL;

	bench->taken += subject ? strlen(subject) : 0;
	if (message) {
		g_mime_message_foreach(message, decode_part, bench);
		g_object_unref(message);
	}
	g_object_unref(parser);
	g_object_unref(stream);
}

static const struct kind {
	const char *name;
	void (*read)(struct bench *bench, const struct mail_file *mail);
} kinds[KINDS] = {{"read", read_all}, {"gmime", read_gmime}, {"one", read_one}, {"many", read_many}};

static void pass(struct bench *bench, const struct kind *kind)
{
	for (size_t i = 0; i < bench->mail_count; i++)
		kind->read(bench, &bench->mails[i]);
}

/* ---- measuring ---- */

static int count(struct bench *bench, const char *name)
{
	for (size_t i = 0; i < KINDS; i++) {
		if (strcmp(kinds[i].name, name) != 0)
			continue;
		pass(bench, &kinds[i]);
		bench->taken = 0;
		CALLGRIND_START_INSTRUMENTATION;
		pass(bench, &kinds[i]);
		CALLGRIND_STOP_INSTRUMENTATION;
		printf("%zu mails, %zu taken\n", bench->mail_count, bench->taken);
		return 0;
	}
	fail(name, "no such kind");
	return 1;
}

/* Processor time: reading waits for nothing, and what else the machine does is not counted. In microseconds. */
static int64_t processor_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int compare(const void *a, const void *b)
{
	int64_t one = *(const int64_t *)a, two = *(const int64_t *)b;

	return one < two ? -1 : one > two;
}

static void show(const struct bench *bench, const struct kind *kind, int64_t *times, size_t runs)
{
	double mails = (double)(PASSES * bench->mail_count);

	qsort(times, runs, sizeof(*times), compare);
	printf("%-6s median %7.1f us a mail (%.1f to %.1f)  %7.0f mails/s\n", kind->name,
		(double)times[runs / 2] / mails, (double)times[0] / mails, (double)times[runs - 1] / mails,
		mails * 1e6 / (double)times[runs / 2]);
}

static int measure(struct bench *bench, size_t runs)
{
	static int64_t times[KINDS][RUNS_MOST];

	for (size_t i = 0; i < KINDS; i++)
		pass(bench, &kinds[i]);
	for (size_t run = 0; run < runs; run++)
		for (size_t i = 0; i < KINDS; i++) {
			int64_t began = processor_time();

			for (size_t n = 0; n < PASSES; n++)
				pass(bench, &kinds[i]);
			times[i][run] = processor_time() - began;
		}
	printf("%zu mails, %zu bytes, %d passes a run, %zu runs in turn\n", bench->mail_count, bench->size, PASSES,
		runs);
	for (size_t i = 0; i < KINDS; i++)
		show(bench, &kinds[i], times[i], runs);
	return 0;
}

int main(int argc, char **argv)
{
	struct bench bench = {.arena = arena_new(), .scratch = arena_new()};
	bool counting = argc == 6 && strcmp(argv[1], "--count") == 0;
	long long runs = 15;
	int status;

	if (!counting &&
		(argc < 4 || argc > 5 || (argc == 5 && view_to_int(view_of(argv[4]), 1, RUNS_MOST, &runs) < 0)))
		fail("usage", "bench_read [--count KIND] FORMS LANGUAGES MAILS [RUNS]");
	load(&bench, counting ? argv + 3 : argv + 1);
	status = counting ? count(&bench, argv[2]) : measure(&bench, (size_t)runs);
	release(&bench);
	return status;
}
