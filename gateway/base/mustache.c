/* base/mustache: renders the nodes of mustache_parse.c with data. See mustache.h. */
#include "base/mustache.h"

#include <stdint.h>

#include "base/mustache_parse.h"

/* What a section stepped into; names are looked for from the innermost outwards. */
struct context {
	const json_t *value;
	const struct context *parent;
};

/* A partial met before, with its indentation in its text. */
struct partial {
	struct view name, indent;
	const char *where;
	struct mustache_node *nodes;
	struct partial *next;
};

struct renderer {
	struct arena *arena;
	const struct mustache_options *options;
	struct text *out;
	struct error *err;
	struct partial *partials;
	const char *where; /* "partial NAME, " or "" */
	int depth;
};

static int render_nodes(struct renderer *renderer, const struct mustache_node *nodes, const struct context *context);

static int fail(struct renderer *renderer, const struct mustache_node *node, const char *what)
{
	return error_set(renderer->err, REACH_STOP, "%sline %d: %.*s: %s", renderer->where, node->line,
		node->text.len > 60 ? 60 : (int)node->text.len, node->text.ptr, what);
}

static int add(struct renderer *renderer, struct view text)
{
	if (text_add_view(renderer->out, text) == 0)
		return 0;
	return error_set(renderer->err, REACH_MESSAGE, "the text is longer than %zu bytes", renderer->out->maximum);
}

/* NULL where there is none. Of a dotted name the first part alone is looked for outwards. */
static const json_t *look_up(const struct context *context, struct view name)
{
	const json_t *value = NULL;
	struct view rest = name, part;

	if (view_equal(name, VIEW(".")))
		return context->value;
	view_next_field(&rest, '.', &part);
	for (; context && !value; context = context->parent)
		value = json_object_getn(context->value, part.ptr, part.len);
	while (value && view_next_field(&rest, '.', &part))
		value = json_object_getn(value, part.ptr ? part.ptr : "", part.len);
	return value;
}

static bool is_true(const json_t *value)
{
	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_NULL:
	case JSON_FALSE:
		return false;
	case JSON_ARRAY:
		return json_array_size(value) > 0;
	case JSON_STRING:
		return json_string_length(value) > 0;
	default:
		return true;
	}
}

static int add_escaped(struct renderer *renderer, struct view text)
{
	size_t from = 0;

	for (size_t i = 0; i < text.len; i++) {
		const char *entity;

		switch (text.ptr[i]) {
		case '&':
			entity = "&amp;";
			break;
		case '<':
			entity = "&lt;";
			break;
		case '>':
			entity = "&gt;";
			break;
		case '"':
			entity = "&quot;";
			break;
		case '\'':
			entity = "&#39;";
			break;
		default:
			continue;
		}
		if (add(renderer, view_sub(text, from, i - from)) != 0 || add(renderer, view_of(entity)) != 0)
			return -1;
		from = i + 1;
	}
	return add(renderer, view_sub(text, from, SIZE_MAX));
}

static int add_number(struct renderer *renderer, const json_t *value)
{
	char printed[64];
	size_t len;

	if (json_is_integer(value))
		len = (size_t)snprintf(printed, sizeof(printed), "%lld", (long long)json_integer_value(value));
	else
		len = json_dumpb(value, printed, sizeof(printed), JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	return add(renderer, (struct view){printed, len < sizeof(printed) ? len : 0});
}

static int render_variable(struct renderer *renderer, const struct mustache_node *node, const struct context *context)
{
	const json_t *value = look_up(context, node->text);
	struct view text;

	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_NULL:
		return 0;
	case JSON_TRUE:
		return add(renderer, VIEW("true"));
	case JSON_FALSE:
		return add(renderer, VIEW("false"));
	case JSON_INTEGER:
	case JSON_REAL:
		return add_number(renderer, value);
	case JSON_STRING:
		text = (struct view){json_string_value(value), json_string_length(value)};
		if (node->kind == MUSTACHE_VARIABLE && renderer->options->html)
			return add_escaped(renderer, text);
		return add(renderer, text);
	default:
		return fail(renderer, node, "a text is wanted here; the data has a list or an object");
	}
}

static int render_inside(struct renderer *renderer, const struct mustache_node *node, const json_t *value,
	const struct context *parent)
{
	struct context context = {value, parent};

	return render_nodes(renderer, node->first, &context);
}

