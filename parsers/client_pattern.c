/*
 * parsers/client_pattern: a text that a regex matches: literals, classes, groups, alternatives and counted repeats.
 * What looks around itself or back is not made. See client.h.
 */
#include "parsers/client.h"

#include <string.h>

#define SAMPLE_MAX 200 /* bytes of a text */
#define REPEAT_MORE 2  /* times more than the least, where there is no most */
#define NESTED_MAX 5

struct sampler {
	const char *at;
	struct text *out;
	unsigned turn, salt;
	int depth;
	bool failed;
};

static void sample_alternatives(struct sampler *sampler, bool write);

static unsigned pick(struct sampler *sampler, size_t count)
{
	return client_pick(sampler->turn, sampler->salt++, count);
}

static void put(struct sampler *sampler, bool write, char c)
{
	if (write)
		text_add_char(sampler->out, c);
}

/* The letters that \d, \w and \s stand for; NULL: the letter itself. */
static const char *escape_class(char c)
{
	switch (c) {
	case 'd':
		return "0123456789";
	case 'w':
		return "ABCDEFGHJKLMNPQRSTUVWXYZ";
	case 's':
		return " ";
	case 'n':
		return "\n";
	default:
		return NULL;
	}
}

static void sample_escape(struct sampler *sampler, bool write)
{
	char c = *sampler->at;
	const char *letters = escape_class(c);

	if (c == 'b' || c == 'A' || c == 'Z' || c == 'z') { /* where it stands, not what */
		sampler->at++;
		return;
	}
	if (c == '\0' || (!letters && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')))) {
		sampler->failed = true;
		return;
	}
	sampler->at++;
	put(sampler, write, letters ? letters[pick(sampler, strlen(letters))] : c);
}

/* Letters of [A-Z0-9_]; what is excluded by ^ is not made. */
static void sample_class(struct sampler *sampler, bool write)
{
	char letters[512];
	size_t count = 0;

	if (*sampler->at == '^')
		sampler->failed = true;
	while (!sampler->failed && *sampler->at && *sampler->at != ']' && count < 256) {
		char c = *sampler->at++;
		const char *more = c == '\\' ? escape_class(*sampler->at) : NULL;

		if (c == '\\')
			c = *sampler->at++;
		if (more) {
			memcpy(letters + count, more, strlen(more));
			count += strlen(more);
		} else if (sampler->at[0] == '-' && sampler->at[1] && sampler->at[1] != ']') {
			for (char to = sampler->at[1]; c <= to && count < 256; c++)
				letters[count++] = c;
			sampler->at += 2;
		} else {
			letters[count++] = c;
		}
	}
	if (*sampler->at != ']' || count == 0) {
		sampler->failed = true;
		return;
	}
	sampler->at++;
	put(sampler, write, letters[pick(sampler, count)]);
}

static void sample_group(struct sampler *sampler, bool write)
{
	const char *name_end = sampler->at[0] == '?' ? strchr(sampler->at, '>') : NULL;

	if (sampler->at[0] == '?' && sampler->at[1] == ':')
		sampler->at += 2;
	else if (name_end && sampler->at[1] == '<' && sampler->at[2] != '=' && sampler->at[2] != '!')
		sampler->at = name_end + 1;
	else if (sampler->at[0] == '?')
		sampler->failed = true;
	if (++sampler->depth > NESTED_MAX)
		sampler->failed = true;
	if (!sampler->failed)
		sample_alternatives(sampler, write);
	sampler->depth--;
	if (*sampler->at == ')')
		sampler->at++;
	else
		sampler->failed = true;
}

static void sample_atom(struct sampler *sampler, bool write)
{
	char c = *sampler->at++;

	if (c == '\\')
		sample_escape(sampler, write);
	else if (c == '[')
		sample_class(sampler, write);
	else if (c == '(')
		sample_group(sampler, write);
	else if (c == '.')
		put(sampler, write, 'x');
	else if (c != '^' && c != '$')
		put(sampler, write, c);
}

/* {2,5}, *, + or ? behind an atom; how often it is to stand there. */
static unsigned read_repeat(struct sampler *sampler)
{
	unsigned least = 1, most = 1;
	int used = 0;

	if (*sampler->at == '{') {
		if (sscanf(sampler->at, "{%u}%n", &least, &used) == 1 && used > 0)
			most = least;
		else if (!(sscanf(sampler->at, "{%u,%u}%n", &least, &most, &used) == 2 && used > 0) &&
			 sscanf(sampler->at, "{%u,}%n", &least, &used) == 1)
			most = least + REPEAT_MORE;
		if (used == 0 || most < least)
			sampler->failed = true;
		sampler->at += used;
	} else if (*sampler->at == '*' || *sampler->at == '+' || *sampler->at == '?') {
		least = *sampler->at == '+';
		most = *sampler->at == '?' ? 1 : least + REPEAT_MORE;
		sampler->at++;
	}
	if (*sampler->at == '?' || *sampler->at == '+')
		sampler->at++;
	return least + pick(sampler, (size_t)(most - least) + 1);
}

/* One atom is read twice: where it ends must be known before how often it stands. */
static void sample_repeated(struct sampler *sampler, bool write)
{
	const char *atom = sampler->at, *end;
	unsigned times;

	sample_atom(sampler, false);
	if (sampler->failed)
		return;
	times = read_repeat(sampler);
	end = sampler->at;
	for (unsigned i = 0; i < times && write && !sampler->out->full; i++) {
		sampler->at = atom;
		sample_atom(sampler, true);
	}
	sampler->at = end;
}

static size_t count_alternatives(struct sampler *sampler)
{
	const char *start = sampler->at;
	size_t count = 1;

	while (!sampler->failed && *sampler->at && *sampler->at != ')') {
		if (*sampler->at == '|') {
			count++;
			sampler->at++;
		} else {
			sample_repeated(sampler, false);
		}
	}
	sampler->at = start;
	return count;
}

static void sample_alternatives(struct sampler *sampler, bool write)
{
	size_t count = count_alternatives(sampler), chosen = pick(sampler, count), now = 0;

	while (!sampler->failed && *sampler->at && *sampler->at != ')') {
		if (*sampler->at == '|') {
			now++;
			sampler->at++;
		} else {
			sample_repeated(sampler, write && now == chosen);
		}
	}
}

const char *client_pattern(struct arena *arena, const char *pattern, unsigned turn)
{
	struct sampler sampler = {.at = pattern, .turn = turn};
	TEXT_SCOPED out;

	text_init(&out, SAMPLE_MAX);
	sampler.out = &out;
	sample_alternatives(&sampler, true);
	if (sampler.failed || *sampler.at || out.full || out.len == 0)
		return NULL;
	return arena_copy(arena, out.ptr, out.len);
}
