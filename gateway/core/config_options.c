/* core/config_options: the one table of options. See config_options.h; what is not here is no option. */
#include "core/config_options.h"

static const char *const log_levels[] = {"error", "warning", "info", "debug", NULL};
static const char *const log_formats[] = {"text", "json", NULL};
static const char *const channel_kinds[] = {"telegram", "whatsapp", "twilio", "signal", "standard", "json",
	"africastalking", "vonage", "mailgun", "postmark", "sendgrid", "matrix", NULL};
static const char *const oauth_providers[] = {"google", "microsoft", "custom", NULL};
static const char *const oauth_grants[] = {"refresh", "client_credentials", "service_account", NULL};
static const char *const frequencies[] = {"weekly", "monthly", "quarterly", NULL};
static const char *const weekdays[] = {
	"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", NULL};
static const char *const channel_modes[] = {"webhook", "poll", NULL};

#define TOP(member, of_kind)                                                                                           \
	.section = "", .name = #member, .kind = (of_kind), .offset = offsetof(struct config, member)
#define OPTION(part, member, of_kind)                                                                                  \
	.section = #part, .name = #member, .kind = (of_kind), .offset = offsetof(struct config, part.member)
#define BOX(member, of_kind)                                                                                           \
	.section = "mailboxes", .name = #member, .kind = (of_kind), .offset = offsetof(struct config_mailbox, member)
#define OAUTH(member, of_kind)                                                                                         \
	.section = "oauth", .name = #member, .kind = (of_kind), .offset = offsetof(struct config_oauth, member)
#define REGION(member, of_kind)                                                                                        \
	.section = "regions", .name = #member, .kind = (of_kind), .offset = offsetof(struct config_region, member)
#define REQUEST(member, of_kind)                                                                                       \
	.section = "requests", .name = #member, .kind = (of_kind), .offset = offsetof(struct config_request, member)
#define CHANNEL(member, of_kind)                                                                                       \
	.section = "channels", .name = #member, .kind = (of_kind), .offset = offsetof(struct config_channel, member)
/* The duty that reads messages needs no secret of theirs. */
#define CREDENTIAL .parts = PART_INTAKE | PART_WEB | PART_SEND
#define RELOAD .reloadable = true
#define REQUIRED .required = true
#define KIB 1024LL
#define MIB (1024 * KIB)

#define SECTION(of_name, of_parts, of_help) .name = (of_name), .parts = (of_parts), .help = (of_help)
#define LIST_SECTION(of_name, of_parts, of_help) SECTION(of_name, of_parts, of_help), .list = true
#define ITEMS(array, count)                                                                                            \
	.items_offset = offsetof(struct config, array), .count_offset = offsetof(struct config, count),                \
	.item_size = sizeof(*((struct config *)0)->array)

