/* base/yaml: one document as a tree of nodes that know their place. See yaml.h. */
#include "base/yaml.h"

#include <stdlib.h>
#include <yaml.h>

struct builder {
	yaml_parser_t parser;
	struct arena *arena;
	struct view bytes;
	const char *file;
	size_t nodes;
	struct error *err;
};

#define EVENT_SCOPED __attribute__((cleanup(yaml_event_delete))) yaml_event_t

static int fail_at(struct builder *builder, yaml_mark_t mark, const char *words)
{
	return error_set(builder->err, REACH_STOP, "%s:%zu:%zu: %s", builder->file, mark.line + 1,
		mark.column + 1, words);
}

/* libyaml's complaints in the words of somebody who edits a file. */
static const char *mend_for(const char *problem)
{
	static const struct {
		const char *problem, *mend;
	} mends[] = {
		{"cannot start any token", "indent with blanks, not tabs; quote a value that begins with @, ` or %"},
		{"mapping values are not allowed", "quote a value that holds \": \", or mend the indentation"},
		{"could not find expected ':'", "write a colon after the key, or mend the indentation"},
		{"did not find expected key", "begin the keys of one mapping in one column"},
		{"did not find expected '-'", "begin the items of one list in one column"},
		{"did not find expected ','", "put a comma or close the bracket"},
		{"unexpected end of stream", "close the quotes"},
		{"tag", "quote a value that begins with !"},
		{"alphabetic", "quote a value that begins with & or *"},
		{"octet", "save the file as UTF-8"},
		{"control characters", "save the file as UTF-8 without control characters"},
		{"UTF", "save the file as UTF-8"},
		{"Unicode", "save the file as UTF-8"},
	};

	for (size_t i = 0; i < sizeof(mends) / sizeof(mends[0]); i++)
		if (strstr(problem, mends[i].problem))
			return mends[i].mend;
	return "mend the indentation or the quotes here";
}

static int syntax_error(struct builder *builder)
{
	const yaml_parser_t *parser = &builder->parser;
	const char *problem = parser->problem ? parser->problem : "cannot be read";
	yaml_mark_t mark = parser->problem_mark;

	if (parser->error == YAML_MEMORY_ERROR)
		return error_set(builder->err, REACH_STOP, "%s: out of memory", builder->file);
	if (parser->error == YAML_READER_ERROR) {
		/* The reader counts bytes alone. */
		mark = (yaml_mark_t){0};
		for (size_t i = 0; i < parser->problem_offset && i < builder->bytes.len; i++) {
			mark.column = builder->bytes.ptr[i] == '\n' ? 0 : mark.column + 1;
			mark.line += builder->bytes.ptr[i] == '\n';
		}
	}
	return error_set(builder->err, REACH_STOP, "%s:%zu:%zu: %s%s%s; %s", builder->file, mark.line + 1,
		mark.column + 1, parser->context ? parser->context : "", parser->context ? ": " : "", problem,
		mend_for(problem));
}

static int take_event(struct builder *builder, yaml_event_t *event)
{
	return yaml_parser_parse(&builder->parser, event) ? 0 : syntax_error(builder);
}

static struct yaml_node *add_node(struct builder *builder, enum yaml_kind kind, yaml_mark_t mark)
{
	struct yaml_node *node = ARENA_NEW(builder->arena, struct yaml_node);

	node->kind = kind;
	node->file = builder->file;
	node->line = (int)mark.line + 1;
	node->column = (int)mark.column + 1;
	return node;
}

/* An anchor, an alias or a tag anywhere; all three mean more than our files may say. */
static int refuse_extras(struct builder *builder, const yaml_event_t *event)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	switch (event->type) {
	case YAML_ALIAS_EVENT:
		anchor = event->data.alias.anchor;
		break;
	case YAML_SCALAR_EVENT:
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
		break;
	case YAML_SEQUENCE_START_EVENT:
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
		break;
	case YAML_MAPPING_START_EVENT:
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
		break;
	default:
		break;
	}
	if (anchor)
		return fail_at(builder, event->start_mark,
			"anchors and aliases (& and *) are not taken; write the value out, or quote it");
	if (tag)
		return fail_at(builder, event->start_mark, "tags (!) are not taken; leave it out, or quote the value");
	return 0;
}

