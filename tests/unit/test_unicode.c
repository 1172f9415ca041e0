/* Unit tests of base/unicode. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <seccomp.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/unicode.h"
#include "base/unicode_internal.h"

#define V(literal) {"" literal, sizeof(literal) - 1}

struct decode_case {
	const char *name;
	const char *charset;
	struct view bytes, expected;
};

static const struct decode_case decode_cases[] = {
	{"empty", "utf-8", V(""), V("")},
	{"ascii", "us-ascii", V("plain"), V("plain")},
	{"ascii, no label", "", V("plain"), V("plain")},
	{"NULs go", "utf-8", V("a\0b\0"), V("ab")},
	{"NULs go from UTF-8", "utf-8", V("\xC3\xA9\0b"), V("\xC3\xA9" "b")},
	{"NULs go from windows-1252", "", V("\xE9\0b"), V("\xC3\xA9" "b")},
	{"UTF-8 as it says", "UTF-8", V("caf\xC3\xA9"), V("caf\xC3\xA9")},
	{"UTF-8 under another label", "iso-8859-1", V("caf\xC3\xA9"), V("caf\xC3\xA9")},
	{"UTF-8 under an Arabic label", "windows-1256", V("\xD9\x86\xD8\xB9\xD9\x85"), V("\xD9\x86\xD8\xB9\xD9\x85")},
	{"UTF-8 without a label", "", V("\xE0\xA4\xA8\xE0\xA5\x87"), V("\xE0\xA4\xA8\xE0\xA5\x87")},
	{"UTF-8 mark goes", "utf-8", V("\xEF\xBB\xBF" "a"), V("a")},
	{"broken UTF-8", "utf-8", V("a\xC3(\xE2\x82z\xFF"), V("a\xEF\xBF\xBD(\xEF\xBF\xBDz\xEF\xBF\xBD")},
	{"UTF-8 cut in a character", "utf-8", V("\xC3\xA9\xE0\xA4"), V("\xC3\xA9\xEF\xBF\xBD")},
	{"surrogate in UTF-8", "utf-8", V("\xED\xA0\x80"), V("\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD")},
	{"iso-8859-1 is windows-1252", "iso-8859-1", V("\x93h\xE9\x94 \x80"), V("\xE2\x80\x9Ch\xC3\xA9\xE2\x80\x9D \xE2\x82\xAC")},
	{"us-ascii is windows-1252", "US-ASCII", V("\x92"), V("\xE2\x80\x99")},
	{"no label is windows-1252", "", V("na\xEFve"), V("na\xC3\xAFve")},
	{"unknown label is windows-1252", "x-nobody-knows", V("na\xEFve"), V("na\xC3\xAFve")},
	{"nothing stands there", "windows-1252", V("a\x81" "b"), V("a\xEF\xBF\xBD" "b")},
	{"windows-1256", "windows-1256", V("\xE4\xDA\xE3"), V("\xD9\x86\xD8\xB9\xD9\x85")},
	{"windows-1256 by number", "cp1256", V("\xE4\xDA\xE3"), V("\xD9\x86\xD8\xB9\xD9\x85")},
	{"iso-8859-6", "ISO_8859-6:1987", V("\xE6\xD9\xE5"), V("\xD9\x86\xD8\xB9\xD9\x85")},
	{"windows-1251", "Windows-1251", V("\xC4\xE0"), V("\xD0\x94\xD0\xB0")},
	{"nothing in windows-1255", "windows-1255", V("a\x81\xE0"), V("a\xEF\xBF\xBD\xD7\x90")},
	{"koi8-r", "koi8-r", V("\xE4\xC1"), V("\xD0\x94\xD0\xB0")},
	{"koi8-u", "KOI8-U", V("\xA4\xA6"), V("\xD1\x94\xD1\x96")},
	{"iso-8859-2", "iso-8859-2", V("\xB3\xB1"), V("\xC5\x82\xC4\x85")},
	{"iso-8859-8-i", "iso-8859-8-i", V("\xF9"), V("\xD7\xA9")},
	{"iso-8859-9 is windows-1254", "iso-8859-9", V("\xFD\x93"), V("\xC4\xB1\xE2\x80\x9C")},
	{"iso-8859-15", "iso-8859-15", V("\xA4\xBD"), V("\xE2\x82\xAC\xC5\x93")},
	{"latin9", "latin-9", V("\xA4"), V("\xE2\x82\xAC")},
	{"gb2312 is gb18030", "gb2312", V("\xD6\xD0\xBE\x80"), V("\xE4\xB8\xAD\xE7\xB7\x9A")},
	{"gb18030, four bytes", "gb18030", V("\x95\x32\x82\x36"), V("\xF0\xA0\x80\x80")},
	{"big5", "big5", V("\xA4\xA4\xA4\xE5"), V("\xE4\xB8\xAD\xE6\x96\x87")},
	{"shift_jis", "Shift_JIS", V("\x93\xFA\x96\x7B"), V("\xE6\x97\xA5\xE6\x9C\xAC")},
	{"euc-jp", "euc-jp", V("\xC6\xFC\xCB\xDC"), V("\xE6\x97\xA5\xE6\x9C\xAC")},
	{"euc-kr", "euc-kr", V("\xC7\xD1\xB1\xDB"), V("\xED\x95\x9C\xEA\xB8\x80")},
	{"ks_c_5601-1987 is cp949", "ks_c_5601-1987", V("\x8C\x63\xC7\xD1"), V("\xEB\x98\xA0\xED\x95\x9C")},
	{"ks_c_5601", "ks_c_5601", V("\xC7\xD1"), V("\xED\x95\x9C")},
	{"tis-620", "tis-620", V("\xE4\xB7\xC2"), V("\xE0\xB9\x84\xE0\xB8\x97\xE0\xB8\xA2")},
	{"macintosh", "macintosh", V("caf\x8E"), V("caf\xC3\xA9")},
	{"ibm850", "ibm850", V("caf\x82"), V("caf\xC3\xA9")},
	{"iso-2022-jp", "iso-2022-jp", V("\x1B$BF|K\\\x1B(B!"), V("\xE6\x97\xA5\xE6\x9C\xAC!")},
	{"iso-2022-jp, half-width katakana", "iso-2022-jp", V("\x1B(I1\x1B(B"), V("\xEF\xBD\xB1")},
	{"iso-2022-kr", "iso-2022-kr", V("\x1B$)C\x0EGQ\x0F!"), V("\xED\x95\x9C!")},
	{"iso-2022-cn", "iso-2022-cn", V("\x1B$)A\x0EVP\x0F"), V("\xE4\xB8\xAD")},
	{"hz", "hz-gb-2312", V("~{VPND~}!"), V("\xE4\xB8\xAD\xE6\x96\x87!")},
	{"utf-7", "utf-7", V("caf+AOk-"), V("caf\xC3\xA9")},
	{"utf-7 under its old name", "UNICODE-1-1-UTF-7", V("+AOk-"), V("\xC3\xA9")},
	{"utf-16 with its mark", "utf-16", V("\xFF\xFE" "a\0\xE9\0"), V("a\xC3\xA9")},
	{"utf-16le", "utf-16le", V("a\0\x3D\xD8\x00\xDE"), V("a\xF0\x9F\x98\x80")},
	{"utf-16be", "utf-16be", V("\0a\x06\x46"), V("a\xD9\x86")},
	{"utf-16, half a pair", "utf-16le", V("\x3D\xD8" "a\0"), V("\xEF\xBF\xBD" "a")},
	{"utf-32le", "utf-32le", V("\0\xF6\x01\0"), V("\xF0\x9F\x98\x80")},
	{"quotes and blanks in the label", " \"windows-1256\" ", V("\xE4"), V("\xD9\x86")},
	{"language in the label", "windows-1256*ar", V("\xE4"), V("\xD9\x86")},
	{"multi-byte cut", "big5", V("a\xA4"), V("a\xEF\xBF\xBD")},
};

static void decodes(void **state)
{
	struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT(decode_cases); i++) {
		const struct decode_case *test = &decode_cases[i];
		UNIT_SCOPED char *block = unit_heap(test->bytes);
		UNIT_SCOPED char *label = unit_heap(view_of(test->charset));
		struct view out = unicode_decode(arena, (struct view){block, test->bytes.len},
			(struct view){label, strlen(test->charset)});

		unit_same(test->name, out, test->expected);
		assert_true(unicode_valid(out));
		assert_int_equal(out.ptr[out.len], '\0');
	}
	arena_free(&arena);
}

static void knows_charsets(void **state)
{
	static const char *const known[] = {"utf-8", "UTF8", "us-ascii", "latin1", "iso-8859-1", "iso-8859-16x"};
	static const char *const names[] = {"windows-1250", "windows-1251", "windows-1252", "windows-1253", "windows-1254",
		"windows-1255", "windows-1256", "windows-1257", "windows-1258", "windows-874", "iso-8859-2", "iso-8859-3",
		"iso-8859-4", "iso-8859-5", "iso-8859-6", "iso-8859-7", "iso-8859-8", "iso-8859-8-i", "iso-8859-9",
		"iso-8859-10", "iso-8859-11", "iso-8859-13", "iso-8859-14", "iso-8859-15", "koi8-r", "koi8-u", "gb18030",
		"gbk", "gb2312", "big5", "big5-hkscs", "shift_jis", "iso-2022-jp", "iso-2022-jp-2", "iso-2022-kr",
		"iso-2022-cn", "euc-jp", "euc-kr", "cp949", "ks_c_5601-1987", "hz-gb-2312", "utf-7", "utf-16", "utf-16be",
		"utf-16le", "utf-32", "macintosh", "x-mac-roman", "x-mac-cyrillic", "tis-620", "ibm437", "cp850", "ibm852",
		"cp866", "cp720", "cp1252", "ansi_x3.4-1968"};

	for (size_t i = 0; i < COUNT(known) - 1; i++)
		unit_same_number(known[i], unicode_charset_known(view_of(known[i])), 1);
	for (size_t i = 0; i < COUNT(names); i++)
		unit_same_number(names[i], unicode_charset_known(view_of(names[i])), 1);
	unit_same_number(known[5], unicode_charset_known(view_of(known[5])), 0);
	assert_false(unicode_charset_known(VIEW_NULL));
	assert_false(unicode_charset_known(VIEW("x-unknown")));
}

/* Every byte, alone and in pairs, in every charset: something valid comes out and nothing reads past the end. */
static void decodes_anything(void **state)
{
	static const char *const labels[] = {"utf-8", "windows-1252", "windows-1256", "gb18030", "big5", "shift_jis", "euc-jp",
		"iso-2022-jp", "iso-2022-kr", "iso-2022-cn", "hz-gb-2312", "utf-7", "utf-16", "utf-32", "cp949", "tis-620"};
	struct arena *arena = arena_new();

	for (size_t l = 0; l < COUNT(labels); l++)
		for (unsigned pair = 0; pair < 65536; pair += pair % 7 + 1) {
			char bytes[2] = {(char)(pair >> 8), (char)pair};
			UNIT_SCOPED char *block = unit_heap((struct view){bytes, 1 + pair % 2});
			struct view out = unicode_decode(arena, (struct view){block, 1 + pair % 2}, view_of(labels[l]));

			unit_same_number(labels[l], unicode_valid(out), 1);
			arena_reset(arena);
		}
	arena_free(&arena);
}

