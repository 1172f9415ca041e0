/*
 * Parsers: bytes in, answers out. The one door to this folder for the rest of the program.
 *
 * Pure: no socket, file, clock, database, log or mutable global; every thread and the sandboxed child may call it. A form set is
 * compiled once (from bytes that the caller read) and is immutable afterwards. Everything returned lives in the arena
 * given and points to nothing outside it. Text is UTF-8 in NFC.
 *
 * What goes in is one message: a mail's raw RFC 5322 bytes, or the UTF-8 text of a message from a channel, and what is
 * known of the request it may answer. What comes out is a `struct result`: the reply contract (docs/replies.md).
 */
#ifndef PARSERS_PARSERS_H
#define PARSERS_PARSERS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

/* Limits: a mail above them goes to review as over-size (the first) or over-limit (the others), its raw kept. */
#define PARSE_SIZE_MAX ((size_t)25 * 1024 * 1024)   /* bytes of a mail */
#define PARSE_HEADER_MAX ((size_t)256 * 1024)       /* bytes of its header block */
#define PARSE_PARTS_MAX 1000                        /* MIME parts */
#define PARSE_DEPTH_MAX 100                         /* levels of multipart and message/rfc822 */
#define PARSE_HTML_MAX ((size_t)2 * 1024 * 1024)    /* bytes of HTML that are read */
#define PARSE_TEXT_MAX ((size_t)2 * 1024 * 1024)    /* bytes of decoded text that are read */
#define PARSE_LINES_MAX ((size_t)100000)            /* lines of one text */
#define PARSE_REFERENCES_MAX 8                      /* different references of a mail that are looked at */

/* A source file of a form, the words of a language or the country names, as the caller read it. */
struct parse_source {
	const char *file;   /* for messages */
	struct view bytes;  /* YAML */
};

/*
 * Opens all that reading will need later (converters, normalisers, GMime): call once before forms_new(), threads or the
 * sandbox, in which no file can be opened.
 */
int parsers_open(struct error *err);

struct forms; /* compiled forms, languages, labels, country names */

/*
 * Compiles forms and languages; among the languages may stand templates of letters (LANGUAGE/NAME.mustache). Refuses
 * (-1, REACH_STOP, FILE:LINE:COLUMN) what is not right: unknown keys, a field twice, labels that collide within a
 * language, an unusable regex. Needs unicode_open() before.
 */
int forms_new(const struct parse_source *forms, size_t form_count, const struct parse_source *languages,
	size_t language_count, struct forms **out, struct error *err);
void forms_free(struct forms **forms);

enum outcome { OUTCOME_FILED, OUTCOME_REVIEW, OUTCOME_IGNORED };

enum reason { /* in the order in which the first that fits is given */
	REASON_NONE,
	REASON_OVER_SIZE,
	REASON_UNREADABLE,
	REASON_BOUNCE,
	REASON_AUTO_REPLY,
	REASON_FORWARDED,
	REASON_OVER_LIMIT,
	REASON_NO_TEMPLATE,
	REASON_NO_ANSWERS,
	REASON_INVALID_VALUE,
	REASON_MISSING_REQUIRED,
};

const char *outcome_name(enum outcome outcome); /* "filed", "review", "ignored" */
const char *reason_name(enum reason reason);    /* "over-size", ...; NULL for REASON_NONE */

/* Where a value stands: in which part, and where in that part's decoded text (UTF-8 byte offsets, end exclusive). */
struct provenance {
	const char *field;
	struct view raw;        /* the text that was read, before typing it */
	const char *part;       /* IMAP part number, "1.2"; "" for a channel's message */
	size_t start, end;      /* in the decoded text of that part */
	size_t part_start, part_end; /* the part's body in the raw bytes */
};

/* An answer that did not fit: the text found and, where there is one, what it may have meant (never taken). */
struct misfit {
	const char *field;
	const char *error;      /* "missing-required" or "invalid-value" */
	struct view found;      /* empty when missing; or a line that nearly carries the field's label */
	struct view suggestion; /* empty when there is none */
};

struct attachment {
	const char *part;       /* IMAP part number */
	struct view name;       /* cleaned: no path, no control characters; may be empty */
	const char *type;       /* sniffed MIME type, else the declared one */
	size_t size;            /* decoded bytes */
	unsigned char sha256[32]; /* of the decoded bytes */
};