static int take_scalar(struct builder *builder, const yaml_event_t *event, struct yaml_node *node)
{
	const char *value = (const char *)event->data.scalar.value;

	if (memchr(value, '\0', event->data.scalar.length))
		return fail_at(builder, event->start_mark, "a NUL character is not taken; leave \\0 out");
	node->scalar = arena_copy(builder->arena, value, event->data.scalar.length);
	node->scalar_len = event->data.scalar.length;
	node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	return 0;
}

static int compare_keys(const void *a, const void *b)
{
	const struct yaml_node *const *one = a, *const *two = b;
	int order = strcmp((*one)->key, (*two)->key);

	if (order != 0)
		return order;
	return (*one)->key_line != (*two)->key_line ? (*one)->key_line - (*two)->key_line
						    : (*one)->key_column - (*two)->key_column;
}

static int refuse_twice(struct builder *builder, const struct yaml_node *mapping)
{
	const struct yaml_node **sorted = ARENA_NEW_N(builder->arena, const struct yaml_node *, mapping->count);
	size_t count = 0;

	for (const struct yaml_node *child = mapping->first; child; child = child->next)
		sorted[count++] = child;
	qsort(sorted, count, sizeof(*sorted), compare_keys);
	for (size_t i = 1; i < count; i++)
		if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0)
			return error_set(builder->err, REACH_STOP,
				"%s:%d:%d: \"%.60s\" is given twice (first in line %d); leave one of them out",
				builder->file, sorted[i]->key_line, sorted[i]->key_column, sorted[i]->key,
				sorted[i - 1]->key_line);
	return 0;
}

static int build(struct builder *builder, const yaml_event_t *event, int depth, struct yaml_node **node_out);

/* The key of a mapping's next entry: 1, 0 at the end of the mapping, -1. */
static int take_key(struct builder *builder, const char **key_out, yaml_mark_t *mark_out)
{
	EVENT_SCOPED event = {0};
	struct yaml_node key = {0};

	if (take_event(builder, &event) != 0)
		return -1;
	if (event.type == YAML_MAPPING_END_EVENT)
		return 0;
	if (refuse_extras(builder, &event) != 0)
		return -1;
	if (event.type != YAML_SCALAR_EVENT)
		return fail_at(builder, event.start_mark, "a key must be one word or a text in quotes");
	if (take_scalar(builder, &event, &key) != 0)
		return -1;
	if (key.scalar_len == 0)
		return fail_at(builder, event.start_mark, "a key is missing before the colon");
	*key_out = key.scalar;
	*mark_out = event.start_mark;
	return 1;
}

static void append(struct yaml_node *parent, struct yaml_node **last, struct yaml_node *child)
{
	if (*last)
		(*last)->next = child;
	else
		parent->first = child;
	*last = child;
	parent->count++;
}

static int build_mapping(struct builder *builder, int depth, struct yaml_node *mapping)
{
	struct yaml_node *last = NULL;
	const char *key = NULL;
	yaml_mark_t mark = {0};
	int found;

	while ((found = take_key(builder, &key, &mark)) == 1) {
		EVENT_SCOPED event = {0};
		struct yaml_node *child;

		if (take_event(builder, &event) != 0 || build(builder, &event, depth, &child) != 0)
			return -1;
		child->key = key;
		child->key_line = (int)mark.line + 1;
		child->key_column = (int)mark.column + 1;
		append(mapping, &last, child);
	}
	return found == 0 ? refuse_twice(builder, mapping) : -1;
}

static int build_sequence(struct builder *builder, int depth, struct yaml_node *sequence)
{
	struct yaml_node *last = NULL;

	for (;;) {
		EVENT_SCOPED event = {0};
		struct yaml_node *child;

		if (take_event(builder, &event) != 0)
			return -1;
		if (event.type == YAML_SEQUENCE_END_EVENT)
			return 0;
		if (build(builder, &event, depth, &child) != 0)
			return -1;
		append(sequence, &last, child);
	}
}

static int build(struct builder *builder, const yaml_event_t *event, int depth, struct yaml_node **node_out)
{
	if (refuse_extras(builder, event) != 0)
		return -1;
	if (depth >= YAML_DEPTH_MAX)
		return fail_at(builder, event->start_mark, "too many levels, one in another; make it flatter");
	if (++builder->nodes > YAML_NODES_MAX)
		return fail_at(builder, event->start_mark, "too many values; split the file");
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		*node_out = add_node(builder, YAML_SCALAR, event->start_mark);
		return take_scalar(builder, event, *node_out);
	case YAML_SEQUENCE_START_EVENT:
		*node_out = add_node(builder, YAML_SEQUENCE, event->start_mark);
		return build_sequence(builder, depth + 1, *node_out);
	case YAML_MAPPING_START_EVENT:
		*node_out = add_node(builder, YAML_MAPPING, event->start_mark);
		return build_mapping(builder, depth + 1, *node_out);
	default:
		return fail_at(builder, event->start_mark, "a value is missing");
	}
}

