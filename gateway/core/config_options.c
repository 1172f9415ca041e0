/* core/config_options: the one table of options. See config_options.h; what is not here is no option. */
#include "core/config_options.h"

static const char *const log_levels[] = {"error", "warning", "info", "debug", NULL};
static const char *const log_formats[] = {"text", "json", NULL};

#define MAIN(member) .offset = offsetof(struct config, member)
#define BOX(member) .section = "mailboxes", .offset = offsetof(struct config_mailbox, member)
#define KIB 1024LL
#define MIB (1024 * KIB)

const struct config_section config_sections[] = {
	{"", false, PART_ALL, "The service itself."},
	{"database", false, PART_ALL,
		"Where everything is kept. With no url Fieldpost keeps a private PostgreSQL under state_dir."},
	{"tls", false, PART_INTAKE | PART_WEB | PART_SEND,
		"Every connection is TLS with certificate and host name checked, or goes to loopback."},
	{"limits", false, PART_ALL, "How much is taken at once and how long is waited."},
	{"parse", false, PART_PARSE, "Reading what was taken in."},
	{"log", false, PART_ALL, "Log lines, on standard error."},
	{"mailboxes", true, PART_INTAKE, "The IMAP mailboxes that replies come to, one item each."},
	{"smtp", false, PART_SEND, "The server that digests and answers leave by. With no host nothing is sent."},
	{NULL, false, 0, NULL},
};

