/*
 * How many messages a second the database takes, on an embedded PostgreSQL of its own: stored (api.messages_store over
 * one pipelined connection, in batches of 100), then filed (api.parse_claim and api.parse_file, 100 a transaction; the
 * reading between them is left out). bench_store [MESSAGES [BYTES [IN_FLIGHT]]], by default 20000 of 3600 bytes, 4 in
 * flight. Not as root.
 */
#include <openssl/evp.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/config.h"
#include "store/db_private.h"
#include "store/embedded.h"
#include "store/migrate.h"

#define BATCH 100

static const char *const words[] = {"the", "police", "of", "district", "training", "and", "was", "not", "court",
	"women", "office", "report", "complaint", "month", "budget", "they", "oversight", "committee", "policy",
	"nobody", "register", "justice", "village", "meeting"};

struct batch {
	int64_t uids[BATCH], sizes[BATCH], received[BATCH], starts[BATCH];
	bool oversize[BATCH];
	struct view identities[BATCH], raws;
	unsigned char hashes[BATCH][32];
};

static void fail(const char *what, const struct error *err)
{
	fprintf(stderr, "bench_store: %s: %s\n", what, err->text);
	exit(1);
}

/* Words as people write them, with a header: what lz4 makes of it is like real mail. */
static void make_mail(struct text *mail, long number, size_t size)
{
	text_reset(mail);
	text_add_format(mail, "Message-ID: <%ld@bench.example>\r\nFrom: p%ld@example.org\r\nSubject: report\r\n\r\n",
		number, number % 977);
	while (mail->len + 16 < size)
		text_add_format(mail, "%s%c", words[(size_t)random() % (sizeof(words) / sizeof(words[0]))],
			random() % 12 ? ' ' : '\n');
}

static void make_batch(struct batch *batch, struct arena *arena, long first, size_t size)
{
	TEXT_SCOPED mail, mails;

	text_init(&mail, size + 1024);
	text_init(&mails, BATCH * (size + 1024));
	for (int i = 0; i < BATCH; i++) {
		make_mail(&mail, first + i, size);
		batch->uids[i] = first + i + 1;
		batch->sizes[i] = (int64_t)mail.len;
		batch->received[i] = clock_now();
		batch->oversize[i] = false;
		batch->starts[i] = (int64_t)mails.len;
		(void)!text_add_view(&mails, text_view(&mail));
		EVP_Digest(mail.ptr, mail.len, batch->hashes[i], NULL, EVP_sha256(), NULL);
		batch->identities[i] = (struct view){(const char *)batch->hashes[i], 32};
	}
	batch->raws = (struct view){arena_copy(arena, mails.ptr, mails.len), mails.len};
}

static void send_batch(struct db *db, struct arena *arena, int64_t folder, const struct batch *batch)
{
	struct error err = ERROR_INIT;
	struct db_args args;

	db_args_init(&args, arena);
	db_arg_int(&args, folder);
	db_arg_time(&args, clock_now());
	db_arg_int_array(&args, batch->uids, BATCH);
	db_arg_bytes_array(&args, batch->identities, BATCH);
	db_arg_null(&args); /* hashes */
	db_arg_int_array(&args, batch->sizes, BATCH);
	db_arg_bool_array(&args, batch->oversize, BATCH);
	db_arg_time_array(&args, batch->received, BATCH);
	db_arg_int_array(&args, batch->starts, BATCH);
	db_arg_int_array(&args, batch->sizes, BATCH);
	db_arg_bytes(&args, batch->raws);
	if (db_send(db, "api.messages_store", &args, &err) < 0)
		fail("send", &err);
}

static void receive_batch(struct db *db)
{
	struct error err = ERROR_INIT;
	struct db_rows *rows = NULL;

	if (db_receive(db, &rows, &err) < 0)
		fail("receive", &err);
	if (db_count(rows) != 1 || db_get_int(rows, 0, "fresh") != BATCH)
		fail("receive", &(struct error){.text = "not all fresh"});
	db_rows_free(&rows);
}

static int64_t open_folder(struct db *db, struct arena *arena)
{
	struct error err = ERROR_INIT;
	struct db_rows *rows = NULL;
	struct db_args args;
	int64_t id;

	db_args_init(&args, arena);
	db_arg_string(&args, "bench");
	db_arg_string(&args, "imap");
	if (db_call(db, "api.account_open", &args, &rows, &err) < 0)
		fail("account", &err);
	id = db_get_int(rows, 0, "account_id");
	db_rows_free(&rows);
	db_args_init(&args, arena);
	db_arg_int(&args, id);
	db_arg_string(&args, "INBOX");
	db_arg_int(&args, 1);
	db_arg_time(&args, clock_now());
	if (db_call(db, "api.folder_open", &args, &rows, &err) < 0)
		fail("folder", &err);
	id = db_get_int(rows, 0, "folder_id");
	db_rows_free(&rows);
	return id;
}

