/* base/unicode: bytes of any charset to UTF-8. See unicode.h. */
#include <stdlib.h>
#include <sysexits.h>
#include <unicode/ucnv.h>
#include <unicode/ucnv_cb.h>
#include <unicode/utf16.h>

#include "base/unicode_internal.h"

#define LABEL_MAX 64

enum how {
	HOW_CONVERTER, /* 8-bit or multi-byte: bytes below 0x80 are ASCII */
	HOW_SHIFTED,   /* 7-bit bytes that need not be ASCII: iso-2022-*, hz, utf-7 */
	HOW_WIDE,      /* utf-16, utf-32 */
	HOW_UTF8,
	HOW_1252, /* by the table below */
};

/*
 * Every charset mail is known to use. A label is looked up among ICU's aliases of `aliases` (the first row that has
 * it counts); `converter` is what decodes it, where that differs: mostly the superset that software writes under the
 * smaller one's name.
 */
static const struct row {
	const char *aliases;
	const char *converter;
	enum how how;
} rows[] = {
	{"UTF-8", NULL, HOW_UTF8},
	{"US-ASCII", NULL, HOW_1252},
	{"ISO-8859-1", NULL, HOW_1252},
	{"windows-1252", NULL, HOW_1252},
	{"UTF-7", NULL, HOW_SHIFTED},
	{"UTF-16", NULL, HOW_WIDE},
	{"UTF-16BE", NULL, HOW_WIDE},
	{"UTF-16LE", NULL, HOW_WIDE},
	{"UTF-32", NULL, HOW_WIDE},
	{"UTF-32BE", NULL, HOW_WIDE},
	{"UTF-32LE", NULL, HOW_WIDE},
	{"windows-1250", NULL, HOW_CONVERTER},
	{"windows-1251", NULL, HOW_CONVERTER},
	{"windows-1253", NULL, HOW_CONVERTER},
	{"windows-1254", NULL, HOW_CONVERTER},
	{"windows-1255", NULL, HOW_CONVERTER},
	{"windows-1256", NULL, HOW_CONVERTER},
	{"windows-1257", NULL, HOW_CONVERTER},
	{"windows-1258", NULL, HOW_CONVERTER},
	{"ISO-8859-2", NULL, HOW_CONVERTER},
	{"ISO-8859-3", NULL, HOW_CONVERTER},
	{"ISO-8859-4", NULL, HOW_CONVERTER},
	{"ISO-8859-5", NULL, HOW_CONVERTER},
	{"ISO-8859-6", NULL, HOW_CONVERTER},
	{"ISO-8859-7", NULL, HOW_CONVERTER},
	{"ISO-8859-8", NULL, HOW_CONVERTER},
	{"ISO-8859-9", "windows-1254", HOW_CONVERTER},
	{"ISO-8859-10", NULL, HOW_CONVERTER},
	{"ISO-8859-11", "windows-874", HOW_CONVERTER},
	{"TIS-620", "windows-874", HOW_CONVERTER},
	{"windows-874", NULL, HOW_CONVERTER},
	{"ISO-8859-13", NULL, HOW_CONVERTER},
	{"ISO-8859-14", NULL, HOW_CONVERTER},
	{"ISO-8859-15", NULL, HOW_CONVERTER},
	{"KOI8-R", NULL, HOW_CONVERTER},
	{"KOI8-U", NULL, HOW_CONVERTER},
	{"GB18030", NULL, HOW_CONVERTER},
	{"GBK", "GB18030", HOW_CONVERTER},
	{"GB2312", "GB18030", HOW_CONVERTER},
	{"EUC-CN", "GB18030", HOW_CONVERTER},
	{"GB_2312-80", "GB18030", HOW_CONVERTER},
	{"Big5", NULL, HOW_CONVERTER},
	{"Big5-HKSCS", NULL, HOW_CONVERTER},
	{"EUC-TW", NULL, HOW_CONVERTER},
	{"Shift_JIS", NULL, HOW_CONVERTER},
	{"EUC-JP", NULL, HOW_CONVERTER},
	{"windows-949", NULL, HOW_CONVERTER},
	{"cp949", "windows-949", HOW_CONVERTER},
	{"EUC-KR", "windows-949", HOW_CONVERTER},
	{"KS_C_5601-1987", "windows-949", HOW_CONVERTER},
	/* Version 3 knows every set of the others and half-width katakana. */
	{"ISO_2022,locale=ja,version=0", "ISO_2022,locale=ja,version=3", HOW_SHIFTED},
	{"ISO_2022,locale=ja,version=1", "ISO_2022,locale=ja,version=3", HOW_SHIFTED},
	{"ISO_2022,locale=ja,version=2", "ISO_2022,locale=ja,version=3", HOW_SHIFTED},
	{"ISO_2022,locale=ja,version=3", NULL, HOW_SHIFTED},
	{"ISO_2022,locale=ko,version=0", NULL, HOW_SHIFTED},
	{"ISO_2022,locale=zh,version=0", NULL, HOW_SHIFTED},
	{"ISO_2022,locale=zh,version=1", NULL, HOW_SHIFTED},
	{"HZ", NULL, HOW_SHIFTED},
	{"macintosh", NULL, HOW_CONVERTER},
	{"x-mac-cyrillic", NULL, HOW_CONVERTER},
	{"x-mac-greek", NULL, HOW_CONVERTER},
	{"x-mac-turkish", NULL, HOW_CONVERTER},
	{"x-mac-ce", NULL, HOW_CONVERTER},
	{"ibm-437", NULL, HOW_CONVERTER},
	{"windows-720", NULL, HOW_CONVERTER},
	{"ibm-737", NULL, HOW_CONVERTER},
	{"ibm-775", NULL, HOW_CONVERTER},
	{"ibm-850", NULL, HOW_CONVERTER},
	{"ibm-852", NULL, HOW_CONVERTER},
	{"ibm-855", NULL, HOW_CONVERTER},
	{"ibm-857", NULL, HOW_CONVERTER},
	{"ibm-858", NULL, HOW_CONVERTER},
	{"ibm-860", NULL, HOW_CONVERTER},
	{"ibm-862", NULL, HOW_CONVERTER},
	{"ibm-863", NULL, HOW_CONVERTER},
	{"ibm-864", NULL, HOW_CONVERTER},
	{"ibm-865", NULL, HOW_CONVERTER},
	{"ibm-866", NULL, HOW_CONVERTER},
	{"ibm-869", NULL, HOW_CONVERTER},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* Spellings that ICU does not list. */
static const struct {
	const char *label, *aliases;
} spellings[] = {
	{"iso-8859-8-i", "ISO-8859-8"},
	{"iso-8859-8-e", "ISO-8859-8"},
	{"iso-8859-6-i", "ISO-8859-6"},
	{"iso-8859-6-e", "ISO-8859-6"},
	{"unicode-1-1-utf-7", "UTF-7"},
	{"unicode-1-1-utf-8", "UTF-8"},
	{"utf8mb4", "UTF-8"},
	{"utf-8n", "UTF-8"},
	{"ansi", "windows-1252"},
	{"latin-9", "ISO-8859-15"},
	{"ks_c_5601", "KS_C_5601-1987"},
	{"x-windows-949", "windows-949"},
	{"uhc", "windows-949"},
	{"x-gbk", "GBK"},
	{"x-euc-cn", "GB2312"},
	{"x-sjis", "Shift_JIS"},
	{"windows-31j", "Shift_JIS"},
	{"x-x-big5", "Big5"},
	{"mac", "macintosh"},
	{"x-mac-roman", "macintosh"},
	{"cp720", "windows-720"},
};

#define SPELLINGS (sizeof(spellings) / sizeof(spellings[0]))

/* What windows-1252 has at 0x80 to 0x9F; 0: nothing. */
static const uint16_t high_1252[32] = {
	0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, /* 80 */
	0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017D, 0,	   /* 88 */
	0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, /* 90 */
	0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0, 0x017E, 0x0178, /* 98 */
};

struct label {
	char key[LABEL_MAX];
	size_t row;
};

/* Made by unicode_charsets_open() and not changed until unicode_charsets_close(). */
static UConverter *converters[ROWS]; /* never used themselves, only cloned: so threads need no lock */
static struct label *labels;	     /* sorted by key, each once */
static size_t label_count;

/* "ISO_8859-1:1987" and "iso88591:1987" are one; what follows a language or parameter mark is no part of it. */
static void make_key(char key[LABEL_MAX], struct view label)
{
	size_t used = 0;

	for (size_t i = 0; i < label.len && used < LABEL_MAX - 1; i++) {
		char c = label.ptr[i];

		if (c == '*' || c == ';')
			break;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c + 32);
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == ':' || c == '=' || c == '+')
			key[used++] = c;
	}
	key[used] = '\0';
}