const struct config_option config_options[] = {
	{.section = "", .name = "state_dir", .kind = KIND_PATH, MAIN(state_dir), .fallback = "/var/lib/fieldpost",
		.help = "Folder of everything that Fieldpost keeps on this machine; the service's user owns it."},
	{.section = "", .name = "share_dir", .kind = KIND_PATH, MAIN(share_dir), .example = "/usr/share/fieldpost",
		.computed = "what was installed with the program", .reloadable = true,
		.help = "Folder of the files that came with Fieldpost: forms, languages, mail, sql."},
	{.section = "", .name = "forms_dir", .kind = KIND_PATH, MAIN(forms_dir), .example = "/etc/fieldpost/forms",
		.computed = "forms under share_dir", .reloadable = true, .help = "Folder of the forms, one YAML file each."},
	{.section = "", .name = "public_url", .kind = KIND_STRING, MAIN(public_url),
		.example = "https://fieldpost.example.org", .reloadable = true,
		.help = "Address under which people reach Fieldpost's web pages; none: mails carry no links to it."},
	{.section = "", .name = "instance", .kind = KIND_STRING, MAIN(instance), .fallback = "Fieldpost",
		.reloadable = true, .help = "What this service calls itself in mails."},

	{.section = "database", .name = "url", .kind = KIND_STRING, MAIN(database.url),
		.example = "host=db.example.org dbname=fieldpost",
		.help = "A PostgreSQL of your own, as a libpq connection string; none: the private one."},
	{.section = "database", .name = "password", .kind = KIND_SECRET, MAIN(database.password),
		.example = "{file: /etc/fieldpost/database.password}", .reloadable = true,
		.help = "The password of Fieldpost's logins there."},

	{.section = "tls", .name = "ca_file", .kind = KIND_PATH, MAIN(tls.ca_file), .example = "/etc/fieldpost/ca.pem",
		.computed = "the system's authorities", .reloadable = true,
		.help = "Trust only the authorities in this PEM file, for IMAP and SMTP."},

	{.section = "limits", .name = "message_bytes", .kind = KIND_SIZE, MAIN(limits.message_bytes),
		.fallback = "25 MiB", .min = KIB, .max = 25 * MIB, .reloadable = true,
		.help = "Of a larger mail only the headers are kept, and a person is asked to look at it."},
	{.section = "limits", .name = "batch_messages", .kind = KIND_INT, MAIN(limits.batch_messages), .fallback = "100",
		.min = 1, .max = 1000, .reloadable = true, .help = "Messages fetched or filed in one transaction."},
	{.section = "limits", .name = "batch_bytes", .kind = KIND_SIZE, MAIN(limits.batch_bytes), .fallback = "8 MiB",
		.min = 64 * KIB, .max = 256 * MIB, .reloadable = true, .help = "Bytes fetched or filed in one transaction."},
	{.section = "limits", .name = "connect_seconds", .kind = KIND_INT, MAIN(limits.connect_seconds),
		.fallback = "30", .min = 1, .max = 600, .reloadable = true,
		.help = "Time for a connection to be made, TLS included."},
	{.section = "limits", .name = "command_seconds", .kind = KIND_INT, MAIN(limits.command_seconds),
		.fallback = "120", .min = 1, .max = 3600, .reloadable = true,
		.help = "Time without a byte from a server before the connection counts as dead."},
	{.section = "limits", .name = "message_ms", .kind = KIND_INT, MAIN(limits.message_ms), .fallback = "5000",
		.min = 100, .max = 600000, .reloadable = true,
		.help = "Milliseconds to read one message; what takes longer is tried again and then set aside."},

	{.section = "parse", .name = "workers", .kind = KIND_INT, MAIN(parse.workers), .min = 1, .max = 64,
		.example = "2", .computed = "one for two processors", .reloadable = true,
		.help = "Processes that read messages."},

	{.section = "log", .name = "level", .kind = KIND_WORD, MAIN(log.level), .fallback = "info", .words = log_levels,
		.reloadable = true, .help = "The least that is logged."},
	{.section = "log", .name = "format", .kind = KIND_WORD, MAIN(log.format), .fallback = "text",
		.words = log_formats, .reloadable = true, .help = "Lines for people, or a JSON object a line."},

	{BOX(name), .name = "name", .kind = KIND_NAME, .example = "feedback", .reloadable = true, .required = true,
		.help = "Its name in logs and in `fieldpost status`; keep it when the server changes."},
	{BOX(host), .name = "host", .kind = KIND_STRING, .example = "imap.example.org", .reloadable = true,
		.required = true, .help = "The IMAP server."},
	{BOX(port), .name = "port", .kind = KIND_INT, .min = 1, .max = 65535, .example = "993",
		.computed = "993 with implicit TLS, else 143", .reloadable = true, .help = "Its port."},
	{BOX(tls), .name = "tls", .kind = KIND_TLS, .fallback = "implicit", .reloadable = true,
		.help = "TLS from the first byte, or begun by STARTTLS; none only for a server on loopback."},
	{BOX(user), .name = "user", .kind = KIND_STRING, .example = "feedback@example.org", .reloadable = true,
		.required = true, .help = "Who logs in."},
	{BOX(password), .name = "password", .kind = KIND_SECRET, .example = "{file: /etc/fieldpost/feedback.password}",
		.reloadable = true, .required = true, .help = "That user's password."},
	{BOX(folders), .name = "folders", .kind = KIND_LIST,
		.count_offset = offsetof(struct config_mailbox, folder_count), .fallback = "[INBOX]", .reloadable = true,
		.help = "The folders to read; the first is watched by IDLE. Name the junk folder too: replies end up there."},
	{BOX(after_filed), .name = "after_filed", .kind = KIND_AFTER, .fallback = "leave", .reloadable = true,
		.help = "What becomes of a mail on the server once it was filed: leave, keyword NAME, move FOLDER, delete."},
	{BOX(after_review), .name = "after_review", .kind = KIND_AFTER, .fallback = "leave", .reloadable = true,
		.help = "The same for a mail that waits for a person."},
	{BOX(after_held), .name = "after_held", .kind = KIND_AFTER, .fallback = "leave", .reloadable = true,
		.help = "The same for a mail of an unknown sender."},
	{BOX(after_ignored), .name = "after_ignored", .kind = KIND_AFTER, .fallback = "leave", .reloadable = true,
		.help = "The same for a bounce or an automatic reply."},
	{BOX(poll_seconds), .name = "poll_seconds", .kind = KIND_INT, .fallback = "60", .min = 1, .max = 86400,
		.reloadable = true, .help = "How often the other folders are looked at, and the first one without IDLE."},
	{BOX(idle), .name = "idle", .kind = KIND_BOOL, .fallback = "true", .reloadable = true,
		.help = "Use IDLE where the server has it."},

	{.section = "smtp", .name = "host", .kind = KIND_STRING, MAIN(smtp.host), .example = "smtp.example.org",
		.reloadable = true, .help = "The SMTP server."},
	{.section = "smtp", .name = "port", .kind = KIND_INT, MAIN(smtp.port), .min = 1, .max = 65535, .example = "587",
		.computed = "587 with STARTTLS, 465 with implicit TLS, 25 with none", .reloadable = true, .help = "Its port."},
	{.section = "smtp", .name = "tls", .kind = KIND_TLS, MAIN(smtp.tls), .fallback = "starttls", .reloadable = true,
		.help = "TLS from the first byte, or begun by STARTTLS; none only for a server on loopback."},
	{.section = "smtp", .name = "user", .kind = KIND_STRING, MAIN(smtp.user), .example = "fieldpost",
		.reloadable = true, .help = "Who logs in; none: no login."},
	{.section = "smtp", .name = "password", .kind = KIND_SECRET, MAIN(smtp.password),
		.example = "{file: /etc/fieldpost/smtp.password}", .reloadable = true, .help = "That user's password."},
	{.section = "smtp", .name = "from_name", .kind = KIND_STRING, MAIN(smtp.from_name), .fallback = "Fieldpost",
		.reloadable = true, .help = "The sender's name on mails."},
	{.section = "smtp", .name = "from_address", .kind = KIND_ADDRESS, MAIN(smtp.from_address),
		.example = "feedback@example.org", .reloadable = true,
		.help = "The sender's address: a mailbox that Fieldpost reads, for answers and bounces come back to it."},
	{.section = "smtp", .name = "connections", .kind = KIND_INT, MAIN(smtp.connections), .fallback = "2", .min = 1,
		.max = 16, .reloadable = true, .help = "Connections at once."},
	{.section = "smtp", .name = "rate_per_minute", .kind = KIND_INT, MAIN(smtp.rate_per_minute), .fallback = "0",
		.min = 0, .max = 100000, .reloadable = true, .help = "Mails a minute at most; 0: no limit."},
	{.name = NULL},
};

