/*
 * parsers/form_regex: what is wrong with a form's regex though it compiles: it finds nothing, or it may look for too
 * long. See form.h.
 */
#include "parsers/form.h"

#include <string.h>

#include "parsers/client.h"
#include "parsers/regex.h"

#define SAMPLES 60 /* texts that are made for a regex; one must match */
#define GROUPS_NESTED_MAX 32

/* Of texts that are made from the pattern's own letters none fits: it asks for what cannot stand there ("$x", "a\b b").
 */
static bool never_matches(struct arena *arena, const struct regex *regex, const char *pattern)
{
	for (unsigned turn = 0; turn < SAMPLES; turn++) {
		const char *sample = client_pattern(arena, pattern, turn);

		/* Of a kind that is not made: nothing is known. */
		if (!sample || regex_match(regex, view_of(sample), 0, NULL, 0) != 0)
			return false;
	}
	return true;
}

int form_check_regex(const struct yaml_node *node, const struct regex *regex, struct error *err)
{
	struct arena *arena;
	bool never;

	if (regex_match(regex, VIEW(""), 0, NULL, 0) > 0)
		return yaml_error(node, err, "the regex matches an empty text: it finds nothing, and that everywhere");
	arena = arena_new();
	never = never_matches(arena, regex, node->scalar);
	arena_free(&arena);
	return never ? yaml_error(node, err, "the regex can match nothing: what it asks for never stands together") : 0;
}

/* "*", "+" or "{2,}": without an end. */
static bool is_endless(const char *at)
{
	if (*at == '*' || *at == '+')
		return true;
	if (*at != '{' || at[1] < '0' || at[1] > '9')
		return false;
	at += 1 + strspn(at + 1, "0123456789");
	return at[0] == ',' && at[1] == '}' && at[2] != '+';
}

/* Behind a class that begins at `at`. */
static const char *skip_class(const char *at)
{
	at += at[1] == '^' ? 2 : 1;
	if (*at == ']')
		at++;
	while (*at && *at != ']')
		at += *at == '\\' && at[1] ? 2 : 1;
	return *at ? at + 1 : at;
}

bool form_regex_is_nested(const char *pattern)
{
	bool endless[GROUPS_NESTED_MAX + 1] = {
		false}; /* by depth: something in the group at hand repeats without an end */
	size_t depth = 0;

	for (const char *at = pattern; *at;) {
		bool inside = false;

		if (*at == '\\' && at[1]) {
			at += 2;
		} else if (*at == '[') {
			at = skip_class(at);
		} else if (*at == '(') {
			if (depth == GROUPS_NESTED_MAX)
				return true;
			endless[++depth] = false;
			at += at[1] == '?' ? 2 : 1;
			continue;
		} else if (*at == ')' && depth > 0) {
			inside = endless[depth--];
			endless[depth] |= inside;
			at++;
		} else {
			at++;
		}
		if ((*at == '*' || *at == '+') && at[1] == '+')
			at += 2; /* what is possessive is not tried again */
		if (!is_endless(at))
			continue;
		if (inside)
			return true;
		endless[depth] = true;
		at++;
	}
	return false;
}

const char *form_nested_warning(struct arena *arena, const struct yaml_node *node)
{
	return arena_printf(arena,
		"%s:%d:%d: a quantifier stands inside another one, as in (a+)+: a mail on which it takes too long goes "
		"to review",
		node->file, node->line, node->column);
}
