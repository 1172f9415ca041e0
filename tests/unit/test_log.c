/* Unit tests of core/log. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/log.h"

/* Standard error goes to a file from capture_begin() to capture_end(). */
static int saved_stderr;
static FILE *captured;

static void capture_begin(void)
{
	captured = tmpfile();
	saved_stderr = dup(STDERR_FILENO);
	dup2(fileno(captured), STDERR_FILENO);
}

static const char *capture_end(void)
{
	static char lines[65536];
	size_t len;

	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	rewind(captured);
	len = fread(lines, 1, sizeof(lines) - 1, captured);
	lines[len] = '\0';
	fclose(captured);
	return lines;
}

/* What stands behind the time, after a check of its shape. */
static const char *behind_time(const char *line)
{
	int year, month, day, hour, minute, second, milli, used = 0;

	sscanf(line, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ %n", &year, &month, &day, &hour, &minute, &second, &milli, &used);
	unit_same_number(line, used, 25);
	return line + used;
}

static void writes_lines(void **state)
{
	log_open("intake", NULL, NULL);
	capture_begin();
	log_info("stored", "mailbox=%s count=%d", "field", 100);
	assert_string_equal(behind_time(capture_end()), "info intake stored mailbox=field count=100\n");
	capture_begin();
	log_error("stopped", " ");
	assert_string_equal(behind_time(capture_end()), "error intake stopped\n");
	capture_begin();
	log_info("forged", "subject=%s", "a\nb\tc\x1B[31m");
	assert_string_equal(behind_time(capture_end()), "info intake forged subject=a b c [31m\n");
}

static void writes_failures(void **state)
{
	struct error err = ERROR_INIT;

	error_set(&err, REACH_SOURCE, "imap.example.org: login refused (\"NO\")");
	log_open("intake", "info", "text");
	errno = ENOENT;
	capture_begin();
	log_failure(LOG_WARNING, "poll_failed", &err, "mailbox=%s why=%m", "field");
	assert_string_equal(behind_time(capture_end()),
		"warning intake poll_failed reach=source error=\"imap.example.org: login refused (\\\"NO\\\")\" "
		"mailbox=field why=No such file or directory\n");
	assert_int_equal(errno, ENOENT);
}

static void keeps_levels(void **state)
{
	static const struct {
		const char *level;
		int lines;
	} cases[] = {{"error", 1}, {"warning", 2}, {"info", 3}, {"debug", 4}, {NULL, 3}, {"loud", 3}};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *lines;
		int count = 0;

		log_open("main", cases[i].level, NULL);
		capture_begin();
		log_error("e", "n=1");
		log_warning("w", "n=2");
		log_info("i", "n=3");
		log_debug("d", "n=4");
		for (lines = capture_end(); *lines; lines++)
			count += *lines == '\n';
		unit_same_number(cases[i].level ? cases[i].level : "none", count, cases[i].lines);
	}
}

static void quotes(void **state)
{
	static const struct {
		struct view value;
		const char *expected;
	} cases[] = {
		{{"", 0}, "\"\""},
		{{"a b", 3}, "\"a b\""},
		{{"a\"b\\", 4}, "\"a\\\"b\\\\\""},
		{{"a\r\n\tb", 5}, "\"a\\r\\n\\tb\""},
		{{"\0\x1B\x7F", 3}, "\"\\x00\\x1B\\x7F\""},
		{{"\xC3\xA9\xFF\xC3", 4}, "\"\xC3\xA9\\xFF\\xC3\""},
		{{"\xE2\x80\xAE" "x\xE2\x80\xA8", 7}, "\"\\u202Ex\\u2028\""},
		{{"\xEF\xBF\xBD", 3}, "\"\xEF\xBF\xBD\""},
		{{"\xC2\x85", 2}, "\"\\u0085\""},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		UNIT_SCOPED char *block = unit_heap(cases[i].value);

		assert_string_equal(log_value((struct view){block, cases[i].value.len}), cases[i].expected);
	}
	/* Several values of one call. */
	{
		const char *one = log_value(VIEW("1")), *two = log_value(VIEW("2")), *three = log_value(VIEW("3"));

		assert_string_equal(one, "\"1\"");
		assert_string_equal(two, "\"2\"");
		assert_string_equal(three, "\"3\"");
	}
}