/* What follows the document: its end, then the stream's. */
static int expect_end(struct builder *builder)
{
	for (;;) {
		EVENT_SCOPED event = {0};

		if (take_event(builder, &event) != 0)
			return -1;
		if (event.type == YAML_STREAM_END_EVENT)
			return 0;
		if (event.type == YAML_DOCUMENT_START_EVENT)
			return fail_at(builder, event.start_mark, "a second document begins; keep one in a file");
	}
}

static int build_document(struct builder *builder, struct yaml_node **root_out)
{
	struct yaml_node *root = NULL;

	while (!root) {
		EVENT_SCOPED event = {0};

		if (take_event(builder, &event) != 0)
			return -1;
		if (event.type == YAML_STREAM_END_EVENT) {
			*root_out = add_node(builder, YAML_MAPPING, (yaml_mark_t){0});
			return 0;
		}
		if (event.type == YAML_STREAM_START_EVENT || event.type == YAML_DOCUMENT_START_EVENT)
			continue;
		if (build(builder, &event, 0, &root) != 0)
			return -1;
	}
	if (expect_end(builder) != 0)
		return -1;
	if (yaml_is_null(root))
		root = add_node(builder, YAML_MAPPING, (yaml_mark_t){0});
	*root_out = root;
	return 0;
}

int yaml_parse(struct arena *arena, struct view bytes, const char *file, struct yaml_node **root_out, struct error *err)
{
	struct builder builder = {.arena = arena, .bytes = bytes, .file = arena_strdup(arena, file), .err = err};
	int result;

	if (!yaml_parser_initialize(&builder.parser))
		return error_set(err, REACH_STOP, "%s: out of memory", file);
	yaml_parser_set_input_string(&builder.parser, (const unsigned char *)(bytes.ptr ? bytes.ptr : ""), bytes.len);
	result = build_document(&builder, root_out);
	yaml_parser_delete(&builder.parser);
	return result;
}

const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key)
{
	if (!mapping || mapping->kind != YAML_MAPPING)
		return NULL;
	for (const struct yaml_node *child = mapping->first; child; child = child->next)
		if (strcmp(child->key, key) == 0)
			return child;
	return NULL;
}

int yaml_error(const struct yaml_node *node, struct error *err, const char *format, ...)
{
	char words[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	return error_set(err, REACH_STOP, "%s:%d:%d: %s", node->file, node->line, node->column, words);
}

static bool is_plain_word(const struct yaml_node *node, const char *word)
{
	return node->kind == YAML_SCALAR && !node->quoted &&
		view_equal_nocase((struct view){node->scalar, node->scalar_len}, view_of(word));
}

bool yaml_is_null(const struct yaml_node *node)
{
	return is_plain_word(node, "") || is_plain_word(node, "~") || is_plain_word(node, "null");
}

/* "KEY: " for a message, or nothing. */
static int value_error(const struct yaml_node *node, struct error *err, const char *wanted)
{
	const char *key = node->key ? node->key : "", *colon = node->key ? ": " : "";

	if (node->kind != YAML_SCALAR)
		return yaml_error(node, err, "%s%s%s is wanted here, not a %s", key, colon, wanted,
			node->kind == YAML_MAPPING ? "mapping" : "list");
	return yaml_error(node, err, "%s%s%s is wanted here, not \"%.40s\"%s", key, colon, wanted, node->scalar,
		node->quoted ? " in quotes" : "");
}

int yaml_bool(const struct yaml_node *node, bool *value_out, struct error *err)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (is_plain_word(node, words[i])) {
			*value_out = i % 2 == 1;
			return 0;
		}
	return value_error(node, err, "yes or no");
}

int yaml_int(const struct yaml_node *node, long long min, long long max, long long *value_out, struct error *err)
{
	char wanted[80];

	if (node->kind == YAML_SCALAR && !node->quoted &&
		view_to_int((struct view){node->scalar, node->scalar_len}, min, max, value_out) == 0)
		return 0;
	snprintf(wanted, sizeof(wanted), "a whole number from %lld to %lld", min, max);
	return value_error(node, err, wanted);
}
