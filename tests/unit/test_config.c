/* core/config: what it takes, what it refuses (with line, column and the mend), defaults, parts, secrets. */
#include "tests/unit/unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "core/config.h"

static int parse(const char *yaml, struct config **out, struct error *err)
{
	struct view text = view_of(yaml);
	UNIT_SCOPED char *block = unit_heap(text);

	return config_parse((struct view){block, text.len}, "my.yaml", out, err);
}

static struct config *parsed(const char *yaml)
{
	struct error err = ERROR_INIT;
	struct config *config = NULL;

	if (parse(yaml, &config, &err) < 0)
		fail_msg("%s", err.text);
	return config;
}

#define OAUTH_ITEM "- {name: office, provider: google, client_id: c, key: {file: /k}}\n"
#define OAUTH "oauth:\n" OAUTH_ITEM
#define BOX "mailboxes:\n- name: field\n  host: imap.example.org\n  user: u\n  password: {file: /p}\n"

#define CHANNEL "channels:\n- name: a\n  kind: json\n"

static const struct {
	const char *yaml, *error;
} wrong[] = {
	/* names */
	{"mailboxs: []\n", "my.yaml:1:1: there is no option \"mailboxs\"; did you mean \"mailboxes\"?"},
	{"log:\n  levle: info\n", "my.yaml:2:3: there is no option \"levle\" in log; did you mean \"level\"?"},
	{"smtp: {hots: x}\n", "my.yaml:1:8: there is no option \"hots\" in smtp; did you mean \"host\"?"},
	{"log: {poll_seconds: 3}\n",
		"my.yaml:1:7: there is no option \"poll_seconds\" in log; \"poll_seconds\" belongs under mailboxes"},
	{"log: {state_dir: /x}\n",
		"my.yaml:1:7: there is no option \"state_dir\" in log; \"state_dir\" belongs to the left, outside log"},
	{"\n\n  zzzzzzzzzzzzzz: 1\n",
		"my.yaml:3:3: there is no option \"zzzzzzzzzzzzzz\"; `fieldpost config sample` prints all there are"},
	{"- a\n", "my.yaml:1:1: the config holds options, one `name: value` a line"},
	{"smtp: yes please\n", "my.yaml:1:7: smtp holds options, one `name: value` a line"},
	{"mailboxes: {name: x}\n",
		"my.yaml:1:12: mailboxes is a list; begin each mailbox with a dash: `- name: feedback`"},
	{"mailboxes:\n  - x\n", "my.yaml:2:5: mailboxes holds options, one `name: value` a line"},
	/* values */
	{"limits: {batch_messages: 0}\n", "my.yaml:1:26: batch_messages is a whole number from 1 to 1000"},
	{"limits: {batch_messages: 1001}\n", "my.yaml:1:26: batch_messages is a whole number from 1 to 1000"},
	{"limits: {batch_messages: 1.5}\n", "my.yaml:1:26: batch_messages is a whole number from 1 to 1000"},
	{"limits: {batch_messages: [1]}\n", "my.yaml:1:26: batch_messages is a whole number from 1 to 1000"},
	{"limits: {message_bytes: 26 MiB}\n",
		"my.yaml:1:25: message_bytes is a size from 1 KiB to 25 MiB; write `message_bytes: 25 MiB`"},
	{"limits: {message_bytes: 1 Mb}\n",
		"my.yaml:1:25: message_bytes is a size from 1 KiB to 25 MiB; write `message_bytes: 25 MiB`"},
	{"limits: {message_bytes: 99999999999999999999}\n", "my.yaml:1:25: message_bytes is a size"},
	{"log:\n  level: loud\n", "my.yaml:2:10: level is one of error, warning, info, debug"},
	{"instance: [a]\n", "my.yaml:1:11: instance is one value; write `instance: Fieldpost`"},
	{"instance: \"a\\nb\"\n", "my.yaml:1:11: instance holds a control character; write it on one line"},
	{"smtp: {tls: ssl}\n",
		"my.yaml:1:13: tls is one of implicit, starttls, none (none only for a server on loopback)"},
	{"smtp: {from_address: Fieldpost <f@x.org>}\n",
		"my.yaml:1:22: from_address is a bare mail address; write `from_address: feedback@example.org`"},
	{"smtp: {from_address: f@m\xc3\xbcnchen.example}\n",
		"my.yaml:1:22: from_address is written in ASCII; a domain of other letters has a form that begins with "
		"xn--"},
	{"public_url: http://fieldpost.example.org\n", "my.yaml:1:13: public_url begins with https://"},
	{"state_dir: ''\n", "my.yaml:1:12: state_dir is empty; write `state_dir: /var/lib/fieldpost`"},
	/* mailboxes */
	{"mailboxes:\n- name: a\n  user: u\n", "my.yaml:2:3: host is missing; write `host: imap.example.org`"},
	{"mailboxes:\n- name: a\n  host:\n  user: u\n", "my.yaml:3:8: host is missing; write `host: imap.example.org`"},
	{"mailboxes:\n- name: a b\n", "my.yaml:2:9: name is at most 64 letters, digits, dots, dashes and underscores; "
				      "write `name: feedback`"},
	{BOX "- name: field\n  host: imap.example.net\n  user: u\n  password: {file: /p}\n",
		"my.yaml:6:9: a mailbox before this one is called \"field\" too; give each a name of its own"},
	{BOX "  tls: none\n",
		"my.yaml:6:8: tls: none is for a server on this machine only (localhost, 127.0.0.1, ::1), and "
		"imap.example.org is not; write `tls: implicit` or `tls: starttls`"},
	{BOX "  folders: INBOX\n", "my.yaml:6:12: folders is a list with at least one entry; write `folders: [INBOX]`"},
	{BOX "  folders: []\n", "my.yaml:6:12: folders is a list with at least one entry; write `folders: [INBOX]`"},
	{BOX "  folders: [INBOX, Junk, INBOX]\n", "my.yaml:6:26: folders names \"INBOX\" twice; take one out"},
	{BOX "  after_filed: archive\n",
		"my.yaml:6:16: after_filed is one of `leave`, `keyword NAME`, `move FOLDER`, `delete`"},
	{BOX "  after_filed: move\n", "my.yaml:6:16: after_filed is one of"},
	{BOX "  after_filed: delete it\n", "my.yaml:6:16: after_filed is one of"},
	{BOX "  after_held: keyword a b\n", "my.yaml:6:15: after_held: a keyword has no blanks and none of (){%*\"\\]; "
					    "write `after_held: keyword Filed`"},
	{BOX "  folders: [INBOX, Done]\n  after_review: move Done\n",
		"my.yaml:7:17: after_review moves mail into \"Done\", which is read as well; name a folder that is not "
		"in `folders`"},
	{BOX "  port: 70000\n", "my.yaml:6:9: port is a whole number from 1 to 65535"},
	{"mailboxes:\n- name: field\n  host: imaps://imap.example.org\n  user: u\n  password: {file: /p}\n",
		"my.yaml:3:9: host is a bare host name or address; write `host: mail.example.org`"},
	/* the listener and the channels */
	{"web: {listen: 8025}\n", "my.yaml:1:15: listen is an address and a port, or unix: and a path; write `listen: "
				  "127.0.0.1:8025`"},
	{"web: {listen: '127.0.0.1:0'}\n", "my.yaml:1:15: listen is an address and a port"},
	{"web: {listen: '::1:8025'}\n", "my.yaml:1:15: listen is an address and a port"},
	{"web: {listen: ':8025'}\n", "my.yaml:1:15: listen is an address and a port"},
	{"web: {listen: 'unix:web.sock'}\n", "my.yaml:1:15: listen is an address and a port"},
	{"web: {listen: '0.0.0.0:8025'}\n",
		"my.yaml:1:15: 0.0.0.0:8025 is open to other machines, which takes a certificate; write `certificate: "
		"/etc/fieldpost/web.crt` and `key: /etc/fieldpost/web.key`, or `listen: 127.0.0.1:8025` with a proxy"},
	{"web: {listen: '[::]:80'}\n", "my.yaml:1:15: [::]:80 is open to other machines"},
	{"web: {listen: '0.0.0.0:8443', certificate: a}\n",
		"my.yaml:1:44: certificate without key; write `key: /etc/fieldpost/web.key`"},
	{"web: {key: a}\n", "my.yaml:1:12: key without certificate; write `certificate: /etc/fieldpost/web.crt`"},
	{"channels: {}\n",
		"my.yaml:1:11: channels is a list; begin each channel with a dash: `- name: field-telegram`"},
	{"channels:\n- name: a\n", "my.yaml:2:3: kind is missing; write `kind: telegram`"},
	{"channels:\n- name: a\n  kind: fax\n",
		"my.yaml:3:9: kind is one of telegram, whatsapp, twilio, signal, standard, json"},
	{CHANNEL "- {name: A, kind: json}\n",
		"my.yaml:4:10: a channel before this one is called \"A\" too; give each a name of its own"},
	{CHANNEL "- {name: mail, kind: json}\n", "my.yaml:4:10: the mail itself is called \"mail\" too"},
	{CHANNEL BOX "- {name: a, host: x, user: u, password: {file: /p}}\n",
		"my.yaml:2:9: a mailbox is called \"a\" too"},
	{CHANNEL "  token: 123:abc\n", "my.yaml:4:10: a secret is never written into the config"},
	{CHANNEL "  api_url: http://10.0.0.1/\n", "my.yaml:4:12: api_url begins with https:// (http:// only for this"},
	{CHANNEL "  api_url: https://me:pw@example.org\n", "my.yaml:4:12: api_url begins with https://"},
	{CHANNEL "  max_body: 1 GiB\n",
		"my.yaml:4:13: max_body is a size from 1 KiB to 64 MiB; write `max_body: 1 MiB`"},
	{CHANNEL "  map_text: text\n",
		"my.yaml:4:13: map_text is a JSON pointer, each step behind a slash; write `map_text: /text`"},
	{CHANNEL "  map_text: /a~2b\n", "my.yaml:4:13: map_text is a JSON pointer"},
	{CHANNEL "  secret_previous: {file: /p}\n",
		"my.yaml:4:20: secret_previous without secret; write `secret: {file: /etc/fieldpost/a.secret}`"},
	{CHANNEL "  join_seconds: 601\n", "my.yaml:4:17: join_seconds is a whole number from 0 to 600"},
	/* SMTP */
	{"smtp: {from_address: a@example.org}\n", "my.yaml:1:7: host is missing; write `host: smtp.example.org`"},
	{"smtp: {host: smtp.example.org}\n",
		"my.yaml:1:7: from_address is missing; write `from_address: feedback@example.org`"},
	{"smtp: {host: smtp.example.org, from_address: a@example.org, user: u}\n",
		"my.yaml:1:67: user without password; write `password: {file: /etc/fieldpost/smtp.password}`"},
	/* logins */
	{"mailboxes:\n- {name: a, host: h, user: u}\n",
		"my.yaml:2:3: password is missing; write `password: {file: /etc/fieldpost/feedback.password}`, or `oauth: "
		"NAME` of a login in the section oauth"},
	{OAUTH "mailboxes:\n- {name: a, host: h, user: u, oauth: office, password: {file: /p}}\n",
		"my.yaml:4:38: password and oauth are both given; take one out, for only one of them logs in"},
	{OAUTH "mailboxes:\n- {name: a, host: h, user: u, oauth: offcie}\n",
		"my.yaml:4:38: there is no login \"offcie\" in the section oauth; add one: `oauth:` with `- name: offcie`"},
	{OAUTH "smtp: {host: h, from_address: a@example.org, oauth: office}\n",
		"my.yaml:3:53: oauth without user; write `user: feedback@example.org`, the mailbox that it logs in to"},
	{OAUTH "smtp: {host: h, from_address: a@example.org, user: u, oauth: office, password: {file: /p}}\n",
		"my.yaml:3:62: password and oauth are both given; take one out, for only one of them logs in"},
	{OAUTH OAUTH_ITEM,
		"my.yaml:3:10: a login before this one is called \"office\" too; give each a name of its own"},
	{"oauth:\n- {name: a, provider: google, client_id: c}\n",
		"my.yaml:2:3: key is missing; write `key: {credential: oauth.key}`"},
	{"oauth:\n- {name: a, provider: microsoft, client_id: c, key: {file: /k}}\n",
		"my.yaml:2:3: tenant is missing; write `tenant: example.org`, the tenant's domain or its id (`consumers` for "
		"outlook.com)"},
	{"oauth:\n- {name: a, provider: custom, client_id: c, key: {file: /k}}\n",
		"my.yaml:2:3: token_url is missing; write `token_url: https://login.example.org/token`"},
	{"oauth:\n- {name: a, provider: google, key: {file: /k}}\n",
		"my.yaml:2:3: client_id is missing, which grant refresh needs; write `client_id: "
		"00000000-1111-2222-3333-444444444444`"},
	{"oauth:\n- {name: a, provider: google, grant: service_account, key: {file: /k}}\n",
		"my.yaml:2:3: service_account is missing, which grant service_account needs; write `service_account: {file: "
		"/etc/fieldpost/service-account.json}`"},
	{"oauth:\n- {name: a, provider: google, grant: service_account, key: {file: /k}, service_account: {file: /s}}\n",
		"my.yaml:2:3: subject is missing, which grant service_account needs; write `subject: feedback@example.org`"},
	{"oauth:\n- {name: a, provider: google, grant: client_credentials, client_id: c, key: {file: /k}}\n",
		"my.yaml:2:38: google knows no grant client_credentials; write `grant: service_account`"},
	{"oauth:\n- {name: a, provider: custom, client_id: c, token_url: 'http://x.example/t', key: {file: /k}}\n",
		"my.yaml:2:56: token_url begins with https:// (http:// only for this machine) and holds no login and no query; "
		"write `token_url: https://login.example.org/...`"},
	{"oauth:\n- {name: a, provider: google, client_id: c, secret_expires: 21.11.2027, key: {file: /k}}\n",
		"my.yaml:2:61: secret_expires is a day; write `secret_expires: 2027-11-21`"},
	{"smtp: {host: smtp.example.org, from_address: a@example.org, password: {file: /p}}\n",
		"my.yaml:1:71: password without user; write `user: fieldpost`"},
	{"smtp: {host: 10.0.0.1, from_address: a@example.org, tls: none}\n",
		"my.yaml:1:58: tls: none is for a server on this machine only"},
	/* asking */
	{"asking: {zone: Europe/Nowhere}\n", "my.yaml:1:16: there is no zone \"Europe/Nowhere\"; write one such as `zone: Africa/Freetown`"},
	{"asking: {zone: Africa}\n", "my.yaml:1:16: there is no zone \"Africa\""},
	/* regions */
	{"regions:\n- {name: sahel, countries: [BF, XX]}\n",
		"my.yaml:2:28: \"XX\" is no country; write its two letters, as in NP for Nepal"},
	{"regions:\n- {name: a, countries: [BF]}\n- {name: b, countries: [ml]}\n", "my.yaml:3:24: \"ml\" is no country"},
	/* secrets */
	{"smtp: {password: {file: /a, command: b}}\n",
		"my.yaml:1:18: password has one place; write `password: {file: /etc/fieldpost/smtp.password}`"},
	{"smtp: {password: {vault: a}}\n",
		"my.yaml:1:19: \"vault\" is no place for a secret; it is file, credential or command"},
	{"smtp: {password: {file: ''}}\n",
		"my.yaml:1:25: file of password is empty; write `password: {file: /etc/fieldpost/smtp.password}`"},
	{"smtp: {password: {credential: ../x}}\n",
		"my.yaml:1:31: credential is the name given to LoadCredential= in the unit, without a path"},
};

