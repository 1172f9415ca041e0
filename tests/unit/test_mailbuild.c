/*
 * Unit tests of delivery/mailbuild and delivery/mail_encode: what is built is clean, and our own reader of mail finds
 * in it what was put in. The shape of every mail is checked byte by byte: line ends, lengths, no header but ours.
 */
#include "tests/unit/unit.h"

#include "delivery/delivery.h"
#include "delivery/mail_encode.h"
#include "delivery/mail_header.h"
#include "parsers/mail.h"

#define V(literal)                                                                                                     \
	{                                                                                                              \
		"" literal, sizeof(literal) - 1                                                                        \
	}

static struct arena *arena;

static int before(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	arena = arena_new();
	return parsers_open(&err);
}

static int after(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static struct outgoing plain_mail(void)
{
	return (struct outgoing){
		.kind = "digest",
		.header_id = "<digest-4-1.2dbb7a55325671eb@example.org>",
		.date = 1795287984000000,
		.from_name = VIEW("Fieldpost"),
		.from_address = VIEW("fieldpost@example.org"),
		.to_address = VIEW("clara@example.org"),
		.subject = VIEW("A subject"),
		.text = VIEW("Words.\n"),
	};
}

/* Every line ends by CRLF and is short, nothing but ASCII stands in it, and only our headers are there, each once. */
static void check_shape(const char *name, struct view mail)
{
	static const char *const known[] = {"From", "To", "Subject", "Date", "Message-ID", "MIME-Version",
		"Content-Language", "Auto-Submitted", "X-Auto-Response-Suppress", "X-Fieldpost-Loop",
		"List-Unsubscribe", "List-Unsubscribe-Post", "Reply-To", "In-Reply-To", "References", "Precedence",
		"Content-Type", "Content-Transfer-Encoding"};
	int seen[COUNT(known)] = {0};
	size_t length = 0, body = (size_t)view_find(mail, VIEW("\r\n\r\n"));
	struct view header = view_sub(mail, 0, body + 2), line;

	for (size_t i = 0; i < mail.len; i++) {
		unsigned char c = (unsigned char)mail.ptr[i];

		if (c >= 0x7f || (c < ' ' && c != '\r' && c != '\n' && c != '\t'))
			fail_msg("%s: byte %02x at %zu", name, c, i);
		if ((c == '\n') != (i > 0 && mail.ptr[i - 1] == '\r'))
			fail_msg("%s: a line end that is no CRLF at %zu", name, i);
		length = c == '\n' ? 0 : length + 1;
		if (length > ENCODED_LINE_MAX + 1)
			fail_msg("%s: a line longer than %d at %zu", name, ENCODED_LINE_MAX, i);
	}
	while (view_next_line(&header, &line)) {
		size_t k = 0;

		if (line.len > 0 && line.ptr[0] == ' ') {
			assert_true(view_trim(line).len > 0);
			continue;
		}
		while (k < COUNT(known) &&
			!view_equal(view_sub(line, 0, (size_t)view_find_char(line, ':')), view_of(known[k])))
			k++;
		if (k == COUNT(known) || seen[k]++)
			fail_msg("%s: header \"%.*s\"", name, VIEW_ARGS(line));
	}
}

static struct view build(const char *name, const struct outgoing *mail)
{
	TEXT_SCOPED out = {0};
	struct error err = ERROR_INIT;

	text_init(&out, MAIL_BYTES_MAX);
	if (delivery_mail(mail, &out, &err))
		fail_msg("%s: %s", name, err.text);
	check_shape(name, text_view(&out));
	return (struct view){arena_copy(arena, out.ptr, out.len), out.len};
}

/* ---- headers ---- */

static void test_subjects(void **state)
{
	static const struct {
		const char *name;
		struct view subject, expected;
	} cases[] = {
		{"plain", V("Fieldpost digest"), V("Fieldpost digest")},
		{"empty", V(""), V("")},
		{"a header in it", V("Digest\r\nBcc: thief@example.net\r\n\r\nbody"),
			V("Digest Bcc: thief@example.net body")},
		{"lone carriage return and NUL",
			V("a\rb\0c\x7f"
			  "d"),
			V("a b c d")},
		{"bidi controls",
			V("a\xe2\x80\xae"
			  "b\xe2\x81\xa6"
			  "c"),
			V("abc")},
		{"line separator",
			V("a\xe2\x80\xa8"
			  "b"),
			V("a b")},
		{"dash and dots",
			V("Fieldpost digest, 9\xe2\x80\x93"
			  "15 Nov 2026: replies 27, silent countries 2, urgent 2"),
			V("Fieldpost digest, 9\xe2\x80\x93"
			  "15 Nov 2026: replies 27, silent countries 2, urgent 2")},
		{"Arabic", V("ملخص فيلدبوست، من 9 إلى 15 نوفمبر 2026: الردود 27، البلدان الصامتة 2، العاجل 2"),
			V("ملخص فيلدبوست، من 9 إلى 15 نوفمبر 2026: الردود 27، البلدان الصامتة 2، العاجل 2")},
		{"Nepali", V("फिल्डपोस्ट सङ्ग्रह, २०२६ नोभेम्बर ९–१५"), V("फिल्डपोस्ट सङ्ग्रह, २०२६ नोभेम्बर ९–१५")},
		{"like an encoded word", V("=?utf-8?q?hidden?="), V("=?utf-8?q?hidden?=")},
		{"bytes that are no text",
			V("a\xff\xfe"
			  "b"),
			V("a\xef\xbf\xbd\xef\xbf\xbd"
			  "b")},
		{"one long word",
			V("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhhhhhhhhiiiiiiiiii"),
			V("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhhhhhhhhiiiiiiiii"
			  "i")},
		{"many words",
			V("one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"),
			V("one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen")},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		UNIT_SCOPED char *block = unit_heap(cases[i].subject);
		struct outgoing outgoing = plain_mail();
		struct mail mail;

		outgoing.subject = (struct view){block, cases[i].subject.len};
		mail_read(arena, build(cases[i].name, &outgoing), &mail);
		unit_same(cases[i].name, mail.envelope.subject, cases[i].expected);
	}
}

static void test_names(void **state)
{
	static const struct {
		const char *name;
		struct view display, expected;
	} cases[] = {
		{"one word", V("Fieldpost"), V("Fieldpost")},
		{"none", V(""), V("")},
		{"quotes and a comma", V("Meyer, \"Clara\" \\"), V("Meyer, \"Clara\" \\")},
		{"an address in it", V("Clara <thief@example.net>"), V("Clara <thief@example.net>")},
		{"a line end", V("Clara\r\nBcc: thief@example.net"), V("Clara Bcc: thief@example.net")},
		{"accents", V("Équipe de la réforme"), V("Équipe de la réforme")},
		{"Arabic", V("فيلدبوست"), V("فيلدبوست")},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct outgoing outgoing = plain_mail();
		struct mail mail;

		outgoing.from_name = cases[i].display;
		mail_read(arena, build(cases[i].name, &outgoing), &mail);
		unit_same(cases[i].name, mail.envelope.from_name, cases[i].expected);
		unit_same(cases[i].name, mail.envelope.from_address, VIEW("fieldpost@example.org"));
	}
}

static void test_addresses(void **state)
{
	static const struct {
		struct view address;
		const char *expected; /* NULL: refused */
	} cases[] = {
		{V("clara@example.org"), "clara@example.org"},
		{V(" clara+x@example.org "), "clara+x@example.org"},
		{V("o'brien@example.org"), "o'brien@example.org"},
		{V("clara@b\xc3\xbc"
		   "cher.example"),
			"clara@xn--bcher-kva.example"},
		{V("clara"), NULL},
		{V(""), NULL},
		{V("@example.org"), NULL},
		{V("clara@"), NULL},
		{V("a@b@example.org"), NULL},
		{V("cla ra@example.org"), NULL},
		{V("clara@example.org\r\nRCPT TO:<x@example.net>"), NULL},
		{V("clara\0@example.org"), NULL},
		{V("clara@exa\0mple.org"), NULL},
		{V("<clara@example.org>"), NULL},
		{V("\"clara\"@example.org"), NULL},
		{V("clara..x@example.org"), NULL},
		{V(".clara@example.org"), NULL},
		{V("clara@example..org"), NULL},
		{V("cl\xc3\xa4ra@example.org"), NULL},
		{V("a234567890123456789012345678901234567890123456789012345678901234@example.org"),
			"a234567890123456789012345678901234567890123456789012345678901234@example.org"},
		{V("a2345678901234567890123456789012345678901234567890123456789012345@example.org"), NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		UNIT_SCOPED char *block = unit_heap(cases[i].address);
		struct view address = {block, cases[i].address.len}, out = VIEW_NULL;
		struct error err = ERROR_INIT;
		int result = mail_address(arena, address, &out, &err);

		unit_same_number(cases[i].address.ptr, result, cases[i].expected ? 0 : -1);
		if (cases[i].expected)
			unit_same(cases[i].address.ptr, out, view_of(cases[i].expected));
		else
			assert_int_equal(err.reach, REACH_MESSAGE);
	}
}

static void test_fixed_headers(void **state)
{
	struct outgoing outgoing = plain_mail();
	struct mail mail;

	(void)state;
	outgoing.language = (struct view)VIEW("en");
	outgoing.unsubscribe = (struct view)VIEW("unsubscribe & more");
	mail_read(arena, build("fixed", &outgoing), &mail);
	unit_same("date", mail_header(&mail, "Date"), VIEW("Sat, 21 Nov 2026 19:06:24 +0000"));
	unit_same("id", mail_header(&mail, "Message-ID"), VIEW("<digest-4-1.2dbb7a55325671eb@example.org>"));
	unit_same("loop", mail_header(&mail, "X-Fieldpost-Loop"), VIEW("digest"));
	unit_same("automatic", mail_header(&mail, "Auto-Submitted"), VIEW("auto-generated"));
	unit_same("suppress", mail_header(&mail, "X-Auto-Response-Suppress"), VIEW("All"));
	unit_same("language", mail_header(&mail, "Content-Language"), VIEW("en"));
	unit_same("unsubscribe", mail_header(&mail, "List-Unsubscribe"),
		VIEW("<mailto:fieldpost@example.org?subject=unsubscribe%20%26%20more>"));
	assert_true(mail.envelope.automatic);
}

/* What a header's name and value are, unfolded; empty: it is not there. */
static struct view header_of(const char *name, const struct outgoing *outgoing, const char *header)
{
	struct mail mail;
	struct view value;

	mail_read(arena, build(name, outgoing), &mail);
	value = mail_header(&mail, header);
	return value.ptr ? value : VIEW("");
}

static void test_threads(void **state)
{
	static const struct {
		const char *name;
		struct view in_reply_to, references, parent, all;
	} cases[] = {
		{"none", V(""), V(""), V(""), V("")},
		{"a parent alone", V("<a@x>"), V(""), V("<a@x>"), V("<a@x>")},
		{"forebears", V("<c@x>"), V("<a@x> <b@x>"), V("<c@x>"), V("<a@x> <b@x> <c@x>")},
		{"the parent among them", V("<b@x>"), V("<a@x> <b@x> <c@x>"), V("<b@x>"), V("<a@x> <c@x> <b@x>")},
		{"twice the same", V("<c@x>"), V("<a@x> <a@x>"), V("<c@x>"), V("<a@x> <c@x>")},
		{"no parent", V(""), V("<a@x>\r\n\t<b@x>"), V(""), V("<a@x> <b@x>")},
		{"words around", V("Your mail of today <c@x> (was: x)"), V("a <a@x>,<b@x>;"), V("<c@x>"),
			V("<a@x> <b@x> <c@x>")},
		{"two parents", V("<c@x> <d@x>"), V(""), V("<c@x>"), V("<c@x>")},
		{"a header in it", V("<c@x\r\nBcc: thief@example.net>"), V("<a\r\nBcc: t@x>\r\nBcc: u@x <b@x>"), V(""),
			V("<b@x>")},
		{"no end", V("<c@x"), V("<a@x> <b@x"), V(""), V("<a@x>")},
		{"bracket in bracket", V("<<c@x>>"), V(""), V("<c@x>"), V("<c@x>")},
		{"no domain, no name", V("<c@>"), V("<@x> <> <@> <ab>"), V(""), V("")},
		{"not ASCII", V("<\xc3\xa9@x>"), V("<a\x7f@x> <a\0b@x>"), V(""), V("")},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		UNIT_SCOPED char *parent = unit_heap(cases[i].in_reply_to), *forebears = unit_heap(cases[i].references);
		struct outgoing outgoing = plain_mail();

		outgoing.in_reply_to = (struct view){parent, cases[i].in_reply_to.len};
		outgoing.references = (struct view){forebears, cases[i].references.len};
		unit_same(cases[i].name, header_of(cases[i].name, &outgoing, "In-Reply-To"), cases[i].parent);
		unit_same(cases[i].name, header_of(cases[i].name, &outgoing, "References"), cases[i].all);
	}
}

/* Of a long thread the first stays, and the last ones. */
static void test_long_threads(void **state)
{
	struct outgoing outgoing = plain_mail();
	TEXT_SCOPED references = {0}, expected = {0};

	(void)state;
	text_init(&references, 10000);
	text_init(&expected, 10000);
	for (int i = 1; i <= 2 * MAIL_REFERENCES_MAX; i++) {
		text_add_format(&references, " <%d@x>", i);
		if (i == 1 || i > MAIL_REFERENCES_MAX + 2)
			text_add_format(&expected, "<%d@x> ", i);
	}
	text_add_string(&expected, "<parent@x>");
	outgoing.in_reply_to = (struct view)VIEW("<parent@x>");
	outgoing.references = text_view(&references);
	unit_same("long", header_of("long", &outgoing, "References"), text_view(&expected));
}

static void test_automatic(void **state)
{
	struct outgoing outgoing = plain_mail();

	(void)state;
	unit_same("bulk", header_of("plain", &outgoing, "Precedence"), VIEW(""));
	outgoing.replies = outgoing.bulk = true;
	unit_same("automatic", header_of("reply", &outgoing, "Auto-Submitted"), VIEW("auto-replied"));
	unit_same("bulk", header_of("reply", &outgoing, "Precedence"), VIEW("bulk"));
}

static void test_reply_to(void **state)
{
	struct outgoing outgoing = plain_mail();
	struct error err = ERROR_INIT;
	TEXT_SCOPED out = {0};

	(void)state;
	outgoing.reply_to = (struct view)VIEW("field+fp-abc@example.org");
	outgoing.unsubscribe = (struct view)VIEW("stop");
	unit_same("reply", header_of("reply", &outgoing, "Reply-To"), VIEW("Fieldpost <field+fp-abc@example.org>"));
	unit_same("stop", header_of("reply", &outgoing, "List-Unsubscribe"), VIEW("<mailto:field+fp-abc@example.org?subject=stop>"));
	outgoing.reply_to = (struct view)VIEW("field@example.org\r\nBcc: thief@example.net");
	text_init(&out, MAIL_BYTES_MAX);
	assert_int_equal(delivery_mail(&outgoing, &out, &err), -1);
	assert_int_equal(err.reach, REACH_MESSAGE);
}

static void test_one_click(void **state)
{
	static const struct view bad[] = {V("http://example.org/u/1"), V("https://"), V("javascript:alert(1)"),
		V("https://example.org/>\r\nBcc: thief@example.net"), V("https://example.org/u/1, <mailto:x@y>"),
		V("https://example.org/\xc3\xa9"), V("https://example.org/a b")};
	struct outgoing outgoing = plain_mail();
	TEXT_SCOPED out = {0};

	(void)state;
	unit_same("none", header_of("none", &outgoing, "List-Unsubscribe-Post"), VIEW(""));
	outgoing.unsubscribe_url = (struct view)VIEW("https://example.org/u/token");
	unit_same("alone", header_of("alone", &outgoing, "List-Unsubscribe"), VIEW("<https://example.org/u/token>"));
	outgoing.unsubscribe = (struct view)VIEW("stop");
	unit_same("both", header_of("both", &outgoing, "List-Unsubscribe"),
		VIEW("<https://example.org/u/token>, <mailto:fieldpost@example.org?subject=stop>"));
	unit_same("post", header_of("both", &outgoing, "List-Unsubscribe-Post"), VIEW("List-Unsubscribe=One-Click"));
	text_init(&out, MAIL_BYTES_MAX);
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct error err = ERROR_INIT;

		outgoing.unsubscribe_url = bad[i];
		assert_int_equal(delivery_mail(&outgoing, &out, &err), -1);
		assert_int_equal(err.reach, REACH_MESSAGE);
	}
}

static void test_message_ids(void **state)
{
	static const char *const bad[] = {"", "<>", "x@y", "<x@y", "<xy>", "<x y@z>", "<x\r\n@y>", "<\xc3\xa9@y>"};
	TEXT_SCOPED out = {0};

	(void)state;
	text_init(&out, MAIL_BYTES_MAX);
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct outgoing outgoing = plain_mail();
		struct error err = ERROR_INIT;

		outgoing.header_id = bad[i];
		assert_int_equal(delivery_mail(&outgoing, &out, &err), -1);
		assert_int_equal(err.reach, REACH_MESSAGE);
	}
}