static void decodes_long_texts(void **state)
{
	struct arena *arena = arena_new();
	struct text bytes, expected;

	text_init(&bytes, 1 << 20);
	text_init(&expected, 1 << 20);
	/* A pair of surrogates comes to stand on every border of a block inside. */
	text_add(&bytes, "\0a", 2);
	text_add_string(&expected, "a");
	for (int i = 0; i < 5000; i++) {
		text_add(&bytes, "\xD8\x3D\xDE\x00", 4);
		text_add_string(&expected, "\xF0\x9F\x98\x80");
	}
	unit_same("long utf-16", unicode_decode(arena, text_view(&bytes), VIEW("utf-16be")), text_view(&expected));
	text_release(&bytes);
	text_release(&expected);
	arena_free(&arena);
}

struct filter_case {
	const char *name;
	struct view (*run)(struct arena *arena, struct view text);
	const char *text, *expected;
};

static const struct filter_case filter_cases[] = {
	{"nfc, ascii", unicode_nfc, "abc", "abc"},
	{"nfc, empty", unicode_nfc, "", ""},
	{"nfc, as it is", unicode_nfc, "caf\u00E9 \u00B2", "caf\u00E9 \u00B2"},
	{"nfc, accents", unicode_nfc, "cafe\u0301", "caf\u00E9"},
	{"nfc, Arabic", unicode_nfc, "\u0627\u0653", "\u0622"},
	{"nfc, Devanagari stays apart", unicode_nfc, "\u0958", "\u0915\u093C"},
	{"nfc, Hangul", unicode_nfc, "\u1112\u1161\u11AB", "\uD55C"},
	{"nfc, broken bytes", unicode_nfc, "a\xFF", "a\uFFFD"},
	{"nfc, long", unicode_nfc, "\uFDFA\uFDFA", "\uFDFA\uFDFA"},
	{"fold, ascii", unicode_fold, "  What\tWorked \r\n", "what worked"},
	{"fold, empty", unicode_fold, "", ""},
	{"fold, blanks only", unicode_fold, " \u00A0\t", ""},
	{"fold, accents", unicode_fold, "\u00C9tat d\u2019Avancement", "etat d'avancement"},
	{"fold, decomposed", unicode_fold, "E\u0301tat", "etat"},
	{"fold, no-break space", unicode_fold, "Pays\u00A0\u202F: x", "pays : x"},
	{"fold, full width", unicode_fold, "\uFF30\uFF41\uFF59\uFF53\uFF1A", "pays:"},
	{"fold, apostrophes", unicode_fold, "\u2018\u2019\u201B\u02BC\u00B4`\u2032\uFF07", "''''''''"},
	{"fold, hyphens", unicode_fold, "\u2010\u2011\u2012\u2013\u2014\u2212", "------"},
	{"fold, invisible marks", unicode_fold, "\u200F\u202Ba\u200B\u00ADb\uFEFF\u2060", "ab"},
	{"fold, sharp s", unicode_fold, "Stra\u00DFe \u1E9E", "strasse ss"},
	{"fold, ligatures", unicode_fold, "\u0152uvre \uFB01n \u00E6", "oeuvre fin ae"},
	{"fold, strokes", unicode_fold, "\u0141\u00D8\u0110\u0131\u0130", "lodii"},
	{"fold, Greek", unicode_fold, "\u0388\u03C1\u03B3\u03BF\u03C2", "\u03B5\u03C1\u03B3\u03BF\u03C3"},
	{"fold, Cyrillic", unicode_fold, "\u0419\u0451", "\u0438\u0435"},
	{"fold, alef", unicode_fold, "\u0622\u0623\u0625\u0671\u0627", "\u0627\u0627\u0627\u0627\u0627"},
	{"fold, yeh", unicode_fold, "\u0649\u06CC\u064A", "\u064A\u064A\u064A"},
	{"fold, teh", unicode_fold, "\u0627\u0644\u062F\u0648\u0644\u0629", "\u0627\u0644\u062F\u0648\u0644\u0647"},
	{"fold, hamza on waw and yeh stays", unicode_fold, "\u0624\u0626", "\u0648\u0654\u064A\u0654"},
	{"fold, vowels and tatweel", unicode_fold, "\u0627\u0644\u0640\u0640\u0628\u064E\u0644\u064E\u062F\u0651",
		"\u0627\u0644\u0628\u0644\u062F"},
	{"fold, presentation forms", unicode_fold, "\uFEE7\uFECC\uFEE2", "\u0646\u0639\u0645"},
	{"fold, Devanagari signs stay", unicode_fold, "\u0928\u0947\u092A\u093E\u0932 \u0917\u0930\u094D\u200D\u092F\u094B",
		"\u0928\u0947\u092A\u093E\u0932 \u0917\u0930\u094D\u092F\u094B"},
	{"fold, broken bytes", unicode_fold, "A\xFF", "a\uFFFD"},
	{"drop bidi", unicode_drop_bidi, "\uFEFF\u200Fa\u202E\u2066b\u200D\u200C\u061C", "ab\u200D\u200C"},
	{"drop bidi, ascii", unicode_drop_bidi, "a b", "a b"},
	{"drop invisible", unicode_drop_invisible, "a\u200D\u200C\u200B\u00AD\uFE0F\u2063b c", "ab c"},
	{"drop, broken bytes", unicode_drop_invisible, "\xE2\x80", "\uFFFD"},
	{"squeeze", unicode_squeeze, " a \u00A0\u202F\u3000b\r\n\tc\u2003", "a b c"},
	{"squeeze, nothing left", unicode_squeeze, "\u00A0 ", ""},
	{"squeeze, broken bytes", unicode_squeeze, " \x80 ", "\uFFFD"},
	{"digits, Arabic", unicode_ascii_digits, "\u0661\u0662\u0663 x \u06F4", "123 x 4"},
	{"digits, Devanagari", unicode_ascii_digits, "\u0967,\u0968\u0966\u0966", "1,200"},
	{"digits, full width", unicode_ascii_digits, "\uFF14\uFF0F\uFF15", "4\uFF0F5"},
	{"digits, superscript and roman stay", unicode_ascii_digits, "\u00B2\u2167", "\u00B2\u2167"},
};

