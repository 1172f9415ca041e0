/* core/config_check_web: what no option can tell alone, of the listener and the channels. See config_options.h. */
#include "core/config_options.h"

#include <stdio.h>
#include <strings.h>
#include <sys/un.h>

#define UNIX_PREFIX "unix:"

bool config_secret_is_set(const struct config_secret *secret)
{
	return secret->file || secret->credential || secret->command;
}

static const struct yaml_node *place(const struct yaml_node *mapping, const char *name)
{
	const struct yaml_node *node = mapping ? yaml_get(mapping, name) : NULL;

	return node ? node : mapping;
}

int config_listen(const char *listen, struct arena *arena, const char **unix_out, const char **host_out, int *port_out)
{
	const char *colon = strrchr(listen, ':');
	struct view host = {listen, colon ? (size_t)(colon - listen) : 0};
	long long port;

	if (strncmp(listen, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0) {
		const char *path = listen + strlen(UNIX_PREFIX);

		if (path[0] != '/' || strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
			return -1;
		*unix_out = path;
		return 0;
	}
	if (!colon || view_to_int(view_of(colon + 1), 1, 65535, &port) < 0)
		return -1;
	if (host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
		host = view_sub(host, 1, host.len - 2);
	else if (memchr(host.ptr, ':', host.len))
		return -1;
	if (host.len == 0 || strcspn(listen, " /@,") != strlen(listen))
		return -1;
	*unix_out = NULL;
	*host_out = arena_copy(arena, host.ptr, host.len);
	*port_out = (int)port;
	return 0;
}

static int check_listen(const struct config *config, const struct yaml_node *node, struct error *err)
{
	const char *path = NULL, *host = NULL;
	int port = 0;

	if (config_listen(config->web.listen, config->arena, &path, &host, &port) < 0)
		return yaml_error(place(node, "listen"), err,
			"listen is an address and a port, or unix: and a path; write `listen: 127.0.0.1:8025`, "
			"`listen: \"[::1]:8025\"` or `listen: unix:/run/fieldpost/web.sock`");
	if (!path && !config->web.certificate && !config_host_is_loopback(host))
		return yaml_error(place(node, "listen"), err,
			"%.100s is open to other machines, which takes a certificate; write `certificate: "
			"/etc/fieldpost/web.crt` and `key: /etc/fieldpost/web.key`, or `listen: 127.0.0.1:%d` with a "
			"proxy before it",
			config->web.listen, port);
	return 0;
}

int config_check_web(const struct config *config, const struct yaml_node *root, struct error *err)
{
	const struct yaml_node *node = yaml_get(root, "web");

	if (config->web.certificate && !config->web.key)
		return yaml_error(place(node, "certificate"), err,
			"certificate without key; write `key: /etc/fieldpost/web.key`");
	if (config->web.key && !config->web.certificate)
		return yaml_error(place(node, "key"), err,
			"key without certificate; write `certificate: /etc/fieldpost/web.crt`");
	return config->web.listen ? check_listen(config, node, err) : 0;
}

bool config_url_is_safe(const char *url)
{
	const char *begin = strstr(url, "://");
	char host[256] = "";

	if (begin)
		snprintf(host, sizeof(host), "%.*s", (int)strcspn(begin + 3, ":/?#"), begin + 3);
	if (begin && begin[3] == '[')
		snprintf(host, sizeof(host), "%.*s", (int)strcspn(begin + 4, "]"), begin + 4);
	return !strpbrk(url, " <>\"@?#") && host[0] &&
	       (strncmp(url, "https://", 8) == 0 ||
		       (strncmp(url, "http://", 7) == 0 && config_host_is_loopback(host)));
}

static int check_api_url(const struct config_channel *channel, const struct yaml_node *item, struct error *err)
{
	if (!channel->api_url || config_url_is_safe(channel->api_url))
		return 0;
	return yaml_error(place(item, "api_url"), err,
		"api_url begins with https:// (http:// only for this machine) and holds no login; write `api_url: "
		"http://127.0.0.1:8080`");
}

/* Mailboxes and channels share the rows of `fieldpost status`; "mail" is how the outbox calls SMTP. */
static int check_name(const struct config *config, const struct config_channel *channel, const struct yaml_node *item,
	struct error *err)
{
	const char *taken = strcasecmp(channel->name, "mail") == 0 ? "the mail itself" : NULL;

	if (strcasecmp(channel->name, "phone") == 0)
		taken = "what people's numbers are kept under";

	for (size_t i = 0; i < config->mailbox_count; i++)
		if (strcmp(config->mailboxes[i].name, channel->name) == 0)
			taken = "a mailbox";
	for (const struct config_channel *other = config->channels; other < channel; other++)
		if (strcasecmp(other->name, channel->name) == 0)
			taken = "a channel before this one";
	if (!taken)
		return 0;
	return yaml_error(
		place(item, "name"), err, "%s is called \"%s\" too; give each a name of its own", taken, channel->name);
}

int config_check_channels(const struct config *config, const struct yaml_node *root, struct error *err)
{
	const struct yaml_node *list = yaml_get(root, "channels"), *item = list ? list->first : NULL;

	for (size_t i = 0; i < config->channel_count; i++, item = item ? item->next : NULL) {
		const struct config_channel *channel = &config->channels[i];

		if (check_name(config, channel, item, err) < 0 || check_api_url(channel, item, err) < 0)
			return -1;
		if (config_secret_is_set(&channel->secret_previous) && !config_secret_is_set(&channel->secret))
			return yaml_error(place(item, "secret_previous"), err,
				"secret_previous without secret; write `secret: {file: /etc/fieldpost/%s.secret}`",
				channel->name);
	}
	return 0;
}
