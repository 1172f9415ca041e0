/* core/config_options: the one table of options. See config_options.h; what is not here is no option. */
#include "core/config_options.h"

static const char *const log_levels[] = {"error", "warning", "info", "debug", NULL};
static const char *const log_formats[] = {"text", "json", NULL};

#define TOP(member, of_kind)                                                                                           \
	.section = "", .name = #member, .kind = (of_kind), .offset = offsetof(struct config, member)
#define OPTION(part, member, of_kind)                                                                                  \
	.section = #part, .name = #member, .kind = (of_kind), .offset = offsetof(struct config, part.member)
#define BOX(member, of_kind)                                                                                           \
	.section = "mailboxes", .name = #member, .kind = (of_kind), .offset = offsetof(struct config_mailbox, member)
#define RELOAD .reloadable = true
#define REQUIRED .required = true
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
	{TOP(state_dir, KIND_PATH), .fallback = "/var/lib/fieldpost",
		.help = "Folder of everything that Fieldpost keeps on this machine; the service's user owns it."},
	{TOP(share_dir, KIND_PATH), .example = "/usr/share/fieldpost",
		.computed = "what was installed with the program", RELOAD,
		.help = "Folder of the files that came with Fieldpost: forms, languages, mail, sql."},
	{TOP(forms_dir, KIND_PATH), .example = "/etc/fieldpost/forms", .computed = "forms under share_dir", RELOAD,
		.help = "Folder of the forms, one YAML file each."},
	{TOP(public_url, KIND_STRING), .example = "https://fieldpost.example.org", RELOAD,
		.help = "Address under which people reach Fieldpost's web pages; none: mails carry no links to it."},
	{TOP(instance, KIND_STRING), .fallback = "Fieldpost", RELOAD,
		.help = "What this service calls itself in mails."},

	{OPTION(database, url, KIND_STRING), .example = "host=db.example.org dbname=fieldpost",
		.help = "A PostgreSQL of your own, as a libpq connection string; none: the private one."},
	{OPTION(database, password, KIND_SECRET), .example = "{file: /etc/fieldpost/database.password}", RELOAD,
		.help = "The password of Fieldpost's logins there."},

	{OPTION(tls, ca_file, KIND_PATH), .example = "/etc/fieldpost/ca.pem", .computed = "the system's authorities",
		RELOAD, .help = "Trust only the authorities in this PEM file, for IMAP and SMTP."},

	{OPTION(limits, message_bytes, KIND_SIZE), .fallback = "25 MiB", .min = KIB, .max = 25 * MIB, RELOAD,
		.help = "Of a larger mail only the headers are kept, and a person is asked to look at it."},
	{OPTION(limits, batch_messages, KIND_INT), .fallback = "100", .min = 1, .max = 1000, RELOAD,
		.help = "Messages fetched or filed in one transaction."},
	{OPTION(limits, batch_bytes, KIND_SIZE), .fallback = "8 MiB", .min = 64 * KIB, .max = 256 * MIB, RELOAD,
		.help = "Bytes fetched or filed in one transaction."},
	{OPTION(limits, connect_seconds, KIND_INT), .fallback = "30", .min = 1, .max = 600, RELOAD,
		.help = "Time for a connection to be made, TLS included."},
	{OPTION(limits, command_seconds, KIND_INT), .fallback = "120", .min = 1, .max = 3600, RELOAD,
		.help = "Time without a byte from a server before the connection counts as dead."},
	{OPTION(limits, message_ms, KIND_INT), .fallback = "5000", .min = 100, .max = 60000, RELOAD,
		.help = "Milliseconds to read one message; what takes longer is tried again and then set aside."},

	{OPTION(parse, workers, KIND_INT), .min = 1, .max = 64, .example = "2", .computed = "one for two processors",
		RELOAD, .help = "Processes that read messages."},

	{OPTION(log, level, KIND_WORD), .fallback = "info", .words = log_levels, RELOAD,
		.help = "The least that is logged."},
	{OPTION(log, format, KIND_WORD), .fallback = "text", .words = log_formats, RELOAD,
		.help = "Lines for people, or a JSON object a line."},

	{BOX(name, KIND_NAME), .example = "feedback", RELOAD, REQUIRED,
		.help = "Its name in logs and in `fieldpost status`; keep it when the server changes."},
	{BOX(host, KIND_STRING), .example = "imap.example.org", RELOAD, REQUIRED, .help = "The IMAP server."},
	{BOX(port, KIND_INT), .min = 1, .max = 65535, .example = "993", .computed = "993 with implicit TLS, else 143",
		RELOAD, .help = "Its port."},
	{BOX(tls, KIND_TLS), .fallback = "implicit", RELOAD,
		.help = "TLS from the first byte, or begun by STARTTLS; none only for a server on loopback."},
	{BOX(user, KIND_STRING), .example = "feedback@example.org", RELOAD, REQUIRED, .help = "Who logs in."},
	{BOX(password, KIND_SECRET), .example = "{file: /etc/fieldpost/feedback.password}", RELOAD, REQUIRED,
		.help = "That user's password."},
	{BOX(folders, KIND_LIST), .count_offset = offsetof(struct config_mailbox, folder_count),
		.fallback = "[INBOX]", RELOAD,
		.help = "The folders to read, the first watched by IDLE. Name the junk folder too: replies end up there."},
	{BOX(after_filed, KIND_AFTER), .fallback = "leave", RELOAD,
		.help = "What is done on the server once a mail was filed: leave, keyword NAME, move FOLDER, delete."},
	{BOX(after_review, KIND_AFTER), .fallback = "leave", RELOAD,
		.help = "The same for a mail that waits for a person."},
	{BOX(after_held, KIND_AFTER), .fallback = "leave", RELOAD,
		.help = "The same for a mail of an unknown sender."},
	{BOX(after_ignored, KIND_AFTER), .fallback = "leave", RELOAD,
		.help = "The same for a bounce or an automatic reply."},
	{BOX(poll_seconds, KIND_INT), .fallback = "60", .min = 1, .max = 86400, RELOAD,
		.help = "How often the other folders are looked at, and the first one without IDLE."},
	{BOX(idle, KIND_BOOL), .fallback = "true", RELOAD, .help = "Use IDLE where the server has it."},

	{OPTION(smtp, host, KIND_STRING), .example = "smtp.example.org", RELOAD, .help = "The SMTP server."},
	{OPTION(smtp, port, KIND_INT), .min = 1, .max = 65535, .example = "587",
		.computed = "587 with STARTTLS, 465 with implicit TLS, 25 with none", RELOAD, .help = "Its port."},
	{OPTION(smtp, tls, KIND_TLS), .fallback = "starttls", RELOAD,
		.help = "TLS from the first byte, or begun by STARTTLS; none only for a server on loopback."},
	{OPTION(smtp, user, KIND_STRING), .example = "fieldpost", RELOAD, .help = "Who logs in; none: no login."},
	{OPTION(smtp, password, KIND_SECRET), .example = "{file: /etc/fieldpost/smtp.password}", RELOAD,
		.help = "That user's password."},
	{OPTION(smtp, from_name, KIND_STRING), .fallback = "Fieldpost", RELOAD,
		.help = "The sender's name on mails."},
	{OPTION(smtp, from_address, KIND_ADDRESS), .example = "feedback@example.org", RELOAD,
		.help = "The sender's address: a mailbox that Fieldpost reads, for answers come back to it."},
	{OPTION(smtp, connections, KIND_INT), .fallback = "2", .min = 1, .max = 16, RELOAD,
		.help = "Connections at once."},
	{OPTION(smtp, rate_per_minute, KIND_INT), .fallback = "0", .min = 0, .max = 100000, RELOAD,
		.help = "Mails a minute at most; 0: no limit."},
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
