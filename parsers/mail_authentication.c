/*
 * mail_authentication: who really sent a mail, by the Authentication-Results (RFC 8601) of the server that took it in.
 * See parsers.h.
 *
 * A field counts by where it stands. Each server that a mail passes puts its fields on top, so what stands above the
 * first Received field was written when the mail was delivered to us: no sender can write there. Some servers (Gmail's,
 * Exchange's, milters behind Postfix) put their results below a Received field of their own; where the config names
 * those servers, the first field of theirs counts, and alone: what stands below it may have come with the mail.
 */
#include "base/unicode.h"
#include "parsers/mail_private.h"

#define RESULTS_MAX 32	 /* of one mail */
#define PROPERTIES_MAX 8 /* of one result */
#define WORD_MAX 1024	 /* bytes of a word that counts */

/* ---- the sender as it is written: one mailbox, plainly, or none ---- */

struct from_scan {
	size_t angle, end; /* inside "<...>" */
	size_t angles, comments;
	size_t comment; /* where the first one begins; 0: nowhere */
	bool quoted, refused;
	bool behind; /* a word stands behind a comment */
};

static bool is_text(unsigned char c)
{
	return c > 32 && c != 127 && !strchr("()<>[]:;@\\,\"", c);
}

/* One step through what stands outside of quotes and comments. */
static void from_step(struct from_scan *scan, struct view v, size_t at)
{
	char c = v.ptr[at];

	scan->behind |= scan->comment > 0 && !strchr(" \t(", c);
	if (c == '(' && scan->comment == 0)
		scan->comment = at;
	if (c == '"')
		scan->quoted = true;
	else if (c == '(')
		scan->comments++;
	else if (c == '<' && scan->angles++ == 0)
		scan->angle = at + 1;
	else if (c == '>' && scan->angles == 1 && scan->end == 0)
		scan->end = at;
	else if (strchr(",;:<>)", c))
		scan->refused = true; /* a list, a group, a second address */
	else if (scan->end > 0 && c != ' ' && c != '\t')
		scan->refused = true;
}

static struct from_scan scan_from(struct view v)
{
	struct from_scan scan = {0};

	for (size_t i = 0; i < v.len && !scan.refused; i++) {
		if (v.ptr[i] == '\\' && (scan.quoted || scan.comments > 0)) {
			i++;
		} else if (scan.quoted) {
			scan.quoted = v.ptr[i] != '"';
		} else if (scan.comments > 0) {
			scan.comments += (size_t)(v.ptr[i] == '(') - (size_t)(v.ptr[i] == ')');
		} else {
			from_step(&scan, v, i);
		}
	}
	scan.refused |= scan.quoted || scan.comments > 0 || scan.angles > 1 || (scan.angles == 1 && scan.end == 0);
	return scan;
}

/* An address of plain words: what would need quotes is nobody's that we could know for sure. */
static bool is_address(struct view v, struct view *domain_out)
{
	ptrdiff_t at = view_find_char(v, '@');

	if (at < 1 || (size_t)at + 1 == v.len)
		return false;
	for (size_t i = 0; i < v.len; i++)
		if (i != (size_t)at && !is_text((unsigned char)v.ptr[i]))
			return false;
	*domain_out = view_sub(v, (size_t)at + 1, SIZE_MAX);
	return true;
}

/* The domain of the only mailbox in a From field; false where several may be meant, or readers may differ. */
static bool read_from(struct arena *arena, struct view value, struct view *domain_out)
{
	struct view v = header_unfold(arena, value), name, address, plain;
	struct from_scan scan = scan_from(v);

	if (scan.refused)
		return false;
	if (scan.angles > 0)
		plain = view_sub(v, scan.angle, scan.end - scan.angle);
	else if (scan.comment > 0 && !scan.behind)
		plain = view_trim(view_sub(v, 0, scan.comment));
	else
		plain = v;
	address_read(arena, value, &name, &address);
	return view_equal(plain, address) && is_address(plain, domain_out);
}

/* A domain as it is compared: lower case, A-labels. Empty: it is none. */
static struct view domain_key(struct arena *arena, struct view domain)
{
	char *out;

	while (domain.len > 0 && domain.ptr[domain.len - 1] == '.')
		domain.len--;
	for (size_t i = 0; i < domain.len; i++)
		if ((unsigned char)domain.ptr[i] >= 0x80)
			return unicode_ascii_domain(arena, domain);
	out = arena_copy(arena, domain.ptr, domain.len);
	for (size_t i = 0; i < domain.len; i++)
		if (out[i] >= 'A' && out[i] <= 'Z')
			out[i] = (char)(out[i] - 'A' + 'a');
	return (struct view){out, domain.len};
}