static void test_errors(void **state)
{
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct error err = ERROR_INIT;
		struct config *config = NULL;

		if (parse(wrong[i].yaml, &config, &err) == 0)
			fail_msg("taken: %s", wrong[i].yaml);
		assert_int_equal(err.reach, REACH_STOP);
		if (strncmp(err.text, wrong[i].error, strlen(wrong[i].error)) != 0)
			fail_msg("for %s\n  said     %s\n  expected %s", wrong[i].yaml, err.text, wrong[i].error);
	}
}

/* A secret in the config's text is refused, and is not repeated. */
static void test_literal_secrets(void **state)
{
	static const char *const yamls[] = {
		"smtp:\n  password: xyzzy\n",
		"smtp:\n  password: [xyzzy]\n",
		"database: {password: \"xyzzy\"}\n",
		"mailboxes:\n- name: a\n  password: xyzzy\n",
		"database: {url: 'postgresql://fieldpost:xyzzy@db.example.org/fieldpost'}\n",
		"database: {url: 'host=db.example.org password=xyzzy'}\n",
	};

	for (size_t i = 0; i < COUNT(yamls); i++) {
		struct error err = ERROR_INIT;
		struct config *config = NULL;

		assert_int_equal(parse(yamls[i], &config, &err), -1);
		unit_holds(yamls[i], err.text, "my.yaml:");
		unit_holds(yamls[i], err.text, "a secret is never written into the config");
		unit_holds(yamls[i], err.text, "password: {file: /etc/fieldpost/");
		assert_null(strstr(err.text, "xyzzy"));
	}
}