/* CPU time of the server's process for this connection so far, in microseconds. */
static int64_t server_cpu(struct db *db)
{
	struct error err = ERROR_INIT;
	struct db_rows *rows = NULL;
	unsigned long user = 0, kernel = 0;
	char name[64];
	FILE *file;

	if (db_query(db, "SELECT pg_backend_pid() AS pid", NULL, &rows, &err) < 0)
		fail("pid", &err);
	snprintf(name, sizeof(name), "/proc/%d/stat", (int)db_get_int(rows, 0, "pid"));
	db_rows_free(&rows);
	file = fopen(name, "r");
	if (!file ||
		fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %lu %lu", &user, &kernel) != 2)
		fail("/proc", &(struct error){.text = "the server's process is not to be seen"});
	fclose(file);
	return (int64_t)(user + kernel) * 1000000 / sysconf(_SC_CLK_TCK);
}

/* The mails are made before the clock runs. */
static void run(struct db *db, long messages, size_t size, int in_flight)
{
	struct arena *mails = arena_new(), *arena = arena_new();
	long batches = (messages + BATCH - 1) / BATCH, received = 0;
	struct batch *batch = ARENA_NEW_N(mails, struct batch, (size_t)batches);
	int64_t folder = open_folder(db, arena), began, spent, cpu;

	for (long i = 0; i < batches; i++)
		make_batch(&batch[i], mails, i * BATCH, size);
	cpu = server_cpu(db);
	began = clock_monotonic();
	for (long sent = 0; sent < batches; sent++) {
		arena_reset(arena);
		if (sent - received == in_flight) {
			receive_batch(db);
			received++;
		}
		send_batch(db, arena, folder, &batch[sent]);
	}
	for (; received < batches; received++)
		receive_batch(db);
	spent = clock_monotonic() - began;
	cpu = server_cpu(db) - cpu;
	printf("%ld messages of %zu bytes stored in %.2f s: %.0f a second; server's CPU %.0f us a message\n",
		batches * BATCH, size, (double)spent / 1e6, (double)(batches * BATCH) * 1e6 / (double)spent,
		(double)cpu / (double)(batches * BATCH));
	arena_free(&arena);
	arena_free(&mails);
}

/* ---- filing ---- */

#define FORM                                                                                                           \
	"[{\"id\":\"bench\",\"version\":1,\"sha256\":\"\",\"source\":\"\",\"title\":{\"en\":\"Bench\"},\"fields\":["   \
	"{\"name\":\"country\",\"type\":\"country\",\"number\":1},{\"name\":\"activity\",\"type\":\"choices\","        \
	"\"theme\":true,"                                                                                              \
	"\"number\":2},{\"name\":\"what_worked\",\"type\":\"text\",\"number\":3},{\"name\":\"what_did_not\",\"type\":" \
	"\"text\","                                                                                                    \
	"\"number\":4},{\"name\":\"lesson\",\"type\":\"text\",\"number\":5},{\"name\":\"sharing\",\"type\":"           \
	"\"choice\",\"number\":6}]}]"

#define PLACE "{\"raw\":\"%s\",\"part\":\"1\",\"start\":100,\"end\":300,\"part_start\":400,\"part_end\":3000}"

/* A result of the size that real ones have: three texts, six places. */
static void add_result(struct text *batch, int64_t message_id)
{
	static const char words_of_one[] =
		"We trained forty officers to take statements. Two months later thirty-one of them "
		"had been posted elsewhere, and nobody told the village that the office was closed again.";

	text_add_format(batch,
		"%s{\"message_id\":%lld,\"result\":{\"outcome\":\"filed\",\"reason\":null,\"template\":\"bench\","
		"\"template_version\":1,\"reference\":\"FP-%010lld\",\"language\":\"en\",\"errors\":{},\"attachments\":"
		"[],\"values\":{"
		"\"country\":\"SL\",\"activity\":[\"oversight\"],\"sharing\":\"open\",\"what_worked\":\"%s\",\"what_"
		"did_not\":\"%s\","
		"\"lesson\":\"%s\"},\"provenance\":{",
		batch->len > 1 ? "," : "", (long long)message_id, (long long)message_id, words_of_one, words_of_one,
		words_of_one);
	text_add_format(
		batch, "\"country\":" PLACE ",\"activity\":" PLACE ",\"sharing\":" PLACE, "SL", "oversight", "open");
	text_add_format(batch, ",\"what_worked\":" PLACE ",\"what_did_not\":" PLACE ",\"lesson\":" PLACE, words_of_one,
		words_of_one, words_of_one);
	text_add_format(batch,
		"},\"mail\":{\"message_id\":\"<%lld@bench.example>\",\"from_name\":\"A Person\",\"from_address\":"
		"\"p%lld@example.org\",\"subject\":\"Re: report\",\"date\":1794300000,\"automatic\":false}}}",
		(long long)message_id, (long long)message_id % 977);
}

/* One transaction as the parse duty makes it; returns how many messages it had. */
static size_t file_batch(struct db *db, struct arena *arena, struct text *batch)
{
	struct error err = ERROR_INIT;
	struct db_rows *rows = NULL;
	struct db_args args;
	size_t count;

	db_args_init(&args, arena);
	db_arg_time(&args, clock_now());
	db_arg_int(&args, BATCH);
	db_arg_int(&args, 8 * 1024 * 1024);
	db_arg_json_text(&args, VIEW("{}"));
	db_arg_text_array(&args, NULL, 0);
	if (db_begin(db, &err) < 0 || db_call(db, "api.parse_claim", &args, &rows, &err) < 0)
		fail("claim", &err);
	count = db_count(rows);
	text_reset(batch);
	text_add_char(batch, '[');
	for (size_t i = 0; i < count; i++)
		add_result(batch, db_get_int(rows, i, "message_id"));
	text_add_char(batch, ']');
	db_rows_free(&rows);
	db_args_init(&args, arena);
	db_arg_time(&args, clock_now());
	db_arg_json_text(&args, text_view(batch));
	if (db_call(db, "api.parse_file", &args, &rows, &err) < 0 || db_commit(db, &err) < 0)
		fail("file", &err);
	if (db_count(rows) != count || (count && strcmp(db_get_string(rows, count - 1, "state"), "filed") != 0))
		fail("file", &(struct error){.text = "not all filed"});
	db_rows_free(&rows);
	return count;
}

static void run_filing(struct db *db)
{
	struct arena *arena = arena_new();
	struct error err = ERROR_INIT;
	int64_t began, spent, cpu;
	long filed = 0, last;
	struct db_args args;
	TEXT_SCOPED batch;

	text_init(&batch, 8 * 1024 * 1024);
	db_args_init(&args, arena);
	db_arg_time(&args, clock_now());
	db_arg_json_text(&args, VIEW(FORM));
	if (db_call(db, "api.forms_register", &args, NULL, &err) < 0)
		fail("form", &err);
	cpu = server_cpu(db);
	began = clock_monotonic();
	do {
		arena_reset(arena);
		last = (long)file_batch(db, arena, &batch);
		filed += last;
	} while (last > 0);
	spent = clock_monotonic() - began;
	printf("%ld messages filed in %.2f s: %.0f a second; server's CPU %.0f us a message\n", filed,
		(double)spent / 1e6, (double)filed * 1e6 / (double)spent,
		(double)(server_cpu(db) - cpu) / (double)filed);
	arena_free(&arena);
}

static long number(int argc, char **argv, int index, long fallback)
{
	long long value = fallback;

	if (index < argc && view_to_int(view_of(argv[index]), 1, 100000000, &value) < 0)
		fail("usage", &(struct error){.text = "bench_store [MESSAGES [BYTES [IN_FLIGHT]]]"});
	return (long)value;
}

int main(int argc, char **argv)
{
	char state[] = "/tmp/fieldpost-bench.XXXXXX", command[64];
	struct config config = {.state_dir = state};
	struct embedded *embedded = NULL;
	struct error err = ERROR_INIT;
	struct db *db = NULL;

	if (!mkdtemp(state) || embedded_hold(&config, &embedded, &err) < 0 || migrate_run(&config, NULL, &err) < 0 ||
		db_open(&config, "fieldpost_intake", &db, &err) < 0)
		fail("start", &err);
	run(db, number(argc, argv, 1, 20000), (size_t)number(argc, argv, 2, 3600), (int)number(argc, argv, 3, 4));
	db_close(&db);
	if (db_open(&config, "fieldpost_parse", &db, &err) < 0)
		fail("start", &err);
	run_filing(db);
	db_close(&db);
	embedded_release(&embedded);
	snprintf(command, sizeof(command), "rm -rf %s", state);
	return (system)(command);
}