static void filters(void **state)
{
	struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT(filter_cases); i++) {
		const struct filter_case *test = &filter_cases[i];
		struct view text = view_of(test->text);
		UNIT_SCOPED char *block = unit_heap(text);
		struct view out = test->run(arena, (struct view){block, text.len});

		unit_same(test->name, out, view_of(test->expected));
		assert_int_equal(out.ptr[out.len], '\0');
		/* What is clean stays as it is. */
		unit_same(test->name, test->run(arena, out), out);
	}
	arena_free(&arena);
}

static struct view on_letter(struct arena *arena, uint32_t code)
{
	const char wide[] = {0, 0, 0, 'a', 0, (char)(code >> 16), (char)(code >> 8), (char)code};

	return unicode_decode(arena, (struct view){wide, sizeof(wide)}, VIEW("utf-32be"));
}

/* Whatever a character folds to folds to itself, alone and on a letter. */
static void folds_once(void **state)
{
	struct arena *arena = arena_new();

	for (uint32_t code = 1; code < 0x20000; code++) {
		struct view once, twice, text = on_letter(arena, code);

		if (code >= 0xD800 && code <= 0xDFFF)
			continue;
		once = unicode_fold(arena, text);
		twice = unicode_fold(arena, once);
		if (!view_equal(once, twice))
			fail_msg("U+%04X folds to \"%s\" and then to \"%s\"", code, once.ptr, twice.ptr);
		arena_reset(arena);
	}
	arena_free(&arena);
}