static void test_defaults(void **state)
{
	struct config *config = parsed("");

	assert_string_equal(config->state_dir, "/var/lib/fieldpost");
	assert_string_equal(config->instance, "Fieldpost");
	assert_string_equal(config->log.level, "info");
	assert_null(config->database.url);
	assert_null(config->public_url);
	assert_null(config->smtp.host);
	assert_int_equal(config->smtp.port, 587);
	assert_int_equal(config->limits.message_bytes, 25 * 1024 * 1024);
	assert_int_equal(config->limits.batch_bytes, 8 * 1024 * 1024);
	assert_int_equal(config->limits.message_ms, 5000);
	assert_true(config->parse.workers >= 1);
	assert_int_equal(config->mailbox_count, 0);
	assert_true(access(config->forms_dir, F_OK) == 0);
	config_free(&config);
	assert_null(config);
}

static void test_mailbox(void **state)
{
	struct config *config =
		parsed("mailboxes:\n"
		       "- name: one\n  host: imap.example.org\n  user: u\n  password: {credential: imap}\n"
		       "  folders: [INBOX, 'Junk & more']\n  after_filed: move Done & dusted\n"
		       "  after_review: keyword $Review\n  after_ignored: delete\n  poll_seconds: 5\n  idle: no\n"
		       "- {name: two, host: 127.0.0.9, tls: none, user: v, password: {command: 'pass x'}}\n"
		       "- {name: three, host: '::1', tls: starttls, port: 1143, user: v, password: {file: secret}}\n");
	const struct config_mailbox *one = &config->mailboxes[0], *two = one + 1, *three = one + 2;
	char folder[4096];

	assert_int_equal(config->mailbox_count, 3);
	assert_int_equal(one->port, 993);
	assert_int_equal(one->folder_count, 2);
	assert_string_equal(one->folders[1], "Junk & more");
	assert_int_equal(one->after_filed.kind, AFTER_MOVE);
	assert_string_equal(one->after_filed.argument, "Done & dusted");
	assert_int_equal(one->after_review.kind, AFTER_KEYWORD);
	assert_string_equal(one->after_review.argument, "$Review");
	assert_int_equal(one->after_held.kind, AFTER_LEAVE);
	assert_int_equal(one->after_ignored.kind, AFTER_DELETE);
	assert_false(one->idle);
	assert_string_equal(one->password.credential, "imap");
	assert_int_equal(two->tls, CONFIG_TLS_NONE);
	assert_int_equal(two->port, 143);
	assert_true(two->idle);
	assert_string_equal(two->folders[0], "INBOX");
	assert_string_equal(two->password.command, "pass x");
	assert_int_equal(three->port, 1143);
	assert_non_null(getcwd(folder, sizeof(folder)));
	assert_int_equal(strncmp(three->password.file, folder, strlen(folder)), 0);
	assert_string_equal(three->password.file + strlen(folder), "/secret");
	config_free(&config);
}

