/*
 * Fuzz target (libFuzzer): any bytes as a mail. The corpus to begin with: tests/cases/mail.
 *
 *   clang -fsanitize=fuzzer,address,undefined ... tests/fuzz/fuzz_mail.c, then run it with a folder of its own and tests/cases/mail
 */
#include "parsers/mail.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct error err = ERROR_INIT;

	if (parsers_open(&err) < 0)
		abort();
	return 0;
}

/* What every reader of the lines relies on. */
static void check(const struct mail_part *part)
{
	for (size_t i = 0; i < part->line_count; i++) {
		const struct mail_line *line = &part->lines[i];

		if (line->start > line->end || line->end > part->text.len)
			abort();
		if (!line->flowed && !view_equal(line->text, view_sub(part->text, line->start, line->end - line->start)))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct mail_outline outline;
	struct mail mail;

	mail_outline((struct view){(const char *)data, size}, &outline);
	if (outline.body > size)
		abort();
	mail_read(arena, (struct view){(const char *)data, size}, &mail);
	for (size_t i = 0; i < mail.part_count; i++)
		check(&mail.parts[i]);
	arena_free(&arena);
	return 0;
}