/* However many marks stand on one letter: an invisible joiner parts every 30 (UAX #15), and then nothing changes any more. */
static void many_marks(void **state)
{
	struct arena *arena = arena_new();

	(void)state;
	for (size_t count = 20; count < 100; count++) {
		TEXT_SCOPED text, expected;
		struct view once;

		text_init(&text, 1000);
		text_init(&expected, 1000);
		text_add_string(&text, "e");
		text_add_string(&expected, "e");
		for (size_t i = 0; i < count; i++) {
			text_add_string(&text, "\u0338");
			text_add_string(&expected, i > 0 && i % 30 == 0 ? "\u034F\u0338" : "\u0338");
		}
		unit_same("in order", unicode_nfc(arena, text_view(&text)), text_view(&expected));
		unit_same("folded", unicode_fold(arena, text_view(&text)), VIEW("e"));
		text_add_string(&text, "\u0315\u0316");
		once = unicode_nfc(arena, text_view(&text));
		assert_int_equal(view_find(once, VIEW("\u034F")) >= 0, count + 2 > 30);
		unit_same("once more", unicode_nfc(arena, once), once);
	}
	arena_free(&arena);
}

/* A long text is normalised in pieces: what comes out is what each part gives. */
static void long_texts(void **state)
{
	static const struct view parts[] = {V("caf\u00E9 "), V("cafe\u0301 "), V("\u1112\u1161\u11AB"), V("\u4E2D\u6587"), V("\xC3 a"), V("x")};
	struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(parts); i++) {
		TEXT_SCOPED text, expected;
		struct view one = unicode_nfc(arena, parts[i]);

		text_init(&text, 1000000);
		text_init(&expected, 1000000);
		for (size_t length = 0; length < 300000; length += parts[i].len) {
			text_add_view(&text, parts[i]);
			text_add_view(&expected, one);
		}
		unit_same("a long text", unicode_nfc(arena, text_view(&text)), text_view(&expected));
	}
	arena_free(&arena);
}