static void test_channel(void **state)
{
	struct config *config = parsed("channels:\n"
				       "- {name: tg, kind: telegram, token: {file: /t}, secret: {file: /s},\n"
				       "   secret_previous: {credential: old}, path_key: {command: c}, media: no}\n"
				       "- {name: sig, kind: signal, api_url: 'http://[::1]:8080', number: '+1',\n"
				       "   join_seconds: 0, max_body: 2 MiB, map_id: /a~1b/0}\n");
	const struct config_channel *one = &config->channels[0], *two = one + 1;

	assert_int_equal(config->channel_count, 2);
	assert_null(config->web.listen);
	assert_int_equal(config->web.connections, 4096);
	assert_int_equal(config->web.spool_bytes, 256 * 1024 * 1024);
	assert_string_equal(one->kind, "telegram");
	assert_null(one->mode);
	assert_string_equal(one->secret_previous.credential, "old");
	assert_string_equal(one->path_key.command, "c");
	assert_false(one->media);
	assert_int_equal(one->join_seconds, 90);
	assert_int_equal(one->max_body, 0);
	assert_string_equal(one->language, "en");
	assert_true(two->media);
	assert_int_equal(two->max_body, 2 * 1024 * 1024);
	assert_int_equal(two->media_bytes, 20 * 1024 * 1024);
	assert_string_equal(two->map_id, "/a~1b/0");
	config_free(&config);
}

