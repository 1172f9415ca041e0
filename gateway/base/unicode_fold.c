/* base/unicode: normal forms, folding for comparison, raising the first letter. See unicode.h. */
#include <stdlib.h>
#include <sysexits.h>
#include <unicode/ucasemap.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>

#include "base/unicode_internal.h"

#define NFC_PIECE ((size_t)65536) /* bytes of a long text that are normalised at once */

/* ICU's own single instances: nothing to close. */
static const UNormalizer2 *nfc, *nfkd;

int unicode_normal_open(struct error *err)
{
	UErrorCode status = U_ZERO_ERROR;

	nfc = unorm2_getNFCInstance(&status);
	nfkd = unorm2_getNFKDInstance(&status);
	if (U_FAILURE(status))
		return error_set(err, REACH_STOP, "ICU's normal forms cannot be loaded: %s", u_errorName(status));
	return 0;
}

/* ICU fails here only for want of memory. */
static void check(UErrorCode status)
{
	if (U_FAILURE(status) && status != U_BUFFER_OVERFLOW_ERROR)
		exit(EX_OSERR);
}

static void normalise(const UNormalizer2 *form, const struct unicode_wide *from, struct unicode_wide *to)
{
	UErrorCode status = U_ZERO_ERROR;

	unicode_wide_reserve(to, from->len);
	to->len = unorm2_normalize(form, from->ptr, from->len, to->ptr, to->size, &status);
	check(status);
	if (status == U_BUFFER_OVERFLOW_ERROR) {
		status = U_ZERO_ERROR;
		unicode_wide_reserve(to, to->len);
		to->len = unorm2_normalize(form, from->ptr, from->len, to->ptr, to->size, &status);
		check(status);
	}
}

static void fold_case(const struct unicode_wide *from, struct unicode_wide *to)
{
	UErrorCode status = U_ZERO_ERROR;

	unicode_wide_reserve(to, from->len);
	to->len = u_strFoldCase(to->ptr, to->size, from->ptr, from->len, U_FOLD_CASE_DEFAULT, &status);
	check(status);
	if (status == U_BUFFER_OVERFLOW_ERROR) {
		status = U_ZERO_ERROR;
		unicode_wide_reserve(to, to->len);
		to->len = u_strFoldCase(to->ptr, to->size, from->ptr, from->len, U_FOLD_CASE_DEFAULT, &status);
		check(status);
	}
}

static struct view nfc_piece(struct arena *arena, struct view text)
{
	UErrorCode status = U_ZERO_ERROR;
	UNICODE_WIDE_SCOPED from, to;

	unicode_wide_init(&from);
	unicode_wide_init(&to);
	unicode_wide_from(&from, text);
	if (unorm2_spanQuickCheckYes(nfc, from.ptr, from.len, &status) == from.len && U_SUCCESS(status))
		return unicode_wide_to(arena, from.ptr, from.len);
	unicode_wide_break_marks(&from);
	normalise(nfc, &from, &to);
	return unicode_wide_to(arena, to.ptr, to.len);
}

/* Length of a piece that is normalised by itself: it ends before an ASCII character, which joins nothing before it. */
static size_t piece_length(struct view text)
{
	size_t end = NFC_PIECE;

	if (text.len <= NFC_PIECE)
		return text.len;
	while (end > 0 && (unsigned char)text.ptr[end] >= 0x80)
		end--;
	for (end = end > 0 ? end : NFC_PIECE; end < text.len && (unsigned char)text.ptr[end] >= 0x80;)
		end++;
	return end;
}

/* A long text piece by piece: as UTF-16, before and behind ICU, it would take four times its size at once. */
static struct view nfc_long(struct arena *arena, struct view text)
{
	struct arena *scratch = arena_new();
	TEXT_SCOPED out = {0};

	text_init(&out, SIZE_MAX / 2);
	while (text.len > 0) {
		struct view piece = view_sub(text, 0, piece_length(text));

		text_add_view(&out, unicode_table_nfc(piece) ? piece : nfc_piece(scratch, piece));
		text = view_sub(text, piece.len, SIZE_MAX);
		arena_reset(scratch);
	}
	arena_free(&scratch);
	return unicode_copy(arena, text_view(&out));
}

struct view unicode_nfc(struct arena *arena, struct view text)
{
	unicode_need();
	if (unicode_table_nfc(text))
		return unicode_copy(arena, text);
	return text.len > NFC_PIECE ? nfc_long(arena, text) : nfc_piece(arena, text);
}

static bool is_apostrophe(uint32_t code)
{
	return (code >= 0x2018 && code <= 0x201B) || code == '`' || code == 0x02BC || code == 0x02B9 ||
	       code == 0x2032 || code == 0xA78C;
}

static bool is_hyphen(uint32_t code)
{
	return code == 0x2212 || code == 0x2043 || (code >= 0x80 && u_charType((UChar32)code) == U_DASH_PUNCTUATION);
}

/* Letters that people write one for the other and that NFKD keeps apart. */
static uint32_t same_letter(uint32_t code)
{
	switch (code) {
	case 0x0671: /* alef wasla */
		return 0x0627;
	case 0x0649: /* alef maksura */
	case 0x06CC: /* Persian yeh */
		return 0x064A;
	case 0x0629: /* teh marbuta */
	case 0x06C1: /* heh goal */
	case 0x06C3:
	case 0x06D5:
		return 0x0647;
	case 0x06A9: /* Persian kaf */
		return 0x0643;
	case 0x0131: /* dotless i */
		return 'i';
	case 0x00F8:
		return 'o';
	case 0x0142:
		return 'l';
	case 0x0111:
		return 'd';
	default:
		return code;
	}
}

