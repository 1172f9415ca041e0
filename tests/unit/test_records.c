/* intake/records, intake/batch, intake/database: batches that are stored side by side and share mails; who is woken; connections made
 * ready. */
#include "database.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "core/clock.h"
#include "intake/batch.h"
#include "store/identity.h"
#include "intake/records.h"
#include "store/db_private.h"

#define MAILS_MAX 8

static struct database database;
static struct arena *arena;

/* A batch of mails of one letter each, seen under the UIDs 1, 2, ... */
struct letters {
	int64_t uids[MAILS_MAX], sizes[MAILS_MAX], received[MAILS_MAX], starts[MAILS_MAX];
	bool oversize[MAILS_MAX];
	unsigned char hashes[MAILS_MAX][IDENTITY_SIZE];
	struct view views[MAILS_MAX];
	struct record_store store;
};

static void fill(struct letters *letters, int64_t folder, const char *mails)
{
	size_t count = strlen(mails);

	assert_true(count <= MAILS_MAX);
	*letters = (struct letters){.store.folder_id = folder};
	for (size_t i = 0; i < count; i++) {
		letters->uids[i] = (int64_t)i + 1;
		letters->sizes[i] = 1;
		letters->received[i] = clock_now();
		letters->starts[i] = (int64_t)i;
		EVP_Digest(mails + i, 1, letters->hashes[i], NULL, EVP_sha256(), NULL);
		letters->views[i] = (struct view){(const char *)letters->hashes[i], IDENTITY_SIZE};
	}
	letters->store.count = count;
	letters->store.uids = letters->uids;
	letters->store.identities = letters->views;
	letters->store.sizes = letters->store.lengths = letters->sizes;
	letters->store.oversize = letters->oversize;
	letters->store.received = letters->received;
	letters->store.starts = letters->starts;
	letters->store.raws = view_of(mails);
	letters->store.arena = arena;
}

static int64_t folder_of(struct db *db, const char *name)
{
	struct record_account account = {.name = "records", .kind = "imap"};
	struct record_folder folder = {.folder = name, .uidvalidity = 1};
	struct error err = ERROR_INIT;

	database_good("account", record_account(db, &account, &err), &err);
	folder.account_id = account.account_id;
	database_good("folder", record_folder(db, &folder, &err), &err);
	return folder.folder_id;
}

static size_t store(struct db *db, int64_t folder, const char *mails)
{
	struct letters letters;
	struct error err = ERROR_INIT;

	fill(&letters, folder, mails);
	database_good(mails, record_store(db, &letters.store, &err), &err);
	return letters.store.fresh;
}

static int64_t number(const char *sql)
{
	struct error err = ERROR_INIT;
	struct db_rows *rows = NULL;
	struct db *db = NULL;
	int64_t value;

	database_good("maintenance", db_open_maintenance(&database.config, "fieldpost", &db, &err), &err);
	database_good(sql, db_query(db, sql, NULL, &rows, &err), &err);
	value = db_get_int(rows, 0, "value");
	db_rows_free(&rows);
	db_close(&db);
	return value;
}

/* What each mail became: the letters of a folder, in the order of its UIDs, are those of the messages seen. */
#define SEEN(folder, letters)                                                                                          \
	"SELECT count(*) AS value FROM fieldpost.folder f WHERE f.name = '" folder                                     \
	"' AND (SELECT string_agg(convert_from(r.raw, 'UTF8'), '' ORDER BY s.uid) FROM fieldpost.sighting s "          \
	"JOIN fieldpost.message_raw r USING (message_id) WHERE s.folder_id = f.folder_id) = '" letters "'"
#define MESSAGES "SELECT count(*) AS value FROM fieldpost.message"
#define UNLIKE                                                                                                         \
	"SELECT count(*) AS value FROM fieldpost.message JOIN fieldpost.message_raw USING (message_id) WHERE "         \
	"identity <> sha256(raw)"

struct rival {
	struct db *db;
	struct letters letters;
	struct error err;
	int result;
	pthread_t thread;
};

static void *run_rival(void *argument)
{
	struct rival *rival = argument;

	rival->result = record_store(rival->db, &rival->letters.store, &rival->err);
	return NULL;
}

/* Does a session of PostgreSQL wait for another's transaction? */
static void wait_until_blocked(void)
{
	int64_t end = clock_monotonic() + 20 * 1000000;

	while (number("SELECT count(*) AS value FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'") == 0)
		if (clock_monotonic() > end)
			fail_msg("the second batch did not wait for the first");
}

/*
 * The first batch is stored and not committed when the second, with mails of the first in another order and in another
 * folder, comes. It waits; then it stores what the first did not.
 */
static void race(const char *name, const char *first, const char *second, bool commits, size_t fresh_expected)
{
	struct rival rival = {.db = database_open(&database, "fieldpost_intake"), .err = ERROR_INIT};
	struct db *db = database_open(&database, "fieldpost_intake");
	int64_t one = folder_of(db, name), other = folder_of(db, "other");
	struct error err = ERROR_INIT;

	fill(&rival.letters, other, second);
	database_good("begin", db_begin(db, &err), &err);
	unit_same_number(first, (long long)store(db, one, first), (long long)strlen(first));
	assert_int_equal(pthread_create(&rival.thread, NULL, run_rival, &rival), 0);
	wait_until_blocked();
	database_good("end", commits ? db_commit(db, &err) : db_rollback(db, &err), &err);
	pthread_join(rival.thread, NULL);
	database_good(second, rival.result, &rival.err);
	unit_same_number(second, (long long)rival.letters.store.fresh, (long long)fresh_expected);
	db_close(&rival.db);
	db_close(&db);
}

