/* parsers/photo: what stays of a picture. */
#include "unit.h"

#include "base/text.h"
#include "parsers/parsers.h"

#define SOI "\xff\xd8"
#define EOI "\xff\xd9"
#define JFIF "\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"
#define EXIF                                                                                                           \
	"\xff\xe1\x00\x0c"                                                                                             \
	"Exif\0\0GPS!"
#define COMMENT "\xff\xfe\x00\x06name"
#define SCAN                                                                                                           \
	"\xff\xda\x00\x04\x01\x02"                                                                                     \
	"bits\xff\0\xff\xd0more"
#define PNG "\x89PNG\r\n\x1a\n"
#define CHUNK(name) "\0\0\0\x04" name "dataCRC!"
#define END "\0\0\0\0IEND\xae\x42\x60\x82"

static const struct {
	const char *what;
	struct view in, out; /* out.ptr NULL: it is not handed out */
} cases[] = {
	{"a plain JPEG", VIEW(SOI JFIF SCAN EOI), VIEW(SOI JFIF SCAN EOI)},
	{"EXIF, a comment and what follows go", VIEW(SOI JFIF EXIF COMMENT SCAN EOI "tail"), VIEW(SOI JFIF SCAN EOI)},
	{"EXIF alone", VIEW(SOI EXIF SCAN EOI), VIEW(SOI SCAN EOI)},
	{"EXIF behind the first scan", VIEW(SOI SCAN EXIF SCAN EOI), VIEW(SOI SCAN SCAN EOI)},
	{"Adobe's colours stay",
		VIEW(SOI "\xff\xee\x00\x0e"
			 "Adobe1234567" SCAN EOI),
		VIEW(SOI "\xff\xee\x00\x0e"
			 "Adobe1234567" SCAN EOI)},
	{"what only calls itself so does not",
		VIEW(SOI "\xff\xee\x00\x0f"
			 "Adobe12345678" SCAN EOI),
		VIEW(SOI SCAN EOI)},
	{"fill bytes", VIEW(SOI "\xff" EXIF SCAN EOI), VIEW(SOI SCAN EOI)},
	{"what is reserved goes, too", VIEW(SOI "\xff\x02\x00\x06name\xff\xf0\x00\x06name" SCAN EOI), VIEW(SOI SCAN EOI)},
	{"a restart that is none, with EXIF in what it would be taken for", VIEW(SOI "\xff\xd0\x00\x0e" EXIF SCAN EOI), VIEW_NULL},
	{"another mark without a length", VIEW(SOI "\xff\x01\x00\x0e" EXIF SCAN EOI), VIEW_NULL},
	{"no picture in it", VIEW(SOI JFIF EOI), VIEW_NULL},
	{"cut in a segment",
		VIEW(SOI "\xff\xe1\x00\x40"
			 "Exif"),
		VIEW_NULL},
	{"cut in the picture", VIEW(SOI SCAN), VIEW_NULL},
	{"a length of nothing", VIEW(SOI "\xff\xe1\x00\x01" SCAN EOI), VIEW_NULL},
	{"no marker where one must be", VIEW(SOI JFIF "x" SCAN EOI), VIEW_NULL},
	{"a PNG", VIEW(PNG CHUNK("IHDR") CHUNK("IDAT") END), VIEW(PNG CHUNK("IHDR") CHUNK("IDAT") END)},
	{"its texts, EXIF and what follows go",
		VIEW(PNG CHUNK("IHDR") CHUNK("tEXt") CHUNK("eXIf") CHUNK("iTXt") CHUNK("tIME") CHUNK("IDAT") END
			"tail"),
		VIEW(PNG CHUNK("IHDR") CHUNK("IDAT") END)},
	{"a PNG that is cut", VIEW(PNG CHUNK("IHDR") "\0\0\1\0IDATxx"), VIEW_NULL},
	{"a PNG without an end", VIEW(PNG CHUNK("IHDR")), VIEW_NULL},
	{"a document", VIEW("%PDF-1.4"), VIEW_NULL},
	{"nothing", VIEW(""), VIEW_NULL},
};

static void test_strip(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		UNIT_SCOPED char *exact = unit_heap(cases[i].in);
		TEXT_SCOPED out;
		int result;

		text_init(&out, 1000);
		result = parse_photo((struct view){exact, cases[i].in.len}, &out);
		if ((result == 0) != (cases[i].out.ptr != NULL) ||
			(result == 0 && !view_equal(text_view(&out), cases[i].out)))
			fail_msg("%s: %d, %zu bytes", cases[i].what, result, out.len);
	}
}

/* Wherever it is cut it ends well. */
static void test_cut(void **state)
{
	struct view whole = VIEW(SOI JFIF EXIF COMMENT SCAN EOI);

	for (size_t len = 0; len < whole.len; len++) {
		UNIT_SCOPED char *exact = unit_heap(view_sub(whole, 0, len));
		TEXT_SCOPED out;

		text_init(&out, 1000);
		assert_int_equal(parse_photo((struct view){exact, len}, &out), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_strip), cmocka_unit_test(test_cut)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