static void test_listen(void **state)
{
	static const struct {
		const char *listen, *path, *host;
		int port;
	} good[] = {
		{"127.0.0.1:8025", NULL, "127.0.0.1", 8025},
		{"[::1]:1", NULL, "::1", 1},
		{"localhost:65535", NULL, "localhost", 65535},
		{"unix:/run/x.sock", "/run/x.sock", NULL, 0},
	};
	struct arena *arena = arena_new();

	for (size_t i = 0; i < COUNT(good); i++) {
		const char *path = "x", *host = NULL;
		int port = 0;

		assert_int_equal(config_listen(good[i].listen, arena, &path, &host, &port), 0);
		unit_same(good[i].listen, view_of(path), view_of(good[i].path));
		unit_same(good[i].listen, view_of(host), view_of(good[i].host));
		unit_same_number(good[i].listen, port, good[i].port);
	}
	arena_free(&arena);
}

/* The sample is a config: as it stands it gives the defaults, with every # before an option taken away it is whole (but for
 * a login in a password's place). */
static void test_sample(void **state)
{
	struct config *plain, *whole;
	struct text sample, full;
	struct view rest, line;

	text_init(&sample, 100000);
	text_init(&full, 100000);
	assert_int_equal(config_sample(&sample), 0);
	rest = text_view(&sample);
	while (view_next_line(&rest, &line)) {
		ptrdiff_t hash = view_find_char(line, '#');
		bool off = hash >= 0 && (size_t)hash + 1 < line.len && line.ptr[hash + 1] != ' ';

		/* it stands in the password's place */
		off = off && view_find(line, VIEW("#oauth: office")) < 0;

		if (line.len > 0 && line.ptr[line.len - 1] == ' ')
			fail_msg("blank at the end: %.*s", VIEW_ARGS(line));
		if (off || (hash >= 0 && view_find(line, VIEW("#- ")) == hash)) {
			text_add(&full, line.ptr, (size_t)hash);
			text_add(&full, line.ptr + hash + 1, line.len - (size_t)hash - 1);
		} else {
			text_add_view(&full, line);
		}
		text_add_char(&full, '\n');
	}
	plain = parsed(text_string(&sample));
	whole = parsed(text_string(&full));
	assert_int_equal(plain->mailbox_count, 0);
	assert_int_equal(plain->limits.command_seconds, 120);
	assert_int_equal(whole->mailbox_count, 1);
	assert_int_equal(whole->channel_count, 1);
	assert_int_equal(whole->oauth_count, 1);
	assert_string_equal(whole->channels[0].map_sent_at, "/sent_at");
	assert_string_equal(whole->mailboxes[0].name, "feedback");
	assert_string_equal(whole->smtp.host, "smtp.example.org");
	assert_string_equal(whole->database.url, "host=db.example.org dbname=fieldpost");
	assert_int_equal(whole->smtp.port, 587);
	config_free(&plain);
	config_free(&whole);
	text_release(&sample);
	text_release(&full);
}

