/*
 * Locale: numbers, dates and names as a digest's readers write them (over ICU; patterns from the words of the
 * language).
 *
 * One is opened for each digest and belongs to it. Line numbers and references keep ASCII digits and do not pass here.
 */
#ifndef DIGEST_LOCALE_H
#define DIGEST_LOCALE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

#include <jansson.h>
#include <stdint.h>

struct locale;

/* words: those of a language (config/mail/words); zone: IANA. */
int locale_open(const json_t *words, const char *zone, struct locale **out, struct error *err);
void locale_close(struct locale **locale);

/* "1,940" */
const char *locale_number(const struct locale *locale, struct arena *arena, int64_t value);
/* "3.1" */
const char *locale_decimal(const struct locale *locale, struct arena *arena, double value);
/* "+6", "−1" (U+2212), "0" */
const char *locale_change(const struct locale *locale, struct arena *arena, int64_t change);
const char *locale_decimal_change(const struct locale *locale, struct arena *arena, double change);
/* By the name of a pattern in the words' `formats` ("date", "moment", ...); time in microseconds since 1970. */
const char *locale_time(const struct locale *locale, struct arena *arena, const char *format, int64_t time);
/* ISO 8601 week. */
const char *locale_week(const struct locale *locale, struct arena *arena, int64_t time);
/* "2026-W46": ASCII digits in every language. */
const char *locale_week_name(const struct locale *locale, struct arena *arena, int64_t time);
/* Name of a weekday, 1 is Monday; of an hour of the day ("08:00"); of a language ("French"). */
const char *locale_weekday(const struct locale *locale, struct arena *arena, int weekday);
const char *locale_hour(const struct locale *locale, struct arena *arena, int hour);
/* Of a region by its UN M49 code ("011": "Western Africa"). */
const char *locale_region(const struct locale *locale, struct arena *arena, const char *code);
const char *locale_language(const struct locale *locale, struct arena *arena, const char *language);
/* Capitals, where the script has them. */
struct view locale_upper(const struct locale *locale, struct arena *arena, struct view text);

/* Is a language written from right to left? */
bool language_is_rtl(const char *language);

#endif