/* ---- bodies ---- */

static void test_bodies(void **state)
{
	static const struct {
		const char *name;
		struct view text;
		const char *encoding;
	} cases[] = {
		{"one line", V("Words.\n"), "quoted-printable"},
		{"a dot alone", V("before\n.\n..\nafter\n"), "quoted-printable"},
		{"From at a line's start", V("From here on\n"), "quoted-printable"},
		{"equal signs", V("a = b =\n==\n"), "quoted-printable"},
		{"two dashes", V("--\n-- \nx\n"), "quoted-printable"},
		{"a boundary", V("--=_fieldpost_a7eadfd0474e355fe240c5b8\nx\n"), "quoted-printable"},
		{"accents",
			V("Financez d\xe2\x80\x99"
			  "abord le registre et une moto par tribunal, \xc3\xa0 bon march\xc3\xa9.\n"),
			"quoted-printable"},
		{"Arabic", V("وُضعت لجنة الشكاوى في مبنى الشرطة نفسه، فلم يأتِ أحد.\n"), "base64"},
		{"Nepali", V("गर्‍यो र भयो, तालिम राम्रो थियो।\n"),
			"base64"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		UNIT_SCOPED char *block = unit_heap(cases[i].text);
		struct outgoing outgoing = plain_mail();
		struct view raw;
		struct mail mail;

		outgoing.text = (struct view){block, cases[i].text.len};
		raw = build(cases[i].name, &outgoing);
		mail_read(arena, raw, &mail);
		assert_int_equal(mail.part_count, 1);
		unit_same(cases[i].name, view_trim_end(mail.parts[0].text), view_trim_end(cases[i].text));
		unit_same(cases[i].name, mail_header(&mail, "Content-Transfer-Encoding"), view_of(cases[i].encoding));
	}
}

/* Lines of every length near the limit, with a byte to escape at every place of the last columns. */
static void test_long_lines(void **state)
{
	(void)state;
	for (size_t length = 60; length < 240; length++) {
		char *line = arena_alloc(arena, length + 2);
		struct outgoing outgoing = plain_mail();
		struct mail mail;

		memset(line, 'x', length);
		line[length - 1] = '=';
		line[length / 2] = length % 3 == 0 ? ' ' : '=';
		line[length] = '\n';
		outgoing.text = (struct view){line, length + 1};
		mail_read(arena, build("long", &outgoing), &mail);
		unit_same("long",
			mail.parts[0].text.ptr[mail.parts[0].text.len - 1] == '\n'
				? view_sub(mail.parts[0].text, 0, mail.parts[0].text.len - 1)
				: mail.parts[0].text,
			(struct view){line, length});
	}
}

static void test_two_parts(void **state)
{
	struct outgoing outgoing = plain_mail();
	struct view first;
	struct mail mail;

	(void)state;
	outgoing.html = (struct view)VIEW("<p>Words in HTML, with <b>caf\xc3\xa9</b>.</p>\n");
	first = build("two parts", &outgoing);
	unit_same("again", build("two parts", &outgoing), first);
	mail_read(arena, first, &mail);
	assert_int_equal(mail.part_count, 2);
	assert_int_equal(mail.parts[0].kind, PART_PLAIN);
	assert_int_equal(mail.parts[1].kind, PART_HTML);
	assert_true(mail.parts[0].alternative > 0 && mail.parts[0].alternative == mail.parts[1].alternative);
	unit_same("html", view_trim(mail.parts[1].text), VIEW("Words in HTML, with caf\xc3\xa9."));
}

/* A file beside the words: whatever its name and its bytes. */
static void test_files(void **state)
{
	static const struct {
		struct view name, expected;
	} cases[] = {
		{V("fieldpost-2026-W46.xlsx"), V("fieldpost-2026-W46.xlsx")},
		{V("a \"b\"; c.xlsx"), V("a _b_; c.xlsx")},
		{V("../../etc/passwd"), V("_.._etc_passwd")},
		{V("x\r\nBcc: thief@example.net"), V("x Bcc thief@example.net")},
		{V("ملخص ٤٦.xlsx"), V("ملخص ٤٦.xlsx")},
	};
	char bytes[1000];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7);
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t len = 55; len < 60; len++) {
			struct outgoing_file file = {cases[i].name, VIEW("application/octet-stream"), {bytes, len}};
			struct outgoing outgoing = plain_mail();
			struct mail mail;

			outgoing.html = (struct view)VIEW("<p>Words.</p>");
			outgoing.files = &file;
			outgoing.file_count = 1;
			mail_read(arena, build("file", &outgoing), &mail);
			assert_int_equal(mail.part_count, 2);
			assert_int_equal(mail.attachment_count, 1);
			assert_int_equal(mail.attachments[0].size, len);
			unit_same("name", mail.attachments[0].name, cases[i].expected);
		}
}