static void test_docs(void **state)
{
	struct text docs;

	text_init(&docs, 100000);
	assert_int_equal(config_docs(&docs), 0);
	unit_holds("docs", text_string(&docs), "## mailboxes (a list)\n");
	unit_holds("docs", text_string(&docs), "| `batch_messages` | 1 to 1000 | `100` | reload |");
	unit_holds("docs", text_string(&docs), "| `state_dir` | path | `/var/lib/fieldpost` | restart |");
	text_release(&docs);
}

static const char everything[] =
	"state_dir: /s\ninstance: 'My \"own\" \\ \u00e9'\npublic_url: http://localhost:8080/x\n"
	"database: {url: 'host=db', password: {credential: db}}\ntls: {ca_file: /ca}\nlimits: {message_bytes: 3 KiB}\n"
	"parse: {workers: 7}\nlog: {level: debug, format: json}\n" BOX
	"  after_filed: move A\n  folders: ['a\"b', c]\n  idle: false\n"
	"channels: [{name: c, kind: json, secret: {file: /hush}, form: f}]\nweb: {listen: '127.0.0.1:1'}\n"
	"oauth: [{name: o, provider: microsoft, tenant: example.org, client_id: c, client_secret: {file: /os}, key: {file: /ok}}]\n"
	"smtp: {host: smtp.example.org, from_address: a@example.org, user: u, password: {command: 'echo \"x\"'}, tls: "
	"implicit}\n";

