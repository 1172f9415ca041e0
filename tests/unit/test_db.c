/* store/db: values there and back, calls, pipelines, transactions, notices, readers, lost connections; words of states.
 */
#include "database.h"

#include <arpa/inet.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "core/clock.h"
#include "parsers/parsers.h"
#include "store/db_private.h"

static struct database database;
static struct arena *arena;

static struct db_rows *query(struct db *db, const char *sql, const struct db_args *args)
{
	struct error err = ERROR_INIT;
	struct db_rows *rows = NULL;

	database_good(sql, db_query(db, sql, args, &rows, &err), &err);
	return rows;
}

static void call(struct db *db, const char *function, const struct db_args *args, struct db_rows **rows)
{
	struct error err = ERROR_INIT;

	database_good(function, db_call(db, function, args, rows, &err), &err);
}

/* Arguments of api.account_open. */
static void account_args(struct db_args *args, const char *name, const char *kind)
{
	db_args_init(args, arena);
	db_arg_string(args, name);
	db_arg_string(args, kind);
}

static struct db *maintenance(void)
{
	struct error err = ERROR_INIT;
	struct db *db = NULL;

	database_good("maintenance", db_open_maintenance(&database.config, "fieldpost", &db, &err), &err);
	return db;
}

/* ---- values ---- */

static void test_values(void **state)
{
	struct db *db = maintenance();
	json_t *json = json_pack("{s:i, s:s}", "a", 1, "b", "\xC3\xA9"), *back;
	struct db_args args;
	struct db_rows *rows;

	(void)state;
	db_args_init(&args, arena);
	db_arg_int(&args, INT64_MIN);
	db_arg_bool(&args, true);
	db_arg_text(&args, VIEW_NULL);
	db_arg_string(&args, NULL);
	db_arg_bytes(&args, (struct view){"a\0b", 3});
	db_arg_json(&args, json);
	db_arg_time(&args, INT64_C(1794300000123456));
	db_arg_json(&args, NULL);
	db_arg_json_text(&args, VIEW("[1]"));
	rows = query(db,
		"SELECT $1::bigint AS i, $2::boolean AS b, $3::text AS empty, $4::text AS nothing, $5::bytea AS bytes, "
		"$6::jsonb AS j, "
		"$7::timestamptz AS t, $8::jsonb AS no_json, $9::jsonb AS list, 7::smallint AS small, -8::integer AS "
		"middle, "
		"1.5::double precision AS d, 'imap'::fieldpost.source_kind AS kind, NULL::bigint AS no_int, "
		"'epoch'::timestamptz AS epoch",
		&args);
	assert_int_equal(db_count(rows), 1);
	assert_true(db_get_int(rows, 0, "i") == INT64_MIN);
	assert_true(db_get_bool(rows, 0, "b"));
	assert_false(db_is_null(rows, 0, "empty"));
	assert_int_equal(db_get_view(rows, 0, "empty").len, 0);
	assert_true(db_is_null(rows, 0, "nothing"));
	assert_string_equal(db_get_string(rows, 0, "nothing"), "");
	unit_same("bytes", db_get_view(rows, 0, "bytes"), (struct view){"a\0b", 3});
	back = db_get_json(rows, 0, "j");
	assert_true(json_equal(json, back));
	assert_true(db_get_time(rows, 0, "t") == INT64_C(1794300000123456));
	assert_null(db_get_json(rows, 0, "no_json"));
	unit_same("list", db_get_view(rows, 0, "list"), VIEW("[1]"));
	assert_int_equal(db_get_int(rows, 0, "small"), 7);
	assert_int_equal(db_get_int(rows, 0, "middle"), -8);
	assert_true(db_get_double(rows, 0, "d") == 1.5);
	assert_string_equal(db_get_string(rows, 0, "kind"), "imap");
	assert_int_equal(db_get_int(rows, 0, "no_int"), 0);
	assert_int_equal(db_get_time(rows, 0, "epoch"), 0);
	json_decref(json);
	json_decref(back);
	db_rows_free(&rows);
	assert_null(rows);
	assert_int_equal(db_count(rows), 0);
	db_close(&db);
}

