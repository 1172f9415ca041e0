/*
 * Regions: what CLDR knows of a country's week and clocks (over ICU). Opens files: not for the sandbox.
 */
#ifndef BASE_UNICODE_REGION_H
#define BASE_UNICODE_REGION_H

#include <jansson.h>
#include <stdbool.h>

/*
 * {"NP": {"zone": "Asia/Kathmandu", "weekend": [6]}, ...}: of each country (ISO 3166-1 alpha-2) the IANA zone, where it has one or
 * all of them lie within an hour, and the days off (1 is Monday). A new reference.
 */
json_t *unicode_regions(void);
/* Is it a country's code, as unicode_regions() has them? */
bool unicode_is_country(const char *code);

#endif