/* A mail is given up for what is wrong with itself alone: a sender that cannot be is the config's fault. */
static void test_sender(void **state)
{
	struct outgoing outgoing = plain_mail();
	struct error err = ERROR_INIT;
	TEXT_SCOPED out = {0};

	(void)state;
	text_init(&out, MAIL_BYTES_MAX);
	outgoing.from_address = (struct view)VIEW("field..post@example.org");
	assert_int_equal(delivery_mail(&outgoing, &out, &err), -1);
	assert_int_equal(err.reach, REACH_STOP);
}

static void test_too_large(void **state)
{
	struct outgoing outgoing = plain_mail();
	struct error err = ERROR_INIT;
	TEXT_SCOPED out = {0};

	(void)state;
	text_init(&out, 300);
	assert_int_equal(delivery_mail(&outgoing, &out, &err), -1);
	assert_int_equal(err.reach, REACH_MESSAGE);
}

static void test_body_of_outbox(void **state)
{
	struct config config = {.smtp = {.from_name = "Fieldpost", .from_address = "fieldpost@example.org"}};
	struct view good =
		VIEW("{\"subject\": \"S\", \"text\": \"T\\n\", \"html\": \"<p>H</p>\", \"language\": \"en\", "
		     "\"in_reply_to\": \"<b@x>\", \"references\": \"<a@x>\", \"auto\": \"auto-replied\", "
		     "\"reply_to\": \"r@example.org\", \"unsubscribe_url\": \"https://example.org/u\", \"bulk\": true}");
	static const struct view bad[] = {V(""), V("[]"), V("{"), V("\"x\""), V("{\"files\": [{\"base64\": \"*\"}]}"),
		V("{\"auto\": \"no\"}")};
	struct outgoing outgoing = plain_mail();
	struct error err = ERROR_INIT;
	struct mail mail;
	TEXT_SCOPED out = {0};

	(void)state;
	text_init(&out, MAIL_BYTES_MAX);
	assert_int_equal(delivery_mail_of_body(&config, good, &outgoing, &out, &err), 0);
	check_shape("outbox", text_view(&out));
	mail_read(arena, text_view(&out), &mail);
	unit_same("subject", mail.envelope.subject, VIEW("S"));
	unit_same("references", mail_header(&mail, "References"), VIEW("<a@x> <b@x>"));
	unit_same("in reply to", mail_header(&mail, "In-Reply-To"), VIEW("<b@x>"));
	unit_same("automatic", mail_header(&mail, "Auto-Submitted"), VIEW("auto-replied"));
	unit_same("reply to", mail_header(&mail, "Reply-To"), VIEW("Fieldpost <r@example.org>"));
	unit_same("stop", mail_header(&mail, "List-Unsubscribe"), VIEW("<https://example.org/u>"));
	unit_same("bulk", mail_header(&mail, "Precedence"), VIEW("bulk"));
	assert_int_equal(mail.part_count, 2);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(delivery_mail_of_body(&config, bad[i], &outgoing, &out, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_subjects),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_fixed_headers),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_long_threads),
		cmocka_unit_test(test_automatic),
		cmocka_unit_test(test_reply_to),
		cmocka_unit_test(test_one_click),
		cmocka_unit_test(test_message_ids),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_two_parts),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_sender),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_body_of_outbox),
	};

	return cmocka_run_group_tests(tests, before, after);
}