/* What the table says of texts of any of its characters is what ICU says. */
static void table_is_icu(void **state)
{
	static const struct {
		uint32_t first, count;
	} ranges[] = {{0x20, 0x60}, {0x80, 0x180}, {0x300, 0x70}, {0x370, 0x390}, {0x5D0, 0x130}, {0x610, 0x60}, {0x900, 0x80},
		{0x93C, 0x12}, {0x2000, 0x70}, {0x620, 0x36}};
	struct arena *arena = arena_new();
	uint32_t seed = 1;
	size_t folded = 0, composed = 0;

	for (int round = 0; round < 60000; round++) {
		char bytes[40];
		struct view text = {bytes, 0}, fast;

		for (int i = 0; i < 1 + round % 6; i++) {
			uint32_t draw = (seed = seed * 1103515245u + 12345u) >> 8;
			size_t range = i % 2 == 0 ? draw % COUNT(ranges) : draw % 97 % COUNT(ranges);

			text.len += unicode_put(bytes + text.len, ranges[range].first + draw / 97 % ranges[range].count);
		}
		if (unicode_table_fold(arena, text, &fast)) {
			unit_same("fold", fast, unicode_fold_any(arena, text));
			folded++;
		}
		if (unicode_table_nfc(text)) {
			TEXT_SCOPED with_icu;

			/* A character that the table does not know sends the text to ICU. */
			text_init(&with_icu, 100);
			text_add_view(&with_icu, text);
			text_add_string(&with_icu, "\u4E2D");
			unit_same("nfc", unicode_nfc(arena, text_view(&with_icu)), text_view(&with_icu));
			composed++;
		}
		arena_reset(arena);
	}
	assert_true(folded > 10000 && composed > 10000);
	arena_free(&arena);
}

