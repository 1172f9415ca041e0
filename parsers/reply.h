/*
 * Reply (private to parsers/): from the lines of a mail or message to answers.
 *
 * One text is read in steps, each a file, each adding to `struct reply`:
 *
 *     reply_lines.c      the parts that are read, as one list of lines, and what each line looks like
 *     reply_head.c       the lines above a quoted mail: header blocks, rules, attributions
 *     reply_depth.c      where quoted mails begin, who wrote them, how deep each line stands
 *     reply_labels.c     which labels are none, and what is noise
 *     reply_signature.c  what is signature, disclaimer, footer
 *     reply_author.c     who wrote each quoted mail, and which one is the request
 *     reply_form.c       which form is answered, in which language
 *     reply_uses.c       which labels and numbers stand for a field of that form
 *     reply_answers.c    the text that belongs to each label
 *     reply_values.c     the value of each field, and remarks
 *     reply_near.c       lines that nearly carry a label, for the person who reviews
 *     reply_result.c     what was read as a result: outcome, reason, errors, provenance
 *     reply_stop.c       does it ask for no more?
 *     order.c            does it answer a digest's lines? (order.h)
 *     trace.c            what each line was taken as, and why, for people
 *
 * reply.c runs them over a mail (HTML and text of an alternative are both read), payload.c over a message of a channel.
 */
#ifndef PARSERS_REPLY_H
#define PARSERS_REPLY_H

#include "parsers/form.h"
#include "parsers/mail.h"
#include "parsers/value.h"

#define REPLY_LINES_MAX 20000 /* lines of all texts together; above: over-limit */
#define REPLY_BLOCKS_MAX 1000 /* quoted mails in one text; what follows counts to the last one */
#define REPLY_JOINED_MAX 1000 /* times that lines are joined to an attribution; above: over-limit */
#define REPLY_DEPTH_MAX 40    /* deeper counts as this deep */

/* What a line is for. */
enum line_role {
	LINE_TEXT, /* somebody's words, or the form's */
	LINE_BLANK,
	LINE_BOUNDARY,	/* the head of a quoted mail: "On ... wrote:", "From: ...", a rule */
	LINE_SIGNATURE, /* and all that follows it: disclaimer, footer */
	LINE_NOISE,	/* a reference, a title, a gateway's warning: nobody's answer */
};

/* Why a line is a boundary, signature or noise. */
enum line_rule {
	RULE_NONE,
	RULE_SEPARATOR, /* heads: "-----Original Message-----", a rule above a header block */
	RULE_HEADERS,
	RULE_ATTRIBUTION,
	RULE_CLIENT_HEAD,      /* the client's own mark in HTML */
	RULE_CLIENT_SIGNATURE, /* signatures: the same */
	RULE_DASHES,
	RULE_DISCLAIMER,
	RULE_LIST_FOOTER,
	RULE_LINE, /* a rule drawn across */
	RULE_CLOSING,
	RULE_PHONE_LINE,
	RULE_NAME,   /* the sender's, at the end */
	RULE_BANNER, /* noise */
	RULE_REFERENCE,
	RULE_TITLE,
};

struct reply_line {
	enum line_role role;
	unsigned kinds;		     /* LEXICON_...: what it looks like; what stands around it decides */
	int header;		     /* 1 From, 2 Date, 3 To, 4 Subject, 5 Cc; 0: no header's line */
	int depth;		     /* 0: the practitioner's own words; 1: the mail that is answered; above: older */
	size_t block;		     /* index of its quoted mail; 0 at depth 0 */
	size_t part;		     /* index in reply->parts */
	const struct label_hit *hit; /* NULL: no label, no number */
	const struct field *field;   /* what the hit means in the form that is answered; NULL: the line is text */
	bool number_only;	     /* its number stands for the field */
	bool taken;		     /* belongs to an answer */
	bool misspelt;	    /* something stands behind what is nearly a label; an answer of one line ended there */
	unsigned char rule; /* enum line_rule: why it has its role; of a signature its first line says it */
	struct view folded; /* see reply_fold() */
};

/* A quoted mail. Index 0 stands for the practitioner's own words. */
struct reply_block {
	struct view author; /* the attribution or the From line; empty: none was there */
	int depth;
	size_t parent;	   /* the mail that quotes it */
	bool practitioner; /* written by the sender of this mail */
	bool ours;	   /* sent by us, as far as can be told */
	bool request;	   /* ours, at depth 1, and it holds the form: edits in it count */
	bool prose;	   /* it holds words that stand around our forms */
	size_t labels;	   /* lines with a label of any form */
	size_t answered;   /* of these, with something behind the label */
};

/* The text that stands at one label. */
struct reply_answer {
	const struct field *field;
	bool edit;	    /* typed into the quoted form; else in the practitioner's own text */
	struct view raw;    /* lines parted by LF */
	struct view hint;   /* as it stands in the label's line */
	size_t label;	    /* index of the label's line */
	size_t first, last; /* lines of the answer; only when raw is not empty */
};