enum authentication {
	AUTHENTICATION_NONE, /* nobody who is believed says anything, or of nobody for sure */
	AUTHENTICATION_PASS, /* the sender's domain vouches for the only address in From */
	AUTHENTICATION_FAIL, /* it does not */
};

/* What a mail says of itself; empty views where it says nothing. For a channel's message all empty. */
struct envelope {
	struct view message_id, from_name, from_address, to, subject, in_reply_to, references;
	struct view from_key;   /* from_address as it is compared, see mail_address_key() */
	struct view client;     /* the program it was written with: "apple mail", "gmail"; empty: not known */
	int64_t date;           /* unix seconds, 0 when unknown */
	bool automatic;         /* sent by a machine, a list or in bulk: never answer it */
	enum authentication authentication; /* parse_mail() leaves it at none, see mail_authentication() */
};

struct mail_report; /* mail_report.h */
struct orders;	    /* order.h */

/*
 * Does a mail ask for no more? In its own first line, which is a stop word in one of the languages and nothing else; or
 * by a subject that is one, as List-Unsubscribe makes it, with a reference of ours behind it or an empty mail under it.
 */
enum stops { STOPS_NOT, STOPS_WORDS, STOPS_SUBJECT };

struct result {
	enum outcome outcome;
	enum reason reason;
	const char *form;       /* id, NULL when not known ("template" in the JSON) */
	int form_version;       /* 0 when not known */
	const char *reference;  /* "FP-7K3M9QXA2D" or NULL */
	const char *const *references; /* all there are, that one first */
	size_t reference_count;
	const char *language;   /* "fr" or NULL */
	json_t *values;         /* object: typed values (owned by the result, see result_release()) */
	struct view remarks;
	const struct misfit *misfits;
	size_t misfit_count;
	const struct misfit *near; /* the same of optional fields without an answer; error NULL: it is none */
	size_t near_count;
	const struct provenance *provenance;
	size_t provenance_count;
	const struct attachment *attachments;
	size_t attachment_count;
	bool dropped;           /* something that was attached did not come, or not whole */
	struct envelope envelope;
	enum stops stops;
	const struct mail_report *report; /* what a program says of a mail of ours; NULL: it is no report */
	const struct orders *orders; /* what policy staff, or a practitioner whom they answered, may mean by it; NULL: nothing */
};

void result_release(struct result *result);

/* What is known of the request that a message answers (all may be empty). */
struct request_hint {
	const char *reference;  /* of the request found by address or In-Reply-To */
	const char *form;       /* the form that was sent */
	int form_version;
};

/* Reads one mail (raw bytes). Never fails: what cannot be read is a result too. */
void parse_mail(const struct forms *forms, struct arena *arena, struct view raw, const struct request_hint *hint,
	struct result *out);
/* What a file is that came beside a message: its type, size and SHA-256, its name cleaned. part stays NULL. */
void parse_file(struct arena *arena, struct view bytes, struct view name, const char *declared, struct attachment *out);

/* The decoded bytes of a part that is attached to a mail, by its number; in the arena. False: there is none. */
bool parse_attachment(struct arena *arena, struct view raw, const char *part, struct view *bytes_out);

/* A mail as a test case holds it: its subject and texts, and nothing that says whose it is. */
struct sample_text {
	bool html;
	bool flowed, delsp; /* of plain text, RFC 3676 */
	int alternative;    /* parts of one multipart/alternative share a number from 1; 0: none */
	struct view text;   /* UTF-8; HTML as HTML */
	struct view shown;  /* as people read it */
};
struct sample {
	struct view subject, date; /* the field's text */
	struct sample_text *texts;
	size_t text_count;
};
/* False: it holds a mail that was forwarded, or no text. */
bool sample_read(struct arena *arena, struct view raw, struct sample *out);
/* The mail made of it, from nobody. In the arena. */
struct view sample_mail(struct arena *arena, const struct sample *sample);

/*
 * A picture without what its camera or program wrote into it besides (place, time, device, names); its own data are copied
 * as they are. JPEG: only the segments that a decoder needs stay (of APPn just JFIF's, and Adobe's, which tells the
 * colours), comments go, and whatever follows the end of the picture. PNG: the critical chunks, and of the others those
 * that change how it looks. Which way was up is lost with the rest. -1: it is no JPEG or PNG that can be taken apart, or
 * `out` is full: then it is not to be handed out at all.
 */
int parse_photo(struct view bytes, struct text *out);