struct view mail_address_key(struct arena *arena, struct view address)
{
	ptrdiff_t at = view_find_char(address, '@');
	struct view domain;

	if (at < 1)
		return address;
	domain = domain_key(arena, view_sub(address, (size_t)at + 1, SIZE_MAX));
	return domain.len == 0 ? address
			       : view_of(arena_printf(arena, "%.*s@%.*s", (int)at, address.ptr, VIEW_ARGS(domain)));
}

/* ---- the words of a field ---- */

struct field_words {
	struct view rest;
	bool broken; /* a comment or quote that does not end, a word that is too long */
};

/* Behind a "(": moves behind the ")" that closes it. */
static void skip_comment(struct field_words *words)
{
	size_t depth = 1, i = 1;

	for (; i < words->rest.len && depth > 0; i++) {
		char c = words->rest.ptr[i];

		if (c == '\\')
			i++;
		else
			depth += (size_t)(c == '(') - (size_t)(c == ')');
	}
	words->broken |= depth > 0;
	words->rest = view_sub(words->rest, i, SIZE_MAX);
}

static void skip_blanks(struct field_words *words)
{
	while (words->rest.len > 0 && !words->broken) {
		if (words->rest.ptr[0] == '(')
			skip_comment(words);
		else if (words->rest.ptr[0] == ' ' || words->rest.ptr[0] == '\t')
			words->rest = view_sub(words->rest, 1, SIZE_MAX);
		else
			return;
	}
}

/* From a quote on, its end included. */
static size_t quoted_length(struct field_words *words, size_t at)
{
	size_t i = at + 1;

	while (i < words->rest.len && words->rest.ptr[i] != '"')
		i += words->rest.ptr[i] == '\\' ? 2 : 1;
	words->broken |= i >= words->rest.len;
	return i + 1 - at;
}

/* ";" and "=" are words of their own; a quoted piece belongs to the word that it touches, quotes included. */
static bool next_word(struct field_words *words, struct view *out)
{
	size_t len = 0;

	skip_blanks(words);
	if (words->broken || words->rest.len == 0)
		return false;
	if (words->rest.ptr[0] == ';' || words->rest.ptr[0] == '=')
		len = 1;
	else
		while (len < words->rest.len && !strchr(" \t;=(", words->rest.ptr[len]) && !words->broken)
			len += words->rest.ptr[len] == '"' ? quoted_length(words, len) : 1;
	*out = view_sub(words->rest, 0, len);
	words->rest = view_sub(words->rest, len, SIZE_MAX);
	words->broken |= len > WORD_MAX;
	return !words->broken;
}

/* ---- the results of a field ---- */

struct property {
	struct view name, value;
};

struct finding {
	struct view method, value; /* "dkim", "pass" */
	struct property properties[PROPERTIES_MAX];
	size_t count;
};

struct findings {
	struct finding list[RESULTS_MAX];
	size_t count;
	bool failed; /* by DMARC, in a field that is no good for more */
};

/* Up to the next ";": "dkim=pass (good) header.d=example.org". The method is empty where there is none. */
static void read_finding(struct field_words *words, struct finding *out)
{
	struct view name = VIEW_NULL, word = VIEW_NULL, value;
	ptrdiff_t version;

	*out = (struct finding){0};
	while (next_word(words, &word) && !view_equal(word, VIEW(";"))) {
		if (!view_equal(word, VIEW("="))) {
			name = word;
			continue;
		}
		if (!next_word(words, &value) || view_equal(value, VIEW(";"))) {
			words->broken = true;
			return;
		}
		version = view_find_char(name, '/');
		if (out->method.len == 0) {
			out->method = version > 0 ? view_sub(name, 0, (size_t)version) : name;
			out->value = value;
		} else if (out->count < PROPERTIES_MAX) {
			out->properties[out->count++] = (struct property){name, value};
		}
	}
}

static struct view property(const struct finding *finding, const char *name)
{
	for (size_t i = 0; i < finding->count; i++)
		if (view_equal_nocase(finding->properties[i].name, view_of(name)))
			return finding->properties[i].value;
	return VIEW_NULL;
}

