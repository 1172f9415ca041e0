/* mail_client: the program that a mail was written with, by what it says of itself. See mail_private.h. */
#include "parsers/mail_private.h"

#include <glib.h>

/* Where the program names itself nowhere else: hosts in Message-ID. */
static const struct {
	const char *host, *client;
} hosts[] = {
	{"mail.gmail.com", "gmail"},
	{".prod.outlook.com", "outlook"},
	{"mail.yahoo.com", "yahoo mail"},
};

/* The words before its version: "iPhone Mail (20G81)", "Mozilla/5.0 (...) Thunderbird/102", "Microsoft Outlook 16.0". */
static struct view without_version(struct view name)
{
	size_t n = 0;

	while (n < name.len && n < MAIL_CLIENT_MAX && (g_ascii_isalpha(name.ptr[n]) || name.ptr[n] == ' ' || name.ptr[n] == '-'))
		n++;
	return view_trim(view_sub(name, 0, n));
}

static struct view lower(struct arena *arena, struct view name)
{
	char *copy = arena_copy(arena, name.ptr ? name.ptr : "", name.len);

	for (size_t i = 0; i < name.len; i++)
		copy[i] = g_ascii_tolower(copy[i]);
	return (struct view){copy, name.len};
}

static struct view by_host(struct view id)
{
	while (id.len > 0 && (id.ptr[id.len - 1] == '>' || id.ptr[id.len - 1] == ' '))
		id.len--;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		if (view_ends(id, view_of(hosts[i].host)))
			return view_of(hosts[i].client);
	return VIEW_NULL;
}

struct view client_read(struct arena *arena, const struct mail *mail)
{
	struct view name = mail_header(mail, "X-Mailer");

	if (name.len == 0)
		name = mail_header(mail, "User-Agent");
	if (view_find(name, VIEW("Thunderbird")) >= 0)
		return VIEW("thunderbird");
	name = without_version(name);
	return name.len > 0 ? lower(arena, name) : by_host(mail->envelope.message_id);
}