static int compare_labels(const void *a, const void *b)
{
	const struct label *one = a, *two = b;
	int order = strcmp(one->key, two->key);

	if (order != 0)
		return order;
	return one->row < two->row ? -1 : one->row > two->row;
}

static const struct row *find_row(struct view charset)
{
	char key[LABEL_MAX];
	size_t low = 0, high = label_count;

	make_key(key, charset);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(key, labels[middle].key);

		if (order == 0)
			return &rows[labels[middle].row];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static void add_label(const char *label, size_t row)
{
	if (label_count % 64 == 0) {
		labels = realloc(labels, (label_count + 64) * sizeof(*labels));
		if (!labels)
			exit(EX_OSERR);
	}
	make_key(labels[label_count].key, view_of(label));
	if (labels[label_count].key[0] == '\0')
		return;
	labels[label_count++].row = row;
}

static void add_aliases(size_t row)
{
	UErrorCode status = U_ZERO_ERROR;
	uint16_t count = ucnv_countAliases(rows[row].aliases, &status);

	add_label(rows[row].aliases, row);
	for (uint16_t i = 0; i < count; i++)
		add_label(ucnv_getAlias(rows[row].aliases, i, &status), row);
}

/* Sorted, and of one key the first row's. */
static void settle_labels(void)
{
	size_t kept = 0;

	qsort(labels, label_count, sizeof(*labels), compare_labels);
	for (size_t i = 0; i < label_count; i++)
		if (kept == 0 || strcmp(labels[kept - 1].key, labels[i].key) != 0)
			labels[kept++] = labels[i];
	label_count = kept;
}

/* Every invalid byte or sequence: U+FFFD, where ICU's own would write U+001A for some charsets. */
static void replace_invalid(const void *context, UConverterToUnicodeArgs *args, const char *bytes, int32_t length,
	UConverterCallbackReason reason, UErrorCode *status)
{
	static const UChar replacement = UNICODE_REPLACEMENT;

	if (reason > UCNV_IRREGULAR)
		return; /* reset, close, clone */
	*status = U_ZERO_ERROR;
	ucnv_cbToUWriteUChars(args, &replacement, 1, 0, status);
}

static int open_converter(size_t row, struct error *err)
{
	const char *name = rows[row].converter ? rows[row].converter : rows[row].aliases;
	UErrorCode status = U_ZERO_ERROR;

	if (rows[row].how == HOW_UTF8 || rows[row].how == HOW_1252)
		return 0;
	converters[row] = ucnv_open(name, &status);
	if (U_SUCCESS(status))
		ucnv_setToUCallBack(converters[row], replace_invalid, NULL, NULL, NULL, &status);
	if (U_FAILURE(status))
		return error_set(
			err, REACH_STOP, "ICU's converter for %s cannot be opened: %s", name, u_errorName(status));
	return 0;
}

int unicode_charsets_open(struct error *err)
{
	for (size_t row = 0; row < ROWS; row++) {
		if (open_converter(row, err) != 0) {
			unicode_charsets_close();
			return -1;
		}
		add_aliases(row);
	}
	for (size_t i = 0; i < SPELLINGS; i++)
		for (size_t row = 0; row < ROWS; row++)
			if (strcmp(spellings[i].aliases, rows[row].aliases) == 0)
				add_label(spellings[i].label, row);
	settle_labels();
	return 0;
}

void unicode_charsets_close(void)
{
	for (size_t row = 0; row < ROWS; row++) {
		ucnv_close(converters[row]);
		converters[row] = NULL;
	}
	free(labels);
	labels = NULL;
	label_count = 0;
}

static bool has_nul(struct view bytes)
{
	return bytes.len > 0 && memchr(bytes.ptr, '\0', bytes.len) != NULL;
}

static struct view drop_nuls(struct arena *arena, struct view text)
{
	size_t used = 0;
	char *to;

	if (!has_nul(text))
		return text;
	to = arena_bytes(arena, text.len + 1);
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] != '\0')
			to[used++] = text.ptr[i];
	return unicode_written(to, used);
}