static bool is_listed(const struct view *list, size_t count, struct view name)
{
	for (size_t i = 0; i < count; i++)
		if (view_equal_nocase(list[i], name))
			return true;
	return false;
}

/* Takes the server's name, and the version behind it, off. Is it one that is believed? */
static bool take_server(const struct mail_trust *trust, struct field_words *words)
{
	struct field_words look = *words;
	struct view name, next = VIEW_NULL;

	if (!next_word(&look, &name))
		return false;
	if (next_word(&look, &next) && view_equal(next, VIEW("=")))
		return is_listed(trust->servers, trust->server_count, VIEW("-")); /* a result already: it has no name */
	if (next.len > 0 && !view_equal(next, VIEW(";")))
		(void)next_word(&look, &next); /* a version */
	*words = look;
	return is_listed(trust->servers, trust->server_count, name);
}

/*
 * Is the field one of a server that is believed? Then adds what it found: all, or nothing of a field that cannot be
 * read to its end, for the rest may mean something else than it seems. But that DMARC failed counts there, too: a
 * sender can break the field, by a parenthesis in the envelope's address that the server puts into a comment.
 */
static bool read_results(const struct mail_trust *trust, struct view value, struct findings *out)
{
	struct field_words words = {.rest = value};
	size_t before = out->count;

	if (!take_server(trust, &words))
		return false;
	for (skip_blanks(&words); words.rest.len > 0 && !words.broken; skip_blanks(&words)) {
		if (out->count == RESULTS_MAX) {
			words.broken = true;
			break;
		}
		read_finding(&words, &out->list[out->count]);
		out->count += out->list[out->count].method.len > 0;
	}
	if (words.broken) {
		out->count = before;
		out->failed |= view_find_nocase(value, VIEW("dmarc=fail")) >= 0;
	}
	return true;
}

/* ---- where a field stands ---- */

/* The host that took the mail in: "from x by HOST with ...". */
static struct view received_by(struct view value)
{
	struct field_words words = {.rest = value};
	struct view word, host = VIEW_NULL;

	while (next_word(&words, &word)) {
		if (view_equal_nocase(word, VIEW("from"))) {
			if (!next_word(&words, &word)) /* whatever the other side calls itself */
				break;
		} else if (view_equal_nocase(word, VIEW("by"))) {
			(void)next_word(&words, &host);
			break;
		}
	}
	return host;
}

/* "mx.example.org", "*.example.org" or "2002:a05:*". */
static bool fits(struct view pattern, struct view host)
{
	struct view rest;

	if (view_starts(pattern, VIEW("*."))) {
		rest = view_sub(pattern, 1, SIZE_MAX);
		return host.len > rest.len && view_equal_nocase(view_sub(host, host.len - rest.len, SIZE_MAX), rest);
	}
	if (view_ends(pattern, VIEW("*")))
		return view_starts_nocase(host, view_sub(pattern, 0, pattern.len - 1));
	return view_equal_nocase(pattern, host);
}

static bool is_border(const struct mail_trust *trust, struct view host)
{
	for (size_t i = 0; i < trust->border_count && host.len > 0; i++)
		if (fits(trust->border[i], host))
			return true;
	return false;
}

struct walk {
	struct findings found;
	bool heard;	/* a field of a server that is believed was seen */
	size_t senders; /* From fields */
	struct view from;
};

static void walk_fields(struct arena *arena, const struct mail_trust *trust, struct view raw, struct walk *walk)
{
	struct view rest = view_sub(raw, header_skip(raw), PARSE_HEADER_MAX);
	struct header_field field;
	bool ours = true, first = true; /* written by our own servers; above the first Received field */
	size_t at = 0;

	while (header_next(rest, &at, &field) == 1) {
		if (view_equal_nocase(field.name, VIEW("From")) && walk->senders++ == 0) {
			walk->from = field.value;
		} else if (!ours || (walk->heard && !first)) {
			continue;
		} else if (view_equal_nocase(field.name, VIEW("Received"))) {
			first = false;
			ours = is_border(trust, received_by(header_unfold(arena, field.value)));
		} else if (view_equal_nocase(field.name, VIEW("Authentication-Results"))) {
			walk->heard |= read_results(trust, header_unfold(arena, field.value), &walk->found);
		}
	}
}

/* ---- what they say of the sender ---- */