static void test_arrays(void **state)
{
	static const int64_t ints[] = {1, -2, INT64_MAX}, times[] = {0, 1, INT64_C(1794300000000000)};
	static const bool bools[] = {true, false, true};
	struct view texts[] = {VIEW("a"), VIEW_NULL, VIEW("")}, bytes[] = {VIEW("x"), VIEW(""), {"\0\xFF", 2}};
	struct db *db = maintenance();
	struct db_rows *rows;
	struct db_args args;

	(void)state;
	db_args_init(&args, arena);
	db_arg_int_array(&args, ints, 3);
	db_arg_bool_array(&args, bools, 3);
	db_arg_time_array(&args, times, 3);
	db_arg_text_array(&args, texts, 3);
	db_arg_bytes_array(&args, bytes, 3);
	rows = query(db, "SELECT * FROM unnest($1, $2, $3, $4, $5) AS t (i, b, t, s, y)", &args);
	assert_int_equal(db_count(rows), 3);
	for (size_t i = 0; i < 3; i++) {
		assert_true(db_get_int(rows, i, "i") == ints[i]);
		assert_int_equal(db_get_bool(rows, i, "b"), bools[i]);
		assert_true(db_get_time(rows, i, "t") == times[i]);
		assert_int_equal(db_is_null(rows, i, "s"), texts[i].ptr == NULL);
		unit_same("text", db_get_view(rows, i, "s"), texts[i]);
		unit_same("bytes", db_get_view(rows, i, "y"), bytes[i]);
	}
	db_rows_free(&rows);
	db_args_init(&args, arena);
	db_arg_int_array(&args, NULL, 0);
	db_arg_text_array(&args, NULL, 0);
	rows = query(db, "SELECT cardinality($1) AS ints, cardinality($2) AS texts", &args);
	assert_int_equal(db_get_int(rows, 0, "ints"), 0);
	assert_int_equal(db_get_int(rows, 0, "texts"), 0);
	db_rows_free(&rows);
	db_close(&db);
}

/* ---- calls ---- */

static void test_refusals(void **state)
{
	static const struct {
		const char *sql;
		enum error_reach reach;
		const char *words;
	} cases[] = {
		{"SELECT 'secret words'::bigint", REACH_MESSAGE, "a value was refused (SQLSTATE 22P02)"},
		{"INSERT INTO fieldpost.lease VALUES (NULL, 'x', 1, now())", REACH_MESSAGE, "of lease was broken"},
		{"SELECT * FROM nowhere", REACH_STOP, "does not exist"},
		{"DO $$ BEGIN RAISE 'in our own words'; END $$", REACH_STOP, "in our own words"},
		{"DO $$ BEGIN RAISE SQLSTATE '40001'; END $$", REACH_RETRY, "40001"},
		{"DO $$ BEGIN RAISE SQLSTATE '53100'; END $$", REACH_RETRY, "53100"},
	};
	struct db *db = maintenance();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error err = ERROR_INIT;

		assert_int_equal(db_query(db, cases[i].sql, NULL, NULL, &err), -1);
		unit_same_number(cases[i].sql, err.reach, cases[i].reach);
		unit_holds(cases[i].sql, err.text, cases[i].words);
		assert_null(strstr(err.text, "secret"));
		assert_true(db_healthy(db));
	}
	db_close(&db);
}

static void test_calls(void **state)
{
	struct db *db = database_open(&database, "fieldpost_intake");
	struct error err = ERROR_INIT;
	struct db_rows *rows = NULL;
	struct db_args args;
	int64_t id;

	(void)state;
	account_args(&args, "calls", "imap");
	call(db, "api.account_open", &args, &rows);
	id = db_get_int(rows, 0, "account_id");
	db_rows_free(&rows);
	call(db, "api.account_open", &args, &rows); /* prepared by now */
	assert_true(db_get_int(rows, 0, "account_id") == id);
	db_rows_free(&rows);
	call(db, "api.account_open", &args, NULL);
	assert_int_equal(db_call(db, "api.status_counts", NULL, &rows, &err), -1);
	assert_int_equal(err.reach, REACH_STOP);
	unit_holds("another's function", err.text, "permission denied");
	assert_int_equal(db_call(db, "api.account_open", NULL, &rows, &err), -1);
	unit_holds("wrong arguments", err.text, "does not exist");
	assert_null(rows);
	db_close(&db);
	assert_null(db);
}

