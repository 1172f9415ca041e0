/* base/unicode: UTF-8 to the bytes of another charset. See unicode.h. */
#include <unicode/ucnv.h>
#include <unicode/ucnv_err.h>
#include <unicode/ustring.h>

#include "base/unicode_internal.h"

/* Bytes a converter may need for one UTF-16 unit; more than any charset of mail takes. */
#define UNIT_MAX 8

static bool encode(UConverter *converter, struct arena *arena, const UChar *units, int32_t count, struct view *out)
{
	UErrorCode status = U_ZERO_ERROR;
	int32_t size = count * UNIT_MAX + UNIT_MAX, len;
	char *bytes = arena_alloc(arena, (size_t)size + 1);

	ucnv_setFromUCallBack(converter, UCNV_FROM_U_CALLBACK_STOP, NULL, NULL, NULL, &status);
	len = ucnv_fromUChars(converter, bytes, size, units, count, &status);
	if (U_FAILURE(status))
		return false;
	*out = (struct view){bytes, (size_t)len};
	return true;
}

bool unicode_encode(struct arena *arena, struct view text, const char *charset, struct view *out)
{
	UErrorCode status = U_ZERO_ERROR;
	UChar *units = arena_array(arena, text.len + 1, sizeof(*units));
	UConverter *converter;
	int32_t count = 0;
	bool done;

	if (text.len > INT32_MAX / UNIT_MAX - 1)
		return false;
	u_strFromUTF8(units, (int32_t)text.len + 1, &count, text.ptr ? text.ptr : "", (int32_t)text.len, &status);
	if (U_FAILURE(status))
		return false;
	converter = ucnv_open(charset, &status);
	done = converter && encode(converter, arena, units, count, out);
	ucnv_close(converter);
	return done;
}