/* May who speaks for `domain` speak for the sender's too? For the very domain, and for what lies under it. */
static bool is_aligned(struct arena *arena, struct view domain, struct view sender)
{
	ptrdiff_t at = view_find_char(domain, '@');
	struct view key = domain_key(arena, view_sub(domain, (size_t)(at + 1), SIZE_MAX));

	if (view_find_char(key, '.') < 1)
		return false;
	return view_equal(key, sender) ||
	       (sender.len > key.len && view_ends(sender, key) && sender.ptr[sender.len - key.len - 1] == '.');
}

static bool is_same_domain(struct arena *arena, struct view value, struct view sender)
{
	ptrdiff_t at = view_find_char(value, '@');

	return view_equal(domain_key(arena, view_sub(value, (size_t)(at + 1), SIZE_MAX)), sender);
}

/* Whatever From names, and however it is written. */
static bool dmarc_failed(const struct findings *found)
{
	for (size_t i = 0; i < found->count; i++)
		if (view_equal_nocase(found->list[i].method, VIEW("dmarc")) &&
			view_equal_nocase(found->list[i].value, VIEW("fail")))
			return true;
	return found->failed;
}

/* Results of DMARC that say nothing of the mail are none. Several that differ: somebody else wrote one of them. */
static enum authentication by_dmarc(struct arena *arena, const struct findings *found, struct view sender)
{
	size_t passed = 0, said = 0;

	for (size_t i = 0; i < found->count; i++) {
		const struct finding *finding = &found->list[i];

		if (!view_equal_nocase(finding->method, VIEW("dmarc")))
			continue;
		said++;
		passed += view_equal_nocase(finding->value, VIEW("pass")) &&
			  is_same_domain(arena, property(finding, "header.from"), sender);
	}
	return said > 0 && passed == said ? AUTHENTICATION_PASS : AUTHENTICATION_NONE;
}

/* The domain that a signature, or the envelope's sender, stands for. */
static struct view speaks_for(const struct finding *finding)
{
	struct view domain;

	if (view_equal_nocase(finding->method, VIEW("dkim"))) {
		domain = property(finding, "header.d");
		return domain.len > 0 ? domain : property(finding, "header.i");
	}
	return view_equal_nocase(finding->method, VIEW("spf")) ? property(finding, "smtp.mailfrom") : VIEW_NULL;
}

static enum authentication by_others(struct arena *arena, const struct findings *found, struct view sender)
{
	bool dkim_failed = false, spf_failed = false;

	for (size_t i = 0; i < found->count; i++) {
		const struct finding *finding = &found->list[i];
		bool fails = view_equal_nocase(finding->value, VIEW("fail"));

		if (!is_aligned(arena, speaks_for(finding), sender))
			continue;
		if (view_equal_nocase(finding->value, VIEW("pass")))
			return AUTHENTICATION_PASS;
		dkim_failed |= fails && view_equal_nocase(finding->method, VIEW("dkim"));
		spf_failed |= fails && view_equal_nocase(finding->method, VIEW("spf"));
	}
	return dkim_failed && spf_failed ? AUTHENTICATION_FAIL : AUTHENTICATION_NONE;
}

static bool says_dmarc(const struct findings *found)
{
	for (size_t i = 0; i < found->count; i++)
		if (view_equal_nocase(found->list[i].method, VIEW("dmarc")) &&
			!view_equal_nocase(found->list[i].value, VIEW("none")))
			return true;
	return false;
}

enum authentication mail_authentication(struct arena *arena, struct view raw, const struct mail_trust *trust)
{
	struct walk *walk;
	struct view domain = VIEW_NULL, sender;
	enum authentication said;

	if (!trust || trust->server_count == 0)
		return AUTHENTICATION_NONE;
	walk = ARENA_NEW(arena, struct walk);
	walk_fields(arena, trust, raw, walk);
	if (dmarc_failed(&walk->found))
		return AUTHENTICATION_FAIL;
	if (walk->senders != 1 || !read_from(arena, walk->from, &domain))
		return AUTHENTICATION_NONE;
	sender = domain_key(arena, domain);
	if (sender.len == 0)
		return AUTHENTICATION_NONE;
	said = by_dmarc(arena, &walk->found, sender);
	return said != AUTHENTICATION_NONE || says_dmarc(&walk->found) ? said : by_others(arena, &walk->found, sender);
}

const char *authentication_name(enum authentication authentication)
{
	static const char *const names[] = {
		[AUTHENTICATION_NONE] = "none",
		[AUTHENTICATION_PASS] = "pass",
		[AUTHENTICATION_FAIL] = "fail",
	};

	return names[authentication];
}
