/*
 * fieldpost forms check [FOLDER]: the round-trip proof of every form of the folder (the config's, if none is named).
 *
 * Prints FILE:LINE:COLUMN of each field whose answer does not come back, with the client, the line of its reply and
 * what came instead; exit 1 then, and when a form is refused outright. --form proves one form only, --clients takes the
 * simulated clients (and the mails of ours that are quoted) from another folder, --quoted FILE (any number of them)
 * proves that this text of ours gives no answer when it is quoted, --keep writes each reply that failed into a folder,
 * --record FILE writes the list of proven forms: as `proven` beside the forms it spares the service the proof.
 */
#include "cli/cmd_forms.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "cli/table.h"
#include "parsers/parsers.h"
#include "pipeline.h"

#define FAILURES_SHOWN 20 /* of a form */
#define TEXT_SIZE_MAX ((size_t)1024 * 1024)

struct check {
	struct cli *cli;
	struct config *config;
	struct pipeline_sources sources;
	struct forms *forms;
	struct clients *clients;
	const char *folder, *form, *clients_folder, *keep, *record;
	struct parse_source *texts; /* of ours that are quoted */
	size_t text_count, text_room;
	size_t replies, failures, kept;
	const char *printed; /* the last failure */
	json_t *done;
};

/* Room for that many more. */
static struct parse_source *grow(struct check *check, size_t more)
{
	struct parse_source *grown;

	if (check->text_count + more > check->text_room) {
		check->text_room = 2 * (check->text_count + more);
		grown = ARENA_NEW_N(check->cli->arena, struct parse_source, check->text_room);
		for (size_t i = 0; i < check->text_count; i++)
			grown[i] = check->texts[i];
		check->texts = grown;
	}
	return &check->texts[check->text_count];
}

static int read_text(struct check *check, const char *path, struct error *err)
{
	struct parse_source *source = grow(check, 1);
	char buffer[4096];
	TEXT_SCOPED text;
	size_t got;
	FILE *file;

	text_init(&text, TEXT_SIZE_MAX);
	file = fopen(path, "rb");
	if (!file)
		return error_set(err, REACH_STOP, "%s: %s", path, strerror(errno));
	while ((got = fread(buffer, 1, sizeof(buffer), file)) > 0)
		text_add(&text, buffer, got);
	fclose(file);
	source->file = path;
	source->bytes = (struct view){arena_copy(check->cli->arena, text_string(&text), text.len), text.len};
	check->text_count++;
	return 0;
}

/* What the service sends with the forms besides. */
static int add_letters(struct check *check, struct error *err)
{
	for (size_t i = 0; i < forms_count(check->forms); i++) {
		const struct form *form = forms_at(check->forms, i);
		struct parse_source *room = grow(check, FORMS_LETTERS_MAX * form->title.count);
		size_t count = 0;

		if (check->form && strcmp(check->form, form->id) != 0)
			continue;
		if (forms_letters(check->cli, check->forms, form, check->clients, room, &count, err) < 0)
			return -1;
		check->text_count += count;
	}
	return 0;
}

static int load(struct check *check, struct error *err)
{
	struct arena *arena = check->cli->arena;
	const char *folder = check->folder;
	struct pipeline_clients clients;

	if (cli_config(check->cli, &check->config, err) < 0 || parsers_open(err) < 0 ||
		pipeline_sources_load(check->config, arena, &check->sources, err) < 0)
		return -1;
	if (folder && pipeline_folder_load(check->config, folder, "forms", arena, &check->sources.forms,
			      &check->sources.form_count, err) < 0)
		return -1;
	if (pipeline_clients_load(check->config, check->clients_folder, arena, &clients, err) < 0)
		return -1;
	for (size_t i = 0; i < clients.text_count; i++) {
		*grow(check, 1) = clients.texts[i];
		check->text_count++;
	}
	if (forms_new(check->sources.forms, check->sources.form_count, check->sources.languages,
		    check->sources.language_count, &check->forms, err) < 0)
		return -1;
	if (clients_new(clients.clients, clients.client_count, check->sources.languages, check->sources.language_count,
		    &check->clients, err) < 0)
		return -1;
	return add_letters(check, err);
}

/* ---- what is printed ---- */

static const char *keep_reply(struct check *check, const struct proof_failure *failure)
{
	const char *path;
	FILE *file;

	if (!check->keep)
		return NULL;
	path = arena_printf(
		check->cli->arena, "%s/%03zu.%s", check->keep, ++check->kept, failure->channel ? "txt" : "eml");
	file = fopen(path, "wb");
	if (!file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return NULL;
	}
	fwrite(failure->mail.ptr, 1, failure->mail.len, file);
	fclose(file);
	return path;
}

static const char *clean(struct check *check, const char *text)
{
	return table_clean(check->cli->arena, view_of(text));
}

static void print_failure(struct check *check, const struct proof_failure *failure)
{
	const char *path = keep_reply(check, failure), *words = proof_failure_words(check->cli->arena, failure);

	/* Several replies of one client and style often fail in the same words. */
	if (!path && check->printed && strcmp(check->printed, words) == 0)
		return;
	check->printed = words;
	printf("%s", clean(check, words));
	printf(path ? " (%s)\n" : "\n", path);
}

static json_t *failure_json(const struct proof_failure *failure)
{
	return json_pack("{s:s, s:s?, s:s, s:s, s:s, s:i, s:s, s:s}", "place", failure->place, "field", failure->field,
		"language", failure->language, "client", failure->client, "style", failure->style, "line",
		failure->line, "wanted", failure->wanted, "got", failure->got);
}

