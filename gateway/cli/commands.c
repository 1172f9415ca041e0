/* cli/commands: the table of commands. One line a command; see cli.h. */
#include "cli/commands.h"
#include "cli/cli.h"

#include <stddef.h>

const struct command cli_commands[] = {
	{"serve", "[--only DUTY,...]", "run the service", cmd_serve},
	{"check", "", "is all well? config, forms, database, logins, every mailbox, SMTP", cmd_check},
	{"status", "", "each source, the counts, what is wrong", cmd_status},
	{"parse", "[--text] [--colour] [--forms FOLDER] FILE",
		"what would be made of this mail (--text: of this message), line by line; needs no database",
		cmd_parse},
	{"forms",
		"list | show FORM [--language L] | render FORM [--language L] [--html] [--reference FP-...]; each with "
		"[--forms FOLDER] | check [FOLDER] [--form FORM] [--clients FOLDER] [--quoted FILE] [--keep FOLDER] "
		"[--record FILE]",
		"the forms, a request as it is sent, and the proof that its answers come back", cmd_forms},
	{"import", "[--dry-run] PATH...", "take in mbox files, Maildirs, .eml files, - (standard input)", cmd_import},
	{"reparse",
		"[--dry-run] [--state filed|review|held|failed] [--why REASON] [--form F] [--language L] [--since DAY] "
		"[--until DAY] [--assigned NAME] [MESSAGE...]",
		"read stored messages with the forms of today: what differs, then its filing", cmd_reparse},
	{"team", "add NAME --member ADDRESS [--member-name NAME] [--cleared] | remove NAME [--member ADDRESS] | list",
		"policy teams and their members", cmd_team},
	{"subscribe",
		"TEAM [--frequency daily|weekly|monthly] [--weekday DAY] [--hour H] [--zone ZONE] [--language L] "
		"[--name N] [--form F] [--country C] [--region R] [--programme P] [--theme T] [--written-in L] "
		"[--empty send|skip] | TEAM [--name N] --remove",
		"which digest a team gets, and when", cmd_subscribe},
	{"digest",
		"preview TEAM|SUBSCRIPTION [--html FILE] [--text FILE] [--eml FILE] | send TEAM|SUBSCRIPTION [--again] "
		"| list",
		"look at the next digest, send one now, list them", cmd_digest},
	{"people",
		"import [--dry-run] [--again] FILE.csv | list [--kind K] [--country C] [--language L] [--programme P] "
		"[--organisation O] [--role R] [WORDS] | show PERSON | export | resume PERSON --reason R | erase PERSON [--yes]",
		"the people who are asked and who answer", cmd_people},
	{"request",
		"send --form FORM --to QUERY|FILE [--language L] [--at TIME] [--label L] [--dry-run] | list [LABEL]",
		"ask practitioners to fill in a form; who was asked, who answered", cmd_request},
	{"search",
		"[WORD...] [--form F] [--country C] [--theme T] [--language L] [--since DAY] [--until DAY] [--limit N] "
		"[--filter NAME] [--save NAME] [--as ADDRESS | --restricted] | --filters | --forget NAME",
		"full text over what was filed; word* for its beginning, -word for what must not be there", cmd_search},
	{"feedback", "show NUMBER [--attachments DIR] [--as ADDRESS | --restricted]",
		"one feedback, by its line's number or its own: answers, revisions, files", cmd_feedback},
	{"export",
		"FORM --csv FILE|- | --xlsx FILE, [--labels L], [--country C] [--theme T] [--language L] [--since DAY] "
		"[--until DAY] [--filter NAME] [--as ADDRESS | --restricted]",
		"the feedback of a form as a table", cmd_export},
	{"review",
		"list [--limit N] [--state S] [--why REASON] [--form F] [--language L] [--assigned NAME] [--since DAY] "
		"[--until DAY] | show MESSAGE [--raw] | fix MESSAGE... FIELD=VALUE... --reason R | file MESSAGE... "
		"--reason R | dismiss MESSAGE... --reason R | assign MESSAGE... --to NAME | note MESSAGE... --text T | "
		"undo [BATCH] | export MESSAGE... --to FOLDER",
		"the messages that wait for a person", cmd_review},
	{"audit", "list [--object OBJECT] [--since DAY] [--limit N]",
		"who read and who changed what: restricted feedback, messages in review, people", cmd_audit},
	{"alarm", "list | clear NUMBER", "what is not well, and taking back what was dealt with", cmd_alarm},
	{"explain", "NUMBER [--raw]", "from a digest's line back to the mail that it came from", cmd_explain},
	{"oauth", "login NAME [--device | --browser] | refresh NAME | list",
		"log in to a mail provider by OAuth 2.0, ask for a new token now, list the logins", cmd_oauth},
	{"db", "init|upgrade", "make the database, or bring it to the schema of this program", cmd_db},
	{"config", "sample|docs", "print a config with every option, or the reference of all options", cmd_config},
	{NULL, NULL, NULL, NULL},
};
