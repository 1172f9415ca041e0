/* base/unicode_domain: names of hosts in ASCII (IDNA). See unicode.h. */
#include "base/unicode.h"

#include <unicode/uidna.h>

struct view unicode_ascii_domain(struct arena *arena, struct view domain)
{
	UErrorCode status = U_ZERO_ERROR;
	UIDNAInfo info = UIDNA_INFO_INITIALIZER;
	char name[UNICODE_DOMAIN_MAX + 1];
	UIDNA *idna;
	int32_t len;

	if (domain.len > UNICODE_DOMAIN_MAX)
		return VIEW_NULL;
	idna = uidna_openUTS46(UIDNA_CHECK_BIDI | UIDNA_NONTRANSITIONAL_TO_ASCII, &status);
	if (U_FAILURE(status))
		return VIEW_NULL;
	len = uidna_nameToASCII_UTF8(
		idna, domain.ptr, (int32_t)domain.len, name, (int32_t)sizeof(name), &info, &status);
	uidna_close(idna);
	if (U_FAILURE(status) || info.errors || len > UNICODE_DOMAIN_MAX)
		return VIEW_NULL;
	return (struct view){arena_copy(arena, name, (size_t)len), (size_t)len};
}