static void test_pipeline(void **state)
{
	struct db *db = database_open(&database, "fieldpost_intake");
	struct error err = ERROR_INIT;
	struct db_rows *rows = NULL;
	struct db_args args;

	(void)state;
	for (int i = 0; i < DB_PENDING_MAX; i++) {
		account_args(&args, "pipeline", i == 10 ? "nonsense" : "imap");
		database_good("send", db_send(db, "api.account_open", &args, &err), &err);
	}
	for (int i = 0; i < DB_PENDING_MAX; i++) {
		error_clear(&err);
		assert_int_equal(db_receive(db, &rows, &err), i == 10 ? -1 : 0);
		assert_int_equal(db_count(rows), i == 10 ? 0 : 1);
		assert_int_equal(err.reach, i == 10 ? REACH_MESSAGE : REACH_NONE);
		db_rows_free(&rows);
	}
	account_args(&args, "pipeline", "imap");
	call(db, "api.account_open", &args, NULL); /* and plainly again */
	error_clear(&err);
	assert_int_equal(db_send(db, "api.no_such_function", NULL, &err), 0);
	assert_int_equal(db_send(db, "api.account_open", &args, &err), 0);
	assert_int_equal(db_receive(db, NULL, &err), -1);
	unit_holds("not there", err.text, "api.no_such_function");
	assert_int_equal(db_receive(db, &rows, &err), 0);
	assert_int_equal(db_count(rows), 1);
	db_rows_free(&rows);
	db_close(&db);
}

/* A statement whose first call is refused is prepared all the same, and preparing it again would be refused for ever. */
static void test_pipeline_refused_first(void **state)
{
	struct db *db = database_open(&database, "fieldpost_intake");
	struct error err = ERROR_INIT;
	struct db_args args;

	(void)state;
	for (int i = 0; i < 3; i++) {
		error_clear(&err);
		account_args(&args, "refused-first", i < 2 ? "nonsense" : "imap");
		database_good("send", db_send(db, "api.account_open", &args, &err), &err);
		assert_int_equal(db_receive(db, NULL, &err), i < 2 ? -1 : 0);
		assert_int_equal(err.reach, i < 2 ? REACH_MESSAGE : REACH_NONE);
	}
	call(db, "api.account_open", &args, NULL);
	db_close(&db);
}

/* More than the socket's buffers hold, both ways: whoever only writes waits for ever. */
static void test_pipeline_large(void **state)
{
	enum { SIZE = 3 * 1024 * 1024, CALLS = 6 };
	struct db *db = database_open(&database, "fieldpost_intake");
	char *words = malloc(SIZE);
	struct error err = ERROR_INIT;
	struct db_args args;

	(void)state;
	memset(words, 'x', SIZE);
	db_args_init(&args, arena);
	db_arg_string(&args, "large");
	db_arg_text(&args, (struct view){words, SIZE});
	for (int i = 0; i < CALLS; i++)
		database_good("send", db_send(db, "api.account_open", &args, &err), &err);
	for (int i = 0; i < CALLS; i++)
		assert_int_equal(db_receive(db, NULL, &err), -1); /* no such kind, and the answer repeats it */
	assert_true(db_healthy(db));
	free(words);
	db_close(&db);
}

static int64_t count_accounts(const char *name)
{
	struct db *db = maintenance();
	struct db_rows *rows;
	struct db_args args;
	int64_t count;

	db_args_init(&args, arena);
	db_arg_string(&args, name);
	rows = query(db, "SELECT count(*) AS n FROM fieldpost.account WHERE name = $1", &args);
	count = db_get_int(rows, 0, "n");
	db_rows_free(&rows);
	db_close(&db);
	return count;
}

