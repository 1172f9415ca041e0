/* Unit tests of base/yaml. */
#include "tests/unit/unit.h"

#include "base/yaml.h"

/* The tree as one line: {a=b [c 'd'] ...}; quoted scalars in single quotes. */
static void print_node(const struct yaml_node *node, struct text *out)
{
	if (node->key)
		text_add_format(out, "%s=", node->key);
	if (node->kind == YAML_SCALAR) {
		text_add_format(out, node->quoted ? "'%s'" : "%s", node->scalar);
		assert_int_equal(strlen(node->scalar), node->scalar_len);
		return;
	}
	text_add_char(out, node->kind == YAML_MAPPING ? '{' : '[');
	for (const struct yaml_node *child = node->first; child; child = child->next) {
		print_node(child, out);
		if (child->next)
			text_add_char(out, ' ');
	}
	text_add_char(out, node->kind == YAML_MAPPING ? '}' : ']');
}

static int parse(struct arena *arena, struct view yaml, struct yaml_node **root_out, struct error *err)
{
	UNIT_SCOPED char *block = unit_heap(yaml);

	return yaml_parse(arena, (struct view){block, yaml.len}, "test.yaml", root_out, err);
}

static void reads_trees(void **state)
{
	static const struct {
		const char *name, *yaml, *expected;
	} cases[] = {
		{"nothing", "", "{}"},
		{"comments", "# nothing\n\n", "{}"},
		{"empty document", "---\n...\n", "{}"},
		{"null document", "~\n", "{}"},
		{"mapping", "a: 1\nb: two\n", "{a=1 b=two}"},
		{"no line end", "a: 1", "{a=1}"},
		{"CRLF", "a: 1\r\nb: 2\r\n", "{a=1 b=2}"},
		{"byte order mark", "\xEF\xBB\xBF" "a: 1\n", "{a=1}"},
		{"nested", "a:\n  b:\n    - c\n    - {d: e, f: [g]}\n", "{a={b=[c {d=e f=[g]}]}}"},
		{"quotes", "a: 'it''s'\nb: \"x\\ty\"\nc: plain\n", "{a='it's' b='x\ty' c=plain}"},
		{"quoted key", "\"a b\": 1\n", "{a b=1}"},
		{"blocks", "a: |\n  one\n  two\nb: >\n  one\n  two\n", "{a='one\ntwo\n' b='one two\n'}"},
		{"missing values", "a:\nb: ~\n", "{a= b=~}"},
		{"scalar document", "just text\n", "just text"},
		{"list document", "- a\n- - b\n", "[a [b]]"},
		{"JSON", "{\"a\": [1, true, null, \"x\"], \"b\": {}}", "{a=[1 true null 'x'] b={}}"},
		{"UTF-8", "\u0928\u0947: \u00E9\n", "{\u0928\u0947=\u00E9}"},
		{"same key elsewhere", "a: {x: 1}\nb: {x: 2}\n", "{a={x=1} b={x=2}}"},
	};
	struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct yaml_node *root;
		struct error err = ERROR_INIT;
		TEXT_SCOPED out;

		text_init(&out, 1000);
		if (parse(arena, view_of(cases[i].yaml), &root, &err) != 0)
			fail_msg("%s: %s", cases[i].name, err.text);
		print_node(root, &out);
		unit_same(cases[i].name, text_view(&out), view_of(cases[i].expected));
	}
	arena_free(&arena);
}

