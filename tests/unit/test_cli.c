/* cli/cli and cli/table: options, exit statuses, columns for people and objects for programs. */
#include "tests/unit/unit.h"

#include <unistd.h>

#include "cli/cli.h"
#include "cli/table.h"

static void test_options(void **state)
{
	char *argv[] = {(char[]){"one"}, (char[]){"--team"}, (char[]){"ssr"}, (char[]){"--hour=7"}, (char[]){"--all"},
		(char[]){"--"}, (char[]){"--all"}, (char[]){"--last"}, NULL};
	int argc = 8;

	assert_string_equal(cli_option(&argc, argv, "--team"), "ssr");
	assert_string_equal(cli_option(&argc, argv, "--hour"), "7");
	assert_null(cli_option(&argc, argv, "--team"));
	assert_true(cli_flag(&argc, argv, "--all"));
	assert_false(cli_flag(&argc, argv, "--all")); /* behind -- it is a word */
	assert_int_equal(argc, 4);
	assert_string_equal(argv[0], "one");
	assert_string_equal(argv[2], "--all");
	assert_null(argv[4]);
}

static void test_an_option_without_its_value_stays(void **state)
{
	char *argv[] = {(char[]){"--team"}, NULL};
	int argc = 1;

	assert_null(cli_option(&argc, argv, "--team"));
	assert_int_equal(argc, 1);
}

static FILE *caught;
static int usual;

static void catch_stderr(void)
{
	fflush(stderr);
	caught = tmpfile();
	usual = dup(2);
	dup2(fileno(caught), 2);
}

static const char *caught_text(struct arena *arena)
{
	char buffer[2000];
	size_t n;

	fflush(stderr);
	dup2(usual, 2);
	close(usual);
	rewind(caught);
	n = fread(buffer, 1, sizeof(buffer), caught);
	fclose(caught);
	return arena_copy(arena, buffer, n);
}

static void test_failures(void **state)
{
	static const struct {
		enum error_reach reach;
		const char *sentence, *printed;
		int status;
	} cases[] = {
		{REACH_STOP, "my.yaml:3:9: port is odd", "my.yaml:3:9: port is odd\n", EX_CONFIG},
		{REACH_STOP, "/a b:c/my.yaml:13:1: port", "/a b:c/my.yaml:13:1: port\n", EX_CONFIG},
		{REACH_STOP, "at 18:00: no", "fieldpost serve: at 18:00: no\n", EX_CONFIG},
		{REACH_RETRY, "later", "fieldpost serve: later\n", EX_TEMPFAIL},
		{REACH_UNCERTAIN, "perhaps", "fieldpost serve: perhaps\n", EX_TEMPFAIL},
		{REACH_SOURCE, "away", "fieldpost serve: away\n", EX_UNAVAILABLE},
		{REACH_MESSAGE, "odd", "fieldpost serve: odd\n", EX_DATAERR},
	};
	struct arena *arena = arena_new();
	struct cli cli = {.command = "serve"};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error err = ERROR_INIT;
		int status;

		error_set(&err, cases[i].reach, "%s", cases[i].sentence);
		catch_stderr();
		status = cli_fail(&cli, &err);
		assert_string_equal(caught_text(arena), cases[i].printed);
		assert_int_equal(status, cases[i].status);
	}
	arena_free(&arena);
}

#define SECOND ((int64_t)1000000)

static void test_ago(void **state)
{
	static const struct {
		int64_t seconds;
		const char *words;
	} cases[] = {{0, "just now"}, {1, "just now"}, {-1, "just now"}, {2, "2 s ago"}, {119, "119 s ago"},
		{120, "2 min ago"}, {7199, "119 min ago"}, {7200, "2 h ago"}, {172799, "47 h ago"},
		{172800, "2 days ago"}, {-40, "in 40 s"}, {-7200, "in 2 h"}};
	struct arena *arena = arena_new();
	int64_t now = 1795284000 * SECOND;

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_string_equal(table_ago(arena, now - cases[i].seconds * SECOND, now), cases[i].words);
	arena_free(&arena);
}

static struct table *sample(struct arena *arena)
{
	struct table *table = table_new(arena);

	table_string(table, "team_name", "Réforme");
	table_int(table, "mails", 7);
	table_time(table, "last", 0, 0);
	table_string(table, "words", "a\tb\033[31m");
	table_end_row(table);
	table_string(table, "team_name", "ssr");
	table_int(table, "mails", 12345);
	table_time(table, "last", 1795284000 * SECOND, 1795284030 * SECOND);
	table_text(table, "words", VIEW("x\xFFy"));
	table_end_row(table);
	return table;
}

static void test_columns(void **state)
{
	struct arena *arena = arena_new();
	char *printed = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&printed, &size);

	table_print(sample(arena), "> ", stream);
	fclose(stream);
	assert_string_equal(printed, "> TEAM NAME  MAILS  LAST      WORDS\n"
				     "> Réforme        7  never     a b?[31m\n"
				     "> ssr        12345  30 s ago  x?y\n");
	free(printed);
	arena_free(&arena);
}

static void test_objects(void **state)
{
	struct arena *arena = arena_new();
	json_t *json = table_json(sample(arena));
	char *text = json_dumps(json, JSON_COMPACT);

	assert_string_equal(text,
		"[{\"team_name\":\"Réforme\",\"mails\":7,\"last\":null,\"words\":\"a\\tb\\u001B[31m\"},"
		"{\"team_name\":\"ssr\",\"mails\":12345,\"last\":\"2026-11-21T18:00:00.000Z\",\"words\":\"x?y\"}]");
	free(text);
	json_decref(json);
	arena_free(&arena);
}

/* A text wider than its column is cut between characters, never in the last column. */
static void test_wide_cells(void **state)
{
	struct arena *arena = arena_new();
	struct table *table = table_new(arena);
	struct text wide, printed;
	char *out = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&out, &size);

	text_init(&wide, 1000);
	text_init(&printed, 2000);
	for (int i = 0; i < TABLE_CELL_COLUMNS + 1; i++)
		text_add_string(&wide, "é");
	table_text(table, "a", text_view(&wide));
	table_text(table, "b", text_view(&wide));
	table_end_row(table);
	table_print(table, "", stream);
	fclose(stream);
	text_add_format(&printed, "A%*s  B\n", TABLE_CELL_COLUMNS - 1, "");
	text_add(&printed, wide.ptr, (TABLE_CELL_COLUMNS - 1) * 2);
	text_add_string(&printed, "\u2026  ");
	text_add_view(&printed, text_view(&wide));
	text_add_char(&printed, '\n');
	assert_string_equal(out, text_string(&printed));
	free(out);
	text_release(&wide);
	text_release(&printed);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_an_option_without_its_value_stays),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_ago),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_wide_cells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