static void test_transactions(void **state)
{
	struct db *db = database_open(&database, "fieldpost_intake");
	struct error err = ERROR_INIT;
	struct db_args args;

	(void)state;
	account_args(&args, "undone", "imap");
	assert_int_equal(db_begin(db, &err), 0);
	call(db, "api.account_open", &args, NULL);
	assert_int_equal(db_rollback(db, &err), 0);
	assert_int_equal(count_accounts("undone"), 0);

	account_args(&args, "done", "imap");
	assert_int_equal(db_begin(db, &err), 0);
	call(db, "api.account_open", &args, NULL);
	assert_int_equal(count_accounts("done"), 0);
	assert_int_equal(db_commit(db, &err), 0);
	assert_int_equal(count_accounts("done"), 1);

	assert_int_equal(db_begin(db, &err), 0);
	assert_int_equal(db_call(db, "api.no_such_function", NULL, NULL, &err), -1);
	error_clear(&err);
	assert_int_equal(db_commit(db, &err), -1); /* it could only be rolled back */
	assert_int_equal(err.reach, REACH_RETRY);
	db_close(&db);
}

/* ---- notices ---- */

static void store_one(struct db *db, const char *name)
{
	static const int64_t uids[] = {1}, sizes[] = {3}, received[] = {0}, starts[] = {0};
	static const bool oversize[] = {false};
	struct view identity = {"01234567890123456789012345678901", 32}, raw = VIEW("raw");
	struct db_rows *rows = NULL;
	struct db_args args;
	int64_t id;

	account_args(&args, name, "imap");
	call(db, "api.account_open", &args, &rows);
	id = db_get_int(rows, 0, "account_id");
	db_rows_free(&rows);
	db_args_init(&args, arena);
	db_arg_int(&args, id);
	db_arg_string(&args, "INBOX");
	db_arg_int(&args, 1);
	db_arg_time(&args, clock_now());
	call(db, "api.folder_open", &args, &rows);
	id = db_get_int(rows, 0, "folder_id");
	db_rows_free(&rows);
	db_args_init(&args, arena);
	db_arg_int(&args, id);
	db_arg_time(&args, clock_now());
	db_arg_int_array(&args, uids, 1);
	db_arg_bytes_array(&args, &identity, 1);
	db_arg_bytes_array(&args, &identity, 1);
	db_arg_int_array(&args, sizes, 1);
	db_arg_bool_array(&args, oversize, 1);
	db_arg_time_array(&args, received, 1);
	db_arg_int_array(&args, starts, 1);
	db_arg_int_array(&args, sizes, 1);
	db_arg_bytes(&args, raw);
	call(db, "api.messages_store", &args, NULL);
}

static void test_notices(void **state)
{
	struct db *db = database_open(&database, "fieldpost_intake"),
		  *listener = database_open(&database, "fieldpost_parse");
	struct error err = ERROR_INIT;
	int pipes[2];

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	database_good("listen", db_listen(listener, "fieldpost_stored", &err), &err);
	assert_int_equal(db_wait(listener, -1, 0, &err), 0);
	assert_int_equal(db_wait(listener, pipes[0], 30, &err), 0);
	store_one(db, "notices"); /* tells nobody by itself */
	assert_int_equal(db_wait(listener, pipes[0], 50, &err), 0);
	call(db, "api.messages_wake", NULL, NULL);
	assert_int_equal(db_wait(listener, pipes[0], 5000, &err), 1);
	assert_int_equal(db_wait(listener, pipes[0], 0, &err), 0);
	assert_int_equal(write(pipes[1], "x", 1), 1);
	assert_int_equal(db_wait(listener, pipes[0], 60000, &err), 0);
	close(pipes[0]);
	close(pipes[1]);
	db_close(&listener);
	db_close(&db);
}

/* ---- readers ---- */

static void test_reader(void **state)
{
	struct db *db = database_open(&database, "fieldpost_send");
	struct error err = ERROR_INIT;
	struct db_rows *rows = NULL;

	(void)state;
	database_good("reader", db_begin_reader(db, 1, &err), &err);
	assert_int_equal(db_call(db, "api.schema_state", NULL, &rows, &err), -1);
	unit_holds("a reader has no api", err.text, "permission denied");
	assert_int_equal(db_rollback(db, &err), 0);
	database_good("afterwards", db_call(db, "api.schema_state", NULL, NULL, &err), &err);
	db_close(&db);
}