static void refuses(void **state)
{
	static const struct {
		const char *name;
		struct view yaml;
		const char *place, *words;
	} cases[] = {
		{"key twice", {"a: 1\nb: 2\na: 3\n", 15}, "test.yaml:3:1: ", "\"a\" is given twice (first in line 1)"},
		{"key twice in flow", {"x: {k: 1, k: 2}", 15}, "test.yaml:1:11: ", "given twice"},
		{"anchor", {"a: &x 1\n", 8}, "test.yaml:1:4: ", "anchors and aliases"},
		{"alias", {"a: *x\n", 6}, "test.yaml:1:4: ", "anchors and aliases"},
		{"merge", {"a: {b: 1}\n<<: *a\n", 17}, "test.yaml:2:5: ", "anchors and aliases"},
		{"anchor on a mapping", {"a: &x\n  b: 1\n", 13}, "test.yaml:1:4: ", "anchors"},
		{"anchor on a key", {"&x a: 1\n", 8}, "test.yaml:1:1: ", "anchors"},
		{"tag", {"a: !!str 1\n", 11}, "test.yaml:1:4: ", "tags (!)"},
		{"tag on a list", {"a: !x [1]\n", 10}, "test.yaml:1:4: ", "tags (!)"},
		{"second document", {"a: 1\n---\nb: 2\n", 14}, "test.yaml:2:1: ", "second document"},
		{"list as a key", {"? [a]\n: b\n", 10}, "test.yaml:1:3: ", "a key must be"},
		{"no key", {"\"\": b\n", 6}, "test.yaml:1:1: ", "a key is missing"},
		{"NUL in a value", {"a: \"x\\0y\"\n", 10}, "test.yaml:1:4: ", "NUL"},
		{"NUL in a key", {"\"x\\0y\": 1\n", 10}, "test.yaml:1:1: ", "NUL"},
		{"tab", {"a:\n\tb: 1\n", 9}, "test.yaml:2:1: ", "indent with blanks"},
		{"colon in a value", {"a: b: c\n", 8}, "test.yaml:1:5: ", "quote a value"},
		{"open quotes", {"a: \"b\n", 6}, "test.yaml:2:1: ", "close the quotes"},
		{"open bracket", {"a: [b\nc: d\n", 11}, "test.yaml:2:2: ", "close the bracket"},
		{"indentation", {"a:\n  b: 1\n c: 2\n", 16}, "test.yaml:3:2: ", "in one column"},
		{"not UTF-8", {"a: b\nc: \xFFx\n", 11}, "test.yaml:2:4: ", "save the file as UTF-8"},
		{"control character", {"a: b\nc: \x01\n", 10}, "test.yaml:2:4: ", "control characters"},
		{"at sign", {"a: @b\n", 6}, "test.yaml:1:4: ", "begins with @"},
	};
	struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct yaml_node *root = NULL;
		struct error err = ERROR_INIT;

		unit_same_number(cases[i].name, parse(arena, cases[i].yaml, &root, &err), -1);
		assert_null(root);
		assert_int_equal(err.reach, REACH_STOP);
		unit_same(cases[i].name, view_sub(view_of(err.text), 0, strlen(cases[i].place)), view_of(cases[i].place));
		unit_holds(cases[i].name, err.text, cases[i].words);
	}
	arena_free(&arena);
}

static int parse_repeated(struct arena *arena, const char *before, const char *part, size_t count, struct error *err)
{
	struct yaml_node *root;
	struct text yaml;
	int result;

	text_init(&yaml, 16 << 20);
	text_add_string(&yaml, before);
	for (size_t i = 0; i < count; i++)
		text_add_string(&yaml, part);
	for (size_t i = 0; i < count && part[0] == '['; i++)
		text_add_char(&yaml, ']');
	result = parse(arena, text_view(&yaml), &root, err);
	text_release(&yaml);
	return result;
}

static void limits_depth(void **state)
{
	struct arena *arena = arena_new();
	struct error err = ERROR_INIT;

	/* The innermost list takes a level, but holds nothing. */
	assert_int_equal(parse_repeated(arena, "", "[", YAML_DEPTH_MAX - 1, &err), 0);
	assert_int_equal(parse_repeated(arena, "", "[", YAML_DEPTH_MAX, &err), 0);
	assert_int_equal(parse_repeated(arena, "", "[", YAML_DEPTH_MAX + 1, &err), -1);
	unit_holds("depth", err.text, "test.yaml:1:33: too many levels");
	assert_int_equal(parse_repeated(arena, "", "[", 100000, &err), -1);
	arena_free(&arena);
}

