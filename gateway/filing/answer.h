/*
 * Answer: is what the reader sent one result, and nothing the database would stumble over?
 *
 * The reader reads strangers' bytes, so the holder does not take its word for it. What is no JSON would have the
 * database refuse the whole batch, again and again; what is more than one value would be filed as other messages'
 * results.
 */
#ifndef FILING_ANSWER_H
#define FILING_ANSWER_H

#include <stdbool.h>

#include "base/text.h"

#define ANSWER_DEPTH_MAX 16  /* levels of objects and lists */
#define ANSWER_DIGITS_MAX 19 /* of a number */

/*
 * One JSON object as json_dumps() writes it with JSON_COMPACT: no white space, whole numbers, UTF-8, no NUL. Linear.
 */
bool answer_is_good(struct view json);

#endif