/* ---- lost connections ---- */

static void terminate(const char *login)
{
	struct db *db = maintenance();
	struct db_rows *rows;
	struct db_args args;

	db_args_init(&args, arena);
	db_arg_string(&args, login);
	rows = query(db, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = $1", &args);
	assert_true(db_count(rows) > 0);
	db_rows_free(&rows);
	db_close(&db);
}

static void test_terminated(void **state)
{
	struct db *db = database_open(&database, "fieldpost_intake");
	struct error err = ERROR_INIT;
	struct db_args args;

	(void)state;
	account_args(&args, "terminated", "imap");
	call(db, "api.account_open", &args, NULL);
	terminate("fieldpost_intake");
	assert_int_equal(db_call(db, "api.account_open", &args, NULL, &err), -1);
	assert_true(err.reach == REACH_RETRY || err.reach == REACH_UNCERTAIN);
	assert_false(db_healthy(db));
	assert_int_equal(db_begin(db, &err), -1);
	assert_int_equal(err.reach, REACH_RETRY);
	db_close(&db);
}

static pid_t server_pid(void)
{
	struct db *db = maintenance();
	struct db_rows *rows = query(db, "SELECT pg_read_file('postmaster.pid', 0, 8) AS pid", NULL);
	struct view line, rest = db_get_view(rows, 0, "pid");
	long long pid = 0;

	view_next_line(&rest, &line);
	assert_int_equal(view_to_int(line, 2, INT_MAX, &pid), 0);
	db_rows_free(&rows);
	db_close(&db);
	return (pid_t)pid;
}

/* The server stops answering in the middle: what was not answered may have happened, inside a transaction it has not.
 */
static void test_server_killed(void **state)
{
	struct db *db = database_open(&database, "fieldpost_intake"),
		  *other = database_open(&database, "fieldpost_intake");
	struct error err = ERROR_INIT;
	struct pollfd fd = {.events = POLLIN};
	struct db_args args;

	(void)state;
	account_args(&args, "killed", "imap");
	assert_int_equal(db_begin(other, &err), 0);
	kill(server_pid(), SIGKILL);
	fd.fd = db_fd(other);
	assert_int_equal(poll(&fd, 1, 10000), 1); /* the server's processes go with it */
	assert_int_equal(db_send(db, "api.account_open", &args, &err) < 0 ? -1 : db_receive(db, NULL, &err), -1);
	assert_true(err.reach == REACH_UNCERTAIN || err.reach == REACH_RETRY);
	assert_int_equal(db_call(other, "api.account_open", &args, NULL, &err), -1);
	assert_int_equal(err.reach, REACH_RETRY);
	db_close(&db);
	db_close(&other);
	assert_int_equal(db_open(&database.config, "fieldpost_intake", &db, &err), -1);
	assert_int_equal(err.reach, REACH_RETRY);
	embedded_release(&database.embedded);
	database_good("again", embedded_hold(&database.config, &database.embedded, &err), &err);
	db = database_open(&database, "fieldpost_intake");
	call(db, "api.account_open", &args, NULL);
	db_close(&db);
}

/* ---- a server of one's own ---- */

/* Accepts one connection, says that it has no TLS, and tells how many bytes came: 8 are a request for TLS, more is too
 * much. */
static pid_t server_without_tls(int *port_out, int *told_out)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0), told[2];
	pid_t pid;

	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(pipe(told), 0);
	pid = fork();
	if (pid == 0) {
		unsigned char bytes[512], count = 0;
		int fd = accept(listener, NULL, NULL);
		ssize_t got = read(fd, bytes, sizeof(bytes));

		count = (unsigned char)(got > 0 && got < 200 ? got : 255);
		if (write(fd, "N", 1) == 1 && read(fd, bytes, 1) > 0)
			count = 255;
		_exit(write(told[1], &count, 1) != 1);
	}
	close(listener);
	close(told[1]);
	*port_out = ntohs(address.sin_port);
	*told_out = told[0];
	return pid;
}