static int render_section(struct renderer *renderer, const struct mustache_node *node, const struct context *context)
{
	const json_t *value = look_up(context, node->text);

	if (node->kind == MUSTACHE_INVERTED)
		return is_true(value) ? 0 : render_nodes(renderer, node->first, context);
	if (!is_true(value))
		return 0;
	if (!json_is_array(value))
		return render_inside(renderer, node, value, context);
	for (size_t i = 0; i < json_array_size(value); i++)
		if (render_inside(renderer, node, json_array_get(value, i), context) != 0)
			return -1;
	return 0;
}

/* The partial's text with the white space before its tag put before each of its lines. */
static struct view indent(struct arena *arena, struct view template, struct view space)
{
	size_t lines = 1, used = 0;
	char *to;

	if (space.len == 0)
		return template;
	for (size_t i = 0; i < template.len; i++)
		lines += template.ptr[i] == '\n';
	to = arena_alloc(arena, template.len + lines * space.len + 1);
	for (size_t i = 0; i < template.len; i++) {
		if (i == 0 || template.ptr[i - 1] == '\n') {
			memcpy(to + used, space.ptr, space.len);
			used += space.len;
		}
		to[used++] = template.ptr[i];
	}
	return (struct view){to, used};
}

static int find_partial(struct renderer *renderer, const struct mustache_node *node, const struct partial **partial_out)
{
	struct partial *partial;
	struct view template = VIEW_NULL;

	for (partial = renderer->partials; partial; partial = partial->next)
		if (view_equal(partial->name, node->text) && view_equal(partial->indent, node->indent)) {
			*partial_out = partial;
			return 0;
		}
	if (renderer->options->partial)
		template = renderer->options->partial(renderer->options->context, node->text);
	partial = ARENA_NEW(renderer->arena, struct partial);
	partial->name = node->text;
	partial->indent = node->indent;
	partial->where = arena_printf(renderer->arena, "partial %.*s, ", node->text.len > 60 ? 60 : (int)node->text.len,
		node->text.ptr);
	if (mustache_parse(renderer->arena, indent(renderer->arena, template, node->indent), partial->where,
		    &partial->nodes, renderer->err) != 0)
		return -1;
	partial->next = renderer->partials;
	renderer->partials = partial;
	*partial_out = partial;
	return 0;
}

static int render_partial(struct renderer *renderer, const struct mustache_node *node, const struct context *context)
{
	const char *where = renderer->where;
	const struct partial *partial;
	int result;

	if (find_partial(renderer, node, &partial) != 0)
		return -1;
	renderer->where = partial->where;
	result = render_nodes(renderer, partial->nodes, context);
	renderer->where = where;
	return result;
}

static int render_node(struct renderer *renderer, const struct mustache_node *node, const struct context *context)
{
	int result;

	switch (node->kind) {
	case MUSTACHE_TEXT:
		return add(renderer, node->text);
	case MUSTACHE_VARIABLE:
	case MUSTACHE_RAW:
		return render_variable(renderer, node, context);
	default:
		break;
	}
	if (renderer->depth == MUSTACHE_DEPTH_MAX)
		return fail(renderer, node, "too many sections and partials, one in another");
	renderer->depth++;
	if (node->kind == MUSTACHE_PARTIAL)
		result = render_partial(renderer, node, context);
	else
		result = render_section(renderer, node, context);
	renderer->depth--;
	return result;
}

static int render_nodes(struct renderer *renderer, const struct mustache_node *nodes, const struct context *context)
{
	for (const struct mustache_node *node = nodes; node; node = node->next)
		if (render_node(renderer, node, context) != 0)
			return -1;
	return 0;
}

int mustache_render(struct view template, const json_t *data, const struct mustache_options *options, struct text *out,
	struct error *err)
{
	static const struct mustache_options plain;
	struct arena *arena = arena_new();
	struct renderer renderer = {.arena = arena, .options = options ? options : &plain, .out = out,
		.err = err, .where = ""};
	const struct context context = {data, NULL};
	const size_t before = out->len;
	struct mustache_node *nodes;
	int result;

	result = mustache_parse(arena, template, "", &nodes, err);
	if (result == 0)
		result = render_nodes(&renderer, nodes, &context);
	if (result != 0)
		text_cut(out, before);
	arena_free(&arena);
	return result;
}
