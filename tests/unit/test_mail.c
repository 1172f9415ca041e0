/*
 * Unit tests of parsers/mail: whole mails as files (tests/cases/mail/NAME.eml and NAME.txt), and the functions under
 * it.
 *
 * `test_mail --dump FILE` prints what is read from a mail: the start of a new case.
 */
#include "tests/unit/unit.h"

#include <sys/wait.h>
#include <unistd.h>

#include "filing/sandbox.h"
#include "parsers/mail.h"
#include "parsers/mail_private.h"
#include "tests/unit/mail_dump.h"

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

/* ---- whole mails ---- */

static void read_case(const char *name, struct view input, struct view expected)
{
	UNIT_SCOPED char *block = unit_heap(input);
	TEXT_SCOPED out = {0};
	struct mail mail;

	mail_read(arena, (struct view){block, input.len}, &mail);
	for (size_t i = 0; i < mail.part_count; i++)
		check_lines(name, mail.parts[i].text, mail.parts[i].lines, mail.parts[i].line_count);
	text_init(&out, 1 << 20);
	dump_mail(&out, &mail);
	same_dump(name, text_view(&out), expected);
}

static void test_cases(void **state)
{
	(void)state;
	assert_true(each_case("tests/cases/mail", ".eml", read_case) > 30);
}

/* Cut anywhere, a mail is read without a wrong access; what is read is sound. */
static void cut_case(const char *name, struct view input, struct view expected)
{
	(void)expected;
	for (size_t length = 0; length < input.len; length += 1 + length / 16) {
		struct view cut = view_sub(input, 0, length);
		UNIT_SCOPED char *block = unit_heap(cut);
		struct arena *own = arena_new();
		struct mail mail;

		mail_read(own, (struct view){block, cut.len}, &mail);
		for (size_t i = 0; i < mail.part_count; i++)
			check_lines(name, mail.parts[i].text, mail.parts[i].lines, mail.parts[i].line_count);
		arena_free(&own);
	}
}

static void test_cut(void **state)
{
	(void)state;
	each_case("tests/cases/mail", ".eml", cut_case);
}

static unsigned random_state = 1;

static unsigned next_random(unsigned below)
{
	random_state = random_state * 1103515245u + 12345u;
	return (random_state >> 16) % below;
}

/* Bytes that mean something to a parser turn up more often than others. */
static void mutate(char *bytes, size_t size)
{
	static const char telling[] = "\r\n\r\n--<>&;:=?\"'()/ \t.,*@\0\x80\xff\xc3";

	for (unsigned n = 1 + next_random(12); n > 0 && size > 0; n--) {
		size_t at = (size_t)next_random(1u << 15) * next_random(4) % size, length = next_random(40);

		if (next_random(3) == 0 && at + 2 * length < size)
			memmove(bytes + at + length, bytes + at, length);
		else
			bytes[at] = next_random(2) ? telling[next_random(sizeof(telling) - 1)] : (char)next_random(256);
	}
}

static void mutate_case(const char *name, struct view input, struct view expected)
{
	(void)expected;
	for (int i = 0; i < 40; i++) {
		UNIT_SCOPED char *block = unit_heap(input);
		struct arena *own = arena_new();
		struct mail mail;

		mutate(block, input.len);
		mail_read(own, (struct view){block, input.len}, &mail);
		for (size_t j = 0; j < mail.part_count; j++)
			check_lines(name, mail.parts[j].text, mail.parts[j].lines, mail.parts[j].line_count);
		arena_free(&own);
	}
}

static void test_mutated(void **state)
{
	(void)state;
	each_case("tests/cases/mail", ".eml", mutate_case);
}

/* ---- in the sandbox ---- */

static void compare_case(const char *name, struct view input, struct view expected)
{
	struct arena *own = arena_new();
	struct mail mail;
	struct text out;

	text_init(&out, 1 << 20);
	mail_read(own, input, &mail);
	dump_mail(&out, &mail);
	if (!view_equal(text_view(&out), expected)) {
		fprintf(stderr, "# %s is read otherwise in the sandbox\n", name);
		_exit(1);
	}
	text_release(&out);
	arena_free(&own);
}

struct stored {
	const char *name;
	struct view input, expected;
};

static struct stored stored[128];
static size_t stored_count;