static void test_side_by_side(void **state)
{
	(void)state;
	race("INBOX", "abcdef", "fzaybx", true, 3);
	unit_same_number("messages", number(MESSAGES), 9);
	unit_same_number("first", number(SEEN("INBOX", "abcdef")), 1);
	unit_same_number("second", number(SEEN("other", "fzaybx")), 1);
	unit_same_number("hashes", number(UNLIKE), 0);
}

static void test_first_takes_back(void **state)
{
	(void)state;
	race("gone", "ABCD", "DCBAABCD", false, 4);
	unit_same_number("messages", number(MESSAGES), 9 + 4);
	unit_same_number("nothing of the first", number(SEEN("gone", "ABCD")), 0);
	unit_same_number("hashes", number(UNLIKE), 0);
}

static size_t add(struct batches *batches, int64_t folder, const char *mails)
{
	struct error err = ERROR_INIT;

	batches_begin(batches, folder, 0);
	for (int64_t i = 0; mails[i]; i++) {
		struct batch_mail mail = {.uid = i + 1, .size = 1, .received = clock_now(), .raw = {mails + i, 1}};

		database_good(mails, batches_add(batches, &mail, &err), &err);
	}
	database_good(mails, batches_flush(batches, &err), &err);
	return batches_fresh(batches);
}

/* One wake for what one batch brought, and none for mails that are known. (The intake's own struct database is opaque,
 * and another one than the test's.) */
static void test_wake(void **state)
{
	const struct config config = {.limits = {.batch_messages = MAILS_MAX, .batch_bytes = 1 << 20}};
	struct db *db = database_open(&database, "fieldpost_intake"),
		  *listener = database_open(&database, "fieldpost_parse");
	int64_t folder = folder_of(db, "wake");
	struct error err = ERROR_INIT;
	struct database *borrowed;
	struct batches *batches;

	(void)state;
	database_good("borrow", database_borrow(db, &borrowed, &err), &err);
	batches = batches_new(&config, borrowed);
	database_good("listen", db_listen(listener, "fieldpost_stored", &err), &err);
	unit_same_number("new", (long long)add(batches, folder, "123"), 3);
	assert_int_equal(db_wait(listener, -1, 5000, &err), 1);
	unit_same_number("known", (long long)add(batches, folder, "123"), 0);
	assert_int_equal(db_wait(listener, -1, 100, &err), 0);
	unit_same_number("some new", (long long)add(batches, folder, "1423"), 1);
	assert_int_equal(db_wait(listener, -1, 5000, &err), 1);
	unit_same_number("as first seen", number(SEEN("wake", "1233")), 1);
	batches_free(&batches);
	database_free(&borrowed);
	db_close(&listener);
	db_close(&db);
}

/* ---- connections that are made ready ---- */

#define CONNECTIONS 3

static _Atomic int prepared;

static int prepare(struct db *db, void *context, struct error *err)
{
	int result = record_ready(db, context, err);

	atomic_fetch_add(&prepared, 1);
	return result;
}

static int prepare_in_vain(struct db *db, void *context, struct error *err)
{
	atomic_fetch_add(&prepared, 1);
	return error_set(err, REACH_RETRY, "not ready");
}

static int count_calls(struct db *db, void *context, struct error *err)
{
	++*(int *)context;
	return db_call(db, "api.messages_wake", NULL, NULL, err);
}

static void ignore_back(void *context)
{
	(void)context;
}

/* Each connection is made ready once, before there is any work and whatever comes of it; then they work. */
static void check_ready(database_work *how)
{
	int64_t deadline = clock_monotonic() + (int64_t)20 * 1000000;
	struct error err = ERROR_INIT;
	struct database *workers;
	int calls = 0;

	atomic_store(&prepared, 0);
	database_good("new", database_new(&database.config, CONNECTIONS, how, ignore_back, NULL, &workers, &err), &err);
	while (atomic_load(&prepared) < CONNECTIONS && clock_monotonic() < deadline)
		usleep(1000);
	for (int i = 0; i < 2 * CONNECTIONS; i++)
		database_good("work", database_run(workers, count_calls, &calls, &err), &err);
	database_free(&workers);
	unit_same_number("made ready", atomic_load(&prepared), CONNECTIONS);
	unit_same_number("worked", calls, 2 * (long long)CONNECTIONS);
}

static void test_ready(void **state)
{
	int64_t messages = number("SELECT count(*) AS value FROM fieldpost.message");

	(void)state;
	check_ready(prepare);
	check_ready(prepare_in_vain);
	unit_same_number("nothing stored", number("SELECT count(*) AS value FROM fieldpost.message"), messages);
}

static int begin(void **state)
{
	(void)state;
	arena = arena_new();
	database_begin(&database);
	return 0;
}

static int end(void **state)
{
	(void)state;
	database_end(&database);
	arena_free(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_side_by_side),
		cmocka_unit_test(test_first_takes_back),
		cmocka_unit_test(test_wake),
		cmocka_unit_test(test_ready),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