static void limits_nodes(void **state)
{
	struct arena *arena = arena_new();
	struct error err = ERROR_INIT;

	/* The list itself is one of them. */
	assert_int_equal(parse_repeated(arena, "", "- x\n", YAML_NODES_MAX - 1, &err), 0);
	assert_int_equal(parse_repeated(arena, "", "- x\n", YAML_NODES_MAX, &err), -1);
	unit_holds("nodes", err.text, "too many values");
	arena_free(&arena);
}

static void knows_places(void **state)
{
	struct arena *arena = arena_new();
	struct error err = ERROR_INIT;
	const struct yaml_node *child;
	struct yaml_node *root;

	assert_int_equal(parse(arena, VIEW("# words\na: 1\n\u00E9t\u00E9:  [x,\n  y]\n"), &root, &err), 0);
	assert_int_equal(root->line, 2);
	assert_int_equal(root->count, 2);
	child = yaml_get(root, "\u00E9t\u00E9");
	assert_int_equal(child->key_line, 3);
	assert_int_equal(child->key_column, 1);
	assert_int_equal(child->line, 3);
	assert_int_equal(child->column, 7);
	assert_int_equal(child->first->next->line, 4);
	assert_int_equal(child->first->next->column, 3);
	assert_null(yaml_get(root, "b"));
	assert_null(yaml_get(child, "x"));
	assert_null(yaml_get(NULL, "x"));
	assert_int_equal(yaml_error(child->first, &err, "wrong %d", 7), -1);
	assert_string_equal(err.text, "test.yaml:3:8: wrong 7");
	assert_int_equal(err.reach, REACH_STOP);
	arena_free(&arena);
}

static void reads_values(void **state)
{
	static const struct {
		const char *yaml;
		int null, boolean, number; /* -1: refused */
	} cases[] = {
		{"v: true", 0, 1, -1}, {"v: Yes", 0, 1, -1}, {"v: ON", 0, 1, -1}, {"v: false", 0, 0, -1}, {"v: no", 0, 0, -1},
		{"v: off", 0, 0, -1}, {"v: 'yes'", 0, -1, -1}, {"v: 1", 0, -1, 1}, {"v: 0", 0, -1, 0}, {"v: 10", 0, -1, 10},
		{"v: 11", 0, -1, -1}, {"v: -1", 0, -1, -1}, {"v: \"5\"", 0, -1, -1}, {"v: 5x", 0, -1, -1}, {"v: 1.0", 0, -1, -1},
		{"v:", 1, -1, -1}, {"v: ~", 1, -1, -1}, {"v: Null", 1, -1, -1}, {"v: ''", 0, -1, -1}, {"v: 'null'", 0, -1, -1},
		{"v: []", 0, -1, -1}, {"v: {}", 0, -1, -1},
	};
	struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error err = ERROR_INIT;
		const struct yaml_node *node;
		struct yaml_node *root;
		bool boolean = false;
		long long number = -1;

		assert_int_equal(parse(arena, view_of(cases[i].yaml), &root, &err), 0);
		node = yaml_get(root, "v");
		unit_same_number(cases[i].yaml, yaml_is_null(node), cases[i].null);
		unit_same_number(cases[i].yaml, yaml_bool(node, &boolean, &err) == 0 ? boolean : -1, cases[i].boolean);
		unit_same_number(cases[i].yaml, yaml_int(node, 0, 10, &number, &err), cases[i].number < 0 ? -1 : 0);
		unit_same_number(cases[i].yaml, number, cases[i].number);
		if (cases[i].number < 0)
			unit_holds(cases[i].yaml, err.text, "v: a whole number from 0 to 10 is wanted here, not ");
	}
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_trees),
		cmocka_unit_test(refuses),
		cmocka_unit_test(limits_depth),
		cmocka_unit_test(limits_nodes),
		cmocka_unit_test(knows_places),
		cmocka_unit_test(reads_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
