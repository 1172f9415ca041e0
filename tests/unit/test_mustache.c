/* Unit tests of base/mustache: the cases of tests/cases/mustache, and limits. */
#include "tests/unit/unit.h"

#include <glob.h>

#include "base/mustache.h"

static struct view partial_of(void *context, struct view name)
{
	const json_t *partial = json_object_getn(context, name.ptr, name.len);

	return partial ? (struct view){json_string_value(partial), json_string_length(partial)} : VIEW_NULL;
}

static const char *string_of(const json_t *test, const char *key)
{
	return json_string_value(json_object_get(test, key));
}

static void run_case(const char *file, const json_t *test)
{
	const json_t *template = json_object_get(test, "template"), *expected = json_object_get(test, "expected");
	const json_t *html = json_object_get(test, "html");
	struct mustache_options options = {.html = !json_is_false(html), .context = json_object_get(test, "partials")};
	struct view text = {json_string_value(template), json_string_length(template)};
	UNIT_SCOPED char *block = unit_heap(text);
	struct error err = ERROR_INIT;
	char name[200];
	TEXT_SCOPED out;
	int result;

	if (options.context)
		options.partial = partial_of;
	snprintf(name, sizeof(name), "%s: %s", file, string_of(test, "name"));
	text_init(&out, 10000);
	text_add_string(&out, ">");
	result = mustache_render((struct view){block, text.len}, json_object_get(test, "data"), &options, &out, &err);
	if (expected) {
		if (result != 0)
			fail_msg("%s: %s", name, err.text);
		unit_same(name, view_sub(text_view(&out), 1, out.len),
			(struct view){json_string_value(expected), json_string_length(expected)});
		return;
	}
	unit_same_number(name, result, -1);
	unit_same_number(name, err.reach, REACH_STOP);
	unit_holds(name, err.text, string_of(test, "error"));
	unit_same_number(name, strncmp(err.text, string_of(test, "error"), strlen(string_of(test, "error"))), 0);
	/* What was there before stays, alone. */
	unit_same(name, text_view(&out), VIEW(">"));
}

static void runs_cases(void **state)
{
	size_t count = 0;
	glob_t files;

	assert_int_equal(glob("tests/cases/mustache/*.json", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		json_error_t where;
		json_t *tests = json_load_file(files.gl_pathv[i], JSON_ALLOW_NUL, &where), *test;
		size_t index;

		if (!tests)
			fail_msg("%s:%d: %s", files.gl_pathv[i], where.line, where.text);
		json_array_foreach (tests, index, test)
			run_case(files.gl_pathv[i], test);
		count += json_array_size(tests);
		json_decref(tests);
	}
	globfree(&files);
	assert_true(count > 150);
}

/* {{#a}} so many times, one in another. */
static int render_nested(size_t depth, struct error *err)
{
	json_t *data = json_pack("{s:b}", "a", 1);
	TEXT_SCOPED template;
	TEXT_SCOPED out;
	int result;

	text_init(&template, 1 << 20);
	text_init(&out, 1000);
	for (size_t i = 0; i < depth; i++)
		text_add_string(&template, "{{#a}}");
	text_add_string(&template, "x");
	for (size_t i = 0; i < depth; i++)
		text_add_string(&template, "{{/a}}");
	result = mustache_render(text_view(&template), data, NULL, &out, err);
	if (result == 0)
		unit_same("nested", text_view(&out), VIEW("x"));
	json_decref(data);
	return result;
}

static void limits_depth(void **state)
{
	struct error err = ERROR_INIT;

	assert_int_equal(render_nested(MUSTACHE_DEPTH_MAX - 1, &err), 0);
	assert_int_equal(render_nested(MUSTACHE_DEPTH_MAX, &err), 0);
	assert_int_equal(render_nested(MUSTACHE_DEPTH_MAX + 1, &err), -1);
	unit_holds("depth", err.text, "line 1: too many sections, one in another: a");
	assert_int_equal(render_nested(50000, &err), -1);
}

static void limits_length(void **state)
{
	static const struct {
		size_t maximum;
		int result;
	} cases[] = {{9, -1}, {10, 0}, {11, 0}};
	json_t *data = json_pack("{s:s}", "a", "<56789");

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mustache_options options = {.html = true};
		struct error err = ERROR_INIT;
		TEXT_SCOPED out;

		text_init(&out, cases[i].maximum);
		text_add_string(&out, ">");
		unit_same_number("limit", mustache_render(VIEW("{{a}}"), data, &options, &out, &err), cases[i].result);
		unit_same("limit", text_view(&out), cases[i].result == 0 ? VIEW(">&lt;56789") : VIEW(">"));
		unit_same_number("reach", err.reach, cases[i].result == 0 ? REACH_NONE : REACH_MESSAGE);
	}
	json_decref(data);
}

/* Every beginning of a template renders or is refused; none reads past its end. */
static void takes_any_beginning(void **state)
{
	static const struct view template = VIEW("{{#a}}\r\n {{! c }} \n{{=<% %>=}}<%{b}%><%={{ }}=%>\n{{^b}}{{/b}}  {{>p}}\n"
		"{{{b}}}{{&b}}{{ b.c }}{{/a}}\n");
	json_t *data = json_pack("{s:[{s:s},{}]}", "a", "b", "x"), *partials = json_pack("{s:s}", "p", "{{b}}\n");
	struct mustache_options options = {.html = true, .partial = partial_of, .context = partials};

	for (size_t len = 0; len <= template.len; len++) {
		UNIT_SCOPED char *block = unit_heap(view_sub(template, 0, len));
		struct error err = ERROR_INIT;
		TEXT_SCOPED out;
		int result;

		text_init(&out, 1000);
		result = mustache_render((struct view){block, len}, data, &options, &out, &err);
		assert_int_equal(result, err.reach == REACH_NONE ? 0 : -1);
		if (len == template.len)
			unit_same("whole", text_view(&out), VIEW("x\n  x\n\nxx\n  \n\n\n"));
	}
	json_decref(partials);
	json_decref(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_cases),
		cmocka_unit_test(limits_depth),
		cmocka_unit_test(limits_length),
		cmocka_unit_test(takes_any_beginning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
