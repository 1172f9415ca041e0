/* core/config_check: defaults that depend on other values, and what no option can tell alone. See config_options.h. */
#include "core/config_options.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>
#include <unistd.h>

#include "base/unicode_region.h"
#include "core/share.h"

bool config_host_is_loopback(const char *host)
{
	struct in_addr four;
	struct in6_addr six;

	if (inet_pton(AF_INET, host, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, host, &six) == 1)
		return IN6_IS_ADDR_LOOPBACK(&six);
	return strcasecmp(host, "localhost") == 0;
}

/* The node of an option for a message; the mapping's own when it was not written. */
static const struct yaml_node *place(const struct yaml_node *mapping, const char *name)
{
	const struct yaml_node *node = mapping ? yaml_get(mapping, name) : NULL;

	return node ? node : mapping;
}

static int check_host(const struct yaml_node *mapping, const char *host, enum config_tls tls, struct error *err)
{
	const struct yaml_node *node = place(mapping, "host");

	if (strpbrk(host, " \t/@,") || strstr(host, "://"))
		return yaml_error(node, err, "host is a bare host name or address; write `host: mail.example.org`");
	if (tls == CONFIG_TLS_NONE && !config_host_is_loopback(host))
		return yaml_error(place(mapping, "tls"), err,
			"tls: none is for a server on this machine only (localhost, 127.0.0.1, ::1), and %.100s is "
			"not; write `tls: implicit` or `tls: starttls`",
			host);
	return 0;
}

/* A mail moved into a folder that is read would be taken in and moved again for ever. */
static int check_after(const struct yaml_node *item, const struct config_mailbox *mailbox, const char *name,
	const struct config_after *after, struct error *err)
{
	if (after->kind != AFTER_MOVE)
		return 0;
	for (size_t i = 0; i < mailbox->folder_count; i++)
		if (strcmp(mailbox->folders[i], after->argument) == 0)
			return yaml_error(place(item, name), err,
				"%s moves mail into \"%.100s\", which is read as well; name a folder that is not in "
				"`folders`",
				name, after->argument);
	return 0;
}

static int check_mailbox(const struct config *config, struct config_mailbox *mailbox, const struct yaml_node *item,
	struct error *err)
{
	if (mailbox->port == 0)
		mailbox->port = mailbox->tls == CONFIG_TLS_IMPLICIT ? 993 : 143;
	for (const struct config_mailbox *other = config->mailboxes; other < mailbox; other++)
		if (strcmp(other->name, mailbox->name) == 0)
			return yaml_error(place(item, "name"), err,
				"a mailbox before this one is called \"%s\" too; give each a name of its own",
				mailbox->name);
	if (config_check_login(config, item, mailbox->oauth, &mailbox->password,
		    "{file: /etc/fieldpost/feedback.password}", err) < 0 ||
		check_host(item, mailbox->host, mailbox->tls, err) < 0 ||
		check_after(item, mailbox, "after_filed", &mailbox->after_filed, err) < 0 ||
		check_after(item, mailbox, "after_review", &mailbox->after_review, err) < 0 ||
		check_after(item, mailbox, "after_held", &mailbox->after_held, err) < 0)
		return -1;
	return check_after(item, mailbox, "after_ignored", &mailbox->after_ignored, err);
}

static int check_smtp(struct config *config, const struct yaml_node *node, struct error *err)
{
	struct config_smtp *smtp = &config->smtp;
	static const int ports[] = {465, 587, 25};
	bool secret = config_secret_is_set(&smtp->password);

	if (smtp->port == 0)
		smtp->port = ports[smtp->tls];
	if (!smtp->host && node && node->count > 0 && (smtp->user || secret || smtp->from_address))
		return yaml_error(node, err, "host is missing; write `host: smtp.example.org`");
	if (!smtp->host)
		return 0;
	if (!smtp->from_address)
		return yaml_error(node, err, "from_address is missing; write `from_address: feedback@example.org`");
	if (smtp->oauth && !smtp->user)
		return yaml_error(place(node, "oauth"), err,
			"oauth without user; write `user: feedback@example.org`, the mailbox that it logs in to");
	if (smtp->oauth && config_check_login(config, node, smtp->oauth, &smtp->password, "", err) < 0)
		return -1;
	if (smtp->user && !smtp->oauth && !secret)
		return yaml_error(place(node, "user"), err,
			"user without password; write `password: {file: /etc/fieldpost/smtp.password}`");
	if (!smtp->user && secret)
		return yaml_error(place(node, "password"), err, "password without user; write `user: fieldpost`");
	return check_host(node, smtp->host, smtp->tls, err);
}