static void raises_first(void **state)
{
	static const struct {
		const char *language, *text, *expected;
	} cases[] = {
		{"fr", "\u00E9tat de droit", "\u00C9tat de droit"},
		{"en", "political will", "Political will"},
		{"en", "IT systems", "IT systems"},
		{"en", "", ""},
		{"tr", "istanbul", "\u0130stanbul"},
		{"nl", "ijsland", "IJsland"},
		{"es", "\u00BFqu\u00E9?", "\u00BFQu\u00E9?"},
		{"ar", "\u0646\u0639\u0645", "\u0646\u0639\u0645"},
		{"ne", "\u0928\u0947\u092A\u093E\u0932", "\u0928\u0947\u092A\u093E\u0932"},
		{NULL, "\u01C6", "\u01C5"},
		{"en", "a\xFF", "A\uFFFD"},
	};
	struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT(cases); i++)
		unit_same(cases[i].expected, unicode_raise_first(arena, view_of(cases[i].text), cases[i].language),
			view_of(cases[i].expected));
	arena_free(&arena);
}

static void steps(void **state)
{
	static const uint32_t expected[] = {'a', 0xE9, 0x928, 0x1F600, 0xFFFD, 'b', 0xFFFD};
	UNIT_SCOPED char *block = unit_heap(VIEW("a\u00E9\u0928\U0001F600\xF0\x9F\x98" "b\xE2"));
	struct view text = {block, 15};
	size_t at = 0;
	uint32_t code;

	for (size_t i = 0; i < COUNT(expected); i++) {
		assert_true(unicode_next(text, &at, &code));
		assert_int_equal(code, expected[i]);
	}
	assert_false(unicode_next(text, &at, &code));
	assert_int_equal(unicode_length(text), COUNT(expected));
	assert_false(unicode_next(VIEW_NULL, &(size_t){0}, &code));
}