/* What a field came to. */
struct reply_value {
	enum value_verdict verdict;
	json_t *value;			   /* VALUE_TAKEN */
	const struct reply_answer *answer; /* NULL: none */
	struct view raw;		   /* the bytes that were read as the value */
	struct view suggestion;
	struct view near_line; /* a line that nearly carries the field's label; suggestion: what it says. VALUE_INVALID
				* where a default would have been taken, else VALUE_NONE */
};

struct reply {
	const struct forms *forms;
	struct arena *arena;
	const struct envelope *envelope;
	const struct request_hint *hint;
	bool channel; /* a message of a channel, not a mail */

	const struct mail_part **parts;
	size_t part_count;
	struct mail_line *source; /* the lines of all parts, a blank one between two parts */
	struct reply_line *lines; /* as many */
	size_t count;
	size_t joined; /* see REPLY_JOINED_MAX */
	bool over_limit;

	struct reply_block *blocks;
	size_t block_count;

	const struct form *form;    /* NULL: not known */
	const char *language;	    /* NULL: not known */
	const char *title_language; /* of the title that told the form; NULL: another sign did */
	const char *sign;	    /* what told the form, in words; NULL: nothing did */
	struct view *matched;	    /* by field: found by the form's own regexes; NULL: none used */

	struct reply_answer *answers; /* in the order of the text */
	size_t answer_count;
	struct reply_value *values; /* one a field of the form */
	size_t found;		    /* fields with an answer, valid or not */
	struct view remarks;

	struct near_labels *near_labels; /* reply_near.c's own */
};

/* The head of a quoted or older mail, as it was found. */
struct reply_head {
	size_t lines; /* that it takes; 0: none stands here */
	struct view author;
	bool strong; /* it cannot be somebody's sentence */
	enum line_rule rule;
};

#define REPLY_MARKS_MAX 20 /* quote marks that are told apart */

/* The quote marks of a line, and the head that begins in it. */
int reply_marks(const struct reply *reply, size_t line);
struct reply_head reply_find_head(struct reply *reply, size_t line);

/* ---- the steps, in this order ---- */

void reply_collect(struct reply *reply, const struct mail_part *const *parts, size_t count);
void reply_find_depth(struct reply *reply);
void reply_settle_labels(struct reply *reply);
void reply_find_signatures(struct reply *reply);
void reply_find_authors(struct reply *reply);
void reply_choose_form(struct reply *reply);
void reply_find_uses(struct reply *reply);
void reply_gather(struct reply *reply);
void reply_type(struct reply *reply);

/* Runs the steps over these parts. */
struct reply *reply_read(const struct forms *forms, struct arena *arena, const struct envelope *envelope,
	const struct request_hint *hint, bool channel, const struct mail_part *const *parts, size_t count);

/* The parts of a mail that say most, read: of an alternative the better side, compared with the other. */
struct reply *reply_read_best(
	const struct forms *forms, struct arena *arena, const struct mail *mail, const struct request_hint *hint);

/* The text of a channel's message, as the one part that it has. */
const struct mail_part *reply_channel_part(struct arena *arena, struct view text);

/* Finds the near_line of fields without a value. */
void reply_find_near(struct reply *reply);
/*
 * Does the line nearly carry that field's label (NULL: any field's), behind its number or without? Then what it says is
 * no answer by its number alone, and no more of an answer of one line above it. behind_out: what it says.
 */
bool reply_is_near_label(struct reply *reply, size_t line, const struct field *field, struct view *behind_out);

/* ---- what they share ---- */

/* Is it a line of the practitioner's own, or of the request that was typed into? */
bool reply_counts(const struct reply *reply, size_t line);
/* The folded text of a line (made at the first call). */
struct view reply_fold(const struct reply *reply, size_t line);
bool reply_ends_sentence(struct view text);
/* The first line behind `line` that is not blank; reply->count at the end. */
size_t reply_next(const struct reply *reply, size_t line);
/*
 * The language of most of the labels that mean a field, in own words or in the request; `or_else` where that leaves a
 * tie or nothing.
 */
const char *reply_language(const struct reply *reply, bool own, const char *or_else);
/* The meaning of a label in a form (language NULL: any); NULL: none. */
const struct label_use *reply_use(const struct label *label, const struct form *form, const char *language);

/*
 * Fills outcome, reason, form, language, values, misfits, provenance and remarks from a text that was read.
 * `forwarded`: it holds somebody else's reply.
 */
void reply_to_result(const struct reply *reply, bool forwarded, struct result *out);
/* Lets go of the values (the rest lives in the arena). */
void reply_release(struct reply *reply);
/* Does the text hold somebody else's reply and no answer of the sender's own? */
bool reply_is_forwarded(const struct reply *reply);

/* ---- reply_stop.c ---- */

enum stops reply_stops(const struct reply *reply);
/* By the subject alone; empty: nothing else is in the mail. */
enum stops reply_subject_stops(
	const struct forms *forms, struct arena *arena, struct view subject_line, bool empty);

#endif
