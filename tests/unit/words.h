/* What the tests of the parsers' words share: the shipped languages and forms, loaded; rows of tab-separated cases. */
#ifndef TESTS_UNIT_WORDS_H
#define TESTS_UNIT_WORDS_H

#include <dirent.h>

#include "tests/unit/unit.h"

#include "base/unicode.h"
#include "parsers/lexicon.h"
#include "parsers/parsers.h"

#define WORDS_SOURCES_MAX 32
#define WORDS_COLUMNS 6

/* Every .yaml file of a folder of the tree. */
static inline size_t words_sources(struct arena *arena, const char *folder, struct parse_source *out)
{
	DIR *directory = opendir(folder);
	struct dirent *entry;
	size_t count = 0;

	if (!directory)
		fail_msg("%s cannot be opened", folder);
	while ((entry = readdir(directory))) {
		if (!view_ends(view_of(entry->d_name), VIEW(".yaml")))
			continue;
		assert_true(count < WORDS_SOURCES_MAX);
		out[count].file = arena_printf(arena, "%s/%s", folder, entry->d_name);
		out[count].bytes = unit_file(arena, out[count].file);
		count++;
	}
	closedir(directory);
	return count;
}

static inline struct lexicon *words_lexicon(struct arena *arena)
{
	struct parse_source sources[WORDS_SOURCES_MAX];
	size_t count = words_sources(arena, "config/languages", sources);
	struct lexicon *lexicon = NULL;
	struct error err = ERROR_INIT;

	if (unicode_open(&err) < 0 || lexicon_new(sources, count, &lexicon, &err) < 0)
		fail_msg("%s", err.text);
	return lexicon;
}

static inline size_t words_put(char *out, uint32_t code)
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | (code >> 6));
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	out[0] = (char)(0xe0 | (code >> 12));
	out[1] = (char)(0x80 | ((code >> 6) & 0x3f));
	out[2] = (char)(0x80 | (code & 0x3f));
	return 3;
}

/* \n, \t, \\ and \uXXXX. */
static inline struct view words_unescape(struct arena *arena, struct view text)
{
	char *out = arena_alloc(arena, text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i], next = i + 1 < text.len ? text.ptr[i + 1] : '\0';

		if (c != '\\' || !strchr("nt\\u", next)) {
			out[len++] = c;
		} else if (next == 'u') {
			char digits[5] = "";

			memcpy(digits, view_sub(text, i + 2, 4).ptr, 4);
			len += words_put(out + len, (uint32_t)strtoul(digits, NULL, 16));
			i += 5;
		} else {
			out[len++] = next == 'n' ? '\n' : next == 't' ? '\t' : '\\';
			i++;
		}
	}
	return (struct view){out, len};
}

/* The next row of a file of cases ("#" begins a comment); missing columns are empty views with a NULL. */
static inline bool words_row(struct arena *arena, struct view *rest, size_t *number, struct view columns[WORDS_COLUMNS])
{
	struct view line, field;

	while (view_next_line(rest, &line)) {
		size_t count = 0;

		(*number)++;
		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		for (size_t i = 0; i < WORDS_COLUMNS; i++)
			columns[i] = VIEW_NULL;
		while (count < WORDS_COLUMNS && view_next_field(&line, '\t', &field))
			columns[count++] = field;
		return true;
	}
	return false;
}

#endif
