/* digest/locale: ICU's formats for one digest. See locale.h; used by the view_*.c files and layout.c. */
#include "digest/locale.h"

#include <unicode/ucal.h>
#include <unicode/udat.h>
#include <unicode/uloc.h>
#include <unicode/unum.h>
#include <unicode/ustring.h>

#define NAME_MAX_UNITS 128 /* UTF-16 units of a formatted date, number or name */

struct locale {
	const json_t *words;
	char name[64]; /* ICU's, "ar@numbers=latn" */
	UChar zone[64];
	UNumberFormat *number, *decimal;
};

static const char *to_utf8(struct arena *arena, const UChar *units, int32_t len)
{
	UErrorCode status = U_ZERO_ERROR;
	char buffer[NAME_MAX_UNITS * 3 + 1];

	if (len > NAME_MAX_UNITS)
		len = NAME_MAX_UNITS;
	u_strToUTF8(buffer, (int32_t)sizeof(buffer), NULL, units, len, &status);
	return U_FAILURE(status) ? "" : arena_strdup(arena, buffer);
}

static UNumberFormat *open_number(const char *locale, int decimals)
{
	UErrorCode status = U_ZERO_ERROR;
	UNumberFormat *format = unum_open(UNUM_DECIMAL, NULL, 0, locale, NULL, &status);

	if (U_FAILURE(status))
		return NULL;
	unum_setAttribute(format, UNUM_MIN_FRACTION_DIGITS, decimals);
	unum_setAttribute(format, UNUM_MAX_FRACTION_DIGITS, decimals);
	unum_setAttribute(format, UNUM_ROUNDING_MODE, UNUM_ROUND_HALFUP);
	return format;
}

int locale_open(const json_t *words, const char *zone, struct locale **out, struct error *err)
{
	const char *tag = json_string_value(json_object_get(words, "locale"));
	UErrorCode status = U_ZERO_ERROR;
	struct locale *locale = calloc(1, sizeof(*locale));

	if (!locale)
		exit(71);
	locale->words = words;
	uloc_forLanguageTag(tag ? tag : "en-GB", locale->name, (int32_t)sizeof(locale->name), NULL, &status);
	u_strFromUTF8(locale->zone, 64, NULL, zone, -1, &status);
	locale->number = open_number(locale->name, 0);
	locale->decimal = open_number(locale->name, 1);
	if (U_FAILURE(status) || !locale->number || !locale->decimal) {
		locale_close(&locale);
		return error_set(
			err, REACH_STOP, "the locale %s or the zone %s cannot be used", tag ? tag : "(none)", zone);
	}
	*out = locale;
	return 0;
}

void locale_close(struct locale **locale)
{
	if (!*locale)
		return;
	unum_close((*locale)->number);
	unum_close((*locale)->decimal);
	free(*locale);
	*locale = NULL;
}

const char *locale_number(const struct locale *locale, struct arena *arena, int64_t value)
{
	UErrorCode status = U_ZERO_ERROR;
	UChar units[NAME_MAX_UNITS];
	int32_t len = unum_formatInt64(locale->number, value, units, NAME_MAX_UNITS, NULL, &status);

	return U_FAILURE(status) ? "" : to_utf8(arena, units, len);
}

const char *locale_decimal(const struct locale *locale, struct arena *arena, double value)
{
	UErrorCode status = U_ZERO_ERROR;
	UChar units[NAME_MAX_UNITS];
	int32_t len = unum_formatDouble(locale->decimal, value, units, NAME_MAX_UNITS, NULL, &status);

	return U_FAILURE(status) ? "" : to_utf8(arena, units, len);
}

static const char *with_sign(struct arena *arena, int sign, const char *magnitude)
{
	return arena_printf(arena, "%s%s", sign > 0 ? "+" : sign < 0 ? "\xe2\x88\x92" : "", magnitude);
}

const char *locale_change(const struct locale *locale, struct arena *arena, int64_t change)
{
	return with_sign(arena,
		change > 0   ? 1
		: change < 0 ? -1
			     : 0,
		locale_number(locale, arena, change < 0 ? -change : change));
}

const char *locale_decimal_change(const struct locale *locale, struct arena *arena, double change)
{
	int64_t tenths = (int64_t)(change * 10 + (change < 0 ? -0.5 : 0.5));

	if (tenths == 0)
		return locale_number(locale, arena, 0);
	return with_sign(arena, tenths > 0 ? 1 : -1,
		locale_decimal(locale, arena, (double)(tenths < 0 ? -tenths : tenths) / 10));
}