/* Reads one message of a channel (UTF-8 text). */
void parse_message(const struct forms *forms, struct arena *arena, struct view text, const struct request_hint *hint,
	struct result *out);

/* What a line of a message was taken as, for people who look at what a form makes of a real mail. */
enum trace_kind {
	TRACE_BLANK,
	TRACE_ANSWER,	     /* its label may stand before it */
	TRACE_LABEL,	     /* a label without an answer, in the own words */
	TRACE_REQUEST,     /* our own form and the words around it */
	TRACE_QUOTE,	     /* somebody's older words */
	TRACE_ATTRIBUTION, /* the head of an older mail */
	TRACE_SIGNATURE,
	TRACE_BOILERPLATE, /* disclaimer, list's footer, gateway's warning */
	TRACE_REMARK,	     /* own words that belong to no field */
	TRACE_IGNORED,
};

struct trace_line {
	enum trace_kind kind;
	size_t number;	   /* in its part, from 1 */
	const char *part;  /* "1.2"; "" for a channel's message */
	int quote;	   /* marks before it */
	struct view text;  /* without them */
	const char *field; /* whose answer or label it is, or NULL */
	const char *why;   /* the rule, in words; "" for a blank line */
	bool wrong;	   /* an answer that was not understood */
};

struct trace {
	const struct trace_line *lines; /* none when the mail says by its headers what it is, or is over a limit */
	size_t count;
	const char *sign; /* what told the form, in words, or NULL */
};

const char *trace_name(enum trace_kind kind); /* "answer", ... */
/* Reads a message again, the same way, and tells what each line was taken as. Everything lives in the arena. */
void parse_trace(const struct forms *forms, struct arena *arena, struct view raw, bool channel,
	const struct request_hint *hint, struct trace *out);

/* The result as the reply contract's JSON: outcome, reason, template, reference, language, values, errors[, remarks]. */
json_t *result_to_json(const struct result *result);
/*
 * The same with all that filing needs besides: "template_version", "found" {field: text}, "suggestions" {field: text},
 * "provenance" {field: {raw, part, start, end, part_start, part_end}}, "attachments" [{part, name, type, size, sha256 (hex)}],
 * "mail" {message_id, from_name, from_address, to, subject, in_reply_to, references, date (unix seconds), automatic,
 * authentication[, from_key (where it differs from from_address)]}, "references" [FP-...] where there are several; of a
 * report "report" {kind, ids, places, recipients [{address, original, action, status, diagnostic}]} (mail_report.h);
 * of what may answer a digest "orders" (order.h); "dropped" (true), when something that was attached did not come.
 */
json_t *result_to_filing(const struct result *result);

/*
 * For the identity of a mail without parsing it whole: the raw values of Message-ID, From, Date, Subject (unfolded) and
 * where the body begins. Linear, allocates nothing.
 */
struct mail_outline {
	struct view message_id, from, date, subject; /* as they stand, folding included */
	size_t body;                                 /* offset of the body; raw.len when there is none */
};
void mail_outline(struct view raw, struct mail_outline *out);

/* ---- who really sent a mail ---- */

/* Whose word is taken for it (the config's section `mail`). */
struct mail_trust {
	const struct view *servers; /* authserv-ids, RFC 8601; "-": results that name no server */
	size_t server_count;
	const struct view *border;  /* hosts whose Received fields may stand above their results: "mx.example.org",
				       "*.example.org", "2002:a05:*" */
	size_t border_count;
};

const char *authentication_name(enum authentication authentication); /* "none", "pass", "fail" */

/*
 * By DMARC where it was looked at, else by a signature (DKIM) or the envelope's sender (SPF) of the very domain of From or
 * one above it. Where DMARC failed it is a failure, also with a From that could pass for nobody. raw: the mail's bytes; its
 * headers are enough.
 */
enum authentication mail_authentication(struct arena *arena, struct view raw, const struct mail_trust *trust);
/* A mail address as it is compared: its domain in lower case and A-labels; the rest as it is. */
struct view mail_address_key(struct arena *arena, struct view address);

/* ---- forms as others need them (request rendering, acknowledgement, digest labels, config check) ---- */

enum field_type {
	FIELD_LINE,
	FIELD_TEXT,
	FIELD_COUNTRY,
	FIELD_CHOICE,
	FIELD_CHOICES,
	FIELD_SCALE,
	FIELD_NUMBER,
	FIELD_DATE,
	FIELD_YES_NO,
	FIELD_PATTERN,
};