static struct view from_utf8(struct arena *arena, struct view bytes, bool valid)
{
	if (view_starts(bytes, VIEW("\xEF\xBB\xBF")))
		bytes = view_sub(bytes, 3, bytes.len);
	return drop_nuls(arena, valid ? unicode_copy(arena, bytes) : unicode_repair(arena, bytes));
}

static struct view from_1252(struct arena *arena, struct view bytes)
{
	size_t high = 0, used = 0;
	char *to;

	for (size_t i = 0; i < bytes.len; i++)
		high += (unsigned char)bytes.ptr[i] >= 0x80;
	to = arena_bytes(arena, bytes.len + 2 * high + 1);
	for (size_t i = 0; i < bytes.len; i++) {
		uint32_t code = (unsigned char)bytes.ptr[i];

		if (code >= 0x80 && code < 0xA0)
			code = high_1252[code - 0x80] ? high_1252[code - 0x80] : UNICODE_REPLACEMENT;
		if (code != 0)
			used += unicode_put(to + used, code);
	}
	return unicode_written(to, used);
}

struct decoding {
	struct text out;
	UChar lead; /* a high surrogate whose other half is still to come */
	bool no_c1; /* the charset has no control characters above 0x7F: ICU's stand for bytes that mean nothing */
};

static void emit(struct decoding *decoding, uint32_t code)
{
	char bytes[4];

	if (code == 0)
		return;
	if (decoding->no_c1 && code >= 0x80 && code < 0xA0)
		code = UNICODE_REPLACEMENT;
	text_add(&decoding->out, bytes, unicode_put(bytes, code));
}

