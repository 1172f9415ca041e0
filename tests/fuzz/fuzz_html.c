/* Fuzz target: any bytes, made UTF-8, as HTML. The inputs to begin with: tests/cases/html and the HTML of the replies. */
#include "tests/fuzz/fuzz.h"

#include "base/unicode.h"
#include "parsers/html.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct error err = ERROR_INIT;

	FUZZ_HOLDS(parsers_open(&err) == 0, "%s", err.text);
	return 0;
}

static bool read_html(struct arena *arena, struct view html, struct mail_part *out)
{
	bool over;

	*out = (struct mail_part){.kind = PART_HTML, .number = "1"};
	html_read(arena, html, &out->text, &out->lines, &out->line_count, &over);
	return over;
}

static void check_again(struct view html, const struct mail_part *first, bool over)
{
	struct arena *arena = arena_new();
	struct mail_part again;

	FUZZ_HOLDS(read_html(arena, html, &again) == over, "the limit is reached twice alike");
	FUZZ_HOLDS(view_equal(again.text, first->text) && again.line_count == first->line_count, "HTML is read twice alike");
	arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct view html = unicode_decode(arena, (struct view){(const char *)data, size}, VIEW("utf-8"));
	struct mail_part part;
	bool over = read_html(arena, html, &part);

	fuzz_check_part(&part);
	for (size_t i = 0; i < part.line_count; i++) {
		const struct mail_line *line = &part.lines[i];

		FUZZ_HOLDS(line->quote <= HTML_QUOTE_MAX && !line->flowed, "line %zu has no more levels than are counted", i);
		FUZZ_HOLDS(view_find_char(line->text, '\n') < 0, "line %zu is one line", i);
	}
	if (fuzz_twice(html))
		check_again(html, &part, over);
	arena_free(&arena);
	return 0;
}