/* Text by language; look it up with words_get(), which falls back to English, then to the first there is. */
struct word {
	const char *language; /* "en" */
	const char *text;     /* NFC */
};
struct words {
	const struct word *list;
	size_t count;
};
const char *words_get(const struct words *words, const char *language);

struct option {
	const char *value;
	struct words label;
};

struct field {
	const char *name;
	enum field_type type;
	int number;             /* in the form, from 1 */
	struct words label, hint;
	bool required, theme;
	const char *fallback;   /* the `default`, or NULL */
	const struct option *options;
	size_t option_count;
	bool has_min, has_max;
	long long min, max;
	const char *pattern;    /* FIELD_PATTERN: the regex's text */
	const char *digest;     /* "urgent", "rating", "failure", "lesson" or NULL */
	void *compiled;         /* private to the parsers */
};

struct form {
	const char *id;
	int version;
	struct words title;
	bool sensitive;            /* what answers it is for the cleared alone, whatever sharing says */
	const struct field *fields;
	size_t field_count;
	const char *source_sha256; /* hex, of the file's bytes */
	void *compiled;            /* private to the parsers */
};

const struct form *forms_get(const struct forms *forms, const char *id, int version); /* version 0: the newest; NULL */
size_t forms_count(const struct forms *forms);
const struct form *forms_at(const struct forms *forms, size_t index);
/* What is not wrong but should be mended, with FILE:LINE:COLUMN: a regex with nested quantifiers, or what form_warnings.c
 * finds. NULL: nothing. */
const char *form_warning(const struct form *form);
const struct field *form_field(const struct form *form, const char *name);
const char *field_type_name(enum field_type type); /* "line", "choices", ... */

/*
 * The text of a request as it is sent: the words around the form, the reference, one line a field. Fails (REACH_STOP)
 * only when `out` is full.
 */
int form_render_text(const struct forms *forms, const struct form *form, const char *language, const char *reference,
	struct text *out, struct error *err);
/* The same as HTML: the document whose one table is typed into. */
int form_render_html(const struct forms *forms, const struct form *form, const char *language, const char *reference,
	struct text *out, struct error *err);

/* ---- mails to practitioners out of config/mail/letters (their templates are among the languages' sources) ---- */

struct letter_order {
	const char *name;	  /* of the template: "acknowledgement" */
	const char *language;	  /* of the form's lines, and of the words where there is a template in it */
	const json_t *view;	  /* what the template is given, or NULL; of each text one line is made */
	const struct form *form;  /* whose lines stand at the end; NULL: none */
	const char *reference;	  /* NULL: none */
	bool (*asks)(void *context, const struct field *field); /* which lines; NULL: all */
	void *context;
};

/* In which language there is a template of that name: this one, its base ("pt" for "pt-BR"), English, or NULL. */
const char *forms_letter_language(const struct forms *forms, const char *name, const char *language);
/* Are the letters of a language written from right to left? */
bool forms_is_rtl(const struct forms *forms, const char *language);
/* Adds the letter's text part, or the document that is its HTML part. REACH_STOP: no such template, or too long. */
int forms_letter_text(
	const struct forms *forms, const struct letter_order *order, struct text *out, struct error *err);
int forms_letter_html(
	const struct forms *forms, const struct letter_order *order, struct text *out, struct error *err);
/* "3 November 2026", or "3 November" for year 0, by the template `date` of the language; text in the arena. */
const char *forms_letter_date(const struct forms *forms, struct arena *arena, const char *language, int year, int month,
	int day);
/* A whole number as the language's letters write it. */
const char *forms_letter_number(
	const struct forms *forms, struct arena *arena, const char *language, long long number);

/* ---- one turn of a conversation that asks a form field by field (see outreach/conversation.h) ---- */

enum turn_word { TURN_WORDS, TURN_SKIP, TURN_BACK, TURN_STOP }; /* the whole message is one of these commands, or is not */

struct turn_answer {
	const struct field *field;
	json_t *value;          /* a typed value, or NULL: it does not fit; see turn_release() */
	struct view raw;        /* the text that was read */
	struct view suggestion; /* where it does not fit: an option's value, a country's code; may be empty */
	size_t start, end;      /* in the message's text */
};