const struct config_section config_sections[] = {
	{SECTION("", PART_ALL, "The service itself.")},
	{SECTION("database", PART_ALL,
		"Where everything is kept. With no url Fieldpost keeps a private PostgreSQL under state_dir.")},
	{SECTION("tls", PART_INTAKE | PART_WEB | PART_SEND,
		"Every connection is TLS with certificate and host name checked, or goes to loopback.")},
	{SECTION("limits", PART_ALL, "How much is taken at once and how long is waited.")},
	{SECTION("parse", PART_PARSE, "Reading what was taken in.")},
	{SECTION("log", PART_ALL, "Log lines, on standard error.")},
	{LIST_SECTION("mailboxes", PART_INTAKE, "The IMAP mailboxes that replies come to, one item each."),
		.one = "mailbox", .example = "feedback", ITEMS(mailboxes, mailbox_count)},
	{SECTION("web", PART_ALL,
		"The listener that webhooks come to; plain only on this machine, for a proxy. With no listen there is "
		"none.")},
	{LIST_SECTION("channels", PART_ALL,
		"Messages that are no mail: providers that call us or are asked, one item each. docs/channels.md says "
		"what each needs."),
		.one = "channel", .example = "field-telegram", ITEMS(channels, channel_count)},
	{LIST_SECTION("oauth", PART_INTAKE | PART_SEND,
		"Logins by OAuth 2.0, where a mail provider takes no password, one item each; docs/oauth.md goes "
		"through it step by step."),
		.one = "login", .example = "office", ITEMS(oauth, oauth_count)},
	{LIST_SECTION("regions", PART_SEND,
		"Lists of countries that a subscription can name, besides the United Nations' regions, which come with "
		"Fieldpost; one of the same name replaces one of those."),
		.one = "region", .example = "sahel", ITEMS(regions, region_count)},
	{SECTION("smtp", PART_SEND, "The server that digests and answers leave by. With no host nothing is sent.")},
	{SECTION("mail", PART_PARSE | PART_SEND,
		"Who really sent a mail: whose word is taken for it. docs/people.md says what to write here.")},
	{SECTION("asking", PART_SEND,
		"When people are written to that are asked something. docs/requests.md says how.")},
	{LIST_SECTION("requests", PART_SEND, "Requests that go out by the calendar, one item each."), .one = "request",
		.example = "lessons", ITEMS(requests, request_count)},
	{.name = NULL},
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
	{OPTION(parse, sensitive_words, KIND_LIST),
		.count_offset = offsetof(struct config, parse.sensitive_word_count), .example = "[rape, torture]",
		RELOAD,
		.help = "Words, in all languages, that make a report sensitive: it is for teams cleared for restricted "
			"ones alone. A word also counts at the beginning of a longer one, without case and accents."},

	{OPTION(parse, unread_percent, KIND_INT), .fallback = "25", .max = 100, RELOAD,
		.help = "When more of a form's or a mail client's replies of seven days wait for a person because they "
			"could not be read (of ten at least), there is an alarm, and the teams are told once. 0: never."},

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
	{BOX(password, KIND_SECRET), .example = "{file: /etc/fieldpost/feedback.password}", RELOAD,
		.help = "That user's password; it or oauth must be given."},
	{BOX(oauth, KIND_NAME), .example = "office", RELOAD,
		.help = "Instead of a password: the login of that name, in the section oauth."},
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

	{OPTION(web, listen, KIND_STRING), .example = "127.0.0.1:8025",
		.help = "Address and port, or unix:PATH. Anything but loopback and a Unix socket needs a certificate."},
	{OPTION(web, certificate, KIND_PATH), .example = "/etc/fieldpost/web.crt", RELOAD,
		.help = "The certificate with its chain, PEM."},
	{OPTION(web, key, KIND_PATH), .example = "/etc/fieldpost/web.key", RELOAD, .help = "Its private key, PEM."},
	{OPTION(web, spool_bytes, KIND_SIZE), .fallback = "256 MiB", .min = MIB, .max = 64 * 1024 * MIB, RELOAD,
		.help = "What is kept in files at most while the database is away."},
	{OPTION(web, connections, KIND_INT), .fallback = "4096", .min = 16, .max = 60000, RELOAD,
		.help = "Connections at once."},

	{CHANNEL(name, KIND_NAME), .example = "field-telegram", RELOAD, REQUIRED,
		.help = "Its name in logs, in `fieldpost status` and in the path of its webhook; keep it."},
	{CHANNEL(kind, KIND_WORD), .words = channel_kinds, .example = "telegram", RELOAD, REQUIRED,
		.help = "The provider; standard is any sender of Standard Webhooks, json any other."},
	{CHANNEL(mode, KIND_WORD), .words = channel_modes, .example = "webhook",
		.computed = "webhook where the provider can, else poll", RELOAD,
		.help = "Does the provider call us, or do we ask?"},
	{CHANNEL(path_key, KIND_SECRET), .example = "{file: /etc/fieldpost/telegram.path}", RELOAD, CREDENTIAL,
		.help = "The part of the webhook's path that nobody can guess: 16 to 128 letters, digits, - and _."},
	{CHANNEL(token, KIND_SECRET), .example = "{file: /etc/fieldpost/telegram.token}", RELOAD, CREDENTIAL,
		.help = "What we show the provider: a bot's or an access token."},
	{CHANNEL(secret, KIND_SECRET), .example = "{file: /etc/fieldpost/telegram.secret}", RELOAD, CREDENTIAL,
		.help = "What the provider shows us, or signs with."},
	{CHANNEL(secret_previous, KIND_SECRET), .example = "{file: /etc/fieldpost/telegram.secret.old}", RELOAD,
		CREDENTIAL, .help = "The secret before, still taken while the provider changes over."},
	{CHANNEL(verify_token, KIND_SECRET), .example = "{file: /etc/fieldpost/whatsapp.verify}", RELOAD, CREDENTIAL,
		.help = "WhatsApp: the word that its first call, which asks whether this path is ours, shows."},
	{CHANNEL(user, KIND_STRING), .example = "partner", RELOAD,
		.help = "Kinds json and postmark: the sender logs in with this name and the secret (basic authentication)."},
	{CHANNEL(secret_header, KIND_NAME), .example = "X-Secret", RELOAD,
		.help = "Kind json: the header that holds the secret, when the sender does not log in with a user."},
	{CHANNEL(api_url, KIND_STRING), .example = "http://127.0.0.1:8080", .computed = "the provider's", RELOAD,
		.help = "Where the provider's API is."},
	{CHANNEL(account, KIND_STRING), .example = "AC0123456789abcdef0123456789abcdef", RELOAD,
		.help = "Our account there: Twilio's SID, WhatsApp's phone number id."},
	{CHANNEL(number, KIND_STRING), .example = "\"+15005550006\"", RELOAD,
		.help = "Our own number or address there."},
	{CHANNEL(max_body, KIND_SIZE), .example = "1 MiB", .computed = "the provider's", .min = KIB, .max = 64 * MIB,
		RELOAD, .help = "Of one request at most; what is larger is refused."},
	{CHANNEL(join_seconds, KIND_INT), .fallback = "90", .min = 0, .max = 600, RELOAD,
		.help = "Messages of one person that follow each other so quickly are one reply; 0: each is one."},
	{CHANNEL(form, KIND_NAME), .example = "field-report", RELOAD,
		.help = "The form that is asked field by field of who writes; none: no conversation is begun. docs/channels.md."},
	{CHANNEL(language, KIND_NAME), .fallback = "en", RELOAD,
		.help = "The language of people whose own is not known."},
	{CHANNEL(rate_per_minute, KIND_INT), .fallback = "0", .min = 0, .max = 100000, RELOAD,
		.help = "Messages sent a minute at most; 0: no limit but the provider's."},
	{CHANNEL(media, KIND_BOOL), .fallback = "true", RELOAD, .help = "Fetch photos, voice notes and documents."},
	{CHANNEL(media_bytes, KIND_SIZE), .fallback = "20 MiB", .min = KIB, .max = 100 * MIB, RELOAD,
		.help = "Of one of them at most."},
	{CHANNEL(map_messages, KIND_POINTER), .example = "/messages", RELOAD,
		.help = "Kind json: where in the body the list of messages is; none: the body is one message."},
	{CHANNEL(map_id, KIND_POINTER), .example = "/id", RELOAD,
		.help = "Kind json: where in a message its id is, which never comes again for another one."},
	{CHANNEL(map_text, KIND_POINTER), .example = "/text", RELOAD, .help = "Kind json: what was written."},
	{CHANNEL(map_sender, KIND_POINTER), .example = "/from", RELOAD, .help = "Kind json: who wrote it."},
	{CHANNEL(map_reply_to, KIND_POINTER), .example = "/chat", .computed = "the sender", RELOAD,
		.help = "Kind json: where an answer would go."},
	{CHANNEL(map_name, KIND_POINTER), .example = "/name", RELOAD, .help = "Kind json: the sender's name."},
	{CHANNEL(map_language, KIND_POINTER), .example = "/language", RELOAD, .help = "Kind json: their language."},
	{CHANNEL(map_sent_at, KIND_POINTER), .example = "/sent_at", RELOAD,
		.help = "Kind json: when it was written: RFC 3339, or seconds or milliseconds since 1970."},

	{OAUTH(name, KIND_NAME), .example = "office", RELOAD, REQUIRED,
		.help = "Its name in logs, in `fieldpost status` and where a mailbox or smtp uses it; keep it."},
	{OAUTH(provider, KIND_WORD), .words = oauth_providers, .example = "microsoft", RELOAD, REQUIRED,
		.help = "Whose it is; of google and microsoft the addresses and the scope are known."},
	{OAUTH(grant, KIND_WORD), .words = oauth_grants, .fallback = "refresh", RELOAD,
		.help = "refresh: a person logs in once, with `fieldpost oauth login`; the others need nobody."},
	{OAUTH(client_id, KIND_STRING), .example = "00000000-1111-2222-3333-444444444444", RELOAD,
		.help = "What the provider calls this application; a service account has none."},
	{OAUTH(client_secret, KIND_SECRET), .example = "{file: /etc/fieldpost/office.secret}", RELOAD,
		.help = "The application's own secret, where it was given one."},
	{OAUTH(secret_expires, KIND_STRING), .example = "2027-11-21", RELOAD,
		.help = "The day on which the client secret ends: an alarm comes 30 days before."},
	{OAUTH(tenant, KIND_NAME), .example = "example.org", RELOAD,
		.help = "Microsoft: the tenant's domain or id; consumers for outlook.com."},
	{OAUTH(auth_url, KIND_STRING), .example = "https://login.example.org/authorize", .computed = "the provider's",
		RELOAD, .help = "Where a person logs in."},
	{OAUTH(token_url, KIND_STRING), .example = "https://login.example.org/token", .computed = "the provider's",
		RELOAD, .help = "Where tokens come from."},
	{OAUTH(device_url, KIND_STRING), .example = "https://login.example.org/devicecode",
		.computed = "the provider's", RELOAD,
		.help = "Where a login by a code, typed in on another device, begins."},
	{OAUTH(scope, KIND_STRING), .example = "https://mail.google.com/", .computed = "the provider's, for mail",
		RELOAD, .help = "What is asked for, parted by blanks."},
	{OAUTH(service_account, KIND_SECRET), .example = "{file: /etc/fieldpost/service-account.json}", RELOAD,
		.help = "Grant service_account: the JSON key file that Google gave."},
	{OAUTH(subject, KIND_ADDRESS), .example = "feedback@example.org", RELOAD,
		.help = "Grant service_account: the mailbox that it acts for, the `user` there."},
	{OAUTH(key, KIND_SECRET), .example = "{credential: oauth.key}", RELOAD, REQUIRED,
		.help = "Seals the tokens in the database: 32 random bytes as Base64, `openssl rand -base64 32`."},

	{REGION(name, KIND_NAME), .example = "sahel", RELOAD, REQUIRED,
		.help = "What `fieldpost subscribe --region` calls it, and the digest's foot."},
	{REGION(countries, KIND_LIST), .count_offset = offsetof(struct config_region, country_count),
		.example = "[BF, ML, MR, NE, TD]", RELOAD, REQUIRED, .help = "Its countries, by their ISO codes of two letters."},

	{OPTION(smtp, host, KIND_STRING), .example = "smtp.example.org", RELOAD, .help = "The SMTP server."},
	{OPTION(smtp, port, KIND_INT), .min = 1, .max = 65535, .example = "587",
		.computed = "587 with STARTTLS, 465 with implicit TLS, 25 with none", RELOAD, .help = "Its port."},
	{OPTION(smtp, tls, KIND_TLS), .fallback = "starttls", RELOAD,
		.help = "TLS from the first byte, or begun by STARTTLS; none only for a server on loopback."},
	{OPTION(smtp, user, KIND_STRING), .example = "fieldpost", RELOAD, .help = "Who logs in; none: no login."},
	{OPTION(smtp, password, KIND_SECRET), .example = "{file: /etc/fieldpost/smtp.password}", RELOAD,
		.help = "That user's password."},
	{OPTION(smtp, oauth, KIND_NAME), .example = "office", RELOAD,
		.help = "Instead of a password: the login of that name, in the section oauth."},
	{OPTION(smtp, from_name, KIND_STRING), .fallback = "Fieldpost", RELOAD,
		.help = "The sender's name on mails."},
	{OPTION(smtp, from_address, KIND_ADDRESS), .example = "feedback@example.org", RELOAD,
		.help = "The sender's address: a mailbox that Fieldpost reads, for answers come back to it."},
	{OPTION(smtp, bounce_address, KIND_ADDRESS), .example = "bounces@example.org", RELOAD,
		.help = "Where bounces go: the return path of a mail is this, with `+` and what names the mail before the @. Only "
			"where the server leaves it as it is and such addresses reach a mailbox that Fieldpost reads."},
	{OPTION(smtp, connections, KIND_INT), .fallback = "2", .min = 1, .max = 16, RELOAD,
		.help = "Connections at once."},
	{OPTION(smtp, rate_per_minute, KIND_INT), .fallback = "0", .min = 0, .max = 100000, RELOAD,
		.help = "Mails a minute at most; 0: no limit."},

	{OPTION(mail, authserv_id, KIND_LIST), .count_offset = offsetof(struct config, mail.authserv_id_count),
		.example = "[mx.example.org]", .computed = "none: no sender is verified", RELOAD,
		.help = "The names under which your mail server writes its Authentication-Results; - for results "
			"without a name, as Exchange Online writes."},
	{OPTION(mail, border, KIND_LIST), .count_offset = offsetof(struct config, mail.border_count),
		.example = "[mx.google.com, \"2002:a*\"]", .computed = "none: results count above the first Received only",
		RELOAD,
		.help = "Hosts of your provider whose Received fields stand above those results; they must remove "
			"results in their name from what comes in."},
	{OPTION(mail, answer_key, KIND_SECRET), .example = "{file: /etc/fieldpost/answer.key}",
		.computed = "state_dir/answer.key, made when it is needed",
		RELOAD,
		.help = "By it a digest is known again when its reader answers: at least 16 bytes, the same on each machine."},

	{OPTION(asking, zone, KIND_STRING), .fallback = "UTC", RELOAD,
		.help = "The clock of people whose own zone is not known, and whose country has several."},
	{OPTION(asking, hour_from, KIND_INT), .fallback = "8", .min = 0, .max = 23, RELOAD,
		.help = "Requests and reminders go out from this hour on, by each person's clock,"},
	{OPTION(asking, hour_to, KIND_INT), .fallback = "18", .min = 1, .max = 24, RELOAD, .help = "and before this one."},
	{OPTION(asking, working_days, KIND_BOOL), .fallback = "true", RELOAD,
		.help = "Not on the weekly days off of the person's country."},
	{OPTION(asking, reminders, KIND_INT), .fallback = "2", .min = 0, .max = 10, RELOAD,
		.help = "Who does not answer is reminded so often at most."},
	{OPTION(asking, reminder_days, KIND_INT), .fallback = "7", .min = 1, .max = 365, RELOAD,
		.help = "Days between a request and a reminder, and between two, at least."},

	{REQUEST(name, KIND_NAME), .example = "lessons", RELOAD, REQUIRED,
		.help = "What it is called; each time it goes out, the week, month or quarter is added."},
	{REQUEST(form, KIND_NAME), .example = "field-lesson", RELOAD, REQUIRED, .help = "The form that is asked."},
	{REQUEST(to, KIND_STRING), .example = "\"country=NP,SL; role=officer\"", RELOAD, REQUIRED,
		.help = "Whom: all, or conditions as in `fieldpost request send --to`."},
	{REQUEST(language, KIND_NAME), .example = "fr", .computed = "each person's own", RELOAD,
		.help = "One language for all of them."},
	{REQUEST(frequency, KIND_WORD), .words = frequencies, .fallback = "monthly", RELOAD,
		.help = "weekly, monthly or quarterly."},
	{REQUEST(weekday, KIND_WORD), .words = weekdays, .fallback = "monday", RELOAD, .help = "Of a weekly one."},
	{REQUEST(day, KIND_INT), .fallback = "1", .min = 1, .max = 28, RELOAD,
		.help = "Of the month, or of the quarter's first month."},
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