/* Beyond this machine nothing is said without TLS, whatever the URL asks for and whoever names the host. */
static void test_url_needs_tls(void **state)
{
	static const struct {
		const char *url, *environment;
	} cases[] = {
		{"host=db.example.org hostaddr=127.0.0.1", NULL},
		{"host=127.example.org hostaddr=127.0.0.1", NULL},
		{"", "127.0.0.1"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct config config = {.state_dir = "/nowhere"};
		struct error err = ERROR_INIT;
		struct db *db = NULL;
		unsigned char count = 0;
		int port, told;
		pid_t pid = server_without_tls(&port, &told);
		char *url = NULL;

		assert_true(asprintf(&url, "%s port=%d dbname=x sslmode=disable", cases[i].url, port) > 0);
		config.database.url = url;
		if (cases[i].environment)
			setenv("PGHOST", cases[i].environment, 1);
		assert_int_equal(db_open(&config, "fieldpost_intake", &db, &err), -1);
		unsetenv("PGHOST");
		unit_holds(url, err.text, "SSL");
		assert_null(db);
		assert_int_equal(read(told, &count, 1), 1);
		assert_int_equal(count, 8);
		close(told);
		waitpid(pid, NULL, 0);
		free(url);
	}
}

static void test_url_wrong(void **state)
{
	struct config config = {.state_dir = "/nowhere", .database.url = "postgresql://me:secret@[/x"};
	struct error err = ERROR_INIT;
	struct db *db = NULL;

	(void)state;
	assert_int_equal(db_open(&config, "fieldpost_intake", &db, &err), -1);
	assert_int_equal(err.reach, REACH_STOP);
	assert_null(strstr(err.text, "secret"));
}

/* ---- words ---- */

static void same_words(const char *type, const char *const *words, size_t count)
{
	struct db *db = maintenance();
	char sql[128];
	struct db_rows *rows;

	snprintf(sql, sizeof(sql), "SELECT unnest(enum_range(NULL::fieldpost.%s))::text AS word", type);
	rows = query(db, sql, NULL);
	unit_same_number(type, (long long)db_count(rows), (long long)count);
	for (size_t i = 0; i < count; i++)
		unit_same(type, db_get_view(rows, i, "word"), view_of(words[i]));
	db_rows_free(&rows);
	db_close(&db);
}

/* The lists of states in SQL and in C are the same, in the same order. */
static void test_words(void **state)
{
	const char *states[6] = {"received"}, *reasons[20], *reaches[5];
	size_t count = 0;

	(void)state;
	states[1] = outcome_name(OUTCOME_FILED);
	states[2] = outcome_name(OUTCOME_REVIEW);
	states[3] = "held"; /* what stands here in quotes needs the database, so no result says it */
	states[4] = outcome_name(OUTCOME_IGNORED);
	states[5] = "failed";
	same_words("message_state", states, COUNT(states));
	for (int reason = REASON_OVER_SIZE; reason <= REASON_MISSING_REQUIRED; reason++)
		reasons[count++] = reason_name((enum reason)reason);
	reasons[count++] = "unknown-sender";
	reasons[count++] = "crashed";
	reasons[count++] = "in-conversation";
	reasons[count++] = "stopped";
	reasons[count++] = "flood";
	reasons[count++] = "duplicate";
	reasons[count++] = "erased";
	reasons[count++] = "staff-order";
	reasons[count++] = "order-refused";
	reasons[count++] = "answer";
	same_words("message_reason", reasons, count);
	for (int reach = REACH_RETRY; reach <= REACH_UNCERTAIN; reach++)
		reaches[reach - REACH_RETRY] = error_reach_name((enum error_reach)reach);
	same_words("error_reach", reaches, COUNT(reaches));
}

static int set_up(void **state)
{
	(void)state;
	arena = arena_new();
	database_begin(&database);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	database_end(&database);
	arena_free(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_arrays),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_pipeline),
		cmocka_unit_test(test_pipeline_refused_first),
		cmocka_unit_test(test_pipeline_large),
		cmocka_unit_test(test_transactions),
		cmocka_unit_test(test_notices),
		cmocka_unit_test(test_reader),
		cmocka_unit_test(test_terminated),
		cmocka_unit_test(test_server_killed),
		cmocka_unit_test(test_url_needs_tls),
		cmocka_unit_test(test_url_wrong),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
