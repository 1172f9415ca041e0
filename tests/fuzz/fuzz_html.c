/* Fuzz target (libFuzzer): any bytes, made UTF-8, as HTML. The corpus to begin with: tests/cases/html. Built like fuzz_mail.c. */
#include "base/unicode.h"
#include "parsers/html.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct error err = ERROR_INIT;

	if (parsers_open(&err) < 0)
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct view html = unicode_decode(arena, (struct view){(const char *)data, size}, VIEW("utf-8")), text;
	const struct mail_line *lines;
	size_t count;
	bool over;

	html_read(arena, html, &text, &lines, &count, &over);
	if (!unicode_valid(text))
		abort();
	for (size_t i = 0; i < count; i++)
		if (lines[i].start > lines[i].end || lines[i].end > text.len || lines[i].quote > HTML_QUOTE_MAX)
			abort();
	arena_free(&arena);
	return 0;
}
