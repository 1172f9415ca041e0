/* net/oauth2_class: who can mend a refusal. See oauth2.h. */
#include "net/oauth2.h"

/* RFC 6749 5.2 and 4.1.2.1, RFC 8707, OpenID Connect, Google's and Microsoft's own. */
static const struct {
	const char *error;
	enum oauth2_class class;
} errors[] = {
	{"temporarily_unavailable", OAUTH2_RETRY},
	{"server_error", OAUTH2_RETRY},
	{"internal_failure", OAUTH2_RETRY},
	{"slow_down", OAUTH2_RETRY},
	{"rate_limit_exceeded", OAUTH2_RETRY},
	{"invalid_grant", OAUTH2_LOGIN},
	{"interaction_required", OAUTH2_LOGIN},
	{"login_required", OAUTH2_LOGIN},
	{"consent_required", OAUTH2_LOGIN},
	{"access_denied", OAUTH2_LOGIN},
	{"invalid_client", OAUTH2_ADMIN},
	{"unauthorized_client", OAUTH2_ADMIN},
	{"invalid_scope", OAUTH2_ADMIN},
	{"invalid_request", OAUTH2_ADMIN},
	{"invalid_resource", OAUTH2_ADMIN},
	{"unsupported_grant_type", OAUTH2_ADMIN},
};

/* Microsoft's numbers (AADSTS...), in its member error_codes: they refine what `error` says. */
static const int retry_codes[] = {40010, 50033, 50087, 70012, 90006, 90012, 90024, 90033, 90055, 90090, 50196, 0};
static const int login_codes[] = {50053, 50055, 50057, 50076, 50078, 50079, 50132, 50133, 50173, 53003, 65001, 70000,
	70008, 70043, 700082, 700084, 0};
static const int admin_codes[] = {
	50105, 50194, 500011, 700016, 7000215, 7000222, 7000218, 700025, 70011, 90002, 90094, 9001023, 0};

static bool is_among(const int *codes, json_int_t code)
{
	for (; *codes; codes++)
		if (*codes == code)
			return true;
	return false;
}

/* True when one of the answer's numbers says more. */
static bool refine(const json_t *answer, enum oauth2_class *class)
{
	const json_t *codes = json_object_get(answer, "error_codes");

	for (size_t i = 0; i < json_array_size(codes); i++) {
		json_int_t code = json_integer_value(json_array_get(codes, i));

		if (is_among(retry_codes, code))
			*class = OAUTH2_RETRY;
		else if (is_among(admin_codes, code))
			*class = OAUTH2_ADMIN;
		else if (is_among(login_codes, code))
			*class = OAUTH2_LOGIN;
		else
			continue;
		return true;
	}
	return false;
}

static enum oauth2_class by_error(const json_t *answer)
{
	const char *error = json_string_value(json_object_get(answer, "error"));

	for (size_t i = 0; error && i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(errors[i].error, error) == 0)
			return errors[i].class;
	return OAUTH2_ADMIN; /* a refusal that nobody knows passes by itself least of all */
}

enum oauth2_class oauth2_classify(const struct config_oauth *settings, int status, const json_t *answer)
{
	bool person = strcmp(settings->grant, "refresh") == 0;
	enum oauth2_class class;

	if (status >= 500 || status == 408 || status == 429)
		return OAUTH2_RETRY;
	/* What should be tokens and is not: somebody else answers, or the service is not itself. */
	if (status >= 200 && status < 300)
		return OAUTH2_RETRY;
	class = by_error(answer);
	refine(answer, &class);
	/* No person ever logged in: a wrong clock, an unknown mailbox, a key that was taken back. */
	return class == OAUTH2_LOGIN && !person ? OAUTH2_ADMIN : class;
}

const char *oauth2_class_name(enum oauth2_class class)
{
	static const char *const names[] = {
		[OAUTH2_RETRY] = "retry", [OAUTH2_LOGIN] = "login", [OAUTH2_ADMIN] = "admin"};

	return names[class];
}