const struct config_option *config_option_find(const char *section, const char *name)
{
	for (const struct config_option *option = config_options; option->name; option++)
		if (strcmp(option->section, section) == 0 && strcmp(option->name, name) == 0)
			return option;
	return NULL;
}

#define NAME_MAX_COMPARED 32

static size_t least(size_t a, size_t b, size_t c)
{
	size_t least_two = a < b ? a : b;

	return least_two < c ? least_two : c;
}

/* Levenshtein's distance: letters to change, add or drop. */
static size_t distance(const char *a, const char *b)
{
	size_t row[NAME_MAX_COMPARED + 1], la = strlen(a), lb = strlen(b);

	if (la > NAME_MAX_COMPARED || lb > NAME_MAX_COMPARED)
		return NAME_MAX_COMPARED;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t above = row[j];

			row[j] = least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[lb];
}

static void consider(const char *name, const char *candidate, size_t *best, const char **best_name)
{
	size_t found = distance(name, candidate);

	if (found < *best) {
		*best = found;
		*best_name = candidate;
	}
}

const char *config_nearest(const char *section, const char *name)
{
	size_t best = strlen(name) / 3 + 2; /* farther than this is no slip of the finger */
	const char *best_name = NULL;

	for (const struct config_option *option = config_options; option->name; option++)
		if (strcmp(option->section, section) == 0)
			consider(name, option->name, &best, &best_name);
	for (const struct config_section *other = config_sections; *section == '\0' && other->name; other++)
		if (*other->name)
			consider(name, other->name, &best, &best_name);
	return best_name;
}