static struct config *part_of(const struct config *config, const char *duty, struct text *text)
{
	struct error err = ERROR_INIT;

	text_reset(text);
	if (config_part(config, duty, text, &err) < 0)
		fail_msg("%s", err.text);
	return parsed(text_string(text));
}

/* Each duty gets what it needs, as it was, and none of the others' secrets. */
static void test_parts(void **state)
{
	struct config *config = parsed(everything), *intake, *parse_part, *send;
	struct text text;

	text_init(&text, 100000);
	intake = part_of(config, "intake", &text);
	assert_null(strstr(text_string(&text), "echo"));
	assert_int_equal(intake->mailbox_count, 1);
	assert_string_equal(intake->mailboxes[0].folders[0], "a\"b");
	assert_string_equal(intake->mailboxes[0].after_filed.argument, "A");
	assert_string_equal(intake->mailboxes[0].password.file, "/p");
	assert_false(intake->mailboxes[0].idle);
	assert_int_equal(intake->limits.message_bytes, 3072);
	assert_string_equal(intake->instance, "My \"own\" \\ \u00e9");
	assert_string_equal(intake->database.password.credential, "db");
	assert_string_equal(intake->share_dir, config->share_dir);
	assert_null(intake->smtp.host);
	parse_part = part_of(config, "parse", &text);
	assert_null(strstr(text_string(&text), "/p\""));
	assert_null(strstr(text_string(&text), "hush"));
	assert_null(strstr(text_string(&text), "/ok"));
	assert_int_equal(parse_part->mailbox_count, 0);
	assert_string_equal(parse_part->channels[0].form, "f");
	assert_null(parse_part->channels[0].secret.file);
	assert_int_equal(parse_part->parse.workers, 7);
	assert_null(parse_part->tls.ca_file);
	send = part_of(config, "send", &text);
	assert_int_equal(send->mailbox_count, 0);
	assert_string_equal(send->channels[0].secret.file, "/hush");
	assert_string_equal(send->web.listen, "127.0.0.1:1");
	assert_string_equal(send->smtp.password.command, "echo \"x\"");
	assert_int_equal(send->smtp.port, 465);
	assert_string_equal(send->oauth[0].client_secret.file, "/os");
	assert_string_equal(send->oauth[0].token_url, "https://login.microsoftonline.com/example.org/oauth2/v2.0/token");
	unit_holds("scope", send->oauth[0].scope, "SMTP.Send offline_access");
	assert_string_equal(send->tls.ca_file, "/ca");
	assert_string_equal(send->log.format, "json");
	config_free(&send);
	config_free(&parse_part);
	config_free(&intake);
	config_free(&config);
	text_release(&text);
}