static void print_proof(struct check *check, const struct form *form, const struct proof *proof)
{
	json_t *failures = json_array();

	for (size_t i = 0; i < proof->kept; i++) {
		json_array_append_new(failures, failure_json(&proof->failures[i]));
		if (!check->cli->json)
			print_failure(check, &proof->failures[i]);
	}
	json_array_append_new(check->done,
		json_pack("{s:s, s:i, s:b, s:I, s:I, s:s?, s:o}", "form", form->id, "version", form->version, "proven",
			proof->failure_count == 0, "replies", (json_int_t)proof->replies, "failed",
			(json_int_t)proof->failure_count, "unproven", proof->unproven, "failures", failures));
	if (check->cli->json)
		return;
	if (form_warning(form))
		printf("warning  %s\n", clean(check, form_warning(form)));
	if (proof->unproven)
		printf("%s: no answer can be made for the field \"%s\": not proven\n", form->id, proof->unproven);
	printf("%-8s %s, version %d: %zu replies", proof->failure_count ? "REFUSED" : "proven", form->id, form->version,
		proof->replies);
	if (proof->failure_count)
		printf(", %zu answers did not come back", proof->failure_count);
	printf("\n");
	fflush(stdout);
}

/* The list of the forms that were proven, by the hashes of their files. */
static int write_record(const struct check *check, struct error *err)
{
	FILE *file = fopen(check->record, "w");
	bool well;

	if (!file)
		return error_set(err, REACH_STOP, "%s: %s", check->record, strerror(errno));
	fprintf(file, "# Forms that were proven (fieldpost forms check --record FILE): the SHA-256 of each file, form, "
		      "version.\n");
	for (size_t i = 0; i < forms_count(check->forms); i++) {
		const struct form *form = forms_at(check->forms, i);

		if (!check->form || strcmp(check->form, form->id) == 0)
			fprintf(file, "%s %s %d\n", form->source_sha256, form->id, form->version);
	}
	well = !ferror(file);
	return fclose(file) == 0 && well ? 0 : error_set(err, REACH_STOP, "%s cannot be written", check->record);
}

static int finish(struct check *check)
{
	struct error err = ERROR_INIT;

	if (check->cli->json) {
		json_t *all = json_pack("{s:b, s:I, s:O}", "proven", check->failures == 0, "clients",
			(json_int_t)clients_count(check->clients), "forms", check->done);

		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(all);
	} else {
		printf("%zu simulated clients, %zu replies\n", clients_count(check->clients), check->replies);
	}
	if (check->failures > 0)
		return 1;
	return check->record && write_record(check, &err) < 0 ? cli_fail(check->cli, &err) : EX_OK;
}

/* ---- the proof ---- */

/* The proof of one form, by a thread of its own: forms are not changed by reading. */
struct job {
	struct check *check;
	const struct form *form;
	struct arena *arena;
	struct proof proof;
	pthread_t thread;
	bool running;
};

static void *prove(void *context)
{
	struct job *job = context;
	struct check *check = job->check;

	form_prove(check->forms, job->form, check->clients, job->arena, FAILURES_SHOWN, &job->proof);
	form_prove_quoted(check->forms, job->form, check->clients, check->texts, check->text_count, job->arena,
		FAILURES_SHOWN, &job->proof);
	return NULL;
}

static void start(struct job *job, struct check *check, const struct form *form)
{
	*job = (struct job){.check = check, .form = form, .arena = arena_new()};
	job->running = pthread_create(&job->thread, NULL, prove, job) == 0;
	if (!job->running)
		prove(job);
}

static void await(struct job *job)
{
	if (job->running)
		pthread_join(job->thread, NULL);
	job->check->replies += job->proof.replies;
	job->check->failures += job->proof.failure_count;
	print_proof(job->check, job->form, &job->proof);
	arena_free(&job->arena);
}

static int prove_all(struct check *check)
{
	size_t count = forms_count(check->forms), begun = 0, ended = 0;
	struct job *jobs = ARENA_NEW_N(check->cli->arena, struct job, count);
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	for (size_t i = 0; i < count; i++) {
		const struct form *form = forms_at(check->forms, i);

		if (check->form && strcmp(check->form, form->id) != 0)
			continue;
		if (begun - ended >= (size_t)(cores > 1 ? cores : 1))
			await(&jobs[ended++]);
		start(&jobs[begun++], check, form);
	}
	while (ended < begun)
		await(&jobs[ended++]);
	if (begun > 0)
		return finish(check);
	fprintf(stderr, "fieldpost forms: there is no form%s%s\n", check->form ? " " : "",
		check->form ? check->form : "");
	return EX_NOINPUT;
}

int forms_check(struct cli *cli, int argc, char **argv)
{
	struct check check = {.cli = cli};
	struct error err = ERROR_INIT;
	const char *quoted;
	int status = EX_OK;

	check.form = cli_option(&argc, argv, "--form");
	check.clients_folder = cli_option(&argc, argv, "--clients");
	check.keep = cli_option(&argc, argv, "--keep");
	check.record = cli_option(&argc, argv, "--record");
	while (status == EX_OK && (quoted = cli_option(&argc, argv, "--quoted")))
		if (read_text(&check, quoted, &err) < 0)
			status = cli_fail(cli, &err);
	if (status != EX_OK)
		return status;
	if (argc > 1)
		return cli_usage(cli, "name one folder at most");
	check.folder = argc == 1 ? argv[0] : NULL;
	check.done = json_array();
	if (load(&check, &err) < 0 || forms_check_types(check.forms, &err) < 0) {
		(void)cli_fail(cli, &err);
		status = 1;
	} else {
		status = prove_all(&check);
	}
	json_decref(check.done);
	clients_free(&check.clients);
	forms_free(&check.forms);
	config_free(&check.config);
	return status;
}