static void emit_unit(struct decoding *decoding, UChar unit)
{
	if (decoding->lead && U16_IS_TRAIL(unit)) {
		emit(decoding, (uint32_t)U16_GET_SUPPLEMENTARY(decoding->lead, unit));
		decoding->lead = 0;
		return;
	}
	if (decoding->lead)
		emit(decoding, UNICODE_REPLACEMENT);
	decoding->lead = U16_IS_LEAD(unit) ? unit : 0;
	if (!decoding->lead)
		emit(decoding, U16_IS_TRAIL(unit) ? UNICODE_REPLACEMENT : unit);
}

static void convert(UConverter *converter, struct view bytes, struct decoding *decoding)
{
	const char *from = bytes.ptr, *end = bytes.ptr + bytes.len;
	UErrorCode status;
	UChar units[1024];

	do {
		UChar *to = units;

		status = U_ZERO_ERROR;
		ucnv_toUnicode(converter, &to, units + 1024, &from, end, NULL, true, &status);
		for (const UChar *unit = units; unit < to; unit++)
			emit_unit(decoding, *unit);
	} while (status == U_BUFFER_OVERFLOW_ERROR);
	if (decoding->lead || U_FAILURE(status))
		emit(decoding, UNICODE_REPLACEMENT);
}

static struct view from_converter(struct arena *arena, struct view bytes, const struct row *row)
{
	struct decoding decoding = {.no_c1 = view_starts_nocase(view_of(row->aliases), VIEW("windows-125"))};
	UErrorCode status = U_ZERO_ERROR;
	UConverter *converter = ucnv_clone(converters[row - rows], &status);
	struct view text;

	if (!converter)
		exit(EX_OSERR);
	text_init(&decoding.out, SIZE_MAX / 2);
	convert(converter, bytes, &decoding);
	ucnv_close(converter);
	text = unicode_copy(arena, text_view(&decoding.out));
	text_release(&decoding.out);
	return text;
}

struct view unicode_decode(struct arena *arena, struct view bytes, struct view charset)
{
	bool ascii = unicode_all_ascii(bytes);
	const struct row *row;
	enum how how;

	unicode_need();
	row = find_row(charset);
	how = row ? row->how : HOW_1252;
	if (ascii && how != HOW_SHIFTED && how != HOW_WIDE)
		return from_utf8(arena, bytes, true);
	/* Half of an UTF-16 text's bytes are NUL where it is Latin; such bytes may look like UTF-8. */
	if (!ascii && !(how == HOW_WIDE && has_nul(bytes)) && unicode_valid(bytes))
		return from_utf8(arena, bytes, true);
	if (how == HOW_UTF8)
		return from_utf8(arena, bytes, false);
	if (how == HOW_1252)
		return from_1252(arena, bytes);
	return from_converter(arena, bytes, row);
}

bool unicode_charset_known(struct view charset)
{
	unicode_need();
	return find_row(charset) != NULL;
}
