/* core/config_check_oauth: the logins by OAuth 2.0: what their providers are known for, and what each must have. See
 * config_options.h. */
#include "core/config_options.h"

#include <stdio.h>

#include "core/clock.h"

#define MICROSOFT "https://login.microsoftonline.com/"

static const struct yaml_node *place(const struct yaml_node *mapping, const char *name)
{
	const struct yaml_node *node = mapping ? yaml_get(mapping, name) : NULL;

	return node ? node : mapping;
}

const struct config_oauth *config_oauth_find(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->oauth_count; i++)
		if (strcmp(config->oauth[i].name, name) == 0)
			return &config->oauth[i];
	return NULL;
}

static bool is(const char *value, const char *word)
{
	return strcmp(value, word) == 0;
}

static void fill(const char **value, const char *known)
{
	if (!*value)
		*value = known;
}

static void fill_google(struct config_oauth *login)
{
	fill(&login->auth_url, "https://accounts.google.com/o/oauth2/v2/auth");
	fill(&login->token_url, "https://oauth2.googleapis.com/token");
	fill(&login->scope, "https://mail.google.com/");
}

static void fill_microsoft(struct config_oauth *login, struct arena *arena)
{
	if (login->tenant) {
		fill(&login->auth_url, arena_printf(arena, MICROSOFT "%s/oauth2/v2.0/authorize", login->tenant));
		fill(&login->token_url, arena_printf(arena, MICROSOFT "%s/oauth2/v2.0/token", login->tenant));
		fill(&login->device_url, arena_printf(arena, MICROSOFT "%s/oauth2/v2.0/devicecode", login->tenant));
	}
	if (is(login->grant, "client_credentials"))
		fill(&login->scope, "https://outlook.office365.com/.default");
	else
		fill(&login->scope, "https://outlook.office.com/IMAP.AccessAsUser.All "
				    "https://outlook.office.com/SMTP.Send offline_access");
}

static int check_urls(const struct config_oauth *login, const struct yaml_node *item, struct error *err)
{
	const char *const names[] = {"auth_url", "token_url", "device_url"};
	const char *const urls[] = {login->auth_url, login->token_url, login->device_url};

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		if (urls[i] && !config_url_is_safe(urls[i]))
			return yaml_error(place(item, names[i]), err,
				"%s begins with https:// (http:// only for this machine) and holds no login and no "
				"query; write `%s: https://login.example.org/...`",
				names[i], names[i]);
	if (login->token_url)
		return 0;
	if (is(login->provider, "microsoft"))
		return yaml_error(item, err,
			"tenant is missing; write `tenant: example.org`, the tenant's domain or "
			"its id (`consumers` for outlook.com)");
	return yaml_error(item, err, "token_url is missing; write `token_url: https://login.example.org/token`");
}

static int missing(const struct yaml_node *item, const char *option, const char *grant, struct error *err)
{
	const struct config_option *known = config_option_find("oauth", option);

	return yaml_error(item, err, "%s is missing, which grant %s needs; write `%s: %s`", option, grant, option,
		known->example);
}

static int check_grant(const struct config_oauth *login, const struct yaml_node *item, struct error *err)
{
	bool service = is(login->grant, "service_account"), machine = is(login->grant, "client_credentials");

	if ((service && is(login->provider, "microsoft")) || (machine && is(login->provider, "google")))
		return yaml_error(place(item, "grant"), err, "%s knows no grant %s; write `grant: %s`", login->provider,
			login->grant, service ? "client_credentials" : "service_account");
	if (!service && !login->client_id)
		return missing(item, "client_id", login->grant, err);
	if (machine && !config_secret_is_set(&login->client_secret))
		return missing(item, "client_secret", login->grant, err);
	if (service && !config_secret_is_set(&login->service_account))
		return missing(item, "service_account", login->grant, err);
	if (service && !login->subject)
		return missing(item, "subject", login->grant, err);
	return 0;
}

static int check_expiry(const struct config_oauth *login, const struct yaml_node *item, struct error *err)
{
	char instant[CLOCK_TEXT_SIZE];
	int64_t at;

	if (!login->secret_expires)
		return 0;
	snprintf(instant, sizeof(instant), "%.20sT00:00:00Z", login->secret_expires);
	if (strlen(login->secret_expires) == 10 && clock_parse(view_of(instant), &at) == 0)
		return 0;
	return yaml_error(
		place(item, "secret_expires"), err, "secret_expires is a day; write `secret_expires: 2027-11-21`");
}

static int check_one(struct config *config, struct config_oauth *login, const struct yaml_node *item, struct error *err)
{
	for (const struct config_oauth *other = config->oauth; other < login; other++)
		if (is(other->name, login->name))
			return yaml_error(place(item, "name"), err,
				"a login before this one is called \"%s\" too; give each a name of its own",
				login->name);
	if (is(login->provider, "google"))
		fill_google(login);
	if (is(login->provider, "microsoft"))
		fill_microsoft(login, config->arena);
	if (check_urls(login, item, err) < 0 || check_grant(login, item, err) < 0)
		return -1;
	return check_expiry(login, item, err);
}

int config_check_oauth(struct config *config, const struct yaml_node *root, struct error *err)
{
	const struct yaml_node *list = yaml_get(root, "oauth"), *item = list ? list->first : NULL;

	for (size_t i = 0; i < config->oauth_count; i++, item = item ? item->next : NULL)
		if (check_one(config, &config->oauth[i], item, err) < 0)
			return -1;
	return 0;
}

int config_check_login(const struct config *config, const struct yaml_node *mapping, const char *oauth,
	const struct config_secret *password, const char *example, struct error *err)
{
	bool secret = config_secret_is_set(password);

	if (oauth && secret)
		return yaml_error(place(mapping, "oauth"), err,
			"password and oauth are both given; take one out, for only one of them logs in");
	if (!oauth && !secret)
		return yaml_error(mapping, err,
			"password is missing; write `password: %s`, or `oauth: NAME` of a login in the section oauth",
			example);
	if (oauth && !config_oauth_find(config, oauth))
		return yaml_error(place(mapping, "oauth"), err,
			"there is no login \"%s\" in the section oauth; add one: `oauth:` with `- name: %s`", oauth,
			oauth);
	return 0;
}