static void validates(void **state)
{
	static const struct {
		struct view bytes;
		bool valid;
	} cases[] = {
		{V(""), true}, {V("plain text, longer than a word"), true}, {V("0123456789\xC3\xA9" "0123456789"), true},
		{V("\xC0\x80"), false}, {V("\xC1\xBF"), false}, {V("\xC2\x80"), true}, {V("\xDF\xBF"), true},
		{V("\xE0\x9F\xBF"), false}, {V("\xE0\xA0\x80"), true}, {V("\xED\x9F\xBF"), true}, {V("\xED\xA0\x80"), false},
		{V("\xEE\x80\x80"), true}, {V("\xF0\x8F\xBF\xBF"), false}, {V("\xF0\x90\x80\x80"), true},
		{V("\xF4\x8F\xBF\xBF"), true}, {V("\xF4\x90\x80\x80"), false}, {V("\xF5\x80\x80\x80"), false},
		{V("\x80"), false}, {V("0123456789\xC3"), false}, {V("\xE2\x82"), false}, {V("\xF0\x9F\x98"), false},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		UNIT_SCOPED char *block = unit_heap(cases[i].bytes);

		unit_same_number("case", (long long)i * 2 + unicode_valid((struct view){block, cases[i].bytes.len}),
			(long long)i * 2 + cases[i].valid);
	}
}

static void classifies(void **state)
{
	static const uint32_t spaces[] = {' ', '\t', '\n', 0xA0, 0x2003, 0x202F, 0x3000, 0x85, 0x2028};
	static const uint32_t invisible[] = {0xAD, 0x61C, 0x200B, 0x200C, 0x200D, 0x200E, 0x202A, 0x2060, 0x2066, 0xFEFF, 0xFE0F};
	static const uint32_t letters[] = {'a', 'Z', 0xE9, 0x645, 0x928, 0x947, 0x94D, 0x4E2D};

	for (size_t i = 0; i < COUNT(spaces); i++)
		assert_true(unicode_is_space(spaces[i]) && !unicode_is_letter(spaces[i]) && !unicode_is_invisible(spaces[i]));
	for (size_t i = 0; i < COUNT(invisible); i++)
		assert_true(unicode_is_invisible(invisible[i]) && !unicode_is_space(invisible[i]));
	for (size_t i = 0; i < COUNT(letters); i++)
		assert_true(unicode_is_letter(letters[i]) && !unicode_is_digit(letters[i]) && !unicode_is_invisible(letters[i]));
	assert_true(unicode_is_digit('0') && unicode_is_digit(0x661) && unicode_is_digit(0x967));
	assert_false(unicode_is_digit('a') || unicode_is_digit(0xB2) || unicode_is_letter('1') || unicode_is_letter('@'));
}