/* A password inside the connection string is a secret in the config's text. */
static int check_url(const char *url, const struct yaml_node *node, struct error *err)
{
	const char *authority = strstr(url, "://"), *at, *colon;

	if (authority) {
		authority += 3;
		at = strchr(authority, '@');
		colon = at ? memchr(authority, ':', (size_t)(at - authority)) : NULL;
		if (colon && (size_t)(at - authority) > strcspn(authority, "/?"))
			colon = NULL;
	} else {
		colon = NULL;
	}
	if (colon || strstr(url, "password="))
		return yaml_error(place(node, "url"), err,
			"a secret is never written into the config; take the password out of the url and write "
			"`password: {file: /etc/fieldpost/database.password}` beside it");
	return 0;
}

static int check_public_url(const char *url, const struct yaml_node *root, struct error *err)
{
	char host[256];
	size_t len;

	if (strncmp(url, "https://", 8) == 0 && url[8] && !strpbrk(url, " <>\""))
		return 0;
	if (strncmp(url, "http://", 7) == 0 && !strpbrk(url, " <>\"")) {
		len = strcspn(url + 7, "/:");
		if (len > 0 && len < sizeof(host)) {
			memcpy(host, url + 7, len);
			host[len] = '\0';
			if (config_host_is_loopback(host))
				return 0;
		}
	}
	return yaml_error(place(root, "public_url"), err,
		"public_url begins with https:// (http:// only for this machine); write `public_url: "
		"https://fieldpost.example.org`");
}

/* A code that no country has would make a digest that lacks the country and says nothing of it. */
static int check_regions(const struct config *config, const struct yaml_node *root, struct error *err)
{
	const struct yaml_node *list = yaml_get(root, "regions"), *item = list ? list->first : NULL;

	for (size_t i = 0; i < config->region_count; i++, item = item ? item->next : NULL)
		for (size_t k = 0; k < config->regions[i].country_count; k++)
			if (!unicode_is_country(config->regions[i].countries[k]))
				return yaml_error(place(item, "countries"), err,
					"\"%.100s\" is no country; write its two letters, as in NP for Nepal",
					config->regions[i].countries[k]);
	return 0;
}

static void fill_paths(struct config *config)
{
	char folder[4096];

	if (!config->share_dir) {
		share_default(folder, sizeof(folder));
		config->share_dir = arena_strdup(config->arena, folder);
	}
	if (!config->forms_dir)
		config->forms_dir = arena_printf(config->arena, "%s/forms", config->share_dir);
}

static void fill_workers(struct config *config)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (config->parse.workers == 0)
		config->parse.workers = processors >= 128 ? 64 : processors >= 2 ? (int)(processors / 2) : 1;
}

int config_check(struct config *config, const struct yaml_node *root, struct error *err)
{
	const struct yaml_node *list = yaml_get(root, "mailboxes"), *item = list ? list->first : NULL;

	if (!config->state_dir)
		return yaml_error(
			place(root, "state_dir"), err, "state_dir is empty; write `state_dir: /var/lib/fieldpost`");
	fill_paths(config);
	fill_workers(config);
	if (config->public_url && check_public_url(config->public_url, root, err) < 0)
		return -1;
	if (config->database.url && check_url(config->database.url, yaml_get(root, "database"), err) < 0)
		return -1;
	if (config_check_oauth(config, root, err) < 0)
		return -1;
	for (size_t i = 0; i < config->mailbox_count; i++, item = item ? item->next : NULL)
		if (check_mailbox(config, &config->mailboxes[i], item, err) < 0)
			return -1;
	if (config_check_web(config, root, err) < 0 || config_check_channels(config, root, err) < 0 ||
		config_check_asking(config, root, err) < 0 || check_regions(config, root, err) < 0)
		return -1;
	return check_smtp(config, yaml_get(root, "smtp"), err);
}

int config_can_replace(const struct config *running, const struct config *next, struct error *err)
{
	TEXT_SCOPED before, after;

	text_init(&before, CONFIG_BYTES_MAX);
	text_init(&after, CONFIG_BYTES_MAX);
	for (const struct config_option *option = config_options; option->name; option++) {
		if (option->reloadable)
			continue;
		text_reset(&before);
		text_reset(&after);
		config_value_print(option, running, &before);
		config_value_print(option, next, &after);
		if (!view_equal(text_view(&before), text_view(&after)))
			return error_set(err, REACH_STOP, "%s%s%s cannot change while the service runs; restart it",
				option->section, *option->section ? "." : "", option->name);
	}
	return 0;
}
