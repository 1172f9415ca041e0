/* base/unicode_region: see unicode_region.h. */
#include "base/unicode_region.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/ucal.h>
#include <unicode/uenum.h>
#include <unicode/uloc.h>

#define ZONE_MAX 64
#define HOUR_MS 3600000

static json_t *weekend_of(UCalendar *calendar)
{
	/* ICU counts from Sunday, ISO 8601 from Monday. */
	static const UCalendarDaysOfWeek days[] = {
		UCAL_MONDAY, UCAL_TUESDAY, UCAL_WEDNESDAY, UCAL_THURSDAY, UCAL_FRIDAY, UCAL_SATURDAY, UCAL_SUNDAY};
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		UErrorCode status = U_ZERO_ERROR;

		if (ucal_getDayOfWeekType(calendar, days[i], &status) != UCAL_WEEKDAY && U_SUCCESS(status))
			json_array_append_new(list, json_integer((json_int_t)i + 1));
	}
	return list;
}

static int32_t offset_of(const UChar *zone, UErrorCode *status)
{
	UCalendar *calendar = ucal_open(zone, -1, "en", UCAL_GREGORIAN, status);
	int32_t offset = calendar ? ucal_get(calendar, UCAL_ZONE_OFFSET, status) : 0;

	ucal_close(calendar);
	return offset;
}

/* The first of the country's zones, if its clocks agree; else it stays empty. */
static void zone_of(const char *country, char zone[ZONE_MAX])
{
	UErrorCode status = U_ZERO_ERROR;
	UEnumeration *zones = ucal_openTimeZoneIDEnumeration(UCAL_ZONE_TYPE_CANONICAL_LOCATION, country, NULL, &status);
	int32_t least = 0, most = 0, len, count = 0;
	const UChar *id;

	*zone = '\0';
	while (U_SUCCESS(status) && (id = uenum_unext(zones, &len, &status))) {
		int32_t offset = offset_of(id, &status);

		least = count == 0 || offset < least ? offset : least;
		most = count == 0 || offset > most ? offset : most;
		for (int32_t i = 0; count == 0 && i <= len && i < ZONE_MAX; i++)
			zone[i] = i < ZONE_MAX - 1 ? (char)id[i] : '\0';
		count++;
	}
	uenum_close(zones);
	if (U_FAILURE(status) || most - least > HOUR_MS)
		*zone = '\0';
}

json_t *unicode_regions(void)
{
	json_t *all = json_object();

	for (const char *const *country = uloc_getISOCountries(); *country; country++) {
		UErrorCode status = U_ZERO_ERROR;
		UCalendar *calendar;
		char locale[16], zone[ZONE_MAX];
		json_t *one;

		snprintf(locale, sizeof(locale), "und_%.8s", *country);
		calendar = ucal_open(NULL, 0, locale, UCAL_GREGORIAN, &status);
		if (U_FAILURE(status))
			continue;
		one = json_pack("{s:o}", "weekend", weekend_of(calendar));
		ucal_close(calendar);
		zone_of(*country, zone);
		if (*zone)
			json_object_set_new(one, "zone", json_string(zone));
		json_object_set_new(all, *country, one);
	}
	return all;
}

bool unicode_is_country(const char *code)
{
	for (const char *const *country = uloc_getISOCountries(); *country; country++)
		if (strcmp(*country, code) == 0)
			return true;
	return false;
}