struct turn {
	enum turn_word word;
	bool greeting;          /* the whole message is one */
	bool nothing;           /* "-", "n/a", "?": no answer to what was asked */
	const char *language;   /* of the greeting or the labels; NULL: neither says */
	const struct turn_answer *answers; /* of each field at most one, in the form's order */
	size_t answer_count;
	struct view remarks;    /* words besides */
};

/*
 * Reads a message of a channel as an answer to one field, or to several where it carries their labels or numbers. A number means a
 * field only where nothing else can be meant. asked NULL: nothing was asked yet, and only labels and several numbers are answers.
 * language: in which was asked, or NULL.
 */
void parse_turn(const struct forms *forms, struct arena *arena, struct view text, const struct form *form,
	const struct field *asked, const char *language, struct turn *out);
/* One field's answer alone; out->value NULL when it does not fit. False: the text is no answer ("-", nothing). */
bool parse_answer(const struct forms *forms, struct arena *arena, struct view text, const struct field *field,
	const char *language, struct turn_answer *out);
void turn_release(struct turn *turn);
/* Is it the name of a language whose words we have ("fr", "pt-BR": its first part)? Its code, or NULL. */
const char *forms_language(const struct forms *forms, struct view name);
/* A word around a form in a language (lexicon.h), English as fall-back; NULL. */
const char *forms_word(const struct forms *forms, const char *key, const char *language);
/* The same in every language: {language: text}. A new reference. */
json_t *forms_word_everywhere(const struct forms *forms, const char *key);
/* The words that stop us, of all languages. */
void forms_stop_words(const struct forms *forms, void (*each)(void *context, const char *word), void *context);

/*
 * The round-trip proof: is what we send answerable? Each form is rendered in each of its languages, answered with values of
 * every type by simulated mail clients (config/clients, see client.h), read back with parse_mail(), and every value must
 * be there. Deterministic. Opens converters: not for the sandbox.
 */
struct clients;
/* `clients`: the files of config/clients, answers.yaml among them. -1 with FILE:LINE:COLUMN. */
int clients_new(const struct parse_source *clients, size_t count, const struct parse_source *languages,
	size_t language_count, struct clients **out, struct error *err);
void clients_free(struct clients **clients);
size_t clients_count(const struct clients *clients);

/* Answers to a form as the clients give them, {field: value}; a new reference. */
json_t *clients_answers(
	const struct forms *forms, const struct form *form, const struct clients *clients, const char *language);

struct proof_failure {
	const char *place;    /* "config/forms/x.yaml:31:5", of the field; of the fields when no single one failed */
	const char *field;    /* NULL: the reply as a whole */
	const char *language; /* of the request */
	const char *client, *style;
	int line;             /* of the reply, where the answer stands; 0: nowhere */
	const char *wanted, *got;
	struct view mail;     /* the reply's bytes */
	bool channel;         /* it is no mail but the text of a message */
};

struct proof {
	size_t replies;       /* that were written and read back */
	size_t failure_count; /* fields and replies that did not come back */
	struct proof_failure *failures; /* the first of them */
	size_t kept;
	const char *unproven; /* a field of which no answer can be made ("policy_ref"), or NULL */
};

/* The failure as one sentence: where, which field, from which client, what came instead of what. */
const char *proof_failure_words(struct arena *arena, const struct proof_failure *failure);
/*
 * A name that meant a number yesterday cannot mean words today: what was filed under it would not fit. -1 with
 * FILE:LINE:COLUMN when a field has another type than in an older version of its form.
 */
int forms_check_types(const struct forms *forms, struct error *err);
/* keep: failures that are kept at most. Everything lives in the arena. Adds to *out, which was zeroed once. */
void form_prove(const struct forms *forms, const struct form *form, const struct clients *clients, struct arena *arena,
	size_t keep, struct proof *out);
/*
 * What we sent, quoted untouched, is no answer: the request, what was understood of a reply, each in every language, and
 * `texts` (other mails of ours): as text wrapped at every width, in a file named .html as HTML in the frame of every
 * client that has any. One whose name begins with a form's id and a point belongs to that form alone.
 */
void form_prove_quoted(const struct forms *forms, const struct form *form, const struct clients *clients,
	const struct parse_source *texts, size_t count, struct arena *arena, size_t keep, struct proof *out);

/* Name of a country ("NP") in a language from the project's own list, the code itself if there is none. */
const char *country_name(const struct forms *forms, const char *code, const char *language);

#endif
