/* parsers/reference: finds a request's reference in a text. See reference.h. */
#include "parsers/reference.h"

#include <ctype.h>

/* The digit or letter of Crockford's alphabet that is meant, 0 for none. */
static char crockford(char c)
{
	int upper = toupper((unsigned char)c);

	if (upper == 'I' || upper == 'L')
		return '1';
	if (upper == 'O')
		return '0';
	if (upper == 'U' || !isalnum(upper) || (unsigned char)c >= 0x80)
		return 0;
	return (char)upper;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

static bool is_reference(struct view text, size_t at)
{
	if (at + REFERENCE_LENGTH > text.len || !view_equal_nocase(view_sub(text, at, 3), VIEW("FP-")))
		return false;
	for (size_t i = 3; i < REFERENCE_LENGTH; i++)
		if (!crockford(text.ptr[at + i]))
			return false;
	if (at + REFERENCE_LENGTH < text.len && isalnum((unsigned char)text.ptr[at + REFERENCE_LENGTH]))
		return false;
	/* An Arabic or Nepali word may stand right before it, a Latin one not. */
	return at == 0 || !is_word(text.ptr[at - 1]) || (unsigned char)text.ptr[at - 1] >= 0x80;
}

struct view reference_find(struct view text, size_t from)
{
	for (size_t at = from; at + REFERENCE_LENGTH <= text.len; at++)
		if ((text.ptr[at] == 'F' || text.ptr[at] == 'f') && is_reference(text, at))
			return view_sub(text, at, REFERENCE_LENGTH);
	return VIEW_NULL;
}

const char *reference_read(struct arena *arena, struct view text)
{
	struct view found = reference_find(text, 0);
	char *reference;

	if (found.len == 0)
		return NULL;
	reference = arena_copy(arena, found.ptr, REFERENCE_LENGTH);
	reference[0] = 'F';
	reference[1] = 'P';
	for (size_t i = 3; i < REFERENCE_LENGTH; i++)
		reference[i] = crockford(found.ptr[i]);
	return reference;
}