static const char *format_time(const struct locale *locale, struct arena *arena, const char *icu_locale,
	const UChar *zone, const char *pattern, int64_t time)
{
	UErrorCode status = U_ZERO_ERROR;
	UChar pattern_units[NAME_MAX_UNITS], units[NAME_MAX_UNITS];
	UDateFormat *format;
	int32_t len;

	u_strFromUTF8(pattern_units, NAME_MAX_UNITS, NULL, pattern, -1, &status);
	format = udat_open(UDAT_PATTERN, UDAT_PATTERN, icu_locale, zone, -1, pattern_units, -1, &status);
	if (U_FAILURE(status))
		return "";
	len = udat_format(format, (double)time / 1000, units, NAME_MAX_UNITS, NULL, &status);
	udat_close(format);
	return U_FAILURE(status) ? "" : to_utf8(arena, units, len);
}

const char *locale_time(const struct locale *locale, struct arena *arena, const char *format, int64_t time)
{
	const char *pattern = json_string_value(json_object_get(json_object_get(locale->words, "formats"), format));

	return format_time(locale, arena, locale->name, locale->zone, pattern ? pattern : "y-MM-dd HH:mm", time);
}

const char *locale_week(const struct locale *locale, struct arena *arena, int64_t time)
{
	/* Great Britain's weeks are those of ISO 8601. */
	const char *week = format_time(locale, arena, "en_GB", locale->zone, "w", time);
	long long value;

	return view_to_int(view_of(week), 1, 53, &value) ? "" : locale_number(locale, arena, value);
}

const char *locale_week_name(const struct locale *locale, struct arena *arena, int64_t time)
{
	return format_time(locale, arena, "en_GB", locale->zone, "YYYY-'W'ww", time);
}

const char *locale_weekday(const struct locale *locale, struct arena *arena, int weekday)
{
	const int64_t day = 24LL * 3600 * 1000000, monday = 4 * day; /* 5 January 1970 */
	UChar utc[] = {'U', 'T', 'C', 0};

	return format_time(locale, arena, locale->name, utc, "cccc", monday + (weekday - 1) * day);
}

const char *locale_hour(const struct locale *locale, struct arena *arena, int hour)
{
	UChar utc[] = {'U', 'T', 'C', 0};
	const char *pattern = json_string_value(json_object_get(json_object_get(locale->words, "formats"), "hour"));

	return format_time(locale, arena, locale->name, utc, pattern ? pattern : "HH:mm", hour * 3600LL * 1000000);
}

const char *locale_language(const struct locale *locale, struct arena *arena, const char *language)
{
	UErrorCode status = U_ZERO_ERROR;
	UChar units[NAME_MAX_UNITS];
	int32_t len = uloc_getDisplayLanguage(language, locale->name, units, NAME_MAX_UNITS, &status);

	return U_FAILURE(status) ? language : to_utf8(arena, units, len);
}

const char *locale_region(const struct locale *locale, struct arena *arena, const char *code)
{
	UErrorCode status = U_ZERO_ERROR;
	UChar units[NAME_MAX_UNITS];
	char name[16];
	int32_t len;

	snprintf(name, sizeof(name), "und_%.3s", code);
	len = uloc_getDisplayCountry(name, locale->name, units, NAME_MAX_UNITS, &status);
	return U_FAILURE(status) ? code : to_utf8(arena, units, len);
}

struct view locale_upper(const struct locale *locale, struct arena *arena, struct view text)
{
	UErrorCode status = U_ZERO_ERROR;
	UChar units[1024], upper[1024];
	char *bytes = arena_alloc(arena, sizeof(upper) * 2);
	int32_t len;

	u_strFromUTF8(units, 1024, &len, text.ptr, (int32_t)(text.len < 1024 ? text.len : 1024), &status);
	len = u_strToUpper(upper, 1024, units, len, locale->name, &status);
	u_strToUTF8(bytes, (int32_t)sizeof(upper) * 2, &len, upper, len, &status);
	return U_FAILURE(status) ? text : (struct view){bytes, (size_t)len};
}

bool language_is_rtl(const char *language)
{
	return language && uloc_isRightToLeft(language);
}