static void store_case(const char *name, struct view input, struct view expected)
{
	if (stored_count < COUNT(stored))
		stored[stored_count++] =
			(struct stored){arena_strdup(arena, name), {arena_copy(arena, input.ptr, input.len), input.len},
				{arena_copy(arena, expected.ptr, expected.len), expected.len}};
}

/* Nothing was read before in this process: what a library opens on first use shows. */
static void test_sandbox(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	each_case("tests/cases/mail", ".eml", store_case);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct error err = ERROR_INIT;

		if (sandbox_enter(&err) < 0)
			_exit(2);
		for (size_t i = 0; i < stored_count; i++)
			compare_case(stored[i].name, stored[i].input, stored[i].expected);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* ---- fields ---- */

struct pair {
	struct view in, out;
};

static void test_words(void **state)
{
	static const struct pair pairs[] = {
		{V("plain"), V("plain")},
		{V("  folded\r\n\tover\r\n two "), V("folded over two")},
		{V("=?utf-8?q?caf=C3=A9?="), V("café")},
		{V("=?UTF-8?B?Y2Fmw6k=?= au lait"), V("café au lait")},
		{V("=?utf-8?q?a?= =?utf-8?q?b?="), V("ab")},
		{V("=?utf-8?q?a?=\r\n =?utf-8?q?b?= c"), V("ab c")},
		{V("=?utf-8?q?a_?= =?utf-8?b?Yg==?="), V("a b")},
		{V("a =?utf-8?q?b?= c"), V("a b c")},
		{V("=?utf-8?q?caf=C3?= =?utf-8?q?=A9?="), V("café")},
		{V("=?iso-8859-1?q?=E9?= =?utf-8?q?=C3=A9?="), V("éé")},
		{V("=?utf-8*en?q?tagged?="), V("tagged")},
		{V("=?utf-8?q?=E0=A4=A8=E0?="), V("न\xEF\xBF\xBD")},
		{V("=?utf-8?x?a?="), V("=?utf-8?x?a?=")},
		{V("=?utf-8?q?open"), V("=?utf-8?q?open")},
		{V("=?utf-8?q?"
		   "?="),
			V("")},
		{V("=?"), V("=?")},
		{V("raw caf\xC3\xA9"), V("raw café")},
		{V("raw caf\xE9"), V("raw café")},
		{V("a\0b\x01"
		   "c"),
			V("ab c")},
		{V("=?utf-8?q?a=0D=0Ab?="), V("a  b")},
		{V("=?utf-8?q?e=CC=81?="), V("é")},
		{V("=?koi8-r?B?9dLPyw==?="), V("Урок")},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		UNIT_SCOPED char *block = unit_heap(pairs[i].in);

		unit_same(pairs[i].in.ptr, words_decode(arena, (struct view){block, pairs[i].in.len}), pairs[i].out);
	}
}

static void test_parameters(void **state)
{
	static const struct {
		struct view in, name;
	} rows[] = {
		{V("attachment; filename=a.pdf"), V("a.pdf")},
		{V("attachment; filename=\"a b.pdf\""), V("a b.pdf")},
		{V("attachment; filename=a b.pdf; size=3"), V("a b.pdf")},
		{V("attachment; FileName = \"a\\\"b\\\\c\""), V("a\"b\\c")},
		{V("attachment; filename=\"a;b\"; x=y"), V("a;b")},
		{V("attachment; filename=\"open"), V("open")},
		{V("attachment; filename*=utf-8''%e2%82%ac%20rates.pdf"), V("€ rates.pdf")},
		{V("attachment; filename*=\"utf-8'en'%41.txt\""), V("A.txt")},
		{V("attachment; filename*=iso-8859-1''caf%E9; filename=cafe"), V("café")},
		{V("attachment; filename*0=a; filename*1=b; filename*2=c"), V("abc")},
		{V("attachment; filename*1*=%A9; filename*0*=utf-8''caf%C3"), V("café")},
		{V("attachment; filename*0*=utf-8''%41; filename*1=\"%41\""), V("A%41")},
		{V("attachment; filename*=no%20quotes"), V("no quotes")},
		{V("attachment; filename*=utf-8''%zz%4"), V("%zz%4")},
		{V("attachment; filename==?utf-8?q?caf=C3=A9.txt?="), V("café.txt")},
		{V("attachment; filename="), V("")},
		{V("attachment; filename"), V("")},
		{V("attachment"), V("")},
		{V(""), V("")},
		{V(";;;=;filename=x"), V("x")},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		UNIT_SCOPED char *block = unit_heap(rows[i].in);
		struct parameters parameters;

		parameters_read(arena, (struct view){block, rows[i].in.len}, &parameters);
		unit_same(rows[i].in.ptr, parameters_decode(arena, &parameters, "filename"), rows[i].name);
	}
}

static void test_parameters_type(void **state)
{
	struct parameters parameters;

	(void)state;
	parameters_read(arena, VIEW(" TEXT/Plain (really);\r\n charset=\"UTF-8\" (yes); Format=Flowed"), &parameters);
	unit_same("type", parameters.type, VIEW("text/plain"));
	unit_same("charset", parameters_token(&parameters, "charset"), VIEW("UTF-8"));
	unit_same("format", parameters_token(&parameters, "format"), VIEW("Flowed"));
	unit_same("none", parameters_token(&parameters, "delsp"), VIEW(""));
}

static void test_address(void **state)
{
	static const struct {
		struct view in, name, address;
	} rows[] = {
		{V("a@b.example"), V(""), V("a@b.example")},
		{V("<a@b.example>"), V(""), V("a@b.example")},
		{V("Mary Deng <a@b.example>"), V("Mary Deng"), V("a@b.example")},
		{V("\"Deng, Mary\" <a@b.example>, c@d.example"), V("Deng, Mary"), V("a@b.example")},
		{V("Dr. J. Smith, MD <a@b.example>"), V("Dr. J. Smith, MD"), V("a@b.example")},
		{V("Mary <a@b.example"), V("Mary"), V("a@b.example")},
		{V("a@b.example (Mary Deng)"), V("Mary Deng"), V("a@b.example")},
		{V("Mary (of Juba) <a@b.example>"), V("Mary (of Juba)"), V("a@b.example")},
		{V("a..b.@docomo.example"), V(""), V("a..b.@docomo.example")},
		{V("Team: Mary <a@b.example>, Tom <t@b.example>;"), V("Mary"), V("a@b.example")},
		{V("<@relay.example,@x.example:a@b.example>"), V(""), V("a@b.example")},
		{V("\"a <b>\" <a@b.example>"), V("a <b>"), V("a@b.example")},
		{V("\"open <a@b.example>"), V("open"), V("a@b.example")},
		{V("=?utf-8?q?Am=C3=A9lie?= =?utf-8?q?_D?= <a@b.example>"), V("Amélie D"), V("a@b.example")},
		{V("\"=?utf-8?q?Am=C3=A9lie?=\" <a@b.example>"), V("Amélie"), V("a@b.example")},
		{V("\xE9lodie <a@b.example>"), V("élodie"), V("a@b.example")},
		{V("a @ b.example"), V(""), V("@")},
		{V("nobody"), V(""), V("")},
		{V("undisclosed-recipients:;"), V(""), V("")},
		{V(""), V(""), V("")},
		{V("\"'Mary Deng'\" <a@b.example>"), V("Mary Deng"), V("a@b.example")},
		{V("x <y> <a@b.example>"), V("x <y>"), V("a@b.example")},
		{V("Mary <a@b.\r\n example>"), V("Mary"), V("a@b.example")},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		UNIT_SCOPED char *block = unit_heap(rows[i].in);
		struct view name, address;

		address_read(arena, (struct view){block, rows[i].in.len}, &name, &address);
		unit_same(rows[i].in.ptr, name, rows[i].name);
		unit_same(rows[i].in.ptr, address, rows[i].address);
	}
}

#define MIXED(part, end)                                                                                               \
	V("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nCountry: Nepal\n"   \
	  "--b\n" part "\n" end)
#define FILE_HEAD "Content-Disposition: attachment; filename=a.jpg\nContent-Transfer-Encoding: base64\n"

/* Files that did not come whole are told; a mail that was only closed badly is none of them. */
static void test_dropped(void **state)
{
	static const struct {
		struct view raw;
		bool dropped;
	} pairs[] = {
		{MIXED("Content-Type: image/jpeg\n" FILE_HEAD "\n/9j/4AAQSkZJRg==\n", "--b--\n"), false},
		{MIXED("Content-Type: image/jpeg\n" FILE_HEAD "\n\n", "--b--\n"), true},
		{MIXED("Content-Type: image/jpeg\n" FILE_HEAD "\n/9j/4AAQSkZJRg==\n", ""), true},
		{MIXED("Content-Type: image/jpeg\n" FILE_HEAD "\n/9j/4AAQSk", ""), true},
		{MIXED("Content-Type: message/external-body; access-type=url; url=\"https://x.example/a.jpg\"\n\n"
			"Content-Type: image/jpeg\n", "--b--\n"), true},
		{MIXED("Content-Type: text/x-moz-deleted; name=\"Deleted: a.jpg\"\n\nThe original is gone\n", "--b--\n"), true},
		{MIXED("Content-Type: text/html\n\n<p>More</p>\n", ""), false},
		{MIXED("Content-Type: message/rfc822\n\nSubject: x\nContent-Type: image/jpeg\n" FILE_HEAD "\n\n", "--b--\n"), false},
		{V("Subject: x\n\nCountry: Nepal\n"), false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct mail mail;

		mail_read(arena, pairs[i].raw, &mail);
		if (mail.dropped != pairs[i].dropped)
			fail_msg("mail %zu: dropped is %d", i, mail.dropped);
	}
}

static void test_attachment_name(void **state)
{
	static const struct pair pairs[] = {
		{V("a.pdf"), V("a.pdf")},
		{V("../../etc/passwd"), V("passwd")},
		{V("C:\\docs\\a b.doc"), V("a b.doc")},
		{V("a\r\nb\x7f.txt"), V("ab.txt")},
		{V("\xE2\x80\xAEgnp.exe"), V("gnp.exe")},
		{V(" .hidden. "), V("hidden")},
		{V("..."), V("")},
		{V(""), V("")},
		{V("a<b>:\"|?*.txt"), V("ab.txt")},
		{V("صورة.jpg"), V("صورة.jpg")},
		{V("/"), V("")},
	};
	char longest[400];
	struct view cut;

	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++)
		unit_same(pairs[i].in.ptr, attachment_name(arena, pairs[i].in), pairs[i].out);
	memset(longest, 'x', sizeof(longest));
	unit_same_number("at the limit", (long long)attachment_name(arena, (struct view){longest, 255}).len, 255);
	unit_same_number("above it", (long long)attachment_name(arena, (struct view){longest, 256}).len, 255);
	for (size_t i = 0; i + 1 < sizeof(longest); i += 2)
		memcpy(longest + i, "é", 2);
	cut = attachment_name(arena, (struct view){longest, 300});
	unit_same_number("not inside a character", (long long)cut.len, 254);
	assert_true(unicode_valid(cut));
}

/* ---- bodies ---- */

static void test_body(void **state)
{
	static const struct {
		const char *name;
		enum body_encoding encoding;
		struct view charset, in, out;
	} rows[] = {
		{"as it stands", BODY_IDENTITY, V("utf-8"), V("a\r\nb\rc\n"), V("a\nb\nc\n")},
		{"base64", BODY_BASE64, V("utf-8"), V("Y2Fm\r\nw6k="), V("café")},
		{"base64, strays", BODY_BASE64, V("utf-8"), V("!Y2Fm*w6k="), V("café")},
		{"base64, cut", BODY_BASE64, V("utf-8"), V("Y2Fmw6"), V("caf")},
		{"base64 that is text", BODY_BASE64, V("utf-8"), V("It is plain, see: café."),
			V("It is plain, see: café.")},
		{"base64 of another charset", BODY_BASE64, V("windows-1256"), V("5Nrj"), V("نعم")},
		{"quoted-printable", BODY_QUOTED, V("utf-8"), V("caf=C3=A9 =\r\nau lait=20\r\n"), V("café au lait \n")},
		{"bare =", BODY_QUOTED, V("utf-8"), V("100% = x, =ZZ"), V("100% = x, =ZZ")},
		{"uuencode", BODY_UUENCODE, V("utf-8"), V("begin 644 a\n$8V%F90``\n`\nend\n"), V("cafe")},
		{"NFD", BODY_IDENTITY, V("utf-8"), V("cafe\xCC\x81"), V("café")},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		UNIT_SCOPED char *block = unit_heap(rows[i].in);
		bool cut;

		unit_same(rows[i].name,
			body_text(arena, (struct view){block, rows[i].in.len}, rows[i].encoding, rows[i].charset, false,
				1000, &cut),
			rows[i].out);
		assert_false(cut);
	}
}

static void test_body_limit(void **state)
{
	bool cut;

	(void)state;
	unit_same("below", body_decode(arena, VIEW("abc"), BODY_IDENTITY, 4, &cut), VIEW("abc"));
	assert_false(cut);
	unit_same("at", body_decode(arena, VIEW("abcd"), BODY_IDENTITY, 4, &cut), VIEW("abcd"));
	assert_false(cut);
	unit_same("above", body_decode(arena, VIEW("abcde"), BODY_IDENTITY, 4, &cut), VIEW("abcd"));
	assert_true(cut);
}

static void lines_are(const char *name, struct view in, bool flowed, bool delsp, const char *expected)
{
	UNIT_SCOPED char *block = unit_heap(in);
	struct view text = {block, in.len};
	const struct mail_line *lines;
	TEXT_SCOPED out = {0};
	size_t count;

	mail_lines(arena, text, flowed, delsp, &lines, &count);
	check_lines(name, text, lines, count);
	text_init(&out, 10000);
	for (size_t i = 0; i < count; i++)
		text_add_format(
			&out, "%d%s|%.*s\n", lines[i].quote, lines[i].flowed ? "f" : "", VIEW_ARGS(lines[i].text));
	unit_same(name, text_view(&out), view_of(expected));
}

static void test_lines(void **state)
{
	(void)state;
	lines_are("nothing", VIEW(""), false, false, "");
	lines_are("blank", VIEW("\n"), false, false, "0|\n");
	lines_are("no end", VIEW("a"), false, false, "0|a\n");
	lines_are("both ends", VIEW("a\r\nb \n"), false, false, "0|a\n0|b\n");
	lines_are("marks", VIEW("> a\n>b\n>>c\n> > d\n>  e\n>\n>>>> \n"), false, false,
		"1|a\n1|b\n2|c\n2|d\n1| e\n1|\n4|\n");
	lines_are("a blank before", VIEW(" > a\n  > b\n"), false, false, "1|a\n0|  > b\n");
	lines_are("not a mark", VIEW("a > b\n-> c\n"), false, false, "0|a > b\n0|-> c\n");
	lines_are("From", VIEW("a\n>From b\nc\n"), false, false, "0|a\n0|From b\n0|c\n");
}

static void test_lines_bars(void **state)
{
	(void)state;
	lines_are("bars", VIEW("| a\n|b\n| c\n"), false, false, "1|a\n1|b\n1|c\n");
	lines_are("too few", VIEW("| a\n| b\n"), false, false, "0|| a\n0|| b\n");
	lines_are("a table", VIEW("| a | b |\n| c | d |\n| e | f |\n"), false, false,
		"0|| a | b |\n0|| c | d |\n0|| e | f |\n");
}

#define LONG "a line that goes on until it comes to the margin"

static void test_lines_flowed(void **state)
{
	(void)state;
	lines_are("joined", VIEW(LONG " \nand on\n"), true, false, "0f|" LONG " and on\n");
	lines_are("not asked for", VIEW(LONG " \nand on\n"), false, false, "0|" LONG "\n0|and on\n");
	lines_are("quotes apart", VIEW("> " LONG " \n> and on\n> " LONG " \nown\n"), true, false,
		"1f|" LONG " and on\n1|" LONG "\n0|own\n");
	lines_are("deeper", VIEW(">> " LONG " \n> other\n"), true, false, "2|" LONG "\n1|other\n");
	lines_are("stuffed", VIEW(" >no quote\n From x\n  two\n"), true, false, "0|>no quote\n0|From x\n0| two\n");
	lines_are("signature", VIEW(LONG " \n-- \nMary \nDeng\n"), true, false, "0|" LONG "\n0|--\n0|Mary\n0|Deng\n");
	lines_are("labels", VIEW("1. Country: \n2. Programme: \n"), true, false, "0|1. Country:\n0|2. Programme:\n");
	lines_are("delsp", VIEW("\xE4\xB8\x80 \n\xE4\xBA\x8C\n"), true, true, "0f|\xE4\xB8\x80\xE4\xBA\x8C\n");
	lines_are("soft at the end", VIEW(LONG " \n"), true, false, "0|" LONG "\n");
}

/* ---- limits of the whole ---- */

static enum reason reason_of_size(size_t size)
{
	char *raw = malloc(size);
	struct arena *own = arena_new();
	struct mail mail;

	memset(raw, '\n', size);
	memcpy(raw, "Subject: x\n\n1. Country: Nepal\n", 30);
	mail_read(own, (struct view){raw, size}, &mail);
	free(raw);
	arena_free(&own);
	return mail.reason;
}

static void test_size(void **state)
{
	(void)state;
	assert_int_equal(reason_of_size(100000), REASON_NONE);
	assert_int_equal(reason_of_size(PARSE_SIZE_MAX), REASON_OVER_LIMIT); /* of its text */
	assert_int_equal(reason_of_size(PARSE_SIZE_MAX + 1), REASON_OVER_SIZE);
}

/* Of the program nothing but its name, and no more of what a stranger wrote there. */
static void test_client(void **state)
{
	static const struct {
		const char *raw, *client;
	} cases[] = {
		{"X-Mailer: iPhone Mail (20G81)\n\nx", "iphone mail"},
		{"X-Mailer: Microsoft Outlook 16.0\nMessage-ID: <a@mail.gmail.com>\n\nx", "microsoft outlook"},
		{"User-Agent: Mozilla/5.0 (X11; Linux) Gecko Thunderbird/102.4\n\nx", "thunderbird"},
		{"Message-ID: <CAF=a@mail.gmail.com>\n\nx", "gmail"},
		{"Message-ID: <AM0@AM0P.eurprd04.prod.outlook.com> \n\nx", "outlook"},
		{"Message-ID: <a@example.org>\n\nx", ""},
		{"X-Mailer: =?utf-8?q?=E2=80=AEevil=0A?=\n\nx", ""},
		{"X-Mailer: 5.0\n\nx", ""},
		{"X-Mailer: abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz\n\nx",
			"abcdefghijklmnopqrstuvwxyzabcdefghijklmn"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mail mail;

		mail_read(arena, view_of(cases[i].raw), &mail);
		unit_same(cases[i].raw, mail.envelope.client, view_of(cases[i].client));
	}
}

static enum reason reason_of_headers(size_t size)
{
	char *raw = malloc(size + 20);
	struct arena *own = arena_new();
	struct mail mail;

	memset(raw, 'x', size);
	memcpy(raw, "X-A: ", 5);
	memcpy(raw + size - 2, "\n\n", 2);
	memcpy(raw + size, "1. Country: Nepal\n", 18);
	mail_read(own, (struct view){raw, size + 18}, &mail);
	free(raw);
	arena_free(&own);
	return mail.reason;
}

static void test_header_size(void **state)
{
	(void)state;
	assert_int_equal(reason_of_headers(PARSE_HEADER_MAX - 1), REASON_NONE);
	assert_int_equal(reason_of_headers(PARSE_HEADER_MAX + 2), REASON_OVER_LIMIT);
}

static int dump_file(const char *path)
{
	struct error err = ERROR_INIT;
	struct mail mail;
	struct text out;

	if (parsers_open(&err) < 0)
		return 1;
	arena = arena_new();
	text_init(&out, 100000000);
	mail_read(arena, unit_file(arena, path), &mail);
	dump_mail(&out, &mail);
	fputs(text_string(&out), stdout);
	text_release(&out);
	arena_free(&arena);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sandbox),
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_mutated),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_client),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_parameters_type),
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_dropped),
		cmocka_unit_test(test_attachment_name),
		cmocka_unit_test(test_body),
		cmocka_unit_test(test_body_limit),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_lines_bars),
		cmocka_unit_test(test_lines_flowed),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_header_size),
	};

	if (argc == 3 && strcmp(argv[1], "--dump") == 0)
		return dump_file(argv[2]);
	return cmocka_run_group_tests_name("mail", tests, before, after);
}