/* Hamza makes another letter of waw and yeh, but only a variant of alef. */
bool unicode_is_arabic_mark(uint32_t code, uint32_t base)
{
	if (code == 0x0654 || code == 0x0655)
		return base == 0x0627;
	return (code >= 0x0610 && code <= 0x061A) || (code >= 0x064B && code <= 0x065F) || code == 0x0670 ||
	       (code >= 0x06D6 && code <= 0x06ED && u_charType((UChar32)code) == U_NON_SPACING_MARK);
}

bool unicode_sheds_accents(uint32_t code)
{
	UErrorCode status = U_ZERO_ERROR;

	switch (uscript_getScript((UChar32)code, &status)) {
	case USCRIPT_LATIN:
	case USCRIPT_GREEK:
	case USCRIPT_CYRILLIC:
		return true;
	default:
		return false;
	}
}

static bool is_dropped_mark(uint32_t code, uint32_t base)
{
	if (code < 0x300 || u_charType((UChar32)code) != U_NON_SPACING_MARK)
		return false;
	if (unicode_is_arabic_mark(code, base))
		return true;
	return unicode_sheds_accents(base);
}

struct folder {
	char *to;
	size_t used;
	uint32_t base; /* the last character that is no mark */
	bool gap;      /* white space waits to be written */
};

static void fold_put(struct folder *folder, uint32_t code)
{
	if (folder->gap && folder->used > 0)
		folder->to[folder->used++] = ' ';
	folder->gap = false;
	folder->used += unicode_put(folder->to + folder->used, code);
}

static void fold_one(struct folder *folder, uint32_t code)
{
	if (unicode_is_space(code)) {
		folder->gap = true;
		folder->base = ' ';
		return;
	}
	if (code == 0x0640 || unicode_is_invisible(code) || is_dropped_mark(code, folder->base))
		return;
	if (is_apostrophe(code))
		code = '\'';
	else if (is_hyphen(code))
		code = '-';
	code = same_letter(code);
	if (!(code >= 0x300 && U_GET_GC_MASK((UChar32)code) & U_GC_M_MASK))
		folder->base = code;
	if (code == 0x00E6 || code == 0x0153) { /* ae, oe as one letter */
		fold_put(folder, code == 0x00E6 ? 'a' : 'o');
		code = 'e';
	}
	fold_put(folder, code);
}

struct view unicode_fold_any(struct arena *arena, struct view text)
{
	struct folder folder = {.to = NULL};
	UNICODE_WIDE_SCOPED one, two;

	unicode_wide_init(&one);
	unicode_wide_init(&two);
	unicode_wide_from(&one, text);
	unicode_wide_break_marks(&one);
	/* NFKD would make the spacing acute, often typed for an apostrophe, a space with an accent. */
	for (int32_t i = 0; i < one.len; i++)
		if (one.ptr[i] == 0x00B4)
			one.ptr[i] = '\'';
	/* Folding may undo the order of marks and makes letters that decompose again: hence twice. */
	normalise(nfkd, &one, &two);
	fold_case(&two, &one);
	normalise(nfkd, &one, &two);
	folder.to = arena_bytes(arena, 3 * ((size_t)two.len + 1));
	for (int32_t at = 0; at < two.len;)
		fold_one(&folder, unicode_wide_next(two.ptr, two.len, &at));
	return unicode_written(folder.to, folder.used);
}

struct view unicode_fold(struct arena *arena, struct view text)
{
	struct view folded;

	unicode_need();
	return unicode_table_fold(arena, text, &folded) ? folded : unicode_fold_any(arena, text);
}

struct view unicode_raise_first(struct arena *arena, struct view text, const char *language)
{
	const uint32_t options = U_TITLECASE_WHOLE_STRING | U_TITLECASE_NO_LOWERCASE;
	UErrorCode status = U_ZERO_ERROR;
	struct view sound = unicode_sound(arena, text);
	UCaseMap *map = ucasemap_open(language ? language : "", options, &status);
	/* The first letter may become two or three (German sharp s, some ligatures). */
	int32_t size = (int32_t)sound.len + 16, len;
	char *to = arena_alloc(arena, (size_t)size + 1);

	len = ucasemap_utf8ToTitle(map, to, size, sound.ptr ? sound.ptr : "", (int32_t)sound.len, &status);
	ucasemap_close(map);
	if (U_FAILURE(status))
		return unicode_copy(arena, sound);
	return (struct view){to, (size_t)len};
}

struct view unicode_upper(struct arena *arena, struct view text, const char *language)
{
	UErrorCode status = U_ZERO_ERROR;
	struct view sound = unicode_sound(arena, text);
	UCaseMap *map = ucasemap_open(language ? language : "", 0, &status);
	int32_t size = (int32_t)sound.len * 3 + 16, len; /* a letter may become three */
	char *to = arena_alloc(arena, (size_t)size + 1);

	len = ucasemap_utf8ToUpper(map, to, size, sound.ptr ? sound.ptr : "", (int32_t)sound.len, &status);
	ucasemap_close(map);
	if (U_FAILURE(status))
		return unicode_copy(arena, sound);
	return (struct view){to, (size_t)len};
}