static void cuts(void **state)
{
	static const struct {
		size_t len;
		bool cut;
	} cases[] = {{LOG_VALUE_MAX - 1, false}, {LOG_VALUE_MAX, false}, {LOG_VALUE_MAX + 1, true}};
	char value[2 * LOG_LINE_MAX];
	const char *line;

	memset(value, '\x01', sizeof(value));
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *quoted = log_value((struct view){value, cases[i].len});

		unit_same_number("cut", strstr(quoted, "...\"") != NULL, cases[i].cut);
		unit_same_number("length", (long long)strlen(quoted),
			(long long)(cases[i].cut ? LOG_VALUE_MAX * 4 + 5 : cases[i].len * 4 + 2));
	}
	/* A character of two bytes on the border goes whole. */
	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = i % 2 == 0 ? '\xC3' : '\xA9';
	value[sizeof(value) - 1] = '\0';
	log_open("main", NULL, NULL);
	capture_begin();
	log_info("long", "%s%s", LOG_LINE_MAX % 2 == 0 ? "x" : "", value);
	line = behind_time(capture_end());
	unit_same_number("line", (long long)strlen(line), (long long)strlen("info main long ") + LOG_LINE_MAX - 1 + 1);
	assert_int_equal(line[strlen(line) - 2], '\xA9');
}

static const char *member(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "(none)";
}

static void writes_json(void **state)
{
	struct error err = ERROR_INIT;
	json_t *object;

	log_open("send", NULL, "json");
	error_set(&err, REACH_RETRY, "busy");
	capture_begin();
	log_failure(LOG_ERROR, "refused", &err, "to=%s count=%d time=x and more", log_value(VIEW("a \"b\" \\ c=d")), 3);
	object = json_loads(capture_end(), 0, NULL);
	assert_non_null(object);
	assert_int_equal(strlen(member(object, "time")), 24);
	assert_string_equal(member(object, "level"), "error");
	assert_string_equal(member(object, "duty"), "send");
	assert_string_equal(member(object, "event"), "refused");
	assert_string_equal(member(object, "reach"), "retry");
	assert_string_equal(member(object, "error"), "busy");
	assert_string_equal(member(object, "to"), "a \"b\" \\ c=d");
	assert_string_equal(member(object, "count"), "3");
	assert_string_equal(member(object, "text"), "and more");
	json_decref(object);
}

static void writes_hostile_json(void **state)
{
	static const char *const fields[] = {"a=\"x", "a=\"x\\", "=x", "a=", "\"", "a=\xFF", "\xFF", "a==b", "a=\"\" b"};

	log_open("send", NULL, "json");
	for (size_t i = 0; i < COUNT(fields); i++) {
		json_t *object;

		capture_begin();
		log_info("x", "%s", fields[i]);
		object = json_loads(capture_end(), 0, NULL);
		unit_same_number(fields[i], object != NULL, 1);
		json_decref(object);
	}
}

static void marks_for_the_journal(void **state)
{
	struct stat status;
	char stream[64];

	capture_begin();
	fstat(STDERR_FILENO, &status);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)status.st_dev, (unsigned long long)status.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_open("main", "debug", NULL);
	log_error("e", "n=1");
	log_warning("w", "n=1");
	log_info("i", "n=1");
	log_debug("d", "n=1");
	assert_string_equal(capture_end(),
		"<3>error main e n=1\n<4>warning main w n=1\n<6>info main i n=1\n<7>debug main d n=1\n");
	setenv("JOURNAL_STREAM", "1:1", 1);
	capture_begin();
	log_open("main", NULL, NULL);
	log_info("i", "n=1");
	assert_string_equal(behind_time(capture_end()), "info main i n=1\n");
	unsetenv("JOURNAL_STREAM");
}

static void *log_in_thread(void *name)
{
	for (int i = 0; i < 100; i++)
		log_info("tick", "thread=%s", log_value(view_of(name)));
	return NULL;
}

static void keeps_lines_whole(void **state)
{
	char names[3][2] = {"a", "b", "c"};
	pthread_t threads[3];
	int count = 0;

	log_open("main", NULL, NULL);
	capture_begin();
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, log_in_thread, names[i]), 0);
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	for (const char *line = capture_end(); *line; line = strchr(line, '\n') + 1, count++) {
		const char *rest = behind_time(line);

		assert_memory_equal(rest, "info main tick thread=\"", 23);
		assert_memory_equal(rest + 24, "\"\n", 2);
	}
	assert_int_equal(count, 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_lines),
		cmocka_unit_test(writes_failures),
		cmocka_unit_test(keeps_levels),
		cmocka_unit_test(quotes),
		cmocka_unit_test(cuts),
		cmocka_unit_test(writes_json),
		cmocka_unit_test(writes_hostile_json),
		cmocka_unit_test(marks_for_the_journal),
		cmocka_unit_test(keeps_lines_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