static void counts_columns(void **state)
{
	static const struct {
		const char *text;
		int columns;
	} cases[] = {
		{"", 0}, {"abc", 3}, {"caf\u00E9", 4}, {"cafe\u0301", 4}, {"\u4E2D\u6587", 4}, {"\uFF21", 2}, {"\U0001F600", 2},
		{"a\u200Bb", 2}, {"\u0646\u064E\u0639", 2}, {"\u0928\u0947\u092A\u093E\u0932", 4}, {"\u1112\u1161\u11AB", 2},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		unit_same_number(cases[i].text, unicode_columns(view_of(cases[i].text)), cases[i].columns);
}

static void *decode_in_thread(void *context)
{
	struct arena *arena = arena_new();
	bool same = true;

	for (int i = 0; i < 500; i++) {
		same &= view_equal(unicode_decode(arena, VIEW("\x1B$BF|K\\\x1B(B!"), VIEW("iso-2022-jp")), VIEW("\u65E5\u672C!"));
		same &= view_equal(unicode_decode(arena, VIEW("\xA4\xA4\xA4\xE5"), VIEW("big5")), VIEW("\u4E2D\u6587"));
		same &= view_equal(unicode_fold(arena, VIEW("\u00C9TAT")), VIEW("etat"));
		arena_reset(arena);
	}
	arena_free(&arena);
	return same ? context : NULL;
}

static void runs_in_threads(void **state)
{
	pthread_t threads[4];
	int mark;

	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, decode_in_thread, &mark), 0);
	for (size_t i = 0; i < COUNT(threads); i++) {
		void *result;

		pthread_join(threads[i], &result);
		assert_ptr_equal(result, &mark);
	}
}

/* The child may not open a file; returns the number of the first case that came out otherwise. */
static int sandboxed(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	struct arena *arena = arena_new();

	seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(open), 0);
	seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(openat), 0);
	seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(stat), 0);
	seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(newfstatat), 0);
	if (seccomp_load(filter) != 0)
		return 251;
	for (size_t i = 0; i < COUNT(decode_cases); i++)
		if (!view_equal(unicode_decode(arena, decode_cases[i].bytes, view_of(decode_cases[i].charset)),
			    decode_cases[i].expected))
			return (int)i + 1;
	for (size_t i = 0; i < COUNT(filter_cases); i++)
		if (!view_equal(filter_cases[i].run(arena, view_of(filter_cases[i].text)), view_of(filter_cases[i].expected)))
			return (int)i + 101;
	if (!view_equal(unicode_raise_first(arena, VIEW("istanbul"), "tr"), VIEW("\u0130stanbul")))
		return 252;
	return unicode_columns(VIEW("\u4E2D")) == 2 ? 0 : 253;
}

/* Runs first: nothing but unicode_open() has loaded anything yet. */
static void opens_nothing_later(void **state)
{
	struct error err = ERROR_INIT;
	int status = 0;
	pid_t child;

	assert_int_equal(unicode_open(&err), 0);
	child = fork();
	if (child == 0)
		_exit(sandboxed());
	assert_int_equal(waitpid(child, &status, 0), child);
	unit_same_number("killed by signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0, 0);
	unit_same_number("case that came out otherwise", WEXITSTATUS(status), 0);
}

static void opens_again(void **state)
{
	struct arena *arena = arena_new();
	struct error err = ERROR_INIT;

	assert_int_equal(unicode_open(&err), 0);
	unicode_close();
	unit_same("closed", unicode_decode(arena, VIEW("\xE4"), VIEW("windows-1256")), VIEW("\u0646"));
	assert_int_equal(unicode_open(&err), 0);
	unicode_close();
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_nothing_later),
		cmocka_unit_test(decodes),
		cmocka_unit_test(decodes_anything),
		cmocka_unit_test(decodes_long_texts),
		cmocka_unit_test(knows_charsets),
		cmocka_unit_test(filters),
		cmocka_unit_test(folds_once),
		cmocka_unit_test(many_marks),
		cmocka_unit_test(long_texts),
		cmocka_unit_test(table_is_icu),
		cmocka_unit_test(raises_first),
		cmocka_unit_test(steps),
		cmocka_unit_test(validates),
		cmocka_unit_test(classifies),
		cmocka_unit_test(counts_columns),
		cmocka_unit_test(runs_in_threads),
		cmocka_unit_test(opens_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