static void test_can_replace(void **state)
{
	struct config *running = parsed(everything), *same = parsed(everything), *other = parsed("state_dir: /t\n");
	struct error err = ERROR_INIT;

	same->parse.workers = 2;
	assert_int_equal(config_can_replace(running, same, &err), 0);
	assert_int_equal(config_can_replace(running, other, &err), -1);
	assert_string_equal(err.text, "state_dir cannot change while the service runs; restart it");
	same->database.url = "host=elsewhere";
	assert_int_equal(config_can_replace(running, same, &err), -1);
	assert_string_equal(err.text, "database.url cannot change while the service runs; restart it");
	config_free(&running);
	config_free(&same);
	config_free(&other);
}

static void test_loopback(void **state)
{
	static const char *const yes[] = {"localhost", "LOCALHOST", "127.0.0.1", "127.255.0.3", "::1"};
	static const char *const no[] = {
		"localhost.example.org", "128.0.0.1", "::2", "0.0.0.0", "", "127.1.example.org"};

	for (size_t i = 0; i < COUNT(yes); i++)
		assert_true(config_host_is_loopback(yes[i]));
	for (size_t i = 0; i < COUNT(no); i++)
		assert_false(config_host_is_loopback(no[i]));
}

static int fetch(const struct config_secret *secret, struct arena *arena, struct view *out, struct error *err)
{
	*out = VIEW_NULL;
	error_clear(err);
	return config_secret(secret, arena, out, err);
}

static void test_secret_file(void **state)
{
	char folder[] = "/tmp/fieldpost-config.XXXXXX";
	struct arena *arena = arena_new();
	struct error err = ERROR_INIT;
	struct view secret;
	char path[64];
	FILE *file;

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/imap", folder);
	assert_int_equal(fetch(&(struct config_secret){.file = path}, arena, &secret, &err), -1);
	unit_holds("missing", err.text, path);
	file = fopen(path, "w");
	fputs(" a secret \r\n", file);
	fclose(file);
	assert_int_equal(fetch(&(struct config_secret){.file = path}, arena, &secret, &err), 0);
	unit_same("file", secret, VIEW(" a secret "));
	setenv("CREDENTIALS_DIRECTORY", folder, 1);
	assert_int_equal(fetch(&(struct config_secret){.credential = "imap"}, arena, &secret, &err), 0);
	unit_same("credential", secret, VIEW(" a secret "));
	unsetenv("CREDENTIALS_DIRECTORY");
	assert_int_equal(fetch(&(struct config_secret){.credential = "imap"}, arena, &secret, &err), -1);
	unit_holds("no credentials", err.text, "LoadCredential=imap:PATH");
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(fetch(&(struct config_secret){.file = path}, arena, &secret, &err), -1);
	unit_holds("empty", err.text, "is empty");
	unlink(path);
	rmdir(folder);
	arena_free(&arena);
}

static void test_secret_command(void **state)
{
	struct arena *arena = arena_new();
	struct error err = ERROR_INIT;
	struct view secret;

	assert_int_equal(fetch(&(struct config_secret){.command = "printf 'one\\ntwo\\n'"}, arena, &secret, &err), 0);
	unit_same("command", secret, VIEW("one"));
	assert_int_equal(fetch(&(struct config_secret){.command = "echo xyzzy; exit 3"}, arena, &secret, &err), -1);
	assert_string_equal(err.text, "the command for a secret (echo) failed with exit status 3");
	assert_int_equal(fetch(&(struct config_secret){.command = "true xyzzy"}, arena, &secret, &err), -1);
	assert_string_equal(err.text, "the command for a secret (true) printed nothing");
	assert_int_equal(fetch(&(struct config_secret){.command = "kill -9 $$"}, arena, &secret, &err), -1);
	assert_string_equal(err.text, "the command for a secret (kill) was killed");
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_literal_secrets),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_mailbox),
		cmocka_unit_test(test_channel),
		cmocka_unit_test(test_listen),
		cmocka_unit_test(test_sample),
		cmocka_unit_test(test_docs),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_can_replace),
		cmocka_unit_test(test_loopback),
		cmocka_unit_test(test_secret_file),
		cmocka_unit_test(test_secret_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
